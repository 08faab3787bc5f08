// The option `deflate` of a server: what it may be, what offers are answered with, and what becomes of messages.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { constants, deflateRawSync } from 'node:zlib'
import {
  type Connection,
  connect,
  type DeflateOption,
  type DeflateOptions,
  type ServeOptions,
  serve,
} from '../../src/node.ts'
import { randomBytes } from '../support/deflate-echo.ts'
import { assertSame, MIB } from '../support/echo.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { frame, hex } from '../support/wire.ts'
import { WebSocket } from '../support/ws.ts'

/** A raw client whose connection is open, and the connection. */
async function opened(
  t: TestContext,
  options: ServeOptions,
  ...fields: string[]
): Promise<{ peer: RawPeer; connection: Connection; answers: string[] }> {
  let arrived!: (connection: Connection) => void
  const arrival = new Promise<Connection>((resolve) => {
    arrived = resolve
  })
  const server = await started(t, options, (connection) => arrived(connection))
  const peer = await rawClient(server.port)
  t.after(() => peer.leave())
  setTimeout(() => peer.leave(), 10_000).unref() // what does not come is missed, not waited for
  peer.say(upgradeRequest({}, ...fields))
  const head = await peer.head()
  assert.match(head, /^HTTP\/1\.1 101 /)
  const answers = [...head.matchAll(/^Sec-WebSocket-Extensions: (.*?)\r?$/gm)].map(([, value]) => value!)
  return { peer, connection: await arrival, answers }
}

const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate'

// --- what it may be ---------------------------------------------------------------------------------------------------

for (const { deflate, error, says } of [
  { deflate: null, error: TypeError, says: /^deflate is not an object$/ },
  { deflate: 'on', error: TypeError, says: /^deflate is not an object$/ },
  { deflate: 1, error: TypeError, says: /^deflate is not an object$/ },
  { deflate: [], error: TypeError, says: /^deflate is an array/ },
  { deflate: { threshold: 1 }, error: TypeError, says: /^Unknown option threshold in deflate$/ },
  { deflate: { serverNoContextTakover: true }, error: TypeError, says: /^Unknown option serverNoContextTakover in/ },
  { deflate: { serverNoContextTakeover: 1 }, error: TypeError, says: /^deflate\.serverNoContextTakeover is a number/ },
  { deflate: { clientNoContextTakeover: 'no' }, error: TypeError, says: /^deflate\.clientNoContextTakeover is a str/ },
  { deflate: { thresholdBytes: '1' }, error: TypeError, says: /^deflate\.thresholdBytes is a string, not a number$/ },
  { deflate: { thresholdBytes: -1 }, error: RangeError, says: /^deflate\.thresholdBytes is -1, not an integer from 0/ },
  { deflate: { thresholdBytes: 1.5 }, error: RangeError, says: /^deflate\.thresholdBytes is 1\.5/ },
  { deflate: { thresholdBytes: Number.NaN }, error: RangeError, says: /^deflate\.thresholdBytes is NaN/ },
  { deflate: { memoryLevel: 0 }, error: RangeError, says: /^deflate\.memoryLevel is 0, not an integer from 1 to 9$/ },
  { deflate: { memoryLevel: 10 }, error: RangeError, says: /^deflate\.memoryLevel is 10/ },
  { deflate: { compressionLevel: -1 }, error: RangeError, says: /^deflate\.compressionLevel is -1.* from 0 to 9$/ },
  { deflate: { compressionLevel: 10 }, error: RangeError, says: /^deflate\.compressionLevel is 10/ },
  { deflate: { serverMaxWindowBits: 8 }, error: RangeError, says: /^deflate\.serverMaxWindowBits is 8.* 9 to 15$/ },
  { deflate: { serverMaxWindowBits: 16 }, error: RangeError, says: /^deflate\.serverMaxWindowBits is 16/ },
  { deflate: { clientMaxWindowBits: 8 }, error: RangeError, says: /^deflate\.clientMaxWindowBits is 8.* 9 to 15$/ },
  { deflate: { clientMaxWindowBits: 16 }, error: RangeError, says: /^deflate\.clientMaxWindowBits is 16/ },
  { deflate: { clientMaxWindowBits: true }, error: TypeError, says: /^deflate\.clientMaxWindowBits is a boolean/ },
]) {
  test(`deflate ${JSON.stringify(deflate)} is a ${error.name} that names it`, async () => {
    await assert.rejects(serve({ deflate: deflate as never }, assert.fail), (thrown: Error) => {
      assert.equal(thrown.constructor, error)
      assert.match(thrown.message, says)
      return true
    })
  })
}

test('a misspelt deflate is an error, not a server that does not compress', async () => {
  await assert.rejects(serve({ deflates: true } as never, assert.fail), /Unknown option deflates/)
})

// --- what offers are answered with ------------------------------------------------------------------------------------

const NO_TAKEOVER = 'server_no_context_takeover; client_no_context_takeover'
const LARGEST = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
} as const

const ANSWERS: ReadonlyArray<
  readonly [deflate: DeflateOption | undefined, offer: string | undefined, answer: string | undefined]
> = [
  // Turned on and off
  [undefined, 'permessage-deflate', undefined],
  [false, 'permessage-deflate; client_max_window_bits', undefined],
  [true, undefined, undefined],
  [true, 'permessage-deflate', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
  [
    true,
    'permessage-deflate; client_max_window_bits',
    `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12; client_max_window_bits=12`,
  ],
  [{}, 'permessage-deflate', `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`],
  [
    { thresholdBytes: undefined, serverMaxWindowBits: undefined, serverNoContextTakeover: undefined } as never,
    'permessage-deflate',
    `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`,
  ],
  [
    { thresholdBytes: Number.POSITIVE_INFINITY, memoryLevel: 9, compressionLevel: 0 },
    'permessage-deflate',
    `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=12`,
  ],

  // What the server would have
  [LARGEST, 'permessage-deflate', 'permessage-deflate'],
  [LARGEST, 'permessage-deflate; client_max_window_bits', 'permessage-deflate'],
  [
    { ...LARGEST, serverNoContextTakeover: true },
    'permessage-deflate',
    'permessage-deflate; server_no_context_takeover',
  ],
  [
    { ...LARGEST, clientNoContextTakeover: true },
    'permessage-deflate',
    'permessage-deflate; client_no_context_takeover',
  ],
  [{ ...LARGEST, serverMaxWindowBits: 9 }, 'permessage-deflate', 'permessage-deflate; server_max_window_bits=9'],
  [{ ...LARGEST, clientMaxWindowBits: 9 }, 'permessage-deflate', 'permessage-deflate'],
  [
    { ...LARGEST, clientMaxWindowBits: 9 },
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; client_max_window_bits=9',
  ],

  // What the client demands and says of itself
  [
    LARGEST,
    `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=10; client_max_window_bits=11`,
    `permessage-deflate; ${NO_TAKEOVER}; server_max_window_bits=10; client_max_window_bits=11`,
  ],
  [
    LARGEST,
    'permessage-deflate; server_max_window_bits=15; client_max_window_bits=15',
    'permessage-deflate; server_max_window_bits=15',
  ],
  [
    LARGEST,
    'permessage-deflate; client_max_window_bits=8; server_max_window_bits="9"',
    'permessage-deflate; server_max_window_bits=9; client_max_window_bits=8',
  ],
  [LARGEST, 'permessage-deflate; server_max_window_bits=8', undefined],

  // Offers that are none are passed over, and so are extensions that nobody knows
  [LARGEST, 'permessage-deflate; server_max_window_bits', undefined],
  [LARGEST, 'permessage-deflate; server_max_window_bits=16', undefined],
  [LARGEST, 'permessage-deflate; server_max_window_bits=09', undefined],
  [LARGEST, 'permessage-deflate; client_max_window_bits=7', undefined],
  [LARGEST, 'permessage-deflate; server_no_context_takeover=1', undefined],
  [LARGEST, 'permessage-deflate; client_no_context_takeover; client_no_context_takeover', undefined],
  [LARGEST, 'permessage-deflate; client_max_window_bits; client_max_window_bits=10', undefined],
  [LARGEST, 'permessage-deflate; mux', undefined],
  [LARGEST, 'x-webkit-deflate-frame, permessage-bzip2', undefined],
  [LARGEST, 'permessage-deflate; mux, permessage-deflate', 'permessage-deflate'],

  // The first that can be had is taken, in the client's order
  [
    LARGEST,
    'permessage-bzip2, permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10, permessage-deflate',
    'permessage-deflate; server_max_window_bits=10',
  ],
  [LARGEST, 'permessage-deflate, permessage-deflate; server_max_window_bits=10', 'permessage-deflate'],
]

for (const [deflate, offer, answer] of ANSWERS) {
  test(`deflate ${JSON.stringify(deflate)} answers ${offer ?? 'no offer'} with ${answer ?? 'nothing'}`, async (t) => {
    const fields = offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`]
    const { connection, answers } = await opened(t, { deflate }, ...fields)
    assert.deepEqual(answers, answer === undefined ? [] : [answer])
    const agreed = connection.extensions.map(({ name, parameters }) =>
      [name, ...parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`))].join('; '),
    )
    assert.deepEqual(agreed, answers)
  })
}

test('offers in several header fields are one list', async (t) => {
  const { answers } = await opened(
    t,
    { deflate: LARGEST },
    `${OFFER}; server_max_window_bits=8`,
    'Sec-WebSocket-Extensions: other',
    `${OFFER}; server_max_window_bits=11`,
    OFFER,
  )
  assert.deepEqual(answers, ['permessage-deflate; server_max_window_bits=11'])
})

for (const offer of ['permessage-deflate;', 'permessage-deflate; a=', ', ;', 'permessage deflate']) {
  test(`an offer that is no list of extensions, ${offer}, is answered with 400`, async (t) => {
    const server = await started(t, { deflate: true }, () => assert.fail('no connection'))
    const peer = await rawClient(server.port)
    peer.say(upgradeRequest({}, `Sec-WebSocket-Extensions: ${offer}`))
    assert.match(await peer.all(), /^HTTP\/1\.1 400 /)
  })
}

test('compression and a subprotocol are agreed on side by side', async (t) => {
  const options = { deflate: LARGEST, subprotocols: ['chat'] }
  const { peer, connection } = await opened(t, options, 'Sec-WebSocket-Protocol: other, chat', OFFER)
  assert.match(await peer.head(), /\r\nSec-WebSocket-Protocol: chat\r\n/)
  assert.match(await peer.head(), /\r\nSec-WebSocket-Extensions: permessage-deflate(\r\n|$)/)
  assert.equal(connection.subprotocol, 'chat')
  assert.equal(connection.extensions.length, 1)
})

test('the options are read once: what changes later is not looked at', async (t) => {
  const deflate: { -readonly [Name in keyof DeflateOptions]: DeflateOptions[Name] } = { ...LARGEST }
  deflate.serverMaxWindowBits = 10
  const { answers } = await opened(t, { deflate }, OFFER)
  assert.deepEqual(answers, ['permessage-deflate; server_max_window_bits=10'])
  const server = await started(t, { deflate })
  deflate.serverMaxWindowBits = 11
  const connection = await connect(server.url, { deflate: LARGEST })
  assert.deepEqual(connection.extensions[0]!.parameters, [['server_max_window_bits', '10']])
  connection.terminate()
})

// --- what becomes of messages -----------------------------------------------------------------------------------------

// "Hello" as in RFC 7692 §7.2.3.1, and masked with the key of RFC 6455 §5.7.
const HELLO = 'f2 48 cd c9 c9 07 00'
const MASKED_HELLO = frame({ reservedBits: 0b100, opcode: 1, key: '37fa213d', payload: hex(HELLO) })

test('a compressed message arrives as what it stands for, and goes out byte for byte as in RFC 7692 §7.2.3.1', async (t) => {
  const { peer, connection } = await opened(t, { deflate: true }, OFFER)
  peer.say(MASKED_HELLO)
  assert.equal((await connection.messages().next()).value, 'Hello')
  await connection.send('Hello', { compress: true })
  assert.equal(await peer.behindHead(9), `c1 07 ${HELLO}`)
})

test('with takeover the second Hello refers to the first, as in RFC 7692 §7.2.3.2', async (t) => {
  const { peer, connection } = await opened(t, { deflate: LARGEST }, OFFER)
  await connection.send('Hello', { compress: true })
  await connection.send('Hello', { compress: true })
  assert.equal(await peer.behindHead(16), `c1 07 ${HELLO} c1 05 f2 00 11 00 00`)
  peer.say(frame({ reservedBits: 0b100, opcode: 1, key: '00000000', payload: hex(HELLO) }))
  peer.say(frame({ reservedBits: 0b100, opcode: 1, key: '00000000', payload: hex('f2 00 11 00 00') }))
  const messages = connection.messages()
  assert.deepEqual([(await messages.next()).value, (await messages.next()).value], ['Hello', 'Hello'])
})

for (const { title, thresholdBytes, data, compress, isCompressed } of [
  { title: 'a byte below the threshold', thresholdBytes: 6, data: 'Hello', compress: undefined, isCompressed: false },
  { title: 'at the threshold', thresholdBytes: 5, data: 'Hello', compress: undefined, isCompressed: true },
  {
    title: 'at the threshold in bytes, not in characters',
    thresholdBytes: 6,
    data: 'ééé',
    compress: undefined,
    isCompressed: true,
  },
  { title: 'above, and told not to', thresholdBytes: 0, data: 'Hello', compress: false, isCompressed: false },
  { title: 'below, and told to', thresholdBytes: 1_000, data: 'Hello', compress: true, isCompressed: true },
  { title: 'empty, without a threshold', thresholdBytes: 0, data: '', compress: undefined, isCompressed: true },
  { title: 'under no threshold at all', thresholdBytes: Number.POSITIVE_INFINITY, data: 'x'.repeat(100_000) },
] as {
  title: string
  thresholdBytes: number
  data: string
  compress?: boolean
  isCompressed?: boolean
}[]) {
  for (const method of ['send', 'trySend'] as const) {
    test(`${method}: a message ${title} is ${isCompressed === true ? '' : 'not '}compressed`, async (t) => {
      const { peer, connection } = await opened(t, { deflate: { thresholdBytes } }, OFFER)
      const options = compress === undefined ? undefined : { compress }
      assert.notEqual(connection[method](data, options), false)
      assert.equal(await peer.behindHead(1).then((bytes) => bytes.slice(0, 2)), isCompressed === true ? 'c1' : '81')
    })
  }
}

test('where nothing was agreed on, compress is no error and does nothing', async (t) => {
  const { peer, connection } = await opened(t, { deflate: true })
  await connection.send('Hello', { compress: true })
  assert.equal(await peer.behindHead(7), '81 05 48 65 6c 6c 6f')
})

for (const options of [{ compress: 'yes' }, { compress: 1 }, { compression: true }, null, 5, []]) {
  test(`a message with the options ${JSON.stringify(options)} is a TypeError at once, and not sent`, async (t) => {
    const { peer, connection } = await opened(t, { deflate: true }, OFFER)
    assert.throws(() => connection.send('no', options as never), TypeError)
    assert.throws(() => connection.trySend('no', options as never), TypeError)
    await connection.send('yes')
    assert.equal(await peer.behindHead(5), '81 03 79 65 73')
  })
}

for (const { title, offer, sent, limits, error, code } of [
  {
    title: 'is marked as compressed, where nothing was agreed on,',
    offer: undefined,
    sent: MASKED_HELLO,
    limits: {},
    error: 'RESERVED_BIT_SET',
    code: 1002,
  },
  {
    title: 'is marked with another reserved bit',
    offer: OFFER,
    sent: frame({ reservedBits: 0b110, opcode: 1, key: '37fa213d', payload: hex(HELLO) }),
    limits: {},
    error: 'RESERVED_BIT_SET',
    code: 1002,
  },
  {
    title: 'is marked as compressed and is not',
    offer: OFFER,
    sent: frame({ reservedBits: 0b100, opcode: 1, key: '37fa213d', payload: 'Hello' }),
    limits: {},
    error: 'INVALID_COMPRESSED_DATA',
    code: 1007,
  },
  {
    title: 'is longer than maxMessageBytes once it is decompressed',
    offer: OFFER,
    sent: MASKED_HELLO,
    limits: { maxMessageBytes: 4 },
    error: 'MESSAGE_TOO_BIG',
    code: 1009,
  },
]) {
  test(`a message that ${title} fails the connection with ${code}`, async (t) => {
    const fields = offer === undefined ? [] : [offer]
    const { peer, connection } = await opened(t, { deflate: true, limits }, ...fields)
    connection.onMessage(() => assert.fail('no message'))
    peer.say(sent)
    assert.equal(
      await peer.behindHead(4),
      code === 1002 ? '88 02 03 ea' : code === 1007 ? '88 02 03 ef' : '88 02 03 f1',
    )
    peer.leave('end')
    assert.equal((await connection.closed).error?.code, error)
  })
}

test('a message of exactly maxMessageBytes is taken, also where compressing makes it longer', async (t) => {
  for (const [maxMessageBytes, value] of [
    [4, undefined],
    [5, 'Hello'],
  ] as const) {
    const { peer, connection } = await opened(t, { deflate: true, limits: { maxMessageBytes } }, OFFER)
    peer.say(MASKED_HELLO) // seven bytes that stand for five
    peer.leave('end')
    assert.equal((await connection.messages().next()).value, value)
  }
})

test('a ws client that compresses everything may send random bytes of exactly maxMessageBytes', async (t) => {
  const received: number[] = []
  const server = await started(t, { deflate: LARGEST, limits: { maxMessageBytes: 65_536 } }, async (connection) => {
    for await (const message of connection) received.push(message.length)
  })
  const client = new WebSocket(server.url, { perMessageDeflate: { threshold: 0 } })
  await once(client, 'open')
  client.send(randomBytes(65_536))
  client.close(1000)
  const [code] = await once(client, 'close')
  assert.deepEqual([received, code], [[65_536], 1000])
})

for (const how of ['reset', 'destroy', 'end'] as const) {
  test(`a client that leaves (${how}) while its message is decompressed is gone, and what it said is heard`, async (t) => {
    const limits = { maxMessageBytes: 64 * MIB }
    const { peer, connection } = await opened(t, { deflate: true, limits }, OFFER)
    const received: number[] = []
    connection.onMessage((message) => received.push(message.length))
    const payload = deflateRawSync(new Uint8Array(64 * MIB), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    peer.say(frame({ reservedBits: 0b100, opcode: 2, key: '00000000', payload })) // 64 KiB, a thousand slices
    await delay(5)
    peer.leave(how)
    const late = delay(5_000, undefined, { ref: false })
    const closed = await Promise.race([connection.closed, late])
    connection.terminate()
    assert.ok(closed !== undefined, 'the connection was not closed')
    assert.deepEqual([closed.code, received], [1006, [64 * MIB]])
  })
}

for (const bytes of [65_535, 65_536, 131_072, 200_000, 327_680]) {
  for (const { kind, data } of [
    { kind: 'zeros', data: new Uint8Array(bytes) },
    { kind: 'random bytes', data: randomBytes(bytes) },
    { kind: 'zeros and random bytes', data: randomBytes(bytes).fill(0, 0, 60_000) },
  ]) {
    test(`${bytes} bytes of ${kind} leave by themselves, with nothing sent behind them`, async (t) => {
      const server = await started(t, { deflate: true }, (connection) => void connection.send(data))
      await using client = await connect(server.url, { deflate: true })
      const late = delay(1_000, 'still waiting', { ref: false })
      const arrived = await Promise.race([client.messages().next(), late])
      assert.ok(typeof arrived === 'object', 'it did not leave')
      assertSame(arrived.value, data)
    })
  }
}
