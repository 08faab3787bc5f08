// Clients that read more slowly than they are sent to, next to others that keep up: each policy, over real sockets.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type BackpressurePolicy, type Connection, connect, type ServeOptions, type Server } from '../../src/node.ts'
import { eventually } from '../support/attempts.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const CHUNK = new Uint8Array(65_536)

/** A server with a client that does not read, and one that does. */
async function uneven(t: TestContext, options: ServeOptions) {
  let slow: Connection | undefined
  const server = await started(t, options, (connection, { target }) => {
    connection.onMessage(() => {})
    if (target === '/slow') slow = connection
  })
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  peer.say(upgradeRequest({ line: 'GET /slow HTTP/1.1' }))
  await peer.head()
  peer.socket.pause()
  const received: (string | Uint8Array)[] = []
  const quick = await connect(server.url)
  t.after(() => quick.terminate())
  quick.onMessage((message) => received.push(message))
  return { server, peer, slow: slow!, quick, received }
}

/** Sends to everybody until the one that does not read is at the mark; how many messages that took. */
async function fill(server: Server, slow: Connection, { waits = false } = {}): Promise<number> {
  let sent = 0
  while (slow.bufferedBytes < 65_536) {
    const broadcast = server.broadcast(CHUNK)
    // Otherwise nobody is waited for, not even with the message that reaches the mark.
    const patience = delay(5_000, 'it waited', { ref: false })
    if (!waits) assert.equal(await Promise.race([broadcast, patience]), undefined)
    sent++
    await delay(2) // what the system takes does not wait with us
  }
  return sent
}

/** How many binary messages of the length of a chunk, and what else, a raw peer got. */
function messagesOf(peer: RawPeer): { chunks: number; rest: string } {
  let at = peer.text.indexOf('\r\n\r\n') + 4
  let chunks = 0
  for (; peer.text.startsWith('\x82\x7f\0\0\0\0\0\x01\0\0', at); chunks++) at += 10 + CHUNK.length
  return { chunks, rest: Buffer.from(peer.text.slice(at), 'latin1').toString('hex') }
}

test('T-68: with drop, who does not read misses messages, the others none, and a broadcast waits for nobody', async (t) => {
  const { server, peer, slow, quick, received } = await uneven(t, { backpressure: 'drop' })
  const filled = await fill(server, slow)
  const { bufferedBytes } = slow
  for (let i = 0; i < 100; i++) {
    await server.broadcast(CHUNK)
    await slow.send('only for you')
    await eventually(() => received.length > filled + i, `message ${i} was there`)
  }
  assert.equal(slow.droppedMessages, 200)
  assert.equal(slow.readyState, 'open')
  assert.ok(slow.bufferedBytes <= bufferedBytes, `${slow.bufferedBytes} bytes wait`)
  assert.equal(received.length, filled + 100)
  assert.equal(
    [...server.connections].reduce((sum, { droppedMessages }) => sum + droppedMessages, 0),
    200,
  )
  peer.socket.resume()
  await eventually(() => slow.bufferedBytes === 0, 'all had left')
  await slow.send('again')
  await eventually(() => peer.text.endsWith('again'), 'it got something')
  assert.deepEqual(messagesOf(peer), { chunks: filled, rest: `8105${Buffer.from('again').toString('hex')}` })
  quick.terminate()
})

for (const how of ['send', 'broadcast'] as const) {
  test(`T-68: with close, the ${how} that finds too much waiting closes that connection with 1013, and no other`, async (t) => {
    const { server, peer, slow, quick, received } = await uneven(t, { backpressure: 'close' })
    const filled = await fill(server, slow)
    assert.equal(slow.readyState, 'open')
    if (how === 'send') {
      await assert.rejects(slow.send('more'), (error: Error & { code: string; cause: Error & { code: string } }) => {
        assert.deepEqual([error.code, error.cause.code], ['CONNECTION_CLOSED', 'PEER_TOO_SLOW'])
        return true
      })
    } else {
      await server.broadcast('more')
    }
    assert.equal(slow.readyState, 'closing')
    await server.broadcast('for the others')
    await eventually(() => received.at(-1) === 'for the others', 'the others had it')
    assert.equal(quick.readyState, 'open')
    peer.socket.resume()
    await eventually(() => messagesOf(peer).rest !== '', 'it was told')
    assert.deepEqual(messagesOf(peer), { chunks: filled, rest: '880203f5' })
    peer.say(Buffer.from('88820000000003f5', 'hex'))
    peer.leave('end')
    const { code, wasClean, error } = await slow.closed
    assert.deepEqual([code, wasClean, error?.code, error?.closeCode], [1013, true, 'PEER_TOO_SLOW', 1013])
    assert.equal(server.connections.size, 1)
  })
}

test('T-68: with close, a client that does not read either then is cut after closeTimeoutMs', async (t) => {
  const { server, slow, quick } = await uneven(t, { backpressure: 'close', limits: { closeTimeoutMs: 100 } })
  await fill(server, slow)
  const start = performance.now()
  void server.broadcast('more')
  const { code, error } = await slow.closed
  assert.ok(performance.now() - start >= 95)
  assert.deepEqual([code, error?.code], [1006, 'PEER_TOO_SLOW'])
  assert.deepEqual([quick.readyState, server.connections.size], ['open', 1])
})

test('T-68: with wait, a broadcast is resolved once everybody has room', async (t) => {
  const { server, peer, slow, received } = await uneven(t, { limits: { maxBufferedBytes: Number.POSITIVE_INFINITY } })
  const filled = await fill(server, slow, { waits: true })
  let resolved = false
  const sent = server.broadcast('more').then(() => {
    resolved = true
  })
  await eventually(() => received.length === filled + 1, 'the others had it')
  assert.deepEqual([resolved, slow.droppedMessages], [false, 0])
  peer.socket.resume()
  await sent
  assert.ok(slow.bufferedBytes < 65_536)
})

for (const backpressure of ['drop', 'close'] satisfies BackpressurePolicy[]) {
  test(`with ${backpressure}, who awaits each send loses nothing to a slow client`, async (t) => {
    const server = await started(t, { backpressure }, async (connection) => {
      for (let i = 0; i < 100; i++) await connection.send(CHUNK)
      await connection.close(1000)
    })
    const peer = await rawClient(server.port)
    t.after(() => peer.leave())
    peer.say(upgradeRequest())
    peer.socket.pause()
    await delay(30)
    peer.socket.resume()
    await eventually(() => messagesOf(peer).rest !== '', 'it was closed')
    assert.deepEqual(messagesOf(peer), { chunks: 100, rest: '880203e8' })
  })
}

test('a client has the policies, too', async (t) => {
  const server = await started(t) // nobody reads there
  const client = await connect(server.url, { backpressure: 'drop', limits: { maxBufferedBytes: 1 } })
  void client.send(new Uint8Array(32_000_000)) // more than the system takes
  await client.send('and more')
  assert.equal(client.droppedMessages, 1)
  client.terminate()
})
