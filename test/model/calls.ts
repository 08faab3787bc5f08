// What an application may do with a handle, as the model and the explorer name it: sends of each kind, receives, actions
// fetched and completed, and what the wire brings when it is read.

import { hex, utf8 } from '../support/wire.ts'

export type Role = 'client' | 'server'

/** What can be queued with `WebSocketSend`: number, payload, and for a Close frame its status. */
export interface SendKind {
  readonly bufferType: number
  readonly payload: Uint8Array
  readonly status?: number
}

const UTF8_MESSAGE = 0x8000_0000
const UTF8_FRAGMENT = 0x8000_0001
const BINARY_MESSAGE = 0x8000_0002
const BINARY_FRAGMENT = 0x8000_0003
const CLOSE = 0x8000_0004
const PING_PONG = 0x8000_0005
const UNSOLICITED_PONG = 0x8000_0006

export const BUFFER_TYPE = {
  UTF8_MESSAGE,
  UTF8_FRAGMENT,
  BINARY_MESSAGE,
  BINARY_FRAGMENT,
  CLOSE,
  PING_PONG,
  UNSOLICITED_PONG,
} as const

const NOTHING = new Uint8Array(0)

/** One of each buffer type, in sizes that fit the send area and that do not. */
export const SEND_KINDS = {
  text: { bufferType: UTF8_MESSAGE, payload: utf8('message') },
  textFragment: { bufferType: UTF8_FRAGMENT, payload: utf8('piece') },
  // More than a server's send area holds beside a header, and more than a client's holds at all.
  binary: { bufferType: BINARY_MESSAGE, payload: Uint8Array.from({ length: 300 }, (_, i) => i) },
  binaryFragment: { bufferType: BINARY_FRAGMENT, payload: hex('00 01 02') },
  empty: { bufferType: UTF8_MESSAGE, payload: NOTHING },
  close: { bufferType: CLOSE, payload: utf8('bye'), status: 1001 },
  emptyClose: { bufferType: CLOSE, payload: NOTHING },
  ping: { bufferType: PING_PONG, payload: NOTHING },
  unsolicitedPong: { bufferType: UNSOLICITED_PONG, payload: NOTHING },
} as const satisfies Record<string, SendKind>

export type SendName = keyof typeof SEND_KINDS

/** With a buffer of the application's, of so many bytes; with none, data comes in memory of the engine. */
export const RECEIVE_KINDS = { receive: 0, receiveIntoThree: 3 } as const

export type ReceiveName = keyof typeof RECEIVE_KINDS

export type OperationName = SendName | ReceiveName

/** What can come from the peer in one read, as frames without a mask. */
export const WIRE = {
  text: '81 05 48656c6c6f',
  fragment: '01 02 4865',
  lastFragment: '80 03 6c6c6f',
  emptyBinary: '82 00',
  ping: '89 01 70',
  pong: '8a 02 7131',
  close: '88 05 03e8 627965',
  emptyClose: '88 00',
  reservedOpcode: '83 00',
  badText: '81 02 61ff',
  pingAndText: '89 01 61 81 01 78',
  twoPings: '89 01 62 89 01 63',
  textAndClose: '81 01 79 88 02 03e9',
} as const

export type WireName = keyof typeof WIRE

/** A frame that comes in two reads, cut inside its payload; and one that is cut inside its header. */
export const CUT = { inPayload: { wire: '82 04 01020304', at: -1 }, inHeader: { wire: '89 02 7a7a', at: 1 } } as const

export type CutName = keyof typeof CUT

export type Call =
  | { readonly call: 'send'; readonly kind: SendName }
  | { readonly call: 'receive'; readonly kind: ReceiveName }
  | { readonly call: 'getAction'; readonly queue: 1 | 2 | 3; readonly slots: number }
  | { readonly call: 'completeWrite'; readonly bytes: 'all' | 'fewer' | 'none' | 'more' }
  | { readonly call: 'completePong'; readonly bytes: 'all' | 'none' }
  | { readonly call: 'completeRead'; readonly wire: WireName | 'nothing' | `${CutName}, begin` | `${CutName}, end` }
  | { readonly call: 'completeIndication'; readonly of: 'send' | 'receive'; readonly bytes: number }
  | { readonly call: 'completeAgain' }
  | { readonly call: 'completeNothing' }
  | { readonly call: 'abort' }
  | { readonly call: 'delete' }

/** Bytes as hexadecimal digits. */
export function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** A call as a transcript has it. */
export function shownCall(call: Call): string {
  const { call: name, ...details } = call
  return `${name}(${Object.values(details).join(', ')})`
}
