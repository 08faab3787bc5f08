// Interoperation with `ws` over permessage-deflate (RFC 7692), in both roles: what is agreed on, what is compressed, and
// that all of it comes back as it was.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { PerMessageDeflateOptions } from 'ws'
import { type Connection, connect, type DeflateOption } from '../../src/node.ts'
import {
  always,
  assertPassed,
  DEFAULT_OFFERS,
  DEFAULT_PARAMETERS,
  from,
  LARGEST,
  type Meeting,
  meetEchoingClient,
  meetEchoingServer,
  never,
  PAYLOADS,
  type Payload,
  probes,
  type Rule,
  SMALL_PAYLOADS,
  TAKEOVER,
} from '../support/deflate-echo.ts'
import { assertSame } from '../support/echo.ts'
import { started } from '../support/server.ts'
import { tapped, type WireLog } from '../support/tap.ts'
import { WebSocket, WebSocketServer } from '../support/ws.ts'

/** How `ws` sees the parameters that it reads or offers. */
type Theirs = boolean | PerMessageDeflateOptions

function echoBack(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }))
}

function meetClient(
  t: TestContext,
  deflate: DeflateOption,
  perMessageDeflate: Theirs,
  payloads: readonly Payload[],
): Promise<Meeting> {
  return meetEchoingClient(t, { deflate }, payloads, (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate })
    echoBack(socket)
    return once(socket, 'error').then(([error]) => Promise.reject(error))
  })
}

async function wsServer(t: TestContext, perMessageDeflate: Theirs, meet = echoBack): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate })
  server.on('connection', meet)
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function meetServer(
  t: TestContext,
  deflate: DeflateOption,
  perMessageDeflate: Theirs,
  payloads: readonly Payload[],
): Promise<Meeting> {
  return meetEchoingServer(t, { deflate }, payloads, await wsServer(t, perMessageDeflate))
}

/** A row: both endpoints' options, the headers that follow from them, and what each side compresses then. */
interface Row {
  readonly title: string
  readonly ours: DeflateOption
  readonly theirs: Theirs
  readonly offer: string | undefined
  readonly answer: string | undefined
  readonly weCompress?: Rule
  readonly theyCompress?: Rule
}

/** Without takeover `ws` has a threshold of its own; with takeover it compresses everything. */
const WS_THRESHOLD = from(1_024)
const OUR_THRESHOLD = from(1_024)

// --- our server -------------------------------------------------------------------------------------------------------

const PLAIN_OFFER = 'permessage-deflate; client_max_window_bits'

const CLIENTS: readonly Row[] = [
  {
    title: 'with the defaults of both',
    ours: true,
    theirs: true,
    offer: PLAIN_OFFER,
    answer: DEFAULT_PARAMETERS,
  },
  {
    title: 'where nobody forgets and windows are largest',
    ours: LARGEST,
    theirs: true,
    offer: PLAIN_OFFER,
    answer: 'permessage-deflate',
    theyCompress: always,
  },
  {
    title: 'that wants everything forgotten',
    ours: LARGEST,
    theirs: { serverNoContextTakeover: true, clientNoContextTakeover: true },
    offer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    answer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  },
  {
    title: 'that wants us to forget, and remembers itself',
    ours: TAKEOVER,
    theirs: { serverNoContextTakeover: true },
    offer: 'permessage-deflate; server_no_context_takeover; client_max_window_bits',
    answer: 'permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
    theyCompress: always,
  },
  {
    title: 'that wants smaller windows than we do',
    ours: true,
    theirs: { serverMaxWindowBits: 10, clientMaxWindowBits: 11 },
    offer: 'permessage-deflate; server_max_window_bits=10; client_max_window_bits=11',
    answer:
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11',
  },
  {
    title: 'that allows larger windows than we do',
    ours: { ...TAKEOVER, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
    theirs: { serverMaxWindowBits: 14, clientMaxWindowBits: 15 },
    offer: 'permessage-deflate; server_max_window_bits=14; client_max_window_bits=15',
    answer: 'permessage-deflate; server_max_window_bits=9; client_max_window_bits=10',
    theyCompress: always,
  },
  {
    title: 'that cannot be told how large its window may be',
    ours: { ...TAKEOVER, clientMaxWindowBits: 9 },
    theirs: { clientMaxWindowBits: false as never },
    offer: 'permessage-deflate',
    answer: 'permessage-deflate; server_max_window_bits=12',
    theyCompress: always,
  },
  {
    title: 'that says it has the smallest window',
    ours: LARGEST,
    theirs: { clientMaxWindowBits: 8 },
    offer: 'permessage-deflate; client_max_window_bits=8',
    answer: 'permessage-deflate; client_max_window_bits=8',
    theyCompress: always,
  },
  {
    title: 'that demands a window we cannot compress with',
    ours: true,
    theirs: { serverMaxWindowBits: 8 },
    offer: 'permessage-deflate; server_max_window_bits=8; client_max_window_bits',
    answer: undefined,
    weCompress: never,
    theyCompress: never,
  },
  {
    title: 'that has no threshold, where we have none either',
    ours: { thresholdBytes: 0 },
    theirs: { threshold: 0 },
    offer: PLAIN_OFFER,
    answer: DEFAULT_PARAMETERS,
    weCompress: always,
    theyCompress: always,
  },
  {
    title: 'whose threshold is another than ours',
    ours: { thresholdBytes: 1_025 },
    theirs: { threshold: 70_000 },
    offer: PLAIN_OFFER,
    answer: DEFAULT_PARAMETERS,
    weCompress: from(1_025),
    theyCompress: from(70_000),
  },
  {
    title: 'that offers nothing',
    ours: true,
    theirs: false,
    offer: undefined,
    answer: undefined,
    weCompress: never,
    theyCompress: never,
  },
  {
    title: 'that offers, where we have it turned off',
    ours: false,
    theirs: true,
    offer: PLAIN_OFFER,
    answer: undefined,
    weCompress: never,
    theyCompress: never,
  },
]

for (const { title, ours, theirs, offer, answer, weCompress, theyCompress } of CLIENTS) {
  test(`our server and a ws client ${title} agree on ${answer ?? 'nothing'}`, async (t) => {
    const met = await meetClient(t, ours, theirs, SMALL_PAYLOADS)
    assert.deepEqual([met.offer, met.answer], [offer, answer])
    assertPassed(met.fromServer, SMALL_PAYLOADS, weCompress ?? OUR_THRESHOLD)
    assertPassed(met.fromClient, SMALL_PAYLOADS, theyCompress ?? WS_THRESHOLD)
  })
}

test('our server tells what was agreed on with a ws client as the header does', async (t) => {
  const { connection } = await meetClient(t, true, { serverMaxWindowBits: 10 }, [])
  const [agreed, ...others] = connection.extensions
  assert.deepEqual(others, [])
  assert.equal(agreed!.name, 'permessage-deflate')
  assert.equal(agreed!.reservedBits, 0b100)
  assert.deepEqual(agreed!.parameters, [
    ['server_no_context_takeover', undefined],
    ['client_no_context_takeover', undefined],
    ['server_max_window_bits', '10'],
    ['client_max_window_bits', '12'],
  ])
})

// --- our client -------------------------------------------------------------------------------------------------------

const LARGEST_OFFER = 'permessage-deflate; client_max_window_bits'

const SERVERS: readonly Row[] = [
  {
    title: 'with the defaults of both',
    ours: true,
    theirs: true,
    offer: DEFAULT_OFFERS,
    answer: DEFAULT_PARAMETERS,
  },
  {
    title: 'where nobody forgets and windows are largest',
    ours: LARGEST,
    theirs: true,
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate',
    theyCompress: always,
  },
  {
    title: 'that has everything forgotten',
    ours: LARGEST,
    theirs: { serverNoContextTakeover: true, clientNoContextTakeover: true },
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  },
  {
    title: 'that does not forget itself, and is offered that too',
    ours: true,
    theirs: { serverNoContextTakeover: false },
    offer: DEFAULT_OFFERS,
    answer: 'permessage-deflate; client_no_context_takeover; client_max_window_bits=12',
    theyCompress: always,
  },
  {
    title: 'that sets its own window, larger than we would have it',
    ours: true,
    theirs: { serverMaxWindowBits: 14 },
    offer: DEFAULT_OFFERS,
    answer: 'permessage-deflate; client_no_context_takeover; client_max_window_bits=12; server_max_window_bits=14',
    theyCompress: always,
  },
  ...([13, 14, 15] as const).map((clientMaxWindowBits) => ({
    title: `that sets our window to ${clientMaxWindowBits}, larger than we would have it`,
    ours: true,
    theirs: { clientMaxWindowBits },
    offer: DEFAULT_OFFERS,
    answer: `permessage-deflate; client_no_context_takeover; client_max_window_bits=${clientMaxWindowBits}`,
    theyCompress: always,
  })),
  {
    title: 'that wants smaller windows than we do',
    ours: LARGEST,
    theirs: { serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate; client_max_window_bits=9; server_max_window_bits=10',
    theyCompress: always,
  },
  {
    title: 'that wants windows we cannot compress with',
    ours: LARGEST,
    theirs: { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate; client_max_window_bits=8; server_max_window_bits=8',
    weCompress: never,
    theyCompress: always,
  },
  {
    title: 'that has no threshold, where we have none either',
    ours: { thresholdBytes: 0 },
    theirs: { threshold: 0 },
    offer: DEFAULT_OFFERS,
    answer: DEFAULT_PARAMETERS,
    weCompress: always,
    theyCompress: always,
  },
  {
    title: 'that has it turned off',
    ours: true,
    theirs: false,
    offer: DEFAULT_OFFERS,
    answer: undefined,
    weCompress: never,
    theyCompress: never,
  },
  {
    title: 'that is offered nothing',
    ours: false,
    theirs: true,
    offer: undefined,
    answer: undefined,
    weCompress: never,
    theyCompress: never,
  },
]

for (const { title, ours, theirs, offer, answer, weCompress, theyCompress } of SERVERS) {
  test(`our client and a ws server ${title} agree on ${answer ?? 'nothing'}`, async (t) => {
    const met = await meetServer(t, ours, theirs, SMALL_PAYLOADS)
    assert.deepEqual([met.offer, met.answer], [offer, answer])
    assertPassed(met.fromClient, SMALL_PAYLOADS, weCompress ?? OUR_THRESHOLD)
    assertPassed(met.fromServer, SMALL_PAYLOADS, theyCompress ?? WS_THRESHOLD)
  })
}

// --- windows and memory, as they show on the wire ---------------------------------------------------------------------

for (const bits of [9, 10, 11, 12, 13, 14, 15] as const) {
  for (const noContextTakeover of [true, false]) {
    const title = `windows of ${bits} bits, ${noContextTakeover ? 'forgetting' : 'remembering'}`
    const deflate = {
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
      serverNoContextTakeover: noContextTakeover,
      clientNoContextTakeover: noContextTakeover,
      thresholdBytes: 0,
    }
    const payloads = [...probes(bits, noContextTakeover), ...SMALL_PAYLOADS]

    test(`our server and a ws client both compress with ${title}`, async (t) => {
      const met = await meetClient(t, deflate, { threshold: 0 }, payloads)
      assertPassed(met.fromServer, payloads, always)
      assertPassed(met.fromClient, payloads, always)
    })

    test(`our client and a ws server both compress with ${title}`, async (t) => {
      const met = await meetServer(t, deflate, { threshold: 0 }, payloads)
      assertPassed(met.fromClient, payloads, always)
      assertPassed(met.fromServer, payloads, always)
    })
  }
}

// --- large messages ---------------------------------------------------------------------------------------------------

for (const { title, ours, theyCompress } of [
  { title: 'the defaults', ours: true, theyCompress: WS_THRESHOLD },
  { title: 'everything remembered', ours: LARGEST, theyCompress: always },
] as const) {
  test(`our server and a ws client exchange messages of up to 4 MiB, with ${title}`, async (t) => {
    const met = await meetClient(t, ours, true, PAYLOADS)
    assertPassed(met.fromServer, PAYLOADS, OUR_THRESHOLD)
    assertPassed(met.fromClient, PAYLOADS, theyCompress)
    assert.ok(met.fromServer.messages.at(-1)!.frames > 1) // a long one leaves slice by slice
  })

  test(`our client and a ws server exchange messages of up to 4 MiB, with ${title}`, async (t) => {
    const met = await meetServer(t, ours, true, PAYLOADS)
    assertPassed(met.fromClient, PAYLOADS, OUR_THRESHOLD)
    assertPassed(met.fromServer, PAYLOADS, theyCompress)
  })
}

// --- fragments --------------------------------------------------------------------------------------------------------

/** Messages of which each fragment is compressed, or none, or the whole is; with control frames in between. */
function sendFragments(socket: WebSocket): void {
  socket.send('frag', { fin: false, compress: true })
  socket.ping('between')
  socket.send('mented ', { fin: false })
  socket.send('', { fin: false })
  socket.send('€', { fin: true })
  socket.send('not ', { fin: false, compress: false })
  socket.send('compressed', { fin: true, compress: false })
  for (const at of [0, 100_000, 200_000]) {
    socket.send(FRAGMENTED.subarray(at, at + 100_000), { fin: at === 200_000, compress: true, binary: true })
  }
  socket.send('', { fin: false, compress: true })
  socket.send('', { fin: true })
}

const FRAGMENTED = Buffer.from('three hundred thousand bytes, '.repeat(10_000))
const JOINED = ['fragmented €', 'not compressed', FRAGMENTED, '']
const FRAMES = [
  [4, true],
  [2, false],
  [3, true],
  [2, true],
]

async function collect(connection: Connection, received: (string | Uint8Array)[]): Promise<void> {
  for await (const message of connection) received.push(message)
}

function assertJoined(received: readonly (string | Uint8Array)[], { messages }: WireLog): void {
  assert.equal(received.length, JOINED.length)
  received.forEach((message, i) => {
    assertSame(message, JOINED[i]!)
  })
  assert.deepEqual(
    messages.map(({ frames, compressed }) => [frames, compressed]),
    FRAMES,
  )
}

for (const { title, deflate } of [
  { title: 'forgetting', deflate: true },
  { title: 'remembering', deflate: LARGEST },
]) {
  test(`our server joins the compressed fragments of a ws client, ${title}`, async (t) => {
    const received: (string | Uint8Array)[] = []
    const server = await started(t, { deflate }, (connection) => collect(connection, received))
    const tap = await tapped(t, server.port)
    const client = new WebSocket(`ws://127.0.0.1:${tap.port}/`, { perMessageDeflate: { threshold: 0 } })
    const pong = once(client, 'pong')
    await once(client, 'open')
    sendFragments(client)
    assert.equal(String((await pong)[0]), 'between')
    client.close()
    const [code] = await once(client, 'close')
    assert.equal(code, 1005)
    assertJoined(received, tap.connections[0]!.fromClient)
  })

  test(`our client joins the compressed fragments of a ws server, ${title}`, async (t) => {
    const port = await wsServer(t, { threshold: 0 }, (socket) => {
      sendFragments(socket)
      socket.close()
    })
    const tap = await tapped(t, port)
    const received: (string | Uint8Array)[] = []
    const connection = await connect(`ws://127.0.0.1:${tap.port}/`, { deflate })
    await collect(connection, received)
    assert.equal((await connection.closed).wasClean, true)
    assertJoined(received, tap.connections[0]!.fromServer)
  })
}
