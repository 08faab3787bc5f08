// A server on a Unix socket: where it is, what it leaves behind, and that clients without an address are still told apart.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, lstatSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createNetServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { InvalidStateError, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { run } from '../support/programs.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawTlsClient, rawUnixClient } from '../support/sockets.ts'
import { unixSocketPath } from '../support/unix-socket.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const tls = { key, cert: certificate }

async function met(t: TestContext, path: string, how: { tls?: boolean } = {}): Promise<RawPeer> {
  const peer = await (how.tls === true ? rawTlsClient(path) : rawUnixClient(path))
  t.after(() => peer.leave())
  return peer
}

/** Sends a text with the `ws` package, which knows such URLs, and says what came back. */
async function echoed(url: string, text: string): Promise<string> {
  const socket = new WebSocket(url, { ca: certificate })
  await once(socket, 'open')
  socket.send(text)
  const [answer] = await once(socket, 'message')
  socket.terminate()
  return String(answer)
}

for (const secure of [false, true]) {
  test(`a server on a Unix socket ${secure ? 'with TLS ' : ''}has a URL that ws understands, and no port`, async (t) => {
    const socketPath = unixSocketPath(t)
    let seen: unknown[] = []
    const options = { socketPath, path: ['/echo', '/other'], ...(secure ? { tls } : {}) }
    const server = await started(t, options, (connection, request) => {
      seen = [connection.remoteAddress, request.remoteAddress, request.secure, request.target]
      connection.onMessage((message) => void connection.send(message))
    })
    assert.equal(server.url, `${secure ? 'wss' : 'ws'}+unix:${socketPath}:/echo`)
    assert.throws(() => server.port, InvalidStateError)
    assert.ok(lstatSync(socketPath).isSocket())
    if (!secure) assert.equal(await echoed(server.url, 'over a file'), 'over a file')
    else {
      const peer = await met(t, socketPath, { tls: true })
      peer.say(upgradeRequest({ line: 'GET /echo HTTP/1.1' }))
      peer.say(Buffer.from('8182000000006869', 'hex'))
      assert.equal(await peer.behindHead(4), '81 02 68 69')
      peer.leave()
    }
    assert.deepEqual(seen, [undefined, undefined, secure, '/echo'])
    await server.close()
    assert.equal(existsSync(socketPath), false)
    assert.match(server.url, /\+unix:/)
    await (await serve({ socketPath }, () => {})).close()
  })
}

test('without a path the URL ends in /', async (t) => {
  const socketPath = unixSocketPath(t)
  assert.equal((await started(t, { socketPath })).url, `ws+unix:${socketPath}:/`)
})

/** Whether serving there is refused with LISTEN_FAILED, and for which cause. */
async function causeOf(socketPath: string): Promise<string | undefined> {
  let cause: string | undefined
  await assert.rejects(
    serve({ socketPath }, () => {}),
    (error: Error & { code: string; cause: Error & { code: string } }) => {
      assert.deepEqual([error.name, error.code], ['TransportError', 'LISTEN_FAILED'])
      assert.ok(error.message.includes(socketPath))
      cause = error.cause.code
      return true
    },
  )
  return cause
}

test('a Unix socket that somebody listens on is LISTEN_FAILED, and he goes on', async (t) => {
  const socketPath = unixSocketPath(t)
  const server = await started(t, { socketPath }, (connection) =>
    connection.onMessage((message) => void connection.send(message)),
  )
  assert.equal(await causeOf(socketPath), 'EADDRINUSE')
  assert.equal(await echoed(server.url, 'still here'), 'still here')
})

test('a Unix socket that a dead process left is LISTEN_FAILED, and is not taken away', async (t) => {
  const socketPath = unixSocketPath(t)
  const program = `require('net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`
  await run(process.execPath, ['-e', program])
  assert.ok(lstatSync(socketPath).isSocket())
  assert.equal(await causeOf(socketPath), 'EADDRINUSE')
  assert.ok(lstatSync(socketPath).isSocket())
})

test('a file that is no socket is LISTEN_FAILED, and is not taken away', async (t) => {
  const socketPath = unixSocketPath(t)
  writeFileSync(socketPath, 'mine')
  assert.equal(await causeOf(socketPath), 'EADDRINUSE')
  assert.ok(lstatSync(socketPath).isFile())
})

test('a directory that does not exist is LISTEN_FAILED', async (t) => {
  assert.notEqual(await causeOf(`${unixSocketPath(t)}/in/nothing`), undefined)
})

for (const [bytes, fits] of [
  [106, true],
  [107, true],
  [108, false],
] as const) {
  test(`a path of ${bytes} bytes ${fits ? 'is' : 'is too long for'} that of a Unix socket`, {
    skip: process.platform !== 'linux' && 'other systems have other lengths',
  }, async (t) => {
    const start = unixSocketPath(t)
    const socketPath = `${start}${'é'.repeat((bytes - start.length) >> 1)}${(bytes - start.length) % 2 === 1 ? 'x' : ''}`
    const serving = serve({ socketPath }, () => {})
    if (!fits) {
      await assert.rejects(serving, RangeError)
      return
    }
    await using _ = await serving
    assert.ok(existsSync(socketPath))
  })
}

for (const secure of [false, true]) {
  test(`T-28: many silent clients on a Unix socket${secure ? ' with TLS' : ''} have a deadline each, and no open connection has one`, {
    timeout: 30_000,
  }, async (t) => {
    const socketPath = unixSocketPath(t)
    const handshakeTimeoutMs = 1_000
    const options = { socketPath, handshakeTimeoutMs, ...(secure ? { tls } : {}) }
    const server = await started(t, options, (connection) =>
      connection.onMessage((message) => void connection.send(message)),
    )
    const silent: RawPeer[] = []
    const arrivedAt: number[] = []
    const opened: RawPeer[] = []
    for (let i = 0; i < 10; i++) {
      const peer = await met(t, socketPath, { tls: secure })
      arrivedAt.push(performance.now())
      silent.push(await met(t, socketPath, { tls: secure })) // it comes before the handshake of the other is over
      peer.say(upgradeRequest())
      await peer.head()
      opened.push(peer)
      await delay(5)
    }
    const late = delay(20_000, 'nothing', { ref: false })
    const endedAt = await Promise.all(
      silent.map(async (peer) => {
        assert.match(await Promise.race([peer.head(), late]), /^HTTP\/1\.1 408 Request Timeout\r\n/)
        return performance.now()
      }),
    )
    endedAt.forEach((at, i) => {
      assert.ok(at - arrivedAt[i]! >= handshakeTimeoutMs - 5, `client ${i} was answered after ${at - arrivedAt[i]!} ms`)
    })
    for (const peer of opened) {
      peer.say(Buffer.from('8182000000006869', 'hex'))
      assert.equal(await peer.behindHead(4), '81 02 68 69')
    }
    assert.equal(server.connections.size, opened.length)
  })
}

for (const secure of [false, true]) {
  test(`a server of yours on a Unix socket${secure ? ' with TLS' : ''}: its URL, its handshakes one by one, its life`, async (t) => {
    const socketPath = unixSocketPath(t)
    const http: HttpServer = secure ? createTlsServer(tls) : createServer()
    t.after(() => {
      http.closeAllConnections()
      http.close()
    })
    const server = await serve(
      { server: http, path: '/a', handshakeTimeoutMs: 200, authorize: ({ target }) => decisions.get(target) },
      () => {},
    )
    const decisions = new Map<string, Promise<void>>([['/a?never', new Promise(() => {})]])
    assert.throws(() => server.url, InvalidStateError)
    http.listen(socketPath)
    await once(http, 'listening')
    const late = await met(t, socketPath, { tls: secure })
    late.say(upgradeRequest({ line: 'GET /a?never HTTP/1.1' }))
    const open = await Promise.all([1, 2, 3].map(() => met(t, socketPath, { tls: secure })))
    for (const peer of open) {
      peer.say(upgradeRequest({ line: 'GET /a HTTP/1.1' }))
      assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
    }
    assert.match(await late.head(), /^HTTP\/1\.1 408 /)
    assert.equal(server.connections.size, 3)
    for (const peer of open) {
      peer.say(Buffer.from('89800000000088820000000003e8', 'hex'))
      assert.equal(await peer.behindHead(6), '8a 00 88 02 03 e8')
      peer.leave()
    }
    await server.close()
    assert.equal(server.url, `${secure ? 'wss' : 'ws'}+unix:${socketPath}:/a`) // remembered without being asked before
    assert.ok(http.listening)
  })
}

test('where a server listened is remembered, also when it was not asked for', async (t) => {
  const own = await serve({}, () => {})
  await own.close()
  assert.match(own.url, /^ws:\/\/127\.0\.0\.1:\d+\/$/)
  assert.ok(own.port > 0)

  const http = createServer()
  const shared = await serve({ server: http }, () => {})
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  http.close()
  await once(http, 'close')
  assert.match(shared.url, /^ws:\/\/127\.0\.0\.1:\d+\/$/)
  const first = shared.port
  const other = createNetServer().listen(first, '127.0.0.1') // so that the second is another one
  t.after(() => other.close())
  await once(other, 'listening')
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  http.close()
  await once(http, 'close')
  assert.notEqual(shared.port, first)
  await shared.close()
})

const noModes = process.platform === 'win32' ? 'Windows has no file modes' : false

for (const socketMode of [0o600, 0o660, 0o666, 0o777]) {
  test(`the file of a Unix socket has the mode 0o${socketMode.toString(8)} that was asked for`, {
    skip: noModes,
  }, async (t) => {
    const socketPath = unixSocketPath(t)
    await started(t, { socketPath, socketMode })
    assert.equal(lstatSync(socketPath).mode & 0o777, socketMode)
    await met(t, socketPath)
  })
}

test('a Unix socket whose mode cannot be set is not listened on', { skip: process.platform !== 'linux' }, async () => {
  const socketPath = `\0wspc-${process.pid}-mode` // has no file
  await assert.rejects(
    serve({ socketPath, socketMode: 0o660 }, () => {}),
    { code: 'LISTEN_FAILED' },
  )
  await (await serve({ socketPath }, () => {})).close()
})

for (const [options, message] of [
  [{ socketMode: 0o660 }, 'options.socketMode is of a Unix socket, and there is no socketPath'],
  [{ socketPath: '/tmp/x', socketMode: -1 }, 'options.socketMode is -1, not an integer from 0 to 511'],
  [{ socketPath: '/tmp/x', socketMode: 0o1000 }, 'options.socketMode is 512, not an integer from 0 to 511'],
  [{ socketPath: '/tmp/x', socketMode: '660' }, 'options.socketMode is a string, not a number'],
] as const) {
  test(`${JSON.stringify(options)} is refused`, () =>
    assert.rejects(
      serve(options as never, () => {}),
      { message },
    ))
}
