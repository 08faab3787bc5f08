// What a server counts, in literal numbers: over connections that are open and that have ended, and of how they did.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { test } from 'node:test'
import { connect, type Server, type ServerStats } from '../../src/node.ts'
import { listening } from '../support/http-server.ts'
import { started } from '../support/server.ts'
import { rawClient } from '../support/sockets.ts'
import { NO_TRAFFIC } from '../support/stats.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const NOTHING = {
  openConnections: 0,
  acceptedConnections: 0,
  refusedHandshakes: {},
  closeCodes: {},
  failures: {},
  ...NO_TRAFFIC,
}

/** A snapshot as plain values that can be compared. */
function plain(stats: ServerStats): Record<string, unknown> {
  return JSON.parse(JSON.stringify(stats))
}

/** Waits until the server has nobody connected. */
async function empty(server: Server): Promise<void> {
  await Promise.all([...server.connections].map(({ closed }) => closed))
  await new Promise((resolve) => setImmediate(resolve))
}

test('a new server has counted nothing, and a snapshot is frozen with all that is in it', async (t) => {
  const server = await started(t)
  const stats = server.stats()
  assert.deepEqual(plain(stats), NOTHING)
  for (const value of [stats, stats.refusedHandshakes, stats.closeCodes, stats.failures]) {
    assert.ok(Object.isFrozen(value))
  }
  assert.equal(stats.closeCodes[1000], undefined)
  assert.equal(Object.getPrototypeOf(stats.failures), null)
})

test('what goes over connections is summed up while they are open and when they have ended', async (t) => {
  const server = await started(t, { deflate: { thresholdBytes: 0 } }, (connection) =>
    connection.onMessage((message) => void connection.send(message)),
  )
  const [plainOne, compressing] = [await connect(server.url), await connect(server.url, { deflate: true })]
  for (const connection of [plainOne, compressing]) {
    await connection.send('Hello')
    await connection[Symbol.asyncIterator]().next()
  }
  const open = server.stats()
  assert.deepEqual(plain(open), {
    ...NOTHING,
    openConnections: 2,
    acceptedConnections: 2,
    messagesSent: 2,
    messagesReceived: 2,
    framesSent: 2,
    framesReceived: 2,
    wireBytesSent: 7 + 9,
    wireBytesReceived: 11 + 11,
    payloadBytesSent: 10,
    payloadBytesReceived: 10,
  })
  await plainOne.close(1000)
  await compressing.close(4000)
  await empty(server)
  const ended = server.stats()
  assert.deepEqual(plain(ended), {
    ...plain(open),
    openConnections: 0,
    closeCodes: { 1000: 1, 4000: 1 },
    framesSent: 4,
    framesReceived: 4,
    wireBytesSent: 16 + 4 + 4,
    wireBytesReceived: 22 + 8 + 8,
  })
  assert.equal(open.openConnections, 2)
})

test('numbers do not go back when a connection ends: at every look they are at least those before', async (t) => {
  const server = await started(t, {}, (connection) => connection.onMessage((message) => void connection.send(message)))
  let before = server.stats()
  const look = (): void => {
    const now = server.stats()
    for (const [name, value] of Object.entries(now)) {
      if (typeof value === 'number' && name !== 'openConnections') {
        assert.ok(value >= (before[name as keyof ServerStats] as number), name)
      }
    }
    const ended = Object.values(now.closeCodes).reduce((sum, count) => sum + count, 0)
    assert.equal(now.acceptedConnections, now.openConnections + ended)
    before = now
  }
  for (let i = 0; i < 5; i++) {
    const client = await connect(server.url)
    const [connection] = server.connections
    for (const moment of [connection!.closed, client.closed]) void moment.then(look)
    await client.send('Hello')
    await client[Symbol.asyncIterator]().next()
    look()
    await client.close(1000)
    await empty(server)
    look()
  }
  assert.equal(before.messagesReceived, 5)
})

test('who waits for the end of a connection finds it counted', async (t) => {
  const server = await started(t, {}, () => {})
  const client = await connect(server.url)
  const [connection] = server.connections
  void client.close(1000)
  await connection!.closed
  assert.deepEqual({ ...server.stats().closeCodes }, { 1000: 1 })
  assert.equal(server.stats().openConnections, 0)
})

test('a broadcast counts for each connection that it goes to', async (t) => {
  const server = await started(t)
  const clients = [await connect(server.url), await connect(server.url), await connect(server.url)]
  await server.broadcast('Hello')
  const { messagesSent, framesSent, wireBytesSent, payloadBytesSent } = server.stats()
  assert.deepEqual([messagesSent, framesSent, wireBytesSent, payloadBytesSent], [3, 3, 21, 15])
  for (const client of clients) client.terminate()
  await empty(server)
})

test('backpressure of all connections is summed up', async (t) => {
  const server = await started(t, {}, (connection) => void connection.send(new Uint8Array(16_000_000)))
  const clients = [await connect(server.url), await connect(server.url)] // neither reads, and no system buffers as much
  assert.equal(server.stats().backpressureEvents, 2)
  for (const client of clients) client.terminate()
  await empty(server)
  assert.equal(server.stats().backpressureEvents, 2)
})

test('connections that fail are counted by the code of the error, among those that ended', async (t) => {
  const server = await started(t, {}, (connection) => connection.onMessage(() => {}))
  const say = async (wire: string): Promise<void> => {
    const peer = await rawClient(server.port)
    peer.say(upgradeRequest())
    await peer.head()
    peer.say(Buffer.from(wire.replaceAll(' ', ''), 'hex'))
    peer.socket.end()
    await peer.all()
    peer.leave()
  }
  await say('c1 80 00000000')
  await say('83 80 00000000')
  await say('c1 80 00000000')
  await say('')
  const cut = await connect(server.url)
  cut.terminate()
  await empty(server)
  const { closeCodes, failures, acceptedConnections } = server.stats()
  assert.equal(acceptedConnections, 5)
  assert.deepEqual({ ...closeCodes }, { 1002: 3, 1006: 2 })
  const { ENDED_WITHOUT_CLOSE = 0, TRANSPORT_FAILED = 0, ...others } = { ...failures }
  assert.deepEqual(others, { RESERVED_BIT_SET: 2, RESERVED_OPCODE: 1 })
  assert.equal(ENDED_WITHOUT_CLOSE + TRANSPORT_FAILED, 2) // how a cut looks is for the platform to say
})

test('handshakes that are refused are counted by status, each once', async (t) => {
  const server = await started(t, {
    path: '/here',
    authorize({ target }) {
      if (target === '/here?401') return { status: 401 }
      if (target === '/here?throw') throw new Error('the policy is broken')
      return undefined
    },
    onError: () => {},
  })
  const statusOf = async (request: string): Promise<number> => {
    const peer = await rawClient(server.port)
    peer.say(request)
    const head = await peer.head()
    peer.leave()
    return Number(head.split(' ')[1])
  }
  const requests: [request: string, status: number][] = [
    [upgradeRequest({ line: 'GET /elsewhere HTTP/1.1' }), 404],
    [upgradeRequest({ line: 'GET /here?401 HTTP/1.1' }), 401],
    [upgradeRequest({ line: 'GET /here?401 HTTP/1.1' }), 401],
    [upgradeRequest({ line: 'GET /here?throw HTTP/1.1' }), 500],
    ['GET /here HTTP/1.1\r\nHost: x\r\n\r\n', 426],
    ['nonsense\r\n\r\nmore nonsense\r\n\r\n', 400],
    [upgradeRequest({ line: `GET /here?${'x'.repeat(9_000)} HTTP/1.1` }), 414],
  ]
  for (const [request, status] of requests) assert.equal(await statusOf(request), status)
  const { refusedHandshakes, acceptedConnections } = server.stats()
  assert.deepEqual({ ...refusedHandshakes }, { 400: 1, 401: 2, 404: 1, 414: 1, 426: 1, 500: 1 })
  assert.equal(acceptedConnections, 0)
})

test('a server that is full or closing counts whom it turns away', async (t) => {
  const server = await started(t, { maxConnections: 1 })
  const first = await connect(server.url)
  await assert.rejects(connect(server.url), { code: 'STATUS_NOT_101' })
  assert.deepEqual({ ...server.stats().refusedHandshakes }, { 503: 1 })
  first.terminate()
  await empty(server)
})

test('who is too slow with its handshake is counted as 408', async (t) => {
  const server = await started(t, { handshakeTimeoutMs: 20 })
  const peer = await rawClient(server.port)
  await peer.all()
  assert.deepEqual({ ...server.stats().refusedHandshakes }, { 408: 1 })
  peer.leave()
})

test('on a server of yours, what is not ours to answer is not counted', async (t) => {
  const { http, port } = await listening(t)
  const server = await started(t, { server: http, path: '/here' })
  const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response')
  response.resume()
  assert.deepEqual(plain(server.stats()), NOTHING)
})

test('T-29: requests behind one that ends the connection are not answered, and not counted', async (t) => {
  const server = await started(t)
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  peer.say('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20))
  assert.equal((await peer.all()).split('HTTP/1.1 ').length - 1, 1)
  assert.deepEqual({ ...server.stats().refusedHandshakes }, { 426: 1 })
})

test('T-18: an upgrade behind a request that ends the connection opens nothing', async (t) => {
  const server = await started(t)
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  peer.say(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${upgradeRequest()}`)
  const answer = await peer.all()
  assert.match(answer, /^HTTP\/1\.1 426 /)
  assert.equal(answer.split('HTTP/1.1 ').length - 1, 1)
  assert.equal(server.stats().acceptedConnections, 0)
})
