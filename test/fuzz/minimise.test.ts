import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../support/wire.ts'
import { minimise } from './minimise.ts'

test('what does not matter is left out, or becomes 0', () => {
  const input = hex('11 22 33 81 44 55 7e 66 77')
  const isGood = (bytes: Uint8Array) => bytes.includes(0x81) && bytes.includes(0x7e) && bytes.length >= 4
  assert.deepEqual(minimise(input, isGood, 1_000), hex('00 81 7e 00'))
})

test('no more is tried than may be', () => {
  let tries = 0
  const input = hex('11 22 33 44')
  const count = () => {
    tries++
    return false
  }
  assert.equal(minimise(input, count, 3), input)
  assert.equal(tries, 3)
})
