// Everything a peer can do wrong once the connection is open, one row each: the close code that answers it, the rule,
// and the sentence for the application. Checks name the row; what follows from it is decided in one place, the
// session's `fail`.

import { type ErrorPhase, WebSocketError } from './web-socket-error.ts'

interface Violation {
  /** The code of the Close frame that answers it; 1006 where the connection is past saying anything. */
  readonly closeCode: number
  /** Document and section. */
  readonly rule: string
  readonly text: string
}

/** The violations, by code (RFC 6455, and the limits that an endpoint sets under §7.4.1 and §10.4). */
export const VIOLATIONS = {
  RESERVED_BIT_SET: {
    closeCode: 1002,
    rule: 'RFC 6455 §5.2',
    text: 'Frame sets a reserved bit that no extension claims',
  },
  RESERVED_OPCODE: { closeCode: 1002, rule: 'RFC 6455 §5.2', text: 'Frame has a reserved opcode' },
  FRAME_NOT_MASKED: { closeCode: 1002, rule: 'RFC 6455 §5.1', text: 'Frame from a client is not masked' },
  FRAME_MASKED: { closeCode: 1002, rule: 'RFC 6455 §5.1', text: 'Frame from a server is masked' },
  LENGTH_NOT_MINIMAL: { closeCode: 1002, rule: 'RFC 6455 §5.2', text: 'Payload length is not in its shortest form' },
  LENGTH_TOP_BIT_SET: { closeCode: 1002, rule: 'RFC 6455 §5.2', text: 'Payload length of 64 bits has its top bit set' },
  LENGTH_NOT_SAFE: { closeCode: 1002, rule: 'RFC 6455 §10.4', text: 'Payload length is above 2^53 - 1' },
  CONTROL_FRAME_FRAGMENTED: { closeCode: 1002, rule: 'RFC 6455 §5.5', text: 'Control frame is fragmented' },
  CONTROL_FRAME_TOO_LONG: {
    closeCode: 1002,
    rule: 'RFC 6455 §5.5',
    text: 'Control frame has more than 125 bytes of payload',
  },
  UNEXPECTED_CONTINUATION: {
    closeCode: 1002,
    rule: 'RFC 6455 §5.4',
    text: 'Continuation frame without a message to continue',
  },
  MESSAGE_NOT_FINISHED: {
    closeCode: 1002,
    rule: 'RFC 6455 §5.4',
    text: 'New message begins before the last one ended',
  },
  INVALID_UTF8: { closeCode: 1007, rule: 'RFC 6455 §8.1', text: 'Text message is not valid UTF-8' },
  CLOSE_PAYLOAD_TOO_SHORT: { closeCode: 1002, rule: 'RFC 6455 §5.5.1', text: 'Close frame has a payload of one byte' },
  CLOSE_CODE_NOT_ALLOWED: {
    closeCode: 1002,
    rule: 'RFC 6455 §7.4',
    text: 'Close frame carries a close code that may not be sent',
  },
  CLOSE_REASON_NOT_UTF8: { closeCode: 1007, rule: 'RFC 6455 §5.5.1', text: 'Close reason is not valid UTF-8' },
  INVALID_COMPRESSED_DATA: {
    closeCode: 1007,
    rule: 'RFC 7692 §7.2.2',
    text: 'Compressed message is corrupt, cut off, or refers to what its receiver does not have',
  },
  COMPRESSED_DATA_TOO_LONG: {
    closeCode: 1009,
    rule: 'RFC 6455 §10.4',
    text: 'Compressed message is much longer than what it stands for',
  },
  MESSAGE_TOO_BIG: { closeCode: 1009, rule: 'RFC 6455 §10.4', text: 'Message is longer than maxMessageBytes' },
  TOO_MANY_FRAGMENTS: {
    closeCode: 1008,
    rule: 'RFC 6455 §10.4',
    text: 'Message has more fragments than maxMessageFragments',
  },
  TOO_MANY_CONTROL_FRAMES: {
    closeCode: 1008,
    rule: 'RFC 6455 §10.4',
    text: 'Control frames and empty fragments arrive faster than maxControlFramesPerSecond',
  },
  FRAME_TIMEOUT: { closeCode: 1008, rule: 'RFC 6455 §10.4', text: 'Frame was not complete within frameTimeoutMs' },
  PONG_TIMEOUT: { closeCode: 1006, rule: 'RFC 6455 §5.5.2', text: 'Ping was not answered within pongTimeoutMs' },
  CLOSE_TIMEOUT: {
    closeCode: 1006,
    rule: 'RFC 6455 §7.1.1',
    text: 'Closing handshake did not end within closeTimeoutMs',
  },
  ENDED_WITHOUT_CLOSE: { closeCode: 1006, rule: 'RFC 6455 §7.1.5', text: 'Byte stream ended without a Close frame' },
} as const satisfies Record<string, Violation>

export type ViolationCode = keyof typeof VIOLATIONS

/** A peer broke the protocol or a limit; `code` names the row of the table, `offset` the byte that decided. */
export class ProtocolError extends WebSocketError {
  declare readonly code: ViolationCode
  declare readonly closeCode: number
  declare readonly rule: string
  /** The number that broke it, where there is one: the opcode, the reserved bits, the 7-bit length or the close code. */
  readonly found: number | undefined

  constructor(code: ViolationCode, offset: number, phase: ErrorPhase = 'open', found?: number) {
    const { closeCode, rule, text } = VIOLATIONS[code]
    super(code, text, { closeCode, rule, phase, offset })
    this.found = found
  }
}
