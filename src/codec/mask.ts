// Masking (RFC 6455 §5.3): XOR with a key of four bytes. Masking and unmasking are the same operation.
//
// `maskBytes`, byte after byte, is the meaning. Numbers of four bytes are faster from a few dozen bytes on, and numbers of
// eight still more where the engine has them in registers: a kilobyte takes 0.14 and 0.09 µs instead of 0.9. To see memory
// so costs as much as some hundred bytes, which is why a chunk of many frames is seen so once.

import { platformPort } from './platform-port.ts'

// From here on it pays to copy first and to mask the copy in place.
const LEAST_COPIED_BYTES = 384

// From here on four bytes at a time pay, and eight, where memory is seen so already.
const LEAST_WORD_BYTES = 24
const LEAST_LONG_BYTES = 128

/** The top bit of each byte: `seen & NOT_ASCII` is 0 when bytes that were ORed to `seen` are all ASCII. */
export const NOT_ASCII = 0x8080_8080 | 0

/** Memory, seen as numbers of several bytes each: at least fifteen bytes of it. */
export class MemoryView {
  readonly bytes: Uint8Array
  readonly buffer: ArrayBufferLike
  /** Where the bytes begin in the buffer. */
  readonly byteOffset: number
  readonly words: Int32Array
  #longs: BigUint64Array | undefined

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, length } = bytes
    this.bytes = bytes
    this.buffer = buffer
    this.byteOffset = byteOffset
    const lead = -byteOffset & 3
    this.words = new Int32Array(buffer, byteOffset + lead, (length - lead) >> 2)
  }

  get longs(): BigUint64Array {
    const lead = -this.byteOffset & 7
    this.#longs ??= new BigUint64Array(this.buffer, this.byteOffset + lead, (this.bytes.length - lead) >> 3)
    return this.#longs
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
  maskInPlace(new MemoryView(target), at, at + end - start, key, phase)
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

/**
 * Masks the bytes of `view` from `start` to `end` where they are.
 *
 * @returns what all bytes that came out have been ORed to, in any of the four bytes of a number; `NOT_ASCII` when nobody
 * has looked.
 */
export function maskInPlace(view: MemoryView, start: number, end: number, key: number, phase: number): number {
  const length = end - start
  if (length < LEAST_WORD_BYTES) return maskBytes(view.bytes, start, view.bytes, start, end, key, phase)
  const turned = rotate(key, phase)
  if (length < LEAST_LONG_BYTES || platformPort?.hasFastLongs !== true) return maskWords(view, start, end, turned)
  maskLongs(view, start, end, turned)
  return NOT_ASCII
}

/** The key as it begins after `phase` bytes. */
function rotate(key: number, phase: number): number {
  const shift = 8 * (phase & 3)
  return (key << shift) | (key >>> (32 - shift))
}

// The key, in the order in which the machine has the bytes of its numbers.
const keyView = new DataView(new ArrayBuffer(8))
const keyWords = new Int32Array(keyView.buffer)
const keyLongs = new BigUint64Array(keyView.buffer)

function maskWords({ bytes, byteOffset, words }: MemoryView, start: number, end: number, key: number): number {
  const lead = -byteOffset & 3
  let turned = key // the byte that is due is on top
  let seen = 0
  let i = start
  for (const first = start + ((lead - start) & 3); i < first; i++) {
    const byte = bytes[i]! ^ (turned >>> 24)
    bytes[i] = byte
    seen |= byte & 0xff
    turned = (turned << 8) | (turned >>> 24)
  }
  keyView.setInt32(0, turned)
  const word = keyWords[0]!
  let at = (i - lead) >> 2
  const to = (end - lead) >> 2
  for (const last = to - 3; at < last; at += 4) {
    const a = words[at]! ^ word
    const b = words[at + 1]! ^ word
    const c = words[at + 2]! ^ word
    const d = words[at + 3]! ^ word
    words[at] = a
    words[at + 1] = b
    words[at + 2] = c
    words[at + 3] = d
    seen |= a | b | c | d
  }
  for (; at < to; at++) {
    const a = words[at]! ^ word
    words[at] = a
    seen |= a
  }
  for (i = (to << 2) + lead; i < end; i++) {
    const byte = bytes[i]! ^ (turned >>> 24)
    bytes[i] = byte
    seen |= byte & 0xff
    turned = (turned << 8) | (turned >>> 24)
  }
  return seen
}

/** Each number is used once, and for another element: then it stays in a register. Otherwise it becomes an object. */
function maskLongs({ bytes, byteOffset, longs }: MemoryView, start: number, end: number, key: number): void {
  const lead = -byteOffset & 7
  const first = start + ((lead - start) & 7)
  const rest = end - ((end - lead) & 7)
  const turned = rotate(key, first - start)
  keyView.setInt32(0, turned)
  keyView.setInt32(4, turned)
  const long = keyLongs[0]!
  let at = (first - lead) >> 3
  const to = (rest - lead) >> 3
  for (const last = to - 3; at < last; at += 4) {
    longs[at] = longs[at]! ^ long
    longs[at + 1] = longs[at + 1]! ^ long
    longs[at + 2] = longs[at + 2]! ^ long
    longs[at + 3] = longs[at + 3]! ^ long
  }
  for (; at < to; at++) longs[at] = longs[at]! ^ long
  maskBytes(bytes, start, bytes, start, first, key, 0)
  maskBytes(bytes, rest, bytes, rest, end, turned, 0)
}
