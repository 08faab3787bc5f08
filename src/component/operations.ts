// Queued sends and receives, and which action is next. What is in the bytes is the session's business; here is whose
// turn it is and whose memory is whose. The order is part of the contract (docs/reference/component.md, "Which action is
// next"): parse as far as the head receive needs, then the pong, then the send queue, then the receive queue.

import { Fifo } from '../codec/fifo.ts'
import { byteLengthOf } from '../codec/payload-bytes.ts'
import type { Session } from '../session/index.ts'
import { frameSize, isGone, isIntact, layOut, type Memory, type OutgoingFrame } from './buffers.ts'
import {
  type WEB_SOCKET_ACTION,
  type WEB_SOCKET_BUFFER,
  WEB_SOCKET_CLOSE_BUFFER_TYPE,
  WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
  WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
  WEB_SOCKET_NO_ACTION,
  WEB_SOCKET_PING_PONG_BUFFER_TYPE,
  WEB_SOCKET_RECEIVE_ACTION_QUEUE,
  WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
  WEB_SOCKET_SEND_ACTION_QUEUE,
  WEB_SOCKET_SEND_TO_NETWORK_ACTION,
} from './constants.ts'
import { Incoming, type ReceiveResult } from './incoming.ts'
import { type Opening, Outgoing, readBytes } from './outgoing.ts'
import {
  attempt,
  E_INVALID_PROTOCOL_OPERATION,
  E_INVALIDARG,
  E_OUTOFMEMORY,
  type ReceiveFailure,
  ResultError,
} from './result.ts'

/** Stands for one action until it is completed. It says nothing. */
export class ActionContext {}

/** The outputs of `WebSocketGetAction`. */
export interface ActionOutputs {
  readonly dataBuffers: WEB_SOCKET_BUFFER[]
  readonly action: WEB_SOCKET_ACTION
  readonly bufferType: number
  /** The context of the operation; `undefined` for no action and for the automatic pong. */
  readonly applicationContext: unknown
  /** What `WebSocketCompleteAction` is to be given; `undefined` for no action. */
  readonly actionContext: ActionContext | undefined
  /** The receive ended without data: the read brought nothing, or the handle was aborted. */
  readonly cancelled?: true
}

export function noAction(): ActionOutputs {
  return {
    dataBuffers: [],
    action: WEB_SOCKET_NO_ACTION,
    bufferType: 0,
    applicationContext: undefined,
    actionContext: undefined,
  }
}

interface SendOperation {
  readonly bufferType: number
  readonly frame: OutgoingFrame
  readonly context: unknown
  /** Bytes of the frame that were written. */
  sent: number
  done: boolean
}

interface ReceiveOperation {
  readonly target: Uint8Array | undefined
  readonly context: unknown
  result: ReceiveResult | undefined
}

/** An action in the application's hands. */
interface Outstanding<Operation> {
  readonly operation: Operation
  readonly context: ActionContext
  /** Whether it moves bytes; otherwise it indicates that the operation is over. */
  readonly isNetwork: boolean
  /** The size of its buffers. */
  readonly bytes: number
}

/** What a receive is completed with that got nothing. */
function cancelledResult(): ReceiveResult {
  return { bufferType: 0, buffer: { data: new Uint8Array(0) }, cancelled: true }
}

/** What is queued, and how far each side has closed. */
export interface OperationsState {
  readonly queuedSends: number
  readonly queuedReceives: number
  readonly isAborted: boolean
  readonly isCloseQueued: boolean
  readonly isCloseReceived: boolean
  /** The error in received bytes that `WebSocketGetAction` reports until the handle is aborted. */
  readonly failure: ReceiveFailure | undefined
}

export class Operations {
  readonly #memory: Memory
  readonly #outgoing: Outgoing
  readonly #incoming: Incoming
  readonly #sendsByReference: boolean
  readonly #sends = new Fifo<SendOperation>()
  readonly #receives = new Fifo<ReceiveOperation>()
  #sendAction: Outstanding<SendOperation> | undefined
  #receiveAction: Outstanding<ReceiveOperation> | undefined
  #pongAction: ActionContext | undefined
  #waitingPong: Uint8Array | undefined
  #receiveSide: 'open' | 'closeReceived' | ReceiveFailure = 'open'
  #isCloseQueued = false
  #abortReason: string | undefined

  /** @param early Bytes that came after the handshake and were read with it. */
  constructor(opening: Opening, memory: Memory, early: Uint8Array) {
    this.#memory = memory
    this.#outgoing = new Outgoing(opening)
    this.#incoming = new Incoming(this.#outgoing.session, memory.receive, early)
    this.#sendsByReference = opening.role === 'server' || opening.settings.disableMasking
  }

  get session(): Session {
    return this.#outgoing.session
  }

  /** Queued operations and how far each side has closed, as plain values. */
  get state(): OperationsState {
    return {
      queuedSends: this.#sends.length,
      queuedReceives: this.#receives.length,
      isAborted: this.#abortReason !== undefined,
      isCloseQueued: this.#isCloseQueued,
      isCloseReceived: this.#receiveSide === 'closeReceived',
      failure: typeof this.#receiveSide === 'object' ? this.#receiveSide : undefined,
    }
  }

  /** Queues what `WebSocketSend` was given. @throws ResultError; nothing is queued and nothing changed then. */
  send(bufferType: number, buffer: WEB_SOCKET_BUFFER | undefined, context: unknown): void {
    this.#checkNotAborted('send')
    this.#queueSend(bufferType, this.#outgoing.frameOf(bufferType, buffer), context)
    if (bufferType === WEB_SOCKET_CLOSE_BUFFER_TYPE) this.#isCloseQueued = true
  }

  /** Queues a ping that carries a payload. */
  ping(payload: Uint8Array, context: unknown): void {
    this.#checkNotAborted('send')
    this.#queueSend(WEB_SOCKET_PING_PONG_BUFFER_TYPE, this.#outgoing.pingFrame(payload), context)
  }

  #queueSend(bufferType: number, frame: OutgoingFrame, context: unknown): void {
    this.#sends.push({ bufferType, frame, context, sent: 0, done: false })
  }

  /** Queues a receive. @param buffer Where the payload is to be copied, if anywhere. */
  receive(buffer: WEB_SOCKET_BUFFER | undefined, context: unknown): void {
    this.#checkNotAborted('receive')
    if (this.#receiveSide === 'closeReceived') {
      throw new ResultError(E_INVALID_PROTOCOL_OPERATION, 'Cannot receive: a Close frame came (RFC 6455 §5.5.1)')
    }
    const target = buffer === undefined ? undefined : attempt(() => readBytes(buffer.data, 'data'))
    if (target?.length === 0) throw new ResultError(E_INVALIDARG, 'Cannot receive into a buffer of no bytes')
    this.#receives.push({ target, context, result: undefined })
  }

  #checkNotAborted(verb: string): void {
    if (this.#abortReason === undefined) return
    throw new ResultError(E_INVALID_PROTOCOL_OPERATION, `Cannot ${verb}: ${this.#abortReason}`)
  }

  // --- which action is next ----------------------------------------------------------------------------------------

  /** @throws ResultError for an error in received bytes, or when the action needs more slots; nothing is changed then. */
  nextAction(queue: number, slots: number): ActionOutputs {
    if (this.#abortReason === undefined && isGone(this.#memory)) {
      throw new ResultError(E_OUTOFMEMORY, 'The memory of the handle was detached or shrunk')
    }
    const sends = (queue & WEB_SOCKET_SEND_ACTION_QUEUE) !== 0
    const receives = (queue & WEB_SOCKET_RECEIVE_ACTION_QUEUE) !== 0
    if (receives) this.#parse()
    return (
      (receives ? this.#nextPong(slots) : undefined) ??
      (sends ? this.#nextSendAction(slots) : undefined) ??
      (receives ? this.#nextReceiveAction(slots) : undefined) ??
      noAction()
    )
  }

  /** Parses until the head receive has a result, a pong can be handed out, more bytes are needed, or there is an error. */
  #parse(): void {
    const head = this.#receives.first
    if (head === undefined || this.#receiveAction !== undefined) return
    while (head.result === undefined && typeof this.#receiveSide === 'string') {
      if (head.target !== undefined && byteLengthOf(head.target) === 0) {
        head.result = cancelledResult() // the application took its buffer away
        return
      }
      const received = this.#incoming.next(head.target)
      if (received === undefined) return
      switch (received.kind) {
        case 'ping':
          this.#waitingPong = received.payload
          if (this.#mayPong) return
          break
        case 'failure':
          this.#receiveSide = received.failure
          break
        case 'close':
          this.#receiveSide = 'closeReceived'
          this.#waitingPong = undefined // "unless it already received a Close frame" (RFC 6455 §5.5.2)
          head.result = received.result
          break
        default:
          head.result = received.result
      }
    }
  }

  /**
   * Whether a pong can be written next, whatever the order in which the application does the writes it was given: not
   * beside another pong, and not inside a frame.
   */
  get #mayPong(): boolean {
    if (this.#pongAction !== undefined) return false
    const outstanding = this.#sendAction
    if (outstanding?.isNetwork) return outstanding.bytes === frameSize(outstanding.operation.frame)
    const head = this.#sends.first
    return head === undefined || head.done || head.sent === 0
  }

  #nextPong(slots: number): ActionOutputs | undefined {
    const payload = this.#waitingPong
    if (payload === undefined || !this.#mayPong) return undefined
    checkSlots(slots)
    this.#waitingPong = undefined
    const buffers = layOut(this.#outgoing.pongFrame(payload), this.#memory.control, 0, 1, false)
    this.#pongAction = new ActionContext()
    return {
      dataBuffers: buffers.map((data) => ({ data })),
      action: WEB_SOCKET_SEND_TO_NETWORK_ACTION,
      bufferType: WEB_SOCKET_PING_PONG_BUFFER_TYPE,
      applicationContext: undefined,
      actionContext: this.#pongAction,
    }
  }

  #nextSendAction(slots: number): ActionOutputs | undefined {
    const head = this.#sends.first
    if (head === undefined || this.#sendAction !== undefined) return undefined
    // The header of the frame cannot be taken back, and no other bytes may stand in for the payload that it promises.
    if (!head.done && !isIntact(head.frame)) this.abort('a payload was detached or shrunk before it was sent')
    if (head.done) return this.#indicateSend(head)
    if (this.#pongAction !== undefined) return undefined
    checkSlots(slots)
    const buffers = layOut(head.frame, this.#memory.send, head.sent, slots, this.#sendsByReference)
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
    this.#sendAction = { operation: head, context: new ActionContext(), isNetwork: true, bytes }
    return {
      dataBuffers: buffers.map((data) => ({ data })),
      action: WEB_SOCKET_SEND_TO_NETWORK_ACTION,
      bufferType: head.bufferType,
      applicationContext: head.context,
      actionContext: this.#sendAction.context,
    }
  }

  #indicateSend(operation: SendOperation): ActionOutputs {
    this.#sendAction = { operation, context: new ActionContext(), isNetwork: false, bytes: 0 }
    return {
      dataBuffers: [],
      action: WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
      bufferType: operation.bufferType,
      applicationContext: operation.context,
      actionContext: this.#sendAction.context,
    }
  }

  #nextReceiveAction(slots: number): ActionOutputs | undefined {
    const head = this.#receives.first
    if (head === undefined || this.#receiveAction !== undefined) return undefined
    if (head.result !== undefined) {
      checkSlots(slots)
      return this.#indicateReceive(head, head.result)
    }
    if (typeof this.#receiveSide === 'object') {
      throw new ResultError(this.#receiveSide.hr, this.#receiveSide.detail)
    }
    checkSlots(slots)
    const data = this.#incoming.freePart()
    this.#receiveAction = { operation: head, context: new ActionContext(), isNetwork: true, bytes: data.length }
    return {
      dataBuffers: [{ data }],
      action: WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
      bufferType: 0,
      applicationContext: head.context,
      actionContext: this.#receiveAction.context,
    }
  }

  #indicateReceive(operation: ReceiveOperation, { bufferType, buffer, cancelled }: ReceiveResult): ActionOutputs {
    this.#receiveAction = { operation, context: new ActionContext(), isNetwork: false, bytes: 0 }
    return {
      dataBuffers: [buffer],
      action: WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
      bufferType,
      applicationContext: operation.context,
      actionContext: this.#receiveAction.context,
      ...(cancelled === undefined ? {} : { cancelled }),
    }
  }

  // --- what was done ----------------------------------------------------------------------------------------------

  /** An action was done. A context that stands for none that is outstanding is ignored. */
  complete(context: unknown, bytesTransferred: unknown): void {
    if (!(context instanceof ActionContext)) return
    if (context === this.#pongAction) this.#pongAction = undefined
    else if (context === this.#sendAction?.context) this.#completeSend(this.#sendAction, bytesTransferred)
    else if (context === this.#receiveAction?.context) this.#completeReceive(this.#receiveAction, bytesTransferred)
  }

  #completeSend({ operation, isNetwork, bytes }: Outstanding<SendOperation>, bytesTransferred: unknown): void {
    this.#sendAction = undefined
    if (!isNetwork) {
      this.#sends.shift()
      return
    }
    const isComplete = countOf(bytesTransferred, bytes) === bytes
    operation.sent += bytes
    operation.done = !isComplete || this.#abortReason !== undefined || operation.sent === frameSize(operation.frame)
  }

  #completeReceive({ operation, isNetwork, bytes }: Outstanding<ReceiveOperation>, bytesTransferred: unknown): void {
    this.#receiveAction = undefined
    if (!isNetwork) {
      this.#receives.shift()
      return
    }
    const count = isGone(this.#memory) || this.#abortReason !== undefined ? 0 : countOf(bytesTransferred, bytes)
    if (count === 0) operation.result = cancelledResult()
    else this.#incoming.append(count)
  }

  /** Nothing more is sent or received; what is queued is over. What is in the application's hands stays there. */
  abort(reason: string): void {
    if (this.#abortReason !== undefined) return
    this.#abortReason = reason
    this.#waitingPong = undefined
    if (typeof this.#receiveSide === 'object') this.#receiveSide = 'open'
    this.session.abort()
    for (const operation of this.#sends) {
      if (operation !== this.#sendAction?.operation) operation.done = true
    }
    for (const operation of this.#receives) {
      if (operation !== this.#receiveAction?.operation) operation.result = cancelledResult()
    }
  }
}

function checkSlots(slots: number): void {
  if (slots === 0) throw new ResultError(E_INVALIDARG, 'The next action needs a slot for a buffer, and there is none')
}

/** How many bytes were moved: at most as many as the buffers have; what is no number of bytes moved none. */
function countOf(bytesTransferred: unknown, bytes: number): number {
  return typeof bytesTransferred === 'number' && bytesTransferred > 0
    ? Math.min(Math.floor(bytesTransferred), bytes)
    : 0
}
