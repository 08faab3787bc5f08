import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  DEFAULT_HEAD_LIMITS,
  formatRequestHead,
  formatResponseHead,
  type HeadField,
  type HeadLimits,
  type HeadResult,
  isAtLeastHttp11,
  isRequestTarget,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
  readHeadLimits,
} from '../../src/codec/http1-head.ts'
import { cuttings, latin1, lines, wireText } from '../support/http.ts'

interface Parser<Head> {
  receive(bytes: Uint8Array): HeadResult<Head> | undefined
}

/** The result, and how many bytes of all pieces went in when it came. */
function feed<Head>(parser: Parser<Head>, pieces: readonly Uint8Array[]): [HeadResult<Head> | undefined, number] {
  let before = 0
  for (const piece of pieces) {
    const result = parser.receive(piece)
    if (result !== undefined) return [result, before + (result.kind === 'head' ? result.size : 0)]
    before += piece.length
  }
  return [undefined, before]
}

/** What comes after a head must not change how it is read. */
const REST = ['', '\r\n\r\n', '\x81\x85\x00', 'GET / HTTP/1.1\r\n']

const REQUESTS: readonly (readonly [name: string, wire: string, head: Omit<RequestHead, 'httpVersion'>])[] = [
  ['without headers', lines('GET / HTTP/1.1', ''), { method: 'GET', target: '/', headers: [] }],
  [
    'of RFC 6455 §1.2',
    lines(
      'GET /chat HTTP/1.1',
      'Host: server.example.com',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Origin: http://example.com',
      'Sec-WebSocket-Protocol: chat, superchat',
      'Sec-WebSocket-Version: 13',
      '',
    ),
    {
      method: 'GET',
      target: '/chat',
      headers: [
        ['Host', 'server.example.com'],
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Origin', 'http://example.com'],
        ['Sec-WebSocket-Protocol', 'chat, superchat'],
        ['Sec-WebSocket-Version', '13'],
      ],
    },
  ],
  [
    'T-16: with bytes 0x80 to 0xff in a value',
    lines('GET / HTTP/1.1', 'X: \x80\xff caf\xe9', ''),
    { method: 'GET', target: '/', headers: [['X', '\u0080\u00ff caf\u00e9']] },
  ],
  [
    'T-11: with names that objects have',
    lines('GET / HTTP/1.1', '__proto__: 1', 'constructor: 2', '__proto__: 3', ''),
    {
      method: 'GET',
      target: '/',
      headers: [
        ['__proto__', '1'],
        ['constructor', '2'],
        ['__proto__', '3'],
      ],
    },
  ],
  ['with an empty value', lines('GET / HTTP/1.1', 'X: ', ''), { method: 'GET', target: '/', headers: [['X', '']] }],
  ['of the shortest parts', lines('M ! HTTP/1.1', ''), { method: 'M', target: '!', headers: [] }],
  ['T-19: with an odd target', lines('M!x *?/%#"~ HTTP/1.1', ''), { method: 'M!x', target: '*?/%#"~', headers: [] }],
]

for (const [name, wire, head] of REQUESTS) {
  test(`request ${name}: head to bytes`, () => assert.equal(wireText(formatRequestHead(head)), wire))
  for (const rest of REST) {
    test(`request ${name}, followed by ${JSON.stringify(rest)}: bytes to head, however cut`, () => {
      for (const pieces of cuttings(latin1(wire + rest))) {
        const [result, size] = feed(new RequestHeadParser(), pieces)
        assert.ok(result?.kind === 'head')
        assert.deepEqual(result.head, { ...head, httpVersion: '1.1' })
        assert.equal(size, wire.length)
      }
    })
  }
  test(`request ${name}: every shorter prefix asks for more`, () => {
    for (let n = 0; n < wire.length; n++) {
      assert.deepEqual(feed(new RequestHeadParser(), [latin1(wire.slice(0, n))]), [undefined, n])
    }
  })
}

const RESPONSES: readonly (readonly [name: string, wire: string, head: Omit<ResponseHead, 'httpVersion'>])[] = [
  [
    'of RFC 6455 §1.3',
    lines(
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      '',
    ),
    {
      status: 101,
      statusText: 'Switching Protocols',
      headers: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
      ],
    },
  ],
  ['without words', lines('HTTP/1.1 599 ', ''), { status: 599, statusText: '', headers: [] }],
  ['with odd words', lines('HTTP/1.1 404 \tN\xf6 :', ''), { status: 404, statusText: '\tN\u00f6 :', headers: [] }],
]

for (const [name, wire, head] of RESPONSES) {
  test(`response ${name}: head to bytes`, () => assert.equal(wireText(formatResponseHead(head)), wire))
  for (const rest of REST) {
    test(`response ${name}, followed by ${JSON.stringify(rest)}: bytes to head, however cut`, () => {
      for (const pieces of cuttings(latin1(wire + rest))) {
        const [result, size] = feed(new ResponseHeadParser(), pieces)
        assert.ok(result?.kind === 'head')
        assert.deepEqual(result.head, { ...head, httpVersion: '1.1' })
        assert.equal(size, wire.length)
      }
    })
  }
}

test('blanks around a value are no part of it, those inside are', () => {
  const wire = latin1(lines('GET / HTTP/1.1', 'A:1', 'B:\t 2 3 \t', 'C:', 'D: \t ', ''))
  const [result] = feed(new RequestHeadParser(), [wire])
  assert.deepEqual(result?.kind === 'head' && result.head.headers, [
    ['A', '1'],
    ['B', '2 3'],
    ['C', ''],
    ['D', ''],
  ])
})

for (const version of ['1.0', '1.1', '0.9', '2.0', '9.9']) {
  test(`HTTP version ${version} is reported, not judged`, () => {
    const [request] = feed(new RequestHeadParser(), [latin1(lines(`GET / HTTP/${version}`, ''))])
    const [response] = feed(new ResponseHeadParser(), [latin1(lines(`HTTP/${version} 200 OK`, ''))])
    assert.equal(request?.kind === 'head' && request.head.httpVersion, version)
    assert.equal(response?.kind === 'head' && response.head.httpVersion, version)
  })
}

// Each is malformed at its last byte, and every shorter prefix may still become a head.
const MALFORMED_REQUESTS: readonly (readonly [what: string, wire: string])[] = [
  ['an empty first line', '\r'],
  ['a blank before the method', ' '],
  ['a TLS record', '\x16'],
  ['a method with a character of no token', 'GE"'],
  ['a line without a target', 'GET\r'],
  ['two blanks after the method', 'GET  '],
  ['a tab after the method', 'GET\t'],
  ['a control byte in the target', 'GET /\x01'],
  ['a DEL in the target', 'GET /\x7f'],
  ['a byte 0x80 in the target', 'GET /\x80'],
  ['a line without a version', 'GET /\r'],
  ['two blanks before the version', 'GET /  '],
  ['a version in lower case', 'GET / h'],
  ['a protocol that is not HTTP', 'GET / HTTQ'],
  ['a version without a dot', 'GET / HTTP/1\r'],
  ['a version that ends behind its dot', 'GET / HTTP/1.\r'],
  ['a version that is no number', 'GET / HTTP/x'],
  ['a version with the character before 0', 'GET / HTTP//'],
  ['a version with the character after 9', 'GET / HTTP/:'],
  ['a version with two digits', 'GET / HTTP/1.10'],
  ['a blank after the version', 'GET / HTTP/1.1 '],
  ['T-15: a bare LF after the request line', 'GET / HTTP/1.1\n'],
  ['T-15: a bare CR after the request line', 'GET / HTTP/1.1\rX'],
  ['T-15: two CR after the request line', 'GET / HTTP/1.1\r\r'],
  ['T-15: a header that begins with a blank', 'GET / HTTP/1.1\r\n '],
  ['T-15: a folded line, by a blank', 'GET / HTTP/1.1\r\nX: a\r\n '],
  ['T-15: a folded line, by a tab', 'GET / HTTP/1.1\r\nX: a\r\n\t'],
  ['T-15: a blank before the colon', 'GET / HTTP/1.1\r\nX '],
  ['T-15: a tab before the colon', 'GET / HTTP/1.1\r\nX\t'],
  ['T-15: an empty name', 'GET / HTTP/1.1\r\n:'],
  ['T-15: a name that is no token', 'GET / HTTP/1.1\r\nX('],
  ['T-15: a byte 0x80 in a name', 'GET / HTTP/1.1\r\nX\x80'],
  ['T-15: a NUL in a name', 'GET / HTTP/1.1\r\nX\x00'],
  ['T-15: a line without a colon', 'GET / HTTP/1.1\r\nX\r'],
  ['T-15: a NUL in a value', 'GET / HTTP/1.1\r\nX: a\x00'],
  ['T-15: a control byte in a value', 'GET / HTTP/1.1\r\nX: a\x1f'],
  ['T-15: a DEL in a value', 'GET / HTTP/1.1\r\nX: a\x7f'],
  ['T-15: a bare LF in a value', 'GET / HTTP/1.1\r\nX: a\n'],
  ['T-15: a bare CR in a value', 'GET / HTTP/1.1\r\nX: a\rb'],
  ['T-15: a bare LF at the end of the head', 'GET / HTTP/1.1\r\nX: a\r\n\n'],
  ['T-15: a bare CR at the end of the head', 'GET / HTTP/1.1\r\nX: a\r\n\r\r'],
]

const MALFORMED_RESPONSES: readonly (readonly [what: string, wire: string])[] = [
  ['an empty first line', '\r'],
  ['a protocol that is not HTTP', 'S'],
  ['a version that ends the line', 'HTTP/1.1\r'],
  ['two blanks before the status', 'HTTP/1.1  '],
  ['a status below 100', 'HTTP/1.1 0'],
  ['a status of two digits', 'HTTP/1.1 20 '],
  ['a status of four digits', 'HTTP/1.1 2000'],
  ['a status with a sign', 'HTTP/1.1 +'],
  ['a status with the character before 0', 'HTTP/1.1 2/'],
  ['a status with the character after 9', 'HTTP/1.1 2:'],
  ['a status with a letter', 'HTTP/1.1 2x'],
  ['a status that ends the line', 'HTTP/1.1 200\r'],
  ['a control byte in the words', 'HTTP/1.1 200 O\x00'],
  ['a bare LF after the words', 'HTTP/1.1 200 OK\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nX: a\r\n '],
]

const MALFORMED = [
  ...MALFORMED_REQUESTS.map(([what, wire]) => [`request with ${what}`, wire, RequestHeadParser] as const),
  ...MALFORMED_RESPONSES.map(([what, wire]) => [`response with ${what}`, wire, ResponseHeadParser] as const),
]

for (const [what, wire, Parser] of MALFORMED) {
  test(`${what} is malformed at the byte that decides, however cut`, () => {
    for (const pieces of cuttings(latin1(wire))) {
      const [result] = feed<unknown>(new Parser(), pieces)
      assert.deepEqual(result, { kind: 'violation', violation: 'HEAD_MALFORMED' })
    }
    assert.deepEqual(feed<unknown>(new Parser(), [latin1(wire.slice(0, -1))]), [undefined, wire.length - 1])
  })
}

const REQUEST_LINE = 'GET /12345 HTTP/1.1' // 19 bytes
const HEAD = lines(REQUEST_LINE, 'A: 1', 'B: 2', '') // 35 bytes

const LIMITS: readonly (readonly [what: string, limits: Partial<HeadLimits>, violation: string, at: number])[] = [
  ['a request line one byte too long', { maxRequestLineBytes: 18 }, 'REQUEST_LINE_TOO_LONG', 18],
  ['a request line much too long', { maxRequestLineBytes: 3 }, 'REQUEST_LINE_TOO_LONG', 3],
  ['no room for a request line', { maxRequestLineBytes: 0 }, 'REQUEST_LINE_TOO_LONG', 0],
  ['a head one byte too long', { maxHeadBytes: 34 }, 'HEAD_TOO_LONG', 34],
  ['no room for a head', { maxHeadBytes: 0 }, 'HEAD_TOO_LONG', 0],
  ['a header too many', { maxHeaderCount: 1 }, 'TOO_MANY_HEADERS', 27],
  ['no room for headers', { maxHeaderCount: 0 }, 'TOO_MANY_HEADERS', 21],
]

for (const [what, limits, violation, at] of LIMITS) {
  test(`T-13: ${what} is refused at byte ${at}, however cut`, () => {
    for (const pieces of cuttings(latin1(HEAD))) {
      const [result] = feed(new RequestHeadParser(readHeadLimits(limits)), pieces)
      assert.deepEqual(result, { kind: 'violation', violation })
    }
    assert.equal(feed(new RequestHeadParser(readHeadLimits(limits)), [latin1(HEAD.slice(0, at))])[0], undefined)
    assert.notEqual(feed(new RequestHeadParser(readHeadLimits(limits)), [latin1(HEAD.slice(0, at + 1))])[0], undefined)
  })
}

const WITHIN_LIMITS: readonly Partial<HeadLimits>[] = [
  { maxRequestLineBytes: 19 },
  { maxRequestLineBytes: 20 },
  { maxRequestLineBytes: 21 },
  { maxHeadBytes: 35 },
  { maxHeadBytes: 36 },
  { maxHeaderCount: 2 },
  { maxHeaderCount: 3 },
  { maxRequestLineBytes: Number.POSITIVE_INFINITY, maxHeadBytes: Number.POSITIVE_INFINITY },
]

for (const limits of WITHIN_LIMITS) {
  test(`a head within ${JSON.stringify(limits)} is parsed, however cut`, () => {
    for (const pieces of cuttings(latin1(`${HEAD}GET`))) {
      const [result, size] = feed(new RequestHeadParser(readHeadLimits(limits)), pieces)
      assert.equal(result?.kind, 'head')
      assert.equal(size, HEAD.length)
    }
  })
}

test('a status line has no limit but that of the head', () => {
  const wire = latin1(lines(`HTTP/1.1 200 ${'x'.repeat(10_000)}`, ''))
  assert.equal(feed(new ResponseHeadParser(), [wire])[0]?.kind, 'head')
  const [result] = feed(new ResponseHeadParser(readHeadLimits({ maxHeadBytes: 5_000 })), [wire])
  assert.deepEqual(result, { kind: 'violation', violation: 'HEAD_TOO_LONG' })
})

const DEFAULTS_AT_WORK: readonly (readonly [what: string, wire: string, outcome: string])[] = [
  ['a request line of 8,192 bytes', lines(`GET /${'a'.repeat(8_178)} HTTP/1.1`, ''), 'head'],
  ['a request line of 8,193 bytes', lines(`GET /${'a'.repeat(8_179)} HTTP/1.1`, ''), 'REQUEST_LINE_TOO_LONG'],
  ['a head of 16,384 bytes', lines('GET / HTTP/1.1', `X: ${'a'.repeat(16_361)}`, ''), 'head'],
  ['a head of 16,385 bytes', lines('GET / HTTP/1.1', `X: ${'a'.repeat(16_362)}`, ''), 'HEAD_TOO_LONG'],
  ['T-14: 100 headers', lines('GET / HTTP/1.1', ...Array(100).fill('X: 1'), ''), 'head'],
  ['T-14: 101 headers', lines('GET / HTTP/1.1', ...Array(101).fill('X: 1'), ''), 'TOO_MANY_HEADERS'],
]

for (const [what, wire, outcome] of DEFAULTS_AT_WORK) {
  test(`T-13: by default, ${what}, byte by byte: ${outcome}`, () => {
    const [result] = feed(
      new RequestHeadParser(),
      [...latin1(wire)].map((byte) => Uint8Array.of(byte)),
    )
    assert.equal(result?.kind === 'violation' ? result.violation : result?.kind, outcome)
  })
}

test('T-13: a head of 20 MiB is given up at 16 KiB', () => {
  const parser = new RequestHeadParser()
  const piece = new Uint8Array(1024).fill(0x61)
  parser.receive(latin1('GET / HTTP/1.1\r\nX: '))
  let pieces = 0
  while (parser.receive(piece) === undefined) pieces++
  assert.equal(pieces, 15)
})

test('T-12: a million bytes, one at a time, take linear time', () => {
  const parser = new RequestHeadParser(readHeadLimits({ maxHeadBytes: Number.POSITIVE_INFINITY }))
  parser.receive(latin1('GET / HTTP/1.1\r\nX: '))
  const byte = latin1(' ')
  const start = performance.now()
  for (let i = 0; i < 1_000_000; i++) parser.receive(byte)
  const result = parser.receive(latin1('\r\n\r\n'))
  assert.ok(performance.now() - start < 2_000)
  assert.deepEqual(result?.kind === 'head' && result.head.headers, [['X', '']])
})

const LIMIT_MISTAKES: readonly (readonly [value: unknown, error: typeof TypeError | typeof RangeError])[] = [
  [-1, RangeError],
  [1.5, RangeError],
  [Number.NaN, RangeError],
  [2 ** 53, RangeError],
  [Number.NEGATIVE_INFINITY, RangeError],
  ['100', TypeError],
  [null, TypeError],
]

for (const [value, error] of LIMIT_MISTAKES) {
  test(`a limit cannot be ${JSON.stringify(value)} (${String(value)})`, () => {
    for (const name of Object.keys(DEFAULT_HEAD_LIMITS)) {
      assert.throws(() => readHeadLimits({ [name]: value }), {
        name: error.name,
        message: new RegExp(`^limits\\.${name} is `),
      })
    }
  })
}

test('a limit that is not given is the default; 0 and Infinity are what they say', () => {
  assert.deepEqual(readHeadLimits(), DEFAULT_HEAD_LIMITS)
  assert.equal(readHeadLimits({ maxHeadBytes: 0 }).maxHeadBytes, 0)
  assert.equal(readHeadLimits({ maxHeadBytes: Number.POSITIVE_INFINITY }).maxHeadBytes, Number.POSITIVE_INFINITY)
})

const UNWRITABLE_FIELDS: readonly (readonly [what: string, field: HeadField])[] = [
  ['CR LF in a value', ['X', 'a\r\nY: b']],
  ['a CR in a value', ['X', 'a\rb']],
  ['a LF in a value', ['X', 'a\nb']],
  ['a NUL in a value', ['X', 'a\0']],
  ['a DEL in a value', ['X', 'a\x7f']],
  ['a code unit above 0xff in a value', ['X', 'a\u0100']],
  ['a value that is no string', ['X', 1 as unknown as string]],
  ['an empty name', ['', 'a']],
  ['a colon in a name', ['X:', 'a']],
  ['a line end in a name', ['X\r\n', 'a']],
  ['a code unit above 0xff in a name', ['X\u0130', 'a']],
  ['a name that is no string', [undefined as unknown as string, 'a']],
]

for (const [what, field] of UNWRITABLE_FIELDS) {
  test(`T-22: ${what} cannot be written`, () => {
    assert.throws(() => formatRequestHead({ method: 'GET', target: '/', headers: [field] }), TypeError)
    assert.throws(() => formatResponseHead({ status: 200, statusText: '', headers: [['A', 'b'], field] }), TypeError)
  })
}

for (const method of ['', 'GET ', 'GET\r\n', 'G\u0118T']) {
  test(`T-22: the method ${JSON.stringify(method)} cannot be written`, () =>
    assert.throws(() => formatRequestHead({ method, target: '/', headers: [] }), TypeError))
}

for (const target of ['', '/ ', '/\r\n', '/\0', '/\x7f', '/\u00e9', '/\u0100']) {
  test(`T-22: the target ${JSON.stringify(target)} cannot be written`, () => {
    assert.equal(isRequestTarget(target), false)
    assert.throws(() => formatRequestHead({ method: 'GET', target, headers: [] }), TypeError)
  })
}

for (const statusText of ['OK\r\nX: y', 'O\n', 'O\r', '\0', '\u0100']) {
  test(`T-22: the status text ${JSON.stringify(statusText)} cannot be written`, () =>
    assert.throws(() => formatResponseHead({ status: 200, statusText, headers: [] }), TypeError))
}

for (const status of [99, 600, 200.5, Number.NaN]) {
  test(`the status ${status} cannot be written`, () =>
    assert.throws(() => formatResponseHead({ status, statusText: '', headers: [] }), RangeError))
}

test('the least and the greatest status can be written', () => {
  for (const status of [100, 599]) {
    assert.equal(wireText(formatResponseHead({ status, statusText: '', headers: [] })), `HTTP/1.1 ${status} \r\n\r\n`)
  }
})

const VERSIONS: readonly (readonly [version: string, atLeast11: boolean])[] = [
  ['1.1', true],
  ['1.2', true],
  ['1.0', false],
  ['0.9', false],
  ['2.0', false],
  ['1.10', false],
  ['1.', false],
  ['11', false],
  ['', false],
]

for (const [version, atLeast11] of VERSIONS) {
  test(`HTTP version ${JSON.stringify(version)} is ${atLeast11 ? '' : 'not '}1.1 or higher`, () =>
    assert.equal(isAtLeastHttp11(version), atLeast11))
}

test('no bytes make the parsers throw, and chunks change nothing', () => {
  const byte = fc.constantFrom(...latin1('GET / HTTP/1.1\r\n\r\n: \t\x00\xff'), ...latin1('HTTP/1.1 200 '))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), fc.nat(60), (bytes, at) => {
      const wire = Uint8Array.from(bytes)
      for (const Parser of [RequestHeadParser, ResponseHeadParser]) {
        const [whole, wholeBytes] = feed<unknown>(new Parser(), [wire])
        const [cut, cutBytes] = feed<unknown>(new Parser(), [wire.slice(0, at), wire.slice(at)])
        assert.equal(cut?.kind, whole?.kind)
        if (whole?.kind === 'violation') assert.deepEqual(cut, whole)
        else assert.equal(cutBytes, wholeBytes)
      }
    }),
  )
})

test('every head that can be written is parsed to the same', () => {
  const tokenChar = fc.constantFrom(..."!#$%&'*+-.^_`|~09AZaz")
  const token = fc.array(tokenChar, { minLength: 1, maxLength: 8 }).map((chars) => chars.join(''))
  const value = fc.array(
    fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f),
    { maxLength: 8 },
  )
  const text = value.map((codes) => String.fromCharCode(...codes))
  const headers = fc.array(fc.tuple(token, text))
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), text, headers, (status, statusText, fields) => {
      const bytes = formatResponseHead({ status, statusText, headers: fields })
      const result = new ResponseHeadParser().receive(bytes)
      assert.deepEqual(result, {
        kind: 'head',
        head: { httpVersion: '1.1', status, statusText, headers: fields },
        size: bytes.length,
      })
    }),
  )
})
