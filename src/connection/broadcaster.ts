// One message to every connection of a server, as often as it likes in one turn. A loop that asks each connection to send each
// message spends most of its time on fetching from memory what the connection, its driver and its session remember. A
// connection on which nothing else is under way need not be asked: as a member it takes what is sent to all past its session,
// one write of the same memory at the end of each turn, until anything else happens to it. Then it leaves, takes what this
// turn has for it so far, and is told what has gone past it.
// Sixteen messages of 125 B to 1,000 connections over TCP take 10 µs of a processor for each connection, and 70 in a loop; a
// single one of 1 KiB 9 and 11. A bare `writeBuffer` on the handle of each socket takes 7 to 10 in the same runs: the kernel's
// write is what is left, and a twentieth of a profile is JavaScript.

import { type Passed, type PreparedMessage, PreparedRun } from '../session/index.ts'
import type { ByteStream, Host } from './byte-stream.ts'
import { Connection, SENT } from './connection.ts'
import { isWatched } from './diagnostics.ts'

/** A connection that takes what is sent to all, and nothing else. */
export interface Member {
  readonly broadcaster: Broadcaster
  readonly connection: Connection
  /** Where it is written to. Nothing waits there to leave. */
  readonly stream: ByteStream
  /** What had been written to all members before it was one. */
  readonly before: Passed
}

export class Broadcaster {
  readonly #connections: ReadonlySet<Connection>
  readonly #highWaterBytes: number
  readonly #host: Host
  readonly #members = new Set<Member>()
  #others: Set<Connection> | undefined // made when it is needed, as many servers never send to all
  #isSending = false
  #run = new PreparedRun() // of this turn
  #runAt = 0 // when the last one began
  #passed: Passed = { messages: 0, wireBytes: 0, payloadBytes: 0 } // what has been written to all members

  /** @param connections Those that are not closed. What changes there is to be said with `add` and `remove`. */
  constructor(connections: ReadonlySet<Connection>, highWaterBytes: number, host: Host) {
    this.#connections = connections
    this.#highWaterBytes = highWaterBytes
    this.#host = host
  }

  /** There is another connection. */
  add(connection: Connection): void {
    this.#others?.add(connection)
  }

  /** A connection is closed: whatever closed it has made it leave. */
  remove(connection: Connection): void {
    this.#others?.delete(connection)
  }

  /** Sends a message to every connection that is open. @returns what `send` returned where it has to be waited for. */
  send(message: PreparedMessage): Promise<void>[] {
    this.#others ??= new Set(this.#connections)
    // What is long is sent from where it lies, and who watches is told of each message when it is sent.
    const isLong = message.payload.length >= this.#highWaterBytes
    if (isLong || isWatched(this.#host.diagnostics)) this.#dismiss()
    // Whom a message reached one by one is not to take it from the run: one that is sent by a handler meanwhile gathers nobody.
    else if (this.#run.messages.length === 0 && !this.#isSending) this.#gather(this.#others)
    const wasSending = this.#isSending
    this.#isSending = true
    const sent: Promise<void>[] = []
    try {
      for (const connection of this.#others) if (connection.readyState === 'open') sent.push(connection.send(message))
    } finally {
      this.#isSending = wasSending
    }
    if (this.#members.size > 0) {
      this.#addToRun(message)
      const slow = this.#run.wireBytes < this.#highWaterBytes ? [] : this.#endRun()
      for (const connection of slow) sent.push(Connection.whenRoom(connection))
    }
    return sent.filter((promise) => promise !== SENT)
  }

  /** Makes a connection a member. For its driver, when asked to `join`. */
  admit(connection: Connection, stream: ByteStream): Member {
    const member = { broadcaster: this, connection, stream, before: this.#passed }
    this.#members.add(member)
    this.#others?.delete(connection)
    return member
  }

  /** Makes it one no more. @returns what has passed it, when the last of it did, and what this turn has for it. */
  release(member: Member): { passed: Passed; at: number; messages: readonly PreparedMessage[] } {
    this.#members.delete(member)
    this.#others?.add(member.connection)
    const { before } = member
    const { messages, wireBytes, payloadBytes } = this.#passed
    const passed = {
      messages: messages - before.messages,
      wireBytes: wireBytes - before.wireBytes,
      payloadBytes: payloadBytes - before.payloadBytes,
    }
    return { passed, at: this.#runAt, messages: this.#run.messages }
  }

  /** What waits in each member for the end of the turn. */
  get waitingBytes(): number {
    return this.#run.wireBytes
  }

  /** Whoever can becomes a member. Not inside a turn, so that what members take is the same for all of them. */
  #gather(others: ReadonlySet<Connection>): void {
    for (const connection of others) Connection.join(connection, this)
  }

  #dismiss(): void {
    for (const { connection } of this.#members) Connection.leave(connection)
  }

  #addToRun(message: PreparedMessage): void {
    if (this.#run.messages.length === 0) {
      this.#runAt = this.#host.now()
      this.#host.defer(() => this.#endRun())
    }
    this.#run.add(message)
  }

  /** Lets what was sent to all leave. @returns those that it has not all left, who are members no more. */
  #endRun(): Connection[] {
    const run = this.#run
    const slow: Connection[] = []
    if (run.messages.length === 0) return slow
    const { messages, wireBytes, payloadBytes } = this.#passed
    this.#run = new PreparedRun()
    this.#passed = {
      messages: messages + run.messages.length,
      wireBytes: wireBytes + run.wireBytes,
      payloadBytes: payloadBytes + run.payloadBytes,
    }
    const vectors = [run.frames()]
    for (const member of this.#members) if (!this.#write(member, vectors)) slow.push(member.connection)
    for (const connection of slow) Connection.leave(connection)
    return slow
  }

  /** @returns whether all of it has left. */
  #write({ stream }: Member, vectors: readonly Uint8Array[]): boolean {
    try {
      return stream.write(vectors)
    } catch (error) {
      // What one throws is not for the others to miss.
      this.#host.defer(() => {
        throw error
      })
      return false
    }
  }
}
