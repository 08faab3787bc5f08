// The module beside the package that it stands in for: every scenario is played with both, and what was seen must be the same.
//
//   SAME_AS_WS=ws           plays `ws` against itself, which finds scenarios that depend on chance
//   SAME_AS_WS_ROUNDS=3     plays each scenario that often

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as counterpart from 'ws'
import { type Difference, differences } from './scenarios/differences.ts'
import { groups } from './scenarios/index.ts'
import type { WsModule } from './scenarios/module.ts'
import { play } from './scenarios/stage.ts'
import { changes } from './scenarios/transcript.ts'

const ours = new URL('../../src/ws/index.js', import.meta.url)
const itself = process.env['SAME_AS_WS'] === 'ws' || !existsSync(ours)
const rounds = Number(process.env['SAME_AS_WS_ROUNDS'] ?? 1)

const theirs = counterpart as unknown as WsModule
const candidate = itself ? theirs : ((await import(ours.href)) as WsModule)

const rows = new Map<string, Difference>(itself ? [] : differences.map((row) => [row.scenario, row]))

for (const [group, scenarios] of Object.entries(groups)) {
  describe(group, () => {
    for (const [name, scenario] of Object.entries(scenarios)) {
      test(name, async () => {
        for (let round = 0; round < rounds; round++) {
          const expected = await play(scenario, theirs)
          assert.equal('stage' in expected, false, `${name} does not end with ws: ${JSON.stringify(expected)}`)
          const actual = await play(scenario, candidate)
          const row = rows.get(`${group}: ${name}`)
          if (row === undefined) assert.deepEqual(actual, expected)
          else assert.deepEqual(changes(expected, actual), row.changes, row.reason)
        }
      })
    }
  })
}

test('every deliberate difference names a scenario, once, and changes something', () => {
  const names = Object.entries(groups).flatMap(([group, scenarios]) =>
    Object.keys(scenarios).map((name) => `${group}: ${name}`),
  )
  assert.equal(new Set(differences.map(({ scenario }) => scenario)).size, differences.length)
  for (const { scenario, reason, changes: changed } of differences) {
    assert.ok(names.includes(scenario), `There is no scenario ${scenario}`)
    assert.notEqual(changed.length, 0, scenario)
    assert.notEqual(reason, '', scenario)
  }
})
