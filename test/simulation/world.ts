// Time and turns of a simulated world. Everything that happens is a task with a time; of those that are due, chance says which
// is next, and each has a turn to itself. No clock, timer or event loop of the runtime decides anything: the same seed
// plays the same turns.

import { SeededRandom } from '../support/random.ts'
import type { Invariant } from './invariants.ts'

/** Something that will happen. */
export interface Task {
  /** Not before this time. */
  at: number
  readonly name: string
  readonly run: () => void
}

/** A rule that was broken. */
export interface Violation {
  readonly invariant: Invariant
  readonly detail: string
  /** The turn in which it was seen. */
  readonly turn: number
}

// A world that goes on for longer than this goes on for ever: most take some hundred turns.
const MOST_TURNS = 40_000

export class World {
  readonly random: SeededRandom
  /** What happened, in order. */
  readonly transcript: string[] = []
  readonly violations: Violation[] = []
  /** Milliseconds since the world began. */
  now = 0
  turn = 0
  readonly #tasks: Task[] = []
  readonly #turnEnds: (() => boolean)[] = []

  constructor(seed: number) {
    this.random = new SeededRandom(scattered(seed))
  }

  /** How many tasks wait for their time. */
  get waitingTasks(): number {
    return this.#tasks.length
  }

  after(delayMs: number, name: string, run: () => void): Task {
    const task = { at: this.now + delayMs, name, run }
    this.#tasks.push(task)
    return task
  }

  cancel(task: Task): void {
    const at = this.#tasks.indexOf(task)
    if (at >= 0) this.#tasks.splice(at, 1)
  }

  sleep(delayMs: number, name: string): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, name, resolve))
  }

  /** @param end Does what was put off to the end of a turn. Returns whether there was anything. */
  atTurnEnd(end: () => boolean): void {
    this.#turnEnds.push(end)
  }

  note(text: string): void {
    this.transcript.push(`  ${text}`)
  }

  violated(invariant: Invariant, detail: string): void {
    this.note(`VIOLATED ${invariant}: ${detail}`)
    this.violations.push({ invariant, detail, turn: this.turn })
  }

  /** Plays until nothing is left to happen, or something is wrong. */
  async play(): Promise<void> {
    await this.#endTurn()
    for (let task = this.#take(); task !== undefined && this.violations.length === 0; task = this.#take()) {
      if (this.turn === MOST_TURNS) {
        this.violated('comesToRest', `${MOST_TURNS} turns, ${this.now} ms, and still: ${task.name}`)
        return
      }
      this.turn++
      this.transcript.push(`${this.turn} at ${this.now} ms: ${task.name}`)
      this.attempt(task.run)
      await this.#endTurn()
    }
  }

  /** What a turn throws would end the process. */
  attempt(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.violated('nothingIsThrown', error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }

  /** One of the tasks that are due; if there is none, time passes until there is. */
  #take(): Task | undefined {
    const tasks = this.#tasks
    if (tasks.length === 0) return undefined
    let first = Number.POSITIVE_INFINITY
    for (const { at } of tasks) first = Math.min(first, at)
    this.now = Math.max(this.now, first)
    let due = 0
    for (const { at } of tasks) if (at <= this.now) due++
    let skip = due === 1 ? 0 : this.random.below(due)
    const place = tasks.findIndex(({ at }) => at <= this.now && skip-- === 0)
    return tasks.splice(place, 1)[0]
  }

  /** Lets promises have their effect, then what was put off until then, until nothing comes of it any more. */
  async #endTurn(): Promise<void> {
    do await settled()
    while (this.#turnEnds.map((end) => end()).includes(true))
  }
}

/**
 * Everything has happened that promises make happen. It is left to the queue that Node runs when there are no microtasks left:
 * a turn of the event loop would take ten times as long.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)))
}

/** Neighbouring seeds begin with neighbouring numbers; this sets them apart (the last steps of MurmurHash3). */
function scattered(seed: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) | 0
}
