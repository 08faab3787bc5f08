// The loop over connections against servers that go away, come back, refuse, drop and fall silent.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { acceptValue } from '../../src/handshake/index.ts'
import { type ReconnectOptions, type Retry, reconnect, type Server, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { lines } from '../support/http.ts'
import { runModule } from '../support/programs.ts'
import { started } from '../support/server.ts'
import { rawServer } from '../support/sockets.ts'

/** Waits that a test can afford, however busy the machine is. */
const SOON: ReconnectOptions = { backoff: { initialDelayMs: 20, maxDelayMs: 50 } }

/** A port of this machine that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

test('a server that closes and starts again on its port is found again, and the gap says 1001', async (t) => {
  let server: Server = await serve({}, (connection) => void connection.send('first'))
  const { port, url } = server
  t.after(() => server.close({ timeoutMs: 0 }))
  const seen: unknown[] = []
  const retries: Retry[] = []
  const before = Date.now()
  const options = { ...SOON, onRetry: (retry: Retry) => void retries.push(retry) }
  for await (const { connection, gap } of reconnect(url, options)) {
    seen.push(gap?.closeInfo.code)
    for await (const message of connection) {
      seen.push(message)
      if (message === 'second') break
      void server.close().then(async () => {
        while (retries.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
        server = await serve({ port }, (again) => void again.send('second'))
      })
    }
    if (gap === undefined) continue
    assert.ok(gap.failedAttempts >= 2)
    assert.equal((gap.lastError as { code: string }).code, 'CONNECT_FAILED')
    assert.ok(gap.since.getTime() >= before - 1 && gap.since.getTime() <= Date.now())
    const waitedMs = retries.reduce((sum, { delayMs }) => sum + delayMs, 0)
    assert.ok(gap.durationMs >= waitedMs - retries.length, `${gap.durationMs} ms`) // a timer may be early by a little
    break
  }
  assert.deepEqual(seen, [undefined, 'first', 1001, 'second'])
  assert.deepEqual(
    retries.slice(0, 3).map(({ attempt }) => attempt),
    [1, 2, 3],
  )
})

test('what is waited is drawn anew each time', async () => {
  const url = `ws://127.0.0.1:${await freePort()}`
  const drawn: number[] = []
  const onRetry = ({ delayMs }: Retry): boolean => {
    drawn.push(delayMs)
    return false
  }
  for (let i = 0; i < 10; i++) {
    const backoff = { initialDelayMs: 86_400_000, maxDelayMs: 86_400_000 }
    await reconnect(url, { backoff, onRetry }).next()
  }
  assert.ok(new Set(drawn).size > 5, String(drawn))
  assert.ok(drawn.every((delayMs) => delayMs >= 0 && delayMs <= 86_400_000))
})

test('a server that starts later than the client is waited for', async (t) => {
  const port = await freePort()
  let server: Promise<Server> | undefined
  t.after(async () => (await server)?.close({ timeoutMs: 0 }))
  const start = (): void => {
    server ??= serve({ port }, (connection) => void connection.close(1000, 'enough'))
  }
  let turns = 0
  for await (const { connection, gap } of reconnect(`ws://127.0.0.1:${port}`, { ...SOON, onRetry: start })) {
    turns++
    assert.equal(gap, undefined)
    assert.equal((await connection.closed).reason, 'enough')
  }
  assert.equal(turns, 1)
})

test('a server that accepts and drops is told as 1006, every time', async (t) => {
  const server = await started(t, {}, (connection) => connection.terminate())
  const codes: (number | undefined)[] = []
  for await (const { connection, gap } of reconnect(server.url, SOON)) {
    codes.push(gap?.closeInfo.code)
    if (codes.length === 4) break
    await connection.closed
  }
  assert.deepEqual(codes, [undefined, 1006, 1006, 1006])
})

test('a server that drops before it answers is tried maxAttempts times', async (t) => {
  const server = await rawServer((peer) => void peer.head().then(() => peer.leave()))
  t.after(() => server.close())
  const turns = reconnect(`ws://127.0.0.1:${server.port}`, { backoff: { ...SOON.backoff, maxAttempts: 3 } })
  await assert.rejects(turns.next(), { code: 'ENDED_IN_HANDSHAKE' })
  assert.equal(server.peers.length, 3)
})

test('a refusal is final with 401, and tried again with 503 and 429', async (t) => {
  const statuses = [503, 429, 401]
  let asked = 0
  const server = await started(t, {
    authorize: () => ({ status: statuses[asked++]!, headers: [['Retry-After', '0']] }),
  })
  await assert.rejects(reconnect(server.url, SOON).next(), { name: 'HandshakeError', status: 401 })
  assert.equal(asked, 3)
})

test('Retry-After of a real response is waited for', async (t) => {
  let asked = 0
  const server = await started(t, {
    authorize: () => (++asked === 1 ? { status: 503, headers: [['Retry-After', '3600']] } : undefined),
  })
  const delays: number[] = []
  const turns = reconnect(server.url, {
    backoff: { initialDelayMs: 1, maxRetryAfterMs: 30 },
    onRetry: ({ delayMs }) => void delays.push(delayMs),
  })
  await turns.next()
  assert.ok(delays.length === 1 && delays[0]! >= 30 && delays[0]! <= 31, String(delays))
  await turns.return()
})

test('a token that has run out is renewed by headers', async (t) => {
  let token = 0
  const server = await started(
    t,
    {
      authorize: ({ headers }) => {
        const authorization = headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1]
        return authorization === `Bearer ${token}` ? undefined : { status: 401 }
      },
    },
    (connection) => void connection.close(1012),
  )
  let turns = 0
  const headers = async (): Promise<Record<string, string>> => ({ Authorization: `Bearer ${++token}` })
  for await (const { connection } of reconnect(server.url, { ...SOON, headers })) {
    await connection.closed
    if (++turns === 3) break
  }
  assert.equal(token, 3)
})

test('a certificate that is not accepted is final', async (t) => {
  const server = await started(t, { tls: { key, cert: certificate } })
  const retries: Retry[] = []
  const turns = reconnect(server.url, { ...SOON, onRetry: (retry) => void retries.push(retry) })
  await assert.rejects(turns.next(), { code: 'CONNECT_FAILED' })
  assert.deepEqual(retries, [])
})

test('a server that falls silent is noticed by pings, and left for another connection', async (t) => {
  const server = await rawServer(async (peer) => {
    await peer.head()
    const requestKey = /Sec-WebSocket-Key: (.*)\r\n/.exec(peer.text)?.[1] ?? ''
    const accept = `Sec-WebSocket-Accept: ${acceptValue(requestKey)}`
    peer.say(`${lines('HTTP/1.1 101 OK', 'Upgrade: websocket', 'Connection: Upgrade', accept)}\r\n`)
  })
  t.after(() => server.close())
  const errors: unknown[] = []
  for await (const { connection, gap } of reconnect(`ws://127.0.0.1:${server.port}`, {
    ...SOON,
    keepalive: { pingIntervalMs: 20, pongTimeoutMs: 20 },
    limits: { closeTimeoutMs: 20 },
  })) {
    errors.push(gap?.closeInfo.error?.code)
    if (errors.length === 2) break
    await connection.closed
  }
  assert.deepEqual(errors, [undefined, 'PONG_TIMEOUT'])
})

test('aborting a real wait ends it at once and leaves no timer', async () => {
  const controller = new AbortController()
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const turns = reconnect(`ws://127.0.0.1:${await freePort()}`, {
    signal: controller.signal,
    backoff: { initialDelayMs: 86_400_000, maxDelayMs: 86_400_000 },
    onRetry: () => void setImmediate(() => controller.abort()),
  })
  await assert.rejects(turns.next(), { name: 'AbortError' })
  assert.ok(timers() <= before)
})

test('a program that waits for nothing but the next attempt goes on', async () => {
  const port = await freePort()
  const { code, stdout } = await runModule(
    `import { reconnect } from 'wspc/node'
     const options = { backoff: { initialDelayMs: 20, maxAttempts: 3 } }
     try { for await (const turn of reconnect('ws://127.0.0.1:${port}', options)) console.log(turn) }
     catch ({ code }) { console.log(code) }`,
  )
  assert.deepEqual([code, stdout], [0, 'CONNECT_FAILED\n'])
})
