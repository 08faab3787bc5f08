// Sending: what is taken, when senders wait and are released, pings and their pongs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BytesLike } from '../../src/codec/index.ts'
import { liveBufferBytes, liveHeapBytes } from '../support/memory.ts'
import { scripted, stateOf } from '../support/scripted-stream.ts'

// --- what may be sent -----------------------------------------------------------------------------------------------

const bytes = Uint8Array.of(0, 1, 2, 3)
const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(7)

for (const { what, data, wire } of [
  { what: 'a string', data: 'hé', wire: '81 03 68 c3 a9' },
  { what: 'an empty string', data: '', wire: '81 00' },
  { what: 'a Uint8Array', data: bytes, wire: '82 04 00 01 02 03' },
  { what: 'a view of a part of a buffer', data: bytes.subarray(1, 3), wire: '82 02 01 02' },
  { what: 'an ArrayBuffer', data: bytes.buffer, wire: '82 04 00 01 02 03' },
  { what: 'a DataView', data: new DataView(bytes.buffer, 2), wire: '82 02 02 03' },
  { what: 'a Uint16Array', data: Uint16Array.of(0x0101), wire: '82 02 01 01' },
  { what: 'a Buffer', data: Buffer.from([9]), wire: '82 01 09' },
  { what: 'a SharedArrayBuffer', data: shared.buffer, wire: '82 02 07 07' },
  { what: 'a lone surrogate', data: '\ud800', wire: '81 03 ef bf bd' },
] satisfies { what: string; data: string | BytesLike; wire: string }[]) {
  test(`T-60: ${what} is sent as it is`, async () => {
    const { connection, stream, host } = scripted()
    await connection.send(data)
    host.endTurn()
    assert.equal(stream.takeWritten(), wire)
    assert.equal(connection.trySend(data), true)
    host.endTurn()
    assert.equal(stream.takeWritten(), wire)
  })
}

for (const data of [1, null, undefined, {}, [1], true, new Map()]) {
  test(`T-60: ${JSON.stringify(data) ?? 'undefined'} is a TypeError at once, and nothing is sent`, () => {
    const { connection, stream, host } = scripted()
    assert.throws(() => connection.send(data as never), TypeError)
    assert.throws(() => connection.trySend(data as never), TypeError)
    if (data !== undefined) assert.throws(() => connection.ping(data as never), TypeError)
    host.endTurn()
    assert.equal(stream.takeWritten(), '')
  })
}

test('a client masks what it sends', () => {
  const { connection, stream, host } = scripted({ role: 'client' })
  void connection.send('Hello')
  host.endTurn()
  assert.equal(stream.takeWritten(), '81 85 37 fa 21 3d 7f 9f 4d 51 58') // RFC 6455 §5.7
})

test('T-63: small payloads are copied at once', () => {
  const { connection, stream, host } = scripted()
  const payload = Uint8Array.of(1, 2)
  void connection.send(payload)
  payload.fill(9)
  host.endTurn()
  assert.equal(stream.takeWritten(), '82 02 01 02')
})

// --- backpressure ---------------------------------------------------------------------------------------------------

for (const { frameBytes, state, taken } of [
  { frameBytes: 99, state: 'resolved', taken: true },
  { frameBytes: 100, state: 'pending', taken: false },
  { frameBytes: 101, state: 'pending', taken: false },
]) {
  test(`T-68: with highWaterBytes 100 and ${frameBytes} bytes waiting, send is ${state} and trySend says ${taken}`, async () => {
    const { connection, stream } = scripted({ limits: { highWaterBytes: 100 } })
    stream.stalled = true
    const sent = connection.send(new Uint8Array(frameBytes - 2))
    assert.equal(connection.bufferedBytes, frameBytes)
    assert.equal(await stateOf(sent), state)
    assert.equal(connection.trySend('more'), taken)
    assert.equal(connection.bufferedBytes, frameBytes + (taken ? 6 : 0))
  })
}

test('T-68: senders are released in order once less than highWaterBytes wait', async () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 100 } })
  stream.stalled = true
  const released: string[] = []
  void connection.send(new Uint8Array(98)).then(() => released.push('first'))
  void connection.send(new Uint8Array(48)).then(() => released.push('second'))
  host.endTurn()
  assert.equal(connection.bufferedBytes, 150) // 100 in the stream, 50 held back
  stream.leave(1)
  assert.equal(stream.bufferedBytes, 149)
  stream.leave(49)
  assert.equal(connection.bufferedBytes, 100)
  assert.equal(await stateOf(connection.send('third')), 'pending')
  assert.deepEqual(released, [])
  host.endTurn()
  stream.leave(7)
  assert.equal(connection.bufferedBytes, 100)
  stream.leave(1)
  assert.equal(connection.bufferedBytes, 99)
  await stateOf(connection.closed)
  assert.deepEqual(released, ['first', 'second'])
  assert.equal(connection.trySend('fourth'), true)
})

for (const { waiting, readyState } of [
  { waiting: 299, readyState: 'open' },
  { waiting: 300, readyState: 'open' },
  { waiting: 301, readyState: 'closed' },
]) {
  test(`T-68: with maxBufferedBytes 300, a send that finds ${waiting} bytes waiting leaves the connection ${readyState}`, async () => {
    const { connection, stream, host } = scripted({ limits: { highWaterBytes: 100, maxBufferedBytes: 300 } })
    stream.stalled = true
    const first = connection.send(new Uint8Array(waiting - 4)) // the header has four bytes
    const second = connection.send('x')
    assert.equal(connection.readyState, readyState)
    if (readyState === 'open') {
      assert.equal(await stateOf(first), 'pending')
      stream.leave()
      host.endTurn()
      stream.leave()
      await Promise.all([first, second])
      return
    }
    await assert.rejects(first, { code: 'CONNECTION_CLOSED' })
    await assert.rejects(second, { code: 'CONNECTION_CLOSED' })
    assert.deepEqual(stream.calls, ['destroy'])
    const info = await connection.closed
    assert.deepEqual([info.code, info.wasClean, info.initiator], [1006, false, 'local'])
    assert.deepEqual([info.error?.code, info.error?.closeCode], ['SEND_BUFFER_FULL', 1006])
  })
}

test('T-68: sending in a loop without waiting ends the connection, not the process', async () => {
  const { connection, stream } = scripted()
  stream.stalled = true
  const message = new Uint8Array(65_536)
  let sent = 0
  while (connection.readyState === 'open') {
    void connection.send(message)
    sent++
  }
  assert.equal(sent, 65) // 4 MiB and one more, with their headers
  assert.equal((await connection.closed).error?.code, 'SEND_BUFFER_FULL')
})

test('T-68: sends that nobody waits for take little more memory than their bytes', () => {
  const { connection, stream, host } = scripted()
  stream.stalled = true
  const before = liveHeapBytes() + liveBufferBytes()
  for (let i = 0; i < 100_000; i++) void connection.send('a')
  host.endTurn()
  const { bufferedBytes } = connection
  stream.writes.length = 0
  assert.equal(bufferedBytes, 300_000)
  assert.ok(liveHeapBytes() + liveBufferBytes() - before <= 2 * bufferedBytes + 65_536)
  assert.equal(connection.stats().backpressureEvents, 100_000 - 21_845)
})

test('T-69: senders that wait are rejected, once, when the connection ends first', async () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 1 } })
  stream.stalled = true
  const sent = [connection.send('a'), connection.send('b')]
  const reset = new Error('reset')
  stream.listener.ended(reset)
  stream.bufferedBytes = 0
  stream.listener.drained()
  stream.listener.closed()
  for (const promise of sent) {
    await assert.rejects(promise, (error: Error & { code: string; phase: string; closeCode: number }) => {
      assert.match(error.message, /^Message may not have left/)
      assert.deepEqual([error.code, error.phase, error.closeCode], ['CONNECTION_CLOSED', 'closing', 1006])
      assert.equal((error.cause as Error).cause, reset)
      return true
    })
  }
})

test('T-69: nothing that the end of a connection rejects is an unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (error: unknown): unknown => unhandled.push(error)
  process.on('unhandledRejection', note)
  const { connection, stream } = scripted({ limits: { highWaterBytes: 1 } })
  stream.stalled = true
  void connection.send('a')
  void connection.ping()
  connection.terminate()
  void connection.send('b')
  void connection.ping()
  await stateOf(connection.closed)
  process.off('unhandledRejection', note)
  assert.deepEqual(unhandled, [])
})

test('nothing can be sent once the connection is closing or closed, and trying does no harm', async () => {
  for (const end of ['close', 'terminate'] as const) {
    const { connection, stream, host } = scripted()
    void connection[end]()
    await assert.rejects(connection.send('a'), { code: 'CONNECTION_CLOSED', phase: 'closing' })
    assert.equal(connection.trySend('a'), false)
    host.endTurn()
    assert.equal(stream.takeWritten(), end === 'close' ? '88 00' : '')
  }
})

// --- pings ----------------------------------------------------------------------------------------------------------

test('ping measures the round trip, and a pong answers every ping before it', async () => {
  const { connection, stream, host } = scripted()
  const first = connection.ping()
  const second = connection.ping(Uint8Array.of(7))
  const third = connection.ping()
  host.endTurn()
  assert.equal(stream.takeWritten(), '89 06 70 69 6e 67 20 31 89 01 07 89 06 70 69 6e 67 20 33')
  host.advance(120)
  stream.receive('8a 81 00000000 07')
  assert.deepEqual(await Promise.all([first, second]), [120, 120])
  assert.equal(await stateOf(third), 'pending')
  host.advance(30)
  stream.receive('8a 86 00000000 70696e672033')
  assert.equal(await third, 150)
})

test('a pong to a ping of keepalive answers the pings of the application before it', async () => {
  const { connection, stream, host } = scripted({ keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 400 } })
  const ping = connection.ping()
  host.advance(1_000)
  assert.equal(stream.takeWritten(), '89 06 70 69 6e 67 20 31 89 04 00 00 00 01')
  const later = connection.ping()
  host.advance(50)
  stream.receive('8a 84 00000000 00000001')
  assert.equal(await ping, 50)
  assert.equal(await stateOf(later), 'pending')
})

test('T-76: pongs that nobody asked for answer nothing', async () => {
  const { connection, stream } = scripted()
  const ping = connection.ping('mine')
  for (const pong of ['8a 80 00000000', '8a 84 00000000 79757273']) stream.receive(pong)
  assert.equal(await stateOf(ping), 'pending')
  stream.receive('8a 84 00000000 6d696e65')
  stream.receive('8a 84 00000000 6d696e65')
  assert.equal(await stateOf(ping), 'resolved')
})

test('a ping is rejected when the connection ends first', async () => {
  const { connection, stream } = scripted()
  const ping = connection.ping()
  stream.listener.ended()
  await assert.rejects(ping, { code: 'CONNECTION_CLOSED', message: /^Ping was not answered/ })
  await assert.rejects(connection.ping(), { code: 'CONNECTION_CLOSED', message: /^Cannot ping/ })
})

test('a ping may be sent, and answered, while the connection is closing', async () => {
  const { connection, stream, host } = scripted()
  void connection.close(1000)
  const ping = connection.ping('x')
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 e8 89 01 78')
  stream.receive('8a 81 00000000 78')
  assert.equal(await ping, 0)
})

test('T-61: a ping payload of 125 bytes is sent, one of 126 is a RangeError and sends nothing', () => {
  const { connection, stream, host } = scripted()
  assert.throws(() => connection.ping(new Uint8Array(126)), RangeError)
  host.endTurn()
  assert.equal(stream.takeWritten(), '')
  void connection.ping('a'.repeat(125))
  host.endTurn()
  assert.match(stream.takeWritten(), /^89 7d 61/)
})
