// Result codes, and which of them a failure of the floors below becomes. Inside this folder a failure is thrown as a
// `ResultError`; the functions of the API return it and let nothing out.

import type { ViolationCode } from '../codec/protocol-error.ts'
import { InvalidStateError, InvalidTextError, type WebSocketError } from '../codec/web-socket-error.ts'
import { REFUSALS, type RefusalCode, type RefusalSubject } from '../handshake/index.ts'

export const S_OK = 0x0000_0000
export const E_INVALID_PROTOCOL_OPERATION = 0x8376_0001
export const E_INVALID_PROTOCOL_FORMAT = 0x8376_0002
export const E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED = 0x8376_0003
export const E_SUBPROTOCOL_NOT_SUPPORTED = 0x8376_0004
export const E_PROTOCOL_VERSION_NOT_SUPPORTED = 0x8376_0005
export const E_INVALIDARG = 0x8007_0057
export const E_OUTOFMEMORY = 0x8007_000e
export const E_HANDLE = 0x8007_0006

/** `WinError.h` has this Windows error code, and the macro that makes a result code of it. */
export const ERROR_INSUFFICIENT_BUFFER = 122
export function HRESULT_FROM_WIN32(code: number): number {
  return code === 0 ? S_OK : (0x8007_0000 | (code & 0xffff)) >>> 0
}
/** `HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER)`. */
export const E_NOT_SUFFICIENT_BUFFER = 0x8007_007a

/** What the API pages call `E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED`; no header has this name. */
export const E_UNSUPPORTED_EXTENSION = E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED
/** What the API pages call `E_SUBPROTOCOL_NOT_SUPPORTED`; no header has this name. */
export const E_UNSUPPORTED_SUBPROTOCOL = E_SUBPROTOCOL_NOT_SUPPORTED

// Ours: the WebSocket facility with the bit set that marks codes which are not Microsoft's. They come only to handles
// that were created with the limits they speak of.
export const WSPC_E_MESSAGE_TOO_BIG = 0xa376_0001
export const WSPC_E_QUOTA_EXCEEDED = 0xa376_0002

/** What every function that is not void returns. */
export interface Result {
  /** The result code, unsigned. */
  readonly hr: number
  /** Why it is not `S_OK`: one sentence, with the byte offset and the rule where there are any. */
  readonly detail?: string
}

/** A call that fails with `hr`. Never leaves the component. */
export class ResultError extends Error {
  readonly hr: number

  constructor(hr: number, detail: string) {
    super(detail)
    this.hr = hr
  }
}

/** A value of a caller, for a sentence: numbers as they are, of everything else only what it is. */
export function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : `(${typeof value})`
}

/** Runs what reads a caller's arguments or hands them to the engine: whatever it throws is the caller's mistake. */
export function attempt<Value>(action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    throw error instanceof ResultError ? error : mistake(error)
  }
}

function mistake(error: unknown): ResultError {
  const sentence = error instanceof Error ? error.message : 'An argument cannot be read'
  if (error instanceof InvalidStateError) return new ResultError(E_INVALID_PROTOCOL_OPERATION, sentence)
  if (error instanceof InvalidTextError) {
    return new ResultError(E_INVALID_PROTOCOL_FORMAT, `${sentence} (RFC 6455 §8.1)`)
  }
  return new ResultError(E_INVALIDARG, sentence)
}

// What a peer does wrong is malformed, except for these (docs/reference/component.md, "Errors in received bytes").
const RECEIVE_RESULTS: ReadonlyMap<ViolationCode, number> = new Map([
  ['UNEXPECTED_CONTINUATION', E_INVALID_PROTOCOL_OPERATION],
  ['MESSAGE_NOT_FINISHED', E_INVALID_PROTOCOL_OPERATION],
  ['MESSAGE_TOO_BIG', WSPC_E_MESSAGE_TOO_BIG],
  ['TOO_MANY_FRAGMENTS', WSPC_E_QUOTA_EXCEEDED],
])

/** What was wrong with received bytes. */
export interface ReceiveFailure {
  readonly hr: number
  readonly detail: string
  /** The close code to answer it with. */
  readonly closeStatus: number
  /** Which byte after the handshake decided, counted from 0. */
  readonly offset: number
  /** Document and section. */
  readonly rule: string
}

export function receiveFailure(error: WebSocketError): ReceiveFailure {
  const offset = error.offset!
  const rule = error.rule!
  return {
    hr: RECEIVE_RESULTS.get(error.code as ViolationCode) ?? E_INVALID_PROTOCOL_FORMAT,
    detail: `${error.message}, decided by byte ${offset} (${rule})`,
    closeStatus: error.closeCode!,
    offset,
    rule,
  }
}

const REFUSAL_RESULTS: Readonly<Record<RefusalSubject, number>> = {
  format: E_INVALID_PROTOCOL_FORMAT,
  version: E_PROTOCOL_VERSION_NOT_SUPPORTED,
  subprotocol: E_SUBPROTOCOL_NOT_SUPPORTED,
  extensions: E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED,
}

/** A handshake that fails for a reason of the engine's table. */
export function handshakeFailure(code: RefusalCode): ResultError {
  const { subject, text, rule } = REFUSALS[code]
  return new ResultError(REFUSAL_RESULTS[subject], `${text} (${rule})`)
}
