import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest, type RequestOptions, readResponse } from '../../src/handshake/client.ts'
import type { HeaderList } from '../../src/handshake/header-list.ts'
import { changed, drawsOf, extensionOf } from '../support/http.ts'

// The nonce of the example in RFC 6455 §4.1; its accept value was computed apart from this code.
const randomUint32 = drawsOf(0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f10)
const KEY = 'AQIDBAUGBwgJCgsMDQ4PEA=='
const ACCEPT = 'C/0nmHhBztSRGR1CwL6Tf4ZjwpY='

const OPTIONS: RequestOptions = { host: 'server.example.com', randomUint32 }

test('a request has the headers of RFC 6455 §4.1', () => {
  assert.deepEqual(createRequest(OPTIONS), {
    method: 'GET',
    target: '/',
    headers: [
      ['Host', 'server.example.com'],
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', KEY],
    ],
    key: KEY,
    subprotocols: [],
    extensions: [],
  })
})

test('a request offers what its options say, in order', () => {
  const deflate = extensionOf('permessage-deflate', 0b100, [[['client_max_window_bits', undefined]], []])
  const silent = extensionOf('silent', 0b010, [])
  const request = createRequest({
    ...OPTIONS,
    host: '[::1]:8080',
    target: '/chat?room=1',
    subprotocols: ['chat', 'superchat'],
    extensions: [deflate, silent],
    origin: 'https://example.com',
    headers: [['Cookie', 'a=b']],
  })
  assert.equal(request.target, '/chat?room=1')
  assert.deepEqual(request.headers, [
    ['Host', '[::1]:8080'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', KEY],
    ['Sec-WebSocket-Protocol', 'chat, superchat'],
    ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits, permessage-deflate'],
    ['Origin', 'https://example.com'],
    ['Cookie', 'a=b'],
  ])
  assert.deepEqual(request.subprotocols, ['chat', 'superchat'])
})

test('a request with one subprotocol and no extension offers just that', () => {
  const { headers } = createRequest({ ...OPTIONS, subprotocols: ['chat'] })
  assert.deepEqual(headers.slice(5), [['Sec-WebSocket-Protocol', 'chat']])
})

test('an extension that offers nothing is not in the request', () => {
  const { headers } = createRequest({ ...OPTIONS, extensions: [extensionOf('silent', 0b010, [])] })
  assert.equal(
    headers.some(([name]) => name === 'Sec-WebSocket-Extensions'),
    false,
  )
})

const MISTAKES: readonly (readonly [what: string, options: Partial<RequestOptions>])[] = [
  ['an empty host', { host: '' }],
  ['a host with a line end', { host: 'a\r\nX: y' }],
  ['a host with a path', { host: 'a/b' }],
  ['an empty target', { target: '' }],
  ['a target that is no path', { target: 'chat' }],
  ['a target with a fragment', { target: '/chat#here' }],
  ['a target with a blank', { target: '/a b' }],
  ['a target with a line end', { target: '/\r\nX: y' }],
  ['a target beyond ASCII', { target: '/\u00e9' }],
  ['a subprotocol that is no token', { subprotocols: ['a b'] }],
  ['a repeated subprotocol', { subprotocols: ['a', 'a'] }],
  ['an extension that is no token', { extensions: [extensionOf('a b', 0)] }],
  ['a repeated extension', { extensions: [extensionOf('a', 0), extensionOf('a', 0)] }],
  ['an offer that is no token', { extensions: [extensionOf('a', 0, [[['b', 'c\r\n']]])] }],
  ['an origin with a line end', { origin: 'http://a\r\nX: y' }],
  ['a header with a line end', { headers: [['X', 'a\r\nY: b']] }],
  ['a header with a code unit above 0xff', { headers: [['X', '\u0100']] }],
  ['a second Host', { headers: [['host', 'other.example']] }],
  ['a second Origin', { headers: [['origin', 'http://other.example']] }],
  ['a key of the caller', { headers: [['Sec-WebSocket-Key', KEY]] }],
  ['a body', { headers: [['Content-Length', '1']] }],
]

for (const [what, options] of MISTAKES) {
  test(`T-22: a request with ${what} is a TypeError`, () =>
    assert.throws(() => createRequest({ ...OPTIONS, ...options }), TypeError))
}

const REQUEST = createRequest({
  ...OPTIONS,
  subprotocols: ['chat', 'superchat'],
  extensions: [
    extensionOf('deflate', 0b100, [[]], (parameters) => parameters.every(([name]) => name === 'bits')),
    extensionOf('rival', 0b110),
    extensionOf('silent', 0b001, []),
  ],
})

const RESPONSE: HeaderList = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Accept', ACCEPT],
]

const PROTOCOL = 'Sec-WebSocket-Protocol'
const EXTENSIONS = 'Sec-WebSocket-Extensions'

const ACCEPTED: readonly (readonly [
  what: string,
  headers: HeaderList,
  subprotocol?: string | undefined,
  extension?: string,
])[] = [
  ['the least that it must have', RESPONSE],
  ['other case', changed(RESPONSE, { Upgrade: 'WebSocket', Connection: 'keep-alive, UPGRADE' })],
  ['two Connection headers', [...RESPONSE, ['Connection', 'keep-alive']]],
  ['blanks around the accept value', changed(RESPONSE, { 'Sec-WebSocket-Accept': ` ${ACCEPT}\t` })],
  ['a subprotocol', [...RESPONSE, [PROTOCOL, 'superchat']], 'superchat'],
  ['an extension', [...RESPONSE, [EXTENSIONS, 'deflate; bits=10']], undefined, 'deflate'],
  ['headers that nobody asked for', [...RESPONSE, ['__proto__', 'x'], ['Set-Cookie', 'a=b']]],
]

for (const [what, headers, subprotocol, extension] of ACCEPTED) {
  test(`a response with ${what} opens the connection`, () => {
    const decision = readResponse(REQUEST, { status: 101, headers })
    assert.ok(decision.kind === 'accept')
    assert.equal(decision.subprotocol, subprotocol)
    assert.deepEqual(
      decision.extensions.map(({ name }) => name),
      extension === undefined ? [] : [extension],
    )
  })
}

test('an agreed extension is what the extension made of the answer', () => {
  const decision = readResponse(REQUEST, { status: 101, headers: [...RESPONSE, [EXTENSIONS, 'deflate; bits="9"']] })
  assert.deepEqual(decision, {
    kind: 'accept',
    subprotocol: undefined,
    extensions: [{ name: 'deflate', parameters: [['bits', '9']], reservedBits: 0b100 }],
  })
})

const ACCEPT_OF_ANOTHER_KEY = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

const REFUSED: readonly (readonly [what: string, headers: HeaderList, code: string])[] = [
  ['T-31: no Upgrade', changed(RESPONSE, { Upgrade: undefined }), 'UPGRADE_NOT_CONFIRMED'],
  ['T-31: another Upgrade', changed(RESPONSE, { Upgrade: 'h2c' }), 'UPGRADE_NOT_CONFIRMED'],
  ['T-31: two values in Upgrade', changed(RESPONSE, { Upgrade: 'websocket, h2c' }), 'UPGRADE_NOT_CONFIRMED'],
  ['T-31: two Upgrade', [...RESPONSE, ['upgrade', 'websocket']], 'UPGRADE_NOT_CONFIRMED'],
  ['T-31: a Kelvin sign in Upgrade', changed(RESPONSE, { Upgrade: 'websoc\u212aet' }), 'UPGRADE_NOT_CONFIRMED'],
  ['T-31: no Connection', changed(RESPONSE, { Connection: undefined }), 'CONNECTION_NOT_CONFIRMED'],
  ['T-31: another Connection', changed(RESPONSE, { Connection: 'close' }), 'CONNECTION_NOT_CONFIRMED'],
  ['T-31: no accept value', changed(RESPONSE, { 'Sec-WebSocket-Accept': undefined }), 'ACCEPT_NOT_CONFIRMED'],
  ['T-31: an empty accept value', changed(RESPONSE, { 'Sec-WebSocket-Accept': '' }), 'ACCEPT_NOT_CONFIRMED'],
  [
    'T-31: the accept value of another key',
    changed(RESPONSE, { 'Sec-WebSocket-Accept': ACCEPT_OF_ANOTHER_KEY }),
    'ACCEPT_NOT_CONFIRMED',
  ],
  [
    'T-31: an accept value in another case',
    changed(RESPONSE, { 'Sec-WebSocket-Accept': ACCEPT.toLowerCase() }),
    'ACCEPT_NOT_CONFIRMED',
  ],
  ['T-31: two accept values', [...RESPONSE, ['sec-websocket-accept', ACCEPT]], 'ACCEPT_NOT_CONFIRMED'],
  [
    'T-31: two accept values in one',
    changed(RESPONSE, { 'Sec-WebSocket-Accept': `${ACCEPT}, ${ACCEPT}` }),
    'ACCEPT_NOT_CONFIRMED',
  ],
  ['T-32: a malformed extension list', [...RESPONSE, [EXTENSIONS, 'deflate;']], 'EXTENSION_ANSWER_INVALID'],
  ['T-32: an empty extension list', [...RESPONSE, [EXTENSIONS, '']], 'EXTENSION_ANSWER_INVALID'],
  ['T-32: an unknown extension', [...RESPONSE, [EXTENSIONS, 'deflate, other']], 'EXTENSION_NOT_OFFERED'],
  ['T-32: an extension in another case', [...RESPONSE, [EXTENSIONS, 'Deflate']], 'EXTENSION_NOT_OFFERED'],
  ['T-32: an extension of every object', [...RESPONSE, [EXTENSIONS, 'constructor']], 'EXTENSION_NOT_OFFERED'],
  ['T-32: an extension that was known but not offered', [...RESPONSE, [EXTENSIONS, 'silent']], 'EXTENSION_NOT_OFFERED'],
  ['T-32: an unacceptable parameter', [...RESPONSE, [EXTENSIONS, 'deflate; bats=10']], 'EXTENSION_NOT_ACCEPTED'],
  ['T-32: an extension twice', [...RESPONSE, [EXTENSIONS, 'deflate'], [EXTENSIONS, 'deflate']], 'EXTENSION_REPEATED'],
  ['T-32: two extensions in conflict', [...RESPONSE, [EXTENSIONS, 'deflate, rival']], 'EXTENSIONS_IN_CONFLICT'],
  ['T-33: an unknown subprotocol', [...RESPONSE, [PROTOCOL, 'other']], 'SUBPROTOCOL_NOT_OFFERED'],
  ['T-33: a subprotocol in another case', [...RESPONSE, [PROTOCOL, 'Chat']], 'SUBPROTOCOL_NOT_OFFERED'],
  ['T-33: an empty subprotocol', [...RESPONSE, [PROTOCOL, '']], 'SUBPROTOCOL_NOT_OFFERED'],
  ['T-33: two subprotocols', [...RESPONSE, [PROTOCOL, 'chat'], [PROTOCOL, 'chat']], 'SUBPROTOCOL_REPEATED'],
  ['T-33: two subprotocols in one', [...RESPONSE, [PROTOCOL, 'chat, superchat']], 'SUBPROTOCOL_REPEATED'],
]

for (const [what, headers, code] of REFUSED) {
  test(`${what} in a response fails the handshake`, () => {
    const decision = readResponse(REQUEST, { status: 101, statusText: 'Yes', headers })
    assert.ok(decision.kind === 'reject')
    assert.equal(decision.error.code, code)
    assert.equal(decision.error.phase, 'opening')
    assert.deepEqual(decision.error.response, { status: 101, statusText: 'Yes', headers, body: new Uint8Array() })
  })
}

for (const status of [100, 200, 301, 401, 426, 503]) {
  test(`the status ${status} fails the handshake and is carried with its response`, () => {
    const headers: HeaderList = [...RESPONSE, ['WWW-Authenticate', 'Basic']]
    const body = Uint8Array.of(1, 2)
    const decision = readResponse(REQUEST, { status, headers, body })
    assert.ok(decision.kind === 'reject')
    assert.equal(decision.error.code, 'STATUS_NOT_101')
    assert.equal(decision.error.status, status)
    assert.deepEqual(decision.error.response, { status, statusText: '', headers, body })
  })
}
