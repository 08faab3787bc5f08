// Saying no on a raw socket: one response, then the end, whatever else the peer sends (RFC 9112 §9.6).

import type { Duplex } from 'node:stream'
import { formatRefusal, type RefusalResponse } from '../../handshake/index.ts'

// Long enough for the response to arrive before the connection is cut, short enough not to be worth holding on to.
const LINGER_MS = 1_000

const refused = new WeakSet<Duplex>()

/**
 * Writes the response, ends the socket, and throws away what still arrives until the peer has ended too. Whoever wants
 * to refuse a socket that is refused already, for the next of its malformed bytes or because time is up, is too late.
 *
 * @returns whether the response was written.
 */
export function refuse(socket: Duplex, response: RefusalResponse): boolean {
  if (refused.has(socket) || socket.destroyed) return false
  refused.add(socket)
  socket.on('error', () => {}) // it is being closed already
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  const isAnswered = socket.writable
  if (isAnswered) socket.end(Buffer.concat(formatRefusal(response)))
  // An HTTP parser that went on reading would be told what is meant for nobody. On Deno it even spoils the parsing of other
  // connections.
  socket.removeAllListeners('data')
  socket.resume()
  return isAnswered
}
