// The errors for what cannot be reached. Why is said in words of our own: what the platform says may quote a certificate, or
// whatever a function of the caller met; that is in the cause.

import { TransportError } from '../codec/index.ts'

const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection reset'],
  ['ENOTFOUND', 'host not found'],
  ['EAI_AGAIN', 'no answer about the name of the host'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['ETIMEDOUT', 'no answer'],
  ['EACCES', 'permission denied'],
  ['ENOENT', 'no such file'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in the chain'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'certificate of an unknown issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate of an unknown issuer'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate of an unknown issuer'],
  ['CERT_HAS_EXPIRED', 'certificate has expired'],
  ['CERT_NOT_YET_VALID', 'certificate is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate of another host'],
])

/** The error for something that cannot be reached. @param what Such as `the proxy a.example:80`. */
export function reachError(what: string, cause: unknown): TransportError {
  const code: unknown = (cause as { code?: unknown } | null | undefined)?.code
  const words = typeof code === 'string' ? (WORDS.get(code) ?? (/^[A-Z][A-Z0-9_]*$/.test(code) ? code : '')) : ''
  const why = words === '' ? '' : ` (${words})`
  return new TransportError('CONNECT_FAILED', `Cannot connect to ${what}${why}`, { phase: 'opening', cause })
}
