// The channels of a simulated process, and who listens there: a count of what was told of each connection.

import type { ConnectionIdentity, Diagnostics, DiagnosticsChannel } from '../../src/connection/index.ts'

class CountingChannel<Message extends ConnectionIdentity> implements DiagnosticsChannel<Message> {
  hasSubscribers: boolean
  readonly #counts = new Map<number, number>()

  constructor(hasSubscribers: boolean) {
    this.hasSubscribers = hasSubscribers
  }

  publish({ connectionId }: Message): void {
    this.#counts.set(connectionId, this.count(connectionId) + 1)
  }

  count(connectionId: number): number {
    return this.#counts.get(connectionId) ?? 0
  }
}

export class CountingDiagnostics implements Diagnostics {
  readonly connection = new CountingChannel<Parameters<Diagnostics['connection']['publish']>[0]>(true)
  readonly frame = new CountingChannel<Parameters<Diagnostics['frame']['publish']>[0]>(false)
  readonly message = new CountingChannel<Parameters<Diagnostics['message']['publish']>[0]>(false)
  readonly close = new CountingChannel<Parameters<Diagnostics['close']['publish']>[0]>(true)
  readonly failure = new CountingChannel<Parameters<Diagnostics['failure']['publish']>[0]>(true)

  /** Somebody begins or ceases to listen to frames and messages. */
  turn(frames: boolean, messages: boolean): void {
    this.frame.hasSubscribers = frames
    this.message.hasSubscribers = messages
  }
}
