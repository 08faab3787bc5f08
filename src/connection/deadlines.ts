// The deadlines of all connections of a host, with one timer for the first of them: a timer of the runtime for each
// connection would take a quarter of a kilobyte. They are kept as a heap: a deadline is added, moved and removed in
// logarithmic time.

import type { Host } from './byte-stream.ts'

/** Who has at most one deadline. */
export interface Sleeper {
  /** When it is to be woken; `Infinity` when it is not. Belongs to the deadlines. */
  wakeAt: number
  /** Where it is in the heap; -1 when it is not. Belongs to the deadlines. */
  place: number
  handleDeadline(): void
}

/** What a sleeper has that has no deadline yet. */
export const AWAKE = { wakeAt: Number.POSITIVE_INFINITY, place: -1 }

const deadlinesOfHosts = new WeakMap<Host, Deadlines>()

export class Deadlines {
  readonly #host: Host
  readonly #heap: Sleeper[] = []
  readonly #wake = (): void => this.#wakeSleepers()
  #timer: unknown
  #timerAt = Number.POSITIVE_INFINITY

  private constructor(host: Host) {
    this.#host = host
  }

  static of(host: Host): Deadlines {
    const known = deadlinesOfHosts.get(host)
    if (known !== undefined) return known
    const deadlines = new Deadlines(host)
    deadlinesOfHosts.set(host, deadlines)
    return deadlines
  }

  /** Wakes the sleeper at `at`, unless it is woken before that anyway. */
  add(sleeper: Sleeper, at: number): void {
    if (at >= sleeper.wakeAt) return
    sleeper.wakeAt = at
    if (sleeper.place < 0) sleeper.place = this.#heap.push(sleeper) - 1
    this.#rise(sleeper)
    this.#schedule()
  }

  remove(sleeper: Sleeper): void {
    if (sleeper.place < 0) return
    this.#take(sleeper)
    this.#schedule()
  }

  /** Sets the timer for the first deadline. One that is set too early is left alone: it looks again when it fires. */
  #schedule(): void {
    const first = this.#heap[0]
    if (first !== undefined && first.wakeAt >= this.#timerAt) return
    this.#host.clearTimer(this.#timer)
    this.#timerAt = first === undefined ? Number.POSITIVE_INFINITY : first.wakeAt
    this.#timer = first && this.#host.setTimer(Math.max(0, first.wakeAt - this.#host.now()), this.#wake)
  }

  #wakeSleepers(): void {
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#host.now()
    try {
      for (let first = this.#heap[0]; first !== undefined && first.wakeAt <= now; first = this.#heap[0]) {
        this.#take(first)
        first.handleDeadline()
      }
    } finally {
      this.#schedule() // also when one of them throws
    }
  }

  #take(sleeper: Sleeper): void {
    const { place } = sleeper
    const last = this.#heap.pop()!
    sleeper.place = AWAKE.place
    sleeper.wakeAt = AWAKE.wakeAt
    if (last === sleeper) return
    this.#put(last, place)
    this.#rise(last)
    this.#sink(last)
  }

  #put(sleeper: Sleeper, place: number): void {
    this.#heap[place] = sleeper
    sleeper.place = place
  }

  #rise(sleeper: Sleeper): void {
    while (sleeper.place > 0) {
      const { place } = sleeper
      const parent = this.#heap[(place - 1) >> 1]!
      if (parent.wakeAt <= sleeper.wakeAt) return
      this.#put(sleeper, parent.place)
      this.#put(parent, place)
    }
  }

  #sink(sleeper: Sleeper): void {
    for (;;) {
      const { place } = sleeper
      const left = this.#heap[2 * place + 1]
      const right = this.#heap[2 * place + 2]
      const child = right !== undefined && right.wakeAt < left!.wakeAt ? right : left
      if (child === undefined || child.wakeAt >= sleeper.wakeAt) return
      this.#put(sleeper, child.place)
      this.#put(child, place)
    }
  }
}
