// The smallest input that still does what a given one does: blocks are left out, from half of it down to single bytes, and
// what is left becomes 0 where it does not matter.

/**
 * @param input Given; what comes back may be the same memory.
 * @param mostTries How often `isGood` may be asked.
 */
export function minimise(input: Uint8Array, isGood: (candidate: Uint8Array) => boolean, mostTries: number): Uint8Array {
  let best = input
  let tries = 0
  const attempt = (candidate: Uint8Array): boolean => {
    if (tries === mostTries) return false
    tries++
    if (!isGood(candidate)) return false
    best = candidate
    return true
  }
  for (let size = Math.max(1, best.length >> 1); size >= 1 && tries < mostTries; size >>= 1) {
    for (let at = 0; at < best.length && tries < mostTries; ) {
      if (!attempt(without(best, at, at + size))) at += size
    }
  }
  for (let at = 0; at < best.length && tries < mostTries; at++) {
    if (best[at] !== 0) attempt(best.with(at, 0))
  }
  return best
}

function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const rest = new Uint8Array(bytes.length - Math.min(bytes.length, to) + from)
  rest.set(bytes.subarray(0, from))
  rest.set(bytes.subarray(to), from)
  return rest
}
