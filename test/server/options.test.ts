// What a server is told: wrong options are found before anything listens.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { serve } from '../../src/node.ts'
import { readServeOptions } from '../../src/server/options.ts'

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
  { options: { headers: { X: 'a\r\nb' } }, error: TypeError },
  { options: { headers: 'X: y' }, error: TypeError },
  { options: { headers: ['X', 'y'] }, error: TypeError },
  { options: { maxConnections: -1 }, error: RangeError },
  { options: { maxConnections: '5' }, error: TypeError },
  { options: { maxPendingHandshakes: 0 }, error: RangeError },
  { options: { handshakeTimeoutMs: 0 }, error: RangeError },
  { options: { handshakeTimeoutMs: 1.5 }, error: RangeError },
  { options: { headerTimeoutMs: 0 }, error: RangeError },
  { options: { headerTimeoutMs: '1' }, error: TypeError },
  { options: { maxPendingConnections: 0 }, error: RangeError },
  { options: { maxPendingConnections: 1.5 }, error: RangeError },
  { options: { server: createServer(), socketPath: '/tmp/x' }, error: TypeError },
  { options: { server: createServer(), headerTimeoutMs: 1 }, error: TypeError },
  { options: { server: createServer(), maxPendingConnections: 1 }, error: TypeError },
  { options: { socketPath: '/tmp/x', port: 0 }, error: TypeError },
  { options: { socketPath: '/tmp/x', host: '::1' }, error: TypeError },
  { options: { socketPath: '' }, error: TypeError },
  { options: { socketPath: 5 }, error: TypeError },
  { options: { tls: true }, error: TypeError },
  { options: { tls: null }, error: TypeError },
  { options: { backpressure: 'block' }, error: TypeError },
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

test('a port is 0 to 65,535', () => {
  for (const port of [0, 65_535]) assert.equal(readServeOptions({ port }).port, port)
  for (const port of [-1, 65_536, 0.5]) {
    assert.throws(
      () => readServeOptions({ port: port as number }),
      new RangeError(`options.port is ${port}, not an integer from 0 to 65535`),
    )
  }
})

for (const [name, least] of Object.entries({
  maxConnections: 0,
  maxPendingHandshakes: 1,
  maxPendingConnections: 1,
  headerTimeoutMs: 1,
  handshakeTimeoutMs: 1,
})) {
  test(`${name} is ${least} up, or Infinity`, () => {
    for (const value of [least, least + 1, Number.POSITIVE_INFINITY]) {
      assert.equal(readServeOptions({ [name]: value })[name as 'maxConnections'], value)
    }
    for (const value of [least - 1, least + 0.5, Number.NaN, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => readServeOptions({ [name]: value }), RangeError, String(value))
    }
  })
}

test('a port that is a string is said to be one', () => {
  const message = "options.port is the string '8080', not an integer from 0 to 65535"
  assert.throws(() => readServeOptions({ port: '8080' as never }), new RangeError(message))
})

for (const [name, where] of [
  ['maxPayload', 'it is limits.maxMessageBytes'],
  ['maxMessageBytes', 'it is limits.maxMessageBytes'],
  ['highWaterBytes', 'it is limits.highWaterBytes'],
  ['pingIntervalMs', 'it is keepalive.pingIntervalMs'],
  ['key', 'it is tls.key'],
  ['verifyClient', 'it is authorize'],
  ['perMessageDeflate', 'it is deflate'],
] as const) {
  test(`who gives ${name} is told where it is`, () => {
    const error = new TypeError(`Unknown option ${name} in options: ${where}`)
    assert.throws(() => readServeOptions({ [name]: undefined } as never), error)
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
      socketPath: undefined,
      headerTimeoutMs: undefined,
      maxPendingConnections: undefined,
      backpressure: undefined,
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

test('options of a port of our own may be undefined next to a server of yours', async () => {
  const options = { server: createServer(), port: undefined, socketPath: undefined, headerTimeoutMs: undefined }
  await (await serve(options, () => {})).close()
})

test('T-28: by default 10,000 clients may be within their handshake, 1,024 wait for a decision, and all for ten seconds', () => {
  const { maxPendingConnections, maxPendingHandshakes, headerTimeoutMs, handshakeTimeoutMs } = readServeOptions({})
  assert.deepEqual([maxPendingConnections, maxPendingHandshakes], [10_000, 1_024])
  assert.deepEqual([headerTimeoutMs, handshakeTimeoutMs], [10_000, 10_000])
})
