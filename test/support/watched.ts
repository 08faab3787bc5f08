// Endpoints in a process of their own, which tells how it fared; the program is `watched-endpoint.ts`.

import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ConnectOptions, ServeOptions } from '../../src/node.ts'
import { OrderedProcess } from './ordered-process.ts'

/** What payload is made of: nothing but zeros, something that compresses as usual, something that does not at all. */
export type PayloadKind = 'zeros' | 'records' | 'noise'

/**
 * What becomes of what a server receives: it is counted, as messages or in pieces, except for text, which goes back; all
 * of it goes back; or nobody reads.
 */
export type Reading = 'messages' | 'pieces' | 'echo' | 'nobody'

/** What such a process can be told to do. */
export interface Orders {
  serve: { options: ServeOptions; reading: Reading }
  /** Opens connections, which count what they receive. */
  connect: { url: string; options: ConnectOptions; count: number }
  /** Makes the payload of what is sent from then on. */
  prepare: { kind: PayloadKind; bytes: number }
  /** Sends the payload compressed on every connection that has not received text, all in one turn or each in its own. */
  send: { together: boolean }
  terminate: Record<never, never>
  /** Watches from now on. With `collect`, what is held is measured, over and over; everything takes its time then. */
  watch: { collect: boolean }
  seen: Record<never, never>
  /** What is held once all garbage is collected. */
  held: Record<never, never>
}

export interface Answers {
  serve: string
  connect: void
  prepare: void
  send: void
  terminate: void
  watch: void
  seen: Seen
  held: Held
}

/** How connections ended, the close code and what went wrong; and how many of them did. */
export type Ending = readonly [how: string, count: number]

/** What a process saw of itself since it was told to watch. */
export interface Seen {
  /** By how much its resident memory grew at most. All of it counts, also garbage that nobody has collected yet. */
  readonly grownBytes: number
  /** By how much the memory of buffers grew at most that something refers to; only known when it was told to collect. */
  readonly heldBytes: number
  /** The longest turn of its event loop, in time that the process worked. */
  readonly longestTurnMs: number
  /** Binary messages that were received, or pieces of them, and their bytes. */
  readonly messages: number
  readonly messageBytes: number
  readonly endings: readonly Ending[]
}

export interface Held {
  readonly residentBytes: number
  readonly bufferBytes: number
  /** Streams of `node:zlib` that were created and not closed. */
  readonly openStreams: number
}

const PROGRAM = fileURLToPath(new URL('watched-endpoint.js', import.meta.url))

/** Such a process; it ends with the block that it is used in. */
export class WatchedProcess extends OrderedProcess<Orders, Answers> {
  /** @param t The test that it is for: with that it ends at the latest, also when the test waits for it in vain. */
  constructor(t: TestContext) {
    super(PROGRAM)
    t.after(() => this[Symbol.asyncDispose]())
  }

  /** Waits until the process has received so many messages, or pieces of them, since it was told to watch. */
  async received(messages: number): Promise<void> {
    while ((await this.tell('seen', {})).messages < messages) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
