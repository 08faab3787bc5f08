// Frames on their way to the output, in the order in which they were sent. Without extensions they go straight through.
// A long message that an extension transforms takes its time, slice by slice, each of which leaves as a fragment of its
// own; what is sent meanwhile waits behind it.

import { Fifo } from '../codec/fifo.ts'
import { frameHeaderSize, MAX_FRAME_HEADER_BYTES } from '../codec/frame-header.ts'
import { Opcode } from '../codec/opcode.ts'
import { byteLengthOf, isFixedMemory, isUint8Array } from '../codec/payload-bytes.ts'
import { encodeText, writeText } from '../codec/text.ts'
import type { MessageTransform, OutgoingPipeline, PayloadEnd } from '../extension/index.ts'
import { Encoding } from './encoding.ts'
import { COPIED_PAYLOAD_BYTES, type FrameWriter, MOST_TEXT_BYTES } from './output.ts'
import type { PreparedMessage, SharedEncoding } from './prepared-message.ts'
import { ShortMessages } from './short-messages.ts'
import { SentTraffic, type TrafficLog } from './traffic.ts'

const FIN = 0x80

// Of these texts the header takes two bytes, unless they are not ASCII.
const MOST_SHORT_LENGTH = 125
const SHORT_HEADER_BYTES = 2

// What is longer is transformed in slices. A UTF-16 unit takes at most three bytes of UTF-8.
const MOST_WHOLE_LENGTH = 16_384
let textScratch: Uint8Array | undefined // made when it is needed: most never compress

export interface FrameQueueOptions {
  /** Draws a masking key for each frame; `undefined` for a server, which never masks (RFC 6455 §5.1). */
  readonly nextMaskingKey: (() => number) | undefined
  /** What extensions do to messages. */
  readonly pipeline: OutgoingPipeline | undefined
  /** How many bytes extensions work on at once, about. */
  readonly sliceBytes: number
  readonly log: TrafficLog
}

/** Something to write when its turn comes. */
interface Waiting {
  readonly bytes: number
  write(): void
}

/** What is being transformed, and where it ends. */
interface Job {
  readonly encoding: Encoding
  readonly end: PayloadEnd
}

/** A message that many sessions transform together. */
interface SharedJob {
  readonly encoding: SharedEncoding
  readonly firstByte: number
  readonly bytes: number
}

/**
 * Takes frames as `FrameWriter` does. The first byte of a data frame is that of the frame as the application sent it;
 * what extensions make of it is seen to here.
 */
export class FrameQueue {
  readonly #traffic: SentTraffic
  readonly #writer: FrameWriter
  readonly #nextMaskingKey: (() => number) | undefined
  readonly #pipeline: OutgoingPipeline | undefined
  readonly #sliceBytes: number
  readonly #waiting = new Fifo<Waiting | ShortMessages>()
  #waitingBytes = 0
  #shortMessages: ShortMessages | undefined // while they are the last of what waits
  #budget = 0 // how many bytes may be worked on before something else has its turn
  #isIntact = true

  // Short texts that were sent one behind another and are not written yet: one call of the platform's coder for all of them.
  #texts: string[] = []
  #textBytes = 0 // what their frames take at most

  // The message that is being transformed: what does it, and the first byte of the frame that leaves next, without FIN.
  #transform: MessageTransform | undefined
  #firstByte = 0
  #job: Job | undefined
  #shared: SharedJob | undefined

  // The frame whose payload comes in pieces.
  #maskingKey: number | undefined
  #phase = 0
  #pieceFirstByte = 0

  constructor(writer: FrameWriter, { nextMaskingKey, pipeline, sliceBytes, log }: FrameQueueOptions) {
    this.#traffic = new SentTraffic(log, { masked: nextMaskingKey !== undefined })
    this.#writer = writer
    this.#nextMaskingKey = nextMaskingKey
    this.#pipeline = pipeline
    this.#sliceBytes = sliceBytes
  }

  /** Nothing is under way, and what is sent from now on is another session's. */
  takeOver(): void {
    this.#traffic.takeOver()
  }

  /** What has been sent so far, all of it written. */
  get traffic(): SentTraffic {
    this.settle()
    return this.#traffic
  }

  /** Writes the texts that were sent and are not written yet. Before the output is looked at, or anything else written. */
  settle(): void {
    const texts = this.#texts
    if (texts.length === 0) return
    this.#texts = []
    this.#textBytes = 0
    const { length } = texts
    const payloadBytes = length === 1 ? -1 : this.#writer.writeShortTextFrames!(FIN | Opcode.text, texts)
    if (payloadBytes >= 0) this.#traffic.wholeMessages(length, SHORT_HEADER_BYTES * length + payloadBytes, payloadBytes)
    else for (const text of texts) this.#writeWholeText(FIN | Opcode.text, text, undefined)
  }

  #writeWholeText(firstByte: number, text: string, key: (() => number) | undefined): void {
    const length = this.#writer.writeTextFrame(firstByte, text, key === undefined ? undefined : key())
    this.#traffic.wholeMessages(1, frameHeaderSize(length, key !== undefined) + length, length)
  }

  /** Whether something waits for `work`. */
  get isBusy(): boolean {
    return this.#isAtWork() || this.#waiting.length > 0
  }

  /** Bytes that wait, about; at least one as long as there is work. */
  get bytes(): number {
    if (this.#pipeline === undefined) return 0
    const job = this.#job === undefined ? 0 : this.#job.encoding.remainingBytes + MAX_FRAME_HEADER_BYTES
    return this.#waitingBytes + job + (this.#shared?.bytes ?? 0)
  }

  writeControl(firstByte: number, payload: Uint8Array): void {
    this.settle()
    if (this.isBusy) this.#waitWith(payload, (own) => this.#writeFrame(firstByte, own))
    else this.#writeFrame(firstByte, payload)
  }

  writeData(firstByte: number, payload: Uint8Array | string, compress: boolean | undefined): void {
    this.settle()
    if (this.#pipeline === undefined) {
      this.#writePlain(firstByte, payload)
    } else if (!this.isBusy) {
      this.#budget = this.#sliceBytes
      const isWritten = payload.length <= MOST_WHOLE_LENGTH && this.#transformWhole(firstByte, payload, compress)
      if (!isWritten) this.#transformData(firstByte, payload, compress)
    } else {
      const bytes = typeof payload === 'string' ? encodeText(payload) : payload // what waits is counted in bytes
      if (compress === undefined && this.#waitWithOthers(firstByte, bytes)) return
      this.#waitWith(bytes, (own) => this.#transformData(firstByte, own, compress))
    }
  }

  /**
   * The fast way for a whole message that leaves as it is, in a frame of at most `mostBytes` bytes. It judges nothing: what
   * is not known to be right is left to `writeData`, and what comes before that.
   *
   * @param isChecked Whether bytes are written only if they are UTF-8.
   * @returns whether it was written.
   */
  writeWhole(firstByte: number, data: unknown, isChecked: boolean, mostBytes: number): boolean {
    const traffic = this.#traffic
    if (this.#pipeline !== undefined || traffic.isRecorded) return false
    const key = this.#nextMaskingKey
    if (typeof data === 'string') {
      const textBytes = MAX_FRAME_HEADER_BYTES + 3 * data.length
      if (textBytes > mostBytes - this.#textBytes) return false
      const isShort = data.length <= MOST_SHORT_LENGTH && key === undefined
      if (!isShort || this.#textBytes + textBytes > MOST_TEXT_BYTES) this.settle()
      if (isShort) {
        this.#texts.push(data)
        this.#textBytes += textBytes
      } else {
        this.#writeWholeText(firstByte, data, key)
      }
      return true
    }
    if (!isUint8Array(data)) return false
    const length = byteLengthOf(data)
    const mostLength = Math.min(COPIED_PAYLOAD_BYTES, mostBytes - this.#textBytes - MAX_FRAME_HEADER_BYTES)
    if (length === 0 || length > mostLength) return false
    this.settle()
    if (!isChecked) this.#writer.writeFrame(firstByte, data, key === undefined ? undefined : key())
    else if (this.#writer.writeValidFrame?.(firstByte, data, key) !== true) return false
    traffic.wholeMessages(1, frameHeaderSize(length, key !== undefined) + length, length)
    return true
  }

  writePrepared(firstByte: number, message: PreparedMessage): void {
    this.settle()
    if (this.#pipeline === undefined) {
      this.#writePlain(firstByte, message.payload)
    } else if (this.isBusy) {
      this.#wait(message.payload.length, () => this.#transformPrepared(firstByte, message))
    } else {
      this.#budget = this.#sliceBytes
      this.#transformPrepared(firstByte, message)
    }
  }

  /** Begins a frame whose payload follows in pieces. */
  startFrame(firstByte: number, payloadLength: number, compress: boolean | undefined): void {
    this.settle()
    if (this.isBusy) this.#wait(0, () => this.#startFrame(firstByte, payloadLength, compress))
    else this.#startFrame(firstByte, payloadLength, compress)
  }

  /** @param endsFrame Whether the frame is complete with it. */
  continueFrame(payload: Uint8Array, endsFrame: boolean): void {
    if (this.isBusy) {
      this.#waitWith(payload, (own) => this.#continueFrame(own, endsFrame))
    } else {
      this.#budget = this.#sliceBytes
      this.#continueFrame(payload, endsFrame)
    }
  }

  /** Goes on for a slice. @returns `false` when a payload that is kept has changed its size. */
  work(): boolean {
    this.#budget = this.#sliceBytes
    if (this.#job !== undefined) this.#encode(this.#job)
    else if (this.#shared !== undefined) this.#encodeShared(this.#shared)
    while (!this.#isAtWork() && this.#waiting.length > 0 && this.#budget > 0 && this.#isIntact) {
      const first = this.#waiting.first!
      if (first instanceof ShortMessages) {
        this.#writeShort(first)
        continue
      }
      this.#waiting.shift()
      this.#waitingBytes -= first.bytes
      first.write()
    }
    return this.#isIntact
  }

  /** Throws away what waits for `work`. Nothing is sent after that. */
  clear(): void {
    while (this.#waiting.length > 0) this.#waiting.shift()
    this.#waitingBytes = 0
    this.#shortMessages = undefined
    this.#job = undefined
    this.#shared?.encoding.leave()
    this.#shared = undefined
    this.#transform = undefined
    this.#pipeline?.close()
  }

  #isAtWork(): boolean {
    return this.#job !== undefined || this.#shared !== undefined
  }

  // --- waiting -----------------------------------------------------------------------------------------------------

  #wait(payloadBytes: number, write: () => void): void {
    const bytes = payloadBytes + MAX_FRAME_HEADER_BYTES
    this.#waiting.push({ bytes, write })
    this.#waitingBytes += bytes
    this.#shortMessages = undefined
  }

  /** Lets a short message wait next to other such. @returns whether it is one. */
  #waitWithOthers(firstByte: number, payload: Uint8Array): boolean {
    if (this.#shortMessages?.push(firstByte, payload) !== true) {
      const messages = new ShortMessages()
      if (!messages.push(firstByte, payload)) return false
      this.#waiting.push(messages)
      this.#shortMessages = messages
    }
    this.#waitingBytes += payload.length + MAX_FRAME_HEADER_BYTES
    return true
  }

  #writeShort(messages: ShortMessages): void {
    const { firstByte, payload } = messages.shift()
    if (messages.isEmpty) {
      this.#waiting.shift()
      if (this.#shortMessages === messages) this.#shortMessages = undefined
    }
    this.#waitingBytes -= payload.length + MAX_FRAME_HEADER_BYTES
    this.#transformData(firstByte, payload, undefined)
  }

  #waitWith(payload: Uint8Array, write: (payload: Uint8Array) => void): void {
    const { length } = payload
    const own = stable(payload)
    this.#wait(length, () => {
      if (own.length === length) write(own)
      else this.#isIntact = false
    })
  }

  // --- writing -----------------------------------------------------------------------------------------------------

  #writeFrame(firstByte: number, payload: Uint8Array): void {
    this.#writer.writeFrame(firstByte, payload, this.#nextMaskingKey?.())
    this.#traffic.frame(firstByte, payload.length)
  }

  /** Writes a data frame that leaves as the application sent it. */
  #writePlain(firstByte: number, payload: Uint8Array | string): void {
    const traffic = this.#traffic
    let { length } = payload
    if (typeof payload !== 'string') {
      this.#writeFrame(firstByte, payload)
    } else {
      length = this.#writer.writeTextFrame(firstByte, payload, this.#nextMaskingKey?.())
      traffic.frame(firstByte, length)
    }
    traffic.begin(firstByte)
    traffic.payload(length)
    if (endOf(firstByte) === 'message') traffic.endMessage()
  }

  #transformData(firstByte: number, payload: Uint8Array | string, compress: boolean | undefined): void {
    const bytes = typeof payload === 'string' ? encodeText(payload) : payload
    this.#begin(firstByte, bytes.length, compress)
    if (this.#transform === undefined) this.#writePlain(firstByte, bytes)
    else this.#encodePayload(bytes, endOf(firstByte))
  }

  #startFrame(firstByte: number, payloadLength: number, compress: boolean | undefined): void {
    this.#begin(firstByte, payloadLength, compress)
    this.#pieceFirstByte = firstByte
    if (this.#transform !== undefined) return // how long it will be, nobody knows yet
    this.#phase = 0
    this.#maskingKey = this.#nextMaskingKey?.()
    this.#writer.writeHeader(firstByte, payloadLength, this.#maskingKey)
    this.#traffic.header(payloadLength)
  }

  #continueFrame(payload: Uint8Array, endsFrame: boolean): void {
    const traffic = this.#traffic
    const end = endsFrame ? endOf(this.#pieceFirstByte) : 'inside'
    if (this.#transform !== undefined) {
      this.#encodePayload(payload, end)
      return
    }
    this.#writer.writePiece(payload, this.#maskingKey, this.#phase)
    this.#phase += payload.length
    traffic.piece(payload.length)
    traffic.payload(payload.length)
    if (endsFrame) traffic.endFrame(this.#pieceFirstByte, this.#phase)
    if (end === 'message') traffic.endMessage()
  }

  // --- transforming ------------------------------------------------------------------------------------------------

  /** A message begins with this frame, unless it continues one: is it transformed? */
  #begin(firstByte: number, frameBytes: number, compress: boolean | undefined): void {
    const opcode = firstByte & 0x0f
    if (opcode === Opcode.continuation) return
    this.#traffic.begin(firstByte)
    const payloadBytes = endOf(firstByte) === 'message' ? frameBytes : undefined
    const type = opcode === Opcode.text ? 'text' : 'binary'
    const transformation = this.#pipeline?.begin({ type, payloadBytes, compress })
    this.#transform = transformation?.transform
    if (transformation !== undefined) this.#firstByte = (firstByte & ~FIN) | (transformation.reservedBits << 4)
  }

  #encodePayload(payload: Uint8Array, end: PayloadEnd): void {
    this.#traffic.transformed(payload.length)
    this.#encode({ encoding: new Encoding(this.#transform!, stable(payload), end), end })
  }

  /**
   * The short way for a short message: what is made of it is written when this returns. An echo of 1 KiB
   * takes three quarters of the time, most of what is left in zlib: all the copies on the other way are memory to collect.
   *
   * @returns `false` when it has to go the other way; nothing has happened then.
   */
  #transformWhole(firstByte: number, payload: Uint8Array | string, compress: boolean | undefined): boolean {
    const transform = this.#pipeline!.whole
    const opcode = firstByte & 0x0f
    if (transform === undefined || opcode === Opcode.continuation || endOf(firstByte) !== 'message') return false
    let bytes: Uint8Array
    let { length } = payload
    if (typeof payload === 'string') {
      textScratch ??= new Uint8Array(3 * MOST_WHOLE_LENGTH)
      bytes = textScratch
      length = writeText(bytes, 0, payload)
    } else {
      bytes = payload
    }
    const type = opcode === Opcode.text ? 'text' : 'binary'
    const reservedBits = transform.begin({ type, payloadBytes: length, compress })
    if (reservedBits === undefined) {
      this.#writePlain(firstByte, payload)
      return true
    }
    const output = transform.transformWhole(bytes, 0, length)
    if (output === undefined) return false
    const traffic = this.#traffic
    traffic.begin(firstByte)
    traffic.transformed(length)
    this.#writeFrame(firstByte | (reservedBits << 4), output.length > COPIED_PAYLOAD_BYTES ? output.slice() : output)
    traffic.endMessage()
    return true
  }

  #encode(job: Job): void {
    const { encoding, end } = job
    const before = encoding.remainingBytes
    if (!encoding.isIntact) {
      this.#isIntact = false
      return
    }
    const output = encoding.work(this.#budget)
    this.#budget -= before - encoding.remainingBytes + output.length
    this.#job = encoding.isDone ? undefined : job
    const final = encoding.isDone && end === 'message'
    if (output.length > 0 || final) {
      this.#writeFrame((final ? FIN : 0) | this.#firstByte, output)
      this.#firstByte = 0 // a continuation frame, unmarked
    }
    if (!final) return
    this.#transform = undefined
    this.#traffic.endMessage()
  }

  #transformPrepared(firstByte: number, message: PreparedMessage): void {
    const transformation = this.#pipeline!.begin(message.outgoing)
    if (transformation === undefined) {
      this.#writePlain(firstByte, message.payload)
      return
    }
    this.#traffic.begin(firstByte)
    const { sharing, reservedBits } = transformation
    if (sharing === undefined) {
      this.#transform = transformation.transform
      this.#firstByte = (firstByte & ~FIN) | (reservedBits << 4)
      this.#encodePayload(message.payload, 'message')
      return
    }
    sharing.forget()
    const encoding = message.encodingFor(sharing.key, sharing.create)
    const bytes = message.payload.length + MAX_FRAME_HEADER_BYTES
    const job = { encoding, firstByte: firstByte | (reservedBits << 4), bytes }
    encoding.join()
    this.#traffic.transformed(message.payload.length)
    // Somebody is at it who has been given time for it: to add to that would be all of it at once, for many sessions.
    if (encoding.isBegun) this.#shared = job
    else this.#encodeShared(job)
  }

  #encodeShared(job: SharedJob): void {
    const { encoding } = job
    if (encoding.result === undefined) this.#budget -= encoding.work(this.#budget)
    const { result } = encoding
    this.#shared = result === undefined ? job : undefined
    if (result === undefined) return
    encoding.leave()
    this.#writeFrame(job.firstByte, result)
    this.#traffic.endMessage()
  }
}

/** What can be kept: small payloads are copied, as is memory that others may write or resize. */
function stable(payload: Uint8Array): Uint8Array {
  return payload.length > COPIED_PAYLOAD_BYTES && isFixedMemory(payload) ? payload : payload.slice()
}

/** Where the payload of a frame with this first byte ends. */
function endOf(firstByte: number): PayloadEnd {
  return (firstByte & FIN) === 0 ? 'fragment' : 'message'
}
