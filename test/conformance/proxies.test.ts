// Through nginx and HAProxy, configured as docs/guide/behind-a-proxy.md says: our server and our client, and `ws` in
// either role.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type ClientRequest, get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { RawData } from 'ws'
import { type Connection, type ConnectOptions, connect, HandshakeError } from '../../src/node.ts'
import { certificate } from '../support/certificate.ts'
import { assertSame, bytesOf, MIB, PAYLOADS, startEchoServer, talkToEchoServer } from '../support/echo.ts'
import { haproxy, needs, nginx, ROOT } from '../support/programs.ts'
import { PAGE, type ProxyName, proxied, QUIET_MS, type RunningProxy } from '../support/proxies.ts'
import { started } from '../support/server.ts'
import { tapped } from '../support/tap.ts'
import { WebSocket } from '../support/ws.ts'
import { wsEchoServer } from '../support/ws-echo.ts'

const PROGRAMS: readonly (readonly [ProxyName, string | undefined, awayStatus: number])[] = [
  ['nginx', nginx, 502],
  ['haproxy', haproxy, 503],
]
const OTHER_TIMEOUT_MS = 9_000 // the times of the page that are for something else are longer
const TLS: ConnectOptions = { tls: { ca: certificate } }
const TEXT = JSON.stringify(Array.from({ length: 100 }, (_, id) => ({ id, name: `name ${id}` })))

async function open(url: string, options: object = {}): Promise<WebSocket> {
  const client = new WebSocket(url, { perMessageDeflate: false, ca: certificate, ...options })
  await once(client, 'open')
  return client
}

async function received(client: WebSocket): Promise<string | Uint8Array> {
  const [data, isBinary] = (await once(client, 'message')) as [RawData, boolean]
  return isBinary ? (data as Buffer) : String(data)
}

async function next(connection: Connection): Promise<string | Uint8Array | undefined> {
  for await (const message of connection) return message
  return undefined
}

/** The error with which the attempt ends. */
async function refusalOf(attempt: Promise<Connection>): Promise<HandshakeError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof HandshakeError, String(error))
  return error
}

for (const [name, program, awayStatus] of PROGRAMS) {
  const options = { ...needs(program, name), timeout: 60_000 }
  const through = (t: TestContext, port: number, more?: { impatient?: boolean }): Promise<RunningProxy> =>
    proxied(t, name, port, more)

  test(
    `${name}: our client and our server exchange messages of every length, plain and over TLS`,
    options,
    async (t) => {
      const server = await startEchoServer({ subprotocols: ['echo'] })
      t.after(() => server.close({ timeoutMs: 0 }))
      const { plain, secure } = await through(t, server.port)
      for (const [url, own] of [
        [`ws://${plain}/`, {}],
        [`wss://${secure}/`, TLS],
      ] as const) {
        const connection = await connect(url, { ...own, subprotocols: ['other', 'echo'] })
        assert.equal(connection.subprotocol, 'echo')
        const messages = connection.messages()
        for (const payload of PAYLOADS.filter(({ length }) => length <= MIB)) {
          await connection.send(payload)
          assertSame((await messages.next()).value, payload)
        }
        assert.ok((await connection.ping('are you there')) >= 0)
        const [end] = [...server.connections].slice(-1)
        assert.ok((await end!.ping()) >= 0)
        const closed = await connection.close(4000, 'done')
        assert.deepEqual([closed.code, closed.wasClean, closed.initiator], [4000, true, 'local'])
        const told = await end!.closed
        assert.deepEqual([told.code, told.reason, told.wasClean, told.initiator], [4000, 'done', true, 'remote'])

        const other = await connect(url, own)
        await other.send('close me')
        const info = await other.closed
        assert.deepEqual([info.code, info.reason, info.wasClean, info.initiator], [4001, 'as you wish', true, 'remote'])
      }
    },
  )

  test(`${name}: our client talks to a ws server, fragments and pings included`, options, async (t) => {
    const { plain } = await through(t, await wsEchoServer(t))
    await talkToEchoServer(`ws://${plain}/`)
  })

  test(`${name}: a ws client talks to our server, fragments and pings included`, options, async (t) => {
    const server = await startEchoServer()
    t.after(() => server.close({ timeoutMs: 0 }))
    const { plain, secure } = await through(t, server.port)
    for (const url of [`ws://${plain}/`, `wss://${secure}/`]) {
      const client = await open(url)
      for (const payload of ['', 'héllo € 😀', bytesOf(0), bytesOf(MIB)]) {
        client.send(payload)
        assertSame(await received(client), payload)
      }
      const pong = once(client, 'pong')
      client.send('frag', { fin: false })
      client.ping('between')
      client.send('mented €', { fin: true })
      assert.equal(await received(client), 'fragmented €')
      assert.equal(String((await pong)[0]), 'between')
      const [end] = [...server.connections].slice(-1)
      client.close(4000, 'done')
      assert.equal((await once(client, 'close'))[0], 4000)
      assert.equal((await end!.closed).reason, 'done')

      const other = await open(url)
      other.send('close me')
      const [code, reason] = await once(other, 'close')
      assert.deepEqual([code, String(reason)], [4001, 'as you wish'])
    }
  })

  test(`${name}: messages are compressed`, options, async (t) => {
    const server = await startEchoServer({ deflate: true })
    t.after(() => server.close({ timeoutMs: 0 }))
    const tap = await tapped(t, server.port)
    const { plain } = await through(t, tap.port)
    const connection = await connect(`ws://${plain}/`, { deflate: true })
    assert.deepEqual(
      connection.extensions.map((extension) => extension.name),
      ['permessage-deflate'],
    )
    await connection.send(TEXT)
    assert.equal(await next(connection), TEXT)
    connection.terminate()
    const [{ fromClient, fromServer }] = tap.connections as [(typeof tap.connections)[number]]
    for (const { messages } of [fromClient, fromServer]) {
      assert.equal(messages.length, 1)
      assert.ok(messages[0]!.compressed && messages[0]!.payloadBytes < TEXT.length / 2)
    }
  })

  test(`${name}: without a server the client is refused with ${awayStatus}, and knows it`, options, async (t) => {
    const server = await startEchoServer()
    const { plain, secure } = await through(t, server.port)
    const connection = await connect(`ws://${plain}/`)
    await server.close()
    assert.equal((await connection.closed).code, 1001)
    // Both at once: a proxy may look for the server for seconds.
    const attempts = [connect(`ws://${plain}/`), connect(`wss://${secure}/`, TLS)]
    for (const { code, response } of await Promise.all(attempts.map(refusalOf))) {
      assert.deepEqual([code, response?.status], ['STATUS_NOT_101', awayStatus])
    }
  })

  test(
    `${name}: what the server refuses, and requests that are none, are answered by the server`,
    options,
    async (t) => {
      const server = await started(t, { authorize: () => ({ status: 401, body: 'Who are you?\n' }) })
      const { plain } = await through(t, server.port)
      const { response } = await refusalOf(connect(`ws://${plain}/`))
      assert.equal(response?.status, 401)
      assert.equal(new TextDecoder().decode(response.body), 'Who are you?\n')
      const request: ClientRequest = get(`http://${plain}/`, { agent: false })
      const [answer] = (await once(request, 'response')) as [IncomingMessage]
      assert.equal(answer.statusCode, 426)
      answer.resume()
    },
  )

  test(`${name}: a connection that breaks at one end is broken at the other`, options, async (t) => {
    const server = await startEchoServer()
    t.after(() => server.close({ timeoutMs: 0 }))
    const { plain } = await through(t, server.port)
    for (const breaks of ['client', 'server'] as const) {
      const client = await connect(`ws://${plain}/`)
      const [end] = [...server.connections].slice(-1)
      const [here, there] = breaks === 'client' ? [client, end!] : [end!, client]
      here.terminate()
      const { code, wasClean } = await there.closed
      assert.deepEqual([code, wasClean], [1006, false])
    }
  })

  test(`${name}: a quiet connection is cut with 1006, unless the server or the client pings`, options, async (t) => {
    const keepalive = { pingIntervalMs: 300, pongTimeoutMs: 20_000 }
    const quiet = await started(t, { keepalive: false }, (connection) => connection.onMessage(() => {}))
    const pinging = await started(t, { keepalive }, (connection) => connection.onMessage(() => {}))
    const toQuiet = await through(t, quiet.port, { impatient: true })
    const toPinging = await through(t, pinging.port, { impatient: true })
    const openedAt = performance.now()
    const cut = await connect(`ws://${toQuiet.plain}/`)
    const kept = await Promise.all([
      connect(`ws://${toPinging.plain}/`),
      connect(`wss://${toPinging.secure}/`, TLS),
      connect(`ws://${toQuiet.plain}/`, { keepalive }),
    ])
    const { code, wasClean } = await cut.closed
    assert.deepEqual([code, wasClean], [1006, false])
    assert.ok(performance.now() - openedAt < OTHER_TIMEOUT_MS, 'it was cut for another reason')
    // The others were opened with it, and bear the same again.
    await new Promise((resolve) => setTimeout(resolve, 0.5 * QUIET_MS))
    for (const connection of kept) assert.equal(connection.readyState, 'open')
    for (const connection of kept) connection.terminate()
  })

  test(`${name}: pages behind TLS that ends at the proxy have to be named`, options, async (t) => {
    const same = await started(t)
    const proxy = await through(t, same.port)
    const { secure, plain } = proxy
    const origin = `https://${secure}`
    const { response } = await refusalOf(connect(`wss://${secure}/`, { ...TLS, origin }))
    assert.equal(response?.status, 403)
    // What the proxy does not change is the same origin without further ado: it passes `Host` on.
    const direct = await connect(`ws://${plain}/`, { origin: `http://${plain}` })
    direct.terminate()

    const naming = await started(t, { origin: ['https://example.org'] })
    const named = (await through(t, naming.port)).secure
    const connection = await connect(`wss://${named}/`, { ...TLS, origin: 'https://example.org' })
    connection.terminate()
    const other = await refusalOf(connect(`wss://${named}/`, { ...TLS, origin: 'https://example.com' }))
    assert.equal(other.response?.status, 403)
    const program = await connect(`wss://${named}/`, TLS)
    program.terminate()
  })

  test(`${name}: the server learns how the client came from headers, and not from the socket`, options, async (t) => {
    const server = await started(t, {}, (connection, request) => {
      const { 'x-forwarded-proto': scheme, host } = request.incoming.headers
      return connection.send(JSON.stringify({ scheme, host, secure: request.secure, from: request.remoteAddress }))
    })
    const { plain, secure } = await through(t, server.port)
    for (const [url, scheme, host] of [
      [`ws://${plain}/`, 'http', plain],
      [`wss://${secure}/`, 'https', secure],
    ] as const) {
      const connection = await connect(url, TLS)
      const told = JSON.parse(String(await next(connection)))
      assert.deepEqual(told, { scheme, host, secure: false, from: '127.0.0.1' })
      connection.terminate()
    }
  })

  test(
    `${name}: the program of the page tells the client's address, whatever the client claims`,
    options,
    async (t) => {
      const port = await startProgramOfPage(t)
      const { plain } = await through(t, port)
      for (const headers of [{}, { 'X-Forwarded-For': '192.0.2.1, 192.0.2.2' }]) {
        const client = new WebSocket(`ws://${plain}/`, { localAddress: '127.0.0.3', headers })
        assert.equal(await received(client), 'You are 127.0.0.3')
        client.terminate()
      }
      const beside = await connect(`ws://127.0.0.1:${port}/`)
      assert.equal(await next(beside), 'You are 127.0.0.1')
      beside.terminate()
    },
  )
}

/** Runs the server that the page shows, on a port of its own. @returns that port. */
async function startProgramOfPage(t: TestContext): Promise<number> {
  const [, program] = /^```js\n(\/\/ server\.mjs\n.*?)^```$/ms.exec(readFileSync(PAGE, 'utf8'))!
  const directory = join(ROOT, 'dist', 'snippets') // where `wspc` is found as by a user
  mkdirSync(directory, { recursive: true })
  const file = join(directory, `proxies-${process.pid}-${Math.random()}.mjs`)
  writeFileSync(file, program!.replace('port: 8080', 'port: 0'))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  const [url] = await once(child.stdout, 'data')
  return Number(new URL(String(url)).port)
}
