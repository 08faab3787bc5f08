// How many frames that carry no data may come in a time: a bucket that holds the burst and fills at the average rate.

const ONE_FRAME = 1_000

export class FrameRate {
  // In thousandths of a frame, so that whole milliseconds fill it by whole numbers.
  readonly #perMs: number
  readonly #burst: number
  #allowance: number
  #filledAt: number

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond
    // No average to wait for is no limit at all, also for frames that come within one millisecond.
    this.#burst = perSecond === Number.POSITIVE_INFINITY ? perSecond : burst * ONE_FRAME
    this.#allowance = this.#burst
    this.#filledAt = now
  }

  /** Whether, at the time `now`, it is as if no frame had ever come. */
  isUnused(now: number): boolean {
    return this.#allowance >= this.#burst || this.#allowance + (now - this.#filledAt) * this.#perMs >= this.#burst
  }

  /** Counts anew, on another clock. */
  takeOver(now: number): void {
    this.#allowance = this.#burst
    this.#filledAt = now
  }

  /** Counts one frame at the time `now`. @returns whether it was within the rate. */
  take(now: number): boolean {
    if (now > this.#filledAt) {
      this.#allowance = Math.min(this.#burst, this.#allowance + (now - this.#filledAt) * this.#perMs)
      this.#filledAt = now
    }
    if (this.#allowance < ONE_FRAME) return false
    this.#allowance -= ONE_FRAME
    return true
  }
}
