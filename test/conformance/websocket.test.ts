// Interoperation with `websocket` (WebSocket-Node), in both roles.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import websocket, { type Message, type connection as PeerConnection } from 'websocket'
import type { Server } from '../../src/node.ts'
import { assertSame, MIB, PAYLOADS, startEchoServer, talkToEchoServer } from '../support/echo.ts'

let server: Server
before(async () => {
  server = await startEchoServer()
})
after(() => server.close())

/** Large messages pass whole, or cut into many frames. */
async function open(fragmentationThreshold: number): Promise<PeerConnection> {
  const client = new websocket.client({
    fragmentOutgoingMessages: true,
    fragmentationThreshold,
    maxReceivedFrameSize: 32 * MIB,
    maxReceivedMessageSize: 32 * MIB,
  })
  client.connect(server.url)
  const [connection] = await once(client, 'connect')
  return connection
}

function contentOf(message: Message): string | Uint8Array {
  return message.type === 'utf8' ? message.utf8Data : message.binaryData
}

for (const threshold of [32 * MIB, 16_384]) {
  test(`our server echoes what a websocket client sends in frames of at most ${threshold} bytes`, async () => {
    const client = await open(threshold)
    for (const payload of PAYLOADS) {
      if (typeof payload === 'string') client.sendUTF(payload)
      else client.sendBytes(Buffer.from(payload))
      const [message] = (await once(client, 'message')) as [Message]
      assertSame(contentOf(message), payload)
    }
    client.ping('are you there')
    assert.equal(String((await once(client, 'pong'))[0]), 'are you there')
    client.close(4000, 'done')
    const [code] = await once(client, 'close')
    assert.equal(code, 4000)
  })
}

test('our server closes a websocket client', async () => {
  const client = await open(16_384)
  client.sendUTF('close me')
  const [code, reason] = await once(client, 'close')
  assert.deepEqual([code, reason], [4001, 'as you wish'])
})

test('our client talks to a websocket server', async () => {
  const http = createServer()
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const peer = new websocket.server({
    httpServer: http,
    autoAcceptConnections: true,
    maxReceivedFrameSize: 32 * MIB,
    maxReceivedMessageSize: 32 * MIB,
    fragmentOutgoingMessages: true,
    fragmentationThreshold: 100_000,
  })
  peer.on('connect', (socket) => {
    socket.on('message', (message) => {
      const content = contentOf(message)
      if (content === 'close me') {
        socket.close(4001, 'as you wish')
      } else if (content === 'ping me') {
        socket.ping('are you there')
        socket.once('pong', (payload) =>
          socket.sendUTF(String(payload) === 'are you there' ? 'pong came' : 'wrong pong'),
        )
      } else if (content === 'fragments') {
        socket.config!.fragmentationThreshold = 4
        socket.sendUTF('fragmented €')
        socket.config!.fragmentationThreshold = 100_000
      } else if (typeof content === 'string') {
        socket.sendUTF(content)
      } else {
        socket.sendBytes(Buffer.from(content))
      }
    })
  })
  try {
    await talkToEchoServer(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`)
  } finally {
    peer.shutDown()
    http.closeAllConnections()
    http.close()
  }
})
