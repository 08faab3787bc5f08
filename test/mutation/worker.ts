// The process in which tests run, told by its parent what to do: `survey` runs each test of a file by itself and says what
// it reaches; `try` runs tests with one module replaced until one fails. It is started with `--experimental-vm-modules`.

import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { edited } from '../support/syntax.ts'
import { placesOf } from './instrument.ts'
import { ModuleGraph, ModuleTexts } from './module-graph.ts'
import { TestFile } from './test-file.ts'

export interface Survey {
  readonly kind: 'survey'
  readonly file: string
  /** The modules in which points are counted. */
  readonly modules: readonly string[]
}

/** What a test reaches, and what it takes. */
export interface Reach {
  /** The numbers of the points that are reached in each module. */
  readonly points: Readonly<Record<string, readonly number[]>>
  readonly turns: number
  /** Time of the processor: the machine may be busy with other things. */
  readonly ms: number
}

export interface SurveyedTest extends Reach {
  readonly name: string
  /** Why it failed, though nothing was changed. */
  readonly failure: string | undefined
  /** It was stopped, as it turns its loops too often to be asked of each mutant. */
  readonly isLong: boolean
}

export interface SurveyResult {
  readonly tests: readonly SurveyedTest[]
  /** What the file reaches before its first test. */
  readonly load: Reach
  /** The paths of all modules that it loads. */
  readonly loaded: readonly string[]
}

export interface Try {
  readonly kind: 'try'
  readonly module: string
  readonly text: string
  readonly runs: readonly Run[]
}

/** Tests of one file, by their place in it, to be run in this order. */
export interface Run {
  readonly file: string
  readonly loadTurns: number
  readonly tests: readonly { readonly index: number; readonly turns: number }[]
}

/** Which test killed the mutant, and how; nothing where it survived. */
export interface TryResult {
  readonly killedBy: string | undefined
  readonly failure: string | undefined
}

export type Task = Survey | Try

/** A mutant is stopped after ten times as many turns of loops as the test takes without it, and these. */
const MORE_TURNS = 100_000

/** Tests that turn loops more often are not asked. */
const MOST_TURNS = 1_500_000

/** Modules are never given back entirely, so that the process is replaced when it has grown to this. */
const MAX_RESIDENT_BYTES = 600 * 1024 * 1024

declare global {
  var __turn: () => void
  var __point: (number: number) => void
}

const ENDLESS = 'A loop does not end'

let turnsLeft = Number.MAX_SAFE_INTEGER
globalThis.__turn = () => {
  if (--turnsLeft < 0) throw new Error(ENDLESS)
}

let reached = new Uint8Array(0)
globalThis.__point = (number) => {
  reached[number] = 1
}

/** Ends the test at hand from outside: an error that nobody caught, or nothing left that it could wait for. */
let failFromOutside: (error: unknown) => void = () => {}
process.on('uncaughtException', (error) => failFromOutside(error))
process.on('unhandledRejection', (error) => failFromOutside(error))
process.on('beforeExit', () => failFromOutside(new Error('What the test waits for does not come')))

/** What tests may take away or replace, and what other tests in the same process must have again. */
const KEPT = [globalThis, ArrayBuffer.prototype].map(
  (object) => [object, Object.entries(Object.getOwnPropertyDescriptors(object))] as const,
)

const withTurns = new ModuleTexts((_, text) => edited(text, placesOf(text).turnEdits))

process.on('message', async (task: Task) => {
  // While a test runs, only what it waits for keeps the process.
  process.channel?.unref()
  const result = task.kind === 'survey' ? await survey(task) : await tryMutant(task)
  process.channel?.ref()
  const isFull = process.memoryUsage.rss() > MAX_RESIDENT_BYTES
  process.send?.({ result, isFull }, () => isFull && process.disconnect())
})

let numbered: { readonly modules: readonly string[]; readonly texts: ModuleTexts; readonly ends: number[] } | undefined

/** The texts with a number at each point, counted through all modules. */
function numberPoints(modules: readonly string[]): NonNullable<typeof numbered> {
  if (numbered?.modules.join() !== modules.join()) {
    const instrumented = new Map<string, string>()
    const ends: number[] = []
    for (const module of modules) {
      const text = readFileSync(module, 'utf8')
      const places = placesOf(text)
      const first = ends.at(-1) ?? 0
      instrumented.set(module, edited(text, [...places.pointEdits(first), ...places.turnEdits]))
      ends.push(first + places.points.length)
    }
    const texts = new ModuleTexts((path, text) => instrumented.get(path) ?? edited(text, placesOf(text).turnEdits))
    numbered = { modules, texts, ends }
  }
  return numbered!
}

async function survey({ file, modules }: Survey): Promise<SurveyResult> {
  const { texts, ends } = numberPoints(modules)
  reached = new Uint8Array(ends.at(-1)!)
  turnsLeft = Number.MAX_SAFE_INTEGER
  const first = await load(file, texts)
  if (first.failure !== undefined) throw new Error(`${file} does not load: ${message(first.failure)}`)
  const surveyed: SurveyedTest[] = []
  const reach = (measured: Measured) => reachOf(measured, modules, ends)
  const atLoad = reach(first)
  for (let i = 0; i < first.tests.tests.length; i++) {
    // Each by itself, so that what it needs is not what another left behind.
    turnsLeft = Number.MAX_SAFE_INTEGER
    const { tests } = await load(file, texts)
    const test = tests.tests[i]!
    turnsLeft = MOST_TURNS
    const run = await measured(async () => {
      await tests.begin()
      await tests.run(test)
      await tests.end()
    })
    const isLong = turnsLeft < 0
    const failure = run.failure === undefined || isLong ? undefined : message(run.failure)
    surveyed.push({ name: test.name, failure, isLong, ...reach(run) })
  }
  return { tests: surveyed, load: atLoad, loaded: first.loaded }
}

async function tryMutant({ module, text, runs }: Try): Promise<TryResult> {
  const replaced = new Map([[module, text]])
  for (const { file, loadTurns, tests: chosen } of runs) {
    turnsLeft = 10 * loadTurns + MORE_TURNS
    const { tests, failure } = await load(file, withTurns, replaced)
    if (failure !== undefined) return { killedBy: file, failure: message(failure) }
    for (const [n, { index, turns }] of chosen.entries()) {
      turnsLeft = 10 * turns + MORE_TURNS
      const test = tests.tests[index]
      if (test === undefined) return { killedBy: file, failure: 'A test is not there' }
      const run = await measured(async () => {
        if (n === 0) await tests.begin()
        await tests.run(test)
        if (n === chosen.length - 1) await tests.end()
      })
      if (run.failure !== undefined) return { killedBy: `${file}: ${test.name}`, failure: message(run.failure) }
    }
  }
  return { killedBy: undefined, failure: undefined }
}

interface Measured {
  readonly failure: unknown
  readonly turns: number
  readonly ms: number
}

async function load(
  file: string,
  texts: ModuleTexts,
  replaced: ReadonlyMap<string, string> = new Map(),
): Promise<Measured & { tests: TestFile; loaded: string[] }> {
  const tests = new TestFile()
  const graph = new ModuleGraph(texts, replaced, tests.nodeTest)
  const loading = await measured(() => graph.load(file))
  return { tests, loaded: graph.paths, ...loading }
}

async function measured(run: () => Promise<void>): Promise<Measured> {
  reached.fill(0)
  const turnsBefore = turnsLeft
  const before = process.cpuUsage()
  let failure: unknown
  try {
    await new Promise<void>((resolve, reject) => {
      failFromOutside = (error) => reject(error ?? new Error('Rejected without a reason'))
      // Promises that were rejected and that nobody looked at are told of behind this turn.
      run()
        .then(() => setImmediate())
        .then(resolve, reject)
    })
    // The test may have taken it for what it expected.
    if (turnsLeft < 0) throw new Error(ENDLESS)
  } catch (error) {
    failure = error ?? new Error('Failed without a reason')
  }
  failFromOutside = () => {}
  restoreGlobals()
  const { user, system } = process.cpuUsage(before)
  return { failure, turns: turnsBefore - turnsLeft, ms: (user + system) / 1_000 }
}

function restoreGlobals(): void {
  for (const [object, properties] of KEPT) {
    for (const [name, descriptor] of properties) {
      const now = Object.getOwnPropertyDescriptor(object, name)
      if (now?.value !== descriptor.value || now?.get !== descriptor.get) {
        Object.defineProperty(object, name, descriptor)
      }
    }
  }
}

function reachOf({ turns, ms }: Measured, modules: readonly string[], ends: readonly number[]): Reach {
  const points: Record<string, number[]> = {}
  for (const [i, module] of modules.entries()) {
    const first = i === 0 ? 0 : ends[i - 1]!
    const inModule = [...reached.subarray(first, ends[i]).keys()].filter((n) => reached[first + n] === 1)
    if (inModule.length > 0) points[module] = inModule
  }
  return { points, turns, ms }
}

function message(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}
