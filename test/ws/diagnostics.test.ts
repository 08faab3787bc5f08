// The channels of Node tell of connections of this face, too.

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WebSocket, WebSocketServer } from '../../src/ws/index.ts'

const NAMES = ['connection', 'frame', 'message', 'close', 'failure'] as const

type Told = Record<string, unknown> & { channel: string; connectionId: number }

/** Listens to all channels until the test is over. */
function listen(t: TestContext): Told[] {
  const told: Told[] = []
  for (const channel of NAMES) {
    const listener = (message: unknown): void => void told.push({ ...(message as Told), channel })
    subscribe(`wspc:${channel}`, listener)
    t.after(() => unsubscribe(`wspc:${channel}`, listener))
  }
  return told
}

/** A server that echoes, and a client of it; both are closed when it resolves. */
async function conversation(t: TestContext, maxPayload: number, onError = (): void => {}): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload })
  t.after(() => server.close())
  await once(server, 'listening')
  const ended = new Promise((resolve) => {
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      socket.on('error', onError).on('close', resolve)
    })
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`
  const client = new WebSocket(url, 'echo', { perMessageDeflate: false })
  client.on('open', () => client.send('Hello'))
  client.on('message', () => client.close(1000, 'bye'))
  await Promise.all([once(client, 'close'), ended])
  return url
}

test('a client and a server tell all of a conversation, each under its id', async (t) => {
  const told = listen(t)
  const url = await conversation(t, 5)
  const opened = told.filter(({ channel }) => channel === 'connection')
  assert.deepEqual(opened.map(({ role }) => role).sort(), ['client', 'server'])
  for (const { connectionId: id, role, ...about } of opened) {
    const { channel: _, ...address } = about
    assert.deepEqual(address, { url, remoteAddress: '127.0.0.1', subprotocol: 'echo' })
    const of = (name: string): Told[] => told.filter((one) => one.connectionId === id && one.channel === name)
    const isClient = role === 'client'
    const directions = isClient ? ['sent', 'received'] : ['received', 'sent']
    assert.deepEqual(
      of('message').map(({ direction, payloadLength }) => [direction, payloadLength]),
      directions.map((direction) => [direction, 5]),
    )
    assert.deepEqual(
      of('frame').map(({ direction, opcode }) => [direction, opcode]),
      [1, 8].flatMap((opcode) => directions.map((direction) => [direction, opcode])),
    )
    const [close, ...others] = of('close')
    assert.deepEqual(close, {
      channel: 'close',
      connectionId: id,
      code: 1000,
      reason: 'bye',
      wasClean: true,
      initiator: isClient ? 'local' : 'remote',
    })
    assert.deepEqual([...others, ...of('failure')], [])
  }
})

test('a failure is told when it happens, once, with the error that says which rule was broken', async (t) => {
  const told = listen(t)
  let toldByThen: string[] = []
  await conversation(t, 4, () => {
    toldByThen = told.map(({ channel }) => channel)
  })
  assert.deepEqual([toldByThen.includes('failure'), toldByThen.includes('close')], [true, false])
  const server = told.find(({ channel, role }) => channel === 'connection' && role === 'server')!
  const failures = told.filter(
    ({ channel, connectionId }) => channel === 'failure' && connectionId === server.connectionId,
  )
  assert.deepEqual(
    failures.map(({ error }) => (error as { code: string }).code),
    ['MESSAGE_TOO_BIG'],
  )
})
