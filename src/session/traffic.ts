// What has gone over a session: numbers, which are always kept, and records of single frames and messages, which are
// made only as long as somebody wants them. A record is a value that waits to be taken; nobody is called back.

import { frameHeaderSize } from '../codec/frame-header.ts'
import { Opcode } from '../codec/opcode.ts'
import type { MessageType } from './event.ts'

/**
 * How much has gone over a session. No number ever goes back. What is sent counts when its frame is written to the
 * output, what is received when it is parsed; so neither counts while it waits.
 */
export interface SessionStats {
  /** Messages that were sent to their end. */
  readonly messagesSent: number
  /** Messages that were received to their end; not those that failed on the way. */
  readonly messagesReceived: number
  /** Frames that were sent to their end, control frames included. */
  readonly framesSent: number
  /** Frames that were received to their end, control frames included. */
  readonly framesReceived: number
  /** Bytes of frames that were sent, headers included: what the byte stream carries. */
  readonly wireBytesSent: number
  /** Bytes of frames that were received, headers included; not what comes behind a Close frame or a failure. */
  readonly wireBytesReceived: number
  /** Bytes of payload of the messages that were sent, before compression. */
  readonly payloadBytesSent: number
  /** Bytes of payload of the messages that were received, after decompression. */
  readonly payloadBytesReceived: number
}

/** What has gone over a session so far, while it goes on. */
export class TrafficCounts implements SessionStats {
  messagesSent = 0
  messagesReceived = 0
  framesSent = 0
  framesReceived = 0
  wireBytesSent = 0
  wireBytesReceived = 0
  payloadBytesSent = 0
  payloadBytesReceived = 0
}

/** Nothing has gone over it. */
export const NO_TRAFFIC: SessionStats = Object.freeze(new TrafficCounts())

/** Which way it went, seen from this end. */
export type Direction = 'sent' | 'received'

/** A complete frame (RFC 6455 §5.2). Of its payload there is the length, no byte. */
export interface FrameRecord {
  readonly kind: 'frame'
  readonly direction: Direction
  readonly opcode: number
  readonly fin: boolean
  /** RSV1 to RSV3 as one number: 0b100 is RSV1. */
  readonly reservedBits: number
  readonly masked: boolean
  /** Bytes of payload on the wire. */
  readonly payloadLength: number
}

/** A complete message (RFC 6455 §5.6). Of its payload there is the length, no byte. */
export interface MessageRecord {
  readonly kind: 'message'
  readonly direction: Direction
  readonly type: MessageType
  /** Bytes of payload before compression. */
  readonly payloadLength: number
  /** Whether an extension made something else of it on the wire, as compression does. */
  readonly compressed: boolean
}

/** What a session records when it is told to. */
export type TrafficRecord = FrameRecord | MessageRecord

const NO_RECORDS: TrafficRecord[] = []

/** The records of both directions, in one order. */
export class TrafficLog {
  /** Whether frames are recorded. */
  frames = false
  /** Whether messages are recorded. */
  messages = false
  #records = NO_RECORDS

  /** Whether nothing is recorded, and nothing waits to be taken. */
  get isAtRest(): boolean {
    return !this.frames && !this.messages && this.#records === NO_RECORDS
  }

  addFrame(direction: Direction, firstByte: number, masked: boolean, payloadLength: number): void {
    const fin = (firstByte & 0x80) !== 0
    const reservedBits = (firstByte >> 4) & 0b111
    const opcode = firstByte & 0x0f
    this.#add({ kind: 'frame', direction, opcode, fin, reservedBits, masked, payloadLength })
  }

  addMessage(direction: Direction, type: MessageType, payloadLength: number, compressed: boolean): void {
    this.#add({ kind: 'message', direction, type, payloadLength, compressed })
  }

  take(): TrafficRecord[] {
    const records = this.#records
    this.#records = NO_RECORDS
    return records === NO_RECORDS ? [] : records
  }

  #add(record: TrafficRecord): void {
    if (this.#records === NO_RECORDS) this.#records = [record]
    else this.#records.push(record)
  }
}

/** Counts what is sent as it is written, and records it. */
export class SentTraffic {
  frames = 0
  wireBytes = 0
  messages = 0
  payloadBytes = 0
  readonly #log: TrafficLog
  readonly #masked: boolean
  // The message that is being sent.
  #type: MessageType = 'binary'
  #messageBytes = 0
  #compressed = false

  constructor(log: TrafficLog, options: { readonly masked: boolean }) {
    this.#log = log
    this.#masked = options.masked
  }

  /** Counts for another session from now on. */
  takeOver(): void {
    this.frames = 0
    this.wireBytes = 0
    this.messages = 0
    this.payloadBytes = 0
  }

  /** Whether frames or messages are recorded one by one. */
  get isRecorded(): boolean {
    return this.#log.frames || this.#log.messages
  }

  /** Messages of one frame each were written that leave as they are, while none is recorded. */
  wholeMessages(count: number, wireBytes: number, payloadBytes: number): void {
    this.frames += count
    this.messages += count
    this.wireBytes += wireBytes
    this.payloadBytes += payloadBytes
  }

  /** A whole frame was written. */
  frame(firstByte: number, payloadLength: number): void {
    this.header(payloadLength)
    this.wireBytes += payloadLength
    this.endFrame(firstByte, payloadLength)
  }

  /** The header of a frame was written whose payload follows in pieces. */
  header(payloadLength: number): void {
    this.wireBytes += frameHeaderSize(payloadLength, this.#masked)
  }

  /** A piece of its payload was written. */
  piece(bytes: number): void {
    this.wireBytes += bytes
  }

  /** A frame is complete. */
  endFrame(firstByte: number, payloadLength: number): void {
    this.frames++
    if (this.#log.frames) this.#log.addFrame('sent', firstByte, this.#masked, payloadLength)
  }

  /** A data frame of the application's is next: it begins a message, unless it continues one. */
  begin(firstByte: number): void {
    const opcode = firstByte & 0x0f
    if (opcode === Opcode.continuation) return
    this.#type = opcode === Opcode.text ? 'text' : 'binary'
    this.#messageBytes = 0
    this.#compressed = false
  }

  /** So much payload of the message was written as the application gave it. */
  payload(bytes: number): void {
    this.#messageBytes += bytes
  }

  /** So much payload of the message, as the application gave it, was given to extensions. */
  transformed(bytes: number): void {
    this.#messageBytes += bytes
    this.#compressed = true
  }

  /** The message is complete. */
  endMessage(): void {
    this.messages++
    this.payloadBytes += this.#messageBytes
    if (this.#log.messages) this.#log.addMessage('sent', this.#type, this.#messageBytes, this.#compressed)
  }
}
