// A server with TLS of its own, as clients see it that check certificates and negotiate what is above.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createSecureContext, connect as dialTls, type TLSSocket } from 'node:tls'
import { connect, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { started } from '../support/server.ts'
import { rawTlsClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { WebSocket } from '../support/ws.ts'

const tls = { key, cert: certificate }

test('T-36: a client that trusts the certificate is served, and one that does not, or asks for another host, is not', async (t) => {
  const server = await started(t, { tls }, (connection) =>
    connection.onMessage((message) => void connection.send(message)),
  )
  const client = await connect(server.url, { tls: { ca: certificate } })
  await client.send('for your eyes')
  assert.deepEqual(await client.messages().next(), { done: false, value: 'for your eyes' })
  await client.close()
  for (const options of [{}, { ca: certificate, servername: 'other.test' }]) {
    await assert.rejects(connect(server.url, { tls: options }), { code: 'CONNECT_FAILED' })
  }
  const theirs = new WebSocket(server.url, { ca: certificate })
  await once(theirs, 'open')
  theirs.send('theirs')
  assert.equal(String((await once(theirs, 'message'))[0]), 'theirs')
  theirs.close()
  await once(theirs, 'close')
})

test('options of node:tls reach the handshake: versions, and certificates that clients must show', async (t) => {
  const server = await started(t, { tls: { ...tls, minVersion: 'TLSv1.3', requestCert: true, ca: certificate } })
  await assert.rejects(connect(server.url, { tls: { ca: certificate, maxVersion: 'TLSv1.2' } }), {
    code: 'CONNECT_FAILED',
  })
  const peer = await rawTlsClient(server.port, tls)
  assert.equal((peer.socket as TLSSocket).getProtocol(), 'TLSv1.3')
  peer.say(upgradeRequest())
  assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
  peer.leave()
  await assert.rejects(connect(server.url, { tls: { ca: certificate } }))
})

test('the name that a client asks for chooses the certificate', async (t) => {
  const asked: string[] = []
  const server = await started(t, {
    tls: {
      ...tls,
      SNICallback: (name, done) => {
        asked.push(name)
        done(null, createSecureContext(tls))
      },
    },
  })
  await (await connect(`wss://localhost:${server.port}/`, { tls: { ca: certificate, host: '127.0.0.1' } })).close()
  assert.deepEqual(asked, ['localhost'])
})

for (const { offered, chosen } of [
  { offered: ['http/1.1'], chosen: 'http/1.1' },
  { offered: ['h2', 'http/1.1'], chosen: 'http/1.1' },
  { offered: undefined, chosen: false },
] as const) {
  test(`a client that offers ${offered?.join(' and ') ?? 'nothing'} by ALPN gets ${chosen || 'none'}, and its connection`, async (t) => {
    const server = await started(t, { tls })
    const peer = await rawTlsClient(server.port, offered === undefined ? {} : { ALPNProtocols: [...offered] })
    assert.equal((peer.socket as TLSSocket).alpnProtocol, chosen)
    peer.say(upgradeRequest())
    assert.match(await peer.head(), /^HTTP\/1\.1 101 /)
    peer.leave()
  })
}

test('a client that speaks nothing but HTTP/2 is told so within the TLS handshake', async (t) => {
  const server = await started(t, { tls })
  const socket = dialTls({ port: server.port, host: '127.0.0.1', ca: certificate, ALPNProtocols: ['h2'] })
  t.after(() => socket.destroy())
  const code = await new Promise<string>((resolve) => {
    socket.once('error', (error: Error & { code: string }) => resolve(error.code))
    socket.once('secureConnect', () => resolve('none'))
  })
  assert.match(code, /NO_APPLICATION_PROTOCOL/)
})

test('a certificate that is none rejects serve', async () => {
  await assert.rejects(
    serve({ tls: { key, cert: 'none' } }, () => {}),
    Error,
  )
})

test('a version of TLS that there is not rejects serve', async () => {
  await assert.rejects(
    serve({ tls: { ...tls, minVersion: 'TLSv9' as 'TLSv1.3' } }, () => {}),
    Error,
  )
})
