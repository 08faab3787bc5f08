// The measurements of resources, at a small scale: some of ours, which are within the bounds, and one of each kind of a server
// with a fault, which is not. The rest, and latencies of ours, are for the command: they take their time, and a machine that
// has little else to do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { churn } from './churn.ts'
import { complaints, type Outcome } from './figures.ts'
import { FLOODS, flood } from './floods.ts'
import { IDLE, idle } from './idle.ts'
import { linear, work } from './linear.ts'
import { PARSERS } from './parsers.ts'
import { KEPT, keep } from './retention.ts'
import { SLOW_READERS, stall } from './slow-readers.ts'

function named<Row extends { readonly name: string }>(rows: readonly Row[], name: string): Row {
  return rows.find((row) => row.name === name)!
}

const LATENCY = 'their 99th percentile'

function complaintsOf(outcome: Outcome): string[] {
  return complaints({ ...outcome, figures: outcome.figures.filter(({ of }) => of !== LATENCY) })
}

/** Resident memory depends on when the runtime collects, and how busy the machine is: the best of a few counts. */
async function isBorne(measure: () => Promise<Outcome>): Promise<void> {
  for (let more = 2; more > 0; more--) if (complaintsOf(await measure()).length === 0) return
  assert.deepEqual(complaintsOf(await measure()), [])
}

async function isCaught(measured: Promise<Outcome>, complaint: RegExp): Promise<void> {
  const outcome = await measured
  assert.match([...complaints(outcome), ...(outcome.notes ?? [])].join('\n'), complaint)
}

const SOME = { bytes: 5e5, warmUpBytes: 2e5, leastEchoes: 0 }

for (const name of ['pings', 'one-byte fragments within the limit']) {
  test(`a flood of ${name} is borne`, () => isBorne(() => flood(named(FLOODS, name), 'wspc', SOME)))
}

test('clients that come and go leave nothing', () =>
  isBorne(() => churn('wspc', 1, { seconds: 0.3, parts: 2, warmUpSeconds: 0.3, settleMs: 20_000 })))

test('a server that keeps what it receives is found', () =>
  isCaught(
    flood(named(FLOODS, 'one-byte messages'), 'hoards', { ...SOME, bytes: 1e7 }),
    /^most held: .* MiB \(at most 8\)$/m,
  ))

test('a server that cuts off nobody is found', () =>
  isCaught(
    flood(named(FLOODS, 'long pings'), 'counts nothing', SOME),
    /^not cut off: [1-9]\d* \(at most 0\)\nnot ended by the quota: [1-9]\d* \(at most 0\)$/m,
  ))

test('a server that keeps others waiting is found', () =>
  isCaught(
    flood(named(FLOODS, 'pings'), 'keeps others waiting', { ...SOME, leastEchoes: 20 }),
    /^their 99th percentile: .* ms \(at most 50\)$/m,
  ))

test('a server that lets too much wait for a client is found', () =>
  isCaught(
    stall(named(SLOW_READERS, 'wait'), 'lets more wait', 1),
    /^most that waited for one: .* KiB \(at most 4,168\)$/m,
  ))

test('a server whose messages are views of what was read is found', () =>
  isCaught(
    keep(named(KEPT, 'binary of 100 B by TCP'), 'hands out views', 2),
    /^held for each: .* KiB \(at most 10\)$/m,
  ))

test('a server with too large a connection is found', () =>
  isCaught(
    idle(named(IDLE, 'deflate, silent'), 'has a buffer for each', { connections: 100, quietSeconds: 0 }),
    /^held for each: 8.* KiB \(at most 64\)$/m,
  ))

test('a server that leaves timers and listeners behind is found', () =>
  isCaught(
    churn('leaks', 1, { seconds: 0.2, parts: 2, warmUpSeconds: 0.1, settleMs: 0 }),
    /^kinds of things left: .*\n(?:.*\n)*Timeout: .* before, .* after\n(?:.*\n)*process listeners for SIGUSR2: /m,
  ))

// --- time ------------------------------------------------------------------------------------------------------------

const BRIEFLY = { rounds: 5, roundMs: 0.05 }

for (const { name, works, mostMs } of PARSERS) {
  test(`T-12: ${name}: takes linear time`, () => isBorne(() => linear(works, mostMs, BRIEFLY)))
}

test('a parser that takes quadratic time is found', () =>
  isCaught(
    linear(
      [
        work(
          'spaces',
          (length) => `${' '.repeat(length)}x`,
          (text) => text.replace(/ +$/, ''),
        ),
      ],
      1_000,
      { rounds: 2, roundMs: 0.05 },
    ),
    /^four times spaces: [12]\d(\.\d)? times \(at most 8\)$/m,
  ))
