// The frame header (RFC 6455 §5.2): 2 to 14 bytes before the payload, which is not touched here. Whether a header is
// legal for a connection is asked elsewhere, with the whole header in hand; only the length has rules of its own.

/** A frame header, as sent and as received. */
export interface FrameHeader {
  /** This frame is the last of its message. */
  readonly fin: boolean
  /** RSV1 to RSV3 as one number: 0b100 is RSV1. */
  readonly reservedBits: number
  readonly opcode: number
  /** The masking key as an unsigned 32-bit number, first byte on top; `undefined` when the frame is not masked. */
  readonly maskingKey: number | undefined
  /** Bytes of payload. A parsed length above 2^53 - 1 is inexact, but always above 2^53 - 1. */
  readonly payloadLength: number
}

/** A header that was parsed, with the room that it took. */
export interface ParsedFrameHeader extends FrameHeader {
  /** Bytes of the header itself, 2 to 14. */
  readonly size: number
  /** Whether the length came in its shortest form (RFC 6455 §5.2: "the minimal number of bytes MUST be used"). */
  readonly lengthIsMinimal: boolean
}

/** The longest header: two bytes, eight of length, four of masking key. */
export const MAX_FRAME_HEADER_BYTES = 14

/** Most bytes of payload that a control frame may carry (RFC 6455 §5.5). */
export const MAX_CONTROL_PAYLOAD_BYTES = 125

/** Returns `undefined` while `bytes` holds less than a whole header. */
export function parseFrameHeader(bytes: Uint8Array): ParsedFrameHeader | undefined {
  if (bytes.length < 2) return undefined
  const first = bytes[0]!
  const second = bytes[1]!
  const masked = (second & 0x80) !== 0
  const extendedSize = extendedLengthSize(second)
  const size = 2 + extendedSize + (masked ? 4 : 0)
  if (bytes.length < size) return undefined

  const payloadLength = readPayloadLength(bytes, 0)
  return {
    fin: (first & 0x80) !== 0,
    reservedBits: (first >> 4) & 0b111,
    opcode: first & 0x0f,
    maskingKey: masked ? readUint32(bytes, size - 4) : undefined,
    payloadLength,
    size,
    lengthIsMinimal: isMinimalLength(extendedSize, payloadLength),
  }
}

/** How many bytes of extended length follow the second byte of a header: 0, 2 or 8. */
export function extendedLengthSize(secondByte: number): 0 | 2 | 8 {
  const lengthCode = secondByte & 0x7f
  return lengthCode < 126 ? 0 : lengthCode === 126 ? 2 : 8
}

/** The payload length of the header at `at`, whose length bytes must all be there. */
export function readPayloadLength(bytes: Uint8Array, at: number): number {
  const lengthCode = bytes[at + 1]! & 0x7f
  if (lengthCode < 126) return lengthCode
  if (lengthCode === 126) return (bytes[at + 2]! << 8) | bytes[at + 3]!
  // No shift can hold 64 bits; a product of exact halves is exact up to 2^53 - 1 and only grows above it.
  return readUint32(bytes, at + 2) * 0x1_0000_0000 + readUint32(bytes, at + 6)
}

/** Whether a length that came in `extendedSize` bytes could not have come in fewer. */
export function isMinimalLength(extendedSize: 0 | 2 | 8, payloadLength: number): boolean {
  return extendedSize === 0 || payloadLength > (extendedSize === 2 ? 125 : 0xffff)
}

/** How many bytes the header of a frame takes, the length in its shortest form. */
export function frameHeaderSize(payloadLength: number, masked: boolean): number {
  return (payloadLength < 126 ? 2 : payloadLength <= 0xffff ? 4 : 10) + (masked ? 4 : 0)
}

/** Writes a header at `at` of `target`, the length in its shortest form. @returns where the payload begins. */
export function writeFrameHeader(target: Uint8Array, at: number, header: FrameHeader): number {
  const first = (header.fin ? 0x80 : 0) | (header.reservedBits << 4) | header.opcode
  return writeHeaderBytes(target, at, first, header.payloadLength, header.maskingKey)
}

/** {@link writeFrameHeader} for those who have the first byte already. */
export function writeHeaderBytes(
  target: Uint8Array,
  at: number,
  first: number,
  payloadLength: number,
  maskingKey: number | undefined,
): number {
  const maskBit = maskingKey === undefined ? 0 : 0x80
  target[at] = first
  let next = at + 2
  if (payloadLength < 126) {
    target[at + 1] = maskBit | payloadLength
  } else if (payloadLength <= 0xffff) {
    target[at + 1] = maskBit | 126
    target[next++] = payloadLength >>> 8
    target[next++] = payloadLength
  } else {
    target[at + 1] = maskBit | 127
    next = writeUint32(target, next, Math.floor(payloadLength / 0x1_0000_0000))
    next = writeUint32(target, next, payloadLength % 0x1_0000_0000)
  }
  return maskingKey === undefined ? next : writeUint32(target, next, maskingKey)
}

/** {@link readUint32}, but signed: a number that an engine has at hand wherever it goes. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

/** An unsigned 32-bit number in network byte order. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0
}

function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
  return at + 4
}
