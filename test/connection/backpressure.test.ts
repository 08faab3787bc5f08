// What becomes of a message that is sent while too much waits to leave: it waits, it is dropped, or the connection closes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../../src/index.ts'
import { prepareMessage } from '../../src/session/index.ts'
import { scripted, stateOf } from '../support/scripted-stream.ts'

interface Failure extends Error {
  readonly code: string
  readonly closeCode: number | undefined
  readonly cause: Failure
}

const LIMITS = { highWaterBytes: 100, maxBufferedBytes: 300 }

for (const waiting of [99, 100, 101]) {
  const isOver = waiting >= 100

  test(`T-68: drop: with highWaterBytes 100 and ${waiting} bytes waiting, a message is ${isOver ? 'dropped' : 'taken'}`, async () => {
    const { connection, stream } = scripted({ limits: LIMITS, backpressure: 'drop' })
    stream.stalled = true
    void connection.send(new Uint8Array(waiting - 2))
    assert.equal(connection.droppedMessages, 0)
    const sent = connection.send('more')
    assert.equal(connection.droppedMessages, isOver ? 1 : 0)
    assert.equal(connection.stats().droppedMessages, isOver ? 1 : 0)
    assert.equal(connection.stats().backpressureEvents, isOver ? 2 : 1)
    assert.equal(connection.bufferedBytes, waiting + (isOver ? 0 : 6))
    assert.equal(await stateOf(sent), isOver ? 'resolved' : 'pending')
    assert.equal(connection.readyState, 'open')
  })

  test(`T-68: close: with highWaterBytes 100 and ${waiting} bytes waiting, a message ${isOver ? 'closes the connection' : 'is taken'}`, async () => {
    const { connection, stream } = scripted({ limits: LIMITS, backpressure: 'close' })
    stream.stalled = true
    void connection.send(new Uint8Array(waiting - 2))
    const sent = connection.send('more')
    assert.equal(connection.readyState, isOver ? 'closing' : 'open')
    assert.equal(connection.bufferedBytes, waiting + (isOver ? 4 : 6)) // the Close frame, or the message
    assert.equal(await stateOf(sent), isOver ? 'rejected' : 'pending')
  })

  test(`T-68: wait: with highWaterBytes 100 and ${waiting} bytes waiting, a message is taken`, async () => {
    for (const options of [{}, { backpressure: 'wait' }, { backpressure: undefined }] as const) {
      const { connection, stream } = scripted({ limits: LIMITS, ...options })
      stream.stalled = true
      void connection.send(new Uint8Array(waiting - 2))
      assert.equal(await stateOf(connection.send('more')), 'pending')
      assert.equal(connection.bufferedBytes, waiting + 6)
      assert.deepEqual([connection.readyState, connection.droppedMessages], ['open', 0])
    }
  })
}

test('drop: the message that reaches the mark is taken, and its sender waits', async () => {
  const { connection, stream, host } = scripted({ limits: LIMITS, backpressure: 'drop' })
  stream.stalled = true
  const sent = connection.send(new Uint8Array(98))
  assert.equal(await stateOf(sent), 'pending')
  host.endTurn()
  stream.leave()
  assert.equal(await stateOf(sent), 'resolved')
  assert.equal(connection.droppedMessages, 0)
})

test('drop: messages are taken again once less than highWaterBytes wait, and those dropped never leave', async () => {
  const { connection, stream, host } = scripted({ limits: LIMITS, backpressure: 'drop' })
  stream.stalled = true
  void connection.send('a'.repeat(98))
  host.endTurn()
  stream.takeWritten()
  await connection.send('b')
  await connection.send(Uint8Array.of(1))
  await connection.send(prepareMessage('b'))
  stream.leave(1)
  void connection.send('c')
  host.endTurn()
  stream.leave()
  host.endTurn()
  assert.equal(stream.takeWritten(), '81 01 63')
  assert.equal(connection.droppedMessages, 3)
})

test('drop: one message above maxBufferedBytes is taken, and the next is dropped instead of ending the connection', async () => {
  const { connection, stream } = scripted({ limits: LIMITS, backpressure: 'drop' })
  stream.stalled = true
  void connection.send(new Uint8Array(1_000))
  for (let i = 0; i < 10; i++) await connection.send('more')
  assert.deepEqual([connection.readyState, connection.droppedMessages], ['open', 10])
})

test('drop: with a highWaterBytes above it, maxBufferedBytes still ends the connection', async () => {
  const limits = { highWaterBytes: Number.POSITIVE_INFINITY, maxBufferedBytes: 10 }
  const { connection, stream } = scripted({ limits, backpressure: 'drop' })
  stream.stalled = true
  void connection.send(new Uint8Array(100))
  void connection.send('more')
  assert.equal((await connection.closed).error?.code, 'SEND_BUFFER_FULL')
})

for (const backpressure of ['drop', 'close'] as const) {
  test(`${backpressure}: trySend takes nothing over the mark, and nothing else happens`, () => {
    const { connection, stream } = scripted({ limits: LIMITS, backpressure })
    stream.stalled = true
    assert.equal(connection.trySend(new Uint8Array(98)), true)
    assert.equal(connection.trySend('more'), false)
    assert.deepEqual([connection.droppedMessages, connection.readyState], [0, 'open'])
  })

  test(`${backpressure}: a send on a connection that is closing is rejected, and counts for nothing`, async () => {
    const { connection, stream } = scripted({ limits: LIMITS, backpressure })
    stream.stalled = true
    void connection.send(new Uint8Array(98))
    void connection.close(1000)
    await assert.rejects(connection.send('late'), (error: Failure) => error.cause === undefined)
    assert.equal(connection.droppedMessages, 0)
  })

  test(`${backpressure}: pings are answered over the mark`, () => {
    const { connection, stream, host } = scripted({ limits: LIMITS, backpressure })
    stream.stalled = true
    void connection.send('a'.repeat(98))
    stream.receive('89 80 00000000')
    host.endTurn()
    stream.takeWritten()
    stream.leave()
    host.endTurn()
    assert.equal(stream.takeWritten(), '8a 00')
    assert.equal(connection.readyState, 'open')
  })
}

test('close: the peer is told 1013 behind what it was sent, and everybody here why', async () => {
  const { connection, stream, host } = scripted({ limits: LIMITS, backpressure: 'close' })
  stream.stalled = true
  const first = connection.send('a'.repeat(98))
  host.endTurn()
  stream.takeWritten()
  const isReason = (error: Failure): boolean => {
    assert.deepEqual(
      [error.code, error.cause.code, error.cause.closeCode],
      ['CONNECTION_CLOSED', 'PEER_TOO_SLOW', 1013],
    )
    return true
  }
  await assert.rejects(connection.send('b'), isReason)
  await assert.rejects(connection.send('c'), isReason)
  assert.equal(await stateOf(first), 'pending')
  stream.leave()
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 f5')
  await first
  stream.stalled = false
  stream.receive('88 82 00000000 03f5')
  host.endTurn()
  stream.finish()
  const { code, wasClean, initiator, error } = await connection.closed
  assert.deepEqual([code, wasClean, initiator, error?.code], [1013, true, 'local', 'PEER_TOO_SLOW'])
  await assert.rejects(connection.send('d'), isReason)
})

test('close: a peer that reads nothing is cut after closeTimeoutMs, and the reason is still that it is too slow', async () => {
  const { connection, stream, host } = scripted({ limits: { ...LIMITS, closeTimeoutMs: 50 }, backpressure: 'close' })
  stream.stalled = true
  const first = connection.send('a'.repeat(98))
  void connection.send('b')
  host.endTurn()
  host.advance(49)
  assert.equal(connection.readyState, 'closing')
  host.advance(1)
  assert.deepEqual(stream.calls, ['destroy'])
  const { code, wasClean, error } = await connection.closed
  assert.deepEqual([code, wasClean, error?.code, error?.closeCode], [1006, false, 'PEER_TOO_SLOW', 1013])
  await assert.rejects(first, (failure: Failure) => failure.cause.code === 'PEER_TOO_SLOW')
})

test('close: who waits for each send is never too fast', async () => {
  const { connection, stream, host } = scripted({ limits: LIMITS, backpressure: 'close' })
  stream.stalled = true
  for (let i = 0; i < 10; i++) {
    const sent = connection.send(new Uint8Array(5_000))
    assert.equal(await stateOf(sent), 'pending')
    host.endTurn()
    stream.leave()
    await sent
  }
  assert.equal(connection.readyState, 'open')
})

test('each end of a pair has a policy of its own', async () => {
  const limits = { highWaterBytes: 10 }
  const [client, server] = pair({ client: { limits, backpressure: 'drop' }, server: { limits, backpressure: 'close' } })
  for (const end of [client, server]) {
    end.onMessage(() => {})
    void end.send('enough to be at the mark')
    void end.send('and more')
  }
  assert.deepEqual([client.droppedMessages, client.readyState], [1, 'open'])
  assert.deepEqual([server.droppedMessages, server.readyState], [0, 'closing'])
  const { code, initiator } = await client.closed
  assert.deepEqual([code, initiator], [1013, 'remote'])
})
