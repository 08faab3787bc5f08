// Clients that have not finished their opening handshake: how many there may be, and how long they may take.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dial } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, type Server } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { started } from '../support/server.ts'
import { RawPeer, rawTlsClient, rawUnixClient } from '../support/sockets.ts'
import { unixSocketPath } from '../support/unix-socket.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const tls = { key, cert: certificate }

/** A client that says nothing yet, connected or cut at once. */
async function silent(t: TestContext, server: Server): Promise<RawPeer> {
  const peer = new RawPeer(dial({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }))
  t.after(() => peer.leave())
  await Promise.race([once(peer.socket, 'connect'), once(peer.socket, 'close')])
  return peer
}

/** Waits until the server has let go of what is gone: a client gets an answer. */
async function answeredInTheEnd(t: TestContext, open: () => Promise<RawPeer>, target = '/'): Promise<string> {
  for (const end = performance.now() + 10_000; ; ) {
    const peer = await open().catch(() => undefined)
    t.after(() => peer?.leave())
    peer?.say(upgradeRequest({ line: `GET ${target} HTTP/1.1` }))
    const status = (await peer?.head())?.split(' ')[1]
    if (status !== undefined) return status
    peer?.leave()
    assert.ok(performance.now() < end, 'no place became free')
  }
}

// --- how many ---------------------------------------------------------------------------------------------------------

for (const secure of [false, true]) {
  test(`T-28: with maxPendingConnections 2 two silent clients are borne, and a third is cut at once${secure ? ', before its TLS handshake' : ''}`, async (t) => {
    const server = await started(t, { maxPendingConnections: 2, ...(secure ? { tls } : {}) })
    const open = () => (secure ? rawTlsClient(server.port) : silent(t, server))
    const first = await silent(t, server)
    // At the limit: the second is borne, and served.
    const second = await open()
    t.after(() => second.leave())
    second.say(upgradeRequest())
    assert.match(await second.head(), /^HTTP\/1\.1 101 /)
    // Its handshake is over, so that there is room for one more.
    const third = await silent(t, server)
    const cut = await silent(t, server)
    await cut.until(({ ended }) => ended)
    assert.equal(cut.text, '')
    assert.deepEqual([first.ended, third.ended, second.ended], [false, false, false])
    assert.equal(server.connections.size, 1)
    // Those that are gone free their places.
    third.leave()
    assert.equal(await answeredInTheEnd(t, open), '101')
    assert.equal(first.ended, false)
  })
}

test('clients on a Unix socket are counted as well', async (t) => {
  const socketPath = unixSocketPath(t)
  await started(t, { socketPath, maxPendingConnections: 1 })
  const first = await rawUnixClient(socketPath)
  t.after(() => first.leave())
  const second = await rawUnixClient(socketPath)
  await second.until(({ ended }) => ended)
  assert.equal(second.text, '')
  first.leave()
  assert.equal(await answeredInTheEnd(t, () => rawUnixClient(socketPath)), '101')
})

test('a client that waits for authorize is among those that are not through, and one that is refused until it is gone', async (t) => {
  let decide: () => void = () => {}
  const server = await started(t, {
    maxPendingConnections: 1,
    authorize: ({ target }) => (target === '/' ? new Promise<void>((resolve) => (decide = resolve)) : { status: 403 }),
  })
  const waiting = await silent(t, server)
  waiting.say(upgradeRequest())
  const cut = await silent(t, server)
  await cut.until(({ ended }) => ended)
  decide()
  assert.match(await waiting.head(), /^HTTP\/1\.1 101 /)

  const refused = await silent(t, server)
  refused.say(upgradeRequest({ line: 'GET /no HTTP/1.1' }))
  assert.match(await refused.head(), /^HTTP\/1\.1 403 /)
  const another = await silent(t, server)
  await another.until(({ ended }) => ended)
  assert.equal(another.text, '')
  refused.leave('end')
  assert.equal(await answeredInTheEnd(t, () => silent(t, server), '/no'), '403')
})

test('T-99: TLS handshakes that fail, and clients that leave within them, free their places', async (t) => {
  const server = await started(t, { maxPendingConnections: 3, tls })
  for (let round = 0; round < 10; round++) {
    const talking = await silent(t, server)
    talking.say('this is no TLS\r\n\r\n')
    await talking.until(({ ended }) => ended)
    talking.leave()
    const leaving = await silent(t, server)
    leaving.say('\x16\x03\x01')
    leaving.leave(round % 2 === 0 ? 'destroy' : 'reset')
    await assert.rejects(connect(server.url), { code: 'CONNECT_FAILED' }) // it does not trust the certificate
  }
  assert.equal(await answeredInTheEnd(t, () => rawTlsClient(server.port)), '101')
})

test('many handshakes after one another leave nothing that counts', async (t) => {
  const server = await started(t, { maxPendingConnections: 1 })
  for (let i = 0; i < 50; i++) {
    const connection = await connect(server.url)
    connection.terminate()
  }
  assert.equal(await answeredInTheEnd(t, () => silent(t, server)), '101')
})

// --- how long ---------------------------------------------------------------------------------------------------------

for (const secure of [false, true]) {
  test(`T-28: headerTimeoutMs ends clients whose request is not complete${secure ? ', also those within the TLS handshake' : ''}, and bounds no decision`, async (t) => {
    let decide: () => void = () => {}
    let handleAsked: () => void = () => {}
    const asked = new Promise<void>((resolve) => (handleAsked = resolve))
    const server = await started(t, {
      headerTimeoutMs: 1_000,
      handshakeTimeoutMs: 60_000,
      ...(secure ? { tls } : {}),
      authorize: () => {
        handleAsked()
        return new Promise<void>((resolve) => (decide = resolve))
      },
    })
    const open = () => (secure ? rawTlsClient(server.port) : silent(t, server))
    const start = performance.now()
    const deciding = await open()
    t.after(() => deciding.leave())
    deciding.say(upgradeRequest())
    await asked
    const mute = await silent(t, server)
    const half = await open()
    t.after(() => half.leave())
    half.say('GET / HTTP/1.1\r\nHost: a\r\n')
    assert.match(await half.head(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
    await mute.until(({ ended }) => ended)
    assert.match(mute.text, secure ? /^$/ : /^HTTP\/1\.1 408 /)
    const elapsed = performance.now() - start
    assert.ok(elapsed >= 995 && elapsed < 30_000, `${elapsed} ms`)
    assert.equal(deciding.text, '')
    decide()
    assert.match(await deciding.head(), /^HTTP\/1\.1 101 /)
  })
}

test('T-28: a complete request has what is left of handshakeTimeoutMs for its decision, and not all of it anew', async (t) => {
  const server = await started(t, {
    headerTimeoutMs: 1_400,
    handshakeTimeoutMs: 1_500,
    authorize: () => new Promise<void>(() => {}),
  })
  const answered: string[] = []
  const start = performance.now()
  const early = await silent(t, server)
  await delay(500)
  const late = await silent(t, server)
  early.say(upgradeRequest())
  const note = async (name: string, peer: RawPeer): Promise<void> => {
    assert.match(await peer.head(), /^HTTP\/1\.1 408 /)
    answered.push(`${name} ${performance.now() - start >= 1_495}`)
  }
  await Promise.all([note('early', early), note('late', late)])
  // The time of the second, for its head, began half a second after that of the first, and before its request came.
  assert.deepEqual(answered, ['early true', 'late true'])
})

test('T-28: a headerTimeoutMs above handshakeTimeoutMs is no more than that', async (t) => {
  const server = await started(t, { headerTimeoutMs: 30_000, handshakeTimeoutMs: 50 })
  const start = performance.now()
  assert.match(await (await silent(t, server)).head(), /^HTTP\/1\.1 408 /)
  assert.ok(performance.now() - start < 20_000)
})

test('T-28: a plain request that never ends its body does not stay', async (t) => {
  const server = await started(t, { headerTimeoutMs: 100 })
  const peer = await silent(t, server)
  peer.say('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx')
  assert.match(await peer.all(), /^HTTP\/1\.1 405 /)
  await peer.until(({ ended }) => ended)
})
