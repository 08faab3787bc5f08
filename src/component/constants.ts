// Names, values and structures exactly as in `websocket.h` (Windows SDK): its one constant, its five enumerations, its
// four structures. What is ours and not Microsoft's carries the prefix `WSPC_` or `Wspc` and lives in `additions.ts`.

/** Most bytes of reason that fit a Close frame. */
export const WEB_SOCKET_MAX_CLOSE_REASON_LENGTH = 123

// WEB_SOCKET_ACTION: what the application has to do.
export const WEB_SOCKET_NO_ACTION = 0
export const WEB_SOCKET_SEND_TO_NETWORK_ACTION = 1
export const WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION = 2
export const WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION = 3
export const WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION = 4

/** The enumeration as one value, for printing names; its members are exported one by one, too. */
export const WEB_SOCKET_ACTION = Object.freeze({
  WEB_SOCKET_NO_ACTION,
  WEB_SOCKET_SEND_TO_NETWORK_ACTION,
  WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
  WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
  WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
})
export type WEB_SOCKET_ACTION = (typeof WEB_SOCKET_ACTION)[keyof typeof WEB_SOCKET_ACTION]

// WEB_SOCKET_ACTION_QUEUE: which actions are asked for; ALL is both bits.
export const WEB_SOCKET_SEND_ACTION_QUEUE = 1
export const WEB_SOCKET_RECEIVE_ACTION_QUEUE = 2
export const WEB_SOCKET_ALL_ACTION_QUEUE = 3

export const WEB_SOCKET_ACTION_QUEUE = Object.freeze({
  WEB_SOCKET_SEND_ACTION_QUEUE,
  WEB_SOCKET_RECEIVE_ACTION_QUEUE,
  WEB_SOCKET_ALL_ACTION_QUEUE,
})
export type WEB_SOCKET_ACTION_QUEUE = (typeof WEB_SOCKET_ACTION_QUEUE)[keyof typeof WEB_SOCKET_ACTION_QUEUE]

// WEB_SOCKET_BUFFER_TYPE. Received FRAGMENT and MESSAGE describe pieces as they are handed over, not frames.
export const WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE = 0x8000_0000
export const WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE = 0x8000_0001
export const WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE = 0x8000_0002
export const WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE = 0x8000_0003
export const WEB_SOCKET_CLOSE_BUFFER_TYPE = 0x8000_0004
/** A ping when sent, a pong when received, and the type of the automatic pong. */
export const WEB_SOCKET_PING_PONG_BUFFER_TYPE = 0x8000_0005
export const WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE = 0x8000_0006

export const WEB_SOCKET_BUFFER_TYPE = Object.freeze({
  WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
  WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
  WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_CLOSE_BUFFER_TYPE,
  WEB_SOCKET_PING_PONG_BUFFER_TYPE,
  WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE,
})
export type WEB_SOCKET_BUFFER_TYPE = (typeof WEB_SOCKET_BUFFER_TYPE)[keyof typeof WEB_SOCKET_BUFFER_TYPE]

// WEB_SOCKET_CLOSE_STATUS. EMPTY, ABORTED and SECURE_HANDSHAKE_ERROR never travel.
export const WEB_SOCKET_SUCCESS_CLOSE_STATUS = 1000
export const WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS = 1001
export const WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS = 1002
export const WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS = 1003
export const WEB_SOCKET_EMPTY_CLOSE_STATUS = 1005
export const WEB_SOCKET_ABORTED_CLOSE_STATUS = 1006
export const WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS = 1007
export const WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS = 1008
export const WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS = 1009
export const WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS = 1010
export const WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS = 1011
export const WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS = 1015

export const WEB_SOCKET_CLOSE_STATUS = Object.freeze({
  WEB_SOCKET_SUCCESS_CLOSE_STATUS,
  WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS,
  WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS,
  WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS,
  WEB_SOCKET_EMPTY_CLOSE_STATUS,
  WEB_SOCKET_ABORTED_CLOSE_STATUS,
  WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS,
  WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS,
  WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS,
  WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS,
  WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS,
  WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS,
})
export type WEB_SOCKET_CLOSE_STATUS = (typeof WEB_SOCKET_CLOSE_STATUS)[keyof typeof WEB_SOCKET_CLOSE_STATUS]

// WEB_SOCKET_PROPERTY_TYPE. The first five belong to a handle, the last two to `WebSocketGetGlobalProperty`.
export const WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE = 0
export const WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE = 1
export const WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE = 2
export const WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE = 3
export const WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE = 4
export const WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE = 5
export const WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE = 6

export const WEB_SOCKET_PROPERTY_TYPE = Object.freeze({
  WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE,
  WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
  WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
  WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE,
  WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE,
})
export type WEB_SOCKET_PROPERTY_TYPE = (typeof WEB_SOCKET_PROPERTY_TYPE)[keyof typeof WEB_SOCKET_PROPERTY_TYPE]

/** A property of a handle: sizes are numbers, switches booleans (or 0 and 1), `ALLOCATED_BUFFER` is memory. */
export interface WEB_SOCKET_PROPERTY {
  readonly type: number
  readonly value: number | boolean | Uint8Array
}

/** One header field, the name without the colon. */
export interface WEB_SOCKET_HTTP_HEADER {
  readonly name: string
  readonly value: string
}

/** A buffer: the union of `Data` and `CloseStatus`. An object has the fields of one of the two. */
export type WEB_SOCKET_BUFFER = WEB_SOCKET_DATA_BUFFER | WEB_SOCKET_CLOSE_STATUS_BUFFER

/** Every buffer type except CLOSE, and every network action. */
export interface WEB_SOCKET_DATA_BUFFER {
  readonly data: Uint8Array
  readonly reason?: undefined
  readonly status?: undefined
}

/** `WebSocketSend` of CLOSE, and a received CLOSE. */
export interface WEB_SOCKET_CLOSE_STATUS_BUFFER {
  /** UTF-8, at most 123 bytes. Received: `undefined` when the frame has no payload at all. */
  readonly reason: Uint8Array | undefined
  /** Received: 1005 when the frame has no payload. */
  readonly status: number
  readonly data?: undefined
}

declare const brand: unique symbol

/** An opaque handle: one session in one role. */
export interface WEB_SOCKET_HANDLE {
  readonly [brand]: 'WEB_SOCKET_HANDLE'
}
