// Small payloads side by side in memory that they share: memory of its own for each costs several times what the copy
// costs. What is kept keeps what lies beside it, as with a `Buffer` of Node: eight kilobytes at most.

import { alignmentOf, MemoryView, maskBytes, maskLongsAcross, maskWordsAcross } from './mask.ts'

const POOL_BYTES = 8_192

// Below, an engine keeps the bytes inside the object, and makes it faster than a view. Above, memory of its own costs little
// beside the copy.
const LEAST_POOLED_BYTES = 65
const MOST_POOLED_BYTES = 1_024

/** Makes the object that shows a part of a pool. */
type ViewMaker = (memory: ArrayBuffer, byteOffset: number, length: number) => Uint8Array

export class PayloadPool {
  readonly #leastBytes: number
  readonly #makeView: ViewMaker
  #memory = new MemoryView(new Uint8Array(0))
  #used = 0 // a multiple of eight: what is written by words overlaps nothing
  #staged = 0 // where the copy lies that nobody has taken

  /** @param leastBytes What is shorter gets memory of its own, in a plain array. */
  constructor(leastBytes: number, makeView: ViewMaker) {
    this.#leastBytes = leastBytes
    this.#makeView = makeView
  }

  /** Whether it is for payloads of this length. */
  isFor(length: number): boolean {
    return length <= MOST_POOLED_BYTES
  }

  /** A copy that nobody else has. */
  takeCopy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes
    if (length < this.#leastBytes) return bytes.slice()
    this.#reserve(length, 0)
    const copy = this.takeStaged(length)
    copy.set(bytes)
    return copy
  }

  /** A copy of the bytes from `start` to `end` that nobody else has, unmasked from phase 0 on. They stay masked. */
  takeUnmasked(bytes: Uint8Array, view: MemoryView | undefined, start: number, end: number, key: number): Uint8Array {
    const length = end - start
    if (length < this.#leastBytes) {
      const own = new Uint8Array(length)
      maskBytes(own, 0, bytes, start, end, key, 0)
      return own
    }
    if (view === undefined) {
      this.stage(bytes, view, start, end, key)
    } else {
      this.#reserve(length, alignmentOf(view, start))
      maskLongsAcross(this.#memory, this.#staged, view, start, end, key)
    }
    return this.takeStaged(length)
  }

  /**
   * The same, to where nobody has looked. The next copy takes its place, unless it is taken before.
   *
   * By words it takes a fifth of the time.
   *
   * @param view Of the bytes, if there is one.
   * @returns what all bytes that came out have been ORed to, in any of the four of a number.
   */
  stage(bytes: Uint8Array, view: MemoryView | undefined, start: number, end: number, key: number): number {
    this.#reserve(end - start, view === undefined ? 0 : alignmentOf(view, start))
    const { bytes: target } = this.#memory
    if (view === undefined) return maskBytes(target, this.#staged, bytes, start, end, key, 0)
    return maskWordsAcross(this.#memory, this.#staged, view, start, end, key)
  }

  /** Where the staged copy lies, and where it begins. */
  get stagedIn(): Uint8Array {
    return this.#memory.bytes
  }

  get stagedAt(): number {
    return this.#staged
  }

  /** The copy that was staged last, of this length, for somebody to keep. */
  takeStaged(length: number): Uint8Array {
    const start = this.#staged
    this.#used = (start + length + 7) & ~7
    return this.#makeView(this.#memory.buffer as ArrayBuffer, start, length)
  }

  /** Finds room, so aligned, up to multiples of eight on both sides. */
  #reserve(length: number, alignment: number): void {
    this.#staged = this.#used + alignment
    if (this.#staged + length <= this.#memory.bytes.length) return
    this.#memory = new MemoryView(new Uint8Array(POOL_BYTES))
    this.#staged = alignment
  }
}

/** The pool of plain bytes. */
export const payloadPool = new PayloadPool(
  LEAST_POOLED_BYTES,
  (memory, byteOffset, length) => new Uint8Array(memory, byteOffset, length),
)

/** A copy of the bytes that nobody else has. */
export function copyPooled(bytes: Uint8Array): Uint8Array {
  return payloadPool.isFor(bytes.length) ? payloadPool.takeCopy(bytes) : bytes.slice()
}
