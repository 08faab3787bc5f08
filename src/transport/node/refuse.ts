// Saying no on a raw socket: one response, then the end, whatever else the peer sends (RFC 9112 §9.6).

import type { Socket } from 'node:net'
import { encodeText, formatResponseHead } from '../../codec/index.ts'
import type { HeaderList } from '../../handshake/index.ts'

/** What a refused handshake is answered with. */
export interface RefusalResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
  readonly body?: Uint8Array | undefined
}

// Long enough for the response to arrive before the connection is cut, short enough not to be worth holding on to.
const LINGER_MS = 1_000

const refused = new WeakSet<Socket>()

/**
 * Writes the response, ends the socket, and throws away what still arrives until the peer has ended too. Whoever wants
 * to refuse a socket that is refused already, for the next of its malformed bytes or because time is up, is too late.
 */
export function refuse(socket: Socket, response: RefusalResponse): void {
  if (refused.has(socket) || socket.destroyed) return
  refused.add(socket)
  socket.on('error', () => {}) // it is being closed already
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  if (socket.writable) socket.end(responseBytes(response))
  // An HTTP parser that went on reading would be told what is meant for nobody. On Deno it even spoils the parsing of other
  // connections.
  socket.removeAllListeners('data')
  socket.resume()
}

function responseBytes(response: RefusalResponse): Uint8Array {
  const body = response.body ?? encodeText(`${response.status} ${response.statusText}\n`)
  const headers: HeaderList = [
    ...response.headers,
    ...(response.body === undefined ? [['Content-Type', 'text/plain; charset=utf-8'] as const] : []),
    ['Content-Length', String(body.length)],
  ]
  const head = formatResponseHead({ status: response.status, statusText: response.statusText, headers })
  return Buffer.concat([head, body])
}
