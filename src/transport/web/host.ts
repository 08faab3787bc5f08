// The clock, the turns and the randomness of any runtime with the usual web globals.

import { type Host, WorkQueue } from '../../connection/index.ts'

const random = new Uint32Array(256)
let randomAt = random.length

// A microtask would come before most of what an `await` makes happen. Browsers have no `setImmediate`.
const nextTurn: (callback: () => void) => void =
  typeof setImmediate === 'function'
    ? (callback) => void setImmediate(callback)
    : (callback) => void setTimeout(callback, 0)

const workQueue = new WorkQueue(nextTurn, () => performance.now())

export const webHost = {
  now: () => performance.now(),

  setTimer(delayMs, callback) {
    // The longest delay that runtimes can count; the driver looks again when it has passed.
    const timer: unknown = setTimeout(callback, Math.min(delayMs, 0x7fff_ffff))
    // Node, Bun and Deno keep a process alive for its timers unless told otherwise; in browsers they are numbers.
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref()
    return timer
  },

  clearTimer(timer) {
    clearTimeout(timer as Parameters<typeof clearTimeout>[0])
  },

  defer: nextTurn,

  deferWork: (callback) => workQueue.add(callback),
  mayWork: () => workQueue.mayWork(),

  reportError(error) {
    setTimeout(() => {
      throw error
    }, 0)
  },

  /** Unpredictable (RFC 6455 §10.3), drawn in blocks: one call for the whole of a burst. No value is used twice. */
  randomUint32() {
    if (randomAt === random.length) {
      crypto.getRandomValues(random)
      randomAt = 0
    }
    const value = random[randomAt]!
    random[randomAt++] = 0
    return value
  },
} satisfies Host
