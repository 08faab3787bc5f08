// The option `deflate` of a client: what it may be, what it offers, which answers it takes, and what becomes of messages.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { acceptValue } from '../../src/handshake/index.ts'
import { connect, type DeflateOption } from '../../src/node.ts'
import { failure } from '../support/attempts.ts'
import { DEFAULT_OFFERS, LARGEST, randomBytes, TAKEOVER } from '../support/deflate-echo.ts'
import { assertSame } from '../support/echo.ts'
import { lines } from '../support/http.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawServer } from '../support/sockets.ts'
import { hex } from '../support/wire.ts'

interface Answering {
  readonly url: string
  readonly peers: RawPeer[]
}

/** A raw server that takes every client, with these fields in its answer and these bytes behind it. */
async function answering(t: TestContext, fields: readonly string[], behind = ''): Promise<Answering> {
  const { port, peers, close } = await rawServer(async (peer) => {
    await peer.head()
    const requestKey = /Sec-WebSocket-Key: (.*)\r\n/.exec(peer.text)![1]!
    const accept = `Sec-WebSocket-Accept: ${acceptValue(requestKey)}`
    const head = lines('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', accept)
    peer.say(`${head}${lines(...fields)}\r\n${Buffer.from(hex(behind)).toString('latin1')}`)
  })
  t.after(close)
  return { url: `ws://127.0.0.1:${port}/`, peers }
}

function answer(...values: string[]): string[] {
  return values.map((value) => `Sec-WebSocket-Extensions: ${value}`)
}

// --- what it may be ---------------------------------------------------------------------------------------------------

for (const { deflate, error, says } of [
  { deflate: null, error: TypeError, says: /^deflate is not an object$/ },
  { deflate: 'on', error: TypeError, says: /^deflate is not an object$/ },
  { deflate: [], error: TypeError, says: /^deflate is an array/ },
  { deflate: { treshold: 1 }, error: TypeError, says: /^Unknown option treshold in deflate$/ },
  { deflate: { clientNoContextTakover: true }, error: TypeError, says: /^Unknown option clientNoContextTakover in/ },
  { deflate: { clientNoContextTakeover: 0 }, error: TypeError, says: /^deflate\.clientNoContextTakeover is a number/ },
  { deflate: { thresholdBytes: -1 }, error: RangeError, says: /^deflate\.thresholdBytes is -1/ },
  { deflate: { memoryLevel: 0 }, error: RangeError, says: /^deflate\.memoryLevel is 0, not an integer from 1 to 9$/ },
  { deflate: { compressionLevel: 10 }, error: RangeError, says: /^deflate\.compressionLevel is 10/ },
  { deflate: { serverMaxWindowBits: 16 }, error: RangeError, says: /^deflate\.serverMaxWindowBits is 16/ },
  { deflate: { clientMaxWindowBits: 8 }, error: RangeError, says: /^deflate\.clientMaxWindowBits is 8.* 9 to 15$/ },
  { deflate: { clientMaxWindowBits: true }, error: TypeError, says: /^deflate\.clientMaxWindowBits is a boolean/ },
]) {
  test(`deflate ${JSON.stringify(deflate)} is a ${error.name} that names it, and nothing is sent`, async (t) => {
    const server = await answering(t, [])
    await assert.rejects(connect(server.url, { deflate: deflate as never }), (thrown: Error) => {
      assert.equal(thrown.constructor, error)
      assert.match(thrown.message, says)
      return true
    })
    assert.equal(server.peers.length, 0)
  })
}

test('a misspelt deflate is an error, not a client that does not compress', async () => {
  await assert.rejects(connect('ws://127.0.0.1:1/', { deflates: true } as never), /Unknown option deflates/)
})

// --- what it offers ---------------------------------------------------------------------------------------------------

const OFFERS: ReadonlyArray<readonly [deflate: DeflateOption | undefined, offers: readonly string[]]> = [
  [undefined, []],
  [false, []],
  [true, [DEFAULT_OFFERS]],
  [{}, [DEFAULT_OFFERS]],
  [{ thresholdBytes: 0, memoryLevel: 9, compressionLevel: 1 }, [DEFAULT_OFFERS]],
  [LARGEST, ['permessage-deflate; client_max_window_bits']],
  // What says a size of the client's window is offered without it, too, at last.
  [
    { ...LARGEST, clientMaxWindowBits: 10 },
    ['permessage-deflate; client_max_window_bits=10, permessage-deflate; client_max_window_bits'],
  ],
  [
    { ...LARGEST, clientNoContextTakeover: true },
    ['permessage-deflate; client_no_context_takeover; client_max_window_bits'],
  ],
  // What demands something of the server is offered without it, too, and after it.
  [
    { ...LARGEST, serverNoContextTakeover: true },
    [
      'permessage-deflate; server_no_context_takeover; client_max_window_bits, permessage-deflate; client_max_window_bits',
    ],
  ],
  [
    { ...TAKEOVER, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    [
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9, permessage-deflate; client_max_window_bits=9, permessage-deflate; client_max_window_bits',
    ],
  ],
]

for (const [deflate, offers] of OFFERS) {
  test(`deflate ${JSON.stringify(deflate)} offers ${offers[0] ?? 'nothing'}`, async (t) => {
    const server = await answering(t, [])
    const connection = await connect(server.url, { deflate })
    const sent = [...server.peers[0]!.text.matchAll(/^Sec-WebSocket-Extensions: (.*?)\r$/gm)].map(([, value]) => value)
    assert.deepEqual(sent, offers)
    assert.deepEqual(connection.extensions, [])
    connection.terminate()
  })
}

test('compression and subprotocols are offered and agreed on side by side', async (t) => {
  const server = await answering(t, [...answer('permessage-deflate'), 'Sec-WebSocket-Protocol: chat'])
  const connection = await connect(server.url, { deflate: true, subprotocols: ['other', 'chat'] })
  assert.match(server.peers[0]!.text, /\r\nSec-WebSocket-Protocol: other, chat\r\n/)
  assert.ok(server.peers[0]!.text.includes(`\r\nSec-WebSocket-Extensions: ${DEFAULT_OFFERS}\r\n`))
  assert.equal(connection.subprotocol, 'chat')
  assert.equal(connection.extensions.length, 1)
  connection.terminate()
})

// --- which answers it takes -------------------------------------------------------------------------------------------

for (const { deflate, value, parameters } of [
  { deflate: true, value: 'permessage-deflate', parameters: [] },
  {
    deflate: true,
    value: 'permessage-deflate;server_no_context_takeover ; client_max_window_bits="10"',
    parameters: [
      ['server_no_context_takeover', undefined],
      ['client_max_window_bits', '10'],
    ],
  },
  {
    deflate: true,
    value: DEFAULT_OFFERS.split(', ')[0]!,
    parameters: [
      ['server_no_context_takeover', undefined],
      ['client_no_context_takeover', undefined],
      ['server_max_window_bits', '12'],
      ['client_max_window_bits', '12'],
    ],
  },
  // The second offer has no window for the server.
  {
    deflate: true,
    value: 'permessage-deflate; server_max_window_bits=15',
    parameters: [['server_max_window_bits', '15']],
  },
  // The third leaves the size of the client's window to the server.
  {
    deflate: true,
    value: 'permessage-deflate; client_max_window_bits=13',
    parameters: [['client_max_window_bits', '13']],
  },
  {
    deflate: LARGEST,
    value: 'permessage-deflate; server_max_window_bits=8; client_max_window_bits=8; client_no_context_takeover',
    parameters: [
      ['client_no_context_takeover', undefined],
      ['server_max_window_bits', '8'],
      ['client_max_window_bits', '8'],
    ],
  },
  {
    deflate: LARGEST,
    value: 'permessage-deflate; client_max_window_bits=15',
    parameters: [['client_max_window_bits', '15']],
  },
] as const) {
  test(`an offer of ${JSON.stringify(deflate)} may be answered with ${value}`, async (t) => {
    const server = await answering(t, answer(value))
    const connection = await connect(server.url, { deflate })
    const told = connection.extensions.map(({ name, reservedBits, parameters }) => ({ name, reservedBits, parameters }))
    assert.deepEqual(told, [{ name: 'permessage-deflate', reservedBits: 0b100, parameters }])
    assert.ok(Object.isFrozen(connection.extensions))
    connection.terminate()
  })
}

for (const { title, deflate = true, values, code } of [
  { title: 'an unknown parameter', values: ['permessage-deflate; mux'], code: 'EXTENSION_NOT_ACCEPTED' },
  {
    title: 'a parameter twice',
    values: ['permessage-deflate; server_no_context_takeover; server_no_context_takeover'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: 'a parameter twice, with different values',
    values: ['permessage-deflate; client_max_window_bits=10; client_max_window_bits=11'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: 'a window without a size',
    values: ['permessage-deflate; client_max_window_bits'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: "a server's window without a size",
    values: ['permessage-deflate; server_max_window_bits'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: 'a window of a size that there is not',
    deflate: LARGEST,
    values: ['permessage-deflate; server_max_window_bits=16'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: 'a window with a leading zero',
    deflate: LARGEST,
    values: ['permessage-deflate; server_max_window_bits=09'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: 'a value where there is none',
    values: ['permessage-deflate; client_no_context_takeover=true'],
    code: 'EXTENSION_NOT_ACCEPTED',
  },
  {
    title: 'the extension twice',
    values: ['permessage-deflate, permessage-deflate'],
    code: 'EXTENSION_REPEATED',
  },
  {
    title: 'the extension twice, in two fields',
    values: ['permessage-deflate', 'permessage-deflate; client_no_context_takeover'],
    code: 'EXTENSION_REPEATED',
  },
  { title: 'another extension', values: ['permessage-bzip2'], code: 'EXTENSION_NOT_OFFERED' },
  { title: 'another extension beside', values: ['permessage-deflate, x'], code: 'EXTENSION_NOT_OFFERED' },
  { title: 'the extension in capitals', values: ['Permessage-Deflate'], code: 'EXTENSION_NOT_OFFERED' },
  { title: 'what it did not offer', deflate: false, values: ['permessage-deflate'], code: 'EXTENSION_NOT_OFFERED' },
  { title: 'no list of extensions', values: ['permessage-deflate;'], code: 'EXTENSION_ANSWER_INVALID' },
  { title: 'a blank in the name', values: ['permessage deflate'], code: 'EXTENSION_ANSWER_INVALID' },
] as { title: string; deflate?: DeflateOption; values: string[]; code: string }[]) {
  test(`${title} in the answer fails with ${code}, and the socket is destroyed`, async (t) => {
    const server = await answering(t, answer(...values))
    const error = await failure(server.url, { deflate })
    assert.deepEqual(
      [error.name, error.code, error.phase, error.status, error.response?.status],
      ['HandshakeError', code, 'opening', 101, 101],
    )
    await server.peers[0]!.until(({ ended }) => ended)
  })
}

test('a server that takes the offer in which nothing is asked of it may remember', async (t) => {
  // The answer to the second offer: the server remembers. "Hello", and "Hello" again by reference (RFC 7692 §7.2.3.2).
  const server = await answering(t, answer('permessage-deflate'), 'c1 07 f248cdc9c90700 c1 05 f200110000')
  const connection = await connect(server.url, { deflate: true })
  const messages = connection.messages()
  assert.deepEqual([(await messages.next()).value, (await messages.next()).value], ['Hello', 'Hello'])
  connection.terminate()
})

test('a server that said it would forget and does not fails the connection with 1007', async (t) => {
  const server = await answering(
    t,
    answer('permessage-deflate; server_no_context_takeover'),
    'c1 07 f248cdc9c90700 c1 05 f200110000',
  )
  const connection = await connect(server.url, { deflate: true })
  const messages = connection.messages()
  assert.equal((await messages.next()).value, 'Hello')
  server.peers[0]!.leave('end')
  assert.equal((await messages.next()).done, true)
  const { error } = await connection.closed
  assert.equal(error?.code, 'INVALID_COMPRESSED_DATA')
})

// --- what becomes of messages -----------------------------------------------------------------------------------------

/** The frames that a raw server was sent, unmasked: first byte and payload. */
function framesOf(peer: RawPeer): string[] {
  const bytes = Buffer.from(peer.text.slice(peer.text.indexOf('\r\n\r\n') + 4), 'latin1')
  const frames: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at + 1]! & 0x7f
    const key = bytes.subarray(at + 2, at + 6)
    const payload = bytes.subarray(at + 6, at + 6 + length).map((byte, i) => byte ^ key[i % 4]!)
    frames.push(`${bytes.subarray(at, at + 1).toString('hex')} ${Buffer.from(payload).toString('hex')}`)
    at += 6 + length
  }
  return frames
}

for (const { title, value, second } of [
  { title: 'refers to the last one where it may', value: 'permessage-deflate', second: 'c1 f200110000' },
  {
    title: 'refers to nothing where it must forget',
    value: 'permessage-deflate; client_no_context_takeover',
    second: 'c1 f248cdc9c90700',
  },
]) {
  test(`a compressed message ${title}, masked as every frame of a client`, async (t) => {
    const server = await answering(t, answer(value))
    const connection = await connect(server.url, { deflate: LARGEST })
    await connection.send('Hello', { compress: true })
    await connection.send('Hello', { compress: true })
    await connection.send('Hello')
    void connection.close(1000)
    const peer = server.peers[0]!
    await peer.until(
      ({ text }) => text.length - text.indexOf('\r\n\r\n') >= 4 + 13 + second.length / 2 - 1 + 5 + 11 + 8,
    )
    assert.deepEqual(framesOf(peer), ['c1 f248cdc9c90700', second, '81 48656c6c6f', '88 03e8'])
    connection.terminate()
  })
}

test('what the client says of its own window, it holds to, whatever the answer', async (t) => {
  // A repetition 600 bytes back, which a window of 9 bits does not reach.
  const once = randomBytes(600)
  const data = Uint8Array.from({ length: 6_000 }, (_, i) => once[i % 600]!)
  const lengths: number[] = []
  for (const clientMaxWindowBits of [9, 15] as const) {
    const server = await answering(t, answer('permessage-deflate'))
    const connection = await connect(server.url, { deflate: { ...LARGEST, clientMaxWindowBits } })
    void connection.send(data)
    void connection.close()
    const peer = server.peers[0]!
    await peer.until(
      ({ text }) => text.charCodeAt(text.length - 6) === 0x88 && text.charCodeAt(text.length - 5) === 0x80,
    )
    lengths.push(peer.text.length - (await peer.head()).length)
    connection.terminate()
  }
  assert.ok(lengths[0]! > 5_900 && lengths[1]! < 1_500, `${lengths}`)
})

test('where the server takes no offer, compress is no error and does nothing', async (t) => {
  const server = await answering(t, [])
  const connection = await connect(server.url, { deflate: { thresholdBytes: 0 } })
  await connection.send('Hello', { compress: true })
  const peer = server.peers[0]!
  await peer.until(({ text }) => text.length - text.indexOf('\r\n\r\n') >= 4 + 11)
  assert.deepEqual(framesOf(peer), ['81 48656c6c6f'])
  connection.terminate()
})

for (const bytes of [65_536, 131_072, 200_000]) {
  test(`${bytes} bytes of zeros leave by themselves, with nothing sent behind them`, async (t) => {
    let arrived!: (message: string | Uint8Array) => void
    const arrival = new Promise<string | Uint8Array>((resolve) => {
      arrived = resolve
    })
    const server = await started(t, { deflate: true }, (connection) => connection.onMessage((data) => arrived(data)))
    const connection = await connect(server.url, { deflate: true })
    await connection.send(new Uint8Array(bytes))
    const late = new Promise<'late'>((resolve) => setTimeout(resolve, 1_000, 'late').unref())
    assertSame(await Promise.race([arrival, late]), new Uint8Array(bytes))
    connection.terminate()
  })
}
