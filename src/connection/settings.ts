// The limits of a connection: those of its session, and how much of what is sent may wait for the peer.

import { checkNames, readNumbers } from '../codec/options.ts'
import { DEFAULT_LIMITS, type Limits } from '../session/index.ts'

/** What a connection bears: the limits of a session, and those of what it sends. */
export interface ConnectionLimits extends Limits {
  /** Bytes that wait to leave from which on `send` waits too, and `trySend` takes nothing. Default 64 KiB. */
  readonly highWaterBytes: number
  /** Bytes that may wait to leave; a `send` that finds more ends the connection. Default 4 MiB. */
  readonly maxBufferedBytes: number
}

/** What becomes of a message that is sent while `highWaterBytes` or more wait to leave. */
export type BackpressurePolicy = 'wait' | 'drop' | 'close'

interface SendLimits {
  readonly highWaterBytes: number
  readonly maxBufferedBytes: number
}

export const DEFAULT_SEND_LIMITS: SendLimits = Object.freeze({ highWaterBytes: 65_536, maxBufferedBytes: 4_194_304 })

const LEAST: SendLimits = { highWaterBytes: 1, maxBufferedBytes: 1 }

/** The limits of a connection, told apart: those that its session keeps, and those that it keeps itself. */
export interface ReadConnectionLimits {
  readonly session: Partial<Limits>
  readonly send: SendLimits
}

/** @throws TypeError, RangeError naming the limit that is wrong. */
export function readConnectionLimits(limits: Partial<ConnectionLimits> | undefined): ReadConnectionLimits {
  if (limits === undefined) return { session: {}, send: DEFAULT_SEND_LIMITS }
  checkNames('limits', limits, [...Object.keys(DEFAULT_LIMITS.server), ...Object.keys(DEFAULT_SEND_LIMITS)])
  const { highWaterBytes, maxBufferedBytes, ...session } = limits
  const given = {
    ...(highWaterBytes === undefined ? {} : { highWaterBytes }),
    ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
  }
  return { session, send: readNumbers('limits', given, DEFAULT_SEND_LIMITS, LEAST) }
}

/** @throws TypeError for what is no policy. */
export function readBackpressure(policy: BackpressurePolicy = 'wait'): BackpressurePolicy {
  if (policy !== 'wait' && policy !== 'drop' && policy !== 'close') {
    throw new TypeError('options.backpressure is not wait, drop or close')
  }
  return policy
}
