// One opening request over one stream, by `node:http`, and everything that can come instead of an answer. What goes into
// the request and what the answer means is decided in `handshake/`.

import { type IncomingMessage, request as sendRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { DEFAULT_HEAD_LIMITS } from '../codec/index.ts'
import {
  type ClientDecision,
  type ClientRequest,
  HandshakeError,
  MAX_INTERIM_RESPONSES,
  type OpeningResponse,
  type RefusalCode,
  readResponse,
} from '../handshake/index.ts'
import { SocketStream } from '../transport/node/index.ts'
import { type Address, unreachable } from './address.ts'
import { isTimeout, stage } from './ending.ts'
import type { Redirect } from './redirect.ts'
import { headOf, readBody } from './response.ts'
import { lostError } from './sockets.ts'

/** What came of a request that was not refused. */
export type Outcome =
  | {
      readonly kind: 'open'
      readonly decision: ClientDecision & { readonly kind: 'accept' }
      readonly stream: SocketStream
      readonly leftover: Uint8Array
    }
  | { readonly kind: 'redirect'; readonly address: Address }

/**
 * Sends the request and reads the answer. The stream is taken over: whatever the outcome but `open`, it is destroyed.
 *
 * @param readRedirect what a response that is no upgrade means, if it is a redirect that is not just refused.
 */
export function attempt(
  stream: Duplex,
  address: Address,
  request: ClientRequest,
  signal: AbortSignal,
  readRedirect: (response: OpeningResponse) => Redirect | undefined,
): Promise<Outcome> {
  return stage(signal, (resolve, reject) => {
    const http = sendRequest({
      method: request.method,
      path: request.target,
      headers: request.headers.flat(),
      setHost: false,
      createConnection: () => stream,
      maxHeaderSize: DEFAULT_HEAD_LIMITS.maxHeadBytes,
    })
    http.maxHeadersCount = 0 // Node would drop what is above without a word
    const leave = (): void => {
      http.destroy()
      stream.destroy()
    }
    const fail = (error: unknown): void => {
      reject(error)
      leave()
    }
    let giveUp = fail
    let handleError = (cause: Error): void => fail(explain(cause, address))

    const handleUpgrade = (response: IncomingMessage, leftover: Uint8Array): void => {
      const decision = read(request, headOf(response))
      if (decision.kind === 'reject') fail(decision.error)
      else resolve({ kind: 'open', decision, stream: new SocketStream(stream), leftover })
    }

    const handleResponse = (response: IncomingMessage): void => {
      const head = headOf(response)
      const redirect = readRedirect(head)
      if (redirect?.kind === 'follow') {
        resolve({ kind: 'redirect', address: redirect.address })
        leave()
        return
      }
      const end = readBody(response, (body) => fail(refusal(request, { ...head, body }, redirect?.code)))
      giveUp = (reason) => (isTimeout(reason) ? end() : fail(reason))
      handleError = end
    }

    let interimResponses = 0
    const handleInterim = (): void => {
      if (++interimResponses > MAX_INTERIM_RESPONSES) fail(new HandshakeError('TOO_MANY_INTERIM_RESPONSES'))
    }

    http.on('upgrade', (response, _socket, leftover) => handleUpgrade(response, leftover))
    http.on('response', handleResponse)
    http.on('information', handleInterim)
    http.on('error', (cause) => handleError(cause))
    http.end()
    if (stream.destroyed) fail(unreachable(address, lostError(stream)))
    return (reason) => giveUp(reason)
  })
}

function read(request: ClientRequest, response: OpeningResponse): ClientDecision {
  if (response.headers.length > DEFAULT_HEAD_LIMITS.maxHeaderCount) {
    return { kind: 'reject', error: new HandshakeError('TOO_MANY_HEADERS') }
  }
  return readResponse(request, response)
}

function refusal(request: ClientRequest, response: OpeningResponse, code: RefusalCode | undefined): HandshakeError {
  const decision = read(request, response)
  // A 101 with blanks that Node's parser does not know how to read is none to it, and its frames are lost.
  if (decision.kind === 'accept') return new HandshakeError('CONNECTION_NOT_CONFIRMED')
  const refused = decision.error.response
  return code === undefined || refused === undefined ? decision.error : new HandshakeError(code, { response: refused })
}

function explain(cause: Error & { code?: string }, address: Address): Error {
  if (cause.code === 'HPE_HEADER_OVERFLOW') return new HandshakeError('HEAD_TOO_LONG', { cause })
  if (cause.code?.startsWith('HPE_') === true) return new HandshakeError('HEAD_MALFORMED', { cause })
  // What a server thinks of our certificate it may say only after our side of the TLS handshake is through (RFC 8446 §4.4.2.4).
  if (cause.code?.startsWith('ERR_SSL_') === true) return unreachable(address, cause)
  return new HandshakeError('ENDED_IN_HANDSHAKE', { cause })
}
