// What a client of this face does not take along to another host, nor from TLS to plain text.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https'
import { type AddressInfo, connect as connectSocket, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { WebSocket } from '../../src/ws/index.ts'
import { certificate, key } from '../support/certificate.ts'

/** A server that answers every request with what the test says, and tells what came with it. */
async function answering(t: TestContext, http: HttpServer | HttpsServer, answer: () => string) {
  const seen: (readonly [authorization: string | undefined, cookie: string | undefined])[] = []
  http.on('upgrade', ({ headers }: IncomingMessage, socket: Socket) => {
    seen.push([headers.authorization, headers.cookie])
    socket.end(`HTTP/1.1 ${answer()}\r\nContent-Length: 0\r\n\r\n`)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(() => http.close())
  const { port } = http.address() as AddressInfo
  return { seen, port, host: `127.0.0.1:${port}` }
}

const BASIC = `Basic ${btoa('user:word')}`

for (const given of [
  { auth: 'user:word', headers: { Cookie: 'a=b' } },
  { headers: { authorization: BASIC, cookie: 'a=b' } },
]) {
  const [name] = Object.keys(given)

  test(`T-35: ${name} stays behind on the way to another host`, async (t) => {
    const other = await answering(t, createServer(), () => '403 Forbidden')
    const first = await answering(t, createServer(), () => `302 Found\r\nLocation: ws://${other.host}/`)
    await refused(new WebSocket(`ws://${first.host}/`, { followRedirects: true, ...given }))
    assert.deepEqual([first.seen, other.seen], [[[BASIC, 'a=b']], [[undefined, undefined]]])
  })

  test(`T-35: ${name} stays behind on the way from TLS to plain text on the same host`, async (t) => {
    const plain = await answering(t, createServer(), () => '403 Forbidden')
    const tls = createTlsServer({ key, cert: certificate })
    const secure = await answering(t, tls, () => '302 Found\r\nLocation: ws://same.test/')
    const options = {
      followRedirects: true,
      createConnection: ({ port }: { port: string | number }) =>
        Number(port) === 443
          ? connectTls({ host: '127.0.0.1', port: secure.port, ca: certificate, servername: 'localhost' })
          : connectSocket(plain.port, '127.0.0.1'),
      ...given,
    }
    await refused(new WebSocket('wss://same.test/', options as never))
    assert.deepEqual([secure.seen, plain.seen], [[[BASIC, 'a=b']], [[undefined, undefined]]])
  })
}

async function refused(client: WebSocket): Promise<void> {
  let sentence = ''
  client.on('error', ({ message }) => {
    sentence = message
  })
  await new Promise((resolve) => client.on('close', resolve))
  assert.equal(sentence, 'Unexpected server response: 403')
}
