import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LIMITS, type Limits, readLimits } from '../../src/session/limits.ts'
import { client, server } from '../support/engine.ts'

// The table of defaults in docs and threats page; what each limit does is tested where it is enforced.
const SHARED: Omit<Limits, 'maxMessageBytes'> = {
  maxMessageFragments: 16_384,
  maxControlFramesPerSecond: 1_000,
  maxControlFrameBurst: 2_000,
  frameTimeoutMs: 60_000,
  closeTimeoutMs: 10_000,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
  maxDiscardedBytes: 1_048_576,
}

test('the defaults are those of the table; a client takes larger messages than a server', () => {
  assert.deepEqual(DEFAULT_LIMITS.server, { ...SHARED, maxMessageBytes: 1_048_576 })
  assert.deepEqual(DEFAULT_LIMITS.client, { ...SHARED, maxMessageBytes: 16_777_216 })
  assert.equal(readLimits('server', undefined), DEFAULT_LIMITS.server)
  assert.deepEqual(readLimits('client', {}), DEFAULT_LIMITS.client)
})

test('nobody changes the defaults of everybody', () => {
  assert.ok(Object.isFrozen(DEFAULT_LIMITS))
  assert.ok(Object.isFrozen(DEFAULT_LIMITS.server))
  assert.ok(Object.isFrozen(DEFAULT_LIMITS.client))
})

const LEAST: Limits = {
  maxMessageBytes: 0,
  maxMessageFragments: 1,
  maxControlFramesPerSecond: 1,
  maxControlFrameBurst: 1,
  frameTimeoutMs: 1,
  closeTimeoutMs: 1,
  idleTimeoutMs: 1,
  maxDiscardedBytes: 0,
}

for (const [name, least] of Object.entries(LEAST)) {
  test(`${name} is an integer from ${least} up, or Infinity`, () => {
    for (const value of [least, least + 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      assert.equal(readLimits('server', { [name]: value })[name as keyof Limits], value)
      server({ limits: { [name]: value } })
    }
    for (const value of [least - 1, least + 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      const error = { name: 'RangeError', message: new RegExp(`^limits\\.${name} is`) }
      assert.throws(() => readLimits('server', { [name]: value }), error)
      assert.throws(() => client({ limits: { [name]: value } }), error)
    }
    for (const value of ['1', null, true]) {
      const error = { name: 'TypeError', message: new RegExp(`^limits\\.${name} is a`) }
      assert.throws(() => server({ limits: { [name]: value as unknown as number } }), error)
    }
  })
}
