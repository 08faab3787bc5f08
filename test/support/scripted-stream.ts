// A connection on a byte stream that a test plays by hand, with a clock that moves by hand: no sockets, no waiting.

import {
  type ByteStream,
  type ByteStreamListener,
  type Connection,
  type ConnectionOptions,
  type Diagnostics,
  type Host,
  openConnection,
} from '../../src/connection/index.ts'
import type { AgreedExtension } from '../../src/extension/index.ts'
import { concat, hex, toHex } from './wire.ts'

/** The network as the test wants it: what was written, what is held back, what was asked for. */
export class ScriptedStream implements ByteStream {
  /** Each write as hexadecimal digits, the vectors of one joined. */
  readonly writes: string[] = []
  /** What was asked for besides writing, in order. */
  readonly calls: string[] = []
  /** Whether bytes stay in the stream until `leave` is called, as when the peer does not read. */
  stalled = false
  /** Whether `write` says so of what has left. */
  saysLeft = false
  bufferedBytes = 0
  listener!: ByteStreamListener

  write(vectors: readonly Uint8Array[]): boolean {
    const bytes = concat(...vectors)
    this.writes.push(toHex(bytes))
    if (this.stalled) this.bufferedBytes += bytes.length
    return this.saysLeft && this.bufferedBytes === 0
  }

  end(): void {
    this.calls.push('end')
  }

  destroy(): void {
    this.calls.push('destroy')
  }

  pause(): void {
    this.calls.push('pause')
  }

  resume(): void {
    this.calls.push('resume')
  }

  /** Bytes arrive; text is hexadecimal. They are lent: afterwards something else is in that memory. */
  receive(wire: string | Uint8Array): void {
    const bytes = typeof wire === 'string' ? hex(wire) : wire.slice()
    this.listener.received(bytes)
    bytes.fill(0xee)
  }

  /** So many bytes leave, all unless said otherwise. */
  leave(bytes = this.bufferedBytes): void {
    this.bufferedBytes -= bytes
    this.listener.drained()
  }

  /** The peer ends, and the stream is gone. */
  finish(error?: unknown): void {
    this.listener.ended(error)
    this.listener.closed()
  }

  /** What was written since the last look, as one run of bytes. */
  takeWritten(): string {
    return this.writes.splice(0).join(' ')
  }
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** The masking key of every frame of a scripted client (the one of the examples in RFC 6455 §5.7). */
export const SCRIPTED_KEY = 0x37fa213d

/** A clock, turns and errors in the hands of the test. */
export class ScriptedHost implements Host {
  time = 1_000
  readonly timers = new Set<Timer>()
  readonly errors: unknown[] = []
  readonly diagnostics: Diagnostics | undefined
  #deferred: (() => void)[] = []
  #work: (() => void)[] = []

  constructor(diagnostics?: Diagnostics) {
    this.diagnostics = diagnostics
  }

  now(): number {
    return this.time
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.time + delayMs, callback }
    this.timers.add(timer)
    return timer
  }

  clearTimer(timer: unknown): void {
    this.timers.delete(timer as Timer)
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  deferWork(callback: () => void): void {
    this.#work.push(callback)
  }

  /** Whether there is time for another slice in this turn. */
  hasTime = false

  mayWork(): boolean {
    return this.hasTime
  }

  /** How many wait for a turn of their own to work in. */
  get workCount(): number {
    return this.#work.length
  }

  /** One that waits for it has its turn to work. */
  work(): void {
    this.#work.shift()!()
  }

  randomUint32(): number {
    return SCRIPTED_KEY
  }

  reportError(error: unknown): void {
    this.errors.push(error)
  }

  /** How much was deferred to the end of the turn. */
  get deferredCount(): number {
    return this.#deferred.length
  }

  /** The turn ends: what was deferred to its end happens. */
  endTurn(): void {
    for (const callback of this.#deferred.splice(0)) callback()
  }

  /** Time passes; timers fire at their time, in order, each in a turn of its own. */
  advance(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const due = [...this.timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.timers.delete(due)
      this.time = Math.max(this.time, due.at)
      due.callback()
      this.endTurn()
    }
    this.time = end
  }

  /** Time passes and nobody notices: no timer fires, as when a process is busy or asleep. */
  oversleep(ms: number): void {
    this.time += ms
  }
}

export interface Scripted {
  readonly connection: Connection
  readonly stream: ScriptedStream
  readonly host: ScriptedHost
}

/** A server's end of a connection, unless told otherwise; keepalive is off unless asked for. */
export function scripted(
  options: ConnectionOptions & {
    role?: 'client' | 'server'
    leftover?: Uint8Array
    subprotocol?: string
    extensions?: readonly AgreedExtension[]
    diagnostics?: Diagnostics
  } = {},
): Scripted {
  const { role = 'server', leftover, subprotocol, extensions = [], diagnostics, ...rest } = options
  const stream = new ScriptedStream()
  const host = new ScriptedHost(diagnostics)
  const connection = openConnection(
    { role, subprotocol, extensions, leftover },
    stream,
    host,
    { url: 'ws://example.test/', remoteAddress: '192.0.2.1' },
    { keepalive: false, ...rest },
    (listener) => {
      stream.listener = listener
    },
  )
  return { connection, stream, host }
}

/** Lets everything happen that promises make happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Where a promise stands, once everything has happened that can. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending'
  promise.then(
    () => {
      state = 'resolved'
    },
    () => {
      state = 'rejected'
    },
  )
  await settle()
  return state
}
