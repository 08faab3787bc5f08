// What a peer did wrong, as `ws` tells it: its class of error, its code and its sentence. What `ws` does not know keeps the
// code and sentence of ours; the cause always says which rule was broken.

import { ProtocolError, type ViolationCode } from '../codec/index.ts'

type Row = readonly [ErrorClass: typeof Error, code: string, sentence: string | ((found: number) => string)]

const FRAME = 'Invalid WebSocket frame:'

const INVALID_OPCODE: Row = [RangeError, 'WS_ERR_INVALID_OPCODE', (opcode) => `${FRAME} invalid opcode ${opcode}`]
const INVALID_CONTROL_LENGTH: Row = [
  RangeError,
  'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
  (length) => `${FRAME} invalid payload length ${length}`,
]
const UNSUPPORTED_LENGTH: Row = [
  RangeError,
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  'Unsupported WebSocket frame: payload length > 2^53 - 1',
]
const MESSAGE_TOO_LONG: Row = [RangeError, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'Max payload size exceeded']
const INVALID_UTF8: Row = [Error, 'WS_ERR_INVALID_UTF8', `${FRAME} invalid UTF-8 sequence`]
const RSV1: Row = [RangeError, 'WS_ERR_UNEXPECTED_RSV_1', `${FRAME} RSV1 must be clear`]
const RSV2_OR_RSV3: Row = [RangeError, 'WS_ERR_UNEXPECTED_RSV_2_3', `${FRAME} RSV2 and RSV3 must be clear`]

const ROWS: { readonly [Code in ViolationCode]?: Row } = {
  RESERVED_BIT_SET: RSV1,
  RESERVED_OPCODE: INVALID_OPCODE,
  UNEXPECTED_CONTINUATION: INVALID_OPCODE,
  MESSAGE_NOT_FINISHED: INVALID_OPCODE,
  CONTROL_FRAME_FRAGMENTED: [RangeError, 'WS_ERR_EXPECTED_FIN', `${FRAME} FIN must be set`],
  CONTROL_FRAME_TOO_LONG: INVALID_CONTROL_LENGTH,
  CLOSE_PAYLOAD_TOO_SHORT: INVALID_CONTROL_LENGTH,
  FRAME_NOT_MASKED: [RangeError, 'WS_ERR_EXPECTED_MASK', `${FRAME} MASK must be set`],
  FRAME_MASKED: [RangeError, 'WS_ERR_UNEXPECTED_MASK', `${FRAME} MASK must be clear`],
  LENGTH_NOT_SAFE: UNSUPPORTED_LENGTH,
  LENGTH_TOP_BIT_SET: UNSUPPORTED_LENGTH,
  MESSAGE_TOO_BIG: MESSAGE_TOO_LONG,
  COMPRESSED_DATA_TOO_LONG: MESSAGE_TOO_LONG,
  TOO_MANY_FRAGMENTS: [RangeError, 'WS_ERR_TOO_MANY_BUFFERED_PARTS', 'Too many message fragments'],
  CLOSE_CODE_NOT_ALLOWED: [
    RangeError,
    'WS_ERR_INVALID_CLOSE_CODE',
    (closeCode) => `${FRAME} invalid status code ${closeCode}`,
  ],
  INVALID_UTF8,
  CLOSE_REASON_NOT_UTF8: INVALID_UTF8,
}

const RSV2_AND_RSV3 = 0b011

/** What is emitted as 'error' when a connection fails. */
export function toEmittedError(cause: Error): Error {
  const row = cause instanceof ProtocolError ? rowOf(cause) : undefined
  if (row === undefined) return cause
  const [ErrorClass, code, sentence] = row
  const { found = 0 } = cause as ProtocolError
  const text = typeof sentence === 'string' ? sentence : sentence(found)
  return Object.assign(new ErrorClass(text, { cause }), { code })
}

function rowOf({ code, found = 0 }: ProtocolError): Row | undefined {
  return code === 'RESERVED_BIT_SET' && (found & RSV2_AND_RSV3) !== 0 ? RSV2_OR_RSV3 : ROWS[code]
}
