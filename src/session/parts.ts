// What it takes to do something: what receives, what sends, where both write to. A session has it from the first byte or
// call until it is at rest, and most of many sessions are: then another goes on with the same. A server with ten thousand
// connections that are read one after another needs one of it, which is at hand, and leaves no garbage.
//
// Nothing of what went over one session may be seen by the next. What is at rest hands out no byte of it; what it counted and
// where it stood, `Receiver.takeOver` and `Sender.takeOver` begin anew.

import type { DeliveryMode } from './delivery.ts'
import type { OutputVectors } from './output.ts'
import type { Receiver } from './receive.ts'
import type { Sender } from './send.ts'
import type { TrafficLog } from './traffic.ts'

/** Where the masking keys of a client come from: from the source of the session that has the parts. */
export class MaskingKeys {
  source: () => number
  #draws = 0

  constructor(source: () => number) {
    this.source = source
  }

  /** Whether a key is being drawn: its source may call anything meanwhile, and a frame is half written. */
  get isDrawing(): boolean {
    return this.#draws > 0
  }

  next(): number {
    this.#draws++
    try {
      return this.source() >>> 0
    } finally {
      this.#draws--
    }
  }
}

/** Together they receive and send for one session at a time. */
export interface Parts {
  readonly receiver: Receiver
  readonly sender: Sender
  /** Where the frames go; `undefined` for a session that writes them elsewhere. */
  readonly output: OutputVectors | undefined
  readonly log: TrafficLog
  /** For a client. */
  readonly keys: MaskingKeys | undefined
  /** What they are set to, beyond what each session tells them. */
  readonly settings: object
  mode: DeliveryMode
}

// In a turn of the event loop sessions come one after another; more than a few at a time have something under way. A dozen
// kilobytes.
const MOST_SPARE = 8

/** Parts that nobody uses. */
export class SpareParts {
  readonly #parts: Parts[] = []

  get length(): number {
    return this.#parts.length
  }

  /** Parts that nobody uses any more, which are at rest. Too many push out the oldest, which nobody seems to want. */
  give(parts: Parts): void {
    if (this.#parts.length === MOST_SPARE) this.#parts.shift()
    this.#parts.push(parts)
  }

  /** Parts that are set to the same; those that were used last, as their memory is at hand still. */
  take(settings: object, mode: DeliveryMode): Parts | undefined {
    const index = this.#parts.findLastIndex((parts) => parts.settings === settings && parts.mode === mode)
    if (index === this.#parts.length - 1) return this.#parts.pop()
    return index < 0 ? undefined : this.#parts.splice(index, 1)[0]
  }
}

export const spareParts = new SpareParts()
