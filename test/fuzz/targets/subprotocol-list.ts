// `Sec-WebSocket-Protocol`: the list, the choice, and what server and client make of it.

import { parseTokenList } from '../../../src/codec/http-list.ts'
import { createRequest, decideUpgrade, type HeaderList, readResponse } from '../../../src/handshake/index.ts'
import { chooseSubprotocol, parseSubprotocolOffer } from '../../../src/handshake/subprotocol.ts'
import { concat, utf8 } from '../../support/wire.ts'
import { Choices } from '../choices.ts'
import { holdsSame } from '../property.ts'

export const dictionary = [
  'chat',
  'superchat',
  'v1.chat',
  ', ',
  ',',
  ' \t ',
  '\r\n',
  '"',
  'toString',
  '__proto__',
  'Chat',
  '\n',
]

export const seeds = ['chat', 'superchat, chat', 'v1.chat ,\tchat', 'chat\nsuperchat', '__proto__'].map((text) =>
  concat(Uint8Array.of(1), utf8(text)),
)

const SUPPORTED = ['chat', 'superchat', 'v1.chat', 'constructor']

const MOST_HEADERS = 100

const REQUEST: HeaderList = [
  ['Host', 'example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
]

const REQUEST_OF_CLIENT = createRequest({ host: 'example.com', randomUint32: () => 0x37fa_213d })
const ACCEPTANCE = decideUpgrade({ ...REQUEST_OF_CLIENT, httpVersion: '1.1' }).headers

/** Any of the characters that a token may have (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data)
  const supported = SUPPORTED.slice(choices.below(SUPPORTED.length))
  const rest = choices.rest()
  // Each line is a field of its own.
  const values = Buffer.from(rest.buffer).toString('latin1').split('\n')
  const fields = values.map((value) => ['Sec-WebSocket-Protocol', value] as const)
  const offered = parseSubprotocolOffer(fields)
  checkOffer(offered, values)
  checkServer([...REQUEST, ...fields], offered, supported)
  checkClient(fields, offered, supported)
}

function checkOffer(offered: readonly string[] | undefined, values: readonly string[]): void {
  const elements = values.flatMap((value) => value.split(',')).map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ''))
  const isList = elements.every((element) => TOKEN.test(element)) && new Set(elements).size === elements.length
  holdsSame(offered?.join(), isList ? elements.join() : undefined, 'An offer')
  if (offered !== undefined)
    holdsSame(parseTokenList(offered.join(', '))?.join(), offered.join(), 'A list, written again')
}

function checkServer(headers: HeaderList, offered: readonly string[] | undefined, supported: readonly string[]): void {
  const request = { method: 'GET', target: '/', httpVersion: '1.1', headers }
  const decision = decideUpgrade(request, { subprotocols: supported })
  const isTooLong = headers.length > MOST_HEADERS
  holdsSame(decision.kind, isTooLong || offered === undefined ? 'reject' : 'accept', 'Decision')
  if (decision.kind === 'reject') {
    holdsSame(decision.status, isTooLong ? 431 : 400, 'Status of a refusal')
    return
  }
  const chosen = offered!.find((name) => supported.includes(name))
  holdsSame(decision.subprotocol, chosen, 'The first of the client that the server knows')
  holdsSame(chooseSubprotocol(offered!, supported), chosen, 'Choice')
  const sent = decision.headers.filter(([name]) => name === 'Sec-WebSocket-Protocol').map(([, value]) => value)
  holdsSame(sent.join(), chosen ?? '', 'The answer names what was chosen')
}

/** A client that has offered what a server knows, and is answered with the same text. */
function checkClient(fields: HeaderList, offered: readonly string[] | undefined, own: readonly string[]): void {
  const request = { ...REQUEST_OF_CLIENT, subprotocols: own }
  const decision = readResponse(request, { status: 101, headers: [...ACCEPTANCE, ...fields] })
  const name = offered?.length === 1 && fields.length === 1 ? offered[0] : undefined
  const isRight = name !== undefined && own.includes(name)
  holdsSame(decision.kind, isRight ? 'accept' : 'reject', 'What a client makes of the answer')
  if (decision.kind === 'accept') holdsSame(decision.subprotocol, name, 'Subprotocol of the client')
}
