// Chance that can be had again: the same seed draws the same numbers, on every runtime.

import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

export class SeededRandom {
  readonly #generator: RandomGenerator

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
  }

  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number {
    return uniformInt(this.#generator, 0, bound - 1)
  }

  /** A whole number from `from` to `to`, both of which may come. */
  between(from: number, to: number): number {
    return uniformInt(this.#generator, from, to)
  }

  uint32(): number {
    return this.#generator.next() >>> 0
  }

  /** `true` once in `oneIn` times. */
  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.#generator.next())
  }
}
