// Options of `node:tls` as a caller gives them: read once, and handed on whole or in part.

import { createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls'

/** A copy of our own. @throws TypeError for something that is no object of options. */
export function readTls(name: string, tls: TlsOptions | undefined): TlsOptions | undefined {
  if (tls === undefined) return undefined
  if (typeof tls !== 'object' || tls === null) throw new TypeError(`${name} is not an object of options`)
  return { ...tls }
}

/** A copy of the options that lacks some. */
export function without(tls: TlsOptions | undefined, names: readonly string[]): TlsOptions {
  return Object.fromEntries(Object.entries(tls ?? {}).filter(([name]) => !names.includes(name)))
}

/** What one origin was shown, or is known by, and another is not to be offered. */
const IDENTITY_OPTIONS = [
  'cert',
  'clientCertEngine',
  'key',
  'passphrase',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'secureContext',
  'servername',
  'session',
] as const satisfies readonly (keyof TlsOptions)[]

/** A copy for another origin than the one that the options were given for. */
export function withoutIdentity(tls: TlsOptions | undefined): TlsOptions {
  return without(tls, IDENTITY_OPTIONS)
}

/** TLS options with a context made of them, so that what is wrong with a key is found before anything is sent. */
export function withSecureContext(tls: TlsOptions | undefined): TlsOptions | undefined {
  return tls === undefined || tls.secureContext !== undefined
    ? tls
    : { ...tls, secureContext: createSecureContext(tls) }
}
