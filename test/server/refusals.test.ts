// The channel `wspc:refusal`: everybody whom a server refuses is told of once, with what is known of the client.

import assert from 'node:assert/strict'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import { connect, type RefusalDiagnostics, type ServeOptions, type Server } from '../../src/node.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient, rawUnixClient } from '../support/sockets.ts'
import { unixSocketPath } from '../support/unix-socket.ts'
import { upgradeRequest } from '../support/upgrade.ts'

/** Listens to the channel until the test is over. */
function listen(t: TestContext): RefusalDiagnostics[] {
  const told: RefusalDiagnostics[] = []
  const listener = (message: unknown): void => void told.push(message as RefusalDiagnostics)
  subscribe('wspc:refusal', listener)
  t.after(() => unsubscribe('wspc:refusal', listener))
  return told
}

async function peerOf(t: TestContext, { port }: Server): Promise<RawPeer> {
  const peer = await rawClient(port)
  t.after(() => peer.leave())
  return peer
}

const never = (): Promise<void> => new Promise(() => {})
const ORIGIN = 'Origin: https://shop.example'
const LONG = `GET /${'x'.repeat(8_200)} HTTP/1.1`

for (const { title, options = {}, request, status, code, url = '/', origin } of [
  {
    title: 'a page that may not connect',
    request: upgradeRequest({}, ORIGIN),
    status: 403,
    code: 'ORIGIN_NOT_ALLOWED',
    origin: 'https://shop.example',
  },
  {
    title: 'two origins',
    request: upgradeRequest({}, ORIGIN, 'Origin: null'),
    status: 400,
    code: 'ORIGIN_INVALID',
    origin: 'https://shop.example, null',
  },
  { title: 'a request without a key', request: upgradeRequest({ Key: undefined }), status: 400, code: 'KEY_INVALID' },
  {
    title: 'a path that is not served',
    options: { path: '/chat' },
    request: upgradeRequest({ line: 'GET /other?a=b HTTP/1.1' }, ORIGIN),
    status: 404,
    code: undefined,
    url: '/other?a=b',
    origin: 'https://shop.example',
  },
  {
    title: 'what authorize refuses',
    options: { authorize: () => ({ status: 401 }) },
    request: upgradeRequest(),
    status: 401,
    code: 'REFUSED_BY_APPLICATION',
  },
  {
    title: 'a policy that throws',
    options: {
      subprotocols: () => {
        throw new Error('mine')
      },
      onError: () => {},
    },
    request: upgradeRequest(),
    status: 500,
    code: 'POLICY_FAILED',
  },
  {
    title: 'an authorize that throws',
    options: { authorize: () => Promise.reject(new Error('mine')), onError: () => {} },
    request: upgradeRequest(),
    status: 500,
    code: 'POLICY_FAILED',
  },
  {
    title: 'one connection too many',
    options: { maxConnections: 0 },
    request: upgradeRequest(),
    status: 503,
    code: 'TOO_MANY_HANDSHAKES',
  },
  {
    title: 'a decision that does not come',
    options: { authorize: never, handshakeTimeoutMs: 30 },
    request: upgradeRequest(),
    status: 408,
    code: 'HANDSHAKE_TIMEOUT',
  },
  {
    title: 'a request line that is too long',
    request: upgradeRequest({ line: LONG }),
    status: 414,
    code: 'REQUEST_LINE_TOO_LONG',
    url: LONG.split(' ')[1],
  },
  {
    title: 'a request for a page',
    request: `GET /page HTTP/1.1\r\nHost: localhost\r\n${ORIGIN}\r\nConnection: close\r\n\r\n`,
    status: 426,
    code: 'UPGRADE_MISSING',
    url: '/page',
    origin: 'https://shop.example',
  },
  {
    title: 'bytes that are no request',
    request: 'no request\r\n\r\n',
    status: 400,
    code: 'HEAD_MALFORMED',
    url: null,
  },
  {
    title: 'half a request',
    options: { headerTimeoutMs: 30 },
    request: 'GET / HTTP/1.1\r\nHost: a',
    status: 408,
    code: 'HANDSHAKE_TIMEOUT',
    url: null,
  },
] as {
  title: string
  options?: ServeOptions
  request: string
  status: number
  code: RefusalDiagnostics['code']
  url?: string | null
  origin?: string
}[]) {
  test(`${title}: told with ${status} and ${code}`, async (t) => {
    const told = listen(t)
    const server = await started(t, options)
    const peer = await peerOf(t, server)
    peer.say(request)
    assert.match(await peer.all(), new RegExp(`^HTTP/1.1 ${status} `))
    const host = /\r\nHost: (.*)\r\n/.exec(request)?.[1]
    const expected = url === null ? undefined : `ws://${host}${url}`
    assert.deepEqual(told, [{ status, code, remoteAddress: '127.0.0.1', url: expected, origin }])
    assert.deepEqual({ ...server.stats().refusedHandshakes }, { [status]: 1 })
  })
}

test('a handshake that waits for a decision when the server closes is told of', async (t) => {
  const told = listen(t)
  let ask = (): void => {}
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  const server = await started(t, {
    origin: 'any',
    authorize: () => {
      ask()
      return never()
    },
  })
  const peer = await peerOf(t, server)
  peer.say(upgradeRequest({}, 'Origin: null'))
  await asked
  await server.close()
  assert.deepEqual(
    told.map(({ status, code, url, origin }) => [status, code, url !== undefined, origin]),
    [[503, 'SERVER_CLOSING', true, 'null']],
  )
})

test('on a Unix socket a client has no address', async (t) => {
  const told = listen(t)
  const socketPath = unixSocketPath(t)
  await started(t, { socketPath, maxConnections: 0 })
  const peer = await rawUnixClient(socketPath)
  t.after(() => peer.leave())
  peer.say(upgradeRequest())
  await peer.all()
  assert.deepEqual(
    told.map(({ status, remoteAddress }) => [status, remoteAddress]),
    [[503, undefined]],
  )
})

test('who is accepted is not told of', async (t) => {
  const told = listen(t)
  const server = await started(t)
  await (await connect(server.url)).close()
  assert.deepEqual(told, [])
})

test('while nobody listens, nothing is told', async (t) => {
  t.mock.method(channel('wspc:refusal'), 'publish', () => assert.fail('nobody listens'))
  const server = await started(t, { maxConnections: 0 })
  await assert.rejects(connect(server.url), { status: 503 })
})
