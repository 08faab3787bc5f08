// A client from the call to the open connection, and everything that can come instead.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { acceptValue } from '../../src/handshake/index.ts'
import { type ConnectOptions, connect, serve } from '../../src/node.ts'
import { failure, SWITCHING, watched } from '../support/attempts.ts'
import { certificate, key } from '../support/certificate.ts'
import { lines } from '../support/http.ts'
import { type RawPeer, type RawServer, rawServer } from '../support/sockets.ts'

/** A raw server that answers the request with what the test says, the accept value filled in for `ACCEPT`. */
async function answering(
  t: TestContext,
  response: string | ((peer: RawPeer) => unknown),
): Promise<RawServer & { url: string }> {
  const server = await rawServer(async (peer) => {
    await peer.head()
    const requestKey = /Sec-WebSocket-Key: (.*)\r\n/.exec(peer.text)?.[1] ?? ''
    if (typeof response === 'string') peer.say(response.replace('ACCEPT', acceptValue(requestKey)))
    else await response(peer)
  })
  t.after(() => server.close())
  return { ...server, url: `ws://127.0.0.1:${server.port}/` }
}

const ACCEPTED = `${SWITCHING}Sec-WebSocket-Accept: ACCEPT\r\n`

// --- the request --------------------------------------------------------------------------------------------------------

test('the request is what RFC 6455 asks for, and nothing that says who we are', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const connection = await connect(`ws://127.0.0.1:${server.port}/a/b?c=d`)
  const text = server.peers[0]!.text.replace(/Key: [A-Za-z0-9+/]{22}==/, 'Key: 24 characters')
  assert.equal(
    text,
    `${lines(
      'GET /a/b?c=d HTTP/1.1',
      `Host: 127.0.0.1:${server.port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: 24 characters',
    )}\r\n`,
  )
  assert.equal(connection.url, `ws://127.0.0.1:${server.port}/a/b?c=d`)
  assert.equal(connection.remoteAddress, '127.0.0.1')
  assert.equal(connection.subprotocol, undefined)
  connection.terminate()
})

for (const { title, options, field } of [
  { title: 'subprotocols', options: { subprotocols: ['a', 'b'] }, field: 'Sec-WebSocket-Protocol: a, b' },
  { title: 'origin', options: { origin: 'https://page.test' }, field: 'Origin: https://page.test' },
  { title: 'headers as a record', options: { headers: { Cookie: 'a=b' } }, field: 'Cookie: a=b' },
  {
    title: 'headers as pairs',
    options: {
      headers: [
        ['X', '1'],
        ['X', '2'],
      ],
    },
    field: 'X: 1\r\nX: 2',
  },
  { title: 'headers as Headers', options: { headers: new Headers({ cookie: 'a=b' }) }, field: 'cookie: a=b' },
] as { title: string; options: ConnectOptions; field: string }[]) {
  test(`${title} are in the request`, async (t) => {
    const server = await answering(t, `${ACCEPTED}\r\n`)
    const connection = await connect(server.url, options)
    assert.ok(server.peers[0]!.text.includes(`\r\n${field}\r\n`), server.peers[0]!.text)
    connection.terminate()
  })
}

test('credentials in the URL are sent as basic authentication, and are in no URL from then on', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const connection = await connect(`ws://us%40er:pa%3Ass@127.0.0.1:${server.port}/`)
  assert.match(server.peers[0]!.text, /\r\nAuthorization: Basic dXNAZXI6cGE6c3M=\r\n/)
  assert.equal(connection.url, server.url)
  connection.terminate()
  const other = await connect(`ws://user@127.0.0.1:${server.port}/`)
  assert.match(server.peers[1]!.text, /\r\nAuthorization: Basic dXNlcjo=\r\n/)
  other.terminate()
})

for (const name of ['Authorization', 'authorization']) {
  test(`a header ${name} replaces the credentials of the URL`, async (t) => {
    const server = await answering(t, `${ACCEPTED}\r\n`)
    const url = `ws://user:word@127.0.0.1:${server.port}/`
    const connection = await connect(url, { headers: { [name]: 'Bearer token' } })
    assert.deepEqual(server.peers[0]!.text.match(/^authorization: .*$/gim), [`${name}: Bearer token`])
    connection.terminate()
  })
}

test('what a caller changes in his options while it connects changes nothing', async (t) => {
  const server = await answering(t, (peer) => {
    peer.say('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n')
  })
  const headers: [string, string][] = [['X', 'before']]
  const tls: { servername?: string } = {}
  const options = { headers, tls, redirects: 1 }
  const failed = failure(server.url, options)
  headers[0]![1] = 'after'
  headers.push(['Y', 'after'])
  options.redirects = 5
  assert.equal((await failed).code, 'REDIRECT_LOOP')
  assert.equal(server.peers.length, 2)
  for (const { text } of server.peers) assert.doesNotMatch(text, /after/)
})

test('http: and https: are ws: and wss:, and a URL may be an object, which is left as it is', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const url = new URL(`http://user:word@127.0.0.1:${server.port}`)
  const connection = await connect(url)
  assert.equal(connection.url, server.url)
  assert.equal(url.href, `http://user:word@127.0.0.1:${server.port}/`)
  connection.terminate()
  const plain = await rawServer((peer) => peer.leave())
  t.after(() => plain.close())
  assert.equal((await failure(`https://127.0.0.1:${plain.port}`)).code, 'CONNECT_FAILED')
})

for (const { url, options, error } of [
  { url: 'ws://', error: TypeError },
  { url: '/path', error: TypeError },
  { url: 'ftp://a', error: TypeError },
  { url: 'ws://a/#b', error: TypeError },
  { url: 'ws://%zz@a/', error: TypeError },
  { url: 'ws://a', options: null, error: TypeError },
  { url: 'ws://a', options: { protocols: ['a'] }, error: TypeError },
  { url: 'ws://a', options: { subprotocols: ['a b'] }, error: TypeError },
  { url: 'ws://a', options: { headers: { Host: 'b' } }, error: TypeError },
  { url: 'ws://a', options: { headers: { X: 'a\r\nb' } }, error: TypeError },
  { url: 'ws://a', options: { headers: null }, error: TypeError },
  { url: 'ws://a', options: { tls: null }, error: TypeError },
  { url: 'ws://a', options: { tls: 'x' }, error: TypeError },
  { url: 'ws://a', options: { headers: ['X'] }, error: TypeError },
  { url: 'ws://a', options: { subprotocols: 'chat' }, error: TypeError },
  { url: 'ws://a', options: { origin: 'a\nb' }, error: TypeError },
  { url: 'ws://a', options: { limits: { maxMessageBytes: -1 } }, error: RangeError },
  { url: 'ws://a', options: { keepalive: { pongTimeoutMs: 0 } }, error: RangeError },
  { url: 'ws://a', options: { handshakeTimeoutMs: 0 }, error: RangeError },
  { url: 'ws://a', options: { handshakeTimeoutMs: '1' }, error: TypeError },
]) {
  test(`T-22: connect to ${url} with ${JSON.stringify(options ?? {})} is a ${error.name}, and nothing is sent`, async () => {
    await assert.rejects(connect(url, options as never), error)
  })
}

test('TLS options that are wrong reject, and nothing is left behind', async () => {
  const controller = new AbortController()
  const { signal } = controller
  let listening = 0
  signal.addEventListener = () => listening++
  signal.removeEventListener = () => listening-- // Deno looks at the options only after the call
  await assert.rejects(connect('wss://127.0.0.1:1/', { tls: { cert: 'garbage' }, signal, handshakeTimeoutMs: 5 }))
  assert.equal(listening, 0)
  await delay(15)
})

// --- the response -------------------------------------------------------------------------------------------------------

for (const { title, response, code } of [
  {
    title: 'T-31: no Upgrade',
    response: `${ACCEPTED.replace('Upgrade: websocket\r\n', '')}\r\n`,
    code: 'UPGRADE_NOT_CONFIRMED',
  },
  {
    title: 'T-31: another Upgrade',
    response: `${ACCEPTED.replace('websocket', 'h2c')}\r\n`,
    code: 'UPGRADE_NOT_CONFIRMED',
  },
  { title: 'T-31: Upgrade twice', response: `${ACCEPTED}Upgrade: websocket\r\n\r\n`, code: 'UPGRADE_NOT_CONFIRMED' },
  {
    title: 'T-31: no Connection',
    response: `${ACCEPTED.replace('Connection: Upgrade\r\n', '')}\r\n`,
    code: 'CONNECTION_NOT_CONFIRMED',
  },
  {
    title: 'T-31: another Connection',
    response: `${ACCEPTED.replace('Connection: Upgrade', 'Connection: close')}\r\n`,
    code: 'CONNECTION_NOT_CONFIRMED',
  },
  { title: 'T-31: no accept value', response: `${SWITCHING}\r\n`, code: 'ACCEPT_NOT_CONFIRMED' },
  {
    title: 'T-31: the accept value of another key',
    response: `${SWITCHING}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n`,
    code: 'ACCEPT_NOT_CONFIRMED',
  },
  {
    title: 'T-31: the accept value twice',
    response: `${ACCEPTED}Sec-WebSocket-Accept: x\r\n\r\n`,
    code: 'ACCEPT_NOT_CONFIRMED',
  },
  {
    title: 'T-32: an extension',
    response: `${ACCEPTED}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`,
    code: 'EXTENSION_NOT_OFFERED',
  },
  {
    title: 'T-33: a subprotocol',
    response: `${ACCEPTED}Sec-WebSocket-Protocol: a\r\n\r\n`,
    code: 'SUBPROTOCOL_NOT_OFFERED',
  },
  { title: 'a 101 with nothing', response: 'HTTP/1.1 101 \r\n\r\n', code: 'UPGRADE_NOT_CONFIRMED' },
  { title: 'a 200', response: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', code: 'STATUS_NOT_101' },
  {
    title: 'T-35: a redirect',
    response: 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    code: 'STATUS_NOT_101',
  },
  {
    title: 'a 426 with Upgrade',
    response: 'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
    code: 'STATUS_NOT_101',
  },
  { title: 'no HTTP', response: 'hello\r\n\r\n', code: 'HEAD_MALFORMED' },
  { title: 'T-34: a head of 16 KiB and more', response: `${SWITCHING}X: ${'a'.repeat(16_384)}`, code: 'HEAD_TOO_LONG' },
  { title: 'T-34: 101 headers', response: `${ACCEPTED}${'X: y\r\n'.repeat(98)}\r\n`, code: 'TOO_MANY_HEADERS' },
  {
    title: 'T-34: 101 headers of a refusal',
    response: `HTTP/1.1 404 Not Found\r\n${'X: y\r\n'.repeat(101)}\r\n`,
    code: 'TOO_MANY_HEADERS',
  },
  {
    title: 'T-34: nine interim responses',
    response: 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(9),
    code: 'TOO_MANY_INTERIM_RESPONSES',
  },
  {
    title: 'T-34: nine interim responses and a 101',
    response: `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(9)}${ACCEPTED}\r\n`,
    code: 'TOO_MANY_INTERIM_RESPONSES',
  },
] as { title: string; response: string; code: string }[]) {
  test(`${title} in the response fails with ${code}, and the socket is destroyed`, async (t) => {
    const server = await answering(t, response)
    if (response.includes('404')) setTimeout(() => server.peers[0]?.leave('end'), 20)
    const error = await failure(server.url)
    assert.deepEqual([error.name, error.code, error.phase], ['HandshakeError', code, 'opening'])
    await server.peers[0]!.until(({ ended }) => ended)
  })
}

test('T-34: eight interim responses and 100 headers are borne', async (t) => {
  const server = await answering(
    t,
    `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(8)}${ACCEPTED}${'X: y\r\n'.repeat(97)}\r\n`,
  )
  const connection = await connect(server.url)
  assert.equal(connection.readyState, 'open')
  connection.terminate()
})

test('a 101 that Node takes for something else, as some of its versions do for a tab, fails at once', async (t) => {
  const server = await answering(t, `${ACCEPTED.replace('Connection: Upgrade', 'Connection: \t Upgrade \t')}\r\n`)
  const start = performance.now()
  const outcome = await connect(server.url).then(
    (connection) => connection.terminate(),
    (error) => error.code,
  )
  assert.ok(outcome === undefined || outcome === 'CONNECTION_NOT_CONFIRMED', outcome)
  assert.ok(performance.now() - start < 2_000)
})

test('a refusal carries its status, its headers and its body', async (t) => {
  const server = await answering(t, 'HTTP/1.1 403 Go Away\r\nX: y\r\nContent-Length: 4\r\n\r\nwhy?')
  const { code, status, response } = await failure(server.url)
  assert.deepEqual([code, status, response?.status, response?.statusText], ['STATUS_NOT_101', 403, 403, 'Go Away'])
  assert.deepEqual(response?.headers, [
    ['X', 'y'],
    ['Content-Length', '4'],
  ])
  assert.equal(new TextDecoder().decode(response?.body), 'why?')
})

for (const { bytes, surfaced } of [
  { bytes: 65_535, surfaced: 65_535 },
  { bytes: 65_536, surfaced: 65_536 },
  { bytes: 65_537, surfaced: 65_536 },
  { bytes: 10_000_000, surfaced: 65_536 },
]) {
  test(`T-34: of a refusal of ${bytes} bytes, ${surfaced} are read`, async (t) => {
    const server = await answering(t, (peer) => {
      peer.say(`HTTP/1.1 404 Not Found\r\n\r\n${'x'.repeat(bytes)}`)
      if (bytes < 1_000_000) peer.leave('end')
    })
    const { code, response } = await failure(server.url)
    assert.deepEqual([code, response?.body.length], ['STATUS_NOT_101', surfaced])
  })
}

test('T-34: a refusal whose body is cut off is a refusal', async (t) => {
  const server = await answering(t, (peer) => {
    peer.say('HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nhalf')
    setTimeout(() => peer.leave(), 20)
  })
  const { code, response } = await failure(server.url)
  assert.deepEqual([code, new TextDecoder().decode(response?.body)], ['STATUS_NOT_101', 'half'])
})

test('T-34: a refusal whose body does not end in time is a refusal, with what came of it', async (t) => {
  const server = await answering(t, 'HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nhalf')
  const { code, response } = await failure(server.url, { handshakeTimeoutMs: 300 })
  assert.deepEqual([code, new TextDecoder().decode(response?.body)], ['STATUS_NOT_101', 'half'])
  await server.peers[0]!.until(({ ended }) => ended)
})

test('T-34: a refusal whose body is malformed is a refusal, with what came of it', async (t) => {
  const server = await answering(t, 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzzz\r\n')
  const { code, response } = await failure(server.url)
  assert.deepEqual([code, new TextDecoder().decode(response?.body)], ['STATUS_NOT_101', 'half'])
})

test('T-38: frames in the same segment as the 101 are taken in order', async (t) => {
  const frames = Buffer.from('890131810161810162', 'hex').toString('latin1')
  const server = await answering(t, `${ACCEPTED}\r\n${frames}`)
  const connection = await connect(server.url)
  const messages = connection.messages()
  assert.deepEqual([(await messages.next()).value, (await messages.next()).value], ['a', 'b'])
  const peer = server.peers[0]!
  const requestBytes = (await peer.head()).length + 4
  await peer.until(({ text }) => text.length >= requestBytes + 7)
  assert.equal(peer.text.charCodeAt(requestBytes), 0x8a)
  connection.terminate()
})

test('T-38: a server that closes in the same segment as the 101 has closed', async (t) => {
  const server = await answering(t, async (peer) => {
    const requestKey = /Key: (.*)\r\n/.exec(peer.text)![1]!
    peer.say(`${ACCEPTED.replace('ACCEPT', acceptValue(requestKey))}\r\n\x81\x01a\x88\x02\x03\xe9`)
    peer.leave('end')
  })
  const connection = await connect(server.url)
  const read: unknown[] = []
  for await (const message of connection) read.push(message)
  const { code, wasClean, initiator } = await connection.closed
  assert.deepEqual([read, code, wasClean, initiator], [['a'], 1001, true, 'remote'])
  const peer = server.peers[0]!
  await peer.until(({ ended }) => ended)
  const behind = Buffer.from(peer.text, 'latin1').subarray((await peer.head()).length + 4)
  assert.deepEqual([behind[0], behind[1], behind.length], [0x88, 0x82, 8]) // our answer, masked
})

test('T-38: what comes after our Close frame is read up to the answer, and nothing after that', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const connection = await connect(server.url)
  const closed = connection.close(1000)
  const peer = server.peers[0]!
  const requestBytes = (await peer.head()).length + 4
  await peer.until(({ text }) => text.length > requestBytes)
  peer.say('\x81\x01a\x88\x02\x03\xe8\x81\x01bgarbage')
  peer.leave('end')
  assert.equal((await closed).wasClean, true)
})

// --- TLS ------------------------------------------------------------------------------------------------------------------

test('T-36: certificate and host name are verified unless told otherwise', async (t) => {
  const server = await serve({ tls: { key, cert: certificate } }, () => {})
  t.after(() => server.close())
  const untrusted = await failure(server.url)
  assert.equal(untrusted.code, 'CONNECT_FAILED')
  assert.equal((untrusted.cause as Error & { code: string }).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
  const tls = { ca: certificate }
  for (const host of ['127.0.0.1', 'localhost']) {
    await (await connect(`wss://${host}:${server.port}`, { tls })).close()
  }
  const elsewhere = await failure(`wss://127.0.0.2:${server.port}`, { tls })
  assert.ok(
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'ECONNREFUSED'].includes((elsewhere.cause as Error & { code: string }).code),
  )
  const misnamed = await failure(server.url, { tls: { ...tls, servername: 'other.test' } })
  assert.equal((misnamed.cause as Error & { code: string }).code, 'ERR_TLS_CERT_ALTNAME_INVALID')
  await (await connect(server.url, { tls: { rejectUnauthorized: false } })).close()
})

test('TLS options do not change where the request goes or what it says', async (t) => {
  const server = await serve({ tls: { key, cert: certificate } }, () => {})
  t.after(() => server.close())
  const tls = { ca: certificate, host: '192.0.2.1', port: 1, path: '/x', method: 'POST' }
  await (await connect(server.url, { tls })).close()
})

// --- giving up ------------------------------------------------------------------------------------------------------------

test('a server that cannot be reached is CONNECT_FAILED, with the cause and without credentials', async () => {
  const unused = createServer().listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const { port } = unused.address() as { port: number }
  await new Promise((resolve) => unused.close(resolve))
  const error = await failure(`ws://user:secret@127.0.0.1:${port}/`)
  assert.deepEqual([error.name, error.code, error.phase], ['TransportError', 'CONNECT_FAILED', 'opening'])
  assert.equal(error.message, `Cannot connect to 127.0.0.1:${port} (connection refused)`)
  assert.equal((error.cause as Error & { code: string }).code, 'ECONNREFUSED')
})

test('T-37: a name that does not resolve is CONNECT_FAILED', async () => {
  const error = await failure('ws://name.invalid/', { proxy: false })
  assert.equal(error.code, 'CONNECT_FAILED')
})

for (const how of ['end', 'destroy', 'reset'] as const) {
  for (const said of ['', 'HTTP/1.1 101 Swi', `${SWITCHING}`]) {
    test(`T-37: a server that leaves (${how}) after ${said.length} bytes of its response is ENDED_IN_HANDSHAKE`, async (t) => {
      const server = await answering(t, (peer) => {
        peer.socket.write(said, () => peer.leave(how))
      })
      const error = await failure(server.url)
      // A head that is cut off in the middle is malformed to Node, and one after a reset may not be seen at all.
      const codes = said === '' ? ['ENDED_IN_HANDSHAKE'] : ['ENDED_IN_HANDSHAKE', 'HEAD_MALFORMED']
      assert.ok(codes.includes(error.code), error.code)
      assert.equal(error.name, 'HandshakeError')
      assert.ok(error.cause instanceof Error)
    })
  }
}

test('T-37: a server that does not answer in time is HANDSHAKE_TIMEOUT, however much it says', async (t) => {
  let trickle: NodeJS.Timeout | undefined
  const server = await answering(t, (peer) => {
    peer.say('HTTP/1.1 101 Switching Protocols\r\nX: ')
    trickle = setInterval(() => peer.say('a'), 5)
  })
  const start = performance.now()
  const error = await failure(server.url, { handshakeTimeoutMs: 60 })
  clearInterval(trickle)
  const elapsed = performance.now() - start
  assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
  assert.ok(elapsed >= 55 && elapsed < 1_000, `${elapsed} ms`)
  await server.peers[0]!.until(({ ended }) => ended)
})

test('a handshake timeout of Infinity is none, and does not become a short one', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const connection = await connect(server.url, { handshakeTimeoutMs: Number.POSITIVE_INFINITY })
  await delay(10)
  assert.equal(connection.readyState, 'open')
  connection.terminate()
})

const reason = new Error('changed my mind')

test('T-37: a signal that is aborted already rejects at once, and nothing is sent', async (t) => {
  const server = await answering(t, () => {})
  assert.equal(await failure(server.url, { signal: AbortSignal.abort(reason) }), reason)
  await delay(5)
  assert.equal(server.peers.length, 0)
})

for (const stage of [
  'before the name is resolved',
  'while connecting',
  'while waiting for the response',
  'behind an interim response',
  'inside the response',
  'inside a refusal',
] as const) {
  test(`T-37: a signal that aborts ${stage} rejects with its reason, and leaves nothing behind`, async (t) => {
    const controller = new AbortController()
    const { signal, listeners } = watched(controller.signal)
    const server = await answering(t, (peer) => {
      if (stage === 'behind an interim response') peer.say('HTTP/1.1 103 Early Hints\r\n\r\n')
      if (stage === 'inside the response') peer.say(SWITCHING)
      if (stage === 'inside a refusal') peer.say('HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nhalf')
      setTimeout(() => controller.abort(reason), 10)
    })
    const url = stage === 'before the name is resolved' ? server.url.replace('127.0.0.1', 'localhost') : server.url
    const failed = failure(url, { signal })
    assert.equal(listeners(), 1)
    if (stage === 'before the name is resolved') controller.abort(reason)
    if (stage === 'while connecting') process.nextTick(() => controller.abort(reason))
    assert.equal(await failed, reason)
    assert.equal(listeners(), 0)
    await delay(5)
    for (const peer of server.peers) await peer.until(({ ended }) => ended)
  })
}

test('T-37: once the connection is open, a signal has no effect and no listener', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const controller = new AbortController()
  const { signal, listeners } = watched(controller.signal)
  const connection = await connect(server.url, { signal })
  assert.equal(listeners(), 0)
  controller.abort()
  assert.equal(connection.readyState, 'open')
  connection.terminate()
})

test('limits and keepalive are those of the connection; without them a client sends no pings', async (t) => {
  const server = await answering(t, `${ACCEPTED}\r\n`)
  const connection = await connect(server.url, {
    limits: { maxMessageBytes: 1 },
    keepalive: { pingIntervalMs: 10, pongTimeoutMs: 1_000 },
  })
  connection.messages()
  const peer = server.peers[0]!
  const requestBytes = (await peer.head()).length + 4
  await peer.until(({ text }) => text.length > requestBytes)
  assert.equal(peer.text.charCodeAt(requestBytes), 0x89)
  peer.say('\x81\x02')
  peer.leave('end')
  assert.equal((await connection.closed).error?.code, 'MESSAGE_TOO_BIG')
})

for (const [name, where] of [
  ['maxPayload', 'it is limits.maxMessageBytes'],
  ['rejectUnauthorized', 'it is tls.rejectUnauthorized'],
  ['maxAttempts', 'it is backoff.maxAttempts, of reconnect'],
  ['onRetry', 'reconnect has it'],
  ['agent', 'createConnection makes the stream, and proxy leads through one'],
] as const) {
  test(`who gives ${name} is told where it is`, async () => {
    const message = `Unknown option ${name} in options: ${where}`
    await assert.rejects(connect('ws://127.0.0.1:1/', { [name]: undefined } as never), { name: 'TypeError', message })
  })
}
