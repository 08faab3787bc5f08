// Interoperation with the server of Bun over permessage-deflate (RFC 7692). It reads the first offer alone, and answers
// by what its options say; a server that is asked to forget may overlook it, for which our second offer is made.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeflateOption } from '../../src/node.ts'
import {
  assertPassed,
  DEFAULT_OFFERS,
  from,
  LARGEST,
  meetEchoingServer,
  never,
  PAYLOADS,
  type Payload,
  SMALL_PAYLOADS,
  startServerProgram,
} from '../support/deflate-echo.ts'
import { bun, needs, testFile } from '../support/programs.ts'

const LARGEST_OFFER = 'permessage-deflate; client_max_window_bits'

interface Row {
  readonly perMessageDeflate: unknown
  readonly deflate: DeflateOption
  readonly offer: string
  readonly answer: string | undefined
  readonly payloads?: readonly Payload[]
}

const ROWS: readonly Row[] = [
  {
    perMessageDeflate: true,
    deflate: true,
    offer: DEFAULT_OFFERS,
    answer: 'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
    payloads: PAYLOADS,
  },
  {
    perMessageDeflate: true,
    deflate: LARGEST,
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
  },
  {
    perMessageDeflate: { compress: 'dedicated', decompress: 'dedicated' },
    deflate: true,
    offer: DEFAULT_OFFERS,
    answer: 'permessage-deflate; client_no_context_takeover',
  },
  {
    perMessageDeflate: { compress: 'dedicated', decompress: 'dedicated' },
    deflate: LARGEST,
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate',
  },
  {
    perMessageDeflate: { compress: 'dedicated', decompress: 'dedicated' },
    deflate: { ...LARGEST, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    offer:
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9, ' +
      'permessage-deflate; client_max_window_bits=9, permessage-deflate; client_max_window_bits',
    answer: 'permessage-deflate; client_max_window_bits=9; server_max_window_bits=9',
  },
  {
    perMessageDeflate: { compress: '3KB', decompress: '3KB' },
    deflate: LARGEST,
    offer: LARGEST_OFFER,
    answer: 'permessage-deflate; client_max_window_bits=11; server_max_window_bits=9',
  },
  {
    perMessageDeflate: { compress: 'disable', decompress: 'disable' },
    deflate: true,
    offer: DEFAULT_OFFERS,
    answer: undefined,
  },
  { perMessageDeflate: false, deflate: true, offer: DEFAULT_OFFERS, answer: undefined },
]

for (const { perMessageDeflate, deflate, offer, answer, payloads = SMALL_PAYLOADS } of ROWS) {
  const title = `with ${JSON.stringify(perMessageDeflate)} and our client with ${JSON.stringify(deflate)}`
  test(`the server of Bun ${title} agree on ${answer ?? 'nothing'}`, needs(bun, 'Bun'), async (t) => {
    const program = testFile('conformance', 'peers', 'echoing-server.bun.js')
    const port = await startServerProgram(t, bun!, [program, JSON.stringify(perMessageDeflate)])
    const met = await meetEchoingServer(t, { deflate }, payloads, port)
    assert.deepEqual([met.offer, met.answer], [offer, answer])
    assertPassed(met.fromClient, payloads, answer === undefined ? never : from(1_024))
    assertPassed(met.fromServer, payloads, answer === undefined ? never : from(1))
  })
}
