// The model of the component, explored: every pair of operations with every order of what can become of them.

import { commandOptions } from '../support/command.ts'
import { describeDivergence } from './explore.ts'
import { exploreAll, scopesOf } from './scopes.ts'

const USAGE = `node dist/test/model/main.js [--operations=2] [--depth=100] [--reads=2] [--first=1] [--choices=1000000]

Explores, for every choice of so many operations in both roles, what so many calls can do, with so many reads that bring
something. --first and --choices play a part of them, counted from 1.`

const { operations, depth, reads, first, choices } = commandOptions(
  { operations: 2, depth: 100, reads: 2, first: 1, choices: 1_000_000 },
  USAGE,
)

const startedAt = performance.now()
const chosen = [...scopesOf(operations, { depth, reads })].slice(first - 1, first - 1 + choices)
const { scopes, complete, states, transitions, divergence } = exploreAll(chosen)
const seconds = (performance.now() - startedAt) / 1_000
if (divergence !== undefined) {
  console.log(describeDivergence(divergence))
  const place = first - 1 + scopes
  const bounds = `--operations=${operations} --depth=${depth} --reads=${reads}`
  console.log(`Replay: node dist/test/model/main.js ${bounds} --first=${place} --choices=1`)
  process.exitCode = 1
} else {
  console.log(
    `model: ${scopes} choices of ${operations} operations, ${complete} of them to the end: ${states} states, ` +
      `${transitions} transitions, ${seconds.toFixed(1)} s, ${(transitions / seconds).toFixed(0)} transitions/s, no difference`,
  )
}
