// What a server is told: wrong options are found before anything listens.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { serve } from '../../src/node.ts'

for (const { options, error } of [
  { options: null, error: TypeError },
  { options: 5, error: TypeError },
  { options: { prot: 1 }, error: TypeError },
  { options: { server: createServer(), port: 0 }, error: TypeError },
  { options: { server: createServer(), host: '::1' }, error: TypeError },
  { options: { server: createServer(), tls: {} }, error: TypeError },
  { options: { path: 'chat' }, error: TypeError },
  { options: { path: 5 }, error: TypeError },
  { options: { authorize: 'admin' }, error: TypeError },
  { options: { onError: {} }, error: TypeError },
  { options: { subprotocols: ['a b'] }, error: TypeError },
  { options: { origin: ['example.test'] }, error: TypeError },
  { options: { origin: true }, error: TypeError },
  { options: { headers: [['Upgrade', 'x']] }, error: TypeError },
  { options: { headers: [['X', 'a\r\nb']] }, error: TypeError },
  { options: { maxConnections: -1 }, error: RangeError },
  { options: { maxConnections: '5' }, error: TypeError },
  { options: { maxPendingHandshakes: 0 }, error: RangeError },
  { options: { handshakeTimeoutMs: 0 }, error: RangeError },
  { options: { handshakeTimeoutMs: 1.5 }, error: RangeError },
  { options: { limits: { maxMessageBytes: -1 } }, error: RangeError },
  { options: { limits: { highWaterByte: 1 } }, error: TypeError },
  { options: { keepalive: { pingIntervalMs: 0 } }, error: RangeError },
  { options: { port: 65_536 }, error: RangeError },
]) {
  test(`options ${JSON.stringify(options)?.slice(0, 60)} are a ${error.name}`, async () => {
    await assert.rejects(
      serve(options as never, () => {}),
      error,
    )
  })
}

test('a handler that is no function is a TypeError', async () => {
  await assert.rejects(serve({}, undefined as never), TypeError)
})

test('options that are undefined are as good as absent', async () => {
  const server = await serve(
    {
      port: undefined,
      host: undefined,
      server: undefined,
      path: undefined,
      maxConnections: undefined,
      limits: undefined,
    },
    () => {},
  )
  await server.close()
})

test('options are read once: what changes later is not looked at', async () => {
  const options = { path: '/before' }
  const server = await serve(options, () => {})
  options.path = '/after'
  assert.match(server.url, /\/before$/)
  await server.close()
})
