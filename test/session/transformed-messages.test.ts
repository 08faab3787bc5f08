// Messages that an extension has transformed, as a session sends and receives them: what is compressed, under which
// limits it is undone, in slices of what length, and in which pieces it is handed over.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import {
  type AgreedExtension,
  type DeflateOptions,
  type DeflatePort,
  type DeflateStream,
  permessageDeflate,
} from '../../src/extension/index.ts'
import type { DeliveryMode, SendOptions, Session, SessionEvent, SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { client, events, kinds, output, rawEvents, receive, server } from '../support/engine.ts'
import { everySplit, feed, type Transcript } from '../support/feed.ts'
import { concat, type FrameParts, frame, hex, toHex, utf8 } from '../support/wire.ts'

const COMPRESSED = 0b100

/** zlib, with a count of what inflaters handed out and of the streams that are open. */
class CountingDeflate implements DeflatePort {
  inflated = 0
  open = 0

  createDeflater(options: Parameters<DeflatePort['createDeflater']>[0]): DeflateStream {
    return this.#watch(nodeDeflate.createDeflater(options))
  }

  createInflater(windowBits: number): DeflateStream {
    const stream = this.#watch(nodeDeflate.createInflater(windowBits))
    const step = stream.step.bind(stream)
    stream.step = (...given) => {
      step(...given)
      this.inflated += stream.produced
    }
    return stream
  }

  #watch(stream: DeflateStream): DeflateStream {
    const close = stream.close.bind(stream)
    this.open++
    stream.close = () => {
      close()
      this.open--
    }
    return stream
  }
}

/** What server and client agree on when both have these options: windows of 32 KiB unless said otherwise. */
function agree(options: DeflateOptions = {}, port: DeflatePort = nodeDeflate): AgreedExtension {
  const settings = { serverMaxWindowBits: 15, clientMaxWindowBits: 15, ...options } as const
  return permessageDeflate(port, settings).answerOffer([['client_max_window_bits', undefined]])!
}

const WITH_CONTEXT: DeflateOptions = { serverNoContextTakeover: false, clientNoContextTakeover: false }

/** A payload as RFC 7692 §7.2.1 has it, made by other code than that under test. */
function deflate(payload: Uint8Array | string, level = 6): Uint8Array<ArrayBuffer> {
  const bytes = deflateRawSync(payload, { level, finishFlush: constants.Z_SYNC_FLUSH })
  return new Uint8Array(bytes.subarray(0, -4))
}

/** A compressed message in frames of at most `frameBytes`. */
function compressed(
  payload: Uint8Array | string,
  { type = 'binary', frameBytes = Number.POSITIVE_INFINITY, key }: CompressedOptions = {},
): Uint8Array<ArrayBuffer> {
  const deflated = deflate(payload)
  const size = Math.min(frameBytes, deflated.length)
  const frames: Uint8Array[] = []
  for (let at = 0; at < deflated.length; at += size) {
    const first = at === 0 ? { opcode: type === 'text' ? 1 : 2, reservedBits: COMPRESSED } : { opcode: 0 }
    const fin = at + size >= deflated.length
    frames.push(frame({ ...first, fin, payload: deflated.subarray(at, at + size), ...(key && { key }) }))
  }
  return concat(...frames)
}

interface CompressedOptions {
  readonly type?: 'text' | 'binary'
  readonly frameBytes?: number
  readonly key?: string
}

/** Data of which so much remains when it is compressed: next to nothing, a tenth, or a half. */
const RATIOS: Readonly<Record<string, (length: number) => Uint8Array<ArrayBuffer>>> = {
  zeros: (length) => new Uint8Array(length),
  JSON: (length) => {
    let text = ''
    for (let id = 0; text.length < length; id++) text += `{"id":${id},"name":"user ${(id * 7_919) % 1_000}"},`
    return utf8(text.slice(0, length))
  },
  'hexadecimal digits': (length) => {
    let state = 1
    return Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return '0123456789abcdef'.charCodeAt(state >>> 28)
    })
  },
}

/** What each `takeOutput` gives as long as there are bytes to write, which is not for ever. */
function* outputs(session: Session): Generator<Uint8Array[]> {
  for (let calls = 0; session.outputBytes > 0; calls++) {
    assert.ok(calls < 10_000, 'the output comes to an end')
    yield session.takeOutput()
  }
}

/** All events, also those for which a slice has to end first. */
function allEvents(session: Session, maxPieceBytes?: number): SessionEvent[] {
  const all: SessionEvent[] = []
  for (let calls = 0; ; calls++) {
    assert.ok(calls < 1_000_000, 'the events come to an end')
    const event = session.next(maxPieceBytes)
    if (event !== undefined) all.push(event)
    else if (!session.hasWork) return all
  }
}

function payloadOf(event: SessionEvent | undefined): Uint8Array {
  assert.ok(event?.kind === 'message' || event?.kind === 'fragment', event?.kind)
  return event.payload
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length)
  assert.ok(Buffer.from(actual.buffer, actual.byteOffset, actual.length).equals(expected))
}

// --- limits ----------------------------------------------------------------------------------------------------------

const LIMIT = 100_000

for (const [ratio, create] of Object.entries(RATIOS)) {
  for (const frameBytes of [Number.POSITIVE_INFINITY, 7_000, 50]) {
    const framing = frameBytes > LIMIT ? 'one frame' : `frames of ${frameBytes} bytes`
    for (const delivery of ['message', 'fragment', 'raw'] as const) {
      test(`T-80: ${ratio} in ${framing} are inflated up to maxMessageBytes and not one byte more (${delivery})`, () => {
        for (const length of [LIMIT - 1, LIMIT, LIMIT + 1]) {
          for (const sliceBytes of [Number.POSITIVE_INFINITY, 20_000]) {
            const port = new CountingDeflate()
            const limits = { maxMessageBytes: LIMIT }
            const session = client({ delivery, limits, sliceBytes, extensions: [agree({}, port)] })
            session.receive(compressed(create(length), { frameBytes }))
            const all = allEvents(session)
            const last = all.at(-1)!
            const pieces = all.filter((event) => event !== last || event.kind !== 'failure').map(payloadOf)
            assert.ok(port.inflated <= LIMIT + 65_536)
            if (length <= LIMIT) {
              assertSame(concat(...pieces), create(length))
              assert.equal(last.kind === 'fragment' ? last.final : last.kind === 'message', true)
              continue
            }
            assert.ok(last.kind === 'failure')
            assert.deepEqual([last.error.code, last.error.closeCode], ['MESSAGE_TOO_BIG', 1009])
            const given = concat(...pieces)
            assert.ok(delivery === 'message' ? given.length === 0 : given.length <= LIMIT)
            assertSame(given, create(length).subarray(0, given.length))
            assert.equal(output(session), '88 82 37 fa 21 3d 34 0b') // 1009
          }
        }
      })
    }
  }
}

test('T-80: of a message that inflates a thousandfold, what comes out stops within 64 KiB of the limit', () => {
  const bomb = compressed(new Uint8Array(16_777_216))
  assert.ok(bomb.length < 17_000)
  for (const maxMessageBytes of [17_000, 65_535, 65_536, 65_537, 1_000_000]) {
    for (const delivery of ['message', 'fragment'] as const) {
      const port = new CountingDeflate()
      const session = client({ delivery, limits: { maxMessageBytes }, extensions: [agree({}, port)] })
      session.receive(bomb.slice())
      const all = rawEvents(session)
      const last = all.pop()
      assert.ok(last?.kind === 'failure' && last.error.code === 'MESSAGE_TOO_BIG')
      const { inflated } = port
      assert.ok(inflated > maxMessageBytes && inflated <= maxMessageBytes + 65_536, `${inflated} bytes came out`)
      const given = all.reduce((sum, event) => sum + payloadOf(event).length, 0)
      assert.ok(delivery === 'message' ? given === 0 : given <= maxMessageBytes && given > maxMessageBytes - 65_536)
    }
  }
})

test('T-80: without a limit for messages in pieces, a message of any length is handed over in pieces of 64 KiB', () => {
  const session = client({ delivery: 'fragment', extensions: [agree()] })
  session.receive(compressed(new Uint8Array(20_000_000)))
  let length = 0
  let most = 0
  for (let event = session.next(); event !== undefined; event = session.next()) {
    const bytes = payloadOf(event).length
    length += bytes
    most = Math.max(most, bytes)
  }
  assert.deepEqual([length, most], [20_000_000, 65_536])
})

test('T-80: what a session takes in whole messages is limited from the next message on when its delivery changes', () => {
  const session = client({ delivery: 'fragment', limits: {}, extensions: [agree()] })
  const bomb = compressed(new Uint8Array(17_000_000))
  session.receive(concat(bomb, bomb))
  assert.equal(payloadOf(session.next(1_000)).length, 1_000)
  session.deliver('message') // at most 16 MiB, and not of the message that has begun
  let length = 1_000
  for (let event = session.next(); event?.kind === 'fragment'; event = session.next()) {
    length += event.payload.length
    if (event.final) break
  }
  assert.equal(length, 17_000_000)
  const event = session.next()
  assert.ok(event?.kind === 'failure' && event.error.code === 'MESSAGE_TOO_BIG')
})

test('T-81: frames that announce more than compression makes of maxMessageBytes fail the connection at their header', () => {
  const rows: ReadonlyArray<readonly [wire: string, fails: boolean]> = [
    ['c2 7e 01 00', false],
    ['c2 7e 01 26', false], // a sixteenth, 16 and 6 bytes more
    ['c2 7e 01 27', true],
    ['42 7e 00 ff 00', false],
    ['c2 7f 00 00 00 00 00 01 00 00', true],
    ['42 01 f2 00 7e 01 2b', false], // and 6 for each fragment
    ['42 01 f2 00 7e 01 2c', true],
    ['82 7e 01 01', true], // as it is
  ]
  for (const [wire, fails] of rows) {
    const port = new CountingDeflate()
    const session = client({ limits: { maxMessageBytes: 256 }, extensions: [agree({}, port)] })
    const error = receive(session, wire).map((event) => event['error'])
    assert.deepEqual(error, fails ? ['MESSAGE_TOO_BIG'] : [], wire)
    assert.equal(port.inflated, 0)
  }
})

test('T-81: a message that stands for nothing fails the connection with 1009 before it has taken long', () => {
  // Empty stored blocks, five bytes each, of which the last byte-aligned one lacks its tail.
  const blocks = concat(
    new Uint8Array(1_000_000).map((_, i) => [0, 0, 0, 0xff, 0xff][i % 5]!),
    hex('00'),
  )
  for (const frameBytes of [blocks.length, 100_000]) {
    const session = client({ limits: { maxMessageBytes: 4_000_000 }, extensions: [agree()] })
    const startedAt = performance.now()
    for (let at = 0; at < blocks.length; at += frameBytes) {
      const first = at === 0 ? { opcode: 2, reservedBits: COMPRESSED } : { opcode: 0 }
      const end = Math.min(blocks.length, at + frameBytes)
      session.receive(frame({ ...first, fin: end === blocks.length, payload: blocks.subarray(at, end) }))
    }
    const all = events(session)
    assert.ok(performance.now() - startedAt < 500)
    assert.deepEqual(
      all.map(({ kind, error }) => [kind, error]),
      [['failure', 'COMPRESSED_DATA_TOO_LONG']],
    )
    assert.equal(output(session), '88 82 37 fa 21 3d 34 0b') // 1009
  }
})

test('T-82: what is no compressed data fails the connection with 1007, whole or cut, and hands over nothing', () => {
  const rows: readonly string[] = [
    'c1 01 07', // a block of a type that does not exist
    'c1 05 f2 00 11 00 00', // a reference to what came before nothing
    'c1 06 f2 48 cd c9 c9 07', // cut off
    '41 07 f2 48 cd c9 c9 07 00 80 02 ff ff',
  ]
  for (const wire of rows) {
    for (const [split, chunks] of everySplit(hex(wire))) {
      const session = client({ extensions: [agree()] })
      const said: unknown[] = []
      for (const chunk of chunks) {
        session.receive(chunk.slice())
        for (const { kind, error } of events(session)) said.push(kind, error)
      }
      assert.deepEqual(said, ['failure', 'INVALID_COMPRESSED_DATA'], split)
      assert.equal(output(session), '88 82 37 fa 21 3d 34 15') // 1007
    }
  }
})

test('what is wrong with a compressed message is told with the offset of a byte of it, not of the one behind it', () => {
  const invalidText = deflateRawSync(hex('61 ff'), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const long = deflateRawSync(new Uint8Array(257), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const rows: ReadonlyArray<readonly [payload: Uint8Array, error: string]> = [
    [hex('07'), 'INVALID_COMPRESSED_DATA'],
    [hex('f2 48 cd c9 c9 07'), 'INVALID_COMPRESSED_DATA'],
    [invalidText, 'INVALID_UTF8'],
    [long, 'MESSAGE_TOO_BIG'],
  ]
  for (const [payload, error] of rows) {
    const wire = frame({ opcode: 1, reservedBits: COMPRESSED, payload })
    for (const chunks of [[wire], [wire, hex('89 00')], [concat(wire, hex('89 00'))]]) {
      const session = client({ limits: { maxMessageBytes: 256 }, extensions: [agree()] })
      for (const chunk of chunks) session.receive(chunk.slice())
      assert.deepEqual(events(session), [{ kind: 'failure', error, offset: wire.length - 1 }])
    }
  }
})

test('an error that is none of the peer is not held against it', () => {
  const broken: DeflatePort = {
    createDeflater: (options) => nodeDeflate.createDeflater(options),
    createInflater: () => {
      throw new Error('No memory')
    },
  }
  const session = client({ extensions: [agree({}, broken)] })
  session.receive(hex('c1 07 f2 48 cd c9 c9 07 00'))
  assert.throws(() => session.next(), /^Error: No memory$/)
})

// --- what is compressed -------------------------------------------------------------------------------------------------

const SENT: ReadonlyArray<readonly [length: number, options: SendOptions | undefined, compressed: boolean]> = [
  [99, undefined, false],
  [100, undefined, true],
  [101, {}, true],
  [99, { compress: undefined }, false],
  [100, { compress: undefined, final: true }, true],
  [99, { compress: true }, true],
  [0, { compress: true }, true],
  [100, { compress: false }, false],
  [100_000, { compress: false }, false],
]

for (const [length, options, isCompressed] of SENT) {
  test(`T-88: with thresholdBytes 100, ${length} bytes sent with ${JSON.stringify(options)} are ${isCompressed ? '' : 'not '}compressed`, () => {
    const extensions = [agree({ thresholdBytes: 100 })]
    for (const [sender, receiver] of [
      [server({ extensions }), client({ extensions })],
      [client({ extensions }), server({ extensions })],
    ] as const) {
      for (const way of ['bytes', 'text', 'started'] as const) {
        if (way === 'text') sender.send('text', 'a'.repeat(length), options)
        else if (way === 'bytes') sender.send('binary', utf8('a'.repeat(length)), options)
        else {
          sender.startFrame('binary', length, options)
          if (length > 0) sender.continueFrame(utf8('a'.repeat(length)))
        }
        const wire = concat(...sender.takeOutput())
        assert.equal((wire[0]! & 0x40) !== 0, isCompressed, way)
        receiver.receive(wire)
        const [event] = rawEvents(receiver)
        assertSame(payloadOf(event), utf8('a'.repeat(length)))
      }
    }
  })
}

test("the RFC's examples are sent and received, byte for byte, with a context and without", () => {
  for (const [options, second] of [
    [{}, 'c1 07 f2 48 cd c9 c9 07 00'],
    [WITH_CONTEXT, 'c1 05 f2 00 11 00 00'],
  ] as const) {
    const extensions = [agree(options)]
    const sender = server({ extensions })
    const receiver = client({ extensions })
    for (const wire of ['c1 07 f2 48 cd c9 c9 07 00', second]) {
      sender.send('text', 'Hello', { compress: true })
      assert.equal(output(sender), wire)
      assert.deepEqual(receive(receiver, wire), [
        { kind: 'message', type: 'text', payload: '48 65 6c 6c 6f', reservedBits: 0 },
      ])
    }
  }
})

test('T-88: a message of which more is to come is compressed, whatever its length so far, unless it says otherwise', () => {
  const session = server({ extensions: [agree()] })
  session.send('text', 'Hel', { final: false, compress: false })
  session.send('text', 'lo')
  assert.equal(output(session), '01 03 48 65 6c 80 02 6c 6f')
  session.send('text', 'Hel', { final: false })
  const first = output(session)
  assert.match(first, /^41 .* 00 00 ff ff$/) // flushed: the peer can read it now
  session.ping('p')
  session.send('text', 'lo')
  const rest = output(session)
  assert.match(rest, /^89 01 70 80 /)
  const peer = client({ extensions: [agree()], delivery: 'fragment' })
  assert.deepEqual(
    receive(peer, first).map(({ payload, final }) => [payload, final]),
    [['48 65 6c', false]],
  )
  assert.deepEqual(
    receive(peer, rest).map(({ payload, final }) => [payload, final]),
    [
      ['70', undefined],
      ['6c 6f', true],
    ],
  )
})

test('T-88: compress belongs to the first frame of a message: on a continuation it throws, and nothing is sent', () => {
  const session = server({ extensions: [agree()] })
  session.send('text', 'a', { final: false, compress: false })
  for (const compress of [true, false]) {
    for (const call of [
      () => session.send('text', 'b', { compress }),
      () => session.send('text', 'b', { compress, final: false }),
      () => session.startFrame('text', 1, { compress }),
    ]) {
      assert.throws(call, { name: 'TypeError', message: 'options.compress belongs to the first frame of a message' })
    }
  }
  session.send('text', 'b', { compress: undefined })
  assert.equal(output(session), '01 01 61 80 01 62')
})

test('T-88: an option that is misspelt or is none throws, and nothing is sent: it must not mean to compress', () => {
  const session = server({ extensions: [agree({ thresholdBytes: 0 })] })
  for (const [options, message] of [
    [{ compres: false }, 'Unknown option compres in options'],
    [{ Compress: false }, 'Unknown option Compress in options'],
    [{ compress: 0 }, 'options.compress is a number, not a boolean'],
    [{ compress: null }, 'options.compress is a object, not a boolean'],
    [{ compress: 'false' }, 'options.compress is a string, not a boolean'],
  ] as const) {
    assert.throws(() => session.send('text', 'a', options as unknown as SendOptions), { name: 'TypeError', message })
    assert.throws(() => session.startFrame('text', 1, options as unknown as SendOptions), {
      name: 'TypeError',
      message,
    })
  }
  assert.equal(session.outputBytes, 0)
})

test('T-67: options of a message are its own ones only', () => {
  const session = server({ extensions: [agree({ thresholdBytes: 0 })] })
  session.send('text', 'a', { compress: false })
  session.send('text', 'a', Object.create({ compress: false }) as SendOptions)
  assert.equal(output(session), '81 01 61 c1 03 4a 04 00')
})

test('a frame that is started and compressed leaves in frames of its own, as much as there is of it', () => {
  const extensions = [agree()]
  const session = server({ extensions })
  const peer = client({ extensions })
  const data = RATIOS['JSON']!(200_000)
  session.startFrame('text', data.length)
  assert.equal(session.outputBytes, 0) // how long it will be, nobody knows yet
  const wires: Uint8Array[] = []
  for (let at = 0; at < data.length; at += 10_000) {
    session.continueFrame(data.subarray(at, at + 10_000))
    wires.push(...session.takeOutput())
  }
  const wire = concat(...wires)
  assert.equal(wire[0], 0x41)
  peer.receive(wire)
  assertSame(payloadOf(peer.next()), data)
  // Once more, each frame ended where the peer can read all of it.
  for (const final of [false, false, true]) {
    session.startFrame('binary', 3, { final })
    session.continueFrame(hex('01'))
    session.continueFrame(hex('02 03'))
    peer.receive(concat(...session.takeOutput()))
  }
  assert.deepEqual(
    events(peer).map(({ payload }) => payload),
    ['01 02 03 01 02 03 01 02 03'],
  )
})

test('text is checked before it is compressed, across all that a message is made of', () => {
  const extensions = [agree()]
  const session = server({ extensions })
  const peer = client({ extensions })
  session.send('text', 'a\ud83d', { final: false })
  session.send('text', '\ude00', { final: false })
  session.send('text', hex('e2 82'), { final: false })
  assert.throws(() => session.send('text', hex('62')), { code: 'INVALID_TEXT' })
  assert.throws(() => session.send('text', ''), TypeError)
  session.startFrame('text', 1, { final: false })
  session.continueFrame(hex('ac'))
  session.send('text', '\ud83d', { final: false })
  session.startFrame('text', 1) // what comes before it leaves as a lone surrogate
  session.continueFrame(hex('62'))
  peer.receive(concat(...session.takeOutput()))
  assert.equal(Buffer.from(payloadOf(peer.next())).toString(), 'a😀€\ufffdb')
})

test('the bits of an extension that transforms are not for the application, those of another are', () => {
  const other: AgreedExtension = { name: 'x', parameters: [], reservedBits: 0b010 }
  const extensions = [other, agree({ thresholdBytes: 0 })]
  const session = server({ extensions })
  const peer = client({ extensions })
  assert.throws(() => session.send('binary', 'a', { reservedBits: COMPRESSED }), RangeError)
  session.send('binary', hex('ff'), { reservedBits: 0b010 })
  session.send('binary', hex('ff'), { reservedBits: 0b010, compress: false })
  session.send('text', hex('ff'), { reservedBits: 0b010 }) // not text until the application has undone it
  const wire = output(session)
  assert.match(wire, /^e2 .* a2 01 ff e1 /)
  assert.deepEqual(
    receive(peer, wire).map(({ payload, reservedBits }) => [payload, reservedBits]),
    [
      ['ff', 0b010],
      ['ff', 0b010],
      ['ff', 0b010],
    ],
  )
})

test('the mark of a compressed message is for first frames only, and for nobody who did not agree on it', () => {
  for (const [wire, extensions] of [
    ['c1 07 f2 48 cd c9 c9 07 00', []],
    ['41 03 f2 48 cd c0 04 c9 c9 07 00', [agree()]],
    ['c9 00', [agree()]],
    ['e1 07 f2 48 cd c9 c9 07 00', [agree()]],
  ] as const) {
    const session = client({ extensions })
    assert.deepEqual(
      receive(session, wire).map(({ error }) => error),
      ['RESERVED_BIT_SET'],
    )
  }
})

// --- what is handed over ------------------------------------------------------------------------------------------------

test('an inflated message is memory of its own, which stays as it is', () => {
  const session = client({ extensions: [agree()] })
  for (const length of [0, 5, 65_536, 65_537, 150_000]) {
    session.receive(concat(compressed(RATIOS['JSON']!(length)), compressed(new Uint8Array(100_000).fill(9))))
    const event = session.next()
    assert.ok(event?.kind === 'message' && event.owned)
    assert.ok(event.payload.buffer.byteLength <= 2 * length)
    session.next()
    assertSame(event.payload, RATIOS['JSON']!(length))
    session.receive(frame({ opcode: 1, payload: 'plain' }))
    const plain = session.next()
    assert.ok(plain?.kind === 'message' && !plain.owned)
  }
})

for (const most of [1, 2, 3, 4, 5, 1_000, 65_535, 65_536, 65_537]) {
  test(`inflated pieces are of at most ${most} bytes when that is what is asked for`, () => {
    const data = RATIOS['JSON']!(most < 10 ? 300 : 200_000)
    for (const sliceBytes of [Number.POSITIVE_INFINITY, 50_000]) {
      const session = client({ extensions: [agree()], delivery: 'fragment', sliceBytes })
      session.receive(compressed(data, { frameBytes: 1_000 }))
      const all = allEvents(session, most)
      assert.ok(all.every((event) => payloadOf(event).length <= most))
      assertSame(concat(...all.map(payloadOf)), data)
      assert.deepEqual(
        all.filter((event) => event.kind === 'fragment' && event.final),
        all.slice(-1),
      )
      const smaller = all.filter((event) => payloadOf(event).length < most)
      assert.ok(smaller.length <= 1 + data.length / 1_000, 'and not of less without a reason')
    }
  })
}

test('the last piece of a frame says so, and no other', () => {
  const session = client({ extensions: [agree()], delivery: 'raw' })
  for (const wire of ['82 05 48 65 6c 6c 6f', 'c2 07 f2 48 cd c9 c9 07 00']) {
    session.receive(hex(wire))
    const ends = allEvents(session, 2).map((event) => event.kind === 'fragment' && event.endOfFrame)
    assert.deepEqual(ends, [false, false, true], wire)
  }
})

const EUROS = '€'.repeat(70_000) // 210,000 bytes: a slice of 64 KiB ends inside a code point

for (const { most, sliceBytes, frameBytes } of [
  { most: Number.POSITIVE_INFINITY, sliceBytes: Number.POSITIVE_INFINITY, frameBytes: Number.POSITIVE_INFINITY },
  { most: Number.POSITIVE_INFINITY, sliceBytes: 1, frameBytes: Number.POSITIVE_INFINITY },
  { most: Number.POSITIVE_INFINITY, sliceBytes: 65_536, frameBytes: 1 },
  { most: 1_000, sliceBytes: 1_000, frameBytes: 3 },
]) {
  test(`inflated text is handed over in whole code points (at most ${most}, slices of ${sliceBytes}, frames of ${frameBytes})`, () => {
    for (const text of [EUROS, `a${EUROS}`, `ab${EUROS}`, `${EUROS}😀`]) {
      const session = client({ extensions: [agree()], delivery: 'fragment', sliceBytes })
      session.receive(compressed(text, { type: 'text', frameBytes }))
      const decoder = new TextDecoder('utf-8', { fatal: true })
      let joined = ''
      for (const event of allEvents(session, most)) joined += decoder.decode(payloadOf(event))
      assert.ok(joined === text)
    }
  })
}

for (const [what, tail, validBytes] of [
  ['a byte that is none of UTF-8', '61 ff 62', 1],
  ['a code point that is cut off', '61 e2 82', 1],
  ['a surrogate', '61 ed a0 80', 1],
  ['a code point beyond the last', 'f4 90 80 80', 0],
] as const) {
  test(`T-50: compressed text with ${what} fails the connection with 1007, wherever its slices end`, () => {
    for (const before of ['', 'x', 'x'.repeat(65_535), 'x'.repeat(65_536), 'x'.repeat(140_000)]) {
      const bytes = concat(utf8(before), hex(tail))
      for (const delivery of ['message', 'fragment'] as const) {
        for (const sliceBytes of [1, 65_536, Number.POSITIVE_INFINITY]) {
          const session = client({ extensions: [agree()], delivery, sliceBytes })
          session.receive(concat(compressed(bytes, { type: 'text' }), compressed('after', { type: 'text' })))
          const all = allEvents(session)
          const last = all.pop()
          assert.ok(last?.kind === 'failure')
          assert.deepEqual([last.error.code, last.error.closeCode], ['INVALID_UTF8', 1007])
          // What was valid is handed over first, in whole code points.
          const valid = bytes.subarray(0, before.length + validBytes)
          if (delivery === 'fragment') assertSame(concat(...all.map(payloadOf)), valid)
          else assert.deepEqual(all, [])
        }
      }
    }
  })
}

test('compressed text is not checked where no text is', () => {
  const session = client({ extensions: [agree()], validateUtf8: false })
  session.receive(compressed(hex('61 ff'), { type: 'text' }))
  assert.equal(toHex(payloadOf(session.next())), '61 ff')
})

// --- slices -------------------------------------------------------------------------------------------------------------

test('receiving stops when a slice is done, says that there is work, and goes on when it is asked again', () => {
  const port = new CountingDeflate()
  const session = client({ extensions: [agree({}, port)], sliceBytes: 65_536 })
  assert.equal(session.hasWork, false)
  session.receive(compressed(new Uint8Array(1_000_000)))
  assert.equal(session.hasWork, false)
  let slices = 0
  let event = session.next()
  for (let before = 0; event === undefined; event = session.next()) {
    assert.equal(session.hasWork, true)
    assert.ok(port.inflated - before <= 2 * 65_536, 'a slice is not much more than was asked for')
    before = port.inflated
    slices++
  }
  assert.equal(session.hasWork, false)
  assert.ok(slices >= 10, `${slices} slices`)
  assertSame(payloadOf(event), new Uint8Array(1_000_000))
  assert.equal(session.next(), undefined)
  assert.equal(session.hasWork, false)
})

test('what goes in is given in runs of 64 KiB and in what is left of a frame, however it arrives and is asked for', () => {
  for (const [chunkBytes, most] of [
    [1_000_000, undefined],
    [100_000, undefined],
    [65_537, 10_000],
    [1_000, 10_000],
    [65_536, 1],
  ] as const) {
    const runs: number[] = []
    let isPending = false
    const incoming = {
      begin: () => true,
      get pending() {
        return isPending
      },
      write(payload: Uint8Array) {
        runs.push(payload.length)
        isPending = true
      },
      read() {
        isPending = false
        return new Uint8Array(0)
      },
      close() {},
    }
    const extension: AgreedExtension = {
      name: 'x',
      parameters: [],
      reservedBits: COMPRESSED,
      createTransforms: () => ({ outgoing: incoming as never, incoming }),
    }
    const session = client({ extensions: [extension], delivery: 'fragment' })
    const wire = concat(
      frame({ opcode: 2, reservedBits: COMPRESSED, fin: false, payload: new Uint8Array(200_000) }),
      frame({ opcode: 0, fin: false, payload: new Uint8Array(10) }),
      frame({ opcode: 0, payload: new Uint8Array(65_536) }),
    )
    for (let at = 0; at < wire.length; at += chunkBytes) {
      session.receive(wire.slice(at, at + chunkBytes))
      allEvents(session, most)
    }
    assert.deepEqual(runs, [65_536, 65_536, 65_536, 3_392, 10, 65_536], `chunks of ${chunkBytes}`)
  }
})

test('bytes that go in count as work, too', () => {
  // Hardly compressible, and in frames that are shorter than a slice: else each would be one.
  const data = RATIOS['hexadecimal digits']!(100_000)
  const stops: number[] = []
  for (const sliceBytes of [10_000, 100_000, 1_000_000]) {
    const session = client({ extensions: [agree()], sliceBytes })
    session.receive(compressed(data, { frameBytes: 1_000 }))
    let count = 0
    while (session.next() === undefined) count += session.hasWork ? 1 : Number.NaN
    stops.push(count)
  }
  assert.ok(stops[0]! >= 12 && stops[0]! <= 18, `${stops}`) // of 150,000 bytes
  assert.deepEqual(stops.slice(1), [1, 0])
})

test('many small messages in one chunk are as much work as a long one', () => {
  const session = client({ extensions: [agree()], sliceBytes: 10_000 })
  const small = compressed(new Uint8Array(1_000).fill(7))
  session.receive(concat(...new Array<Uint8Array>(100).fill(small)))
  let stops = 0
  let messages = 0
  for (;;) {
    const event = session.next()
    if (event !== undefined) messages++
    else if (session.hasWork) stops++
    else break
  }
  assert.equal(messages, 100)
  assert.ok(stops >= 8 && stops <= 11, `${stops} stops`)
})

test('work is counted anew when bytes arrive after all was done', () => {
  const session = client({ extensions: [agree()], sliceBytes: 1_500 })
  const small = compressed(new Uint8Array(1_000).fill(7))
  for (let i = 0; i < 20; i++) {
    session.receive(small.slice())
    assert.equal(payloadOf(session.next()).length, 1_000)
    assert.deepEqual([session.next(), session.hasWork], [undefined, false])
  }
})

test('messages that are not compressed are no work', () => {
  const session = client({ extensions: [agree()], sliceBytes: 1 })
  session.receive(concat(...new Array<Uint8Array>(10).fill(frame({ opcode: 1, payload: 'abc' }))))
  assert.equal(kinds(session).length, 10)
  assert.equal(session.hasWork, false)
})

test('who wants control frames only is not given the rest of a message, and has no work', () => {
  const session = client({ extensions: [agree()], sliceBytes: 65_536 })
  session.receive(concat(compressed(new Uint8Array(200_000)), frame({ opcode: 9, payload: 'p' })))
  assert.deepEqual([session.next(), session.hasWork], [undefined, true])
  assert.deepEqual([session.nextControl(), session.hasWork], [undefined, false])
  assert.deepEqual([session.nextControl(), session.hasWork], [undefined, false])
  assert.deepEqual(
    allEvents(session).map(({ kind }) => kind),
    ['message', 'ping'],
  )
  assert.equal(session.nextControl(), undefined)
})

test('who wants control frames only is given those between fragments, once what came before is handed over', () => {
  const session = client({ extensions: [agree()], delivery: 'fragment' })
  const [first, second] = [deflate('a'.repeat(50)), deflate('b'.repeat(50))]
  session.receive(
    concat(
      frame({ opcode: 9, payload: '1' }),
      frame({ opcode: 1, reservedBits: COMPRESSED, fin: false, payload: concat(first, hex('00 00 ff ff')) }),
      frame({ opcode: 9, payload: '2' }),
      frame({ opcode: 0, payload: second }),
      frame({ opcode: 9, payload: '3' }),
    ),
  )
  const story: string[] = []
  for (let i = 0; i < 20; i++) {
    const control = session.nextControl()
    const event = control ?? session.next(30)
    if (event === undefined) break
    story.push(event.kind === 'ping' ? `ping ${toHex(event.payload)}` : `${payloadOf(event).length}`)
  }
  assert.deepEqual(story, ['ping 31', '30', '20', 'ping 32', '30', '20', 'ping 33'])
})

test("the peer's Close frame is next only when all that came before it was handed over", () => {
  const session = client({ extensions: [agree()], sliceBytes: 65_536, delivery: 'fragment' })
  session.receive(concat(compressed(new Uint8Array(150_000)), hex('88 00')))
  const seen: [string, boolean][] = []
  for (;;) {
    const { isCloseNext } = session
    const event = session.next(100_000)
    if (event === undefined && !session.hasWork) break
    seen.push([event?.kind ?? 'work', isCloseNext])
  }
  assert.ok(seen.length > 3)
  assert.deepEqual(seen.pop(), ['close', true])
  assert.ok(seen.every(([, isCloseNext]) => !isCloseNext))
  assert.equal(session.isCloseNext, false)
})

test('what arrived before the end of the stream is inflated to its end, then the session is closed', () => {
  for (const sliceBytes of [1, 65_536, Number.POSITIVE_INFINITY]) {
    const session = client({ extensions: [agree()], sliceBytes })
    session.receive(concat(compressed(new Uint8Array(300_000)), compressed('after', { type: 'text' }), hex('81 02 61')))
    session.next()
    session.receiveEnd()
    const isDone = sliceBytes === Number.POSITIVE_INFINITY
    assert.equal(session.readyState, 'open')
    const all = allEvents(session)
    assert.deepEqual(
      all.map((event) => (event.kind === 'message' ? event.payload.length : event.kind)),
      isDone ? [5, 'closed'] : [300_000, 5, 'closed'],
    )
    assert.deepEqual([session.readyState, session.hasWork, session.next()], ['closed', false, undefined])
  }
})

test('an end of the stream right behind a message that takes its time does not cut it off', () => {
  for (const isEnded of ['before', 'between'] as const) {
    const session = client({ extensions: [agree()], sliceBytes: 65_536 })
    session.receive(compressed(new Uint8Array(300_000)))
    if (isEnded === 'before') session.receiveEnd()
    assert.deepEqual([session.next(), session.hasWork, session.inputBytes], [undefined, true, 0])
    if (isEnded === 'between') session.receiveEnd()
    assert.deepEqual(
      allEvents(session).map((event) => (event.kind === 'message' ? event.payload.length : event.kind)),
      [300_000, 'closed'],
    )
  }
})

test('fragments that come to nothing are no pieces, unless the message ends with them', () => {
  const wire = concat(hex('42 00 00 00'), hex('00 07 f2 48 cd c9 c9 07 00'), hex('00 00 80 00'))
  const shapes = (['message', 'fragment', 'raw'] as const).map((delivery) => {
    const session = client({ extensions: [agree()], delivery })
    session.receive(wire.slice())
    return rawEvents(session).map((event) => Buffer.from(payloadOf(event)).toString())
  })
  assert.deepEqual(shapes, [['Hello'], ['Hello', ''], ['Hello', '']])
})

test('an end in the middle of a message that takes its time', () => {
  const ends: ReadonlyArray<readonly [what: string, end: (session: Session) => void, kinds: readonly string[]]> = [
    ['abort', (session) => session.abort(), ['closed']],
    ['fail', (session) => session.fail(1002), ['failure']],
    ['fail, and the end of the stream', (s) => [s.fail(1002), s.receiveEnd()], ['failure', 'closed']],
  ]
  for (const [what, end, expected] of ends) {
    const port = new CountingDeflate()
    const session = client({ extensions: [agree({}, port)], sliceBytes: 65_536 })
    session.receive(compressed(new Uint8Array(1_000_000)))
    assert.deepEqual([session.next(), session.hasWork], [undefined, true])
    const { inflated } = port
    end(session)
    assert.equal(session.hasWork, false, what)
    assert.deepEqual(kinds(session), expected, what)
    assert.equal(port.inflated, inflated, what)
    session.abort()
    assert.equal(port.open, 0, what)
  }
})

test('T-87: streams are let go however a session ends, and when it fails', () => {
  const ends: ReadonlyArray<readonly [what: string, end: (session: Session) => void]> = [
    ['abort', (session) => session.abort()],
    ['the end of the stream', (session) => session.receiveEnd()],
    ['a failure', (session) => receive(session, '83 00')],
    ['broken data', (session) => receive(session, 'c1 01 07')],
    ["the peer's Close frame, and the end", (session) => [receive(session, '88 00'), session.receiveEnd()]],
    ['a Close frame, and the end', (session) => [session.close(), session.receiveEnd()]],
  ]
  for (const [what, end] of ends) {
    const port = new CountingDeflate()
    const session = client({ extensions: [agree(WITH_CONTEXT, port)] })
    session.send('binary', RATIOS['JSON']!(3_000))
    session.takeOutput()
    session.receive(compressed('Hello', { type: 'text' }))
    assert.equal(kinds(session).length, 1)
    assert.equal(port.open, 2)
    end(session)
    rawEvents(session)
    if (session.readyState !== 'closed') session.receiveEnd()
    rawEvents(session)
    assert.equal(session.readyState, 'closed', what)
    assert.equal(port.open, 0, what)
  }
})

test('nothing is asked of a transform once it is closed, and it is closed once', () => {
  const ends: ReadonlyArray<readonly [what: string, end: (session: Session) => void]> = [
    ['abort', (session) => session.abort()],
    ['the end of the stream', (session) => session.receiveEnd()],
    ['a failure, and the end', (session) => [receive(session, '83 00'), session.receiveEnd()]],
    ["the peer's Close frame, and the end", (session) => [receive(session, '88 00'), session.receiveEnd()]],
  ]
  for (const [what, end] of ends) {
    const closed = { outgoing: 0, incoming: 0 }
    const plain = (direction: 'outgoing' | 'incoming'): never =>
      ({
        begin: () => undefined,
        get pending(): boolean {
          assert.equal(closed[direction], 0, what)
          return false
        },
        close: () => {
          closed[direction]++
        },
      }) as never
    const extension: AgreedExtension = {
      name: 'x',
      parameters: [],
      reservedBits: 0,
      createTransforms: () => ({ outgoing: plain('outgoing'), incoming: plain('incoming') }),
    }
    const session = client({ extensions: [extension] })
    session.send('text', 'a')
    receive(session, '81 01 61')
    end(session)
    rawEvents(session)
    assert.deepEqual([session.readyState, closed], ['closed', { outgoing: 1, incoming: 1 }], what)
  }
})

test('time in which a message that has arrived is worked on is not held against the peer', () => {
  const limits = { frameTimeoutMs: 1_000, idleTimeoutMs: 50_000 }
  const keepalive = { pingIntervalMs: Number.POSITIVE_INFINITY, pongTimeoutMs: 400 }
  const session = client({ extensions: [agree()], sliceBytes: 65_536, limits, keepalive })
  const wire = compressed(new Uint8Array(400_000), { frameBytes: 200 })
  session.receive(wire.slice(0, -10)) // the last frame is cut off
  for (let i = 1; session.next() === undefined && session.hasWork; i++) session.tick(i * 10_000)
  assert.equal(session.readyState, 'open')
  const now = session.deadline - 1
  session.tick(now)
  assert.equal(session.readyState, 'open')
  session.receive(wire.slice(-10))
  assert.equal(allEvents(session).length, 1)
})

test('what is sent between slices does not wait for what is received', () => {
  const session = client({ extensions: [agree()], sliceBytes: 65_536 })
  session.receive(concat(compressed(new Uint8Array(1_000_000)), frame({ opcode: 9, payload: 'p' })))
  session.next()
  session.send('text', 'a')
  assert.equal(output(session), '81 81 37 fa 21 3d 56')
  assert.equal(allEvents(session).length, 2)
  assert.equal(output(session), '8a 81 37 fa 21 3d 47')
})

// --- the same, however it is cut ------------------------------------------------------------------------------------------

const FINAL_BLOCK = 'f3 48 cd c9 c9 07 00 00'

type Part = FrameParts | Uint8Array

const text = (payload: string | Uint8Array, fin = true): FrameParts => ({
  opcode: 1,
  reservedBits: COMPRESSED,
  fin,
  payload: typeof payload === 'string' ? deflate(payload) : payload,
})
const more = (payload: Uint8Array, fin = true): FrameParts => ({ opcode: 0, fin, payload })
const ping = (payload = ''): FrameParts => ({ opcode: 9, payload })

const HELLO = hex('f2 48 cd c9 c9 07 00')
const HELLO_AGAIN = hex('f2 00 11 00 00')

const STREAMS: ReadonlyArray<readonly [name: string, parts: readonly Part[]]> = [
  ['a message', [text(HELLO)]],
  ['an empty message', [text(hex('00'))]],
  ['messages in a context', [text(HELLO), ping('p'), text(HELLO_AGAIN), text(HELLO_AGAIN)]],
  [
    'fragments with pings between',
    [text(HELLO.slice(0, 3), false), ping('1'), more(HELLO.slice(3), false), ping('2'), more(hex(''))],
  ],
  ['empty fragments', [text(hex(''), false), more(hex(''), false), more(HELLO, false), more(hex(''))]],
  ['compressed and plain messages', [text(HELLO), { opcode: 1, payload: 'plain' }, text(HELLO_AGAIN)]],
  ['a final block, and what refers to it', [text(hex(FINAL_BLOCK)), text(HELLO_AGAIN)]],
  ['a message in stored blocks', [text(deflate('Hello, Hello', 0))]],
  ['code points of every length', [text('aä€😀\u0800\ud7ff\u{10ffff}\ufeff')]],
  ['a message much longer than its frame', [text('ab'.repeat(140)), { opcode: 2, payload: 'x' }]],
  ['a close behind a message', [text(HELLO), ping('p'), { opcode: 8, payload: hex('03e8 62') }, text(HELLO)]],
  ['a close inside a message', [text(HELLO.slice(0, 4), false), { opcode: 8, payload: hex('03e8') }]],
  ['invalid text behind a message', [text(HELLO), ping('p'), text(deflate(hex('61 e2 82 ff 62'))), text(HELLO)]],
  ['text that ends too early', [text(deflate(hex('61 62 f0 9f 98'))), text(HELLO)]],
  ['a message that is too big', [text(HELLO), ping('p'), text('ab'.repeat(151)), text(HELLO)]],
  ['a wire that is too big', [text(HELLO), text(HELLO, false), ping('p'), more(new Uint8Array(294))]],
  ['a message that is cut off', [text(HELLO), text(HELLO.slice(0, -1)), text(HELLO)]],
  ['data that is none', [text(HELLO), text(hex('00 05 00 fa ff 48 65 6c 6c 6f 07')), text(HELLO)]],
  ['invalid text, and data that is none', [text(HELLO), text(hex('f2 48 cd ff ff ff ff')), text(HELLO)]],
  ['a reserved bit behind a message', [text(HELLO), { opcode: 1, reservedBits: 2, payload: 'no' }]],
  ['an unfinished message', [text(HELLO), text(HELLO, false)]],
]

const LIMITS = { maxMessageBytes: 300, maxDiscardedBytes: 1_000 }

const SHARED = agree(WITH_CONTEXT)

// As long as one session is open, the others use its streams: to create one costs more than all that is done with it.
const open = client({ extensions: [SHARED] })

/** Goes on by itself when a slice is done. */
function tireless(session: Session): Session {
  const next = session.next.bind(session)
  return Object.assign(session, {
    next() {
      for (;;) {
        const event = next()
        if (event !== undefined || !session.hasWork) return event
      }
    },
  })
}

/** What an application does that answers each message, and each piece that ends one. */
function answer(session: Session, event: SessionEvent): void {
  if (session.readyState !== 'open') return
  if (event.kind === 'message' || (event.kind === 'fragment' && event.final)) {
    session.send('text', 'got it', { compress: false })
  }
}

/** Pieces of one message that follow each other count as one: where they are cut is what chunks may change. */
function joinPieces({ events, output }: Transcript): Transcript {
  const joined: Record<string, unknown>[] = []
  for (const { endOfFrame: _, ...event } of events as Record<string, unknown>[]) {
    const last = joined.at(-1)
    if (event['kind'] === 'fragment' && last?.['kind'] === 'fragment' && last['final'] === false) {
      joined[joined.length - 1] = { ...event, payload: `${last['payload']} ${event['payload']}`.trim() }
    } else {
      joined.push(event)
    }
  }
  return { events: joined, output: output.replaceAll(' ', '') }
}

for (const [name, parts] of STREAMS) {
  for (const role of ['server', 'client'] as const) {
    test(`${name}, to a ${role}, is the same however it is cut, and in slices of any length`, () => {
      const bytes = concat(
        ...parts.map((part) => {
          if (part instanceof Uint8Array) return part
          return frame(role === 'server' ? { ...part, key: '37fa213d' } : part)
        }),
      )
      for (const delivery of ['message', 'fragment', 'raw'] as DeliveryMode[]) {
        const transcribe = (chunks: readonly Uint8Array[], sliceBytes: number): Transcript => {
          const options: Partial<SessionOptions> = { delivery, limits: LIMITS, extensions: [SHARED], sliceBytes }
          const create = () => tireless(role === 'server' ? server(options) : client(options))
          return joinPieces(feed(create, chunks, { end: true, react: answer }))
        }
        const whole = transcribe([bytes], Number.POSITIVE_INFINITY)
        assert.equal((whole.events.at(-1) as Record<string, unknown>)['kind'], 'closed')
        for (const [split, chunks] of everySplit(bytes)) {
          for (const sliceBytes of [1, 7, Number.POSITIVE_INFINITY]) {
            assert.deepEqual(transcribe(chunks, sliceBytes), whole, `${delivery}, ${split}, ${sliceBytes}`)
          }
        }
      }
    })
  }
}

test('messages that are sent in slices of any length are the same to the peer', () => {
  assert.equal(open.readyState, 'open')
  const extensions = [SHARED]
  const [json, digits] = [RATIOS['JSON']!(150_000), RATIOS['hexadecimal digits']!(150_000)]
  const story = (sliceBytes: number, role: 'client' | 'server'): unknown[] => {
    const sender = (role === 'client' ? client : server)({ extensions, sliceBytes })
    const peer = (role === 'client' ? server : client)({ extensions })
    sender.send('text', json)
    sender.ping('1')
    sender.send('binary', digits, { final: false })
    sender.startFrame('binary', 150_000)
    sender.continueFrame(json.subarray(0, 70_000))
    sender.ping('2')
    sender.continueFrame(json.subarray(70_000))
    sender.send('text', 'short', { compress: true })
    sender.send('binary', digits, { compress: false })
    sender.send('text', json)
    sender.close(1000)
    for (const vectors of outputs(sender)) for (const vector of vectors) peer.receive(vector.slice())
    const received = rawEvents(peer).map((event) => {
      if (event.kind !== 'message') return [event.kind, event.kind === 'ping' ? toHex(event.payload) : '']
      return [event.type, event.payload.length, createHash('sha1').update(event.payload).digest('hex')]
    })
    sender.abort()
    peer.abort()
    return received
  }
  for (const role of ['client', 'server'] as const) {
    const whole = story(Number.POSITIVE_INFINITY, role)
    assert.equal(whole.length, 8)
    for (const sliceBytes of [1, 1_000, 65_535, 65_536, 65_537, 200_000]) {
      assert.deepEqual(story(sliceBytes, role), whole, `${role}, slices of ${sliceBytes}`)
    }
  }
})

test('sliceBytes is an integer from 1 up, or Infinity', () => {
  for (const sliceBytes of [1, 65_536, Number.POSITIVE_INFINITY, undefined]) server({ sliceBytes })
  for (const sliceBytes of [0, -1, 1.5, Number.NaN]) assert.throws(() => server({ sliceBytes }), RangeError)
  assert.throws(() => server({ sliceBytes: '1' as unknown as number }), {
    name: 'TypeError',
    message: 'options.sliceBytes is a string, not a number',
  })
})
