// Options of servers and clients that are looked for under another name, or one floor too high: what the error says of them.

import { DEFAULT_SEND_LIMITS } from '../../connection/index.ts'
import { DEFAULT_KEEPALIVE, DEFAULT_LIMITS } from '../../session/index.ts'

const TLS_NAMES = [
  'ca',
  'cert',
  'checkServerIdentity',
  'ciphers',
  'key',
  'minVersion',
  'passphrase',
  'pfx',
  'rejectUnauthorized',
  'servername',
]

/** Names, and where each is to be found: those of inner options, and those of the package `ws`. */
export const OPTION_HINTS: Readonly<Record<string, string>> = {
  ...within('limits', [...Object.keys(DEFAULT_LIMITS.server), ...Object.keys(DEFAULT_SEND_LIMITS)]),
  ...within('keepalive', Object.keys(DEFAULT_KEEPALIVE)),
  ...within('tls', TLS_NAMES),
  closeTimeout: 'it is limits.closeTimeoutMs',
  handshakeTimeout: 'it is handshakeTimeoutMs',
  maxPayload: 'it is limits.maxMessageBytes',
  perMessageDeflate: 'it is deflate',
  protocol: 'it is subprotocols',
  protocols: 'it is subprotocols',
}

function within(option: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `it is ${option}.${name}`]))
}
