// What a new attempt may mend, by default. An error that it cannot mend has to reach the application instead of being
// tried again for ever; what is only a matter of time has not.

import { CloseCode, TransportError, WebSocketError } from '../codec/index.ts'
import { HandshakeError, type RefusalCode } from '../handshake/index.ts'
import type { CloseInfo } from '../session/index.ts'

/** What a server that may answer otherwise the next time answers with, besides everything from 500 up. */
const TRANSIENT_STATUSES = [
  408, // Request Timeout (RFC 9110 §15.5.9)
  425, // Too Early (RFC 8470 §5.2)
  429, // Too Many Requests (RFC 6585 §4)
]

/** Failures without a response that are a matter of the network or the moment. */
const TRANSIENT_REFUSALS: readonly RefusalCode[] = ['HANDSHAKE_TIMEOUT', 'ENDED_IN_HANDSHAKE']

/** What Node calls the reasons why a certificate is not accepted (`node:tls`, "X509 certificate error codes"). */
const CERTIFICATE_CODES = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CRL_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_CERT_ALTNAME_FORMAT',
])

/**
 * Whether another attempt may succeed where one failed with this error: yes when the server could not be reached or
 * did not answer, and when it refused for the moment; no for a certificate that is not accepted, any other refusal, and
 * everything that is no error of a network.
 */
export function isTransientError(error: unknown): boolean {
  if (error instanceof TransportError) return !CERTIFICATE_CODES.has(error.cause?.code ?? '')
  if (!(error instanceof HandshakeError)) return false
  const { status } = error
  if (status === undefined) return TRANSIENT_REFUSALS.includes(error.code)
  return status >= 500 || TRANSIENT_STATUSES.includes(status)
}

/** Close codes that say that the two sides do not agree; they will not the next time either (RFC 6455 §7.4.1). */
const FINAL_CLOSE_CODES: readonly number[] = [
  CloseCode.protocolError,
  CloseCode.unsupportedData,
  CloseCode.invalidPayload,
  CloseCode.policyViolation,
  CloseCode.messageTooBig,
  CloseCode.mandatoryExtension,
]

/** What follows from the end of a connection: another one, the end of the iteration, or its failure. */
export type AfterClose = 'reconnect' | 'end' | WebSocketError

/**
 * What follows by default. The peer's 1000 is the end; what this side closed or aborted itself is followed by another
 * connection, as that is what the loop asks for.
 */
export function afterClose({ code, error, initiator }: CloseInfo): AfterClose {
  if (error !== undefined) {
    // 1008 is also the code of a network that stood still in the middle of a frame.
    const isFinal = FINAL_CLOSE_CODES.includes(error.closeCode ?? code) && error.code !== 'FRAME_TIMEOUT'
    return isFinal ? error : 'reconnect'
  }
  if (initiator === 'local') return 'reconnect'
  if (code === CloseCode.normalClosure) return 'end'
  if (!FINAL_CLOSE_CODES.includes(code)) return 'reconnect'
  const text = `Peer closed with ${code}, which a new connection does not mend: shouldReconnect may decide otherwise`
  return new WebSocketError('NOT_RECONNECTED', text, { closeCode: code, phase: 'closing' })
}
