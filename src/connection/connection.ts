// The idiomatic object over a session: methods, promises, async iteration. It holds no rule of the protocol. What it
// adds is who waits for what: senders for room, readers for messages, callers of `ping` for pongs.
//
// A promise that is rejected because the connection ended is never an unhandled rejection: a peer that goes away must
// not be able to end the process.

import {
  type BytesLike,
  CloseCode,
  decodeText,
  InvalidStateError,
  TransportError,
  WebSocketError,
} from '../codec/index.ts'
import { joinBytes } from '../codec/join-bytes.ts'
import { checkNames } from '../codec/options.ts'
import { copyPooled } from '../codec/pooled-copy.ts'
import type { AgreedExtension } from '../extension/index.ts'
import {
  type ClosedEvent,
  type CloseInfo,
  type FragmentEvent,
  type MessageEvent,
  type MessageType,
  PreparedMessage,
  type ReadyState,
  type SendOptions,
  type Session,
  type SessionEvent,
  type SessionStats,
} from '../session/index.ts'
import type { Broadcaster } from './broadcaster.ts'
import type { ByteStream, ByteStreamListener, Host } from './byte-stream.ts'
import { Driver, type EventConsumer } from './driver.ts'
import {
  costOf,
  type Delivered,
  isPiece,
  type Message,
  type MessagePieces,
  MessageReader,
  toMessage,
} from './message.ts'
import type { BackpressurePolicy, ReadConnectionLimits } from './settings.ts'

/** Where a connection leads. */
export interface ConnectionAddress {
  readonly url: string
  /** The peer's network address, where there is one. */
  readonly remoteAddress: string | undefined
}

/** How a message is sent. */
export type MessageOptions = Pick<SendOptions, 'compress'>

/** How much has gone over a connection. No number ever goes back. */
export interface ConnectionStats extends SessionStats {
  /** How often `send` waited, dropped or closed, or `trySend` took nothing, because `highWaterBytes` waited to leave. */
  readonly backpressureEvents: number
  /** Messages that were not taken for that reason, where `backpressure` is `drop`. */
  readonly droppedMessages: number
}

/** Told of the end of a connection. */
type CloseListener = (connection: Connection, info: CloseInfo) => void

interface Waiter<Value> {
  resolve(value: Value): void
  reject(error: unknown): void
}

/** What senders wait for while too much waits to leave, all for the same: there may be very many that nobody looks at. */
interface Room extends Waiter<void> {
  readonly promise: Promise<void>
}

interface PingWaiter extends Waiter<number> {
  /** Which ping of the session it waits for, counted from 1. */
  readonly number: number
}

/** What `send` returns when there is nothing to wait for. */
export const SENT: Promise<void> = Promise.resolve()

/** What is kept for those who read messages in turn, and of messages that nobody has asked for yet. */
class Reading {
  inbox: Delivered[] = []
  inboxBytes = 0
  readonly waiters: ((delivered: Delivered | undefined) => void)[] = []
  /** Whether a reader has just been given something, with nothing else at hand. */
  isBusy = false
  turnEndAwaited = false
  /** Whether the piece that was handed out last is not the end of its message. */
  insideMessage = false
  /** Whether pieces are thrown away up to the end of their message. */
  skipping = false
  /** Pieces that nobody asked for, up to the end of their message. */
  readonly orphans: Uint8Array[] = []
}

/**
 * One end of a WebSocket connection.
 *
 * Messages wait for a reader, and the peer after a while with them; its Close frame is not answered before what came in
 * front of it was read. Who does not care for messages says so with `onMessage(() => {})`.
 */
export class Connection implements AsyncIterable<Message> {
  readonly url: string
  readonly remoteAddress: string | undefined
  readonly #session: Session
  readonly #driver: Driver
  readonly #host: Host
  readonly #limits: ReadConnectionLimits['send']
  readonly #backpressure: BackpressurePolicy
  #droppedMessages = 0
  // Of the following, most connections have nothing: what is made when it is needed costs the others a field.
  #closed: Promise<CloseInfo> | undefined
  #resolveClosed: ((info: CloseInfo) => void) | undefined
  #closeListener: CloseListener | undefined
  #closeInfo: CloseInfo | undefined

  #reader: 'none' | 'messages' | 'pieces' | 'listener' = 'none'
  #listener: ((message: Message) => unknown) | undefined
  #madeReading: Reading | undefined
  #discarding = false
  #room: Room | undefined
  #backpressureEvents = 0
  #pingWaiters: PingWaiter[] | undefined
  /** Why we ended the connection, where that is more than the session knows. */
  #endedBecause: WebSocketError | undefined

  /** What the driver sees of a connection. A class: functions of its own would cost each connection a kilobyte. */
  static readonly #Consumer = class implements EventConsumer {
    readonly #connection: Connection

    constructor(connection: Connection) {
      this.#connection = connection
    }

    get takesAll(): boolean {
      return this.#connection.#listener !== undefined || this.#connection.#discarding
    }

    get isBusy(): boolean {
      return this.#connection.#madeReading?.isBusy === true
    }

    get wantsClose(): boolean {
      return this.#connection.#wantsClose()
    }

    get wantsMessages(): boolean {
      return this.#connection.#wantsMessages()
    }

    handleEvent(event: SessionEvent): void {
      this.#connection.#handleEvent(event)
    }

    handleDrain(): void {
      this.#connection.#releaseSenders()
    }
  }

  /** @internal Made by transports, with {@link openConnection}. */
  constructor(
    session: Session,
    stream: ByteStream,
    host: Host,
    limits: ReadConnectionLimits['send'],
    address: ConnectionAddress,
    backpressure: BackpressurePolicy,
  ) {
    this.url = address.url
    this.remoteAddress = address.remoteAddress
    this.#session = session
    this.#host = host
    this.#limits = limits
    this.#backpressure = backpressure
    this.#driver = new Driver(session, stream, host, new Connection.#Consumer(this), limits.highWaterBytes)
  }

  /** @internal What the transport talks to. */
  static listenerOf(connection: Connection): ByteStreamListener {
    return connection.#driver
  }

  /** @internal Takes what came with the handshake, and sets the first deadline. */
  static start(connection: Connection, leftover: Uint8Array | undefined): void {
    connection.#driver.opened(connection)
    if (leftover === undefined || leftover.length === 0) connection.#driver.pump()
    else connection.#driver.received(leftover)
  }

  /** @internal Tells of the end, before `closed` is resolved; at most one listener. It must not throw. */
  static onClosed(connection: Connection, listener: CloseListener): void {
    if (connection.#closeInfo === undefined) connection.#closeListener = listener
    else listener(connection, connection.#closeInfo)
  }

  /** @internal See {@link Driver.join}. */
  static join(connection: Connection, broadcaster: Broadcaster): void {
    connection.#driver.join(broadcaster, connection)
  }

  /** @internal See {@link Driver.leave}. */
  static leave(connection: Connection): void {
    connection.#driver.leave()
  }

  /** @internal What `send` returns for a message that has been written already. */
  static whenRoom(connection: Connection): Promise<void> {
    return connection.#whenRoom()
  }

  /** What tells the connection from all others of this process, worker threads apart: 1 and up, as they are opened. */
  get id(): number {
    return this.#driver.connectionId
  }

  /** The subprotocol that the handshake agreed on (RFC 6455 §1.9). */
  get subprotocol(): string | undefined {
    return this.#session.subprotocol
  }

  /** The extensions that the handshake agreed on, in their order (RFC 6455 §9). */
  get extensions(): readonly AgreedExtension[] {
    return this.#session.extensions
  }

  get readyState(): ReadyState {
    return this.#session.readyState
  }

  /** How the connection ended, once it has. Never rejects. */
  get closed(): Promise<CloseInfo> {
    this.#closed ??=
      this.#closeInfo === undefined
        ? new Promise((resolve) => {
            this.#resolveClosed = resolve
          })
        : Promise.resolve(this.#closeInfo)
    return this.#closed
  }

  /** Bytes that were sent and have not left yet. */
  get bufferedBytes(): number {
    return this.#driver.bufferedBytes
  }

  /** How much has gone over the connection so far: a snapshot. */
  stats(): ConnectionStats {
    this.#driver.leave()
    return Object.freeze({
      ...this.#session.stats(),
      backpressureEvents: this.#backpressureEvents,
      droppedMessages: this.#droppedMessages,
    })
  }

  /** Messages that `send` did not take because too much waited to leave, where `backpressure` is `drop`. */
  get droppedMessages(): number {
    return this.#droppedMessages
  }

  /**
   * Sends a message: a string as text, bytes as binary, or what `prepareMessage` made ready for many connections. Bytes
   * are kept until they have left and must not change meanwhile. A long message is compressed a slice at a time, with
   * other connections served in between. When more than `maxBufferedBytes` wait to leave already, the connection is ended
   * instead: whoever sends that much does not wait for the promise, and the peer does not keep up. With a `backpressure`
   * of `drop` or `close`, a message that finds `highWaterBytes` waiting is not taken.
   *
   * @returns a promise that is resolved once less than `highWaterBytes` wait to leave, at once for a message that is
   * dropped, and rejected with `CONNECTION_CLOSED` when the connection ends first. Nobody has to listen to it.
   * @throws TypeError at once for data that is none of these, or options that are wrong.
   */
  send(data: string | BytesLike | PreparedMessage, options?: MessageOptions): Promise<void> {
    const driver = this.#driver
    if (options === undefined && driver.sendWhole(typeOf(data), data, this.#mostWaiting())) return SENT
    driver.updateTime()
    if (this.#session.readyState !== 'open') return rejected(this.#closedError('Cannot send'))
    const { bufferedBytes } = driver
    if (bufferedBytes >= this.#limits.highWaterBytes && this.#backpressure !== 'wait') return this.#giveWay()
    if (bufferedBytes > this.#limits.maxBufferedBytes) {
      const text = 'Cannot send: more than maxBufferedBytes wait to leave'
      this.#endedBecause = new WebSocketError('SEND_BUFFER_FULL', text, { closeCode: 1006, phase: 'open' })
      this.#driver.abort()
      return rejected(this.#closedError('Cannot send'))
    }
    this.#sendNow(data, options)
    if (this.#closeInfo !== undefined) return rejected(this.#closedError('Cannot send'))
    return this.#whenRoom()
  }

  /** @returns the promise of a message that was sent. */
  #whenRoom(): Promise<void> {
    if (this.#driver.bufferedBytes < this.#limits.highWaterBytes) return SENT
    this.#backpressureEvents++
    this.#room ??= createRoom()
    return this.#room.promise
  }

  /**
   * Sends a message if less than `highWaterBytes` wait to leave.
   *
   * @returns whether the message was taken; it is not either when the connection is not open.
   * @throws TypeError as `send`.
   */
  trySend(data: string | BytesLike | PreparedMessage, options?: MessageOptions): boolean {
    if (options === undefined && this.#driver.sendWhole(typeOf(data), data, this.#mostWaiting())) return true
    this.#driver.updateTime()
    if (this.readyState !== 'open') return false
    if (this.bufferedBytes >= this.#limits.highWaterBytes) {
      this.#backpressureEvents++
      return false
    }
    this.#sendNow(data, options)
    return true
  }

  /**
   * Sends a ping (RFC 6455 §5.5.2). Without a payload it gets one of its own, so that its pong is known for certain.
   *
   * @returns a promise of the round-trip time in milliseconds, rejected with `CONNECTION_CLOSED` when the connection
   * ends first.
   * @throws TypeError, RangeError at once for a payload that is no bytes or longer than 125.
   */
  ping(payload?: string | BytesLike): Promise<number> {
    this.#driver.updateTime()
    if (this.readyState === 'closed') return rejected(this.#closedError('Cannot ping'))
    this.#session.ping(payload === undefined ? `ping ${this.#session.pingsSent + 1}` : payload)
    const number = this.#session.pingsSent
    this.#pingWaiters ??= []
    const waiters = this.#pingWaiters
    const answered = new Promise<number>((resolve, reject) => waiters.push({ number, resolve, reject }))
    this.#driver.flush()
    return handled(answered)
  }

  /**
   * Begins the closing handshake (RFC 6455 §7.1.2). Messages that arrive meanwhile are still handed to a reader; without
   * one they are thrown away.
   *
   * @returns the same promise as `closed`.
   * @throws TypeError, RangeError at once for a code or reason that may not be sent.
   */
  close(code?: number, reason?: string): Promise<CloseInfo> {
    this.#driver.updateTime()
    this.#session.close(code, reason)
    this.#discarding = this.#reader === 'none'
    this.#driver.pump()
    return this.closed
  }

  /** Ends the connection at once, without a closing handshake; what waits to leave is thrown away. */
  terminate(): void {
    this.#driver.abort()
  }

  /**
   * The messages of the connection, once: in turn, with reading held back while none is asked for, a few kilobytes
   * (`highWaterBytes`) aside. Ends when the connection does; `closed` tells how. What was not read when the reader
   * leaves is there for the next one.
   *
   * @throws InvalidStateError when another reader is at it.
   */
  messages(): AsyncIterableIterator<Message>
  /**
   * The messages in pieces, each of any size in constant memory. Asking for the next message throws away what was not
   * taken of the one before. A message that is cut off rejects with `CONNECTION_CLOSED`.
   */
  messages(options: { readonly pieces: true }): AsyncIterableIterator<MessagePieces>
  messages(options?: {
    readonly pieces?: boolean
  }): AsyncIterableIterator<Message> | AsyncIterableIterator<MessagePieces> {
    this.#attach(options?.pieces === true ? 'pieces' : 'messages')
    if (options?.pieces !== true) return this.#iterate((read) => read() as Promise<Message | undefined>)
    this.#session.deliver('fragment')
    let latest: Promise<MessageReader | undefined> = Promise.resolve(undefined)
    return this.#iterate<MessagePieces>((read) => {
      latest = latest.then(async (unfinished) => {
        await unfinished?.skip()
        const first = await read()
        return first === undefined ? undefined : new MessageReader(first, read, () => this.#cutOff())
      })
      return latest as Promise<MessagePieces | undefined> // the type says what the pieces are
    })
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.messages()
  }

  /**
   * Hands every message to a function as soon as it is there: the fastest way to read, with no way to hold the peer
   * back. A promise that the function returns holds nothing back either: the next message does not wait for it.
   *
   * What the function throws, and what a promise that it returns is rejected with, is an error of the application. On a
   * connection of `serve` it closes the connection with 1011 and is told to `onError`; on any other, and where there is no
   * `onError`, it is an uncaught exception, and the connection of a client stays open. `CONNECTION_CLOSED` in a promise
   * is no error: a `send` that was awaited found that the peer had gone.
   *
   * @throws InvalidStateError when another reader is at it.
   */
  onMessage(listener: (message: Message) => unknown): void {
    if (typeof listener !== 'function') throw new TypeError('The listener is not a function')
    this.#attach('listener')
    this.#listener = listener
    for (const message of this.#takeInbox()) this.#tellListener(toMessage(message))
    this.#driver.pump()
  }

  /** Closes the connection with 1000 and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(1000)
  }

  /** How many bytes may wait to leave before `send` has anything to ask or to tell. */
  #mostWaiting(): number {
    const { highWaterBytes, maxBufferedBytes } = this.#limits
    return Math.min(highWaterBytes, maxBufferedBytes) - 1
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  get #reading(): Reading {
    this.#madeReading ??= new Reading()
    return this.#madeReading
  }

  #wantsMessages(): boolean {
    const reading = this.#madeReading
    if (reading !== undefined && reading.waiters.length > 0) return true
    const inboxBytes = reading?.inboxBytes ?? 0
    // After our Close frame, what arrives up to the peer's is kept: the reader may itself be waiting for the end.
    if (this.readyState === 'closing') return inboxBytes < this.#limits.maxBufferedBytes
    // A slow reader is kept a little ahead of, so that pings behind a few messages are answered.
    return this.#reader === 'messages' && inboxBytes < this.#limits.highWaterBytes
  }

  /** What came before the peer's Close frame is read before the frame is answered, and can be answered itself. */
  #wantsClose(): boolean {
    return this.#madeReading === undefined || this.#madeReading.inbox.length === 0 || this.readyState !== 'open'
  }

  #attach(reader: 'messages' | 'pieces' | 'listener'): void {
    if (this.#reader !== 'none') throw new InvalidStateError('Cannot read messages: another reader is at it')
    this.#reader = reader
    this.#discarding = false
  }

  #detach(): void {
    const reading = this.#reading
    if (this.#reader === 'pieces') {
      this.#session.deliver('message')
      reading.skipping ||= reading.insideMessage
      for (const message of this.#joinPieces(this.#takeInbox())) this.#keep(message)
    }
    this.#reader = 'none'
    reading.isBusy = false
    reading.insideMessage = false
    for (const resolve of reading.waiters.splice(0)) resolve(undefined)
    this.#discarding = this.readyState !== 'open'
    this.#driver.pump()
  }

  /** What a reader of pieces leaves, whole; not the rest of a message that it took a part of, or that is incomplete. */
  *#joinPieces(left: readonly Delivered[]): Generator<Message> {
    const reading = this.#reading
    let pieces: Uint8Array[] = []
    for (const delivered of left) {
      if (!isPiece(delivered)) {
        yield delivered
        continue
      }
      if (!reading.skipping) pieces.push(delivered.payload)
      if (delivered.final && !reading.skipping) yield toMessage({ ...delivered, payload: joinBytes(pieces) })
      if (delivered.final) {
        reading.skipping = false
        pieces = []
      }
    }
    if (pieces.length > 0) reading.skipping = true
  }

  /** The next message or piece; `undefined` once there will be none. */
  #read(): Promise<Delivered | undefined> {
    const reading = this.#reading
    const delivered = reading.inbox.shift()
    if (delivered !== undefined) {
      reading.inboxBytes -= costOf(delivered)
      this.#noteHandOut(reading, delivered, reading.inbox.length)
    }
    if (delivered !== undefined || this.#closeInfo !== undefined) return Promise.resolve(delivered)
    return new Promise((resolve) => {
      reading.waiters.push(resolve)
      reading.isBusy = false
      this.#driver.pump()
    })
  }

  /**
   * A reader has been given something. When nothing else is at hand it has the rest of the turn to do something about it
   * before more is looked at: to answer a message that has the peer's Close frame right behind it, for one.
   */
  #noteHandOut(reading: Reading, delivered: Delivered, othersAtHand: number): void {
    reading.insideMessage = isPiece(delivered) && !delivered.final
    if (othersAtHand > 0) return
    reading.isBusy = true
    if (reading.turnEndAwaited) return
    reading.turnEndAwaited = true
    this.#host.defer(() => {
      reading.turnEndAwaited = false
      reading.isBusy = false
      this.#driver.pump()
    })
  }

  #keep(delivered: Delivered): void {
    this.#reading.inbox.push(delivered)
    this.#reading.inboxBytes += costOf(delivered)
  }

  #takeInbox(): Delivered[] {
    const reading = this.#madeReading
    if (reading === undefined) return []
    const taken = reading.inbox
    reading.inbox = []
    reading.inboxBytes = 0
    return taken
  }

  #iterate<Value>(
    take: (read: () => Promise<Delivered | undefined>) => Promise<Value | undefined>,
  ): AsyncIterableIterator<Value> {
    let ended = false
    const read = (): Promise<Delivered | undefined> => (ended ? Promise.resolve(undefined) : this.#read())
    const end = (): IteratorResult<Value> => {
      if (!ended) {
        ended = true
        this.#detach()
      }
      return { done: true, value: undefined }
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: () => take(read).then((value) => (value === undefined ? end() : { done: false, value })),
      return: () => Promise.resolve(end()),
    }
  }

  #handleEvent(event: SessionEvent): void {
    switch (event.kind) {
      case 'message':
        if (!this.#discarding) this.#handleMessage(event)
        return
      case 'fragment':
        if (this.#discarding || this.#madeReading?.skipping === true) this.#reading.skipping = !event.final
        // The view is good until the next `receive` only, and the reader is not bound to be that quick.
        else this.#handlePiece({ ...event, payload: event.payload.slice() })
        return
      case 'pong':
        if (event.roundTripMs !== undefined) this.#answerPings(event.roundTripMs)
        return
      case 'failure':
        this.#driver.watch.failed(event.error)
        return
      case 'closed':
        this.#handleClosed(event)
        return
    }
  }

  /** A reader of pieces may have left when the first of a message came; its successor gets that message whole. */
  #handlePiece(piece: FragmentEvent): void {
    const { orphans } = this.#reading
    if (this.#reader === 'pieces' && orphans.length === 0) {
      this.#deliver(piece)
      return
    }
    orphans.push(piece.payload)
    if (piece.final) this.#deliverMessage(toMessage({ ...piece, payload: joinBytes(orphans.splice(0)) }))
  }

  #handleMessage({ type, payload, owned, text }: MessageEvent): void {
    let message: Message
    try {
      message = text ?? (type === 'text' ? decodeText(payload) : owned ? payload : copyPooled(payload))
    } catch {
      this.#session.fail(1009) // there are limits above maxMessageBytes: how long a string can be, for one
      return
    }
    this.#deliverMessage(message)
  }

  #deliverMessage(message: Message): void {
    if (this.#listener === undefined) this.#deliver(message)
    else this.#tellListener(message)
  }

  #deliver(delivered: Delivered): void {
    const reading = this.#reading
    const resolve = reading.waiters.shift()
    if (resolve !== undefined) {
      this.#noteHandOut(reading, delivered, reading.waiters.length)
      resolve(delivered)
    } else {
      this.#keep(delivered)
    }
  }

  #tellListener(message: Message): void {
    try {
      const returned = this.#listener!(message)
      if (isThenable(returned)) returned.then(undefined, (error) => this.#listenerRejected(error))
    } catch (error) {
      this.#host.reportError(error, this)
    }
  }

  /** What a listener awaits may fail because the connection ended: that is the peer's doing, and no fault of the listener. */
  #listenerRejected(error: unknown): void {
    const hasEnded = this.readyState !== 'open' && error instanceof WebSocketError && error.code === 'CONNECTION_CLOSED'
    if (!hasEnded) this.#host.reportError(error, this)
  }

  #answerPings(roundTripMs: number): void {
    const waiters = this.#pingWaiters
    if (waiters === undefined) return
    const { pingsAnswered } = this.#session
    const waiting = waiters.findIndex(({ number }) => number > pingsAnswered)
    for (const waiter of waiters.splice(0, waiting === -1 ? waiters.length : waiting)) waiter.resolve(roundTripMs)
    if (waiters.length === 0) this.#pingWaiters = undefined
  }

  // --- sending and ending --------------------------------------------------------------------------------------------

  #sendNow(data: string | BytesLike | PreparedMessage, options: MessageOptions | undefined): void {
    if (options !== undefined) checkNames('options', options, ['compress'])
    if (!(data instanceof PreparedMessage)) {
      this.#session.send(typeOf(data), data, options)
    } else if (options !== undefined) {
      throw new TypeError('A prepared message has its own options')
    } else {
      this.#session.sendPrepared(data)
    }
    this.#driver.flush()
  }

  /** Too much waits to leave for one more message, and nobody is to wait for that: it goes, or the connection does. */
  #giveWay(): Promise<void> {
    this.#backpressureEvents++
    if (this.#backpressure === 'drop') {
      this.#droppedMessages++
      return SENT
    }
    const text = 'Peer does not keep up: highWaterBytes or more wait to leave'
    this.#endedBecause = new WebSocketError('PEER_TOO_SLOW', text, {
      closeCode: CloseCode.tryAgainLater,
      phase: 'open',
    })
    void this.close(CloseCode.tryAgainLater)
    return rejected(this.#closedError('Cannot send'))
  }

  #releaseSenders(): void {
    if (this.#room === undefined || this.bufferedBytes >= this.#limits.highWaterBytes) return
    this.#takeRoom()?.resolve()
  }

  #takeRoom(): Room | undefined {
    const room = this.#room
    this.#room = undefined
    return room
  }

  #handleClosed({ kind: _, ...info }: ClosedEvent): void {
    const error = this.#endedBecause ?? this.#brokenStream(info) ?? info.error
    this.#closeInfo = Object.freeze({ ...info, error })
    this.#closeListener?.(this, this.#closeInfo)
    this.#takeRoom()?.reject(this.#closedError('Message may not have left'))
    for (const waiter of this.#pingWaiters ?? []) waiter.reject(this.#closedError('Ping was not answered'))
    this.#pingWaiters = undefined
    for (const resolve of this.#madeReading?.waiters.splice(0) ?? []) resolve(undefined)
    this.#resolveClosed?.(this.#closeInfo)
    this.#driver.watch.closed(this.#closeInfo)
  }

  /** What broke the stream says more than that it ended without a Close frame; it does not say more than a violation. */
  #brokenStream({ code, error }: CloseInfo): WebSocketError | undefined {
    const cause = this.#driver.streamError
    if (cause === undefined || error?.code !== 'ENDED_WITHOUT_CLOSE') return undefined
    return new TransportError('TRANSPORT_FAILED', 'The byte stream broke', {
      closeCode: code,
      phase: error.phase,
      cause,
    })
  }

  #closedError(what: string): WebSocketError {
    const cause = this.#closeInfo?.error ?? this.#endedBecause
    return new WebSocketError('CONNECTION_CLOSED', `${what}: the connection is closing or closed`, {
      closeCode: this.#closeInfo?.code,
      phase: 'closing',
      ...(cause === undefined ? {} : { cause }),
    })
  }

  /** Why a message has no more pieces: the connection ended inside it, or its reader left. */
  #cutOff(): WebSocketError {
    return this.#closeInfo === undefined
      ? new InvalidStateError('Cannot read the message: its reader has left')
      : this.#closedError('Message was cut off')
  }
}

function typeOf(data: unknown): MessageType {
  return typeof data === 'string' ? 'text' : 'binary'
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  )
}

function createRoom(): Room {
  let waiter: Waiter<void> | undefined
  const promise = handled(
    new Promise<void>((resolve, reject) => {
      waiter = { resolve, reject }
    }),
  )
  return { ...waiter!, promise }
}

/** A promise whose rejection nobody has to listen to. */
function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {})
  return promise
}

function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject(error))
}
