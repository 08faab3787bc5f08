// The random numbers of every handle that was given no source of its own: handshake keys and masking keys. They come
// from the platform's cryptographic source, a block at a time, because each call of it costs more than a small frame.

const BLOCK_NUMBERS = 256

let block = new Uint32Array(0)
let used = 0

/** A number from 0 to 2^32 - 1 that nobody can foresee (RFC 6455 §10.3). */
export function randomUint32(): number {
  if (used === block.length) {
    block = new Uint32Array(BLOCK_NUMBERS)
    crypto.getRandomValues(block)
    used = 0
  }
  const number = block[used]!
  block[used++] = 0 // what was given out is nowhere else
  return number
}
