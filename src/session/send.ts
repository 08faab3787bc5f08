// Messages, pieces and control frames → frames (RFC 6455 §5.4, §6.1). Everything a caller can do wrong is found before
// a byte is written: a call that throws has sent nothing and changed nothing.

import { mayTravel } from '../codec/close-code.ts'
import { closePayloadBytes, MAX_CLOSE_REASON_BYTES } from '../codec/close-payload.ts'
import { MAX_CONTROL_PAYLOAD_BYTES } from '../codec/frame-header.ts'
import { joinBytes } from '../codec/join-bytes.ts'
import { Opcode } from '../codec/opcode.ts'
import { checkNames } from '../codec/options.ts'
import { type BytesLike, isFixedMemory, viewBytes } from '../codec/payload-bytes.ts'
import { encodeText } from '../codec/text.ts'
import { advanceUtf8, UTF8_BOUNDARY } from '../codec/utf8.ts'
import { InvalidStateError, InvalidTextError } from '../codec/web-socket-error.ts'
import type { MessageType } from './event.ts'
import { FrameQueue, type FrameQueueOptions } from './frame-queue.ts'
import { type FrameKind, maySend, type SendHalf } from './half.ts'
import type { FrameWriter } from './output.ts'
import type { PreparedMessage } from './prepared-message.ts'
import type { SentTraffic } from './traffic.ts'

/** How a message, or a piece of one, is sent. */
export interface SendOptions {
  /** Whether the message ends here. With `false` the next `send` of the same type continues it. Default `true`. */
  readonly final?: boolean
  /**
   * Whether the message is compressed, where that was agreed on. Without it, its length decides. On the first frame of a
   * message. Secrets beside text of an attacker's are not to be compressed together.
   */
  readonly compress?: boolean | undefined
  /** Reserved bits that an agreed extension claims, on the first frame of a message. Default 0. */
  readonly reservedBits?: number
}

/** A frame whose payload the caller sends in pieces. */
interface OpenFrame {
  readonly type: MessageType
  readonly final: boolean
  readonly payloadLength: number
  sent: number
}

interface OpenMessage {
  readonly type: MessageType
  /** Where in a code point the text sent so far ends. */
  readonly utf8State: number
  /** A high surrogate at the end of a piece of text, which waits for the low one in the next piece. */
  readonly surrogate: string
}

export interface SenderOptions extends FrameQueueOptions {
  /** The reserved bits that agreed extensions claim and leave to the application. */
  readonly reservedBits: number
  readonly validateUtf8: boolean
}

/** The options that are the caller's own, each asked for once: what a getter does, it has done before anything is sent. */
export function ownSendOptions(options: SendOptions | undefined): SendOptions | undefined {
  if (options === undefined) return undefined
  checkNames('options', options, OPTION_NAMES)
  return { ...options } // the caller's own; no prototype's
}

/** The options of a message or a piece of one, checked. */
type ReadSendOptions = Required<Pick<SendOptions, 'final' | 'reservedBits'>> & Pick<SendOptions, 'compress'>

const OPTION_NAMES = ['final', 'compress', 'reservedBits'] as const satisfies readonly (keyof SendOptions)[]
const WHOLE: ReadSendOptions = { final: true, reservedBits: 0, compress: undefined }

const FIN = 0x80

const EMPTY = new Uint8Array(0)

export class Sender {
  readonly #queue: FrameQueue
  readonly #reservedBits: number
  readonly #validateUtf8: boolean
  #half: SendHalf = 'open'
  #message: OpenMessage | undefined
  #messageReservedBits = 0 // of the first frame of the message
  #frame: OpenFrame | undefined
  // Control frames cannot be put inside a frame that is half sent (RFC 6455 §5.4); they wait for its end.
  #waiting: [opcode: number, payload: Uint8Array][] = []

  constructor(writer: FrameWriter, options: SenderOptions) {
    this.#queue = new FrameQueue(writer, options)
    this.#reservedBits = options.reservedBits
    this.#validateUtf8 = options.validateUtf8
  }

  get half(): SendHalf {
    return this.#half
  }

  /** Whether a frame is half sent. */
  get isMidFrame(): boolean {
    return this.#frame !== undefined
  }

  /** Whether nothing is under way: another sender might take over. */
  get isAtRest(): boolean {
    return this.#half === 'open' && this.#message === undefined && this.#frame === undefined && !this.isBusy
  }

  /** A sender at rest goes on for another session. */
  takeOver(): void {
    this.#queue.takeOver()
  }

  /** Whether something that was sent waits for `work`. */
  get isBusy(): boolean {
    return this.#queue.isBusy
  }

  /** Bytes that wait for it, about. */
  get waitingBytes(): number {
    return this.#queue.bytes
  }

  /** What has been sent so far. */
  get traffic(): SentTraffic {
    return this.#queue.traffic
  }

  /** See {@link FrameQueue.settle}. */
  settle(): void {
    this.#queue.settle()
  }

  /** Goes on with what takes its time. @returns `false` when a payload that is kept has changed its size. */
  work(): boolean {
    return this.#queue.work()
  }

  /** The type of the message that was begun and not ended; `undefined` between messages. */
  get openMessage(): MessageType | undefined {
    return this.#message?.type
  }

  /** Sends a message, or a piece of one as a frame of its own. */
  send(type: MessageType, payload: string | BytesLike, options: SendOptions | undefined): void {
    checkType(type)
    const read = this.#readOptions(options)
    this.#checkMayStart(type, read)
    if (typeof payload === 'string') this.#sendText(type, payload, read)
    else this.#sendBytes(type, readBytes(payload, 'Cannot send'), read)
  }

  /** The fast way of `send`, see {@link FrameQueue.writeWhole}. @returns whether it was sent; else nothing has happened. */
  sendWhole(type: MessageType, data: unknown, mostBytes: number): boolean {
    if (this.#half !== 'open' || this.#message !== undefined || this.#frame !== undefined) return false
    if (type === 'binary')
      return typeof data !== 'string' && this.#queue.writeWhole(FIN | Opcode.binary, data, false, mostBytes)
    return this.#queue.writeWhole(FIN | Opcode.text, data, this.#validateUtf8, mostBytes)
  }

  /** Sends a message that was made ready for many. */
  sendPrepared(message: PreparedMessage): void {
    const { type } = message
    if (this.#message !== undefined) throw new InvalidStateError(`Cannot send ${type}: a message is not finished`)
    this.#checkMayStart(type, WHOLE)
    this.#queue.writePrepared(this.#firstByte(type, WHOLE), message)
  }

  /** Begins a frame of exactly `payloadLength` bytes, which `continueFrame` delivers. */
  startFrame(type: MessageType, payloadLength: number, options: SendOptions | undefined): void {
    checkType(type)
    const read = this.#readOptions(options)
    if (!Number.isSafeInteger(payloadLength) || payloadLength < 0) {
      throw new RangeError(`Cannot start a frame: payload length ${String(payloadLength)} is not an integer from 0 up`)
    }
    this.#checkMayStart(type, read)
    this.#flushSurrogate()
    const firstByte = this.#firstByte(type, read)
    const utf8State = this.#message?.utf8State ?? UTF8_BOUNDARY
    if (payloadLength === 0) {
      checkEnd(utf8State, read.final)
      this.#queue.writeData(firstByte, EMPTY, read.compress)
      this.#endFrame(type, utf8State, read.final)
      return
    }
    this.#queue.startFrame(firstByte, payloadLength, read.compress)
    this.#message = { type, utf8State, surrogate: '' }
    this.#frame = { type, final: read.final, payloadLength, sent: 0 }
  }

  /** Sends the next bytes of the frame that was started. */
  continueFrame(payload: BytesLike): void {
    const frame = this.#frame
    if (frame === undefined || this.#half === 'ended') {
      throw new InvalidStateError('Cannot continue a frame: none is started')
    }
    const bytes = readStable(frame.type, readBytes(payload, 'Cannot continue a frame'))
    const remaining = frame.payloadLength - frame.sent
    if (bytes.length > remaining) {
      throw new RangeError(`Cannot continue a frame: ${bytes.length} bytes given, ${remaining} are missing`)
    }
    const complete = bytes.length === remaining
    const state = this.#advanceText(frame.type, bytes)
    if (complete) checkEnd(state, frame.final)
    this.#queue.continueFrame(bytes, complete)
    frame.sent += bytes.length
    this.#endFrame(frame.type, state, complete && frame.final)
    if (!complete) return
    this.#frame = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const [opcode, control] of waiting) this.#queue.writeControl(FIN | opcode, control)
  }

  ping(payload: Uint8Array): void {
    this.#checkMaySend('ping', 'a ping')
    this.#control(Opcode.ping, payload)
  }

  pong(payload: Uint8Array): void {
    this.#checkMaySend('pong', 'a pong')
    this.#control(Opcode.pong, payload)
  }

  /** Sends our Close frame; data may not follow it. */
  close(payload: Uint8Array): void {
    this.#checkMaySend('close', 'a Close frame')
    this.#control(Opcode.close, payload)
    this.#half = 'closeSent'
  }

  /** Nothing is sent any more. */
  end(): void {
    this.#half = 'ended'
    this.#waiting = []
    this.#queue.clear()
  }

  #checkMaySend(kind: FrameKind, what: string): void {
    if (maySend(this.#half, kind)) return
    throw new InvalidStateError(
      `Cannot send ${what}: ${this.#half === 'ended' ? 'the connection is closed' : 'the Close frame is already sent'}`,
    )
  }

  #checkMayStart(type: MessageType, { reservedBits, compress }: ReadSendOptions): void {
    this.#checkMaySend('data', type)
    if (this.#frame !== undefined) throw new InvalidStateError(`Cannot send ${type}: a frame is not finished`)
    if (this.#message === undefined) {
      this.#messageReservedBits = reservedBits
      return
    }
    if (this.#message.type !== type) {
      throw new InvalidStateError(`Cannot send ${type}: a ${this.#message.type} message is not finished`)
    }
    if (reservedBits !== 0) throw new RangeError('Reserved bits belong on the first frame of a message')
    if (compress !== undefined) throw new TypeError('options.compress belongs to the first frame of a message')
  }

  #readOptions(options: SendOptions | undefined): ReadSendOptions {
    if (options === undefined) return WHOLE
    const { final = true, reservedBits = 0, compress } = options
    if (typeof final !== 'boolean') throw new TypeError(`options.final is a ${typeof final}, not a boolean`)
    if (compress !== undefined && typeof compress !== 'boolean') {
      throw new TypeError(`options.compress is a ${typeof compress}, not a boolean`)
    }
    if ((reservedBits & this.#reservedBits) !== reservedBits) {
      throw new RangeError(`Reserved bits ${String(reservedBits)} are not claimed by an agreed extension`)
    }
    return { final, reservedBits, compress }
  }

  #firstByte(type: MessageType, { final, reservedBits }: ReadSendOptions): number {
    const opcode = this.#message === undefined ? Opcode[type] : Opcode.continuation
    return (final ? FIN : 0) | (reservedBits << 4) | opcode
  }

  #sendText(type: MessageType, text: string, options: ReadSendOptions): void {
    if (type === 'binary') throw new TypeError('Cannot send binary: the payload is a string')
    const message = this.#message
    if (message !== undefined && message.utf8State !== UTF8_BOUNDARY) {
      throw new TypeError('Cannot send text: the bytes sent before end inside a code point')
    }
    const { final } = options
    const firstByte = this.#firstByte(type, options)
    let whole = message === undefined || message.surrogate === '' ? text : message.surrogate + text
    let surrogate = ''
    if (!final) {
      const last = whole.charCodeAt(whole.length - 1)
      if (last >= 0xd800 && last <= 0xdbff) {
        surrogate = whole.slice(-1)
        whole = whole.slice(0, -1)
      }
    }
    this.#queue.writeData(firstByte, whole, options.compress)
    this.#message = final ? undefined : { type, utf8State: UTF8_BOUNDARY, surrogate }
  }

  #sendBytes(type: MessageType, bytes: Uint8Array, options: ReadSendOptions): void {
    const payload = readStable(type, bytes)
    const held = this.#message?.surrogate ?? ''
    const state = this.#advanceText(type, payload)
    const firstByte = this.#firstByte(type, options)
    checkEnd(state, options.final)
    const whole = held === '' ? payload : joinBytes([encodeText(held), payload])
    this.#queue.writeData(firstByte, whole, options.compress)
    this.#endFrame(type, state, options.final)
  }

  /** Checks bytes of text on from where the message stands. @returns the state after them; nothing is changed. */
  #advanceText(type: MessageType, bytes: Uint8Array): number {
    if (type === 'binary' || !this.#validateUtf8) return UTF8_BOUNDARY
    if (this.#messageReservedBits !== 0) return UTF8_BOUNDARY // what an extension made of text is not text
    const state = advanceUtf8(this.#message?.utf8State ?? UTF8_BOUNDARY, bytes, 0, bytes.length)
    if (state < 0) throw new InvalidTextError(`Cannot send text: the payload is not valid UTF-8 at byte ${~state}`)
    return state
  }

  /** The message goes on from `utf8State`, or ends. Called once the bytes are written: what failed changes nothing. */
  #endFrame(type: MessageType, utf8State: number, final: boolean): void {
    this.#message = final ? undefined : { type, utf8State, surrogate: '' }
  }

  /** A high surrogate that still waits when bytes follow it is a lone one; it leaves as a fragment of its own. */
  #flushSurrogate(): void {
    const surrogate = this.#message?.surrogate ?? ''
    if (surrogate === '') return
    this.#queue.writeData(Opcode.continuation, surrogate, undefined)
    this.#message = { type: 'text', utf8State: UTF8_BOUNDARY, surrogate: '' }
  }

  #control(opcode: number, payload: Uint8Array): void {
    if (this.#frame === undefined) this.#queue.writeControl(FIN | opcode, payload)
    else this.#waiting.push([opcode, payload.slice()])
  }
}

/** The payload of a ping or pong as bytes. @throws TypeError, RangeError when it is none or too long. */
export function readControlPayload(what: string, payload: string | BytesLike | undefined): Uint8Array {
  if (payload === undefined) return EMPTY
  const bytes = typeof payload === 'string' ? encodeText(payload) : readBytes(payload, `Cannot send a ${what}`)
  if (bytes.length > MAX_CONTROL_PAYLOAD_BYTES) {
    throw new RangeError(
      `Cannot send a ${what}: payload takes ${bytes.length} bytes, at most ${MAX_CONTROL_PAYLOAD_BYTES} fit`,
    )
  }
  return bytes
}

/** The payload of a Close frame. @throws TypeError, RangeError for a code or reason that may not travel (RFC 6455 §7.4). */
export function readClosePayload(code: number | undefined, reason: string | Uint8Array | undefined): Uint8Array {
  if (code === undefined) {
    if (reason !== undefined && readReason(reason).length > 0) throw new TypeError('Close reason needs a close code')
    return EMPTY
  }
  if (typeof code !== 'number') throw new TypeError(`Close code is a ${typeof code}, not a number`)
  if (!mayTravel(code)) throw new RangeError(`Close code ${code} may not be sent`)
  const bytes = reason === undefined ? EMPTY : readReason(reason)
  if (bytes.length > MAX_CLOSE_REASON_BYTES) {
    throw new RangeError(`Close reason takes ${bytes.length} bytes, at most ${MAX_CLOSE_REASON_BYTES} fit`)
  }
  return closePayloadBytes(code, bytes)
}

function readReason(reason: string | Uint8Array): Uint8Array {
  if (typeof reason === 'string') return encodeText(reason)
  const bytes = viewBytes(reason)
  if (bytes === undefined) throw new TypeError(`Close reason is a ${typeof reason}, not a string`)
  const copy = bytes.slice() // shared memory could change between the check and the frame
  if (advanceUtf8(UTF8_BOUNDARY, copy, 0, copy.length) !== UTF8_BOUNDARY) {
    throw new TypeError('Close reason is not valid UTF-8')
  }
  return copy
}

function readBytes(payload: BytesLike, what: string): Uint8Array {
  const bytes = viewBytes(payload)
  if (bytes !== undefined) return bytes
  throw new TypeError(`${what}: the payload is neither a string nor bytes but ${nameOf(payload)}`)
}

function nameOf(value: unknown): string {
  return value === null || value === undefined ? String(value) : `of type ${typeof value}`
}

/** Text is copied out of memory that another thread may write before it is checked: it must still be valid when sent. */
function readStable(type: MessageType, bytes: Uint8Array): Uint8Array {
  return type === 'text' && !isFixedMemory(bytes) ? bytes.slice() : bytes
}

function checkEnd(utf8State: number, final: boolean): void {
  if (final && utf8State !== UTF8_BOUNDARY) {
    throw new InvalidTextError('Cannot send text: the message ends inside a code point')
  }
}

function checkType(type: MessageType): void {
  if (type !== 'text' && type !== 'binary') throw new TypeError(`Message type is ${String(type)}, not text or binary`)
}
