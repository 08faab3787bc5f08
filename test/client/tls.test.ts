// The options of TLS: whom the client trusts, who it says it is, and what is said when that is not enough.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls'
import { connect } from '../../src/node.ts'
import { failure } from '../support/attempts.ts'
import { certificate, key } from '../support/certificate.ts'
import { started } from '../support/server.ts'
import { rawServer } from '../support/sockets.ts'

const server = { key, cert: certificate }

function codeOf(error: { readonly cause?: unknown }): string | undefined {
  return (error.cause as { code?: string } | undefined)?.code
}

// Releases of Node there were (22.23, 24.17) in which no certificate is good for an IPv6 address (nodejs/node#64144).
const ofIpv6 = { subject: {}, subjectaltname: 'IP Address:0:0:0:0:0:0:0:1' } as unknown as PeerCertificate
const ipv6Skip = checkServerIdentity('::1', ofIpv6) === undefined ? false : 'this Node takes no certificate for ::1'

for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
  test(`T-36: wss: to ${host} is verified against ca`, { skip: host === '[::1]' && ipv6Skip }, async (t) => {
    const { port } = await started(t, { tls: server, host: host === '[::1]' ? '::1' : '127.0.0.1' })
    const url = `wss://${host}:${port}/`
    const connection = await connect(url, { tls: { ca: certificate } })
    assert.equal(connection.url, url)
    assert.equal((await connection.close()).wasClean, true)
    const error = await failure(url)
    assert.deepEqual(
      [error.name, error.code, codeOf(error)],
      ['TransportError', 'CONNECT_FAILED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    )
    assert.equal(error.message, `Cannot connect to ${host}:${port} (self-signed certificate)`)
  })
}

for (const [options, sent] of [
  [{}, 'localhost'],
  [{ servername: 'other.test', checkServerIdentity: () => undefined }, 'other.test'],
] as const) {
  test(`the name that TLS asks for is ${sent}`, async (t) => {
    const names: unknown[] = []
    const { port } = await started(t, {
      tls: server,
      authorize({ incoming }) {
        const { servername } = incoming.socket as TLSSocket & { servername: unknown }
        names.push(servername ?? false) // on Deno it is null
      },
    })
    ;(await connect(`wss://localhost:${port}`, { tls: { ca: certificate, ...options } })).terminate()
    ;(await connect(`wss://127.0.0.1:${port}`, { tls: { ca: certificate } })).terminate()
    assert.deepEqual(names, [sent, false]) // no name for an address (RFC 6066 §3)
  })
}

test('http/1.1 is what TLS is told to be for, unless the options say otherwise', async (t) => {
  const plain = await rawServer(async (peer) => {
    await peer.until(({ text }) => text.length > 0)
    peer.leave()
  })
  t.after(() => plain.close())
  // The extension of a ClientHello (RFC 7301 §3.1): its type, its length, that of the list, and that of the one name.
  for (const [options, extension] of [
    [{}, '\x00\x10\x00\x0b\x00\x09\x08http/1.1'],
    [{ ALPNProtocols: ['x'] }, '\x00\x10\x00\x04\x00\x02\x01x'],
  ] as const) {
    await failure(`wss://127.0.0.1:${plain.port}`, { tls: options })
    assert.ok(plain.peers.at(-1)!.text.includes(extension), plain.peers.at(-1)!.text)
  }
})

test('a client certificate is shown to a server that asks for it', async (t) => {
  const authorized: boolean[] = []
  const { url } = await started(t, {
    tls: { ...server, ca: certificate, requestCert: true, rejectUnauthorized: true },
    authorize({ incoming }) {
      authorized.push((incoming.socket as TLSSocket).authorized)
    },
  })
  ;(await connect(url, { tls: { ca: certificate, key, cert: certificate } })).terminate()
  assert.deepEqual(authorized, [true])
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a server that rejects a client without a certificate (${maxVersion}) is one error, with the cause`, async (t) => {
    const { url } = await started(t, {
      tls: { ...server, ca: certificate, requestCert: true, rejectUnauthorized: true, maxVersion },
    })
    const error = await failure(url, { tls: { ca: certificate } })
    // By TLS 1.3 the server says so only when our side is through, and a reset may overtake what it says.
    const codes = maxVersion === 'TLSv1.2' ? ['CONNECT_FAILED'] : ['CONNECT_FAILED', 'ENDED_IN_HANDSHAKE']
    assert.ok(codes.includes(error.code), error.code)
    assert.ok(error.cause instanceof Error)
    assert.equal(error.response, undefined)
  })
}

test('a server that does not speak TLS is CONNECT_FAILED, and its socket is destroyed', async (t) => {
  const plain = await rawServer(async (peer) => {
    await peer.until(({ text }) => text.length > 0)
    peer.say('HTTP/1.1 400 Bad Request\r\n\r\n')
  })
  t.after(() => plain.close())
  const error = await failure(`wss://127.0.0.1:${plain.port}`)
  assert.equal(error.code, 'CONNECT_FAILED')
  assert.match(codeOf(error)!, /^ERR_SSL_/)
  await plain.peers[0]!.until(({ ended }) => ended)
})

for (const how of ['end', 'reset'] as const) {
  test(`T-37: a server that leaves (${how}) inside TLS is CONNECT_FAILED`, async (t) => {
    const plain = await rawServer(async (peer) => {
      await peer.until(({ text }) => text.length > 0)
      peer.leave(how)
    })
    t.after(() => plain.close())
    const error = await failure(`wss://127.0.0.1:${plain.port}`)
    assert.deepEqual([error.code, codeOf(error)], ['CONNECT_FAILED', 'ECONNRESET'])
  })
}

test('T-37: a signal that aborts inside TLS, and time that runs out there, leave no socket', async (t) => {
  const reason = new Error('changed my mind')
  const controller = new AbortController()
  const silent = await rawServer(async (peer) => {
    await peer.until(({ text }) => text.length > 0)
    controller.abort(reason)
  })
  t.after(() => silent.close())
  const url = `wss://127.0.0.1:${silent.port}`
  assert.equal(await failure(url, { signal: controller.signal }), reason)
  assert.equal((await failure(url, { handshakeTimeoutMs: 100 })).code, 'HANDSHAKE_TIMEOUT')
  for (const peer of silent.peers) await peer.until(({ ended }) => ended)
})
