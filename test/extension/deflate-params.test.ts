// Header text in, header text out: the way from one to the other is that of the handshake, with an extension that is
// nothing but the functions under test.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatExtensionList, parseExtensionList } from '../../src/codec/http-list.ts'
import {
  answerDeflateOffer,
  canEncode,
  type DeflateAgreement,
  type DeflateParameters,
  type DeflatePreferences,
  type DirectionAgreement,
  deflateAgreement,
  deflateOffers,
  formatDeflateParameters,
  isAnswerTo,
  parseDeflateParameters,
  type WindowBits,
} from '../../src/extension/deflate-params.ts'
import type { AgreedExtension, Extension, ExtensionEntry } from '../../src/extension/index.ts'
import { acceptAnswers, answerOffers, offersOf } from '../../src/handshake/extension-negotiation.ts'

const NAME = 'permessage-deflate'

/** What an endpoint has that is not told otherwise. */
const DEFAULTS: DeflatePreferences = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
}

/** Wants nothing of its peer, so that an answer shows what the offer made of it. */
const UNDEMANDING: DeflatePreferences = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

function serverWith(preferences: DeflatePreferences): Extension {
  return extensionOf([], (parameters) => {
    const offer = parseDeflateParameters(parameters)
    return offer && answerDeflateOffer(offer, preferences)
  })
}

function clientWith(offers: readonly DeflateParameters[]): Extension {
  return extensionOf(offers, (parameters) => {
    const answer = parseDeflateParameters(parameters)
    return answer && offers.some((offer) => isAnswerTo(offer, answer)) ? answer : undefined
  })
}

function extensionOf(
  offers: readonly DeflateParameters[],
  agree: (parameters: ExtensionEntry['parameters']) => DeflateParameters | undefined,
): Extension {
  const agreed = (parameters: ExtensionEntry['parameters']): AgreedExtension | undefined => {
    const answer = agree(parameters)
    return answer && { name: NAME, parameters: formatDeflateParameters(answer), reservedBits: 0b100 }
  }
  return {
    name: NAME,
    offers: () => offers.map(formatDeflateParameters),
    acceptAnswer: agreed,
    answerOffer: agreed,
  }
}

/** The header that a server with the preferences answers this header with; `undefined` when it answers with none. */
function answerTo(header: string, preferences: DeflatePreferences): string | undefined {
  const agreed = answerOffers(parseExtensionList(header)!, [serverWith(preferences)])
  return agreed.length === 0 ? undefined : formatExtensionList(agreed)
}

/** What a client that sent the offers makes of the answer: how both sides compress, or why it fails the handshake. */
function outcomeOf(offers: string, answer: string): string {
  const offered = parseExtensionList(offers)!.map(({ parameters }) => parseDeflateParameters(parameters)!)
  const agreed = acceptAnswers(parseExtensionList(answer)!, [clientWith(offered)])
  return typeof agreed === 'string' ? agreed : described(agreementOf(agreed, offered[0]))
}

function agreementOf([agreed]: readonly ExtensionEntry[], hints?: DeflateParameters): DeflateAgreement {
  return deflateAgreement(parseDeflateParameters(agreed!.parameters)!, hints)
}

function described({ server, client }: DeflateAgreement): string {
  const direction = ({ windowBits, noContextTakeover }: DirectionAgreement) =>
    `${windowBits}${noContextTakeover ? '' : ' with takeover'}`
  return `server ${direction(server)}, client ${direction(client)}`
}

// ── the server ──

const ANSWERED_BY_DEFAULT: readonly (readonly [offers: string, answer: string])[] = [
  // Chromium, and `ws` and python websockets as clients
  [
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; ' +
      'client_max_window_bits=12',
  ],
  // Firefox
  [
    'permessage-deflate',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
  ],
  // Safari
  [
    'x-webkit-deflate-frame, permessage-deflate',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
  ],
  // `ws` with everything configured
  [
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; ' +
      'client_max_window_bits=10',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; ' +
      'client_max_window_bits=10',
  ],
  // one of our own, by default
  [
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; ' +
      'client_max_window_bits=12, permessage-deflate; client_no_context_takeover; client_max_window_bits=12, ' +
      'permessage-deflate; client_no_context_takeover; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; ' +
      'client_max_window_bits=12',
  ],
  // the example of RFC 7692 §7.1.3
  [
    'permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; ' +
      'client_max_window_bits=12',
  ],
]

for (const [offers, answer] of ANSWERED_BY_DEFAULT) {
  test(`a server answers ${offers}`, () => assert.equal(answerTo(offers, DEFAULTS), answer))
}

// What a server that wants nothing itself answers: nothing but what the offer makes it answer.
const ANSWERED: readonly (readonly [offers: string, answer: string])[] = [
  ['permessage-deflate', 'permessage-deflate'],
  ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; server_no_context_takeover'],
  ['permessage-deflate; client_no_context_takeover', 'permessage-deflate; client_no_context_takeover'],
  ['permessage-deflate; server_max_window_bits=9', 'permessage-deflate; server_max_window_bits=9'],
  ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=10'],
  ['permessage-deflate; server_max_window_bits=11', 'permessage-deflate; server_max_window_bits=11'],
  ['permessage-deflate; server_max_window_bits=12', 'permessage-deflate; server_max_window_bits=12'],
  ['permessage-deflate; server_max_window_bits=13', 'permessage-deflate; server_max_window_bits=13'],
  ['permessage-deflate; server_max_window_bits=14', 'permessage-deflate; server_max_window_bits=14'],
  ['permessage-deflate; server_max_window_bits=15', 'permessage-deflate; server_max_window_bits=15'],
  ['permessage-deflate; server_max_window_bits="10"', 'permessage-deflate; server_max_window_bits=10'],
  ['permessage-deflate; server_max_window_bits="1\\0"', 'permessage-deflate; server_max_window_bits=10'],
  ['permessage-deflate; client_max_window_bits', 'permessage-deflate'],
  ['permessage-deflate; client_max_window_bits=8', 'permessage-deflate; client_max_window_bits=8'],
  ['permessage-deflate; client_max_window_bits=9', 'permessage-deflate; client_max_window_bits=9'],
  ['permessage-deflate; client_max_window_bits=10', 'permessage-deflate; client_max_window_bits=10'],
  ['permessage-deflate; client_max_window_bits=11', 'permessage-deflate; client_max_window_bits=11'],
  ['permessage-deflate; client_max_window_bits=12', 'permessage-deflate; client_max_window_bits=12'],
  ['permessage-deflate; client_max_window_bits=13', 'permessage-deflate; client_max_window_bits=13'],
  ['permessage-deflate; client_max_window_bits=14', 'permessage-deflate; client_max_window_bits=14'],
  ['permessage-deflate; client_max_window_bits=15', 'permessage-deflate'],
  ['permessage-deflate; client_max_window_bits="8"', 'permessage-deflate; client_max_window_bits=8'],
  [
    'permessage-deflate; client_max_window_bits=9; server_max_window_bits=11; client_no_context_takeover; ' +
      'server_no_context_takeover',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; ' +
      'client_max_window_bits=9',
  ],
  ['unknown, permessage-deflate;server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=10'],
  [
    'permessage-deflate; server_no_context_takeover, permessage-deflate; client_no_context_takeover',
    'permessage-deflate; server_no_context_takeover',
  ],
]

for (const [offers, answer] of ANSWERED) {
  test(`a server that wants nothing itself answers ${offers} with ${answer}`, () =>
    assert.equal(answerTo(offers, UNDEMANDING), answer))
}

// Each preference alone, to an offer that lets everything be told and to one that lets nothing.
const PREFERRED: readonly (readonly [preferences: Partial<DeflatePreferences>, offers: string, answer: string])[] = [
  [{ serverNoContextTakeover: true }, 'permessage-deflate', 'permessage-deflate; server_no_context_takeover'],
  [{ clientNoContextTakeover: true }, 'permessage-deflate', 'permessage-deflate; client_no_context_takeover'],
  [{ serverMaxWindowBits: 9 }, 'permessage-deflate', 'permessage-deflate; server_max_window_bits=9'],
  [{ serverMaxWindowBits: 14 }, 'permessage-deflate', 'permessage-deflate; server_max_window_bits=14'],
  [{ clientMaxWindowBits: 9 }, 'permessage-deflate', 'permessage-deflate'],
  [
    { clientMaxWindowBits: 9 },
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; client_max_window_bits=9',
  ],
  [
    { clientMaxWindowBits: 14 },
    'permessage-deflate; client_max_window_bits=15',
    'permessage-deflate; client_max_window_bits=14',
  ],
  [
    { clientMaxWindowBits: 14 },
    'permessage-deflate; client_max_window_bits=13',
    'permessage-deflate; client_max_window_bits=13',
  ],
  [
    { serverMaxWindowBits: 11 },
    'permessage-deflate; server_max_window_bits=12',
    'permessage-deflate; server_max_window_bits=11',
  ],
  [
    { serverMaxWindowBits: 11 },
    'permessage-deflate; server_max_window_bits=10',
    'permessage-deflate; server_max_window_bits=10',
  ],
]

for (const [preferences, offers, answer] of PREFERRED) {
  test(`a server that wants ${JSON.stringify(preferences)} answers ${offers} with ${answer}`, () =>
    assert.equal(answerTo(offers, { ...UNDEMANDING, ...preferences }), answer))
}

// What no offer may have, each in its own.
const DECLINED: readonly string[] = [
  'permessage-deflate; server_max_window_bits',
  'permessage-deflate; server_max_window_bits=7',
  'permessage-deflate; server_max_window_bits=8',
  'permessage-deflate; server_max_window_bits="8"',
  'permessage-deflate; server_max_window_bits=16',
  'permessage-deflate; server_max_window_bits=08',
  'permessage-deflate; server_max_window_bits=09',
  'permessage-deflate; server_max_window_bits=010',
  'permessage-deflate; server_max_window_bits="010"',
  'permessage-deflate; server_max_window_bits=+9',
  'permessage-deflate; server_max_window_bits=-9',
  'permessage-deflate; server_max_window_bits=9.0',
  'permessage-deflate; server_max_window_bits=1e1',
  'permessage-deflate; server_max_window_bits=0xa',
  'permessage-deflate; server_max_window_bits=100',
  'permessage-deflate; server_max_window_bits=true',
  'permessage-deflate; client_max_window_bits=0',
  'permessage-deflate; client_max_window_bits=7',
  'permessage-deflate; client_max_window_bits=16',
  'permessage-deflate; client_max_window_bits=08',
  'permessage-deflate; client_max_window_bits=+9',
  'permessage-deflate; client_max_window_bits=-9',
  'permessage-deflate; client_max_window_bits=9a',
  'permessage-deflate; client_max_window_bits=99999999999999999999',
  'permessage-deflate; server_no_context_takeover=true',
  'permessage-deflate; server_no_context_takeover=10',
  'permessage-deflate; client_no_context_takeover=true',
  'permessage-deflate; client_no_context_takeover="1"',
  'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
  'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
  'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
  'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
  'permessage-deflate; client_max_window_bits=10; server_no_context_takeover; client_max_window_bits',
  'permessage-deflate; unknown',
  'permessage-deflate; client_max_window_bits; unknown=1',
  'permessage-deflate; max_window_bits=10',
  'permessage-deflate; no_context_takeover',
  'permessage-deflate; c2s_max_window_bits',
  'permessage-deflate; SERVER_NO_CONTEXT_TAKEOVER',
  'permessage-deflate; Client_Max_Window_Bits',
  'permessage-deflate; serverMaxWindowBits=10',
  'permessage-deflate; __proto__',
  'permessage-deflate; constructor',
]

for (const offer of DECLINED) {
  test(`T-86: a server declines ${offer}, and takes the next offer`, () => {
    for (const preferences of [DEFAULTS, UNDEMANDING]) assert.equal(answerTo(offer, preferences), undefined)
    assert.equal(
      answerTo(`${offer}, permessage-deflate; client_no_context_takeover, permessage-deflate`, UNDEMANDING),
      'permessage-deflate; client_no_context_takeover',
    )
  })
}

// Whole lists of offers, by a server with the defaults.
const IN_TURN: readonly (readonly [offers: string, answer: string | undefined])[] = [
  [
    'permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9',
  ],
  [
    'permessage-deflate; unknown, permessage-deflate; server_max_window_bits=16, permessage-deflate',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
  ],
  ['permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=08', undefined],
  ['x-webkit-deflate-frame', undefined],
  ['x-webkit-deflate-frame; max_window_bits=15; no_context_takeover', undefined],
  ['Permessage-Deflate', undefined],
  ['permessage-bzip2, permessage-deflate2', undefined],
]

for (const [offers, answer] of IN_TURN) {
  test(`T-86: of ${offers} a server takes ${answer === undefined ? 'none' : 'the last'}`, () =>
    assert.equal(answerTo(offers, DEFAULTS), answer))
}

// ── what a header cannot bring ──

test('T-86: an empty value is no value', () => {
  assert.equal(parseExtensionList('permessage-deflate; server_max_window_bits='), undefined)
  assert.equal(parseExtensionList('permessage-deflate; server_max_window_bits=""'), undefined)
  assert.equal(parseDeflateParameters([['server_max_window_bits', '']]), undefined)
  assert.equal(parseDeflateParameters([['client_max_window_bits', '']]), undefined)
  assert.equal(parseDeflateParameters([['client_no_context_takeover', '']]), undefined)
})

for (const value of [' 9', '9 ', '9\n', '\n9', '1 0', '8,9', '\u0669', '\uff19']) {
  test(`T-86: ${JSON.stringify(value)} is no window`, () =>
    assert.equal(parseDeflateParameters([['client_max_window_bits', value]]), undefined))
}

// ── the client ──

const OFFERED: readonly (readonly [preferences: Partial<DeflatePreferences>, offers: string])[] = [
  [{}, 'permessage-deflate; client_max_window_bits'],
  [{ clientNoContextTakeover: true }, 'permessage-deflate; client_no_context_takeover; client_max_window_bits'],
  // A size of its own window is offered without it, too, at last.
  [
    { clientMaxWindowBits: 14 },
    'permessage-deflate; client_max_window_bits=14, permessage-deflate; client_max_window_bits',
  ],
  [
    { clientMaxWindowBits: 9 },
    'permessage-deflate; client_max_window_bits=9, permessage-deflate; client_max_window_bits',
  ],
  [
    { serverNoContextTakeover: true },
    'permessage-deflate; server_no_context_takeover; client_max_window_bits, permessage-deflate; client_max_window_bits',
  ],
  [
    { serverMaxWindowBits: 14 },
    'permessage-deflate; server_max_window_bits=14; client_max_window_bits, permessage-deflate; client_max_window_bits',
  ],
  [
    { serverMaxWindowBits: 9 },
    'permessage-deflate; server_max_window_bits=9; client_max_window_bits, permessage-deflate; client_max_window_bits',
  ],
  [
    DEFAULTS,
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; ' +
      'client_max_window_bits=12, permessage-deflate; client_no_context_takeover; client_max_window_bits=12, ' +
      'permessage-deflate; client_no_context_takeover; client_max_window_bits',
  ],
]

for (const [preferences, offers] of OFFERED) {
  test(`a client that wants ${JSON.stringify(preferences)} offers ${offers}`, () => {
    const client = clientWith(deflateOffers({ ...UNDEMANDING, ...preferences }))
    assert.equal(formatExtensionList(offersOf([client])), offers)
  })
}

const OURS = formatExtensionList(offersOf([clientWith(deflateOffers(DEFAULTS))]))
const CHROMIUM = 'permessage-deflate; client_max_window_bits'
const FIREFOX = 'permessage-deflate'

const ACCEPTED: readonly (readonly [offers: string, answer: string, agreement: string])[] = [
  // To an offer that says nothing, everything may be answered but the client's window.
  [FIREFOX, 'permessage-deflate', 'server 15 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_no_context_takeover', 'server 15, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; client_no_context_takeover', 'server 15 with takeover, client 15'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=8', 'server 8 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=9', 'server 9 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits="10"', 'server 10 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=11', 'server 11 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=12', 'server 12 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=13', 'server 13 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=14', 'server 14 with takeover, client 15 with takeover'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=15', 'server 15 with takeover, client 15 with takeover'],

  // To one without a hint, any window of the client.
  [CHROMIUM, 'permessage-deflate', 'server 15 with takeover, client 15 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=8', 'server 15 with takeover, client 8 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits="9"', 'server 15 with takeover, client 9 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=10', 'server 15 with takeover, client 10 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=11', 'server 15 with takeover, client 11 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=12', 'server 15 with takeover, client 12 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=13', 'server 15 with takeover, client 13 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=14', 'server 15 with takeover, client 14 with takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=15', 'server 15 with takeover, client 15 with takeover'],
  // python websockets as a server
  [
    CHROMIUM,
    'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
    'server 12 with takeover, client 12 with takeover',
  ],

  // What is demanded may be answered with less.
  [
    'permessage-deflate; server_max_window_bits=11',
    'permessage-deflate; server_max_window_bits=11',
    'server 11 with takeover, client 15 with takeover',
  ],
  [
    'permessage-deflate; server_max_window_bits=11',
    'permessage-deflate; server_max_window_bits=8',
    'server 8 with takeover, client 15 with takeover',
  ],
  [
    'permessage-deflate; server_no_context_takeover',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10',
    'server 10, client 15',
  ],

  // A client holds to its hints, whether or not the answer takes them up.
  ['permessage-deflate; client_no_context_takeover', 'permessage-deflate', 'server 15 with takeover, client 15'],
  [
    'permessage-deflate; client_max_window_bits=10',
    'permessage-deflate',
    'server 15 with takeover, client 10 with takeover',
  ],
  [
    'permessage-deflate; client_max_window_bits=10',
    'permessage-deflate; client_max_window_bits=10',
    'server 15 with takeover, client 10 with takeover',
  ],
  [
    'permessage-deflate; client_max_window_bits=10',
    'permessage-deflate; client_max_window_bits=9',
    'server 15 with takeover, client 9 with takeover',
  ],

  // Of our three offers, any may be meant; that of a server that overlooks what is demanded of it is the second, and that
  // of one that will not have our window the third, which changes nothing about our window.
  [OURS, 'permessage-deflate', 'server 15 with takeover, client 12'],
  [OURS, 'permessage-deflate; server_no_context_takeover; client_no_context_takeover', 'server 15, client 12'],
  [
    OURS,
    'permessage-deflate; server_max_window_bits=15; client_max_window_bits=11',
    'server 15 with takeover, client 11',
  ],
  [OURS, 'permessage-deflate; client_max_window_bits=13', 'server 15 with takeover, client 12'],
  [OURS, 'permessage-deflate; client_max_window_bits=15', 'server 15 with takeover, client 12'],
  [
    OURS,
    'permessage-deflate; client_max_window_bits=12; server_max_window_bits=12; client_no_context_takeover; ' +
      'server_no_context_takeover',
    'server 12, client 12',
  ],
  [
    'permessage-deflate; server_max_window_bits=10, permessage-deflate; server_no_context_takeover',
    'permessage-deflate; server_no_context_takeover',
    'server 15, client 15 with takeover',
  ],
]

for (const [offers, answer, agreement] of ACCEPTED) {
  test(`a client that offered ${offers} takes ${answer} for ${agreement}`, () =>
    assert.equal(outcomeOf(offers, answer), agreement))
}

const NOT_ACCEPTED: readonly (readonly [offers: string, answer: string])[] = [
  // Not offered, or not as much.
  [FIREFOX, 'permessage-deflate; client_max_window_bits=15'],
  [FIREFOX, 'permessage-deflate; client_max_window_bits=8'],
  [FIREFOX, 'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12'],
  ['permessage-deflate; client_max_window_bits=10', 'permessage-deflate; client_max_window_bits=11'],
  // Demanded, and not answered.
  ['permessage-deflate; server_no_context_takeover', 'permessage-deflate'],
  ['permessage-deflate; server_no_context_takeover', 'permessage-deflate; client_no_context_takeover'],
  ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate'],
  ['permessage-deflate; server_max_window_bits=15', 'permessage-deflate'],
  ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate; server_max_window_bits=11'],
  [
    'permessage-deflate; server_max_window_bits=10, permessage-deflate; server_no_context_takeover',
    'permessage-deflate; server_max_window_bits=11',
  ],
  // What no answer may have.
  [CHROMIUM, 'permessage-deflate; client_max_window_bits'],
  [CHROMIUM, 'permessage-deflate; server_max_window_bits'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=7'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=16'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=08'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=+9'],
  [CHROMIUM, 'permessage-deflate; server_max_window_bits=7'],
  [CHROMIUM, 'permessage-deflate; server_max_window_bits=16'],
  [CHROMIUM, 'permessage-deflate; server_max_window_bits=08'],
  [CHROMIUM, 'permessage-deflate; server_max_window_bits=+9'],
  [CHROMIUM, 'permessage-deflate; server_no_context_takeover=1'],
  [CHROMIUM, 'permessage-deflate; client_no_context_takeover=1'],
  [CHROMIUM, 'permessage-deflate; server_no_context_takeover; server_no_context_takeover'],
  [CHROMIUM, 'permessage-deflate; client_max_window_bits=10; client_max_window_bits=10'],
  [CHROMIUM, 'permessage-deflate; unknown'],
  [CHROMIUM, 'permessage-deflate; Server_No_Context_Takeover'],
]

for (const [offers, answer] of NOT_ACCEPTED) {
  test(`a client that offered ${offers} fails the handshake over ${answer}`, () =>
    assert.equal(outcomeOf(offers, answer), 'EXTENSION_NOT_ACCEPTED'))
}

test('a client fails the handshake over two answers, and over an answer of another extension', () => {
  assert.equal(outcomeOf(OURS, 'permessage-deflate, permessage-deflate'), 'EXTENSION_REPEATED')
  assert.equal(outcomeOf(OURS, 'x-webkit-deflate-frame'), 'EXTENSION_NOT_OFFERED')
})

// ── what was agreed ──

test('a client that cannot be told how large its window may be is inflated for with the largest', () => {
  const agreed = answerOffers(parseExtensionList(FIREFOX)!, [serverWith(DEFAULTS)])
  assert.equal(described(agreementOf(agreed)), 'server 12, client 15')
})

test('a window of 256 bytes can be agreed on, and nothing be compressed with it', () => {
  const can = (windowBits: WindowBits) => canEncode({ noContextTakeover: false, windowBits })
  assert.deepEqual(([8, 9, 10, 11, 12, 13, 14, 15] as const).map(can), [false, ...Array(7).fill(true)])
  const told = parseDeflateParameters([['client_max_window_bits', '8']])!
  assert.equal(canEncode(deflateAgreement(told).client), false)
  assert.equal(canEncode(deflateAgreement(told).server), true)
})

const bits = fc.constantFrom(9 as const, 10 as const, 11 as const, 12 as const, 13 as const, 14 as const, 15 as const)

const preferencesOf: fc.Arbitrary<DeflatePreferences> = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
})

/** Every offer, and every answer, that matches RFC 7692 §7.1. */
const parametersOf: fc.Arbitrary<DeflateParameters> = fc.record(
  {
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: fc.oneof(fc.constantFrom(undefined, 8 as const), bits),
    clientMaxWindowBits: fc.oneof(fc.constantFrom(undefined, true as const, 8 as const), bits),
  },
  { noNullPrototype: true },
)

const RUNS = { numRuns: 2_000 }

test('an endpoint and another, whatever they prefer, agree on what suits both', () => {
  const agreeOnWhatSuitsBoth = (client: DeflatePreferences, server: DeflatePreferences): void => {
    const offers = deflateOffers(client)
    const ofServer = answerOffers(overTheWire(offersOf([clientWith(offers)])), [serverWith(server)])
    const ofClient = acceptAnswers(overTheWire(ofServer), [clientWith(offers)])
    assert.ok(typeof ofClient !== 'string')
    const expected: DeflateAgreement = {
      server: {
        noContextTakeover: client.serverNoContextTakeover || server.serverNoContextTakeover,
        windowBits: Math.min(client.serverMaxWindowBits, server.serverMaxWindowBits) as WindowBits,
      },
      client: {
        noContextTakeover: client.clientNoContextTakeover || server.clientNoContextTakeover,
        windowBits: Math.min(client.clientMaxWindowBits, server.clientMaxWindowBits) as WindowBits,
      },
    }
    assert.deepEqual(agreementOf(ofServer), expected)
    assert.deepEqual(agreementOf(ofClient, offers[0]), expected)
    assert.deepEqual(deflateAgreement(parseDeflateParameters(ofClient[0]!.parameters)!, client), expected)
    assert.ok(canEncode(expected.server) && canEncode(expected.client))
  }
  fc.assert(fc.property(preferencesOf, preferencesOf, agreeOnWhatSuitsBoth), RUNS)
})

test('a server agrees with every client that can be agreed with', () => {
  const agreeOrDecline = (offer: DeflateParameters, server: DeflatePreferences): void => {
    const agreed = answerOffers(overTheWire(offersOf([clientWith([offer])])), [serverWith(server)])
    assert.equal(agreed.length, offer.serverMaxWindowBits === 8 ? 0 : 1)
    if (agreed.length === 0) return
    const accepted = acceptAnswers(overTheWire(agreed), [clientWith([offer])])
    assert.ok(typeof accepted !== 'string')
    const agreement = agreementOf(agreed)
    assert.deepEqual(agreementOf(accepted, offer), agreement)
    assert.ok(canEncode(agreement.server))
    assert.ok(agreement.server.windowBits <= Math.min(offer.serverMaxWindowBits ?? 15, server.serverMaxWindowBits))
    const told = offer.clientMaxWindowBits
    const expected = told === undefined ? 15 : Math.min(told === true ? 15 : told, server.clientMaxWindowBits)
    assert.equal(agreement.client.windowBits, expected)
  }
  fc.assert(fc.property(parametersOf, preferencesOf, agreeOrDecline), RUNS)
})

test('a client never takes more for itself than it prefers, whatever is answered', () => {
  const takeNoMore = (client: DeflatePreferences, answer: DeflateParameters): void => {
    const offers = deflateOffers(client)
    const answered = [{ name: NAME, parameters: formatDeflateParameters(answer) }]
    const agreed = acceptAnswers(overTheWire(answered), [clientWith(offers)])
    // The last offer leaves all to the server.
    const told = answer.clientMaxWindowBits ?? 15
    assert.equal(typeof agreed === 'string' ? agreed : 'agreed', told === true ? 'EXTENSION_NOT_ACCEPTED' : 'agreed')
    if (typeof agreed === 'string') return
    const agreement = agreementOf(agreed, offers[0])
    assert.equal(agreement.client.windowBits, Math.min(Number(told), client.clientMaxWindowBits))
    assert.equal(agreement.client.noContextTakeover, client.clientNoContextTakeover || answer.clientNoContextTakeover)
  }
  fc.assert(fc.property(preferencesOf, parametersOf, takeNoMore), RUNS)
})

test('offers and answers come back the same from their text', () => {
  const comeBack = (parameters: DeflateParameters): void => {
    const [entry] = overTheWire([{ name: NAME, parameters: formatDeflateParameters(parameters) }])
    assert.deepEqual(parseDeflateParameters(entry!.parameters), parameters)
  }
  fc.assert(fc.property(parametersOf, comeBack), RUNS)
})

function overTheWire(entries: readonly ExtensionEntry[]): readonly ExtensionEntry[] {
  return parseExtensionList(formatExtensionList(entries))!
}
