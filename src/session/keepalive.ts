// Pings of our own and what became of them (RFC 6455 §5.5.2, §5.5.3): when the next one is due, until when the last one
// must be answered, how long the way there and back took. All times are plain numbers, those given to `tick`.

import { readNumbers } from '../codec/options.ts'

/** How a session finds out that its peer is gone. */
export interface Keepalive {
  /** Milliseconds without a byte from the peer before a ping is sent. Default 25,000. */
  readonly pingIntervalMs: number
  /** Milliseconds that the peer has to answer that ping; then the connection is lost (1006). Default 20,000. */
  readonly pongTimeoutMs: number
}

export const DEFAULT_KEEPALIVE: Keepalive = Object.freeze({ pingIntervalMs: 25_000, pongTimeoutMs: 20_000 })

const NEVER: Keepalive = Object.freeze({
  pingIntervalMs: Number.POSITIVE_INFINITY,
  pongTimeoutMs: Number.POSITIVE_INFINITY,
})
const LEAST: Keepalive = { pingIntervalMs: 1, pongTimeoutMs: 1 }

// A peer that never answers must not make us remember pings without end; what is older than this many is forgotten.
const MAX_UNANSWERED_PINGS = 1_024

/** The caller's keepalive over the defaults; on for servers unless it is `false`, for clients when asked for. */
export function readKeepalive(
  role: 'client' | 'server',
  keepalive: Partial<Keepalive> | boolean | undefined,
): Keepalive {
  if (keepalive === false || (keepalive === undefined && role === 'client')) return NEVER
  return readNumbers('keepalive', keepalive === true ? undefined : keepalive, DEFAULT_KEEPALIVE, LEAST)
}

interface SentPing {
  /** How many pings were sent with it. */
  readonly number: number
  readonly payload: Uint8Array
  readonly sentAt: number
}

export class PingClock {
  readonly #keepalive: Keepalive
  #unanswered: SentPing[] = []
  #sentCount = 0
  #answeredCount = 0
  #heardAt: number
  // When the ping that the peer's life depends on was sent, and since when its pong is waited for; pings of the
  // application are not held against it.
  #probedAt: number | undefined
  #waitedSince = 0
  #probes = 0

  constructor(keepalive: Keepalive, now: number) {
    this.#keepalive = keepalive
    this.#heardAt = now
  }

  /** When a ping of our own is due, or the last one must be answered. */
  get deadline(): number {
    const { pingIntervalMs, pongTimeoutMs } = this.#keepalive
    return this.#probedAt === undefined ? this.#heardAt + pingIntervalMs : this.#waitedSince + pongTimeoutMs
  }

  /** When the next ping of our own is due for a peer whose answer cannot be read for now. */
  get probeDeadline(): number {
    return (this.#probedAt ?? this.#heardAt) + this.#keepalive.pingIntervalMs
  }

  /** How many pings were sent. */
  get sentCount(): number {
    return this.#sentCount
  }

  /** How many of them are answered, by a pong of their own or of a later one. */
  get answeredCount(): number {
    return this.#answeredCount
  }

  /** Bytes arrived. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** The wait for the pong begins anew: the peer was in the middle of a frame, where no pong can be. */
  restartWait(now: number): void {
    this.#waitedSince = now
  }

  /** What to do at the time `now`: the payload of a ping to send, `lost`, or nothing. */
  due(now: number): Uint8Array | 'lost' | undefined {
    if (now < this.deadline) return undefined
    return this.#probedAt === undefined ? this.probe(now) : 'lost'
  }

  /** The payload of a ping of our own, sent at the time `now`. */
  probe(now: number): Uint8Array {
    this.#probedAt = now
    this.#waitedSince = now
    this.#probes = (this.#probes + 1) >>> 0
    const payload = new Uint8Array(4)
    new DataView(payload.buffer).setUint32(0, this.#probes)
    return payload
  }

  sent(payload: Uint8Array, now: number): void {
    if (this.#unanswered.length === MAX_UNANSWERED_PINGS) this.#unanswered.shift()
    this.#sentCount++
    this.#unanswered.push({ number: this.#sentCount, payload: payload.slice(), sentAt: now })
  }

  /**
   * A pong arrived. It answers the oldest ping with its payload, and every ping before that: an endpoint may answer
   * only the latest of several (RFC 6455 §5.5.3).
   *
   * @returns milliseconds since that ping, or `undefined` for a pong that answers none.
   */
  answered(payload: Uint8Array, now: number): number | undefined {
    const index = this.#unanswered.findIndex((ping) => equalBytes(ping.payload, payload))
    if (index < 0) return undefined
    const { number, sentAt } = this.#unanswered[index]!
    this.#answeredCount = number
    this.#unanswered.splice(0, index + 1)
    if (this.#probedAt !== undefined && sentAt >= this.#probedAt) this.#probedAt = undefined
    return now - sentAt
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
