// Random messages through sessions that compress, in both directions at once, under every kind of agreement, in slices
// and chunks of any length: what one end sends is what the other receives, in the order of the calls, and no stream is
// left behind. The same conversations in every run; one that fails names itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WindowBits } from '../../src/extension/deflate-params.ts'
import {
  type AgreedExtension,
  type DeflateOptions,
  type DeflatePort,
  type DeflateStream,
  type ExtensionParameter,
  permessageDeflate,
} from '../../src/extension/index.ts'
import {
  type DeliveryMode,
  type MessageType,
  type PreparedMessage,
  prepareMessage,
  type SendOptions,
  Session,
} from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { portableDeflate } from '../../src/transport/web/index.ts'

// A tenth while branches are counted, which takes several times as long, and where tests have a minute each.
const isShort = process.env['NODE_V8_COVERAGE'] !== undefined || process.env['WSPC_TEST_TIMEOUT_MS'] !== undefined
const MESSAGES = isShort ? 20_000 : 200_000
const MESSAGES_PER_CONVERSATION = 250
const SEED = 20_250_117

/** Numbers that look random and are the same in every run. */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return (bits ^ (bits >>> 14)) >>> 0
  }

  /** An integer from 0 up, below `end`. */
  below(end: number): number {
    return this.next() % end
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability * 0x1_0000_0000
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!
  }

  /** A length: mostly short, sometimes some hundred kilobytes. */
  length(): number {
    const dice = this.below(1_000)
    if (dice < 550) return this.below(100)
    if (dice < 930) return this.below(1_500)
    if (dice < 992) return this.below(8_000)
    if (dice < 999) return 60_000 + this.below(12_000)
    return this.below(300_000)
  }
}

// --- what is sent ------------------------------------------------------------------------------------------------------

const CORPUS_BYTES = 600_000

/** Text in which things come back, with code points of one to three bytes; pieces of it are text wherever it is cut. */
const TEXT = corpusOf((id) => `{"id":${id},"name":"Benutzer ${Math.imul(id, 7_919) % 1_000} ü€","tags":["a","b"]},`)

function corpusOf(line: (id: number) => string): string {
  const parts: string[] = []
  for (let id = 0, length = 0; length < CORPUS_BYTES; id++) length = parts.push(line(id)) * 30
  return parts.join('')
}

const encoder = new TextEncoder()

/** The same in bytes, and bytes in which nothing comes back, and such of which one follows from the other. */
const BYTES: readonly Uint8Array[] = [
  encoder.encode(TEXT).subarray(0, CORPUS_BYTES),
  randomBytes(CORPUS_BYTES),
  new Uint8Array(CORPUS_BYTES),
  randomBytes(CORPUS_BYTES).map((byte, i) => (i % 100 < 50 ? byte : i & 0x0f)),
]

function randomBytes(length: number): Uint8Array {
  const random = new Random(1)
  return Uint8Array.from({ length }, () => random.below(256))
}

/** A payload as it is given to a session, and the bytes that it is. */
interface Payload {
  readonly type: MessageType
  readonly given: string | Uint8Array
  readonly bytes: Uint8Array
}

function payloadOf(random: Random, length: number): Payload {
  if (random.chance(0.5)) {
    const at = random.below(TEXT.length - length)
    const given = TEXT.slice(at, at + length)
    const bytes = encoder.encode(given)
    return { type: 'text', given: random.chance(0.5) ? given : bytes, bytes }
  }
  const corpus = random.pick(BYTES)
  const at = random.below(corpus.length - length)
  const given = corpus.subarray(at, at + length)
  return { type: 'binary', given, bytes: given }
}

// --- both ends ----------------------------------------------------------------------------------------------------------

/** One end of a conversation: what it sends, and what it still has to receive. */
class End {
  readonly session: Session
  readonly #random: Random
  readonly #maxPieceBytes: number
  readonly #due: Payload[] = []
  #dueAt = 0
  #pieces: Uint8Array[] = []
  peer!: End
  pings = 0
  pongs = 0

  constructor(session: Session, random: Random, maxPieceBytes: number) {
    this.session = session
    this.#random = random
    this.#maxPieceBytes = maxPieceBytes
  }

  get isDue(): boolean {
    return this.#dueAt < this.#due.length
  }

  /** Sends a message in one way or another. */
  send(prepared: readonly Prepared[]): void {
    const random = this.#random
    const dice = random.below(100)
    if (dice < 12) {
      const { message, payload } = random.pick(prepared)
      this.session.sendPrepared(message)
      this.peer.#due.push(payload)
      return
    }
    const compress = random.pick([undefined, undefined, true, false])
    const payload = payloadOf(random, random.length())
    this.peer.#due.push(payload)
    if (dice < 25) this.#sendFragments(payload, compress)
    else this.session.send(payload.type, payload.given, compress === undefined ? undefined : { compress })
  }

  /** Sends a message in fragments, whole or in pieces, with pings between. */
  #sendFragments({ type, bytes, given }: Payload, compress: boolean | undefined): void {
    const random = this.#random
    const { session } = this
    const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b)
    let at = 0
    for (const [i, end] of [...cuts, bytes.length].entries()) {
      const final = i === cuts.length
      const options: SendOptions = { final, ...(at === 0 && i === 0 && compress !== undefined && { compress }) }
      const piece = bytes.subarray(at, end)
      if (final && i === 0 && typeof given === 'string') {
        session.send(type, given, options)
      } else if (random.chance(0.5)) {
        session.send(type, piece, options)
      } else {
        session.startFrame(type, piece.length, options)
        for (let from = 0; from < piece.length; ) {
          const to = Math.min(piece.length, from + 1 + random.below(piece.length))
          session.continueFrame(piece.subarray(from, to))
          if (random.chance(0.1)) this.ping()
          from = to
        }
      }
      if (random.chance(0.3)) this.ping()
      at = end
    }
  }

  ping(): void {
    this.session.ping(`${++this.pings}`)
  }

  /** Some of what was sent arrives, in chunks of any length. @returns whether anything did. */
  transfer(): boolean {
    const random = this.#random
    const { session } = this
    if (session.outputBytes === 0) return false
    const vectors = session.takeOutput()
    if (vectors.length === 0) return true
    const wire = Buffer.concat(vectors) // new memory, which is the peer's from now on
    const most = random.pick([wire.length, wire.length, wire.length, 65_536, 5_000, 300])
    for (let at = 0; at < wire.length; ) {
      const end = Math.min(wire.length, at + 1 + random.below(most))
      this.peer.session.receive(wire.subarray(at, end))
      if (random.chance(0.7)) this.peer.receive()
      at = end
    }
    return true
  }

  /** Takes the events that are there, perhaps only to the end of a slice. @returns whether there may be more. */
  receive(): boolean {
    const { session } = this
    for (;;) {
      const event = session.next(this.#maxPieceBytes)
      if (event === undefined) return session.hasWork
      switch (event.kind) {
        case 'message':
          this.#check(event.type, event.payload)
          break
        case 'fragment':
          this.#takePiece(event.type, event.payload, event.final)
          break
        case 'ping':
          break
        case 'pong':
          this.pongs = Number(Buffer.from(event.payload).toString())
          break
        default:
          assert.fail(event.kind === 'failure' ? event.error.code : event.kind)
      }
    }
  }

  #takePiece(type: MessageType, payload: Uint8Array, final: boolean): void {
    assert.ok(payload.length <= this.#maxPieceBytes + 3) // as many bytes of a code point were held back
    this.#pieces.push(payload.slice())
    if (!final) return
    this.#check(type, Buffer.concat(this.#pieces))
    this.#pieces = []
  }

  #check(type: MessageType, payload: Uint8Array): void {
    const due = this.#due[this.#dueAt++]
    assert.ok(due !== undefined, 'a message was received that nobody sent')
    if (due.type === type && Buffer.compare(due.bytes, payload) === 0) return
    assert.fail(
      `message ${this.#dueAt}: ${payload.length} bytes of ${type}, not the ${due.bytes.length} of ${due.type} sent`,
    )
  }
}

// --- agreements -----------------------------------------------------------------------------------------------------------

interface Prepared {
  readonly message: PreparedMessage
  readonly payload: Payload
}

/** Each stream that is open is counted. */
class Watched implements DeflatePort {
  open = 0
  readonly #port: DeflatePort

  constructor(port: DeflatePort) {
    this.#port = port
  }

  createDeflater(options: Parameters<DeflatePort['createDeflater']>[0]): DeflateStream {
    return this.#watch(this.#port.createDeflater(options))
  }

  createInflater(windowBits: number): DeflateStream {
    return this.#watch(this.#port.createInflater(windowBits))
  }

  #watch(stream: DeflateStream): DeflateStream {
    const close = stream.close.bind(stream)
    this.open++
    stream.close = () => {
      close()
      this.open--
    }
    return stream
  }
}

const WINDOWS: readonly WindowBits[] = [9, 10, 11, 12, 13, 14, 15]

interface Configuration {
  readonly server: DeflateOptions
  readonly client: DeflateOptions
  readonly parameters: readonly ExtensionParameter[]
  readonly isPortable: readonly [server: boolean, client: boolean]
  readonly sliceBytes: readonly [server: number, client: number]
  readonly delivery: readonly [server: DeliveryMode, client: DeliveryMode]
  readonly maxPieceBytes: number
}

/** Every combination of contexts and windows has its turn; the rest is drawn. */
function configurationOf(index: number, random: Random): Configuration {
  const contexts = index % 4
  const serverMaxWindowBits = WINDOWS[(index >> 2) % 7]!
  const clientMaxWindowBits = WINDOWS[Math.floor(index / 28) % 7]!
  const options = (): DeflateOptions => ({
    serverNoContextTakeover: (contexts & 1) !== 0,
    clientNoContextTakeover: (contexts & 2) !== 0,
    serverMaxWindowBits,
    clientMaxWindowBits,
    thresholdBytes: random.pick([0, 10, 100, 1_024]),
    memoryLevel: 1 + random.below(9),
    compressionLevel: random.pick([0, 1, 1, 2, 3, 4, 5, 6, 6, 7, 9]),
  })
  const slice = (): number => random.pick([1, 100, 5_000, 65_536, 65_536, Number.POSITIVE_INFINITY])
  const delivery = (): DeliveryMode => random.pick(['message', 'message', 'fragment', 'raw'])
  const parameters: ExtensionParameter[] = [
    ['server_max_window_bits', `${serverMaxWindowBits}`],
    ['client_max_window_bits', `${clientMaxWindowBits}`],
  ]
  if ((contexts & 1) !== 0) parameters.push(['server_no_context_takeover', undefined])
  if ((contexts & 2) !== 0) parameters.push(['client_no_context_takeover', undefined])
  return {
    server: options(),
    client: options(),
    parameters,
    isPortable: [index % 9 === 0, index % 11 === 0],
    sliceBytes: [slice(), slice()],
    delivery: [delivery(), delivery()],
    maxPieceBytes: random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 10_000, 1_000, 50]),
  }
}

/** A server and a client talk for a while. */
function converse(configuration: Configuration, random: Random): void {
  const ports: Watched[] = []
  const [server, client] = ([0, 1] as const).map((which) => {
    const port = new Watched(configuration.isPortable[which] ? portableDeflate : nodeDeflate)
    ports.push(port)
    const role = which === 0 ? 'server' : 'client'
    const extension: AgreedExtension = permessageDeflate(port, configuration[role]).agreed(configuration.parameters)
    const session = new Session({
      role,
      extensions: [extension],
      sliceBytes: configuration.sliceBytes[which],
      delivery: configuration.delivery[which],
      limits: { maxControlFrameBurst: 100_000 },
      keepalive: false,
      randomUint32: () => random.next(),
    })
    return new End(session, random, configuration.maxPieceBytes)
  }) as [End, End]
  server.peer = client
  client.peer = server
  const prepared = Array.from({ length: 4 }, () => {
    const payload = payloadOf(random, random.length())
    const data = payload.type === 'text' ? Buffer.from(payload.bytes).toString() : payload.given
    const message = prepareMessage(data, { compress: random.pick([undefined, true, false]) })
    return { message, payload }
  })
  for (let sent = 0; sent < MESSAGES_PER_CONVERSATION; sent++) {
    const end = random.chance(0.5) ? server : client
    end.send(prepared)
    if (random.chance(0.05)) end.ping()
    if (random.chance(0.4)) server.transfer()
    if (random.chance(0.4)) client.transfer()
    if (random.chance(0.4)) server.receive()
    if (random.chance(0.4)) client.receive()
  }
  while ([server.receive(), client.receive(), server.transfer(), client.transfer()].includes(true));
  assert.deepEqual([server.isDue, client.isDue], [false, false], 'every message has arrived')
  assert.deepEqual([server.pongs, client.pongs], [server.pings, client.pings], 'every ping was answered')
  for (const { session } of [server, client]) {
    assert.deepEqual([session.readyState, session.inputBytes], ['open', 0])
    session.abort()
  }
  assert.deepEqual(
    ports.map(({ open }) => open),
    [0, 0],
    'every stream is closed',
  )
}

test('what is sent is what is received, under every agreement, in slices and chunks of any length', () => {
  const conversations = MESSAGES / MESSAGES_PER_CONVERSATION
  for (let index = 0; index < conversations; index++) {
    const random = new Random(SEED + index * 7_919)
    const configuration = configurationOf(index, random)
    try {
      converse(configuration, random)
    } catch (cause) {
      const what = JSON.stringify(configuration, (_, value) =>
        value === Number.POSITIVE_INFINITY ? 'Infinity' : value,
      )
      throw new Error(`Conversation ${index} of seed ${SEED}, ${what}: ${cause}`, { cause })
    }
  }
})
