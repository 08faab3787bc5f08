// Many worlds, one after the other, until one breaks a rule.

import type { Subject } from './endpoint.ts'
import { INVARIANTS } from './invariants.ts'
import { CONNECTION, type Simulation, simulate } from './simulate.ts'

export interface SeedsResult {
  readonly turns: number
  readonly messagesDelivered: number
  /** The first world that broke a rule. */
  readonly failure: Simulation | undefined
}

export interface RunOptions {
  readonly subject?: Subject
  /** Whether each seed is played twice: the second time nothing may be different (`sameSeedSameTranscript`). */
  readonly twice?: boolean
  readonly begins?: (seed: number) => void
}

export async function runSeeds(
  first: number,
  count: number,
  { subject = CONNECTION, twice = true, begins }: RunOptions = {},
): Promise<SeedsResult> {
  let turns = 0
  let messagesDelivered = 0
  for (let seed = first; seed < first + count; seed++) {
    begins?.(seed)
    const world = await simulate(seed, subject)
    turns += world.turns
    messagesDelivered += world.messagesDelivered
    if (world.violations.length > 0) return { turns, messagesDelivered, failure: world }
    if (!twice) continue
    const again = await simulate(seed, subject)
    const failure = differing(world, again)
    if (failure !== undefined) return { turns, messagesDelivered, failure }
  }
  return { turns, messagesDelivered, failure: undefined }
}

function differing(world: Simulation, again: Simulation): Simulation | undefined {
  const { transcript } = world
  let at = 0
  while (at < transcript.length && transcript[at] === again.transcript[at]) at++
  if (at === transcript.length && at === again.transcript.length) return undefined
  const detail = `line ${at + 1}: ${transcript[at]} / ${again.transcript[at]}`
  return { ...world, violations: [{ invariant: 'sameSeedSameTranscript', detail, turn: world.turns }] }
}

/** What broke, and how to see it again. */
export function describeFailure({ seed, violations, transcript }: Simulation): string {
  const broken = violations.map(
    ({ invariant, detail, turn }) => `${invariant}: ${INVARIANTS[invariant]}\n  turn ${turn}: ${detail}`,
  )
  return [
    `Seed ${seed} breaks a rule.`,
    ...broken,
    `The last of what happened:\n${transcript.slice(-12).join('\n')}`,
    `Replay: node dist/test/simulation/main.js --seed=${seed} --seeds=1 --transcript=1`,
  ].join('\n')
}
