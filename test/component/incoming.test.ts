// What comes out of received bytes: pieces, in which memory, and that it does not matter how the bytes were cut.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALID_PROTOCOL_OPERATION,
  S_OK,
  WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
  WEB_SOCKET_NO_ACTION,
  WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
  WEB_SOCKET_SEND_TO_NETWORK_ACTION,
  WSPC_E_MESSAGE_TOO_BIG,
  WSPC_E_QUOTA_EXCEEDED,
  WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE,
  WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE,
  WspcGetState,
  WspcOpenHandle,
} from '../../src/component/index.ts'
import { CANCELLED, DrivenHandle, openClient, openServer, text } from '../support/component.ts'
import { everySplit } from '../support/feed.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const K = '37fa213d'
const AREA = 256

/**
 * All that a handle does with bytes that are read in these chunks: one receive after the other, every pong written.
 * A chunk that is longer than the room is read in several steps.
 */
function transcriptOf(
  driven: DrivenHandle,
  chunks: readonly Uint8Array[],
  target?: () => Uint8Array,
): (string | number)[][] {
  const transcript: (string | number)[][] = []
  const waiting = chunks.filter((chunk) => chunk.length > 0)
  driven.receive(target?.())
  for (;;) {
    const { hr, action, bufferType, dataBuffers, actionContext } = driven.getAction('R', 1)
    if (hr !== S_OK) {
      transcript.push(['error', hr, WspcGetState(driven.handle).state!.failure!.offset])
      return transcript
    }
    const { data, reason, status } = dataBuffers[0]!
    assert.notEqual(action, WEB_SOCKET_NO_ACTION)
    if (action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) {
      assert.ok(data!.length > 0)
      const chunk = waiting.shift()
      if (chunk === undefined) return transcript
      const taken = chunk.subarray(0, data!.length)
      if (taken.length < chunk.length) waiting.unshift(chunk.subarray(taken.length))
      data!.set(taken)
      driven.complete(actionContext, taken.length)
    } else if (action === WEB_SOCKET_SEND_TO_NETWORK_ACTION) {
      transcript.push(['wire', toHex(data!)])
      driven.complete(actionContext, data!.length)
    } else {
      assert.equal(action, WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION)
      transcript.push([bufferType, toHex(data ?? reason ?? new Uint8Array(0)), status ?? ''])
      driven.complete(actionContext, 0)
      if (status !== undefined) return transcript
      driven.receive(target?.())
    }
  }
}

function masked(parts: { fin?: boolean; opcode: number; payload?: Uint8Array | string }): Uint8Array {
  return frame({ ...parts, key: K })
}

const STREAMS: Record<string, Uint8Array> = {
  'messages of every kind, with pings and pongs between fragments, and a close': concat(
    masked({ opcode: 1, payload: 'Hello' }),
    masked({ fin: false, opcode: 1, payload: 'κό' }),
    masked({ opcode: 9, payload: 'ping' }),
    masked({ fin: false, opcode: 0 }),
    masked({ opcode: 10, payload: 'pong' }),
    masked({ opcode: 0, payload: 'σμε' }),
    masked({ opcode: 2 }),
    masked({ opcode: 8, payload: concat(hex('03 e8'), utf8('bye')) }),
    masked({ opcode: 1, payload: 'dropped' }),
  ),
  'an error after whole messages': concat(masked({ opcode: 1, payload: 'ok' }), hex('83 80 00 00 00 00')),
  'text that ends in the middle of a code point': masked({ opcode: 1, payload: hex('41 e2 82') }),
  'a close without payload': masked({ opcode: 8 }),
}

for (const [name, wire] of Object.entries(STREAMS)) {
  for (const [target, size] of [
    ['engine memory', 0],
    ['a buffer of 1 byte', 1],
    ['a buffer of 3 bytes', 3],
    ['a buffer of 500 bytes', 500],
  ] as const) {
    test(`${name}, into ${target}: the same whatever the reads`, () => {
      const buffer = size === 0 ? undefined : () => new Uint8Array(size)
      const create = () => openServer({ RECEIVE_BUFFER_SIZE: AREA })
      const expected = transcriptOf(create(), [wire], buffer)
      assert.ok(expected.length > 0)
      for (const [split, chunks] of everySplit(wire)) {
        assert.deepEqual(transcriptOf(create(), chunks, buffer), expected, split)
      }
    })
  }
}

const anyFrame = fc.oneof(
  fc.record({ opcode: fc.constantFrom(1, 2), size: fc.integer({ min: 0, max: 700 }), last: fc.constant(0) }),
  fc.record({
    opcode: fc.constantFrom(1, 2),
    size: fc.integer({ min: 0, max: 300 }),
    last: fc.integer({ max: 300, min: 0 }),
  }),
  fc.record({ opcode: fc.constantFrom(9, 10), size: fc.integer({ min: 0, max: 125 }), last: fc.constant(0) }),
)

test('any frames, reads, and sizes of application buffers: the same pieces and the same wire', () => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(0, 1, 7, 100, 255, 256, 257, 1000),
      fc.boolean(),
      (frames, cuts, size, broken) => {
        const wire = concat(
          ...frames.flatMap(({ opcode, size: length, last }) => {
            const payload = new Uint8Array(length).fill(0x61)
            if (last === 0) return [masked({ opcode, payload })]
            const rest = new Uint8Array(last).fill(0x62)
            return [
              masked({ fin: false, opcode, payload }),
              masked({ opcode: 9, payload: 'p' }),
              masked({ opcode: 0, payload: rest }),
            ]
          }),
          broken ? masked({ opcode: 1, payload: concat(utf8('x'.repeat(300)), hex('ff')) }) : new Uint8Array(0),
        )
        const chunks: Uint8Array[] = []
        for (let at = 0, i = 0; at < wire.length; i++) {
          const cut = cuts[i % cuts.length]!
          chunks.push(wire.subarray(at, at + cut))
          at += cut
        }
        const target = size === 0 ? undefined : () => new Uint8Array(size)
        const create = () => openServer({ RECEIVE_BUFFER_SIZE: AREA })
        const whole = transcriptOf(create(), [wire], target)
        assert.deepEqual(transcriptOf(create(), chunks, target), whole)
        const expected = frames.map(({ size: length, last }) => length + last).reduce((sum, length) => sum + length, 0)
        const delivered = whole.reduce(
          (sum, [kind, digits]) => sum + (typeof kind === 'number' ? hex(String(digits)).length : 0),
          0,
        )
        if (!broken)
          assert.equal(
            delivered,
            expected - frames.reduce((sum, { opcode, size: length }) => sum + (opcode === 9 ? length : 0), 0),
          )
      },
    ),
    { numRuns: 150 },
  )
})

test('Q10 a small message whose beginning lies at the end of the area still arrives whole', () => {
  const client = openClient({ RECEIVE_BUFFER_SIZE: AREA })
  const first = frame({ opcode: 2, payload: new Uint8Array(240) })
  const second = frame({ opcode: 1, payload: 'x'.repeat(100) })
  const wire = concat(first, second)
  client.receive(undefined, 'c1')
  client.read('R', 1, 256, wire.subarray(0, 256), 'c1')
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_MESSAGE', [240], 'c1'), 0)
  client.receive(undefined, 'c2')
  client.read('R', 1, 256 - 12, wire.subarray(256), 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x'.repeat(100))], 'c2')
})

for (const [length, pieces] of [
  [251, [251]],
  [252, [252]],
  [253, [252, 1]],
  [508, [252, 256]],
  [509, [252, 256, 1]],
] as const) {
  test(`T20 a frame of ${length} bytes, with its header of 4, comes out of an area of 256 as ${pieces.join(' + ')}`, () => {
    const client = openClient({ RECEIVE_BUFFER_SIZE: AREA })
    const transcript = transcriptOf(client, [frame({ opcode: 2, payload: new Uint8Array(length) })])
    assert.deepEqual(
      transcript.map(([type, digits]) => [type, hex(String(digits)).length]),
      pieces.map((piece, i) => [i === pieces.length - 1 ? 0x80000002 : 0x80000003, piece]),
    )
  })
}

for (const [target, pieces] of [
  [255, [252, 255, 93]],
  [256, [252, 256, 92]],
  [257, [252, 256, 92]],
  [252, [252, 252, 96]],
  [100, [100, 100, 100, 100, 100, 100]],
] as const) {
  test(`T23 600 bytes into buffers of ${target}: a piece is bounded by the buffer and by the area`, () => {
    const client = openClient({ RECEIVE_BUFFER_SIZE: AREA })
    const wire = frame({ opcode: 2, payload: new Uint8Array(600) })
    const transcript = transcriptOf(client, [wire], () => new Uint8Array(target))
    assert.deepEqual(
      transcript.map(([, digits]) => hex(String(digits)).length),
      pieces,
    )
  })
}

test('T23 exactly one buffer of a frame that goes on is a fragment; of one that ends there, the message', () => {
  const client = openClient()
  const app = new Uint8Array(3)
  client.receive(app, 'c1')
  client.read('R', 1, 4096, '81 06 41 42 43', 'c1')
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_FRAGMENT', [app], 'c1'), 0)
  client.receive(app, 'c2')
  client.read('R', 1, 4096, '44 45 46', 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [app], 'c2')
  assert.deepEqual(app, utf8('DEF'))
})

test('the complete pieces before an error are delivered first, however the bytes were read', () => {
  for (const cut of [1, 5, 100]) {
    const client = openClient()
    const wire = concat(frame({ opcode: 1, payload: concat(utf8('Hello!'), hex('ff')) }))
    const chunks = Array.from({ length: Math.ceil(wire.length / cut) }, (_, i) => wire.subarray(i * cut, (i + 1) * cut))
    assert.deepEqual(
      transcriptOf(client, chunks, () => new Uint8Array(3)),
      [
        [0x80000001, text('Hel'), ''],
        [0x80000001, text('lo!'), ''],
        ['error', E_INVALID_PROTOCOL_FORMAT, 8],
      ],
    )
  }
})

test('a control payload lies in engine memory even when a buffer was supplied, and when it was read in two', () => {
  const server = openServer({ RECEIVE_BUFFER_SIZE: AREA })
  const app = new Uint8Array(300)
  const pong = masked({ opcode: 10, payload: new Uint8Array(125).fill(7) })
  const next = masked({ opcode: 2, payload: new Uint8Array(200).fill(8) })
  const wire = concat(pong, next)
  server.receive(app, 'c')
  server.read('R', 1, 256, wire.subarray(0, 100), 'c')
  server.read('R', 1, 156, wire.subarray(100, 256), 'c') // the area is full: the frame that is not whole keeps its room
  const a1 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'PING_PONG', [toHex(new Uint8Array(125).fill(7))], 'c')
  server.complete(a1, 0)
  assert.ok(app.every((byte) => byte === 0))
  server.receive(app, 'd')
  server.read('R', 1, 131, wire.subarray(256), 'd')
  server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_MESSAGE', [app.subarray(0, 200)], 'd')
})

test('a close has its reason in engine memory, no reason without payload, and an empty one with a code alone', () => {
  for (const [payload, expected] of [
    ['', { reason: undefined, status: 1005 }],
    ['03 e9', { reason: '', status: 1001 }],
    [`03 e9 ${text('off')}`, { reason: text('off'), status: 1001 }],
  ] as const) {
    const server = openServer()
    server.receive(new Uint8Array(3))
    server.read('R', 1, 4096, masked({ opcode: 8, payload: hex(payload) }))
    server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'CLOSE', [expected])
  }
})

test('Q22 bytes after a close are dropped: another queued receive reads on until the stream ends', () => {
  const client = openClient({ RECEIVE_BUFFER_SIZE: AREA })
  client.receive(undefined, 'c1')
  client.receive(undefined, 'c2')
  client.read('R', 1, 256, concat(frame({ opcode: 8 }), frame({ opcode: 1, payload: 'x' })), 'c1')
  const closed = { reason: undefined, status: 1005 }
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'CLOSE', [closed], 'c1'), 0)
  for (let i = 0; i < 3; i++) client.read('R', 1, 256, new Uint8Array(256), 'c2')
  client.read('R', 1, 256, '', 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c2', CANCELLED)
})

test('Q26 empty frames are indicated, each as what it is', () => {
  const client = openClient()
  assert.deepEqual(transcriptOf(client, [hex('02 00 00 00 80 00 81 00')]), [
    [0x80000003, '', ''],
    [0x80000003, '', ''],
    [0x80000002, '', ''],
    [0x80000000, '', ''],
  ])
})

test('Q3 a read of 0 bytes cancels the receive; what was read is kept for the next one', () => {
  const client = openClient()
  client.receive(undefined, 'c1')
  client.read('R', 1, 4096, '81 05 48 65 6c', 'c1')
  client.read('R', 1, 4091, '', 'c1')
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c1', CANCELLED), 0)
  const app = new Uint8Array(2)
  client.receive(app, 'c2')
  client.action('ALL', 2, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_FRAGMENT', [app], 'c2') // more was kept than it can take
  assert.deepEqual(app, utf8('He'))
})

test('Q3 and the receive after that goes on with the rest', () => {
  const client = openClient()
  client.receive(undefined, 'c1')
  client.read('R', 1, 4096, '81 05 48 65 6c', 'c1')
  client.read('R', 1, 4091, '', 'c1')
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c1', CANCELLED), 0)
  client.receive(undefined, 'c2')
  client.read('R', 1, 4091, '6c 6f', 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('Hello')], 'c2')
})

test('Q24 nothing is parsed while no receive is queued: not even a ping is answered', () => {
  const client = openClient()
  client.receive(undefined, 'c')
  client.read('R', 1, 4096, concat(frame({ opcode: 1, payload: 'x' }), frame({ opcode: 9 }), hex('83 00')), 'c')
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'c'), 0)
  client.action('ALL', 2, 'NO')
  client.receive(undefined, 'd')
  client.complete(client.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 80 37 fa 21 3d']), 6)
  client.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
})

const ERRORS: [name: string, role: 'client' | 'server', wire: string, hr: number, offset: number, close: number][] = [
  ['a reserved bit', 'client', 'c1 00', E_INVALID_PROTOCOL_FORMAT, 0, 1002],
  ['a reserved opcode', 'client', '83 00', E_INVALID_PROTOCOL_FORMAT, 0, 1002],
  ['a reserved control opcode', 'client', '8b 00', E_INVALID_PROTOCOL_FORMAT, 0, 1002],
  ['a length of 16 bits that fits 7', 'client', '82 7e 00 7d', E_INVALID_PROTOCOL_FORMAT, 3, 1002],
  ['a length of 64 bits that fits 16', 'client', '82 7f 00 00 00 00 00 00 ff ff', E_INVALID_PROTOCOL_FORMAT, 9, 1002],
  ['a length with the top bit', 'client', '82 7f 80', E_INVALID_PROTOCOL_FORMAT, 2, 1002],
  ['a length of 2^53', 'client', '82 7f 00 20 00 00 00 00 00 00', E_INVALID_PROTOCOL_FORMAT, 9, 1002],
  ['a frame to a server without mask', 'server', '81 01', E_INVALID_PROTOCOL_FORMAT, 1, 1002],
  ['a frame to a client with mask', 'client', '81 81', E_INVALID_PROTOCOL_FORMAT, 1, 1002],
  ['a control frame of 126 bytes', 'client', '89 7e', E_INVALID_PROTOCOL_FORMAT, 1, 1002],
  ['a control frame without FIN', 'client', '09', E_INVALID_PROTOCOL_FORMAT, 0, 1002],
  ['a close of 1 byte', 'client', '88 01 03', E_INVALID_PROTOCOL_FORMAT, 1, 1002],
  ['a close with status 1005', 'client', '88 02 03 ed', E_INVALID_PROTOCOL_FORMAT, 3, 1002],
  ['a close with a reason that is not UTF-8', 'client', '88 03 03 e8 ff', E_INVALID_PROTOCOL_FORMAT, 4, 1007],
  ['text that is not UTF-8', 'client', '81 02 41 c0', E_INVALID_PROTOCOL_FORMAT, 3, 1007],
  ['text that is not complete', 'client', '81 02 e2 82', E_INVALID_PROTOCOL_FORMAT, 3, 1007],
  ['a continuation of nothing', 'client', '80', E_INVALID_PROTOCOL_OPERATION, 0, 1002],
]
for (const [name, role, wire, hr, offset, close] of ERRORS) {
  test(`${name} is found at the byte that decides, reported by GetAction only, again and again, and closes nothing`, () => {
    const driven = role === 'client' ? openClient() : openServer()
    driven.receive(undefined, 'c')
    driven.read('R', 1, 4096, wire, 'c')
    driven.action('S', 2, 'NO') // errors never come out of the send queue
    const detail = driven.fails('R', 1, hr)
    assert.match(detail, new RegExp(`byte ${offset} \\(RFC 6455 §`))
    assert.equal(driven.fails('ALL', 2, hr), detail)
    const { failure } = WspcGetState(driven.handle).state!
    assert.deepEqual([failure?.hr, failure?.offset, failure?.closeStatus], [hr, offset, close])
    driven.action('S', 2, 'NO') // nothing was queued by itself
    driven.receive(undefined, 'd')
    driven.send('CLOSE', { status: close })
    driven.complete(driven.getAction('ALL', 2).actionContext, 4) // sends come before the error
  })
}

test('a new message inside an open one is an operation that is not allowed', () => {
  const client = openClient()
  assert.deepEqual(transcriptOf(client, [hex('01 01 61 81')]), [
    [0x80000001, '61', ''],
    ['error', E_INVALID_PROTOCOL_OPERATION, 3],
  ])
})

test('a piece of text may end inside a code point, even of the message', () => {
  const client = openClient()
  assert.deepEqual(transcriptOf(client, [hex('01 02 41 e2 80 02 82 ac')]), [
    [0x80000001, '41 e2', ''],
    [0x80000000, '82 ac', ''],
  ])
})

for (const [bytes, accepted] of [
  [9, true],
  [10, true],
  [11, false],
] as const) {
  test(`a message of ${bytes} bytes under a limit of 10: ${accepted ? 'accepted' : 'refused at the header'}`, () => {
    const limit = [{ type: WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE, value: 10 }]
    const wire = concat(
      frame({ fin: false, opcode: 2, payload: new Uint8Array(4) }),
      frame({ opcode: 0, payload: new Uint8Array(bytes - 4) }),
    )
    const last = transcriptOf(openClient({}, limit), [wire]).at(-1)!
    if (accepted) assert.equal(last[0], 0x80000002)
    else assert.deepEqual(last, ['error', WSPC_E_MESSAGE_TOO_BIG, 7])
  })
}

for (const [fragments, accepted] of [
  [2, true],
  [3, true],
  [4, false],
] as const) {
  test(`a message of ${fragments} frames under a limit of 3: ${accepted ? 'accepted' : 'refused'}`, () => {
    const limit = [{ type: WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE, value: 3 }]
    const middle = Array.from({ length: fragments - 2 }, () => hex('00 00'))
    const last = transcriptOf(openClient({}, limit), [concat(hex('02 00'), ...middle, hex('80 00'))]).at(-1)!
    if (accepted) assert.equal(last[0], 0x80000002)
    else assert.deepEqual(last.slice(0, 2), ['error', WSPC_E_QUOTA_EXCEEDED])
  })
}

test('without limits of our own a message has any length and any number of frames, and control frames any rate', () => {
  const client = openClient()
  const wire = concat(hex('02 00'), ...Array.from({ length: 20_000 }, () => hex('00 00')), hex('8a 00'))
  assert.equal(transcriptOf(client, [wire]).length, 20_002)
})

test('bytes that came with the handshake go through the area like all others', () => {
  for (const length of [0, 5, 600]) {
    const payload = new Uint8Array(length).fill(0x61)
    const early = frame({ opcode: 1, key: K, payload })
    const driven = new DrivenHandle('server', { RECEIVE_BUFFER_SIZE: AREA })
    assert.equal(WspcOpenHandle(driven.handle, { receivedBytes: early.subarray(0, -1) }).hr, S_OK)
    const last = early.at(-1)!
    early.fill(0) // they were copied
    const transcript = transcriptOf(driven, [Uint8Array.of(last)])
    assert.equal(
      transcript
        .map(([, digits]) => digits)
        .join(' ')
        .trim(),
      toHex(payload),
    )
    driven.action('ALL', 2, 'NO')
  }
})
