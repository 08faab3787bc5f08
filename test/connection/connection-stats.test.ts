// What a connection has counted: what its session has, and how often it was full.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prepareMessage } from '../../src/session/index.ts'
import { pair } from '../../src/transport/memory/index.ts'
import { scripted, settle } from '../support/scripted-stream.ts'
import { NO_TRAFFIC } from '../support/stats.ts'

test('a snapshot is frozen and stays as it is', () => {
  const { connection } = scripted()
  const before = connection.stats()
  void connection.send('a')
  assert.deepEqual(before, NO_TRAFFIC)
  assert.ok(Object.isFrozen(before))
  assert.deepEqual(connection.stats(), {
    ...NO_TRAFFIC,
    messagesSent: 1,
    framesSent: 1,
    wireBytesSent: 3,
    payloadBytesSent: 1,
  })
})

for (const { payload, events } of [
  { payload: 7, events: 0 },
  { payload: 8, events: 1 },
  { payload: 9, events: 1 },
]) {
  test(`with highWaterBytes 10, a send that leaves ${payload + 2} bytes waiting counts ${events} backpressure events`, () => {
    const { connection, stream } = scripted({ limits: { highWaterBytes: 10 } })
    stream.stalled = true
    void connection.send(new Uint8Array(payload))
    assert.equal(connection.stats().backpressureEvents, events)
  })
}

test('each send that waits and each trySend that takes nothing for want of room is a backpressure event', () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
  stream.stalled = true
  assert.equal(connection.trySend(new Uint8Array(8)), true) // took it, and filled it up
  assert.equal(connection.stats().backpressureEvents, 0)
  assert.equal(connection.trySend('a'), false)
  assert.equal(connection.stats().backpressureEvents, 1)
  void connection.send('a')
  void connection.send(prepareMessage('a'))
  assert.equal(connection.stats().backpressureEvents, 3)
  assert.throws(() => connection.send(1 as never), TypeError)
  host.endTurn()
  stream.leave()
  stream.stalled = false
  host.endTurn()
  void connection.send('a')
  assert.equal(connection.stats().backpressureEvents, 3)
})

test('what a connection that is closed refuses is no backpressure event, and the numbers stay', async () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 10 } })
  stream.stalled = true
  void connection.send(new Uint8Array(8))
  connection.terminate()
  await settle()
  const { backpressureEvents, messagesSent } = connection.stats()
  assert.equal(connection.trySend('a'), false)
  await assert.rejects(connection.send('a'))
  assert.deepEqual([backpressureEvents, messagesSent], [1, 1])
  assert.deepEqual(connection.stats(), { ...connection.stats(), backpressureEvents, messagesSent })
})

test('messages that are read in pieces, or not read at all, count like others', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  const first = messages.next()
  stream.receive('01 83 00000000 48656c')
  stream.receive('80 82 00000000 6c6f')
  const { value } = await first
  let text = ''
  for await (const piece of value!) text += piece
  assert.equal(text, 'Hello')
  const { messagesReceived, framesReceived, wireBytesReceived, payloadBytesReceived } = connection.stats()
  assert.deepEqual([messagesReceived, framesReceived, wireBytesReceived, payloadBytesReceived], [1, 2, 17, 5])

  void messages.next()
  stream.receive('81 81 00000000 61')
  await messages.return!()
  stream.receive('81 81 00000000 62')
  void connection.close() // nobody reads: the rest is thrown away
  const after = connection.stats()
  assert.deepEqual([after.messagesReceived, after.wireBytesReceived, after.payloadBytesReceived], [3, 31, 7])
})

test('what one end in memory has sent is what the other has received', async () => {
  const [client, server] = pair({ deflate: { thresholdBytes: 0 } })
  server.onMessage((message) => void server.send(message))
  const messages = client.messages()
  for (const message of ['Hello', 'a'.repeat(200_000), new Uint8Array(70_000)]) {
    await client.send(message)
    await messages.next()
  }
  await client.ping()
  await client.close(1000)
  await server.closed
  const [near, far] = [client.stats(), server.stats()]
  for (const what of ['messages', 'frames', 'wireBytes', 'payloadBytes'] as const) {
    assert.equal(near[`${what}Sent`], far[`${what}Received`], what)
    assert.equal(near[`${what}Received`], far[`${what}Sent`], what)
  }
  assert.deepEqual([near.messagesSent, near.payloadBytesSent], [3, 270_005])
  assert.ok(near.wireBytesSent < 10_000, 'it was compressed')
})
