// The class `WebSocket` of `ws`: what it calls things, what it emits when, and with which parameters. The connection itself
// is an `Endpoint`, the opening handshake of a client is in `client-handshake.ts`; no rule of the protocol is here.

import { Buffer } from 'node:buffer'
import { EventEmitter } from 'node:events'
import type { ClientRequest, ClientRequestArgs } from 'node:http'
import type { Duplex } from 'node:stream'
import type { URL } from 'node:url'
import { Opcode } from '../codec/index.ts'
import type { CloseInfo, MessageType } from '../session/index.ts'
import { nodeHost } from '../transport/node/index.ts'
import { abortHandshake, openHandshake } from './client-handshake.ts'
import type * as declarations from './declarations.ts'
import { COMMON_DEFAULTS } from './defaults.ts'
import { compressionThreshold } from './deflate.ts'
import { type Agreement, call, Endpoint, type EndpointListener, type EndpointSettings } from './endpoint.ts'
import { toEmittedError } from './error.ts'
import { addHandler, attributeOf, cleanlyClosed, removeHandler, setAttribute } from './event-target.ts'
import { closeParameters, readFrame } from './frame.ts'
import { byteLengthOf, checkControlSize, isBlob, limitOf, readCloseReason, readData, toBinary } from './payload.ts'
import type {
  BinaryType,
  BufferLike,
  ClientOptions,
  CommonOptions,
  EventListenerOptions,
  SendCallback,
  SendOptions,
  WebSocketEventMap,
} from './types.ts'

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const
const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

const BINARY_TYPES: readonly BinaryType[] = ['nodebuffer', 'arraybuffer', 'fragments', 'blob']

const EMPTY = Buffer.alloc(0)

const NOTHING_AGREED: Agreement = { url: '', subprotocol: undefined, extensions: [] }

const NO_OPTIONS: CommonOptions = {}
const NO_SEND_OPTIONS: SendOptions = {}

/** An emitter whose listeners know what they are given. */
const Emitter = EventEmitter as unknown as new () => declarations.SocketEmitter

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
export class WebSocket extends Emitter implements declarations.WebSocket {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3

  /** What the endpoint tells: a class, as five functions for each connection would take more memory. */
  static readonly #Listener = class implements EndpointListener {
    readonly #socket: WebSocket

    constructor(socket: WebSocket) {
      this.#socket = socket
    }

    handleMessage(type: MessageType, payload: Buffer): void {
      this.#socket.#handleMessage(type, payload)
    }

    handleFragments(type: MessageType, fragments: readonly Buffer[]): void {
      this.#socket.#handleFragments(type, fragments)
    }

    handlePing(payload: Buffer): void {
      this.#socket.emit('ping', payload)
    }

    handlePong(payload: Buffer): void {
      this.#socket.emit('pong', payload)
    }

    handleFailure(error: Error): void {
      this.#socket.#emitError(toEmittedError(error))
    }

    handleClosed(closeInfo: CloseInfo, reason: Buffer): void {
      this.#socket.#handleClosed(closeInfo, reason)
    }
  }

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
  /** Those of the opening handshake, until it is over. */
  #options: CommonOptions = NO_OPTIONS
  #state: 0 | 1 | 2 | 3 = CONNECTING
  #url: string | undefined
  #request: ClientRequest | null = null
  #stream: Duplex | null = null
  #endpoint: Endpoint | undefined
  #frameSender: FrameSender | undefined
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
  get binaryType(): declarations.WebSocket['binaryType'] {
    return this.#binaryType as declarations.WebSocket['binaryType'] // who set `blob` knows
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
    return (this.#endpoint ?? this.#agreement).extensions.map(({ name }) => name).join()
  }

  get isPaused(): boolean {
    return this.#endpoint?.isPaused ?? false
  }

  /** The subprotocol that was agreed on, or an empty string. */
  get protocol(): string {
    return (this.#endpoint ?? this.#agreement).subprotocol ?? ''
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
    if (this.#endpoint === undefined) this.#abortHandshake()
    else this.#sendClose(code, data)
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
      this.send(data, undefined, options)
      return
    }
    const given = typeof data === 'number' ? String(data) : data
    const isString = typeof given === 'string'
    // To find that there is none costs next to nothing this way; most calls give one at most.
    const own = typeof options === 'object' && options !== null ? options : NO_SEND_OPTIONS
    const type = ('binary' in own ? readOption(own, 'binary', !isString) : !isString) ? 'binary' : 'text'
    const compress = 'compress' in own ? readOption(own, 'compress', true) : true
    const fin = 'fin' in own ? readOption(own, 'fin', true) : true
    if (fin && this.#waiting === undefined && this.#endpoint?.sendWhole(type, given, callback) === true) return
    if (this.readyState !== OPEN) {
      this.#sendTooLate(data, callback)
      return
    }
    if (this.#waiting === undefined && (isString || given instanceof Uint8Array)) {
      this.#sendMessage(type, given, fin, compress, callback)
    } else {
      const send = (payload: string | Uint8Array): void => this.#sendMessage(type, payload, fin, compress, callback)
      this.#sendData(given, send, callback)
    }
  }

  addEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: ((event: WebSocketEventMap[Type]) => void) | { handleEvent(event: WebSocketEventMap[Type]): void },
    options?: EventListenerOptions,
  ): void {
    addHandler(this, type, listener, options?.once === true)
  }

  removeEventListener<Type extends keyof WebSocketEventMap>(
    type: Type,
    listener: ((event: WebSocketEventMap[Type]) => void) | { handleEvent(event: WebSocketEventMap[Type]): void },
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
    const { autoPong, closeTimeout = COMMON_DEFAULTS.closeTimeout, perMessageDeflate } = this.#options
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
    this.#endpoint = new Endpoint(stream, role, this.#agreement, settings, new WebSocket.#Listener(this))
    this.#agreement = NOTHING_AGREED // from here on the endpoint knows
    this.#options = NO_OPTIONS
    this.#state = OPEN
    this.emit('open')
  }

  /** What sends frames that were made with `Sender.frame`; `null` before there is a connection. */
  get _sender(): FrameSender | null {
    if (this.#endpoint === undefined) return null
    this.#frameSender ??= { sendFrame: (list, callback) => this.#sendFrame(list, callback) } // few programs ask for it
    return this.#frameSender
  }

  /** The stream of the connection; `null` before there is one. */
  get _socket(): Duplex | null {
    return this.#stream
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #sendFrame(list: readonly (Buffer | string)[], callback: SendCallback | undefined): void {
    const { opcode, fin, payload } = readFrame(list)
    if (this.readyState !== OPEN) {
      this.#sendTooLate(payload, callback)
    } else if (opcode === Opcode.ping) {
      this.ping(payload, callback)
    } else if (opcode === Opcode.pong) {
      this.pong(payload, callback)
    } else if (opcode === Opcode.close) {
      const [code, reason] = closeParameters(payload)
      this.#sendClose(code, reason, callback)
    } else {
      const isContinuation = this.#endpoint!.openMessage !== undefined
      if (this.#waiting === undefined && isContinuation !== (opcode === Opcode.continuation)) {
        throw new TypeError(
          isContinuation
            ? 'The frame begins a message within another'
            : 'The frame continues a message that was not begun',
        )
      }
      this.send(payload, { binary: opcode !== Opcode.text, fin, compress: false }, callback)
    }
  }

  #sendClose(code: number | undefined, data: string | Buffer | undefined, callback?: SendCallback): void {
    const reason = readCloseReason(code, data)
    this.#whenBlobsAreRead(0, () => this.#endpoint!.close(code, reason, callback), callback)
    if (this.#waiting !== undefined) this.#state = CLOSING
  }

  #handleMessage(type: MessageType, payload: Buffer): void {
    if (type === 'text') this.emit('message', payload, false)
    else if (this.#binaryType === 'nodebuffer') this.emit('message', payload, true)
    else this.#handleFragments(type, [payload])
  }

  #handleFragments(type: MessageType, fragments: readonly Buffer[]): void {
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
    const isCompressed = compress && this.#isLongEnough(payload)
    const sentAs = endpoint.openMessage ?? type
    const sent = sentAs === 'binary' && typeof payload === 'string' ? Buffer.from(payload) : payload
    endpoint.send(sentAs, sent, fin, isCompressed, callback)
  }

  /** Whether a message is to be compressed; measured only where its length decides. */
  #isLongEnough(payload: string | Uint8Array): boolean {
    const threshold = this.#threshold
    return threshold === 0 || (threshold !== Number.POSITIVE_INFINITY && sizeOf(payload) >= threshold)
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
    if (data) checkControlSize(data)
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
    for (const { size, send, callback } of all) {
      this.#whenBlobsAreRead(size, () => this.#sendUnlessEnded(send, callback), callback)
    }
  }

  /** The peer may have closed, or gone, while a Blob was read. */
  #sendUnlessEnded(send: () => void, callback: SendCallback | undefined): void {
    if (this.#endpoint!.readyState !== 'open' || this.#stream?.destroyed === true) {
      if (callback !== undefined) call(callback, new Error('The socket was closed while the blob was being read'))
      return
    }
    try {
      send()
    } catch (error) {
      // What may not be sent holds up nothing behind it; who gave no callback hears of it as of every exception.
      if (callback !== undefined) call(callback, error as Error)
      else nodeHost.reportError(error)
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

/** An option of the caller's own; what a prototype has is none. */
function readOption(options: SendOptions, name: keyof SendOptions, byDefault: boolean): boolean {
  return Object.hasOwn(options, name) ? Boolean(options[name]) : byDefault
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
