// The opening handshake in literal bytes, as a raw peer sends it.

import { lines } from './http.ts'

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
/** The accept value that belongs to the key (RFC 6455 §1.3). */
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** A request that opens a connection; lines may be replaced, by the name of the field, or taken away with `undefined`. */
export function upgradeRequest(changes: Readonly<Record<string, string | undefined>> = {}, ...more: string[]): string {
  const fields: Record<string, string | undefined> = {
    line: 'GET / HTTP/1.1',
    Host: 'Host: 127.0.0.1',
    Upgrade: 'Upgrade: websocket',
    Connection: 'Connection: Upgrade',
    Version: 'Sec-WebSocket-Version: 13',
    Key: `Sec-WebSocket-Key: ${KEY}`,
    ...changes,
  }
  const own = Object.values(fields).filter((line) => line !== undefined)
  return `${lines(...own, ...more)}\r\n`
}

/** The response that opens a connection, with the accept value of whatever key the request has. */
export const ACCEPTED = lines(
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Accept: ${ACCEPT}`,
)
