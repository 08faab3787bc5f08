// The command of the long run: `node dist/test/mutation/main.js`. All of it takes the better part of an hour;
// `--part=codec` is a folder, `--file=mask` what is in the path of a file, `--sample=500 --seed=1` some of all mutants.

import { fileURLToPath } from 'node:url'
import { commandOptions } from '../support/command.ts'
import { SeededRandom } from '../support/random.ts'
import { surveyCoverage } from './coverage.ts'
import { HARMLESS } from './harmless.ts'
import { staleEntries, tryMutants } from './mutation-run.ts'
import { percent, reasonFor, scoreLine, scoresBy, survivorLines } from './report.ts'
import { engine, placedMutants } from './subject.ts'
import { Workers } from './workers.ts'

const USAGE =
  'node dist/test/mutation/main.js [--part=codec] [--file=mask] [--sample=500 --seed=1] [--processes=1] [--least=90]'

const { part, file, sample, seed, processes, least } = commandOptions(
  { part: '', file: '', sample: 0, seed: 1, processes: 1, least: 90 },
  USAGE,
)

const startedAt = performance.now()
const subject = engine()
const workers = new Workers()
const kept = fileURLToPath(new URL('coverage', import.meta.url))
const coverage = await surveyCoverage(subject, workers, { processes, kept })
for (const failure of coverage.failures) console.error(`Fails here without any mutant, and is not asked: ${failure}`)

const all = subject.modules
  .flatMap((module) => placedMutants(subject, module))
  .filter((mutant) => mutant.file.startsWith(`src/${part}`) && mutant.file.includes(file))
const chosen = sample === 0 || sample >= all.length ? all : chooseSome(all, sample)

const outcomes = await tryMutants({ subject, coverage, workers, processes }, chosen)
workers.end()
outcomes.sort((a, b) => chosen.indexOf(a.mutant) - chosen.indexOf(b.mutant))

const survivors = outcomes.filter(({ killedBy }) => killedBy === undefined)
const unlisted = survivors.filter((outcome) => reasonFor(outcome, HARMLESS) === undefined)
const stale = staleEntries(HARMLESS, all, outcomes)
const score = { mutants: outcomes.length, killed: outcomes.length - survivors.length }

for (const outcome of survivors) console.log(survivorLines(outcome, reasonFor(outcome, HARMLESS)))
for (const line of scoresBy(outcomes, (name) => name).map(scoreLine)) console.log(line)
for (const line of scoresBy(outcomes, (name) => name.split('/').slice(0, 2).join('/')).map(scoreLine)) console.log(line)
for (const entry of stale) console.log(`No longer true in test/mutation/harmless.ts: ${entry}`)
if (unlisted.length > 0) console.log(`${unlisted.length} survivors are not in test/mutation/harmless.ts`)

const seconds = (performance.now() - startedAt) / 1_000
const of = chosen.length < all.length ? ` of ${all.length}, seed ${seed}` : ''
console.log(
  `${chosen.length} mutants${of}, ${coverage.tests} tests: ${percent(score).toFixed(1)} % killed, ${survivors.length} survived, ` +
    `${seconds.toFixed(0)} s, ${(outcomes.length / seconds).toFixed(1)} a second`,
)
process.exitCode = percent(score) >= least && unlisted.length === 0 && stale.length === 0 ? 0 : 1

function chooseSome<T>(items: readonly T[], count: number): T[] {
  const random = new SeededRandom(seed)
  const left = items.map((_, i) => i)
  const places = Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0]!)
  return places.toSorted((a, b) => a - b).map((place) => items[place]!)
}
