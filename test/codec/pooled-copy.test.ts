// Copies that share memory beside copies that do not: the same bytes, whatever happens to their source or to each other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryView, maskBytes } from '../../src/codec/mask.ts'
import { copyPooled, PayloadPool, payloadPool } from '../../src/codec/pooled-copy.ts'

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

test('an unmasked copy is on its own memory below 65 bytes, shared above, whether its source is seen by words or not', () => {
  const source = bytesOf(300, 5)
  for (const view of [undefined, new MemoryView(source)]) {
    for (const length of [0, 1, 64, 65, 100]) {
      const plain = new Uint8Array(length)
      maskBytes(plain, 0, source, 3, 3 + length, 0x37fa_213d, 0)
      const copy = payloadPool.takeUnmasked(source, view, 3, 3 + length, 0x37fa_213d)
      assert.deepEqual(copy, plain)
      assert.equal(copy.buffer.byteLength > length, length >= 65, `of ${length} bytes`)
    }
  }
  assert.deepEqual(source, bytesOf(300, 5))
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

test('payloads from far behind in a large chunk share a pool, too', () => {
  const source = new Uint8Array(65_536)
  for (const view of [undefined, new MemoryView(source)]) {
    const pool = new PayloadPool(0, (memory, byteOffset, length) => new Uint8Array(memory, byteOffset, length))
    const payloads = [60_000, 60_100, 60_200].map((start) => {
      pool.stage(source, view, start, start + 100, 0)
      return pool.takeStaged(100)
    })
    assert.equal(new Set(payloads.map(({ buffer }) => buffer)).size, 1)
  }
})

test('what is staged is masked as byte after byte, lies where nothing was given, and is gone unless it is taken', () => {
  const key = 0x37fa_213d
  for (const isViewed of [false, true]) {
    const pool = new PayloadPool(0, Buffer.from)
    const source = bytesOf(1_100, 3)
    const view = isViewed ? new MemoryView(source) : undefined
    const given: [payload: Uint8Array, plain: Uint8Array][] = []
    for (let length = 0; length <= 1_024; length += length < 40 ? 1 : 41) {
      for (let start = 0; start < 5; start++) {
        const plain = new Uint8Array(length)
        const seen = maskBytes(plain, 0, source, start, start + length, key, 0)
        pool.stage(source, view, 0, 77, 0) // nobody takes it
        const staged = pool.stage(source, view, start, start + length, key)
        assert.equal((staged & 0x8080_8080) !== 0, (seen & 0x80) !== 0)
        const { stagedIn, stagedAt } = pool
        assert.deepEqual(stagedIn.slice(stagedAt, stagedAt + length), plain)
        const payload = pool.takeStaged(length)
        assert.ok(Buffer.isBuffer(payload))
        given.push([payload, plain])
      }
    }
    assert.ok(new Set(given.map(([payload]) => payload.buffer)).size > 5)
    for (const [payload, plain] of given) assert.deepEqual(new Uint8Array(payload), plain)
  }
})
