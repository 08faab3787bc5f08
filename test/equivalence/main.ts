// The command: every cut of every stream, and any interleaving of the component's calls. Without options all of it; with
// those that a report ends with, what it reports.

import * as component from '../../src/component/index.ts'
import { commandOptions } from '../support/command.ts'
import { SeededRandom } from '../support/random.ts'
import { ENGINE } from '../support/session-subject.ts'
import { Comparison, Difference } from './comparison.ts'
import { COMPONENT_COURSES, ComponentComparison } from './component-comparison.ts'
import { COURSES, compareAll, parseCuts } from './courses.ts'
import { READER_COURSES, READERS, type Reader, ReaderComparison } from './readers.ts'
import { WAYS } from './ways.ts'

const USAGE = `node dist/test/equivalence/main.js [--seed=1] [--random=10000] [--part=session|component|reader] [--from=0] [--to=${COURSES.length}]
node dist/test/equivalence/main.js --stream=NAME --role=server|client --compression=none|fresh|takeover --way=NAME --cuts=3,5
node dist/test/equivalence/main.js --stream=NAME --role=server|client --compression=… --reader=messages|pieces --cuts=3,5
node dist/test/equivalence/main.js --stream=NAME --role=server|client --reads=size:3|cut:7|seed:41`

const DEFAULTS = { seed: 1, random: 10_000, part: '', from: 0, to: COURSES.length }
const AGAIN = { stream: '', role: '', compression: 'none', way: '', reader: '', cuts: '-', reads: '' }
const options = commandOptions({ ...DEFAULTS, ...AGAIN }, USAGE)

// A reader takes turns of the event loop for each chunk: what a hundred of its runs take, ten thousand take of others.
const READER_SHARE = 100

try {
  console.log(options.stream === '' ? await everything() : await again())
} catch (error) {
  if (!(error instanceof Difference)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function everything(): Promise<string> {
  const done: string[] = []
  for (const [part, what, compare] of [
    ['session', 'sessions', sessions],
    ['component', 'handles', handles],
    ['reader', 'connections', readers],
  ] as const) {
    if (options.part === '' || options.part === part) done.push(await timed(what, compare))
  }
  return done.join('; ')
}

interface Compared {
  readonly courses: number
  readonly runs: number
}

async function timed(what: string, compare: () => Compared | Promise<Compared>): Promise<string> {
  const start = performance.now()
  const { courses, runs } = await compare()
  const seconds = (performance.now() - start) / 1_000
  return `${courses} courses, ${runs} ${what}, ${seconds.toFixed()} s, ${(runs / seconds).toFixed()} a second`
}

function sessions(): Compared {
  const all = Number.POSITIVE_INFINITY
  const { seed, random, from, to } = options
  return compareAll(ENGINE, { seed, random, from, to, inTwo: all, inThree: all })
}

function handles(): Compared {
  const courses = COMPONENT_COURSES.slice(options.from, options.to)
  let runs = 0
  for (const course of courses) {
    const comparison = new ComponentComparison(component, course)
    comparison.compareAll(options.seed, options.random)
    runs += comparison.runs
  }
  return { courses: courses.length, runs }
}

async function readers(): Promise<Compared> {
  const courses = READER_COURSES.slice(options.from, options.to)
  let runs = 0
  for (const [i, course] of courses.entries()) {
    const comparison = new ReaderComparison(course)
    const random = new SeededRandom(options.seed * COURSES.length + options.from + i)
    for (const reader of READERS) {
      await comparison.compareSome(reader, comparison.wire.length + 1, Math.ceil(options.random / READER_SHARE), random)
    }
    runs += comparison.runs
  }
  return { courses: courses.length, runs }
}

async function again(): Promise<string> {
  const course = COURSES.find(
    ({ stream, role, compression }) =>
      stream.name === options.stream && role === options.role && compression === options.compression,
  )
  if (course === undefined) throw new Error(`There is no such course\n\n${USAGE}`)
  const cuts = parseCuts(options.cuts)
  if (options.reads !== '') {
    new ComponentComparison(component, course).compare(options.reads)
  } else if (options.reader !== '') {
    await new ReaderComparison(course).compare(options.reader as Reader, cuts)
  } else {
    const way = WAYS.find(({ name }) => name === options.way)
    if (way === undefined) throw new Error(`There is no such way\n\n${USAGE}`)
    const comparison = new Comparison(ENGINE, course)
    comparison.compareWays()
    comparison.compare(way, cuts)
  }
  return 'The same'
}
