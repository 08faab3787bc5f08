// What an extension is to the rest of the house (RFC 6455 §9): to the handshake something that offers, answers and
// agrees; to the session the reserved bits that it claims. Nothing here knows a particular extension.

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
