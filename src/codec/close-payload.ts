// The payload of a Close frame (RFC 6455 §5.5.1): nothing, or a close code of two bytes and a reason in UTF-8.

import { CloseCode, mayTravel } from './close-code.ts'
import { MAX_CONTROL_PAYLOAD_BYTES } from './frame-header.ts'
import type { ViolationCode } from './protocol-error.ts'
import { decodeText } from './text.ts'
import { advanceUtf8, UTF8_BOUNDARY } from './utf8.ts'

/** Most bytes of reason that fit a Close frame: 125 less the two of the code (RFC 6455 §5.5). */
export const MAX_CLOSE_REASON_BYTES = MAX_CONTROL_PAYLOAD_BYTES - 2

/** What a Close frame says. `code` is 1005 when it says nothing (RFC 6455 §7.1.5). */
export interface CloseStatus {
  readonly code: number
  readonly reason: string
}

/** A rule that a close payload breaks, and the index of the byte that decides it. */
export interface ClosePayloadViolation {
  readonly violation: ViolationCode
  readonly at: number
  /** The close code or the length that broke it. */
  readonly found?: number
}

/** Parses the whole payload of a received Close frame. */
export function parseClosePayload(payload: Uint8Array): CloseStatus | ClosePayloadViolation {
  if (payload.length === 1) return { violation: 'CLOSE_PAYLOAD_TOO_SHORT', at: 0, found: 1 }
  return closePayloadViolation(payload, payload.length) ?? readCloseStatus(payload)
}

/** The rule that the first `received` bytes of a payload break, whatever the rest of it may be. */
export function closePayloadViolation(payload: Uint8Array, received: number): ClosePayloadViolation | undefined {
  if (received < 2) return undefined
  const code = readCode(payload)
  if (!mayTravel(code)) return { violation: 'CLOSE_CODE_NOT_ALLOWED', at: 1, found: code }
  const state = advanceUtf8(UTF8_BOUNDARY, payload, 2, received)
  if (state < 0) return { violation: 'CLOSE_REASON_NOT_UTF8', at: ~state }
  if (received < payload.length || state === UTF8_BOUNDARY) return undefined
  return { violation: 'CLOSE_REASON_NOT_UTF8', at: received - 1 }
}

/** What a payload says that breaks no rule. */
export function readCloseStatus(payload: Uint8Array): CloseStatus {
  if (payload.length === 0) return { code: CloseCode.noStatusReceived, reason: '' }
  return { code: readCode(payload), reason: decodeText(payload.subarray(2)) }
}

/** The payload that carries `code` and `reason`, which must be allowed and short enough. */
export function closePayloadBytes(code: number, reason: Uint8Array): Uint8Array {
  const payload = new Uint8Array(2 + reason.length)
  payload[0] = code >>> 8
  payload[1] = code
  payload.set(reason, 2)
  return payload
}

function readCode(payload: Uint8Array): number {
  return (payload[0]! << 8) | payload[1]!
}
