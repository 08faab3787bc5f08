// The clock, the turns and the randomness of one simulated process. Timers fire a little late, as those of a runtime do, and
// its clock may jump.

import type { Diagnostics, FailedConnection, Host } from '../../src/connection/index.ts'
import { WorkQueue } from '../../src/connection/index.ts'
import type { Task, World } from './world.ts'

export interface HostSettings {
  /** Whether what is put off happens at the end of its turn, as on Node, or in one of its own, as in a browser. */
  readonly defersToTurnEnd: boolean
  /** How long a slice of work takes, at most. */
  readonly slowestSliceMs: number
  readonly diagnostics?: Diagnostics | undefined
}

// When the process was started is nobody's business.
const STARTED_AT = 1_000

export class SimulatedHost implements Host {
  readonly name: string
  readonly diagnostics: Diagnostics | undefined
  readonly #world: World
  readonly #settings: HostSettings
  readonly #timers = new Set<Task>()
  readonly #workQueue: WorkQueue
  readonly #onError: (error: unknown, connection: FailedConnection) => void
  #deferred: (() => void)[] = []
  #aheadMs = 0

  constructor(
    world: World,
    name: string,
    settings: HostSettings,
    onError: (error: unknown, connection: FailedConnection) => void,
  ) {
    this.#world = world
    this.name = name
    this.#settings = settings
    this.#onError = onError
    this.diagnostics = settings.diagnostics
    this.#workQueue = new WorkQueue(
      (callback) => void world.after(0, `${name}: works`, callback),
      () => this.now(),
    )
    world.atTurnEnd(() => this.#endTurn())
  }

  now(): number {
    return STARTED_AT + this.#world.now + this.#aheadMs
  }

  setTimer(delayMs: number, callback: () => void): Task {
    // As on Node: whole milliseconds, at least one.
    const delay = Math.max(1, Math.trunc(Math.min(delayMs, 0x7fff_ffff)))
    const timer = this.#world.after(delay, `${this.name}: timer`, () => {
      this.#timers.delete(timer)
      callback()
    })
    this.#timers.add(timer)
    return timer
  }

  clearTimer(timer: unknown): void {
    if (timer === undefined) return
    this.#timers.delete(timer as Task)
    this.#world.cancel(timer as Task)
  }

  defer(callback: () => void): void {
    if (this.#settings.defersToTurnEnd) this.#deferred.push(callback)
    else this.#world.after(0, `${this.name}: what was put off`, callback)
  }

  deferWork(callback: () => void): void {
    this.#workQueue.add(callback)
  }

  mayWork(): boolean {
    this.#aheadMs += this.#world.random.below(this.#settings.slowestSliceMs + 1)
    return this.#workQueue.mayWork()
  }

  randomUint32(): number {
    return this.#world.random.uint32()
  }

  reportError(error: unknown, connection: FailedConnection): void {
    this.#onError(error, connection)
  }

  /** By how much its clock is ahead of the world's. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size
  }

  /** The process was held up, or slept: its clock is further on, and what is due meanwhile is due at once. */
  jump(ms: number): void {
    this.#aheadMs += ms
    for (const timer of this.#timers) timer.at -= ms
  }

  #endTurn(): boolean {
    const callbacks = this.#deferred
    this.#deferred = []
    for (const callback of callbacks) this.#world.attempt(callback)
    return callbacks.length > 0
  }
}
