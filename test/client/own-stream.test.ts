// Streams that are no TCP connections of ours: those of `createConnection`, and Unix sockets.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, connect as dial, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, pipeline } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { type ConnectionTarget, type ConnectOptions, connect, serve } from '../../src/node.ts'
import { acceptance, answering, eventually, failure, watched } from '../support/attempts.ts'
import { certificate, key } from '../support/certificate.ts'
import { duplexPair } from '../support/duplexes.ts'
import { RawPeer } from '../support/sockets.ts'

/** An echo server to be handed streams. TLS is done by a server on a port: on Bun one that is handed a stream does none. */
async function echoServer(t: TestContext, secure: boolean): Promise<{ take(stream: Duplex): void }> {
  const http = createHttpServer()
  const server = await serve(secure ? { tls: { key, cert: certificate } } : { server: http }, async (connection) => {
    for await (const message of connection) await connection.send(message)
  })
  t.after(() => server.close({ timeoutMs: 0 }))
  return {
    take(stream) {
      if (secure) {
        const socket = dial(server.port, '127.0.0.1')
        pipeline(stream, socket, stream, () => {
          stream.destroy()
          socket.destroy()
        })
      } else {
        http.emit('connection', stream)
      }
    },
  }
}

for (const secure of [false, true]) {
  test(`${secure ? 'wss:' : 'ws:'} over a stream joined in memory`, async (t) => {
    const server = await echoServer(t, secure)
    const [near, far] = duplexPair()
    const targets: ConnectionTarget[] = []
    const connection = await connect(`${secure ? 'wss' : 'ws'}://[2001:db8::1]${secure ? '' : ':81'}/a`, {
      tls: { ca: certificate, checkServerIdentity: () => undefined },
      createConnection(target) {
        targets.push(target)
        server.take(far)
        return near
      },
    })
    const { signal, ...target } = targets[0]!
    assert.deepEqual(target, { host: '2001:db8::1', port: secure ? 443 : 81, secure })
    assert.ok(signal instanceof AbortSignal)
    assert.equal(signal.aborted, false)
    const messages = connection.messages()
    for (const message of ['hello', 'x'.repeat(300_000)]) {
      void connection.send(message)
      assert.equal((await messages.next()).value, message)
    }
    assert.equal(connection.remoteAddress, undefined)
    assert.equal((await connection.close(1000)).wasClean, true)
    await eventually(() => near.destroyed && far.destroyed, 'the end of both ends')
  })

  test(`terminate ends a stream joined in memory (${secure ? 'wss:' : 'ws:'})`, async (t) => {
    const server = await echoServer(t, secure)
    const [near, far] = duplexPair()
    const connection = await connect(`${secure ? 'wss' : 'ws'}://localhost/`, {
      tls: { ca: certificate },
      createConnection: async () => {
        server.take(far)
        return near
      },
    })
    connection.terminate()
    await eventually(() => near.destroyed && far.destroyed, 'the end of both ends')
  })
}

test('T-36: the certificate is verified over a stream of yours, too', async (t) => {
  const server = await echoServer(t, true)
  const [near, far] = duplexPair()
  far.on('error', () => {})
  const error = await failure('wss://target.test/', {
    tls: { ca: certificate },
    createConnection: () => {
      server.take(far)
      return near
    },
  })
  assert.deepEqual(
    [error.code, (error.cause as { code: string }).code],
    ['CONNECT_FAILED', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  )
  await eventually(() => near.destroyed, 'the end of the stream')
})

test('a socket that is still connecting is waited for, and one that fails to is CONNECT_FAILED', async (t) => {
  const server = await answering(t)
  const connection = await connect('ws://target.test/', { createConnection: () => dial(server.port, '127.0.0.1') })
  assert.equal(connection.remoteAddress, '127.0.0.1')
  assert.equal(connection.url, 'ws://target.test/')
  connection.terminate()
  await server.close()
  const error = await failure('ws://target.test/', { createConnection: () => dial(server.port, '127.0.0.1') })
  assert.deepEqual([error.code, (error.cause as { code: string }).code], ['CONNECT_FAILED', 'ECONNREFUSED'])
})

const cause = new Error('no way')
const reason = new Error('changed my mind')

for (const [title, createConnection] of [
  [
    'throws',
    () => {
      throw cause
    },
  ],
  ['rejects', () => Promise.reject(cause)],
] as [string, NonNullable<ConnectOptions['createConnection']>][]) {
  test(`a createConnection that ${title} is CONNECT_FAILED with that as the cause`, async () => {
    const error = await failure('wss://target.test/', { createConnection })
    assert.deepEqual(
      [error.name, error.code, error.message],
      ['TransportError', 'CONNECT_FAILED', 'Cannot connect to target.test'],
    )
    assert.equal(error.cause, cause)
  })
}

for (const scheme of ['ws', 'wss']) {
  test(`a stream that is gone already is CONNECT_FAILED (${scheme}:)`, async () => {
    const [near] = duplexPair()
    near.destroy(cause)
    near.on('error', () => {})
    const error = await failure(`${scheme}://target.test/`, { createConnection: () => near })
    assert.equal(error.code, 'CONNECT_FAILED')
    assert.equal(error.cause, cause)
  })
}

for (const scheme of ['ws', 'wss']) {
  test(`a stream that was ended already is CONNECT_FAILED (${scheme}:)`, async () => {
    const [near] = duplexPair()
    near.destroy()
    const start = performance.now()
    const error = await failure(`${scheme}://target.test/`, {
      createConnection: () => near,
      handshakeTimeoutMs: 60_000,
    })
    assert.ok(performance.now() - start < 30_000)
    assert.deepEqual([error.code, (error.cause as { code: string }).code], ['CONNECT_FAILED', 'ECONNRESET'])
  })
}

test('what TLS says only after its handshake, such as no to our certificate, is CONNECT_FAILED', async () => {
  const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' })
  const [near, far] = duplexPair()
  far.once('data', () => near.destroy(alert))
  const error = await failure('ws://target.test/', { createConnection: () => near })
  assert.deepEqual([error.code, error.cause], ['CONNECT_FAILED', alert])
})

test('T-37: a signal that aborts between the answer and the connection leaves nothing behind', async () => {
  const controller = new AbortController()
  const { signal, listeners } = watched(controller.signal)
  const [near, far] = duplexPair()
  let text = ''
  far.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    if (text.endsWith('\r\n\r\n')) far.write(acceptance({ text }))
  })
  // Ticks come before what a promise that is resolved sets going.
  near.on('data', () => process.nextTick(() => controller.abort(reason)))
  assert.equal(await failure('ws://target.test/', { signal, createConnection: () => near }), reason)
  assert.equal(listeners(), 0)
  await eventually(() => near.destroyed, 'the end of the stream')
})

test('a stream that ends before it answers is ENDED_IN_HANDSHAKE', async () => {
  const [near, far] = duplexPair()
  far.once('data', () => far.destroy())
  const error = await failure('ws://target.test/', { createConnection: () => near })
  assert.equal(error.code, 'ENDED_IN_HANDSHAKE')
  assert.ok(near.destroyed)
})

for (const stream of [undefined, null, 'x', {}, new EventTarget()]) {
  test(`a createConnection that gives ${String(stream)} is a TypeError`, async () => {
    const error: unknown = await failure('ws://target.test/', { createConnection: () => stream as never })
    assert.ok(error instanceof TypeError)
    assert.match(error.message, /not a duplex stream/)
  })
}

for (const [options, message] of [
  [{ createConnection: 1 }, /not a function/],
  [{ createConnection: () => duplexPair()[0], proxy: 'http://p.test' }, /exclude each other/],
  [{ createConnection: () => duplexPair()[0], proxy: false }, /exclude each other/],
] as const) {
  test(`${JSON.stringify(options)} with a createConnection is a TypeError`, async () => {
    await assert.rejects(
      connect('ws://target.test/', options as never),
      (error: Error) => error instanceof TypeError && message.test(error.message),
    )
  })
}

for (const how of ['a signal', 'time'] as const) {
  test(`T-37: a stream that comes after ${how} gave up is destroyed`, async () => {
    const controller = new AbortController()
    const { signal, listeners } = watched(controller.signal)
    const [near] = duplexPair()
    const told: AbortSignal[] = []
    let give = (_stream: Duplex): void => {}
    const failed = failure('wss://target.test/', {
      signal,
      handshakeTimeoutMs: how === 'time' ? 30 : 60_000,
      createConnection: (target) => {
        told.push(target.signal)
        return new Promise((resolve) => {
          give = resolve
        })
      },
    })
    if (how === 'a signal') controller.abort(reason)
    const error = await failed
    if (how === 'a signal') assert.equal(error, reason)
    else assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
    assert.equal(told[0]!.aborted, true)
    assert.equal(told[0]!.reason, error)
    assert.equal(listeners(), 0)
    give(near)
    await eventually(() => near.destroyed, 'the end of the stream')
  })
}

test('T-37: a createConnection that aborts the attempt itself leaves nothing behind', async () => {
  const controller = new AbortController()
  const { signal, listeners } = watched(controller.signal)
  const [near] = duplexPair()
  const error = await failure('ws://target.test/', {
    signal,
    createConnection: () => {
      controller.abort(reason)
      return near
    },
  })
  assert.equal(error, reason)
  assert.equal(listeners(), 0)
  await eventually(() => near.destroyed, 'the end of the stream')
})

// --- Unix sockets -----------------------------------------------------------------------------------------------------

let sockets = 0

/** A raw server on a Unix socket, which answers as the test says. */
async function unixServer(t: TestContext, answer: (peer: RawPeer, request: string) => string, secure = false) {
  const path = join(tmpdir(), `wspc ${process.pid}-${++sockets}.sock`)
  const peers: RawPeer[] = []
  const meet = (socket: Socket): void => {
    const peer = new RawPeer(socket)
    peers.push(peer)
    void peer.head().then((request) => peer.say(answer(peer, request)))
  }
  const server = secure ? createTlsServer({ key, cert: certificate }, meet) : createServer(meet)
  server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    for (const peer of peers) peer.leave()
    server.close()
    rmSync(path, { force: true })
  })
  return { path, peers }
}

for (const secure of [false, true]) {
  const scheme = secure ? 'wss+unix' : 'ws+unix'
  test(`${scheme}: leads to a Unix socket, with localhost for a host`, async (t) => {
    const { path, peers } = await unixServer(t, acceptance, secure)
    const connection = await connect(`${scheme}:${path}:/chat?room=1`, { tls: { ca: certificate } })
    const text = peers[0]!.text
    assert.ok(text.startsWith('GET /chat?room=1 HTTP/1.1\r\nHost: localhost\r\n'), text)
    assert.equal(connection.url, `${scheme}:${path.replace(' ', '%20')}:/chat?room=1`)
    connection.terminate()
    await peers[0]!.until(({ ended }) => ended)
  })
}

test('a Unix socket that is not there is CONNECT_FAILED', async () => {
  const error = await failure('ws+unix:/nowhere/wspc.sock:/')
  assert.deepEqual([error.code, (error.cause as { code: string }).code], ['CONNECT_FAILED', 'ENOENT'])
  assert.equal(error.message, 'Cannot connect to /nowhere/wspc.sock (no such file)')
})

for (const options of [{ proxy: 'http://127.0.0.1:1' }, { createConnection: () => duplexPair()[0] }]) {
  test(`a Unix socket with ${Object.keys(options)} is a TypeError`, async () => {
    await assert.rejects(connect('ws+unix:/run/a.sock', options), TypeError)
  })
}

for (const [title, location, expected] of [
  ['a path', '/b', 'ws+unix:SOCKET:/b'],
  ['its own host', 'http://localhost/b', 'ws+unix:SOCKET:/b'],
  ['a network host', 'NETWORK', 'NETWORK'],
] as const) {
  test(`a redirect of a Unix socket to ${title} leads to ${expected}`, async (t) => {
    const network = await answering(t)
    const { path, peers } = await unixServer(t, (peer, request) =>
      request.startsWith('GET /a ')
        ? `HTTP/1.1 302 Found\r\nLocation: ${location.replace('NETWORK', network.url)}\r\nContent-Length: 0\r\n\r\n`
        : acceptance(peer),
    )
    const connection = await connect(`ws+unix:${path}:/a`, { redirects: 1, headers: { Cookie: 'a=b' } })
    assert.equal(connection.url, expected.replace('NETWORK', network.url).replace('SOCKET', path.replace(' ', '%20')))
    const last = location === 'NETWORK' ? network.peers[0]! : peers[1]!
    assert.equal(last.text.includes('Cookie: a=b'), location !== 'NETWORK')
    connection.terminate()
  })
}

test('T-37: a createConnection that gives a stream with an encoding is a TypeError, and the stream is destroyed', async () => {
  const [near] = duplexPair()
  near.setEncoding('utf8')
  await assert.rejects(connect('ws://localhost/', { createConnection: () => near }), {
    name: 'TypeError',
    message: 'createConnection gave a stream with an encoding: it gives text, not bytes',
  })
  assert.equal(near.destroyed, true)
})
