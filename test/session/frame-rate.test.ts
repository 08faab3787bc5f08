import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameRate } from '../../src/session/frame-rate.ts'
import { events, receive, server } from '../support/engine.ts'
import { concat, frame, hex } from '../support/wire.ts'

function takes(rate: FrameRate, now: number): number {
  let count = 0
  while (count < 10_000 && rate.take(now)) count++
  return count
}

test('the burst may come at once, and not one more', () => {
  for (const burst of [1, 2, 2_000]) assert.equal(takes(new FrameRate(1_000, burst, 0), 0), burst)
})

test('one frame is earned in exactly its time, a millisecond less is too early', () => {
  const rows: ReadonlyArray<readonly [perSecond: number, ms: number]> = [
    [1, 1_000],
    [3, 334],
    [7, 143],
    [10, 100],
    [1_000, 1],
  ]
  for (const [perSecond, ms] of rows) {
    const rate = new FrameRate(perSecond, 5, 100)
    takes(rate, 100)
    assert.equal(takes(rate, 100 + ms - 1), 0, `${perSecond} per second, early`)
    assert.equal(takes(rate, 100 + ms), 1, `${perSecond} per second`)
  }
})

test('a thousand steps of a millisecond earn what one step of a second earns', () => {
  for (const perSecond of [1, 7, 30]) {
    const rate = new FrameRate(perSecond, 100, 0)
    takes(rate, 0)
    let earned = 0
    for (let now = 1; now <= 1_000; now++) earned += takes(rate, now)
    assert.equal(earned, perSecond)
  }
})

test('silence earns no more than the burst', () => {
  const rate = new FrameRate(1_000, 3, 0)
  assert.equal(takes(rate, 1_000_000), 3)
})

test('a clock that is set back earns nothing, and loses nothing', () => {
  const rate = new FrameRate(1_000, 2, 1_000)
  assert.equal(takes(rate, 500), 2)
  assert.equal(takes(rate, 1_000), 0)
  assert.equal(takes(rate, 1_001), 1)
})

test('Infinity, for the average or the burst, is no limit, also within one millisecond', () => {
  assert.equal(takes(new FrameRate(Number.POSITIVE_INFINITY, 1, 0), 0), 10_000)
  assert.equal(takes(new FrameRate(1, Number.POSITIVE_INFINITY, 0), 0), 10_000)
})

const limits = { maxControlFramesPerSecond: 1, maxControlFrameBurst: 3 }
const PING = '89 80 00000000'
const PONG = '8a 80 00000000'
const EMPTY_FIRST = '01 80 00000000'
const EMPTY_MORE = '00 80 00000000'

test('T-48, T-75: pings, pongs, Close frames and empty fragments count; the next one too many fails with 1008', () => {
  const rows: ReadonlyArray<readonly [wire: string, offset: number]> = [
    [PING + PING + PING + PING, 23],
    [PONG + PONG + PONG + PONG, 23],
    [EMPTY_FIRST + EMPTY_MORE + EMPTY_MORE + EMPTY_MORE, 23],
    [`${PING}${EMPTY_FIRST}${PONG}88 80 00000000`, 23],
    [`${PING}${PING}${PING}81 81 00000000 61${PING}`, 30],
  ]
  for (const [wire, offset] of rows) {
    const failure = receive(server({ limits }), wire).at(-1)!
    assert.deepEqual(
      [failure['kind'], failure['error'], failure['offset']],
      ['failure', 'TOO_MANY_CONTROL_FRAMES', offset],
    )
  }
})

test('T-48: frames with data, empty messages and empty last fragments do not count', () => {
  const session = server({ limits })
  const wire = '81 80 00000000 01 81 00000000 61 00 81 00000000 62 80 80 00000000'
  assert.equal(receive(session, wire.repeat(10)).length, 20)
})

test('T-75: what time has earned may come', () => {
  const session = server({ limits })
  assert.equal(receive(session, PING.repeat(3)).length, 3)
  session.tick(1_000)
  assert.equal(receive(session, PING).length, 1)
  session.tick(1_999)
  assert.equal(receive(session, PING).at(-1)!['kind'], 'failure')
})

test('the defaults: 2,000 at once, then 1,000 a second', () => {
  const pings = concat(...new Array(2_000).fill(frame({ opcode: 9, key: '00000000' })))
  const session = server()
  session.receive(pings.slice())
  assert.equal(events(session).length, 2_000)
  session.tick(1_000)
  session.receive(pings.slice(0, 6_000))
  assert.equal(events(session).length, 1_000)
  session.receive(hex(PING))
  assert.deepEqual(
    events(session).map((event) => event['error']),
    ['TOO_MANY_CONTROL_FRAMES'],
  )
})
