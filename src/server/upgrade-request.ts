// The request that wants to become a connection, as the application sees it.

import type { Server as HttpServer, IncomingMessage } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { HeaderList, OpeningRequest } from '../handshake/index.ts'
import { headerPairs } from '../transport/node/index.ts'

/** An opening request that came through `node:http`. */
export interface UpgradeRequest extends OpeningRequest {
  /** Fields in their order, none joined, repeated ones apart. */
  readonly headers: HeaderList
  /** Whether the client came by TLS. */
  readonly secure: boolean
  /** The address that the client asked for, `ws:` or `wss:`. */
  readonly url: string
  /** The client's network address; none on a Unix socket. */
  readonly remoteAddress: string | undefined
  /** Node's own view of the request. */
  readonly incoming: IncomingMessage
}

// Most clients of a server ask for the same address, and those behind a proxy come from the same one: what lasts as long as a
// connection is kept once.
let lastUrl = ''
let lastAddress: string | undefined

export function upgradeRequest(incoming: IncomingMessage): UpgradeRequest {
  const secure = isSecure(incoming.socket)
  const target = incoming.url ?? ''
  const url = requestUrl(secure, incoming.headers.host ?? '', target)
  if (url !== lastUrl) lastUrl = url
  const { remoteAddress } = incoming.socket
  if (remoteAddress !== lastAddress) lastAddress = remoteAddress
  return {
    method: incoming.method ?? '',
    target,
    httpVersion: incoming.httpVersion,
    headers: headerPairs(incoming.rawHeaders),
    secure,
    url: lastUrl,
    remoteAddress: lastAddress,
    incoming,
  }
}

/** Whether a client came by TLS. */
export function isSecure(socket: Socket): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true
}

/** Whether clients of a server come by TLS. One of HTTP/2 is no HTTPS server, and one of Bun has no methods of TLS servers. */
export function isSecureServer(http: HttpServer): boolean {
  return http instanceof HttpsServer || 'setSecureContext' in http
}

/** An absolute target says by itself where it leads (RFC 9112 §3.2.2); any other is a path at the host. */
function requestUrl(secure: boolean, host: string, target: string): string {
  const scheme = secure ? 'wss' : 'ws'
  return target.startsWith('/') ? `${scheme}://${host}${target}` : target.replace(/^https?(?=:)/i, scheme)
}

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const path = target.startsWith('/')
    ? target
    : target.slice(Math.max(0, target.indexOf('/', target.indexOf('://') + 3)))
  const query = path.indexOf('?')
  return query === -1 ? path : path.slice(0, query)
}
