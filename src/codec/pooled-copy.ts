// Copies of small payloads, side by side in memory that they share: memory of its own for each costs several times what
// the copy costs. A copy that is kept keeps what lies beside it, as with a `Buffer` of Node: eight kilobytes at most.

const POOL_BYTES = 8_192

// Below, an engine keeps the bytes inside the object, and makes it faster than a view. Above, memory of its own costs little
// beside the copy.
const LEAST_POOLED_BYTES = 65
const MOST_POOLED_BYTES = 1_024

let pool = new Uint8Array(0)
let poolUsed = 0

/** Memory for so many bytes that nobody else has; `undefined` where it is better made as it always is. */
export function takePooled(length: number): Uint8Array | undefined {
  if (length < LEAST_POOLED_BYTES || length > MOST_POOLED_BYTES) return undefined
  if (pool.length - poolUsed < length) {
    pool = new Uint8Array(POOL_BYTES)
    poolUsed = 0
  }
  const start = poolUsed
  poolUsed += length
  return pool.subarray(start, poolUsed)
}

/** A copy of the bytes that nobody else has. */
export function copyPooled(bytes: Uint8Array): Uint8Array {
  const copy = takePooled(bytes.length)
  if (copy === undefined) return bytes.slice()
  copy.set(bytes)
  return copy
}
