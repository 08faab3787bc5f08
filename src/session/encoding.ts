// A run of payload on its way through a transform, in slices.

import { joinBytes } from '../codec/join-bytes.ts'
import type { MessageTransform, PayloadEnd } from '../extension/index.ts'

/** What a transform is given at once. */
export const RUN_BYTES = 65_536

export class Encoding {
  readonly #transform: MessageTransform
  readonly #payload: Uint8Array
  readonly #payloadBytes: number
  readonly #end: PayloadEnd
  #at = 0
  #isWritten = false
  #isDone = false

  /** @param payload Kept until it is done; it must not change meanwhile. */
  constructor(transform: MessageTransform, payload: Uint8Array, end: PayloadEnd) {
    this.#transform = transform
    this.#payload = payload
    this.#payloadBytes = payload.length
    this.#end = end
  }

  /** Bytes of the payload that were not looked at yet. */
  get remainingBytes(): number {
    return this.#payloadBytes - this.#at
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /** Whether the payload is still as long as it was: memory can be detached. */
  get isIntact(): boolean {
    return this.#payload.length === this.#payloadBytes
  }

  /** Works on about `workBytes` bytes, going in or coming out, and on some at any rate. @returns what came out. */
  work(workBytes: number): Uint8Array {
    const transform = this.#transform
    const pieces: Uint8Array[] = []
    let worked = 0
    do {
      if (transform.pending) {
        const piece = transform.read()
        pieces.push(piece)
        worked += piece.length
      } else {
        worked += this.#write()
      }
      this.#isDone = this.#isWritten && !transform.pending
    } while (!this.#isDone && worked < workBytes)
    return joinBytes(pieces)
  }

  #write(): number {
    const start = this.#at
    this.#at = Math.min(start + RUN_BYTES, this.#payloadBytes)
    this.#isWritten = this.#at === this.#payloadBytes
    this.#transform.write(this.#payload.subarray(start, this.#at), this.#isWritten ? this.#end : 'inside')
    return this.#at - start
  }
}
