// The one base class of every error that this package makes, and the kinds that are nobody's protocol violation.
// What a peer does wrong has its own table: `protocol-error.ts` for frames, `handshake/handshake-error.ts` for the
// opening handshake.

/** Where in the life of a connection an error arose. */
export type ErrorPhase = 'opening' | 'open' | 'closing'

/** What an error may say beyond its sentence; only what applies is given. */
export interface WebSocketErrorDetails {
  readonly closeCode?: number | undefined
  readonly phase?: ErrorPhase | undefined
  readonly offset?: number | undefined
  readonly rule?: string | undefined
  readonly cause?: unknown
}

/** Base class of all errors of this package but those for wrong arguments, which are a `TypeError` or `RangeError`. */
export class WebSocketError extends Error {
  /** Stable name of what happened, listed in `docs/reference/errors.md`. */
  readonly code: string
  /** The close code that goes with it (RFC 6455 §7.4), where there is one. */
  readonly closeCode: number | undefined
  /** Where in the life of the connection it arose. */
  readonly phase: ErrorPhase | undefined
  /** How many bytes the peer had sent before the byte that decided, counted from the first byte after the handshake. */
  readonly offset: number | undefined
  /** The rule that was broken: document and section, such as `RFC 6455 §5.2`. */
  readonly rule: string | undefined

  constructor(code: string, message: string, details: WebSocketErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.name = new.target.name
    this.code = code
    this.closeCode = details.closeCode
    this.phase = details.phase
    this.offset = details.offset
    this.rule = details.rule
  }
}

/** Text that was handed over is not valid UTF-8 (RFC 6455 §8.1). Thrown at once; nothing was sent or changed. */
export class InvalidTextError extends TypeError {
  readonly code = 'INVALID_TEXT'
}

/** The call is right but not now: `code` is always `INVALID_STATE`. Thrown at once; nothing was sent or changed. */
export class InvalidStateError extends WebSocketError {
  constructor(message: string) {
    super('INVALID_STATE', message)
  }
}

/** The network or the platform failed; `cause` is what it said. */
export class TransportError extends WebSocketError {
  declare readonly cause: Error & { readonly code?: string | undefined }
}
