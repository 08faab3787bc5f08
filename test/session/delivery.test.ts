import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { permessageDeflate } from '../../src/extension/index.ts'
import type { DeliveryMode, SessionEvent } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { client, rawEvents } from '../support/engine.ts'
import { liveBufferBytes, liveHeapBytes } from '../support/memory.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

/** What arrives in each mode: payload and flags of each event, `.` where the message ends, `|` where only a frame does. */
function shapes(delivery: DeliveryMode, chunks: readonly Uint8Array[]): string {
  const session = client({ delivery })
  const shape: string[] = []
  for (const chunk of chunks) {
    session.receive(chunk.slice())
    for (const event of rawEvents(session)) {
      if (event.kind === 'message') shape.push(`${toHex(event.payload)}.`)
      else if (event.kind === 'fragment') {
        shape.push(`${toHex(event.payload)}${event.final ? '.' : event.endOfFrame ? '|' : '…'}`)
      } else shape.push(event.kind)
    }
  }
  return shape.join(' ; ')
}

const STREAMS: ReadonlyArray<
  readonly [name: string, chunks: readonly string[], message: string, fragment: string, raw: string]
> = [
  ['one frame in one chunk', ['82 02 0102'], '01 02.', '01 02.', '01 02.'],
  ['one frame in two chunks', ['82 02 01', '02'], '01 02.', '01… ; 02.', '01… ; 02.'],
  ['a header alone', ['82 02', '0102'], '01 02.', '01 02.', '01 02.'],
  ['two fragments', ['02 01 01 80 01 02'], '01 02.', '01| ; 02.', '01| ; 02.'],
  ['empty frames', ['02 00 00 00 80 00'], '.', '.', '| ; | ; .'],
  ['an empty frame in the middle', ['02 01 01 00 00 80 01 02'], '01 02.', '01| ; 02.', '01| ; | ; 02.'],
  ['an empty message', ['81 00'], '.', '.', '.'],
  ['a code point cut by chunks', ['81 04 61 e2', '82', 'ac'], '61 e2 82 ac.', '61… ; e2 82 ac.', '61 e2… ; 82… ; ac.'],
  [
    'a code point cut by frames',
    ['01 02 61 e2 80 03 82 ac 62'],
    '61 e2 82 ac 62.',
    '61| ; e2 82 ac 62.',
    '61 e2| ; 82 ac 62.',
  ],
  [
    'a code point in four frames',
    ['01 01 f0 00 01 9f 00 01 98 80 01 80'],
    'f0 9f 98 80.',
    'f0 9f 98 80.',
    'f0| ; 9f| ; 98| ; 80.',
  ],
  [
    'a code point that ends where another begins',
    ['01 01 c3 80 03 a4 c3 b6'],
    'c3 a4 c3 b6.',
    'c3 a4 c3 b6.',
    'c3| ; a4 c3 b6.',
  ],
  [
    'one held back, then another',
    ['01 01 c3 00 02 a4 c3 80 01 b6'],
    'c3 a4 c3 b6.',
    'c3 a4| ; c3 b6.',
    'c3| ; a4 c3| ; b6.',
  ],
  ['a ping inside a code point', ['01 01 c3 89 00 80 01 a4'], 'ping ; c3 a4.', 'ping ; c3 a4.', 'c3| ; ping ; a4.'],
  ['an empty last frame', ['01 02 c3 a4 80 00'], 'c3 a4.', 'c3 a4| ; .', 'c3 a4| ; .'],
  ['a byte order mark', ['81 04 efbbbf 61'], 'ef bb bf 61.', 'ef bb bf 61.', 'ef bb bf 61.'],
  ['binary that looks like half a code point', ['82 02 61 e2'], '61 e2.', '61 e2.', '61 e2.'],
]

for (const [name, wires, message, fragment, raw] of STREAMS) {
  const chunks = wires.map(hex)
  test(`${name}: whole`, () => assert.equal(shapes('message', chunks), message))
  test(`${name}: in pieces that end on code points`, () => assert.equal(shapes('fragment', chunks), fragment))
  test(`${name}: in pieces as they arrive`, () => assert.equal(shapes('raw', chunks), raw))
}

test('any text in any frames and chunks arrives whole, and in pieces of whole code points', () => {
  const cuts = fc.array(fc.nat({ max: 40 }), { maxLength: 6 })
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), cuts, cuts, (text, frameCuts, chunkCuts) => {
      const parts = cutAt(utf8(text), frameCuts)
      const wire = concat(
        ...parts.map((payload, i) => frame({ opcode: i === 0 ? 1 : 0, fin: i === parts.length - 1, payload })),
      )
      for (const delivery of ['message', 'fragment', 'raw'] as const) {
        const session = client({ delivery })
        const payloads: Uint8Array[] = []
        for (const chunk of cutAt(wire, chunkCuts)) {
          session.receive(chunk.slice())
          for (const event of rawEvents(session)) payloads.push((event as { payload: Uint8Array }).payload.slice())
        }
        assert.equal(toHex(concat(...payloads)), toHex(utf8(text)))
        if (delivery === 'raw') continue
        for (const payload of payloads) new TextDecoder('utf-8', { fatal: true }).decode(payload)
        if (delivery === 'message') assert.equal(payloads.length, 1)
      }
    }),
    { numRuns: 300 },
  )
})

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b)
  return [0, ...places].map((at, i) => bytes.subarray(at, places[i] ?? bytes.length))
}

test('a message in one piece is a view; one in more is memory of its own, which stays as it is', () => {
  const session = client()
  const chunk = hex('82 01 01 02 01 02 80 01 03')
  session.receive(chunk)
  const [view, joined] = rawEvents(session) as [SessionEvent & { kind: 'message' }, SessionEvent & { kind: 'message' }]
  assert.deepEqual([view.owned, view.payload.buffer === chunk.buffer], [false, true])
  assert.deepEqual([joined.owned, joined.payload.buffer === chunk.buffer], [true, false])
  session.receive(hex('02 01 04 80 01 05'))
  rawEvents(session)
  assert.equal(toHex(joined.payload), '02 03')
})

test('T-47: the memory of a message that grows in pieces is at most twice what was received', () => {
  const session = client()
  session.receive(hex('82 7f 0000000000fffff0'))
  let received = 0
  let last: SessionEvent | undefined
  while (last === undefined) {
    const size = Math.min(40_000, 0xfffff0 - received)
    session.receive(new Uint8Array(size))
    received += size
    last = session.next()
  }
  const { payload } = last as SessionEvent & { kind: 'message' }
  assert.equal(payload.length, 0xfffff0)
  assert.ok(payload.buffer.byteLength <= 2 * 0xfffff0)

  const fragments = client()
  for (let i = 0; i < 1_000; i++) fragments.receive(hex(i === 0 ? '02 01 07' : i === 999 ? '80 01 07' : '00 01 07'))
  const [event] = rawEvents(fragments) as [SessionEvent & { kind: 'message' }]
  assert.equal(event.payload.length, 1_000)
  assert.ok(event.payload.buffer.byteLength <= 2_000)
})

test('T-47: a compressed message in very many fragments takes little more memory than its bytes', () => {
  const names = ['server_no_context_takeover', 'client_no_context_takeover']
  const agreed = permessageDeflate(nodeDeflate).agreed(names.map((name) => [name, undefined]))
  const session = client({ extensions: [agreed] })
  // One character and a flush, four bytes of which are left out at the end of a message (RFC 7692 §7.2.1).
  const first = frame({ opcode: 2, fin: false, reservedBits: 0b100, payload: hex('4a 04 00 00 00 ff ff') })
  const next = frame({ opcode: 0, fin: false, payload: hex('4a 04 00 00 00 ff ff') })
  const last = frame({ opcode: 0, payload: hex('4a 04 00') })
  session.receive(concat(first, last))
  assert.equal(session.next()?.kind, 'message') // what is made once is there then
  const before = liveHeapBytes() + liveBufferBytes()
  session.receive(first.slice())
  for (let i = 0; i < 16_000; i++) {
    session.receive(next.slice())
    assert.equal(session.next(), undefined)
  }
  const received = first.length + 16_000 * next.length
  assert.ok(liveHeapBytes() + liveBufferBytes() - before <= 2 * received + 65_536)
  session.receive(last)
  const event = session.next()
  assert.ok(event?.kind === 'message')
  assert.deepEqual(event.payload, utf8('a'.repeat(16_002)))
})

test('a compressed message in short fragments keeps no memory but its own', () => {
  const session = client({ extensions: [permessageDeflate(nodeDeflate).agreed([])] })
  session.receive(frame({ opcode: 2, fin: false, reservedBits: 0b100, payload: hex('4a 04 00 00 00 ff ff') }))
  session.receive(frame({ opcode: 0, payload: hex('4a 04 00') }))
  const event = session.next()
  assert.ok(event?.kind === 'message' && event.owned)
  assert.deepEqual(event.payload, utf8('aa'))
  assert.equal(event.payload.buffer.byteLength, 2)
})

test('a frame of up to 64 KiB is given its memory at once', () => {
  const session = client()
  session.receive(concat(hex('82 7e ffff'), new Uint8Array(1)))
  rawEvents(session)
  session.receive(new Uint8Array(65_534))
  const [event] = rawEvents(session) as [SessionEvent & { kind: 'message' }]
  assert.equal(event.payload.buffer.byteLength, 65_535)
})
