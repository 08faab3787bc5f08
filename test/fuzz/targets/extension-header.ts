// `Sec-WebSocket-Extensions`: the list, the parameters of permessage-deflate, and what two endpoints make of them.

import { formatExtensionList, isToken, type ListEntry, parseExtensionList } from '../../../src/codec/http-list.ts'
import {
  answerDeflateOffer,
  type DeflateAgreement,
  type DeflatePreferences,
  type DirectionAgreement,
  deflateAgreement,
  deflateOffers,
  formatDeflateParameters,
  isAnswerTo,
  parseDeflateParameters,
  type WindowBits,
} from '../../../src/extension/deflate-params.ts'
import { type AgreedExtension, type DeflatePort, permessageDeflate } from '../../../src/extension/index.ts'
import { acceptAnswers, answerOffers } from '../../../src/handshake/extension-negotiation.ts'
import { concat, utf8 } from '../../support/wire.ts'
import { Choices } from '../choices.ts'
import { holds, holdsSame } from '../property.ts'

export const dictionary = [
  'permessage-deflate',
  'client_max_window_bits',
  'server_max_window_bits',
  'client_no_context_takeover',
  'server_no_context_takeover',
  'permessage-deflate; client_max_window_bits',
  '; server_max_window_bits=12',
  ...['; ', ', ', '=', '"', '\\', '"10"', '=8', '=15', '=08', '=16', ' \t', '__proto__'],
]

export const seeds = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate',
  'permessage-deflate; client_max_window_bits="9"; server_no_context_takeover; client_no_context_takeover',
  'x-a; b="c\\d", x-e;f=g ; h',
].map((text) => concat(Uint8Array.of(0, 7), utf8(text)))

function notUsed(): never {
  throw new Error('Nothing is compressed while extensions are negotiated')
}

const NO_DEFLATE: DeflatePort = { createDeflater: notUsed, createInflater: notUsed }

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data)
  const server = readPreferences(choices)
  const client = readPreferences(choices)
  checkOwnOffers(client, server)
  const rest = choices.rest()
  const entries = parseExtensionList(Buffer.from(rest.buffer).toString('latin1'))
  if (entries === undefined) return
  checkList(entries)
  checkAnswers(entries, server)
  checkAccepted(entries, client)
}

/** What each side would have, in one byte. */
function readPreferences(choices: Choices): DeflatePreferences {
  const byte = choices.byte()
  return {
    serverNoContextTakeover: (byte & 1) !== 0,
    clientNoContextTakeover: (byte & 2) !== 0,
    serverMaxWindowBits: (9 + ((byte >> 2) % 7)) as WindowBits,
    clientMaxWindowBits: (9 + ((byte >> 5) % 7)) as WindowBits,
  }
}

function checkList(entries: readonly ListEntry[]): void {
  for (const { name, parameters } of entries) {
    const texts = parameters.flatMap(([parameter, value]) => (value === undefined ? [parameter] : [parameter, value]))
    holds([name, ...texts].every(isToken), 'Names and values are tokens (RFC 6455 §9.1)')
  }
  const formatted = formatExtensionList(entries)
  const again = parseExtensionList(formatted)
  holdsSame(JSON.stringify(again), JSON.stringify(entries), 'A list that was written')
}

/** A server's answer to whatever was offered. */
function checkAnswers(entries: readonly ListEntry[], preferences: DeflatePreferences): void {
  const agreed = answerOffers(entries, [permessageDeflate(NO_DEFLATE, preferences)])
  holds(agreed.length <= 1, 'An extension is agreed on once')
  const offers = entries.filter(({ name }) => name === 'permessage-deflate').map((entry) => entry.parameters)
  for (const { parameters } of agreed) {
    const answer = parseDeflateParameters(parameters)
    holds(answer !== undefined && typeof answer.clientMaxWindowBits !== 'boolean', 'An answer is one (RFC 7692 §7.1)')
    const isFair = offers.some((offer) => {
      const parsed = parseDeflateParameters(offer)
      return parsed !== undefined && isAnswerTo(parsed, answer)
    })
    holds(isFair, 'An answer is to one of the offers')
    holds(isUsable(deflateAgreement(answer)), 'Windows are of 8 to 15 bits (RFC 7692 §7.1.2)')
  }
  for (const offer of offers) {
    const parsed = parseDeflateParameters(offer)
    if (parsed === undefined) continue
    const again = parseDeflateParameters(formatDeflateParameters(parsed))
    holdsSame(JSON.stringify(again), JSON.stringify(parsed), 'Parameters that were written')
  }
}

/** A client given whatever a server may answer. */
function checkAccepted(entries: readonly ListEntry[], preferences: DeflatePreferences): void {
  const offers = deflateOffers(preferences)
  const agreed: AgreedExtension[] | string = acceptAnswers(entries, [permessageDeflate(NO_DEFLATE, preferences)])
  if (typeof agreed === 'string') return
  holdsSame(agreed.length, entries.length, 'An answer is accepted as a whole (RFC 6455 §4.1)')
  for (const { parameters } of agreed) {
    const answer = parseDeflateParameters(parameters)!
    holds(
      offers.some((offer) => isAnswerTo(offer, answer)),
      'An answer that is accepted is one to an offer',
    )
    const { server, client } = deflateAgreement(answer, preferences)
    holds(isUsable({ server, client }), 'Windows are of 8 to 15 bits (RFC 7692 §7.1.2)')
    holds(
      client.windowBits <= preferences.clientMaxWindowBits,
      'A client compresses with no larger window than it likes',
    )
  }
}

/** Two endpoints of ours always agree, and mean the same by it. */
function checkOwnOffers(client: DeflatePreferences, server: DeflatePreferences): void {
  const [offer] = deflateOffers(client)
  const answer = answerDeflateOffer(offer!, server)
  holds(answer !== undefined && isAnswerTo(offer!, answer), 'An offer of ours is answered')
  const ofClient = deflateAgreement(answer, client)
  const ofServer = deflateAgreement(answer)
  holds(mayInflate(ofClient.server, ofServer.server), 'A client can inflate what its server sends')
  holds(mayInflate(ofServer.client, ofClient.client), 'A server can inflate what its client sends')
}

/** Whether the window that one side keeps is as large as the other side's reach, and as long. */
function mayInflate(inflates: DirectionAgreement, deflates: DirectionAgreement): boolean {
  return inflates.windowBits >= deflates.windowBits && (!inflates.noContextTakeover || deflates.noContextTakeover)
}

function isUsable({ server, client }: DeflateAgreement): boolean {
  return [server, client].every(({ windowBits }) => windowBits >= 8 && windowBits <= 15)
}
