// Which tests reach which points of which modules. Found once by running each test by itself, and kept as long as nothing
// that was compiled changes.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Point, placesOf, pointAround } from './instrument.ts'
import type { PlacedMutant, Subject } from './subject.ts'
import type { Run, SurveyResult } from './worker.ts'
import type { Workers } from './workers.ts'

/** Slower tests are not asked, so that a mutant that only they find counts as surviving. */
const MOST_TEST_MS = 1_000

/** How long the tests of a mutant's own file, and all others, take together: what so many have not seen, more hardly see. */
const MOST_OWN_MS = 3_000
const MOST_OTHER_MS = 1_500

interface SurveyedFile extends SurveyResult {
  readonly file: string
}

interface PlannedTest {
  readonly file: string
  readonly index: number
  readonly ms: number
  readonly turns: number
}

export interface Plan {
  readonly runs: readonly Run[]
  /** How long all of it takes without a mutant. */
  readonly ms: number
}

export class Coverage {
  readonly #subject: Subject
  readonly #files: readonly SurveyedFile[]
  readonly #points = new Map<string, readonly Point[]>()
  /** By module, and by the number of the point. */
  readonly #testsOfPoint = new Map<string, Map<number, PlannedTest[]>>()

  constructor(subject: Subject, files: readonly SurveyedFile[]) {
    this.#subject = subject
    this.#files = files
    for (const module of subject.modules) {
      const path = join(subject.directory, module)
      this.#points.set(path, placesOf(readFileSync(path, 'utf8')).points)
      this.#testsOfPoint.set(path, new Map())
    }
    for (const { file, tests, load } of files) {
      tests.forEach(({ ms, turns, points, isLong, failure }, index) => {
        if (failure !== undefined || isLong || ms > MOST_TEST_MS) return
        for (const [module, tested] of this.#testsOfPoint) {
          for (const point of new Set([...(load.points[module] ?? []), ...(points[module] ?? [])])) {
            const planned = { file, index, ms, turns }
            const known = tested.get(point)
            if (known === undefined) tested.set(point, [planned])
            else known.push(planned)
          }
        }
      })
    }
  }

  get tests(): number {
    return this.#files.reduce((sum, { tests }) => sum + tests.length, 0)
  }

  /** Tests that fail here without any mutant, such as those that measure the memory of a process of their own. They are not asked. */
  get failures(): string[] {
    return this.#files.flatMap(({ file, tests }) =>
      tests.filter(({ failure }) => failure !== undefined).map(({ name, failure }) => `${file}: ${name}: ${failure}`),
    )
  }

  /** The tests that reach a mutant: first those of the module's own file, then of its folder; the quick ones first. */
  plan(mutant: PlacedMutant): Plan {
    const { directory } = this.#subject
    const module = join(directory, mutant.module)
    const point = pointAround(this.#points.get(module)!, mutant.edit)
    const reaching = (point === undefined ? undefined : this.#testsOfPoint.get(module)!.get(point)) ?? []

    // `session.ts` has `session.test.ts`, and `session.closing.test.ts` beside it.
    const own = mutant.module.replace(/^src\//, 'test/').replace(/\.js$/, '.')
    const distance = (file: string) => (file.startsWith(own) ? 0 : dirname(file) === dirname(own) ? 1 : 2)
    const slowness = (ms: number) => (ms < 5 ? 0 : ms < 20 ? 1 : ms < 200 ? 2 : 3)
    const ordered = reaching.toSorted(
      (a, b) =>
        slowness(a.ms) - slowness(b.ms) ||
        distance(a.file) - distance(b.file) ||
        a.file.localeCompare(b.file) ||
        a.ms - b.ms,
    )

    const runs: (Run & { tests: { index: number; turns: number }[] })[] = []
    let ownMs = 0
    let otherMs = 0
    for (const { file, index, turns, ms } of ordered) {
      const isOwn = distance(file) === 0
      if (isOwn ? ownMs > MOST_OWN_MS : otherMs > MOST_OTHER_MS) continue
      if (isOwn) ownMs += ms
      else otherMs += ms
      const last = runs.at(-1)
      if (last?.file === join(directory, file)) last.tests.push({ index, turns })
      else runs.push({ file: join(directory, file), loadTurns: this.#loadTurns(file), tests: [{ index, turns }] })
    }
    return { runs, ms: ownMs + otherMs }
  }

  #loadTurns(file: string): number {
    return this.#files.find((surveyed) => surveyed.file === file)!.load.turns
  }
}

/** Runs all tests of a subject, each by itself; what is kept of the last time is taken where nothing has changed. */
export async function surveyCoverage(
  subject: Subject,
  workers: Workers,
  { processes, kept }: { processes: number; kept?: string },
): Promise<Coverage> {
  const { directory, tests } = subject
  const modules = subject.modules.map((module) => join(directory, module))
  const files: SurveyedFile[] = []
  const waiting = [...tests]
  const next = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const store = kept === undefined ? undefined : join(kept, `${file.replaceAll('/', '.')}on`)
      const known = store === undefined ? undefined : readKept(store)
      if (known !== undefined) {
        files.push({ file, ...known })
        continue
      }
      const result = await workers.survey({ kind: 'survey', file: join(directory, file), modules })
      files.push({ file, ...result })
      if (store !== undefined) keep(store, result)
    }
  }
  await Promise.all(Array.from({ length: processes }, next))
  return new Coverage(
    subject,
    files.toSorted((a, b) => a.file.localeCompare(b.file)),
  )
}

function keep(store: string, result: SurveyResult): void {
  mkdirSync(dirname(store), { recursive: true })
  writeFileSync(store, JSON.stringify({ hash: hashOf(result.loaded), result }))
}

/** What was kept, if no module that the file loads has changed since. */
function readKept(store: string): SurveyResult | undefined {
  if (!existsSync(store)) return undefined
  const { hash, result } = JSON.parse(readFileSync(store, 'utf8')) as { hash: string; result: SurveyResult }
  return hash === hashOf(result.loaded) ? result : undefined
}

const hashes = new Map<string, string>()

function hashOf(paths: readonly string[]): string | undefined {
  if (!paths.every((path) => existsSync(path))) return undefined
  const all = paths.map((path) => {
    const known = hashes.get(path) ?? createHash('sha256').update(readFileSync(path)).digest('hex')
    hashes.set(path, known)
    return known
  })
  return createHash('sha256').update(all.join()).digest('hex')
}
