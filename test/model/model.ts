// The component as its specification has it (the behavioural specification of `websocket.h`, sections 5, 6, 8 and 9):
// operations, actions, buffers and who holds them. It is written from that text alone and shares no code with
// `src/component`, nor with what that stands on. Where the text is silent the model says so in a comment with SILENT.

import { hex } from '../support/wire.ts'
import {
  BUFFER_TYPE,
  type Call,
  CUT,
  type CutName,
  digits,
  RECEIVE_KINDS,
  type ReceiveName,
  type Role,
  SEND_KINDS,
  type SendKind,
  type SendName,
  WIRE,
} from './calls.ts'

export const HR = {
  S_OK: 0,
  OPERATION: 0x8376_0001,
  FORMAT: 0x8376_0002,
  INVALIDARG: 0x8007_0057,
  HANDLE: 0x8007_0006,
} as const

const NO_ACTION = 0
const SEND_TO_NETWORK = 1
const INDICATE_SEND_COMPLETE = 2
const RECEIVE_FROM_NETWORK = 3
const INDICATE_RECEIVE_COMPLETE = 4

/** The sizes that the explorer gives its handles, the least that there are (3.5). */
export const RECEIVE_BUFFER_BYTES = 256
export const SEND_BUFFER_BYTES = { client: 256, server: 16 } as const

/** The key of all frames of a client, the one of RFC 6455 §5.7. */
export const MASKING_KEY = hex('37 fa 21 3d')

/** A buffer that an action comes with. */
export type ExpectedBuffer =
  /** Memory of the engine with these bytes. */
  | { readonly engine: string }
  /** The very memory that was given to `Send`, all of it. */
  | { readonly payloadOf: number }
  /** The memory that was given to `Receive`, as far as it was filled. */
  | { readonly target: number; readonly bytes: string }
  /** Memory of the engine to read into: not empty, and at most the receive buffer. */
  | { readonly free: true }
  /** No memory: pointer NULL, length 0. */
  | { readonly none: true }
  | { readonly status: number; readonly reason: string | undefined }

export interface Outcome {
  readonly hr: number
  readonly action?: number
  readonly bufferType?: number
  readonly buffers?: readonly ExpectedBuffer[]
  /** The number of the operation whose context is returned; `undefined` for none. */
  readonly operation?: number | undefined
  readonly cancelled?: boolean
}

/** A void function returns nothing that could be compared. */
export const VOID: Outcome = { hr: HR.S_OK }

interface SendOperation {
  readonly id: number
  readonly kind: SendName
  readonly firstByte: number
  /** Bytes of the frame whose writing was completed. */
  written: number
  isDone: boolean
}

interface Piece {
  readonly bufferType: number
  readonly bytes: string
}

type Result = Piece | { readonly status: number; readonly reason: string | undefined } | 'cancelled'

interface ReceiveOperation {
  readonly id: number
  readonly kind: ReceiveName
  result: Result | undefined
}

/** A frame of the peer whose header was read, and whose payload was not handed over whole. */
interface Frame {
  readonly opcode: number
  readonly isFinal: boolean
  readonly key: readonly number[] | undefined
  /** Payload that was handed over. */
  taken: number
  readonly length: number
}

type OpenMessage = 'none' | 'text' | 'binary'

export class Model {
  readonly role: Role
  phase: 'open' | 'aborted' | 'deleted' = 'open'
  /** How many operations were queued: each has the number that it was queued as. */
  operations = 0
  sends: SendOperation[] = []
  receives: ReceiveOperation[] = []
  writeAction: { readonly bytes: number; readonly isWholeFrame: boolean } | 'indication' | undefined
  receiveAction: 'read' | 'indication' | undefined
  /** The payload of the automatic pong in the application's hands, and of the one that waits. */
  pongOutstanding: string | undefined
  pongWaiting: string | undefined
  sendingMessage: OpenMessage = 'none'
  isCloseQueued = false
  unread: readonly number[] = []
  frame: Frame | undefined
  receivingMessage: OpenMessage = 'none'
  isCloseReceived = false
  failure: number | undefined
  /** What the peer is in the middle of sending. */
  cut: CutName | undefined
  reads = 0

  constructor(role: Role) {
    this.role = role
  }

  clone(): Model {
    const copy = Object.assign(new Model(this.role), this)
    copy.sends = this.sends.map((operation) => ({ ...operation }))
    copy.receives = this.receives.map((operation) => ({ ...operation }))
    copy.frame = this.frame && { ...this.frame }
    return copy
  }

  /** All that there is to know of the state: which numbers the operations have is not part of it. */
  get key(): string {
    const { operations: _, sends, receives, ...rest } = this
    const nameless = ({ id: _, ...operation }: SendOperation | ReceiveOperation): object => operation
    return JSON.stringify([rest, sends.map(nameless), receives.map(nameless)])
  }

  /** What the call returns; afterwards the model is in the state that follows. */
  apply(call: Call): Outcome {
    switch (call.call) {
      case 'send':
        return this.#send(call.kind)
      case 'receive':
        return this.#receive(call.kind)
      case 'getAction':
        return this.#getAction(call.queue, call.slots)
      case 'completeWrite':
        this.#completeWrite(call.bytes)
        return VOID
      case 'completePong':
        this.pongOutstanding = undefined // with any count it simply disappears (5.9)
        return VOID
      case 'completeRead':
        this.#completeRead(call.wire)
        return VOID
      case 'completeIndication':
        // The operation is gone (6.4); the count does not matter.
        if (call.of === 'send') {
          this.writeAction = undefined
          this.sends.shift()
        } else {
          this.receiveAction = undefined
          this.receives.shift()
        }
        return VOID
      case 'completeAgain':
      case 'completeNothing':
        return VOID
      case 'abort':
        this.#abort()
        return VOID
      case 'delete':
        this.#delete()
        return VOID
    }
  }

  // --- 5.6, 5.7 ------------------------------------------------------------------------------------------------------

  #send(kind: SendName): Outcome {
    const id = this.operations++
    if (this.phase === 'deleted') return { hr: HR.HANDLE }
    if (this.phase === 'aborted') return { hr: HR.OPERATION }
    const { bufferType } = SEND_KINDS[kind]
    let firstByte: number
    if (bufferType >= BUFFER_TYPE.CLOSE) {
      if (bufferType === BUFFER_TYPE.CLOSE && this.isCloseQueued) return { hr: HR.OPERATION } // Q21
      firstByte = 0x88 + bufferType - BUFFER_TYPE.CLOSE
      if (bufferType === BUFFER_TYPE.CLOSE) this.isCloseQueued = true
    } else {
      if (this.isCloseQueued) return { hr: HR.OPERATION }
      const type = bufferType < BUFFER_TYPE.BINARY_MESSAGE ? 'text' : 'binary'
      const isLast = bufferType === BUFFER_TYPE.UTF8_MESSAGE || bufferType === BUFFER_TYPE.BINARY_MESSAGE
      if (this.sendingMessage !== 'none' && this.sendingMessage !== type) return { hr: HR.OPERATION }
      const opcode = this.sendingMessage !== 'none' ? 0 : type === 'text' ? 1 : 2
      firstByte = (isLast ? 0x80 : 0) + opcode // 9.1
      this.sendingMessage = isLast ? 'none' : type
    }
    this.sends.push({ id, kind, firstByte, written: 0, isDone: false })
    return { hr: HR.S_OK }
  }

  #receive(kind: ReceiveName): Outcome {
    const id = this.operations++
    if (this.phase === 'deleted') return { hr: HR.HANDLE }
    // SILENT: whether a receive may be queued once the received bytes have failed. 5.7 lists what refuses one, without that.
    if (this.phase === 'aborted' || this.isCloseReceived) return { hr: HR.OPERATION } // Q22
    this.receives.push({ id, kind, result: undefined })
    return { hr: HR.S_OK }
  }

  // --- 6.3 -----------------------------------------------------------------------------------------------------------

  #getAction(queue: number, slots: number): Outcome {
    if (this.phase === 'deleted') return failed(HR.HANDLE)
    const withSends = (queue & 1) !== 0
    const withReceives = (queue & 2) !== 0
    if (withReceives) this.#parse()
    if (withReceives && this.pongWaiting !== undefined && this.#canHandOutPong()) {
      if (slots === 0) return failed(HR.INVALIDARG)
      const payload = this.pongWaiting
      this.pongWaiting = undefined
      this.pongOutstanding = payload
      const frame = frameBytes(this.role, 0x8a, [], hex(payload))
      const buffers = [{ engine: digits(frame) }]
      return { hr: HR.S_OK, action: SEND_TO_NETWORK, bufferType: BUFFER_TYPE.PING_PONG, buffers, operation: undefined }
    }
    const sent = withSends ? this.#nextOfSends(slots) : undefined
    if (sent !== undefined) return sent
    const received = withReceives ? this.#nextOfReceives(slots) : undefined
    if (received !== undefined) return received
    return { hr: HR.S_OK, action: NO_ACTION, bufferType: 0, buffers: [], operation: undefined }
  }

  /** No frame is half handed out, and no pong is outstanding (6.3 step 3). */
  #canHandOutPong(): boolean {
    if (this.pongOutstanding !== undefined) return false
    if (typeof this.writeAction === 'object') return this.writeAction.isWholeFrame
    const head = this.sends[0]
    return head === undefined || head.isDone || head.written === 0
  }

  #nextOfSends(slots: number): Outcome | undefined {
    const head = this.sends[0]
    if (this.writeAction !== undefined || head === undefined) return undefined
    const { bufferType } = SEND_KINDS[head.kind]
    if (head.isDone) {
      this.writeAction = 'indication'
      return { hr: HR.S_OK, action: INDICATE_SEND_COMPLETE, bufferType, buffers: [], operation: head.id }
    }
    if (this.pongOutstanding !== undefined) return undefined
    if (slots === 0) return failed(HR.INVALIDARG)
    const { buffers, bytes } = this.#nextBuffers(head, slots)
    this.writeAction = { bytes, isWholeFrame: bytes === this.#frameSize(head) }
    return { hr: HR.S_OK, action: SEND_TO_NETWORK, bufferType, buffers, operation: head.id }
  }

  /** 8.1, 8.2. */
  #nextBuffers(head: SendOperation, slots: number): { buffers: ExpectedBuffer[]; bytes: number } {
    const { payload, lead } = partsOf(head.kind)
    const frame = frameBytes(this.role, head.firstByte, lead, payload)
    if (this.role === 'client') {
      const part = frame.subarray(head.written, head.written + SEND_BUFFER_BYTES.client)
      return { buffers: [{ engine: digits(part) }], bytes: part.length }
    }
    const header = frame.length - payload.length
    if (head.written > 0) return { buffers: [{ payloadOf: head.id }], bytes: payload.length }
    if (payload.length === 0) return { buffers: [{ engine: digits(frame) }], bytes: frame.length }
    const inEngine: ExpectedBuffer = { engine: digits(frame.subarray(0, header)) }
    if (slots > 1) return { buffers: [inEngine, { payloadOf: head.id }], bytes: frame.length }
    if (frame.length <= SEND_BUFFER_BYTES.server) {
      return { buffers: [{ engine: digits(frame) }], bytes: frame.length } // joined, as it fits (5.8)
    }
    return { buffers: [inEngine], bytes: header }
  }

  #frameSize(operation: SendOperation): number {
    const { payload, lead } = partsOf(operation.kind)
    return frameBytes(this.role, operation.firstByte, lead, payload).length
  }

  #nextOfReceives(slots: number): Outcome | undefined {
    const head = this.receives[0]
    if (this.receiveAction !== undefined || head === undefined) return undefined
    if (head.result === undefined && this.failure !== undefined) return failed(this.failure)
    if (slots === 0) return failed(HR.INVALIDARG)
    if (head.result === undefined) {
      this.receiveAction = 'read'
      const buffers: ExpectedBuffer[] = [{ free: true }]
      return { hr: HR.S_OK, action: RECEIVE_FROM_NETWORK, bufferType: 0, buffers, operation: head.id }
    }
    this.receiveAction = 'indication'
    return { hr: HR.S_OK, action: INDICATE_RECEIVE_COMPLETE, operation: head.id, ...this.#indicated(head, head.result) }
  }

  /** 8.3. */
  #indicated({ id, kind }: ReceiveOperation, result: Result): Partial<Outcome> {
    if (result === 'cancelled') return { bufferType: 0, buffers: [{ none: true }], cancelled: true }
    if ('status' in result) return { bufferType: BUFFER_TYPE.CLOSE, buffers: [result] }
    const { bufferType, bytes } = result
    const isCopied = RECEIVE_KINDS[kind] > 0 && bufferType !== BUFFER_TYPE.PING_PONG
    return { bufferType, buffers: [isCopied ? { target: id, bytes } : { engine: bytes }] }
  }

  // --- 6.4, 6.5 ------------------------------------------------------------------------------------------------------

  #completeWrite(bytes: 'all' | 'fewer' | 'none' | 'more'): void {
    const head = this.sends[0]!
    const action = this.writeAction as { bytes: number }
    this.writeAction = undefined
    head.written += action.bytes
    // A count above the buffers is as good as all of them (5.9); any other than theirs is the end of the operation.
    const isShort = bytes === 'fewer' || bytes === 'none'
    if (isShort || this.phase === 'aborted' || head.written === this.#frameSize(head)) head.isDone = true
    if (head.isDone) head.written = 0 // makes no difference any more
  }

  #completeRead(wire: (Call & { call: 'completeRead' })['wire']): void {
    this.receiveAction = undefined
    this.reads++
    const head = this.receives[0]!
    if (this.phase === 'aborted') {
      head.result = 'cancelled' // whatever was read is ignored (6.5)
      return
    }
    if (wire === 'nothing') head.result = 'cancelled'
    else {
      this.cut = wire.endsWith(', begin') ? (wire.split(',')[0] as CutName) : undefined
      if (!this.isCloseReceived) this.unread = [...this.unread, ...wireBytes(this.role, wire)]
    }
  }

  #abort(): void {
    if (this.phase !== 'open') return
    this.phase = 'aborted'
    this.pongWaiting = undefined
    this.unread = []
    this.frame = undefined
    this.failure = undefined
    this.cut = undefined
    this.receivingMessage = 'none'
    const [firstSend] = this.sends
    for (const operation of this.sends) if (operation !== firstSend || this.writeAction === undefined) end(operation)
    const [firstReceive] = this.receives
    for (const operation of this.receives) {
      if (operation !== firstReceive || this.receiveAction === undefined) operation.result = 'cancelled'
    }
  }

  #delete(): void {
    const { reads, operations } = this
    Object.assign(this, new Model(this.role), { phase: 'deleted', reads, operations })
  }

  // --- what was received (6.3 step 2, 8.3, 9) ------------------------------------------------------------------------

  #parse(): void {
    while (this.phase === 'open' && this.failure === undefined && this.receiveAction === undefined) {
      const head = this.receives[0]
      if (head === undefined || head.result !== undefined) return
      if (this.isCloseReceived) return // SILENT: what becomes of a receive behind the Close frame. It asks the network on.
      const step = this.#parseFrame(head)
      if (step === 'more') return
      if (step === 'ping' && this.#canHandOutPong()) return
    }
  }

  #parseFrame(head: ReceiveOperation): 'more' | 'ping' | 'result' | 'failed' {
    if (this.frame === undefined) {
      const header = this.#parseHeader()
      if (header === 'more' || header === 'failed') return header
      this.unread = this.unread.slice(header.size)
      this.frame = header.frame
    }
    const { frame } = this
    if (frame.opcode >= 8) {
      if (this.unread.length < frame.length) return 'more'
      return this.#takeControl(head, frame)
    }
    const room = RECEIVE_KINDS[head.kind] || RECEIVE_BUFFER_BYTES
    const left = frame.length - frame.taken
    const size = Math.min(left, room)
    if (this.unread.length < size) return 'more' // a receive is over at the end of the frame, or when its buffer is full (Q10)
    return this.#takePiece(head, frame, size)
  }

  /** Header errors are known with the byte that shows them (9.2). */
  #parseHeader(): 'more' | 'failed' | { size: number; frame: Frame } {
    const [first, second] = this.unread
    if (first === undefined) return 'more'
    const opcode = first & 0x0f
    const isFinal = first >= 0x80
    if ((first & 0x70) !== 0) return this.#fail(HR.FORMAT)
    if (opcode > 10 || (opcode > 2 && opcode < 8)) return this.#fail(HR.FORMAT)
    if (opcode >= 8 && !isFinal) return this.#fail(HR.FORMAT)
    if (opcode < 8 && (opcode === 0) !== (this.receivingMessage !== 'none')) return this.#fail(HR.OPERATION)
    if (second === undefined) return 'more'
    const isMasked = second >= 0x80
    if (isMasked !== (this.role === 'server')) return this.#fail(HR.FORMAT)
    const length = second & 0x7f // all that the wire has is short
    const size = isMasked ? 6 : 2
    if (this.unread.length < size) return 'more'
    const key = isMasked ? this.unread.slice(2, 6) : undefined
    return { size, frame: { opcode, isFinal, key, taken: 0, length } }
  }

  #takeControl(head: ReceiveOperation, frame: Frame): 'ping' | 'result' {
    const payload = this.#take(frame, frame.length)
    this.frame = undefined
    const bytes = digits(Uint8Array.from(payload))
    if (frame.opcode === 9) {
      this.pongWaiting = bytes // of several, the newest (6.2)
      return 'ping'
    }
    if (frame.opcode === 10) {
      head.result = { bufferType: BUFFER_TYPE.PING_PONG, bytes }
    } else {
      const hasStatus = payload.length >= 2
      const status = hasStatus ? payload[0]! * 256 + payload[1]! : 1005
      head.result = { status, reason: hasStatus ? digits(Uint8Array.from(payload.slice(2))) : undefined }
      this.isCloseReceived = true
      this.pongWaiting = undefined // never after a close was received (6.3)
      this.unread = []
    }
    return 'result'
  }

  #takePiece(head: ReceiveOperation, frame: Frame, size: number): 'result' | 'failed' {
    const payload = this.#take(frame, size)
    if (frame.opcode !== 0) this.receivingMessage = frame.opcode === 1 ? 'text' : 'binary'
    const isText = this.receivingMessage === 'text'
    if (isText && payload.some((byte) => byte >= 0x80)) return this.#fail(HR.FORMAT) // all good text that comes is ASCII
    const isFrameOver = frame.taken === frame.length
    const isMessageOver = isFrameOver && frame.isFinal
    const message = isText ? BUFFER_TYPE.UTF8_MESSAGE : BUFFER_TYPE.BINARY_MESSAGE
    head.result = { bufferType: isMessageOver ? message : message + 1, bytes: digits(Uint8Array.from(payload)) }
    if (isFrameOver) this.frame = undefined
    if (isMessageOver) this.receivingMessage = 'none'
    return 'result'
  }

  /** The next payload, unmasked. */
  #take(frame: Frame, size: number): number[] {
    const { key, taken } = frame
    const payload = this.unread.slice(0, size).map((byte, i) => byte ^ (key?.[(taken + i) % 4] ?? 0))
    this.unread = this.unread.slice(size)
    frame.taken += size
    return payload
  }

  #fail(hr: number): 'failed' {
    this.failure = hr
    this.unread = [] // SILENT: nothing of it is looked at again
    this.frame = undefined
    return 'failed'
  }
}

function end(operation: SendOperation): void {
  operation.isDone = true
  operation.written = 0
}

/** A call that fails (5.8). */
function failed(hr: number): Outcome {
  return { hr, action: NO_ACTION, bufferType: 0, buffers: [], operation: undefined }
}

function partsOf(kind: SendName): { payload: Uint8Array; lead: readonly number[] } {
  const { payload, status }: SendKind = SEND_KINDS[kind]
  return { payload, lead: status === undefined ? [] : [status >> 8, status & 255] }
}

/** A frame as it is written (9.1). */
function frameBytes(role: Role, firstByte: number, lead: readonly number[], payload: Uint8Array): Uint8Array {
  const body = [...lead, ...payload]
  const maskBit = role === 'client' ? 0x80 : 0
  const length = body.length < 126 ? [maskBit + body.length] : [maskBit + 126, body.length >> 8, body.length & 255]
  const key = role === 'client' ? MASKING_KEY : []
  return Uint8Array.from([firstByte, ...length, ...key, ...body.map((byte, i) => byte ^ (key[i % 4] ?? 0))])
}

/** What comes from the peer of this role: frames of clients are masked. */
export function wireBytes(role: Role, wire: (Call & { call: 'completeRead' })['wire']): Uint8Array {
  if (wire === 'nothing') return new Uint8Array(0)
  const [name, part] = wire.split(', ') as [string, string | undefined]
  if (part === undefined)
    return role === 'server' ? masked(hex(WIRE[name as keyof typeof WIRE])) : hex(WIRE[name as keyof typeof WIRE])
  const { wire: digits, at } = CUT[name as CutName]
  const whole = role === 'server' ? masked(hex(digits)) : hex(digits)
  return part === 'begin' ? whole.subarray(0, at) : whole.subarray(at)
}

/** Frames without a mask, all short, as a client sends them. */
function masked(frames: Uint8Array): Uint8Array {
  const bytes: number[] = []
  for (let at = 0; at < frames.length; ) {
    const length = frames[at + 1]!
    const payload = frames.subarray(at + 2, at + 2 + length)
    bytes.push(frames[at]!, 0x80 + length, 1, 2, 3, 4, ...payload.map((byte, i) => byte ^ ((i % 4) + 1)))
    at += 2 + length
  }
  return Uint8Array.from(bytes)
}
