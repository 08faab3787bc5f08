// Work that takes its time, of all connections of a host: one slice in each turn of the event loop, so that a hundred
// long messages at once hold it no longer than one does.

import { Fifo } from '../codec/fifo.ts'

// How long slices may follow one another in one turn, those of all connections together.
const TURN_MS = 5

export class WorkQueue {
  readonly #nextTurn: (callback: () => void) => void
  readonly #now: () => number
  readonly #run = (): void => this.#runFirst()
  readonly #waiting = new Fifo<() => void>()
  #isScheduled = false
  #turnEndsAt: number | undefined

  /** @param nextTurn Calls back in another turn of the event loop, once input and output had theirs. */
  constructor(nextTurn: (callback: () => void) => void, now: () => number) {
    this.#nextTurn = nextTurn
    this.#now = now
  }

  /** Whether one more slice may be done in this turn, whoever did those before. */
  mayWork(): boolean {
    if (this.#turnEndsAt === undefined) {
      this.#turnEndsAt = this.#now() + TURN_MS
      this.#nextTurn(() => {
        this.#turnEndsAt = undefined
      })
    }
    return this.#now() < this.#turnEndsAt
  }

  /** Calls back in a turn of its own. */
  add(work: () => void): void {
    this.#waiting.push(work)
    this.#schedule()
  }

  #runFirst(): void {
    this.#isScheduled = false
    const work = this.#waiting.first!
    this.#waiting.shift()
    if (this.#waiting.length > 0) this.#schedule() // also when this one throws
    work()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#nextTurn(this.#run)
  }
}
