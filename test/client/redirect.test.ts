// Redirects: which are followed, what goes along, and what is refused.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createSecureContext, type TLSSocket } from 'node:tls'
import { withoutCredentials } from '../../src/client/redirect.ts'
import { type ConnectOptions, connect, serve } from '../../src/node.ts'
import { acceptance, answering, failure, watched } from '../support/attempts.ts'
import { certificate, key } from '../support/certificate.ts'
import { startProxy } from '../support/proxy.ts'
import type { RawPeer, RawServer } from '../support/sockets.ts'

/** A response that redirects; its body never ends, so that nobody may wait for it. */
function redirect(location: string, status = 302): string {
  return `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${location}\r\nContent-Length: 1000\r\n\r\nhalf`
}

/** A server that answers each path with what the map says, and accepts all others. */
function routing(t: TestContext, routes: Readonly<Record<string, string>>): Promise<RawServer & { url: string }> {
  return answering(t, (peer: RawPeer, request) => {
    const path = /^GET (\S+)/.exec(request)![1]!
    return routes[path] ?? acceptance(peer)
  })
}

function field(peer: RawPeer, name: string): string | undefined {
  return new RegExp(`^${name}: (.*?)\\r$`, 'im').exec(peer.text)?.[1]
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} is followed, with a new key, and the URL is the last one`, async (t) => {
    const server = await routing(t, { '/a?b': redirect('/c?d', status) })
    const connection = await connect(`${server.url}a?b`, {
      redirects: 1,
      subprotocols: ['x'],
      origin: 'https://o.test',
    })
    assert.equal(connection.url, `${server.url}c?d`)
    const [first, second] = server.peers
    assert.equal(server.peers.length, 2)
    assert.equal(field(second!, 'Host'), field(first!, 'Host'))
    assert.equal(field(second!, 'Sec-WebSocket-Protocol'), 'x')
    assert.equal(field(second!, 'Origin'), 'https://o.test')
    assert.notEqual(field(second!, 'Sec-WebSocket-Key'), field(first!, 'Sec-WebSocket-Key'))
    await first!.until(({ ended }) => ended)
    connection.terminate()
  })

  test(`T-35: a ${status} is a refusal by default, and carries its response`, async (t) => {
    const location = 'ws://127.0.0.1:1/'
    const server = await answering(
      t,
      () => `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 2\r\n\r\nno`,
    )
    const error = await failure(server.url)
    assert.deepEqual([error.code, error.status], ['STATUS_NOT_101', status])
    assert.deepEqual(error.response?.headers[0], ['Location', location])
    assert.equal(new TextDecoder().decode(error.response.body), 'no')
  })
}

for (const status of [300, 304, 305, 306, 399, 200, 404]) {
  test(`a ${status} with a Location is no redirect`, async (t) => {
    const server = await answering(t, () => redirect('/a', status).replace('1000', '4'))
    const error = await failure(server.url, { redirects: 5 })
    assert.deepEqual([error.code, error.status], ['STATUS_NOT_101', status])
    assert.equal(server.peers.length, 1)
  })
}

for (const [location, expected] of [
  ['/c?d', '/c?d'],
  ['c', '/a/c'],
  ['../c', '/c'],
  ['?d', '/a/b?d'],
  ['//HOST/c', '/c'],
  ['http://HOST/c', '/c'],
  ['ws://HOST/c', '/c'],
  [' \t/c ', '/c'],
] as const) {
  test(`the Location ${location} of /a/b leads to ${expected}`, async (t) => {
    const routes: Record<string, string> = {}
    const server = await routing(t, routes)
    const host = new URL(server.url).host
    routes['/a/b'] = redirect(location.replace('HOST', host))
    const connection = await connect(`${server.url}a/b`, { redirects: 1 })
    assert.equal(connection.url, `ws://${host}${expected}`)
    connection.terminate()
  })
}

for (const [redirects, hops, code] of [
  [1, 1, undefined],
  [1, 2, 'TOO_MANY_REDIRECTS'],
  [4, 5, 'TOO_MANY_REDIRECTS'],
  [5, 4, undefined],
  [5, 5, undefined],
  [5, 6, 'TOO_MANY_REDIRECTS'],
] as const) {
  test(`T-35: of ${hops} redirects ${redirects} are followed: ${code ?? 'it connects'}`, async (t) => {
    const routes = Object.fromEntries(Array.from({ length: hops }, (_, i) => [`/${i}`, redirect(`/${i + 1}`)]))
    if (code !== undefined) routes[`/${redirects}`] = routes[`/${redirects}`]!.replace('1000', '4')
    const server = await routing(t, routes)
    if (code === undefined) {
      const connection = await connect(`${server.url}0`, { redirects })
      assert.equal(connection.url, `${server.url}${hops}`)
      connection.terminate()
    } else {
      const error = await failure(`${server.url}0`, { redirects })
      assert.deepEqual([error.name, error.code, error.status], ['HandshakeError', code, 302])
      assert.equal(new TextDecoder().decode(error.response?.body), 'half')
    }
    assert.equal(server.peers.length, Math.min(hops, redirects) + 1)
    for (const peer of server.peers) await peer.until(({ ended }) => ended)
  })
}

for (const [redirects, type] of [
  [-1, RangeError],
  [6, RangeError],
  [1.5, RangeError],
  [Number.POSITIVE_INFINITY, RangeError],
  [true, TypeError],
] as const) {
  test(`T-35: ${redirects} redirects are a ${type.name}`, async () => {
    await assert.rejects(connect('ws://127.0.0.1:1', { redirects: redirects as number }), type)
  })
}

for (const { title, head, code } of [
  { title: 'without a Location', head: '', code: 'REDIRECT_LOCATION_INVALID' },
  { title: 'with two', head: 'Location: /a\r\nLocation: /b\r\n', code: 'REDIRECT_LOCATION_INVALID' },
  { title: 'to no URL', head: 'Location: http://[\r\n', code: 'REDIRECT_LOCATION_INVALID' },
  {
    title: 'to a port that there is not',
    head: 'Location: http://a.test:99999/\r\n',
    code: 'REDIRECT_LOCATION_INVALID',
  },
  { title: 'to a fragment', head: 'Location: /a#b\r\n', code: 'REDIRECT_LOCATION_INVALID' },
  { title: 'with credentials', head: 'Location: http://user:word@a.test/\r\n', code: 'REDIRECT_LOCATION_INVALID' },
  { title: 'with a password', head: 'Location: //:word@a.test/\r\n', code: 'REDIRECT_LOCATION_INVALID' },
  { title: 'with a user', head: 'Location: //user@a.test/\r\n', code: 'REDIRECT_LOCATION_INVALID' },
  { title: 'to a file', head: 'Location: file:///etc/passwd\r\n', code: 'REDIRECT_SCHEME_NOT_ALLOWED' },
  { title: 'to a Unix socket', head: 'Location: ws+unix:/run/a.sock:/\r\n', code: 'REDIRECT_SCHEME_NOT_ALLOWED' },
  { title: 'to a script', head: 'Location: javascript:1\r\n', code: 'REDIRECT_SCHEME_NOT_ALLOWED' },
  { title: 'to itself', head: 'Location: /\r\n', code: 'REDIRECT_LOOP' },
  { title: 'to nothing', head: 'Location:\r\n', code: 'REDIRECT_LOOP' },
]) {
  test(`T-35: a redirect ${title} is ${code}, and carries its response`, async (t) => {
    const server = await answering(t, () => `HTTP/1.1 307 Go\r\n${head}Content-Length: 4\r\n\r\nthat`)
    const error = await failure(server.url, { redirects: 5 })
    assert.deepEqual([error.name, error.code, error.status, error.phase], ['HandshakeError', code, 307, 'opening'])
    assert.equal(new TextDecoder().decode(error.response?.body), 'that')
    assert.equal(server.peers.length, 1)
    await server.peers[0]!.until(({ ended }) => ended)
  })
}

test('T-35: redirects in a circle are REDIRECT_LOOP when they come back', async (t) => {
  const routes = { '/1': redirect('/2'), '/2': redirect('/3'), '/3': redirect('/1').replace('1000', '4') }
  const server = await routing(t, routes)
  assert.equal((await failure(`${server.url}1`, { redirects: 5 })).code, 'REDIRECT_LOOP')
  assert.equal(server.peers.length, 3)
})

test('T-34: 101 headers of a redirect fail as those of any other response', async (t) => {
  const server = await answering(t, () => `HTTP/1.1 302 Found\r\n${'X: y\r\n'.repeat(101)}Content-Length: 0\r\n\r\n`)
  assert.equal((await failure(server.url, { redirects: 5 })).code, 'TOO_MANY_HEADERS')
})

// --- credentials ------------------------------------------------------------------------------------------------------

const SECRETS: ConnectOptions['headers'] = {
  authorization: 'Bearer a',
  Cookie: 'b=c',
  'Proxy-Authorization': 'Basic d',
  'X-Kept': 'e',
}

const NAMES = ['Authorization', 'Cookie', 'Proxy-Authorization', 'X-Kept']

test('on the same origin, credentials go along', async (t) => {
  const server = await routing(t, { '/': redirect('/b') })
  ;(await connect(server.url, { redirects: 1, headers: SECRETS })).terminate()
  assert.deepEqual(
    NAMES.map((name) => field(server.peers[1]!, name)),
    ['Bearer a', 'b=c', 'Basic d', 'e'],
  )
  const user = await connect(server.url.replace('://', '://user:word@'), { redirects: 1 })
  assert.equal(field(server.peers[3]!, 'Authorization'), 'Basic dXNlcjp3b3Jk')
  assert.equal(user.url, `${server.url}b`)
  user.terminate()
})

test('T-35: credentials do not go to another origin, nor back to the first from there', async (t) => {
  const routes: Record<string, string> = {}
  const first = await routing(t, routes)
  const other = await answering(t, () => redirect(`${first.url}b`))
  routes['/'] = redirect(other.url)
  ;(await connect(first.url, { redirects: 2, headers: SECRETS })).terminate()
  for (const peer of [other.peers[0]!, first.peers[1]!]) {
    assert.deepEqual(
      NAMES.map((name) => field(peer, name)),
      [undefined, undefined, undefined, 'e'],
    )
  }
  ;(await connect(first.url.replace('://', '://user:word@'), { redirects: 2 })).terminate()
  assert.equal(field(first.peers[2]!, 'Authorization'), 'Basic dXNlcjp3b3Jk')
  for (const peer of [other.peers[1]!, first.peers[3]!]) assert.equal(field(peer, 'Authorization'), undefined)
})

test('T-35: another name of the same server is another origin', async (t) => {
  const routes: Record<string, string> = {}
  const server = await routing(t, routes)
  routes['/'] = redirect(`ws://localhost:${server.port}/b`)
  ;(await connect(server.url, { redirects: 1, headers: SECRETS })).terminate()
  assert.equal(field(server.peers[1]!, 'Cookie'), undefined)
})

test('T-35: of everything that proves who the client is, nothing goes to another origin', () => {
  const names =
    `clientCertEngine cert key passphrase pfx privateKeyEngine privateKeyIdentifier pskCallback secureContext
    servername session`.split(/\s+/)
  const secrets = Object.fromEntries(names.map((name) => [name, 'secret']))
  const headers = [
    ['authorization', 'a'],
    ['Cookie', 'b'],
    ['PROXY-AUTHORIZATION', 'c'],
    ['X-Other', 'd'],
  ] as const
  const left = withoutCredentials({ headers, tls: { ...secrets, ca: certificate, minVersion: 'TLSv1.3' } })
  assert.deepEqual(left, { headers: [['X-Other', 'd']], tls: { ca: certificate, minVersion: 'TLSv1.3' } })
})

// --- TLS --------------------------------------------------------------------------------------------------------------

/** A TLS server that redirects from / to where the test says, and tells how it was come to. */
async function secureServer(t: TestContext, location: () => string) {
  const seen: [authorized: boolean, servername: unknown][] = []
  const server = await serve(
    {
      tls: { key, cert: certificate, ca: certificate, requestCert: true, rejectUnauthorized: false },
      authorize({ incoming, target }) {
        const { authorized, servername } = incoming.socket as TLSSocket & { servername: unknown }
        seen.push([authorized, servername ?? false]) // on Deno it is null
        return target === '/' ? { status: 302, headers: [['Location', location()]] } : undefined
      },
    },
    () => {},
  )
  t.after(() => server.close({ timeoutMs: 0 }))
  return { server, seen }
}

test('T-35: a certificate of the client is not shown to another origin', async (t) => {
  const other = await secureServer(t, () => '')
  let location = '/b'
  const first = await secureServer(t, () => location)
  const context = createSecureContext({ ca: certificate, key, cert: certificate })
  for (const tls of [
    { ca: certificate, key, cert: certificate, servername: 'localhost' },
    { secureContext: context },
  ]) {
    location = '/b'
    ;(await connect(first.server.url, { redirects: 1, tls })).terminate()
    assert.deepEqual(
      first.seen.splice(0).map(([authorized]) => authorized),
      [true, true],
    )
    location = `${other.server.url}b`
    const attempt = connect(first.server.url, { redirects: 1, tls })
    if ('ca' in tls) {
      ;(await attempt).terminate()
      assert.deepEqual(first.seen.splice(0), [[true, 'localhost']])
      assert.deepEqual(other.seen.splice(0), [[false, false]])
    } else {
      await assert.rejects(attempt, { code: 'CONNECT_FAILED' }) // what else is in a context nobody knows
      assert.deepEqual([first.seen.splice(0).length, other.seen.length], [1, 0])
    }
  }
})

test('T-35: a redirect never leads from TLS to plain text', async (t) => {
  const plain = await answering(t)
  const { server } = await secureServer(t, () => plain.url)
  const error = await failure(server.url, { redirects: 5, tls: { ca: certificate } })
  assert.deepEqual([error.code, error.status], ['REDIRECT_NOT_SECURE', 302])
  assert.equal(plain.peers.length, 0)
})

test('a redirect may lead from plain text to TLS, to another origin', async (t) => {
  const { server } = await secureServer(t, () => '')
  const plain = await answering(t, () => redirect(`https://127.0.0.1:${server.port}/b`))
  const tls = { ca: certificate }
  const connection = await connect(plain.url, { redirects: 1, tls })
  assert.equal(connection.url, `${server.url}b`)
  connection.terminate()
  assert.equal((await failure(plain.url, { redirects: 1 })).code, 'CONNECT_FAILED') // it is verified there
})

// --- on the way -------------------------------------------------------------------------------------------------------

test('redirects go through the proxy, each with a tunnel of its own', async (t) => {
  const routes = { '/': redirect('ws://b.test/c') }
  const server = await routing(t, routes)
  const proxy = await startProxy(t, server.port)
  const connection = await connect('ws://a.test/', { redirects: 1, proxy: proxy.url })
  assert.equal(connection.url, 'ws://b.test/c')
  assert.deepEqual(
    proxy.tunnels.map(({ authority }) => authority),
    ['a.test:80', 'b.test:80'],
  )
  connection.terminate()
})

test('all redirects together have one deadline', async (t) => {
  const server = await answering(t, async (peer, request) => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const n = Number(/^GET \/(\d*)/.exec(request)![1])
    return n < 5 ? redirect(`/${n + 1}`) : acceptance(peer)
  })
  const error = await failure(`${server.url}0`, { redirects: 5, handshakeTimeoutMs: 300 })
  assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
  for (const peer of server.peers) await peer.until(({ ended }) => ended)
})

test('T-37: a signal that aborts in a redirect rejects with its reason, and leaves nothing behind', async (t) => {
  const reason = new Error('changed my mind')
  const controller = new AbortController()
  const { signal, listeners } = watched(controller.signal)
  const server = await answering(t, (_peer, request) => {
    if (request.startsWith('GET / ')) return redirect('/b')
    setTimeout(() => controller.abort(reason), 20)
    return 'HTTP/1.1 103 Early Hints\r\n\r\n'
  })
  assert.equal(await failure(server.url, { redirects: 1, signal }), reason)
  assert.equal(listeners(), 0)
  assert.equal(server.peers.length, 2)
  for (const peer of server.peers) await peer.until(({ ended }) => ended)
})
