// Where a connection goes: a URL, read once. `ws:` and `wss:` (RFC 6455 §3), their HTTP counterparts as in the WebSockets
// standard, and `ws+unix:` and `wss+unix:` for Unix sockets, as the `ws` package reads them.

import type { TransportError } from '../codec/index.ts'
import { reachError } from './reach-error.ts'

/** What is to be connected to and asked for. */
export interface Address {
  /** What `connection.url` says: no credentials in it. */
  readonly href: string
  readonly secure: boolean
  /** Name or IP address; IPv6 without brackets. */
  readonly hostname: string
  readonly port: number
  /** Host, and port unless it is the default of the scheme: what the `Host` field says (RFC 6455 §4.1). */
  readonly host: string
  /** The Unix socket, where there is one. */
  readonly socketPath: string | undefined
  /** Path and query. */
  readonly target: string
}

/** User and password of a URL, percent-decoded. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

const SCHEMES: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:' }

/** @throws TypeError for a URL that no connection can be opened to. */
export function readAddress(text: string | URL): { address: Address; credentials: Credentials | undefined } {
  const url = readUrl(text)
  const credentials = takeCredentials(url)
  return { address: url.protocol.endsWith('+unix:') ? unixAddress(url) : tcpAddress(url), credentials }
}

function readUrl(text: string | URL): URL {
  const url = new URL(text)
  const protocol = SCHEMES[url.protocol]
  if (protocol !== undefined) url.protocol = protocol
  if (!['ws:', 'wss:', 'ws+unix:', 'wss+unix:'].includes(url.protocol)) {
    throw new TypeError(`Cannot connect to ${url.protocol} URLs: the URL of a server begins with ws:// or wss://`)
  }
  if (url.href.includes('#')) throw new TypeError('Cannot connect to a URL with a fragment (RFC 6455 §3)')
  return url
}

function tcpAddress(url: URL): Address {
  const secure = url.protocol === 'wss:'
  return {
    href: url.href,
    secure,
    hostname: withoutBrackets(url.hostname),
    port: url.port === '' ? defaultPort(secure) : Number(url.port),
    host: url.host,
    socketPath: undefined,
    target: url.pathname + url.search,
  }
}

/** The socket's path, percent-decoded, up to the first colon; path and query of the request behind that. */
function unixAddress(url: URL): Address {
  if (url.host !== '') throw new TypeError('Cannot connect: a URL of a Unix socket has no host')
  const [, socketPart = '', target = ''] = /^([^:]*):?(.*)$/.exec(url.pathname + url.search) ?? []
  const socketPath = decoded(socketPart, 'the path of the Unix socket is malformed')
  if (socketPath === '') throw new TypeError('Cannot connect: the URL has no path of a Unix socket')
  if (target !== '' && !target.startsWith('/')) {
    throw new TypeError('Cannot connect: the path behind that of the Unix socket does not begin with a slash')
  }
  const secure = url.protocol === 'wss+unix:'
  const local = { hostname: 'localhost', host: 'localhost', port: defaultPort(secure) }
  return { href: url.href, secure, ...local, socketPath, target: target === '' ? '/' : target }
}

/** Takes the credentials out of the URL. @throws TypeError for malformed ones. */
export function takeCredentials(url: URL): Credentials | undefined {
  const { username, password } = url
  if (username === '' && password === '') return undefined
  url.username = ''
  url.password = ''
  const what = 'the credentials in the URL are malformed'
  return { username: decoded(username, what), password: decoded(password, what) }
}

function decoded(text: string, mistake: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new TypeError(`Cannot connect: ${mistake}`, { cause })
  }
}

/** The credentials as a header field has them: basic authentication (RFC 7617 §2). */
export function formatBasicAuthentication({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

export function defaultPort(secure: boolean): number {
  return secure ? 443 : 80
}

export function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

/** Host and port, both always there: `host:port`, `[v6]:port` (RFC 9110 §9.3.6). */
export function formatAuthority({ hostname, port }: Pick<Address, 'hostname' | 'port'>): string {
  return hostname.includes(':') ? `[${hostname}]:${port}` : `${hostname}:${port}`
}

/** Scheme, host and port, or scheme and Unix socket: what credentials are given to. */
export function isSameOrigin(a: Address, b: Address): boolean {
  return a.secure === b.secure && a.hostname === b.hostname && a.port === b.port && a.socketPath === b.socketPath
}

/** The error for an address that cannot be reached. */
export function unreachable(address: Address, cause: unknown): TransportError {
  const where = address.socketPath === undefined ? address.host : address.socketPath
  return reachError(where, cause)
}
