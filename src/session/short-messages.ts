// Short messages that wait one behind the other for their turn to be sent. What is kept of each is its bytes and a number: on
// its own each takes some four hundred bytes, and a peer may ask for very many of them at once.

import { ShortBytes } from './short-bytes.ts'

const EMPTY = new Uint8Array(0)
const LENGTH_BITS = 16

// What was taken of them is let go of when all are: while more come as fast as they are taken, that has to be soon.
const MOST_MESSAGES = 16_384

export class ShortMessages {
  readonly #bytes = new ShortBytes()
  readonly #runs: Uint8Array[] = []
  readonly #heads: number[] = [] // the first byte of its frame above the length, of each
  #next = 0
  #run = 0
  #at = 0

  get isEmpty(): boolean {
    return this.#next === this.#heads.length
  }

  /** @param payload Is copied. @returns whether it is short enough, and not one too many. */
  push(firstByte: number, payload: Uint8Array): boolean {
    const { length } = payload
    if (this.#heads.length === MOST_MESSAGES) return false
    if (length > 0 && !this.#bytes.append(this.#runs, payload)) return false
    this.#heads.push((firstByte << LENGTH_BITS) | length)
    return true
  }

  /** Takes the first of them, of which there must be one. */
  shift(): { readonly firstByte: number; readonly payload: Uint8Array } {
    const head = this.#heads[this.#next++]!
    return { firstByte: head >> LENGTH_BITS, payload: this.#take(head & ((1 << LENGTH_BITS) - 1)) }
  }

  /** No payload lies in more than one run. */
  #take(length: number): Uint8Array {
    if (length === 0) return EMPTY
    if (this.#at === this.#runs[this.#run]!.length) {
      this.#runs[this.#run++] = EMPTY
      this.#at = 0
    }
    const start = this.#at
    this.#at += length
    return this.#runs[this.#run]!.subarray(start, this.#at)
  }
}
