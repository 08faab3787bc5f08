// The process in which tests run, told by its parent what to do: `survey` runs each test of a file by itself and says what
// it reaches; `try` runs tests with one module replaced until one fails. It is started with `--experimental-vm-modules`.

import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { placesOf } from './instrument.ts'
import { ModuleGraph, ModuleTexts } from './module-graph.ts'
import { edited } from './syntax.ts'
import { TestFile } from './test-file.ts'

export interface Survey {
  readonly kind: 'survey'
  readonly file: string
  /** The modules in which points are counted. */
  readonly modules: readonly string[]
}

/** What a test reaches: the numbers of points, those of the first module first. */
export interface Reach {
  readonly points: readonly number[]
  readonly turns: number
  readonly ms: number
}

export interface SurveyResult {
  readonly tests: readonly ({ readonly name: string; readonly failure: string | undefined } & Reach)[]
  /** What the file reaches before its first test. */
  readonly load: Reach
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

let surveyed: { readonly modules: string; readonly texts: ModuleTexts; readonly points: number } | undefined

/** The texts with a number at each point, counted through all modules. */
function pointTexts(modules: readonly string[]): ModuleTexts {
  if (surveyed?.modules !== modules.join()) {
    let points = 0
    const instrumented = new Map<string, string>()
    for (const module of modules) {
      const text = readFileSync(module, 'utf8')
      const places = placesOf(text)
      instrumented.set(module, edited(text, [...places.pointEdits(points), ...places.turnEdits]))
      points += places.points.length
    }
    const texts = new ModuleTexts((path, text) => instrumented.get(path) ?? edited(text, placesOf(text).turnEdits))
    surveyed = { modules: modules.join(), texts, points }
  }
  reached = new Uint8Array(surveyed.points)
  return surveyed.texts
}

async function survey({ file, modules }: Survey): Promise<SurveyResult> {
  const texts = pointTexts(modules)
  turnsLeft = Number.MAX_SAFE_INTEGER
  const first = await load(file, texts)
  if (first.failure !== undefined) throw new Error(`${file} does not load: ${message(first.failure)}`)
  const result = { tests: [] as SurveyResult['tests'][number][], load: reach(first) }
  for (let i = 0; i < first.tests.tests.length; i++) {
    // Each by itself, so that what it needs is not what another left behind.
    const { tests } = await load(file, texts)
    const test = tests.tests[i]!
    const run = await measured(async () => {
      await tests.begin()
      await tests.run(test)
      await tests.end()
    })
    const failure = run.failure === undefined ? undefined : message(run.failure)
    result.tests.push({ name: test.name, failure, ...reach(run) })
  }
  return result
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
): Promise<Measured & { tests: TestFile }> {
  const tests = new TestFile()
  const graph = new ModuleGraph(texts, replaced, tests.nodeTest)
  return { tests, ...(await measured(() => graph.load(file))) }
}

async function measured(run: () => Promise<void>): Promise<Measured> {
  reached.fill(0)
  const turnsBefore = turnsLeft
  const start = performance.now()
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
  return { failure, turns: turnsBefore - turnsLeft, ms: performance.now() - start }
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

function reach({ turns, ms }: Measured): Reach {
  return { points: Array.from(reached.keys()).filter((i) => reached[i] === 1), turns, ms }
}

function message(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}
