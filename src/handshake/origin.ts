// Hosts and origins as what they consist of, so that they are compared part by part and never as text: a `Host` field
// (RFC 9110 §7.2, RFC 3986 §3.2) and an `Origin` (RFC 6454 §4, §6). What cannot be taken apart equals nothing.

import { isSameIgnoringCase } from '../codec/http-list.ts'

/** Where a request goes: `uri-host [ ":" port ]`. */
export interface Authority {
  readonly host: string
  /** `undefined` when it is left to the scheme. */
  readonly port: number | undefined
}

/** Where a page comes from (RFC 6454 §4). */
export interface Origin extends Authority {
  readonly scheme: string
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
])

// RFC 3986 §3.2.2, `reg-name`, without the comma: it is where a proxy joined two `Host` fields.
const HOST_CHARS = "-._~!$&'()*+;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const SCHEME_CHARS = '+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const HEX_DIGITS = '0123456789ABCDEFabcdef'
const DIGITS = '0123456789'

/** The parts of a `Host` field; `undefined` when it is empty or malformed. */
export function parseAuthority(text: string): Authority | undefined {
  const hostEnd = text.startsWith('[') ? text.indexOf(']') + 1 : indexOrEnd(text, ':')
  const host = text.slice(0, hostEnd)
  if (!isHost(host)) return undefined
  if (hostEnd === text.length) return { host, port: undefined }
  return text[hostEnd] === ':' ? parsePort(host, text.slice(hostEnd + 1)) : undefined
}

/** The port may be left empty (RFC 3986 §3.2.3). Five digits hold every port. */
function parsePort(host: string, text: string): Authority | undefined {
  if (text.length > 5 || !hasOnly(text, DIGITS)) return undefined
  const port = text === '' ? undefined : Number(text)
  return port !== undefined && port > 65_535 ? undefined : { host, port }
}

function isHost(text: string): boolean {
  if (text.startsWith('[')) return text.length > '[]'.length && hasOnly(text.slice(1, -1), `${HEX_DIGITS}:.`)
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '%' && i + 2 < text.length && hasOnly(text.slice(i + 1, i + 3), HEX_DIGITS)) continue
    if (!HOST_CHARS.includes(text[i]!)) return false
  }
  return text !== ''
}

/** The parts of `scheme://host[:port]`; `undefined` for anything else, such as `null`. */
export function parseOrigin(text: string): Origin | undefined {
  const schemeEnd = text.indexOf('://')
  const scheme = text.slice(0, Math.max(schemeEnd, 0))
  if (scheme === '' || !hasOnly(scheme, SCHEME_CHARS)) return undefined
  const authority = parseAuthority(text.slice(schemeEnd + '://'.length))
  return authority && { scheme: scheme.toLowerCase(), ...authority }
}

/** Same scheme, host and port (RFC 6454 §5), a port left out being that of the scheme. */
export function isSameOrigin(a: Origin, b: Origin): boolean {
  return a.scheme === b.scheme && isSameIgnoringCase(a.host, b.host) && portOf(a) === portOf(b)
}

function portOf({ scheme, port }: Origin): number | undefined {
  return port ?? DEFAULT_PORTS.get(scheme)
}

function indexOrEnd(text: string, char: string): number {
  const index = text.indexOf(char)
  return index === -1 ? text.length : index
}

function hasOnly(text: string, chars: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!chars.includes(text[i]!)) return false
  }
  return true
}
