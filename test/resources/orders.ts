// The three kinds of processes that a measurement takes, and what each of them can be told. The server is alone in its own,
// so that all that is measured there is its; who attacks it and who sees how others fare do not disturb each other.

import { fileURLToPath } from 'node:url'
import type { ServeOptions } from '../../src/node.ts'
import { OrderedProcess } from '../support/ordered-process.ts'
import type { SubjectName } from './subjects.ts'

// --- the server that is measured -------------------------------------------------------------------------------------

export interface ServerOrders {
  /** Starts a server of that kind; its application does what the path of a connection says, see `application.ts`. */
  start: { subject: SubjectName; options: ServeOptions; tls: boolean }
  /** Everything that is seen from now on is compared with now. */
  watch: Record<never, never>
  /**
   * What becomes resident from now on is compared with the most that was until now: what a longer attack takes more.
   * With `collect` garbage is collected again and again, for what is held meanwhile; everything takes its time then.
   */
  watchOn: { collect: boolean }
  seen: Record<never, never>
  /** Waits, for no longer than that, until there are so few connections; how many there are then. */
  drained: { connections: number; withinMs: number }
  /** Counts all that a connection may leave behind, from now on. */
  watchLeaks: Record<never, never>
  /** What has grown since then, one line each, once there was so much time for it to go away. */
  leaks: { settleMs: number }
}

export interface ServerAnswers {
  start: number
  watch: void
  watchOn: void
  seen: ServerSeen
  drained: number
  watchLeaks: void
  leaks: readonly string[]
}

export interface ServerSeen {
  /** By how much resident memory had grown at most, garbage that nobody had collected yet included. */
  readonly mostGrownBytes: number
  /** By how much it was more than before `watchOn`, at most. */
  readonly furtherGrownBytes: number
  /** By how much that had grown at most to which something refers: now, and while it was told to collect. */
  readonly mostHeldBytes: number
  /** By how much it has grown once garbage is collected. */
  readonly grownBytes: number
  /** By how much that has grown to which something refers: the heap, and the memory of buffers. */
  readonly heldBytes: number
  /** All of the heap to which something refers. */
  readonly heapBytes: number
  readonly connections: number
  readonly messages: number
  readonly messageBytes: number
  /** Messages that the application keeps. */
  readonly kept: number
  /** The most that waited to leave on any connection. */
  readonly mostBufferedBytes: number
  /** Connections by how they ended: the close code, and what went wrong. */
  readonly endings: ReadonlyMap<string, number>
}

// --- who does it harm ------------------------------------------------------------------------------------------------

/** Where clients go: `port` of a server on this machine, and the path that says what it does with them. */
interface Where {
  readonly port: number
  readonly path: string
  readonly tls?: boolean
}

export interface AttackerOrders {
  /**
   * Sends `prelude` and then `block` again and again, until the system has taken so many bytes. It never reads. With a quota
   * that ends it, it goes on until it is cut off, and comes again; without, it ends with a Close frame and waits for the
   * server to be through.
   */
  flood: Where & { prelude: Uint8Array; block: Uint8Array; bytes: number; hasQuota: boolean }
  /** Sends `wire` on each of many connections, again and again, one byte at a time: each a segment of its own. */
  segments: Where & { wire: Uint8Array; connections: number; bytes: number }
  /** Opens connections that stay until `release`, and says `frame` on each and waits for an answer, if there is one. */
  hold: Where & { connections: number; frame: Uint8Array | undefined; extensions: string | undefined }
  /** The same, but that nothing is ever read from them. */
  stall: Where & { connections: number }
  release: Record<never, never>
  /** Comes and goes in every way there is, for so long. */
  churn: Where & { ms: number; seed: number }
}

export interface AttackerAnswers {
  flood: Flooded
  segments: Flooded
  hold: void
  stall: void
  release: void
  churn: number
}

export interface Flooded {
  readonly bytes: number
  readonly connections: number
  /** How many of them were cut off. */
  readonly cutOff: number
}

// --- who sees how others fare ----------------------------------------------------------------------------------------

export interface ObserverOrders {
  /** Opens a connection and begins to send a short text as soon as the one before came back. */
  open: Where
  /** How long it took so far. */
  latencies: Record<never, never>
  /** What it took so far does not count. */
  forget: Record<never, never>
}

export interface ObserverAnswers {
  open: void
  latencies: Latencies
  forget: void
}

export interface Latencies {
  readonly echoes: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly mostMs: number
}

// --- their processes -------------------------------------------------------------------------------------------------

function program(name: string): string {
  return fileURLToPath(new URL(`${name}.js`, import.meta.url))
}

export class ServerProcess extends OrderedProcess<ServerOrders, ServerAnswers> {
  constructor() {
    super(program('server-process'))
  }
}

export class AttackerProcess extends OrderedProcess<AttackerOrders, AttackerAnswers> {
  constructor() {
    super(program('attacker-process'))
  }
}

export class ObserverProcess extends OrderedProcess<ObserverOrders, ObserverAnswers> {
  constructor() {
    super(program('observer-process'))
  }
}
