// Which tests reach which points of which modules. Found once by running each test by itself, and kept as long as nothing
// that was compiled changes.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Point, placesOf, pointAround } from './instrument.ts'
import type { PlacedMutant, Subject } from './subject.ts'
import type { Run, SurveyResult } from './worker.ts'
import type { Workers } from './workers.ts'

/** Slower tests are about memory and time. They are not asked, so that a mutant that only they find counts as surviving. */
const MAX_TEST_MS = 1_000

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
  /** The number of each module's first point. */
  readonly #firstPoints = new Map<string, number>()
  readonly #points = new Map<string, readonly Point[]>()
  readonly #testsOfPoint = new Map<number, PlannedTest[]>()

  constructor(subject: Subject, files: readonly SurveyedFile[]) {
    this.#subject = subject
    this.#files = files
    let points = 0
    for (const module of subject.modules) {
      const { points: inModule } = placesOf(readFileSync(join(subject.directory, module), 'utf8'))
      this.#firstPoints.set(module, points)
      this.#points.set(module, inModule)
      points += inModule.length
    }
    for (const { file, tests, load } of files) {
      tests.forEach(({ ms, turns, points: reached }, index) => {
        if (ms > MAX_TEST_MS) return
        for (const point of new Set([...load.points, ...reached])) {
          const planned = { file, index, ms, turns }
          const known = this.#testsOfPoint.get(point)
          if (known === undefined) this.#testsOfPoint.set(point, [planned])
          else known.push(planned)
        }
      })
    }
  }

  get tests(): number {
    return this.#files.reduce((sum, { tests }) => sum + tests.length, 0)
  }

  /** Tests that fail by themselves, without any mutant. */
  get failures(): string[] {
    return this.#files.flatMap(({ file, tests }) =>
      tests.filter(({ failure }) => failure !== undefined).map(({ name, failure }) => `${file}: ${name}: ${failure}`),
    )
  }

  /** The tests that reach a mutant: first those of the module's own file, then of its folder; the quick ones first. */
  plan(mutant: PlacedMutant): Plan {
    const { directory } = this.#subject
    const point = pointAround(this.#points.get(mutant.module)!, mutant.edit)
    if (point === undefined) return { runs: [], ms: 0 }
    const reaching = this.#testsOfPoint.get(this.#firstPoints.get(mutant.module)! + point) ?? []

    const own = mutant.module.replace(/^src\//, 'test/').replace(/\.js$/, '.test.js')
    const distance = (file: string) => (file === own ? 0 : dirname(file) === dirname(own) ? 1 : 2)
    const slowness = (ms: number) => (ms < 20 ? 0 : ms < 200 ? 1 : 2)
    const ordered = reaching.toSorted(
      (a, b) =>
        slowness(a.ms) - slowness(b.ms) ||
        distance(a.file) - distance(b.file) ||
        a.file.localeCompare(b.file) ||
        a.ms - b.ms,
    )

    const runs: (Run & { tests: { index: number; turns: number }[] })[] = []
    for (const { file, index, turns } of ordered) {
      const last = runs.at(-1)
      if (last?.file === join(directory, file)) last.tests.push({ index, turns })
      else runs.push({ file: join(directory, file), loadTurns: this.#loadTurns(file), tests: [{ index, turns }] })
    }
    return { runs, ms: ordered.reduce((sum, { ms }) => sum + ms, 0) }
  }

  #loadTurns(file: string): number {
    return this.#files.find((surveyed) => surveyed.file === file)!.load.turns
  }
}

/** Runs all tests of a subject, each by itself; or takes what is kept of the last time, where nothing has changed. */
export async function surveyCoverage(
  subject: Subject,
  workers: Workers,
  { processes, kept }: { processes: number; kept?: string },
): Promise<Coverage> {
  const compiled = hashOfModules(subject.directory)
  if (kept !== undefined && existsSync(kept)) {
    const last = JSON.parse(readFileSync(kept, 'utf8')) as { compiled: string; files: SurveyedFile[] }
    if (last.compiled === compiled) return new Coverage(subject, last.files)
  }

  const { directory, tests } = subject
  const modules = subject.modules.map((module) => join(directory, module))
  const files: SurveyedFile[] = []
  const waiting = [...tests]
  const next = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      files.push({ file, ...(await workers.survey({ kind: 'survey', file: join(directory, file), modules })) })
    }
  }
  await Promise.all(Array.from({ length: processes }, next))
  files.sort((a, b) => a.file.localeCompare(b.file))
  if (kept !== undefined) writeFileSync(kept, JSON.stringify({ compiled, files }))
  return new Coverage(subject, files)
}

function hashOfModules(directory: string): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (file.endsWith('.js')) hash.update(file).update(readFileSync(join(directory, file)))
  }
  return hash.digest('hex')
}
