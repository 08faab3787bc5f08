// Everything that makes an opening handshake fail, one row each: what a server answers it with, the rule, and the
// sentence for the application. Checks name the row; what follows from it is written here and nowhere else.

import { WebSocketError } from '../codec/web-socket-error.ts'
import type { HeaderList } from './header-list.ts'
import { statusTextOf } from './status-text.ts'

/** What the failure is about, for faces that know fewer kinds than there are rows. */
export type RefusalSubject = 'format' | 'version' | 'subprotocol' | 'extensions'

export interface Refusal {
  readonly subject: RefusalSubject
  /** Document and section. */
  readonly rule: string
  readonly text: string
  /** The status that a server refuses with; absent where there is nobody to tell, or only the client finds it. */
  readonly status?: number
  /** Header fields that belong to that status. */
  readonly headers?: HeaderList
}

const VERSION_13: HeaderList = [
  ['Sec-WebSocket-Version', '13'],
  ['Upgrade', 'websocket'], // what 426 must name (RFC 9110 §15.5.22)
]

const ROWS = {
  // The head itself, in either direction
  HEAD_MALFORMED: {
    subject: 'format',
    rule: 'RFC 9112 §2.2',
    text: 'HTTP head does not match the grammar',
    status: 400,
  },
  REQUEST_LINE_TOO_LONG: {
    subject: 'format',
    rule: 'RFC 9112 §3',
    text: 'Request line is longer than maxRequestLineBytes',
    status: 414,
  },
  HEAD_TOO_LONG: { subject: 'format', rule: 'RFC 6585 §5', text: 'HTTP head is longer than maxHeadBytes', status: 431 },
  TOO_MANY_HEADERS: {
    subject: 'format',
    rule: 'RFC 6585 §5',
    text: 'HTTP head has more than maxHeaderCount header fields',
    status: 431,
  },
  HTTP_VERSION_NOT_SUPPORTED: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'HTTP version is not 1.1',
    status: 400,
  },

  // What a server finds in a request
  METHOD_NOT_GET: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Method is not GET',
    status: 405,
    headers: [['Allow', 'GET']],
  },
  TARGET_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Request target is neither a path nor an http URI of this host',
    status: 400,
  },
  HOST_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §4.2.1',
    text: 'Host is missing, repeated or malformed',
    status: 400,
  },
  BODY_NOT_ALLOWED: { subject: 'format', rule: 'RFC 6455 §4.1', text: 'Request announces a body', status: 400 },
  UPGRADE_MISSING: {
    subject: 'format',
    rule: 'RFC 6455 §4.2.1',
    text: 'Request does not ask for an upgrade',
    status: 426,
    headers: [['Upgrade', 'websocket']],
  },
  UPGRADE_INVALID: { subject: 'format', rule: 'RFC 6455 §4.2.1', text: 'Upgrade is not websocket', status: 400 },
  CONNECTION_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §4.2.1',
    text: 'Connection does not have the token upgrade',
    status: 400,
  },
  VERSION_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §4.2.1',
    text: 'Sec-WebSocket-Version is missing, repeated or not a number',
    status: 400,
  },
  VERSION_NOT_SUPPORTED: {
    subject: 'version',
    rule: 'RFC 6455 §4.4',
    text: 'Sec-WebSocket-Version is not 13',
    status: 426,
    headers: VERSION_13,
  },
  KEY_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §4.2.1',
    text: 'Sec-WebSocket-Key is missing, repeated or not 16 bytes in base64',
    status: 400,
  },
  SUBPROTOCOL_OFFER_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §4.3',
    text: 'Sec-WebSocket-Protocol is not a list of different tokens',
    status: 400,
  },
  EXTENSION_OFFER_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §9.1',
    text: 'Sec-WebSocket-Extensions does not match the grammar',
    status: 400,
  },
  ORIGIN_INVALID: { subject: 'format', rule: 'RFC 6454 §7.3', text: 'Origin is repeated or a list', status: 400 },
  ORIGIN_NOT_ALLOWED: {
    subject: 'format',
    rule: 'RFC 6455 §10.2',
    text: 'Origin is not one that the policy allows',
    status: 403,
  },
  EARLY_BYTES_TOO_MANY: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Client sent more than maxEarlyBytes before it was answered',
    status: 400,
  },

  // What a server decides for reasons of its own
  REFUSED_BY_APPLICATION: { subject: 'format', rule: 'RFC 6455 §4.2.2', text: 'Application refused the request' },
  POLICY_FAILED: {
    subject: 'format',
    rule: 'RFC 6455 §4.2.2',
    text: 'Policy could not be applied to the request',
    status: 500,
  },
  SERVER_CLOSING: { subject: 'format', rule: 'RFC 6455 §4.2.2', text: 'Server is closing', status: 503 },
  TOO_MANY_HANDSHAKES: {
    subject: 'format',
    rule: 'RFC 6455 §10.4',
    text: 'Too many requests wait for a decision',
    status: 503,
  },

  // What a client finds in a response
  STATUS_NOT_101: { subject: 'format', rule: 'RFC 6455 §4.1', text: 'Server did not switch protocols' },
  UPGRADE_NOT_CONFIRMED: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Response does not have Upgrade: websocket once',
  },
  CONNECTION_NOT_CONFIRMED: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Response does not have the token upgrade in Connection',
  },
  ACCEPT_NOT_CONFIRMED: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Sec-WebSocket-Accept is missing, repeated or not the answer to the key',
  },
  SUBPROTOCOL_REPEATED: { subject: 'format', rule: 'RFC 6455 §11.3.4', text: 'Response has more than one subprotocol' },
  SUBPROTOCOL_NOT_OFFERED: {
    subject: 'subprotocol',
    rule: 'RFC 6455 §4.1',
    text: 'Chosen subprotocol was not offered',
  },
  EXTENSION_ANSWER_INVALID: {
    subject: 'format',
    rule: 'RFC 6455 §9.1',
    text: 'Sec-WebSocket-Extensions of the response does not match the grammar',
  },
  EXTENSION_NOT_OFFERED: {
    subject: 'extensions',
    rule: 'RFC 6455 §4.1',
    text: 'Response has an extension that was not offered',
  },
  EXTENSION_REPEATED: { subject: 'extensions', rule: 'RFC 6455 §9.1', text: 'Response has an extension twice' },
  EXTENSION_NOT_ACCEPTED: {
    subject: 'extensions',
    rule: 'RFC 6455 §9.1',
    text: 'Response has an extension with parameters that do not answer the offer',
  },
  EXTENSIONS_IN_CONFLICT: {
    subject: 'extensions',
    rule: 'RFC 6455 §9.1',
    text: 'Response has two extensions that claim the same reserved bit',
  },
  TOO_MANY_INTERIM_RESPONSES: {
    subject: 'format',
    rule: 'RFC 9110 §15.2',
    text: 'Server sent too many interim responses',
  },

  // What a client finds on the way: redirects and proxies
  REDIRECT_LOCATION_INVALID: {
    subject: 'format',
    rule: 'RFC 9110 §10.2.2',
    text: 'Location of the redirect is missing, repeated or malformed, or has credentials or a fragment',
  },
  REDIRECT_SCHEME_NOT_ALLOWED: {
    subject: 'format',
    rule: 'RFC 6455 §3',
    text: 'Redirect leads to a URL that is neither http nor ws',
  },
  REDIRECT_NOT_SECURE: { subject: 'format', rule: 'RFC 6455 §10.6', text: 'Redirect leads from TLS to plain text' },
  REDIRECT_LOOP: { subject: 'format', rule: 'RFC 9110 §15.4', text: 'Redirect leads back to where it has been' },
  TOO_MANY_REDIRECTS: {
    subject: 'format',
    rule: 'RFC 9110 §15.4',
    text: 'Server redirected more often than redirects says',
  },
  PROXY_REFUSED: { subject: 'format', rule: 'RFC 9110 §9.3.6', text: 'Proxy did not open a tunnel' },
  PROXY_ANSWER_INVALID: {
    subject: 'format',
    rule: 'RFC 9110 §9.3.6',
    text: 'Proxy did not answer the CONNECT request, or not in HTTP',
  },

  // What the byte stream or the clock ends, in either direction
  HANDSHAKE_TIMEOUT: {
    subject: 'format',
    rule: 'RFC 6455 §10.4',
    text: 'Opening handshake did not end within handshakeTimeoutMs',
    status: 408,
  },
  ENDED_IN_HANDSHAKE: {
    subject: 'format',
    rule: 'RFC 6455 §4.1',
    text: 'Byte stream ended before the opening handshake did',
  },
} as const satisfies Record<string, Refusal>

export type RefusalCode = keyof typeof ROWS

/** The refusals, by code. */
export const REFUSALS: Readonly<Record<RefusalCode, Refusal>> = ROWS

/** The response of a server that did not open the connection, as far as it was read. */
export interface RefusedResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
  readonly body: Uint8Array
}

/** What is known of a failed handshake beyond its row. */
export interface HandshakeErrorFacts {
  /** Server: the status that it was answered with. */
  readonly status?: number | undefined
  /** Client: the response that it was answered with. */
  readonly response?: RefusedResponse | undefined
  readonly cause?: unknown
}

/** The opening handshake failed; `code` names the row of the table. */
export class HandshakeError extends WebSocketError {
  declare readonly code: RefusalCode
  declare readonly rule: string
  /** The HTTP status of the refusal: sent by a server, received by a client; `undefined` when there was no response. */
  readonly status: number | undefined
  /** Client: the response, when there was one. */
  readonly response: RefusedResponse | undefined

  constructor(code: RefusalCode, facts: HandshakeErrorFacts = {}) {
    const { rule, text } = REFUSALS[code]
    super(code, `${text}${answerOf(facts.response)}`, {
      rule,
      phase: 'opening',
      ...('cause' in facts ? { cause: facts.cause } : {}),
    })
    this.status = facts.status ?? facts.response?.status
    this.response = facts.response
  }
}

/** What a server or proxy answered instead of opening a connection, for the message, in words of our own. */
function answerOf(response: RefusedResponse | undefined): string {
  if (response === undefined || response.status === 101) return ''
  return ` (${`${response.status} ${statusTextOf(response.status)}`.trimEnd()})`
}
