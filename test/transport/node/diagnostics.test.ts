// The channels of Node, with real subscribers: what they hear of a server and a client, and that what they throw disturbs
// nobody.

import assert from 'node:assert/strict'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import { connect, type Server } from '../../../src/node.ts'
import { pair } from '../../../src/transport/memory/index.ts'
import { runModule } from '../../support/programs.ts'
import { started } from '../../support/server.ts'

const NAMES = ['wspc:connection', 'wspc:frame', 'wspc:message', 'wspc:close', 'wspc:failure'] as const

type Told = [channel: string, message: Record<string, unknown>]

/** Listens to all channels until the test is over. */
function listen(t: TestContext): Told[] {
  const told: Told[] = []
  for (const name of NAMES) {
    const listener = (message: unknown): void => void told.push([name, message as Record<string, unknown>])
    subscribe(name, listener)
    t.after(() => unsubscribe(name, listener))
  }
  return told
}

async function echoing(t: TestContext): Promise<Server> {
  return await started(t, { subprotocols: ['echo'], deflate: { thresholdBytes: 0 } }, (connection) =>
    connection.onMessage((message) => void connection.send(message)),
  )
}

test('a server and a client tell all of a conversation, each under its id', async (t) => {
  const told = listen(t)
  const server = await echoing(t)
  const client = await connect(server.url, { subprotocols: ['echo'], deflate: { thresholdBytes: 0 } })
  const [connection] = server.connections
  await client.send('Hello')
  await client[Symbol.asyncIterator]().next()
  await client.close(1000, 'bye')
  await connection!.closed

  const { remoteAddress } = connection!
  assert.equal(remoteAddress, '127.0.0.1')
  const of = (id: number): Told[] => told.filter(([, { connectionId }]) => connectionId === id)
  const frame = { fin: true, reservedBits: 0 }
  const hello = { ...frame, opcode: 1, reservedBits: 4, payloadLength: 7 }
  const message = { type: 'text', payloadLength: 5, compressed: true }
  for (const [{ id }, role, sentDirection, receivedDirection] of [
    [client, 'client', 'sent', 'received'],
    [connection!, 'server', 'received', 'sent'],
  ] as const) {
    const [initiator, reason] = role === 'client' ? ['local', ''] : ['remote', 'bye']
    assert.deepEqual(of(id), [
      ['wspc:connection', { connectionId: id, role, url: client.url, remoteAddress, subprotocol: 'echo' }],
      ['wspc:frame', { connectionId: id, direction: sentDirection, ...hello, masked: true }],
      ['wspc:message', { connectionId: id, direction: sentDirection, ...message }],
      ['wspc:frame', { connectionId: id, direction: receivedDirection, ...hello, masked: false }],
      ['wspc:message', { connectionId: id, direction: receivedDirection, ...message }],
      [
        'wspc:frame',
        { connectionId: id, direction: sentDirection, ...frame, opcode: 8, payloadLength: 5, masked: true },
      ],
      [
        'wspc:frame',
        { connectionId: id, direction: receivedDirection, ...frame, opcode: 8, payloadLength: 2, masked: false },
      ],
      ['wspc:close', { connectionId: id, code: 1000, reason, wasClean: true, initiator }],
    ])
  }
  assert.equal(told.length, 16)
})

test('who subscribes in the middle hears what comes from then on, and nothing once unsubscribed', async (t) => {
  const server = await echoing(t)
  const client = await connect(server.url)
  const messages = client.messages()
  const heard: number[] = []
  const listener = (message: unknown): void => void heard.push((message as { payloadLength: number }).payloadLength)
  const say = async (text: string): Promise<void> => {
    await client.send(text)
    await messages.next()
  }
  await say('a')
  subscribe('wspc:message', listener)
  await say('bb')
  unsubscribe('wspc:message', listener)
  await say('ccc')
  await client.close(1000)
  assert.deepEqual(heard, [2, 2, 2, 2])
  for (const name of NAMES) assert.equal(channel(name).hasSubscribers, false)
})

test('a failure is told with its error', async (t) => {
  const told = listen(t)
  const server = await echoing(t)
  const client = await connect(server.url, { limits: { maxMessageBytes: 4 } })
  client.onMessage(() => {})
  const [connection] = server.connections
  await client.send('Hello')
  const { error } = await client.closed
  await connection!.closed
  const failures = told.filter(([name]) => name === 'wspc:failure')
  assert.deepEqual(failures, [['wspc:failure', { connectionId: client.id, error }]])
  assert.equal(error?.code, 'MESSAGE_TOO_BIG')
})

test('two ends in memory have ids and no channels', async (t) => {
  const told = listen(t)
  const [client, server] = pair()
  assert.equal(server.id, client.id + 1)
  await client.send('a')
  client.terminate()
  await server.closed
  assert.deepEqual(told, [])
})

test('what subscribers throw is uncaught by itself, and disturbs neither end', async () => {
  const { code, stdout, stderr } = await runModule(
    `import { subscribe } from 'node:diagnostics_channel'
     import { connect, serve } from 'wspc/node'
     const uncaught = []
     process.on('uncaughtException', (error) => uncaught.push(error.message))
     for (const name of ${JSON.stringify(NAMES)}) subscribe(name, () => { throw new Error(name) })
     const server = await serve({}, (connection) => connection.onMessage((message) => void connection.send(message)))
     const client = await connect(server.url)
     await client.send('Hello')
     const { value } = await client.messages().next()
     const ends = [client.closed, ...[...server.connections].map(({ closed }) => closed)]
     client.close(1000)
     const codes = (await Promise.all(ends)).map(({ code }) => code)
     await server.close()
     uncaught.sort()
     console.log(JSON.stringify({ value, codes, uncaught: [...new Set(uncaught)], count: uncaught.length }))`,
  )
  assert.equal(code, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), {
    value: 'Hello',
    codes: [1000, 1000],
    uncaught: ['wspc:close', 'wspc:connection', 'wspc:frame', 'wspc:message'],
    count: 2 + 2 + 4 + 8, // connections, ends, messages and frames, at both ends
  })
})
