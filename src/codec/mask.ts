// Masking (RFC 6455 §5.3): XOR with a key of four bytes. Masking and unmasking are the same operation.
//
// `maskBytes`, byte after byte, is the meaning. Numbers of four bytes are faster from a few dozen bytes on, and numbers of
// eight still more where the engine has them in registers: a kilobyte takes 0.14 and 0.09 µs instead of 0.9. To see memory
// so costs as much as some hundred bytes, which is why a chunk of many frames is seen so once.

import { platformPort } from './platform-port.ts'

// Memory of fewer bytes is not seen as words: it costs more than it saves.
const LEAST_VIEWED_BYTES = 384

// From here on it pays to copy first and to mask the copy in place.
const LEAST_COPIED_BYTES = 384

// From here on four bytes at a time pay, and eight, where memory is seen so already.
const LEAST_WORD_BYTES = 24
const LEAST_LONG_BYTES = 128

// Beyond, places cannot be reckoned with in 32 bits.
const MOST_PLACE = 0x7fff_fff0

/** The top bit of each byte: `seen & NOT_ASCII` is 0 when bytes that were ORed to `seen` are all ASCII. */
export const NOT_ASCII = 0x8080_8080 | 0

/** Memory, seen as bytes and as numbers of several bytes each. */
export class MemoryView {
  readonly buffer: ArrayBufferLike
  /** Where the bytes begin that were asked for: what is seen begins at a multiple of eight in the buffer. */
  readonly lead: number
  readonly bytes: Uint8Array
  readonly words: Int32Array
  readonly #offset: number
  #longs: BigUint64Array | undefined

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    const lead = byteOffset & 7
    this.buffer = buffer
    this.lead = lead
    this.#offset = byteOffset - lead
    this.bytes = new Uint8Array(buffer, this.#offset, lead + length)
    this.words = new Int32Array(buffer, this.#offset, Math.floor((lead + length) / 4))
  }

  get longs(): BigUint64Array {
    this.#longs ??= new BigUint64Array(this.buffer, this.#offset, Math.floor(this.bytes.length / 8))
    return this.#longs
  }

  /** Whether these bytes are seen, beginning where those began that were asked for. */
  shows({ buffer, byteOffset, length }: Uint8Array): boolean {
    return buffer === this.buffer && byteOffset === this.#offset + this.lead && length <= this.bytes.length - this.lead
  }
}

let usualView: MemoryView | undefined

/** Tells of memory into which everything is read: that is seen once, for all that is read into it. */
export function viewAlways(bytes: Uint8Array): void {
  usualView = new MemoryView(bytes)
}

/** The bytes as words; `undefined` when to see them so costs more than it saves. */
export function viewWords(bytes: Uint8Array): MemoryView | undefined {
  if (usualView?.shows(bytes) === true) return usualView
  return bytes.length < LEAST_VIEWED_BYTES ? undefined : new MemoryView(bytes)
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
  const { lead, bytes } = view
  const length = end - start
  const from = lead + start
  const until = lead + end
  if (length < LEAST_WORD_BYTES || until > MOST_PLACE) return maskBytes(bytes, from, bytes, from, until, key, phase)
  const turned = rotate(key, phase)
  if (length < LEAST_LONG_BYTES || platformPort?.hasFastLongs !== true) {
    return maskWords(view, from, until, turned)
  }
  maskLongs(view, from, until, turned)
  return NOT_ASCII
}

/**
 * What all bytes from `start` to `end` are when they are ORed, in any of the four bytes of a number.
 *
 * A hundred ASCII characters take half the time of what a platform has for that.
 */
export function seenBytes({ bytes, lead, words }: MemoryView, start: number, end: number): number {
  const until = lead + end
  let seen = 0
  let i = lead + start
  for (const first = Math.min(until, (i + 3) & ~3); i < first; i++) seen |= bytes[i]!
  let at = i >> 2
  const last = until >> 2
  for (const fourth = last - 3; at < fourth; at += 4) {
    seen |= words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!
  }
  for (; at < last; at++) seen |= words[at]!
  for (i = Math.max(i, last << 2); i < until; i++) seen |= bytes[i]!
  return seen
}

/** How far a place in `view` is behind a multiple of eight in memory. */
export function alignmentOf(view: MemoryView, at: number): number {
  return (view.lead + at) & 7
}

/**
 * Copies the bytes of `source` from `start` to `end` to `at` of `target`, which is other memory of ours, XORing each with
 * the masking key from phase 0 on. Both places must have the same {@link alignmentOf}; between the multiples of eight
 * around it, anything may be left in `target`.
 *
 * A payload of 125 bytes takes 15 ns and not 45, as to begin and to end with single bytes would.
 *
 * @returns what all bytes that came out have been ORed to, in any of the four bytes of a number.
 */
export function maskWordsAcross(
  target: MemoryView,
  at: number,
  source: MemoryView,
  start: number,
  end: number,
  key: number,
): number {
  const from = source.lead + start
  const until = source.lead + end
  const shift = target.lead + at - from
  if (start === end) return 0
  if (!isWithin(source, until)) return maskBytes(target.bytes, from + shift, source.bytes, from, until, key, 0)
  keyView.setInt32(0, rotate(key, -from))
  const word = keyWords[0]!
  const { words } = source
  const toWords = target.words
  const wordShift = shift >> 2
  const last = (until - 1) >> 2
  let i = from >> 2
  // What lies in front and behind in the same word is not of this payload.
  const front = words[i]! ^ word
  toWords[i + wordShift] = front
  let seen = front & FROM_BYTE[from & 3]!
  if (i === last) return seen & UNTIL_BYTE[until & 3]!
  for (i++; i < last; i++) {
    const between = words[i]! ^ word
    toWords[i + wordShift] = between
    seen |= between
  }
  const back = words[i]! ^ word
  toWords[i + wordShift] = back
  return seen | (back & UNTIL_BYTE[until & 3]!)
}

/** The same eight bytes at a time, where the engine is fast at that; what came out, nobody has looked at. */
export function maskLongsAcross(
  target: MemoryView,
  at: number,
  source: MemoryView,
  start: number,
  end: number,
  key: number,
): void {
  const from = source.lead + start
  const until = source.lead + end
  if (platformPort?.hasFastLongs !== true || !isWithin(source, until)) {
    maskWordsAcross(target, at, source, start, end, key)
    return
  }
  const turned = rotate(key, -from)
  keyView.setInt32(0, turned)
  keyView.setInt32(4, turned)
  const long = keyLongs[0]!
  const { longs } = source
  const toLongs = target.longs
  const longShift = (target.lead + at - from) >> 3
  const last = (until - 1) >> 3
  for (let i = from >> 3; i <= last; i++) toLongs[i + longShift] = longs[i]! ^ long
}

/** Whether the bytes up to `until` are seen in numbers that are seen whole. */
function isWithin({ bytes }: MemoryView, until: number): boolean {
  return until <= (bytes.length & ~7) && until <= MOST_PLACE
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

// The bytes of a word from its first, second, third, fourth byte in memory on, and those up to there; all up to a fifth.
const FROM_BYTE = wordsOf([0xffff_ffff, 0x00ff_ffff, 0x0000_ffff, 0x0000_00ff])
const UNTIL_BYTE = wordsOf([0xffff_ffff, 0xff00_0000, 0xffff_0000, 0xffff_ff00])

/** Numbers whose first byte in memory is on top, as the machine has them. */
function wordsOf(numbers: readonly number[]): Int32Array {
  const view = new DataView(new ArrayBuffer(4 * numbers.length))
  for (const [i, number] of numbers.entries()) view.setUint32(4 * i, number)
  return new Int32Array(view.buffer)
}

function maskWords({ bytes, words }: MemoryView, start: number, end: number, key: number): number {
  let turned = key // the byte that is due is on top
  let seen = 0
  let i = start
  for (const first = (start + 3) & ~3; i < first; i++) {
    const byte = bytes[i]! ^ (turned >>> 24)
    bytes[i] = byte
    seen |= byte & 0xff
    turned = (turned << 8) | (turned >>> 24)
  }
  keyView.setInt32(0, turned)
  const word = keyWords[0]!
  let at = i >> 2
  const to = end >> 2
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
  for (i = to << 2; i < end; i++) {
    const byte = bytes[i]! ^ (turned >>> 24)
    bytes[i] = byte
    seen |= byte & 0xff
    turned = (turned << 8) | (turned >>> 24)
  }
  return seen
}

/** Each number is used once, and for another element: then it stays in a register. Otherwise it becomes an object. */
function maskLongs({ bytes, longs }: MemoryView, start: number, end: number, key: number): void {
  const first = (start + 7) & ~7
  const rest = end & ~7
  const turned = rotate(key, first - start)
  keyView.setInt32(0, turned)
  keyView.setInt32(4, turned)
  const long = keyLongs[0]!
  let at = first >> 3
  const to = rest >> 3
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
