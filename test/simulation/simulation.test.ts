import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BROKEN_SUBJECTS, unsteadySubject } from './broken-subjects.ts'
import type { Subject } from './endpoint.ts'
import { INVARIANTS, type Invariant } from './invariants.ts'
import { describeFailure, runSeeds } from './run-seeds.ts'
import { CONNECTION, type Simulation, simulate } from './simulate.ts'
import type { Violation } from './world.ts'

const SEEDS = 60

test(`the worlds of ${SEEDS} seeds break no rule, and play the same again`, async (t) => {
  const { failure, turns, messagesDelivered } = await runSeeds(1, SEEDS)
  assert.equal(failure && describeFailure(failure), undefined)
  assert.ok(messagesDelivered > SEEDS, `${messagesDelivered} messages were delivered`)
  t.diagnostic(`${turns} turns, ${messagesDelivered} messages delivered`)
})

/** The first world, of so many, in which this rule is the first that breaks. */
async function firstToBreak(rule: Invariant, subject: Subject, seeds: number): Promise<Simulation | undefined> {
  for (let seed = 1; seed <= seeds; seed++) {
    const world = await simulate(seed, subject)
    if (world.violations[0]?.invariant === rule) return world
  }
  return undefined
}

/** Without details: a stack is not the same twice on every runtime. */
function where({ invariant, turn }: Violation): string {
  return `${invariant} in turn ${turn}`
}

describe('the simulation finds a connection that', () => {
  for (const [fault, rule, subject] of BROKEN_SUBJECTS) {
    test(`${fault}: ${rule}`, async () => {
      const world = await firstToBreak(rule, subject, 200)
      assert.ok(world, `none of the worlds breaks ${rule}`)
      const report = describeFailure(world)
      assert.ok(report.includes(INVARIANTS[rule]), report)
      assert.ok(report.includes(`main.js --seed=${world.seed} --seeds=1 --transcript=1`), report)
      const again = await simulate(world.seed, subject)
      assert.deepEqual(again.violations.map(where), world.violations.map(where))
      assert.deepEqual((await simulate(world.seed, CONNECTION)).violations, [])
    })
  }

  test('does not do the same again: sameSeedSameTranscript', async () => {
    const { failure } = await runSeeds(1, 20, { subject: unsteadySubject() })
    assert.equal(failure?.violations[0]?.invariant, 'sameSeedSameTranscript')
    assert.match(describeFailure(failure), /turn [0-9]+: line [0-9]+: .* \/ /)
  })
})
