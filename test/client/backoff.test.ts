// The waits between attempts, with chance made by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff, type BackoffOptions, DEFAULT_BACKOFF, readBackoff } from '../../src/client/backoff.ts'

const HIGHEST = 1 - 2 ** -53 // the largest number below 1

function waits(options: Partial<BackoffOptions>, random: number, count: number): number[] {
  const backoff = new Backoff(readBackoff(options), () => random)
  return Array.from({ length: count }, () => backoff.nextDelayMs())
}

test('by default the longest wait is 500 ms at first, doubles every time, and stays at 30 s', () => {
  assert.deepEqual(waits({}, HIGHEST, 9), [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

test('every wait is drawn from all of 0 to its bound', () => {
  assert.deepEqual(waits({}, 0, 9), [0, 0, 0, 0, 0, 0, 0, 0, 0])
  assert.deepEqual(waits({}, 0.5, 4), [250, 500, 1_000, 2_000])
})

test('the factor may have a fraction, and of 1 leaves the bound where it is', () => {
  assert.deepEqual(waits({ initialDelayMs: 100, factor: 1.5 }, HIGHEST, 4), [100, 150, 225, 337])
  assert.deepEqual(waits({ initialDelayMs: 100, factor: 1 }, HIGHEST, 3), [100, 100, 100])
})

test('a first wait above the longest is the longest', () => {
  assert.deepEqual(waits({ maxDelayMs: 100 }, HIGHEST, 2), [100, 100])
})

test('thousands of waits do not outgrow a number', () => {
  assert.equal(waits({ factor: 10 }, HIGHEST, 5_000).at(-1), 30_000)
  assert.equal(waits({ factor: 10 }, 0, 5_000).at(-1), 0)
})

for (const [lastedMs, next] of [
  [999, 2_000],
  [1_000, 500],
  [1_001, 500],
] as const) {
  test(`a connection of ${lastedMs} ms is followed by a wait of up to ${next} ms when resetAfterMs is 1,000`, () => {
    const backoff = new Backoff(readBackoff({ resetAfterMs: 1_000 }), () => HIGHEST)
    backoff.nextDelayMs()
    backoff.nextDelayMs()
    backoff.handleEnd(lastedMs)
    assert.equal(backoff.nextDelayMs(), next)
  })
}

for (const [askedMs, followedMs] of [
  [999, 999],
  [1_000, 1_000],
  [1_001, 1_000],
  [Number.POSITIVE_INFINITY, 1_000],
] as const) {
  test(`of ${askedMs} ms that a server asks for, ${followedMs} are waited when maxRetryAfterMs is 1,000, and the jitter`, () => {
    for (const [random, jitterMs] of [
      [0, 0],
      [HIGHEST, 500],
    ] as const) {
      const backoff = new Backoff(readBackoff({ maxRetryAfterMs: 1_000 }), () => random)
      assert.equal(backoff.nextDelayMs(askedMs), followedMs + jitterMs)
    }
  })
}

const RANGES: Record<keyof BackoffOptions, { good: number[]; bad: number[] }> = {
  initialDelayMs: { good: [1, 2, 86_400_000], bad: [0, 86_400_001, Number.POSITIVE_INFINITY, 1.5] },
  maxDelayMs: { good: [1, 2, 86_400_000], bad: [0, 86_400_001, Number.POSITIVE_INFINITY, 1.5] },
  factor: { good: [1, 1.001, 10], bad: [0.999, 10.001, Number.NaN, Number.POSITIVE_INFINITY, -2] },
  maxAttempts: { good: [1, 2, Number.POSITIVE_INFINITY], bad: [0, -1, 1.5, Number.NaN] },
  resetAfterMs: { good: [0, 1, Number.POSITIVE_INFINITY], bad: [-1, 0.5] },
  maxRetryAfterMs: { good: [0, 1, 86_400_000], bad: [-1, 86_400_001, Number.POSITIVE_INFINITY] },
}

for (const [name, { good, bad }] of Object.entries(RANGES)) {
  test(`backoff.${name} is taken in its range only`, () => {
    for (const value of good) assert.deepEqual(readBackoff({ [name]: value }), { ...DEFAULT_BACKOFF, [name]: value })
    for (const value of bad) {
      assert.throws(() => readBackoff({ [name]: value }), {
        name: 'RangeError',
        message: new RegExp(`options.backoff.${name} is ${value}`),
      })
    }
    assert.throws(() => readBackoff({ [name]: '1' } as never), TypeError)
    assert.deepEqual(readBackoff({ [name]: undefined } as never), DEFAULT_BACKOFF)
  })
}

test('a backoff that is no object, or has a name that is none, is a TypeError', () => {
  for (const given of [null, 500, [], { delayMs: 1 }]) assert.throws(() => readBackoff(given as never), TypeError)
})
