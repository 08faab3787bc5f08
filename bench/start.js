// Runs all benchmarks, and writes what came of them to a folder in `results/`: numbers, tables, pictures. It takes some
// fifty minutes. Usage: npm start -- [--only micro,echo] [--rounds N] [--seconds S] [--warmup S] [--connections N]
// [--quiet S] [--node PATH] [--out FOLDER]
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BENCHMARKS } from './benchmarks.js'
import { run } from './measure/benchmark.js'
import { environment } from './measure/environment.js'
import { readList, readOptions, readPath } from './measure/options.js'
import { promisesOf, tablesOf, writePictures } from './report.js'
import { thoseThere } from './servers/servers.js'

const TEXT = { type: 'string' }
const { values } = parseArgs({
  options: {
    only: TEXT,
    rounds: TEXT,
    seconds: TEXT,
    warmup: TEXT,
    connections: TEXT,
    quiet: TEXT,
    node: TEXT,
    out: TEXT,
  },
})
const { only, out, ...common } = values

const names = BENCHMARKS.map(({ name }) => name)
const chosen = only === undefined ? names : readList('only', only, names)

/** What of the arguments a benchmark knows. */
function optionsFor({ cases, contestants, usual, peers = [], numbers }) {
  const args = Object.entries(common).filter(([name]) => name === 'node' || Object.hasOwn(numbers, name))
  const all = [...usual, ...peers]
  const settings = { cases, servers: all, known: Object.keys(contestants), ...numbers }
  const options = readOptions(
    args.map(([name, value]) => `--${name}=${value}`),
    settings,
  )
  return { ...options, servers: thoseThere(contestants, all) }
}

const runs = BENCHMARKS.filter(({ name }) => chosen.includes(name)).map((benchmark) => ({
  benchmark,
  options: optionsFor(benchmark),
}))
const where = environment(readPath(common.node))
const here = dirname(fileURLToPath(import.meta.url))
const folder = readPath(out) ?? join(here, 'results', `${where.date}-node-${where.node}`)
const file = join(folder, 'result.json')
const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { benchmarks: {} }
const result = { environment: where, benchmarks: before.benchmarks } // with --only, what is there already stays
mkdirSync(folder, { recursive: true })

for (const { benchmark, options } of runs) {
  const { servers } = options
  const [load] = loadavg()
  const rows = await run(benchmark, options, { tell: (line) => console.error(line), goesOn: true })
  const times = Object.fromEntries(Object.keys(benchmark.numbers).map((name) => [name, options[name]]))
  result.benchmarks[benchmark.name] = { options: times, load: Number(load.toFixed(2)), servers, rows }
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`) // what there is, should the rest fail
}
writeFileSync(join(folder, 'tables.md'), tablesOf(result))
writePictures(result, folder)
console.log(promisesOf(result))
console.log(`\nWritten to ${folder}`)
