// One noisy client among others.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { test } from 'node:test'
import { connect } from '../../src/node.ts'
import { startEchoServer } from '../support/echo.ts'
import { concat, frame } from '../support/wire.ts'

const MESSAGES = 200_000
const BURST = 1_000

test('T-79: a client that floods the server does not keep others waiting until it is done', async () => {
  await using server = await startEchoServer()
  const noisy = connectSocket(server.port, '127.0.0.1')
  noisy.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(noisy, 'data')
  const quiet = await connect(server.url)

  // 18 bytes of payload, so 20 bytes for each message that comes back.
  const burst = concat(...Array(BURST).fill(frame({ opcode: 1, key: '00000000', payload: 'x'.repeat(18) })))
  let echoedBytes = 0
  const flooded = new Promise<void>((resolve) => {
    noisy.on('data', (bytes) => {
      echoedBytes += bytes.length
      if (echoedBytes >= MESSAGES * 20) resolve()
    })
  })
  for (let sent = 0; sent < MESSAGES; sent += BURST) noisy.write(burst)

  let roundTrips = 0
  const messages = quiet.messages()
  while (roundTrips < 5) {
    await quiet.send('still there?')
    assert.equal((await messages.next()).value, 'still there?')
    roundTrips++
  }
  const isOver = echoedBytes >= MESSAGES * 20
  await flooded
  noisy.destroy()
  quiet.terminate()
  assert.ok(!isOver, 'the flood was over before five round trips of another client')
})
