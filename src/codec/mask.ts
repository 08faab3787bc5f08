// Masking (RFC 6455 §5.3): XOR with a key of four bytes. Masking and unmasking are the same operation.
//
// `maskBytes`, byte after byte, is the meaning. Words of four bytes are faster from a few dozen bytes on: a kilobyte takes
// 0.12 µs instead of 0.8 (Node 20 and 24 alike). To see memory as words costs as much as some hundred bytes, which is why
// a chunk of many frames is seen so once.

// From here on it pays to copy first and to mask the copy in place.
const LEAST_COPIED_BYTES = 384

// From here on words pay, where memory is seen as words already.
const LEAST_WORD_BYTES = 24

/** Memory, seen as bytes and as words of four. */
export class WordView {
  readonly bytes: Uint8Array
  readonly buffer: ArrayBufferLike
  /** Where the bytes begin in the buffer. */
  readonly byteOffset: number
  readonly words: Int32Array
  /** How many bytes come before the first word. */
  readonly lead: number

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, length } = bytes
    this.bytes = bytes
    this.buffer = buffer
    this.byteOffset = byteOffset
    this.lead = -byteOffset & 3
    this.words =
      length < 8 ? new Int32Array(0) : new Int32Array(buffer, byteOffset + this.lead, (length - this.lead) >> 2)
  }
}

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
  if (end - start < LEAST_COPIED_BYTES) {
    maskBytes(target, at, source, start, end, key, phase)
    return
  }
  if (target !== source) target.set(source.subarray(start, end), at)
  maskInPlace(new WordView(target), at, at + end - start, key, phase)
}

/** {@link maskInto}, byte after byte. @returns what all bytes that came out have been ORed to, in the lowest byte. */
export function maskBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): number {
  const first = key >>> (24 - 8 * (phase & 3))
  const second = key >>> (24 - 8 * ((phase + 1) & 3))
  const third = key >>> (24 - 8 * ((phase + 2) & 3))
  const fourth = key >>> (24 - 8 * ((phase + 3) & 3))
  let seen = 0
  let i = start
  let to = at
  for (const last = end - 3; i < last; i += 4, to += 4) {
    const a = source[i]! ^ first
    const b = source[i + 1]! ^ second
    const c = source[i + 2]! ^ third
    const d = source[i + 3]! ^ fourth
    target[to] = a
    target[to + 1] = b
    target[to + 2] = c
    target[to + 3] = d
    seen |= a | b | c | d
  }
  if (i < end) seen |= target[to] = source[i]! ^ first
  if (i + 1 < end) seen |= target[to + 1] = source[i + 1]! ^ second
  if (i + 2 < end) seen |= target[to + 2] = source[i + 2]! ^ third
  return seen & 0xff
}

const keyView = new DataView(new ArrayBuffer(4))
const keyWords = new Int32Array(keyView.buffer)

/**
 * Masks the bytes of `view` from `start` to `end` where they are.
 *
 * @returns what all bytes that came out have been ORed to, spread over the four bytes of a number: ASCII, and nothing
 * else, leaves `result & 0x80808080` zero.
 */
export function maskInPlace(view: WordView, start: number, end: number, key: number, phase: number): number {
  const { bytes } = view
  const shift = 8 * (phase & 3)
  let turned = (key << shift) | (key >>> (32 - shift)) // the byte that is due is on top
  let seen = 0
  let i = start
  if (end - start >= LEAST_WORD_BYTES) {
    const { words, lead } = view
    for (const first = i + ((lead - i) & 3); i < first; i++) {
      const byte = bytes[i]! ^ (turned >>> 24)
      bytes[i] = byte
      seen |= byte
      turned = (turned << 8) | (turned >>> 24)
    }
    keyView.setInt32(0, turned) // in the order of the bytes in memory, whatever that of the machine is
    const word = keyWords[0]!
    let w = (i - lead) >> 2
    const lastWord = (end - lead) >> 2
    for (const last = lastWord - 3; w < last; w += 4) {
      const a = words[w]! ^ word
      const b = words[w + 1]! ^ word
      const c = words[w + 2]! ^ word
      const d = words[w + 3]! ^ word
      words[w] = a
      words[w + 1] = b
      words[w + 2] = c
      words[w + 3] = d
      seen |= a | b | c | d
    }
    for (; w < lastWord; w++) {
      const a = words[w]! ^ word
      words[w] = a
      seen |= a
    }
    i = (lastWord << 2) + lead
  }
  for (; i < end; i++) {
    const byte = bytes[i]! ^ (turned >>> 24)
    bytes[i] = byte
    seen |= byte & 0xff
    turned = (turned << 8) | (turned >>> 24)
  }
  return seen
}
