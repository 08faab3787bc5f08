// What a session accepts from its peer before it fails the connection: each limit with its unit, default and least
// value. `Infinity`, written out, is the only way to say no limit.

import { readNumbers } from '../codec/options.ts'

/** What a session accepts from its peer before it fails the connection. */
export interface Limits {
  /**
   * Largest message in bytes; a longer one fails the connection with 1009 as soon as a header
   * announces it. Default: 1 MiB for a server, 16 MiB for a client; messages that are taken in pieces have no limit
   * unless it is given.
   */
  readonly maxMessageBytes: number
  /** Most frames in one message, empty ones included; more fails with 1008. Default 16,384. */
  readonly maxMessageFragments: number
  /** Control frames and empty fragments per second, on average; faster fails with 1008. Default 1,000. */
  readonly maxControlFramesPerSecond: number
  /** How many of them may come at once before the average counts. Default 2,000. */
  readonly maxControlFrameBurst: number
  /** Milliseconds from the first byte of a frame to its last; later fails with 1008. Default 60,000. */
  readonly frameTimeoutMs: number
  /** Milliseconds from our Close frame to the end of the byte stream; later it is cut. Default 10,000. */
  readonly closeTimeoutMs: number
  /** Milliseconds without a message in either direction before the connection is closed with 1001. Default `Infinity`. */
  readonly idleTimeoutMs: number
  /** Bytes that are read and thrown away after a failure or a Close frame; more cuts the connection. Default 1 MiB. */
  readonly maxDiscardedBytes: number
}

const MIB = 1_048_576

const LEAST: Limits = {
  maxMessageBytes: 0,
  maxMessageFragments: 1,
  maxControlFramesPerSecond: 1,
  maxControlFrameBurst: 1,
  frameTimeoutMs: 1,
  closeTimeoutMs: 1,
  idleTimeoutMs: 1,
  maxDiscardedBytes: 0,
}

/** The defaults of both roles; they differ in `maxMessageBytes` only: a client chose its server, a server did not. */
export const DEFAULT_LIMITS: Readonly<Record<'client' | 'server', Limits>> = Object.freeze({
  client: defaults(16 * MIB),
  server: defaults(MIB),
})

function defaults(maxMessageBytes: number): Limits {
  return Object.freeze({
    maxMessageBytes,
    maxMessageFragments: 16_384,
    maxControlFramesPerSecond: 1_000,
    maxControlFrameBurst: 2_000,
    frameTimeoutMs: 60_000,
    closeTimeoutMs: 10_000,
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    maxDiscardedBytes: MIB,
  })
}

/** The caller's limits over the defaults of the role. @throws TypeError, RangeError naming the limit that is wrong. */
export function readLimits(role: 'client' | 'server', limits: Partial<Limits> | undefined): Limits {
  return readNumbers('limits', limits, DEFAULT_LIMITS[role], LEAST)
}
