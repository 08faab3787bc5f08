// The end of a server that has clients: what they are told, what they may still say, and when it is over at the latest.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Server, serve } from '../../src/node.ts'
import { eventually } from '../support/attempts.ts'
import { certificate, key } from '../support/certificate.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient, rawTlsClient, rawUnixClient } from '../support/sockets.ts'
import { unixSocketPath } from '../support/unix-socket.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { frame } from '../support/wire.ts'

const ANSWER = Buffer.from('88820000000003e9', 'hex')

async function opened(t: TestContext, open: () => Promise<RawPeer>): Promise<RawPeer> {
  const peer = await open()
  t.after(() => peer.leave())
  peer.say(upgradeRequest())
  await peer.head()
  return peer
}

function text(payload: string): Uint8Array {
  return frame({ opcode: 1, key: '01020304', payload })
}

for (const reader of ['a loop', 'a listener'] as const) {
  test(`what a client sends before it answers the Close frame is still handed to ${reader}`, async (t) => {
    const received: unknown[] = []
    let ended = false
    const server = await started(t, {}, async (connection) => {
      if (reader === 'a listener') {
        connection.onMessage((message) => received.push(message))
      } else {
        for await (const message of connection) {
          received.push(message)
          await delay(1) // slower than they come
        }
      }
      await connection.closed
      ended = true
    })
    const peer = await opened(t, () => rawClient(server.port))
    peer.say(text('before'))
    while (received.length < 1) await delay(1)
    const closed = server.close()
    assert.equal(await peer.behindHead(4), '88 02 03 e9')
    const late = Array.from({ length: 50 }, (_, i) => `late ${i}`)
    for (const payload of late) peer.say(text(payload))
    await delay(5)
    peer.say(Buffer.concat([text('last'), ANSWER, text('behind the Close frame')]))
    await peer.until(({ ended }) => ended)
    peer.leave('end')
    await closed
    while (!ended) await delay(1)
    assert.deepEqual(received, ['before', ...late, 'last'])
  })
}

test('what was sent before close leaves before the Close frame does', async (t) => {
  const server = await started(t, { limits: { maxBufferedBytes: 16_000_000 } }, (connection) => {
    connection.onMessage((message) => {
      void connection.send(new Uint8Array(2_000_000))
      void connection.send(message)
    })
  })
  const client = await connect(server.url)
  await client.send('the end')
  const messages = client.messages()
  assert.equal(((await messages.next()).value as Uint8Array).length, 2_000_000)
  const closed = server.close()
  assert.equal((await messages.next()).value, 'the end')
  assert.equal((await messages.next()).done, true)
  const { code, wasClean } = await client.closed
  assert.deepEqual([code, wasClean], [1001, true])
  await closed
})

test('clients that answer are closed cleanly, and one that does not is cut at timeoutMs and no sooner', async (t) => {
  const endings: string[] = []
  const server = await serve({}, async (connection, { target }) => {
    connection.onMessage(() => {})
    const { code, wasClean } = await connection.closed
    endings.push(`${target} ${code} ${wasClean}`)
  })
  const good = await connect(`${server.url}good`)
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  peer.say(upgradeRequest({ line: 'GET /mute HTTP/1.1' }))
  await peer.head()
  const start = performance.now()
  const closed = server.close({ timeoutMs: 200 })
  assert.equal((await good.closed).code, 1001)
  while (endings.length === 0) await delay(1)
  assert.deepEqual([endings, server.connections.size], [['/good 1001 true'], 1])
  await closed
  assert.ok(performance.now() - start >= 195)
  await peer.until(({ ended }) => ended)
  while (endings.length < 2) await delay(1)
  assert.deepEqual(endings, ['/good 1001 true', '/mute 1006 false'])
})

for (const way of ['TCP', 'TLS', 'a Unix socket']) {
  test(`T-24: over ${way}, close answers requests that wait for authorize with 503, cuts silent clients, and takes no more`, async (t) => {
    const socketPath = way === 'a Unix socket' ? unixSocketPath(t) : undefined
    const tls = way === 'TLS' ? { key, cert: certificate } : undefined
    let asked = 0
    const authorize = (): Promise<void> => {
      asked++
      return new Promise(() => {})
    }
    const server: Server = await serve({ socketPath, tls, authorize }, () => assert.fail('it was not accepted'))
    const open = async (): Promise<RawPeer> => {
      const peer = await (socketPath !== undefined
        ? rawUnixClient(socketPath)
        : tls !== undefined
          ? rawTlsClient(server.port)
          : rawClient(server.port))
      t.after(() => peer.leave())
      return peer
    }
    const waiting = [await open(), await open()]
    for (const peer of waiting) peer.say(upgradeRequest())
    while (asked < 2) await delay(1)
    const silent = await open()
    const closed = server.close()
    for (const peer of waiting) {
      assert.match(await peer.all(), /^HTTP\/1\.1 503 Service Unavailable\r\n/)
      peer.leave('end')
    }
    await eventually(() => silent.ended, 'the end of the silent client')
    silent.leave()
    await closed
    await assert.rejects(open())
  })
}

test('a connection that is being opened when the signal aborts is told 1001, too', async () => {
  const controller = new AbortController()
  const server = await serve({ signal: controller.signal }, () => controller.abort())
  const { code, reason } = await (await connect(server.url)).closed
  assert.deepEqual([code, reason], [1001, ''])
  await server.close()
})

test('the deadline of close is ten seconds by default', async (t) => {
  const server = await serve({}, () => {})
  const delays: unknown[] = []
  const { setTimeout: original } = globalThis
  t.after(() => {
    globalThis.setTimeout = original
  })
  globalThis.setTimeout = ((...parameters: Parameters<typeof original>) => {
    delays.push(parameters[1])
    return original(...parameters)
  }) as typeof original
  const closed = server.close() // nobody is there whose own deadlines could be taken for it
  assert.deepEqual(delays, [10_000])
  await closed
})
