// What a server is told, read and checked once before anything listens.

import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer, ServerOptions as TlsOptions } from 'node:https'
import { checkNames, readNumbers } from '../codec/options.ts'
import { type ConnectionOptions, readConnectionOptions } from '../connection/index.ts'
import type { DeflateOption } from '../extension/index.ts'
import { checkPolicy, type HeaderList, type ServerPolicy } from '../handshake/index.ts'
import { readDeflate } from '../transport/node/index.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** What a request is refused with; a `Response` of the fetch standard fits. */
export interface Refusal {
  readonly status: number
  readonly statusText?: string | undefined
  readonly headers?: HeaderList | Iterable<[string, string]> | undefined
  readonly body?: unknown
  /** Reads the body, as in a `Response`; otherwise `body` is a string or bytes. */
  arrayBuffer?(): Promise<ArrayBuffer>
}

/** Options of `serve`. */
export interface ServeOptions extends ConnectionOptions {
  /** TCP port; 0, the default, takes a free one. Not with `server`. */
  readonly port?: number | undefined
  /** Address to listen on. Default: `127.0.0.1`, which only this machine reaches. Not with `server`. */
  readonly host?: string | undefined
  /** A server of yours to take upgrades from. It keeps its port, its other requests and its life. */
  readonly server?: HttpServer | HttpsServer | undefined
  /** The one path that is served; another is answered with 404. Default: every path. */
  readonly path?: string | undefined
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
  /** Headers of the accepting response. */
  readonly headers?: HeaderList | undefined
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
  /** Milliseconds from the first sight of a client to the decision; later is answered with 408. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined
  /** Closes the server, as `close()` does. */
  readonly signal?: AbortSignal | undefined
  /**
   * Told what a handler or `authorize` throws. Default: a handler's error is an uncaught exception, one of `authorize`
   * a warning of the process.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

const NAMES = [
  'port',
  'host',
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
  'handshakeTimeoutMs',
  'signal',
  'onError',
  'limits',
  'keepalive',
] as const satisfies readonly (keyof ServeOptions)[]

interface ServeNumbers {
  readonly maxConnections: number
  readonly maxPendingHandshakes: number
  readonly handshakeTimeoutMs: number
}

const DEFAULTS: ServeNumbers = {
  maxConnections: Number.POSITIVE_INFINITY,
  maxPendingHandshakes: 1_024,
  handshakeTimeoutMs: 10_000,
}
const LEAST: ServeNumbers = { maxConnections: 0, maxPendingHandshakes: 1, handshakeTimeoutMs: 1 }

export interface ReadServeOptions extends ServeOptions, ServeNumbers {
  readonly policy: ServerPolicy
  readonly maxConnections: number
  readonly maxPendingHandshakes: number
  readonly handshakeTimeoutMs: number
}

/** @throws TypeError, RangeError naming the option that is wrong. */
export function readServeOptions(options: ServeOptions): ReadServeOptions {
  checkNames('options', options, NAMES)
  const { server, port, host, tls, path, authorize, onError, signal } = options
  if (server !== undefined && (port !== undefined || host !== undefined || tls !== undefined)) {
    throw new TypeError('A server of yours has its own port, host and tls')
  }
  if (path !== undefined && !(typeof path === 'string' && /^\/[^?#]*$/.test(path))) {
    throw new TypeError('options.path is not a path: it begins with / and has neither ? nor #')
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new RangeError(`options.port is ${String(port)}, not an integer from 0 to 65535`)
  }
  for (const [name, value] of Object.entries({ authorize, onError })) {
    if (value !== undefined && typeof value !== 'function') throw new TypeError(`options.${name} is not a function`)
  }
  signal?.throwIfAborted()
  const numbers = readNumbers('options', numbersOf(options), DEFAULTS, LEAST)
  const { subprotocols, origin, headers } = options
  const policy: ServerPolicy = { subprotocols, origin, headers, extensions: readDeflate(options.deflate) }
  checkPolicy(policy)
  return { ...options, ...readConnectionOptions(options), ...numbers, policy }
}

function numbersOf(options: ServeOptions): Partial<ServeNumbers> {
  const given = (Object.keys(DEFAULTS) as (keyof ServeNumbers)[]).map((name) => [name, options[name]] as const)
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}
