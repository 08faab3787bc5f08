// The bytes of a stream, cut, each chunk in memory apart from the others: whatever reads or writes beyond its chunk finds
// other bytes, or leaves a trace.

import type { SeededRandom } from '../support/random.ts'

/** Where to cut: places from 0 to the length, in order. Two that are the same leave an empty chunk between them. */
export type Cuts = readonly number[]

const POISON = 0xee
const GAP_BYTES = 9 // of which more or less lies in front of a chunk, so that all alignments come

/** Memory that is used again for each run. */
export class ChunkMemory {
  #bytes = new Uint8Array(8_192)
  #end = 0
  readonly #starts: number[] = []
  readonly #lengths: number[] = []

  /** Lays the chunks out. */
  layOut(wire: Uint8Array, cuts: Cuts): void {
    const needed = wire.length + (cuts.length + 2) * 2 * GAP_BYTES
    if (needed > this.#bytes.length) this.#bytes = new Uint8Array(2 * needed)
    this.#bytes.fill(POISON, 0, needed)
    this.#starts.length = 0
    this.#lengths.length = 0
    let from = 0
    let at = GAP_BYTES
    for (let i = 0; i <= cuts.length; i++) {
      const to = i === cuts.length ? wire.length : cuts[i]!
      this.#bytes.set(wire.subarray(from, to), at)
      this.#starts.push(at)
      this.#lengths.push(to - from)
      at += to - from + 1 + ((3 * to + i) % GAP_BYTES)
      from = to
    }
    this.#end = at
  }

  get count(): number {
    return this.#starts.length
  }

  chunk(index: number): Uint8Array {
    const start = this.#starts[index]!
    return this.#bytes.subarray(start, start + this.#lengths[index]!)
  }

  /** What whoever lent the memory of a chunk does to it when it is back. */
  spoil(index: number): void {
    const start = this.#starts[index]!
    this.#bytes.fill(POISON, start, start + this.#lengths[index]!)
  }

  /** Whether nobody has written between the chunks. */
  get isIntact(): boolean {
    let at = 0
    for (let i = 0; i <= this.count; i++) {
      const end = i === this.count ? this.#end : this.#starts[i]!
      for (; at < end; at++) if (this.#bytes[at] !== POISON) return false
      at += this.#lengths[i] ?? 0
    }
    return true
  }
}

export function everyByte(length: number): Cuts {
  return Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1)
}

/** Every way to cut in two. */
export function* everyTwo(length: number): Generator<Cuts> {
  for (let at = 0; at <= length; at++) yield [at]
}

/** So many ways to cut in two, as many steps apart; all of them where there are no more. */
export function* someTwo(random: SeededRandom, length: number, count: number): Generator<Cuts> {
  if (count === 0) return
  const step = Math.max(1, (length + 1) / count)
  for (let at = random.below(Math.ceil(step)); at <= length; at += step) yield [Math.floor(at)]
}

/** Every way to cut in three of which none is empty; those with an empty one come by chance. */
export function* everyThree(length: number): Generator<Cuts> {
  for (let first = 1; first < length - 1; first++) {
    for (let second = first + 1; second < length; second++) yield [first, second]
  }
}

/** Some way to cut in three. */
export function someThree(random: SeededRandom, length: number): Cuts {
  return [random.between(0, length), random.between(0, length)].sort(ascending)
}

/** Some way to cut: mostly in a few, now and then in very many; one chunk in ten is empty. */
export function someCuts(random: SeededRandom, length: number): Cuts {
  const count = random.chance(20) ? random.between(1, length) : random.between(3, 12)
  const cuts = Array.from({ length: count }, () => random.between(0, length))
  for (let i = 0; i < count; i++) if (random.chance(10)) cuts.push(cuts[i]!)
  return cuts.sort(ascending)
}

function ascending(a: number, b: number): number {
  return a - b
}
