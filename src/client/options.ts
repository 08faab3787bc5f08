// What a client is told, read and checked once before anything is sent.

import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { checkNames, readNumbers } from '../codec/options.ts'
import { type ConnectionOptions, readConnectionOptions } from '../connection/index.ts'
import type { DeflateOption, Extension } from '../extension/index.ts'
import { type HeadersOption, readHeaderList } from '../handshake/index.ts'
import { OPTION_HINTS, readDeflate } from '../transport/node/index.ts'
import { DEFAULT_BACKOFF } from './backoff.ts'
import { type ProxyOption, type ProxyServer, readProxy } from './proxy.ts'
import type { Luggage } from './redirect.ts'
import { readTls } from './tls-options.ts'

/** What a stream is wanted to, of `createConnection`. */
export interface ConnectionTarget {
  /** Name or IP address, without brackets. */
  readonly host: string
  readonly port: number
  /** Whether TLS will be put on top (`wss:`). */
  readonly secure: boolean
  /** Aborts when the attempt is given up, or its time is over. */
  readonly signal: AbortSignal
}

/** Options of `connect`. */
export interface ConnectOptions extends ConnectionOptions {
  /** Subprotocols to offer, most preferred first. */
  readonly subprotocols?: readonly string[] | undefined
  /** Further headers of the request, such as `Cookie`. An `Authorization` here replaces the credentials of the URL. */
  readonly headers?: HeadersOption | undefined
  /** Whether compression is offered, and how messages are compressed (permessage-deflate, RFC 7692). Default `false`. */
  readonly deflate?: DeflateOption | undefined
  /** The `Origin` header; none by default, as no page is behind the request. */
  readonly origin?: string | undefined
  /** Options of `node:tls` for `wss:`, such as `ca`. Certificates are verified unless they say otherwise. */
  readonly tls?: TlsOptions | undefined
  /**
   * The HTTP proxy to go through (CONNECT, RFC 9110 §9.3.6): `http:` or `https:`, with credentials if need be; `false` for
   * none. Default: that of the environment variables `https_proxy`, `http_proxy` and `all_proxy`, but for what `no_proxy`
   * excepts and for loopback addresses.
   */
  readonly proxy?: ProxyOption | undefined
  /**
   * Makes the stream to the server, through SOCKS, SSH or whatever else; TLS for `wss:` is put on top of it. Not with
   * `proxy`; the environment is not asked. What it throws is the cause of `CONNECT_FAILED`.
   */
  readonly createConnection?: ((target: ConnectionTarget) => Duplex | Promise<Duplex>) | undefined
  /** How many redirects are followed, 0 to 5. Default 0: a redirect is a refusal. */
  readonly redirects?: number | undefined
  /** Gives the attempt up. Once the connection is open it has no effect. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds from the call to the open connection, proxy and redirects included. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined
}

/** Every option of `connect`. */
export const CONNECT_OPTION_NAMES = [
  'subprotocols',
  'deflate',
  'headers',
  'origin',
  'tls',
  'proxy',
  'createConnection',
  'redirects',
  'signal',
  'handshakeTimeoutMs',
  'limits',
  'keepalive',
  'backpressure',
] as const satisfies readonly (keyof ConnectOptions)[]

const OF_RECONNECT = ['backoff', 'onRetry', 'shouldReconnect', 'shouldRetry']

/** Where to find what is looked for under another name. */
const HINTS: Readonly<Record<string, string>> = {
  ...OPTION_HINTS,
  ...Object.fromEntries(Object.keys(DEFAULT_BACKOFF).map((name) => [name, `it is backoff.${name}, of reconnect`])),
  ...Object.fromEntries(OF_RECONNECT.map((name) => [name, 'reconnect has it'])),
  agent: 'createConnection makes the stream, and proxy leads through one',
  auth: 'credentials stand in the URL, or in an Authorization of headers',
  followRedirects: 'it is redirects',
  maxRedirects: 'it is redirects',
}

/** How streams to the server are made. */
export type Route =
  | { readonly kind: 'own'; readonly createConnection: NonNullable<ConnectOptions['createConnection']> }
  | { readonly kind: 'proxy'; readonly proxy: ProxyServer }
  | { readonly kind: 'direct' }
  | { readonly kind: 'environment' }

/** The options of one attempt, in copies of our own. */
export interface ConnectSettings extends Luggage {
  readonly subprotocols: readonly string[] | undefined
  readonly extensions: readonly Extension[] | undefined
  readonly origin: string | undefined
  readonly route: Route
  readonly redirects: number
  readonly signal: AbortSignal | undefined
  readonly handshakeTimeoutMs: number
  readonly connection: ConnectionOptions
}

const DEFAULTS = { redirects: 0, handshakeTimeoutMs: 10_000 }
const LEAST = { redirects: 0, handshakeTimeoutMs: 1 }
const MOST = { redirects: 5 }

/** @throws TypeError, RangeError naming the option that is wrong. */
export function readConnectOptions(options: ConnectOptions): ConnectSettings {
  checkNames('options', options, CONNECT_OPTION_NAMES, HINTS)
  const { redirects = DEFAULTS.redirects, handshakeTimeoutMs = DEFAULTS.handshakeTimeoutMs } = options
  return {
    ...readNumbers('options', { redirects, handshakeTimeoutMs }, DEFAULTS, LEAST, MOST),
    connection: readConnectionOptions(options),
    subprotocols: copied(options.subprotocols),
    extensions: readDeflate(options.deflate),
    origin: options.origin,
    headers: readHeaderList('options.headers', options.headers),
    tls: readTls('tls', options.tls),
    route: readRoute(options),
    signal: options.signal,
  }
}

/** What is no array is left to those who know what it is to be one of. */
function copied<Value>(list: readonly Value[] | undefined): readonly Value[] | undefined {
  return Array.isArray(list) ? [...list] : list
}

function readRoute({ proxy: option, createConnection }: ConnectOptions): Route {
  const proxy = readProxy(option)
  if (createConnection !== undefined) {
    if (typeof createConnection !== 'function') throw new TypeError('createConnection is not a function')
    if (option !== undefined) throw new TypeError('createConnection and proxy exclude each other')
    return { kind: 'own', createConnection }
  }
  if (proxy === undefined) return { kind: 'environment' }
  return proxy === false ? { kind: 'direct' } : { kind: 'proxy', proxy }
}
