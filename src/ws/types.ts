// The types that programs written against `ws` name: options, payloads, callbacks.

import type { Agent, ClientRequest, Server as HttpServer, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { createConnection } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { ZlibOptions } from 'node:zlib'
import type { WebSocket, WebSocketClass, WebSocketConstructor } from './declarations.ts'

/** A payload as it is received. */
export type RawData = Buffer | ArrayBuffer | Buffer[]

/** The `data` of a message event. */
export type Data = string | Buffer | ArrayBuffer | Buffer[]

/** How binary messages may be given. */
export type BinaryType = 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob'

/** What `send` takes: strings as text, everything that holds bytes as binary. */
export type BufferLike =
  | string
  | number
  | Buffer
  | DataView
  | ArrayBufferView
  | Uint8Array
  | ArrayBuffer
  | SharedArrayBuffer
  | Blob
  | readonly unknown[]
  | { valueOf(): ArrayBuffer | SharedArrayBuffer | Uint8Array | readonly number[] | string }
  | { [Symbol.toPrimitive](hint: string): string }

/** How `send` sends. */
export interface SendOptions {
  /** Accepted and without effect: clients mask and servers do not (RFC 6455 §5.1). */
  mask?: boolean | undefined
  /** Whether the message is binary. Default: whether it is not a string. */
  binary?: boolean | undefined
  /** Whether it may be compressed. Default `true`. */
  compress?: boolean | undefined
  /** Whether the message ends here. Default `true`. */
  fin?: boolean | undefined
}

/** Options of `addEventListener`. */
export interface EventListenerOptions {
  /** Whether it is taken away when it was called. Default `false`. */
  once?: boolean | undefined
}

/** Called once: when it has left, or with an error when it cannot. */
export type SendCallback = (error?: Error) => void

/** What listeners are given (WebSockets standard §6). */
export interface Event {
  /** The name of the event. */
  type: string
  /** The connection that it is about. */
  target: WebSocket
}

/** Why a connection could not be opened, or failed. */
export interface ErrorEvent extends Event {
  /** What 'error' was emitted with. */
  // biome-ignore lint/suspicious/noExplicitAny: programs read properties of it that only they know
  error: any
  /** The sentence of the error. */
  message: string
}

/** How a connection ended. */
export interface CloseEvent extends Event {
  /** Whether the closing handshake was completed (RFC 6455 §7.1.4). */
  wasClean: boolean
  /** The close code: the peer's, 1005 when it gave none, 1006 when it said nothing (RFC 6455 §7.1.5). */
  code: number
  /** The peer's reason, or an empty string. */
  reason: string
}

/** A message. */
export interface MessageEvent extends Event {
  /** Text as a string, binary as `binaryType` says. */
  data: Data
}

/** The events of the WebSockets standard by their names. */
export interface WebSocketEventMap {
  open: Event
  error: ErrorEvent
  close: CloseEvent
  message: MessageEvent
}

/** Options of permessage-deflate (RFC 7692 §7.1). */
export interface PerMessageDeflateOptions {
  /** Whether a server begins each message anew. Default `false`. */
  serverNoContextTakeover?: boolean | undefined
  /** Whether a client begins each message anew. Default `false`. */
  clientNoContextTakeover?: boolean | undefined
  /** The window that a server compresses with, in bits, 8 to 15. Default 15; 8 counts as 9. */
  serverMaxWindowBits?: number | undefined
  /** The window that a client compresses with, in bits, 8 to 15. Default 15; 8 counts as 9. */
  clientMaxWindowBits?: number | undefined
  /** `level` (default 6) and `memLevel` (default 8) count; everything else is accepted and without effect. */
  zlibDeflateOptions?: DeflateOptions | undefined
  /** Accepted and without effect: a window is as large as was agreed on. */
  zlibInflateOptions?: ZlibOptions | undefined
  /** Shorter messages are not compressed. Default 1,024 bytes. */
  threshold?: number | undefined
  /** Accepted and without effect: nothing is compressed in other threads. */
  concurrencyLimit?: number | undefined
}

/** What `zlib` takes to compress with. */
export interface DeflateOptions {
  flush?: number | undefined
  finishFlush?: number | undefined
  chunkSize?: number | undefined
  windowBits?: number | undefined
  /** How much work goes into compressing: -1 (as 6) to 9. Default 6. */
  level?: number | undefined
  /** How much memory goes into compressing: 1 to 9. Default 8. */
  memLevel?: number | undefined
  strategy?: number | undefined
  dictionary?: Buffer | Buffer[] | DataView | undefined
  info?: boolean | undefined
}

/** Options of both ends. */
export interface CommonOptions {
  /** Whether several messages may be told in one turn. Default `true`. */
  allowSynchronousEvents?: boolean | undefined
  /** Whether pings are answered. Default `true`. */
  autoPong?: boolean | undefined
  /** Milliseconds for the closing handshake. Default 30,000. */
  closeTimeout?: number | undefined
  /** Accepted and without effect: what waits is not kept in chunks. */
  maxBufferedChunks?: number | undefined
  /** Most fragments of a message; 0 is no limit. Default 16,384. */
  maxFragments?: number | undefined
  /** Largest message in bytes; 0 is no limit. Default 100 MiB. */
  maxPayload?: number | undefined
  /** Accepted and without effect: one pong waits at most, that for the latest ping. */
  maxPendingAutoPongs?: number | undefined
  /** Whether messages may be compressed, and how. Default `true` for clients, `false` for servers. */
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
  /** Whether text is taken as it comes; that breaks RFC 6455 §8.1. Default `false`. */
  skipUTF8Validation?: boolean | undefined
}

/** A certificate or key. */
export type CertMeta = string | string[] | Buffer | Buffer[]

/** Called with the request of a client that is not sent yet: who takes it ends it. */
export type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void

/** Options of a client; those of `node:http` and `node:tls` that are not named here count, too. */
export interface ClientOptions extends SecureContextOptions, CommonOptions {
  /** Subprotocols to offer, where no parameter says so. */
  protocols?: string | string[] | undefined
  /** Accepted and without effect. */
  protocol?: string | undefined
  /** Whether redirects are followed. Default `false`. */
  followRedirects?: boolean | undefined
  /** Most redirects that are followed. Default 10. */
  maxRedirects?: number | undefined
  /** Fills in the masking key of a frame. Default: at random, as RFC 6455 §5.3 demands. */
  generateMask?(mask: Buffer): void
  /** Milliseconds for each request of the opening handshake. Default: no limit. */
  handshakeTimeout?: number | undefined
  /** The address to connect from. */
  localAddress?: string | undefined
  /** 13, the only version there is (RFC 6455 §4.1). */
  protocolVersion?: number | undefined
  /** More header fields of the request. */
  headers?: { [name: string]: string } | undefined
  /** The field `Origin`. */
  origin?: string | undefined
  /** Keeps the sockets of `node:http`. */
  agent?: Agent | undefined
  /** Accepted and without effect: the address says it. */
  host?: string | undefined
  /** The version of IP to connect with: 4 or 6. */
  family?: number | undefined
  /** Checks whose certificate it is. */
  checkServerIdentity?(servername: string, cert: CertMeta): boolean
  /** Whether a certificate must be signed by somebody who is trusted. Default `true`. */
  rejectUnauthorized?: boolean | undefined
  /** Makes the connection below. Default: of `node:net` or `node:tls`. */
  createConnection?: typeof createConnection | undefined
  /** Called with the request before it is sent. */
  finishRequest?: FinishRequestCallback | undefined
}

/** Says at once whether a client may connect. */
export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> = (info: {
  origin: string
  secure: boolean
  req: Request
}) => boolean

/** Says in its time whether a client may connect, and if not how it is answered. */
export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> = (
  info: { origin: string; secure: boolean; req: Request },
  callback: (result: boolean, code?: number, message?: string, headers?: OutgoingHttpHeaders) => void,
) => void

/** Options of a server. */
export interface ServerOptions<
  Socket extends WebSocketClass = WebSocketConstructor,
  Message extends typeof IncomingMessage = typeof IncomingMessage,
> extends CommonOptions {
  /** The address to listen on. Default: every address. */
  host?: string | undefined
  /** The port to listen on; 0 is any free one. */
  port?: number | undefined
  /** Most connections that wait to be taken. */
  backlog?: number | undefined
  /** The server to take upgrades from. */
  server?: HttpServer<Message> | HttpsServer<Message> | undefined
  /** Asked whether a client may connect; with two parameters it may take its time. */
  verifyClient?:
    | VerifyClientCallbackAsync<InstanceType<Message>>
    | VerifyClientCallbackSync<InstanceType<Message>>
    | undefined
  /** Chooses a subprotocol; `false` is none. Default: the first that is offered. */
  handleProtocols?: (protocols: Set<string>, request: InstanceType<Message>) => string | false
  /** The only path that is taken. Default: every path. */
  path?: string | undefined
  /** Whether upgrades come through `handleUpgrade` alone. Default `false`. */
  noServer?: boolean | undefined
  /** Whether `clients` is kept. Default `true`. */
  clientTracking?: boolean | undefined
  /** The class of the connections. Default `WebSocket`. */
  WebSocket?: Socket | undefined
}

/** Where a server listens. */
export interface AddressInfo {
  address: string
  family: string
  port: number
}
