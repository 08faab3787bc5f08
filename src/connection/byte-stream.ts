// What a connection needs from the world: an ordered stream of bytes in both directions, and a clock. Transports
// provide both; nothing here or below knows a socket.

import type { Diagnostics } from './diagnostics.ts'

/** An ordered, reliable stream of bytes in both directions, such as a TCP socket. */
export interface ByteStream {
  /** Bytes that `write` took and that have not left yet. */
  readonly bufferedBytes: number
  /**
   * Writes the vectors in order. They are kept until they have left, and must not change meanwhile.
   *
   * @returns whether they have left already, and nobody looks at their memory any more: it is written to again. Then nothing
   * more is told of it; otherwise `drained` is called when they have.
   */
  write(vectors: readonly Uint8Array[]): boolean
  /** Ends the sending side once everything is written. */
  end(): void
  /** Cuts the stream at once, in both directions. */
  destroy(): void
  /** Asks that no more bytes are delivered for now; a few that are on their way may still come. */
  pause(): void
  resume(): void
}

/** What a transport tells, from when it is attached; never from inside a call to the stream. */
export interface ByteStreamListener {
  /** Bytes arrived. They are lent until this returns, and may be changed meanwhile. */
  received(bytes: Uint8Array): void
  /** `bufferedBytes` has fallen, as what a write left behind has left. */
  drained(): void
  /** No more bytes will arrive; `error` is the cause when it was not an orderly end. Told once. */
  ended(error?: unknown): void
  /** The stream is gone, with everything that it held. Told once, after `ended`. */
  closed(): void
}

/** A connection of which a listener has thrown. */
export interface FailedConnection {
  close(code: number): Promise<unknown>
}

/** The clock, the turns and the randomness of the runtime that a connection lives in. */
export interface Host {
  /** The channels on which connections tell what happens on them. Without it they tell nobody. */
  readonly diagnostics?: Diagnostics | undefined
  /** Milliseconds on a clock that never goes back. */
  now(): number
  /** Calls back once after `delayMs`. A timer does not keep the process alive. */
  setTimer(delayMs: number, callback: () => void): unknown
  clearTimer(timer: unknown): void
  /** Calls back when everything that this turn makes happen has happened. */
  defer(callback: () => void): void
  /** Calls back in a turn of its own, after others had theirs: for work that takes long, a slice at a time. */
  deferWork(callback: () => void): void
  /** Whether one more slice of such work may be done in this turn. */
  mayWork(): boolean
  /** A cryptographically strong random number of 32 bits. */
  randomUint32(): number
  /**
   * Lets what a listener of a connection has thrown take the runtime's usual way for errors that nobody caught, or another.
   */
  reportError(error: unknown, connection: FailedConnection): void
}
