import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidStateError } from '../../src/codec/web-socket-error.ts'
import {
  ClientOpening,
  type ClientOpeningEvent,
  type ClientOpeningOptions,
  ServerOpening,
  type ServerOpeningEvent,
  type ServerOpeningOptions,
} from '../../src/handshake/http1-opening.ts'
import { cuttings, drawsOf, extensionOf, latin1, lines, wireText } from '../support/http.ts'

// RFC 6455 §1.2 and §1.3
const REQUEST = lines(
  'GET /chat HTTP/1.1',
  'Host: server.example.com',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '',
)
const ACCEPTANCE = lines(
  'HTTP/1.1 101 Switching Protocols',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  '',
)
// Frames that come with the head: RFC 6455 §5.7, and an end of a head that is none.
const FRAMES = '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\r\n\r\n'

function eventsOf<Event>(opening: { next(): Event | undefined }): Event[] {
  const events: Event[] = []
  for (let event = opening.next(); event !== undefined; event = opening.next()) events.push(event)
  return events
}

/** The one event that there is. */
function onlyEvent<Event>(opening: { next(): Event | undefined }): Event {
  const events = eventsOf(opening)
  assert.equal(events.length, 1)
  return events[0]!
}

function failureOf(event: ServerOpeningEvent | ClientOpeningEvent) {
  assert.ok(event.kind === 'failure')
  return event.error
}

// --- the server's end

/** Feeds the pieces, accepting a request when there is one, and collects everything that comes out. */
function serve(options: ServerOpeningOptions, pieces: readonly Uint8Array[]) {
  const opening = new ServerOpening(options)
  const events: ServerOpeningEvent[] = []
  for (const piece of pieces) {
    opening.receive(piece)
    events.push(...eventsOf(opening))
  }
  return { opening, events, output: wireText(...opening.takeOutput()) }
}

function waiting(options: ServerOpeningOptions = {}): ServerOpening {
  const opening = new ServerOpening(options)
  opening.receive(latin1(REQUEST))
  assert.equal(onlyEvent(opening).kind, 'request')
  return opening
}

test('T-26: a request and the frames after it open the connection, however cut', () => {
  for (const pieces of cuttings(latin1(REQUEST + FRAMES))) {
    const { opening, events, output } = serve({}, pieces)
    assert.equal(output, '')
    assert.equal(opening.wantsEnd, false)
    const [event, ...others] = events
    assert.deepEqual(others, [])
    assert.ok(event?.kind === 'request')
    assert.equal(event.request.target, '/chat')
    assert.equal(event.request.secure, false)
    assert.equal(event.decision.status, 101)

    opening.accept()
    assert.equal(wireText(...opening.takeOutput()), ACCEPTANCE)
    const open = onlyEvent(opening)
    assert.ok(open.kind === 'open')
    assert.deepEqual(open.agreement, { role: 'server', subprotocol: undefined, extensions: [] })
    assert.equal(wireText(open.leftover), FRAMES)
    assert.equal(opening.wantsEnd, false)
    assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
    assert.deepEqual(opening.takeOutput(), [])
  }
})

test('what the policy agrees to and the headers of accept are in the answer', () => {
  const wire = REQUEST.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: b, a\r\nSec-WebSocket-Extensions: e; x\r\n\r\n')
  const policy = { subprotocols: ['a', 'b'], extensions: [extensionOf('e', 0b100)], headers: [['X', '1']] as const }
  const { opening } = serve({ policy }, [latin1(wire)])
  opening.accept({ headers: [['Set-Cookie', 'c=d']] })
  const answer = wireText(...opening.takeOutput())
  assert.equal(
    answer,
    ACCEPTANCE.replace(
      '\r\n\r\n',
      '\r\nSec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: e; x\r\nX: 1\r\nSet-Cookie: c=d\r\n\r\n',
    ),
  )
  const open = onlyEvent(opening)
  assert.deepEqual(open.kind === 'open' && open.agreement, {
    role: 'server',
    subprotocol: 'b',
    extensions: [{ name: 'e', parameters: [['x', undefined]], reservedBits: 0b100 }],
  })
})

const HEAD_400 = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n'
const BODY_400 = 'Content-Type: text/plain; charset=utf-8\r\nContent-Length: 16\r\n\r\n400 Bad Request\n'

const REFUSALS: readonly (readonly [what: string, wire: string, code: string, response: string])[] = [
  ['T-15: a folded line', REQUEST.replace('Upgrade:', ' Upgrade:'), 'HEAD_MALFORMED', HEAD_400 + BODY_400],
  ['T-15: bare LF', REQUEST.replaceAll('\r\n', '\n'), 'HEAD_MALFORMED', HEAD_400 + BODY_400],
  ['T-05: a bad key', REQUEST.replace('ZQ==', 'ZR=='), 'KEY_INVALID', HEAD_400 + BODY_400],
  [
    'T-17: a body',
    REQUEST.replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\nhi'),
    'BODY_NOT_ALLOWED',
    HEAD_400 + BODY_400,
  ],
  [
    'T-01: POST',
    REQUEST.replace('GET', 'POST'),
    'METHOD_NOT_GET',
    'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\nContent-Length: 23\r\n\r\n405 Method Not Allowed\n',
  ],
  [
    'T-06: version 8',
    REQUEST.replace('Version: 13', 'Version: 8'),
    'VERSION_NOT_SUPPORTED',
    'HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\nContent-Length: 21\r\n\r\n426 Upgrade Required\n',
  ],
  [
    'T-13: a request line of 8,193 bytes',
    REQUEST.replace('/chat', `/${'a'.repeat(8_179)}`),
    'REQUEST_LINE_TOO_LONG',
    'HTTP/1.1 414 URI Too Long\r\nConnection: close\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\nContent-Length: 17\r\n\r\n414 URI Too Long\n',
  ],
  [
    'T-13: a head of 20 KiB',
    REQUEST.replace('\r\n\r\n', `\r\nX: ${'a'.repeat(20_480)}\r\n\r\n`),
    'HEAD_TOO_LONG',
    'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\nContent-Length: 36\r\n\r\n431 Request Header Fields Too Large\n',
  ],
]

for (const [what, wire, code, response] of REFUSALS) {
  test(`T-18: ${what} is answered and ends the stream; following bytes are ignored, however cut`, () => {
    const bytes = latin1(wire + FRAMES + REQUEST)
    // Every split of a long head is a test of the parser; here a few will do.
    const all = bytes.length < 1_000 ? cuttings(bytes) : [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]
    for (const pieces of all) {
      const { opening, events, output } = serve({}, pieces)
      assert.equal(output, response)
      assert.equal(events.length, 1)
      assert.equal(failureOf(events[0]!).code, code)
      assert.equal(opening.wantsEnd, true)
      assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
    }
  })
}

test('T-14: the limit on headers is one, wherever it is set', () => {
  const outcome = (options: ServerOpeningOptions) => serve(options, [latin1(REQUEST)]).events[0]?.kind
  assert.equal(outcome({ limits: { maxHeaderCount: 5 } }), 'request')
  assert.equal(outcome({ limits: { maxHeaderCount: 4 } }), 'failure')
  assert.equal(outcome({ policy: { maxHeaderCount: 4 } }), 'failure')
  const many = latin1(REQUEST.replace('\r\n\r\n', `\r\n${'X: y\r\n'.repeat(100)}\r\n`))
  assert.equal(serve({ limits: { maxHeaderCount: 105 } }, [many]).events[0]?.kind, 'request')
})

test('T-20: a page of the same host may connect over TLS when the stream is a TLS stream', () => {
  const wire = latin1(REQUEST.replace('\r\n\r\n', '\r\nOrigin: https://server.example.com\r\n\r\n'))
  assert.equal(serve({ secure: true }, [wire]).events[0]?.kind, 'request')
  assert.match(serve({}, [wire]).output, /^HTTP\/1\.1 403 Forbidden\r\n/)
})

for (const [what, policy, cause] of [
  [
    'throws',
    {
      origin: () => {
        throw new Error('why')
      },
    },
    /why/,
  ],
  ['T-21: chooses a subprotocol that was not offered', { subprotocols: () => 'x' }, /not offered/],
] as const) {
  test(`T-23: a policy that ${what} is answered with 500, and the application is told why`, () => {
    const { opening, events, output } = serve({ policy }, [latin1(REQUEST)])
    assert.match(output, /^HTTP\/1\.1 500 Internal Server Error\r\nConnection: close\r\n/)
    const error = failureOf(events[0]!)
    assert.equal(error.code, 'POLICY_FAILED')
    assert.match((error.cause as Error).message, cause)
    assert.equal(opening.wantsEnd, true)
  })
}

test('a policy or a limit that cannot be used is an error at construction', () => {
  assert.throws(() => new ServerOpening({ policy: { headers: [['Upgrade', 'x']] } }), TypeError)
  assert.throws(() => new ServerOpening({ limits: { maxHeadBytes: -1 } }), RangeError)
  assert.throws(() => new ServerOpening({ maxEarlyBytes: 0.5 }), RangeError)
  assert.throws(() => new ServerOpening({ handshakeTimeoutMs: Number.NaN }), RangeError)
})

test('the application refuses a request', () => {
  const opening = waiting()
  opening.reject(401, { headers: [['WWW-Authenticate', 'Basic realm="x"']] })
  assert.equal(
    wireText(...opening.takeOutput()),
    'HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nWWW-Authenticate: Basic realm="x"\r\n' +
      'Content-Type: text/plain; charset=utf-8\r\nContent-Length: 17\r\n\r\n401 Unauthorized\n',
  )
  const error = failureOf(onlyEvent(opening))
  assert.equal(error.code, 'REFUSED_BY_APPLICATION')
  assert.equal(error.status, 401)
  assert.equal(opening.wantsEnd, true)
  assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
})

test('the application refuses a request in words and with a body of its own', () => {
  const opening = waiting()
  opening.reject(403, { statusText: 'No', headers: [['Content-Type', 'application/json']], body: latin1('{}') })
  assert.equal(
    wireText(...opening.takeOutput()),
    'HTTP/1.1 403 No\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  )
})

for (const status of [101, 200, 299, 304, 600, 400.5, Number.NaN]) {
  test(`the status ${status} is none to refuse with`, () => {
    const opening = waiting()
    assert.throws(() => opening.reject(status), RangeError)
    assert.deepEqual(opening.takeOutput(), [])
    opening.accept()
    assert.equal(onlyEvent(opening).kind, 'open')
  })
}

for (const status of [300, 308, 599]) {
  test(`the status ${status} is one to refuse with`, () => {
    const opening = waiting()
    opening.reject(status)
    assert.match(wireText(...opening.takeOutput()), new RegExp(`^HTTP/1\\.1 ${status} [A-Za-z ]*\\r\\n`))
  })
}

test('T-22: an answer that cannot be sent is a TypeError, and the request waits on', () => {
  const opening = waiting()
  const header = [['X', 'a\r\nY: b']] as const
  assert.throws(() => opening.accept({ headers: header }), TypeError)
  assert.throws(() => opening.accept({ headers: [['Sec-WebSocket-Accept', 'x']] }), TypeError)
  assert.throws(() => opening.reject(403, { headers: header }), TypeError)
  assert.throws(() => opening.reject(403, { headers: [['Connection', 'keep-alive']] }), TypeError)
  assert.throws(() => opening.reject(403, { statusText: 'a\r\n' }), TypeError)
  assert.deepEqual(opening.takeOutput(), [])
  assert.deepEqual(eventsOf(opening), [])
  opening.accept()
  assert.equal(wireText(...opening.takeOutput()), ACCEPTANCE)
})

test('T-25: a request is answered once, and not before it is there', () => {
  const opening = new ServerOpening()
  assert.throws(() => opening.accept(), InvalidStateError)
  assert.throws(() => opening.reject(403), InvalidStateError)
  const accepted = waiting()
  accepted.accept()
  assert.throws(() => accepted.accept(), InvalidStateError)
  assert.throws(() => accepted.reject(403), InvalidStateError)
  const rejected = waiting()
  rejected.reject(403)
  assert.throws(() => rejected.reject(403), InvalidStateError)
  assert.throws(() => rejected.accept(), InvalidStateError)
  const refused = serve({}, [latin1('\n')]).opening
  assert.throws(() => refused.accept(), InvalidStateError)
})

test('once it is open, bytes and their end are for the session', () => {
  const opening = waiting()
  opening.accept()
  assert.throws(() => opening.receive(latin1('x')), InvalidStateError)
  assert.throws(() => opening.receiveEnd(), InvalidStateError)
})

test('T-23: an end of the stream before or during the request fails without an answer', () => {
  for (let at = 0; at < REQUEST.length; at++) {
    const { opening } = serve({}, [latin1(REQUEST.slice(0, at))])
    opening.receiveEnd()
    opening.receiveEnd()
    assert.equal(failureOf(onlyEvent(opening)).code, 'ENDED_IN_HANDSHAKE')
    assert.deepEqual(opening.takeOutput(), [])
    assert.equal(opening.wantsEnd, true)
    assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
  }
})

test('T-23: an answer that comes after the end of the stream does nothing', () => {
  const opening = waiting()
  opening.receiveEnd()
  opening.accept()
  opening.reject(403)
  assert.equal(failureOf(onlyEvent(opening)).code, 'ENDED_IN_HANDSHAKE')
  assert.deepEqual(opening.takeOutput(), [])
  opening.receive(latin1(FRAMES))
  opening.tick(1e9)
  assert.deepEqual(eventsOf(opening), [])
})

test('T-28: a client that trickles is refused with 408 at the deadline, which its bytes do not move', () => {
  const opening = new ServerOpening({ now: 5_000 })
  for (const byte of latin1(REQUEST.slice(0, -1))) {
    opening.receive(Uint8Array.of(byte))
    assert.equal(opening.deadline, 15_000)
  }
  opening.tick(14_999)
  assert.deepEqual(eventsOf(opening), [])
  opening.tick(15_000)
  const error = failureOf(onlyEvent(opening))
  assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
  assert.equal(error.status, 408)
  assert.match(wireText(...opening.takeOutput()), /^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/)
  assert.equal(opening.wantsEnd, true)
  assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
  opening.receive(latin1('\n'))
  opening.tick(20_000)
  assert.deepEqual(eventsOf(opening), [])
  assert.deepEqual(opening.takeOutput(), [])
})

test('T-28: an application that does not answer in time is late', () => {
  const opening = waiting({ handshakeTimeoutMs: 1 })
  opening.tick(1)
  assert.equal(failureOf(onlyEvent(opening)).code, 'HANDSHAKE_TIMEOUT')
  assert.match(wireText(...opening.takeOutput()), /^HTTP\/1\.1 408 /)
  opening.accept()
  assert.deepEqual(opening.takeOutput(), [])
})

test('without a time limit there is no deadline', () => {
  const opening = new ServerOpening({ handshakeTimeoutMs: Number.POSITIVE_INFINITY })
  assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
  opening.tick(1e15)
  assert.deepEqual(eventsOf(opening), [])
})

test('without any time the deadline is the beginning', () => {
  const opening = new ServerOpening({ now: 100, handshakeTimeoutMs: 0 })
  assert.equal(opening.deadline, 100)
  opening.tick(100)
  assert.equal(failureOf(onlyEvent(opening)).code, 'HANDSHAKE_TIMEOUT')
})

for (const [maxEarlyBytes, outcome] of [
  [FRAMES.length + 1, 'open'],
  [FRAMES.length, 'open'],
  [FRAMES.length - 1, 'failure'],
  [0, 'failure'],
] as const) {
  test(`${FRAMES.length} early bytes where ${maxEarlyBytes} are kept: ${outcome}, however cut`, () => {
    for (const pieces of cuttings(latin1(REQUEST + FRAMES))) {
      const { opening, events, output } = serve({ maxEarlyBytes }, pieces)
      assert.equal(events[0]?.kind, 'request')
      opening.accept()
      const answer = output + wireText(...opening.takeOutput())
      const last = [...events, ...eventsOf(opening)].at(-1)!
      if (outcome === 'open') {
        assert.equal(last.kind, 'open')
        assert.equal(answer, ACCEPTANCE)
      } else {
        assert.equal(failureOf(last).code, 'EARLY_BYTES_TOO_MANY')
        assert.equal(answer, HEAD_400 + BODY_400)
      }
    }
  })
}

test('64 KiB of early bytes are kept by default, and not one more', () => {
  const kept = waiting()
  kept.receive(new Uint8Array(65_535))
  kept.receive(new Uint8Array(1))
  kept.accept()
  const open = onlyEvent(kept)
  assert.equal(open.kind === 'open' && open.leftover.length, 65_536)
  const refused = waiting()
  refused.receive(new Uint8Array(65_537))
  assert.equal(failureOf(onlyEvent(refused)).code, 'EARLY_BYTES_TOO_MANY')
})

test('the bytes that a server was given may be written to afterwards', () => {
  const bytes = latin1(REQUEST + FRAMES)
  const { opening } = serve({}, [bytes])
  bytes.fill(0)
  opening.accept()
  const open = onlyEvent(opening)
  assert.equal(open.kind === 'open' && wireText(open.leftover), FRAMES)
})

// --- the client's end

const CLIENT: ClientOpeningOptions = {
  host: 'server.example.com',
  target: '/chat',
  randomUint32: drawsOf(0x74686520, 0x73616d70, 0x6c65206e, 0x6f6e6365), // "the sample nonce"
}
const CLIENT_REQUEST = lines(
  'GET /chat HTTP/1.1',
  'Host: server.example.com',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
)
const EARLY_HINTS = lines('HTTP/1.1 103 Early Hints', 'Link: </style.css>', '')

function open(options: Partial<ClientOpeningOptions> = {}): ClientOpening {
  const opening = new ClientOpening({ ...CLIENT, ...options })
  opening.takeOutput()
  return opening
}

/** Feeds the pieces until it is open; then the rest of them is the session's. */
function connect(options: Partial<ClientOpeningOptions>, pieces: readonly Uint8Array[]) {
  const opening = open(options)
  const events: ClientOpeningEvent[] = []
  const sessionBytes: Uint8Array[] = []
  for (const piece of pieces) {
    if (sessionBytes.length > 0) {
      sessionBytes.push(piece)
      continue
    }
    opening.receive(piece)
    for (const event of eventsOf(opening)) {
      events.push(event)
      if (event.kind === 'open') sessionBytes.push(event.leftover)
    }
  }
  return { opening, events, sessionText: wireText(...sessionBytes) }
}

test('a client sends its request at once', () => {
  const opening = new ClientOpening(CLIENT)
  assert.equal(wireText(...opening.takeOutput()), CLIENT_REQUEST)
  assert.equal(opening.request.key, 'dGhlIHNhbXBsZSBub25jZQ==')
  assert.equal(opening.deadline, 10_000)
  assert.equal(opening.wantsEnd, false)
  assert.deepEqual(eventsOf(opening), [])
})

for (const [what, before] of [
  ['a response', ''],
  ['T-34: two interim responses and a response', EARLY_HINTS + EARLY_HINTS],
  ['T-34: an interim response of the last such status and a response', lines('HTTP/1.1 199 Soon', '')],
] as const) {
  test(`T-38: ${what} and the frames after it open the connection, however cut`, () => {
    for (const pieces of cuttings(latin1(before + ACCEPTANCE + FRAMES))) {
      const { opening, events, sessionText } = connect({}, pieces)
      assert.equal(sessionText, FRAMES)
      const [event, ...others] = events
      assert.deepEqual(others, [])
      assert.ok(event?.kind === 'open')
      assert.deepEqual(event.agreement, { role: 'client', subprotocol: undefined, extensions: [] })
      assert.equal(event.response.status, 101)
      assert.equal(event.response.headers.length, 3)
      assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
      assert.equal(opening.wantsEnd, false)
    }
  })
}

test('a client agrees to what it offered', () => {
  const { events } = connect({ subprotocols: ['chat'], extensions: [extensionOf('e', 0b100)] }, [
    latin1(ACCEPTANCE.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: e\r\n\r\n')),
  ])
  assert.deepEqual(events[0]?.kind === 'open' && events[0].agreement, {
    role: 'client',
    subprotocol: 'chat',
    extensions: [{ name: 'e', parameters: [], reservedBits: 0b100 }],
  })
})

test('T-38: more than 64 KiB after the head of a response are handed on like less', () => {
  const { sessionText } = connect({}, [latin1(ACCEPTANCE + 'x'.repeat(100_000))])
  assert.equal(sessionText.length, 100_000)
})

const FAILURES: readonly (readonly [what: string, wire: string, code: string])[] = [
  ['T-31: a wrong accept value', ACCEPTANCE.replace('xOo=', 'xOO='), 'ACCEPT_NOT_CONFIRMED'],
  ['T-31: no Upgrade', ACCEPTANCE.replace('Upgrade: websocket\r\n', ''), 'UPGRADE_NOT_CONFIRMED'],
  ['HTTP/1.0', ACCEPTANCE.replace('HTTP/1.1', 'HTTP/1.0'), 'HTTP_VERSION_NOT_SUPPORTED'],
  ['something that is not HTTP', 'SSH-2.0-OpenSSH\r\n', 'HEAD_MALFORMED'],
  ['T-15: a bare LF', ACCEPTANCE.replace('\r\n', '\n'), 'HEAD_MALFORMED'],
  ['T-34: nine interim responses', EARLY_HINTS.repeat(9) + ACCEPTANCE, 'TOO_MANY_INTERIM_RESPONSES'],
  ['T-34: a malformed second response', `${EARLY_HINTS}HTTP/1.1 099 `, 'HEAD_MALFORMED'],
]

for (const [what, wire, code] of FAILURES) {
  test(`${what} fails a client's handshake, and following bytes are ignored, however cut`, () => {
    for (const pieces of cuttings(latin1(wire + FRAMES))) {
      const { opening, events } = connect({}, pieces)
      assert.equal(events.length, 1)
      assert.equal(failureOf(events[0]!).code, code)
      assert.equal(opening.wantsEnd, true)
      assert.equal(opening.deadline, Number.POSITIVE_INFINITY)
      assert.deepEqual(opening.takeOutput(), [])
    }
  })
}

test('T-34: eight interim responses are skipped', () => {
  const { events } = connect({}, [latin1(EARLY_HINTS.repeat(8) + ACCEPTANCE)])
  assert.equal(events[0]?.kind, 'open')
})

test('T-34: endless headers fail at the limit', () => {
  for (const [limits, line, code] of [
    [{}, 'X: y\r\n', 'TOO_MANY_HEADERS'],
    [{}, `X: ${'y'.repeat(1_000)}\r\n`, 'HEAD_TOO_LONG'],
    [{ maxHeadBytes: 50 }, 'X: y\r\n', 'HEAD_TOO_LONG'],
  ] as const) {
    const { events } = connect({ limits }, [latin1(`HTTP/1.1 101 Yes\r\n${line.repeat(1_000)}`)])
    assert.equal(failureOf(events[0]!).code, code)
  }
})

/** Head of a refusal, its body, what follows, and what is left of it. */
const BODIES: readonly (readonly [what: string, head: string, rest: string, body: string, ends: boolean])[] = [
  ['with a length', lines('HTTP/1.1 403 Forbidden', 'Content-Length: 5', ''), 'hello, and more', 'hello', false],
  ['with a length of 0', lines('HTTP/1.1 403 Forbidden', 'Content-Length: 0', ''), 'hello', '', false],
  [
    'that the limit cuts',
    lines('HTTP/1.1 403 Forbidden', 'Content-Length: 500', ''),
    'helloworld!',
    'helloworld',
    false,
  ],
  ['without a length that the limit cuts', lines('HTTP/1.1 403 Forbidden', ''), 'helloworld!', 'helloworld', false],
  ['without a length', lines('HTTP/1.1 403 Forbidden', ''), 'hello', 'hello', true],
  ['that ends early', lines('HTTP/1.1 403 Forbidden', 'Content-Length: 9', ''), 'hello', 'hello', true],
  ['with a malformed length', lines('HTTP/1.1 403 Forbidden', 'Content-Length: 1e0', ''), 'hello', 'hello', true],
  ['with two lengths', lines('HTTP/1.1 403 A', 'Content-Length: 1', 'Content-Length: 2', ''), 'hello', 'hello', true],
  ['with an endless length', lines('HTTP/1.1 403 A', `Content-Length: ${'9'.repeat(400)}`, ''), 'hello', 'hello', true],
  ['in chunks', lines('HTTP/1.1 403 Forbidden', 'Transfer-Encoding: chunked', ''), '5\r\nhello\r\n', '', false],
  ['of 200', lines('HTTP/1.1 200 OK', 'Content-Length: 5', ''), 'hello', 'hello', false],
  ['of 204', lines('HTTP/1.1 204 No Content', ''), 'hello', '', false],
  ['of 304', lines('HTTP/1.1 304 Not Modified', 'Content-Length: 5', ''), 'hello', '', false],
]

for (const [what, head, rest, body, ends] of BODIES) {
  test(`T-34: a refusal's body ${what} is carried by the error, however cut`, () => {
    for (const pieces of cuttings(latin1(head + rest))) {
      const { opening, events } = connect({ maxResponseBodyBytes: 10 }, pieces)
      assert.equal(events.length, ends ? 0 : 1)
      opening.receiveEnd()
      const [event] = [...events, ...eventsOf(opening)]
      const error = failureOf(event!)
      assert.equal(error.code, 'STATUS_NOT_101')
      assert.equal(error.status, Number(head.slice(9, 12)))
      assert.equal(error.response?.statusText, head.slice(13, head.indexOf('\r\n')))
      assert.equal(wireText(error.response!.body), body)
      assert.deepEqual(eventsOf(opening), [])
      assert.equal(opening.wantsEnd, true)
    }
  })
}

test('T-34: 64 KiB of a body are kept by default', () => {
  const { events } = connect({}, [latin1('HTTP/1.1 500 No\r\n\r\n'), new Uint8Array(65_537)])
  assert.equal(failureOf(events[0]!).response?.body.length, 65_536)
})

test('T-34: where none of a body is kept, none is waited for', () => {
  const { events } = connect({ maxResponseBodyBytes: 0 }, [latin1('HTTP/1.1 500 No\r\n\r\n')])
  assert.equal(failureOf(events[0]!).response?.body.length, 0)
})

test('T-37: an end of the stream before the response fails the handshake', () => {
  for (let at = 0; at < ACCEPTANCE.length; at++) {
    const { opening } = connect({}, [latin1(ACCEPTANCE.slice(0, at))])
    opening.receiveEnd()
    opening.receiveEnd()
    const error = failureOf(onlyEvent(opening))
    assert.equal(error.code, 'ENDED_IN_HANDSHAKE')
    assert.equal(error.status, undefined)
    assert.equal(opening.wantsEnd, true)
  }
})

test('T-37: a response that does not come in time fails the handshake', () => {
  const opening = open({ now: 100, handshakeTimeoutMs: 50 })
  opening.receive(latin1(EARLY_HINTS))
  assert.equal(opening.deadline, 150)
  opening.tick(149)
  assert.deepEqual(eventsOf(opening), [])
  opening.tick(150)
  assert.equal(failureOf(onlyEvent(opening)).code, 'HANDSHAKE_TIMEOUT')
  opening.tick(151)
  opening.receive(latin1(ACCEPTANCE))
  opening.receiveEnd()
  assert.deepEqual(eventsOf(opening), [])
})

test('T-37: a refusal whose body does not come in time is a refusal with what came of it', () => {
  const opening = open()
  opening.receive(latin1('HTTP/1.1 503 Busy\r\n\r\nwait'))
  opening.tick(10_000)
  const error = failureOf(onlyEvent(opening))
  assert.equal(error.code, 'STATUS_NOT_101')
  assert.equal(wireText(error.response!.body), 'wait')
})

test('once a client is open, bytes and their end are for the session', () => {
  const { opening } = connect({}, [latin1(ACCEPTANCE)])
  assert.throws(() => opening.receive(latin1('x')), InvalidStateError)
  assert.throws(() => opening.receiveEnd(), InvalidStateError)
})

test('T-22: a request that cannot be sent, or a limit that cannot be used, is an error at construction', () => {
  assert.throws(() => new ClientOpening({ ...CLIENT, target: 'a\r\nb' }), TypeError)
  assert.throws(() => new ClientOpening({ ...CLIENT, limits: { maxHeaderCount: -1 } }), RangeError)
  assert.throws(() => new ClientOpening({ ...CLIENT, maxResponseBodyBytes: Number.NaN }), RangeError)
})

test('a client and a server open a connection with each other, however cut', () => {
  const extensions = [extensionOf('e', 0b100, [[['x', '1']]])]
  const client = new ClientOpening({ ...CLIENT, origin: 'http://server.example.com', subprotocols: ['a'], extensions })
  const request = Buffer.concat(client.takeOutput())
  for (const pieces of cuttings(request)) {
    const { opening, events } = serve({ policy: { subprotocols: ['a'], extensions } }, pieces)
    assert.equal(events[0]?.kind, 'request')
    opening.accept()
    const answer = connect({ subprotocols: ['a'], extensions }, opening.takeOutput())
    const serverEvent = onlyEvent(opening)
    const [clientEvent] = answer.events
    assert.ok(serverEvent.kind === 'open' && clientEvent?.kind === 'open')
    assert.deepEqual({ ...serverEvent.agreement, role: 'client' }, clientEvent.agreement)
    assert.equal(clientEvent.agreement.extensions[0]?.parameters[0]?.[1], '1')
  }
})

test('a time of beginning that is none is a TypeError', () => {
  for (const now of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new ServerOpening({ now }), { name: 'TypeError', message: /^options\.now is / })
  }
})

test('an option that neither end knows is a TypeError that names it', () => {
  const unknown = { handshakeTimeout: 5 } as object
  assert.throws(() => new ServerOpening(unknown), { name: 'TypeError', message: /handshakeTimeout in options/ })
  const client = { host: 'example.org', randomUint32: () => 0, ...unknown }
  assert.throws(() => new ClientOpening(client), { name: 'TypeError', message: /handshakeTimeout in options/ })
})
