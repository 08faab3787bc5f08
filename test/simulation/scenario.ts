// What a seed stands for: how many clients, what network, which limits and habits, and what goes wrong when.

import type { ConnectionLimits, ConnectionOptions } from '../../src/connection/index.ts'
import type { DeflateOption } from '../../src/extension/index.ts'
import type { SeededRandom } from '../support/random.ts'
import type { Habits } from './application.ts'
import type { HostSettings } from './host.ts'
import type { LinkSettings } from './network.ts'

/** Something that goes wrong. */
export interface Fault {
  readonly atMs: number
  readonly kind: 'stall' | 'reset' | 'resetOneSide' | 'halfClose' | 'cut' | 'jump'
  /** Which side it happens to. */
  readonly side: 0 | 1
  /** How long it takes, if it takes time. */
  readonly ms: number
}

export interface SideScenario {
  readonly options: ConnectionOptions
  readonly habits: Habits
}

export interface ClientScenario {
  readonly link: LinkSettings
  readonly faults: readonly Fault[]
  readonly client: SideScenario
  readonly server: SideScenario
  readonly host: HostSettings
}

export interface Scenario {
  /** Nothing goes wrong, and nobody means ill: all must go well. */
  readonly isCalm: boolean
  readonly opensByBytes: boolean
  readonly deflate: DeflateOption
  readonly serverHost: HostSettings
  readonly isWatched: boolean
  readonly clients: readonly ClientScenario[]
}

/** How large what is sent is, and how finely the network cuts it: one-byte reads of long messages take for ever. */
interface Scale {
  readonly grains: readonly (readonly number[])[]
  readonly windows: readonly number[]
  readonly sizes: readonly number[]
  readonly highWaters: readonly number[]
}

const SCALES: readonly Scale[] = [
  {
    grains: [[1], [1, 2, 3], [5]],
    windows: [1, 7, 64, 65_536],
    sizes: [0, 1, 2, 5, 12, 30],
    highWaters: [1, 10, 100],
  },
  {
    grains: [[1, 10, 100], [50, 500], [4096]],
    windows: [100, 1_000, 65_536],
    sizes: [0, 1, 4, 20, 125, 126, 300, 1_000],
    highWaters: [1, 100, 1_000, 16_384],
  },
  {
    grains: [[1_000, 16_384], [65_536]],
    windows: [16_384, 1_000_000],
    sizes: [0, 10, 126, 2_000, 16_384, 65_535, 65_536, 100_000],
    highWaters: [1_000, 65_536],
  },
]

export function drawScenario(random: SeededRandom): Scenario {
  const isCalm = random.chance(4)
  // Long messages take the most time, and short ones find as much.
  const scale = random.chance(8) ? SCALES[2]! : SCALES[random.below(2)]!
  const deflates = random.chance(4)
  const clients = random.pick([1, 1, 1, 2, 3])
  return {
    isCalm,
    opensByBytes: random.chance(4), // one byte at a time that takes longer than all that follows
    deflate: deflates && {
      thresholdBytes: random.pick([0, 100]),
      clientNoContextTakeover: random.chance(2),
      serverNoContextTakeover: random.chance(2),
    },
    serverHost: drawHost(random),
    isWatched: random.chance(4),
    clients: Array.from({ length: clients }, () => drawClient(random, isCalm, scale)),
  }
}

function drawHost(random: SeededRandom): HostSettings {
  return { defersToTurnEnd: !random.chance(4), slowestSliceMs: random.pick([0, 1, 6]) }
}

function drawClient(random: SeededRandom, isCalm: boolean, scale: Scale): ClientScenario {
  const slowestMs = random.pick([0, 0, 5, 20])
  const windows = isCalm ? scale.windows.slice(-1) : scale.windows
  return {
    link: {
      grains: random.pick(scale.grains),
      windowBytes: random.pick(windows),
      slowestMs,
      leavesAtOnce: random.pick([0, 1, 3]),
    },
    faults: isCalm ? [] : Array.from({ length: random.pick([0, 0, 1, 2, 3]) }, () => drawFault(random)),
    client: drawSide(random, isCalm, scale),
    server: drawSide(random, isCalm, scale),
    host: drawHost(random),
  }
}

function drawFault(random: SeededRandom): Fault {
  return {
    atMs: 3 + random.below(random.pick([20, 200, 1_000])),
    kind: random.pick(['stall', 'stall', 'reset', 'resetOneSide', 'halfClose', 'cut', 'jump', 'jump']),
    side: random.chance(2) ? 0 : 1,
    ms: random.pick([1, 30, 500, 15_000, 100_000]),
  }
}

function drawSide(random: SeededRandom, isCalm: boolean, scale: Scale): SideScenario {
  return { options: drawOptions(random, isCalm, scale), habits: drawHabits(random, isCalm, scale) }
}

function drawOptions(random: SeededRandom, isCalm: boolean, scale: Scale): ConnectionOptions {
  const limits: Partial<Record<keyof ConnectionLimits, number>> = {}
  if (random.chance(2)) limits.highWaterBytes = random.pick(scale.highWaters)
  if (isCalm) return { limits }
  const largest = Math.max(...scale.sizes)
  if (random.chance(6)) limits.maxBufferedBytes = random.pick([1, largest, 4 * largest])
  if (random.chance(8)) limits.maxMessageBytes = random.pick([0, largest - 1, largest])
  if (random.chance(8)) limits.maxMessageFragments = random.pick([1, 1_000])
  if (random.chance(8)) limits.frameTimeoutMs = random.pick([1, 50, 1_000])
  if (random.chance(3)) limits.closeTimeoutMs = random.pick([1, 50, 1_000])
  if (random.chance(8)) limits.idleTimeoutMs = random.pick([1, 100, 1_000])
  if (random.chance(8)) limits.maxDiscardedBytes = random.pick([0, 100])
  if (random.chance(8)) {
    limits.maxControlFramesPerSecond = random.pick([1, 100])
    limits.maxControlFrameBurst = random.pick([1, 4])
  }
  return {
    limits,
    backpressure: random.pick(['wait', 'wait', 'drop', 'close']),
    keepalive: random.pick([undefined, false, true, { pingIntervalMs: 50, pongTimeoutMs: 100 }]),
  }
}

function drawHabits(random: SeededRandom, isCalm: boolean, scale: Scale): Habits {
  const readers = ['listener', 'listener', 'messages', 'pieces'] as const
  return {
    reader: isCalm || !random.chance(10) ? random.pick(readers) : 'nobody',
    readsAfterMs: random.pick([0, 0, 1, 50]),
    readPauseMs: random.pick([0, 0, 10]),
    leavesLoops: random.chance(3),
    steps: random.below(8),
    stepPauseMs: random.pick([0, 3, 30]),
    sizes: scale.sizes,
    reactsOnceIn: random.pick([0, 3]),
    throws: random.chance(2),
    terminates: !isCalm && random.chance(3),
    closes: random.chance(2),
  }
}
