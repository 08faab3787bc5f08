// The loop: an input that reached something new is kept, others are made from those that were kept. What decides is the
// seed and the corpus alone; time and memory only make findings.

import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SeededRandom } from '../support/random.ts'
import { Coverage } from './coverage.ts'
import type { Counters } from './instrumented-copy.ts'
import { minimise } from './minimise.ts'
import { Mutator } from './mutate.ts'
import type { FuzzTarget } from './target.ts'

/** What was found. A `hang` and some of what grows are noticed from outside only. */
export interface Finding {
  readonly kind: 'crash' | 'slow' | 'memory' | 'growth' | 'hang'
  readonly text: string
  readonly input: Uint8Array
}

export interface LoopOptions {
  readonly seed: number
  readonly executions: number
  /** When to stop before that: the run is then the beginning of one that was not stopped. Default: not. */
  readonly seconds?: number
  /** Inputs that were kept before. */
  readonly corpus: readonly Uint8Array[]
  /** Whether what was reached decides what is kept. Without it inputs are random. Default `true`. */
  readonly guided?: boolean
  /** Told the input before each execution. */
  readonly onExecution?: (input: Uint8Array) => void
}

export interface LoopResult {
  readonly executions: number
  /** Counters that were come to. */
  readonly places: number
  /** The inputs that are worth keeping, as few and as short as can be. */
  readonly corpus: readonly Uint8Array[]
  readonly finding: Finding | undefined
}

// A call takes at most this long. The machine may be busy with something else: what seems to take longer is run three times
// more, and only the time counts that the processor spent on it.
const MOST_MS = 50
const SLOW_REPEATS = 3

// The heap after a collection may be this much larger than it was after the first executions.
const EXECUTIONS_BEFORE_HEAP = 1_000
const EXECUTIONS_BETWEEN_COLLECTIONS = 20_000
const MOST_GROWTH_BYTES = 32 * 1_048_576
const GROWTH_REPEATS = 50

const DEFAULT_MAX_BYTES = 1_024
const DEFAULT_MEMORY_PER_BYTE = 64
const DEFAULT_MEMORY_ON_TOP = 262_144

const EXECUTIONS_IN_A_TURN = 256

const STACK_LINES = 10

const MOST_TRIM_TRIES = 64
const MOST_MINIMISE_TRIES = 500
const MOST_SLOW_TRIES = 12 // each of which is slow

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Fuzzes until something is found, or the executions are used up. */
export function fuzzLoop(target: FuzzTarget, counters: Counters, options: LoopOptions): Promise<LoopResult> {
  return new Loop(target, counters, options).run()
}

class Found extends Error {
  readonly finding: Finding

  constructor(finding: Finding) {
    super(finding.text)
    this.finding = finding
  }
}

class Loop {
  readonly #target: FuzzTarget
  readonly #allocation: Counters['allocation']
  readonly #options: LoopOptions
  readonly #coverage: Coverage
  readonly #random: SeededRandom
  readonly #mutator: Mutator
  readonly #corpus: Uint8Array[] = []
  readonly #timesChosen: number[] = []
  #executions = 0
  #nextCollection = EXECUTIONS_BEFORE_HEAP
  #firstHeapBytes = 0

  constructor(target: FuzzTarget, { hits, allocation }: Counters, options: LoopOptions) {
    this.#target = target
    this.#allocation = allocation
    this.#options = options
    this.#coverage = new Coverage(hits)
    this.#random = new SeededRandom(options.seed)
    this.#mutator = new Mutator(this.#random, readDictionary(target), target.maxBytes ?? DEFAULT_MAX_BYTES)
  }

  async run(): Promise<LoopResult> {
    const end = performance.now() + 1_000 * (this.#options.seconds ?? Number.POSITIVE_INFINITY)
    let finding: Finding | undefined
    // Errors are what most inputs come to. A stack for each takes a third of the time, and only that of a finding is read.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      this.#start()
      while (this.#executions < this.#options.executions && performance.now() < end) {
        this.#step()
        if (this.#executions % EXECUTIONS_IN_A_TURN === 0) await nextTurn()
        if (this.#executions >= this.#nextCollection) await this.#checkHeap()
      }
      await this.#checkHeap()
    } catch (error) {
      if (!(error instanceof Found)) throw error
      finding = error.finding
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
    const { places } = this.#coverage
    const corpus = finding === undefined ? this.#worthKeeping() : this.#corpus
    return { executions: this.#executions, places, corpus, finding }
  }

  #start(): void {
    const { seeds = [] } = this.#target
    for (const input of [new Uint8Array(0), ...seeds, ...this.#options.corpus]) {
      this.#execute(input)
      if (this.#coverage.hasNew()) this.#keep(input)
    }
  }

  #step(): void {
    const input = this.#mutator.mutate(this.#choose(), this.#random.pick(this.#corpus))
    this.#execute(input)
    if (this.#options.guided !== false && this.#coverage.hasNew()) this.#keep(this.#trim(input.slice()))
  }

  /** Of two the one that was chosen less often: what was kept last has its turn soon. */
  #choose(): Uint8Array {
    const a = this.#random.below(this.#corpus.length)
    const b = this.#random.below(this.#corpus.length)
    const chosen = this.#timesChosen[a]! < this.#timesChosen[b]! ? a : b
    this.#timesChosen[chosen]!++
    return this.#corpus[chosen]!
  }

  /** Leaves out what the new places do not need. */
  #trim(input: Uint8Array): Uint8Array {
    const reached = this.#coverage.reached({ isNew: true })
    const reachesThem = (candidate: Uint8Array): boolean => {
      this.#execute(candidate)
      return this.#coverage.hasReached(reached)
    }
    const trimmed = minimise(input, reachesThem, MOST_TRIM_TRIES)
    this.#execute(trimmed)
    return trimmed
  }

  /** The input was executed last. */
  #keep(input: Uint8Array): void {
    this.#coverage.add()
    this.#corpus.push(input)
    this.#timesChosen.push(0)
  }

  #execute(input: Uint8Array): void {
    this.#executions++
    this.#options.onExecution?.(input)
    this.#coverage.clear()
    this.#allocation.bytes = 0
    const start = performance.now()
    try {
      this.#target.fuzz(input)
    } catch (error) {
      throw new Found(this.#crash(input.slice(), error))
    }
    const ms = performance.now() - start
    if (this.#allocation.bytes > this.#mostMemory(input)) throw new Found(this.#memory(input.slice()))
    if (ms > MOST_MS) this.#coverage.aside(() => this.#judgeSlow(input))
  }

  // --- findings ----------------------------------------------------------------------------------------------------

  #crash(input: Uint8Array, error: unknown): Finding {
    Error.stackTraceLimit = STACK_LINES
    const kind = textOf(error).split('\n')[0]!
    const isSame = (candidate: Uint8Array): boolean => {
      const other = this.#errorOf(candidate)
      return other !== undefined && numberless(textOf(other).split('\n')[0]!) === numberless(kind)
    }
    const smallest = minimise(input, isSame, MOST_MINIMISE_TRIES)
    return { kind: 'crash', text: textOf(this.#errorOf(smallest) ?? error), input: smallest }
  }

  #errorOf(input: Uint8Array): unknown {
    this.#options.onExecution?.(input)
    try {
      this.#target.fuzz(input)
      return undefined
    } catch (error) {
      return error ?? 'undefined'
    }
  }

  #judgeSlow(input: Uint8Array): void {
    if (!this.#isSlow(input)) return
    const smallest = minimise(input.slice(), (candidate) => this.#isSlow(candidate), MOST_SLOW_TRIES)
    if (!this.#isSlow(smallest)) return
    const text = `A call takes ${Math.round(this.#shortestMs(smallest))} ms, more than ${MOST_MS}`
    throw new Found({ kind: 'slow', text, input: smallest })
  }

  #isSlow(input: Uint8Array): boolean {
    return this.#shortestMs(input) > MOST_MS
  }

  #shortestMs(input: Uint8Array): number {
    let shortest = Number.POSITIVE_INFINITY
    for (let repeat = 0; repeat < SLOW_REPEATS && shortest > MOST_MS; repeat++) {
      const start = process.cpuUsage()
      this.#errorOf(input)
      const { user, system } = process.cpuUsage(start)
      shortest = Math.min(shortest, (user + system) / 1_000)
    }
    return shortest
  }

  #mostMemory(input: Uint8Array): number {
    const { memoryPerByte = DEFAULT_MEMORY_PER_BYTE, memoryOnTop = DEFAULT_MEMORY_ON_TOP } = this.#target
    return memoryOnTop + memoryPerByte * input.length
  }

  #memory(input: Uint8Array): Finding {
    const bytesOf = (candidate: Uint8Array): number => {
      this.#allocation.bytes = 0
      this.#errorOf(candidate)
      return this.#allocation.bytes
    }
    const isTooMuch = (candidate: Uint8Array) => bytesOf(candidate) > this.#mostMemory(candidate)
    const smallest = minimise(input, isTooMuch, MOST_MINIMISE_TRIES)
    const most = this.#mostMemory(smallest)
    const text = `${smallest.length} bytes of input take ${bytesOf(smallest)} bytes of memory, more than ${most}`
    return { kind: 'memory', text, input: smallest }
  }

  async #checkHeap(): Promise<void> {
    this.#nextCollection = this.#executions + EXECUTIONS_BETWEEN_COLLECTIONS
    const bytes = await heapBytes()
    if (this.#firstHeapBytes === 0) this.#firstHeapBytes = bytes
    if (bytes - this.#firstHeapBytes <= MOST_GROWTH_BYTES) return
    const input = await this.#mostGrowing()
    const text = `The heap has grown by ${mebibytes(bytes - this.#firstHeapBytes)} MiB over ${this.#executions} executions`
    throw new Found({ kind: 'growth', text, input })
  }

  /** What grows the heap most of all that was kept. */
  async #mostGrowing(): Promise<Uint8Array> {
    const growths: number[] = []
    for (const input of this.#corpus) {
      const before = await heapBytes()
      for (let repeat = 0; repeat < GROWTH_REPEATS; repeat++) this.#errorOf(input)
      growths.push((await heapBytes()) - before)
    }
    return this.#corpus[growths.indexOf(Math.max(...growths))]!
  }

  // --- what is kept ------------------------------------------------------------------------------------------------

  /** The shortest first, each that reaches what no shorter one does. */
  #worthKeeping(): Uint8Array[] {
    const coverage = this.#coverage
    const covered = new Set<number>()
    return this.#corpus
      .filter((input) => input.length > 0)
      .sort((a, b) => a.length - b.length)
      .filter((input) => {
        coverage.clear()
        this.#errorOf(input)
        const reached = coverage.reached({ isNew: false })
        const isNeeded = reached.some((number) => !covered.has(number))
        for (const number of reached) covered.add(number)
        return isNeeded
      })
  }
}

function readDictionary({ dictionary = [] }: FuzzTarget): Uint8Array[] {
  return dictionary.map((word) => (typeof word === 'string' ? Uint8Array.from(Buffer.from(word, 'latin1')) : word))
}

/** Findings that differ in numbers only are the same. */
function numberless(text: string): string {
  return text.replaceAll(/[\d.-]+/g, '#')
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error)
}

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    await nextTurn()
    collectGarbage()
  }
  const { used_heap_size: used, external_memory: external } = getHeapStatistics()
  return used + external
}

/** What the platform puts off, such as letting go of streams of zlib, is done by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1)
}
