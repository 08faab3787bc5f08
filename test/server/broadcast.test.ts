// One message for every connection: who gets it, in which order, what it costs, and what the promise says.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { createDeflateRaw } from 'node:zlib'
import type { PerMessageDeflateOptions } from 'ws'
import { type Connection, connect, type DeflateOption, prepareMessage, type Server } from '../../src/node.ts'
import { LARGEST, randomBytes, TAKEOVER } from '../support/deflate-echo.ts'
import { assertSame, MIB } from '../support/echo.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { WebSocket } from '../support/ws.ts'

type Data = string | Uint8Array

/** A client and what it has received. */
interface Client {
  readonly name: string
  readonly received: Data[]
  leave(): void
}

async function ours(t: TestContext, { url }: Server, name: string, deflate: DeflateOption): Promise<Client> {
  const received: Data[] = []
  const connection = await connect(url, { deflate, limits: { maxMessageBytes: 32 * MIB } })
  connection.onMessage((message) => received.push(message))
  t.after(() => connection.terminate())
  return { name, received, leave: () => connection.terminate() }
}

async function theirs(
  t: TestContext,
  { url }: Server,
  name: string,
  perMessageDeflate: boolean | PerMessageDeflateOptions,
): Promise<Client> {
  const received: Data[] = []
  const socket = new WebSocket(url, { perMessageDeflate })
  socket.on('message', (data, isBinary) => received.push(isBinary ? (data as Buffer) : String(data)))
  await once(socket, 'open')
  t.after(() => socket.terminate())
  return { name, received, leave: () => socket.terminate() }
}

/** Clients of every agreement. */
function everyKind(t: TestContext, server: Server): Promise<Client[]> {
  return Promise.all([
    ours(t, server, 'no compression', false),
    ours(t, server, 'defaults', true),
    ours(t, server, 'defaults again', true),
    ours(t, server, 'largest windows, remembering', LARGEST),
    ours(t, server, 'windows of 9 bits, remembering', { ...TAKEOVER, serverMaxWindowBits: 9, clientMaxWindowBits: 9 }),
    ours(t, server, 'windows of 9 bits, forgetting', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }),
    ours(t, server, 'windows of 12 bits, remembering', TAKEOVER),
    theirs(t, server, 'ws', true),
    theirs(t, server, 'ws, forgetting', { serverNoContextTakeover: true, clientNoContextTakeover: true }),
    theirs(t, server, 'ws, windows of 10 bits', { serverMaxWindowBits: 10, clientMaxWindowBits: 10 }),
    theirs(t, server, 'ws without compression', false),
  ])
}

/** A raw client whose connection is open. */
async function raw(t: TestContext, server: Server, offer?: string): Promise<RawPeer> {
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  setTimeout(() => peer.leave(), 10_000).unref() // what does not come is missed, not waited for
  peer.say(upgradeRequest({}, ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`])))
  await peer.head()
  return peer
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 5_000; !condition(); await delay(2)) {
    assert.ok(performance.now() < end, `it took too long until ${what}`)
  }
}

async function assertReceived(clients: readonly Client[], expected: readonly Data[]): Promise<void> {
  for (const { name, received } of clients) {
    await until(() => received.length >= expected.length, `${name} had all ${expected.length} messages`)
    assert.equal(received.length, expected.length, name)
    expected.forEach((data, i) => {
      assertSame(received[i]!, data)
    })
  }
}

function json(records: number): string {
  return JSON.stringify(Array.from({ length: records }, (_, id) => ({ id, name: `user ${(id * 7919) % 1000}` })))
}

const LONG = json(20_000) // some 600 KB: ten slices of work

// --- who gets it ------------------------------------------------------------------------------------------------------

test('every connection gets it, whatever was agreed on, and between what it is sent itself', async (t) => {
  const server = await started(t, { deflate: LARGEST, limits: { maxBufferedBytes: 64 * MIB } })
  const clients = await everyKind(t, server)
  const messages: readonly Data[] = [
    'short',
    json(100),
    '',
    json(100),
    randomBytes(5_000),
    new Uint8Array(0),
    LONG,
    new Uint8Array(131_072),
    '€'.repeat(30_000),
    randomBytes(200_000),
  ]
  const expected: Data[] = []
  const sent: Promise<void>[] = []
  messages.forEach((data, i) => {
    for (const connection of server.connections) sent.push(connection.send(`before ${i}`))
    sent.push(server.broadcast(data))
    for (const connection of server.connections) sent.push(connection.send(json(100 + i)))
    expected.push(`before ${i}`, data, json(100 + i))
  })
  await Promise.all(sent)
  await assertReceived(clients, expected)
})

for (const compress of [true, false]) {
  test(`a message that is ${compress ? '' : 'not '}to be compressed arrives at all of them, prepared or not`, async (t) => {
    const server = await started(t, { deflate: LARGEST })
    const clients = await everyKind(t, server)
    const data = new Uint8Array([...randomBytes(3_000), ...randomBytes(3_000)])
    const prepared = prepareMessage(data, { compress })
    const copy = data.slice()
    data.fill(0) // it was copied
    await server.broadcast(prepared)
    await server.broadcast('text', { compress })
    await server.broadcast(prepared)
    await assertReceived(clients, [copy, 'text', copy])
  })
}

test('a connection that is closing does not get it, and one that is closed neither', async (t) => {
  const server = await started(t)
  const [open, closing, gone] = [await raw(t, server), await raw(t, server), await raw(t, server)]
  const [, second, third] = server.connections
  void second!.close(1000)
  third!.terminate()
  await server.broadcast('hi')
  await server.broadcast('hi')
  assert.equal(await open!.behindHead(8), '81 02 68 69 81 02 68 69')
  assert.equal(await closing!.behindHead(4), '88 02 03 e8')
  await delay(20)
  assert.equal(await closing!.behindHead(4), '88 02 03 e8')
  assert.equal(await gone!.all(), `${await gone!.head()}\r\n\r\n`)
})

test('a handler that broadcasts reaches its own connection and those before it, not those to come', async (t) => {
  let count = 0
  const server: Server = await started(t, {}, () => void server.broadcast(`number ${++count} is here`))
  const first = await ours(t, server, 'first', false)
  const second = await ours(t, server, 'second', false)
  await assertReceived([first], ['number 1 is here', 'number 2 is here'])
  await assertReceived([second], ['number 2 is here'])
})

test('with no connection, and once the server is closed, it is as good as done', async (t) => {
  const server = await started(t)
  assert.equal(await server.broadcast('to nobody'), undefined)
  await connect(server.url)
  await server.close({ timeoutMs: 0 })
  assert.equal(await server.broadcast('to nobody'), undefined)
})

test('a thousand connections get it', async (t) => {
  const server = await started(t, { deflate: true })
  const peers: RawPeer[] = []
  while (peers.length < 1_000) {
    const hundred = Array.from({ length: 100 }, (_, i) =>
      raw(t, server, i % 2 === 0 ? 'permessage-deflate' : undefined),
    )
    peers.push(...(await Promise.all(hundred)))
  }
  assert.equal(server.connections.size, 1_000)
  const message = json(1_000)
  await server.broadcast(message)
  await server.broadcast('!')
  const ends = '\x81\x01!'
  for (const peer of peers) await peer.until(({ text, ended }) => ended || text.endsWith(ends))
  const behind = peers.map(({ text }) => text.slice(text.indexOf('\r\n\r\n') + 4))
  assert.equal(new Set(behind).size, 2) // compressed, and not
  assert.ok(behind[0]!.startsWith('\xc1') && behind[0]!.length < message.length / 3)
  assert.equal(behind[1]!.length, 4 + message.length + 3)
})

// --- compression ------------------------------------------------------------------------------------------------------

const AS_IT_IS = '81 05 48 65 6c 6c 6f'
const COMPRESSED = 'c1 07 f2 48 cd c9 c9 07 00' // RFC 7692 §7.2.3.1

for (const { title, options, wire } of [
  { title: 'short', options: undefined, wire: AS_IT_IS },
  { title: 'to be compressed', options: { compress: true }, wire: COMPRESSED },
  { title: 'not to be compressed', options: { compress: false }, wire: AS_IT_IS },
]) {
  test(`a message that is ${title} goes out as ${wire}, and as it is where nothing was agreed on`, async (t) => {
    const server = await started(t, { deflate: LARGEST })
    const [with15, with9, without] = await Promise.all([
      raw(t, server, 'permessage-deflate'),
      raw(t, server, 'permessage-deflate; server_no_context_takeover; server_max_window_bits=9'),
      raw(t, server),
    ])
    const bytes = wire.split(' ').length
    await server.broadcast('Hello', options)
    assert.equal(await with15!.behindHead(bytes), wire)
    assert.equal(await with9!.behindHead(bytes), wire)
    assert.equal(await without!.behindHead(7), AS_IT_IS)
  })
}

test('a message refers to none before it, and none after it to it or those before it', async (t) => {
  const server = await started(t, { deflate: { ...LARGEST, thresholdBytes: 0 } })
  const peer = await raw(t, server, 'permessage-deflate')
  const [connection] = server.connections
  for (let round = 0; round < 2; round++) {
    await connection!.send('Hello')
    await server.broadcast('Hello')
  }
  await connection!.send('Hello')
  await connection!.send('Hello') // this one may again
  const again = 'c1 05 f2 00 11 00 00'
  assert.equal(await peer.behindHead(52), `${`${COMPRESSED} `.repeat(5)}${again}`)
})

/** How often zlib was asked to deflate while something happened. */
async function deflateSteps(happen: () => Promise<unknown>): Promise<number> {
  const { _handle } = createDeflateRaw() as unknown as { _handle: { writeSync: (...args: unknown[]) => void } }
  const prototype = Object.getPrototypeOf(_handle) as typeof _handle
  const { writeSync } = prototype
  let steps = 0
  prototype.writeSync = function (...args) {
    steps++
    writeSync.apply(this, args)
  }
  try {
    await happen()
  } finally {
    prototype.writeSync = writeSync
  }
  return steps
}

for (const { title, data } of [
  { title: 'short', data: 'Hello' },
  { title: 'long', data: LONG },
]) {
  test(`a ${title} message is compressed once for all that agreed on the same`, async (t) => {
    const server = await started(t, { deflate: { ...TAKEOVER, serverMaxWindowBits: 15 } })
    const message = (): Promise<void> => server.broadcast(data, { compress: true })
    const peers = [await raw(t, server, 'permessage-deflate')]
    const forOne = await deflateSteps(message)
    for (let i = 0; i < 9; i++) peers.push(await raw(t, server, 'permessage-deflate'))
    const forTen = await deflateSteps(message)
    peers.push(await raw(t, server, 'permessage-deflate; server_max_window_bits=10'))
    const forTwoKinds = await deflateSteps(message)
    assert.ok(forOne > 0)
    assert.deepEqual([forTen, forTwoKinds], [forOne, 2 * forOne])
  })
}

test('connections that end while a message is compressed for them take nothing from the others', async (t) => {
  const server = await started(t, { deflate: true, limits: { maxBufferedBytes: 64 * MIB } })
  const clients = await Promise.all(
    Array.from({ length: 6 }, (_, i) => ours(t, server, `client ${i}`, i % 2 === 0 ? true : LARGEST)),
  )
  const connections = [...server.connections]
  const message = LONG.repeat(4)
  const sent = server.broadcast(message)
  for (const at of [0, 1, 2]) {
    for (let turn = 0; turn < 3; turn++) await nextTurn()
    connections[at]!.terminate()
  }
  await sent
  await server.broadcast('end')
  await assertReceived(
    clients.filter((_, i) => i > 2),
    [message, 'end'],
  )
})

test('connections that end while a message is compressed for them do not make the others begin anew', async (t) => {
  const server = await started(t, { deflate: true })
  const peers = [await raw(t, server, 'permessage-deflate')]
  const forOne = await deflateSteps(() => server.broadcast(LONG))
  while (peers.length < 6) peers.push(await raw(t, server, 'permessage-deflate'))
  const connections = [...server.connections]
  const forFive = await deflateSteps(async () => {
    const sent = server.broadcast(LONG)
    for (const connection of connections.slice(0, 5)) {
      await nextTurn()
      await nextTurn()
      connection.terminate()
    }
    await sent
  })
  assert.equal(forFive, forOne)
})

test('the same prepared message can be broadcast while it is still under way', async (t) => {
  const server = await started(t, { deflate: LARGEST, limits: { maxBufferedBytes: 64 * MIB } })
  const clients = await everyKind(t, server)
  const prepared = prepareMessage(LONG)
  const sent = [server.broadcast(prepared), server.broadcast('between'), server.broadcast(prepared)]
  await nextTurn()
  sent.push(server.broadcast(prepared))
  await Promise.all(sent)
  await assertReceived(clients, [LONG, 'between', LONG, LONG])
})

// --- what is wrong ----------------------------------------------------------------------------------------------------

for (const { title, data, options } of [
  { title: 'a number', data: 5 },
  { title: 'nothing', data: undefined },
  { title: 'null', data: null },
  { title: 'an object', data: { type: 'text', payload: 'hi' } },
  { title: 'an array', data: [1, 2] },
  { title: 'a misspelt option', data: 'hi', options: { compres: true } },
  { title: 'an option that is no boolean', data: 'hi', options: { compress: 'yes' } },
  { title: 'options that are no object', data: 'hi', options: true },
  { title: 'null for options', data: 'hi', options: null },
  { title: 'a prepared message with options', data: prepareMessage('hi'), options: { compress: true } },
  { title: 'a prepared message with options that say nothing', data: prepareMessage('hi'), options: {} },
] as { title: string; data: unknown; options?: unknown }[]) {
  test(`${title} is a TypeError at once, with connections or without, and nobody is sent anything`, async (t) => {
    const server = await started(t)
    const broadcast = (): unknown => server.broadcast(data as never, options as never)
    assert.throws(broadcast, TypeError)
    const peer = await raw(t, server)
    assert.throws(broadcast, TypeError)
    await server.broadcast('fine')
    assert.equal(await peer.behindHead(6), '81 04 66 69 6e 65')
  })
}

// --- what the promise says --------------------------------------------------------------------------------------------

/** More than the buffers of the system hold. */
const HUGE = randomBytes(16 * MIB)

/** A client that reads nothing, and one that does; and a message that is on its way to them. */
async function withSlowClient(t: TestContext, deflate: boolean) {
  const server = await started(t, { deflate, limits: { maxBufferedBytes: 1_000_000 } })
  const slow = await raw(t, server, 'permessage-deflate')
  slow.socket.pause()
  const quick = await ours(t, server, 'quick', deflate)
  const state = { sent: 'waiting' }
  const sent = server.broadcast(HUGE).then(() => {
    state.sent = 'sent'
  })
  await assertReceived([quick], [HUGE])
  const [connection] = server.connections as unknown as [Connection]
  return { server, slow, quick, connection, sent, state }
}

for (const deflate of [false, true]) {
  const title = deflate ? 'a compressed message' : 'a message'

  test(`${title} is sent once the slowest client has room again; the others do not wait for it`, async (t) => {
    const { slow, sent, state, connection } = await withSlowClient(t, deflate)
    await delay(50)
    assert.equal(state.sent, 'waiting')
    assert.ok(connection.bufferedBytes > 65_536)
    slow.socket.resume()
    await sent
    assert.ok(connection.bufferedBytes < 65_536)
  })

  for (const { how, end } of [
    { how: 'is ended by us', end: ({ connection }: { connection: Connection }) => connection.terminate() },
    { how: 'goes away', end: ({ slow }: { slow: RawPeer }) => slow.leave('reset') },
  ]) {
    test(`${title} is sent once the slowest client ${how}, and nothing is rejected`, async (t) => {
      const met = await withSlowClient(t, deflate)
      await delay(20)
      assert.equal(met.state.sent, 'waiting')
      end(met)
      await met.sent
      assert.equal((await met.connection.closed).code, 1006)
      await met.server.broadcast('the others go on')
      await assertReceived([met.quick], [HUGE, 'the others go on'])
    })
  }
}

test('a client that does not keep up is ended by the next message, which the others get', async (t) => {
  const { server, quick, connection, sent } = await withSlowClient(t, false)
  assert.equal(await server.broadcast('one more'), undefined)
  await sent
  assert.equal((await connection.closed).error?.code, 'SEND_BUFFER_FULL')
  await assertReceived([quick], [HUGE, 'one more'])
})

test('nobody has to listen to the promise, also when connections end meanwhile', async (t) => {
  const rejections: unknown[] = []
  const note = (reason: unknown): unknown => rejections.push(reason)
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  const server = await started(t, { deflate: true })
  const peers = await Promise.all(Array.from({ length: 10 }, () => raw(t, server, 'permessage-deflate')))
  for (const { socket } of peers) socket.pause()
  void server.broadcast(HUGE.subarray(0, 8 * MIB))
  void server.broadcast('more than maxBufferedBytes')
  await nextTurn()
  for (const peer of peers) peer.leave('reset')
  await until(() => server.connections.size === 0, 'all were gone')
  await nextTurn()
  assert.deepEqual(rejections, [])
})
