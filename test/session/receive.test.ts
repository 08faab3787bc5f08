import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProtocolError, VIOLATIONS, type ViolationCode } from '../../src/codec/protocol-error.ts'
import type { Session, SessionEvent, SessionOptions } from '../../src/session/index.ts'
import { client, events, kinds, output, rawEvents, receive, server } from '../support/engine.ts'
import { areCollected, liveBufferBytes } from '../support/memory.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

// Frames to a server are masked, here mostly with the key 00000000, so that the payload can be read.

function message(type: string, payload: string, reservedBits = 0): Record<string, unknown> {
  return { kind: 'message', type, payload: toHex(hex(payload)), reservedBits }
}

test('the examples of RFC 6455 §5.7 are received as they are described', () => {
  const rows: ReadonlyArray<readonly [session: Session, wire: string, events: unknown[]]> = [
    [client(), '81 05 48 65 6c 6c 6f', [message('text', '48656c6c6f')]],
    [server(), '81 85 37 fa 21 3d 7f 9f 4d 51 58', [message('text', '48656c6c6f')]],
    [client(), '01 03 48 65 6c 80 02 6c 6f', [message('text', '48656c6c6f')]],
    [client(), '89 05 48 65 6c 6c 6f', [{ kind: 'ping', payload: '48 65 6c 6c 6f' }]],
    [
      server(),
      '8a 85 37 fa 21 3d 7f 9f 4d 51 58',
      [{ kind: 'pong', payload: '48 65 6c 6c 6f', roundTripMs: undefined }],
    ],
    [client(), `82 7e 01 00 ${'ab'.repeat(256)}`, [message('binary', 'ab'.repeat(256))]],
    [client(), `82 7f 00 00 00 00 00 01 00 00 ${'cd'.repeat(65_536)}`, [message('binary', 'cd'.repeat(65_536))]],
  ]
  for (const [session, wire, expected] of rows) assert.deepEqual(receive(session, wire), expected)
})

test('the header table: every pair of first bytes is taken or refused as RFC 6455 §5.2 to §5.5 say', () => {
  // Fresh connection, no extension. What comes first decides: the first byte before the second.
  const expected = (first: number, second: number, role: 'client' | 'server'): string => {
    const bits = first.toString(2).padStart(8, '0')
    const opcode = first % 16
    if (![0, 1, 2, 8, 9, 10].includes(opcode)) return 'RESERVED_OPCODE'
    if (bits.slice(1, 4) !== '000') return 'RESERVED_BIT_SET'
    if (opcode >= 8 && bits[0] === '0') return 'CONTROL_FRAME_FRAGMENTED'
    if (opcode === 0) return 'UNEXPECTED_CONTINUATION'
    if (role === 'server' && second < 128) return 'FRAME_NOT_MASKED'
    if (role === 'client' && second >= 128) return 'FRAME_MASKED'
    if (opcode >= 8 && second % 128 > 125) return 'CONTROL_FRAME_TOO_LONG'
    if (opcode === 8 && second % 128 === 1) return 'CLOSE_PAYLOAD_TOO_SHORT'
    return 'none'
  }
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      for (const session of [server(), client()]) {
        session.receive(Uint8Array.of(first, second))
        const event = session.next()
        const found =
          event === undefined || event.kind !== 'failure' ? 'none' : (event.error as Error & { code: string }).code
        const wanted = expected(first, second, session.role)
        if (found !== wanted) assert.fail(`${session.role} ${toHex(Uint8Array.of(first, second))}: ${found}, ${wanted}`)
      }
    }
  }
})

// --- violations ------------------------------------------------------------------------------------------------------

interface Row {
  id: string
  name: string
  code: ViolationCode
  /** Index of the byte that decides. */
  offset: number
  /** To a server; the frames to a client are the same without masks unless given. */
  wire: string
  toClient?: { wire: string; offset: number } | undefined
  options?: Partial<SessionOptions>
}

const only = undefined
const deflate = { name: 'permessage-deflate', parameters: [], reservedBits: 0b100 }

const ROWS: readonly Row[] = [
  {
    id: 'T-40',
    name: 'RSV1 without an extension',
    code: 'RESERVED_BIT_SET',
    offset: 0,
    wire: 'c1 82 00000000 6869',
    toClient: { wire: 'c1 02 6869', offset: 0 },
  },
  {
    id: 'T-40',
    name: 'RSV2',
    code: 'RESERVED_BIT_SET',
    offset: 0,
    wire: 'a2 80 00000000',
    toClient: { wire: 'a2 00', offset: 0 },
  },
  {
    id: 'T-40',
    name: 'RSV3',
    code: 'RESERVED_BIT_SET',
    offset: 0,
    wire: '92 80 00000000',
    toClient: { wire: '92 00', offset: 0 },
  },
  {
    id: 'T-40',
    name: 'RSV1 on a ping, although an extension claims it',
    code: 'RESERVED_BIT_SET',
    offset: 0,
    wire: 'c9 80 00000000',
    toClient: { wire: 'c9 00', offset: 0 },
    options: { extensions: [deflate] },
  },
  {
    id: 'T-40',
    name: 'RSV1 on a close',
    code: 'RESERVED_BIT_SET',
    offset: 0,
    wire: 'c8 80 00000000',
    toClient: { wire: 'c8 00', offset: 0 },
    options: { extensions: [deflate] },
  },
  {
    id: 'T-40',
    name: 'RSV1 on a continuation',
    code: 'RESERVED_BIT_SET',
    offset: 6,
    wire: '42 80 00000000 c0 80 00000000',
    toClient: { wire: '42 00 c0 00', offset: 2 },
    options: { extensions: [deflate] },
  },
  {
    id: 'T-40',
    name: 'RSV1 and RSV2, of which only one is claimed',
    code: 'RESERVED_BIT_SET',
    offset: 0,
    wire: 'e1 80 00000000',
    toClient: { wire: 'e1 00', offset: 0 },
    options: { extensions: [deflate] },
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Row => ({
      id: 'T-41',
      name: `opcode ${opcode.toString(16)}`,
      code: 'RESERVED_OPCODE',
      offset: 0,
      wire: `8${opcode.toString(16)} 80 00000000`,
      toClient: { wire: `8${opcode.toString(16)} 00`, offset: 0 },
    }),
  ),
  {
    id: 'T-42',
    name: 'a continuation without a message',
    code: 'UNEXPECTED_CONTINUATION',
    offset: 0,
    wire: '80 80 00000000',
    toClient: { wire: '80 00', offset: 0 },
  },
  {
    id: 'T-42',
    name: 'a continuation after the message ended',
    code: 'UNEXPECTED_CONTINUATION',
    offset: 12,
    wire: '01 80 00000000 80 80 00000000 80 80 00000000',
    toClient: { wire: '01 00 80 00 80 00', offset: 4 },
  },
  {
    id: 'T-42',
    name: 'a new text message inside another',
    code: 'MESSAGE_NOT_FINISHED',
    offset: 6,
    wire: '01 80 00000000 81 80 00000000',
    toClient: { wire: '01 00 81 00', offset: 2 },
  },
  {
    id: 'T-42',
    name: 'a new binary message inside a text',
    code: 'MESSAGE_NOT_FINISHED',
    offset: 12,
    wire: '01 80 00000000 89 80 00000000 82 80 00000000',
    toClient: { wire: '01 00 89 00 82 00', offset: 4 },
  },
  {
    id: 'T-43',
    name: 'a fragmented ping',
    code: 'CONTROL_FRAME_FRAGMENTED',
    offset: 0,
    wire: '09 80 00000000',
    toClient: { wire: '09 00', offset: 0 },
  },
  {
    id: 'T-43',
    name: 'a fragmented pong',
    code: 'CONTROL_FRAME_FRAGMENTED',
    offset: 0,
    wire: '0a 80 00000000',
    toClient: { wire: '0a 00', offset: 0 },
  },
  {
    id: 'T-43',
    name: 'a fragmented close',
    code: 'CONTROL_FRAME_FRAGMENTED',
    offset: 0,
    wire: '08 80 00000000',
    toClient: { wire: '08 00', offset: 0 },
  },
  {
    id: 'T-43',
    name: 'a ping of 126 bytes',
    code: 'CONTROL_FRAME_TOO_LONG',
    offset: 1,
    wire: '89 fe 007e 00000000',
    toClient: { wire: '89 7e 007e', offset: 1 },
  },
  {
    id: 'T-43',
    name: 'a close with a 64-bit length',
    code: 'CONTROL_FRAME_TOO_LONG',
    offset: 1,
    wire: '88 ff 0000000000000001',
    toClient: { wire: '88 7f 0000000000000001', offset: 1 },
  },
  {
    id: 'T-44',
    name: 'a frame to a server that is not masked',
    code: 'FRAME_NOT_MASKED',
    offset: 1,
    wire: '81 05 48656c6c6f',
    toClient: only,
  },
  {
    id: 'T-44',
    name: 'a ping to a server that is not masked',
    code: 'FRAME_NOT_MASKED',
    offset: 1,
    wire: '89 00',
    toClient: only,
  },
  {
    id: 'T-45',
    name: '125 in 16 bits',
    code: 'LENGTH_NOT_MINIMAL',
    offset: 3,
    wire: '82 fe 007d 00000000',
    toClient: { wire: '82 7e 007d', offset: 3 },
  },
  {
    id: 'T-45',
    name: '0 in 64 bits',
    code: 'LENGTH_NOT_MINIMAL',
    offset: 9,
    wire: '82 ff 0000000000000000 00000000',
    toClient: { wire: '82 7f 0000000000000000', offset: 9 },
  },
  {
    id: 'T-45',
    name: '65,535 in 64 bits',
    code: 'LENGTH_NOT_MINIMAL',
    offset: 9,
    wire: '82 ff 000000000000ffff 00000000',
    toClient: { wire: '82 7f 000000000000ffff', offset: 9 },
  },
  {
    id: 'T-45',
    name: 'a 64-bit length with the top bit set',
    code: 'LENGTH_TOP_BIT_SET',
    offset: 2,
    wire: '82 ff 8000000000000001 00000000',
    toClient: { wire: '82 7f 8000000000000001', offset: 2 },
  },
  {
    id: 'T-45',
    name: 'all bits of a 64-bit length',
    code: 'LENGTH_TOP_BIT_SET',
    offset: 2,
    wire: '81 ff ffffffffffffffff',
    toClient: { wire: '81 7f ffffffffffffffff', offset: 2 },
  },
  {
    id: 'T-45',
    name: '2^53, without a limit on messages',
    code: 'LENGTH_NOT_SAFE',
    offset: 9,
    wire: '82 ff 0020000000000000',
    toClient: { wire: '82 7f 0020000000000000', offset: 9 },
    options: { limits: { maxMessageBytes: Number.POSITIVE_INFINITY } },
  },
  {
    id: 'T-46',
    name: 'a short frame over the limit',
    code: 'MESSAGE_TOO_BIG',
    offset: 1,
    wire: '82 8b 00000000',
    toClient: { wire: '82 0b', offset: 1 },
    options: { limits: { maxMessageBytes: 10 } },
  },
  {
    id: 'T-46',
    name: 'a 16-bit length over the limit',
    code: 'MESSAGE_TOO_BIG',
    offset: 3,
    wire: '82 fe 00c9',
    toClient: { wire: '82 7e 00c9', offset: 3 },
    options: { limits: { maxMessageBytes: 200 } },
  },
  {
    id: 'T-46',
    name: 'a 64-bit length over the limit',
    code: 'MESSAGE_TOO_BIG',
    offset: 9,
    wire: '82 ff 0000000000010001',
    toClient: { wire: '82 7f 0000000000010001', offset: 9 },
    options: { limits: { maxMessageBytes: 65_536 } },
  },
  {
    id: 'T-46',
    name: '2^63 - 1 bytes',
    code: 'MESSAGE_TOO_BIG',
    offset: 9,
    wire: '82 ff 7fffffffffffffff',
    toClient: { wire: '82 7f 7fffffffffffffff', offset: 9 },
  },
  {
    id: 'T-46',
    name: '2^32 bytes, which 32 bits would take for 0',
    code: 'MESSAGE_TOO_BIG',
    offset: 9,
    wire: '82 ff 0000000100000000',
    toClient: { wire: '82 7f 0000000100000000', offset: 9 },
  },
  {
    id: 'T-46',
    name: 'a fragment that goes over what is left',
    code: 'MESSAGE_TOO_BIG',
    offset: 17,
    wire: '02 8a 00000000 00010203040506070809 80 81 00000000',
    toClient: { wire: '02 0a 00010203040506070809 80 01', offset: 13 },
    options: { limits: { maxMessageBytes: 10 } },
  },
  {
    id: 'T-46',
    name: 'a fragment of 2^53 - 1 bytes after one byte',
    code: 'MESSAGE_TOO_BIG',
    offset: 16,
    wire: '02 81 00000000 aa 80 ff 001fffffffffffff',
    toClient: { wire: '02 01 aa 80 7f 001fffffffffffff', offset: 12 },
    options: { limits: { maxMessageBytes: Number.MAX_SAFE_INTEGER } },
  },
  {
    id: 'T-48',
    name: 'one fragment more than the limit',
    code: 'TOO_MANY_FRAGMENTS',
    offset: 13,
    wire: '02 80 00000000 00 80 00000000 80 80 00000000',
    toClient: { wire: '02 00 00 00 80 00', offset: 5 },
    options: { limits: { maxMessageFragments: 2 } },
  },
  {
    id: 'T-53',
    name: 'a byte that is never UTF-8',
    code: 'INVALID_UTF8',
    offset: 7,
    wire: '81 83 00000000 61 ff 62',
    toClient: { wire: '81 03 61 ff 62', offset: 3 },
  },
  {
    id: 'T-53',
    name: 'an overlong form',
    code: 'INVALID_UTF8',
    offset: 6,
    wire: '81 82 00000000 c0 80',
    toClient: { wire: '81 02 c0 80', offset: 2 },
  },
  {
    id: 'T-53',
    name: 'a surrogate',
    code: 'INVALID_UTF8',
    offset: 7,
    wire: '81 83 00000000 ed a0 80',
    toClient: { wire: '81 03 ed a0 80', offset: 3 },
  },
  {
    id: 'T-53',
    name: 'beyond U+10FFFF',
    code: 'INVALID_UTF8',
    offset: 7,
    wire: '81 84 00000000 f4 90 80 80',
    toClient: { wire: '81 04 f4 90 80 80', offset: 3 },
  },
  {
    id: 'T-53',
    name: 'an invalid byte long before the frame ends',
    code: 'INVALID_UTF8',
    offset: 8,
    wire: '81 fe 0100 00000000 ff',
    toClient: { wire: '81 7e 0100 ff', offset: 4 },
  },
  {
    id: 'T-53',
    name: 'text that ends inside a code point',
    code: 'INVALID_UTF8',
    offset: 8,
    wire: '81 83 00000000 61 e2 82',
    toClient: { wire: '81 03 61 e2 82', offset: 4 },
  },
  {
    id: 'T-53',
    name: 'text that ends inside a code point, in an empty frame',
    code: 'INVALID_UTF8',
    offset: 12,
    wire: '01 81 00000000 c3 80 80 00000000',
    toClient: { wire: '01 01 c3 80 00', offset: 4 },
  },
  {
    id: 'T-53',
    name: 'a code point that the next fragment does not continue',
    code: 'INVALID_UTF8',
    offset: 14,
    wire: '01 82 00000000 61 e2 80 81 00000000 62',
    toClient: { wire: '01 02 61 e2 80 01 62', offset: 6 },
  },
  {
    id: 'T-56',
    name: 'a close payload of one byte',
    code: 'CLOSE_PAYLOAD_TOO_SHORT',
    offset: 1,
    wire: '88 81 00000000 03',
    toClient: { wire: '88 01 03', offset: 1 },
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((closeCode): Row => {
    const wire = closeCode.toString(16).padStart(4, '0')
    return {
      id: 'T-56',
      name: `close code ${closeCode}`,
      code: 'CLOSE_CODE_NOT_ALLOWED',
      offset: 7,
      wire: `88 85 00000000 ${wire} 616263`,
      toClient: { wire: `88 05 ${wire} 616263`, offset: 3 },
    }
  }),
  {
    id: 'T-56',
    name: 'a reason that is not UTF-8',
    code: 'CLOSE_REASON_NOT_UTF8',
    offset: 9,
    wire: '88 85 00000000 03e8 61ff62',
    toClient: { wire: '88 05 03e8 61ff62', offset: 5 },
  },
  {
    id: 'T-56',
    name: 'a reason that ends inside a code point',
    code: 'CLOSE_REASON_NOT_UTF8',
    offset: 9,
    wire: '88 84 00000000 03e8 e282',
    toClient: { wire: '88 04 03e8 e282', offset: 5 },
  },
]

const MASKED_TO_CLIENT: Row = {
  id: 'T-44',
  name: 'a frame to a client that is masked',
  code: 'FRAME_MASKED',
  offset: 1,
  wire: '81 85 37fa213d 7f9f4d5158',
}

/** The Close frame that answers a failure: from a server, and from a client with the key of the examples. */
const CLOSE_FRAMES: Record<number, readonly [fromServer: string, fromClient: string]> = {
  1002: ['88 02 03 ea', '88 82 37 fa 21 3d 34 10'],
  1007: ['88 02 03 ef', '88 82 37 fa 21 3d 34 15'],
  1008: ['88 02 03 f0', '88 82 37 fa 21 3d 34 0a'],
  1009: ['88 02 03 f1', '88 82 37 fa 21 3d 34 0b'],
}

function failsAt(session: Session, row: Row, wire: string, offset: number): void {
  const { closeCode, rule } = VIOLATIONS[row.code]
  const bytes = hex(wire)
  session.receive(bytes.subarray(0, offset))
  assert.ok(!kinds(session).includes('failure'), 'failed before the byte that decides')
  session.takeOutput()
  session.receive(bytes.subarray(offset, offset + 1))
  const failures = rawEvents(session)
  assert.deepEqual(
    failures.map((event) => event.kind),
    ['failure'],
  )
  const { error } = failures[0] as SessionEvent & { kind: 'failure' }
  assert.deepEqual(
    { code: error.code, closeCode: error.closeCode, offset: error.offset, rule: error.rule, phase: error.phase },
    { code: row.code, closeCode, offset, rule, phase: 'open' },
  )
  assert.equal(output(session), CLOSE_FRAMES[closeCode]![session.role === 'server' ? 0 : 1])
  assert.equal(session.wantsEnd, true)
  assert.equal(session.readyState, 'closing')
  session.receive(bytes.subarray(offset + 1))
  session.receive(hex('81 80 00000000 88 00'))
  assert.deepEqual(kinds(session), [], 'nothing but the end follows a failure')
  session.receiveEnd()
  const closed = events(session)
  assert.deepEqual(closed, [
    {
      kind: 'closed',
      code: closeCode,
      reason: '',
      wasClean: false,
      initiator: 'local',
      sentCode: closeCode,
      receivedCode: undefined,
      error: row.code,
    },
  ])
  assert.equal(output(session), '')
}

/** The same bytes in one chunk: what comes behind the byte that decides is there already, and changes nothing. */
function failsWhole(session: Session, row: Row, wire: string, offset: number): void {
  session.receive(hex(wire))
  const failures = rawEvents(session).filter((event) => event.kind === 'failure')
  assert.deepEqual(
    failures.map(({ error }) => [error.code, error.offset]),
    [[row.code, offset]],
  )
}

for (const row of ROWS) {
  const { closeCode } = VIOLATIONS[row.code]
  test(`${row.id}: ${row.name} fails a server's connection with ${closeCode} at byte ${row.offset}`, () => {
    failsAt(server(row.options), row, row.wire, row.offset)
    failsWhole(server(row.options), row, row.wire, row.offset)
  })
  const { toClient } = row
  if (toClient === undefined) continue
  test(`${row.id}: ${row.name} fails a client's connection with ${closeCode} at byte ${toClient.offset}`, () => {
    failsAt(client(row.options), row, toClient.wire, toClient.offset)
    failsWhole(client(row.options), row, toClient.wire, toClient.offset)
  })
}

test('T-44: a frame to a client that is masked fails the connection with 1002 at byte 1', () => {
  failsAt(client(), MASKED_TO_CLIENT, MASKED_TO_CLIENT.wire, 1)
})

test('a server that accepts unmasked frames takes both, and refuses none for it', () => {
  const session = server({ acceptUnmasked: true })
  assert.deepEqual(receive(session, '81 02 6869 81 82 00000000 6869'), [
    message('text', '6869'),
    message('text', '6869'),
  ])
  assert.deepEqual(
    receive(client({ acceptUnmasked: true }), '81 80 00000000').map((event) => event['error']),
    ['FRAME_MASKED'],
  )
})

// --- what is allowed -------------------------------------------------------------------------------------------------

test('T-40: a reserved bit that an extension claims arrives with the message, on all its fragments', () => {
  const extensions = [deflate]
  assert.deepEqual(receive(server({ extensions }), 'c2 81 00000000 aa'), [message('binary', 'aa', 4)])
  assert.deepEqual(receive(server({ extensions }), '42 81 00000000 aa 80 81 00000000 bb'), [
    message('binary', 'aabb', 4),
  ])
  assert.deepEqual(receive(server({ extensions }), '82 81 00000000 aa'), [message('binary', 'aa', 0)])
  const pieces = receive(server({ extensions, delivery: 'raw' }), '41 81 00000000 ff 80 81 00000000 ff')
  assert.deepEqual(
    pieces.map((event) => event['reservedBits']),
    [4, 4],
  )
})

test('text that an extension has changed is not looked at as UTF-8; the next message is', () => {
  const session = server({ extensions: [deflate] })
  assert.deepEqual(receive(session, 'c1 81 00000000 ff'), [message('text', 'ff', 4)])
  assert.deepEqual(
    receive(session, '81 81 00000000 ff').map((event) => event['error']),
    ['INVALID_UTF8'],
  )
})

test('T-48: an empty first fragment is valid, and so is an empty last one', () => {
  assert.deepEqual(receive(client(), '01 00 00 01 61 80 00'), [message('text', '61')])
  assert.deepEqual(receive(client(), '01 00 80 00'), [message('text', '')])
})

test('T-48: as many fragments as the limit allows are a message', () => {
  const limits = { maxMessageFragments: 3 }
  assert.deepEqual(receive(client({ limits }), '02 01 aa 00 01 bb 80 01 cc'), [message('binary', 'aabbcc')])
  assert.deepEqual(receive(client({ limits: { maxMessageFragments: 1 } }), '82 01 aa 82 01 bb'), [
    message('binary', 'aa'),
    message('binary', 'bb'),
  ])
})

test('T-48: by default a message has 16,384 fragments at most, empty ones included', () => {
  const first = frame({ opcode: 2, fin: false, payload: 'a' })
  const more = frame({ opcode: 0, fin: false, payload: 'a' })
  const last = frame({ opcode: 0 })
  for (const [fragments, error] of [
    [16_383, undefined],
    [16_384, undefined],
    [16_385, 'TOO_MANY_FRAGMENTS'],
  ] as const) {
    const session = client()
    session.receive(concat(first, ...new Array<Uint8Array>(fragments - 2).fill(more), last))
    const [event, ...others] = events(session)
    assert.deepEqual([event!['kind'], event!['error'], others], [error ? 'failure' : 'message', error, []])
    assert.equal(output(session), error ? '88 82 37 fa 21 3d 34 0a' : '') // 1008
  }
})

test('T-46: a message of exactly the limit is received, in one frame or in many, and the next starts at 0 again', () => {
  const limits = { maxMessageBytes: 3 }
  const session = client({ limits })
  assert.deepEqual(receive(session, '82 03 aabbcc 02 02 aabb 80 01 cc 82 03 aabbcc'), [
    message('binary', 'aabbcc'),
    message('binary', 'aabbcc'),
    message('binary', 'aabbcc'),
  ])
  assert.deepEqual(receive(client({ limits: { maxMessageBytes: 0 } }), '82 00'), [message('binary', '')])
})

test('a limit on messages bounds pieces too, but its default does not', () => {
  const header = '82 7f 0000000001000001' // one byte more than a client takes as a message
  for (const delivery of ['fragment', 'raw'] as const) {
    assert.deepEqual(receive(client({ delivery }), header), [])
    const limits = { maxMessageBytes: 16_777_216 }
    assert.deepEqual(
      receive(client({ delivery, limits }), header).map((event) => event['error']),
      ['MESSAGE_TOO_BIG'],
    )
  }
  assert.deepEqual(
    receive(client(), header).map((event) => event['error']),
    ['MESSAGE_TOO_BIG'],
  )
  assert.deepEqual(receive(client(), '82 7f 0000000001000000'), [])
  assert.deepEqual(receive(server(), '82 ff 0000000000100000'), [])
  assert.deepEqual(
    receive(server(), '82 ff 0000000000100001').map((event) => event['error']),
    ['MESSAGE_TOO_BIG'],
  )
})

test('the delivery changes between two messages, never inside one', () => {
  const session = client({ delivery: 'message' })
  receive(session, '02 01 aa')
  session.deliver('raw')
  assert.deepEqual(receive(session, '00 01 bb 80 01 cc'), [message('binary', 'aabbcc')])
  assert.deepEqual(
    receive(session, '02 01 aa').map((event) => event['kind']),
    ['fragment'],
  )
  session.deliver('message')
  assert.deepEqual(
    receive(session, '80 01 bb').map((event) => event['kind']),
    ['fragment'],
  )
  assert.deepEqual(receive(session, '82 01 cc'), [message('binary', 'cc')])
  assert.throws(() => session.deliver('whole' as 'raw'), { name: 'TypeError', message: /Delivery is whole/ })
})

test('T-51: a view with an offset, a pooled Buffer, shared memory and an empty chunk are received alike', () => {
  const wire = hex('81 85 37fa213d 7f9f4d5158')
  const padded = concat(hex('eeee'), wire, hex('ee'))
  const shared = new Uint8Array(new SharedArrayBuffer(wire.length))
  shared.set(wire)
  for (const bytes of [padded.subarray(2, 2 + wire.length), Buffer.from(wire), shared]) {
    const session = server()
    session.receive(new Uint8Array(0))
    session.receive(bytes)
    session.receive(new Uint8Array(0))
    assert.deepEqual(events(session), [message('text', '48656c6c6f')])
  }
  assert.equal(toHex(padded.subarray(0, 2)), 'ee ee')
  assert.equal(padded.at(-1), 0xee)
})

test('T-67: what is handed out are plain views, also of a Buffer or a subclass that lies', () => {
  class Liar extends Uint8Array {
    static get [Symbol.species](): never {
      throw new Error('asked for the species')
    }
    override get length(): number {
      return 1
    }
  }
  const wire = hex('82 83 00000000 010203')
  for (const bytes of [Buffer.from(wire), new Liar(wire)]) {
    const session = server({ delivery: 'raw' })
    session.receive(bytes)
    const [event] = rawEvents(session) as [SessionEvent & { kind: 'fragment' }]
    assert.equal(Object.getPrototypeOf(event.payload), Uint8Array.prototype)
    assert.equal(toHex(event.payload), '01 02 03')
  }
})

test('text is not looked at when validation is off', () => {
  assert.deepEqual(receive(client({ validateUtf8: false }), '81 02 61 ff'), [message('text', '61ff')])
})

test('T-54, T-55: text is handed over as its bytes, a byte order mark included', () => {
  assert.deepEqual(receive(client(), '81 04 efbbbf 61'), [message('text', 'efbbbf61')])
})

test('T-75: a ping between fragments is answered before the rest of the message', () => {
  const session = client()
  session.receive(hex('01 01 61 89 01 70 80 01 62'))
  assert.equal(session.next()!.kind, 'ping')
  assert.equal(output(session), '8a 81 37 fa 21 3d 47')
  assert.deepEqual(events(session), [message('text', '6162')])
})

test('the payload of a ping is the application’s own: changing it does not change the pong', () => {
  const session = client({ randomUint32: () => 0 })
  session.receive(hex('89 02 6869'))
  const event = session.next() as SessionEvent & { kind: 'ping' }
  event.payload.fill(0xee)
  structuredClone(event.payload.buffer, { transfer: [event.payload.buffer as ArrayBuffer] })
  assert.equal(output(session), '8a 82 00 00 00 00 68 69')
})

test('an empty payload that is given away takes no memory with it that others use', () => {
  const first = client()
  first.receive(hex('89 00 8a 00 88 00'))
  for (const event of rawEvents(first)) {
    const bytes = event.kind === 'close' ? event.reasonBytes : (event as SessionEvent & { kind: 'ping' }).payload
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })
  }
  assert.deepEqual(receive(client({ randomUint32: () => 0 }), '89 00 02 01 aa 80 01 bb'), [
    { kind: 'ping', payload: '' },
    message('binary', 'aabb'),
  ])
})

// --- input that waits ------------------------------------------------------------------------------------------------

test('T-98: chunks that wait unread are read in the order in which they came', () => {
  const session = client()
  session.receive(hex('82 01 01'))
  session.receive(hex('82 01 02'))
  assert.deepEqual(session.next()!.kind, 'message')
  session.receive(hex('82 01 03')) // the first chunk is used up, the second still waits
  assert.equal(session.inputBytes, 6)
  assert.deepEqual(events(session), [message('binary', '02'), message('binary', '03')])
  assert.equal(session.inputBytes, 0)
})

test('T-98: chunks that come while others are being read are read after them', () => {
  const session = client()
  const read = () => toHex((session.next() as SessionEvent & { kind: 'message' }).payload)
  for (const wire of ['82 01 01', '82 01 02', '82 01 03', '82 01 04']) session.receive(hex(wire))
  assert.deepEqual([read(), read()], ['01', '02'])
  session.receive(hex('82 01 05'))
  assert.equal(read(), '03')
  session.receive(hex('82 01 06'))
  assert.deepEqual([read(), read(), read(), session.inputBytes], ['04', '05', '06', 0])
})

test('inputBytes counts what was received and not parsed', () => {
  const session = client()
  session.receive(hex('82 01 01 82 03 0a'))
  session.receive(hex('0b'))
  assert.equal(session.inputBytes, 7)
  session.next()
  assert.equal(session.inputBytes, 4)
  session.next()
  assert.equal(session.inputBytes, 0)
})

test('nextControl answers pings and stops before data, empty or not, wherever the chunks end', () => {
  const wire = hex('89 01 61 82 00 82 02 0102 8a 00')
  for (let cut = 0; cut <= wire.length; cut++) {
    const session = client()
    const seen: string[] = []
    const drainControl = () => {
      for (let event = session.nextControl(); event !== undefined; event = session.nextControl()) seen.push(event.kind)
    }
    session.receive(wire.slice(0, cut))
    drainControl()
    session.receive(wire.slice(cut))
    drainControl()
    assert.deepEqual(seen, ['ping'], `cut at ${cut}`)
    assert.equal(session.inputBytes, 8)
    assert.deepEqual(kinds(session), ['message', 'message', 'pong'])
    drainControl()
    assert.equal(seen.length, 1)
  }
})

test('isCloseNext knows a Close frame by its first byte, wherever it waits', () => {
  const wire = hex('82 01 01 88 02 03e8')
  for (let cut = 0; cut <= wire.length; cut++) {
    const session = client()
    session.receive(wire.slice(0, cut))
    session.receive(wire.slice(cut))
    assert.equal(session.isCloseNext, false, `cut at ${cut}`)
    assert.equal(session.next()!.kind, 'message')
    assert.equal(session.isCloseNext, true, `cut at ${cut}`)
    assert.equal(session.inputBytes, 4)
    assert.equal(session.next()!.kind, 'close')
    assert.equal(session.isCloseNext, false)
  }
  const begun = client()
  receive(begun, '88')
  assert.equal(begun.isCloseNext, true)
  receive(begun, '02 03')
  assert.equal(begun.isCloseNext, true)
  receive(begun, 'e8')
  assert.equal(begun.isCloseNext, false)
  const other = client()
  receive(other, '98')
  assert.equal(other.isCloseNext, false)
})

test('isCloseNext looks at the chunk that is read next, not at the one that came last', () => {
  const session = client()
  for (const wire of ['82 01 01', '82 01 02', '88 00']) session.receive(hex(wire))
  const seen: boolean[] = []
  for (let i = 0; i < 3; i++) {
    seen.push(session.isCloseNext)
    session.next()
  }
  assert.deepEqual(seen, [false, false, true])
  session.receive(hex('88 00'))
  assert.equal(session.isCloseNext, false)
})

test('a stream that has ended is not over while one byte of data waits', () => {
  const session = client()
  session.receive(hex('82 00 82'))
  session.next()
  session.receiveEnd()
  assert.equal(session.nextControl(), undefined)
  assert.equal(session.readyState, 'open')
  assert.deepEqual(kinds(session), ['closed'])
})

test('nextControl stops inside a data frame and its header, goes on inside a control frame, and never skips', () => {
  const session = client()
  session.receive(hex('82'))
  assert.deepEqual(kinds(session), [])
  session.receive(hex('02 01'))
  assert.equal(session.nextControl(), undefined)
  assert.equal(session.inputBytes, 2)
  assert.deepEqual(kinds(session), [])
  session.receive(hex('02 89'))
  assert.equal(session.nextControl(), undefined)
  assert.deepEqual(kinds(session), ['message'])
  session.receive(hex('01'))
  assert.equal(session.nextControl(), undefined)
  assert.equal(session.inputBytes, 0)
  session.receive(hex('61'))
  assert.equal(session.nextControl()!.kind, 'ping')
})

test('next takes no more payload into a fragment than it is asked to', () => {
  const session = client({ delivery: 'raw' })
  session.receive(hex('82 05 0102030405 82 01 06'))
  const sizes: number[] = []
  for (let event = session.next(2); event !== undefined; event = session.next(2)) {
    sizes.push((event as SessionEvent & { kind: 'fragment' }).payload.length)
  }
  assert.deepEqual(sizes, [2, 2, 1, 1])
  for (const size of [0, -1, 1.5, Number.NaN, '1']) {
    assert.throws(() => session.next(size as number), { name: 'RangeError', message: /Largest piece/ })
  }
})

test('a message in pieces of at most one byte is the same message', () => {
  const session = client()
  session.receive(hex('01 02 61e2 80 02 82ac'))
  assert.deepEqual(
    [session.next(1), session.next(1)].map((event) => event && toHex((event as { payload: Uint8Array }).payload)),
    ['61 e2 82 ac', undefined],
  )
})

// --- memory and work -------------------------------------------------------------------------------------------------

/** A session that has received the bytes and told all about them; nothing else refers to their memory. */
function used(session: Session, create: () => Uint8Array, chunks?: WeakRef<object>[]): Session {
  const bytes = create()
  chunks?.push(new WeakRef(bytes.buffer))
  session.receive(bytes)
  kinds(session)
  return session
}

test('T-47: a terabyte announced and a little sent takes a little memory', () => {
  const session = client({ limits: { maxMessageBytes: Number.POSITIVE_INFINITY } })
  const before = liveBufferBytes()
  used(session, () => hex('82 7f 0000010000000000'))
  let received = 0
  for (const size of [70_000, ...new Array<number>(93).fill(10_000)]) {
    used(session, () => new Uint8Array(size))
    received += size
    if (received % 250_000 === 0 || received === 70_000) {
      assert.ok(liveBufferBytes() - before <= 2 * received + 65_536, `after ${received}`)
    }
  }
})

test('T-49: a frame of 1 MiB in reads of one byte is received, without an object kept for each', () => {
  const session = client()
  const wire = frame({ opcode: 2, payload: new Uint8Array(1_048_576).fill(7) })
  let received: SessionEvent | undefined
  for (let at = 0; at < wire.length; at++) {
    session.receive(wire.subarray(at, at + 1).slice())
    received = session.next()
    if (session.inputBytes !== 0) assert.fail('bytes were left')
  }
  assert.equal((received as { payload: Uint8Array }).payload.length, 1_048_576)
  assert.ok((received as { payload: Uint8Array }).payload.buffer.byteLength <= 2 * 1_048_576 + 65_536)
})

test('T-49: 131,072 reads that waited unread are read in linear time', () => {
  const session = client()
  session.receive(hex('82 7f 0000000000020000'))
  for (let i = 0; i < 131_072; i++) session.receive(Uint8Array.of(i & 255))
  const started = performance.now()
  assert.deepEqual(kinds(session), ['message'])
  assert.ok(performance.now() - started < 1_000)
})

test('T-50: 100,000 frames in one chunk are 100,000 messages, on a stack of constant depth', () => {
  const wire = new Uint8Array(300_000)
  for (let i = 0; i < wire.length; i += 3) wire.set([0x82, 0x01, i & 255], i)
  const session = client()
  session.receive(wire)
  let count = 0
  while (session.next() !== undefined) count++
  assert.equal(count, 100_000)
})

test('T-50: 100,000 fragments without an event between them are one message', () => {
  const limits = { maxMessageFragments: 200_000 }
  const wire = new Uint8Array(300_000)
  for (let i = 0; i < wire.length; i += 3) wire.set([i === 0 ? 0x02 : i === wire.length - 3 ? 0x80 : 0x00, 0x01, 7], i)
  const session = client({ limits })
  session.receive(wire)
  const [event] = rawEvents(session) as [SessionEvent & { kind: 'message' }]
  assert.equal(event.payload.length, 100_000)
  assert.equal(event.owned, true)
})

test('T-52: control payloads, reasons, joined messages and held bytes are memory of their own; only views are views', () => {
  const wire = hex('89 02 6869 8a 01 61 82 01 ff 02 01 aa 80 01 bb 88 03 03e8 62')
  const session = client()
  session.receive(wire)
  const owned: Record<string, boolean> = {}
  for (const event of rawEvents(session)) {
    const bytes = event.kind === 'close' ? event.reasonBytes : 'payload' in event ? event.payload : undefined
    const name = event.kind === 'message' ? `message, owned: ${event.owned}` : event.kind
    owned[name] = bytes!.buffer !== wire.buffer
  }
  assert.deepEqual(owned, {
    ping: true,
    pong: true,
    'message, owned: false': false,
    'message, owned: true': true,
    close: true,
  })
})

test('T-52: chunks that are used up are let go, whatever was made of them', async () => {
  const frames = [
    '82 03 010203',
    '89 01 61',
    '88 05 03e8 616263',
    '01 02 61c3',
    '81 02 61ff',
    '82',
    '82 7e ffff 01',
    '89 05 61',
  ]
  const chunks: WeakRef<object>[] = []
  const sessions = (['message', 'fragment', 'raw'] as const).flatMap((delivery) =>
    frames.map((wire) => used(client({ delivery }), () => hex(wire), chunks)),
  )
  assert.equal(await areCollected(chunks), true)
  assert.equal(
    sessions.every((session) => session.inputBytes === 0),
    true,
  )
})

test('T-52: a session keeps no payload of a control frame', async () => {
  const session = client()
  const payloads: WeakRef<object>[] = []
  const drain = (): void => {
    session.receive(hex('89 01 61 8a 01 62'))
    for (const event of rawEvents(session)) {
      payloads.push(new WeakRef((event as SessionEvent & { kind: 'ping' }).payload.buffer))
    }
    session.takeOutput()
  }
  drain()
  assert.equal(await areCollected(payloads), true)
  assert.equal(payloads.length, 2)
  assert.equal(session.readyState, 'open')
})

test('T-52: chunks that wait unread when the connection ends are let go', async () => {
  const chunks: WeakRef<object>[] = []
  const sessions = [0, 1, 2].map(() => client())
  for (const session of sessions) {
    for (const wire of ['82 01 01', '82 01 02', '82 01 03', '83']) waiting(session, () => hex(wire), chunks)
  }
  sessions[0]!.abort()
  sessions[1]!.fail(1011)
  sessions[2]!.next()
  sessions[2]!.fail(1011)
  assert.equal(await areCollected(chunks), true)
  assert.deepEqual(
    sessions.map((session) => session.inputBytes),
    [0, 0, 0],
  )
})

/** Gives bytes to a session that nobody asks about. */
function waiting(session: Session, create: () => Uint8Array, chunks: WeakRef<object>[]): void {
  const bytes = create()
  chunks.push(new WeakRef(bytes.buffer))
  session.receive(bytes)
}

test('T-52: a session that has failed or ended lets go of the message that it was receiving', () => {
  for (const end of ['81 00', '88 00', undefined]) {
    const before = liveBufferBytes()
    const session = used(client(), () => frame({ opcode: 2, fin: false, payload: new Uint8Array(1_000_000) }))
    assert.ok(liveBufferBytes() - before >= 1_000_000)
    if (end === undefined) session.receiveEnd()
    else receive(session, end)
    assert.ok(liveBufferBytes() - before < 100_000)
    assert.notEqual(session.readyState, 'open')
  }
})

test('T-52: a code point that is held back is a copy: the chunk that it came in may be written over', () => {
  const session = client({ delivery: 'fragment' })
  const chunk = hex('81 05 61 f0 9f 98')
  session.receive(chunk)
  assert.deepEqual(
    rawEvents(session).map((event) => toHex((event as { payload: Uint8Array }).payload)),
    ['61'],
  )
  chunk.fill(0xee)
  session.receive(hex('80'))
  assert.deepEqual(
    rawEvents(session).map((event) => toHex((event as { payload: Uint8Array }).payload)),
    ['f0 9f 98 80'],
  )
})

test('T-52: a header that is cut across chunks is a copy', () => {
  const session = server()
  const chunk = hex('81 82 37 fa')
  session.receive(chunk)
  assert.deepEqual(events(session), [])
  chunk.fill(0xee)
  assert.deepEqual(receive(session, '21 3d 5f 93'), [message('text', '6869')])
})

test('bytes are unmasked where they lie, and no others are touched', () => {
  const chunk = hex('82 83 01020304 010203 82')
  const session = server()
  session.receive(chunk)
  session.next()
  assert.equal(toHex(chunk), '82 83 01 02 03 04 00 00 00 82')
})

test('frames of every size around the three forms of a length are received, masked and not', () => {
  for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 65_537]) {
    const payload = Uint8Array.from({ length: size }, (_, i) => i & 255)
    for (const [session, key] of [
      [client(), undefined],
      [server(), '01020304'],
    ] as const) {
      session.receive(frame({ opcode: 2, payload, ...(key === undefined ? {} : { key }) }))
      const [event] = rawEvents(session) as [SessionEvent & { kind: 'message' }]
      assert.equal(Buffer.compare(event.payload, payload), 0, `${size}`)
    }
  }
})

test('valid text before an invalid byte reaches who takes it in pieces, then the failure', () => {
  const invalid = concat(utf8('abc'), hex('e2 82 ff 64'))
  for (const [delivery, before] of [
    ['fragment', '61 62 63'],
    ['raw', '61 62 63 e2 82'],
  ] as const) {
    const session = client({ delivery })
    session.receive(frame({ opcode: 1, payload: invalid }))
    const [piece, failure] = events(session) as [Record<string, unknown>, Record<string, unknown>]
    assert.deepEqual([piece['payload'], piece['final'], piece['endOfFrame']], [before, false, false])
    assert.deepEqual([failure['kind'], failure['offset']], ['failure', 7])
  }
})

const FOUND: ReadonlyArray<readonly [name: string, wire: string, found: number | undefined]> = [
  ['the reserved bits', 'e1 80 00000000', 0b110],
  ['the reserved opcode', '83 80 00000000', 3],
  ['the opcode of the message that comes too early', '01 80 00000000 82 80 00000000', 2],
  ['the opcode of a continuation of nothing', '80 80 00000000', 0],
  ['the opcode of a control frame in fragments', '09 80 00000000', 9],
  ['the length of a control frame', '89 fe', 126],
  ['the length of a Close frame', '88 81', 1],
  ['the close code', '88 82 00000000 03ec', 1004],
  ['nothing where there is no number', '81 00', undefined],
]

for (const [name, wire, found] of FOUND) {
  test(`a violation tells ${name}, also after our Close frame`, () => {
    for (const isClosing of [false, true]) {
      const session = server()
      if (isClosing) session.close(1000)
      session.receive(hex(wire))
      const error = rawEvents(session)[0] as { error: ProtocolError } | undefined
      assert.equal(error?.error.found, found)
      assert.equal(error?.error.phase, isClosing ? 'closing' : 'open')
    }
  })
}

test('what is given back may be the last of several chunks that wait, also when those before it are being read', () => {
  for (const read of [0, 1, 2, 3]) {
    const session = client()
    const chunks = ['82 01 01', '82 01 02', '82 01 03'].map(hex)
    for (const chunk of chunks) session.receive(chunk)
    const seen = Array.from({ length: read }, () => session.next())
    session.releaseInput()
    chunks[2]!.fill(0xff)
    seen.push(...rawEvents(session))
    assert.equal(seen.length, 3)
    if (read < 3) assert.deepEqual((seen[2] as { payload: Uint8Array }).payload, Uint8Array.of(3))
  }
})
