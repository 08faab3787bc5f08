// The server's side of the opening handshake on header lists (RFC 6455 §4.2): a request in, a decision out. It writes
// nothing: whoever has the transport says what was decided. A request of any content makes it decide, never throw.

import { formatExtensionList, isSameIgnoringCase } from '../codec/http-list.ts'
import { DEFAULT_HEAD_LIMITS, isAtLeastHttp11, isRequestTarget } from '../codec/http1-head.ts'
import { checkNames, readLimit } from '../codec/options.ts'
import type { AgreedExtension, Extension } from '../extension/index.ts'
import { answerOffers, parseExtensions, readExtensions } from './extension-negotiation.ts'
import { HandshakeError, REFUSALS, type RefusalCode } from './handshake-error.ts'
import { allValues, type HeaderList, hasToken, oneValue, readExtraHeaders } from './header-list.ts'
import { acceptValue, isKey } from './key.ts'
import { isSameOrigin, parseAuthority, parseOrigin } from './origin.ts'
import { statusTextOf } from './status-text.ts'
import { chooseSubprotocol, parseSubprotocolOffer, readSubprotocols } from './subprotocol.ts'

/** A request that may open a connection, from whatever HTTP stack read it. */
export interface OpeningRequest {
  /** `GET`, if it is to open a connection (RFC 6455 §4.1). */
  readonly method: string
  /** The request target, as it was sent: a path with its query, or an `http(s)` URI (RFC 9112 §3.2). */
  readonly target: string
  /** `1.1` of `HTTP/1.1`. */
  readonly httpVersion: string
  /** Fields in their order, none joined: what is repeated must be seen to be. */
  readonly headers: HeaderList
  /** Whether the client came by TLS: its own origin is then an `https` one. Default `false`. */
  readonly secure?: boolean | undefined
}

/** What a server accepts and with what. */
export interface ServerPolicy {
  /**
   * The subprotocols it speaks, of which the client's most preferred is chosen; or a function that chooses from what
   * was offered. Default: none. A connection without a common subprotocol opens without one.
   */
  readonly subprotocols?:
    | readonly string[]
    | ((offered: readonly string[], request: OpeningRequest) => string | undefined)
    | undefined
  /** The extensions it knows. Default: none. */
  readonly extensions?: readonly Extension[] | undefined
  /**
   * Which pages may connect (RFC 6455 §10.2). `same`, the default: those of the host that the request names. A list:
   * those origins, `null` among them if it is listed. Both let a request without an origin pass, as it comes from no
   * browser. A function must return exactly `true`; it is asked without an origin, too.
   */
  readonly origin?:
    | 'same'
    | 'any'
    | readonly string[]
    | ((origin: string | undefined, request: OpeningRequest) => boolean)
    | undefined
  /** Further headers of the accepting response. */
  readonly headers?: HeaderList | undefined
  /** Most header fields in a request; more is answered with 431. Default 100. */
  readonly maxHeaderCount?: number | undefined
}

/** The request opens a connection once this response is sent. */
export interface UpgradeAcceptance {
  readonly kind: 'accept'
  readonly status: 101
  readonly statusText: string
  /** All headers of the response, the policy's own among them. */
  readonly headers: HeaderList
  /** What the handshake agreed on, for the session; `undefined` for none. */
  readonly subprotocol: string | undefined
  /** What the handshake agreed on, for the session, in order. */
  readonly extensions: readonly AgreedExtension[]
}

/** The request is answered with this, and with whatever body the transport likes; the byte stream ends after it. */
export interface UpgradeRejection {
  readonly kind: 'reject'
  readonly status: number
  readonly statusText: string
  /** All headers of the response but those of a body. */
  readonly headers: HeaderList
  /** Why, for the application; its `code` names the rule. */
  readonly error: HandshakeError
}

/** What became of a request. */
export type ServerDecision = UpgradeAcceptance | UpgradeRejection

/**
 * Whether the request opens a connection under the policy (RFC 6455 §4.2.1), and the response that says so (§4.2.2).
 * What is malformed is refused before what is not allowed.
 *
 * @throws TypeError, RangeError for a policy that no request could be decided by, and whatever its functions throw.
 * @throws HandshakeError `SUBPROTOCOL_NOT_OFFERED` when the policy chooses a subprotocol that the client did not offer.
 */
export function decideUpgrade(request: OpeningRequest, policy: ServerPolicy = {}): ServerDecision {
  const { supported, extraHeaders, extensions, maxHeaderCount } = readPolicy(policy)
  const { headers } = request
  if (headers.length > maxHeaderCount) return rejectUpgrade('TOO_MANY_HEADERS')
  const violation = findViolation(request)
  if (violation !== undefined) return rejectUpgrade(violation)

  const key = oneValue(headers, 'Sec-WebSocket-Key')
  if (key === undefined || !isKey(key)) return rejectUpgrade('KEY_INVALID')
  const offered = parseSubprotocolOffer(headers)
  if (offered === undefined) return rejectUpgrade('SUBPROTOCOL_OFFER_INVALID')
  const extensionOffers = parseExtensions(headers)
  if (extensionOffers === undefined) return rejectUpgrade('EXTENSION_OFFER_INVALID')
  const origins = allValues(headers, 'Origin')
  if (origins.length > 1 || /[, ]/.test(origins.join())) return rejectUpgrade('ORIGIN_INVALID')
  if (!isOriginAllowed(origins[0], request, policy.origin ?? 'same')) return rejectUpgrade('ORIGIN_NOT_ALLOWED')

  const subprotocol =
    typeof supported === 'function' ? supported(offered, request) : chooseSubprotocol(offered, supported)
  if (subprotocol !== undefined && !offered.includes(subprotocol)) throw new HandshakeError('SUBPROTOCOL_NOT_OFFERED')
  return accept(key, subprotocol, answerOffers(extensionOffers, extensions), extraHeaders)
}

/** The decision to refuse for a reason of the table, for transports, too: a timeout, a server that is closing. */
export function rejectUpgrade(code: RefusalCode, cause?: unknown): UpgradeRejection {
  const { status = 400, headers = [] } = REFUSALS[code]
  return {
    kind: 'reject',
    status,
    statusText: statusTextOf(status),
    headers: [['Connection', 'close'], ...headers],
    error: new HandshakeError(code, { status, ...(cause === undefined ? {} : { cause }) }),
  }
}

/** @throws TypeError, RangeError for a policy that no request could be decided by, or a name that no policy has. */
export function checkPolicy(policy: ServerPolicy): void {
  readPolicy(policy)
}

const POLICY_NAMES = [
  'subprotocols',
  'extensions',
  'origin',
  'headers',
  'maxHeaderCount',
] as const satisfies readonly (keyof ServerPolicy)[]

function readPolicy(policy: ServerPolicy) {
  checkNames('policy', policy, POLICY_NAMES)
  const { subprotocols, extensions, origin, headers } = policy
  const { maxHeaderCount = DEFAULT_HEAD_LIMITS.maxHeaderCount } = policy
  if (Array.isArray(origin)) {
    const wrong = origin.findIndex((entry) => typeof entry !== 'string' || (entry !== 'null' && !parseOrigin(entry)))
    if (wrong !== -1) {
      const what = 'is not an origin: scheme, host and port, with no slash behind them'
      throw new TypeError(`Cannot use the policy: origin[${wrong}] ${what}`)
    }
  } else if (origin !== undefined && origin !== 'same' && origin !== 'any' && typeof origin !== 'function') {
    throw new TypeError('Cannot use the policy: origin is not same, any, a list or a function')
  }
  return {
    supported: typeof subprotocols === 'function' ? subprotocols : readSubprotocols(subprotocols),
    extensions: readExtensions(extensions),
    extraHeaders: readExtraHeaders(headers),
    maxHeaderCount: readLimit('maxHeaderCount', maxHeaderCount, 0),
  }
}

/** What makes the request none that opens a connection (RFC 6455 §4.2.1), apart from what is kept of it. */
function findViolation({ method, target, httpVersion, headers }: OpeningRequest): RefusalCode | undefined {
  if (method !== 'GET') return 'METHOD_NOT_GET'
  if (!isAtLeastHttp11(httpVersion)) return 'HTTP_VERSION_NOT_SUPPORTED'
  const host = oneValue(headers, 'Host')
  if (host === undefined || parseAuthority(host) === undefined) return 'HOST_INVALID'
  if (!isTargetOf(host, target)) return 'TARGET_INVALID'
  if (hasBody(headers)) return 'BODY_NOT_ALLOWED'

  if (allValues(headers, 'Upgrade').length === 0) return 'UPGRADE_MISSING'
  if (!isSameIgnoringCase(oneValue(headers, 'Upgrade') ?? '', 'websocket')) return 'UPGRADE_INVALID'
  if (!hasToken(headers, 'Connection', 'upgrade')) return 'CONNECTION_INVALID'

  const version = oneValue(headers, 'Sec-WebSocket-Version')
  if (version === undefined || !isVersion(version)) return 'VERSION_INVALID'
  return version === '13' ? undefined : 'VERSION_NOT_SUPPORTED'
}

/** `version` of RFC 6455 §4.3: one to three digits, "Limited to 0-255 range, with no leading zeros". */
function isVersion(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= 255
}

/** A path, or an `http(s)` URI of the same host (RFC 6455 §4.1, item 2 of the handshake). It is looked at, never followed. */
function isTargetOf(host: string, target: string): boolean {
  if (!isRequestTarget(target) || target.includes('#')) return false
  if (target.startsWith('/')) return true
  const pathStart = target.indexOf('/', target.indexOf('://') + 3)
  const origin = parseOrigin(pathStart === -1 ? target : target.slice(0, pathStart))
  if (origin === undefined || (origin.scheme !== 'http' && origin.scheme !== 'https')) return false
  return isSameOrigin(origin, { scheme: origin.scheme, ...parseAuthority(host)! })
}

/** `Content-Length: 0` announces nothing; everything else may, or leaves in doubt where frames begin. */
function hasBody(headers: HeaderList): boolean {
  return (
    allValues(headers, 'Transfer-Encoding').length > 0 ||
    allValues(headers, 'Content-Length').some((value) => value !== '0')
  )
}

function isOriginAllowed(
  origin: string | undefined,
  request: OpeningRequest,
  policy: NonNullable<ServerPolicy['origin']>,
): boolean {
  if (typeof policy === 'function') return policy(origin, request) === true
  if (policy === 'any' || origin === undefined) return true
  if (origin === 'null') return policy !== 'same' && policy.includes('null')
  const allowed = policy === 'same' ? [ownOrigin(request)] : policy.map(parseOrigin)
  const parsed = parseOrigin(origin)
  return parsed !== undefined && allowed.some((other) => other !== undefined && isSameOrigin(parsed, other))
}

/** The origin that a page has when it came from where the request goes to. */
function ownOrigin({ headers, secure }: OpeningRequest) {
  return { scheme: secure === true ? 'https' : 'http', ...parseAuthority(oneValue(headers, 'Host')!)! }
}

function accept(
  key: string,
  subprotocol: string | undefined,
  extensions: readonly AgreedExtension[],
  extraHeaders: HeaderList,
): UpgradeAcceptance {
  const headers: [string, string][] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptValue(key)],
  ]
  if (subprotocol !== undefined) headers.push(['Sec-WebSocket-Protocol', subprotocol])
  if (extensions.length > 0) headers.push(['Sec-WebSocket-Extensions', formatExtensionList(extensions)])
  return {
    kind: 'accept',
    status: 101,
    statusText: 'Switching Protocols',
    headers: [...headers, ...extraHeaders],
    subprotocol,
    extensions,
  }
}
