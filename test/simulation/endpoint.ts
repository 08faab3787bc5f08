// One end of a simulated connection: the subject, and what is known of it from outside.

import {
  type Agreement,
  type Connection,
  type ConnectionOptions,
  DEFAULT_SEND_LIMITS,
  type openConnection,
} from '../../src/connection/index.ts'
import type { HandshakeError } from '../../src/handshake/index.ts'
import { type CloseInfo, DEFAULT_LIMITS } from '../../src/session/index.ts'
import type { CountingDiagnostics } from './diagnostics.ts'
import type { Flow } from './flow.ts'
import type { SimulatedHost } from './host.ts'
import { judgeEnding } from './invariants.ts'
import type { SimulatedStream } from './network.ts'
import type { World } from './world.ts'

/** What is simulated. A test of the simulation hands in one with a fault. */
export interface Subject {
  readonly openConnection: typeof openConnection
  readonly onClosed: typeof Connection.onClosed
}

// A pong, a ping or a Close frame is no longer, whoever sends it.
const LARGEST_CONTROL_FRAME_BYTES = 131
// Frame headers of what waits, the bytes that DEFLATE adds to what it cannot compress, and control frames unasked for.
const SPARE_BYTES = 4_096

// What can happen to the best of peers, where the network stands still or a clock leaps.
const ALWAYS_POSSIBLE = [
  'ABORTED',
  'TRANSPORT_FAILED',
  'ENDED_WITHOUT_CLOSE',
  'CLOSE_TIMEOUT',
  'FRAME_TIMEOUT',
  'SEND_BUFFER_FULL',
]

export class Endpoint {
  readonly name: string
  readonly role: 'client' | 'server'
  readonly host: SimulatedHost
  readonly stream: SimulatedStream
  readonly outgoing: Flow
  readonly incoming: Flow
  readonly diagnostics: CountingDiagnostics | undefined
  readonly options: ConnectionOptions
  readonly #world: World
  readonly #subject: Subject
  readonly #largestMessage: number
  readonly #largestRead: number

  connection: Connection | undefined
  closeInfo: CloseInfo | undefined
  openingFailure: HandshakeError | undefined
  endsTold = 0
  /** When the application called `close`, and how far the clock had leapt by then. */
  closeCalled: { readonly at: number; readonly aheadMs: number } | undefined
  /** Bytes of the opening handshake. */
  headBytes = 0
  pingsSent = 0
  errorsThrown = 0
  errorsReported = 0
  /** Whether somebody reads all that there is to read. */
  readsToEnd = false
  /** Promises that are not settled, and loops that have not ended. */
  readonly pending = new Set<string>()

  constructor(
    world: World,
    subject: Subject,
    parts: Pick<Endpoint, 'name' | 'role' | 'host' | 'stream' | 'outgoing' | 'incoming' | 'diagnostics' | 'options'>,
    { largestMessage, largestRead }: { largestMessage: number; largestRead: number },
  ) {
    this.#world = world
    this.#subject = subject
    this.#largestMessage = largestMessage
    this.#largestRead = largestRead
    this.name = parts.name
    this.role = parts.role
    this.host = parts.host
    this.stream = parts.stream
    this.outgoing = parts.outgoing
    this.incoming = parts.incoming
    this.diagnostics = parts.diagnostics
    this.options = parts.options
  }

  get isOpen(): boolean {
    return this.connection?.readyState === 'open'
  }

  get closeTimeoutMs(): number {
    return this.options.limits?.closeTimeoutMs ?? DEFAULT_LIMITS.server.closeTimeoutMs
  }

  get highWaterBytes(): number {
    return this.options.limits?.highWaterBytes ?? DEFAULT_SEND_LIMITS.highWaterBytes
  }

  /**
   * Bytes that may wait to leave: `maxBufferedBytes`, the message that goes beyond it, what is sent to all in one turn, and
   * control frames.
   */
  get mostBufferedBytes(): number {
    const { maxBufferedBytes = DEFAULT_SEND_LIMITS.maxBufferedBytes } = this.options.limits ?? {}
    const controlBytes = LARGEST_CONTROL_FRAME_BYTES * this.pingsSent
    return maxBufferedBytes + this.highWaterBytes + 2 * this.#largestMessage + controlBytes + SPARE_BYTES
  }

  /** Bytes that may wait to be read: the last read is what goes beyond the mark. */
  get mostUnreadBytes(): number {
    return this.highWaterBytes + this.#largestRead
  }

  /** What it may fail with. */
  get mayFailWith(): ReadonlySet<string> {
    const { limits, keepalive, backpressure } = this.options
    const codes = new Set<string>(ALWAYS_POSSIBLE)
    if (backpressure === 'close') codes.add('PEER_TOO_SLOW')
    if (keepalive !== false && (keepalive !== undefined || this.role === 'server')) codes.add('PONG_TIMEOUT')
    if (limits?.maxMessageBytes !== undefined) codes.add('MESSAGE_TOO_BIG').add('COMPRESSED_DATA_TOO_LONG')
    if (limits?.maxControlFramesPerSecond !== undefined) codes.add('TOO_MANY_CONTROL_FRAMES')
    return codes
  }

  /** The connection is open. */
  open(agreement: Agreement): Connection {
    this.#world.note(`${this.name}: opens`)
    this.headBytes = this.stream.receivedBytes - (agreement.leftover?.length ?? 0)
    const address = { url: 'ws://simulated.test/', remoteAddress: undefined }
    const connection = this.#subject.openConnection(
      agreement,
      this.stream,
      this.host,
      address,
      this.options,
      (listener) => this.stream.attach(listener),
    )
    this.connection = connection
    this.#subject.onClosed(connection, (_, info) => {
      judgeEnding(this.#world, this, info)
      this.closeInfo ??= info
    })
    this.awaits('closed', connection.closed)
    return connection
  }

  /** Remembers a promise until it is settled. */
  awaits(what: string, promise: Promise<unknown>): void {
    const name = `${what} of turn ${this.#world.turn}, ${this.pending.size}`
    this.pending.add(name)
    const settled = (): void => {
      this.pending.delete(name)
    }
    promise.then(settled, settled)
  }

  /** Calls `close`, and remembers when. */
  close(code?: number, reason?: string): void {
    const { connection, host } = this
    if (connection === undefined) return
    this.#world.note(`${this.name}: closes with ${code}`)
    if (this.isOpen) this.closeCalled ??= { at: host.now(), aheadMs: host.aheadMs }
    this.awaits('close', connection.close(code, reason))
  }
}
