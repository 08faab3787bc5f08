// The one block of memory of a handle, in three areas: received bytes, frames to send, the automatic pong. Every buffer
// that `WebSocketGetAction` returns lies in it, except payload that is sent from where the application has it and
// receive buffers of the application.

import { frameHeaderSize, writeHeaderBytes } from '../codec/frame-header.ts'
import { maskInto } from '../codec/mask.ts'
import { byteLengthOf } from '../codec/payload-bytes.ts'
import { CONTROL_AREA_BYTES, type Settings } from './properties.ts'
import { E_OUTOFMEMORY, ResultError } from './result.ts'

/** The memory of a handle, divided. */
export interface Memory {
  readonly receive: Uint8Array
  readonly send: Uint8Array
  readonly control: Uint8Array
}

/** @throws ResultError `E_OUTOFMEMORY` when there is not that much memory. */
export function createMemory({ allocatedBuffer, receiveBufferSize, sendBufferSize }: Settings): Memory {
  const controlAt = receiveBufferSize + sendBufferSize
  const bytes = allocatedBuffer ?? allocate(controlAt + CONTROL_AREA_BYTES)
  return {
    receive: bytes.subarray(0, receiveBufferSize),
    send: bytes.subarray(receiveBufferSize, controlAt),
    control: bytes.subarray(controlAt, controlAt + CONTROL_AREA_BYTES),
  }
}

function allocate(size: number): Uint8Array {
  try {
    return new Uint8Array(size)
  } catch {
    throw new ResultError(E_OUTOFMEMORY, `Cannot allocate ${size} bytes`)
  }
}

/** Whether the application took the memory away: detached or shrunk what it was given to read or to write. */
export function isGone(memory: Memory): boolean {
  return byteLengthOf(memory.control) === 0
}

/**
 * Where received bytes lie. From the front: bytes that are done with, bytes that must stay (of a frame that is not
 * complete), free room. A byte stays until its frame, or a piece of it, was handed over: a frame's header takes room
 * as well, and what is indicated of it lies where it was received.
 */
export class ReceiveArea {
  readonly #memory: Uint8Array
  #start = 0
  #end = 0

  constructor(memory: Uint8Array) {
    this.#memory = memory
  }

  /** Whether there is no room even when everything that must stay is moved to the front. */
  get isFull(): boolean {
    return this.#end - this.#start === this.#memory.length
  }

  /** Moves what must stay to the front. @returns all the room behind it. */
  freePart(): Uint8Array {
    if (this.#start > 0) {
      this.#memory.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    return this.#memory.subarray(this.#end)
  }

  /** `count` bytes were written into the free part. @returns them. */
  append(count: number): Uint8Array {
    const start = this.#end
    this.#end += count
    return this.#memory.subarray(start, this.#end)
  }

  /** The `length` bytes that begin `before` bytes before the last. They and all before them are done with. */
  take(length: number, before: number): Uint8Array {
    const start = this.#end - before
    this.#start = start + length
    return this.#memory.subarray(start, this.#start)
  }
}

/** A frame that is to be sent: its payload is `lead` and then `payload`. */
export interface OutgoingFrame {
  readonly firstByte: number
  readonly maskingKey: number | undefined
  /** Bytes that are always laid out with the header: the status of a Close frame. */
  readonly lead: Uint8Array
  /** The application's memory. */
  readonly payload: Uint8Array
  readonly payloadLength: number
}

/** How many bytes the frame is on the wire. */
export function frameSize(frame: OutgoingFrame): number {
  return headSize(frame) + frame.payloadLength
}

/** Whether the payload still has the length that the header promises; memory can be detached or shrunk. */
export function isIntact(frame: OutgoingFrame): boolean {
  return byteLengthOf(frame.payload) === frame.payloadLength
}

/** Header and lead. */
function headSize({ maskingKey, lead, payloadLength }: OutgoingFrame): number {
  return frameHeaderSize(lead.length + payloadLength, maskingKey !== undefined) + lead.length
}

/**
 * Lays out the next buffers of a frame in `area`, which holds a head whole.
 *
 * @param sent How many bytes of the frame were handed out before.
 * @param slots How many buffers there may be, at least 1.
 * @param byReference Whether the payload is sent from where it lies. Otherwise it is masked into the area, in slices.
 */
export function layOut(
  frame: OutgoingFrame,
  area: Uint8Array,
  sent: number,
  slots: number,
  byReference: boolean,
): Uint8Array[] {
  const { firstByte, maskingKey, lead, payload, payloadLength } = frame
  const head = headSize(frame)
  if (sent > 0 && byReference) return [payload] // all that can be left: a payload by reference is never split
  if (sent === 0) {
    const leadAt = writeHeaderBytes(area, 0, firstByte, lead.length + payloadLength, maskingKey)
    maskInto(area, leadAt, lead, 0, lead.length, maskingKey ?? 0, 0)
  }
  const at = sent === 0 ? head : 0
  if (byReference && (payloadLength === 0 || slots > 1 || payloadLength > area.length - at)) {
    const header = area.subarray(0, at)
    return payloadLength > 0 && slots > 1 ? [header, payload] : [header]
  }
  const from = Math.max(0, sent - head)
  const to = Math.min(payloadLength, from + area.length - at)
  maskInto(area, at, payload, from, to, maskingKey ?? 0, lead.length + from)
  return [area.subarray(0, at + to - from)]
}
