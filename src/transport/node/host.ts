// The clock, the turns and the randomness of Node, and of the runtimes that have its modules.

import { randomFillSync } from 'node:crypto'
import { usePlatformPort } from '../../codec/platform-port.ts'
import { type Host, WorkQueue } from '../../connection/index.ts'
import { outsideContext } from './async-context.ts'
import { nodeDiagnostics } from './diagnostics.ts'
import { nextTurn } from './next-turn.ts'
import { nodePort } from './port.ts'
import { TurnEnd } from './turn-end.ts'

usePlatformPort(nodePort)

const MAX_TIMER_MS = 0x7fff_ffff // what a timer can count; the driver looks again when it has passed

const turnEnd = new TurnEnd()
const workQueue = new WorkQueue(
  (callback) => outsideContext(nextTurn, callback),
  () => performance.now(),
)

const random = new Uint32Array(256)
let randomAt = random.length

export const nodeHost = {
  diagnostics: nodeDiagnostics,

  now: () => performance.now(),

  setTimer: (delayMs, callback) => outsideContext(startTimer, Math.min(delayMs, MAX_TIMER_MS), callback),

  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),

  defer: (callback) => turnEnd.add(callback),

  deferWork: (callback) => workQueue.add(callback),
  mayWork: () => workQueue.mayWork(),

  reportError(error) {
    process.nextTick(() => {
      throw error
    })
  },

  /** Drawn in blocks: one call into the random source for many frames. No value is used twice. */
  randomUint32() {
    if (randomAt === random.length) {
      randomFillSync(random)
      randomAt = 0
    }
    const value = random[randomAt]!
    random[randomAt++] = 0
    return value
  },
} satisfies Host

function startTimer(delayMs: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, delayMs).unref()
}
