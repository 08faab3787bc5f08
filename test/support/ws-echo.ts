// An echo server on `ws` that also does what its clients ask it for: to close, to ping, to send in fragments.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocketServer } from './ws.ts'

/** @returns its port. */
export async function wsEchoServer(t: TestContext): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 2 ** 26 })
  t.after(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      const text = isBinary ? undefined : String(data)
      if (text === 'close me') {
        socket.close(4001, 'as you wish')
      } else if (text === 'ping me') {
        socket.ping('are you there')
        socket.once('pong', (payload) => socket.send(String(payload) === 'are you there' ? 'pong came' : 'wrong pong'))
      } else if (text === 'fragments') {
        socket.send('frag', { fin: false })
        socket.send('mented ', { fin: false })
        socket.send('€')
      } else {
        socket.send(data, { binary: isBinary })
      }
    })
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
