// Streams of one kind, lent for the length of a message to whoever is in the middle of one. Without context takeover that
// is all that a session needs; a thousand idle sessions then share the memory of one stream.

import type { DeflateStream } from './deflate-port.ts'

export class StreamPool {
  readonly #create: () => DeflateStream
  #idle: DeflateStream | undefined
  #users = 0

  constructor(create: () => DeflateStream) {
    this.#create = create
  }

  /** A session may come for streams from now on. */
  open(): void {
    this.#users++
  }

  /** A session will come no more. With the last one, the stream goes. */
  close(): void {
    this.#users--
    if (this.#users > 0) return
    this.#idle?.close()
    this.#idle = undefined
  }

  take(): DeflateStream {
    const stream = this.#idle ?? this.#create()
    this.#idle = undefined
    return stream
  }

  giveBack(stream: DeflateStream): void {
    // Most messages are done in one step, one after the other: what several needed at once is not kept.
    if (this.#users === 0 || this.#idle !== undefined) {
      stream.close()
      return
    }
    stream.reset()
    this.#idle = stream
  }
}
