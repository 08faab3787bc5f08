// How long to wait before an attempt: exponential backoff with full jitter (RFC 6455 §7.2.3), so that the clients of a
// server that went away do not come back all at once. Arithmetic only: chance comes in as an argument.

import { checkNames, readNumbers } from '../codec/options.ts'

/** How long the waits between attempts are. Each is drawn from 0 to a bound that grows with every wait. */
export interface BackoffOptions {
  /** Milliseconds, 1 to 86,400,000: the longest first wait, after a lost connection or a first failure. Default 500. */
  readonly initialDelayMs: number
  /** Milliseconds, 1 to 86,400,000: the longest wait of all. Default 30,000. */
  readonly maxDelayMs: number
  /** 1 to 10, may have a fraction: what the bound is multiplied with from one wait to the next. Default 2. */
  readonly factor: number
  /** Most attempts in a row, 1 up; when the last of them fails, the iteration rejects with its error. Default `Infinity`. */
  readonly maxAttempts: number
  /** Milliseconds, 0 up, that a connection has to last for the next wait to be a first one again. Default 30,000. */
  readonly resetAfterMs: number
  /** Milliseconds, 0 to 86,400,000: the longest `Retry-After` that is followed; of a longer one, so much. Default 300,000. */
  readonly maxRetryAfterMs: number
}

type BackoffIntegers = Omit<BackoffOptions, 'factor'>

const DEFAULT_INTEGERS: BackoffIntegers = {
  initialDelayMs: 500,
  maxDelayMs: 30_000,
  maxAttempts: Number.POSITIVE_INFINITY,
  resetAfterMs: 30_000,
  maxRetryAfterMs: 300_000,
}

/** Of each option. */
export const DEFAULT_BACKOFF: BackoffOptions = Object.freeze({ ...DEFAULT_INTEGERS, factor: 2 })

const LEAST: BackoffIntegers = {
  initialDelayMs: 1,
  maxDelayMs: 1,
  maxAttempts: 1,
  resetAfterMs: 0,
  maxRetryAfterMs: 0,
}

// A day: nobody waits longer on purpose, and two of them together are within what a timer can count.
const MOST = { initialDelayMs: 86_400_000, maxDelayMs: 86_400_000, maxRetryAfterMs: 86_400_000 }

/** @throws TypeError, RangeError naming the option that is wrong. */
export function readBackoff(given: Partial<BackoffOptions> = {}): BackoffOptions {
  checkNames('options.backoff', given, Object.keys(DEFAULT_BACKOFF))
  const { factor = DEFAULT_BACKOFF.factor, ...integers } = given
  if (typeof factor !== 'number') throw new TypeError(`options.backoff.factor is a ${typeof factor}, not a number`)
  if (!(factor >= 1 && factor <= 10)) {
    throw new RangeError(`options.backoff.factor is ${factor}, not a number from 1 to 10`)
  }
  return { ...readNumbers('options.backoff', integers, DEFAULT_INTEGERS, LEAST, MOST), factor }
}

/** The waits of one client, one after the other. */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: () => number
  #waits = 0

  /** @param random Draws from 0 up to, but not including, 1. */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options
    this.#random = random
  }

  /**
   * Milliseconds to wait before the next attempt.
   *
   * @param retryAfterMs What the server asked for. The wait is longer than that, by what is drawn: it may have asked
   * everybody for the same.
   */
  nextDelayMs(retryAfterMs = 0): number {
    const { initialDelayMs, maxDelayMs, factor, maxRetryAfterMs } = this.#options
    const bound = Math.floor(Math.min(maxDelayMs, initialDelayMs * factor ** this.#waits))
    this.#waits++
    return Math.min(retryAfterMs, maxRetryAfterMs) + Math.floor(this.#random() * (bound + 1))
  }

  /** A connection came to its end: one that lasted makes the next wait a first one again. */
  handleEnd(lastedMs: number): void {
    if (lastedMs >= this.#options.resetAfterMs) this.#waits = 0
  }
}
