// Received bytes → what a receive is given. The session parses; here pieces of one frame are joined for as long as the
// receive can take more, which costs nothing: they lie side by side where they were received.

import { CloseCode } from '../codec/close-code.ts'
import { byteLengthOf } from '../codec/payload-bytes.ts'
import type { CloseEvent, FailureEvent, FragmentEvent, Session, SessionEvent } from '../session/index.ts'
import { receivedBufferType } from './buffer-types.ts'
import { ReceiveArea } from './buffers.ts'
import { type WEB_SOCKET_BUFFER, WEB_SOCKET_CLOSE_BUFFER_TYPE, WEB_SOCKET_PING_PONG_BUFFER_TYPE } from './constants.ts'
import { type ReceiveFailure, receiveFailure } from './result.ts'

/** What a receive is completed with. */
export interface ReceiveResult {
  readonly bufferType: number
  readonly buffer: WEB_SOCKET_BUFFER
  readonly cancelled?: true
}

/** What was found in the bytes: something for a receive, or something that concerns the whole handle. */
export type Received =
  | { readonly kind: 'piece' | 'pong' | 'close'; readonly result: ReceiveResult }
  | { readonly kind: 'ping'; readonly payload: Uint8Array }
  | { readonly kind: 'failure'; readonly failure: ReceiveFailure }

export class Incoming {
  readonly #session: Session
  readonly #area: ReceiveArea
  // Bytes that came with the handshake; they go through the area like all others.
  #early: Uint8Array
  // Payload of the frame being read that was parsed and not handed over yet. It ends where the parsed bytes end.
  #joinedBytes = 0
  #fragment: FragmentEvent | undefined
  #closed = false

  constructor(session: Session, area: Uint8Array, early: Uint8Array) {
    this.#session = session
    this.#area = new ReceiveArea(area)
    this.#early = early
  }

  /** Room for the next read from the network; there is some once `next` asked for more bytes. */
  freePart(): Uint8Array {
    return this.#area.freePart()
  }

  /** `count` bytes were read into the room. What follows a Close frame is dropped. */
  append(count: number): void {
    if (!this.#closed) this.#session.receive(this.#area.append(count))
  }

  /**
   * Parses until there is something to tell. @returns `undefined` when more bytes are needed.
   *
   * @param target Where a receive wants its payload copied; it bounds the piece, as the area does.
   */
  next(target: Uint8Array | undefined): Received | undefined {
    const capacity = target === undefined ? Number.POSITIVE_INFINITY : byteLengthOf(target)
    for (;;) {
      // More may have been joined for an earlier receive, which was then cancelled.
      if (this.#joinedBytes >= capacity) return this.#piece(capacity, false, target)
      const event = this.#session.next(capacity - this.#joinedBytes)
      if (event === undefined) {
        if (this.#area.isFull) return this.#piece(this.#joinedBytes, false, target)
        if (!this.#appendEarly()) return undefined
      } else if (event.kind === 'fragment') {
        this.#fragment = event
        this.#joinedBytes += event.payload.length
        if (event.endOfFrame) return this.#piece(this.#joinedBytes, event.final, target)
      } else {
        return this.#other(event)
      }
    }
  }

  /** Hands over the first `length` of the joined bytes. */
  #piece(length: number, final: boolean, target: Uint8Array | undefined): Received {
    const { type, reservedBits } = this.#fragment!
    const bytes = this.#area.take(length, this.#session.inputBytes + this.#joinedBytes)
    this.#joinedBytes -= length
    target?.set(bytes)
    const data = target === undefined ? bytes : target.subarray(0, length)
    return {
      kind: 'piece',
      result: { bufferType: receivedBufferType({ type, final, reservedBits }), buffer: { data } },
    }
  }

  #other(event: SessionEvent): Received {
    switch (event.kind) {
      case 'ping':
        this.#area.take(0, this.#session.inputBytes)
        return { kind: 'ping', payload: event.payload }
      case 'pong': {
        const data = this.#place(event.payload)
        return { kind: 'pong', result: { bufferType: WEB_SOCKET_PING_PONG_BUFFER_TYPE, buffer: { data } } }
      }
      case 'close':
        this.#closed = true
        return { kind: 'close', result: { bufferType: WEB_SOCKET_CLOSE_BUFFER_TYPE, buffer: this.#closeStatus(event) } }
      default:
        // The session hands over no whole messages, and ends only when it is aborted.
        return { kind: 'failure', failure: receiveFailure((event as FailureEvent).error) }
    }
  }

  #closeStatus({ code, reasonBytes }: CloseEvent): WEB_SOCKET_BUFFER {
    const reason = this.#place(reasonBytes)
    return { reason: code === CloseCode.noStatusReceived ? undefined : reason, status: code }
  }

  /** Puts the payload of a control frame, unmasked, back where the frame was received. */
  #place(payload: Uint8Array): Uint8Array {
    const view = this.#area.take(payload.length, this.#session.inputBytes + payload.length)
    view.set(payload)
    return view
  }

  /** Moves early bytes into the free part. @returns whether there were any. */
  #appendEarly(): boolean {
    const room = this.#area.freePart()
    const bytes = this.#early.subarray(0, room.length)
    room.set(bytes)
    this.#early = this.#early.subarray(bytes.length)
    this.append(bytes.length)
    return bytes.length > 0
  }
}
