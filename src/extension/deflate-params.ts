// The parameters of permessage-deflate (RFC 7692 §7.1): parsed, offered, answered, agreed. Data only; what compresses is
// elsewhere.
//
// Each direction has a window of its own, named after the side that compresses. One that nobody mentions is of the
// largest size (RFC 7692 §7.1.2).

import type { ExtensionParameter } from './extension.ts'

/** Base-2 logarithm of the size of a window in bytes (RFC 7692 §7.1.2). */
export type WindowBits = 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15

/** One offer, or one answer, of permessage-deflate, checked. */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: WindowBits | undefined
  /** `true` is the parameter without a value: a client that will do as it is told. Only in an offer (RFC 7692 §7.1.2.2). */
  readonly clientMaxWindowBits: WindowBits | true | undefined
}

/** What an endpoint would have, whichever role it plays. */
export interface DeflatePreferences {
  /** The server forgets each message once it is compressed (RFC 7692 §7.1.1.1). Default `true`. */
  readonly serverNoContextTakeover: boolean
  /** The client forgets each message once it is compressed (RFC 7692 §7.1.1.2). Default `true`. */
  readonly clientNoContextTakeover: boolean
  /** Base-2 logarithm of the window that the server compresses with, 9 to 15 (RFC 7692 §7.1.2.1). Default 12. */
  readonly serverMaxWindowBits: WindowBits
  /** Base-2 logarithm of the window that the client compresses with, 9 to 15 (RFC 7692 §7.1.2.2). Default 12. */
  readonly clientMaxWindowBits: WindowBits
}

/** What a client says of its own compressor in an offer, and holds to whatever the answer (RFC 7692 §7.1.1.2, §7.1.2.2). */
type ClientHints = Pick<DeflateParameters, 'clientNoContextTakeover' | 'clientMaxWindowBits'>

/** What both sides agreed on: how each of them compresses. */
export interface DeflateAgreement {
  readonly server: DirectionAgreement
  readonly client: DirectionAgreement
}

export interface DirectionAgreement {
  /** Whether each message starts with an empty window. */
  readonly noContextTakeover: boolean
  readonly windowBits: WindowBits
}

const LARGEST_WINDOW: WindowBits = 15

// zlib has no encoder for a window of 256 bytes. That for 512 happens to refer back no further than 250, which nobody
// promises. Inflating with 256 is no trouble.
const SMALLEST_ENCODER_WINDOW: WindowBits = 9

/** @returns `undefined` for a parameter that is unknown, repeated, or has a value that it may not have. */
export function parseDeflateParameters(parameters: readonly ExtensionParameter[]): DeflateParameters | undefined {
  const seen = new Map<string, WindowBits | true>()
  for (const [name, value] of parameters) {
    const parsed = parseParameter(name, value)
    if (parsed === undefined || seen.has(name)) return undefined
    seen.set(name, parsed)
  }
  const serverMaxWindowBits = seen.get('server_max_window_bits')
  if (serverMaxWindowBits === true) return undefined // it has no meaning without a value
  return {
    serverNoContextTakeover: seen.has('server_no_context_takeover'),
    clientNoContextTakeover: seen.has('client_no_context_takeover'),
    serverMaxWindowBits,
    clientMaxWindowBits: seen.get('client_max_window_bits'),
  }
}

function parseParameter(name: string, value: string | undefined): WindowBits | true | undefined {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return value === undefined ? true : undefined
    case 'server_max_window_bits':
    case 'client_max_window_bits':
      return value === undefined ? true : parseWindowBits(value)
    default:
      return undefined
  }
}

/** "a decimal integer value without leading zeroes between 8 to 15, inclusive" (RFC 7692 §7.1.2). */
function parseWindowBits(value: string): WindowBits | undefined {
  return /^(?:[89]|1[0-5])$/.test(value) ? (Number(value) as WindowBits) : undefined
}

/** The parameters as they stand in a header, in the order of RFC 7692 §7.1. */
export function formatDeflateParameters(parameters: DeflateParameters): ExtensionParameter[] {
  const formatted: ExtensionParameter[] = []
  if (parameters.serverNoContextTakeover) formatted.push(['server_no_context_takeover', undefined])
  if (parameters.clientNoContextTakeover) formatted.push(['client_no_context_takeover', undefined])
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters
  if (serverMaxWindowBits !== undefined) formatted.push(['server_max_window_bits', String(serverMaxWindowBits)])
  if (clientMaxWindowBits !== undefined) {
    formatted.push(['client_max_window_bits', clientMaxWindowBits === true ? undefined : String(clientMaxWindowBits)])
  }
  return formatted
}

/**
 * What a client offers, most preferred first: what it would have; where that demands something of the server, which a
 * server may be unable to give or may overlook, the same without it; and, where a size goes with the client's own window,
 * the same without the size, as there are servers that set one and decline every offer of a smaller one. The client
 * compresses with the window that it prefers nevertheless: a larger one is allowed, not demanded (RFC 7692 §7.1.2.2).
 */
export function deflateOffers(preferences: DeflatePreferences): DeflateParameters[] {
  const wanted: DeflateParameters = {
    serverNoContextTakeover: preferences.serverNoContextTakeover,
    clientNoContextTakeover: preferences.clientNoContextTakeover,
    serverMaxWindowBits: unlessLargest(preferences.serverMaxWindowBits),
    clientMaxWindowBits: unlessLargest(preferences.clientMaxWindowBits) ?? true,
  }
  const offers = [wanted]
  const undemanding = { ...wanted, serverNoContextTakeover: false, serverMaxWindowBits: undefined }
  if (wanted.serverNoContextTakeover || wanted.serverMaxWindowBits !== undefined) offers.push(undemanding)
  if (wanted.clientMaxWindowBits !== true) offers.push({ ...undemanding, clientMaxWindowBits: true })
  return offers
}

/**
 * What a server answers an offer with. A client that cannot be told how large its window may be is not declined for it:
 * inflating for it takes a window of the largest size.
 *
 * @returns `undefined` to decline the offer: it demands a window that nothing can be encoded with.
 */
export function answerDeflateOffer(
  offer: DeflateParameters,
  preferences: DeflatePreferences,
): DeflateParameters | undefined {
  const serverMaxWindowBits = smaller(limitOf(offer.serverMaxWindowBits), preferences.serverMaxWindowBits)
  const clientMaxWindowBits = smaller(limitOf(offer.clientMaxWindowBits), preferences.clientMaxWindowBits)
  if (serverMaxWindowBits < SMALLEST_ENCODER_WINDOW) return undefined
  return {
    // Either may be answered without being offered. The server's must be when it is; the client's is a hint then, and
    // taking it up leaves nothing for the two sides to read differently (RFC 7692 §7.1.1).
    serverNoContextTakeover: offer.serverNoContextTakeover || preferences.serverNoContextTakeover,
    clientNoContextTakeover: offer.clientNoContextTakeover || preferences.clientNoContextTakeover,
    // May be answered without being offered, and must be when it is (RFC 7692 §7.1.2.1).
    serverMaxWindowBits:
      offer.serverMaxWindowBits === undefined ? unlessLargest(serverMaxWindowBits) : serverMaxWindowBits,
    // Must not be answered without being offered (RFC 7692 §7.1.2.2).
    clientMaxWindowBits: offer.clientMaxWindowBits === undefined ? undefined : unlessLargest(clientMaxWindowBits),
  }
}

/** Whether a server may give this answer to this offer (RFC 7692 §7.1.1, §7.1.2). */
export function isAnswerTo(offer: DeflateParameters, answer: DeflateParameters): boolean {
  const { serverMaxWindowBits: ofServer, clientMaxWindowBits: ofClient } = answer
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) return false
  if (offer.serverMaxWindowBits !== undefined) {
    if (ofServer === undefined || ofServer > offer.serverMaxWindowBits) return false
  }
  if (ofClient === undefined) return true
  if (ofClient === true || offer.clientMaxWindowBits === undefined) return false
  return ofClient <= limitOf(offer.clientMaxWindowBits)
}

/**
 * How each side compresses under an answer.
 *
 * @param hints For a client, its own: its preferences, or the offer that states them. A server's answer takes up the
 * hints of the offer, so a server has none to give; its own preferences are not those of its peer.
 */
export function deflateAgreement(answer: DeflateParameters, hints?: ClientHints): DeflateAgreement {
  return {
    server: {
      noContextTakeover: answer.serverNoContextTakeover,
      windowBits: limitOf(answer.serverMaxWindowBits),
    },
    client: {
      noContextTakeover: answer.clientNoContextTakeover || hints?.clientNoContextTakeover === true,
      windowBits: smaller(limitOf(answer.clientMaxWindowBits), limitOf(hints?.clientMaxWindowBits)),
    },
  }
}

/** Whether a side can compress under its agreement; it may always send messages as they are (RFC 7692 §6). */
export function canEncode({ windowBits }: DirectionAgreement): boolean {
  return windowBits >= SMALLEST_ENCODER_WINDOW
}

/** The largest window that a parameter allows, when it is there and when it is not. */
function limitOf(maxWindowBits: WindowBits | true | undefined): WindowBits {
  return typeof maxWindowBits === 'number' ? maxWindowBits : LARGEST_WINDOW
}

/** The largest window goes without saying. */
function unlessLargest(windowBits: WindowBits): WindowBits | undefined {
  return windowBits === LARGEST_WINDOW ? undefined : windowBits
}

function smaller(a: WindowBits, b: WindowBits): WindowBits {
  return a < b ? a : b
}
