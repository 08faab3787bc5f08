// Tests that reach all of the toy, and miss its bound.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { double, lengthBytes, ones } from './bounded.ts'

test('lengths', () => {
  assert.equal(lengthBytes(5), 1)
  assert.ok(lengthBytes(500) > 1)
})

test('ones', () => {
  assert.equal(ones(2).length, 2)
})

test('doubles', () => {
  assert.equal(double(0), 0)
  assert.equal(double(3), 6)
})
