import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Coverage } from './coverage.ts'

test('a place, and another range of how often it was come to, are new once', () => {
  const hits = new Uint8ClampedArray(8)
  const coverage = new Coverage(hits)
  const isNew = (count: number): boolean => {
    coverage.clear()
    hits[5] = count
    const result = coverage.hasNew()
    coverage.add()
    return result
  }
  assert.equal(isNew(0), false)
  const counts = [1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 127, 128, 300]
  const expected = [true, true, true, true, false, true, false, true, false, true, false, true, false]
  assert.deepEqual(counts.map(isNew), expected)
  assert.equal(coverage.places, 1)
})

test('what was reached can be asked for again', () => {
  const hits = new Uint8ClampedArray(8)
  const coverage = new Coverage(hits)
  hits[1] = 1
  coverage.add()
  hits[3] = 5
  const reached = coverage.reached({ isNew: true })
  assert.equal(reached.length, 1)
  assert.equal(coverage.reached({ isNew: false }).length, 2)
  hits[3] = 6
  assert.ok(coverage.hasReached(reached))
  coverage.aside(() => {
    hits[3] = 60
  })
  assert.equal(hits[3], 6)
  coverage.clear()
  assert.ok(!coverage.hasReached(reached))
})
