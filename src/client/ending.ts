// What ends an attempt from outside: the caller's signal, or time. One listener and one timer for the whole attempt, however
// many stages and redirects it has; the stages look at one signal, and each of them leaves nothing behind.

import { HandshakeError } from '../handshake/index.ts'

const MAX_TIMER_MS = 0x7fff_ffff // some 25 days; what a timer can count

/** The deadline of an attempt and the signal of its caller as one signal, whose reason is what the caller is told. */
export class Ending {
  readonly #controller = new AbortController()
  readonly #given: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  readonly #aborted = (): void => this.#controller.abort(this.#given!.reason)

  constructor(given: AbortSignal | undefined, timeoutMs: number) {
    this.#given = given
    this.#timer = setTimeout(
      () => this.#controller.abort(new HandshakeError('HANDSHAKE_TIMEOUT')),
      Math.min(timeoutMs, MAX_TIMER_MS),
    )
    given?.addEventListener('abort', this.#aborted, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The attempt is over; neither signal nor time has an effect any more. */
  release(): void {
    clearTimeout(this.#timer)
    this.#given?.removeEventListener('abort', this.#aborted)
  }
}

/**
 * Waits for one stage of an attempt. When the signal aborts first, `abandon`, what `begin` returns, takes back what was
 * begun, and the promise is rejected with the reason, unless `abandon` has rejected it with something better.
 */
export function stage<Result>(
  signal: AbortSignal,
  begin: (resolve: (result: Result) => void, reject: (error: unknown) => void) => (reason: unknown) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const settle = <Value>(finish: (value: Value) => void) => {
      return (value: Value): void => {
        signal.removeEventListener('abort', abort)
        finish(value)
      }
    }
    const abort = (): void => {
      abandon(signal.reason)
      reject(signal.reason)
    }
    const abandon = begin(settle(resolve), settle(reject))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

/** A refusal whose body is late is a refusal still, and says more than that something was late. */
export function isTimeout(reason: unknown): boolean {
  return reason instanceof HandshakeError && reason.code === 'HANDSHAKE_TIMEOUT'
}
