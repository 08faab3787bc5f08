import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatResponseHead } from '../../src/codec/http1-head.ts'
import { HandshakeError, REFUSALS, type RefusalCode } from '../../src/handshake/handshake-error.ts'
import type { HeaderList } from '../../src/handshake/header-list.ts'
import {
  checkPolicy,
  decideUpgrade,
  type OpeningRequest,
  rejectUpgrade,
  type ServerPolicy,
} from '../../src/handshake/server.ts'
import { statusTextOf } from '../../src/handshake/status-text.ts'
import { changed, extensionOf } from '../support/http.ts'

// RFC 6455 §1.2, without what it offers
const HEADERS: HeaderList = [
  ['Host', 'server.example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
]

const RESPONSE: HeaderList = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
]

const REQUEST: OpeningRequest = { method: 'GET', target: '/chat', httpVersion: '1.1', headers: HEADERS }
const PROTOCOL = 'Sec-WebSocket-Protocol'
const EXTENSIONS = 'Sec-WebSocket-Extensions'

/** The request with some headers changed, and others added behind. */
function requestWith(
  changes: Readonly<Record<string, string | undefined>>,
  ...added: [string, string][]
): OpeningRequest {
  return { ...REQUEST, headers: [...changed(HEADERS, changes), ...added] }
}

test('the request of RFC 6455 §1.2 is accepted with the response of §1.3', () => {
  assert.deepEqual(decideUpgrade(REQUEST), {
    kind: 'accept',
    status: 101,
    statusText: 'Switching Protocols',
    headers: RESPONSE,
    subprotocol: undefined,
    extensions: [],
  })
})

test('what was agreed is in the response, in front of the headers of the policy', () => {
  const request = requestWith({}, [PROTOCOL, 'superchat, chat'], [EXTENSIONS, 'other, deflate; bits="10"'])
  const decision = decideUpgrade(request, {
    subprotocols: ['chat', 'superchat'],
    extensions: [extensionOf('deflate', 0b100)],
    headers: [['Set-Cookie', 'a=b']],
  })
  assert.ok(decision.kind === 'accept')
  assert.deepEqual(decision.headers, [
    ...RESPONSE,
    [PROTOCOL, 'superchat'],
    [EXTENSIONS, 'deflate; bits=10'],
    ['Set-Cookie', 'a=b'],
  ])
  assert.equal(decision.subprotocol, 'superchat')
  assert.deepEqual(decision.extensions, [{ name: 'deflate', parameters: [['bits', '10']], reservedBits: 0b100 }])
})

const ACCEPTED: readonly (readonly [what: string, request: OpeningRequest])[] = [
  ['T-04: Upgrade: WebSocket', requestWith({ Upgrade: 'WebSocket' })],
  ['T-04: Connection: keep-alive, Upgrade', requestWith({ Connection: 'keep-alive, Upgrade' })],
  ['T-08: two Connection headers', requestWith({ Connection: 'keep-alive' }, ['connection', 'UPGRADE'])],
  ['T-08: two subprotocol headers', requestWith({}, [PROTOCOL, 'a'], [PROTOCOL, 'b, c'])],
  ['T-10: unknown extensions', requestWith({}, [EXTENSIONS, 'foo; a=1; b="2", bar'])],
  [
    'T-11: names that objects have',
    requestWith({}, ['__proto__', 'x'], [PROTOCOL, 'constructor'], [EXTENSIONS, 'toString']),
  ],
  ['T-16: latin-1 in a value', requestWith({}, ['X', '\u0080\u00ff'])],
  ['T-17: Content-Length: 0', requestWith({}, ['Content-Length', '0'])],
  ['T-02: a host with a port', requestWith({ Host: '[::1]:8080' })],
  ['T-19: the target //', { ...REQUEST, target: '//' }],
  ['T-19: the target /%', { ...REQUEST, target: '/%' }],
  ['T-19: the target /../..', { ...REQUEST, target: '/../..?://' }],
  ['T-19: an absolute target of this host', { ...REQUEST, target: 'http://server.example.com/chat' }],
  ['T-19: an absolute target without a path', { ...REQUEST, target: 'HTTPS://SERVER.example.com:443' }],
  ['HTTP/1.2', { ...REQUEST, httpVersion: '1.2' }],
]

for (const [what, request] of ACCEPTED) {
  test(`${what} is accepted`, () => assert.equal(decideUpgrade(request).kind, 'accept'))
}

const REFUSED: readonly (readonly [what: string, status: number, code: RefusalCode, request: OpeningRequest])[] = [
  ['T-01: POST', 405, 'METHOD_NOT_GET', { ...REQUEST, method: 'POST' }],
  ['T-01: a method in lower case', 405, 'METHOD_NOT_GET', { ...REQUEST, method: 'get' }],
  ['T-01: an empty method', 405, 'METHOD_NOT_GET', { ...REQUEST, method: '' }],
  ['T-02: HTTP/1.0', 400, 'HTTP_VERSION_NOT_SUPPORTED', { ...REQUEST, httpVersion: '1.0' }],
  ['T-02: HTTP/2.0', 400, 'HTTP_VERSION_NOT_SUPPORTED', { ...REQUEST, httpVersion: '2.0' }],
  ['T-02: no Host', 400, 'HOST_INVALID', requestWith({ Host: undefined })],
  ['T-02: an empty Host', 400, 'HOST_INVALID', requestWith({ Host: '' })],
  ['T-02: an unclosed bracket in Host', 400, 'HOST_INVALID', requestWith({ Host: '[::1' })],
  ['T-02: a blank in Host', 400, 'HOST_INVALID', requestWith({ Host: 'a b' })],
  ['T-02: two Host', 400, 'HOST_INVALID', requestWith({}, ['host', 'server.example.com'])],
  ['T-07: two hosts in Host', 400, 'HOST_INVALID', requestWith({ Host: 'a.example, b.example' })],
  ['T-07: two hosts in Host without a blank', 400, 'HOST_INVALID', requestWith({ Host: 'a.example,b.example' })],
  ['T-03: no Upgrade', 426, 'UPGRADE_MISSING', requestWith({ Upgrade: undefined })],
  ['T-03: a plain request', 426, 'UPGRADE_MISSING', { ...REQUEST, headers: [['Host', 'a.example']] }],
  ['T-04: Upgrade: h2c', 400, 'UPGRADE_INVALID', requestWith({ Upgrade: 'h2c' })],
  ['T-04: an empty Upgrade', 400, 'UPGRADE_INVALID', requestWith({ Upgrade: '' })],
  ['T-04: Upgrade: websocket/13', 400, 'UPGRADE_INVALID', requestWith({ Upgrade: 'websocket/13' })],
  ['T-04: a Kelvin sign in Upgrade', 400, 'UPGRADE_INVALID', requestWith({ Upgrade: 'websoc\u212aet' })],
  ['T-07: two values in Upgrade', 400, 'UPGRADE_INVALID', requestWith({ Upgrade: 'websocket, h2c' })],
  ['T-07: two Upgrade', 400, 'UPGRADE_INVALID', requestWith({}, ['Upgrade', 'websocket'])],
  ['T-04: no Connection', 400, 'CONNECTION_INVALID', requestWith({ Connection: undefined })],
  ['T-04: Connection without upgrade', 400, 'CONNECTION_INVALID', requestWith({ Connection: 'keep-alive' })],
  ['T-04: Connection with another token', 400, 'CONNECTION_INVALID', requestWith({ Connection: 'upgrades' })],
  ['T-05: no key', 400, 'KEY_INVALID', requestWith({ 'Sec-WebSocket-Key': undefined })],
  ['T-05: an empty key', 400, 'KEY_INVALID', requestWith({ 'Sec-WebSocket-Key': '' })],
  ['T-05: a key of 15 bytes', 400, 'KEY_INVALID', requestWith({ 'Sec-WebSocket-Key': 'AQIDBAUGBwgJCgsMDQ4P' })],
  [
    'T-05: a key with pad bits that are not zero',
    400,
    'KEY_INVALID',
    requestWith({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' }),
  ],
  ['T-05: two keys', 400, 'KEY_INVALID', requestWith({}, ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='])],
  [
    'T-07: two keys in one',
    400,
    'KEY_INVALID',
    requestWith({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==' }),
  ],
  ...['013', '0x0d', '1.3e1', '13, 13', '13,8', '', '+13', '-13', '13.0', '256', '1000', '1e1', '\u0661\u0663'].map(
    (version) =>
      [
        `T-06: the version ${JSON.stringify(version)}`,
        400,
        'VERSION_INVALID',
        requestWith({ 'Sec-WebSocket-Version': version }),
      ] as const,
  ),
  ['T-06: no version', 400, 'VERSION_INVALID', requestWith({ 'Sec-WebSocket-Version': undefined })],
  ['T-06: two versions', 400, 'VERSION_INVALID', requestWith({}, ['Sec-WebSocket-Version', '13'])],
  ...['0', '7', '8', '10', '12', '14', '99', '100', '255'].map(
    (version) =>
      [
        `T-06: the version ${version}`,
        426,
        'VERSION_NOT_SUPPORTED',
        requestWith({ 'Sec-WebSocket-Version': version }),
      ] as const,
  ),
  ...['', 'chat,', ',chat', 'chat,,superchat', 'ch at', 'chat/1', '"chat"', 'chat, chat'].map(
    (offer) =>
      [
        `T-09: the subprotocols ${JSON.stringify(offer)}`,
        400,
        'SUBPROTOCOL_OFFER_INVALID',
        requestWith({}, [PROTOCOL, offer]),
      ] as const,
  ),
  ['T-09: a subprotocol twice', 400, 'SUBPROTOCOL_OFFER_INVALID', requestWith({}, [PROTOCOL, 'a'], [PROTOCOL, 'a'])],
  ...['', 'foo,', 'foo;', 'foo; a="1', 'foo; a="b c"', '=', 'foo bar'].map(
    (offer) =>
      [
        `T-10: the extensions ${JSON.stringify(offer)}`,
        400,
        'EXTENSION_OFFER_INVALID',
        requestWith({}, [EXTENSIONS, offer]),
      ] as const,
  ),
  [
    'T-10: one empty of two extension headers',
    400,
    'EXTENSION_OFFER_INVALID',
    requestWith({}, [EXTENSIONS, 'foo'], [EXTENSIONS, '']),
  ],
  ['T-14: 101 headers', 431, 'TOO_MANY_HEADERS', requestWith({}, ...Array<[string, string]>(96).fill(['X', '']))],
  ['T-14: no headers', 400, 'HOST_INVALID', { ...REQUEST, headers: [] }],
  ['T-17: Content-Length: 1', 400, 'BODY_NOT_ALLOWED', requestWith({}, ['content-length', '1'])],
  ['T-17: a malformed Content-Length', 400, 'BODY_NOT_ALLOWED', requestWith({}, ['Content-Length', '-0'])],
  [
    'T-17: lengths in conflict',
    400,
    'BODY_NOT_ALLOWED',
    requestWith({}, ['Content-Length', '0'], ['Content-Length', '5']),
  ],
  ['T-17: two lengths in one', 400, 'BODY_NOT_ALLOWED', requestWith({}, ['Content-Length', '0, 5'])],
  ['T-17: Transfer-Encoding', 400, 'BODY_NOT_ALLOWED', requestWith({}, ['Transfer-Encoding', 'chunked'])],
  ['T-17: an empty Transfer-Encoding', 400, 'BODY_NOT_ALLOWED', requestWith({}, ['Transfer-Encoding', ''])],
  ...[
    '',
    '*',
    'chat',
    'server.example.com:80',
    'http://',
    'http:///',
    'http://other.example/chat',
    'http://server.example.com:81/',
    'http://server.example.com@evil.example/',
    'ftp://server.example.com/',
    '/a b',
    '/#here',
    '/\u00e9',
    '/\0',
  ].map(
    (target) => [`T-19: the target ${JSON.stringify(target)}`, 400, 'TARGET_INVALID', { ...REQUEST, target }] as const,
  ),
  [
    'T-07: two Origin',
    400,
    'ORIGIN_INVALID',
    requestWith({}, ['Origin', 'http://server.example.com'], ['origin', 'null']),
  ],
  [
    'T-07: two origins in one',
    400,
    'ORIGIN_INVALID',
    requestWith({}, ['Origin', 'http://server.example.com, http://server.example.com']),
  ],
  [
    'T-27: the draft of hixie-76',
    400,
    'VERSION_INVALID',
    {
      ...REQUEST,
      headers: [
        ['Host', 'example.com'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key2', '12998 5 Y3 1  .P00'],
        ['Upgrade', 'WebSocket'],
        ['Sec-WebSocket-Key1', '4 @1  46546xW%0l 1 5'],
        ['Origin', 'http://example.com'],
      ],
    },
  ],
]

for (const [what, status, code, request] of REFUSED) {
  test(`${what} is refused with ${status}`, () => {
    const decision = decideUpgrade(request, { origin: 'any' })
    assert.ok(decision.kind === 'reject')
    assert.equal(decision.status, status)
    assert.equal(decision.error.code, code)
    assert.equal(decision.error.status, status)
  })
}

const REFUSED_HEADERS: readonly (readonly [what: string, request: OpeningRequest, headers: HeaderList])[] = [
  ['T-01: a method other than GET', { ...REQUEST, method: 'PUT' }, [['Allow', 'GET']]],
  ['T-03: a request without Upgrade', requestWith({ Upgrade: undefined }), [['Upgrade', 'websocket']]],
  [
    'T-06: an unsupported version',
    requestWith({ 'Sec-WebSocket-Version': '8' }),
    [
      ['Sec-WebSocket-Version', '13'],
      ['Upgrade', 'websocket'],
    ],
  ],
  ['T-05: a bad key', requestWith({ 'Sec-WebSocket-Key': 'x' }), []],
]

for (const [what, request, headers] of REFUSED_HEADERS) {
  test(`${what} is told so in the headers of the refusal`, () => {
    assert.deepEqual(decideUpgrade(request).headers, [['Connection', 'close'], ...headers])
  })
}

test('T-14: the limit on headers counts every header', () => {
  const request = requestWith({}, ...Array<[string, string]>(95).fill(['X', '']))
  assert.equal(decideUpgrade(request).status, 101)
  assert.equal(decideUpgrade(request, { maxHeaderCount: 100 }).status, 101)
  assert.equal(decideUpgrade(request, { maxHeaderCount: 99 }).status, 431)
  assert.equal(decideUpgrade(request, { maxHeaderCount: 0 }).status, 431)
  assert.equal(
    decideUpgrade(requestWith({}, ['X', ''], ...(request.headers.slice(5) as [string, string][])), {
      maxHeaderCount: 101,
    }).status,
    101,
  )
})

type OriginPolicy = ServerPolicy['origin']

const ORIGINS: readonly (readonly [
  policy: OriginPolicy,
  origin: string | undefined,
  status: 101 | 403,
  secure?: true,
])[] = [
  [undefined, undefined, 101],
  [undefined, 'http://server.example.com', 101],
  [undefined, 'HTTP://SERVER.example.com:80', 101],
  [undefined, 'https://server.example.com', 101, true],
  ['same', 'http://server.example.com', 101],
  ['same', 'https://server.example.com', 403],
  ['same', 'http://server.example.com', 403, true],
  ['same', 'http://server.example.com:8080', 403],
  ['same', 'http://example.com', 403],
  ['same', 'http://server.example.com.evil.example', 403],
  ['same', 'http://server-example.com', 403],
  ['same', 'http://server.example.com/', 403],
  ['same', 'server.example.com', 403],
  ['same', 'null', 403],
  ['same', '', 403],
  ['same', 'file://', 403],
  ['any', 'http://evil.example', 101],
  ['any', 'null', 101],
  ['any', 'nonsense', 101],
  ['any', undefined, 101],
  [['https://a.example', 'http://b.example:8080'], 'https://a.example:443', 101],
  [['https://a.example', 'http://b.example:8080'], 'http://b.example:8080', 101],
  [['https://a.example', 'http://b.example:8080'], 'http://b.example', 403],
  [['https://a.example'], 'http://a.example', 403],
  [['https://a.example'], 'https://xa.example', 403],
  [['https://a.example'], 'https://a.example.evil', 403],
  [['https://a.example'], 'http://server.example.com', 403],
  [['https://a.example'], 'null', 403],
  [['https://a.example'], undefined, 101],
  [['null'], 'null', 101],
  [['null'], 'http://a.example', 403],
  [['null'], 'nonsense', 403],
  [[], undefined, 101],
  [[], 'null', 403],
  [[], 'http://server.example.com', 403],
]

for (const [policy, origin, status, secure] of ORIGINS) {
  test(`T-20: origin ${origin}, policy ${policy}${secure ? ', TLS' : ''}: ${status}`, () => {
    const request = origin === undefined ? REQUEST : requestWith({}, ['Origin', origin])
    assert.equal(decideUpgrade({ ...request, secure }, { origin: policy }).status, status)
  })
}

test('T-20: a function decides with the origin, or its absence, and the request', () => {
  const asked: unknown[] = []
  const origin = (value: string | undefined, request: OpeningRequest) => {
    asked.push([value, request.target])
    return value === 'x'
  }
  assert.equal(decideUpgrade(requestWith({}, ['Origin', 'x']), { origin }).status, 101)
  assert.equal(decideUpgrade(REQUEST, { origin }).status, 403)
  assert.deepEqual(asked, [
    ['x', '/chat'],
    [undefined, '/chat'],
  ])
})

test('T-20: a function that answers with a promise has not said yes', () => {
  const origin = (() => Promise.resolve(true)) as unknown as () => boolean
  assert.equal(decideUpgrade(REQUEST, { origin }).status, 403)
})

test('a subprotocol is chosen by a function from what was offered', () => {
  const request = requestWith({}, [PROTOCOL, 'a, b'])
  const chosen = decideUpgrade(request, {
    subprotocols: (offered, { target }) => (target === '/chat' ? offered[1] : 'a'),
  })
  assert.ok(chosen.kind === 'accept')
  assert.equal(chosen.subprotocol, 'b')
  const none = decideUpgrade(request, { subprotocols: () => undefined })
  assert.ok(none.kind === 'accept')
  assert.equal(none.subprotocol, undefined)
  assert.deepEqual(none.headers, RESPONSE)
})

for (const wrong of ['c', 'A', '', 'a\r\nX: y']) {
  test(`T-21: choosing ${JSON.stringify(wrong)} of a and b is an error of the caller`, () => {
    assert.throws(
      () => decideUpgrade(requestWith({}, [PROTOCOL, 'a, b']), { subprotocols: () => wrong }),
      (error) => error instanceof HandshakeError && error.code === 'SUBPROTOCOL_NOT_OFFERED',
    )
  })
}

const POLICY_MISTAKES: readonly (readonly [what: string, policy: ServerPolicy])[] = [
  ['an origin that is no word it knows', { origin: 'https://a.example' as 'same' }],
  ['an origin that is no text', { origin: 1 as unknown as 'same' }],
  ['a list with a path for an origin', { origin: ['https://a.example/'] }],
  ['a list with a host for an origin', { origin: ['a.example'] }],
  ['a list with a number for an origin', { origin: [5 as unknown as string] }],
  ['a list with an asterisk for an origin', { origin: ['*'] }],
  ['a subprotocol that is no token', { subprotocols: ['a b'] }],
  ['a repeated subprotocol', { subprotocols: ['a', 'a'] }],
  ['a repeated extension', { extensions: [extensionOf('a', 0), extensionOf('a', 0)] }],
  ['a header with a line end', { headers: [['X', 'a\r\nY: b']] }],
  ['a header of the handshake', { headers: [['sec-websocket-accept', 'x']] }],
  ['an Upgrade header', { headers: [['Upgrade', 'h2c']] }],
  ['a limit that is no number', { maxHeaderCount: '100' as unknown as number }],
  ['a name that no policy has', { subprotocol: ['a'] } as ServerPolicy],
  ['nothing in it, not even itself', null as unknown as ServerPolicy],
]

test('T-22: which origin is none is said, and that the slash is too much', () => {
  const message = 'Cannot use the policy: origin[2] is not an origin: scheme, host and port, with no slash behind them'
  const origin = ['null', 'https://a.example', 'https://b.example/']
  assert.throws(() => checkPolicy({ origin }), new TypeError(message))
  const notText = [5 as unknown as string]
  assert.throws(() => checkPolicy({ origin: notText }), new TypeError(message.replace('[2]', '[0]')))
})

for (const [what, policy] of POLICY_MISTAKES) {
  test(`T-22: a policy with ${what} is a TypeError, whatever the request`, () => {
    assert.throws(() => checkPolicy(policy), TypeError)
    assert.throws(() => decideUpgrade({ ...REQUEST, method: 'POST' }, policy), TypeError)
  })
}

test('a policy that can be used passes its check', () => {
  checkPolicy({})
  checkPolicy({ origin: ['null', 'https://a.example'], subprotocols: () => undefined, maxHeaderCount: 7 })
  checkPolicy({ origin: () => true, headers: [['X', 'y']] })
})

test('T-18, T-24: every row that a server refuses with makes a response that can be sent', () => {
  for (const [code, { status, headers = [] }] of Object.entries(REFUSALS)) {
    const cause = new Error('why')
    const rejection = rejectUpgrade(code as RefusalCode, cause)
    assert.equal(rejection.status, status ?? 400)
    assert.equal(rejection.statusText, statusTextOf(rejection.status))
    assert.deepEqual(rejection.headers, [['Connection', 'close'], ...headers])
    assert.equal(rejection.error.code, code)
    assert.equal(rejection.error.cause, cause)
    formatResponseHead(rejection)
  }
  assert.equal('cause' in rejectUpgrade('SERVER_CLOSING').error, false)
})

test('T-11, T-14, T-19: no request makes it throw', () => {
  const name = fc.constantFrom(...HEADERS.map((field) => field[0]), PROTOCOL, EXTENSIONS, 'Origin', '__proto__')
  const value = fc.oneof(
    fc.constantFrom(...HEADERS.map((field) => field[1]), 'a, b', 'a; b="c"', 'http://server.example.com'),
    fc.string({ unit: 'binary' }),
  )
  const request = fc.record(
    {
      method: fc.oneof(fc.constant('GET'), fc.string()),
      target: fc.oneof(fc.webUrl(), fc.string({ unit: 'binary' }), fc.webPath()),
      httpVersion: fc.oneof(fc.constant('1.1'), fc.string()),
      headers: fc.array(fc.tuple(name, value)).map((fields) => [...fields, ...HEADERS]),
    },
    { noNullPrototype: true },
  )
  const policy: ServerPolicy = {
    subprotocols: ['a'],
    extensions: [extensionOf('a', 0b100)],
    origin: ['https://a.example'],
  }
  fc.assert(
    fc.property(request, (hostile) => {
      formatResponseHead(decideUpgrade(hostile, policy))
      formatResponseHead(decideUpgrade(hostile))
    }),
  )
})
