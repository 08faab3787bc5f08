// The types that programs written against `ws` name: options, payloads, callbacks.

import type { Agent, ClientRequest, Server as HttpServer, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { createConnection } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { ZlibOptions } from 'node:zlib'
import type { WebSocket } from './web-socket.ts'

/** A payload as it is received. */
export type RawData = Buffer | ArrayBuffer | Buffer[]

/** The `data` of a message event. */
export type Data = string | Buffer | ArrayBuffer | Buffer[]

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

export interface EventListenerOptions {
  once?: boolean | undefined
}

export type SendCallback = (error?: Error) => void

export interface PerMessageDeflateOptions {
  serverNoContextTakeover?: boolean | undefined
  clientNoContextTakeover?: boolean | undefined
  serverMaxWindowBits?: number | boolean | undefined
  clientMaxWindowBits?: number | boolean | undefined
  /** `level` and `memLevel` count. */
  zlibDeflateOptions?: ZlibOptions | undefined
  /** Accepted and without effect: a window is as large as was agreed on. */
  zlibInflateOptions?: ZlibOptions | undefined
  /** Shorter messages are not compressed. Default 1,024 bytes. */
  threshold?: number | undefined
  /** Accepted and without effect: nothing is compressed in other threads. */
  concurrencyLimit?: number | undefined
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
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
  /** Whether text is taken as it comes; that breaks RFC 6455 §8.1. Default `false`. */
  skipUTF8Validation?: boolean | undefined
}

export type CertMeta = string | string[] | Buffer | Buffer[]

export type FinishRequestCallback = (request: ClientRequest, websocket: WebSocket) => void

export interface ClientOptions extends SecureContextOptions, CommonOptions {
  protocols?: string | string[] | undefined
  protocol?: string | undefined
  followRedirects?: boolean | undefined
  maxRedirects?: number | undefined
  generateMask?(mask: Buffer): void
  handshakeTimeout?: number | undefined
  localAddress?: string | undefined
  protocolVersion?: number | undefined
  headers?: { [name: string]: string } | undefined
  origin?: string | undefined
  agent?: Agent | undefined
  host?: string | undefined
  family?: number | undefined
  checkServerIdentity?(servername: string, cert: CertMeta): boolean
  rejectUnauthorized?: boolean | undefined
  createConnection?: typeof createConnection | undefined
  finishRequest?: FinishRequestCallback | undefined
}

export type VerifyClientCallbackSync<Request extends IncomingMessage = IncomingMessage> = (info: {
  origin: string
  secure: boolean
  req: Request
}) => boolean

export type VerifyClientCallbackAsync<Request extends IncomingMessage = IncomingMessage> = (
  info: { origin: string; secure: boolean; req: Request },
  callback: (result: boolean, code?: number, message?: string, headers?: OutgoingHttpHeaders) => void,
) => void

export interface ServerOptions<
  Socket extends typeof WebSocket = typeof WebSocket,
  Message extends typeof IncomingMessage = typeof IncomingMessage,
> extends CommonOptions {
  host?: string | undefined
  port?: number | undefined
  backlog?: number | undefined
  server?: HttpServer<Message> | HttpsServer<Message> | undefined
  verifyClient?:
    | VerifyClientCallbackAsync<InstanceType<Message>>
    | VerifyClientCallbackSync<InstanceType<Message>>
    | undefined
  handleProtocols?: (protocols: Set<string>, request: InstanceType<Message>) => string | false
  path?: string | undefined
  noServer?: boolean | undefined
  clientTracking?: boolean | undefined
  WebSocket?: Socket | undefined
}

export interface AddressInfo {
  address: string
  family: string
  port: number
}
