// The classes as programs see them: interfaces without private parts, so that what programs put in their place (doubles in
// tests, wrappers, the classes of `ws` itself) fits, and so that programs written against `@types/ws` compile as they are.

import type { EventEmitter } from 'node:events'
import type { ClientRequest, ClientRequestArgs, IncomingMessage } from 'node:http'
import type { Duplex, DuplexOptions } from 'node:stream'
import type { URL } from 'node:url'
import type { extension, subprotocol } from './header-parts.ts'
import type { PerMessageDeflate } from './permessage-deflate.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'
import type * as types from './types.ts'
import type {
  AddressInfo,
  BinaryType,
  BufferLike,
  ClientOptions,
  RawData,
  SendCallback,
  SendOptions,
  ServerOptions,
} from './types.ts'
import { WebSocket as SocketClass } from './web-socket.ts'
import { WebSocketServer as ServerClass } from './web-socket-server.ts'

// biome-ignore lint/suspicious/noExplicitAny: programs listen to events of their own, with parameters of any type
type Anything = any

type ControlCallback = (error: Error) => void

type EventHandler<Type extends keyof types.WebSocketEventMap> =
  | ((event: types.WebSocketEventMap[Type]) => void)
  | { handleEvent(event: types.WebSocketEventMap[Type]): void }

/** What a connection has of its emitter, and of the constants and handlers of its prototype. */
export interface SocketEmitter extends EventEmitter {
  /** 0: there is no connection yet. */
  readonly CONNECTING: 0
  /** 1: messages may be sent. */
  readonly OPEN: 1
  /** 2: the closing handshake has begun, or the connection is ending. */
  readonly CLOSING: 2
  /** 3: the connection has ended, or never came to be. */
  readonly CLOSED: 3

  /** Called with the event 'open'. */
  onopen: ((event: types.Event) => void) | null
  /** Called with the event 'error'. */
  onerror: ((event: types.ErrorEvent) => void) | null
  /** Called with the event 'close'. */
  onclose: ((event: types.CloseEvent) => void) | null
  /** Called with the event 'message'. */
  onmessage: ((event: types.MessageEvent) => void) | null

  /** The connection has ended: the peer's close code and reason, 1005 when it gave none, 1006 when it said nothing. */
  on(event: 'close', listener: (this: WebSocket, code: number, reason: Buffer) => void): this
  /** The connection could not be opened, or failed; 'close' follows. */
  on(event: 'error', listener: (this: WebSocket, error: Error) => void): this
  /** A server's answer to the opening handshake, before it is checked. */
  on(event: 'upgrade', listener: (this: WebSocket, response: IncomingMessage) => void): this
  /** A message; text comes as the bytes of its UTF-8. */
  on(event: 'message', listener: (this: WebSocket, data: RawData, isBinary: boolean) => void): this
  /** The connection is open. */
  on(event: 'open', listener: (this: WebSocket) => void): this
  /** A ping or pong, with what it carried. */
  on(event: 'ping' | 'pong', listener: (this: WebSocket, data: Buffer) => void): this
  /** A redirect is followed; headers of the new request may still be changed. */
  on(event: 'redirect', listener: (this: WebSocket, url: string, request: ClientRequest) => void): this
  /** A server's answer that opens no connection; who listens ends the request. */
  on(
    event: 'unexpected-response',
    listener: (this: WebSocket, request: ClientRequest, response: IncomingMessage) => void,
  ): this
  /** An event of the program's own. */
  on(event: string | symbol, listener: (this: WebSocket, ...parameters: Anything[]) => void): this
  once(event: 'close', listener: (this: WebSocket, code: number, reason: Buffer) => void): this
  once(event: 'error', listener: (this: WebSocket, error: Error) => void): this
  once(event: 'upgrade', listener: (this: WebSocket, response: IncomingMessage) => void): this
  once(event: 'message', listener: (this: WebSocket, data: RawData, isBinary: boolean) => void): this
  once(event: 'open', listener: (this: WebSocket) => void): this
  once(event: 'ping' | 'pong', listener: (this: WebSocket, data: Buffer) => void): this
  once(event: 'redirect', listener: (this: WebSocket, url: string, request: ClientRequest) => void): this
  once(
    event: 'unexpected-response',
    listener: (this: WebSocket, request: ClientRequest, response: IncomingMessage) => void,
  ): this
  once(event: string | symbol, listener: (this: WebSocket, ...parameters: Anything[]) => void): this
  off(event: 'close', listener: (this: WebSocket, code: number, reason: Buffer) => void): this
  off(event: 'error', listener: (this: WebSocket, error: Error) => void): this
  off(event: 'upgrade', listener: (this: WebSocket, response: IncomingMessage) => void): this
  off(event: 'message', listener: (this: WebSocket, data: RawData, isBinary: boolean) => void): this
  off(event: 'open', listener: (this: WebSocket) => void): this
  off(event: 'ping' | 'pong', listener: (this: WebSocket, data: Buffer) => void): this
  off(event: 'redirect', listener: (this: WebSocket, url: string, request: ClientRequest) => void): this
  off(
    event: 'unexpected-response',
    listener: (this: WebSocket, request: ClientRequest, response: IncomingMessage) => void,
  ): this
  off(event: string | symbol, listener: (this: WebSocket, ...parameters: Anything[]) => void): this
  addListener(event: 'close', listener: (code: number, reason: Buffer) => void): this
  addListener(event: 'error', listener: (error: Error) => void): this
  addListener(event: 'upgrade', listener: (response: IncomingMessage) => void): this
  addListener(event: 'message', listener: (data: RawData, isBinary: boolean) => void): this
  addListener(event: 'open', listener: () => void): this
  addListener(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
  addListener(event: 'redirect', listener: (url: string, request: ClientRequest) => void): this
  addListener(event: 'unexpected-response', listener: (request: ClientRequest, response: IncomingMessage) => void): this
  addListener(event: string | symbol, listener: (...parameters: Anything[]) => void): this
  removeListener(event: 'close', listener: (code: number, reason: Buffer) => void): this
  removeListener(event: 'error', listener: (error: Error) => void): this
  removeListener(event: 'upgrade', listener: (response: IncomingMessage) => void): this
  removeListener(event: 'message', listener: (data: RawData, isBinary: boolean) => void): this
  removeListener(event: 'open', listener: () => void): this
  removeListener(event: 'ping' | 'pong', listener: (data: Buffer) => void): this
  removeListener(event: 'redirect', listener: (url: string, request: ClientRequest) => void): this
  removeListener(
    event: 'unexpected-response',
    listener: (request: ClientRequest, response: IncomingMessage) => void,
  ): this
  removeListener(event: string | symbol, listener: (...parameters: Anything[]) => void): this
}

/** One end of a WebSocket connection, as the package `ws` has it. */
export interface WebSocket extends SocketEmitter {
  /** How binary messages are given. Default `nodebuffer`; who sets `blob` says so where they are taken. */
  get binaryType(): 'nodebuffer' | 'arraybuffer' | 'fragments'
  set binaryType(type: BinaryType)
  /** Bytes that were sent and have not left yet; once it is too late, those that never will, too. */
  readonly bufferedAmount: number
  /** The names of the extensions that were agreed on, separated by commas. */
  readonly extensions: string
  /** Whether `pause` was called and `resume` was not. */
  readonly isPaused: boolean
  /** The subprotocol that was agreed on, or an empty string. */
  readonly protocol: string
  /** One of `CONNECTING`, `OPEN`, `CLOSING` and `CLOSED`. */
  readonly readyState: 0 | 1 | 2 | 3
  /** The address, of a client; `undefined` for a server's end. */
  readonly url: string

  /**
   * Begins the closing handshake; before the connection is open, gives it up with an 'error' event.
   *
   * @param code The close code: 1000 to 1003, 1007 to 1014 or 3000 to 4999 (RFC 6455 §7.4). Default none.
   * @param data The reason, at most 123 bytes of UTF-8.
   * @throws TypeError, RangeError for a code or reason that may not be sent.
   */
  close(code?: number, data?: string | Buffer): void

  /**
   * Sends a ping (RFC 6455 §5.5.2).
   *
   * @param data At most 125 bytes.
   * @param mask Accepted and without effect: clients mask and servers do not (RFC 6455 §5.1). The callback may be here.
   * @param callback Called once: when it has left, or with an error when it cannot.
   * @throws Error while connecting, RangeError when the data is too long.
   */
  ping(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void

  /**
   * Sends a pong, asked for or not (RFC 6455 §5.5.3).
   *
   * @param data At most 125 bytes.
   * @param mask Accepted and without effect: clients mask and servers do not (RFC 6455 §5.1). The callback may be here.
   * @param callback Called once: when it has left, or with an error when it cannot.
   * @throws Error while connecting, RangeError when the data is too long.
   */
  pong(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void

  /**
   * Sends a message: strings as text, everything else as binary.
   *
   * @param callback Called once: when it has left, or with an error when it cannot.
   * @throws Error while connecting, TypeError for data that holds no bytes.
   */
  send(data: BufferLike, callback?: SendCallback): void
  /**
   * Sends a message, or with `fin: false` a fragment of one.
   *
   * @param callback Called once: when it has left, or with an error when it cannot.
   * @throws Error while connecting, TypeError for data that holds no bytes.
   */
  send(data: BufferLike, options: SendOptions | undefined, callback?: SendCallback): void

  /** Ends the connection at once, without a closing handshake; the peer may see that as 1006. */
  terminate(): void

  /** Stops events until `resume`; what arrives waits with the socket. Without effect before and after the connection. */
  pause(): void
  /** Ends a pause. Without effect before and after the connection. */
  resume(): void

  /** Listens as in a browser; a listener that is there already is not added again. */
  addEventListener<Type extends keyof types.WebSocketEventMap>(
    type: Type,
    listener: EventHandler<Type>,
    options?: types.EventListenerOptions,
  ): void
  /** Takes away what `addEventListener` added. */
  removeEventListener<Type extends keyof types.WebSocketEventMap>(type: Type, listener: EventHandler<Type>): void
}

/** What the classes have of that of emitters. */
type EmitterClass = Omit<typeof EventEmitter, 'prototype'>

/** The class of connections, or one that is derived from it. */
export interface WebSocketClass extends EmitterClass {
  /** A server's end, or with `_isServer = false` a client's, for `setSocket` to open on a stream. */
  new (address: null, protocols?: undefined, options?: types.CommonOptions): WebSocket
  /**
   * Opens a connection as a client.
   *
   * @throws SyntaxError for an address or subprotocols that are none. Everything else is an 'error' event.
   */
  new (address: string | URL, options?: ClientOptions | ClientRequestArgs): WebSocket
  /**
   * Opens a connection as a client.
   *
   * @param protocols Subprotocols to offer.
   * @throws SyntaxError for an address or subprotocols that are none. Everything else is an 'error' event.
   */
  new (address: string | URL, protocols?: string | string[], options?: ClientOptions | ClientRequestArgs): WebSocket
  readonly prototype: WebSocket
  /** 0: there is no connection yet. */
  readonly CONNECTING: 0
  /** 1: messages may be sent. */
  readonly OPEN: 1
  /** 2: the closing handshake has begun, or the connection is ending. */
  readonly CLOSING: 2
  /** 3: the connection has ended, or never came to be. */
  readonly CLOSED: 3
}

/** The class `WebSocket`, with everything that `ws` hangs on it. */
export interface WebSocketConstructor extends WebSocketClass {
  createWebSocketStream(websocket: WebSocket, options?: DuplexOptions): Duplex
  extension: typeof extension
  PerMessageDeflate: typeof PerMessageDeflate
  Receiver: typeof Receiver
  Sender: typeof Sender
  Server: WebSocketServerConstructor
  subprotocol: typeof subprotocol
  WebSocket: WebSocketConstructor
  WebSocketServer: WebSocketServerConstructor
}

type Client<Socket extends WebSocketClass> = InstanceType<Socket>
type Request<Message extends typeof IncomingMessage> = InstanceType<Message>

/** What a server has of its emitter. */
export interface ServerEmitter<
  Socket extends WebSocketClass = WebSocketConstructor,
  Message extends typeof IncomingMessage = typeof IncomingMessage,
> extends EventEmitter {
  /** A connection is open. */
  on(
    event: 'connection',
    listener: (this: WebSocketServer<Socket>, socket: Client<Socket>, request: Request<Message>) => void,
  ): this
  /** The server below failed. */
  on(event: 'error', listener: (this: WebSocketServer<Socket>, error: Error) => void): this
  /** The lines of the response, before they are sent; they may be changed. */
  on(
    event: 'headers',
    listener: (this: WebSocketServer<Socket>, headers: string[], request: Request<Message>) => void,
  ): this
  /** The server has closed, or listens. */
  on(event: 'close' | 'listening', listener: (this: WebSocketServer<Socket>) => void): this
  /** A request is refused; who listens answers it and ends the socket. */
  on(
    event: 'wsClientError',
    listener: (this: WebSocketServer<Socket>, error: Error, socket: Duplex, request: Request<Message>) => void,
  ): this
  /** An event of the program's own. */
  on(event: string | symbol, listener: (this: WebSocketServer<Socket>, ...parameters: Anything[]) => void): this
  once(
    event: 'connection',
    listener: (this: WebSocketServer<Socket>, socket: Client<Socket>, request: Request<Message>) => void,
  ): this
  once(event: 'error', listener: (this: WebSocketServer<Socket>, error: Error) => void): this
  once(
    event: 'headers',
    listener: (this: WebSocketServer<Socket>, headers: string[], request: Request<Message>) => void,
  ): this
  once(event: 'close' | 'listening', listener: (this: WebSocketServer<Socket>) => void): this
  once(
    event: 'wsClientError',
    listener: (this: WebSocketServer<Socket>, error: Error, socket: Duplex, request: Request<Message>) => void,
  ): this
  once(event: string | symbol, listener: (this: WebSocketServer<Socket>, ...parameters: Anything[]) => void): this
  off(
    event: 'connection',
    listener: (this: WebSocketServer<Socket>, socket: Client<Socket>, request: Request<Message>) => void,
  ): this
  off(event: 'error', listener: (this: WebSocketServer<Socket>, error: Error) => void): this
  off(
    event: 'headers',
    listener: (this: WebSocketServer<Socket>, headers: string[], request: Request<Message>) => void,
  ): this
  off(event: 'close' | 'listening', listener: (this: WebSocketServer<Socket>) => void): this
  off(
    event: 'wsClientError',
    listener: (this: WebSocketServer<Socket>, error: Error, socket: Duplex, request: Request<Message>) => void,
  ): this
  off(event: string | symbol, listener: (this: WebSocketServer<Socket>, ...parameters: Anything[]) => void): this
  addListener(event: 'connection', listener: (socket: Client<Socket>, request: Request<Message>) => void): this
  addListener(event: 'error', listener: (error: Error) => void): this
  addListener(event: 'headers', listener: (headers: string[], request: Request<Message>) => void): this
  addListener(event: 'close' | 'listening', listener: () => void): this
  addListener(event: 'wsClientError', listener: (error: Error, socket: Duplex, request: Request<Message>) => void): this
  addListener(event: string | symbol, listener: (...parameters: Anything[]) => void): this
  removeListener(event: 'connection', listener: (socket: Client<Socket>, request: Request<Message>) => void): this
  removeListener(event: 'error', listener: (error: Error) => void): this
  removeListener(event: 'headers', listener: (headers: string[], request: Request<Message>) => void): this
  removeListener(event: 'close' | 'listening', listener: () => void): this
  removeListener(
    event: 'wsClientError',
    listener: (error: Error, socket: Duplex, request: Request<Message>) => void,
  ): this
  removeListener(event: string | symbol, listener: (...parameters: Anything[]) => void): this
}

/** A server as the package `ws` has it. */
export interface WebSocketServer<
  Socket extends WebSocketClass = WebSocketConstructor,
  Message extends typeof IncomingMessage = typeof IncomingMessage,
> extends ServerEmitter<Socket, Message> {
  /** What the server was made with, and defaults for the rest. */
  options: ServerOptions<Socket, Message>
  /** The path that was asked for by nobody: `ws` never sets it, and neither do we. Read `options.path`. */
  path: string
  /** The connections that are not closed; only with `clientTracking`. */
  clients: Set<Client<Socket>>

  /** Where it listens, as `address()` of `node:net`. @throws Error with `noServer`. */
  address(): AddressInfo | string | null

  /**
   * Takes no more connections. Those there are go on; 'close' is emitted when they have ended.
   *
   * @param callback Called with 'close', with an error when the server was closed before.
   */
  close(callback?: (error?: Error) => void): void

  /**
   * Makes a connection of a request, or answers it.
   *
   * @param upgradeHead What was read of the connection already.
   * @throws Error when the socket has become a connection before.
   */
  handleUpgrade(
    request: Request<Message>,
    socket: Duplex,
    upgradeHead: Buffer,
    callback: (client: Client<Socket>, request: Request<Message>) => void,
  ): void

  /** Whether a request is for this server: with `path`, whether it is for that. */
  shouldHandle(request: Request<Message>): boolean | Promise<boolean>
}

/** The class `WebSocketServer`. */
export interface WebSocketServerConstructor extends EmitterClass {
  /**
   * @param options One of `port`, `server` and `noServer` is needed.
   * @param callback Called when the port is listened on.
   * @throws TypeError for options that say nowhere or in two ways where to listen.
   */
  new <
    Socket extends WebSocketClass = WebSocketConstructor,
    Message extends typeof IncomingMessage = typeof IncomingMessage,
  >(
    options?: ServerOptions<Socket, Message>,
    callback?: () => void,
  ): WebSocketServer<Socket, Message>
  readonly prototype: WebSocketServer
}

export const WebSocket = SocketClass as unknown as WebSocketConstructor

export const WebSocketServer = ServerClass as unknown as WebSocketServerConstructor

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
  export type Event = types.Event
  export type ErrorEvent = types.ErrorEvent
  export type CloseEvent = types.CloseEvent
  export type MessageEvent = types.MessageEvent
  export type WebSocketEventMap = types.WebSocketEventMap
  export type EventListenerOptions = types.EventListenerOptions
  export type ServerOptions<
    Socket extends WebSocketClass = WebSocketConstructor,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = types.ServerOptions<Socket, Request>
  export type AddressInfo = types.AddressInfo
  export type Server<
    Socket extends WebSocketClass = WebSocketConstructor,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  > = WebSocketServer<Socket, Request>
  type Socket = WebSocket
  type SocketServer = WebSocketServer

  export type { Socket as WebSocket, SocketServer as WebSocketServer }
}
