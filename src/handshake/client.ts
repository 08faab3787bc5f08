// The client's side of the opening handshake on header lists (RFC 6455 §4.1): the request out, the response in, and
// what was agreed or why not. It sends and reads nothing itself.

import { formatExtensionList, isSameIgnoringCase } from '../codec/http-list.ts'
import { checkField, isRequestTarget } from '../codec/http1-head.ts'
import type { AgreedExtension, Extension } from '../extension/index.ts'
import { acceptAnswers, offersOf, parseExtensions, readExtensions } from './extension-negotiation.ts'
import { HandshakeError, type RefusalCode } from './handshake-error.ts'
import { allValues, type HeaderList, hasToken, oneValue, readExtraHeaders } from './header-list.ts'
import { acceptValue, drawKey, isSameSecret } from './key.ts'
import { parseAuthority } from './origin.ts'
import { readSubprotocols } from './subprotocol.ts'

export interface RequestOptions {
  /** What the `Host` field says: host, and port unless it is the default of the scheme. */
  readonly host: string
  /** Path and query of the resource. Default `/`. */
  readonly target?: string | undefined
  /** Subprotocols to offer, most preferred first. */
  readonly subprotocols?: readonly string[] | undefined
  /** Extensions to offer, most preferred first. */
  readonly extensions?: readonly Extension[] | undefined
  /** The `Origin` field; browsers must send one, other clients may (RFC 6455 §4.1). */
  readonly origin?: string | undefined
  /** Further headers, such as `Authorization` or `Cookie`. */
  readonly headers?: HeaderList | undefined
  /** Source of the key: cryptographically strong numbers from 0 to 2^32 - 1. */
  readonly randomUint32: () => number
}

/** An opening handshake as the client sent it, with what is needed to read the answer. */
export interface ClientRequest {
  readonly method: 'GET'
  readonly target: string
  readonly headers: HeaderList
  readonly key: string
  readonly subprotocols: readonly string[]
  /** The extensions that were offered. */
  readonly extensions: readonly Extension[]
}

/** A response as far as it was read. */
export interface OpeningResponse {
  readonly status: number
  readonly statusText?: string | undefined
  readonly headers: HeaderList
  readonly body?: Uint8Array | undefined
}

export type ClientDecision =
  | {
      readonly kind: 'accept'
      readonly subprotocol: string | undefined
      readonly extensions: readonly AgreedExtension[]
    }
  | { readonly kind: 'reject'; readonly error: HandshakeError }

/**
 * The request that opens a connection.
 *
 * @throws TypeError for anything in the options that may not be sent: nothing of it would be.
 */
export function createRequest(options: RequestOptions): ClientRequest {
  const { host, target = '/', origin } = options
  if (parseAuthority(host) === undefined) throw new TypeError('Cannot make the request: host is not a host and port')
  if (!isRequestTarget(target) || !target.startsWith('/') || target.includes('#')) {
    throw new TypeError('Cannot make the request: target is not a path and query')
  }
  if (origin !== undefined) checkField('Origin', origin)
  const subprotocols = readSubprotocols(options.subprotocols)
  const known = readExtensions(options.extensions)
  const offers = offersOf(known)
  const extensions = known.filter(({ name }) => offers.some((offer) => offer.name === name))
  const extraHeaders = readExtraHeaders(options.headers, ['Host', 'Origin'])
  const key = drawKey(options.randomUint32)

  const headers: [string, string][] = [
    ['Host', host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', key],
  ]
  if (subprotocols.length > 0) headers.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')])
  if (offers.length > 0) headers.push(['Sec-WebSocket-Extensions', formatExtensionList(offers)])
  if (origin !== undefined) headers.push(['Origin', origin])
  return { method: 'GET', target, headers: [...headers, ...extraHeaders], key, subprotocols, extensions }
}

/** What a response means (RFC 6455 §4.1, the numbered list after "Once the client's opening handshake has been sent"). */
export function readResponse(request: ClientRequest, response: OpeningResponse): ClientDecision {
  const { status, headers } = response
  if (status !== 101) return reject('STATUS_NOT_101', response)
  if (!isSameIgnoringCase(oneValue(headers, 'Upgrade') ?? '', 'websocket'))
    return reject('UPGRADE_NOT_CONFIRMED', response)
  if (!hasToken(headers, 'Connection', 'upgrade')) return reject('CONNECTION_NOT_CONFIRMED', response)
  if (!isSameSecret(oneValue(headers, 'Sec-WebSocket-Accept') ?? '', acceptValue(request.key))) {
    return reject('ACCEPT_NOT_CONFIRMED', response)
  }

  const subprotocols = allValues(headers, 'Sec-WebSocket-Protocol')
  if (subprotocols.length > 1 || subprotocols[0]?.includes(',')) return reject('SUBPROTOCOL_REPEATED', response)
  const subprotocol = subprotocols[0]
  if (subprotocol !== undefined && !request.subprotocols.includes(subprotocol)) {
    return reject('SUBPROTOCOL_NOT_OFFERED', response)
  }

  const answers = parseExtensions(headers)
  if (answers === undefined) return reject('EXTENSION_ANSWER_INVALID', response)
  const extensions = acceptAnswers(answers, request.extensions)
  if (typeof extensions === 'string') return reject(extensions, response)
  return { kind: 'accept', subprotocol, extensions }
}

function reject(code: RefusalCode, response: OpeningResponse): ClientDecision {
  const { status, statusText = '', headers, body = new Uint8Array() } = response
  return { kind: 'reject', error: new HandshakeError(code, { response: { status, statusText, headers, body } }) }
}
