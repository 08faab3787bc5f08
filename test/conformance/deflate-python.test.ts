// Interoperation with Python's `websockets` over permessage-deflate (RFC 7692), in both roles. It compresses every
// message, however short.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../src/node.ts'
import {
  always,
  assertPassed,
  DEFAULT_OFFERS,
  DEFAULT_PARAMETERS,
  from,
  LARGEST,
  meetEchoingClient,
  meetEchoingServer,
  never,
  PAYLOADS,
  probes,
  SMALL_PAYLOADS,
  startClientProgram,
  startServerProgram,
  TAKEOVER,
} from '../support/deflate-echo.ts'
import { needs, python, testFile } from '../support/programs.ts'
import { tapped } from '../support/tap.ts'

const CLIENT = testFile('conformance', 'peers', 'echoing_client.py')
const SERVER = testFile('conformance', 'peers', 'echoing_server.py')
const OUR_THRESHOLD = from(1_024)

for (const { deflate, compression, offer, answer } of [
  {
    deflate: true,
    compression: 'deflate',
    offer: 'permessage-deflate; client_max_window_bits',
    answer: DEFAULT_PARAMETERS,
  },
  {
    deflate: LARGEST,
    compression: 'deflate',
    offer: 'permessage-deflate; client_max_window_bits',
    answer: 'permessage-deflate',
  },
  { deflate: true, compression: 'none', offer: undefined, answer: undefined },
]) {
  const title = `with compression ${compression} agree on ${answer ?? 'nothing'}`
  test(`our server and a client of Python websockets ${title}`, needs(python, 'python3-websockets'), async (t) => {
    const met = await meetEchoingClient(t, { deflate }, PAYLOADS, (port) =>
      startClientProgram(t, python!, [CLIENT, `ws://127.0.0.1:${port}/`, compression]),
    )
    assert.deepEqual([met.offer, met.answer], [offer, answer])
    assertPassed(met.fromServer, PAYLOADS, answer === undefined ? never : OUR_THRESHOLD)
    assertPassed(met.fromClient, PAYLOADS, answer === undefined ? never : always)
  })
}

for (const { deflate, options, offer, answer } of [
  { deflate: true, options: [], offer: DEFAULT_OFFERS, answer: DEFAULT_PARAMETERS },
  {
    deflate: LARGEST,
    options: [],
    offer: 'permessage-deflate; client_max_window_bits',
    answer: 'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12',
  },
  {
    deflate: LARGEST,
    options: ['server_no_context_takeover=True', 'client_no_context_takeover=True'],
    offer: 'permessage-deflate; client_max_window_bits',
    answer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  },
  {
    deflate: { ...TAKEOVER, serverMaxWindowBits: 15, clientMaxWindowBits: 13 },
    options: ['server_max_window_bits=9', 'client_max_window_bits=15'],
    offer: 'permessage-deflate; client_max_window_bits=13, permessage-deflate; client_max_window_bits',
    answer: 'permessage-deflate; server_max_window_bits=9; client_max_window_bits=13',
  },
] as const) {
  const title = `with ${options.length === 0 ? 'its defaults' : options.join(', ')} agree on ${answer}`
  test(`our client and a server of Python websockets ${title}`, needs(python, 'python3-websockets'), async (t) => {
    const port = await startServerProgram(t, python!, [SERVER, ...options])
    const met = await meetEchoingServer(t, { deflate }, PAYLOADS, port)
    assert.deepEqual([met.offer, met.answer], [offer, answer])
    assertPassed(met.fromClient, PAYLOADS, OUR_THRESHOLD)
    assertPassed(met.fromServer, PAYLOADS, always)
  })
}

for (const bits of [9, 12, 15] as const) {
  for (const noContextTakeover of [true, false]) {
    const title = `windows of ${bits} bits, ${noContextTakeover ? 'forgetting' : 'remembering'}`
    const flag = noContextTakeover ? 'True' : 'False'
    const deflate = {
      serverMaxWindowBits: bits,
      clientMaxWindowBits: bits,
      serverNoContextTakeover: noContextTakeover,
      clientNoContextTakeover: noContextTakeover,
      thresholdBytes: 0,
    }
    const payloads = [...probes(bits, noContextTakeover), ...SMALL_PAYLOADS]

    test(`our server and a client of Python websockets use ${title}`, needs(python, 'websockets'), async (t) => {
      const met = await meetEchoingClient(t, { deflate }, payloads, (port) =>
        startClientProgram(t, python!, [CLIENT, `ws://127.0.0.1:${port}/`]),
      )
      assertPassed(met.fromServer, payloads, always)
      assertPassed(met.fromClient, payloads, always)
    })

    test(`our client and a server of Python websockets use ${title}`, needs(python, 'websockets'), async (t) => {
      const port = await startServerProgram(t, python!, [SERVER, `server_no_context_takeover=${flag}`])
      const met = await meetEchoingServer(t, { deflate }, payloads, port)
      assertPassed(met.fromClient, payloads, always)
      assertPassed(met.fromServer, payloads, always)
    })
  }
}

test('our client joins the compressed fragments of Python websockets', needs(python, 'websockets'), async (t) => {
  const tap = await tapped(t, await startServerProgram(t, python!, [SERVER]))
  const connection = await connect(`ws://127.0.0.1:${tap.port}/`, { deflate: true })
  const messages = connection.messages()
  for (const text of ['fragments', 'whole']) {
    await connection.send(text)
    assert.equal((await messages.next()).value, text === 'whole' ? 'whole' : 'fragmented €')
  }
  await connection.close()
  const [fragmented] = tap.connections[0]!.fromServer.messages
  assert.equal(fragmented!.compressed, true)
  assert.ok(fragmented!.frames >= 4)
})
