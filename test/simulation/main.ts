// Deterministic simulation: a server, its clients and a network with seeded faults, many times over.

import { commandOptions } from '../support/command.ts'
import { INVARIANTS } from './invariants.ts'
import { describeFailure, runSeeds } from './run-seeds.ts'
import { simulate } from './simulate.ts'

const USAGE = `node dist/test/simulation/main.js [--seed=1] [--seeds=100000] [--twice=1] [--transcript=0]

Plays the worlds of so many seeds, from the first on, each twice, or with --twice=0 once, in half the time. --transcript=1
prints what happens in each.
The rules that they are held to:

${Object.entries(INVARIANTS)
  .map(([name, rule]) => `  ${name}: ${rule}`)
  .join('\n')}`

const { seed, seeds, twice, transcript } = commandOptions({ seed: 1, seeds: 100_000, twice: 1, transcript: 0 }, USAGE)

let playing = seed
process.on('unhandledRejection', (error) => {
  console.log(`Seed ${playing}: a promise was rejected and nobody listened`, error)
  console.log(`Again: node dist/test/simulation/main.js --seed=${playing} --seeds=1 --transcript=1`)
  process.exit(1)
})

const startedAt = performance.now()
const { failure, turns, messagesDelivered } = await runSeeds(seed, seeds, {
  twice: twice > 0,
  begins(next) {
    playing = next
  },
})
const seconds = (performance.now() - startedAt) / 1_000
if (transcript > 0) {
  for (let at = seed; at <= playing; at++) console.log((await simulate(at)).transcript.join('\n'))
}
if (failure !== undefined) {
  console.log(describeFailure(failure))
  process.exitCode = 1
} else {
  console.log(
    `simulation: ${seeds} seeds from ${seed}, each ${twice > 0 ? 'twice' : 'once'}: ${turns} turns, ${messagesDelivered} messages delivered, ` +
      `${seconds.toFixed(1)} s, ${(seeds / seconds).toFixed(0)} seeds/s, no rule broken`,
  )
}
