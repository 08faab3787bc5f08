// Masking (RFC 6455 §5.3): XOR with a key of four bytes. Masking and unmasking are the same operation.

/**
 * Copies `source` from `start` to `end` into `target` at `at`, XORing each byte with the masking key. `target` may be
 * `source` itself when `at` is `start`; other overlaps are not supported.
 *
 * @param key The masking key as an unsigned 32-bit number, first byte on top.
 * @param phase How many payload bytes of this frame were masked before `start`.
 */
export function maskInto(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): void {
  const first = key >>> (24 - 8 * (phase & 3))
  const second = key >>> (24 - 8 * ((phase + 1) & 3))
  const third = key >>> (24 - 8 * ((phase + 2) & 3))
  const fourth = key >>> (24 - 8 * ((phase + 3) & 3))
  let i = start
  let to = at
  for (const last = end - 3; i < last; i += 4, to += 4) {
    target[to] = source[i]! ^ first
    target[to + 1] = source[i + 1]! ^ second
    target[to + 2] = source[i + 2]! ^ third
    target[to + 3] = source[i + 3]! ^ fourth
  }
  if (i < end) target[to] = source[i]! ^ first
  if (i + 1 < end) target[to + 1] = source[i + 1]! ^ second
  if (i + 2 < end) target[to + 2] = source[i + 2]! ^ third
}
