// A client that stays connected: a loop over connections, each with what was missed before it. Nothing is queued and
// nothing sent twice: what a gap means to an application only the application knows, so every gap is told.
//
// It stands on `connect` alone. When to try again is in `backoff.ts`, what to try again after in `retry-policy.ts`.

import { checkNames } from '../codec/options.ts'
import { type Connection, readConnectionOptions } from '../connection/index.ts'
import { allValues, HandshakeError } from '../handshake/index.ts'
import type { CloseInfo } from '../session/index.ts'
import { Backoff, type BackoffOptions, readBackoff } from './backoff.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'
import { parseRetryAfter } from './retry-after.ts'
import { afterClose, isTransientError } from './retry-policy.ts'

/** What the application missed between two connections. */
export interface Gap {
  /** How the connection before ended. */
  readonly closeInfo: CloseInfo
  /** When it ended, as far as this side could tell. */
  readonly since: Date
  /** Milliseconds from then to the new connection. */
  readonly durationMs: number
  /** How many attempts failed in between. */
  readonly failedAttempts: number
  /** What the last of them failed with; `undefined` when none did. */
  readonly lastError: unknown
}

/** One turn of the loop. */
export interface ReconnectTurn {
  readonly connection: Connection
  /** What was missed since the connection before; `undefined` for the first one. */
  readonly gap: Gap | undefined
}

/** What is about to be waited for. */
export interface Retry {
  /** Which attempt follows, counted from 1 for the first one since the connection was lost, or since the beginning. */
  readonly attempt: number
  /** Milliseconds until then. */
  readonly delayMs: number
  /** What the attempt before failed with; `undefined` right after a connection was lost. */
  readonly error: unknown
  /** How the connection before ended; `undefined` when there was none yet. */
  readonly closeInfo: CloseInfo | undefined
  /** When that was, or, when there was none yet, when the first attempt began. */
  readonly since: Date
}

type HeaderOption = ConnectOptions['headers']

/** Options of `reconnect`: those of `connect`, and these. */
export interface ReconnectOptions extends Omit<ConnectOptions, 'headers' | 'keepalive' | 'signal'> {
  /** As of `connect`, or a function that is called before every attempt, to renew a token for one. */
  readonly headers?: HeaderOption | (() => HeaderOption | Promise<HeaderOption>)
  /** As of `connect`, but on by default: a gap that nobody notices cannot be told. `false` turns it off. */
  readonly keepalive?: ConnectOptions['keepalive']
  /** Ends everything: a wait, an attempt, the connection (closed with 1000). The iteration rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** How long the waits between attempts are, and how many there are. */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /**
   * Whether an attempt that failed is followed by another one; otherwise the iteration rejects with the error.
   * `undefined` leaves it to the default: yes when the server could not be reached or did not answer, or refused with
   * 408, 425, 429 or from 500 up; no for every other refusal, a certificate that is not accepted, and what `url` and
   * `headers` throw.
   */
  readonly shouldRetry?: ((error: unknown, attempt: number) => boolean | undefined) | undefined
  /**
   * Whether a connection that ended is followed by another one; `false` ends the iteration. `undefined` leaves it to
   * the default: the peer's 1000 ends the iteration; 1002, 1003 and 1007 to 1010 reject it, unless this side sent them
   * by `close`; everything else is followed by another connection.
   */
  readonly shouldReconnect?: ((closeInfo: CloseInfo) => boolean | undefined) | undefined
  /** Told before every wait. `false` ends the iteration instead, without an error. */
  readonly onRetry?: ((retry: Retry) => boolean | void) | undefined
}

/** Where to connect to, or a function that is asked before every attempt. */
export type ReconnectUrl = string | URL | (() => string | URL | Promise<string | URL>)

/** What the loop needs of the world: a host of its own makes it run without a network and without waiting. */
export interface ReconnectHost {
  connect(url: string | URL, options: ConnectOptions): Promise<Connection>
  /** Milliseconds of a clock that nobody sets. */
  now(): number
  /** Milliseconds of `Date.now()`. */
  wallNow(): number
  /** From 0 up to, but not including, 1. */
  random(): number
  /** Waits, and keeps the process alive meanwhile. Rejects with the reason of the signal. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>
}

/** The clock, the chance and the network of the process. */
export const NODE_HOST: ReconnectHost = {
  connect,
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: Math.random,
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop)
        resolve()
      }, delayMs)
      signal.addEventListener('abort', stop, { once: true })
    }),
}

/**
 * Connections, one after the other, for `for await`: the next one when the one before is lost.
 *
 * A turn owns its connection. When its body ends, in whatever way, and the connection is still open, it is closed with
 * 1000; with `break`, `return` and `throw` nothing is tried any more. The iteration ends by itself when the peer closes
 * with 1000, and rejects with what a new attempt does not mend.
 *
 * @returns an iterator that can be used once. It rejects with what `connect` rejects with, a `WebSocketError` with code
 * `NOT_RECONNECTED`, a `ProtocolError`, the reason of the signal, and what functions among the options throw.
 * @throws TypeError, RangeError at once when an option that `connect` does not have, or `limits`, `keepalive` or `backpressure`, is wrong.
 */
export function reconnect(
  url: ReconnectUrl,
  options: ReconnectOptions = {},
): AsyncGenerator<ReconnectTurn, void, undefined> {
  return reconnectOn(NODE_HOST, url, options)
}

/** `reconnect` on a host of the caller's making. */
export function reconnectOn(
  host: ReconnectHost,
  url: ReconnectUrl,
  options: ReconnectOptions,
): AsyncGenerator<ReconnectTurn, void, undefined> {
  const run = new Run(host, url, options)
  const turns = run.turns()
  const finish = turns.return.bind(turns)
  // A generator would only get to it once what it waits for has come.
  turns.return = (value) => {
    run.leave()
    return finish(value)
  }
  return turns
}

/** How a connection ended, and when by both clocks. */
interface Loss {
  readonly closeInfo: CloseInfo
  readonly at: number
  readonly since: Date
}

/** What came of the attempts that followed a loss. */
interface Attempts {
  /** `undefined` when the application wants no more of them. */
  readonly connection: Connection | undefined
  readonly failed: number
  readonly lastError: unknown
}

/** One iteration, from its first turn to its last. */
class Run {
  readonly #host: ReconnectHost
  readonly #url: ReconnectUrl
  readonly #headers: ReconnectOptions['headers']
  readonly #connectOptions: ConnectOptions
  readonly #own: Pick<ReconnectOptions, 'shouldRetry' | 'shouldReconnect' | 'onRetry'>
  readonly #maxAttempts: number
  readonly #backoff: Backoff
  readonly #signal: AbortSignal | undefined
  /** Ends what is under way, for the signal and for who leaves in the middle of it. */
  readonly #stop = new AbortController()
  #isHandedOut = false
  #hasLeft = false

  constructor(host: ReconnectHost, url: ReconnectUrl, options: ReconnectOptions) {
    checkNames('options', options, Object.keys(options ?? {})) // an object at all; the names are for `connect` to know
    const { backoff, shouldRetry, shouldReconnect, onRetry, headers, signal, ...connectOptions } = options
    for (const [name, value] of Object.entries({ shouldRetry, shouldReconnect, onRetry })) {
      if (value !== undefined && typeof value !== 'function') throw new TypeError(`options.${name} is not a function`)
    }
    const waits = readBackoff(backoff)
    this.#host = host
    this.#url = typeof url === 'function' ? url : String(url)
    this.#headers = copyHeaders(headers)
    this.#connectOptions = {
      ...connectOptions,
      ...readConnectionOptions({ ...options, keepalive: options.keepalive ?? {} }),
    }
    this.#own = { shouldRetry, shouldReconnect, onRetry }
    this.#maxAttempts = waits.maxAttempts
    this.#backoff = new Backoff(waits, () => host.random())
    this.#signal = signal
  }

  async *turns(): AsyncGenerator<ReconnectTurn, void, undefined> {
    const abort = (): void => this.#stop.abort(this.#signal?.reason)
    this.#signal?.throwIfAborted()
    this.#signal?.addEventListener('abort', abort, { once: true })
    try {
      yield* this.#connections()
    } catch (error) {
      if (!this.#hasLeft) throw error
    } finally {
      this.#signal?.removeEventListener('abort', abort)
    }
  }

  /** The application leaves. In a turn that is for the generator to see; otherwise what is under way ends here. */
  leave(): void {
    if (this.#isHandedOut) return
    this.#hasLeft = true
    this.#stop.abort()
  }

  async *#connections(): AsyncGenerator<ReconnectTurn, void, undefined> {
    let loss: Loss | undefined
    for (;;) {
      const { connection, failed, lastError } = await this.#tryUntilConnected(loss)
      if (connection === undefined) return
      const openedAt = this.#host.now()
      const ended = connection.closed.then((closeInfo): Loss => this.#lossNow(closeInfo))
      const gap = loss && {
        closeInfo: loss.closeInfo,
        since: loss.since,
        durationMs: Math.round(openedAt - loss.at),
        failedAttempts: failed,
        lastError,
      }
      const close = (): void => void connection.close(1000)
      this.#stop.signal.addEventListener('abort', close, { once: true })
      this.#isHandedOut = true
      try {
        yield { connection, gap }
      } finally {
        this.#isHandedOut = false
        if (connection.readyState === 'open') close()
        // An abort is not kept waiting by a peer that does not answer the Close frame.
        await orAborted(ended, this.#stop.signal).catch(() => undefined)
        this.#stop.signal.removeEventListener('abort', close)
      }
      this.#stop.signal.throwIfAborted()
      loss = await ended
      if (!this.#isFollowedUp(loss.closeInfo)) return
      this.#backoff.handleEnd(loss.at - openedAt)
    }
  }

  #lossNow(closeInfo: CloseInfo): Loss {
    return { closeInfo, at: this.#host.now(), since: new Date(this.#host.wallNow()) }
  }

  /** Whether another connection is to follow. @throws WebSocketError when that would not help. */
  #isFollowedUp(closeInfo: CloseInfo): boolean {
    const verdict = readVerdict('shouldReconnect', this.#own.shouldReconnect?.(closeInfo))
    if (verdict !== undefined) return verdict
    const outcome = afterClose(closeInfo)
    if (outcome instanceof Error) throw outcome
    return outcome === 'reconnect'
  }

  async #tryUntilConnected(loss: Loss | undefined): Promise<Attempts> {
    const began = new Date(this.#host.wallNow())
    let error: unknown
    for (let attempt = 1; ; attempt++) {
      const failed = attempt - 1
      if (loss !== undefined || failed > 0) {
        const delayMs = this.#backoff.nextDelayMs(this.#retryAfterMs(error))
        const since = loss?.since ?? began
        const goesOn = this.#own.onRetry?.({ attempt, delayMs, error, closeInfo: loss?.closeInfo, since })
        if (goesOn === false) return { connection: undefined, failed, lastError: error }
        this.#stop.signal.throwIfAborted()
        await this.#host.sleep(delayMs, this.#stop.signal)
      }
      try {
        return { connection: await this.#connect(), failed, lastError: error }
      } catch (reason) {
        this.#stop.signal.throwIfAborted()
        if (attempt >= this.#maxAttempts) throw reason
        const verdict = readVerdict('shouldRetry', this.#own.shouldRetry?.(reason, attempt))
        if (!(verdict ?? isTransientError(reason))) throw reason
        error = reason
      }
    }
  }

  async #connect(): Promise<Connection> {
    const { signal } = this.#stop
    const url = typeof this.#url === 'function' ? await orAborted(this.#url(), signal) : this.#url
    const headers = typeof this.#headers === 'function' ? await orAborted(this.#headers(), signal) : this.#headers
    const connection = await this.#host.connect(url, { ...this.#connectOptions, headers, signal })
    if (!signal.aborted) return connection
    void connection.close(1000) // between the end of the handshake and here
    throw signal.reason
  }

  #retryAfterMs(error: unknown): number | undefined {
    if (!(error instanceof HandshakeError) || error.response === undefined) return undefined
    const [value] = allValues(error.response.headers, 'Retry-After')
    return value === undefined ? undefined : parseRetryAfter(value, this.#host.wallNow())
  }
}

/** A list may be one that can be read only once, and there may be many attempts. */
function copyHeaders(headers: ReconnectOptions['headers']): ReconnectOptions['headers'] {
  if (typeof headers !== 'object' || headers === null) return headers
  return Symbol.iterator in headers ? [...headers] : { ...headers }
}

/** @throws TypeError for a promise above all, which would count as a yes. */
function readVerdict(name: string, verdict: unknown): boolean | undefined {
  if (verdict === undefined || typeof verdict === 'boolean') return verdict
  throw new TypeError(`options.${name} returned a ${typeof verdict}, not a boolean or undefined`)
}

/** What a promise, or a value, comes to, unless the signal aborts first: then the reason of that. */
function orAborted<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
