// All that reads what a peer sends in the opening handshake and in control frames, and text: each with the input that would
// hurt it most if it were written carelessly.

import { parseRetryAfter } from '../../src/client/retry-after.ts'
import {
  advanceUtf8,
  parseClosePayload,
  parseExtensionList,
  RequestHeadParser,
  ResponseHeadParser,
  UTF8_BOUNDARY,
} from '../../src/codec/index.ts'
import { advanceBytes } from '../../src/codec/utf8.ts'
import { parseDeflateParameters } from '../../src/extension/deflate-params.ts'
import { type ExtensionParameter, permessageDeflate } from '../../src/extension/index.ts'
import { createRequest, decideUpgrade, type HeaderList, readResponse } from '../../src/handshake/index.ts'
import { parseAuthority, parseOrigin } from '../../src/handshake/origin.ts'
import { parseSubprotocolOffer } from '../../src/handshake/subprotocol.ts'
import { Session } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { extension } from '../../src/ws/header-parts.ts'
import { drawsOf, latin1 } from '../support/http.ts'
import { ACCEPT, KEY } from '../support/upgrade.ts'
import { concat, frame, utf8 } from '../support/wire.ts'
import { MOST_MS, type Work, work } from './linear.ts'

type Text = (length: number) => string

/** The same again and again, cut to the length. */
function repeat(text: string): Text {
  return (length) => text.repeat(Math.ceil(length / text.length)).slice(0, length)
}

/** Elements that are all different. */
function different(element: (index: number) => string, separator: string): Text {
  return (length) => {
    const elements: string[] = []
    for (let i = 0, held = 0; held < length; i++) {
      elements.push(element(i))
      held += element(i).length + separator.length
    }
    return elements.join(separator)
  }
}

function around(before: string, inner: Text, after: string): Text {
  return (length) => before + inner(length) + after
}

const SPACES = repeat(' ')
const COMMAS = repeat(',')
const NAMES = different((i) => `n${i}`, ',')

/** Of a list of extensions, and of their parameters. */
const EXTENSION_LISTS: Readonly<Record<string, Text>> = {
  'spaces, and no end': around('x', SPACES, ''),
  'spaces before a name': around('', SPACES, 'x'),
  'spaces between': around('x', SPACES, ', y'),
  commas: COMMAS,
  semicolons: repeat(';'),
  'different names': NAMES,
  'the same name': repeat('x,'),
  'different parameters': around(
    'x;',
    different((i) => `p${i}=1`, ';'),
    '',
  ),
  'backslashes in a quoted string': around('x; y="', repeat('\\'), '"'),
  'escaped characters in a quoted string': around('x; y="', repeat('\\a'), '"'),
  'a quoted string without an end': around('x; y="', repeat('a'), ''),
  quotes: repeat('"'),
}

const SUBPROTOCOL_LISTS: Readonly<Record<string, Text>> = {
  'spaces, and a name': around('', SPACES, 'x'),
  'a name, spaces, and another': around('x', SPACES, 'y'),
  'spaces and commas': repeat('    ,'),
  commas: COMMAS,
  'different names': NAMES,
  'the same name': repeat('x,'),
  'one name': repeat('x'),
}

/** Limits that do not end a head before its input does. */
const LIMITS = { maxRequestLineBytes: 65_536, maxHeadBytes: 65_536, maxHeaderCount: 65_536 }

const REQUEST_HEADS: Readonly<Record<string, Text>> = {
  'a long target': around('GET /', repeat('a'), ' HTTP/1.1\r\n\r\n'),
  'a long name': around('GET / HTTP/1.1\r\n', repeat('a'), ': b\r\n\r\n'),
  'a value of spaces': around('GET / HTTP/1.1\r\na:', SPACES, '\r\n\r\n'),
  'spaces around a value': around('GET / HTTP/1.1\r\na:', around('', SPACES, 'b'), ' \r\n\r\n'),
  'many fields': around('GET / HTTP/1.1\r\n', (length) => 'a:b\r\n'.repeat(length / 5), '\r\n'),
  'no end': around('GET / HTTP/1.1\r\na: ', repeat('b'), ''),
}

const RESPONSE_HEADS: Readonly<Record<string, Text>> = {
  'a long reason': around('HTTP/1.1 101 ', repeat('a '), 'a\r\n\r\n'),
  'many fields': around('HTTP/1.1 101 x\r\n', (length) => 'a:b\r\n'.repeat(length / 5), '\r\n'),
}

function request(...more: HeaderList): HeaderList {
  return [
    ['Host', 'example.org'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', KEY],
    ...more,
  ]
}

const DEFLATE = permessageDeflate(nodeDeflate)
const MANY_OFFERS = different((i) => `permessage-deflate; server_max_window_bits=8; x${i}`, ',')

/** Fields of a request that a server decides about. */
const REQUESTS: Readonly<Record<string, (length: number) => HeaderList>> = {
  'a long Connection': (length) => request(['Connection', COMMAS(length)]),
  'many fields of Connection': (length) => [...request(), ...Array(length / 16).fill(['Connection', 'x'])],
  'a long Upgrade': (length) => request(['Upgrade', repeat('websocket,')(length)]),
  'a long Host': (length) => [['Host', repeat('%41')(length)], ...request().slice(1)],
  'a long Origin': (length) => request(['Origin', around('https://', repeat('a.'), '')(length)]),
  'a long key': (length) => [...request().slice(0, 4), ['Sec-WebSocket-Key', repeat('A')(length)]],
  'many subprotocols': (length) => request(['Sec-WebSocket-Protocol', NAMES(length)]),
  'many offers that are declined': (length) => request(['Sec-WebSocket-Extensions', MANY_OFFERS(length)]),
}

const SENT = createRequest({ host: 'example.org', randomUint32: drawsOf(1), extensions: [DEFLATE] })
const RESPONSES: Readonly<Record<string, (length: number) => HeaderList>> = {
  'a long Connection': (length) => [['Connection', COMMAS(length)]],
  'a long accept value': (length) => [
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', repeat('A')(length)],
  ],
  'many extensions': (length) => [
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', ACCEPT],
    ['Sec-WebSocket-Extensions', MANY_OFFERS(length)],
  ],
}

const PARAMETERS: Readonly<Record<string, (length: number) => ExtensionParameter[]>> = {
  'different parameters': (length) => Array.from({ length: length / 4 }, (_, i) => [`p${i}`, '1']),
  'the same parameter': (length) =>
    Array.from({ length: length / 24 }, () => ['client_no_context_takeover', undefined]),
  'a long value': (length) => [['client_max_window_bits', repeat('1')(length)]],
  'a long name': (length) => [[repeat('client_')(length), undefined]],
}

const TEXTS: Readonly<Record<string, Text>> = {
  ASCII: repeat('a'),
  'two bytes each': (length) => repeat('é')(length / 2),
  'four bytes each': (length) => '😀'.repeat(length / 4),
  'ASCII and others in turn': (length) => repeat('aé')(length / 1.5),
}

const CLOSE_REASONS: Readonly<Record<string, (length: number) => Uint8Array>> = {
  'a long reason': (length) => concat(Uint8Array.of(3, 232), utf8(repeat('é')(length / 2))),
  'a reason that ends within a character': (length) =>
    concat(Uint8Array.of(3, 232), utf8(repeat('é')(length / 2)).subarray(1)),
}

const ATTEMPTS_AT_DATES: Readonly<Record<string, Text>> = {
  digits: repeat('1'),
  'a date that goes on': around('Sun, 06 Nov 1994 08:49:37 GMT', repeat('T'), ''),
  letters: repeat('a'),
}

const AUTHORITIES: Readonly<Record<string, Text>> = {
  'a long name': repeat('a'),
  'a name of escaped characters': repeat('%41'),
  'addresses without an end': repeat('[::'),
}

const ORIGINS: Readonly<Record<string, Text>> = {
  'a long scheme': repeat('a'),
  slashes: repeat('://'),
  'a long name': around('a://', repeat('a'), ''),
}

/** Streams of frames, as a server gets them. */
const STREAMS: Readonly<Record<string, (length: number) => Uint8Array>> = {
  'empty frames': (length) => repeatBytes(frame({ opcode: 2, key: '00000000' }), length),
  'fragments of a byte': (length) =>
    concat(
      frame({ fin: false, opcode: 1, key: '00000000' }),
      repeatBytes(frame({ fin: false, opcode: 0, key: '00000000', payload: 'a' }), length),
    ),
  'one frame': (length) => frame({ opcode: 1, key: '00000000', payload: repeat('aé')(length / 1.5) }),
  pings: (length) => repeatBytes(frame({ opcode: 9, key: '00000000', payload: 'a' }), length),
}

function repeatBytes(bytes: Uint8Array, length: number): Uint8Array {
  return concat(...Array.from({ length: Math.floor(length / bytes.length) }, () => bytes))
}

/** Of sixteen thousand reads, each of which asks what there is to do. */
const A_READ_EACH_MS = 100

function readStream(wire: Uint8Array, chunkBytes: number): void {
  const limits = { maxControlFramesPerSecond: Number.POSITIVE_INFINITY }
  const session = new Session({ role: 'server', limits })
  for (let at = 0; at < wire.length; at += chunkBytes) {
    session.receive(wire.slice(at, at + chunkBytes))
    while (session.next() !== undefined);
  }
  session.takeOutput()
}

function each<Input>(
  name: string,
  inputs: Readonly<Record<string, (length: number) => Input>>,
  take: (input: Input) => unknown,
  mostMs = MOST_MS,
): Parser {
  return { name, mostMs, works: Object.entries(inputs).map(([input, make]) => work(input, make, take)) }
}

function bytesOf(
  texts: Readonly<Record<string, Text>>,
  encode: (text: string) => Uint8Array,
): Record<string, (length: number) => Uint8Array> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, make]) => [name, (length: number) => encode(make(length))]),
  )
}

function byteByByte(bytes: Uint8Array, take: (byte: Uint8Array) => unknown): void {
  for (let at = 0; at < bytes.length; at++) take(bytes.subarray(at, at + 1))
}

/** Something that reads, and all that it is given. */
export interface Parser {
  readonly name: string
  readonly works: readonly Work[]
  /** What it may take for 16 KiB. */
  readonly mostMs: number
}

export const PARSERS: readonly Parser[] = [
  each('request head', bytesOf(REQUEST_HEADS, latin1), (head) => new RequestHeadParser(LIMITS).receive(head)),
  each('request head, byte by byte', bytesOf(REQUEST_HEADS, latin1), (head) => {
    const parser = new RequestHeadParser(LIMITS)
    byteByByte(head, (byte) => parser.receive(byte))
  }),
  each('response head', bytesOf(RESPONSE_HEADS, latin1), (head) => new ResponseHeadParser(LIMITS).receive(head)),
  each('request', REQUESTS, (headers) =>
    decideUpgrade(
      { method: 'GET', target: '/', httpVersion: '1.1', headers, secure: false },
      { extensions: [DEFLATE], maxHeaderCount: 65_536, subprotocols: ['a', 'b'] },
    ),
  ),
  each('response', RESPONSES, (headers) =>
    readResponse({ ...SENT, key: KEY }, { status: 101, headers: [['Upgrade', 'websocket'], ...headers] }),
  ),
  each('extension list', EXTENSION_LISTS, parseExtensionList),
  each('extension list, as in ws', EXTENSION_LISTS, (list) => {
    try {
      return extension.parse(list)
    } catch {
      return undefined
    }
  }),
  each('deflate parameters', PARAMETERS, parseDeflateParameters),
  each('subprotocol list', SUBPROTOCOL_LISTS, (list) => parseSubprotocolOffer([['Sec-WebSocket-Protocol', list]])),
  each('authority', AUTHORITIES, parseAuthority),
  each('origin', ORIGINS, parseOrigin),
  each('Retry-After', ATTEMPTS_AT_DATES, (text) => parseRetryAfter(text, 0)),
  each('UTF-8', bytesOf(TEXTS, utf8), (text) => advanceUtf8(UTF8_BOUNDARY, text, 0, text.length)),
  each('UTF-8, without the platform', bytesOf(TEXTS, utf8), (text) =>
    advanceBytes(UTF8_BOUNDARY, text, 0, text.length),
  ),
  each('UTF-8, byte by byte', bytesOf(TEXTS, utf8), (text) => {
    let state: number = UTF8_BOUNDARY
    for (let at = 0; at < text.length; at++) state = advanceUtf8(state, text, at, at + 1)
    return state
  }),
  each('close payload', CLOSE_REASONS, parseClosePayload),
  each('frames', STREAMS, (wire) => readStream(wire, wire.length)),
  each('frames, byte by byte', STREAMS, (wire) => readStream(wire, 1), A_READ_EACH_MS),
]
