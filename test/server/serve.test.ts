// A server from start to end: its options, its connections, its close.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, Server as HttpServer } from 'node:http'
import { connect as dial } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { connect as dialTls } from 'node:tls'
import { connect, InvalidStateError, type ServeOptions, type Server, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { listening } from '../support/http-server.ts'
import { started } from '../support/server.ts'
import { RawPeer, rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

async function pageOf(port: number): Promise<string> {
  const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

/** The status that a raw request is answered with; the peer is let go. */
async function statusOf(port: number, request: string): Promise<number> {
  const peer = await rawClient(port)
  peer.say(request)
  const head = await peer.head()
  peer.leave()
  return Number(head.split(' ')[1])
}

/** Lets everything on this machine that is under way arrive. */
function briefly(ms = 10): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

// --- where it listens -------------------------------------------------------------------------------------------------

test('without options a server takes a free port that only this machine reaches', async (t) => {
  const server = await started(t)
  assert.match(server.url, /^ws:\/\/127\.0\.0\.1:\d+\/$/)
  assert.equal(server.url, `ws://127.0.0.1:${server.port}/`)
})

test('a port that is taken is LISTEN_FAILED with the cause, and one that is free again can be had', async (t) => {
  const first = await started(t)
  const { port } = first
  await assert.rejects(
    serve({ port }, () => {}),
    (error: Error & { code: string }) => {
      assert.deepEqual([error.name, error.code], ['TransportError', 'LISTEN_FAILED'])
      assert.equal((error.cause as Error & { code: string }).code, 'EADDRINUSE')
      return true
    },
  )
  await first.close()
  assert.equal((await started(t, { port })).port, port)
})

test('a host that is not ours is LISTEN_FAILED', async () => {
  await assert.rejects(
    serve({ host: '192.0.2.1' }, () => {}),
    { code: 'LISTEN_FAILED' },
  )
})

test('a server on all addresses is reached at localhost', async (t) => {
  const server = await started(t, { host: '0.0.0.0' })
  assert.equal(server.url, `ws://localhost:${server.port}/`)
  await (await connect(server.url)).close()
})

test('a server on IPv6 has brackets in its URL, and is reached by it', { skip: !hasIpv6 }, async (t) => {
  const server = await started(t, { host: '::1' })
  assert.equal(server.url, `ws://[::1]:${server.port}/`)
  const connection = await connect(server.url)
  assert.equal(connection.remoteAddress, '::1')
  await connection.close()
  assert.match((await started(t, { host: '::' })).url, /^ws:\/\/localhost:/)
})

// --- a server of the application's own --------------------------------------------------------------------------------

test('a server of the application takes upgrades, and keeps its port, its other requests and its life', async (t) => {
  const { http, port } = await listening(t)
  const before = http.eventNames().map((name) => [name, http.listenerCount(name)])
  const server = await serve({ server: http, path: '/chat' }, (connection) => void connection.send('hello'))
  assert.equal(server.url, `ws://127.0.0.1:${port}/chat`)
  assert.equal(server.port, port)
  const connection = await connect(server.url)
  const { value } = await connection.messages().next()
  assert.equal(value, 'hello')
  assert.equal(await pageOf(port), 'something else')
  await server.close()
  assert.equal((await connection.closed).code, 1001)
  assert.equal(await pageOf(port), 'something else')
  assert.deepEqual(
    http.eventNames().map((name) => [name, http.listenerCount(name)]),
    before,
  )
})

test('a server of the application that does not listen yet has no URL', async () => {
  const server = await serve({ server: createServer() }, () => {})
  assert.throws(() => server.url, InvalidStateError)
  assert.throws(() => server.port, InvalidStateError)
  await server.close()
})

test('T-67: limits that the caller changes later change nothing', async (t) => {
  const limits: Record<string, unknown> = { maxMessageBytes: 3 }
  const server = await started(t, { limits }, (connection) =>
    connection.onMessage((text) => void connection.send(text)),
  )
  limits.maxMessageBytes = 'nonsense'
  const client = await connect(server.url)
  await client.send('abc')
  for await (const message of client) {
    assert.equal(message, 'abc')
    break
  }
  await client.send('abcd')
  assert.equal((await client.closed).code, 1009)
})

test('a server that is closed still says where it was', async () => {
  const server = await serve({}, () => {})
  const { url, port } = server
  await server.close()
  assert.deepEqual([server.url, server.port], [url, port])
})

test('T-95: a listener that throws closes its connection with 1011, and onError is told once', async (t) => {
  const told: unknown[] = []
  const mistake = new Error('a mistake of the application')
  const server = await started(t, { onError: (error) => void told.push(error) }, (connection) =>
    connection.onMessage(() => {
      throw mistake
    }),
  )
  const client = await connect(server.url)
  await client.send('anything')
  assert.equal((await client.closed).code, 1011)
  assert.deepEqual(told, [mistake])
})

test('T-95: an async listener that fails closes its connection with 1011, and onError is told once', async (t) => {
  const told: unknown[] = []
  const mistake = new Error('a mistake of the application')
  const server = await started(t, { onError: (error) => void told.push(error) }, (connection) =>
    connection.onMessage(async (message) => {
      await connection.send(message)
      throw mistake
    }),
  )
  const client = await connect(server.url)
  await client.send('anything')
  const heard: unknown[] = []
  for await (const message of client) heard.push(message)
  assert.equal((await client.closed).code, 1011)
  assert.deepEqual(heard, ['anything'])
  assert.deepEqual(told, [mistake])
})

for (const [options, error] of [
  [{ path: 'chat' }, TypeError],
  [{ path: '/chat?x=1' }, TypeError],
  [{ path: '/chat#x' }, TypeError],
  [{ port: '0' }, RangeError],
  [{ port: 65_536 }, RangeError],
  [{ port: -1 }, RangeError],
  [{ port: 0.5 }, RangeError],
  [{ subprotocols: 'chat' }, TypeError],
] as const) {
  test(`serve refuses ${JSON.stringify(options)} at once`, async () => {
    await assert.rejects(
      serve(options as unknown as ServeOptions, () => {}),
      error,
    )
  })
}

test('several servers share one HTTP server by their paths; what nobody serves is answered with 404', async (t) => {
  const { http, port } = await listening(t)
  const names: string[] = []
  const one = await serve({ server: http, path: '/one' }, () => void names.push('one'))
  const two = await serve({ server: http, path: '/two' }, () => void names.push('two'))
  await (await connect(`ws://127.0.0.1:${port}/two?x`)).close()
  await (await connect(`ws://127.0.0.1:${port}/one`)).close()
  assert.deepEqual(names, ['two', 'one'])
  assert.equal(await statusOf(port, upgradeRequest({ line: 'GET /three HTTP/1.1' })), 404)
  await one.close()
  assert.equal(await statusOf(port, upgradeRequest({ line: 'GET /one HTTP/1.1' })), 404)
  await (await connect(`ws://127.0.0.1:${port}/two`)).close()
  await two.close()
})

test('T-25: one socket is never taken twice, also when two servers want it', async (t) => {
  const { http, port } = await listening(t)
  const names: string[] = []
  const one = await serve({ server: http }, () => void names.push('one'))
  const two = await serve({ server: http }, () => void names.push('two'))
  const peer = await rawClient(port)
  peer.say(upgradeRequest())
  await peer.head()
  await briefly()
  assert.equal(peer.text.match(/HTTP\/1\.1/g)?.length, 1)
  assert.deepEqual(names, ['one'])
  peer.leave()
  await Promise.all([one.close(), two.close()])
})

test('on a shared server, what is not for us is left to whoever else takes upgrades', async (t) => {
  const { http, port } = await listening(t)
  const server = await serve({ server: http, path: '/ours' }, () => assert.fail('not ours'))
  http.on('upgrade', (_, socket) => socket.end('HTTP/1.1 299 Theirs\r\n\r\n'))
  assert.equal(await statusOf(port, upgradeRequest({ line: 'GET /theirs HTTP/1.1' })), 299)
  await server.close()
})

test('on a shared server, a socket that somebody else answered already is left alone', async (t) => {
  const { http, port } = await listening(t)
  http.on('upgrade', (_, socket) => socket.end('HTTP/1.1 299 Theirs\r\n\r\n'))
  const server = await serve({ server: http }, () => assert.fail('not ours'))
  const peer = await rawClient(port)
  peer.say(upgradeRequest())
  assert.equal(await peer.all(), 'HTTP/1.1 299 Theirs\r\n\r\n')
  peer.leave()
  await server.close()
})

// --- TLS --------------------------------------------------------------------------------------------------------------

test('with tls the server speaks wss: and knows it', async (t) => {
  let secure: boolean | undefined
  let url = ''
  const server = await started(t, { tls: { key, cert: certificate } }, (connection, request) => {
    secure = request.secure
    url = connection.url
    void connection.send('safe')
  })
  assert.match(server.url, /^wss:\/\/127\.0\.0\.1:/)
  const connection = await connect(server.url, {
    tls: { ca: certificate },
    origin: server.url.replace('wss', 'https').slice(0, -1),
  })
  assert.deepEqual(await connection.messages().next(), { done: false, value: 'safe' })
  assert.deepEqual([secure, url], [true, server.url])
  await connection.close()
})

test('T-28: a client that never finishes the TLS handshake is cut at the deadline of the opening handshake', async (t) => {
  const server = await started(t, { tls: { key, cert: certificate }, handshakeTimeoutMs: 80 })
  const peer = await rawClient(server.port)
  const start = performance.now()
  await peer.until(({ closed, ended }) => closed || ended)
  assert.ok(performance.now() - start >= 60)
  assert.equal(peer.text, '')
  peer.leave()
})

test('T-28: the time of the TLS handshake counts for the opening handshake', async (t) => {
  const server = await started(t, { tls: { key, cert: certificate }, handshakeTimeoutMs: 200 })
  const start = performance.now()
  const socket = dial(server.port, '127.0.0.1')
  await once(socket, 'connect')
  await briefly(120)
  const secured = dialTls({ socket, ca: certificate, servername: 'localhost' })
  const peer = new RawPeer(secured)
  await once(secured, 'secureConnect')
  assert.match(await peer.all(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
  assert.ok(performance.now() - start < 310, 'the deadline began anew')
  peer.leave()
})

test('a client that speaks no TLS to a TLS server is cut, and the next one is served', async (t) => {
  const server = await started(t, { tls: { key, cert: certificate } })
  const peer = await rawClient(server.port)
  peer.say(upgradeRequest())
  await peer.until(({ ended }) => ended)
  assert.doesNotMatch(peer.text, /101/)
  peer.leave()
  await (await connect(server.url, { tls: { ca: certificate } })).close()
})

test('a TLS server closes while a client is in the middle of the TLS handshake', async () => {
  const server = await serve({ tls: { key, cert: certificate } }, () => {})
  const peer = await rawClient(server.port)
  peer.say('\x16\x03\x01')
  await briefly()
  await server.close()
  await peer.until(({ ended }) => ended)
  peer.leave()
})

// --- options that decide ----------------------------------------------------------------------------------------------

test('with a path, others are answered with 404, whatever comes behind the ?', async (t) => {
  const server = await started(t, { path: '/chat' })
  assert.equal(server.url, `ws://127.0.0.1:${server.port}/chat`)
  for (const [target, status] of [
    ['/chat', 101],
    ['/chat?a=/', 101],
    ['http://127.0.0.1/chat', 101],
    ['/', 404],
    ['/chat/', 404],
    ['/chat%20', 404],
    ['/Chat', 404],
    ['//chat', 404],
    ['http://127.0.0.1', 404],
  ] as const) {
    assert.equal(await statusOf(server.port, upgradeRequest({ line: `GET ${target} HTTP/1.1` })), status, target)
  }
})

test('the first common subprotocol is chosen, or what a function says', async (t) => {
  const list = await started(t, { subprotocols: ['a', 'b'] })
  const connection = await connect(list.url, { subprotocols: ['c', 'b'] })
  assert.equal(connection.subprotocol, 'b')
  await connection.close()
  const chosen = await started(t, { subprotocols: (offered) => offered.at(-1) })
  const other = await connect(chosen.url, { subprotocols: ['c', 'b'] })
  assert.equal(other.subprotocol, 'b')
  await other.close()
})

test('T-23: a policy that throws is answered with 500, and told', async (t) => {
  const told: unknown[] = []
  const fault = new Error('policy')
  const onError = (error: unknown): void => void told.push(error)
  const server = await started(t, {
    subprotocols: () => {
      throw fault
    },
    onError,
  })
  assert.equal(await statusOf(server.port, upgradeRequest()), 500)
  assert.deepEqual(told, [fault])
  const wrong = await started(t, { subprotocols: () => 'not offered', onError })
  assert.equal(await statusOf(wrong.port, upgradeRequest()), 500)
  assert.equal((told[1] as Error & { code: string }).code, 'SUBPROTOCOL_NOT_OFFERED')
})

test('T-20: pages from elsewhere are refused unless the policy says otherwise', async (t) => {
  const cases = [
    { origin: undefined, header: 'http://127.0.0.1', status: 101 },
    { origin: undefined, header: 'http://evil.test', status: 403 },
    { origin: undefined, header: 'null', status: 403 },
    { origin: undefined, header: undefined, status: 101 },
    { origin: 'any', header: 'http://evil.test', status: 101 },
    { origin: ['http://good.test'], header: 'http://good.test', status: 101 },
    { origin: ['http://good.test'], header: 'http://127.0.0.1', status: 403 },
    { origin: (value: string | undefined) => value === 'x', header: 'x', status: 101 },
    { origin: (value: string | undefined) => value === 'x', header: undefined, status: 403 },
  ] as const
  for (const { origin, header, status } of cases) {
    const server = await started(t, { origin })
    const more = header === undefined ? [] : [`Origin: ${header}`]
    assert.equal(await statusOf(server.port, upgradeRequest({}, ...more)), status, `${origin} ${header}`)
  }
})

test('headers are those of the accepting response', async (t) => {
  for (const headers of [[['Set-Cookie', 'a=b']], { 'Set-Cookie': 'a=b' }] as const) {
    const server = await started(t, { headers })
    const peer = await rawClient(server.port)
    peer.say(upgradeRequest())
    assert.match(await peer.head(), /\r\nSet-Cookie: a=b$/)
    peer.leave()
  }
})

test('with maxConnections, one more is answered with 503 until one has closed', async (t) => {
  const server = await started(t, { maxConnections: 1 })
  const connection = await connect(server.url)
  assert.equal(server.connections.size, 1)
  await assert.rejects(connect(server.url), { code: 'STATUS_NOT_101', status: 503 })
  await connection.close()
  while (server.connections.size > 0) await briefly(1)
  await (await connect(server.url)).close()
  assert.equal(await statusOf((await started(t, { maxConnections: 0 })).port, upgradeRequest()), 503)
})

test('limits and keepalive are those of the connections', async (t) => {
  const server = await started(
    t,
    { limits: { maxMessageBytes: 2 }, keepalive: { pingIntervalMs: 20, pongTimeoutMs: 1_000 } },
    (connection) => connection.onMessage(() => {}),
  )
  const peer = await rawClient(server.port)
  peer.say(upgradeRequest())
  assert.equal(await peer.behindHead(6), '89 04 00 00 00 01')
  peer.leave()
  const connection = await connect(server.url)
  await connection.send('123')
  assert.equal((await connection.closed).code, 1009)
})

// --- handlers ---------------------------------------------------------------------------------------------------------

test('the handler has the connection and the request that made it', async (t) => {
  let seen: unknown[] = []
  const server = await started(t, {}, (connection, request) => {
    seen = [
      connection.url,
      connection.remoteAddress,
      request.url,
      request.target,
      request.method,
      request.httpVersion,
      request.secure,
      request.remoteAddress,
      request.headers.find(([name]) => name === 'X-Mine')?.[1],
      request.incoming.headers['x-mine'],
    ]
  })
  const url = `${server.url}a?b`
  await (await connect(url, { headers: { 'X-Mine': 'yes' } })).close()
  assert.deepEqual(seen, [url, '127.0.0.1', url, '/a?b', 'GET', '1.1', false, '127.0.0.1', 'yes', 'yes'])
})

for (const kind of ['throws', 'rejects'] as const) {
  test(`T-95: a handler that ${kind} closes its connection with 1011 and is told to onError, and no other is touched`, async (t) => {
    const told: unknown[] = []
    const fault = new Error('handler')
    const server = await started(t, { onError: (error) => void told.push(error) }, (_, request) => {
      if (request.target === '/fine') return
      if (kind === 'throws') throw fault
      return Promise.reject(fault)
    })
    const fine = await connect(`${server.url}fine`)
    const connection = await connect(server.url)
    const { code, initiator } = await connection.closed
    assert.deepEqual([code, initiator, told], [1011, 'remote', [fault]])
    assert.equal(fine.readyState, 'open')
    await fine.close()
  })
}

test('T-95: without onError, what a handler throws is an uncaught exception, and what authorize throws a warning', async (t) => {
  const fault = new Error('handler')
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  const caught = once(process, 'uncaughtException')
  const server = await started(t, {}, () => {
    throw fault
  })
  const connection = await connect(server.url)
  assert.deepEqual((await caught)[0], fault)
  for (const other of others) process.on('uncaughtException', other)
  await connection.closed

  for (const thrown of [fault, 'a string']) {
    const guarded = await started(t, {
      authorize: () => {
        throw thrown
      },
    })
    const warned = once(process, 'warning')
    assert.equal(await statusOf(guarded.port, upgradeRequest()), 500)
    const [warning] = (await warned) as [Error]
    if (thrown === fault) assert.equal(warning, fault)
    else assert.equal(warning.message, 'a string')
  }
})

test('a handler that fails because its client went away is no fault of the application', async (t) => {
  const told: unknown[] = []
  let ended: Promise<unknown> = Promise.resolve()
  const server = await started(t, { onError: (error) => void told.push(error) }, (connection) => {
    ended = connection.closed
    return connection.closed.then(() => connection.send('too late'))
  })
  const connection = await connect(server.url)
  connection.terminate()
  while (server.connections.size > 0) await briefly(1)
  await ended
  await briefly()
  assert.deepEqual(told, [])
})

test('a handler that fails because another connection went away closes its own with 1011, and is told', async (t) => {
  const told: unknown[] = []
  const upstream = await started(t)
  const proxy = await started(t, { onError: (error) => void told.push(error) }, async () => {
    const other = await connect(upstream.url)
    other.terminate()
    await other.send('into nothing')
  })
  const connection = await connect(proxy.url)
  assert.equal((await connection.closed).code, 1011)
  assert.equal((told[0] as Error & { code: string }).code, 'CONNECTION_CLOSED')
})

// --- the end ------------------------------------------------------------------------------------------------------------

test('close says 1001 to everyone, waits for their answers, and frees the port', async () => {
  const server = await serve({}, () => {})
  const { port } = server
  const connections = await Promise.all([connect(server.url), connect(server.url)])
  assert.equal(server.connections.size, 2)
  const closed = server.close()
  assert.equal(server.close({ code: 1012 }), closed)
  await closed
  assert.equal(server.connections.size, 0)
  for (const connection of connections) {
    const { code, wasClean, initiator } = await connection.closed
    assert.deepEqual([code, wasClean, initiator], [1001, true, 'remote'])
  }
  await assert.rejects(connect(`ws://127.0.0.1:${port}`), { code: 'CONNECT_FAILED' })
})

test('close may say something else', async () => {
  const server = await serve({}, () => {})
  const connection = await connect(server.url)
  await server.close({ code: 1012, reason: 'restart' })
  const { code, reason } = await connection.closed
  assert.deepEqual([code, reason], [1012, 'restart'])
})

test('options of close that are wrong throw at once, and the server goes on', async (t) => {
  const server = await started(t)
  for (const [options, error] of [
    [{ code: 1006 }, RangeError],
    [{ code: 1000, reason: 'x'.repeat(124) }, RangeError],
    [{ timeoutMs: -1 }, RangeError],
    [{ timeoutMs: '1' }, TypeError],
    [{ timeout: 1 }, TypeError],
  ] as const) {
    assert.throws(() => server.close(options as never), error)
  }
  await (await connect(server.url)).close()
})

for (const timeoutMs of [0, 40]) {
  test(`clients that never answer are cut after timeoutMs ${timeoutMs}`, async () => {
    const server = await serve({}, () => {})
    const peer = await rawClient(server.port)
    peer.say(upgradeRequest())
    await peer.head()
    const start = performance.now()
    await server.close({ timeoutMs })
    const elapsed = performance.now() - start
    assert.ok(elapsed >= timeoutMs - 5 && elapsed < 1_000, `${elapsed} ms`)
    await peer.until(({ ended }) => ended)
    assert.equal(await peer.behindHead(4), '88 02 03 e9')
    peer.leave()
  })
}

test('a timeout of Infinity is none, and does not become a short one', async () => {
  const server = await serve({ handshakeTimeoutMs: Number.POSITIVE_INFINITY }, () => {})
  const peer = await rawClient(server.port)
  await briefly()
  peer.say(upgradeRequest())
  await peer.head()
  const closed = server.close({ timeoutMs: Number.POSITIVE_INFINITY })
  assert.equal(await peer.behindHead(4), '88 02 03 e9')
  await briefly(20)
  assert.equal(server.connections.size, 1)
  peer.say(Buffer.from('88820000000003e9', 'hex'))
  peer.leave('end')
  await closed
})

test('a client that ended and does not read what is left for it is cut at timeoutMs', async () => {
  let opened = 0
  const server = await serve({}, (connection) => {
    opened++
    connection.onMessage(() => {})
    void connection.send(new Uint8Array(16_000_000))
  })
  const peer = await rawClient(server.port)
  peer.socket.pause()
  peer.say(upgradeRequest())
  peer.leave('end')
  while (opened === 0) await briefly(1)
  while (server.connections.size > 0) await briefly(1) // ended without a Close frame; the bytes are still on their way
  const start = performance.now()
  await server.close({ timeoutMs: 40 })
  assert.ok(performance.now() - start < 1_000)
  peer.leave()
})

test('a client that was refused and does not end is cut at timeoutMs', async () => {
  const server = await serve({}, () => {})
  const peer = await rawClient(server.port)
  peer.say(upgradeRequest({ Key: undefined }))
  await peer.all()
  const start = performance.now()
  await server.close({ timeoutMs: 20 })
  assert.ok(performance.now() - start < 500)
  peer.leave()
})

test('T-24: when the server closes, a handshake that waits for a decision or is half read is answered with 503', async () => {
  let decide: () => void = () => {}
  const server = await serve({ authorize: () => new Promise<void>((resolve) => (decide = resolve)) }, () =>
    assert.fail('no connection is opened after close'),
  )
  const pending = await rawClient(server.port)
  pending.say(upgradeRequest())
  const half = await rawClient(server.port)
  half.say('GET / HTTP/1.1\r\nHost: ')
  const silent = await rawClient(server.port)
  await briefly()
  const closed = server.close()
  for (const peer of [pending, half]) {
    assert.match(await peer.all(), /^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\n/)
    peer.leave('end')
  }
  assert.equal(await silent.all(), '')
  silent.leave()
  decide()
  await closed
})

test('T-24: on a server of the application, a handshake after the shutdown began is answered with 503', async (t) => {
  const { http, port } = await listening(t)
  const server = await serve({ server: http }, () => {})
  const slow = await rawClient(port)
  slow.say(upgradeRequest())
  await slow.head()
  const closed = server.close({ timeoutMs: 100 })
  assert.equal(await statusOf(port, upgradeRequest()), 503)
  slow.say(Buffer.from('88820000000003e9', 'hex'))
  slow.leave('end')
  await closed
})

test('close from inside a handler does not wait for itself', async () => {
  let closed: Promise<void> | undefined
  const server: Server = await serve({}, async () => {
    closed = server.close()
    await closed
  })
  const connection = await connect(server.url)
  assert.equal((await connection.closed).code, 1001)
  await closed
})

test('a signal closes the server, at once when it is aborted already, and leaves no listener behind', async () => {
  await assert.rejects(
    serve({ signal: AbortSignal.abort(new Error('never')) }, () => {}),
    { message: 'never' },
  )
  const controller = new AbortController()
  let added = 0
  let removed = 0
  const { signal } = controller
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...parameters: Parameters<AbortSignal['addEventListener']>) => {
    added++
    addEventListener.apply(signal, parameters)
  }
  signal.removeEventListener = (...parameters: Parameters<AbortSignal['removeEventListener']>) => {
    removed++
    removeEventListener.apply(signal, parameters)
  }
  const server = await serve({ signal }, () => {})
  const connection = await connect(server.url)
  controller.abort()
  assert.equal((await connection.closed).code, 1001)
  await server.close()
  assert.deepEqual([added, removed], [1, 1])
})

test('a signal that aborts while the port is being opened leaves nothing listening', async () => {
  const { port } = await serve({}, () => {}).then(async (server) => {
    const taken = { port: server.port }
    await server.close()
    return taken
  })
  const controller = new AbortController()
  const starting = serve({ port, signal: controller.signal }, () => {})
  controller.abort(new Error('changed my mind'))
  await assert.rejects(starting, { message: 'changed my mind' })
  await (await serve({ port }, () => {})).close()
})

test('await using closes the server', async () => {
  const server = await serve({}, () => {})
  const connection = await connect(server.url)
  assert.equal(await server[Symbol.asyncDispose](), undefined)
  assert.equal((await connection.closed).code, 1001)
})

test('a client that cannot be accepted does not end the process', async (t) => {
  const told: unknown[] = []
  const listen = t.mock.method(HttpServer.prototype, 'listen')
  await started(t, { onError: (error) => void told.push(error) })
  const fault = new Error('accept EMFILE')
  const http = listen.mock.calls[0]!.this as HttpServer
  http.emit('error', fault)
  assert.deepEqual(told, [fault])
})
