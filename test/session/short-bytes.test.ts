import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShortBytes } from '../../src/session/short-bytes.ts'
import { concat } from '../support/wire.ts'

/** What is kept of runs of bytes of these lengths, which change afterwards. */
function kept(lengths: readonly number[]): { readonly list: Uint8Array[]; readonly whole: Uint8Array } {
  const list: Uint8Array[] = []
  const short = new ShortBytes()
  const runs = lengths.map((length, i) => new Uint8Array(length).fill(i + 1))
  const whole = concat(...runs)
  for (const run of runs) if (short.append(list, run)) run.fill(0xee)
  return { list, whole }
}

for (const { lengths, expected } of [
  { lengths: [1, 1, 1], expected: [3] },
  { lengths: [2_048, 2_048], expected: [4_096] },
  { lengths: [2_048, 2_048, 1], expected: [4_096, 1] },
  { lengths: [2_047, 2_048, 2], expected: [4_095, 2] },
]) {
  test(`bytes of the lengths ${lengths} are kept as copies of the lengths ${expected}`, () => {
    const { list, whole } = kept(lengths)
    assert.deepEqual(
      list.map(({ length }) => length),
      expected,
    )
    assert.deepEqual(concat(...list), whole)
  })
}

test('what is longer than half a block is not taken', () => {
  const list: Uint8Array[] = []
  assert.equal(new ShortBytes().append(list, new Uint8Array(2_049)), false)
  assert.deepEqual(list, [])
})

test('what is at the end of the list and is not ours is left as it is', () => {
  const foreign = Uint8Array.of(9)
  const list = [foreign]
  assert.equal(new ShortBytes().append(list, Uint8Array.of(1)), true)
  assert.deepEqual(list, [foreign, Uint8Array.of(1)])
})

test('what was taken from the list in the meantime does not change', () => {
  const list: Uint8Array[] = []
  const short = new ShortBytes()
  short.append(list, Uint8Array.of(1))
  const taken = list.pop()!
  short.append(list, Uint8Array.of(2))
  assert.deepEqual([taken, ...list], [Uint8Array.of(1), Uint8Array.of(2)])
})

test('60,000 bytes one at a time take no more than a block above their number', () => {
  const { list } = kept(new Array(60_000).fill(1))
  assert.equal(list.length, 15)
  assert.equal(
    list.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    15 * 4_096,
  )
})
