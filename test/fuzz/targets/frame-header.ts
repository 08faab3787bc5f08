// Frame headers, close payloads and UTF-8: what is parsed is what the bytes say, and writing it again gives the same bytes.

import { isUtf8 } from 'node:buffer'
import {
  type ClosePayloadViolation,
  type CloseStatus,
  closePayloadBytes,
  closePayloadViolation,
  parseClosePayload,
} from '../../../src/codec/close-payload.ts'
import { frameHeaderSize, parseFrameHeader, writeFrameHeader } from '../../../src/codec/frame-header.ts'
import { advanceBytes, advanceUtf8, UTF8_BOUNDARY } from '../../../src/codec/utf8.ts'
import { hex, hexList, isSameBytes, mayTravelByRfc, utf8 } from '../../support/wire.ts'
import { holds, holdsSame } from '../property.ts'

/** What is tested; a test puts something broken in its place. */
export interface FrameCodec {
  readonly parseFrameHeader: typeof parseFrameHeader
  readonly advanceUtf8: typeof advanceUtf8
}

export const dictionary = hexList(
  '81 fe, 82 ff, 00 00 00 00 00 01 00 00, 7e 00 7d, ff ff ff ff, 03 e8, 03 ed, 0b b8, 13 87, e2 82 ac, ' +
    'ed a0 80, f0 9f 98 80, f4 8f bf bf, f4 90 80 80, c0 af, e0 a0 80, ef bb bf',
)

export const seeds = [
  hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'),
  hex('82 fe 01 00 00 00 00 00'),
  hex('82 7f 00 00 00 00 00 01 00 00'),
  hex('03 e8 67 6f 6e 65'),
  utf8('κόσμε and some ASCII that is long enough for a step of more than sixty-four bytes 😀'),
]

export const maxBytes = 256

export const fuzz = fuzzWith({ parseFrameHeader, advanceUtf8 })

export function fuzzWith(codec: FrameCodec): (data: Uint8Array) => void {
  return (data) => {
    checkHeader(codec, data)
    checkClosePayload(data.subarray(0, 125))
    checkUtf8(codec, data)
  }
}

function checkHeader(codec: FrameCodec, data: Uint8Array): void {
  const header = codec.parseFrameHeader(data)
  const lengthCode = (data[1] ?? 0) & 0x7f
  const masked = (data[1] ?? 0) > 0x7f
  const size = 2 + (lengthCode === 126 ? 2 : lengthCode === 127 ? 8 : 0) + (masked ? 4 : 0)
  holdsSame(header === undefined, data.length < size, 'A header is parsed when all of it is there')
  if (header === undefined) return
  holdsSame(header.size, size, 'Size of the header')
  holds(codec.parseFrameHeader(data.subarray(0, size - 1)) === undefined, 'A header without its last byte is none')

  const view = new DataView(data.buffer, data.byteOffset)
  const length = lengthCode === 127 ? view.getBigUint64(2) : BigInt(lengthCode === 126 ? view.getUint16(2) : lengthCode)
  const isExact = length <= BigInt(Number.MAX_SAFE_INTEGER)
  holdsSame(Number.isSafeInteger(header.payloadLength), isExact, 'An inexact length is seen to be')
  if (!isExact) return
  holdsSame(header.payloadLength, Number(length), 'Payload length')
  holdsSame(header.maskingKey, masked ? view.getUint32(size - 4) : undefined, 'Masking key')
  holdsSame(header.opcode, data[0]! % 16, 'Opcode')

  const written = new Uint8Array(14)
  const end = writeFrameHeader(written, 0, header)
  holdsSame(end, frameHeaderSize(header.payloadLength, masked), 'Size of the header that is written')
  holdsSame(end === size, header.lengthIsMinimal, 'A header is written in its shortest form')
  const again = codec.parseFrameHeader(written.subarray(0, end))!
  if (header.lengthIsMinimal) {
    holds(isSameBytes(written.subarray(0, end), data.subarray(0, end)), 'A header is written as it was parsed')
  }
  holds(again.lengthIsMinimal && again.fin === header.fin, 'A header that is written can be parsed')
  holdsSame(again.payloadLength, header.payloadLength, 'Payload length, parsed again')
  holdsSame(again.reservedBits, header.reservedBits, 'Reserved bits, parsed again')
}

function checkClosePayload(payload: Uint8Array): void {
  const parsed = parseClosePayload(payload)
  if (payload.length < 2) {
    holdsSame('violation' in parsed, payload.length === 1, 'A close payload of one byte is none')
    return
  }
  const code = payload[0]! * 256 + payload[1]!
  const reason = payload.subarray(2)
  const isValid = mayTravelByRfc(code) && isUtf8(reason)
  holdsSame(!('violation' in parsed), isValid, 'Verdict on a close payload')
  if (isValid) checkCloseStatus(parsed as CloseStatus, code, payload)
  else checkEarliest(parsed as ClosePayloadViolation, payload)
}

function checkCloseStatus(status: CloseStatus, code: number, payload: Uint8Array): void {
  holdsSame(status.code, code, 'Close code')
  holds(
    isSameBytes(closePayloadBytes(code, utf8(status.reason)), payload),
    'A close payload is written as it was parsed',
  )
}

/** What is wrong is seen with the byte that decides it, and not before. */
function checkEarliest({ at, violation }: ClosePayloadViolation, payload: Uint8Array): void {
  const early = closePayloadViolation(payload, at + 1)
  holdsSame(early?.violation, violation, 'Violation at the byte that decides')
  holds(at === 0 || closePayloadViolation(payload, at) === undefined, 'Violation before the byte that decides')
}

function checkUtf8(codec: FrameCodec, data: Uint8Array): void {
  const state = codec.advanceUtf8(UTF8_BOUNDARY, data, 0, data.length)
  holdsSame(state === UTF8_BOUNDARY, isUtf8(data), 'Verdict on UTF-8')
  holdsSame(advanceBytes(UTF8_BOUNDARY, data, 0, data.length), state, 'Byte after byte')
  const cut = data.length === 0 ? 0 : data[0]! % data.length
  const half = codec.advanceUtf8(UTF8_BOUNDARY, data, 0, cut)
  holdsSame(half < 0 ? half : codec.advanceUtf8(half, data, cut, data.length), state, 'In two parts')
  if (state < 0)
    holds(codec.advanceUtf8(UTF8_BOUNDARY, data, 0, ~state) >= 0, 'No byte before the first wrong one is wrong')
}
