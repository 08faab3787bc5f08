// Where a redirect leads, and what goes along (RFC 9110 §15.4). A redirect is an answer of somebody who may not be trusted
// with more than the request that he got.

import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { type HeaderList, type OpeningResponse, oneValue, type RefusalCode } from '../handshake/index.ts'
import { type Address, isSameOrigin, readAddress } from './address.ts'
import { withoutHeaders } from './headers.ts'
import { withoutIdentity } from './tls-options.ts'

const STATUSES = new Set([301, 302, 303, 307, 308])

/** An address to go to, or why not. */
export type Redirect =
  | { readonly kind: 'follow'; readonly address: Address }
  | { readonly kind: 'refuse'; readonly code: RefusalCode }

/** The redirects of one attempt: how many more are followed, and where it has been. */
export class RedirectTrail {
  readonly #most: number
  readonly #visited: Address[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** What a response to a request to `from` means; `undefined` when it is no redirect, or none is followed at all. */
  read(from: Address, { status, headers }: OpeningResponse): Redirect | undefined {
    if (this.#most === 0 || !STATUSES.has(status)) return undefined
    this.#visited.push(from)
    const target = readLocation(from, oneValue(headers, 'Location'))
    if (typeof target === 'string') return { kind: 'refuse', code: target }
    if (from.secure && !target.secure) return { kind: 'refuse', code: 'REDIRECT_NOT_SECURE' }
    if (this.#visited.some(({ href }) => href === target.href)) return { kind: 'refuse', code: 'REDIRECT_LOOP' }
    if (this.#visited.length > this.#most) return { kind: 'refuse', code: 'TOO_MANY_REDIRECTS' }
    return { kind: 'follow', address: target }
  }
}

function readLocation(from: Address, location: string | undefined): Address | RefusalCode {
  const base = `${from.secure ? 'wss' : 'ws'}://${from.host}${from.target}`
  if (location === undefined || !URL.canParse(location, base)) return 'REDIRECT_LOCATION_INVALID'
  const url = new URL(location, base)
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) return 'REDIRECT_SCHEME_NOT_ALLOWED'
  // RFC 6455 §3; RFC 9110 §4.2.4: userinfo from an untrusted source is an error
  if (url.href.includes('#') || url.username !== '' || url.password !== '') return 'REDIRECT_LOCATION_INVALID'
  const { address } = readAddress(url)
  return from.socketPath === undefined ? address : onSocket(from, from.socketPath, address)
}

/** What is on the host that a request over a Unix socket named is on that socket; anything else is out in the network. */
function onSocket(from: Address, socketPath: string, address: Address): Address {
  const { target } = address
  if (!isSameOrigin({ ...from, socketPath: undefined }, address)) return address
  const href = `${from.href.slice(0, from.href.indexOf(':', from.href.indexOf(':') + 1))}:${target}`
  return { ...from, socketPath, target, href }
}

/** What one origin is told and another is not to know. */
const CREDENTIAL_HEADERS = ['Authorization', 'Cookie', 'Proxy-Authorization']

/** What a request is sent with, besides the handshake. */
export interface Luggage {
  readonly headers: HeaderList
  readonly tls: TlsOptions | undefined
}

/** What of it goes along to another origin. */
export function withoutCredentials({ headers, tls }: Luggage): Luggage {
  return { headers: withoutHeaders(headers, CREDENTIAL_HEADERS), tls: withoutIdentity(tls) }
}
