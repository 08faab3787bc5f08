// Whether something takes time that is linear in its input: what four times as much takes, in times of what once as much
// does. Each is the least of many, taken in turn, so that what else the machine does hardly counts.

import type { Figure, Outcome } from './figures.ts'

/** Something that is given input of any length: made once, and then taken again and again. */
export interface Work {
  readonly name: string
  prepare(length: number): () => unknown
}

export function work<Input>(name: string, make: (length: number) => Input, take: (input: Input) => unknown): Work {
  return {
    name,
    prepare(length) {
      const input = make(length)
      return () => take(input)
    },
  }
}

const SHORT = 4_096
const LONG = 16_384

// Linear is 4 and quadratic 16. What is linear but for caches, collections and what is made once stays well below 8.
const MOST_TIMES = 8

/** What a request may take, at its longest (T-12). */
export const MOST_MS = 5

export interface LinearScale {
  readonly rounds: number
  /** So long, at least, one round takes for the short input. */
  readonly roundMs: number
}

/** The worst of them all, each by itself. */
export async function linear(
  works: readonly Work[],
  mostMs: number,
  { rounds, roundMs }: LinearScale,
): Promise<Outcome> {
  let longest: Figure | undefined
  let steepest: Figure | undefined
  for (const { name, prepare } of works) {
    const { ms, times } = growthOf(prepare(SHORT), prepare(LONG), rounds, roundMs)
    if (ms > (longest?.value ?? 0)) longest = { of: `16 KiB of ${name}`, value: ms, unit: 'ms', most: mostMs }
    if (times > (steepest?.value ?? 0))
      steepest = { of: `four times ${name}`, value: times, unit: 'times', most: MOST_TIMES }
  }
  return { figures: [{ of: 'inputs', value: works.length }, longest!, steepest!] }
}

function growthOf(
  short: () => unknown,
  long: () => unknown,
  rounds: number,
  roundMs: number,
): { readonly ms: number; readonly times: number } {
  const calls = callsFor(short, roundMs)
  let shortMs = Number.POSITIVE_INFINITY
  let longMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    shortMs = Math.min(shortMs, timeOf(short, calls))
    longMs = Math.min(longMs, timeOf(long, calls))
  }
  return { ms: longMs / calls, times: longMs / shortMs }
}

/** What the process has worked for it: what others do meanwhile does not count. */
function timeOf(call: () => unknown, calls: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < calls; i++) call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** How many calls take so long; after so many, it is compiled, too. */
function callsFor(call: () => unknown, ms: number): number {
  let calls = 1
  while (timeOf(call, calls) < ms) calls *= 2
  return calls
}
