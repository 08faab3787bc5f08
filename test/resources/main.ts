// The command: measures what attacks and long runs cost, and prints a line for each figure. The load stands beside the server,
// so that on two cores a latency is an upper bound; other work on the machine makes it longer.

import { commandOptions } from '../support/command.ts'
import { complaints, formatFigure, type Outcome, type Scenario } from './figures.ts'
import { scenariosAt } from './scenarios.ts'

const USAGE = `node dist/test/resources/main.js [--scenario=flood] [--megabytes=120] [--minutes=10] [--connections=10000] [--seed=1]

--scenario takes the beginnings of names, with commas between: flood, slow readers, retention, idle, churn, parsers.`

const { scenario, ...scale } = commandOptions(
  { scenario: '', megabytes: 120, minutes: 10, connections: 10_000, seed: 1 },
  USAGE,
)
const chosen = scenario.split(',').map((name) => name.trim())
const scenarios = scenariosAt(scale).filter(({ name }) => chosen.some((beginning) => name.startsWith(beginning)))
if (scenarios.length === 0) {
  console.error(`There is no scenario ${scenario}\n\n${USAGE}`)
  process.exit(2)
}

/** Latencies and resident memory depend on what else the machine does: what is wrong is measured once more. */
async function measured({ name, measure }: Scenario): Promise<Outcome> {
  const first = await measure()
  if (complaints(first).length === 0) return first
  console.log(`  once more: ${name}: ${complaints(first).join('; ')}`)
  return measure()
}

const startedAt = performance.now()
const wrong: string[] = []
for (const one of scenarios) {
  const outcome = await measured(one)
  const complained = complaints(outcome)
  console.log(`${complained.length === 0 ? 'ok    ' : 'NOT OK'} ${one.name}: ${one.what}`)
  console.log(`       ${outcome.figures.map((figure) => `${figure.of} ${formatFigure(figure)}`).join('; ')}`)
  for (const note of outcome.notes ?? []) console.log(`       ${note}`)
  wrong.push(...complained.map((line) => `${one.name}: ${line}`))
}
const seconds = (performance.now() - startedAt) / 1_000
console.log(`${scenarios.length} scenarios, ${wrong.length} figures out of bounds, ${seconds.toFixed(0)} s`)
if (wrong.length > 0) {
  for (const line of wrong) console.log(`  ${line}`)
  const options = Object.entries(scale).map(([name, value]) => `--${name}=${value}`)
  const names = [...new Set(wrong.map((line) => line.split(': ')[0]))]
  console.log(`node dist/test/resources/main.js '--scenario=${names.join(',')}' ${options.join(' ')}`)
  process.exitCode = 1
}
