// Bytes → pieces of messages and control frames, checked (RFC 6455 §5, §8.1). Bytes are parsed when the next event is
// asked for and not before, so that what the application does about one event comes before the next is even looked at:
// the order of the output then depends on the bytes alone, not on how they were cut into chunks.
//
// Payload is unmasked in place; a message that lies in one chunk is never copied here. Headers and control frames that
// are cut across chunks are. What extensions of the peer have transformed is undone first, slice by slice.

import { closePayloadViolation, readCloseStatus } from '../codec/close-payload.ts'
import {
  extendedLengthSize,
  isMinimalLength,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_FRAME_HEADER_BYTES,
  readInt32,
  readPayloadLength,
  readUint32,
} from '../codec/frame-header.ts'
import { type MemoryView, maskBytes, maskInPlace, maskInto, NOT_ASCII, viewWords } from '../codec/mask.ts'
import { isControlOpcode, isReservedOpcode, Opcode } from '../codec/opcode.ts'
import type { PayloadPool } from '../codec/pooled-copy.ts'
import { ProtocolError, type ViolationCode } from '../codec/protocol-error.ts'
import { decodeShortText, decodeValidText, isValidText, SHORT_TEXT_BYTES } from '../codec/text.ts'
import { advanceUtf8, UTF8_BOUNDARY } from '../codec/utf8.ts'
import { type IncomingPipeline, type MessageTransform, TransformError } from '../extension/index.ts'
import { type Delivery, MessageDelivery, messageEvent, type Piece, textEvent } from './delivery.ts'
import { RUN_BYTES } from './encoding.ts'
import type { FragmentEvent, MessageEvent, MessageType } from './event.ts'
import { FrameRate } from './frame-rate.ts'
import type { Limits } from './limits.ts'
import { ShortBytes } from './short-bytes.ts'
import { MOST_AHEAD_BYTES, TextsAhead, WHOLE_TEXT } from './texts-ahead.ts'
import type { TrafficLog } from './traffic.ts'

/** A control frame as it was received. */
export type ControlFrame =
  | { readonly kind: 'ping'; readonly payload: Uint8Array }
  | { readonly kind: 'pong'; readonly payload: Uint8Array }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string; readonly reasonBytes: Uint8Array }

export interface ReceiverOptions {
  /** Whether frames must be masked, must not be, or are taken either way (RFC 6455 §5.1). */
  readonly masking: 'required' | 'forbidden' | 'either'
  /** The reserved bits that agreed extensions claim on the first frame of a message. */
  readonly reservedBits: number
  /** What undoes what extensions of the peer did to messages. */
  readonly pipeline: IncomingPipeline | undefined
  /** How many bytes that may work on at once, about. */
  readonly sliceBytes: number
  readonly validateUtf8: boolean
  readonly limits: Limits
  readonly delivery: Delivery
  readonly log: TrafficLog
  readonly now: number
  /** How many bytes of the stream others have parsed already. */
  readonly offset: number
}

/** What is made at once of a message that lies whole in one chunk, for who keeps it: see `deliverValues`. */
export interface MessageValues {
  /** Whether text becomes a string; otherwise it is bytes like any others. */
  readonly textAsString: boolean
  /** Where small payloads are copied to. */
  readonly pool: PayloadPool
}

const EMPTY = new Uint8Array(0)

// What `WHOLE_TEXT` is for text.
const WHOLE_BINARY = 0x80 | Opcode.binary

// What it costs to undo the least that there is, in bytes of a longer message.
const LEAST_COST_BYTES = 1_024

// Once input is discarded nothing is delivered any more; this takes the place of what holds a message.
const NO_DELIVERY: Delivery = new MessageDelivery(0)

export class Receiver {
  readonly #masking: ReceiverOptions['masking']
  readonly #reservedBits: number
  readonly #pipeline: IncomingPipeline | undefined
  readonly #sliceBytes: number
  readonly #validateUtf8: boolean
  readonly #limits: Limits
  #delivery: Delivery
  #nextDelivery: Delivery
  readonly #log: TrafficLog
  readonly #rate: FrameRate
  readonly #maskBit: number // of the frames that are read whole
  #mostWholeBytes = -1 // the longest message that is read whole
  #values: MessageValues | undefined
  readonly #markedText: number // the first bytes of whole messages that an extension undoes at once; -1 without one
  readonly #markedBinary: number

  // Input: one chunk being read, others waiting behind it: those in `#turned` last to first, then those in `#waiting`.
  #chunk: Uint8Array = EMPTY
  #at = 0
  #view: MemoryView | undefined // of the chunk, once it is asked for
  readonly #textsAhead = new TextsAhead() // of the chunk
  #chunkOffset = 0 // the position of the chunk's first byte in the whole stream
  #turned: Uint8Array[] = []
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #kept: ShortBytes | undefined // as long as chunks wait
  #isLent = false // whether the chunk that was received last may still be memory of somebody else's

  // The frame being read. A header that is cut across chunks collects in `#header`.
  #header: Uint8Array = EMPTY
  #headerBytes = 0
  #inFrame = false
  #completedFrames = 0
  #firstByte = 0
  #masked = false
  #opcode = 0
  #fin = false
  #maskingKey = 0
  #payloadLength = 0
  #remaining = 0
  #control: Uint8Array = EMPTY

  // The message being read, and those that were.
  #completedMessages = 0
  #completedPayloadBytes = 0
  #messageOpen = false
  #messageBytes = 0
  #messageFragments = 0
  #textError: ProtocolError | undefined // due as soon as the valid text before it was handed over
  readonly #piece: Piece = {
    type: 'binary',
    reservedBits: 0,
    bytes: EMPTY,
    owned: false,
    start: 0,
    end: 0,
    frameRemaining: 0,
    final: false,
    utf8State: UTF8_BOUNDARY,
  }

  // What is being decoded of a message that was transformed: the transform, what goes in next as far as it is there, and
  // what came out and was not handed over.
  #transform: MessageTransform | undefined
  #run: Uint8Array = EMPTY
  #runBytes = 0
  #decoded: Uint8Array = EMPTY
  #decodedAt = 0
  #decodedBytes = 0
  #isEncodedEnd = false // the transform has been given the end of the message
  #worked = 0
  #isWorking = false

  constructor(options: ReceiverOptions) {
    this.#chunkOffset = options.offset
    this.#masking = options.masking
    this.#reservedBits = options.reservedBits
    this.#pipeline = options.pipeline
    this.#sliceBytes = options.sliceBytes
    this.#validateUtf8 = options.validateUtf8
    this.#limits = options.limits
    this.#delivery = options.delivery
    this.#nextDelivery = options.delivery
    this.deliver(options.delivery)
    this.#log = options.log
    const whole = options.pipeline?.whole
    const mark = (options.pipeline?.reservedBits ?? 0) << 4
    this.#markedText = whole === undefined ? -1 : WHOLE_TEXT | mark
    this.#markedBinary = whole === undefined ? -1 : WHOLE_BINARY | mark
    this.#maskBit = options.masking === 'forbidden' ? 0 : 0x80
    this.#rate = new FrameRate(
      options.limits.maxControlFramesPerSecond,
      options.limits.maxControlFrameBurst,
      options.now,
    )
  }

  /** Bytes that were received and not yet parsed. */
  get inputBytes(): number {
    return this.#chunk.length - this.#at + this.#waitingBytes
  }

  /**
   * A receiver at rest goes on with another stream, `offset` bytes of which others have parsed.
   *
   * @param values What is made of whole messages of that one, if anything: see `deliverValues`.
   */
  takeOver(now: number, offset: number, values: MessageValues | undefined): void {
    this.#chunkOffset = offset
    this.#completedFrames = 0
    this.#completedMessages = 0
    this.#completedPayloadBytes = 0
    this.#values = values
    this.#rate.takeOver(now)
  }

  /** Whether `next` has something to say without another byte, be it that the bytes are wrong. */
  get isPending(): boolean {
    return this.inputBytes > 0 || this.#isDecoding() || this.#textError !== undefined
  }

  /** Whether `next` stopped for no other reason than that it worked long enough. */
  get isWorking(): boolean {
    return this.#isWorking
  }

  /** How many bytes of the whole stream were parsed. */
  get offset(): number {
    return this.#chunkOffset + this.#at
  }

  /** How many frames were read to their end. */
  get completedFrames(): number {
    return this.#completedFrames
  }

  /** How many messages were read to their end. */
  get completedMessages(): number {
    return this.#completedMessages
  }

  /** How many bytes of payload they had, all together, as they were before extensions transformed them. */
  get completedPayloadBytes(): number {
    return this.#completedPayloadBytes
  }

  /** Whether some bytes of a frame have been parsed, and not all. */
  get isMidFrame(): boolean {
    return this.#inFrame || this.#headerBytes > 0
  }

  /** Whether nothing is under way at the time `now`: another receiver might take over. */
  isAtRest(now: number): boolean {
    return !this.isPending && !this.isMidFrame && !this.#messageOpen && this.#rate.isUnused(now)
  }

  /** Whether a Close frame is what comes next. */
  get isAtClose(): boolean {
    return !this.#isDecoding() && this.#opcodeAhead() === Opcode.close
  }

  /** Takes a chunk; the memory is ours from now on. */
  receive(bytes: Uint8Array): void {
    if (!this.isPending) this.#worked = 0
    this.#isLent = true
    if (this.inputBytes === 0) this.#startChunk(bytes)
    else {
      this.#waiting.push(bytes)
      this.#waitingBytes += bytes.length
    }
  }

  /** Copies what was not parsed of the chunk that was received last, which alone may be memory of somebody else's. */
  releaseInput(): void {
    if (!this.#isLent) return
    this.#isLent = false
    if (this.#waiting.length > 0) {
      const lent = this.#waiting.pop()!
      this.#kept ??= new ShortBytes()
      if (!this.#kept.append(this.#waiting, lent)) this.#waiting.push(lent.slice())
    } else if (this.#turned.length > 0) {
      this.#turned[0] = this.#turned[0]!.slice()
    } else {
      this.#replaceChunk(this.#at < this.#chunk.length ? this.#chunk.slice(this.#at) : EMPTY)
    }
  }

  /** From the next message on, payload is handed over this way. */
  deliver(delivery: Delivery): void {
    this.#nextDelivery = delivery
    const isPlain = this.#pipeline === undefined || this.#pipeline.whole !== undefined
    this.#mostWholeBytes = delivery.isWhole && isPlain ? delivery.maxMessageBytes : -1
  }

  /** Of what lies whole in one chunk, small payloads come in memory of the pool from now on, text perhaps as a string. */
  deliverValues(values: MessageValues): void {
    this.#values = values
  }

  /** Throws away what was not parsed and lets go of all memory. @returns how many bytes that were. */
  discard(): number {
    const discarded = this.inputBytes
    this.#isLent = false
    this.#replaceChunk(EMPTY)
    this.#turned = []
    this.#waiting = []
    this.#waitingBytes = 0
    this.#kept = undefined
    this.#control = EMPTY
    this.#delivery = NO_DELIVERY
    this.#nextDelivery = NO_DELIVERY
    this.#transform = undefined
    this.#run = EMPTY
    this.#runBytes = 0
    this.#decoded = EMPTY
    this.#decodedAt = 0
    this.#isWorking = false
    this.#pipeline?.close()
    return discarded
  }

  /**
   * The next event, or `undefined` when all bytes are parsed, or enough were worked on for now. No more than `maxPieceBytes` of payload are taken at once;
   * with 0 there is no event either when a data frame comes next.
   *
   * @throws ProtocolError for what the peer did wrong.
   */
  next(now: number, maxPieceBytes: number): MessageEvent | FragmentEvent | ControlFrame | undefined {
    this.#isWorking = false
    if (!this.#messageOpen && !this.#inFrame && maxPieceBytes !== 0) {
      const message = this.#readWholeMessage(maxPieceBytes)
      if (message !== undefined) return message
    }
    for (;;) {
      if (this.#textError !== undefined) throw this.#textError
      if (maxPieceBytes === 0 && this.#isAtData()) return undefined
      if (this.#isDecoding()) {
        if (this.#hasWorkedEnough()) return undefined
        const decoded = this.#readDecoded(maxPieceBytes)
        if (decoded !== undefined) return decoded
        continue
      }
      if (!this.#inFrame && !this.#readHeader(now)) return undefined
      if (isControlOpcode(this.#opcode)) return this.#readControlPayload()
      if (this.#at === this.#chunk.length && this.#remaining > 0 && !this.#nextChunk()) return undefined
      const event = this.#readDataPayload(maxPieceBytes)
      if (event !== undefined) return event
    }
  }

  /** Whether what comes next belongs to a data frame. */
  #isAtData(): boolean {
    if (this.#isDecoding()) return true
    const opcode = this.#opcodeAhead()
    return opcode !== undefined && !isControlOpcode(opcode)
  }

  /** The opcode of the frame to which the byte to parse next belongs; `undefined` when none is there. */
  #opcodeAhead(): number | undefined {
    if (this.#inFrame) return this.#opcode
    if (this.#headerBytes > 0) return this.#header[0]! & 0x0f
    if (this.#at === this.#chunk.length && !this.#nextChunk()) return undefined
    return this.#chunk[this.#at]! & 0x0f
  }

  #startChunk(bytes: Uint8Array): void {
    this.#chunkOffset += this.#chunk.length
    this.#chunk = bytes
    this.#at = 0
    this.#view = undefined
    this.#textsAhead.clear()
    this.#piece.bytes = EMPTY // the last reference to the chunk that is done with
  }

  /** Reads on in other bytes, at the same place of the whole stream. */
  #replaceChunk(bytes: Uint8Array): void {
    const { offset } = this
    this.#startChunk(bytes)
    this.#chunkOffset = offset
  }

  /** Goes on to the next chunk that waits. @returns whether there was one. */
  #nextChunk(): boolean {
    if (this.#turned.length === 0 && this.#waiting.length > 0) {
      this.#turned = this.#waiting.reverse() // to take the first of very many costs as much as to move all of them
      this.#waiting = []
      this.#kept = undefined
    }
    const bytes = this.#turned.pop()
    this.#startChunk(bytes ?? EMPTY)
    if (bytes === undefined) return false
    this.#waitingBytes -= bytes.length
    return true
  }

  /**
   * The fast way for what most messages are: one unmarked frame that lies in the chunk. It judges nothing. What is not
   * known to be right is left as it is for the way that all others go, which finds out what is wrong with it.
   *
   * Costs a third of that way for a message of sixteen bytes.
   */
  #readWholeMessage(maxPieceBytes: number): MessageEvent | undefined {
    const chunk = this.#chunk
    const at = this.#at
    if (chunk.length - at < 8 || this.#headerBytes > 0) return undefined
    const first = chunk[at]!
    const isPlain = first === WHOLE_TEXT || first === WHOLE_BINARY
    if (!isPlain && first !== this.#markedText && first !== this.#markedBinary) return undefined
    const maskBit = this.#maskBit
    let length = chunk[at + 1]! ^ maskBit // the wrong bit makes it longer than any
    let start = at + 2
    if (length > 125) {
      if (length !== 126) return undefined
      length = (chunk[at + 2]! << 8) | chunk[at + 3]!
      if (length < 126) return undefined
      start = at + 4
    }
    let key = 0
    if (maskBit !== 0) {
      key = readInt32(chunk, start)
      start += 4
    }
    const end = start + length
    if (end > chunk.length || length > this.#mostWholeBytes || length > maxPieceBytes) return undefined
    if (!isPlain) return this.#readWholeMarked(chunk, start, end, key, maxPieceBytes)
    const event =
      first === WHOLE_BINARY ? this.#wholeBinary(chunk, start, end, key) : this.#wholeText(chunk, start, end, key)
    if (event === undefined) return undefined
    this.#at = end
    this.#countFrame(first, maskBit !== 0, length)
    this.#countMessage(event.type, length, false)
    return event
  }

  /** The same for a message that an extension has transformed. */
  #readWholeMarked(
    chunk: Uint8Array,
    start: number,
    end: number,
    key: number,
    maxPieceBytes: number,
  ): MessageEvent | undefined {
    if (this.#worked >= this.#sliceBytes) return undefined
    const first = chunk[this.#at]!
    const type = first === this.#markedText ? 'text' : 'binary'
    this.#unmask(chunk, start, end, key, 0)
    const decoded = this.#pipeline!.whole!.transformWhole(chunk, start, end)
    const event = decoded && this.#wholeDecoded(type, decoded, Math.min(this.#mostWholeBytes, maxPieceBytes))
    if (event === undefined) {
      this.#unmask(chunk, start, end, key, 0) // back to what it was
      return undefined
    }
    this.#at = end
    this.#worked += end - start + Math.max(LEAST_COST_BYTES, decoded!.length)
    this.#countFrame(first, this.#maskBit !== 0, end - start)
    this.#countMessage(type, decoded!.length, true)
    return event
  }

  /** @param decoded Borrowed. @returns `undefined` for what is too long, or not valid. */
  #wholeDecoded(type: MessageType, decoded: Uint8Array, mostBytes: number): MessageEvent | undefined {
    const { length } = decoded
    if (length > mostBytes) return undefined
    if (type === 'text' && this.#validateUtf8) {
      if (this.#values?.textAsString === true) {
        const text = decodeValidText(decoded, 0, length, NOT_ASCII)
        return text === undefined ? undefined : textEvent(text)
      }
      if (!isValidText(decoded, 0, length)) return undefined
    }
    const pool = this.#values?.pool
    return messageEvent(type, pool?.isFor(length) === true ? pool.takeCopy(decoded) : decoded.slice(), true, 0)
  }

  #wholeBinary(chunk: Uint8Array, start: number, end: number, key: number): MessageEvent {
    const pool = this.#values?.pool
    if (pool?.isFor(end - start) === true) {
      return messageEvent('binary', pool.takeUnmasked(chunk, this.#seen(chunk), start, end, key), true, 0)
    }
    this.#unmask(chunk, start, end, key, 0)
    return messageEvent('binary', chunk.subarray(start, end), false, 0)
  }

  /** @returns `undefined`, with everything as it was, for what is not valid. */
  #wholeText(chunk: Uint8Array, start: number, end: number, key: number): MessageEvent | undefined {
    const values = this.#values
    if (values?.textAsString === false && values.pool.isFor(end - start)) {
      return this.#pooledText(values.pool, chunk, start, end, key)
    }
    const asString = values?.textAsString === true && this.#validateUtf8
    if (asString && end - start <= SHORT_TEXT_BYTES) {
      const short = decodeShortText(chunk, start, end - start, key)
      if (short !== undefined) return textEvent(short)
    } else if (asString && end - start <= MOST_AHEAD_BYTES) {
      const view = this.#seen(chunk)
      const ahead = view === undefined ? undefined : this.#textsAhead.take(view, chunk, start, end, start - this.#at)
      if (ahead !== undefined) return textEvent(ahead)
    }
    const seen = this.#unmask(chunk, start, end, key, 0)
    if (asString) {
      const text = decodeValidText(chunk, start, end, seen)
      if (text !== undefined) return textEvent(text)
    } else if ((seen & NOT_ASCII) === 0 || !this.#validateUtf8 || isValidText(chunk, start, end)) {
      return messageEvent('text', chunk.subarray(start, end), false, 0)
    }
    this.#unmask(chunk, start, end, key, 0) // back to what it was
    return undefined
  }

  #pooledText(pool: PayloadPool, chunk: Uint8Array, start: number, end: number, key: number): MessageEvent | undefined {
    const seen = pool.stage(chunk, this.#seen(chunk), start, end, key)
    if ((seen & NOT_ASCII) !== 0 && this.#validateUtf8) {
      const { stagedIn, stagedAt } = pool
      if (!isValidText(stagedIn, stagedAt, stagedAt + end - start)) return undefined
    }
    return messageEvent('text', pool.takeStaged(end - start), true, 0)
  }

  /** Unmasks a part of the chunk in place. @returns what its bytes have been ORed to, in any of the four of a number. */
  #unmask(chunk: Uint8Array, start: number, end: number, key: number, phase: number): number {
    if (key === 0) return NOT_ASCII // for all that is known
    const view = this.#seen(chunk)
    if (view === undefined) return maskBytes(chunk, start, chunk, start, end, key, phase)
    return maskInPlace(view, start, end, key, phase)
  }

  /** The chunk as words, where that pays. */
  #seen(chunk: Uint8Array): MemoryView | undefined {
    this.#view ??= viewWords(chunk)
    return this.#view
  }

  /** Reads a whole header. @returns whether it is complete. */
  #readHeader(now: number): boolean {
    for (;;) {
      const available = this.#chunk.length - this.#at
      if (available > 0) {
        const held = this.#headerBytes
        if (held === 0) {
          const size = this.#parseHeader(this.#chunk, this.#at, available, this.#at, now)
          if (size > 0) {
            this.#at += size
            return true
          }
          this.#holdHeaderBytes(available)
        } else {
          this.#holdHeaderBytes(available)
          const size = this.#parseHeader(this.#header, 0, this.#headerBytes, this.#at - held, now)
          if (size > 0) {
            this.#at += size - held
            this.#headerBytes = 0
            return true
          }
        }
      }
      // Less than a whole header is held by now: the chunk is used up.
      if (!this.#nextChunk()) return false
    }
  }

  /** Copies what may belong to the header next to what is held already; the chunk may be gone by the next byte. */
  #holdHeaderBytes(available: number): void {
    if (this.#header === EMPTY) this.#header = new Uint8Array(MAX_FRAME_HEADER_BYTES)
    const taken = Math.min(available, MAX_FRAME_HEADER_BYTES - this.#headerBytes)
    this.#header.set(this.#chunk.subarray(this.#at, this.#at + taken), this.#headerBytes)
    this.#headerBytes += taken
  }

  /**
   * Parses and checks the header at `at` as far as it is there, so that a violation is found at the byte that decides
   * it. A header is at most fourteen bytes: looking again from its start is cheaper than remembering where we were.
   *
   * @param frameAt Where the frame begins, relative to the chunk; below 0 when it began in an earlier one.
   * @returns the size of the header, or 0 while it is not complete.
   */
  #parseHeader(bytes: Uint8Array, at: number, available: number, frameAt: number, now: number): number {
    const first = bytes[at]!
    const opcode = first & 0x0f
    const fin = (first & 0x80) !== 0
    const reservedBits = (first >> 4) & 0b111
    const control = isControlOpcode(opcode)
    const violation = this.#firstByteViolation(opcode, fin, reservedBits, control)
    if (violation !== undefined) {
      throw this.#error(violation, frameAt, violation === 'RESERVED_BIT_SET' ? reservedBits : opcode)
    }
    if (available < 2) return 0

    const second = bytes[at + 1]!
    const masked = (second & 0x80) !== 0
    if (masked ? this.#masking === 'forbidden' : this.#masking === 'required') {
      throw this.#error(masked ? 'FRAME_MASKED' : 'FRAME_NOT_MASKED', frameAt + 1)
    }
    const extendedSize = extendedLengthSize(second)
    const length = second & 0x7f
    if (control && length > MAX_CONTROL_PAYLOAD_BYTES) throw this.#error('CONTROL_FRAME_TOO_LONG', frameAt + 1, length)
    if (opcode === Opcode.close && length === 1) throw this.#error('CLOSE_PAYLOAD_TOO_SHORT', frameAt + 1, length)
    const lengthEnd = 2 + extendedSize
    if (available < lengthEnd) {
      if (extendedSize === 8 && available > 2 && bytes[at + 2]! >= 0x80)
        throw this.#error('LENGTH_TOP_BIT_SET', frameAt + 2)
      return 0
    }
    const payloadLength = readPayloadLength(bytes, at)
    if (extendedSize !== 0) this.#checkExtendedLength(payloadLength, extendedSize, bytes[at + 2]!, frameAt)
    if (!control) this.#checkMessage(payloadLength, reservedBits, frameAt + lengthEnd - 1)
    const size = lengthEnd + (masked ? 4 : 0)
    if (available < size) return 0

    if (control || (payloadLength === 0 && !fin)) this.#checkRate(now, frameAt + size - 1)
    this.#inFrame = true
    this.#firstByte = first
    this.#masked = masked
    this.#opcode = opcode
    this.#fin = fin
    this.#payloadLength = payloadLength
    this.#remaining = payloadLength
    this.#maskingKey = masked ? readUint32(bytes, at + size - 4) : 0
    if (control) this.#control = new Uint8Array(payloadLength)
    else this.#countFragment(opcode, reservedBits)
    return size
  }

  #firstByteViolation(opcode: number, fin: boolean, reservedBits: number, control: boolean): ViolationCode | undefined {
    if (isReservedOpcode(opcode)) return 'RESERVED_OPCODE'
    if (reservedBits !== 0) {
      // Extensions claim bits of whole messages, and mark them on the first frame only (as RFC 7692 §6 does).
      const claimed = opcode === Opcode.text || opcode === Opcode.binary ? this.#reservedBits : 0
      if ((reservedBits & ~claimed) !== 0) return 'RESERVED_BIT_SET'
    }
    if (control) return fin ? undefined : 'CONTROL_FRAME_FRAGMENTED'
    if (opcode === Opcode.continuation) return this.#messageOpen ? undefined : 'UNEXPECTED_CONTINUATION'
    return this.#messageOpen ? 'MESSAGE_NOT_FINISHED' : undefined
  }

  #checkExtendedLength(payloadLength: number, extendedSize: 2 | 8, topByte: number, frameAt: number): void {
    if (extendedSize === 8 && topByte >= 0x80) throw this.#error('LENGTH_TOP_BIT_SET', frameAt + 2)
    if (!isMinimalLength(extendedSize, payloadLength))
      throw this.#error('LENGTH_NOT_MINIMAL', frameAt + 1 + extendedSize)
  }

  /** The limits on a message, asked at the header: before a byte of payload is looked at or kept. */
  #checkMessage(payloadLength: number, reservedBits: number, at: number): void {
    if (!this.#messageOpen) this.#delivery = this.#nextDelivery
    const { maxMessageBytes } = this.#delivery
    const { maxMessageFragments } = this.#limits
    const held = this.#messageOpen ? this.#messageBytes : 0
    const isTransformed = this.#messageOpen
      ? this.#transform !== undefined
      : (reservedBits & (this.#pipeline?.reservedBits ?? 0)) !== 0
    const allowed = isTransformed ? this.#mostEncodedBytes(maxMessageBytes) : maxMessageBytes
    // Below a limit on messages this cannot be reached; without one, it is what a number can still count.
    if (maxMessageBytes === Number.POSITIVE_INFINITY && payloadLength > Number.MAX_SAFE_INTEGER) {
      throw this.#error('LENGTH_NOT_SAFE', at)
    }
    if (payloadLength > allowed - held) throw this.#error('MESSAGE_TOO_BIG', at)
    if (this.#messageOpen && this.#messageFragments >= maxMessageFragments) throw this.#error('TOO_MANY_FRAGMENTS', at)
  }

  /**
   * How long a message of `bytes` bytes can get by compression: what cannot be compressed lies in blocks of at least 128
   * bytes, five of which say so, and each fragment ends with a flush of at most six.
   */
  #mostEncodedBytes(bytes: number): number {
    const fragments = this.#messageOpen ? this.#messageFragments + 1 : 1
    return bytes + Math.ceil(bytes / 16) + 16 + 6 * fragments
  }

  #checkRate(now: number, at: number): void {
    if (!this.#rate.take(now)) throw this.#error('TOO_MANY_CONTROL_FRAMES', at)
  }

  #countFragment(opcode: number, reservedBits: number): void {
    if (opcode === Opcode.continuation) {
      this.#messageFragments++
      return
    }
    this.#messageOpen = true
    this.#messageBytes = 0
    this.#messageFragments = 1
    this.#piece.type = opcode === Opcode.text ? 'text' : 'binary'
    this.#transform = this.#pipeline?.begin(reservedBits)
    this.#piece.reservedBits = reservedBits & ~(this.#pipeline?.reservedBits ?? 0)
    this.#decodedBytes = 0
    this.#isEncodedEnd = false
  }

  /** Collects the payload of a control frame; a ping may arrive between any two fragments (RFC 6455 §5.4). */
  #readControlPayload(): ControlFrame | undefined {
    while (this.#remaining > 0) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return undefined
      const start = this.#at
      const end = Math.min(this.#chunk.length, start + this.#remaining)
      const done = this.#payloadLength - this.#remaining
      maskInto(this.#control, done, this.#chunk, start, end, this.#maskingKey, done)
      this.#at = end
      this.#remaining -= end - start
      if (this.#opcode === Opcode.close) this.#checkClosePayload(start - done, done + end - start)
    }
    this.#endFrame()
    const payload = this.#control
    this.#control = EMPTY
    if (this.#opcode === Opcode.ping) return { kind: 'ping', payload }
    if (this.#opcode === Opcode.pong) return { kind: 'pong', payload }
    const { code, reason } = readCloseStatus(payload)
    return { kind: 'close', code, reason, reasonBytes: payload.subarray(2) }
  }

  #checkClosePayload(payloadAt: number, received: number): void {
    const broken = closePayloadViolation(this.#control, received)
    if (broken !== undefined) throw this.#error(broken.violation, payloadAt + broken.at, broken.found)
  }

  /** Takes what is there of a data frame's payload: unmasks it in place, checks it and hands it on. */
  #readDataPayload(maxPieceBytes: number): MessageEvent | FragmentEvent | undefined {
    const chunk = this.#chunk
    const start = this.#at
    const most = this.#transform === undefined ? maxPieceBytes : RUN_BYTES - this.#runBytes
    const end = Math.min(chunk.length, start + Math.min(this.#remaining, most))
    const done = this.#payloadLength - this.#remaining
    const seen = this.#unmask(chunk, start, end, this.#maskingKey, done)
    this.#at = end
    this.#remaining -= end - start
    this.#messageBytes += end - start
    const endOfFrame = this.#remaining === 0
    const final = endOfFrame && this.#fin

    if (this.#transform !== undefined) {
      this.#isEncodedEnd = final
      this.#encode(this.#transform, chunk.subarray(start, end), endOfFrame)
      if (endOfFrame) this.#endFrame()
      return undefined
    }
    this.#piece.owned = false
    const valid = this.#validEnd(chunk, start, end, final, seen)
    if (valid < end) return this.#takeValidText(chunk, start, valid, this.#error('INVALID_UTF8', valid))
    if (endOfFrame) this.#endFrame()
    return this.#take(chunk, start, end, final, this.#remaining)
  }

  /**
   * Gives the transform what goes in next: always a whole run, or what is left of the frame, so that what comes out
   * depends on the frames alone and not on how their bytes were cut.
   */
  #encode(transform: MessageTransform, bytes: Uint8Array, endOfFrame: boolean): void {
    const runBytes = this.#runBytes + bytes.length
    const isWhole = endOfFrame || runBytes === RUN_BYTES
    if (isWhole && this.#runBytes === 0) {
      this.#write(transform, bytes)
      return
    }
    if (runBytes > this.#run.length) {
      const grown = new Uint8Array(Math.min(RUN_BYTES, Math.max(runBytes, 2 * this.#run.length)))
      grown.set(this.#run.subarray(0, this.#runBytes))
      this.#run = grown
    }
    this.#run.set(bytes, this.#runBytes)
    this.#runBytes = runBytes
    if (!isWhole) return
    this.#runBytes = 0
    this.#write(transform, this.#run.subarray(0, runBytes))
    this.#run = EMPTY
  }

  #write(transform: MessageTransform, run: Uint8Array): void {
    this.#worked += run.length
    transform.write(run, this.#isEncodedEnd ? 'message' : 'inside')
  }

  /** Whether something that was transformed has been read, and not all that it stands for handed over. */
  #isDecoding(): boolean {
    return this.#decodedAt < this.#decoded.length || this.#transform?.pending === true
  }

  /** Hands on some of what a message was before it was transformed. */
  #readDecoded(maxPieceBytes: number): MessageEvent | FragmentEvent | undefined {
    const transform = this.#transform!
    if (this.#decodedAt === this.#decoded.length) this.#decode(transform)
    const decoded = this.#decoded
    const start = this.#decodedAt
    const end = Math.min(decoded.length, start + maxPieceBytes)
    this.#decodedAt = end
    const isLast = end === decoded.length && !transform.pending
    const final = this.#isEncodedEnd && isLast
    if (end === decoded.length) this.#decoded = EMPTY
    if (end === decoded.length) this.#decodedAt = 0
    if (start === end && !final) return undefined
    this.#piece.owned = true
    const valid = this.#validEnd(decoded, start, end, final, NOT_ASCII)
    // Where in the stream it went wrong is not known any closer than by the last byte that was taken in.
    if (valid < end) {
      return this.#takeValidText(decoded, start, valid, new ProtocolError('INVALID_UTF8', this.offset - 1))
    }
    return this.#take(decoded, start, end, final, isLast ? this.#remaining : Math.max(1, this.#remaining))
  }

  /** Lets the transform work for a while. A message is as long as what comes out of it (RFC 7692 §8 has no other limit). */
  #decode(transform: MessageTransform): void {
    try {
      this.#decoded = transform.read()
    } catch (error) {
      if (!(error instanceof TransformError)) throw error
      throw new ProtocolError(error.violation, this.offset - 1)
    }
    // What stopped before its end has worked for all that it may, whatever came of it; and nothing is for nothing.
    this.#worked += transform.pending ? RUN_BYTES : Math.max(LEAST_COST_BYTES, this.#decoded.length)
    this.#decodedBytes += this.#decoded.length
    if (this.#decodedBytes > this.#delivery.maxMessageBytes) throw new ProtocolError('MESSAGE_TOO_BIG', this.offset - 1)
  }

  /** Whether it is time to let others have their turn. */
  #hasWorkedEnough(): boolean {
    if (this.#worked < this.#sliceBytes) return false
    this.#worked = 0
    this.#isWorking = true
    return true
  }

  /** Checks text on from where its message stands. @returns where it stops being valid, or `end`. */
  #validEnd(bytes: Uint8Array, start: number, end: number, final: boolean, seen: number): number {
    const piece = this.#piece
    if ((seen & NOT_ASCII) === 0 && piece.utf8State === UTF8_BOUNDARY) return end
    // What an extension made of text, and left to the application, is not text until it has been undone.
    if (piece.type !== 'text' || !this.#validateUtf8 || piece.reservedBits !== 0) return end
    const state = advanceUtf8(piece.utf8State, bytes, start, end)
    if (state < 0) return ~state
    if (final && state !== UTF8_BOUNDARY) return end - 1
    piece.utf8State = state
    return end
  }

  #take(
    bytes: Uint8Array,
    start: number,
    end: number,
    final: boolean,
    frameRemaining: number,
  ): MessageEvent | FragmentEvent | undefined {
    const piece = this.#piece
    piece.bytes = bytes
    piece.start = start
    piece.end = end
    piece.frameRemaining = frameRemaining
    piece.final = final
    const event = this.#delivery.take(piece)
    if (final) this.#endMessage() // behind it: were there no memory for the message, it would not have ended
    return event
  }

  /** Text is invalid from `invalidAt` on. What comes before is handed over first, as if it had come in its own chunk. */
  #takeValidText(
    bytes: Uint8Array,
    start: number,
    invalidAt: number,
    error: ProtocolError,
  ): MessageEvent | FragmentEvent | undefined {
    this.#textError = error
    if (invalidAt <= start) throw error
    const piece = this.#piece
    piece.utf8State = advanceUtf8(piece.utf8State, bytes, start, invalidAt)
    piece.bytes = bytes
    piece.start = start
    piece.end = invalidAt
    piece.frameRemaining = this.#remaining + 1
    piece.final = false
    return this.#delivery.take(piece)
  }

  #endFrame(): void {
    this.#inFrame = false
    this.#countFrame(this.#firstByte, this.#masked, this.#payloadLength)
  }

  #countFrame(firstByte: number, masked: boolean, payloadLength: number): void {
    this.#completedFrames++
    if (this.#log.frames) this.#log.addFrame('received', firstByte, masked, payloadLength)
  }

  #endMessage(): void {
    const compressed = this.#transform !== undefined
    this.#messageOpen = false
    this.#countMessage(this.#piece.type, compressed ? this.#decodedBytes : this.#messageBytes, compressed)
  }

  #countMessage(type: MessageType, payloadBytes: number, compressed: boolean): void {
    this.#completedMessages++
    this.#completedPayloadBytes += payloadBytes
    if (this.#log.messages) this.#log.addMessage('received', type, payloadBytes, compressed)
  }

  /** The byte at `at` decided; it is the last that is parsed. */
  #error(violation: ViolationCode, at: number, found?: number): ProtocolError {
    this.#at = at + 1
    return new ProtocolError(violation, this.#chunkOffset + at, 'open', found)
  }
}
