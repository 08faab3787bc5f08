// Writes what people read of a result: tables in Markdown, and pictures.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BENCHMARKS } from './benchmarks.js'
import { chartsOf } from './chart/charts.js'
import { PROMISES } from './guard/promises.js'
import { foundOf, promiseTable } from './guard/table.js'
import { detailTable, ratioTable } from './measure/benchmark.js'

const VERSIONS = { node: 'Node', bun: 'Bun', deno: 'Deno', ws: 'ws' }

/** Where and how it was measured, in a sentence. */
export function circumstances({ environment }) {
  const versions = Object.entries(VERSIONS)
    .filter(([key]) => environment[key] !== undefined)
    .map(([key, name]) => `${name} ${environment[key]}`)
  const { processor, memoryGiB, system, date } = environment
  return `${versions.join(', ')}; ${processor}, ${memoryGiB} GiB, ${system}; ${date}`
}

/** A benchmark with its result, where there is one. */
export function sections(result) {
  return BENCHMARKS.filter(({ name }) => result.benchmarks[name] !== undefined).map((benchmark) => ({
    benchmark,
    found: result.benchmarks[benchmark.name],
  }))
}

const TIMES = {
  rounds: (count) => `${count} rounds`,
  seconds: (seconds) => `${seconds} s each`,
  warmup: (seconds) => `${seconds} s to warm up`,
  connections: (count) => `${count.toLocaleString('en')} connections`,
  quiet: (seconds) => `${seconds} s of silence`,
}

/** How often, how long, how many. */
export function timesOf(options) {
  const parts = Object.entries(TIMES).filter(([name]) => options[name] !== undefined)
  return parts.map(([name, tell]) => tell(options[name])).join(', ')
}

/** The same of a result, and what else the machine did when it began. */
export function howMeasured({ options, load }) {
  return `Medians of ${timesOf(options)}; load average before it ${load}`
}

export function writePictures(result, directory) {
  for (const { benchmark, found } of sections(result)) {
    for (const [name, picture] of chartsOf(benchmark, found)) writeFileSync(join(directory, `${name}.svg`), picture)
  }
}

/** What is promised, of what was measured. */
export function promisesOf(result) {
  const kept = sections(result).flatMap(({ benchmark, found }) =>
    PROMISES.filter((promise) => promise.benchmark === benchmark.name)
      .map((promise) => [promise, foundOf(promise, benchmark, found.rows)])
      .filter(([, ratio]) => !Number.isNaN(ratio)),
  )
  return promiseTable(kept)
}

export function tablesOf(result) {
  const parts = sections(result).map(({ benchmark, found }) => {
    const ratios = ratioTable(benchmark, found.rows, found.servers)
    const details = detailTable(benchmark, found.rows, found.servers)
    return `## ${benchmark.title}\n\n${benchmark.about}\n\n${howMeasured(found)}.\n\n${ratios}\n\n${details}\n`
  })
  const promised = `## What is promised\n\n${promisesOf(result)}\n`
  return `# Measured\n\n${circumstances(result)}.\n\n${promised}\n${parts.join('\n')}`
}
