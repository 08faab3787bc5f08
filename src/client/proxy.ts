// Which proxy stands between a client and an address: the one of the option, or the one of the usual environment variables.
// There is no standard for those; where programs differ, this does as curl does, but for loopback addresses, as in Go.

import { BlockList, isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { checkNames } from '../codec/options.ts'
import type { HeaderList, HeadersOption } from '../handshake/index.ts'
import {
  type Address,
  type Credentials,
  defaultPort,
  formatBasicAuthentication,
  takeCredentials,
  withoutBrackets,
} from './address.ts'
import { hasHeader, readHeaders } from './headers.ts'
import { readTls } from './tls-options.ts'

/** A proxy with more than an address. */
export interface ProxyOptions {
  /** `http:` or `https:`, with credentials if it asks for some. */
  readonly url: string | URL
  /** Further headers of the CONNECT request. One called `Proxy-Authorization` replaces the credentials of the URL. */
  readonly headers?: HeadersOption | undefined
  /** Options of `node:tls` for an `https:` proxy, such as `ca`. */
  readonly tls?: TlsOptions | undefined
}

/** A proxy that opens tunnels (RFC 9110 §9.3.6). */
export interface ProxyServer {
  readonly secure: boolean
  readonly hostname: string
  readonly port: number
  readonly headers: HeaderList
  readonly tls: TlsOptions | undefined
}

/** The proxy to go through: its URL, or more than that; `false` for none. */
export type ProxyOption = string | URL | ProxyOptions | false

/** What the option says: a proxy, none (`false`), or that the environment is to be asked. @throws TypeError */
export function readProxy(option: ProxyOption | undefined): ProxyServer | false | undefined {
  if (option === undefined || option === false) return option
  if (typeof option === 'string' || option instanceof URL) return makeProxy(withScheme(option), 'proxy', {})
  checkNames('proxy', option, ['url', 'headers', 'tls'] satisfies (keyof ProxyOptions)[])
  if (typeof option.url !== 'string' && !(option.url instanceof URL)) throw new TypeError('proxy.url is not a URL')
  return makeProxy(withScheme(option.url), 'proxy.url', option)
}

/** A proxy without a scheme is an `http:` one: `proxy.example:3128`. */
function withScheme(proxy: string | URL): string | URL {
  return proxy instanceof URL || /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`
}

// The CONNECT request writes these itself, and has no body.
const OWN_FIELDS = ['Host', 'Proxy-Connection']

function makeProxy(given: string | URL, name: string, { headers, tls }: Omit<ProxyOptions, 'url'>): ProxyServer {
  const url = readProxyUrl(given, name)
  const credentials = readCredentials(url, name)
  const secure = url.protocol === 'https:'
  const own = readHeaders('proxy.headers', headers, OWN_FIELDS)
  const authorization: HeaderList =
    credentials === undefined || hasHeader(own, 'Proxy-Authorization')
      ? []
      : [['Proxy-Authorization', formatBasicAuthentication(credentials)]]
  return {
    secure,
    hostname: withoutBrackets(url.hostname),
    port: url.port === '' ? defaultPort(secure) : Number(url.port),
    headers: [...authorization, ...own],
    tls: readTls('proxy.tls', tls),
  }
}

/** No message says the URL: there may be a password in it. */
function readProxyUrl(given: string | URL, name: string): URL {
  if (!URL.canParse(String(given))) throw new TypeError(`Cannot use the proxy: ${name} is not a URL`)
  const url = new URL(given)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(
      `Cannot use the proxy: ${name} has the scheme ${url.protocol}, not http: or https:; ` +
        'for any other way to the server there is the option createConnection',
    )
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new TypeError(`Cannot use the proxy: ${name} has more than a host, a port and credentials`)
  }
  return url
}

function readCredentials(url: URL, name: string): Credentials | undefined {
  try {
    return takeCredentials(url)
  } catch (cause) {
    throw new TypeError(`Cannot use the proxy: the credentials in ${name} are malformed`, { cause })
  }
}

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy that the environment names for an address: `https_proxy` for TLS, `http_proxy` for plain text, then
 * `all_proxy`, each in lower case before upper case, unless `no_proxy` excepts the address.
 *
 * @throws TypeError naming the variable, for a proxy that cannot be used.
 */
export function proxyOfEnvironment(address: Address, environment: Environment): ProxyServer | undefined {
  if (address.socketPath !== undefined || isLoopback(address.hostname)) return undefined
  // A server that runs CGI programs puts the header `Proxy` of a request into HTTP_PROXY ("httpoxy").
  const isCgi = environment['REQUEST_METHOD'] !== undefined
  const names = address.secure ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', ...(isCgi ? [] : ['HTTP_PROXY'])]
  const name = firstSet(environment, [...names, 'all_proxy', 'ALL_PROXY'])
  if (name === undefined) return undefined
  const exceptions = firstSet(environment, ['no_proxy', 'NO_PROXY'])
  if (exceptions !== undefined && isExcepted(address, environment[exceptions]!)) return undefined
  return makeProxy(withScheme(environment[name]!.trim()), name, {})
}

function firstSet(environment: Environment, names: readonly string[]): string | undefined {
  return names.find((name) => (environment[name] ?? '').trim() !== '')
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost') || isIn(LOOPBACK, name)
}

function isIn(list: BlockList, hostname: string): boolean {
  const version = isIP(hostname)
  return version !== 0 && list.check(hostname, version === 4 ? 'ipv4' : 'ipv6')
}

/** Whether an entry of `no_proxy` is about the address: `*`, a host and those below it, with a port or not, IP, CIDR. */
function isExcepted(address: Address, exceptions: string): boolean {
  const hostname = address.hostname.replace(/\.$/, '')
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && (entry === '*' || covers(entry, hostname, address.port)))
}

function covers(entry: string, hostname: string, port: number): boolean {
  const [host, ofPort] = splitPort(entry)
  if (ofPort !== undefined && Number(ofPort) !== port) return false
  const network = networkOf(host)
  if (network !== undefined) return isIn(network, hostname)
  const domain = host.replace(/^\*?\./, '').replace(/\.$/, '')
  return domain !== '' && (hostname === domain || hostname.endsWith(`.${domain}`))
}

/** An entry that is an IPv6 address has colons of its own; with a port it has brackets, too. */
function splitPort(entry: string): readonly [host: string, port: string | undefined] {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(entry)
  if (bracketed !== null) return [bracketed[1]!, bracketed[2]]
  const named = /^([^:]*):(\d+)$/.exec(entry)
  return named === null ? [entry, undefined] : [named[1]!, named[2]]
}

/** One address, or a block in the notation of RFC 4632 §3.1; `undefined` for a name, or no block. */
function networkOf(text: string): BlockList | undefined {
  const [address = '', prefix, more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined) return undefined
  const bits = version === 4 ? 32 : 128
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (!(length <= bits)) return undefined
  const network = new BlockList()
  network.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  return network
}
