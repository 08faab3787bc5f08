// Copies of small payloads, side by side in memory that they share: memory of its own for each costs several times what
// the copy costs. A copy that is kept keeps what lies beside it, as with a `Buffer` of Node: eight kilobytes at most.

const POOL_BYTES = 8_192

// Below, an engine keeps the bytes inside the object, and makes it faster than a view. Above, a kept copy would keep too little
// that is not its own for it to matter, and the copy itself costs more than its memory.
const LEAST_POOLED_BYTES = 65
const MOST_POOLED_BYTES = 1_024

let pool = new Uint8Array(0)
let poolUsed = 0

/** A copy of the bytes that nobody else has. */
export function copyPooled(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  if (length < LEAST_POOLED_BYTES || length > MOST_POOLED_BYTES) return bytes.slice()
  if (pool.length - poolUsed < length) {
    pool = new Uint8Array(POOL_BYTES)
    poolUsed = 0
  }
  const copy = pool.subarray(poolUsed, poolUsed + length)
  copy.set(bytes)
  poolUsed += length
  return copy
}
