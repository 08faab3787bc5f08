// The servers that can be measured: ours, and ours with one fault each, by which it is seen that a measurement would notice.
// A fault is built in from outside, where a change of the source could put it.

import { type Connection, type ServeOptions, type Server, serve } from '../../src/node.ts'
import { Session } from '../../src/session/index.ts'
import { PATHS, runApplication, type Tally } from './application.ts'
import { KIB, MIB } from './figures.ts'

type Start = (options: ServeOptions, tally: Tally) => Promise<Server>

function start(
  options: ServeOptions,
  tally: Tally,
  disturb: (connection: Connection) => void = () => {},
): Promise<Server> {
  return serve({ path: PATHS, ...options }, (connection, { target }) => {
    disturb(connection)
    runApplication(connection, target, tally)
  })
}

const NO_LIMIT = Number.POSITIVE_INFINITY

const held: unknown[] = []

/** Whatever a session receives goes through this first. */
function intercept(look: (bytes: Uint8Array) => void): void {
  const { receive } = Session.prototype
  Session.prototype.receive = function (bytes) {
    look(bytes)
    receive.call(this, bytes)
  }
}

export const SUBJECTS = {
  wspc: start,

  /** Keeps a copy of all that it receives. */
  hoards(options, tally) {
    intercept((bytes) => held.push(bytes.slice()))
    return start(options, tally)
  },

  /** Does not count control frames, nor fragments. */
  'counts nothing'(options, tally) {
    const limits = { maxControlFramesPerSecond: NO_LIMIT, maxMessageFragments: NO_LIMIT, maxMessageBytes: NO_LIMIT }
    return start({ ...options, limits }, tally)
  },

  /** Works for a while without a pause, again and again. */
  'keeps others waiting'(options, tally) {
    let chunks = 0
    intercept(() => {
      if (++chunks % 64 !== 0) return
      const until = performance.now() + 100
      while (performance.now() < until);
    })
    return start(options, tally)
  },

  /** Lets four times as much wait for a peer as it may. */
  'lets more wait'(options, tally) {
    return start({ ...options, limits: { ...options.limits, maxBufferedBytes: 16 * MIB } }, tally)
  },

  /** Hands out messages that are views of all that was read with them. */
  'hands out views'(options, tally) {
    let chunk = new Uint8Array()
    intercept((bytes) => {
      chunk = bytes.slice()
    })
    const { push } = tally.kept
    tally.kept.push = (message) => push.call(tally.kept, typeof message === 'string' ? message : chunk.subarray(0, 1))
    return start(options, tally)
  },

  /** Takes a buffer for each connection when it opens. */
  'has a buffer for each'(options, tally) {
    return start(options, tally, () => held.push(new Uint8Array(80 * KIB).fill(1)))
  },

  /** Leaves a timer, a listener and the connection itself behind. */
  leaks(options, tally) {
    return start(options, tally, (connection) => {
      held.push(connection)
      setTimeout(() => {}, 2 ** 30).unref()
      process.setMaxListeners(0).on('SIGUSR2', () => {})
    })
  },
} satisfies Record<string, Start>

export type SubjectName = keyof typeof SUBJECTS
