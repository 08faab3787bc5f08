// Runs one benchmark and prints what came of it. Usage: node run.js NAME [--rounds N] [--seconds S] [--warmup S]
// [--connections N] [--quiet S] [--case WORD] [--servers a,b] [--node PATH] [--json FILE]; not every benchmark has every number.
import { writeFileSync } from 'node:fs'
import { BENCHMARKS } from './benchmarks.js'
import { detailTable, ratioTable, run } from './measure/benchmark.js'
import { environment } from './measure/environment.js'
import { readOptions } from './measure/options.js'
import { timesOf } from './report.js'
import { thoseThere } from './servers/servers.js'

const [name, ...args] = process.argv.slice(2)
const benchmark = BENCHMARKS.find((one) => one.name === name)
if (benchmark === undefined) throw new RangeError(`There is no ${name}, only ${BENCHMARKS.map(({ name }) => name)}`)

const { cases, contestants, usual, numbers } = benchmark
const options = readOptions(args, { cases, servers: usual, known: Object.keys(contestants), ...numbers })
options.servers = thoseThere(contestants, options.servers)
const rows = await run(benchmark, options)
const where = environment(options.node)
console.log(`Node ${where.node}, ${where.processor}: medians of ${timesOf(options)}\n`)
console.log(`${ratioTable(benchmark, rows, options.servers)}\n\n${detailTable(benchmark, rows, options.servers)}`)
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ environment: where, rows }, null, 2))
