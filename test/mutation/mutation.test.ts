// The tool itself: that it says of weak tests exactly what they miss.

import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { surveyCoverage } from './coverage.ts'
import type { Harmless } from './harmless.ts'
import { mutationOf, type Outcome, staleEntries, tryMutants } from './mutation-run.ts'
import { mutantsOf } from './operators.ts'
import { percent, reasonFor, survivorLines } from './report.ts'
import { placedMutants } from './subject.ts'
import { Workers } from './workers.ts'

const directory = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const workers = new Workers()
after(() => workers.end())

async function outcomesOf(tests: string): Promise<Outcome[]> {
  const subject = { directory, modules: ['test/mutation/toy/bounded.js'], tests: [`test/mutation/toy/${tests}.js`] }
  const coverage = await surveyCoverage(subject, workers, { processes: 1 })
  assert.deepEqual(coverage.failures, [])
  return tryMutants({ subject, coverage, workers, processes: 1 }, placedMutants(subject, subject.modules[0]!))
}

function survivorsOf(outcomes: readonly Outcome[]): string[] {
  return outcomes.filter(({ killedBy }) => killedBy === undefined).map(({ mutant }) => mutationOf(mutant))
}

const SHORT_WAY = ['value === 0 → false']

test('of tests that miss a bound it says so, and where', async () => {
  const outcomes = await outcomesOf('weak')
  assert.deepEqual(survivorsOf(outcomes), [
    'SHORT = 125 → SHORT = 126',
    'SHORT = 125 → SHORT = 124',
    'length <= SHORT → length < SHORT',
    '3 → 4',
    ...SHORT_WAY,
    'value === 0 → value === 1',
  ])
  const bound = outcomes.find(({ mutant }) => mutant.mutated === 'length < SHORT')!
  assert.equal(
    survivorLines(bound, undefined),
    'test/mutation/toy/bounded.ts:7  length <= SHORT → length < SHORT\n' +
      '    return length <= SHORT ? 1 : 3\n' +
      '    none of 1 tests that reach it fails',
  )
})

test('tests that look at it from both sides leave only what comes to the same, and what never ends is killed', async () => {
  const outcomes = await outcomesOf('strong')
  assert.deepEqual(survivorsOf(outcomes), SHORT_WAY)
  assert.equal(percent({ mutants: 1_000, killed: 999 }), 99.9)
  const endless = outcomes.find(({ mutant }) => mutant.mutated === 'left += 1')!
  assert.match(endless.killedBy!, /strong\.js: ones$/)
  assert.equal(endless.failure, 'A loop does not end')

  const entry: Harmless = {
    file: 'test/mutation/toy/bounded.ts',
    lines: ['if (value === 0) return 0'],
    mutations: SHORT_WAY,
    reason: 'both ways come to the same',
  }
  const all = outcomes.map(({ mutant }) => mutant)
  const survivor = outcomes.find(({ killedBy }) => killedBy === undefined)!
  assert.equal(reasonFor(survivor, [entry]), 'both ways come to the same')
  assert.deepEqual(staleEntries([entry], all, outcomes), [])
  const killed = { ...entry, mutations: ['value === 0 → true'] }
  const gone = { ...entry, lines: ['if (value === 1) return 0'] }
  const stale = staleEntries([killed, gone], all, outcomes)
  assert.equal(stale.length, 4)
  assert.match(stale[1]!, /value === 0 → true: is killed by .*strong\.js: doubles$/)
  assert.match(stale[2]!, /if \(value === 1\) return 0: there is no such mutant$/)
})

const MUTATIONS: readonly (readonly [text: string, ...mutations: string[]])[] = [
  ['a < 5', 'a < 5 → a <= 5', 'a < 5 → a < 4'],
  ['a >= b', 'a >= b → a > b'],
  ['a === 0x7f', 'a === 0x7f → a !== 0x7f', 'a === 0x7f → a === 0x80', 'a === 0x7f → a === 0x7e'],
  ['a << b', 'a << b → a >> b'],
  ['a & b | c', 'a & b | c → (a & b) & (c)', 'a & b → a | b'],
  ['a ?? b', 'a ?? b → (a) && (b)'],
  ['a && b', 'a && b → a || b'],
  ['a ? b : c', 'a → true', 'a → false'],
  ['!a', '!a → a'],
  ['f(true)', 'true → false'],
  ['Math.min(a, b)', 'Math.min(a, b) → Math.max(a, b)'],
  ["a + 'text'"],
]

for (const [text, ...mutations] of MUTATIONS) {
  test(`${text}: ${mutations.join(', ') || 'no mutants'}`, () => {
    assert.deepEqual(
      mutantsOf(`x = ${text}`)
        .map(({ original, mutated }) => `${original} → ${mutated}`)
        .filter((mutation) => !mutation.endsWith('(removed)'))
        .toSorted(),
      mutations.toSorted(),
    )
  })
}

test('a statement that is all of a branch is not removed, as that is the condition forced', () => {
  const removed = (text: string) => mutantsOf(text).filter(({ mutated }) => mutated === '(removed)').length
  assert.equal(removed('if (a) b()'), 0)
  assert.equal(removed('if (a) { b() } else c()'), 1)
  assert.equal(removed('if (a) { b(); c() }'), 2)
  assert.equal(removed('function f() { if (a) return 1; b(); return 2 }'), 1)
})
