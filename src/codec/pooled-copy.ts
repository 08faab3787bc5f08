// Small payloads, side by side in memory that they share: memory of its own for each costs several times what the copy
// costs. A copy that is kept keeps what lies beside it, as with a `Buffer` of Node: eight kilobytes at most.

import { alignmentOf, MemoryView, maskBytes, maskLongsAcross } from './mask.ts'

const POOL_BYTES = 8_192

// Below, an engine keeps the bytes inside the object, and makes it faster than a view. Above, memory of its own costs little
// beside the copy.
const LEAST_POOLED_BYTES = 65
const MOST_POOLED_BYTES = 1_024

/** The longest payload that {@link unmaskedCopy} is for. */
export const MOST_COPIED_BYTES = MOST_POOLED_BYTES

let pool = new MemoryView(new Uint8Array(0))
let poolUsed = 0

/** @returns where there is room for so many bytes, so aligned, up to multiples of eight on both sides. */
function reserve(length: number, alignment: number): number {
  let start = poolUsed + alignment
  if (start + length > pool.bytes.length) {
    pool = new MemoryView(new Uint8Array(POOL_BYTES))
    start = alignment
  }
  poolUsed = (start + length + 7) & ~7
  return start
}

/** A copy of the bytes that nobody else has. */
export function copyPooled(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length < LEAST_POOLED_BYTES || length > MOST_POOLED_BYTES) return bytes.slice()
  const start = reserve(length, 0)
  const copy = new Uint8Array(pool.buffer, start, length)
  copy.set(bytes)
  return copy
}

/**
 * A copy that nobody else has of the bytes from `start` to `end`, at most {@link MOST_COPIED_BYTES}, unmasked. They stay
 * masked themselves.
 *
 * @param view The bytes as words, where they are seen so.
 */
export function unmaskedCopy(
  bytes: Uint8Array,
  view: MemoryView | undefined,
  start: number,
  end: number,
  key: number,
): Uint8Array {
  const length = end - start
  if (length < LEAST_POOLED_BYTES) {
    const copy = new Uint8Array(length)
    maskBytes(copy, 0, bytes, start, end, key, 0)
    return copy
  }
  const at = reserve(length, view === undefined ? 0 : alignmentOf(view, start))
  if (view === undefined) maskBytes(pool.bytes, at, bytes, start, end, key, 0)
  else maskLongsAcross(pool, at, view, start, end, key)
  return new Uint8Array(pool.buffer, at, length)
}
