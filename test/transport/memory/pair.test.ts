// Two ends in memory, from the outside: what they agree on, what they say to each other, how they end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pair } from '../../../src/transport/memory/index.ts'
import { assertSame, PAYLOADS } from '../../support/echo.ts'

test('two ends in memory say anything to each other', async () => {
  const [client, server] = pair()
  const messages = server.messages()
  for (const payload of PAYLOADS.filter(({ length }) => length <= 1_048_576)) {
    await client.send(payload)
    const { value } = await messages.next()
    assertSame(value as string | Uint8Array, payload)
  }
  assert.ok((await client.ping()) >= 0)
  client.terminate()
})

test('two ends in memory agree on a subprotocol, and each has the options that it was given', async () => {
  const [client, server] = pair({ subprotocol: 'chat', server: { limits: { maxMessageBytes: 1 } } })
  assert.deepEqual([client.subprotocol, server.subprotocol], ['chat', 'chat'])
  assert.deepEqual([client.url, server.url, client.remoteAddress], ['memory:', 'memory:', undefined])
  server.messages()
  await client.send('no')
  assert.equal((await client.closed).code, 1009)
})

test('two ends in memory close cleanly, whoever begins', async () => {
  for (const first of [0, 1]) {
    const ends = pair()
    assert.equal((await ends[first]!.close(1000, 'bye')).wasClean, true)
    assert.equal((await ends[1 - first]!.closed).reason, 'bye')
  }
})

test('an end in memory that is terminated ends the other, with 1006', async () => {
  const [client, server] = pair()
  client.terminate()
  assert.deepEqual([(await client.closed).error?.code, (await server.closed).code], ['ABORTED', 1006])
})

test('an end in memory that is slow to read holds the other back', async () => {
  const [client, server] = pair({
    client: { limits: { highWaterBytes: 1_000 } },
    server: { limits: { highWaterBytes: 1_000 } },
  })
  let sent = 0
  const sending = (async () => {
    for (; sent < 100; sent++) await client.send(new Uint8Array(500))
    await client.close(1000)
  })()
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(sent < 10, `${sent} messages`)
  let read = 0
  for await (const message of server) read += message.length
  assert.equal(read, 50_000)
  await sending
})
