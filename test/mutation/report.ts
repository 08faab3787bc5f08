// What came of a run, for people.

import type { Harmless } from './harmless.ts'
import { isHarmless, mutationOf, type Outcome } from './mutation-run.ts'

export interface Score {
  readonly name: string
  readonly mutants: number
  readonly killed: number
}

export function scoresBy(outcomes: readonly Outcome[], name: (file: string) => string): Score[] {
  const scores = new Map<string, { name: string; mutants: number; killed: number }>()
  for (const { mutant, killedBy } of outcomes) {
    const key = name(mutant.file)
    const score = scores.get(key) ?? { name: key, mutants: 0, killed: 0 }
    scores.set(key, score)
    score.mutants++
    if (killedBy !== undefined) score.killed++
  }
  return [...scores.values()]
}

/** In percent, rounded down, so that 89.96 are not 90. */
export function percent({ mutants, killed }: Omit<Score, 'name'>): number {
  return mutants === 0 ? 100 : Math.floor((killed / mutants) * 1_000) / 10
}

export function scoreLine(score: Score): string {
  const { name, mutants, killed } = score
  return `${name.padEnd(40)} ${String(killed).padStart(5)} of ${String(mutants).padStart(5)} killed ${percent(score).toFixed(1).padStart(6)} %`
}

export function survivorLines({ mutant, tests }: Outcome, reason: string | undefined): string {
  const { file, line, text } = mutant
  const why = reason ?? (tests === 0 ? 'no test reaches it' : `none of ${tests} tests that reach it fails`)
  return `${file}:${line}  ${mutationOf(mutant)}\n    ${text}\n    ${why}`
}

export function reasonFor({ mutant }: Outcome, list: readonly Harmless[]): string | undefined {
  return list.find((entry) => isHarmless(mutant, entry))?.reason
}
