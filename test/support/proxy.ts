// A proxy that opens tunnels, for one test: on `node:http`, so not ours. It remembers what it saw.

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect as dial, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { certificate, key } from './certificate.ts'

export interface SeenTunnel {
  readonly authority: string
  readonly headers: IncomingHttpHeaders
  /** What the client sent through the tunnel, as the proxy saw it: latin-1. */
  sent: string
}

export interface TestProxy {
  readonly url: string
  readonly port: number
  readonly tunnels: readonly SeenTunnel[]
  /** Sockets of clients that are open. */
  readonly open: ReadonlySet<Socket>
}

/** A proxy that leads every tunnel to `port` of this machine, and asks for credentials if it is given some. */
export async function startProxy(
  t: TestContext,
  port: number,
  options: { readonly tls?: boolean; readonly credentials?: string } = {},
): Promise<TestProxy> {
  const server = options.tls === true ? createSecureServer({ key, cert: certificate }) : createServer()
  const tunnels: SeenTunnel[] = []
  const open = new Set<Socket>()
  server.on(options.tls === true ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => {})
  })
  server.on('connect', (request, client, leftover) => {
    const tunnel: SeenTunnel = {
      authority: request.url ?? '',
      headers: request.headers,
      sent: leftover.toString('latin1'),
    }
    tunnels.push(tunnel)
    const expected = options.credentials
    const given = request.headers['proxy-authorization']
    if (expected !== undefined && given !== `Basic ${Buffer.from(expected).toString('base64')}`) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 3\r\n\r\nwho',
      )
      return
    }
    const target = dial({ port, host: '127.0.0.1', allowHalfOpen: true })
    target.on('error', () => client.destroy())
    target.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\nContent-Length: 0\r\n\r\n')
      target.write(leftover)
      client.on('data', (bytes: Buffer) => {
        tunnel.sent += bytes.toString('latin1')
      })
      client.pipe(target).pipe(client)
    })
    client.on('close', () => target.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const { port: own } = server.address() as AddressInfo
  return { url: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${own}`, port: own, tunnels, open }
}
