// Chunking is invisible: the same bytes give the same events and the same output, wherever they are cut, and whether or
// not the session rests between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryMode, Session, SessionEvent, SessionOptions } from '../../src/session/index.ts'
import { client, server } from '../support/engine.ts'
import { everySplit, feed, type Transcript } from '../support/feed.ts'
import { concat, type FrameParts, frame, hex } from '../support/wire.ts'

const LIMITS = {
  maxMessageBytes: 300,
  maxMessageFragments: 4,
  maxControlFramesPerSecond: 1,
  maxControlFrameBurst: 8,
  maxDiscardedBytes: 20,
}

type Part = FrameParts | string

const text = (payload: string, fin = true): FrameParts => ({ opcode: 1, fin, payload })
const more = (payload: string | Uint8Array, fin = true): FrameParts => ({ opcode: 0, fin, payload })
const ping = (payload = ''): FrameParts => ({ opcode: 9, payload })

// Frames are masked for a server; what is written as digits goes to both roles as it is.
const STREAMS: ReadonlyArray<readonly [name: string, parts: readonly Part[], options?: Partial<SessionOptions>]> = [
  ['a message', [text('Hello')]],
  ['an empty message', [text('')]],
  ['two messages and a ping between them', [text('a'), ping('p'), { opcode: 2, payload: hex('00ff') }]],
  ['a fragmented message with pings between', [text('Hel', false), ping('1'), more('lo', false), ping('2'), more('!')]],
  ['empty fragments', [text('', false), more('', false), more('a', false), more('')]],
  ['code points of every length', [text('aä€😀\u0800\ud7ff\u{10ffff}\ufeff')]],
  [
    'code points cut between fragments',
    [{ opcode: 1, fin: false, payload: hex('61 f0 9f') }, ping(), more(hex('98'), false), more(hex('80 e2'))],
  ],
  [
    'code points cut between fragments, complete',
    [{ opcode: 1, fin: false, payload: hex('61 f0 9f') }, more(hex('98'), false), ping('p'), more(hex('80 62'))],
  ],
  ['a 16-bit length', [{ opcode: 2, payload: new Uint8Array(200).fill(7) }, text('after')]],
  ['several pings in a row', [ping('1'), ping('2'), ping('3'), { opcode: 10, payload: 'x' }]],
  [
    'an extension bit',
    [{ opcode: 2, reservedBits: 4, fin: false, payload: 'a' }, more('b')],
    {
      extensions: [{ name: 'x', parameters: [], reservedBits: 4 }],
    },
  ],
  ['a close without a code', [text('a'), { opcode: 8 }]],
  [
    'a close with a reason, and more after it',
    [ping('p'), { opcode: 8, payload: hex('03e9 e282ac') }, text('ignored'), 'ff'],
  ],
  ['a close, and more after it than is thrown away', [{ opcode: 8, payload: hex('0bb8') }, text('x'.repeat(40))]],
  ['a close inside a message', [text('a', false), { opcode: 8, payload: hex('03e8') }]],
  ['a close with a code that may not travel', [text('a'), { opcode: 8, payload: hex('03ed 61') }, text('b')]],
  ['a close with half a code', [{ opcode: 8, payload: hex('03') }, text('b')]],
  ['a close with a reason that is not UTF-8', [{ opcode: 8, payload: hex('03e8 61 e2 28 62') }, text('b')]],
  [
    'invalid text after a message and a ping',
    [text('ok'), ping('p'), { opcode: 1, payload: hex('61 e2 82 ff 62') }, text('no')],
  ],
  ['text that ends too early', [{ opcode: 1, payload: hex('61 62 f0 9f 98') }, text('no')]],
  [
    'text that an empty fragment ends too early',
    [{ opcode: 1, fin: false, payload: hex('61 e2') }, more(''), text('no')],
  ],
  ['a reserved opcode', [text('ok'), ping('p'), { opcode: 3 }, text('no')]],
  ['a reserved bit', [text('ok'), { opcode: 1, reservedBits: 2, payload: 'no' }]],
  ['the wrong masking', [ping('p'), '81 7f', text('no')]],
  ['a length that is too long a form', ['82 fe 0001', '82 7e 0001']],
  ['a length with the top bit set', ['82 ff 8000000000000000 00000000', '82 7f 8000000000000000']],
  ['a message that is too big', [text('ok'), { opcode: 2, payload: new Uint8Array(301) }]],
  [
    'a message that grows too big',
    [{ opcode: 2, fin: false, payload: new Uint8Array(200) }, ping('p'), more(new Uint8Array(101))],
  ],
  ['too many fragments', [text('a', false), more('b', false), more('c', false), more('d', false), more('e')]],
  ['too many pings', Array.from({ length: 10 }, (_, i) => ping(String(i)))],
  ['a failure, and more after it than is thrown away', [{ opcode: 3 }, text('x'.repeat(40))]],
  ['an unfinished message', [text('ok'), text('a', false)]],
  ['an unfinished frame', [text('ok'), '82 85 00000000 0102', '82 05 0102']],
  ['an unfinished header', [text('ok'), '82 fe 01', '82 7e 01']],
]

/** Pieces of one message that follow each other count as one: where they are cut is what chunks may change. */
function joinPieces(transcript: Transcript): Transcript {
  const joined: Record<string, unknown>[] = []
  let open = false
  for (const event of transcript.events as Record<string, unknown>[]) {
    const { endOfFrame, ...rest } = event
    const last = joined.at(-1)
    if (open && rest['kind'] === 'fragment' && last?.['kind'] === 'fragment') {
      last['payload'] = [last['payload'], rest['payload']].filter((part) => part !== '').join(' ')
      last['final'] = rest['final']
    } else if (rest['kind'] !== 'fragment' || rest['payload'] !== '' || rest['final'] === true) {
      joined.push(rest)
    }
    if (rest['kind'] === 'fragment') open = rest['final'] !== true
  }
  return { events: joined, output: transcript.output.replaceAll(' ', '') }
}

/** What an application does that echoes messages and answers the end of each message that it gets in pieces. */
function echo(session: Session, event: SessionEvent): void {
  if (session.readyState !== 'open') return
  if (event.kind === 'message') session.send(event.type, event.payload)
  else if (event.kind === 'fragment' && event.final) session.send('text', 'got it')
  else if (event.kind === 'pong') session.ping('again')
}

function bytesFor(role: 'client' | 'server', parts: readonly Part[]): Uint8Array {
  // Digits for a server have the mask bit set: of two that stand side by side, each role takes the one that suits it.
  const own = parts.filter((part, i) => {
    if (typeof part !== 'string') return true
    const pair = typeof parts[i - 1] === 'string' || typeof parts[i + 1] === 'string'
    return !pair || hex(part)[1]! >= 128 === (role === 'server')
  })
  return concat(
    ...own.map((part) =>
      typeof part === 'string' ? hex(part) : frame(role === 'server' ? { ...part, key: '37fa213d' } : part),
    ),
  )
}

for (const [name, parts, options = {}] of STREAMS) {
  for (const role of ['server', 'client'] as const) {
    for (const delivery of ['message', 'fragment', 'raw'] as DeliveryMode[]) {
      test(`${name}, to a ${role}, in the mode ${delivery}, is the same however it is cut`, () => {
        const bytes = bytesFor(role, parts)
        const create = () => (role === 'server' ? server : client)({ ...options, delivery, limits: LIMITS })
        const transcribe = (chunks: Uint8Array[], rests: boolean) =>
          joinPieces(feed(create, chunks, { end: true, rests, react: echo }))
        const whole = transcribe([bytes], false)
        assert.equal((whole.events.at(-1) as Record<string, unknown>)['kind'], 'closed')
        for (const [split, chunks] of everySplit(bytes)) {
          assert.deepEqual(transcribe(chunks, false), whole, split)
          assert.deepEqual(transcribe(chunks, true), whole, `${split}, with a rest behind each chunk`)
        }
      })
    }
  }
}

test('chunks that come before anything is asked for are the same as chunks that are read at once', () => {
  for (const [name, parts, options = {}] of STREAMS) {
    const bytes = bytesFor('client', parts)
    const transcribe = (chunks: Uint8Array[]) => {
      const session = client({ ...options, limits: LIMITS })
      for (const chunk of chunks) session.receive(chunk.slice())
      return feed(() => session, [], { end: true, react: echo })
    }
    const whole = transcribe([bytes])
    assert.deepEqual(transcribe(Array.from(bytes, (byte) => Uint8Array.of(byte))), whole, name)
  }
})

test('the output of a server that closes in the middle of a chunk does not depend on what followed', () => {
  const bytes = bytesFor('server', [text('bye'), ping('late'), text('later')])
  const react = (session: Session, event: SessionEvent) => {
    if (event.kind === 'message') session.close(1000)
  }
  const whole = feed(server, [bytes], { react })
  assert.equal(whole.output, '88 02 03 e8')
  for (const [split, chunks] of everySplit(bytes)) assert.deepEqual(feed(server, chunks, { react }), whole, split)
})
