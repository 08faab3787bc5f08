// The command: every cut of every stream, and any interleaving of the component's calls. Without options all of it; with
// those that a report ends with, what it reports.

import * as component from '../../src/component/index.ts'
import { commandOptions } from '../support/command.ts'
import { Comparison, Difference } from './comparison.ts'
import { COMPONENT_COURSES, ComponentComparison } from './component-comparison.ts'
import { COURSES, compareAll, parseCuts } from './courses.ts'
import { ENGINE, WAYS } from './ways.ts'

const USAGE = `node dist/test/equivalence/main.js [--seed=1] [--random=10000] [--part=session] [--from=0] [--to=${COURSES.length}]
node dist/test/equivalence/main.js [--seed=1] [--random=10000] [--part=component] [--from=0] [--to=${COMPONENT_COURSES.length}]
node dist/test/equivalence/main.js --stream=NAME --role=server|client --compression=none|fresh|takeover --way=NAME --cuts=3,5
node dist/test/equivalence/main.js --stream=NAME --role=server|client --reads=size:3|cut:7|seed:41`

const DEFAULTS = { seed: 1, random: 10_000, part: '', from: 0, to: COURSES.length }
const AGAIN = { stream: '', role: '', compression: 'none', way: '', cuts: '-', reads: '' }
const options = commandOptions({ ...DEFAULTS, ...AGAIN }, USAGE)

try {
  console.log(options.stream === '' ? everything() : again())
} catch (error) {
  if (!(error instanceof Difference)) throw error
  console.error(error.message)
  process.exitCode = 1
}

function everything(): string {
  const parts = [
    ...(options.part === 'component' ? [] : [timed('sessions', sessions)]),
    ...(options.part === 'session' ? [] : [timed('handles', handles)]),
  ]
  return parts.join('; ')
}

interface Done {
  readonly courses: number
  readonly runs: number
}

function timed(what: string, compare: () => Done): string {
  const start = performance.now()
  const { courses, runs } = compare()
  const seconds = (performance.now() - start) / 1_000
  return `${courses} courses, ${runs} ${what}, ${seconds.toFixed()} s, ${(runs / seconds).toFixed()} a second`
}

function sessions(): Done {
  const all = Number.POSITIVE_INFINITY
  return compareAll(ENGINE, { ...options, inTwo: all, inThree: all })
}

function handles(): Done {
  const courses = COMPONENT_COURSES.slice(options.from, options.to)
  let runs = 0
  for (const course of courses) {
    const comparison = new ComponentComparison(component, course)
    comparison.compareAll(options.seed, options.random)
    runs += comparison.runs
  }
  return { courses: courses.length, runs }
}

function again(): string {
  const course = COURSES.find(
    ({ stream, role, compression }) =>
      stream.name === options.stream && role === options.role && compression === options.compression,
  )
  if (course === undefined) throw new Error(`There is no such course\n\n${USAGE}`)
  if (options.reads !== '') {
    new ComponentComparison(component, course).compare(options.reads)
    return 'The same'
  }
  const way = WAYS.find(({ name }) => name === options.way)
  if (way === undefined) throw new Error(`There is no such way\n\n${USAGE}`)
  const comparison = new Comparison(ENGINE, course)
  comparison.compareWays()
  comparison.compare(way, parseCuts(options.cuts))
  return 'The same'
}
