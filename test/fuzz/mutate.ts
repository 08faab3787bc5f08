// Inputs from other inputs: a few small changes one after the other, as other fuzzers make them.

import type { SeededRandom } from '../support/random.ts'

// Numbers at which something changes: signs, powers of two, the bounds of lengths and codes.
const BYTES = [0, 1, 2, 16, 32, 64, 100, 125, 126, 127, 128, 129, 254, 255]
const SHORTS = [0, 125, 126, 127, 128, 255, 256, 999, 1000, 1004, 1005, 1015, 3000, 4999, 5000, 0x7fff, 0x8000, 0xffff]
const LONGS = [0, 1, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x20_0000]

const MOST_CHANGES = 6
const LONGEST_BLOCK = 64

export class Mutator {
  readonly #random: SeededRandom
  readonly #dictionary: readonly Uint8Array[]
  readonly #maxBytes: number
  readonly #bytes: Uint8Array
  readonly #changes: readonly (() => void)[]
  #length = 0
  #other: Uint8Array = new Uint8Array(0)

  constructor(random: SeededRandom, dictionary: readonly Uint8Array[], maxBytes: number) {
    this.#random = random
    this.#dictionary = dictionary
    this.#maxBytes = maxBytes
    this.#bytes = new Uint8Array(maxBytes)
    const always = [
      () => this.#flipBit(),
      () => this.#setByte(random.below(256)),
      () => this.#setByte(random.pick(BYTES)),
      () => this.#addToByte(),
      () => this.#setNumber(2, random.pick(SHORTS)),
      () => this.#setNumber(4, random.pick(LONGS)),
      () => this.#delete(),
      () => this.#insertBlock(),
      () => this.#copyWithin(),
      () => this.#repeat(),
      () => this.#splice(),
    ]
    const withWords = [() => this.#insertWord(), () => this.#insertWord(), () => this.#writeWord()]
    this.#changes = dictionary.length === 0 ? always : [...always, ...withWords]
  }

  /** Something like `input`, with parts of `other` perhaps. @returns a view that is good until the next call. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    this.#length = Math.min(input.length, this.#maxBytes)
    this.#bytes.set(input.subarray(0, this.#length))
    this.#other = other
    for (let left = this.#random.between(1, MOST_CHANGES); left > 0; left--) this.#random.pick(this.#changes)()
    return this.#bytes.subarray(0, this.#length)
  }

  /** A place in the input, which is not empty; an empty one becomes a byte. */
  #place(): number {
    if (this.#length === 0) this.#bytes[this.#length++] = 0
    return this.#random.below(this.#length)
  }

  #flipBit(): void {
    this.#bytes[this.#place()]! ^= 1 << this.#random.below(8)
  }

  #setByte(byte: number): void {
    this.#bytes[this.#place()] = byte
  }

  #addToByte(): void {
    this.#bytes[this.#place()]! += this.#random.between(-16, 16)
  }

  #setNumber(size: number, value: number): void {
    const at = this.#place()
    const isLittleEndian = this.#random.chance(4)
    for (let i = 0; i < size && at + i < this.#length; i++) {
      this.#bytes[at + i] = value >>> (8 * (isLittleEndian ? i : size - 1 - i))
    }
  }

  #delete(): void {
    const at = this.#place()
    const size = this.#blockSize(this.#length - at)
    this.#bytes.copyWithin(at, at + size, this.#length)
    this.#length -= size
  }

  #insertBlock(): void {
    const byte = this.#random.below(256)
    const isSame = this.#random.chance(2)
    const at = this.#open(this.#random.between(1, LONGEST_BLOCK))
    for (let i = at.start; i < at.end; i++) this.#bytes[i] = isSame ? byte : this.#random.below(256)
  }

  #copyWithin(): void {
    const from = this.#place()
    const to = this.#place()
    const size = this.#blockSize(this.#length - Math.max(from, to))
    this.#bytes.copyWithin(to, from, from + size)
  }

  /** A block comes once more, right behind itself. */
  #repeat(): void {
    const from = this.#place()
    const size = this.#blockSize(Math.min(this.#length - from, this.#maxBytes - this.#length))
    this.#bytes.copyWithin(from + size, from, this.#length)
    this.#length += size
  }

  /** The beginning of this input, and the end of the other, or some of it in between. */
  #splice(): void {
    const other = this.#other
    if (other.length === 0) return
    const from = this.#random.below(other.length)
    const to = this.#random.chance(2) ? other.length : this.#random.between(from, other.length)
    if (this.#random.chance(2)) this.#length = this.#random.between(0, this.#length)
    const at = this.#open(to - from)
    this.#bytes.set(other.subarray(from, from + at.end - at.start), at.start)
  }

  #insertWord(): void {
    const word = this.#random.pick(this.#dictionary)
    const at = this.#open(word.length)
    this.#bytes.set(word.subarray(0, at.end - at.start), at.start)
  }

  #writeWord(): void {
    const word = this.#random.pick(this.#dictionary)
    const at = this.#place()
    const end = Math.min(this.#maxBytes, at + word.length)
    this.#bytes.set(word.subarray(0, end - at), at)
    this.#length = Math.max(this.#length, end)
  }

  /** Makes room somewhere, as far as there is any. */
  #open(size: number): { start: number; end: number } {
    const room = Math.min(size, this.#maxBytes - this.#length)
    const start = this.#random.between(0, this.#length)
    this.#bytes.copyWithin(start + room, start, this.#length)
    this.#length += room
    return { start, end: start + room }
  }

  /** Mostly short. */
  #blockSize(most: number): number {
    if (most < 1) return 0
    return this.#random.between(1, this.#random.chance(4) ? most : Math.min(most, 8))
  }
}
