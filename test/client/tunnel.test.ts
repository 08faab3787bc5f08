// Through HTTP proxies: what they see, what they may say, and what is left when it comes to nothing.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect, serve } from '../../src/node.ts'
import { acceptance, answering, eventually, failure, watched } from '../support/attempts.ts'
import { certificate, key } from '../support/certificate.ts'
import { startProxy } from '../support/proxy.ts'
import { type RawPeer, type RawServer, rawServer } from '../support/sockets.ts'

const tls = { ca: certificate, servername: 'localhost' }

async function echoServer(t: TestContext, secure: boolean) {
  const requests: Record<string, unknown>[] = []
  const server = await serve(
    { ...(secure ? { tls: { key, cert: certificate } } : {}) },
    async (connection, request) => {
      requests.push(Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])))
      for await (const message of connection) await connection.send(message)
    },
  )
  t.after(() => server.close({ timeoutMs: 0 }))
  return { server, requests }
}

for (const { proxySecure, secure } of [
  { proxySecure: false, secure: false },
  { proxySecure: false, secure: true },
  { proxySecure: true, secure: false },
  { proxySecure: true, secure: true },
]) {
  const title = `${secure ? 'wss:' : 'ws:'} through ${proxySecure ? 'an https:' : 'an http:'} proxy`
  test(`${title}: a tunnel, credentials for the proxy alone, and nothing left at the end`, async (t) => {
    const { server, requests } = await echoServer(t, secure)
    const proxy = await startProxy(t, server.port, { tls: proxySecure, credentials: 'us@er:pa:ss' })
    const url = `${secure ? 'wss' : 'ws'}://target.test/path`
    const connection = await connect(url, {
      tls,
      proxy: {
        url: proxy.url.replace('://', '://us%40er:pa%3Ass@'),
        headers: { 'User-Agent': 'test' },
        tls: { ca: certificate },
      },
    }).catch((error) => assert.fail(error))
    const large = 'x'.repeat(1_000_000)
    const messages = connection.messages()
    for (const message of ['hello', large]) {
      void connection.send(message)
      assert.equal((await messages.next()).value, message)
    }
    const [tunnel] = proxy.tunnels
    assert.equal(proxy.tunnels.length, 1)
    assert.equal(tunnel!.authority, `target.test:${secure ? 443 : 80}`)
    assert.equal(tunnel!.headers.host, tunnel!.authority)
    assert.equal(tunnel!.headers['user-agent'], 'test')
    assert.equal(tunnel!.sent.includes('GET /path'), !secure)
    assert.equal(requests[0]!['host'], 'target.test')
    assert.equal('proxy-authorization' in requests[0]!, false)
    assert.equal('user-agent' in requests[0]!, false)
    assert.equal(connection.url, url)
    assert.equal(connection.remoteAddress, '127.0.0.1')
    assert.equal((await connection.close(1000)).wasClean, true)
    await eventually(() => proxy.open.size === 0, 'the end of the tunnel')
  })

  test(`${title}: terminate ends the tunnel`, async (t) => {
    const { server } = await echoServer(t, secure)
    const proxy = await startProxy(t, server.port, { tls: proxySecure })
    const connection = await connect(`${secure ? 'wss' : 'ws'}://target.test`, {
      tls,
      proxy: { url: proxy.url, tls: { ca: certificate } },
    })
    connection.terminate()
    await eventually(() => proxy.open.size === 0, 'the end of the tunnel')
  })
}

for (const [url, authority] of [
  ['ws://target.test/', 'target.test:80'],
  ['ws://target.test:8080/', 'target.test:8080'],
  ['ws://[2001:db8::1]/', '[2001:db8::1]:80'],
  ['ws://[2001:db8::1]:81/', '[2001:db8::1]:81'],
  ['ws://192.0.2.1/', '192.0.2.1:80'],
  ['ws://127.0.0.1:82/', '127.0.0.1:82'], // a proxy that is given is given for loopback, too
] as const) {
  test(`a tunnel to ${url} is one to ${authority}`, async (t) => {
    const server = await answering(t)
    const proxy = await startProxy(t, server.port)
    const connection = await connect(url, { proxy: proxy.url })
    assert.equal(proxy.tunnels[0]!.authority, authority)
    assert.equal(/\r\nHost: (.*)\r\n/.exec(server.peers[0]!.text)?.[1], new URL(url).host)
    connection.terminate()
  })
}

/** An environment that says nothing of proxies, until the test is over. */
function withoutProxies(t: TestContext): void {
  const variables = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']
  const names = [...variables.flatMap((name) => [name, name.toUpperCase()]), 'REQUEST_METHOD']
  const before = names.map((name) => [name, process.env[name]] as const)
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  for (const name of names) delete process.env[name]
}

for (const { environment, scheme, used } of [
  { environment: ['http_proxy'], scheme: 'ws', used: true },
  { environment: ['HTTP_PROXY'], scheme: 'ws', used: true },
  { environment: ['https_proxy'], scheme: 'wss', used: true },
  { environment: ['HTTPS_PROXY'], scheme: 'wss', used: true },
  { environment: ['all_proxy'], scheme: 'wss', used: true },
  { environment: ['ALL_PROXY'], scheme: 'ws', used: true },
  { environment: ['https_proxy'], scheme: 'ws', used: false },
  { environment: ['http_proxy', 'NO_PROXY'], scheme: 'ws', used: false },
  { environment: ['HTTP_PROXY', 'REQUEST_METHOD'], scheme: 'ws', used: false }, // "httpoxy"
  { environment: ['http_proxy', 'REQUEST_METHOD'], scheme: 'ws', used: true },
]) {
  test(`${environment.join(' and ')} of the process ${used ? 'is' : 'is not'} used for ${scheme}:`, async (t) => {
    withoutProxies(t)
    const server = await rawServer((peer) => void peer.leave())
    t.after(() => server.close())
    const proxy = await startProxy(t, server.port)
    const values: Record<string, string> = { NO_PROXY: '*', REQUEST_METHOD: 'GET' }
    for (const name of environment) process.env[name] = values[name] ?? proxy.url
    await failure(`${scheme}://target.invalid/`)
    assert.equal(proxy.tunnels.length, used ? 1 : 0)
  })
}

test('the proxy of the environment is used, unless proxy says otherwise', async (t) => {
  withoutProxies(t)
  const server = await answering(t)
  const proxy = await startProxy(t, server.port)
  process.env['http_proxy'] = proxy.url
  ;(await connect('ws://target.invalid/')).terminate()
  assert.equal(proxy.tunnels.length, 1)
  assert.equal((await failure('ws://target.invalid/', { proxy: false })).code, 'CONNECT_FAILED')
  ;(await connect(server.url)).terminate() // loopback
  process.env['no_proxy'] = 'invalid'
  assert.equal((await failure('ws://target.invalid/')).code, 'CONNECT_FAILED')
  assert.equal(proxy.tunnels.length, 1)
  process.env['http_proxy'] = 'socks5://127.0.0.1:1'
  delete process.env['no_proxy']
  const error: unknown = await failure('ws://target.invalid/')
  assert.ok(error instanceof TypeError)
  assert.match(error.message, /createConnection/)
})

test('a proxy that asks for other credentials refuses: status, headers and body are in the error', async (t) => {
  const proxy = await startProxy(t, 1, { credentials: 'user:word' })
  const error = await failure('wss://target.test/', { proxy: proxy.url.replace('://', '://user:wrong@') })
  assert.deepEqual(
    [error.name, error.code, error.status, error.phase],
    ['HandshakeError', 'PROXY_REFUSED', 407, 'opening'],
  )
  assert.equal(error.response?.statusText, 'Proxy Authentication Required')
  assert.deepEqual(error.response.headers[0], ['Proxy-Authenticate', 'Basic realm="x"'])
  assert.equal(new TextDecoder().decode(error.response.body), 'who')
  assert.doesNotMatch(JSON.stringify(error) + error.message, /wrong/)
  await eventually(() => proxy.open.size === 0, 'the end of the tunnel')
})

// --- proxies that misbehave -------------------------------------------------------------------------------------------

/** A raw proxy that answers CONNECT with what the test says. */
async function rawProxy(t: TestContext, answer: string | ((peer: RawPeer) => unknown)) {
  const proxy: RawServer = await rawServer(async (peer) => {
    await peer.head()
    if (typeof answer === 'string') peer.say(answer)
    else await answer(peer)
  })
  t.after(() => proxy.close())
  return { ...proxy, url: `http://127.0.0.1:${proxy.port}` }
}

const HELD = 'HTTP/1.1 502 Bad Gateway\r\n'

for (const { title, answer, body, status = 502, ends = false } of [
  { title: 'with a length', answer: `${HELD}Content-Length: 3\r\n\r\nwhyand more`, body: 'why' },
  {
    title: 'in chunks',
    answer: `${HELD}Transfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n1\r\ny\r\n0\r\n\r\n`,
    body: 'why',
  },
  { title: 'of no length, up to the end', answer: `${HELD}\r\nwhy`, body: 'why', ends: true },
  { title: 'that breaks off', answer: `${HELD}Content-Length: 100\r\n\r\nwhy`, body: 'why', ends: true },
  { title: 'that is no HTTP', answer: `${HELD}Transfer-Encoding: chunked\r\n\r\nzzz`, body: '' },
  { title: 'of no bytes', answer: `${HELD}Content-Length: 0\r\n\r\n`, body: '' },
  { title: 'of a status without one', answer: 'HTTP/1.1 304 Not Modified\r\n\r\n', body: '', status: 304 },
  { title: 'of a status that is interim', answer: 'HTTP/1.1 100 Continue\r\n\r\n', body: '', status: 100 },
  { title: 'of 64 KiB less one', answer: `${HELD}\r\n${'x'.repeat(65_535)}`, body: 'x'.repeat(65_535), ends: true },
  { title: 'of 64 KiB', answer: `${HELD}\r\n${'x'.repeat(65_536)}`, body: 'x'.repeat(65_536) },
  { title: 'of more than 64 KiB', answer: `${HELD}\r\n${'x'.repeat(65_537)}`, body: 'x'.repeat(65_536) },
] as { title: string; answer: string; body: string; status?: number; ends?: boolean }[]) {
  test(`T-34: a refusal of a proxy with a body ${title} is read`, async (t) => {
    const proxy = await rawProxy(t, (peer) => {
      peer.say(answer)
      if (ends) peer.leave('end')
    })
    const start = performance.now()
    const error = await failure('wss://target.test/', { proxy: proxy.url, handshakeTimeoutMs: 60_000 })
    assert.ok(performance.now() - start < 30_000) // nobody waits for what does not come
    assert.deepEqual([error.code, error.status], ['PROXY_REFUSED', status])
    assert.equal(new TextDecoder().decode(error.response?.body), body)
    await proxy.peers[0]!.until(({ ended }) => ended)
  })
}

test('a refusal of a proxy whose body does not end in time is one still', async (t) => {
  const proxy = await rawProxy(t, `${HELD}Content-Length: 100\r\n\r\nhalf`)
  const error = await failure('wss://target.test/', { proxy: proxy.url, handshakeTimeoutMs: 300 })
  assert.deepEqual([error.code, new TextDecoder().decode(error.response?.body)], ['PROXY_REFUSED', 'half'])
  await proxy.peers[0]!.until(({ ended }) => ended)
})

for (const { title, answer, cause } of [
  { title: 'garbage', answer: 'SSH-2.0-OpenSSH\r\n\r\n', cause: /^HPE_/ },
  { title: 'an endless head', answer: `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(17_000)}`, cause: /^HPE_HEADER_OVERFLOW$/ },
  {
    title: 'a head of 101 fields',
    answer: `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(101)}\r\n`,
    cause: /^TOO_MANY_HEADERS$/,
  },
  { title: 'nothing, and ends', answer: (peer: RawPeer) => peer.leave('end'), cause: /^ECONNRESET$/ },
  { title: 'nothing, and leaves', answer: (peer: RawPeer) => peer.leave(), cause: /^ECONNRESET$/ },
  { title: 'nothing, and resets', answer: (peer: RawPeer) => peer.leave('reset'), cause: /^ECONNRESET$/ },
  {
    title: 'half a head, and leaves',
    answer: (peer: RawPeer) => peer.socket.write('HTTP/1.1 20', () => peer.leave('end')),
    cause: /^(ECONNRESET|HPE_INVALID_EOF_STATE)$/,
  },
]) {
  test(`T-34: a proxy that says ${title} is PROXY_ANSWER_INVALID`, async (t) => {
    const proxy = await rawProxy(t, answer)
    const error = await failure('ws://target.test/', { proxy: proxy.url })
    assert.deepEqual([error.name, error.code, error.response], ['HandshakeError', 'PROXY_ANSWER_INVALID', undefined])
    assert.match((error.cause as { code: string }).code, cause)
    await proxy.peers[0]!.until(({ ended }) => ended)
  })
}

test('100 header fields of a proxy are borne', async (t) => {
  const proxy = await rawProxy(t, async (peer) => {
    peer.say(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(100)}\r\n`)
    await peer.until(({ text }) => text.includes('GET /') && text.endsWith('\r\n\r\n'))
    peer.say(acceptance(peer))
  })
  ;(await connect('ws://target.test/', { proxy: proxy.url })).terminate()
})

test('a proxy that says nothing counts towards handshakeTimeoutMs', async (t) => {
  const proxy = await rawProxy(t, () => {})
  const start = performance.now()
  const error = await failure('ws://target.test/', { proxy: proxy.url, handshakeTimeoutMs: 200 })
  assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
  assert.ok(performance.now() - start < 5_000)
  await proxy.peers[0]!.until(({ ended }) => ended)
})

test('a proxy that opens the tunnel late leaves the rest of the time to the server', async (t) => {
  const proxy = await rawProxy(t, (peer) => {
    setTimeout(() => peer.say('HTTP/1.1 200 OK\r\n\r\n'), 150)
  })
  const start = performance.now()
  const error = await failure('ws://target.test/', { proxy: proxy.url, handshakeTimeoutMs: 300 })
  assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
  assert.ok(performance.now() - start < 5_000)
})

test('a proxy that cannot be reached is CONNECT_FAILED, and the message names it without credentials', async () => {
  const unused = createServer().listen(0, '127.0.0.1')
  await once(unused, 'listening')
  const { port } = unused.address() as { port: number }
  await new Promise((resolve) => unused.close(resolve))
  const error = await failure('ws://target.test/', { proxy: `http://user:secret@127.0.0.1:${port}` })
  assert.deepEqual([error.name, error.code], ['TransportError', 'CONNECT_FAILED'])
  assert.equal(error.message, `Cannot connect to the proxy 127.0.0.1:${port} (connection refused)`)
  assert.equal((error.cause as { code: string }).code, 'ECONNREFUSED')
})

test('T-36: the certificate of a proxy is verified, and by its own options', async (t) => {
  const proxy = await startProxy(t, 1, { tls: true })
  const error = await failure('ws://target.test/', { proxy: proxy.url, tls: { rejectUnauthorized: false } })
  assert.deepEqual(
    [error.code, (error.cause as { code: string }).code],
    ['CONNECT_FAILED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  )
  assert.equal(proxy.tunnels.length, 0)
})

test('T-36: the certificate of a server behind a proxy is verified', async (t) => {
  const { server } = await echoServer(t, true)
  const proxy = await startProxy(t, server.port)
  for (const [url, options, code, why] of [
    ['wss://localhost/', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
    ['wss://target.test/', { ca: certificate }, 'ERR_TLS_CERT_ALTNAME_INVALID', 'certificate of another host'],
  ] as const) {
    const error = await failure(url, { proxy: proxy.url, tls: options })
    assert.deepEqual([error.code, (error.cause as { code: string }).code], ['CONNECT_FAILED', code])
    assert.equal(error.message, `Cannot connect to ${new URL(url).host} (${why})`)
  }
  await eventually(() => proxy.open.size === 0, 'the end of the tunnels')
})

test('bytes behind the head of a proxy are the first of the tunnel', async (t) => {
  const proxy = await rawProxy(t, 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nwhy?')
  const error = await failure('ws://target.test/', { proxy: proxy.url })
  assert.deepEqual([error.code, error.status], ['STATUS_NOT_101', 403])
  assert.equal(new TextDecoder().decode(error.response?.body), 'why?')
})

test('bytes behind the head of a proxy are the first of TLS in the tunnel', async (t) => {
  const garbage = await rawProxy(t, 'HTTP/1.1 200 OK\r\n\r\nthis is not TLS')
  const unsafe = await failure('wss://target.test/', { proxy: garbage.url, handshakeTimeoutMs: 5_000 })
  assert.equal(unsafe.code, 'CONNECT_FAILED')
  assert.match((unsafe.cause as { code: string }).code, /^ERR_SSL_/)
  await garbage.peers[0]!.until(({ ended }) => ended)
})

for (const field of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
  test(`${field} in the head that opens the tunnel means nothing`, async (t) => {
    const proxy = await rawProxy(t, async (peer) => {
      peer.say(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`)
      await peer.until(({ text }) => text.includes('GET /') && text.endsWith('\r\n\r\n'))
      peer.say(acceptance(peer))
    })
    ;(await connect('ws://target.test/', { proxy: proxy.url })).terminate()
  })
}

// --- giving up --------------------------------------------------------------------------------------------------------

const reason = new Error('changed my mind')

for (const [stage, answer] of [
  ['before the proxy answers', ''],
  ['inside the head of the proxy', 'HTTP/1.1 200 OK\r\nX: '],
  ['inside a refusal of the proxy', `${HELD}Content-Length: 100\r\n\r\nhalf`],
  ['inside TLS through the tunnel', 'HTTP/1.1 200 OK\r\n\r\n'],
] as const) {
  test(`T-37: a signal that aborts ${stage} rejects with its reason, and leaves nothing behind`, async (t) => {
    const controller = new AbortController()
    const { signal, listeners } = watched(controller.signal)
    const proxy = await rawProxy(t, async (peer) => {
      peer.say(answer)
      if (stage.includes('TLS')) await peer.until(({ text }) => text.includes('\x16\x03')) // a ClientHello
      setTimeout(() => controller.abort(reason), 30)
    })
    const failed = failure('wss://target.test/', { proxy: proxy.url, signal })
    assert.equal(listeners(), 1)
    assert.equal(await failed, reason)
    assert.equal(listeners(), 0)
    await proxy.peers[0]!.until(({ ended }) => ended)
  })
}

test('T-37: a signal that aborts while the proxy is connected to leaves no socket', async (t) => {
  const proxy = await rawProxy(t, () => {})
  const controller = new AbortController()
  const { signal, listeners } = watched(controller.signal)
  const failed = failure('ws://target.test/', { proxy: proxy.url, signal })
  process.nextTick(() => controller.abort(reason))
  assert.equal(await failed, reason)
  assert.equal(listeners(), 0)
  for (const peer of proxy.peers) await peer.until(({ ended }) => ended)
})
