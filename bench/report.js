// Writes what people read of a result: tables in Markdown, and pictures.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BENCHMARKS } from './benchmarks.js'
import { chartsOf } from './chart/charts.js'
import { detailTable, ratioTable } from './measure/benchmark.js'

const VERSIONS = { node: 'Node', node24: 'Node 24 is', bun: 'Bun', deno: 'Deno', ws: 'ws' }

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

/** How often and how long, and what else the machine did when it began. */
export function timesOf({ options, load }) {
  const times = Object.entries(options).map(([name, value]) => `${value.toLocaleString('en')} ${name}`)
  return `Medians of ${times.join(', ')}; load average before it ${load}`
}

export function writePictures(result, directory) {
  for (const { benchmark, found } of sections(result)) {
    for (const [name, picture] of chartsOf(benchmark, found)) writeFileSync(join(directory, `${name}.svg`), picture)
  }
}

export function tablesOf(result) {
  const parts = sections(result).map(({ benchmark, found }) => {
    const ratios = ratioTable(benchmark, found.rows, found.servers)
    const details = detailTable(benchmark, found.rows, found.servers)
    return `## ${benchmark.title}\n\n${benchmark.about}\n\n${timesOf(found)}.\n\n${ratios}\n\n${details}\n`
  })
  return `# Measured\n\n${circumstances(result)}.\n\n${parts.join('\n')}`
}
