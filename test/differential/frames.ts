// Frames as they are written and as they lie in bytes (RFC 6455 §5.2): apart from the code under test, and judging nothing.

/** A frame to write, right or wrong. */
export interface FrameSpec {
  readonly fin: boolean
  /** RSV1 is 4, RSV2 2, RSV3 1. */
  readonly reservedBits: number
  readonly opcode: number
  /** `undefined` for a frame that is not masked. */
  readonly key: number | undefined
  readonly payload: Uint8Array
  /** The bytes of its extended length, where it is not the shortest form. */
  readonly extendedSize?: 2 | 8
  /** The length that the header tells, where it is not that of the payload. */
  readonly length?: number
  /** The upper half of a length of 64 bits. */
  readonly lengthHigh?: number
}

export function writeFrame(frame: FrameSpec): Uint8Array<ArrayBuffer> {
  const { payload, key, length = payload.length, lengthHigh = 0 } = frame
  const least = length < 126 && lengthHigh === 0 ? 0 : length < 65_536 && lengthHigh === 0 ? 2 : 8
  const extendedSize = Math.max(least, frame.extendedSize ?? 0)
  const keyAt = 2 + extendedSize
  const start = keyAt + (key === undefined ? 0 : 4)
  const bytes = new Uint8Array(start + payload.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = (frame.fin ? 0x80 : 0) | (frame.reservedBits << 4) | frame.opcode
  bytes[1] = (key === undefined ? 0 : 0x80) | (extendedSize === 0 ? length : extendedSize === 2 ? 126 : 127)
  if (extendedSize === 2) view.setUint16(2, length)
  if (extendedSize === 8) {
    view.setUint32(2, lengthHigh)
    view.setUint32(6, length)
  }
  bytes.set(payload, start)
  if (key === undefined) return bytes
  view.setUint32(keyAt, key)
  unmask(bytes, start, bytes.length, key)
  return bytes
}

/** A frame as it lies in a stream, as far as it is there. */
export interface Frame {
  /** Where it begins and ends; the end may lie beyond that of the stream. */
  readonly at: number
  readonly end: number
  readonly fin: boolean
  readonly reservedBits: number
  readonly opcode: number
  readonly masked: boolean
  /** How many bytes its extended length has: 0, 2 or 8. */
  readonly extendedSize: number
  /** What it tells of its length; `undefined` where that is cut off. */
  readonly length: number | undefined
  /** What is there of its payload, unmasked. */
  readonly payload: Uint8Array
}

/** The frames of a stream, taken at their word. */
export function framesOf(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; at = frames.at(-1)!.end) frames.push(frameAt(bytes, at))
  return frames
}

function frameAt(bytes: Uint8Array, at: number): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = bytes[at]!
  const second = bytes[at + 1] ?? 0
  const masked = (second & 0x80) !== 0
  const code = second & 0x7f
  const extendedSize = code === 126 ? 2 : code === 127 ? 8 : 0
  const keyAt = at + 2 + extendedSize
  const start = keyAt + (masked ? 4 : 0)
  let length: number | undefined
  if (at + 2 <= bytes.length && keyAt <= bytes.length) {
    length = code
    if (extendedSize === 2) length = view.getUint16(at + 2)
    if (extendedSize === 8) length = view.getUint32(at + 2) * 2 ** 32 + view.getUint32(at + 6)
  }
  const end = length === undefined ? Number.POSITIVE_INFINITY : start + length
  const payload = bytes.slice(start, end)
  if (masked && start <= bytes.length) unmask(payload, 0, payload.length, view.getUint32(keyAt))
  return {
    at,
    end,
    fin: (first & 0x80) !== 0,
    reservedBits: (first >> 4) & 7,
    opcode: first & 0x0f,
    masked,
    extendedSize,
    length,
    payload,
  }
}

/** RFC 6455 §5.3, as it is written there. */
function unmask(bytes: Uint8Array, start: number, end: number, key: number): void {
  for (let i = start; i < end; i++) bytes[i]! ^= key >>> (24 - 8 * ((i - start) & 3))
}
