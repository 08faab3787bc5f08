// T-65: masking keys come from the platform's cryptographic source, a block at a time.

import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { randomUint32 } from '../../src/component/random.ts'

test('T-65 numbers come from getRandomValues in blocks, each number once and then nowhere else', () => {
  const blocks: Uint32Array[] = []
  const getRandomValues = mock.method(globalThis.crypto, 'getRandomValues', (array: Uint32Array) => {
    blocks.push(array.map((_, i) => blocks.length * 1000 + i))
    array.set(blocks.at(-1)!)
    blocks[blocks.length - 1] = array
    return array
  })
  while (getRandomValues.mock.callCount() === 0) randomUint32() // what may be left of a block drawn before
  const drawn = Array.from({ length: 256 + 255 }, () => randomUint32())
  getRandomValues.mock.restore()
  assert.equal(blocks.length, 2)
  assert.equal(new Set(drawn).size, drawn.length)
  assert.ok(blocks[1]!.every((number) => number === 0))
})

test('T-65 numbers of the platform differ, and use all 32 bits', () => {
  const drawn = Array.from({ length: 1000 }, () => randomUint32())
  assert.ok(new Set(drawn).size > 990)
  assert.ok(drawn.every((number) => Number.isInteger(number) && number >= 0 && number <= 0xffff_ffff))
  assert.ok(drawn.some((number) => number > 0x8000_0000))
})
