// Frames as programs that know the inside of `ws` make and send them: with `Sender.frame` once, with `sendFrame` to many.

import {
  frameHeaderSize,
  isControlOpcode,
  isReservedOpcode,
  maskInto,
  parseClosePayload,
  parseFrameHeader,
  writeFrameHeader,
} from '../codec/index.ts'
import { nodeHost } from '../transport/node/index.ts'

/** What `Sender.frame` is told. */
export interface FrameOptions {
  opcode: number
  fin?: boolean | undefined
  /** RSV1, which a compressed message has on its first frame (RFC 7692 §6). */
  rsv1?: boolean | undefined
  mask?: boolean | undefined
  /** Where to put the masking key that was used. */
  maskBuffer?: Buffer | undefined
  generateMask?: ((mask: Buffer) => void) | undefined
  /** Whether the data must stay as it is; it always does. Then a masked frame is one buffer. */
  readOnly?: boolean | undefined
}

/** One frame: its header, and behind it its payload unless that is empty; in one piece where it had to be copied. */
export function formatFrame(data: string | Uint8Array, options: FrameOptions): Buffer[] {
  const payload = typeof data === 'string' ? Buffer.from(data) : data
  const maskingKey = options.mask ? drawMaskingKey(options) : undefined
  const header = Buffer.alloc(frameHeaderSize(payload.length, maskingKey !== undefined))
  writeFrameHeader(header, 0, {
    fin: Boolean(options.fin),
    reservedBits: options.rsv1 ? 0b100 : 0,
    opcode: options.opcode,
    maskingKey,
    payloadLength: payload.length,
  })
  if (payload.length === 0) return [header]
  if (maskingKey === undefined) {
    return [header, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)]
  }
  const masked = Buffer.alloc(payload.length)
  maskInto(masked, 0, payload, 0, payload.length, maskingKey, 0)
  return options.readOnly ? [Buffer.concat([header, masked])] : [header, masked]
}

function drawMaskingKey({ generateMask, maskBuffer = Buffer.alloc(4) }: FrameOptions): number {
  if (generateMask) generateMask(maskBuffer)
  else maskBuffer.writeUInt32BE(nodeHost.randomUint32())
  return maskBuffer.readUInt32BE(0)
}

/** A frame that was made, as the session can send it. */
export interface ReadFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly payload: Buffer
}

/**
 * @throws TypeError for what is not one whole frame that RFC 6455 §5 knows, or a compressed one: a session compresses by
 * itself.
 */
export function readFrame(list: readonly (Buffer | string)[]): ReadFrame {
  const bytes = Buffer.concat(list.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const header = parseFrameHeader(bytes)
  if (header === undefined || bytes.length !== header.size + header.payloadLength || header.reservedBits !== 0) {
    throw new TypeError('The list is not one whole frame without reserved bits')
  }
  const { opcode, fin, size, maskingKey } = header
  if (isReservedOpcode(opcode)) throw new TypeError(`The frame has the reserved opcode ${opcode}`)
  if (isControlOpcode(opcode) && !fin) throw new TypeError('The frame is a fragment of a control frame')
  const payload = bytes.subarray(size)
  if (maskingKey !== undefined) maskInto(payload, 0, payload, 0, payload.length, maskingKey, 0)
  return { opcode, fin, payload }
}

/** The parameters of `close` that the payload of a Close frame stands for. @throws TypeError when it stands for none. */
export function closeParameters(payload: Buffer): [code?: number, reason?: Buffer] {
  if (payload.length === 0) return []
  const status = parseClosePayload(payload)
  if ('violation' in status) throw new TypeError('The payload of the Close frame may not be sent')
  return [status.code, payload.subarray(2)]
}
