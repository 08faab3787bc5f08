// All that is measured, by name, in the groups that the command can be asked for.

import { churn } from './churn.ts'
import type { Scenario } from './figures.ts'
import { FLOODS, flood } from './floods.ts'
import { IDLE, idle } from './idle.ts'
import { linear } from './linear.ts'
import { PARSERS } from './parsers.ts'
import { KEPT, keep } from './retention.ts'
import { SLOW_READERS, stall } from './slow-readers.ts'

export interface Scale {
  /** Of each flood. */
  readonly megabytes: number
  /** Of churn. */
  readonly minutes: number
  /** Idle ones. */
  readonly connections: number
  readonly seed: number
}

const SUBJECT = 'wspc'
const SLOW_READERS_AT_ONCE = 50
const QUIET_SECONDS = 12
const KEPT_OF_MEGABYTES = 30 // of fewer messages, what a heap grows by otherwise would count

/** Every scenario at that scale; the part of a name before the colon is that of its group. */
export function scenariosAt({ megabytes, minutes, connections, seed }: Scale): readonly Scenario[] {
  const bytes = megabytes * 1e6
  const floods = { bytes, warmUpBytes: bytes / 4, leastEchoes: 200 }
  return [
    ...FLOODS.map((row) => ({ ...row, name: `flood: ${row.name}`, measure: () => flood(row, SUBJECT, floods) })),
    ...SLOW_READERS.map((row) => ({
      ...row,
      name: `slow readers: ${row.name}`,
      measure: () => stall(row, SUBJECT, SLOW_READERS_AT_ONCE),
    })),
    ...KEPT.map((row) => ({
      name: `retention: ${row.name}`,
      what: 'one message in 64 KiB is kept',
      measure: () => keep(row, SUBJECT, KEPT_OF_MEGABYTES),
    })),
    ...IDLE.map((row) => ({
      name: `idle: ${row.name}`,
      what: `silent for ${QUIET_SECONDS} s`,
      measure: () => idle(row, SUBJECT, { connections, quietSeconds: QUIET_SECONDS }),
    })),
    {
      name: 'churn',
      what: 'clients come and go in every way there is',
      measure: () =>
        churn(SUBJECT, seed, {
          seconds: minutes * 60,
          parts: 10,
          warmUpSeconds: Math.max(3, minutes * 3),
          settleMs: 20_000,
        }),
    },
    ...PARSERS.map((row) => ({
      name: `parsers: ${row.name}`,
      what: 'four times the input',
      measure: () => linear(row.works, row.mostMs, { rounds: 40, roundMs: 0.5 }),
    })),
  ]
}
