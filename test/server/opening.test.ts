// Clients of every kind before the connection is open: what they send in literal bytes, what they are answered, and
// that the server lives on.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect, type Refusal, type Server } from '../../src/node.ts'
import { refusalResponse } from '../../src/server/refusal.ts'
import { lines } from '../support/http.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { ACCEPTED, upgradeRequest } from '../support/upgrade.ts'

async function met(t: TestContext, server: Server): Promise<RawPeer> {
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  return peer
}

function briefly(ms = 10): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

// --- what is answered, byte for byte ----------------------------------------------------------------------------------

test('an acceptable request is answered with 101 and nothing else', async (t) => {
  const peer = await met(t, await started(t))
  peer.say(upgradeRequest())
  await peer.head()
  await briefly()
  assert.equal(peer.text, `${ACCEPTED}\r\n`)
})

test('T-18: a refusal has Connection: close, the socket ends after it, and what follows is ignored', async (t) => {
  const server = await started(t, {}, () => assert.fail('no connection'))
  const peer = await met(t, server)
  peer.say(upgradeRequest({ Version: 'Sec-WebSocket-Version: 12' }) + upgradeRequest())
  assert.equal(
    await peer.all(),
    `${lines(
      'HTTP/1.1 426 Upgrade Required',
      'Connection: close',
      'Sec-WebSocket-Version: 13',
      'Upgrade: websocket',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Length: 21',
    )}\r\n426 Upgrade Required\n`,
  )
})

const headerFlood = Array.from({ length: 95 }, (_, i) => `X-${i}: y`)

const REQUESTS: { title: string; request: string | Uint8Array; status: number | undefined; field?: RegExp }[] = [
  { title: 'a plain request', request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', status: 426, field: /Upgrade: websocket/ },
  {
    title: 'T-01: a POST',
    request: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
    status: 405,
    field: /Allow: GET/,
  },
  { title: 'T-01: a POST that upgrades', request: upgradeRequest({ line: 'POST / HTTP/1.1' }), status: 405 },
  { title: 'T-01: a CONNECT', request: 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n', status: 405 },
  { title: 'T-02: HTTP/1.0', request: upgradeRequest({ line: 'GET / HTTP/1.0' }), status: 400 },
  { title: 'T-02: HTTP/1.0, plain', request: 'GET / HTTP/1.0\r\n\r\n', status: 400 },
  { title: 'T-02: HTTP/2.0', request: upgradeRequest({ line: 'GET / HTTP/2.0' }), status: 400 },
  { title: 'T-02: no Host', request: upgradeRequest({ Host: undefined }), status: 400 },
  { title: 'T-02: no Host in a plain request', request: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { title: 'T-02: two Hosts', request: upgradeRequest({}, 'Host: b'), status: 400 },
  { title: 'T-02: an empty Host', request: upgradeRequest({ Host: 'Host:' }), status: 400 },
  { title: 'T-04: h2c', request: upgradeRequest({ Upgrade: 'Upgrade: h2c' }), status: 400 },
  { title: 'T-04: Upgrade in another case', request: upgradeRequest({ Upgrade: 'upgrade: WebSocket' }), status: 101 },
  {
    title: 'T-04: Connection with more',
    request: upgradeRequest({ Connection: 'Connection: keep-alive, Upgrade' }),
    status: 101,
  },
  {
    title: 'T-04: an empty Upgrade',
    request: upgradeRequest({ Upgrade: 'Upgrade:' }),
    status: 400,
  },
  {
    title: 'T-04: Connection without upgrade',
    request: upgradeRequest({ Connection: 'Connection: close' }),
    status: 400,
  },
  { title: 'T-05: no key', request: upgradeRequest({ Key: undefined }), status: 400 },
  { title: 'T-05: two keys', request: upgradeRequest({}, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), status: 400 },
  {
    title: 'T-11: a header called __proto__',
    request: upgradeRequest({}, '__proto__: x', 'constructor: y'),
    status: 101,
  },
  {
    title: 'T-12: 8 KiB of blanks in a list',
    request: upgradeRequest({}, `Sec-WebSocket-Protocol: a${' '.repeat(8_000)},b`),
    status: 101,
  },
  { title: 'T-14: 100 headers', request: upgradeRequest({}, ...headerFlood), status: 101 },
  { title: 'T-14: 101 headers', request: upgradeRequest({}, ...headerFlood, 'One-More: x'), status: 431 },
  {
    title: 'T-14: 3,000 headers',
    request: upgradeRequest({}, ...Array.from({ length: 3_000 }, () => 'a:b')),
    status: 431,
  },
  { title: 'T-15: a folded line', request: upgradeRequest({}, 'X: a', ' b'), status: 400 },
  { title: 'T-15: a bare LF', request: upgradeRequest().replaceAll('\r\n', '\n'), status: 400 },
  { title: 'T-15: NUL in a value', request: upgradeRequest({}, 'X: a\0b'), status: 400 },
  { title: 'T-15: a control character in a value', request: upgradeRequest({}, 'X: a\x01b'), status: 400 },
  { title: 'T-15: a blank before the colon', request: upgradeRequest({}, 'X : a'), status: 400 },
  { title: 'T-16: latin-1 in a value', request: upgradeRequest({}, 'X: \xe9\xff'), status: 101 },
  { title: 'T-17: Content-Length and a body', request: `${upgradeRequest({}, 'Content-Length: 2')}hi`, status: 400 },
  { title: 'T-17: Content-Length 0', request: upgradeRequest({}, 'Content-Length: 0'), status: 101 },
  { title: 'T-17: two lengths', request: upgradeRequest({}, 'Content-Length: 0', 'Content-Length: 2'), status: 400 },
  {
    title: 'T-17: Transfer-Encoding',
    request: `${upgradeRequest({}, 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    status: 400,
  },
  { title: 'T-19: //', request: upgradeRequest({ line: 'GET // HTTP/1.1' }), status: 101 },
  { title: 'T-19: /%', request: upgradeRequest({ line: 'GET /% HTTP/1.1' }), status: 101 },
  { title: 'T-19: *', request: upgradeRequest({ line: 'GET * HTTP/1.1' }), status: 400 },
  {
    title: 'T-19: a URI of this host',
    request: upgradeRequest({ line: 'GET http://127.0.0.1/a HTTP/1.1' }),
    status: 101,
  },
  {
    title: 'T-19: a URI of another host',
    request: upgradeRequest({ line: 'GET http://b.test/ HTTP/1.1' }),
    status: 400,
  },
  { title: 'T-19: a plain request for *', request: 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', status: 405 },
  {
    title: 'T-27: hixie-76',
    request: `${lines('GET / HTTP/1.1', 'Upgrade: WebSocket', 'Connection: Upgrade', 'Host: a', 'Sec-WebSocket-Key1: 4 @1', 'Sec-WebSocket-Key2: 12998')}\r\n^n:ds[4U`,
    status: 400,
  },
  { title: 'T-27: hybi-08', request: upgradeRequest({ Version: 'Sec-WebSocket-Version: 8' }), status: 426 },
  { title: 'no HTTP at all', request: 'hello\r\n\r\n', status: 400 },
  { title: 'TLS on a server without', request: Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0xa5), status: 400 },
  { title: 'an HTTP/2 preface', request: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: undefined },
  {
    title: 'a request line of 8 KiB',
    request: upgradeRequest({ line: `GET /${'a'.repeat(8_192 - 14)} HTTP/1.1` }),
    status: 101,
  },
  {
    title: 'a request line of more than 8 KiB',
    request: upgradeRequest({ line: `GET /${'a'.repeat(8_193 - 14)} HTTP/1.1` }),
    status: 414,
  },
  {
    title: 'a plain request line of more than 8 KiB',
    request: `GET /${'a'.repeat(8_193 - 14)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    status: 414,
  },
  { title: 'T-13: a head of 16 KiB and more', request: upgradeRequest({}, `X: ${'a'.repeat(16_384)}`), status: 431 },
]

for (const { title, request, status, field } of REQUESTS) {
  test(`${title} is answered with ${status ?? 'an error'}`, async (t) => {
    const server = await started(t)
    const peer = await met(t, server)
    peer.say(request)
    const head = await peer.head()
    const answered = Number(head.split(' ')[1])
    if (status === undefined) assert.ok(answered >= 400 && answered < 500, head)
    else assert.equal(answered, status, head)
    if (field !== undefined) assert.match(head, field)
    if (answered !== 101) {
      assert.match(head, /\r\nconnection: close/i)
      await peer.all()
    }
    await (await connect(server.url)).close()
  })
}

test('T-04: tabs around a token, which some versions of Node do not read, are a 101 or a 426', async (t) => {
  const server = await started(t)
  const peer = await met(t, server)
  peer.say(upgradeRequest({ Connection: 'Connection: \t Upgrade \t' }))
  assert.match(await peer.head(), /^HTTP\/1\.1 (101|426) /)
})

test('T-13: a head of 20 MiB is answered with 431 while it is still being sent', async (t) => {
  const server = await started(t)
  const peer = await met(t, server)
  const mib = `${'a'.repeat(65_535)}`.repeat(16)
  peer.say('GET / HTTP/1.1\r\nHost: a\r\nX: ')
  for (let i = 0; i < 20 && !peer.ended; i++) {
    peer.say(mib)
    await briefly(1)
  }
  assert.match(await peer.head(), /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/)
  await peer.all()
  await (await connect(server.url)).close()
})

test('T-13: a head that comes byte by byte is a head', async (t) => {
  const peer = await met(t, await started(t))
  peer.socket.setNoDelay(true)
  for (const char of upgradeRequest()) {
    peer.say(char)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
})

test('T-29: pipelined plain requests are answered once, then the socket ends', async (t) => {
  const server = await started(t)
  const peer = await met(t, server)
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  for (let i = 0; i < 50; i++) peer.say(request.repeat(1_000))
  const text = await peer.all()
  assert.equal(text.match(/HTTP\/1\.1 /g)?.length ?? 1, 1)
  await (await connect(server.url)).close()
})

// --- frames and the head ------------------------------------------------------------------------------------------------

for (const authorize of [undefined, () => briefly(5)]) {
  test(`T-26: frames behind the request are taken in order once it is accepted${authorize ? ', also when that takes a while' : ''}`, async (t) => {
    const server = await started(t, { authorize }, async (connection) => {
      for await (const message of connection) await connection.send(`re: ${message}`)
    })
    const peer = await met(t, server)
    const frames = Buffer.from('898100000000318181000000006181810000000062', 'hex')
    peer.say(Buffer.concat([Buffer.from(upgradeRequest()), frames.subarray(0, 9)]))
    peer.say(frames.subarray(9))
    assert.equal(await peer.behindHead(3 + 7 + 7), '8a 01 31 81 05 72 65 3a 20 61 81 05 72 65 3a 20 62')
    assert.match(peer.text, /^HTTP\/1\.1 101 /)
  })
}

test('what is sent at once by the handler comes behind the 101', async (t) => {
  const server = await started(t, {}, (connection) => void connection.send('hi'))
  const peer = await met(t, server)
  peer.say(upgradeRequest())
  assert.equal(await peer.behindHead(4), '81 02 68 69')
})

// --- time ---------------------------------------------------------------------------------------------------------------

test('T-28: a client that says nothing, or only ever a little more, is answered with 408 at an absolute deadline', async (t) => {
  const server = await started(t, { handshakeTimeoutMs: 150 })
  const start = performance.now()
  const silent = await met(t, server)
  const trickling = await met(t, server)
  const trickle = setInterval(() => trickling.say('a'), 10)
  trickling.say('GET / HTTP/1.1\r\nX: ')
  await (await connect(server.url)).close() // others are not affected
  for (const peer of [silent, trickling]) {
    assert.match(await peer.head(), /^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/)
    assert.ok(performance.now() - start >= 140)
    await peer.all()
  }
  clearInterval(trickle)
  assert.ok(performance.now() - start < 1_000)
})

test('T-28: a request that is complete only after the 408 opens nothing', async (t) => {
  const server = await started(t, { handshakeTimeoutMs: 30 }, () => assert.fail('no connection'))
  const peer = await met(t, server)
  const request = upgradeRequest()
  peer.say(request.slice(0, -2))
  assert.match(await peer.head(), /^HTTP\/1\.1 408 /)
  peer.say('\r\n')
  await briefly()
  assert.doesNotMatch(await peer.all(), /101/)
  assert.equal(server.connections.size, 0)
})

test('T-28: an open connection has no deadline left from its opening', async (t) => {
  const server = await started(t, { handshakeTimeoutMs: 40 })
  const connection = await connect(server.url)
  await briefly(80)
  assert.equal(connection.readyState, 'open')
  await connection.close()
})

// --- authorize ------------------------------------------------------------------------------------------------------------

test('authorize is asked for every acceptable request, and for no other', async (t) => {
  const asked: string[] = []
  const server = await started(t, { authorize: ({ target }) => void asked.push(target) })
  await (await connect(`${server.url}a`)).close()
  const peer = await met(t, server)
  peer.say(upgradeRequest({ line: 'GET /b HTTP/1.1', Key: undefined }))
  await peer.all()
  assert.deepEqual(asked, ['/a'])
})

for (const { title, refusal, answer } of [
  {
    title: 'a status',
    refusal: { status: 401 },
    answer: /^HTTP\/1\.1 401 Unauthorized\r\nConnection: close\r\n[\s\S]*\n401 Unauthorized\n$/,
  },
  { title: 'a status without usual words', refusal: { status: 418 }, answer: /^HTTP\/1\.1 418 \r\n/ },
  { title: 'a status text', refusal: { status: 418, statusText: 'Teapot' }, answer: /^HTTP\/1\.1 418 Teapot\r\n/ },
  {
    title: 'headers and a text',
    refusal: { status: 401, headers: [['WWW-Authenticate', 'Basic']] as const, body: 'né' },
    answer:
      /^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nConnection: close\r\nContent-Length: 3\r\n\r\nn\xc3\xa9$/,
  },
  {
    title: 'headers as an object',
    refusal: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } },
    answer: /^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nConnection: close\r\n/,
  },
  {
    title: 'headers as Headers',
    refusal: { status: 401, headers: new Headers({ 'WWW-Authenticate': 'Bearer' }) },
    answer: /^HTTP\/1\.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\nConnection: close\r\n/,
  },
  { title: 'bytes', refusal: { status: 403, body: Uint8Array.of(65, 66) }, answer: /\r\nContent-Length: 2\r\n\r\nAB$/ },
  { title: 'an empty text', refusal: { status: 403, body: '' }, answer: /\r\nContent-Length: 0\r\n\r\n$/ },
  {
    title: 'headers that are ours to say',
    refusal: {
      status: 403,
      headers: [
        ['connection', 'keep-alive'],
        ['Content-Length', '9'],
        ['Transfer-Encoding', 'chunked'],
      ] as const,
      body: 'x',
    },
    answer: /^HTTP\/1\.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx$/,
  },
  {
    title: 'a Response',
    refusal: () => new Response('not you', { status: 403, headers: { 'X-Why': 'because' } }),
    answer:
      /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*x-why: because\r\nConnection: close\r\nContent-Length: 7\r\n\r\nnot you$/,
  },
  {
    title: 'a Response without a body',
    refusal: () => new Response(null, { status: 404 }),
    answer: /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*Content-Length: 0\r\n\r\n$/,
  },
] as { title: string; refusal: Refusal | (() => Response); answer: RegExp }[]) {
  test(`authorize refuses with ${title}`, async (t) => {
    const server = await started(
      t,
      { authorize: async () => (typeof refusal === 'function' ? (refusal() as unknown as Refusal) : refusal) },
      () => assert.fail('no connection'),
    )
    const peer = await met(t, server)
    peer.say(upgradeRequest())
    assert.match(await peer.all(), answer)
  })
}

for (const [refusal, message] of [
  [true, 'authorize returned a boolean, not undefined, which accepts, a refusal or a Response'],
  [{}, 'authorize: refusal.status is undefined, not one from 300 to 599 other than 304'],
  [{ status: 401, headers: 'X: y' }, 'authorize: refusal.headers is neither a list of pairs nor an object'],
  [{ status: 401, headers: { X: 5 } }, 'authorize: refusal.headers: the value of X is not a string'],
  [{ status: 401, body: 5 }, 'authorize: refusal.body is a number, not a string or bytes'],
] as const) {
  test(`what is wrong with the refusal ${JSON.stringify(refusal)} is said with its place`, async () => {
    await assert.rejects(refusalResponse(refusal as never), { message })
  })
}

for (const { title, authorize, error } of [
  {
    title: 'throws',
    authorize: () => {
      throw new RangeError('mine')
    },
    error: RangeError,
  },
  { title: 'rejects', authorize: () => Promise.reject(new RangeError('mine')), error: RangeError },
  { title: 'says false', authorize: () => false, error: TypeError },
  { title: 'says a status that accepts', authorize: () => ({ status: 101 }), error: RangeError },
  { title: 'says a status without a body', authorize: () => ({ status: 204 }), error: RangeError },
  { title: 'says a status that is no refusal', authorize: () => ({ status: 200 }), error: RangeError },
  { title: 'says that nothing was modified', authorize: () => ({ status: 304 }), error: RangeError },
  { title: 'says a status that is none', authorize: () => ({ status: 1_000 }), error: RangeError },
  {
    title: 'says a header that HTTP cannot carry',
    authorize: () => ({ status: 401, headers: [['X', 'a\r\nb']] }),
    error: TypeError,
  },
  { title: 'says a body that is none', authorize: () => ({ status: 401, body: {} }), error: TypeError },
  { title: 'says a status that is a string', authorize: () => ({ status: '401' }), error: RangeError },
  { title: 'says headers of one pair', authorize: () => ({ status: 401, headers: ['X', 'y'] }), error: TypeError },
  { title: 'says no headers', authorize: () => ({ status: 401, headers: null }), error: TypeError },
  { title: 'says Response.error()', authorize: () => Response.error(), error: RangeError },
]) {
  test(`T-23: authorize that ${title} is answered with 500, and told`, async (t) => {
    const told: unknown[] = []
    const server = await started(t, { authorize: authorize as never, onError: (thrown) => void told.push(thrown) })
    const peer = await met(t, server)
    peer.say(upgradeRequest())
    assert.match(await peer.all(), /^HTTP\/1\.1 500 Internal Server Error\r\n/)
    assert.equal(told.length, 1)
    assert.ok(told[0] instanceof error)
  })
}

for (const own of [true, false]) {
  test(`T-23: authorize that never settles is answered with 408, and frees its place, on ${own ? 'our own' : 'their'} server`, async (t) => {
    const http = createServer()
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    t.after(() => http.close())
    const options = { maxPendingHandshakes: 1, maxConnections: 1, handshakeTimeoutMs: 40 }
    let decide: (() => void) | undefined
    const authorize = (): Promise<void> => new Promise((resolve) => (decide ??= resolve))
    const server = await started(t, { ...options, authorize, ...(own ? {} : { server: http }) }, () =>
      assert.fail('a late decision opened a connection'),
    )
    assert.equal(server.port !== (http.address() as AddressInfo).port, own)
    for (const attempt of ['first', 'second']) {
      const peer = await met(t, server)
      peer.say(upgradeRequest())
      assert.match(await peer.all(), /^HTTP\/1\.1 408 Request Timeout\r\n/, attempt)
      peer.leave('end')
      await briefly()
    }
    decide?.()
    await briefly()
  })
}

test('with maxPendingHandshakes, one more is answered with 503 until one is decided', async (t) => {
  const decisions: (() => void)[] = []
  const server = await started(t, {
    maxPendingHandshakes: 1,
    authorize: () => new Promise<void>((resolve) => decisions.push(resolve)),
  })
  const first = await met(t, server)
  first.say(upgradeRequest())
  while (decisions.length === 0) await briefly(1)
  const second = await met(t, server)
  second.say(upgradeRequest())
  assert.match(await second.all(), /^HTTP\/1\.1 503 /)
  decisions[0]!()
  assert.match(await first.head(), /^HTTP\/1\.1 101 /)
  const third = await met(t, server)
  third.say(upgradeRequest())
  while (decisions.length === 1) await briefly(1)
  decisions[1]!()
  assert.match(await third.head(), /^HTTP\/1\.1 101 /)
})

test('requests that wait for a decision count among the connections', async (t) => {
  let decide: () => void = () => {}
  const server = await started(t, {
    maxConnections: 1,
    authorize: () => new Promise<void>((resolve) => (decide = resolve)),
  })
  const first = await met(t, server)
  first.say(upgradeRequest())
  await briefly()
  const second = await met(t, server)
  second.say(upgradeRequest())
  assert.match(await second.all(), /^HTTP\/1\.1 503 /)
  decide()
  assert.match(await first.head(), /^HTTP\/1\.1 101 /)
})

for (const how of ['end', 'destroy', 'reset'] as const) {
  test(`T-23: a client that leaves (${how}) while authorize thinks opens nothing, and frees its place`, async (t) => {
    const decisions: (() => void)[] = []
    const server = await started(
      t,
      { maxPendingHandshakes: 1, authorize: () => new Promise<void>((resolve) => decisions.push(resolve)) },
      (_, { target }) => assert.equal(target, '/second'),
    )
    const peer = await met(t, server)
    peer.say(upgradeRequest())
    while (decisions.length === 0) await briefly(1)
    peer.leave(how)
    await peer.until(({ ended }) => ended)
    await briefly()
    const second = connect(`${server.url}second`)
    while (decisions.length === 1) await briefly(1)
    decisions[0]!()
    decisions[1]!()
    await (await second).close()
  })

  test(`T-23: a client that leaves (${how}) at any point of its request is gone`, async (t) => {
    const server = await started(t, {}, () => {})
    const request = upgradeRequest()
    for (const length of [0, 1, 14, request.length - 1]) {
      const peer = await met(t, server)
      peer.say(request.slice(0, length))
      await new Promise((resolve) => setImmediate(resolve))
      peer.leave(how)
      await peer.until(({ ended }) => ended)
      assert.doesNotMatch(peer.text, /101/)
    }
    await (await connect(server.url)).close()
  })

  test(`T-23: a client that leaves (${how}) right behind its request is a connection that ended`, async (t) => {
    const codes: number[] = []
    const server = await started(t, {}, async (connection) => {
      codes.push((await connection.closed).code)
    })
    const peer = await met(t, server)
    peer.say(upgradeRequest())
    if (how === 'end') peer.leave(how)
    else peer.socket.write('', () => peer.leave(how))
    while (codes.length === 0 && how === 'end') await briefly(1)
    await briefly()
    for (let waits = 0; server.connections.size > 0 && waits < 1_000; waits++) await briefly(1)
    assert.equal(server.connections.size, 0)
    assert.ok(codes.every((code) => code === 1006))
    await (await connect(server.url)).close()
  })
}
