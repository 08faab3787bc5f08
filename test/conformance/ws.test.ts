// Interoperation with `ws`, in both roles.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import type { RawData } from 'ws'
import type { Server } from '../../src/node.ts'
import { assertSame, PAYLOADS, startEchoServer, talkToEchoServer } from '../support/echo.ts'
import { WebSocket } from '../support/ws.ts'
import { wsEchoServer } from '../support/ws-echo.ts'

let server: Server
before(async () => {
  server = await startEchoServer()
})
after(() => server.close())

async function open(): Promise<WebSocket> {
  const client = new WebSocket(server.url, { perMessageDeflate: false })
  await once(client, 'open')
  return client
}

async function receive(client: WebSocket): Promise<string | Uint8Array> {
  const [data, isBinary] = (await once(client, 'message')) as [RawData, boolean]
  return isBinary ? (data as Buffer) : String(data)
}

test('our server echoes what a ws client sends, of every length and type', async () => {
  const client = await open()
  for (const payload of PAYLOADS) {
    client.send(payload)
    assertSame(await receive(client), payload)
  }
  client.terminate()
})

test('our server joins the fragments of a ws client, with a ping between them', async () => {
  const client = await open()
  const pong = once(client, 'pong')
  client.send('frag', { fin: false })
  client.ping('between')
  client.send('mented ', { fin: false })
  client.send('€', { fin: true })
  assert.equal(await receive(client), 'fragmented €')
  assert.equal(String((await pong)[0]), 'between')
  client.terminate()
})

test('our server answers a thousand messages that a ws client sends at once, in order', async () => {
  const client = await open()
  const echoed: string[] = []
  client.on('message', (data) => echoed.push(String(data)))
  const sent = Array.from({ length: 1_000 }, (_, i) => `message ${i}`)
  for (const text of sent) client.send(text)
  while (echoed.length < sent.length) await once(client, 'message')
  assert.deepEqual(echoed, sent)
  client.terminate()
})

test('a ws client closes first', async () => {
  const client = await open()
  const [connection] = [...server.connections].slice(-1)
  client.close(4000, 'done')
  const [code, reason] = await once(client, 'close')
  assert.deepEqual([code, String(reason)], [4000, ''])
  const info = await connection!.closed
  assert.deepEqual([info.code, info.reason, info.wasClean, info.initiator], [4000, 'done', true, 'remote'])
})

test('our server closes first', async () => {
  const client = await open()
  const [connection] = [...server.connections].slice(-1)
  client.send('close me')
  const [code, reason] = await once(client, 'close')
  assert.deepEqual([code, String(reason)], [4001, 'as you wish'])
  const info = await connection!.closed
  assert.deepEqual([info.code, info.wasClean, info.initiator], [4001, true, 'local'])
})

test('our client talks to a ws server', async (t) => {
  await talkToEchoServer(`ws://127.0.0.1:${await wsEchoServer(t)}/`)
})
