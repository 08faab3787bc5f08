// Tries mutants one by one, and compares those that survive with the list of the harmless ones.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { edited } from '../support/syntax.ts'
import type { Coverage } from './coverage.ts'
import type { Harmless } from './harmless.ts'
import { placesOf } from './instrument.ts'
import type { PlacedMutant, Subject } from './subject.ts'
import type { TryResult } from './worker.ts'
import type { Workers } from './workers.ts'

export interface Outcome extends TryResult {
  readonly mutant: PlacedMutant
  /** How many tests reach it. */
  readonly tests: number
}

export interface MutationRun {
  readonly subject: Subject
  readonly coverage: Coverage
  readonly workers: Workers
  readonly processes: number
}

/** @param tell Hears of each outcome as it comes; with one process, in order. */
export async function tryMutants(
  { subject, coverage, workers, processes }: MutationRun,
  mutants: readonly PlacedMutant[],
  tell: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = [...mutants]
  const next = async () => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const { runs, ms } = coverage.plan(mutant)
      const module = join(subject.directory, mutant.module)
      const result = await workers.try({ kind: 'try', module, text: mutatedText(module, mutant), runs }, ms)
      const outcome = { mutant, ...result, tests: runs.reduce((sum, { tests }) => sum + tests.length, 0) }
      outcomes.push(outcome)
      tell(outcome)
    }
  }
  await Promise.all(Array.from({ length: processes }, next))
  return outcomes
}

function mutatedText(path: string, { edit }: PlacedMutant): string {
  const text = readFileSync(path, 'utf8')
  const turns = placesOf(text).turnEdits.filter(({ start }) => start <= edit.start || start >= edit.end)
  // What is put in front of a body that is removed stays in front of its place.
  return edited(text, [...turns, edit])
}

export function isHarmless(mutant: PlacedMutant, { file, lines, mutations }: Harmless): boolean {
  if (mutant.file !== file || !lines.some((line) => mutant.text.includes(line))) return false
  return mutations === undefined || mutations.includes(mutationOf(mutant))
}

export function mutationOf({ original, mutated }: PlacedMutant): string {
  return `${original} → ${mutated}`
}

/** What is wrong with the list: lines and mutations of which no mutant is there, or each was tried and was killed. */
export function staleEntries(
  list: readonly Harmless[],
  all: readonly PlacedMutant[],
  outcomes: readonly Outcome[],
): string[] {
  const files = new Set(all.map(({ file }) => file))
  const parts = list.flatMap((entry) => [
    ...entry.lines.map((line) => ({ name: line, entry: { ...entry, lines: [line] } })),
    ...(entry.mutations ?? []).map((mutation) => ({ name: mutation, entry: { ...entry, mutations: [mutation] } })),
  ])
  return parts
    .filter(({ entry }) => files.has(entry.file))
    .flatMap(({ name, entry }) => {
      const meant = all.filter((mutant) => isHarmless(mutant, entry))
      if (meant.length === 0) return [`${entry.file}: ${name}: there is no such mutant`]
      const tried = outcomes.filter(({ mutant }) => isHarmless(mutant, entry))
      const isKilled = tried.length === meant.length && tried.every(({ killedBy }) => killedBy !== undefined)
      return isKilled ? [`${entry.file}: ${name}: is killed by ${tried[0]!.killedBy}`] : []
    })
}
