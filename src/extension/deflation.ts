// The outgoing half of permessage-deflate: messages are compressed (RFC 7692 §7.2.1).

import type { DirectionAgreement } from './deflate-params.ts'
import { canEncode } from './deflate-params.ts'
import type { DeflateFlush, DeflateStream } from './deflate-port.ts'
import type { OutgoingMessage, OutgoingTransform, PayloadEnd, TransformSharing } from './extension.ts'
import type { StreamPool } from './stream-pool.ts'

/** "Per-Message Compressed" is RSV1 (RFC 7692 §6). */
export const COMPRESSED = 0b100

// A step works on at most this much of either side: 2 ms at worst, at the default level.
const STEP_BYTES = 65_536

// What ends every flush, and is left out at the end of a message (RFC 7692 §7.2.1).
const TAIL_BYTES = 4

// An empty stored block without its tail: what is left to say when everything was flushed before (RFC 7692 §7.2.3.6).
const EMPTY_BLOCK = 0x00

const EMPTY: Uint8Array = new Uint8Array(0)
const EMPTY_MESSAGE = Uint8Array.of(EMPTY_BLOCK)

// What cannot be compressed takes five bytes more for every 128 at most: of so many bytes all that comes fits a step.
const MOST_WHOLE_BYTES = 49_152

// Steps write here, behind room for a tail that was held back; what they wrote is copied into memory of its size.
const scratch = new Uint8Array(TAIL_BYTES + STEP_BYTES)

// Up to here a message that depends on no other may be compressed with less effort, where there is a pool for that.
const MOST_SHORT_BYTES = 1_536

export class Deflation implements OutgoingTransform {
  readonly sharing: TransformSharing
  readonly #pool: StreamPool
  readonly #shortPool: StreamPool | undefined
  readonly #agreement: DirectionAgreement
  readonly #thresholdBytes: number
  #stream: DeflateStream | undefined
  #payload = EMPTY
  #at = 0
  #end: PayloadEnd = 'inside'
  #pending = false
  #closed = false
  // The last bytes that were written and not handed out, while the message may end with them.
  readonly #held = new Uint8Array(TAIL_BYTES)
  #heldBytes = 0

  /**
   * @param key Equal for all whose messages can be exchanged.
   * @param shortPool Streams for short messages, if those are others.
   */
  constructor(
    pool: StreamPool,
    agreement: DirectionAgreement,
    thresholdBytes: number,
    key: string,
    shortPool?: StreamPool,
  ) {
    this.#pool = pool
    this.#shortPool = agreement.noContextTakeover ? shortPool : undefined
    this.#agreement = agreement
    this.#thresholdBytes = thresholdBytes
    this.sharing = {
      key,
      create: () => new Deflation(pool, { ...agreement, noContextTakeover: true }, thresholdBytes, key),
      // The peer's window holds the message that went out, and ours does not: from here on only what follows is common.
      forget: () => this.#stream?.reset(),
    }
    pool.open()
    this.#shortPool?.open()
  }

  get pending(): boolean {
    return this.#pending
  }

  begin({ compress, payloadBytes }: OutgoingMessage): number | undefined {
    if (!canEncode(this.#agreement)) return undefined
    // A message whose length nobody knows is taken for a long one.
    const isLong = (payloadBytes ?? Number.MAX_SAFE_INTEGER) >= this.#thresholdBytes
    return (compress ?? isLong) ? COMPRESSED : undefined
  }

  write(payload: Uint8Array, end: PayloadEnd): void {
    this.#payload = payload
    this.#at = 0
    this.#end = end
    this.#pending = true
  }

  read(): Uint8Array {
    this.#stream ??= this.#pool.take()
    const stream = this.#stream
    const flush: DeflateFlush = this.#end === 'inside' ? 'none' : 'sync'
    stream.step(flush, this.#payload, this.#at, this.#payload.length, scratch, TAIL_BYTES)
    this.#at += stream.consumed
    const end = TAIL_BYTES + stream.produced
    const roomLeft = end < scratch.length
    if (!roomLeft) return this.#holdTail(end)
    this.#pending = false
    this.#payload = EMPTY
    return this.#end === 'message' ? this.#endMessage(end) : this.#handOut(end)
  }

  /** One step, and no copy. */
  transformWhole(payload: Uint8Array, start: number, end: number): Uint8Array | undefined {
    if (end - start > MOST_WHOLE_BYTES) return undefined
    const pool = end - start <= MOST_SHORT_BYTES ? (this.#shortPool ?? this.#pool) : this.#pool
    const stream = this.#stream ?? pool.take()
    this.#stream = undefined
    try {
      stream.step('sync', payload, start, end, scratch, 0)
    } catch (error) {
      stream.close() // for want of memory, for one: nobody knows what state it is in
      throw error
    }
    const { produced } = stream
    if (this.#agreement.noContextTakeover) pool.giveBack(stream)
    else this.#stream = stream
    return produced === 0 ? EMPTY_MESSAGE : scratch.subarray(0, produced - TAIL_BYTES)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#letGo()
    this.#payload = EMPTY
    this.#pool.close()
    this.#shortPool?.close()
  }

  /** More is to come, and the last bytes of it may be the tail, of which these may be a part. */
  #holdTail(end: number): Uint8Array {
    const output = this.#handOut(end - TAIL_BYTES)
    this.#held.set(scratch.subarray(end - TAIL_BYTES, end))
    this.#heldBytes = TAIL_BYTES
    return output
  }

  #endMessage(end: number): Uint8Array {
    const isEmpty = end === TAIL_BYTES && this.#heldBytes === 0
    const output = isEmpty ? EMPTY_MESSAGE.slice() : this.#handOut(end - TAIL_BYTES)
    if (this.#agreement.noContextTakeover) this.#letGo()
    return output
  }

  /** What was held back and what was written since, up to `end`. */
  #handOut(end: number): Uint8Array {
    const start = TAIL_BYTES - this.#heldBytes
    if (this.#heldBytes > 0) scratch.set(this.#held, start)
    this.#heldBytes = 0
    return scratch.slice(start, end)
  }

  #letGo(): void {
    if (this.#stream !== undefined) this.#pool.giveBack(this.#stream)
    this.#stream = undefined
    this.#heldBytes = 0
  }
}
