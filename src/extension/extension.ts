// What an extension is to the rest of the house (RFC 6455 §9): to the handshake something that offers, answers and
// agrees; to the session the reserved bits that it claims, and what it does to messages. Nothing here knows a particular
// extension.

import type { ViolationCode } from '../codec/protocol-error.ts'

/** One parameter of an extension; `undefined` is a parameter without a value (RFC 6455 §9.1). */
export type ExtensionParameter = readonly [name: string, value: string | undefined]

/** One element of a `Sec-WebSocket-Extensions` list: an offer, or the answer to one (RFC 6455 §9.1). */
export interface ExtensionEntry {
  readonly name: string
  readonly parameters: readonly ExtensionParameter[]
}

/** What both endpoints agreed on, as the session needs it. Plain data can be written down and opened elsewhere. */
export interface AgreedExtension extends ExtensionEntry {
  /** The reserved bits that it claims, as in the frame header: 0b100 is RSV1, 0b010 RSV2, 0b001 RSV3 (RFC 6455 §5.2). */
  readonly reservedBits: number
  /**
   * Makes what changes the messages of one session, in the given role. An extension without it only claims its bits:
   * the application sets and reads them, and changes the payload itself.
   */
  readonly createTransforms?: ((role: 'client' | 'server') => MessageTransforms) | undefined
}

/** What an extension does to the messages of one session, in both directions. */
export interface MessageTransforms {
  readonly outgoing: OutgoingTransform
  readonly incoming: IncomingTransform
}

/** Where a run of payload ends: inside a fragment, with a fragment that can be read so far, or with the message. */
export type PayloadEnd = 'inside' | 'fragment' | 'message'

/**
 * Turns the payload of one message after another into another payload, in steps of bounded work. A run of payload is
 * written, then read until nothing is pending; then comes the next.
 */
export interface MessageTransform {
  /** Takes a run of payload, at most 64 KiB and perhaps nothing, borrowed until nothing is pending, which now is. */
  write(payload: Uint8Array, end: PayloadEnd): void
  /** Whether `read` has something to do. */
  readonly pending: boolean
  /**
   * Works for a while.
   *
   * @returns what came of it, at most 64 KiB and perhaps nothing; the memory is the caller's.
   * @throws TransformError when the payload is not what it should be.
   */
  read(): Uint8Array
  /**
   * A shorter way for short messages, where there is one: all of a message at once, in the place of `write` and `read`. A
   * transform of incoming messages that has it is not asked to `begin` for those that come whole: marked with all of its
   * bits they are given to this, and without any they are none of its affair.
   *
   * @param payload Borrowed; the message is what lies from `start` to `end`.
   * @returns what came of it, borrowed until anything is asked of any transform; `undefined` when this message has to go
   * the other way, whatever the reason. Nothing has happened then.
   */
  transformWhole?(payload: Uint8Array, start: number, end: number): Uint8Array | undefined
  /** Lets go of everything; nothing is asked of it after that. */
  close(): void
}

/** A message that is about to be sent. */
export interface OutgoingMessage {
  readonly type: 'text' | 'binary'
  /** Its length before any extension; `undefined` when it is sent in pieces and nobody knows. */
  readonly payloadBytes: number | undefined
  /** What the application asked for; `undefined` leaves it to the extension. */
  readonly compress: boolean | undefined
}

/** An extension's way with messages that are sent. */
export interface OutgoingTransform extends MessageTransform {
  /** A message begins. @returns the reserved bits to mark it with, or `undefined` to leave it as it is. */
  begin(message: OutgoingMessage): number | undefined
  /** What it takes to transform a message once for many sessions; without it each session transforms its own. */
  readonly sharing?: TransformSharing | undefined
}

/** How sessions of the same agreement share a message that was transformed once. */
export interface TransformSharing {
  /** Equal for all whose messages every one of their peers can read. */
  readonly key: string
  /** What transforms one message as this would, depending on no other message. */
  create(): MessageTransform
  /** A message that was transformed elsewhere is sent: what came before it may not be referred to any more. */
  forget(): void
}

/** An extension's way with messages that are received. */
export interface IncomingTransform extends MessageTransform {
  /**
   * A message begins, with these of the extension's reserved bits.
   *
   * @returns whether its payload is to be transformed.
   */
  begin(reservedBits: number): boolean
}

/** What a peer sent is not what its extension makes; the session fails the connection for it. */
export class TransformError extends Error {
  override readonly name = 'TransformError'
  readonly violation: ViolationCode

  constructor(violation: ViolationCode, options?: { readonly cause?: unknown }) {
    super(violation, options)
    this.violation = violation
  }
}

/** What an endpoint that understands an extension brings to the opening handshake. */
export interface Extension {
  /** The registered name, a token (RFC 6455 §11.4); compared exactly. */
  readonly name: string
  /** Client: the parameters to offer, one list per offer, most preferred first (RFC 6455 §9.1). */
  offers(): readonly (readonly ExtensionParameter[])[]
  /** Client: the agreement that the server's answer means, or `undefined` when the answer is not acceptable. */
  acceptAnswer(parameters: readonly ExtensionParameter[]): AgreedExtension | undefined
  /** Server: what one of the client's offers is answered with, or `undefined` to decline this offer. */
  answerOffer(parameters: readonly ExtensionParameter[]): AgreedExtension | undefined
}
