// Prepared messages that many sessions send one behind another. The frames of a server are the same for all of its sessions:
// they are made once, as one piece of memory that every session sends from where it lies.

import { frameHeaderSize, writeHeaderBytes } from '../codec/frame-header.ts'
import { Opcode } from '../codec/opcode.ts'
import type { PreparedMessage } from './prepared-message.ts'

const FIN = 0x80

/** The frames of messages in a row, unmasked and not transformed. */
export interface PreparedFrames {
  /** All of them as one. */
  readonly vectors: readonly [Uint8Array]
  /** How many messages they are, of one frame each. */
  readonly count: number
  readonly wireBytes: number
  readonly payloadBytes: number
}

/** The first byte of the frame that is a whole message. */
export function firstByteOf({ type }: PreparedMessage): number {
  return FIN | Opcode[type]
}

/** Bytes of the frame that is a whole message of a server. */
export function frameBytesOf({ payload }: PreparedMessage): number {
  return frameHeaderSize(payload.length, false) + payload.length
}

export class PreparedRun {
  readonly messages: PreparedMessage[] = []
  /** Where the frame of each message ends, counted from the first. */
  readonly #ends: number[] = []
  // What was asked for last. Nearly all sessions of a run begin with the same message.
  #frames: PreparedFrames | undefined
  #framesFrom = 0

  get length(): number {
    return this.messages.length
  }

  add(message: PreparedMessage): void {
    this.#ends.push(this.bytesFrom(0) + frameBytesOf(message))
    this.messages.push(message)
  }

  /** Bytes of the frames from this message on. */
  bytesFrom(from: number): number {
    const ends = this.#ends
    return ends.length === from ? 0 : ends[ends.length - 1]! - (from === 0 ? 0 : ends[from - 1]!)
  }

  /** The frames from this message on. Their bytes are kept, not changed: who sends them need not copy them. */
  framesFrom(from: number): PreparedFrames {
    const frames = this.#frames
    if (frames !== undefined && this.#framesFrom === from && frames.count === this.length - from) return frames
    this.#framesFrom = from
    this.#frames = this.#join(from)
    return this.#frames
  }

  #join(from: number): PreparedFrames {
    const { messages } = this
    const bytes = new Uint8Array(this.bytesFrom(from))
    let at = 0
    let payloadBytes = 0
    for (let i = from; i < messages.length; i++) {
      const message = messages[i]!
      const { payload } = message
      at = writeHeaderBytes(bytes, at, firstByteOf(message), payload.length, undefined)
      bytes.set(payload, at)
      at += payload.length
      payloadBytes += payload.length
    }
    return { vectors: [bytes], count: messages.length - from, wireBytes: bytes.length, payloadBytes }
  }
}
