// The guard: whether wspc still has half of the ratios to `ws` that are promised. Ends with 1 when it has not.
// Usage: node guard/main.js [--node PATH]
import { BENCHMARKS } from '../benchmarks.js'
import { ratioOf, run } from '../measure/benchmark.js'
import { readOptions } from '../measure/options.js'
import { ratio, table } from '../measure/table.js'
import { THRESHOLDS, TIMES } from './thresholds.js'

const [BASE, OURS] = ['ws', 'wspc']
const { node } = readOptions(process.argv.slice(2), { cases: [{ name: '' }], servers: [] })

async function measured({ benchmark: name, case: caseName }) {
  const benchmark = BENCHMARKS.find((one) => one.name === name)
  const cases = benchmark.cases.filter((one) => one.name === caseName)
  const [{ results }] = await run(benchmark, { ...TIMES[name], cases, servers: [BASE, OURS], node })
  return ratioOf(benchmark, results[OURS], results[BASE])
}

const rows = []
for (const threshold of THRESHOLDS) {
  const found = await measured(threshold)
  const holds = found >= threshold.least
  if (!holds) process.exitCode = 1
  rows.push([threshold.case, ratio(found), threshold.least, threshold.bar, holds ? 'yes' : 'NO'].map(String))
}
console.log(table(['case', `${OURS} / ${BASE}`, 'at least', 'promised', 'holds'], rows))
