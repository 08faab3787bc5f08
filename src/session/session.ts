// The engine: bytes in, events out; calls in, bytes out; time in, either out (RFC 6455 §5 to §7). It never waits, never
// calls back, never reads a clock and never draws a random number. It wires the parts: what a peer may send is in
// `receive.ts`, what we may send in `send.ts`; here is what follows from it.
//
// After anything that goes in: drain `next()`, then write `takeOutput()`, then look at `deadline`.

import { CloseCode } from '../codec/close-code.ts'
import { frameHeaderSize } from '../codec/frame-header.ts'
import { checkNames, readLimit } from '../codec/options.ts'
import { type BytesLike, isUint8Array, viewBytes } from '../codec/payload-bytes.ts'
import { ProtocolError } from '../codec/protocol-error.ts'
import { SharedRecords } from '../codec/shared-records.ts'
import { decodeText } from '../codec/text.ts'
import { type ErrorPhase, InvalidStateError, WebSocketError } from '../codec/web-socket-error.ts'
import { type AgreedExtension, openPipelines, type Pipelines } from '../extension/index.ts'
import { closeInfo, isHandshakeComplete, NOT_ENDING } from './closing.ts'
import { createDelivery, type DeliveryMode } from './delivery.ts'
import type { CloseEvent, MessageType, SessionEvent } from './event.ts'
import { type ReadyState, type ReceiveHalf, readyState, type SendHalf } from './half.ts'
import { type Keepalive, PingClock, readKeepalive } from './keepalive.ts'
import { type Limits, readLimits } from './limits.ts'
import { type FrameWriter, OutputVectors } from './output.ts'
import { MaskingKeys, type Parts, spareParts } from './parts.ts'
import { PreparedMessage } from './prepared-message.ts'
import type { Passed } from './prepared-run.ts'
import { type ControlFrame, type MessageValues, Receiver, type ReceiverOptions } from './receive.ts'
import { ownSendOptions, readClosePayload, readControlPayload, Sender, type SendOptions } from './send.ts'
import { NO_TRAFFIC, type SessionStats, TrafficCounts, TrafficLog, type TrafficRecord } from './traffic.ts'

export type Role = 'client' | 'server'

/** How a session is opened, whoever did the opening handshake. Read once, at construction. */
export interface SessionOptions {
  readonly role: Role
  /** The subprotocol that the handshake agreed on. */
  readonly subprotocol?: string | undefined
  /** The extensions that the handshake agreed on, in their order. */
  readonly extensions?: readonly AgreedExtension[] | undefined
  /** The shape in which messages are handed over. Default `message`. */
  readonly delivery?: DeliveryMode | undefined
  /**
   * About how many bytes extensions work on in one call, going in or coming out; then the rest is left for the next call
   * of `next` (see `hasWork`) and of `takeOutput` (see `outputBytes`). At least 1; default `Infinity`.
   */
  readonly sliceBytes?: number | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Default: on for a server, off for a client; `true` turns it on with its defaults, `false` off. */
  readonly keepalive?: Partial<Keepalive> | boolean | undefined
  /** The time of opening in milliseconds, on the clock whose times `tick` will be given. Default 0. */
  readonly now?: number | undefined
  /** A cryptographic random source, from which a client draws its masking keys (RFC 6455 §10.3). */
  readonly randomUint32?: (() => number) | undefined
  /** Whether pings are answered. With `false` the application calls `pong`. Default `true`. */
  readonly autoPong?: boolean | undefined
  /**
   * Whether Close frames are sent unasked: the answer to the peer's, and the one that says why the connection failed.
   * With `false` the application calls `close`. Default `true`.
   */
  readonly autoClose?: boolean | undefined
  /** Whether the answer to the peer's Close frame repeats its reason, as it does its code. Default `false`. */
  readonly echoCloseReason?: boolean | undefined
  /**
   * Whether a client ends the byte stream as soon as both Close frames are through, and does not leave that to the server
   * (RFC 6455 §7.1.1). Default `false`.
   */
  readonly endPromptly?: boolean | undefined
  /** Whether text is checked, in both directions. `false` breaks RFC 6455 §8.1. Default `true`. */
  readonly validateUtf8?: boolean | undefined
  /** Whether a server takes frames that are not masked. `true` breaks RFC 6455 §5.1. Default `false`. */
  readonly acceptUnmasked?: boolean | undefined
}

const OPTION_NAMES = [
  'role',
  'subprotocol',
  'extensions',
  'delivery',
  'sliceBytes',
  'limits',
  'keepalive',
  'now',
  'randomUint32',
  'autoPong',
  'autoClose',
  'echoCloseReason',
  'endPromptly',
  'validateUtf8',
  'acceptUnmasked',
] as const satisfies readonly (keyof SessionOptions)[]

const FLAG_NAMES = [
  'autoPong',
  'autoClose',
  'echoCloseReason',
  'endPromptly',
  'validateUtf8',
  'acceptUnmasked',
] as const satisfies readonly (keyof SessionOptions)[]

const NEVER = Number.POSITIVE_INFINITY
const NO_FRAME = -1

/** What a session is set to, apart from what its handshake agreed on: sessions that are set to the same share it. */
interface Settings {
  readonly role: Role
  readonly limits: Limits
  readonly keepalive: Keepalive
  /** Whether the limit on messages was given: then it holds for those in pieces, too. */
  readonly limitsPieces: boolean
  readonly sliceBytes: number
  readonly autoPong: boolean
  readonly autoClose: boolean
  readonly echoCloseReason: boolean
  readonly endsStream: boolean
  readonly validateUtf8: boolean
  readonly masking: ReceiverOptions['masking']
}

const sharedSettings = new SharedRecords<Settings>()

const NO_EXTENSIONS: readonly AgreedExtension[] = Object.freeze([])
const NO_EVENTS: SessionEvent[] = []

const DELIVERY_MODES: readonly DeliveryMode[] = ['message', 'fragment', 'raw']

/**
 * One end of a WebSocket connection, without the connection.
 *
 * What receives and what sends are there from their first use until the session is at `rest`: most of many connections do
 * nothing most of the time, and need not hold what it takes to do something.
 */
export class Session {
  readonly subprotocol: string | undefined
  readonly extensions: readonly AgreedExtension[]
  readonly #settings: Settings
  readonly #randomUint32: (() => number) | undefined
  readonly #pipelines: Pipelines | undefined
  readonly #writer: FrameWriter | undefined
  #mode: DeliveryMode
  #parts: Parts | undefined
  #pings: PingClock | undefined
  #before: TrafficCounts | undefined // what went over the session before its last rest
  #events = NO_EVENTS // what time or a call gave rise to; what bytes give rise to is made when asked for

  #receiveHalf: ReceiveHalf = 'open'
  #streamEnded = false
  #ending = NOT_ENDING
  #discardedBytes = 0

  #values: MessageValues | undefined
  #now: number
  #closeDeadline: number | undefined
  // The frame that was incomplete when the input last ran out, by how many came before it, and when its wait began.
  #timedFrame = NO_FRAME
  #frameStartedAt = 0
  #messageAt: number
  // Since when received bytes wait to be asked for: that time is not held against the peer.
  #heldSince: number | undefined

  // A pong that is owed takes its place in the output when something is sent after it, or the output is taken. While
  // output of before the last `receive` waits to be taken, or a frame of ours is half sent, the next ping replaces it
  // (RFC 6455 §5.5.3), so that a peer that does not read cannot make us collect pongs.
  #owedPong: Uint8Array | undefined
  #outputWasTaken = true

  /** @throws TypeError, RangeError naming the option that is wrong. */
  constructor(options: SessionOptions)
  /** @internal `writer` takes the frames instead of `takeOutput`. */
  constructor(options: SessionOptions, writer: FrameWriter)
  constructor(options: SessionOptions, writer?: FrameWriter) {
    const own = readOptions(options)
    const { role, extensions = [], delivery = 'message', now = 0 } = own
    claimedBits(extensions) // throws for what is wrong with them
    this.#settings = readSettings(own)
    this.subprotocol = own.subprotocol
    this.extensions = extensions.length === 0 ? NO_EXTENSIONS : Object.freeze([...extensions])
    this.#randomUint32 = role === 'client' ? own.randomUint32 : undefined
    this.#writer = writer
    this.#mode = delivery
    this.#now = now
    this.#messageAt = now
    const { keepalive } = this.#settings
    this.#pings = keepalive.pingIntervalMs === NEVER ? undefined : new PingClock(keepalive, now)
    this.#pipelines = openPipelines(extensions, role) // from here on nothing is refused: it has to be closed
  }

  get role(): Role {
    return this.#settings.role
  }

  /**
   * @internal Of messages that lie whole in one chunk, small ones come in memory of the given pool, and text perhaps as the
   * `text` of its event, without a payload. To be said before anything is received.
   */
  static deliverValues(session: Session, values: MessageValues): void {
    session.#values = values
    session.#parts?.receiver.deliverValues(values)
  }

  /** `closing` from the first Close frame or failure on, `closed` once the byte stream has ended. */
  get readyState(): ReadyState {
    return readyState(this.#sendHalf(), this.#receiveHalf)
  }

  /** Milliseconds that the byte stream has to end, once nothing but its end is left to come. */
  get closeTimeoutMs(): number {
    return this.#settings.limits.closeTimeoutMs
  }

  /**
   * Bytes to write that were not taken yet. Those of messages that wait to be transformed count as they are: as long as
   * there are any, `takeOutput` goes on with them, and may have nothing to give.
   */
  get outputBytes(): number {
    const parts = this.#parts
    let bytes = 0
    if (parts !== undefined) {
      const { sender, output } = parts
      sender.settle()
      bytes = (output === undefined ? 0 : output.bytes) + sender.waitingBytes
    }
    return this.#owedPong === undefined ? bytes : bytes + this.#owedPongBytes(this.#owedPong)
  }

  #owedPongBytes({ length }: Uint8Array): number {
    return this.#parts?.sender.isMidFrame === true ? 0 : frameHeaderSize(length, this.role === 'client') + length
  }

  /** Bytes that were received and wait for `next` to be called. */
  get inputBytes(): number {
    return this.#parts === undefined ? 0 : this.#parts.receiver.inputBytes
  }

  /**
   * Whether the sending side of the byte stream should be ended once the output is written. Once `readyState` is
   * `closed`, the whole of it.
   */
  get wantsEnd(): boolean {
    const sender = this.#parts?.sender
    if (sender === undefined || sender.half === 'open') return false
    if (sender.half === 'ended') return true
    if (sender.isMidFrame || sender.isBusy) return false
    if (this.#receiveHalf === 'failed') return true
    return this.#receiveHalf === 'closeReceived' && this.#settings.endsStream
  }

  /** How much has gone over the session so far: a snapshot. */
  stats(): SessionStats {
    const counts = { ...(this.#before ?? NO_TRAFFIC) }
    if (this.#parts !== undefined) addTraffic(counts, this.#parts)
    return Object.freeze(counts)
  }

  /**
   * @internal Lets go of all that can be made again when it is needed. For a session that has been idle for a while; while
   * anything is under way it does nothing.
   */
  static rest(session: Session): void {
    const parts = session.#parts
    if (parts === undefined || !session.#isAtRest(parts)) return
    session.#before ??= new TrafficCounts()
    addTraffic(session.#before, parts)
    session.#parts = undefined
    if (session.#mayLend()) spareParts.give(parts)
  }

  /**
   * @internal The same for a session whose parts others go on with, so that it costs nearly nothing to have them again. For
   * whenever there is nothing to do, be it for a moment.
   */
  static pause(session: Session): void {
    if (session.#mayLend()) Session.rest(session)
  }

  /** @internal Whether there is something that `rest` lets go of, be it not now. */
  static isRestless(session: Session): boolean {
    return session.#parts !== undefined
  }

  /** Whether what others need is the same as what this session needs. */
  #mayLend(): boolean {
    return this.#writer === undefined && this.extensions.length === 0
  }

  #isAtRest({ receiver, sender, log, keys }: Parts): boolean {
    return (
      keys?.isDrawing !== true &&
      this.#events.length === 0 &&
      this.#heldSince === undefined &&
      this.outputBytes === 0 &&
      sender.isAtRest &&
      receiver.isAtRest(this.#now) &&
      log.isAtRest &&
      this.readyState === 'open'
    )
  }

  /**
   * Whether each frame that is complete from now on, of either direction, is recorded for `takeRecords`. Whoever turns it
   * on takes the records after every `next`, call and `takeOutput`: what is not taken stays. Default `false`.
   */
  get recordFrames(): boolean {
    return this.#parts?.log.frames === true
  }

  set recordFrames(record: boolean) {
    if (typeof record !== 'boolean') throw new TypeError(`recordFrames is a ${typeof record}, not a boolean`)
    if (record || this.#parts !== undefined) this.#active().log.frames = record
  }

  /** The same for messages. Default `false`. */
  get recordMessages(): boolean {
    return this.#parts?.log.messages === true
  }

  set recordMessages(record: boolean) {
    if (typeof record !== 'boolean') throw new TypeError(`recordMessages is a ${typeof record}, not a boolean`)
    if (record || this.#parts !== undefined) this.#active().log.messages = record
  }

  /** What was recorded since the last time, in order: a message comes behind its last frame. */
  takeRecords(): TrafficRecord[] {
    return this.#parts === undefined ? [] : this.#parts.log.take()
  }

  /** When to call `tick` at the latest, on the caller's clock; `Infinity` when time changes nothing. */
  get deadline(): number {
    return this.readyState === 'closed' ? NEVER : Math.min(this.#closeDeadline ?? NEVER, this.#peerDeadline())
  }

  /**
   * Takes bytes that arrived. They belong to the session from now on: it unmasks in place and hands out views of them,
   * each valid until the next `receive` or `releaseInput`. What the peer does wrong never throws here; it becomes an event.
   */
  receive(bytes: Uint8Array): void {
    if (!isUint8Array(bytes)) throw new TypeError('Received bytes are not a Uint8Array')
    const view = viewBytes(bytes)! // what is handed out are plain views, also of a subclass such as Node's `Buffer`
    if (view.length === 0 || this.#receiveHalf === 'ended' || this.#streamEnded) return
    this.#pings?.heard(this.#now)
    if (this.#receiveHalf !== 'open') {
      this.#discard(view.length)
      return
    }
    this.#outputWasTaken = this.outputBytes === 0
    this.#heldSince ??= this.#now
    this.#active().receiver.receive(view)
  }

  /**
   * Gives back the memory of the last `receive`: what was not parsed of it is copied, and views of it that were handed out
   * are no longer good. For whoever reads into the same memory again and again, once there is no event left that it wants.
   */
  releaseInput(): void {
    this.#parts?.receiver.releaseInput()
  }

  /** The byte stream ended: no bytes will arrive any more. What arrived before is still handed over. */
  receiveEnd(): void {
    this.#streamEnded = true
    if (this.#receiveHalf !== 'open' || this.#parts?.receiver.isPending !== true) this.#finish()
  }

  /**
   * The next event, or `undefined` when there is none until something else goes in.
   *
   * @param maxPieceBytes How much payload a fragment takes in, at least 1; what is beyond is left for the next call.
   */
  next(maxPieceBytes = NEVER): SessionEvent | undefined {
    if (maxPieceBytes !== NEVER && !(Number.isSafeInteger(maxPieceBytes) && maxPieceBytes >= 1)) {
      throw new RangeError(`Largest piece is ${String(maxPieceBytes)}, not an integer from 1 up, or Infinity`)
    }
    return this.#nextEvent(maxPieceBytes)
  }

  /**
   * Like `next`, but stops before data: for an application that does not want messages now, and still answers pings
   * and notices the end as far as no message comes before them.
   */
  nextControl(): SessionEvent | undefined {
    return this.#nextEvent(0)
  }

  /**
   * Whether `next` stopped because it has worked for a slice: call it again without waiting for anything, once others
   * have had their turn.
   */
  get hasWork(): boolean {
    return this.#parts?.receiver.isWorking === true
  }

  /** Whether `takeOutput` has messages to transform before it can hand them over: it works for a slice each time. */
  get hasOutputWork(): boolean {
    return this.#parts?.sender.isBusy === true
  }

  /** Whether the peer's Close frame is what `next` would take: an application that is not through may let it wait. */
  get isCloseNext(): boolean {
    return this.#parts?.receiver.isAtClose === true
  }

  /**
   * Hands messages over in this shape, from the next message on. Whole messages are bounded by `maxMessageBytes`; those
   * in pieces only when that limit was given.
   */
  deliver(mode: DeliveryMode): void {
    checkDelivery(mode)
    this.#mode = mode
    const parts = this.#parts
    if (parts === undefined) return
    parts.mode = mode
    parts.receiver.deliver(createDelivery(mode, this.#maxMessageBytes(mode)))
  }

  /** The type of the message that was begun with `final: false` and not ended; `undefined` between messages. */
  get openMessage(): MessageType | undefined {
    return this.#parts?.sender.openMessage
  }

  /** Sends a message. Small payloads are copied at once; a large one is kept and must not change until it is written. */
  send(type: MessageType, payload: string | BytesLike, options?: SendOptions): void {
    const own = ownSendOptions(options)
    this.#placeOwedPong()
    this.#active().sender.send(type, payload, own)
    this.#messageAt = this.#now
  }

  /**
   * @internal The fast way for what most messages are: small, whole, and sent while the session is open. It judges
   * nothing: what is not known to be right is left to `send`.
   *
   * Costs a third of that way.
   *
   * @param mostOutputBytes How long the output may get by it.
   * @returns whether it was sent; else nothing has happened.
   */
  static sendWhole(session: Session, type: MessageType, data: unknown, mostOutputBytes: number): boolean {
    const parts = session.#parts
    const output = parts?.output
    if (output === undefined || session.#owedPong !== undefined || session.#receiveHalf !== 'open') return false
    if (!parts!.sender.sendWhole(type, data, mostOutputBytes - output.bytes)) return false
    session.#messageAt = session.#now
    return true
  }

  /** @internal What `takeOutput` gave last has left, before anything else was sent: its memory is used again. */
  static releaseOutput(vectors: readonly Uint8Array[]): void {
    OutputVectors.release(vectors)
  }

  /** Sends a message that was made ready for many, see `prepareMessage`. */
  sendPrepared(message: PreparedMessage): void {
    if (!(message instanceof PreparedMessage)) throw new TypeError('The message is not a prepared one')
    this.#placeOwedPong()
    this.#active().sender.sendPrepared(message)
    this.#messageAt = this.#now
  }

  /**
   * @internal Messages of one frame each were sent past the session, the last of them at this time: while nothing else
   * went in, and nothing was there to take.
   */
  static passed(session: Session, { messages, wireBytes, payloadBytes }: Passed, now: number): void {
    session.#before ??= new TrafficCounts()
    session.#before.messagesSent += messages
    session.#before.framesSent += messages
    session.#before.wireBytesSent += wireBytes
    session.#before.payloadBytesSent += payloadBytes
    if (now > session.#now) session.#now = now
    session.#messageAt = session.#now
  }

  /**
   * Sends the header of a frame whose payload follows through `continueFrame`: exactly `payloadLength` bytes. Until they
   * are complete, no other message can be sent and control frames wait. Of a message that is compressed, each piece
   * leaves in frames of its own.
   */
  startFrame(type: MessageType, payloadLength: number, options?: SendOptions): void {
    const own = ownSendOptions(options)
    this.#placeOwedPong()
    this.#active().sender.startFrame(type, payloadLength, own)
    this.#messageAt = this.#now
  }

  /** Sends the next bytes of the frame begun with `startFrame`. */
  continueFrame(payload: BytesLike): void {
    this.#active().sender.continueFrame(payload)
    this.#messageAt = this.#now
    if (!this.#active().sender.isMidFrame) this.#pings?.restartWait(this.#now)
  }

  /** Sends a ping of at most 125 bytes (RFC 6455 §5.5.2). */
  ping(payload?: string | BytesLike): void {
    const bytes = readControlPayload('ping', payload)
    this.#placeOwedPong()
    this.#active().sender.ping(bytes)
    this.#pings ??= new PingClock(this.#settings.keepalive, this.#now)
    this.#pings.sent(bytes, this.#now)
  }

  /** How many pings were sent, those of keepalive included. */
  get pingsSent(): number {
    return this.#pings?.sentCount ?? 0
  }

  /** How many of them are answered: a pong answers its ping and all before it (RFC 6455 §5.5.3). */
  get pingsAnswered(): number {
    return this.#pings?.answeredCount ?? 0
  }

  /** Sends a pong of at most 125 bytes, asked for or not (RFC 6455 §5.5.3). */
  pong(payload?: string | BytesLike): void {
    const bytes = readControlPayload('pong', payload)
    this.#placeOwedPong()
    this.#active().sender.pong(bytes)
  }

  /**
   * Begins the closing handshake, or answers the peer's Close frame (RFC 6455 §7.1.2). Without a code the frame is
   * empty. Once a Close frame was sent, and after the end, it does nothing.
   */
  close(code?: number, reason?: string | Uint8Array): void {
    readClosePayload(code, reason)
    if (this.#sendHalf() === 'open') this.#sendClose(code, reason)
  }

  /** Fails the connection for a reason of the application's own (RFC 6455 §7.1.7): says why and stops receiving. */
  fail(code: number, reason = ''): void {
    if (code === undefined) throw new TypeError('Close code is missing')
    readClosePayload(code, reason)
    if (this.#receiveHalf !== 'open') return
    const error = new WebSocketError('FAILED_BY_APPLICATION', reason, { closeCode: code, phase: this.#phase() })
    this.#fail(error, reason)
  }

  /** Ends at once, without a Close frame; what was not taken is thrown away. */
  abort(): void {
    this.#abort(new WebSocketError('ABORTED', 'Connection was aborted', { closeCode: CloseCode.abnormalClosure }))
  }

  /** The bytes to write now, in order: give them away whole, then look at `wantsEnd`. */
  takeOutput(): Uint8Array[] {
    this.#placeOwedPong()
    if (this.#parts === undefined) return []
    const { sender, output } = this.#parts
    sender.settle()
    const isIntact = !sender.isBusy || sender.work()
    const vectors = output === undefined ? [] : output.take()
    if (isIntact && vectors !== undefined) return vectors
    // The header of that frame cannot be taken back; to send anything after it would be a frame of other bytes.
    this.#abort(new InvalidStateError('A payload was detached or resized before it was sent'))
    return []
  }

  /** Time has passed: `now`, in milliseconds on the caller's clock. Call it before `receive` too. */
  tick(now: number): void {
    if (!Number.isFinite(now)) throw new TypeError(`Time is ${String(now)}, not a finite number`)
    if (now > this.#now) this.#now = now // a clock that is set back makes no time pass
    if (this.readyState === 'closed') return
    if (this.#closeDeadline !== undefined && this.#now >= this.#closeDeadline) {
      this.#finish(new ProtocolError('CLOSE_TIMEOUT', this.#offset(), 'closing'))
    } else if (this.#now >= this.#peerDeadline()) {
      this.#peerTimedOut()
    }
  }

  // --- what is there as long as there is something to do -----------------------------------------------------------

  /** The parts, which are there from now on. */
  #active(): Parts {
    if (this.#parts === undefined) {
      const parsed = this.#before === undefined ? 0 : this.#before.wireBytesReceived
      this.#parts = this.#takeOver(parsed) ?? this.#createParts(parsed)
    }
    return this.#parts
  }

  /** @param parsed How many bytes of the whole stream were parsed. */
  #takeOver(parsed: number): Parts | undefined {
    const parts = this.#mayLend() ? spareParts.take(this.#settings, this.#mode) : undefined
    if (parts === undefined) return undefined
    if (parts.keys !== undefined) parts.keys.source = this.#randomUint32!
    parts.receiver.takeOver(this.#now, parsed, this.#values)
    parts.sender.takeOver()
    return parts
  }

  /** @param parsed How many bytes of the whole stream were parsed. */
  #createParts(parsed: number): Parts {
    const { masking, sliceBytes, validateUtf8, limits } = this.#settings
    const mode = this.#mode
    const log = new TrafficLog()
    const claimed = claimedBits(this.extensions)
    const receiver = new Receiver({
      masking,
      reservedBits: claimed,
      pipeline: this.#pipelines?.incoming,
      sliceBytes,
      validateUtf8,
      limits,
      delivery: createDelivery(mode, this.#maxMessageBytes(mode)),
      log,
      now: this.#now,
      offset: parsed,
    })
    if (this.#values !== undefined) receiver.deliverValues(this.#values)
    const keys = this.#randomUint32 && new MaskingKeys(this.#randomUint32)
    const output = this.#writer === undefined ? new OutputVectors() : undefined
    const sender = new Sender((this.#writer ?? output)!, {
      nextMaskingKey: keys && (() => keys.next()),
      pipeline: this.#pipelines?.outgoing,
      sliceBytes,
      log,
      reservedBits: claimed & ~(this.#pipelines?.incoming.reservedBits ?? 0),
      validateUtf8,
    })
    return { receiver, sender, output, log, keys, settings: this.#settings, mode }
  }

  #sendHalf(): SendHalf {
    return this.#parts === undefined ? 'open' : this.#parts.sender.half
  }

  /** How many bytes of the whole stream were parsed. */
  #offset(): number {
    return this.#active().receiver.offset
  }

  // --- receiving ---------------------------------------------------------------------------------------------------

  #nextEvent(maxPieceBytes: number): SessionEvent | undefined {
    if (this.#events.length === 0 && this.#receiveHalf === 'open') {
      const event = this.#receiveNext(maxPieceBytes)
      if (event !== undefined) return event
    }
    return this.#events.length === 0 ? undefined : this.#events.shift()
  }

  #maxMessageBytes(mode: DeliveryMode): number {
    const { limits, limitsPieces } = this.#settings
    return mode === 'message' || limitsPieces ? limits.maxMessageBytes : NEVER
  }

  /** What the bytes say next. What the peer did wrong becomes the session's state; it never throws out of here. */
  #receiveNext(maxPieceBytes: number): SessionEvent | undefined {
    if (this.#parts === undefined) return undefined
    const { receiver } = this.#parts
    try {
      const event = receiver.next(this.#now, maxPieceBytes)
      if (event === undefined) return receiver.isPending ? undefined : this.#inputExhausted(receiver)
      switch (event.kind) {
        case 'ping':
          this.#owePong(event.payload)
          return event
        case 'pong':
          return { ...event, roundTripMs: this.#pings?.answered(event.payload, this.#now) }
        case 'close':
          return this.#closeReceived(event)
        default:
          this.#messageAt = this.#now
          return event
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      const { code, offset, found } = error
      return this.#fail(this.#phase() === 'open' ? error : new ProtocolError(code, offset!, this.#phase(), found))
    }
  }

  /** All bytes are parsed: from here on time counts against the peer, and the end of the stream takes effect. */
  #inputExhausted({ isMidFrame, completedFrames }: Receiver): undefined {
    const heldMs = this.#heldSince === undefined ? 0 : this.#now - this.#heldSince
    this.#heldSince = undefined
    if (heldMs > 0) {
      this.#pings?.heard(this.#now)
      this.#pings?.restartWait(this.#now)
      this.#messageAt = Math.min(this.#now, this.#messageAt + heldMs)
    }
    if (this.#timedFrame === completedFrames && isMidFrame) {
      this.#frameStartedAt += heldMs
    } else {
      // No pong can be inside a frame: the wait for one begins anew when a frame that took its time is over.
      if (this.#timedFrame !== NO_FRAME) this.#pings?.restartWait(this.#now)
      this.#timedFrame = isMidFrame ? completedFrames : NO_FRAME
      this.#frameStartedAt = this.#now
    }
    if (this.#streamEnded) this.#finish()
  }

  #owePong(payload: Uint8Array): void {
    if (!this.#settings.autoPong || this.#sendHalf() !== 'open') return
    if (this.#outputWasTaken) this.#placeOwedPong()
    this.#owedPong = payload.slice() // the event's own is the application's, to keep and to change
  }

  #placeOwedPong(): void {
    const payload = this.#owedPong
    if (payload === undefined || this.#active().sender.isMidFrame) return
    this.#owedPong = undefined
    this.#active().sender.pong(payload)
  }

  #closeReceived(frame: ControlFrame & { kind: 'close' }): CloseEvent {
    const { code, reason } = frame
    this.#receiveHalf = 'closeReceived'
    this.#ending = { ...this.#ending, initiator: this.#ending.initiator ?? 'remote', received: { code, reason } }
    this.#startCloseTimeout()
    if (this.#settings.autoClose && this.#sendHalf() === 'open') {
      // The answer repeats the code (RFC 6455 §5.5.1); the reason was the peer's.
      const echoed = this.#settings.echoCloseReason ? frame.reasonBytes : undefined
      this.#sendClose(code === CloseCode.noStatusReceived ? undefined : code, echoed)
    }
    this.#discard(this.#active().receiver.discard())
    if (this.#streamEnded) this.#finish()
    return frame
  }

  /** Bytes after a Close frame or a failure (RFC 6455 §1.4, §7.1.7): a peer may send some, not on and on. */
  #discard(bytes: number): void {
    this.#discardedBytes += bytes
    if (this.#discardedBytes > this.#settings.limits.maxDiscardedBytes) this.#finish()
  }

  // --- ending ------------------------------------------------------------------------------------------------------

  #sendClose(code: number | undefined, reason: string | Uint8Array | undefined = undefined): void {
    const payload = readClosePayload(code, reason)
    if (this.#owedPong !== undefined) this.#active().sender.pong(this.#owedPong) // after a Close there would be none
    this.#owedPong = undefined
    this.#active().sender.close(payload)
    const sent = { code: code ?? CloseCode.noStatusReceived, reason: decodeText(payload.subarray(2)) }
    this.#ending = { ...this.#ending, initiator: this.#ending.initiator ?? 'local', sent }
    this.#startCloseTimeout()
  }

  #startCloseTimeout(): void {
    this.#closeDeadline = Math.min(this.#closeDeadline ?? NEVER, this.#now + this.closeTimeoutMs)
  }

  /**
   * Fail the WebSocket Connection (RFC 6455 §7.1.7): the one place where it happens. The reason is for the peer; without
   * one no Close frame is sent.
   */
  #fail(error: WebSocketError, reason = this.#settings.autoClose ? '' : undefined): undefined {
    this.#receiveHalf = 'failed'
    this.#ending = { ...this.#ending, initiator: this.#ending.initiator ?? 'local', error }
    this.#addEvent({ kind: 'failure', error })
    if (this.#active().sender.isMidFrame)
      this.#finish() // a Close frame inside another frame would be its payload
    else if (reason !== undefined && this.#sendHalf() === 'open') this.#sendClose(error.closeCode, reason)
    this.#discard(this.#active().receiver.discard())
    if (this.#streamEnded) this.#finish()
  }

  #abort(error: WebSocketError): void {
    this.#owedPong = undefined
    this.#parts?.sender.settle()
    this.#parts?.output?.clear()
    this.#finish(error)
  }

  /** The connection is closed (RFC 6455 §7.1.4): the one place where it happens, once. */
  #finish(error: WebSocketError | undefined = undefined): void {
    if (this.readyState === 'closed') return
    // A Close frame that waits for others of ours to be through has not been sent.
    const isWaiting = this.#active().sender.isMidFrame || this.#active().sender.isBusy
    const ending = isWaiting ? { ...this.#ending, sent: undefined } : this.#ending
    if (isHandshakeComplete(ending) || ending.error !== undefined) {
      this.#ending = ending
    } else {
      const why = error ?? new ProtocolError('ENDED_WITHOUT_CLOSE', this.#offset(), this.#phase())
      const initiator = ending.initiator ?? (error === undefined ? 'remote' : 'local')
      this.#ending = { ...ending, initiator, error: why }
    }
    this.#placeOwedPong()
    this.#receiveHalf = 'ended'
    this.#active().sender.end()
    this.#active().receiver.discard()
    this.#addEvent({ kind: 'closed', ...closeInfo(this.#ending) })
  }

  #addEvent(event: SessionEvent): void {
    if (this.#events === NO_EVENTS) this.#events = [event]
    else this.#events.push(event)
  }

  #phase(): ErrorPhase {
    return this.readyState === 'open' ? 'open' : 'closing'
  }

  // --- time --------------------------------------------------------------------------------------------------------

  #frameDeadline(): number {
    return this.#timedFrame === NO_FRAME ? NEVER : this.#frameStartedAt + this.#settings.limits.frameTimeoutMs
  }

  #idleDeadline(): number {
    return this.#messageAt + this.#settings.limits.idleTimeoutMs
  }

  /** While a frame of ours is half sent no ping can go out, and none be answered. */
  #pingDeadline(): number {
    if (this.#pings === undefined || this.#parts?.sender.isMidFrame === true) return NEVER
    return this.#isHeld() ? this.#pings.probeDeadline : this.#pings.deadline
  }

  /** Whether something that the peer sent waits to be read: then no time counts against it. */
  #isHeld(): boolean {
    return this.#heldSince !== undefined
  }

  #peerDeadline(): number {
    if (this.readyState !== 'open') return NEVER
    // Pings go out all the same: an application that never reads learns of a dead peer from a write that fails.
    if (this.#isHeld()) return this.#pingDeadline()
    return Math.min(this.#frameDeadline(), this.#idleDeadline(), this.#pingDeadline())
  }

  #peerTimedOut(): void {
    const now = this.#now
    if (this.#isHeld()) {
      this.ping(this.#pings!.probe(now))
    } else if (now >= this.#frameDeadline()) {
      this.#fail(new ProtocolError('FRAME_TIMEOUT', this.#offset()))
    } else if (now >= this.#idleDeadline()) {
      this.#sendClose(CloseCode.goingAway, 'Idle')
    } else {
      const due = this.#pings?.due(now)
      if (due === 'lost') this.#abort(new ProtocolError('PONG_TIMEOUT', this.#offset()))
      else if (due !== undefined) this.ping(due)
    }
  }
}

/** Adds what went over the parts to what went before. */
function addTraffic(counts: TrafficCounts, { sender, receiver }: Parts): void {
  const sent = sender.traffic
  counts.messagesSent += sent.messages
  counts.messagesReceived += receiver.completedMessages
  counts.framesSent += sent.frames
  counts.framesReceived += receiver.completedFrames
  counts.wireBytesSent += sent.wireBytes
  counts.wireBytesReceived = receiver.offset
  counts.payloadBytesSent += sent.payloadBytes
  counts.payloadBytesReceived += receiver.completedPayloadBytes
}

/** The reserved bits that the extensions claim together. @throws TypeError, RangeError when they cannot be told apart. */
function claimedBits(extensions: readonly AgreedExtension[]): number {
  let claimed = 0
  for (const { name, reservedBits } of extensions) {
    if (!Number.isInteger(reservedBits) || reservedBits < 0 || reservedBits > 0b111) {
      throw new RangeError(`Extension ${name} claims reserved bits ${String(reservedBits)}, not 0 to 7`)
    }
    if ((claimed & reservedBits) !== 0)
      throw new TypeError(`Extension ${name} claims a reserved bit that another claims`)
    claimed |= reservedBits
  }
  return claimed
}

function readSettings(own: SessionOptions): Settings {
  const { role, sliceBytes = NEVER, autoPong = true, autoClose = true, echoCloseReason = false } = own
  return sharedSettings.share({
    role,
    limits: readLimits(role, own.limits),
    keepalive: readKeepalive(role, own.keepalive),
    limitsPieces: own.limits?.maxMessageBytes !== undefined,
    sliceBytes,
    autoPong,
    autoClose,
    echoCloseReason,
    // The server ends the byte stream first, so that the client is not left with the waiting port (RFC 6455 §7.1.1).
    endsStream: role === 'server' || own.endPromptly === true,
    validateUtf8: own.validateUtf8 ?? true,
    masking: role === 'client' ? 'forbidden' : own.acceptUnmasked === true ? 'either' : 'required',
  })
}

/** The options that are the caller's own, each read once. @throws TypeError, RangeError naming the one that is wrong. */
function readOptions(options: SessionOptions): SessionOptions {
  checkNames('options', options, OPTION_NAMES)
  const own = ownProperties(options) as { -readonly [Name in keyof SessionOptions]: SessionOptions[Name] }
  checkOptions(own)
  if (typeof own.limits === 'object' && own.limits !== null) own.limits = ownProperties(own.limits)
  return own
}

/** A copy without a prototype: what is not the caller's own, nobody finds in it. */
function ownProperties<Value extends object>(value: Value): Value {
  return Object.assign(Object.create(null), value)
}

function checkOptions(options: SessionOptions): void {
  const { role, delivery = 'message', now = 0, randomUint32, extensions = [], sliceBytes = NEVER } = options
  if (role !== 'client' && role !== 'server')
    throw new TypeError(`options.role is ${String(role)}, not client or server`)
  checkDelivery(delivery)
  if (!Number.isFinite(now)) throw new TypeError(`options.now is ${String(now)}, not a time in milliseconds`)
  if (role === 'client' && typeof randomUint32 !== 'function') {
    throw new TypeError('options.randomUint32 is missing: a client masks what it sends')
  }
  readLimit('options.sliceBytes', sliceBytes, 1)
  if (!Array.isArray(extensions)) throw new TypeError('options.extensions is not an array')
  for (const name of FLAG_NAMES) {
    const flag = options[name]
    if (flag !== undefined && typeof flag !== 'boolean') throw new TypeError(`options.${name} is not a boolean`)
  }
}

function checkDelivery(mode: DeliveryMode): void {
  if (!DELIVERY_MODES.includes(mode)) throw new TypeError(`Delivery is ${String(mode)}, not message, fragment or raw`)
}
