// What executions have reached: for each counter, and each of eight ranges of how often it was come to, whether any
// execution did. An input that adds to that is worth keeping, as in AFL.

/** The ranges: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, 128 and more; each is one bit. */
const RANGE_OF = Uint8Array.from({ length: 256 }, (_, hits) => {
  if (hits === 0) return 0
  if (hits < 4) return 1 << (hits - 1)
  if (hits < 32) return 1 << (32 - Math.clz32(hits))
  return hits < 128 ? 0x40 : 0x80
})

export class Coverage {
  readonly #hits: Uint8ClampedArray
  readonly #words: Uint32Array
  readonly #seen: Uint8Array

  constructor(hits: Uint8ClampedArray) {
    this.#hits = hits
    this.#words = new Uint32Array(hits.buffer, hits.byteOffset, hits.length / 4)
    this.#seen = new Uint8Array(hits.length)
  }

  /** Before an execution. */
  clear(): void {
    this.#words.fill(0)
  }

  /** Executes something whose counts are not those of the last execution. What is kept does not depend on time. */
  aside(execute: () => void): void {
    const words = this.#words.slice()
    execute()
    this.#words.set(words)
  }

  /** How many counters have been come to. */
  get places(): number {
    return this.#seen.reduce((count, ranges) => count + (ranges === 0 ? 0 : 1), 0)
  }

  /** Whether the last execution reached anything that none before it did. */
  hasNew(): boolean {
    const words = this.#words
    for (let word = 0; word < words.length; word++) {
      if (words[word] !== 0 && this.#isNew(word * 4)) return true
    }
    return false
  }

  #isNew(at: number): boolean {
    for (let i = at; i < at + 4; i++) {
      if ((RANGE_OF[this.#hits[i]!]! & ~this.#seen[i]!) !== 0) return true
    }
    return false
  }

  /** What the last execution reached, as numbers; with `isNew`, only what none before it did. */
  reached({ isNew }: { isNew: boolean }): number[] {
    const reached: number[] = []
    for (const [i, hits] of this.#hits.entries()) {
      const range = RANGE_OF[hits]!
      if (range !== 0 && !(isNew && (range & this.#seen[i]!) !== 0)) reached.push(i * 256 + range)
    }
    return reached
  }

  /** Whether the last execution reached all of that. */
  hasReached(reached: readonly number[]): boolean {
    return reached.every((number) => RANGE_OF[this.#hits[number >> 8]!] === (number & 0xff))
  }

  /** What the last execution reached is known from now on. */
  add(): void {
    for (const [i, hits] of this.#hits.entries()) this.#seen[i]! |= RANGE_OF[hits]!
  }
}
