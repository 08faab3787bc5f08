// Tests of the toy that look at its bound from both sides.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { double, lengthBytes, ones } from './bounded.ts'

test('lengths', () => {
  assert.equal(lengthBytes(125), 1)
  assert.equal(lengthBytes(126), 3)
})

test('ones', async () => {
  await Promise.resolve()
  assert.equal(ones(2), '11')
})

test('doubles', () => {
  assert.equal(double(0), 0)
  assert.equal(double(1), 2)
  assert.equal(double(3), 6)
})
