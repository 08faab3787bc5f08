import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeptChunks } from '../../src/session/kept-chunks.ts'
import { concat } from '../support/wire.ts'

/** Chunks of these lengths, each of bytes that no other has. */
function chunksOf(lengths: readonly number[]): Uint8Array[] {
  return lengths.map((length, i) => new Uint8Array(length).fill(i + 1))
}

function kept(chunks: readonly Uint8Array[]): Uint8Array[] {
  const list: Uint8Array[] = []
  const keeper = new KeptChunks()
  for (const chunk of chunks) {
    const lent = chunk.slice()
    keeper.append(list, lent)
    lent.fill(0xee)
  }
  return list
}

for (const { lengths, expected } of [
  { lengths: [1, 1, 1], expected: [3] },
  { lengths: [2_048, 2_048], expected: [4_096] },
  { lengths: [2_048, 2_048, 1], expected: [4_096, 1] },
  { lengths: [2_047, 2_048, 2], expected: [4_095, 2] },
  { lengths: [2_049, 1, 1], expected: [2_049, 2] },
  { lengths: [1, 2_049, 1, 1], expected: [1, 2_049, 2] },
]) {
  test(`chunks of ${lengths} bytes are kept as copies of ${expected}`, () => {
    const chunks = chunksOf(lengths)
    const list = kept(chunks)
    assert.deepEqual(
      list.map(({ length }) => length),
      expected,
    )
    assert.deepEqual(concat(...list), concat(...chunks))
  })
}

test('what is at the end of the list and is not ours is left as it is', () => {
  const foreign = Uint8Array.of(9)
  const list = [foreign]
  new KeptChunks().append(list, Uint8Array.of(1))
  assert.deepEqual(list, [foreign, Uint8Array.of(1)])
})

test('what was taken from the list in the meantime does not change', () => {
  const list: Uint8Array[] = []
  const keeper = new KeptChunks()
  keeper.append(list, Uint8Array.of(1))
  const taken = list.pop()!
  keeper.append(list, Uint8Array.of(2))
  assert.deepEqual([taken, ...list], [Uint8Array.of(1), Uint8Array.of(2)])
})

test('60,000 bytes one at a time take at most twice the room', () => {
  const list = kept(Array.from({ length: 60_000 }, (_, i) => Uint8Array.of(i)))
  assert.equal(list.length, 15)
  assert.equal(new Set(list.map(({ buffer }) => buffer)).size, 15)
})
