// Bytes as decisions: what a target that makes calls does next. After the end all decisions are 0.

export class Choices {
  readonly #data: Uint8Array
  #at = 0

  /** @param data Borrowed; what is taken of it is copied. */
  constructor(data: Uint8Array) {
    this.#data = data
  }

  get isOver(): boolean {
    return this.#at >= this.#data.length
  }

  byte(): number {
    return this.#data[this.#at++] ?? 0
  }

  /** A whole number from 0 to `bound - 1`, which is at most 256. */
  below(bound: number): number {
    return this.byte() % bound
  }

  isYes(): boolean {
    return (this.byte() & 1) !== 0
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  /** At most `most` bytes. */
  bytes(most: number): Uint8Array<ArrayBuffer> {
    const from = Math.min(this.#at, this.#data.length)
    const to = Math.min(this.#data.length, from + most)
    this.#at = to
    return new Uint8Array(this.#data.subarray(from, to)) // `slice` of a `Buffer` is no copy
  }

  /**
   * A few bytes as they are, or up to five thousand that are all the same, so that the input is no longer for it.
   *
   * @param longest What is as long as this comes, too.
   */
  payload(longest = 0): Uint8Array<ArrayBuffer> {
    const size = this.byte()
    if (size < 200) return this.bytes(size)
    const length = size === 255 ? longest : (size - 199) * 97
    return new Uint8Array(length).fill(this.byte() & 0x7f)
  }

  rest(): Uint8Array<ArrayBuffer> {
    return this.bytes(Number.POSITIVE_INFINITY)
  }
}
