// Buffer types ↔ what the engine says of a message. Beside the seven named types there are those of extensions: bit 31
// and bit 0 are 0, and bits 8 to 1 are the first byte of the frame (FIN, reserved bits, opcode). The documentation has
// one ambiguous remark about them, "9 remaining lowest bits"; this is the reading chosen here.

import { Opcode } from '../codec/opcode.ts'
import type { MessageType } from '../session/index.ts'
import {
  WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
  WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
} from './constants.ts'
import { E_INVALID_PROTOCOL_OPERATION, E_INVALIDARG, ResultError, shown } from './result.ts'

/** A message or a piece of one, as the engine knows it. */
export interface MessagePart {
  readonly type: MessageType
  readonly final: boolean
  readonly reservedBits: number
}

const NAMED_TYPES: ReadonlyMap<number, MessagePart> = new Map([
  [WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, { type: 'text', final: true, reservedBits: 0 }],
  [WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE, { type: 'text', final: false, reservedBits: 0 }],
  [WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, { type: 'binary', final: true, reservedBits: 0 }],
  [WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE, { type: 'binary', final: false, reservedBits: 0 }],
])

const GREATEST_EXTENSION_TYPE = 0xff << 1

/**
 * What a data type of `WebSocketSend` means.
 *
 * @param openMessage The type of the message that was begun and not ended.
 * @param isExtended Whether an extension was negotiated; without one its buffer types do not exist.
 */
export function readDataType(
  bufferType: number,
  openMessage: MessageType | undefined,
  isExtended: boolean,
): MessagePart {
  const part = NAMED_TYPES.get(bufferType) ?? (isExtended ? readExtensionType(bufferType, openMessage) : undefined)
  if (part === undefined) throw new ResultError(E_INVALIDARG, `Buffer type ${shown(bufferType)} cannot be sent`)
  return part
}

function readExtensionType(bufferType: number, openMessage: MessageType | undefined): MessagePart | undefined {
  if (!Number.isInteger(bufferType) || bufferType < 0 || bufferType > GREATEST_EXTENSION_TYPE) return undefined
  if (bufferType % 2 !== 0) return undefined
  const firstByte = bufferType >> 1
  const opcode = firstByte & 0x0f
  if (opcode > Opcode.binary) return undefined // extensions of control frames are not offered
  if ((opcode === Opcode.continuation) !== (openMessage !== undefined)) {
    const found = openMessage === undefined ? 'no message is open to continue' : 'the last message is not finished'
    throw new ResultError(E_INVALID_PROTOCOL_OPERATION, `Cannot send opcode ${opcode}: ${found} (RFC 6455 §5.4)`)
  }
  const type = openMessage ?? (opcode === Opcode.text ? 'text' : 'binary')
  return { type, final: (firstByte & 0x80) !== 0, reservedBits: (firstByte >> 4) & 0b111 }
}

/**
 * The buffer type of a received piece. Every piece of a message whose first frame has a reserved bit says so, and which
 * opcode it began with; FIN, like MESSAGE, means that the message ends here.
 */
export function receivedBufferType({ type, final, reservedBits }: MessagePart): number {
  if (reservedBits !== 0) return ((final ? 0x80 : 0) | (reservedBits << 4) | Opcode[type]) << 1
  if (type === 'text') return final ? WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE : WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE
  return final ? WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE : WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE
}
