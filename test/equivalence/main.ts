// The command: every cut of every stream, and any interleaving of the component's calls. Without options all of it; with
// those that a report ends with, what it reports.

import { commandOptions } from '../support/command.ts'
import { Comparison, Difference } from './comparison.ts'
import { COURSES, compareAll, parseCuts } from './courses.ts'
import { ENGINE, WAYS } from './ways.ts'

const USAGE = `node dist/test/equivalence/main.js [--seed=1] [--random=10000] [--from=0] [--to=${COURSES.length}]
node dist/test/equivalence/main.js --stream=NAME --role=server|client --compression=none|fresh|takeover --way=NAME --cuts=3,5`

const options = commandOptions(
  { seed: 1, random: 10_000, from: 0, to: COURSES.length, stream: '', role: '', compression: '', way: '', cuts: '' },
  USAGE,
)

try {
  console.log(options.stream === '' ? everything() : again())
} catch (error) {
  if (!(error instanceof Difference)) throw error
  console.error(error.message)
  process.exitCode = 1
}

function everything(): string {
  const { seed, random, from, to } = options
  const all = Number.POSITIVE_INFINITY
  const start = performance.now()
  const { courses, runs } = compareAll(ENGINE, { seed, from, to, inTwo: all, inThree: all, random })
  const seconds = (performance.now() - start) / 1_000
  return `${courses} courses, ${runs} sessions, ${seconds.toFixed()} s, ${(runs / seconds).toFixed()} a second`
}

function again(): string {
  const course = COURSES.find(
    ({ stream, role, compression }) =>
      stream.name === options.stream && role === options.role && compression === options.compression,
  )
  const way = WAYS.find(({ name }) => name === options.way)
  if (course === undefined || way === undefined) throw new Error(`There is no such course or way\n\n${USAGE}`)
  const comparison = new Comparison(ENGINE, course)
  comparison.compareWays()
  comparison.compare(way, parseCuts(options.cuts))
  return 'The same'
}
