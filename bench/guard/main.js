// The guard: whether wspc still has half of what is promised. Ends with 1 when it has not. Usage: node guard/main.js
// [--node PATH]
import { BENCHMARKS } from '../benchmarks.js'
import { run } from '../measure/benchmark.js'
import { readOptions } from '../measure/options.js'
import { leastOf, PROMISES, TIMES } from './promises.js'
import { foundOf, promiseTable } from './table.js'

const { node } = readOptions(process.argv.slice(2), { cases: [{ name: '' }], servers: [] })

async function measured(promise) {
  const { benchmark: name, case: caseName, by, to } = promise
  const benchmark = BENCHMARKS.find((one) => one.name === name)
  const cases = benchmark.cases.filter((one) => one.name === caseName)
  const rows = await run(benchmark, { ...TIMES[name], cases, servers: [to, by], node })
  return foundOf(promise, benchmark, rows)
}

const kept = []
for (const promise of PROMISES.filter(({ guarded }) => guarded)) {
  const found = await measured(promise)
  if (!(found >= leastOf(promise))) process.exitCode = 1
  kept.push([promise, found])
}
console.log(promiseTable(kept, leastOf))
