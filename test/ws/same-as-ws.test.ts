// The module beside the package that it stands in for: every scenario is played with both, and what was seen must be the same.
//
//   SAME_AS_WS=ws           plays `ws` against itself, which finds scenarios that depend on chance
//   SAME_AS_WS=/some/file   plays the module in that file, such as a copy of `ws` with a mistake in it
//   SAME_AS_WS_ROUNDS=3     plays each scenario that often
//   SAME_AS_WS_DEADLINE_MS  how long a scenario may take before it counts as stuck, by default 10 seconds

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../support/programs.ts'
import { type Difference, differences } from './scenarios/differences.ts'
import { groups } from './scenarios/index.ts'
import type { WsModule } from './scenarios/module.ts'
import { play } from './scenarios/stage.ts'
import { changes } from './scenarios/transcript.ts'

// Loaded from its files, as Bun has a module of its own in the place of `ws`. The properties of the default export are put
// there by the CommonJS entry, for both entries as the class is the same.
const directory = join(ROOT, 'node_modules', 'ws')
createRequire(import.meta.url)(directory)

const theirs = (await import(pathToFileURL(join(directory, 'wrapper.mjs')).href)) as unknown as WsModule
const candidate = await load(process.env['SAME_AS_WS'])
const rounds = Number(process.env['SAME_AS_WS_ROUNDS'] ?? 1)

async function load(choice: string | undefined): Promise<WsModule> {
  const ours = new URL('../../src/ws/index.js', import.meta.url)
  if (choice === 'ws' || (choice === undefined && !existsSync(ours))) return theirs
  return (await import(choice === undefined ? ours.href : pathToFileURL(choice).href)) as WsModule
}

const rows = new Map<string, Difference>(candidate === theirs ? [] : differences.map((row) => [row.scenario, row]))

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

test('the guide and the deliberate differences tell of each other', () => {
  const guide = readFileSync(new URL('../../../docs/guide/from-ws.md', import.meta.url), 'utf8')
  const [, section = ''] = guide.split('## What is different on purpose\n')
  const [tables = ''] = section.split('\n## ')
  const lines = [...tables.matchAll(/^\| ([^|-][^|]*) \|/gm)].map(([, line]) => line)
  assert.equal(new Set(lines).size, lines.length)
  assert.deepEqual([...new Set(differences.map(({ line }) => line))].sort(), lines.sort())
})
