// Interoperation with the WebSocket of the web standard over permessage-deflate (RFC 7692): that of Chromium, and those
// of Node, Bun and Deno. What each of them does with an offer is its own affair; here is what that is.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type TestContext, test } from 'node:test'
import type { DeflateOption } from '../../src/node.ts'
import { openPage } from '../support/chromium.ts'
import {
  always,
  assertPassed,
  DEFAULT_PARAMETERS,
  from,
  LARGEST,
  type Meeting,
  meetEchoingClient,
  never,
  PAYLOADS,
  type Payload,
  probes,
  type Rule,
  SMALL_PAYLOADS,
  startClientProgram,
  TAKEOVER,
} from '../support/deflate-echo.ts'
import { bun, chromium, deno, needs, otherNode, testFile } from '../support/programs.ts'

const OUR_THRESHOLD = from(1_024)

/** What each of them offers. */
const OFFER = 'permessage-deflate; client_max_window_bits'

// --- Chromium ---------------------------------------------------------------------------------------------------------

const PAGE = `<!doctype html><script type="module">
  const socket = new WebSocket('ws://' + location.host + '/')
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }) => socket.send(data))
</script>`

/** Our server, and a page that comes from the same host. */
async function meetPage(t: TestContext, deflate: DeflateOption, payloads: readonly Payload[]): Promise<Meeting> {
  const http = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end(PAGE)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  return meetEchoingClient(t, { deflate, server: http }, payloads, (port) =>
    openPage(t, `http://127.0.0.1:${port}/`).then(({ failed }) => failed),
  )
}

for (const { deflate, answer, payloads } of [
  { deflate: true, answer: DEFAULT_PARAMETERS, payloads: PAYLOADS },
  { deflate: LARGEST, answer: 'permessage-deflate', payloads: SMALL_PAYLOADS },
  { deflate: false, answer: undefined, payloads: SMALL_PAYLOADS },
]) {
  test(`our server and Chromium agree on ${answer ?? 'nothing'}`, needs(chromium, 'Chromium'), async (t) => {
    const met = await meetPage(t, deflate, payloads)
    assert.deepEqual([met.offer, met.answer], [OFFER, answer])
    assertPassed(met.fromServer, payloads, answer === undefined ? never : OUR_THRESHOLD)
    assertPassed(met.fromClient, payloads, answer === undefined ? never : always)
  })
}

for (const bits of [9, 12, 15] as const) {
  test(`our server and Chromium both compress with windows of ${bits} bits`, needs(chromium, 'Chromium'), async (t) => {
    const payloads = [...probes(bits, false), ...SMALL_PAYLOADS]
    const deflate = { ...TAKEOVER, serverMaxWindowBits: bits, clientMaxWindowBits: bits, thresholdBytes: 0 }
    const met = await meetPage(t, deflate, payloads)
    assertPassed(met.fromServer, payloads, always)
    assertPassed(met.fromClient, payloads, always)
  })
}

// --- runtimes ---------------------------------------------------------------------------------------------------------

interface Runtime {
  readonly name: string
  readonly program: string | undefined
  readonly args: readonly string[]
  readonly offer: string | undefined
  readonly compresses: Rule
}

const RUNTIMES: readonly Runtime[] = [
  // Node's takes what is compressed, and compresses nothing itself.
  { name: 'Node 22', program: otherNode(22), args: [], offer: OFFER, compresses: never },
  { name: 'Node 24', program: otherNode(24), args: [], offer: OFFER, compresses: never },
  // Bun's compresses what would make a frame of 1,024 bytes.
  { name: 'Bun', program: bun, args: [], offer: OFFER, compresses: from(1_016) },
  { name: 'Deno', program: deno, args: ['run', '-A'], offer: undefined, compresses: never },
]

const SETTINGS = [
  { deflate: true, agreed: DEFAULT_PARAMETERS, payloads: PAYLOADS },
  { deflate: LARGEST, agreed: 'permessage-deflate', payloads: SMALL_PAYLOADS },
  {
    deflate: { ...TAKEOVER, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    agreed: 'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
    payloads: SMALL_PAYLOADS,
  },
] as const

for (const { name, program, args, offer, compresses } of RUNTIMES) {
  for (const { deflate, agreed, payloads } of SETTINGS) {
    const answer = offer === undefined ? undefined : agreed
    const title = `our server that would have ${agreed}, and the WebSocket of ${name} agree on ${answer ?? 'nothing'}`
    test(title, needs(program, name), async (t) => {
      const peer = testFile('conformance', 'peers', 'echoing-client.js')
      const met = await meetEchoingClient(t, { deflate }, payloads, (port) =>
        startClientProgram(t, program!, [...args, peer, `ws://127.0.0.1:${port}/`]),
      )
      assert.deepEqual([met.offer, met.answer], [offer, answer])
      assertPassed(met.fromServer, payloads, answer === undefined ? never : OUR_THRESHOLD)
      assertPassed(met.fromClient, payloads, answer === undefined ? never : compresses)
    })
  }
}
