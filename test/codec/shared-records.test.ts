import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedRecords } from '../../src/codec/shared-records.ts'
import { DEFAULT_LIMITS, readLimits } from '../../src/session/limits.ts'

test('a record with the same values is the one that is there', () => {
  const records = new SharedRecords<{ a: number; b: string }>()
  const first = records.share({ a: Number.POSITIVE_INFINITY, b: 'x' })
  assert.equal(records.share({ a: Number.POSITIVE_INFINITY, b: 'x' }), first)
  assert.notEqual(records.share({ a: 1, b: 'x' }), first)
  assert.equal(records.share({ b: 'x', a: Number.POSITIVE_INFINITY }), first)
})

test('a few records are remembered, the last ones', () => {
  const records = new SharedRecords<{ a: number }>()
  const first = records.share({ a: 0 })
  for (let a = 1; a < 8; a++) records.share({ a })
  assert.equal(records.share({ a: 0 }), first)
  records.share({ a: 8 })
  assert.notEqual(records.share({ a: 0 }), first)
})

test('limits that are the same are one record, and those of another role are another', () => {
  const given = { maxMessageFragments: 3 }
  const limits = readLimits('server', given)
  assert.equal(readLimits('server', { ...given }), limits)
  assert.equal(readLimits('server', {}), DEFAULT_LIMITS.server)
  assert.notDeepEqual(readLimits('client', given), limits)
  assert.notEqual(readLimits('server', { ...given, maxMessageBytes: 3 }), limits)
})
