// One open connection as `ws` runs it: a session and the driver over a stream, callbacks that tell when what was sent
// has left, a pause in which nothing is told, and an end that comes when the stream is gone. No rule of the protocol is
// here.

import { AsyncResource } from 'node:async_hooks'
import { Buffer } from 'node:buffer' // the global one is a getter, called each time
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ByteCollector } from '../codec/byte-collector.ts'
import type { BytesLike } from '../codec/index.ts'
import { PayloadPool } from '../codec/pooled-copy.ts'
import { type ByteStreamListener, Driver, type EventConsumer } from '../connection/index.ts'
import type { AgreedExtension } from '../extension/index.ts'
import {
  type CloseInfo,
  type FragmentEvent,
  type Limits,
  type MessageType,
  type MessageValues,
  type ReadyState,
  Session,
  type SessionEvent,
} from '../session/index.ts'
import { nodeHost, SocketStream } from '../transport/node/index.ts'
import type { SendCallback } from './types.ts'

// Bytes that wait to leave from which on they are written at once, and unread input from which on reading pauses.
const HIGH_WATER_BYTES = 65_536

// How much extensions work on before other connections have their turn, as for every other connection.
const SLICE_BYTES = 65_536

/** What the opening handshake agreed on. */
export interface Agreement {
  /** The address that the client asked for, as far as it is known. */
  readonly url: string
  readonly subprotocol: string | undefined
  readonly extensions: readonly AgreedExtension[]
}

export interface EndpointSettings {
  readonly limits: Partial<Limits>
  readonly autoPong: boolean
  readonly validateUtf8: boolean
  /** Whether several events may be told in one turn. */
  readonly synchronousEvents: boolean
  /** Whether binary messages are told as the fragments that they came in. */
  readonly inFragments: boolean
  readonly randomUint32: (() => number) | undefined
}

/** Who is told what happens. */
export interface EndpointListener {
  /** The payload is given: memory of its own. */
  handleMessage(type: MessageType, payload: Buffer): void
  /** The same, in the fragments that the message came in. */
  handleFragments(type: MessageType, fragments: readonly Buffer[]): void
  handlePing(payload: Buffer): void
  handlePong(payload: Buffer): void
  handleFailure(error: Error): void
  /** The stream is gone, and everything that came was told. `reason` is what came with the peer's Close frame. */
  handleClosed(closeInfo: CloseInfo, reason: Buffer): void
}

/** Callbacks of what left with a write to the stream. */
interface WrittenCallbacks {
  readonly writeNumber: number
  readonly callbacks: readonly SentCallback[]
}

type NodeCallback = (error: Error | null) => void

const EMPTY = Buffer.alloc(0)

// A Buffer is never inside its object: it comes out of a pool, however short it is.
const VALUES: MessageValues = { textAsString: false, pool: new PayloadPool(0, Buffer.from) }

export class Endpoint implements EventConsumer, ByteStreamListener {
  readonly #socket: Duplex
  readonly #session: Session
  readonly #driver: Driver
  readonly #stream: PausableStream
  readonly #listener: EndpointListener
  readonly #synchronousEvents: boolean
  #paused = false
  #yielding = false
  #terminated = false
  // Binary messages in fragments: those of the message that is not complete, and what has come of its last fragment.
  #fragments: Buffer[] | undefined
  #begun: ByteCollector | undefined
  // Who waits for what was sent: until it is written, then until that write is through.
  #unwritten: SentCallback[] | undefined
  #written: WrittenCallbacks[] | undefined
  #writesBegun = 0
  #writesEnded = 0
  #closeInfo: CloseInfo | undefined
  #reason: Buffer = EMPTY
  #streamClosed = false
  #isOver = false

  /** Takes the socket over. Nothing is told before the next turn. */
  constructor(
    socket: Duplex,
    role: 'client' | 'server',
    { url, subprotocol, extensions }: Agreement,
    settings: EndpointSettings,
    listener: EndpointListener,
  ) {
    this.#socket = socket
    this.#listener = listener
    this.#synchronousEvents = settings.synchronousEvents
    this.#session = new Session({
      role,
      subprotocol,
      extensions,
      delivery: settings.inFragments ? 'fragment' : 'message',
      sliceBytes: SLICE_BYTES,
      limits: settings.limits,
      keepalive: false,
      now: nodeHost.now(),
      randomUint32: settings.randomUint32 ?? nodeHost.randomUint32,
      autoPong: settings.autoPong,
      echoCloseReason: true,
      endPromptly: true,
      validateUtf8: settings.validateUtf8,
    })
    Session.deliverValues(this.#session, VALUES)
    this.#stream = new PausableStream(socket, this)
    this.#driver = new Driver(this.#session, this.#stream, nodeHost, this, HIGH_WATER_BYTES)
    this.#driver.opened({
      url,
      // Asks the system, which is for those to pay who listen.
      get remoteAddress() {
        return (socket as Partial<Socket>).remoteAddress
      },
    })
    this.#stream.attach(this)
  }

  /** The subprotocol that was agreed on. */
  get subprotocol(): string | undefined {
    return this.#session.subprotocol
  }

  /** The extensions that were agreed on. */
  get extensions(): readonly AgreedExtension[] {
    return this.#session.extensions
  }

  /** Bytes that were sent and have not left yet; none when the stream is gone. */
  get bufferedBytes(): number {
    return this.#streamClosed ? 0 : this.#driver.bufferedBytes
  }

  /** `closed` only when the stream is gone, too. */
  get readyState(): ReadyState {
    if (this.#streamClosed && this.#closeInfo !== undefined) return 'closed'
    // What is told of a socket that is gone already cannot be answered.
    return this.#terminated || this.#socket.closed || this.#session.readyState !== 'open' ? 'closing' : 'open'
  }

  /** The type of the message that was begun and not ended. */
  get openMessage(): MessageType | undefined {
    return this.#session.openMessage
  }

  /**
   * The fast way for what most messages are: small, whole, and sent about an event of this connection.
   *
   * @returns whether it was sent; else nothing has happened.
   */
  sendWhole(type: MessageType, data: unknown, callback: SendCallback | undefined): boolean {
    const isGone = this.#terminated || this.#streamClosed || this.#socket.closed
    if (isGone || !this.#driver.sendWhole(type, data, HIGH_WATER_BYTES - 1)) return false
    if (callback !== undefined) this.#await(callback)
    return true
  }

  /** @throws TypeError, RangeError when it may not be sent. The callback is called once, when it has left or cannot. */
  send(
    type: MessageType,
    payload: string | BytesLike,
    final: boolean,
    compress: boolean,
    callback?: SendCallback,
  ): void {
    this.#driver.updateTime()
    if (!final || this.#session.extensions.length > 0) this.#sendWithOptions(type, payload, final, compress)
    else if (!Session.sendWhole(this.#session, type, payload, Number.POSITIVE_INFINITY))
      this.#session.send(type, payload)
    this.#afterSend(callback)
  }

  #sendWithOptions(type: MessageType, payload: string | BytesLike, final: boolean, compress: boolean): void {
    // Only the first frame of a message says whether it is compressed.
    if (this.#session.openMessage !== undefined) this.#session.send(type, payload, { final })
    else this.#session.send(type, payload, { final, compress })
  }

  ping(payload: string | BytesLike, callback?: SendCallback): void {
    this.#driver.updateTime()
    this.#session.ping(payload)
    this.#afterSend(callback)
  }

  pong(payload: string | BytesLike, callback?: SendCallback): void {
    this.#driver.updateTime()
    this.#session.pong(payload)
    this.#afterSend(callback)
  }

  close(code?: number, reason?: string | Uint8Array, callback?: SendCallback): void {
    this.#driver.updateTime() // the time for the closing handshake begins now
    this.#session.close(code, reason)
    if (callback !== undefined) this.#await(callback)
    this.#driver.pump()
  }

  /** Cuts the stream at once; what was sent in this turn has left by then, as far as the network took it. */
  terminate(): void {
    this.#terminated = true
    try {
      this.#driver.flushNow()
    } finally {
      this.#driver.abort() // whatever was thrown on the way, by a generateMask for one
    }
  }

  get isPaused(): boolean {
    return this.#paused
  }

  /** From now on nothing is told, not even pings; what arrives waits. */
  pause(): void {
    this.#paused = true
    this.#stream.hold()
  }

  resume(): void {
    this.#paused = false
    this.#stream.release()
    this.#driver.pump()
  }

  /** Tells binary messages as the fragments that they came in, or whole; from the next message on. */
  deliverInFragments(inFragments: boolean): void {
    this.#session.deliver(inFragments ? 'fragment' : 'message')
  }

  // --- what the driver asks and tells --------------------------------------------------------------------------------

  get wantsMessages(): boolean {
    return true
  }

  get wantsClose(): boolean {
    return true
  }

  get takesAll(): boolean {
    return !this.isBusy
  }

  get isBusy(): boolean {
    return this.#paused || this.#yielding
  }

  handleEvent(event: SessionEvent): void {
    try {
      this.#tell(event)
    } catch (error) {
      nodeHost.reportError(error) // what a listener throws is not caught, and disturbs nothing else
    }
  }

  handleDrain(): void {}

  // --- what the stream tells -----------------------------------------------------------------------------------------

  received(bytes: Uint8Array): void {
    this.#driver.received(bytes)
  }

  drained(): void {
    this.#writesEnded++
    this.#driver.drained()
    this.#callWritten()
  }

  ended(error?: unknown): void {
    this.#driver.ended(error)
  }

  closed(): void {
    this.#driver.closed()
    this.#streamClosed = true
    process.nextTick(() => this.#endIfOver()) // behind the callbacks of what was sent too late
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #tell(event: SessionEvent): void {
    switch (event.kind) {
      case 'message':
        this.#yieldAfterEvent()
        this.#listener.handleMessage(event.type, toBuffer(event.payload, event.owned))
        return
      case 'fragment':
        this.#tellFragment(event)
        return
      case 'ping':
        this.#yieldAfterEvent()
        this.#listener.handlePing(toBuffer(event.payload, true))
        return
      case 'pong':
        this.#yieldAfterEvent()
        this.#listener.handlePong(toBuffer(event.payload, true))
        return
      case 'close':
        this.#reason = toBuffer(event.reasonBytes, false)
        return
      case 'failure':
        this.#driver.watch.failed(event.error)
        this.#listener.handleFailure(event.error)
        return
      case 'closed':
        this.#driver.watch.closed(event)
        this.#closeInfo = event
        this.#endIfOver()
    }
  }

  /** Pieces become fragments, fragments a message. A piece is a view that the next bytes may overwrite. */
  #tellFragment({ type, payload, endOfFrame, final }: FragmentEvent): void {
    // In one piece of memory, however small the pieces are that it comes in.
    if (this.#begun !== undefined || !endOfFrame) {
      this.#begun ??= new ByteCollector()
      this.#begun.append(payload)
    }
    if (!endOfFrame) return
    const bytes = this.#begun === undefined ? toBuffer(payload, false) : toBuffer(this.#begun.takeBytes(), true)
    this.#begun = undefined
    this.#fragments ??= []
    if (bytes.length > 0) this.#fragments.push(bytes)
    if (!final) return
    const fragments = this.#fragments
    this.#fragments = undefined
    this.#yieldAfterEvent()
    this.#listener.handleFragments(type, fragments)
  }

  #yieldAfterEvent(): void {
    if (this.#synchronousEvents) return
    this.#yielding = true
    setImmediate(() => {
      this.#yielding = false
      this.#driver.pump()
    })
  }

  #afterSend(callback: SendCallback | undefined): void {
    if (callback !== undefined) this.#await(callback)
    this.#driver.flush()
  }

  /** Calls back when what was sent so far has left. */
  #await(callback: SendCallback): void {
    this.#unwritten ??= []
    this.#unwritten.push(new SentCallback(callback))
  }

  #callWritten(): void {
    // What a callback sends may be written at once, and be waited for by others.
    for (let first = this.#written?.[0]; first !== undefined; first = this.#written?.[0]) {
      if (first.writeNumber > this.#writesEnded) return
      if (this.#written!.length === 1) this.#written = undefined
      else this.#written!.shift()
      for (const callback of first.callbacks) callback.call()
    }
  }

  /** Something is about to be written. What still waits in the session leaves with nothing of it. */
  handleWrite(): void {
    this.#writesBegun++
    if (this.#unwritten === undefined || this.#session.outputBytes > 0) return
    this.#written ??= []
    this.#written.push({ writeNumber: this.#writesBegun, callbacks: this.#unwritten })
    this.#unwritten = undefined
  }

  /** It has left at once. */
  handleLeft(): void {
    this.#writesEnded++
    if (this.#written !== undefined) process.nextTick(() => this.#callWritten())
  }

  #endIfOver(): void {
    if (this.#isOver || !this.#streamClosed || this.#closeInfo === undefined) return
    this.#isOver = true
    const written = this.#written ?? []
    const callbacks = [...written.flatMap((write) => write.callbacks), ...(this.#unwritten ?? [])]
    this.#written = undefined
    this.#unwritten = undefined
    if (callbacks.length > 0) {
      const cause = this.#driver.streamError
      const error = cause instanceof Error ? cause : streamDestroyed()
      for (const callback of callbacks) callback.call(error)
    }
    this.#listener.handleClosed(this.#closeInfo, this.#reason)
  }
}

/**
 * A callback, in the context of whoever sent: it is called for others, too, at the end of a turn of all.
 *
 * Costs 0.05 µs; what `AsyncResource.bind` makes costs 10.
 */
class SentCallback extends AsyncResource {
  readonly #callback: SendCallback

  constructor(callback: SendCallback) {
    super('wspc.send')
    this.#callback = callback
  }

  call(error?: Error): void {
    this.runInAsyncScope(call, undefined, this.#callback, error)
  }
}

/** A stream that two may hold back: the driver, which has enough to do, and the application, which wants nothing. */
class PausableStream extends SocketStream {
  readonly #endpoint: Endpoint
  #isHeld = false
  #isPaused = false

  constructor(socket: Duplex, endpoint: Endpoint) {
    super(socket)
    this.#endpoint = endpoint
  }

  override write(vectors: readonly Uint8Array[]): boolean {
    this.#endpoint.handleWrite()
    const hasLeft = super.write(vectors)
    if (hasLeft) this.#endpoint.handleLeft()
    return hasLeft
  }

  override pause(): void {
    this.#isPaused = true
    super.pause()
  }

  override resume(): void {
    this.#isPaused = false
    if (!this.#isHeld) super.resume()
  }

  hold(): void {
    this.#isHeld = true
    super.pause()
  }

  release(): void {
    this.#isHeld = false
    if (!this.#isPaused) super.resume()
  }
}

/** As a stream of Node calls those who wrote: with `null` when all is well. What one throws is not for the others to miss. */
export function call(callback: SendCallback, error: Error | null = null): void {
  try {
    ;(callback as NodeCallback)(error)
  } catch (thrown) {
    nodeHost.reportError(thrown)
  }
}

/** What Node says of a write that a stream did not get to. */
function streamDestroyed(): Error {
  const error = new Error('Cannot call write after a stream was destroyed')
  return Object.assign(error, { code: 'ERR_STREAM_DESTROYED' })
}

/** Bytes as a Buffer: the same memory when it is given, a copy when it is lent. */
function toBuffer(bytes: Uint8Array, given: boolean): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return given ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes)
}
