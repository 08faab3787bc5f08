// What the RFCs say about the first two bytes of a frame: read out of RFC 6455 and RFC 7692, and of nothing else. This file
// imports nothing, so that no mistake of the engine can be a mistake of what judges it.

/** Who receives the frame, and how far the connection has come when it does. */
export interface Situation {
  readonly receiver: 'client' | 'server'
  /** Whether permessage-deflate was agreed on. */
  readonly compression: boolean
  /** The message of which frames came before, and the final one did not. */
  readonly message?: { readonly type: 'text' | 'binary'; readonly compressed: boolean; readonly bytes: number }
  /** Which Close frames are through, or whether the receiver has failed the connection. */
  readonly closing?: 'sent' | 'received' | 'failed'
  /** The largest message that the receiver takes. */
  readonly maxMessageBytes: number
}

/** The first two bytes of a frame, taken apart (RFC 6455 §5.2). */
interface Beginning {
  readonly fin: boolean
  readonly rsv1: boolean
  readonly rsv2: boolean
  readonly rsv3: boolean
  readonly opcode: number
  readonly masked: boolean
  /** The seven bits: a length up to 125, or how many bytes more say it. */
  readonly length: number
}

interface Row {
  /** Document and section. */
  readonly rule: string
  readonly says: string
  /** Which of the two bytes decides. */
  readonly byte: 0 | 1
  readonly closeCode: 1002 | 1009
  breaks(frame: Beginning, situation: Situation): boolean
}

/** What becomes of the two bytes. */
export type Verdict =
  | {
      readonly kind: 'refused'
      readonly closeCode: number
      readonly byte: 0 | 1
      readonly rule: string
      readonly says: string
    }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'accepted'; readonly completes: Completion }

/** What a frame that begins so is, once it is complete. */
export type Completion = 'ping' | 'pong' | 'close' | 'text' | 'binary' | 'no message yet'

const CONTINUATION = 0x0
const TEXT = 0x1
const BINARY = 0x2
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa

const isControl = ({ opcode }: Beginning) => opcode === CLOSE || opcode === PING || opcode === PONG
const beginsMessage = ({ opcode }: Beginning) => opcode === TEXT || opcode === BINARY

/** In this order: what breaks the protocol comes before what is more than somebody takes. */
const ROWS: readonly Row[] = [
  {
    rule: 'RFC 6455 §5.2',
    says: 'Opcodes 3 to 7 and B to F are reserved. "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."',
    byte: 0,
    closeCode: 1002,
    breaks: (frame) => !isControl(frame) && !beginsMessage(frame) && frame.opcode !== CONTINUATION,
  },
  {
    rule: 'RFC 6455 §5.2',
    says: 'RSV1 to RSV3 "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values"; permessage-deflate defines RSV1 only.',
    byte: 0,
    closeCode: 1002,
    breaks: ({ rsv1, rsv2, rsv3 }, { compression }) => rsv2 || rsv3 || (rsv1 && !compression),
  },
  {
    rule: 'RFC 7692 §6.1',
    says: '"An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first fragments of a data message." Who receives such a frame fails the connection.',
    byte: 0,
    closeCode: 1002,
    breaks: (frame) => frame.rsv1 && !beginsMessage(frame),
  },
  {
    rule: 'RFC 6455 §5.5',
    says: 'Control frames "MUST NOT be fragmented".',
    byte: 0,
    closeCode: 1002,
    breaks: (frame) => isControl(frame) && !frame.fin,
  },
  {
    rule: 'RFC 6455 §5.4',
    says: 'A frame of opcode 0 continues a message that a frame of another opcode, with FIN clear, began.',
    byte: 0,
    closeCode: 1002,
    breaks: ({ opcode }, { message }) => opcode === CONTINUATION && message === undefined,
  },
  {
    rule: 'RFC 6455 §5.4',
    says: '"The fragments of one message MUST NOT be interleaved between the fragments of another message".',
    byte: 0,
    closeCode: 1002,
    breaks: (frame, { message }) => beginsMessage(frame) && message !== undefined,
  },
  {
    rule: 'RFC 6455 §5.1',
    says: '"The server MUST close the connection upon receiving a frame that is not masked."',
    byte: 1,
    closeCode: 1002,
    breaks: ({ masked }, { receiver }) => receiver === 'server' && !masked,
  },
  {
    rule: 'RFC 6455 §5.1',
    says: '"A client MUST close a connection if it detects a masked frame."',
    byte: 1,
    closeCode: 1002,
    breaks: ({ masked }, { receiver }) => receiver === 'client' && masked,
  },
  {
    rule: 'RFC 6455 §5.5',
    says: '"All control frames MUST have a payload length of 125 bytes or less".',
    byte: 1,
    closeCode: 1002,
    breaks: (frame) => isControl(frame) && frame.length > 125,
  },
  {
    rule: 'RFC 6455 §5.5.1',
    says: '"If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer": one byte is none.',
    byte: 1,
    closeCode: 1002,
    breaks: ({ opcode, length }) => opcode === CLOSE && length === 1,
  },
  {
    rule: 'RFC 6455 §10.4, §7.4.1',
    says: 'A message that is too big to process. Of a compressed one that is not known from how long its frames are; of a length that comes in more bytes, from these two.',
    byte: 1,
    closeCode: 1009,
    breaks: (frame, { message, maxMessageBytes }) =>
      !isControl(frame) &&
      frame.length < 126 &&
      !(frame.rsv1 || message?.compressed === true) &&
      frame.length > maxMessageBytes - (message?.bytes ?? 0),
  },
]

/** The number of rows, and each as it is to be cited. */
export const RULES: readonly string[] = ROWS.map(({ rule, says }) => `${rule}: ${says}`)

/** What the RFCs say becomes of a frame that begins with these two bytes. */
export function verdict(first: number, second: number, situation: Situation): Verdict {
  // RFC 6455 §1.4: "after receiving a control frame indicating the connection should be closed, that peer discards any
  // further data received". §7.1.7: after failing, an endpoint "MUST NOT continue to attempt to process data".
  if (situation.closing === 'received' || situation.closing === 'failed') return { kind: 'ignored' }
  const frame: Beginning = {
    fin: first >= 0x80,
    rsv1: Math.floor(first / 0x40) % 2 === 1,
    rsv2: Math.floor(first / 0x20) % 2 === 1,
    rsv3: Math.floor(first / 0x10) % 2 === 1,
    opcode: first % 0x10,
    masked: second >= 0x80,
    length: second % 0x80,
  }
  for (const byte of [0, 1] as const) {
    const row = ROWS.find((one) => one.byte === byte && one.breaks(frame, situation))
    if (row !== undefined) return { kind: 'refused', closeCode: row.closeCode, byte, rule: row.rule, says: row.says }
  }
  return { kind: 'accepted', completes: completion(frame, situation) }
}

function completion({ opcode, fin }: Beginning, { message }: Situation): Completion {
  if (opcode === PING) return 'ping'
  if (opcode === PONG) return 'pong'
  if (opcode === CLOSE) return 'close'
  if (!fin) return 'no message yet'
  return opcode === CONTINUATION ? message!.type : opcode === TEXT ? 'text' : 'binary'
}
