import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_KEEPALIVE, PingClock, readKeepalive } from '../../src/session/keepalive.ts'
import { client, server } from '../support/engine.ts'
import { hex, toHex, utf8 } from '../support/wire.ts'

const NEVER = { pingIntervalMs: Number.POSITIVE_INFINITY, pongTimeoutMs: Number.POSITIVE_INFINITY }

test('T-78: keepalive is on for servers, and for clients when asked for', () => {
  assert.deepEqual(DEFAULT_KEEPALIVE, { pingIntervalMs: 25_000, pongTimeoutMs: 20_000 })
  assert.ok(Object.isFrozen(DEFAULT_KEEPALIVE))
  assert.deepEqual(readKeepalive('server', undefined), DEFAULT_KEEPALIVE)
  assert.deepEqual(readKeepalive('client', undefined), NEVER)
  assert.deepEqual(readKeepalive('client', {}), DEFAULT_KEEPALIVE)
  for (const role of ['client', 'server'] as const) {
    assert.deepEqual(readKeepalive(role, false), NEVER)
    assert.deepEqual(readKeepalive(role, { pingIntervalMs: 7 }), { pingIntervalMs: 7, pongTimeoutMs: 20_000 })
  }
})

for (const name of ['pingIntervalMs', 'pongTimeoutMs']) {
  test(`${name} is an integer from 1 up, or Infinity`, () => {
    for (const value of [1, 2, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])
      server({ keepalive: { [name]: value } })
    for (const value of [0, -1, 1.5, Number.NaN]) {
      const error = { name: 'RangeError', message: new RegExp(`^keepalive\\.${name} is`) }
      assert.throws(() => client({ keepalive: { [name]: value } }), error)
    }
    const error = { name: 'TypeError', message: new RegExp(`^keepalive\\.${name} is a string`) }
    assert.throws(() => server({ keepalive: { [name]: '1' as unknown as number } }), error)
  })
}

test('what is no keepalive is a TypeError', () => {
  for (const keepalive of [null, 5, 'on', { interval: 1 }]) {
    assert.throws(() => server({ keepalive: keepalive as never }), { name: 'TypeError', message: /keepalive/ })
  }
})

/** A clock of 100 and 30 ms that has heard something at 1,000. */
function startedAt1000(): PingClock {
  return new PingClock({ pingIntervalMs: 100, pongTimeoutMs: 30 }, 1_000)
}

/** Sends the ping that is due and says so to the clock. */
function probe(clock: PingClock, now: number): string {
  const payload = clock.due(now)
  if (typeof payload !== 'object') assert.fail(`at ${now}: ${payload}`)
  clock.sent(payload, now)
  return toHex(payload)
}

test('a ping is due after the interval of silence, not a millisecond before', () => {
  const clock = startedAt1000()
  assert.equal(clock.deadline, 1_100)
  assert.equal(clock.due(1_099), undefined)
  assert.equal(probe(clock, 1_100), '00 00 00 01')
})

test('every byte from the peer moves it', () => {
  const clock = startedAt1000()
  clock.heard(1_050)
  assert.equal(clock.deadline, 1_150)
  assert.equal(clock.due(1_149), undefined)
})

test('the pong is waited for as long as it says, then the peer is lost; other bytes are no pong', () => {
  const clock = startedAt1000()
  probe(clock, 1_100)
  assert.equal(clock.deadline, 1_130)
  clock.heard(1_129)
  assert.equal(clock.due(1_129), undefined)
  assert.equal(clock.due(1_130), 'lost')
})

test('the pong ends the wait, and the next ping is due an interval after the last byte', () => {
  const clock = startedAt1000()
  probe(clock, 1_100)
  clock.heard(1_120)
  assert.equal(clock.answered(hex('00000001'), 1_120), 20)
  assert.equal(clock.deadline, 1_220)
  assert.equal(probe(clock, 1_220), '00 00 00 02')
})

test('a wait that began anew is ended by the pong all the same', () => {
  // A peer whose long frame held up its pong used to be lost although it answered as soon as it could.
  const clock = startedAt1000()
  probe(clock, 1_100)
  clock.restartWait(1_125)
  assert.equal(clock.deadline, 1_155)
  clock.heard(1_140)
  assert.equal(clock.answered(hex('00000001'), 1_140), 40)
  assert.equal(clock.deadline, 1_240)
})

test('to begin the wait anew does nothing while there is none', () => {
  const clock = startedAt1000()
  clock.restartWait(1_050)
  assert.equal(clock.deadline, 1_100)
  probe(clock, 1_100)
  assert.equal(clock.deadline, 1_130)
})

test('T-76: a pong that answers nothing changes nothing', () => {
  const clock = startedAt1000()
  assert.equal(clock.answered(hex('00000001'), 1_050), undefined)
  probe(clock, 1_100)
  for (const payload of ['', '00', '00000002', '0000000100']) {
    assert.equal(clock.answered(hex(payload), 1_110), undefined, payload)
  }
  assert.equal(clock.deadline, 1_130)
})

test('a pong answers the oldest ping with its payload, and all before it', () => {
  const clock = startedAt1000()
  clock.sent(utf8('a'), 1_000)
  clock.sent(utf8('b'), 1_001)
  clock.sent(utf8('a'), 1_002)
  assert.equal(clock.answered(utf8('b'), 1_010), 9)
  assert.equal(clock.answered(utf8('a'), 1_010), 8)
  assert.equal(clock.answered(utf8('a'), 1_010), undefined)
})

test('the pong to a later ping of the application ends the wait; the pong to an earlier one does not', () => {
  const clock = startedAt1000()
  clock.sent(utf8('early'), 1_050)
  probe(clock, 1_100)
  clock.sent(utf8('late'), 1_105)
  clock.answered(utf8('early'), 1_110)
  assert.equal(clock.deadline, 1_130)
  clock.answered(utf8('late'), 1_110)
  assert.equal(clock.deadline, 1_100)
})

test('pings are remembered as copies', () => {
  const clock = startedAt1000()
  const payload = utf8('a')
  clock.sent(payload, 1_000)
  payload.fill(0)
  assert.equal(clock.answered(utf8('a'), 1_003), 3)
})

test('T-76: of pings that nobody answers the last 1,024 are remembered', () => {
  const clock = startedAt1000()
  const payload = (i: number) => Uint8Array.of(i >> 8, i & 255)
  for (let i = 0; i <= 1_024; i++) clock.sent(payload(i), 1_000 + i)
  assert.equal(clock.answered(payload(0), 3_000), undefined)
  assert.equal(clock.answered(payload(1), 3_000), 1_999)
  assert.equal(clock.answered(payload(1_024), 3_000), 976)
})

test('it counts the pings that were sent, and those that are answered by their own pong or a later one', () => {
  const clock = startedAt1000()
  assert.deepEqual([clock.sentCount, clock.answeredCount], [0, 0])
  for (const payload of ['a', 'b', 'c']) clock.sent(utf8(payload), 1_000)
  assert.deepEqual([clock.sentCount, clock.answeredCount], [3, 0])
  clock.answered(utf8('b'), 1_001)
  assert.deepEqual([clock.sentCount, clock.answeredCount], [3, 2])
  clock.answered(utf8('x'), 1_001)
  assert.deepEqual([clock.sentCount, clock.answeredCount], [3, 2])
})

test('a ping that is forgotten is not answered by that, only by the pong to a later one', () => {
  const clock = startedAt1000()
  for (let i = 0; i < 1_030; i++) clock.sent(Uint8Array.of(i >> 8, i & 255), 1_000)
  assert.deepEqual([clock.sentCount, clock.answeredCount], [1_030, 0])
  clock.answered(Uint8Array.of(0, 6), 1_001)
  assert.equal(clock.answeredCount, 7)
})

test('T-78: true is keepalive with its defaults, on either side', () => {
  for (const role of ['client', 'server'] as const) assert.deepEqual(readKeepalive(role, true), DEFAULT_KEEPALIVE)
})
