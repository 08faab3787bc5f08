// What a session tells: values that can be logged, compared, batched, delayed and replayed.

import type { WebSocketError } from '../codec/web-socket-error.ts'

export type MessageType = 'text' | 'binary'

/** A whole message (`delivery: 'message'`). */
export interface MessageEvent {
  readonly kind: 'message'
  readonly type: MessageType
  /** The payload; that of a text message is valid UTF-8. */
  readonly payload: Uint8Array
  /** Whether the payload is memory of its own, yours to keep. Otherwise it is a view, valid until the next `receive`. */
  readonly owned: boolean
  /** The reserved bits of the first frame, which an agreed extension claims; 0 otherwise. */
  readonly reservedBits: number
  /** @internal The text, where the session delivers strings; there is no payload then. */
  readonly text?: string
}

/** A piece of a message, as it arrived (`delivery: 'fragment'` or `'raw'`). */
export interface FragmentEvent {
  readonly kind: 'fragment'
  readonly type: MessageType
  /** A view, valid until the next `receive`. */
  readonly payload: Uint8Array
  /** Whether the message ends with this piece. */
  readonly final: boolean
  /** Whether the frame ends with this piece; only what is interested in frames needs to know. */
  readonly endOfFrame: boolean
  /** The reserved bits of the first frame, which an agreed extension claims; 0 otherwise. */
  readonly reservedBits: number
}

/** A ping arrived (RFC 6455 §5.5.2); unless `autoPong` is off, its pong is already on its way. The payload is yours. */
export interface PingEvent {
  readonly kind: 'ping'
  readonly payload: Uint8Array
}

/** A pong arrived (RFC 6455 §5.5.3). The payload is yours. */
export interface PongEvent {
  readonly kind: 'pong'
  readonly payload: Uint8Array
  /** Milliseconds since the ping that it answers, by the times given to `tick`; `undefined` when it answers none. */
  readonly roundTripMs: number | undefined
}

/** A Close frame arrived (RFC 6455 §5.5.1); nothing but `closed` follows. */
export interface CloseEvent {
  readonly kind: 'close'
  /** 1005 when the frame carries none. */
  readonly code: number
  readonly reason: string
  /** The reason as it came. */
  readonly reasonBytes: Uint8Array
}

/** The connection was failed (RFC 6455 §7.1.7); nothing but `closed` follows. */
export interface FailureEvent {
  readonly kind: 'failure'
  readonly error: WebSocketError
}

/** How a connection ended (RFC 6455 §7.1.4 to §7.1.6). */
export interface CloseInfo {
  /**
   * The code of the peer's Close frame (1005 when it had none), or of ours when we failed the connection; 1006 when
   * there was neither.
   */
  readonly code: number
  /** The reason that came with that code. */
  readonly reason: string
  /** Whether both endpoints sent a Close frame, and not because of a failure (RFC 6455 §7.1.4). */
  readonly wasClean: boolean
  /** Who began to end it. */
  readonly initiator: 'local' | 'remote'
  /** The code of our Close frame, 1005 when it had none; `undefined` when none was sent. */
  readonly sentCode: number | undefined
  /** The code of the peer's Close frame, 1005 when it had none; `undefined` when none came. */
  readonly receivedCode: number | undefined
  /** Why, when it did not end normally. */
  readonly error: WebSocketError | undefined
}

/** The connection is closed (RFC 6455 §7.1.4): the last event of every session, exactly once. */
export interface ClosedEvent extends CloseInfo {
  readonly kind: 'closed'
}

export type SessionEvent =
  | MessageEvent
  | FragmentEvent
  | PingEvent
  | PongEvent
  | CloseEvent
  | FailureEvent
  | ClosedEvent
