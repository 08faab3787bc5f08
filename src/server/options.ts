// What a server is told, read and checked once before anything listens.

import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer, ServerOptions as TlsOptions } from 'node:https'
import { checkNames, readLimit, readNumbers } from '../codec/options.ts'
import { type ConnectionOptions, readConnectionOptions } from '../connection/index.ts'
import type { DeflateOption } from '../extension/index.ts'
import { checkPolicy, type HeadersOption, readHeaderList, type ServerPolicy } from '../handshake/index.ts'
import { OPTION_HINTS, readDeflate } from '../transport/node/index.ts'
import type { Refusal } from './refusal.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** Options of `serve`. */
export interface ServeOptions extends ConnectionOptions {
  /** TCP port; 0, the default, takes a free one. Not with `server`. */
  readonly port?: number | undefined
  /** Address to listen on. Default: `127.0.0.1`, which only this machine reaches. Not with `server`. */
  readonly host?: string | undefined
  /**
   * Unix socket to listen on, or named pipe on Windows, instead of a port. A file that is there already is not taken
   * away, also when nobody listens on it. Not with `port`, `host` or `server`.
   */
  readonly socketPath?: string | undefined
  /**
   * File mode of that Unix socket, 0 to 0o777, set as soon as the server listens: who may write to it may connect. A
   * proxy that runs as another user of the same group needs `0o660`, of another group `0o666`. Default: what the umask of
   * the process leaves. Only with `socketPath`; not on Windows.
   */
  readonly socketMode?: number | undefined
  /**
   * A server of yours to take upgrades from. It keeps its port, its other requests and its life. Several servers may
   * share it by their paths.
   */
  readonly server?: HttpServer | HttpsServer | undefined
  /** The path that is served, or the paths; another is answered with 404. Default: every path. */
  readonly path?: string | readonly string[] | undefined
  /** Certificate, key and further options of `node:tls`: the server then speaks `wss:`. Not with `server`. */
  readonly tls?: TlsOptions | undefined
  /** Subprotocols, or a function that chooses one. Default: none. */
  readonly subprotocols?: ServerPolicy['subprotocols']
  /**
   * Whether messages are compressed where the client offers it, and how (permessage-deflate, RFC 7692). Default `false`.
   */
  readonly deflate?: DeflateOption | undefined
  /** Which pages may connect. Default `same`: those from this host. */
  readonly origin?: ServerPolicy['origin']
  /** Headers of the accepting response, as pairs or as an object. */
  readonly headers?: HeadersOption | undefined
  /**
   * Asked for every request that is otherwise acceptable. Nothing accepts it; a refusal, or a `Response`, answers it.
   * What it throws is answered with 500 and told to `onError`.
   */
  readonly authorize?:
    | ((request: UpgradeRequest) => undefined | void | Refusal | Promise<undefined | void | Refusal>)
    | undefined
  /** Most connections at a time; more is answered with 503. Default `Infinity`. */
  readonly maxConnections?: number | undefined
  /** Most requests that wait for `authorize` at a time; more is answered with 503. Default 1,024. */
  readonly maxPendingHandshakes?: number | undefined
  /**
   * Most clients at a time whose opening handshake has not ended, silent ones and those within their TLS handshake among
   * them; one more is cut at once. Default 10,000. Not with `server`.
   */
  readonly maxPendingConnections?: number | undefined
  /**
   * Milliseconds from the first sight of a client to the last byte of its request head; later is answered with 408, or
   * cut before the TLS handshake is through. Default 10,000; more than `handshakeTimeoutMs` is no more. Not with `server`.
   */
  readonly headerTimeoutMs?: number | undefined
  /**
   * Milliseconds from the first sight of a client to the decision; later is answered as with `headerTimeoutMs`. On a
   * server of yours, from the request. Default 10,000.
   */
  readonly handshakeTimeoutMs?: number | undefined
  /** Closes the server, as `close()` does. */
  readonly signal?: AbortSignal | undefined
  /**
   * Told what a handler or `authorize` throws. Default: a handler's error is an uncaught exception, one of `authorize`
   * a warning of the process.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Every option of `serve`. */
export const SERVE_OPTION_NAMES = [
  'port',
  'host',
  'socketPath',
  'socketMode',
  'server',
  'path',
  'tls',
  'subprotocols',
  'deflate',
  'origin',
  'headers',
  'authorize',
  'maxConnections',
  'maxPendingHandshakes',
  'maxPendingConnections',
  'headerTimeoutMs',
  'handshakeTimeoutMs',
  'signal',
  'onError',
  'limits',
  'keepalive',
  'backpressure',
] as const satisfies readonly (keyof ServeOptions)[]

interface ServeNumbers {
  readonly maxConnections: number
  readonly maxPendingHandshakes: number
  readonly maxPendingConnections: number
  readonly headerTimeoutMs: number
  readonly handshakeTimeoutMs: number
}

const DEFAULTS: ServeNumbers = {
  maxConnections: Number.POSITIVE_INFINITY,
  maxPendingHandshakes: 1_024,
  maxPendingConnections: 10_000,
  headerTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
}
const LEAST: ServeNumbers = {
  maxConnections: 0,
  maxPendingHandshakes: 1,
  maxPendingConnections: 1,
  headerTimeoutMs: 1,
  handshakeTimeoutMs: 1,
}

/** Where to find what is looked for under another name. */
const HINTS: Readonly<Record<string, string>> = {
  ...OPTION_HINTS,
  hostname: 'it is host',
  verifyClient: 'it is authorize',
  handleProtocols: 'it is subprotocols, which may be a function',
  noServer: 'it is server, with a server of yours',
  clientTracking: 'server.connections has them',
}

/** What is about a port of our own. */
const OWN_PORT_NAMES = [
  'port',
  'host',
  'socketPath',
  'socketMode',
  'tls',
  'maxPendingConnections',
  'headerTimeoutMs',
] as const satisfies readonly (keyof ServeOptions)[]

/** The options of one server, with every default in its place. */
export interface ReadServeOptions extends Omit<ServeOptions, keyof ServeNumbers>, ServeNumbers {
  readonly policy: ServerPolicy
  /** Those of `path`; `undefined` for every path. */
  readonly paths: readonly string[] | undefined
}

/** @throws TypeError, RangeError naming the option that is wrong. */
export function readServeOptions(options: ServeOptions): ReadServeOptions {
  checkNames('options', options, SERVE_OPTION_NAMES, HINTS)
  const { server, port, host, socketPath, tls, authorize, onError, signal } = options
  const misplaced = server && OWN_PORT_NAMES.find((name) => options[name] !== undefined)
  if (misplaced !== undefined) throw new TypeError(`A server of yours decides by itself about ${misplaced}`)
  if (socketPath !== undefined && (port !== undefined || host !== undefined)) {
    throw new TypeError('A Unix socket has neither port nor host')
  }
  checkSocketPath(socketPath)
  checkSocketMode(options)
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) {
    throw new TypeError('options.tls is not an object of options')
  }
  const paths = readPaths(options.path)
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    const found = typeof port === 'string' ? `the string '${port}'` : String(port)
    throw new RangeError(`options.port is ${found}, not an integer from 0 to 65535`)
  }
  for (const [name, value] of Object.entries({ authorize, onError })) {
    if (value !== undefined && typeof value !== 'function') throw new TypeError(`options.${name} is not a function`)
  }
  signal?.throwIfAborted()
  const numbers = readNumbers('options', numbersOf(options), DEFAULTS, LEAST)
  const { subprotocols, origin } = options
  const headers = readHeaderList('options.headers', options.headers)
  const policy: ServerPolicy = { subprotocols, origin, headers, extensions: readDeflate(options.deflate) }
  checkPolicy(policy)
  return { ...options, ...readConnectionOptions(options), ...numbers, policy, paths }
}

// What fits into `sun_path`, with the zero that ends it. Some versions of Node cut what is longer, without a word.
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : process.platform === 'win32' ? 32_767 : 103

function checkSocketPath(socketPath: unknown): void {
  if (socketPath === undefined) return
  if (typeof socketPath !== 'string' || socketPath === '') {
    throw new TypeError('options.socketPath is not the path of a file')
  }
  const bytes = Buffer.byteLength(socketPath)
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(`options.socketPath takes ${bytes} bytes, at most ${MAX_SOCKET_PATH_BYTES} fit`)
  }
}

function checkSocketMode({ socketMode, socketPath }: ServeOptions): void {
  if (socketMode === undefined) return
  if (socketPath === undefined)
    throw new TypeError('options.socketMode is of a Unix socket, and there is no socketPath')
  readLimit('options.socketMode', socketMode, 0, 0o777)
}

function readPaths(path: ServeOptions['path']): readonly string[] | undefined {
  if (path === undefined) return undefined
  const paths: readonly unknown[] = Array.isArray(path) ? [...path] : [path]
  if (paths.length === 0) throw new TypeError('options.path is an empty list: nothing would be served')
  const wrong = paths.findIndex((entry) => typeof entry !== 'string' || !/^\/[^?#]*$/.test(entry))
  if (wrong !== -1) {
    const name = Array.isArray(path) ? `options.path[${wrong}]` : 'options.path'
    throw new TypeError(`${name} is not a path: it begins with / and has neither ? nor #`)
  }
  return paths as string[]
}

function numbersOf(options: ServeOptions): Partial<ServeNumbers> {
  const given = (Object.keys(DEFAULTS) as (keyof ServeNumbers)[]).map((name) => [name, options[name]] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
