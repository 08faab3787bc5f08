// What a process holds, before and after very many attempts that came to nothing: its heap after a collection, its
// timers, sockets and other resources of the runtime, all objects, and who listens to what.

import { createHook } from 'node:async_hooks'
import { queryObjects } from 'node:v8'
import { liveHeapBytes } from './memory.ts'

// What is counted by nobody else, or comes and goes with every turn.
const UNCOUNTED: ReadonlySet<string> = new Set(['PROMISE', 'TickObject', 'Microtask', 'RANDOMBYTESREQUEST'])

const OBJECTS = 'objects'

const kinds = new Map<number, string>()
const live = new Map<string, number>()

createHook({
  init(id, kind) {
    if (UNCOUNTED.has(kind)) return
    kinds.set(id, kind)
    live.set(kind, (live.get(kind) ?? 0) + 1)
  },
  destroy(id) {
    const kind = kinds.get(id)
    if (kind === undefined) return
    kinds.delete(id)
    live.set(kind, live.get(kind)! - 1)
  },
}).enable()

/** What is held, by what it is. */
type Counts = Readonly<Record<string, number>>

/** Some of it that only the program knows how to count, such as the listeners of a signal. */
type Count = () => number

// What was compiled meanwhile stays, and strings are not counted. Leaks are found by what is counted.
const HEAP_TOLERANCE_BYTES = 2_000_000

// Of all objects of the heap: attempts are made by the hundred of every kind, and few objects come and go by themselves: 4 to
// 21 were seen, as many after 40,000 attempts as after 20,000.
const OBJECT_TOLERANCE = 60

// What is made once, compiled or kept for the next, is there after so many.
const FIRST_ROUND = 1_000

// A second is what a refused socket may linger; the rest is for a machine that has other things to do.
const SETTLE_MS = 20_000

/** Counts everything that attempts may leave behind; what is counted beside the usual is named by the caller. */
export class LeakWatch {
  readonly #own: Readonly<Record<string, Count>>
  readonly #before: Counts
  readonly #heapBefore: number

  private constructor(own: Readonly<Record<string, Count>>, before: Counts, heapBefore: number) {
    this.#own = own
    this.#before = before
    this.#heapBefore = heapBefore
  }

  /** Begins after a first round of attempts: what is made once is there then. */
  static async begin(own: Readonly<Record<string, Count>>): Promise<LeakWatch> {
    counts(own) // to count for the first time leaves something, too
    await quiet()
    const heap = await settledHeap()
    return new LeakWatch(own, counts(own), heap)
  }

  /** Waits until everything is as it was. @returns what has grown, one line each; nothing when all went away. */
  async grown(settleMs = SETTLE_MS): Promise<readonly string[]> {
    const until = performance.now() + settleMs
    let grown: readonly string[]
    do {
      await quiet()
      grown = this.#grownCounts()
    } while (grown.length > 0 && performance.now() < until)
    const heap = (await settledHeap()) - this.#heapBefore
    console.log(`The heap has grown by ${heap} bytes`)
    return heap <= HEAP_TOLERANCE_BYTES ? grown : [...grown, `heap: ${heap} bytes`]
  }

  #grownCounts(): readonly string[] {
    const before = this.#before
    return Object.entries(counts(this.#own)).flatMap(([what, count]) =>
      count > (before[what] ?? 0) + (what === OBJECTS ? OBJECT_TOLERANCE : 0)
        ? `${what}: ${before[what] ?? 0} before, ${count} after`
        : [],
    )
  }
}

function counts(own: Readonly<Record<string, Count>>): Counts {
  const result: Record<string, number> = Object.fromEntries(live)
  for (const kind of process.getActiveResourcesInfo()) result[`active ${kind}`] = (result[`active ${kind}`] ?? 0) + 1
  for (const event of process.eventNames()) {
    result[`process listeners for ${String(event)}`] = process.listenerCount(event)
  }
  for (const [what, count] of Object.entries(own)) result[what] = count()
  result[OBJECTS] = queryObjects(Object, { format: 'count' })
  return result
}

/** What was closed in one turn is told in another. */
async function quiet(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setTimeout(resolve, 30))
  liveHeapBytes()
}

async function settledHeap(): Promise<number> {
  let bytes = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    bytes = Math.min(bytes, liveHeapBytes())
  }
  return bytes
}

/** Makes attempts until there were so many, some at the same time, of every kind in turn. */
export async function attempt(
  count: number,
  attempts: Readonly<Record<string, () => Promise<void>>>,
  atOnce = 40,
): Promise<void> {
  const all = Object.entries(attempts)
  let begun = 0
  const one = async (): Promise<void> => {
    while (begun < count) {
      const [name, run] = all[begun++ % all.length]!
      await run().catch((cause) => {
        throw new Error(`An attempt went wrong: ${name}`, { cause })
      })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}

/** The program: so many attempts as its argument says, with a first round of its own before them. */
export async function watchAttempts(
  own: Readonly<Record<string, Count>>,
  attempts: Readonly<Record<string, () => Promise<void>>>,
): Promise<void> {
  const count = Number(process.argv[2] ?? 20_000)
  const kindCount = Object.keys(attempts).length
  console.log(`${count} attempts of ${kindCount} kinds`)
  const begunAt = performance.now()
  await attempt(FIRST_ROUND, attempts)
  const watch = await LeakWatch.begin(own)
  await attempt(count, attempts)
  const seconds = ((performance.now() - begunAt) / 1_000).toFixed(1)
  console.log(`made in ${seconds} s`)
  const grown = await watch.grown()
  for (const line of grown) console.log(`GROWN ${line}`)
  if (grown.length > 0) process.exitCode = 1
}
