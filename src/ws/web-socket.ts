// The class `WebSocket` of `ws`: what it calls things, what it emits when, and with which parameters. The connection itself
// is an `Endpoint`, the opening handshake of a client is in `client-handshake.ts`; no rule of the protocol is here.

import { EventEmitter } from 'node:events'
import type { ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http'
import type { Duplex, DuplexOptions } from 'node:stream'
import type { URL } from 'node:url'
import { MAX_CONTROL_PAYLOAD_BYTES, Opcode } from '../codec/index.ts'
import type { CloseInfo, MessageType } from '../session/index.ts'
import { abortHandshake, openHandshake } from './client-handshake.ts'
import { compressionThreshold } from './deflate.ts'
import { type Agreement, call, Endpoint, type EndpointListener, type EndpointSettings } from './endpoint.ts'
import { toEmittedError } from './error.ts'
import type * as events from './event-target.ts'
import { addHandler, attributeOf, cleanlyClosed, removeHandler, setAttribute } from './event-target.ts'
import { closeParameters, readFrame } from './frame.ts'
import { byteLengthOf, isBlob, limitOf, readCloseReason, readData, toBinary } from './payload.ts'
import type * as types from './types.ts'
import type {
  BinaryType,
  BufferLike,
  ClientOptions,
  CommonOptions,
  RawData,
  SendCallback,
  SendOptions,
} from './types.ts'
import type { WebSocketServer } from './web-socket-server.ts'

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const
const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

const BINARY_TYPES: readonly BinaryType[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob']

const EMPTY = Buffer.alloc(0)

const NOTHING_AGREED: Agreement = { url: '', subprotocol: undefined, extensions: [] }

const DEFAULT_CLOSE_TIMEOUT_MS = 30_000

/** What is emitted, and with which parameters. */
interface Events {
  open: []
  message: [data: RawData, isBinary: boolean]
  close: [code: number, reason: Buffer]
  error: [error: Error]
  ping: [data: Buffer]
  pong: [data: Buffer]
  upgrade: [response: IncomingMessage]
  redirect: [url: string, request: ClientRequest]
  'unexpected-response': [request: ClientRequest, response: IncomingMessage]
}

type Listener<Event extends keyof Events> = (this: WebSocket, ...parameters: Events[Event]) => void
// biome-ignore lint/suspicious/noExplicitAny: programs listen to events of their own, with parameters of any type
type AnyListener = (this: WebSocket, ...parameters: any[]) => void

export interface WebSocket {
  on<Event extends keyof Events>(event: Event, listener: Listener<Event>): this
  on(event: string | symbol, listener: AnyListener): this
  once<Event extends keyof Events>(event: Event, listener: Listener<Event>): this
  once(event: string | symbol, listener: AnyListener): this
  off<Event extends keyof Events>(event: Event, listener: Listener<Event>): this
  off(event: string | symbol, listener: AnyListener): this
  addListener<Event extends keyof Events>(event: Event, listener: Listener<Event>): this
  addListener(event: string | symbol, listener: AnyListener): this
  removeListener<Event extends keyof Events>(event: Event, listener: Listener<Event>): this
  removeListener(event: string | symbol, listener: AnyListener): this
  onopen: ((event: WebSocket.Event) => void) | null
  onerror: ((event: WebSocket.ErrorEvent) => void) | null
  onclose: ((event: WebSocket.CloseEvent) => void) | null
  onmessage: ((event: WebSocket.MessageEvent) => void) | null
  readonly CONNECTING: 0
  readonly OPEN: 1
  readonly CLOSING: 2
  readonly CLOSED: 3
}

/** Sends frames that were made elsewhere, perhaps for many connections. */
interface FrameSender {
  sendFrame(list: readonly (Buffer | string)[], callback?: SendCallback): void
}

/** Something that is sent once the Blobs in front of it are read. */
interface Waiting {
  readonly size: number
  readonly send: () => void
  readonly callback: SendCallback | undefined
}

/** What the opening handshake does to a `WebSocket`: for those who do the handshake, and nobody else. */
export interface Opening {
  /** What was agreed on, for `setSocket`, which comes next. */
  agree(socket: WebSocket, agreement: Agreement): void
  /** The opening handshake failed for good. */
  fail(socket: WebSocket, error: Error): void
  /** The opening handshake is at this address now, on this request or, with `null`, past it. */
  follow(socket: WebSocket, url: string, request: ClientRequest | null): void
  /** The opening handshake is given up; `close` follows when that is done. */
  giveUp(socket: WebSocket): void
  /** The connection never came to be: emits 'close'. */
  end(socket: WebSocket): void
}

export let opening!: Opening

/** One end of a WebSocket connection, as the package `ws` has it. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: what is declared above is defined below or inherited
export class WebSocket extends EventEmitter {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3

  static {
    opening = {
      agree(socket, agreement) {
        socket.#agreement = agreement
      },
      fail: (socket, error) => socket.#failHandshake(error),
      follow(socket, url, request) {
        socket.#url = url
        socket.#request = request
      },
      giveUp(socket) {
        socket.#state = CLOSING
      },
      end: (socket) => socket.#emitClose(1006, EMPTY, false),
    }
  }

  /** @internal Settable: who makes a client of a stream of its own says `false` before `setSocket`. */
  _isServer: boolean
  readonly #options: CommonOptions
  #state: 0 | 1 | 2 | 3 = CONNECTING
  #url: string | undefined
  #request: ClientRequest | null = null
  #stream: Duplex | null = null
  #endpoint: Endpoint | undefined
  #frameSender: FrameSender | null = null
  #agreement: Agreement = NOTHING_AGREED
  #binaryType: BinaryType = 'nodebuffer'
  /** From which length on messages are compressed. */
  #threshold = Number.POSITIVE_INFINITY
  /** What waits until a Blob in front of it is read. */
  #waiting: Waiting[] | undefined
  #waitingBytes = 0
  /** Bytes that were given to `send` when it was too late. */
  #unsentBytes = 0
  #errorEmitted = false

  /**
   * Opens a connection as a client.
   *
   * @param protocols Subprotocols to offer, or the options.
   * @throws SyntaxError for an address or subprotocols that are none. Everything else is an 'error' event.
   */
  constructor(address: null, protocols?: undefined, options?: CommonOptions)
  constructor(address: string | URL, options?: ClientOptions | ClientRequestArgs)
  constructor(address: string | URL, protocols?: string | string[], options?: ClientOptions | ClientRequestArgs)
  constructor(
    address: string | URL | null,
    protocols?: string | string[] | ClientOptions | ClientRequestArgs,
    options?: CommonOptions | ClientOptions | ClientRequestArgs,
  ) {
    super()
    this._isServer = address === null
    if (address === null) {
      this.#options = (options ?? {}) as CommonOptions
      return
    }
    const isOptions = typeof protocols === 'object' && protocols !== null && !Array.isArray(protocols)
    const own = (isOptions ? protocols : options) as ClientOptions | undefined
    const offered = isOptions || protocols === undefined ? own?.protocols : (protocols as string | string[])
    const list = offered === undefined ? [] : Array.isArray(offered) ? offered : [offered]
    this.#options = openHandshake(this, opening, address, list, own)
  }

  /** How binary messages are given: `nodebuffer` (the default), `arraybuffer`, `fragments` or `blob`. */
  get binaryType(): BinaryType {
    return this.#binaryType
  }

  set binaryType(type: BinaryType) {
    if (!BINARY_TYPES.includes(type)) return
    this.#binaryType = type
    this.#endpoint?.deliverInFragments(type === 'fragments')
  }

  /** Bytes that were sent and have not left yet; once it is too late, those that never will, too. */
  get bufferedAmount(): number {
    return (this.#endpoint?.bufferedBytes ?? 0) + this.#waitingBytes + this.#unsentBytes
  }

  /** The names of the extensions that were agreed on. */
  get extensions(): string {
    return this.#agreement.extensions.map(({ name }) => name).join()
  }

  get isPaused(): boolean {
    return this.#endpoint?.isPaused ?? false
  }

  /** The subprotocol that was agreed on, or an empty string. */
  get protocol(): string {
    return this.#agreement.subprotocol ?? ''
  }

  get readyState(): 0 | 1 | 2 | 3 {
    if (this.#state !== OPEN || this.#endpoint === undefined) return this.#state
    return this.#endpoint.readyState === 'open' ? OPEN : CLOSING
  }

  /** The address, of a client; `undefined` for a server's end. */
  get url(): string {
    return this.#url as string
  }

  /**
   * Begins the closing handshake.
   *
   * @param code The close code: 1000, 1001 to 1003, 1007 to 1014 or 3000 to 4999.
   * @param data The reason, at most 123 bytes.
   * @throws TypeError, RangeError for a code or reason that may not be sent.
   */
  close(code?: number, data?: string | Buffer): void {
    if (this.readyState === CLOSED || this.readyState === CLOSING) return
    if (this.#endpoint === undefined) {
      this.#abortHandshake()
      return
    }
    const reason = readCloseReason(code, data)
    this.#whenBlobsAreRead(0, () => this.#endpoint!.close(code, reason))
    if (this.#waiting !== undefined) this.#state = CLOSING
  }

  /** Ends the connection at once, without a closing handshake. */
  terminate(): void {
    if (this.readyState === CLOSED) return
    if (this.#endpoint === undefined) this.#abortHandshake()
    else this.#endpoint.terminate()
  }

  /** Stops events until `resume`; what arrives waits with the socket. */
  pause(): void {
    if (this.readyState === CONNECTING || this.readyState === CLOSED) return
    this.#endpoint?.pause()
  }

  resume(): void {
    if (this.readyState === CONNECTING || this.readyState === CLOSED) return
    this.#endpoint?.resume()
  }

  /**
   * Sends a ping.
   *
   * @param data At most 125 bytes.
   * @param mask Accepted and without effect: clients mask and servers do not (RFC 6455 §5.1).
   * @throws Error while connecting, RangeError when the data is too long.
   */
  ping(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void
  ping(data?: unknown, callback?: (error: Error) => void): void
  ping(callback?: (error: Error) => void): void
  ping(...parameters: unknown[]): void {
    this.#sendControl('ping', parameters)
  }

  /** Sends a pong, asked for or not. @throws Error while connecting, RangeError when the data is too long. */
  pong(data?: unknown, mask?: boolean, callback?: (error: Error) => void): void
  pong(data?: unknown, callback?: (error: Error) => void): void
  pong(callback?: (error: Error) => void): void
  pong(...parameters: unknown[]): void {
    this.#sendControl('pong', parameters)
  }

  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param callback Called when it has left, or with an error when it cannot.
   * @throws Error while connecting, TypeError for data that holds no bytes.
   */
  send(data: BufferLike, callback?: SendCallback): void
  send(data: BufferLike, options: SendOptions | undefined, callback?: SendCallback): void
  send(data: BufferLike, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    this.#throwWhileConnecting()
    if (typeof options === 'function') {
      this.send(data, {}, options)
      return
    }
    if (this.readyState !== OPEN) {
      this.#sendTooLate(data, callback)
      return
    }
    const given = typeof data === 'number' ? String(data) : data
    const { binary, compress, fin } = { binary: typeof given !== 'string', compress: true, fin: true, ...options }
    const type = binary ? 'binary' : 'text'
    const send = (payload: string | Uint8Array): void =>
      this.#sendMessage(type, payload, Boolean(fin), Boolean(compress), callback)
    this.#sendData(given, send, callback)
  }

  addEventListener<Type extends keyof WebSocket.WebSocketEventMap>(
    type: Type,
    listener:
      | ((event: WebSocket.WebSocketEventMap[Type]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[Type]): void },
    options?: WebSocket.EventListenerOptions,
  ): void {
    addHandler(this, type, listener, options?.once === true)
  }

  removeEventListener<Type extends keyof WebSocket.WebSocketEventMap>(
    type: Type,
    listener:
      | ((event: WebSocket.WebSocketEventMap[Type]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[Type]): void },
  ): void {
    removeHandler(this, type, listener)
  }

  // --- what programs use although nobody told them to ------------------------------------------------------------------

  /**
   * Opens the connection on a stream whose opening handshake is done, and emits 'open'.
   *
   * @param head What was read of the stream already.
   */
  setSocket(stream: Duplex, head: Buffer, options: CommonOptions & Pick<ClientOptions, 'generateMask'>): void {
    const { maxPayload = 0, maxFragments = 0, generateMask } = options
    const { autoPong, closeTimeout = DEFAULT_CLOSE_TIMEOUT_MS, perMessageDeflate } = this.#options
    const role = this._isServer ? 'server' : 'client'
    const { extensions } = this.#agreement
    this.#stream = stream
    this.#threshold = compressionThreshold(role, extensions, perMessageDeflate)
    if (head.length > 0) stream.unshift(head)
    const settings: EndpointSettings = {
      limits: {
        maxMessageBytes: limitOf(maxPayload),
        maxMessageFragments: limitOf(maxFragments),
        closeTimeoutMs: durationOf(closeTimeout),
        // `ws` has no such limits, and programs that it serves may be beyond them.
        maxControlFramesPerSecond: Number.POSITIVE_INFINITY,
        maxControlFrameBurst: Number.POSITIVE_INFINITY,
        frameTimeoutMs: Number.POSITIVE_INFINITY,
      },
      autoPong: Boolean(autoPong),
      validateUtf8: !options.skipUTF8Validation,
      synchronousEvents: options.allowSynchronousEvents !== false,
      inFragments: this.#binaryType === 'fragments',
      randomUint32: generateMask && (() => maskOf(generateMask)),
    }
    this.#endpoint = new Endpoint(stream, role, this.#agreement, settings, this.#listener)
    this.#frameSender = { sendFrame: (list, callback) => this.#sendFrame(list, callback) }
    this.#state = OPEN
    this.emit('open')
  }

  /** What sends frames that were made with `Sender.frame`; `null` before there is a connection. */
  get _sender(): FrameSender | null {
    return this.#frameSender
  }

  /** The stream of the connection; `null` before there is one. */
  get _socket(): Duplex | null {
    return this.#stream
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  get #listener(): EndpointListener {
    return {
      handleMessage: (type, fragments) => this.#handleMessage(type, fragments),
      handlePing: (payload) => this.emit('ping', payload),
      handlePong: (payload) => this.emit('pong', payload),
      handleFailure: (error) => this.#emitError(toEmittedError(error)),
      handleClosed: (closeInfo, reason) => this.#handleClosed(closeInfo, reason),
    }
  }

  #sendFrame(list: readonly (Buffer | string)[], callback: SendCallback | undefined): void {
    const { opcode, fin, payload } = readFrame(list)
    if (opcode === Opcode.ping) this.ping(payload, callback)
    else if (opcode === Opcode.pong) this.pong(payload, callback)
    else if (opcode === Opcode.close) this.close(...closeParameters(payload))
    else this.send(payload, { binary: opcode !== Opcode.text, fin, compress: false }, callback)
  }

  #handleMessage(type: MessageType, fragments: readonly Buffer[]): void {
    if (type === 'text') this.emit('message', toBinary(fragments, 'nodebuffer'), false)
    else this.emit('message', toBinary(fragments, this.#binaryType), true)
  }

  #handleClosed({ receivedCode, sentCode }: CloseInfo, reason: Buffer): void {
    this.#emitClose(receivedCode ?? 1006, reason, receivedCode !== undefined && sentCode !== undefined)
  }

  #emitClose(code: number, reason: Buffer, wasClean: boolean): void {
    this.#state = CLOSED
    if (wasClean) cleanlyClosed.add(this)
    this.emit('close', code, reason)
  }

  #emitError(error: Error): void {
    if (this.#errorEmitted) return
    this.#errorEmitted = true
    this.emit('error', error)
  }

  #failHandshake(error: Error): void {
    this.#state = CLOSING
    this.#errorEmitted = true
    this.#request = null
    this.emit('error', error)
    this.#emitClose(1006, EMPTY, false)
  }

  /** The application does not want the connection any more before there is one. */
  #abortHandshake(): void {
    const request = this.#request
    if (request === null || this.#state !== CONNECTING) return
    abortHandshake(this, opening, request, 'WebSocket was closed before the connection was established')
  }

  #sendMessage(
    type: MessageType,
    payload: string | Uint8Array,
    fin: boolean,
    compress: boolean,
    callback: SendCallback | undefined,
  ): void {
    const endpoint = this.#endpoint!
    const isLongEnough = this.#threshold === 0 || (compress && sizeOf(payload) >= this.#threshold)
    endpoint.send(endpoint.openMessage ?? type, payload, fin, compress && isLongEnough, callback)
  }

  #sendControl(kind: 'ping' | 'pong', parameters: readonly unknown[]): void {
    this.#throwWhileConnecting()
    const callback = parameters.find((parameter) => typeof parameter === 'function') as SendCallback | undefined
    const [first] = parameters
    const data = typeof first === 'function' ? undefined : typeof first === 'number' ? String(first) : first
    if (this.readyState !== OPEN) {
      this.#sendTooLate(data, callback)
      return
    }
    if (data && byteLengthOf(data) > MAX_CONTROL_PAYLOAD_BYTES) {
      throw new RangeError('The data size must not be greater than 125 bytes')
    }
    this.#sendData(data, (payload) => this.#endpoint![kind](payload, callback), callback)
  }

  #throwWhileConnecting(): void {
    if (this.#state === CONNECTING) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)')
  }

  #sendTooLate(data: unknown, callback: SendCallback | undefined): void {
    const given = typeof data === 'number' ? String(data) : data
    if (given) this.#unsentBytes += byteLengthOf(given)
    const { readyState } = this
    const error = new Error(`WebSocket is not open: readyState ${readyState} (${STATES[readyState]})`)
    if (callback !== undefined) process.nextTick(callback, error)
  }

  /** Sends data of whatever kind; what is a Blob is read first, and everything behind it waits. */
  #sendData(data: unknown, send: (payload: string | Uint8Array) => void, callback: SendCallback | undefined): void {
    if (isBlob(data)) {
      this.#whenBlobsAreRead(data.size, () => this.#readBlob(data, send, callback), callback)
    } else {
      const payload = data === '' ? '' : readData(data || EMPTY)
      this.#whenBlobsAreRead(this.#waiting && byteLengthOf(payload), () => send(payload), callback)
    }
  }

  /** Does it now, or when the Blobs in front of it are read. */
  #whenBlobsAreRead(size: number | undefined, send: () => void, callback?: SendCallback): void {
    if (this.#waiting === undefined) {
      send()
    } else {
      this.#waiting.push({ size: size ?? 0, send, callback })
      this.#waitingBytes += size ?? 0
    }
  }

  #readBlob(blob: Blob, send: (payload: Uint8Array) => void, callback: SendCallback | undefined): void {
    const bytes = blob.arrayBuffer() // may throw: then nothing waits for it
    const read = { size: blob.size, callback }
    this.#waiting = []
    this.#waitingBytes += blob.size
    // In a turn of its own, so that what a callback throws is not taken for a rejection.
    bytes.then(
      (buffer) => process.nextTick(() => this.#handleBlob({ ...read, send: () => send(new Uint8Array(buffer)) })),
      (error) => process.nextTick(() => this.#handleUnreadBlob({ ...read, send: () => {} }, error)),
    )
  }

  #handleBlob(blob: Waiting): void {
    const all = [blob, ...this.#takeWaiting(blob.size)]
    // The peer may have closed meanwhile; what we closed ourselves waits for what was sent before.
    if (this.#endpoint!.readyState !== 'open') {
      callAll(all, new Error('The socket was closed while the blob was being read'))
      return
    }
    for (const [sent, { size, send, callback }] of all.entries()) {
      try {
        this.#whenBlobsAreRead(size, send, callback)
      } catch (error) {
        this.#giveUpSending(all.slice(sent), error as Error)
        return
      }
    }
  }

  #handleUnreadBlob(blob: Waiting, error: Error): void {
    this.#giveUpSending([blob, ...this.#takeWaiting(blob.size)], error)
  }

  /** What was sent with a Blob in it, or behind one, cannot be sent, and nobody is there to be thrown at. */
  #giveUpSending(unsent: readonly Waiting[], error: Error): void {
    callAll(unsent, error)
    if (this.readyState === CLOSED) return
    this.#endpoint!.terminate()
    this.#emitError(error)
  }

  #takeWaiting(size: number): readonly Waiting[] {
    const waiting = this.#waiting!
    this.#waiting = undefined
    this.#waitingBytes -= waiting.reduce((sum, entry) => sum + entry.size, size)
    return waiting
  }
}

// Where a browser's WebSocket has enumerable properties, programs that list them find them.
for (const [value, name] of STATES.entries()) {
  const constant = { value, enumerable: true }
  Object.defineProperty(WebSocket, name, constant)
  Object.defineProperty(WebSocket.prototype, name, constant)
}
for (const name of [
  'addEventListener',
  'binaryType',
  'bufferedAmount',
  'extensions',
  'isPaused',
  'protocol',
  'readyState',
  'removeEventListener',
  'url',
]) {
  Object.defineProperty(WebSocket.prototype, name, { enumerable: true })
}
for (const type of ['open', 'error', 'close', 'message']) {
  Object.defineProperty(WebSocket.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    get(this: WebSocket) {
      return attributeOf(this, type)
    },
    set(this: WebSocket, handler: unknown) {
      setAttribute(this, type, handler)
    },
  })
}

function durationOf(value: number): number {
  return value === Number.POSITIVE_INFINITY ? value : Math.max(1, Math.trunc(value) || 0)
}

/** A masking key of the application's. */
function maskOf(generateMask: (mask: Buffer) => void): number {
  const mask = Buffer.alloc(4)
  generateMask(mask)
  return mask.readUInt32BE(0)
}

function sizeOf(payload: string | Uint8Array): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength
}

function callAll(unsent: readonly Waiting[], error: Error): void {
  for (const { callback } of unsent) if (callback !== undefined) call(callback, error)
}

/** The types under the names that programs know from `ws`. */
export declare namespace WebSocket {
  export type RawData = types.RawData
  export type Data = types.Data
  export type CertMeta = types.CertMeta
  export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> =
    types.VerifyClientCallbackSync<Request>
  export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> =
    types.VerifyClientCallbackAsync<Request>
  export type FinishRequestCallback = types.FinishRequestCallback
  export type ClientOptions = types.ClientOptions
  export type PerMessageDeflateOptions = types.PerMessageDeflateOptions
  export type Event = events.Event
  export type ErrorEvent = events.ErrorEvent
  export type CloseEvent = events.CloseEvent
  export type MessageEvent = events.MessageEvent
  export type WebSocketEventMap = events.WebSocketEventMap
  export type EventListenerOptions = types.EventListenerOptions
  export type ServerOptions<
    Socket extends typeof WebSocket = typeof WebSocket,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = types.ServerOptions<Socket, Request>
  export type AddressInfo = types.AddressInfo
  export const Server: typeof WebSocketServer
  export type Server<
    Socket extends typeof WebSocket = typeof WebSocket,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = WebSocketServer<Socket, Request>
  const SocketServer: typeof WebSocketServer
  type SocketServer = WebSocketServer
  const Socket: typeof WebSocket
  type Socket = WebSocket

  export type { Socket as WebSocket, SocketServer as WebSocketServer }
  export function createWebSocketStream(websocket: WebSocket, options?: DuplexOptions): Duplex
}
