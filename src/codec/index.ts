// Frame headers, masking, UTF-8, close codes, heads and lists: for building other things.
export { CloseCode, mayTravel } from './close-code.ts'
export {
  type ClosePayloadViolation,
  type CloseStatus,
  closePayloadBytes,
  MAX_CLOSE_REASON_BYTES,
  parseClosePayload,
} from './close-payload.ts'
export {
  type FrameHeader,
  frameHeaderSize,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_FRAME_HEADER_BYTES,
  type ParsedFrameHeader,
  parseFrameHeader,
  writeFrameHeader,
} from './frame-header.ts'
export { formatExtensionList, isToken, parseExtensionList } from './http-list.ts'
export {
  DEFAULT_HEAD_LIMITS,
  formatRequestHead,
  formatResponseHead,
  type HeadLimits,
  type HeadResult,
  type HeadViolation,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from './http1-head.ts'
export { maskInto } from './mask.ts'
export { isControlOpcode, isReservedOpcode, Opcode } from './opcode.ts'
export { type BytesLike, isUint8Array, viewBytes } from './payload-bytes.ts'
export { ProtocolError, VIOLATIONS, type ViolationCode } from './protocol-error.ts'
export { decodeText, encodeText } from './text.ts'
export { advanceUtf8, heldUtf8Bytes, UTF8_BOUNDARY } from './utf8.ts'
export {
  type ErrorPhase,
  InvalidStateError,
  InvalidTextError,
  TransportError,
  WebSocketError,
} from './web-socket-error.ts'
