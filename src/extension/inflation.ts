// The incoming half of permessage-deflate: messages are decompressed (RFC 7692 §7.2.2).
//
// A peer may end its stream in the middle of everything, with a final block, and go on with a new one whose references
// reach into what came before. DEFLATE has no such thing: the window is carried over by hand.

import type { DirectionAgreement } from './deflate-params.ts'
import { DeflateDataError, type DeflateStream } from './deflate-port.ts'
import { type IncomingTransform, type PayloadEnd, TransformError } from './extension.ts'
import type { StreamPool } from './stream-pool.ts'

// `read` writes at most this much, and takes in at most so much: a third of a millisecond for usual data, and a good one
// for blocks that stand for nothing.
const STEP_BYTES = 65_536
const STEP_INPUT_BYTES = 16_384

// The tail that was left out (RFC 7692 §7.2.2), and one byte more. A step that stops at the end of a block takes the
// tail and leaves the byte if the message was whole, and only then: a message that was cut off takes more, takes less, or
// writes something.
const TAIL_AND_PROBE = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00)
const TAIL_BYTES = 4

// Compressed data is hardly ever longer than what it stands for: five bytes for each flush, and less than one in a
// thousand beside. Blocks that stand for nothing cost time all the same, 0.1 µs a byte; what is allowed here makes some
// 25 ms for a message.
const MAX_OVERHEAD_BYTES = 262_144

// To go on after a final block takes about as long as this much of such data.
const FINAL_BLOCK_COST_BYTES = 256

// `read` goes on after at most as many final blocks, which with the largest window takes a third of a millisecond.
const MOST_FINAL_BLOCKS = 16

// What is longer goes the other way, and what has become longer does so from its beginning; any window divides it.
const MOST_WHOLE_INPUT_BYTES = 4_096
const MOST_WHOLE_BYTES = 32_768

const EMPTY: Uint8Array = new Uint8Array(0)

// Before the window there is room for the header of a stored block (RFC 1951 §3.2.4).
const STORED_HEADER_BYTES = 5

// Steps write here, and what they wrote is copied into memory of its size.
const scratch = new Uint8Array(STEP_BYTES)
const discarded = new Uint8Array(STEP_BYTES)

// The beginnings of it that steps of a window may write to, by their length.
const LEAST_WINDOW_BITS = 8
const rooms: Uint8Array[] = []

export class Inflation implements IncomingTransform {
  readonly #pool: StreamPool
  readonly #noContextTakeover: boolean
  readonly #windowBytes: number
  #stream: DeflateStream | undefined
  #payload = EMPTY
  #at = 0
  #isLast = false
  #pending = false
  #overheadBytes = 0
  #closed = false
  // What a reference may reach of the output so far; and how much of the scratch memory is part of it already.
  #window = EMPTY
  #windowUsed = 0
  #rememberedTo = 0

  constructor(pool: StreamPool, agreement: DirectionAgreement) {
    this.#pool = pool
    this.#noContextTakeover = agreement.noContextTakeover
    this.#windowBytes = 2 ** agreement.windowBits
    pool.open()
  }

  get pending(): boolean {
    return this.#pending
  }

  begin(reservedBits: number): boolean {
    this.#overheadBytes = 0
    return reservedBits !== 0
  }

  write(payload: Uint8Array, end: PayloadEnd): void {
    this.#payload = payload
    this.#at = 0
    this.#isLast = end === 'message'
    this.#pending = true
  }

  read(): Uint8Array {
    try {
      return this.#inflate()
    } catch (cause) {
      if (!(cause instanceof DeflateDataError)) throw cause
      throw new TransformError('INVALID_COMPRESSED_DATA', { cause })
    }
  }

  /** One step as a rule, and no copy; what is the least bit unusual goes the other way. */
  transformWhole(payload: Uint8Array, start: number, end: number): Uint8Array | undefined {
    if (!this.#noContextTakeover || end - start > MOST_WHOLE_INPUT_BYTES) return undefined
    const stream = this.#pool.take()
    let length = -1
    try {
      length = this.#inflateWhole(stream, payload, start, end)
    } catch (error) {
      if (!(error instanceof DeflateDataError)) {
        stream.close()
        throw error
      }
    }
    this.#pool.giveBack(stream)
    return length < 0 ? undefined : scratch.subarray(0, length)
  }

  /** @returns how long it is; -1 when it is too long, or not right. */
  #inflateWhole(stream: DeflateStream, payload: Uint8Array, start: number, end: number): number {
    let at = start
    let used = 0
    let roomEnd = 0
    do {
      if (used === MOST_WHOLE_BYTES) return -1
      roomEnd = used + this.#windowBytes // as in `read`
      rooms[roomEnd >> LEAST_WINDOW_BITS] ??= scratch.subarray(0, roomEnd)
      stream.step('sync', payload, at, end, rooms[roomEnd >> LEAST_WINDOW_BITS]!, used)
      at += stream.consumed
      used += stream.produced
    } while (used === roomEnd)
    // A final block, and one byte for the empty block behind it (RFC 7692 §7.2.3.4), is how some end all messages.
    if (at < end) return at === end - 1 && payload[at] === 0x00 ? used : -1
    stream.step('block', TAIL_AND_PROBE, 0, TAIL_AND_PROBE.length, discarded, 0)
    const { consumed, produced } = stream
    return produced === 0 && (consumed === 0 || consumed === TAIL_BYTES) ? used : -1
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#letGo()
    this.#payload = EMPTY
    this.#pool.close()
  }

  #inflate(): Uint8Array {
    this.#stream ??= this.#pool.take()
    const stream = this.#stream
    const payload = this.#payload
    this.#rememberedTo = 0
    let used = 0
    let finalBlocks = 0
    let roomFilled: boolean
    const inputEnd = Math.min(payload.length, this.#at + STEP_INPUT_BYTES)
    do {
      if (used === STEP_BYTES || finalBlocks === MOST_FINAL_BLOCKS) return this.#pause(used)
      // A reference may reach back beyond the window into what the same step wrote. A step of no more than a window
      // bounds by how much; that such a reference is noticed at all is then certain only beyond two windows.
      const roomEnd = Math.min(STEP_BYTES, used + this.#windowBytes)
      const room = roomEnd === STEP_BYTES ? scratch : scratch.subarray(0, roomEnd)
      stream.step('sync', payload, this.#at, inputEnd, room, used)
      const { consumed, produced } = stream
      this.#at += consumed
      used += produced
      roomFilled = used === roomEnd
      this.#countOverhead(consumed - produced)
      if (consumed === 0 && produced === 0 && this.#at < inputEnd) {
        this.#beginStream(stream, used)
        finalBlocks++
      }
    } while (this.#at < inputEnd || roomFilled)
    if (inputEnd < payload.length) return this.#pause(used)
    this.#pending = false
    this.#payload = EMPTY
    if (this.#isLast) this.#endMessage(stream, used)
    else this.#remember(used)
    return scratch.slice(0, used)
  }

  /** There is more to do, for the next call. */
  #pause(used: number): Uint8Array {
    this.#remember(used)
    return scratch.slice(0, used)
  }

  #countOverhead(bytes: number): void {
    this.#overheadBytes += bytes
    if (this.#overheadBytes > MAX_OVERHEAD_BYTES) throw new TransformError('COMPRESSED_DATA_TOO_LONG')
  }

  #endMessage(stream: DeflateStream, used: number): void {
    stream.step('block', TAIL_AND_PROBE, 0, TAIL_AND_PROBE.length, discarded, 0)
    const { consumed, produced } = stream
    // Nothing is taken after a final block: all of the message was there.
    const hasEnded = consumed === 0
    if (produced > 0 || !(hasEnded || consumed === TAIL_BYTES)) throw new TransformError('INVALID_COMPRESSED_DATA')
    if (this.#noContextTakeover) this.#letGo()
    else if (hasEnded) this.#beginStream(stream, used)
    else this.#remember(used)
  }

  /** The stream has ended with a final block: another begins, in whose window is what the last one left. */
  #beginStream(stream: DeflateStream, used: number): void {
    this.#countOverhead(FINAL_BLOCK_COST_BYTES)
    this.#remember(used)
    stream.reset()
    const length = this.#windowUsed
    if (length === 0) return
    // A stored block (RFC 1951 §3.2.4): what it holds is in the window afterwards, whatever becomes of the output.
    const block = this.#window
    block[0] = 0x00
    block[1] = length & 0xff
    block[2] = length >> 8
    block[3] = ~length & 0xff
    block[4] = (~length >> 8) & 0xff
    stream.step('sync', block, 0, STORED_HEADER_BYTES + length, discarded, 0)
  }

  /** Keeps the end of what the scratch memory holds up to `used`, as far as a reference can reach. */
  #remember(used: number): void {
    const from = this.#rememberedTo
    const length = used - from
    this.#rememberedTo = used
    if (length === 0) return
    const size = this.#windowBytes
    if (this.#window === EMPTY) this.#window = new Uint8Array(STORED_HEADER_BYTES + size)
    const added = Math.min(length, size)
    const kept = Math.min(this.#windowUsed, size - added)
    const keptFrom = STORED_HEADER_BYTES + this.#windowUsed - kept
    this.#window.copyWithin(STORED_HEADER_BYTES, keptFrom, keptFrom + kept)
    this.#window.set(scratch.subarray(used - added, used), STORED_HEADER_BYTES + kept)
    this.#windowUsed = kept + added
  }

  #letGo(): void {
    if (this.#stream !== undefined) this.#pool.giveBack(this.#stream)
    this.#stream = undefined
    this.#window = EMPTY
    this.#windowUsed = 0
  }
}
