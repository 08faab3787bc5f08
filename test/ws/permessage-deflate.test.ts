// `PerMessageDeflate`: what is offered and agreed on, and one end of it by itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PerMessageDeflate, type PerMessageDeflateOptions } from '../../src/ws/index.ts'
import { toHex } from '../support/wire.ts'

type Options = PerMessageDeflateOptions & { isServer?: boolean; maxPayload?: number }

function compress(end: PerMessageDeflate, data: string | Uint8Array, fin = true): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    end.compress(data, fin, (error, bytes) => (error ? reject(error) : resolve(bytes!))),
  )
}

function decompress(end: PerMessageDeflate, data: Uint8Array, fin = true): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    end.decompress(data, fin, (error, bytes) => (error ? reject(error) : resolve(bytes!))),
  )
}

/** Both ends of what they agree on. */
function agreed(t: { after(done: () => void): void }, client: Options = {}, server: Options = {}) {
  const ends = { client: new PerMessageDeflate(client), server: new PerMessageDeflate({ ...server, isServer: true }) }
  const wire = (parameters: object) =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, [value === true ? (true as const) : String(value)]]),
    )
  ends.client.accept([wire(ends.server.accept([wire(ends.client.offer())]))])
  t.after(() => {
    ends.client.cleanup()
    ends.server.cleanup()
  })
  return ends
}

for (const [name, options, offer] of [
  ['by default', {}, { client_max_window_bits: true }],
  [
    'without context',
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
    {
      server_no_context_takeover: true,
      client_no_context_takeover: true,
      client_max_window_bits: true,
    },
  ],
  [
    'with windows',
    { serverMaxWindowBits: 10, clientMaxWindowBits: 11 },
    { server_max_window_bits: 10, client_max_window_bits: 11 },
  ],
] as const) {
  test(`what a client offers ${name}`, () => {
    assert.deepEqual({ ...new PerMessageDeflate(options).offer() }, offer)
  })
}

test('nothing is agreed on before accept, and compressing says so', () => {
  const end = new PerMessageDeflate()
  assert.equal(end.params, null)
  assert.throws(() => end.compress('a', true, () => {}), /Nothing is agreed on yet/)
  assert.throws(() => end.decompress(Buffer.alloc(1), true, () => {}), /Nothing is agreed on yet/)
})

test('a server takes the first offer that it can accept, and says when there is none', () => {
  const server = new PerMessageDeflate({ isServer: true })
  assert.deepEqual(
    { ...server.accept([{ unknown: [true] }, { server_no_context_takeover: [true] }]) },
    {
      server_no_context_takeover: true,
    },
  )
  assert.throws(() => new PerMessageDeflate({ isServer: true }).accept([{ unknown: [true] }]), {
    message: 'None of the extension offers can be accepted',
  })
  assert.throws(() => new PerMessageDeflate({}).accept([{ server_max_window_bits: ['7'] }]))
})

test('options that are wrong are said at once', () => {
  assert.throws(() => new PerMessageDeflate({ serverMaxWindowBits: 16 }), { name: 'RangeError' })
  assert.throws(() => new PerMessageDeflate({ zlibDeflateOptions: { level: 10 } }), { name: 'RangeError' })
})

test('"Hello" compresses to the bytes of RFC 7692, and a second one is shorter for the first', async (t) => {
  const { client, server } = agreed(t)
  const first = await compress(client, 'Hello')
  assert.equal(toHex(first), 'f2 48 cd c9 c9 07 00')
  const second = await compress(client, Buffer.from('Hello'))
  assert.equal(toHex(second), 'f2 00 11 00 00')
  assert.equal((await decompress(server, first)).toString(), 'Hello')
  assert.equal((await decompress(server, second)).toString(), 'Hello')
})

test('without context every message is the same', async (t) => {
  const { client } = agreed(t, { clientNoContextTakeover: true })
  assert.equal(toHex(await compress(client, 'Hello')), 'f2 48 cd c9 c9 07 00')
  assert.equal(toHex(await compress(client, 'Hello')), 'f2 48 cd c9 c9 07 00')
})

test('fragments, and messages of every size, come back as they were', async (t) => {
  const { client, server } = agreed(t)
  for (const length of [0, 1, 65_535, 65_536, 200_000]) {
    const data = Buffer.alloc(length, 'wspc')
    assert.deepEqual(await decompress(server, await compress(client, data)), data)
  }
  const parts = [
    await compress(server, 'one ', false),
    await compress(server, '', false),
    await compress(server, 'two'),
  ]
  const back: string[] = []
  for (const [i, part] of parts.entries()) back.push((await decompress(client, part, i === 2)).toString())
  assert.equal(back.join(''), 'one two')
})

test('what cannot be inflated, and what is too long, is told to the callback', async (t) => {
  const broken = agreed(t)
  await assert.rejects(decompress(broken.server, Buffer.from('ffffff', 'hex')))
  for (const [length, allowed] of [
    [999, true],
    [1_000, true],
    [1_001, false],
  ] as const) {
    const { client, server } = agreed(t, {}, { maxPayload: 1_000 })
    const bytes = await compress(client, Buffer.alloc(length))
    if (allowed) assert.equal((await decompress(server, bytes)).length, length)
    else
      await assert.rejects(decompress(server, bytes), { name: 'RangeError', code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' })
  }
})
