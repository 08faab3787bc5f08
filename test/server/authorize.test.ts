// What happens while `authorize` thinks: frames that arrive are kept, whatever carries them, and places are counted.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ServeOptions, Server } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient, rawTlsClient, rawUnixClient } from '../support/sockets.ts'
import { unixSocketPath } from '../support/unix-socket.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { frame } from '../support/wire.ts'

const tls = { key, cert: certificate }

/** A server's options, and how its clients come to it. */
interface Way {
  readonly options: ServeOptions
  open(server: Server): Promise<RawPeer>
}

const WAYS: ReadonlyArray<readonly [title: string, way: (t: TestContext) => Promise<Way>]> = [
  ['TCP', async () => ({ options: {}, open: ({ port }) => rawClient(port) })],
  ['TLS', async () => ({ options: { tls }, open: ({ port }) => rawTlsClient(port) })],
  [
    'a Unix socket',
    async (t) => {
      const socketPath = unixSocketPath(t)
      return { options: { socketPath }, open: () => rawUnixClient(socketPath) }
    },
  ],
  [
    'TLS on a Unix socket',
    async (t) => {
      const socketPath = unixSocketPath(t)
      return { options: { socketPath, tls }, open: () => rawTlsClient(socketPath) }
    },
  ],
  [
    'a server of yours with TLS',
    async (t) => {
      const http = createTlsServer(tls).listen(0, '127.0.0.1')
      await once(http, 'listening')
      t.after(() => {
        http.closeAllConnections()
        http.close()
      })
      return { options: { server: http }, open: ({ port }) => rawTlsClient(port) }
    },
  ],
]

/** An `authorize` that is answered by hand. */
function byHand() {
  const decisions: (() => void)[] = []
  return {
    authorize: () => new Promise<void>((resolve) => decisions.push(resolve)),
    decisions,
    async asked(times: number): Promise<void> {
      while (decisions.length < times) await delay(1)
    },
  }
}

const MESSAGES = Array.from({ length: 100 }, (_, i) => `${i} `.repeat(1 + i * 30))

for (const [title, way] of WAYS) {
  test(`T-26: over ${title}, no frame that arrives while authorize thinks is lost, also when the client ends behind them`, async (t) => {
    const { options, open } = await way(t)
    const hand = byHand()
    const received: unknown[] = []
    const codes: number[] = []
    const server = await started(t, { ...options, authorize: hand.authorize }, async (connection) => {
      for await (const message of connection) received.push(message)
      codes.push((await connection.closed).code)
    })
    const peer = await open(server)
    t.after(() => peer.leave())
    const frames = MESSAGES.map((payload) => frame({ opcode: 1, key: '01020304', payload }))
    const close = Buffer.from('88820000000003e8', 'hex')
    const bytes = Buffer.concat([...frames, close])
    peer.say(Buffer.concat([Buffer.from(upgradeRequest()), bytes.subarray(0, 1_000)]))
    await hand.asked(1)
    for (let at = 1_000; at < bytes.length; at += 20_000) {
      peer.say(bytes.subarray(at, at + 20_000))
      await delay(1)
    }
    peer.socket.end()
    await delay(20)
    assert.equal(peer.text, '')
    hand.decisions[0]!()
    assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
    assert.equal(await peer.behindHead(4), '88 02 03 e8')
    while (codes.length === 0) await delay(1)
    assert.deepEqual([codes, received], [[1000], MESSAGES])
  })

  test(`over ${title}, places are counted while authorize thinks, and each only once`, async (t) => {
    const { options, open } = await way(t)
    const hand = byHand()
    const server = await started(t, { ...options, authorize: hand.authorize, maxConnections: 3 })
    const ask = async (): Promise<RawPeer> => {
      const peer = await open(server)
      t.after(() => peer.leave())
      peer.say(upgradeRequest())
      return peer
    }
    const isRefused = async (): Promise<boolean> => {
      const peer = await ask()
      const head = await peer.head()
      peer.leave()
      assert.match(head, /^HTTP\/1\.1 503 /)
      return true
    }
    const peers = [await ask(), await ask()]
    await hand.asked(2)
    hand.decisions[0]!() // one is open, one waits: there is room for exactly one more
    await Promise.race(peers.map((peer) => peer.head()))
    peers.push(await ask())
    await hand.asked(3)
    assert.ok(await isRefused())
    hand.decisions[1]!()
    hand.decisions[2]!()
    for (const peer of peers) assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
    assert.equal(server.connections.size, 3)
    assert.ok(await isRefused())
    // A client that leaves while it waits for a decision frees its place, and so does one that is open.
    peers.pop()!.leave()
    while (server.connections.size > 2) await delay(1)
    const leaving = await ask()
    await hand.asked(4)
    assert.ok(await isRefused())
    leaving.leave()
    for (const end = performance.now() + 10_000; hand.decisions.length < 5; await delay(5)) {
      assert.ok(performance.now() < end, 'no place became free')
      const peer = await ask()
      await Promise.race([peer.head(), hand.asked(5)])
    }
  })
}
