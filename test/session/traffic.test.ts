// What a session counts and records, in literal numbers: a server's header takes 2, 4 or 10 bytes, a client's 4 more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AgreedExtension, type OutgoingTransform, permessageDeflate } from '../../src/extension/index.ts'
import {
  type DeliveryMode,
  type FrameWriter,
  prepareMessage,
  Session,
  type SessionOptions,
  type SessionStats,
  type TrafficRecord,
} from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { client, events, kinds, output, receive, server } from '../support/engine.ts'
import { everySplit } from '../support/feed.ts'
import { NO_SESSION_TRAFFIC } from '../support/stats.ts'
import { concat, hex, utf8 } from '../support/wire.ts'

type Numbers = readonly [messages: number, frames: number, wireBytes: number, payloadBytes: number]

const NOTHING: Numbers = [0, 0, 0, 0]

function sent(session: Session): Numbers {
  const { messagesSent, framesSent, wireBytesSent, payloadBytesSent } = session.stats()
  return [messagesSent, framesSent, wireBytesSent, payloadBytesSent]
}

function received(session: Session): Numbers {
  const { messagesReceived, framesReceived, wireBytesReceived, payloadBytesReceived } = session.stats()
  return [messagesReceived, framesReceived, wireBytesReceived, payloadBytesReceived]
}

/** permessage-deflate without a threshold and without contexts: "Hello" becomes the seven bytes of RFC 7692 §7.2.3.1. */
const DEFLATE: AgreedExtension = permessageDeflate(nodeDeflate, { thresholdBytes: 0 }).agreed([
  ['server_no_context_takeover', undefined],
  ['client_no_context_takeover', undefined],
])
const HELLO = 'f2 48 cd c9 c9 07 00'

/** What cannot be compressed: the same in every run. */
function noise(bytes: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 24
  })
}

/** All that there is to write, however many slices it takes. */
function takeAll(session: Session): Uint8Array {
  const taken: Uint8Array[] = []
  for (let calls = 0; session.outputBytes > 0; calls++) {
    assert.ok(calls < 10_000, 'the output comes to an end')
    taken.push(...session.takeOutput())
  }
  return concat(...taken)
}

/** Drains a session that works in slices. */
function drain(session: Session): void {
  do while (session.next() !== undefined) {}
  while (session.hasWork)
}

// --- sending ---------------------------------------------------------------------------------------------------------

test('a new session has counted nothing, and a snapshot is frozen and stays as it is', () => {
  const session = server()
  const before = session.stats()
  assert.deepEqual(before, NO_SESSION_TRAFFIC)
  session.send('text', 'a')
  assert.equal(before.messagesSent, 0)
  assert.ok(Object.isFrozen(before))
})

for (const { what, payload, role, numbers } of [
  { what: 'short text', payload: 'Hello', role: 'server', numbers: [1, 1, 7, 5] },
  { what: 'text that is longer in UTF-8', payload: 'h€', role: 'server', numbers: [1, 1, 6, 4] },
  { what: 'no text', payload: '', role: 'server', numbers: [1, 1, 2, 0] },
  { what: 'short text', payload: 'Hello', role: 'client', numbers: [1, 1, 11, 5] },
  { what: '125 bytes', payload: new Uint8Array(125), role: 'server', numbers: [1, 1, 127, 125] },
  { what: '126 bytes', payload: new Uint8Array(126), role: 'server', numbers: [1, 1, 130, 126] },
  { what: '65,535 bytes', payload: new Uint8Array(65_535), role: 'client', numbers: [1, 1, 65_543, 65_535] },
  { what: '65,536 bytes', payload: new Uint8Array(65_536), role: 'client', numbers: [1, 1, 65_550, 65_536] },
  { what: 'long text', payload: '€'.repeat(5_000), role: 'server', numbers: [1, 1, 15_004, 15_000] },
] as const) {
  test(`${what} of a ${role} counts as ${numbers.join(', ')}`, () => {
    const session = role === 'server' ? server() : client()
    session.send(typeof payload === 'string' ? 'text' : 'binary', payload)
    assert.deepEqual(sent(session), numbers)
    assert.equal(takeAll(session).length, numbers[2])
    assert.deepEqual(sent(session), numbers)
    assert.deepEqual(received(session), NOTHING)
  })
}

test('a message in fragments counts once, when its last is sent, with the payload of all', () => {
  const session = server()
  session.send('text', 'Hel', { final: false })
  assert.deepEqual(sent(session), [0, 1, 5, 0])
  session.ping('p')
  session.send('text', 'lo\ud83d', { final: false }) // the surrogate waits for its other half
  session.send('text', '\ude00', { final: false })
  assert.deepEqual(sent(session), [0, 4, 5 + 3 + 4 + 6, 0])
  session.send('text', '', { final: true })
  assert.deepEqual(sent(session), [1, 5, 5 + 3 + 4 + 6 + 2, 9])
  session.send('binary', Uint8Array.of(1))
  assert.deepEqual(sent(session), [2, 6, 23, 10])
})

test('a frame whose payload comes in pieces counts when it is complete, and its bytes as they come', () => {
  const session = client()
  session.startFrame('binary', 130)
  assert.deepEqual(sent(session), [0, 0, 8, 0])
  session.continueFrame(new Uint8Array(100))
  session.pong() // waits for the end of the frame
  assert.deepEqual(sent(session), [0, 0, 108, 0])
  session.continueFrame(new Uint8Array(30))
  assert.deepEqual(sent(session), [1, 2, 144, 130])
  session.startFrame('text', 2, { final: false })
  session.continueFrame(utf8('ab'))
  session.startFrame('text', 0)
  assert.deepEqual(sent(session), [2, 4, 144 + 8 + 6, 132])
  assert.equal(takeAll(session).length, 158)
})

test('a surrogate that is sent by itself, as no other follows it, is a frame of three bytes', () => {
  const session = server()
  session.send('text', '\ud83d', { final: false })
  session.startFrame('text', 1)
  session.continueFrame(utf8('a'))
  assert.deepEqual(sent(session), [1, 3, 2 + 5 + 3, 4])
})

test('control frames are frames and no messages: pings, answers and the Close', () => {
  const session = server()
  receive(session, '89 82 00000000 3132')
  assert.deepEqual(received(session), [0, 1, 8, 0])
  assert.deepEqual(sent(session), NOTHING) // it is owed, and may yet be replaced
  assert.equal(output(session), '8a 02 31 32')
  assert.deepEqual(sent(session), [0, 1, 4, 0])
  session.ping()
  session.pong('x')
  session.close(1000, 'bye')
  session.close(1000)
  assert.deepEqual(sent(session), [0, 4, 4 + 2 + 3 + 7, 0])
  receive(session, '88 82 00000000 03e8')
  assert.deepEqual(received(session), [0, 2, 16, 0])
})

test('a message that is refused, and what is cut off, is not counted; what was counted before stays', () => {
  const session = server()
  session.send('text', 'ok')
  assert.throws(() => session.send('text', hex('ff')), TypeError)
  session.startFrame('binary', 10)
  session.continueFrame(new Uint8Array(4))
  session.abort()
  assert.deepEqual(sent(session), [1, 1, 4 + 2 + 4, 2])
  assert.throws(() => session.send('text', 'late'))
  assert.deepEqual(sent(session), [1, 1, 10, 2])
})

test('frames that go to a writer of somebody else are counted like all others', () => {
  const lengths: number[] = []
  const writer: FrameWriter = {
    writeFrame: (_, payload) => void lengths.push(payload.length),
    writeTextFrame: (_, text) => lengths.push(text.length) && text.length,
    writeHeader: () => {},
    writePiece: (payload) => void lengths.push(payload.length),
  }
  const session = new Session({ role: 'client', randomUint32: () => 0 }, writer)
  session.send('text', 'abc')
  session.send('binary', Uint8Array.of(1))
  assert.deepEqual(lengths, [3, 1])
  assert.deepEqual(sent(session), [2, 2, 9 + 7, 4])
})

// --- sending with extensions -----------------------------------------------------------------------------------------

test('a compressed message counts with what it takes on the wire, and with its payload before', () => {
  const session = server({ extensions: [DEFLATE] })
  session.send('text', 'Hello')
  assert.equal(output(session), `c1 07 ${HELLO}`)
  assert.deepEqual(sent(session), [1, 1, 9, 5])
  session.send('text', 'Hello', { compress: false })
  assert.equal(output(session), '81 05 48 65 6c 6c 6f')
  assert.deepEqual(sent(session), [2, 2, 16, 10])
})

test('a compressed message in fragments and pieces counts once, with the payload of all', () => {
  const session = server({ extensions: [DEFLATE] })
  session.send('binary', new Uint8Array(1_000), { final: false })
  session.startFrame('binary', 500)
  session.continueFrame(new Uint8Array(200))
  assert.equal(session.stats().messagesSent, 0)
  session.continueFrame(new Uint8Array(300))
  const wire = takeAll(session)
  const { messagesSent, wireBytesSent, payloadBytesSent } = session.stats()
  assert.deepEqual([messagesSent, wireBytesSent, payloadBytesSent], [1, wire.length, 1_500])
})

test('a message that is sent in slices, and what waits behind it, counts when its turn has come', () => {
  const session = server({ extensions: [DEFLATE], sliceBytes: 65_536 })
  session.send('binary', noise(200_000))
  session.send('text', 'Hello')
  session.send('text', 'plain', { compress: false })
  session.ping('p')
  const first = session.stats()
  assert.equal(first.messagesSent, 0)
  assert.equal(first.payloadBytesSent, 0)
  const wire = takeAll(session)
  const { messagesSent, framesSent, wireBytesSent, payloadBytesSent } = session.stats()
  assert.ok(framesSent > 4, 'the long message left in several frames')
  assert.deepEqual([messagesSent, wireBytesSent, payloadBytesSent], [3, wire.length, 200_010])
})

test('a message that is thrown away while it waits is not counted', () => {
  const session = server({ extensions: [DEFLATE], sliceBytes: 65_536 })
  session.send('binary', noise(200_000))
  session.send('text', 'Hello')
  session.abort()
  assert.deepEqual([session.stats().messagesSent, session.stats().payloadBytesSent], [0, 0])
})

test('a prepared message counts for each session that sends it, compressed or not', () => {
  const message = prepareMessage('Hello')
  const plain = server()
  const compressing = [server({ extensions: [DEFLATE] }), server({ extensions: [DEFLATE] })]
  for (const session of [plain, ...compressing]) session.sendPrepared(message)
  assert.deepEqual(sent(plain), [1, 1, 7, 5])
  for (const session of compressing) {
    assert.deepEqual(sent(session), [1, 1, 9, 5])
    assert.equal(output(session), `c1 07 ${HELLO}`)
  }
  const uncompressed = server({ extensions: [DEFLATE] })
  uncompressed.sendPrepared(prepareMessage('Hello', { compress: false }))
  assert.deepEqual(sent(uncompressed), [1, 1, 7, 5])
})

test('a prepared message that each session transforms by itself counts its payload before', () => {
  let pending: Uint8Array[] = []
  const outgoing: OutgoingTransform = {
    begin: () => 2,
    write: (payload) => void pending.push(payload, payload),
    read: () => pending.shift()!,
    get pending() {
      return pending.length > 0
    },
    close: () => {
      pending = []
    },
  }
  const doubling: AgreedExtension = {
    name: 'x-doubling',
    parameters: [],
    reservedBits: 2,
    createTransforms: (role) => ({ ...DEFLATE.createTransforms!(role), outgoing }),
  }
  const session = server({ extensions: [doubling] })
  session.sendPrepared(prepareMessage('ab'))
  assert.equal(output(session), 'a1 04 61 62 61 62')
  assert.deepEqual(sent(session), [1, 1, 6, 2])
})

test('a long prepared message counts for a session when it is through', () => {
  const message = prepareMessage(noise(200_000))
  const sessions = [1, 2].map(() => server({ extensions: [DEFLATE], sliceBytes: 65_536 }))
  for (const session of sessions) session.sendPrepared(message)
  for (const session of sessions) assert.deepEqual(sent(session), NOTHING)
  for (const session of sessions) {
    const wire = takeAll(session)
    assert.deepEqual(sent(session), [1, 1, wire.length, 200_000])
  }
})

// --- receiving -------------------------------------------------------------------------------------------------------

for (const delivery of ['message', 'fragment', 'raw'] as DeliveryMode[]) {
  test(`a fragmented message with a ping inside counts once, however it is cut, in the mode ${delivery}`, () => {
    const wire = hex('01 83 00000000 48656c  89 80 00000000  80 82 00000000 6c6f  82 80 00000000')
    for (const [split, chunks] of everySplit(wire)) {
      const session = server({ delivery })
      for (const chunk of chunks) {
        session.receive(chunk.slice())
        events(session)
      }
      assert.deepEqual(received(session), [2, 4, wire.length, 5], split)
    }
  })

  test(`a compressed message counts with its payload after decompression, in the mode ${delivery}`, () => {
    const session = client({ extensions: [DEFLATE], delivery })
    receive(session, `c1 07 ${HELLO}`)
    assert.deepEqual(received(session), [1, 1, 9, 5])
    receive(session, '81 05 48656c6c6f')
    assert.deepEqual(received(session), [2, 2, 16, 10])
  })
}

for (const [what, numbers, wire, options] of [
  ['the bit of no extension', [1, 1, 3 + 1, 1], '81 01 61  c1 01 62 81 01 63', {}],
  ['text that is broken in its second fragment', [1, 2, 3 + 3 + 3, 1], '81 01 61  01 01 62  80 02 ff 63 81 00', {}],
  ['a message that is too big', [1, 1, 3 + 2, 1], '81 01 61  82 05 01 02 03 04 05', { limits: { maxMessageBytes: 4 } }],
  ['compressed data that is broken', [0, 1, 4, 0], 'c1 02 ff ff', { extensions: [DEFLATE] }],
] as [string, Numbers, string, Partial<SessionOptions>][]) {
  test(`${what} fails the message: it is not counted, and nothing behind it`, () => {
    const session = client(options)
    receive(session, wire)
    assert.equal(session.readyState, 'closing')
    assert.deepEqual(received(session), numbers)
    receive(session, '81 01 61')
    assert.deepEqual(received(session), numbers)
  })
}

test('a message that the end of the stream cuts off is not counted; its bytes are', () => {
  const session = client()
  receive(session, '01 02 61 62 80 05 63')
  session.receiveEnd()
  assert.deepEqual(kinds(session), ['closed'])
  assert.deepEqual(received(session), [0, 1, 7, 0])
})

test('what comes behind a Close frame is not counted', () => {
  const session = client()
  receive(session, '88 02 03e8 81 01 61')
  receive(session, '81 01 61')
  assert.deepEqual(received(session), [0, 1, 4, 0])
})

test('bytes count when they are read, and not while they wait', () => {
  const session = client()
  session.receive(hex('81 01 61 81 01 62'))
  assert.deepEqual(received(session), NOTHING)
  session.next()
  assert.deepEqual(received(session), [1, 1, 3, 1])
  session.next()
  assert.deepEqual(received(session), [2, 2, 6, 2])
})

// --- both ends --------------------------------------------------------------------------------------------------------

for (const [name, extensions] of [
  ['plain', []],
  ['compressed', [DEFLATE]],
] as [string, AgreedExtension[]][]) {
  for (const delivery of ['message', 'fragment'] as const) {
    test(`what one end has sent is what the other has received: ${name}, in the mode ${delivery}`, () => {
      const from = client({ extensions, sliceBytes: 65_536 })
      const to = server({ extensions, delivery, sliceBytes: 65_536 })
      for (const session of [from, to]) {
        session.recordFrames = true
        session.recordMessages = true
      }
      from.send('text', 'a'.repeat(3_000))
      from.send('binary', noise(150_000))
      from.ping('p')
      from.send('text', 'Hel', { final: false })
      from.send('text', 'lo')
      from.startFrame('binary', 70_000, { compress: false })
      from.continueFrame(new Uint8Array(60_000))
      from.continueFrame(new Uint8Array(10_000))
      from.sendPrepared(prepareMessage(new Uint8Array(100_000)))
      from.close(1000)
      const wire = takeAll(from)
      let before = to.stats()
      for (let at = 0; at < wire.length; at += 1_000) {
        to.receive(wire.slice(at, at + 1_000))
        drain(to)
        const now = to.stats()
        for (const counted of Object.keys(now) as (keyof SessionStats)[]) assert.ok(now[counted] >= before[counted])
        before = now
      }
      assert.deepEqual(received(to), sent(from))
      assert.deepEqual([from.stats().messagesSent, from.stats().wireBytesSent], [5, wire.length])
      assert.equal(from.stats().payloadBytesSent, 3_000 + 150_000 + 5 + 70_000 + 100_000)
      const records = (session: Session, direction: string) =>
        session
          .takeRecords()
          .filter((record) => record.direction === direction)
          .map(({ direction: _, ...rest }) => rest)
      const sentRecords = records(from, 'sent')
      assert.deepEqual(records(to, 'received'), sentRecords)
      assert.equal(sentRecords.filter(({ kind }) => kind === 'frame').length, from.stats().framesSent)
    })
  }
}

// --- records ----------------------------------------------------------------------------------------------------------

const frameRecord = (
  direction: 'sent' | 'received',
  opcode: number,
  payloadLength: number,
  rest: { fin?: boolean; reservedBits?: number; masked?: boolean } = {},
): TrafficRecord => ({
  kind: 'frame',
  direction,
  opcode,
  fin: true,
  reservedBits: 0,
  masked: direction === 'received', // of a server
  payloadLength,
  ...rest,
})

test('frames and messages are recorded in order, a message behind its last frame', () => {
  const session = server()
  session.recordFrames = true
  session.recordMessages = true
  receive(session, '01 81 01020304 60  89 81 00000000 70  80 81 00000000 62')
  session.send('text', 'c')
  session.startFrame('binary', 2, { final: false })
  session.continueFrame(hex('01'))
  session.continueFrame(hex('02'))
  session.send('binary', hex('03'))
  session.close()
  assert.deepEqual(session.takeRecords(), [
    frameRecord('received', 1, 1, { fin: false }),
    frameRecord('received', 9, 1),
    frameRecord('received', 0, 1),
    { kind: 'message', direction: 'received', type: 'text', payloadLength: 2, compressed: false },
    frameRecord('sent', 10, 1),
    frameRecord('sent', 1, 1),
    { kind: 'message', direction: 'sent', type: 'text', payloadLength: 1, compressed: false },
    frameRecord('sent', 2, 2, { fin: false }),
    frameRecord('sent', 0, 1),
    { kind: 'message', direction: 'sent', type: 'binary', payloadLength: 3, compressed: false },
    frameRecord('sent', 8, 0),
  ])
  assert.deepEqual(session.takeRecords(), [])
})

test('a compressed message is recorded as such, with both lengths', () => {
  const session = client({ extensions: [DEFLATE] })
  session.recordFrames = true
  session.recordMessages = true
  receive(session, `c1 07 ${HELLO}`)
  session.send('text', 'Hello')
  session.send('text', 'Hello', { compress: false })
  session.sendPrepared(prepareMessage('Hello'))
  const compressed = { kind: 'message', type: 'text', payloadLength: 5, compressed: true } as const
  assert.deepEqual(session.takeRecords(), [
    frameRecord('received', 1, 7, { reservedBits: 4, masked: false }),
    { ...compressed, direction: 'received' },
    frameRecord('sent', 1, 7, { reservedBits: 4, masked: true }),
    { ...compressed, direction: 'sent' },
    frameRecord('sent', 1, 5, { masked: true }),
    { ...compressed, direction: 'sent', compressed: false },
    frameRecord('sent', 1, 7, { reservedBits: 4, masked: true }),
    { ...compressed, direction: 'sent' },
  ])
})

test('frames are recorded as they were masked, where both ways are taken', () => {
  const session = server({ acceptUnmasked: true })
  session.recordFrames = true
  receive(session, '81 01 61 81 81 00000000 61')
  assert.deepEqual(session.takeRecords(), [
    frameRecord('received', 1, 1, { masked: false }),
    frameRecord('received', 1, 1, { masked: true }),
  ])
})

test('nothing is recorded unless it is asked for, each kind by itself, from then on', () => {
  const session = client()
  assert.deepEqual([session.recordFrames, session.recordMessages], [false, false])
  const kindsOf = () => {
    receive(session, '81 01 61')
    session.send('text', 'a')
    return session.takeRecords().map(({ kind, direction }) => `${kind} ${direction}`)
  }
  assert.deepEqual(kindsOf(), [])
  session.recordFrames = true
  assert.deepEqual(kindsOf(), ['frame received', 'frame sent'])
  session.recordFrames = false
  session.recordMessages = true
  assert.deepEqual(kindsOf(), ['message received', 'message sent'])
  session.recordMessages = false
  assert.deepEqual(kindsOf(), [])
  assert.deepEqual([session.recordFrames, session.recordMessages], [false, false])
})

test('what is not taken stays until it is, also when recording ends', () => {
  const session = client()
  session.recordFrames = true
  receive(session, '81 01 61')
  session.recordFrames = false
  receive(session, '81 01 61')
  session.abort()
  assert.equal(session.takeRecords().length, 1)
})

test('a frame that breaks a rule is not recorded', () => {
  const session = client()
  session.recordFrames = true
  session.recordMessages = true
  receive(session, '81 02 61 ff')
  assert.deepEqual(
    session.takeRecords().map(({ direction }) => direction),
    ['sent'], // our Close frame
  )
})

test('to record is yes or no', () => {
  const session = server()
  for (const wrong of [1, undefined, 'yes']) {
    assert.throws(() => {
      session.recordFrames = wrong as never
    }, /recordFrames is a \w+, not a boolean/)
    assert.throws(() => {
      session.recordMessages = wrong as never
    }, /recordMessages is a \w+, not a boolean/)
  }
})
