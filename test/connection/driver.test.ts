// When what was sent leaves, when reading stops, when time is looked at, and how the stream ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spareParts } from '../../src/session/parts.ts'
import { scripted, settle, stateOf } from '../support/scripted-stream.ts'

// --- what was sent leaves -------------------------------------------------------------------------------------------

test('messages that are sent in one turn leave as one write at its end', () => {
  const { connection, stream, host } = scripted()
  connection.send('a')
  connection.send(Uint8Array.of(1))
  connection.ping('p')
  assert.deepEqual(stream.writes, [])
  assert.equal(host.deferredCount, 1)
  host.endTurn()
  assert.deepEqual(stream.writes, ['81 01 61 82 01 01 89 01 70'])
  connection.send('b')
  host.endTurn()
  host.endTurn()
  assert.deepEqual(stream.writes, ['81 01 61 82 01 01 89 01 70', '81 01 62'])
})

test('all that a read makes the application send leaves in one write with it, and nothing is put off', () => {
  const { connection, stream, host } = scripted()
  connection.onMessage((message) => void connection.send(message))
  stream.receive('81 81 00000000 61 89 81 00000000 31 81 81 00000000 62')
  assert.deepEqual(stream.writes, ['81 01 61 8a 01 31 81 01 62'])
  assert.equal(host.deferredCount, 0)
})

test('what was sent before a read leaves with it, once', () => {
  const { connection, stream, host } = scripted()
  connection.send('a')
  stream.receive('89 81 00000000 31')
  assert.deepEqual(stream.writes, ['81 01 61 8a 01 31'])
  host.endTurn()
  assert.equal(stream.writes.length, 1)
})

for (const { payload, writes } of [
  { payload: 7, writes: 0 },
  { payload: 8, writes: 1 },
  { payload: 9, writes: 1 },
]) {
  test(`with highWaterBytes 10, a frame of ${payload + 2} bytes ${writes === 0 ? 'waits for the end of the turn' : 'leaves at once'}`, () => {
    const { connection, stream } = scripted({ limits: { highWaterBytes: 10 } })
    void connection.send(new Uint8Array(payload))
    assert.equal(stream.writes.length, writes)
  })
}

for (const { inStream, written } of [
  { inStream: 9, written: '81 01 61' },
  { inStream: 10, written: '' },
  { inStream: 11, written: '' },
]) {
  test(`with highWaterBytes 10, a stream that holds ${inStream} bytes ${written === '' ? 'is not' : 'is'} given more`, () => {
    const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
    stream.bufferedBytes = inStream
    void connection.send('a')
    host.endTurn()
    assert.equal(stream.takeWritten(), written)
    assert.equal(connection.bufferedBytes, inStream + (written === '' ? 3 : 0))
    stream.bufferedBytes = 9
    stream.listener.drained()
    assert.equal(stream.takeWritten(), written === '' ? '81 01 61' : '')
  })
}

test('T-75: of the pings that arrive while the stream is full, only the last is answered, in constant memory', () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
  stream.stalled = true
  void connection.send(new Uint8Array(8))
  stream.takeWritten()
  for (let i = 0; i < 1_000; i++) stream.receive('89 81 00000000 31')
  stream.receive('89 81 00000000 32')
  host.endTurn()
  assert.equal(connection.bufferedBytes, 10 + 3)
  assert.equal(stream.takeWritten(), '')
  stream.leave()
  assert.equal(stream.takeWritten(), '8a 01 32')
})

test('T-70: a stream that takes nothing, or says again and again that bytes have left, makes nothing happen', () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
  stream.stalled = true
  void connection.send(new Uint8Array(8))
  host.endTurn()
  assert.equal(stream.takeWritten(), '82 08 00 00 00 00 00 00 00 00')
  void connection.send('later')
  for (let i = 0; i < 1_000; i++) stream.listener.drained()
  assert.deepEqual([stream.writes, stream.calls, host.workCount, connection.bufferedBytes], [[], [], 0, 17])
  stream.leave(1)
  assert.equal(stream.takeWritten(), '81 05 6c 61 74 65 72')
  for (let i = 0; i < 1_000; i++) stream.listener.drained()
  assert.deepEqual([stream.writes, host.workCount, host.timers.size], [[], 0, 0])
})

test('T-70: a stream that counts below zero is one that has room', () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
  stream.bufferedBytes = -1_000_000
  assert.equal(connection.trySend(new Uint8Array(20)), true)
  host.endTurn()
  assert.equal(stream.takeWritten().length, 3 * 22 - 1)
  assert.equal(connection.readyState, 'open')
})

test('T-63: a payload that is detached before it left ends the connection instead of making a malformed frame', async () => {
  const { connection, stream, host } = scripted()
  const payload = new Uint8Array(10_000)
  const sent = connection.send(payload)
  structuredClone(payload.buffer, { transfer: [payload.buffer] })
  host.endTurn()
  assert.equal(stream.takeWritten(), '')
  assert.deepEqual(stream.calls, ['destroy'])
  assert.equal((await connection.closed).code, 1006)
  assert.equal(await stateOf(sent), 'resolved')
})

test('T-69: a send that ends the connection because of an earlier payload does not say that it was sent', async () => {
  const { connection } = scripted({ limits: { highWaterBytes: 20_000 } })
  const payload = new Uint8Array(10_000)
  void connection.send(payload)
  structuredClone(payload.buffer, { transfer: [payload.buffer] })
  await assert.rejects(connection.send(new Uint8Array(10_000)), { code: 'CONNECTION_CLOSED' })
})

// --- reading stops --------------------------------------------------------------------------------------------------

test('T-98: with highWaterBytes 100, reading stops when more than that waits unread, and goes on when all is read', async () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 100 } })
  stream.receive(new Uint8Array([0x82, 0x80 + 94, 0, 0, 0, 0, ...new Uint8Array(94)])) // 100 bytes
  assert.deepEqual(stream.calls, [])
  stream.receive('82')
  assert.deepEqual(stream.calls, ['pause'])
  stream.receive('80 00000000')
  assert.deepEqual(stream.calls, ['pause'])
  const messages = connection.messages()
  assert.deepEqual((await messages.next()).value, new Uint8Array(94))
  assert.deepEqual((await messages.next()).value, new Uint8Array(0))
  assert.deepEqual(stream.calls, ['pause', 'resume'])
  for (let i = 0; i < 40; i++) stream.receive('82 80 00000000')
  assert.deepEqual(stream.calls, ['pause', 'resume', 'pause'])
})

test('T-98: what waits unread stays within highWaterBytes and one message, ahead of the reader and behind', async () => {
  const limits = { highWaterBytes: 1_000 }
  const { connection, stream } = scripted({ limits })
  const messages = connection.messages()
  let received = 0
  while (!stream.calls.includes('pause')) {
    stream.receive('82 82 00000000 0102')
    received++
  }
  assert.ok(received * 8 < 2 * limits.highWaterBytes + 100, `${received} messages`)
  stream.calls.length = 0
  for (let i = 0; i < received; i++) assert.deepEqual((await messages.next()).value, Uint8Array.of(1, 2))
  assert.deepEqual(stream.calls, ['resume'])
})

test('a connection that was never paused is never resumed', () => {
  const { connection, stream } = scripted()
  connection.onMessage(() => {})
  stream.receive('82 80 00000000')
  assert.deepEqual(stream.calls, [])
})

// --- time -----------------------------------------------------------------------------------------------------------

test('a connection without deadlines sets no timer', () => {
  const { host } = scripted({ limits: { frameTimeoutMs: Number.POSITIVE_INFINITY } })
  assert.equal(host.timers.size, 0)
})

test('T-78: a ping is sent after pingIntervalMs of silence; without its pong the connection is lost', async () => {
  const { connection, stream, host } = scripted({ keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 400 } })
  host.advance(999)
  assert.equal(stream.takeWritten(), '')
  host.advance(1)
  assert.equal(stream.takeWritten(), '89 04 00 00 00 01')
  host.advance(399)
  assert.equal(connection.readyState, 'open')
  host.advance(1)
  const { code, wasClean, initiator, error } = await connection.closed
  assert.deepEqual([code, wasClean, initiator, error?.code], [1006, false, 'local', 'PONG_TIMEOUT'])
  assert.deepEqual(stream.calls, ['destroy'])
  assert.equal(host.timers.size, 0)
})

test('T-78: one timer at a time is set, and what arrives moves its deadline', () => {
  const { stream, host } = scripted({ keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 400 } })
  for (let i = 0; i < 10; i++) {
    host.advance(900)
    stream.receive('8a 80 00000000')
    assert.equal(host.timers.size, 1)
  }
  assert.equal(stream.takeWritten(), '')
  host.advance(1_000)
  assert.equal(stream.takeWritten(), '89 04 00 00 00 01')
  stream.receive('8a 84 00000000 00000001')
  host.advance(999)
  assert.equal(stream.takeWritten(), '')
  host.advance(1)
  assert.equal(stream.takeWritten(), '89 04 00 00 00 02')
})

test('a connection with nothing under way rests at once and needs no timer, and goes on as before', () => {
  const { connection, stream, host } = scripted({ keepalive: false })
  connection.onMessage(() => void connection.send('b'))
  for (let i = 0; i < 10; i++) {
    stream.receive('81 81 00000000 61')
    assert.equal(stream.takeWritten(), '81 01 62')
    assert.equal(host.timers.size, 0)
    host.advance(4_000)
  }
  const { messagesReceived, messagesSent, wireBytesReceived } = connection.stats()
  assert.deepEqual([messagesReceived, messagesSent, wireBytesReceived], [10, 10, 70])
})

const LATER_AT_REST: ReadonlyArray<readonly [what: string, options: Parameters<typeof scripted>[0], wire: string]> = [
  ['control frames that count as some of so many in a second', {}, '8a 80 00000000'],
  ['a context of an extension', { extensions: [{ name: 'x', parameters: [], reservedBits: 4 }] }, '82 80 00000000'],
]

for (const [what, options, wire] of LATER_AT_REST) {
  test(`${what}: the connection rests once it was idle for a while, with no timer left`, () => {
    const { connection, stream, host } = scripted({ keepalive: false, ...options })
    connection.onMessage(() => {})
    for (const framesReceived of [1, 2]) {
      stream.receive(wire)
      assert.equal(host.timers.size, 1)
      host.advance(4_999)
      assert.equal(host.timers.size, 1)
      host.advance(5_001)
      assert.equal(host.timers.size, 0)
      assert.equal(connection.stats().framesReceived, framesReceived)
    }
  })
}

test('a connection that is sent to between reads lets go of what that takes once it was idle for a while', () => {
  const { connection, stream, host } = scripted({ keepalive: false })
  connection.onMessage(() => {})
  for (const _ of [1, 2]) {
    for (let i = 0; i < 5; i++) {
      void connection.send('b')
      host.endTurn()
      assert.equal(stream.takeWritten(), '81 01 62')
      stream.receive('82 80 00000000')
      assert.equal(host.timers.size, 1)
      host.advance(4_000)
      assert.equal(host.timers.size, 1)
    }
    host.advance(6_000)
    assert.equal(host.timers.size, 0)
  }
  assert.equal(connection.stats().messagesSent, 10)
})

test('a connection whose stream was full rests once that has room again', () => {
  const { connection, stream } = scripted({ keepalive: false, limits: { highWaterBytes: 10 } })
  connection.onMessage((message) => void connection.send(message))
  stream.stalled = true
  stream.bufferedBytes = 20
  stream.receive('81 81 00000000 61')
  const before = spareParts.length
  assert.deepEqual(stream.writes, [])
  stream.stalled = false
  stream.leave()
  assert.equal(stream.takeWritten(), '81 01 61')
  assert.equal(spareParts.length, before + 1)
})

test('a stream that throws at the last bytes is destroyed all the same, and the end is told', async () => {
  const { connection, stream } = scripted({ limits: { maxDiscardedBytes: 0 } })
  connection.onMessage(() => {})
  stream.write = () => {
    throw new Error('No more')
  }
  assert.throws(() => stream.receive('88 82 00000000 03e8 00'), /No more/)
  assert.deepEqual(stream.calls, ['destroy'])
  assert.equal((await connection.closed).code, 1000)
})

test('an earlier deadline replaces the timer for a later one', () => {
  const { connection, host } = scripted({ keepalive: { pingIntervalMs: 100_000, pongTimeoutMs: 1 } })
  void connection.close(1000)
  assert.equal(host.timers.size, 1)
  host.advance(10_000)
  assert.equal(connection.readyState, 'closed')
})

test('a peer is not lost because its pong waited behind what the application was slow to read', async () => {
  const { connection, stream, host } = scripted({
    keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 400 },
    limits: { highWaterBytes: 1 },
  })
  const messages = connection.messages({ pieces: true })
  host.advance(1_000)
  assert.equal(stream.takeWritten(), '89 04 00 00 00 01')
  stream.receive('82 80 00000000') // reading has stopped: the pong stays with the transport
  assert.deepEqual(stream.calls, ['pause'])
  host.advance(5_000)
  host.oversleep(5_000)
  await messages.next()
  host.endTurn()
  const latest = stream.takeWritten().slice(-'00 00 00 01'.length)
  assert.deepEqual(stream.calls, ['pause', 'resume'])
  host.advance(399)
  assert.equal(connection.readyState, 'open')
  stream.receive(`8a 84 00000000 ${latest}`)
  host.advance(999)
  assert.equal(connection.readyState, 'open')
})

test('a message of ours counts as traffic at the time of its turn', () => {
  const { connection, stream, host } = scripted({ limits: { idleTimeoutMs: 1_000 } })
  for (let i = 0; i < 5; i++) {
    host.advance(900)
    void connection.send('a')
    assert.equal(connection.trySend('b'), true)
    host.endTurn()
    assert.equal(stream.takeWritten(), '81 01 61 81 01 62')
  }
  host.advance(999)
  assert.equal(connection.readyState, 'open')
  host.advance(1)
  assert.equal(stream.takeWritten(), '88 06 03 e9 49 64 6c 65') // 1001 Idle
})

test('a frame that never ends fails the connection at its deadline, also when a timer fires late', async () => {
  const { stream, host, connection } = scripted({ limits: { frameTimeoutMs: 1_000 } })
  connection.messages()
  stream.receive('82 85 00000000 01')
  host.oversleep(50_000)
  host.advance(0)
  assert.equal(stream.takeWritten(), '88 02 03 f0') // 1008
  stream.finish()
  assert.equal((await connection.closed).error?.code, 'FRAME_TIMEOUT')
})

test('a call after a long sleep finds the connection as time has left it', async () => {
  for (const call of ['send', 'trySend', 'ping', 'close'] as const) {
    const { connection, stream, host } = scripted({ keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 400 } })
    host.advance(1_000)
    stream.takeWritten()
    host.oversleep(400)
    if (call === 'trySend') assert.equal(connection.trySend('a'), false)
    else if (call === 'close') assert.equal((await connection.close()).error?.code, 'PONG_TIMEOUT')
    else await assert.rejects(connection[call]('a'), { code: 'CONNECTION_CLOSED' })
    host.advance(0)
    assert.deepEqual([stream.takeWritten(), stream.calls], ['', ['destroy']])
    assert.equal((await connection.closed).error?.code, 'PONG_TIMEOUT')
  }
})

// --- the stream ends ------------------------------------------------------------------------------------------------

test('T-91: what was sent still leaves after the peer has ended, then our side ends', async () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10, closeTimeoutMs: 500 } })
  stream.stalled = true
  void connection.send(new Uint8Array(8))
  void connection.send('last')
  stream.takeWritten()
  stream.listener.ended()
  assert.equal((await connection.closed).code, 1006)
  host.endTurn()
  assert.deepEqual(stream.calls, [])
  stream.leave()
  assert.equal(stream.takeWritten(), '81 04 6c 61 73 74')
  assert.deepEqual(stream.calls, ['end'])
  stream.leave()
  host.advance(499)
  assert.deepEqual(stream.calls, ['end'])
  stream.listener.closed()
  assert.equal(host.timers.size, 0)
})

test('T-90: a stream that does not end after the connection is cut at closeTimeoutMs', () => {
  const { stream, host } = scripted({ limits: { closeTimeoutMs: 500 } })
  stream.listener.ended()
  host.endTurn()
  assert.deepEqual(stream.calls, ['end'])
  host.advance(499)
  assert.deepEqual(stream.calls, ['end'])
  host.advance(1)
  assert.deepEqual(stream.calls, ['end', 'destroy'])
  assert.equal(host.timers.size, 0)
})

test('a timer that was set before the end does not cut the stream early', () => {
  const { stream, host } = scripted({
    keepalive: { pingIntervalMs: 100, pongTimeoutMs: 100 },
    limits: { closeTimeoutMs: 500 },
  })
  stream.listener.ended()
  host.advance(499)
  assert.deepEqual(stream.calls, ['end'])
  host.advance(1)
  assert.deepEqual(stream.calls, ['end', 'destroy'])
})

test('T-93: terminate cuts a stream that is only left to carry the last bytes', () => {
  const { connection, stream, host } = scripted()
  stream.listener.ended()
  assert.equal(connection.readyState, 'closed')
  connection.terminate()
  assert.deepEqual(stream.calls, ['destroy'])
  assert.equal(host.timers.size, 0)
})

test('T-94: errors, ends and closes in any order, and twice, end the connection once', async () => {
  const error = new Error('reset')
  const orders: (readonly ('end' | 'error' | 'close' | 'bytes' | 'drained')[])[] = [
    ['end', 'close'],
    ['error', 'close'],
    ['end', 'error', 'close'],
    ['error', 'end', 'close'],
    ['end', 'end', 'close'],
    ['error', 'bytes', 'drained', 'close', 'bytes', 'drained'],
  ]
  for (const order of orders) {
    const { connection, stream, host } = scripted({ keepalive: {} })
    let closings = 0
    void connection.closed.then(() => closings++)
    for (const step of order) {
      if (step === 'end') stream.listener.ended()
      if (step === 'error') stream.listener.ended(error)
      if (step === 'close') stream.listener.closed()
      if (step === 'bytes') stream.receive('89 80 00000000')
      if (step === 'drained') stream.listener.drained()
    }
    host.endTurn()
    await settle()
    assert.equal(closings, 1, order.join())
    assert.equal(host.timers.size, 0)
    assert.equal(stream.takeWritten(), '')
    assert.equal((await connection.closed).error?.cause, order[0] === 'error' ? error : undefined)
    assert.deepEqual(stream.calls, order[0] === 'error' ? ['destroy'] : [])
  }
})

test('our side ends once, after the last byte: a server ends first, after both Close frames', async () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
  stream.stalled = true
  void connection.send(new Uint8Array(8))
  stream.receive('88 82 00000000 03e8')
  host.endTurn()
  assert.deepEqual(stream.calls, [])
  stream.leave()
  assert.deepEqual(stream.calls, ['end'])
  stream.leave()
  stream.receive('89 80 00000000')
  host.endTurn()
  assert.deepEqual(stream.calls, ['end'])
})

test('nothing is written after our side has ended, whatever may still be said', async () => {
  const { connection, stream, host } = scripted()
  stream.receive('88 82 00000000 03e8')
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 e8')
  const ping = connection.ping()
  host.endTurn()
  stream.finish()
  host.endTurn()
  await assert.rejects(ping, { code: 'CONNECTION_CLOSED' })
  assert.deepEqual([stream.takeWritten(), stream.calls], ['', ['end']])
})

test('a client waits for the server to end first, and for so long only', async () => {
  const { connection, stream, host } = scripted({ role: 'client', limits: { closeTimeoutMs: 500 } })
  void connection.close(1000)
  stream.receive('88 02 03e8')
  host.endTurn()
  assert.deepEqual(stream.calls, [])
  host.advance(500)
  assert.deepEqual(stream.calls, ['destroy'])
  const { code, wasClean, error } = await connection.closed
  assert.deepEqual([code, wasClean, error], [1000, true, undefined])
})

test('what a stream is gone for waits to leave no more: a Close frame that had nowhere to go, for one', () => {
  const { connection, stream } = scripted()
  stream.receive('82 80 00000000  88 82 00000000 03e8') // the Close frame is answered behind the message, which nobody reads
  stream.finish(new Error('Reset'))
  assert.equal(connection.readyState, 'closed')
  assert.equal(connection.bufferedBytes, 0)
})

test('nothing is asked of a stream that is gone', () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 1 } })
  stream.receive('82 80 00000000')
  assert.deepEqual(stream.calls, ['pause'])
  void connection.send('a')
  connection.terminate()
  connection.onMessage(() => {})
  host.endTurn()
  assert.deepEqual(stream.calls, ['pause', 'destroy'])
})

test('what arrives while an event is handled comes behind it', () => {
  const { connection, stream } = scripted()
  const told: unknown[] = []
  connection.onMessage((message) => {
    if (told.length === 0) stream.receive('81 81 00000000 62')
    told.push(message)
  })
  stream.receive('81 81 00000000 61')
  assert.deepEqual(told, ['a', 'b'])
})

test('what a handler sends with trySend leaves with the read, up to highWaterBytes', () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 10 } })
  const taken: boolean[] = []
  stream.stalled = true
  connection.onMessage(() => {
    for (const data of ['a', 'b', 'abcdef', 'c']) taken.push(connection.trySend(data))
  })
  stream.receive('81 81 00000000 61')
  assert.deepEqual(taken, [true, true, true, false])
  assert.equal(connection.stats().backpressureEvents, 1)
})

for (const way of ['send', 'trySend'] as const) {
  test(`what a handler sends with ${way} is the same as what is sent otherwise, and leaves with the read`, () => {
    const data = ['a', Uint8Array.of(1, 2), 'ä', '', new Uint8Array(0), new Uint8Array(200), Buffer.from('b')]
    const plain = scripted()
    for (const one of data) void plain.connection[way](one)
    plain.host.endTurn()
    const handled = scripted()
    handled.connection.onMessage(() => {
      for (const one of data) void handled.connection[way](one)
    })
    handled.stream.receive('81 81 00000000 61')
    assert.deepEqual(handled.stream.writes, plain.stream.writes)
    assert.equal(handled.host.deferredCount, 0)
  })
}

test('maxBufferedBytes below highWaterBytes holds for what a handler sends, too', () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 1_000_000, maxBufferedBytes: 1_000 } })
  let sent = 0
  connection.onMessage(() => {
    for (; connection.readyState === 'open' && sent < 100; sent++) void connection.send(new Uint8Array(98))
  })
  stream.receive('81 81 00000000 61')
  assert.equal(sent, 12) // the eleventh made it 1,100 bytes, and the one behind it found them
  assert.deepEqual(stream.calls, ['destroy'])
})
