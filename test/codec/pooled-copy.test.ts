// Copies that share memory beside copies that do not: the same bytes, whatever happens to their source or to each other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyPooled } from '../../src/codec/pooled-copy.ts'

/** Bytes that differ from those of other seeds. */
function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 255)
}

test('a copy is that of the bytes, on its own memory below 65 bytes and above 1,024, shared between', () => {
  for (const length of [0, 1, 64, 65, 66, 1_023, 1_024, 1_025, 65_536]) {
    const source = bytesOf(length, length)
    const copy = copyPooled(source)
    assert.deepEqual(copy, bytesOf(length, length))
    assert.notEqual(copy.buffer, source.buffer)
    assert.equal(copy.buffer.byteLength > length, length >= 65 && length <= 1_024, `of ${length} bytes`)
  }
})

test('a copy of a view is of what the view shows, and of nothing beside it', () => {
  const memory = bytesOf(300, 1)
  assert.deepEqual(copyPooled(memory.subarray(100, 200)), bytesOf(300, 1).subarray(100, 200))
})

test('copies do not overlap, neither each other nor what they were made of, in any number of pools', () => {
  const plain: Uint8Array[] = []
  const pooled: Uint8Array[] = []
  const pools = new Set<ArrayBufferLike>()
  for (let seed = 0; seed < 200; seed++) {
    const source = bytesOf(1 + ((seed * 97) % 1_100), seed)
    plain.push(source.slice())
    const copy = copyPooled(source)
    pooled.push(copy)
    if (copy.buffer.byteLength > copy.length) pools.add(copy.buffer)
    source.fill(0)
  }
  assert.ok(pools.size > 5, `${pools.size} pools`)
  for (const { byteLength } of pools) assert.equal(byteLength, 8_192)
  assert.deepEqual(pooled, plain)
  for (const [i, copy] of pooled.entries()) copy.fill(i & 255)
  for (const [i, copy] of pooled.entries()) assert.ok(copy.every((byte) => byte === (i & 255)))
})

test('a pool is used up to its last byte', () => {
  let copy = copyPooled(new Uint8Array(1_024))
  while (copy.byteOffset !== 0) copy = copyPooled(new Uint8Array(1_024)) // the first of a new pool
  const pool = copy.buffer
  for (let i = 1; i < 8; i++) {
    copy = copyPooled(new Uint8Array(1_024))
    assert.equal(copy.buffer, pool)
    assert.equal(copy.byteOffset, i * 1_024)
  }
  copy = copyPooled(new Uint8Array(65))
  assert.notEqual(copy.buffer, pool)
  assert.equal(copy.byteOffset, 0)
})
