// What is deflated is inflated by zlib itself, not by the code under test.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import type { WindowBits } from '../../src/extension/deflate-params.ts'
import type { DeflatePort, DeflateStream } from '../../src/extension/deflate-port.ts'
import { COMPRESSED, Deflation } from '../../src/extension/deflation.ts'
import type { MessageTransform, OutgoingMessage, PayloadEnd } from '../../src/extension/extension.ts'
import { StreamPool } from '../../src/extension/stream-pool.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../src/transport/web/deflate.ts'
import { assertSameBytes, dataOf } from '../contract/deflate-port.ts'
import { concat, hex, toHex, utf8 } from '../support/wire.ts'

const STEP_BYTES = 65_536
const TAIL = hex('00 00 ff ff')
const PORTS = [
  ['zlib', nodeDeflate],
  ['the portable DEFLATE', portableDeflate],
] as const

interface Options {
  readonly port?: DeflatePort
  readonly noContextTakeover?: boolean
  readonly windowBits?: WindowBits
  readonly memoryLevel?: number
  readonly compressionLevel?: number
  readonly thresholdBytes?: number
}

function poolOf({ port = nodeDeflate, windowBits = 15, memoryLevel = 8, compressionLevel = 6 }: Options): StreamPool {
  return new StreamPool(() => port.createDeflater({ windowBits, memoryLevel, compressionLevel }))
}

function deflationOf(options: Options = {}, pool = poolOf(options)): Deflation {
  const { noContextTakeover = true, windowBits = 15, thresholdBytes = 0 } = options
  return new Deflation(pool, { noContextTakeover, windowBits }, thresholdBytes, 'key')
}

/** All that comes out for a payload, which goes in as the contract says: at most 64 KiB at once. */
function outputs(transform: MessageTransform, payload: Uint8Array, end: PayloadEnd = 'message'): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0, isLast = false; !isLast; at += STEP_BYTES) {
    isLast = at + STEP_BYTES >= payload.length
    transform.write(payload.subarray(at, at + STEP_BYTES), isLast ? end : 'inside')
    while (transform.pending) {
      all.push(transform.read())
      assert.ok(all.length < 10_000, 'there is no end of it')
    }
  }
  for (const output of all) assert.ok(output.length <= STEP_BYTES, `${output.length} bytes at once`)
  return all
}

function deflated(transform: MessageTransform, payload: Uint8Array | string, end: PayloadEnd = 'message'): Uint8Array {
  return concat(...outputs(transform, typeof payload === 'string' ? utf8(payload) : payload, end))
}

/** What zlib makes of messages, each of which gets its tail back (RFC 7692 §7.2.2). */
function inflated(...wires: Uint8Array[]): Uint8Array {
  return inflateRawSync(concat(...wires.flatMap((wire) => [wire, TAIL])), { finishFlush: constants.Z_SYNC_FLUSH })
}

// --- which messages --------------------------------------------------------------------------------------------------

const BEGUN: readonly (readonly [thresholdBytes: number, message: Partial<OutgoingMessage>, isCompressed: boolean])[] =
  [
    [1_024, { payloadBytes: 0 }, false],
    [1_024, { payloadBytes: 1_023 }, false],
    [1_024, { payloadBytes: 1_024 }, true],
    [1_024, { payloadBytes: 1_025 }, true],
    [1_024, { payloadBytes: undefined }, true],
    [1_024, { payloadBytes: 1_023, compress: true }, true],
    [1_024, { payloadBytes: 0, compress: true }, true],
    [1_024, { payloadBytes: 1_024, compress: false }, false],
    [1_024, { payloadBytes: undefined, compress: false }, false],
    [1_024, { payloadBytes: undefined, compress: true }, true],
    [0, { payloadBytes: 0 }, true],
    [0, { payloadBytes: 0, compress: false }, false],
    [1, { payloadBytes: 0 }, false],
    [1, { payloadBytes: 1 }, true],
    [Number.POSITIVE_INFINITY, { payloadBytes: Number.MAX_SAFE_INTEGER }, false],
    [Number.POSITIVE_INFINITY, { payloadBytes: 0, compress: true }, true],
    [Number.POSITIVE_INFINITY, { payloadBytes: undefined, compress: true }, true],
  ]

for (const [thresholdBytes, message, isCompressed] of BEGUN) {
  const { payloadBytes = 'nobody knows how many', compress = 'unasked' } = message
  const what = `a message of ${payloadBytes} bytes, compress ${compress}, threshold ${thresholdBytes}`

  test(`T-88: ${what}: ${isCompressed ? 'compressed' : 'sent as it is'}`, () => {
    const deflation = deflationOf({ thresholdBytes })
    for (const type of ['text', 'binary'] as const) {
      const begun = deflation.begin({ type, payloadBytes: undefined, compress: undefined, ...message })
      assert.equal(begun, isCompressed ? 0b100 : undefined)
    }
  })
}

test('T-88: with an infinite threshold a message whose length nobody knows is compressed only if it asks for it', () => {
  const deflation = deflationOf({ thresholdBytes: Number.POSITIVE_INFINITY })
  assert.equal(deflation.begin({ type: 'text', payloadBytes: undefined, compress: undefined }), undefined)
})

test('T-86: with a window of 8 bits nothing is compressed, whatever a message asks for', () => {
  const port: DeflatePort = {
    createDeflater: () => assert.fail('no stream is needed'),
    createInflater: () => assert.fail('no stream is needed'),
  }
  const deflation = deflationOf({ port, windowBits: 8 })
  for (const payloadBytes of [0, 100_000, undefined]) {
    for (const compress of [true, undefined, false]) {
      assert.equal(deflation.begin({ type: 'text', payloadBytes, compress }), undefined)
    }
  }
  assert.equal(deflationOf({ windowBits: 9 }).begin({ type: 'text', payloadBytes: 0, compress: true }), COMPRESSED)
  deflation.close()
})

// --- what they become ------------------------------------------------------------------------------------------------

for (const [name, port] of PORTS) {
  test(`messages become what RFC 7692 §7.2.3 says: ${name}`, () => {
    const withTakeover = deflationOf({ port, noContextTakeover: false })
    assert.equal(toHex(deflated(withTakeover, 'Hello')), 'f2 48 cd c9 c9 07 00')
    assert.equal(toHex(deflated(withTakeover, 'Hello')), 'f2 00 11 00 00')
    assert.equal(toHex(deflated(withTakeover, 'Hello')), '02 13 00 00')
    const without = deflationOf({ port })
    for (let i = 0; i < 3; i++) assert.equal(toHex(deflated(without, 'Hello')), 'f2 48 cd c9 c9 07 00')
    const uncompressed = deflationOf({ port, compressionLevel: 0 })
    assert.equal(toHex(deflated(uncompressed, 'Hello')), '00 05 00 fa ff 48 65 6c 6c 6f 00')
  })

  test(`T-84: an empty message is one byte, wherever it stands: ${name}`, () => {
    for (const noContextTakeover of [true, false]) {
      for (const compressionLevel of [0, 6]) {
        const deflation = deflationOf({ port, noContextTakeover, compressionLevel })
        const wires = ['', 'Hello', '', '', 'Hello', ''].map((message) => deflated(deflation, message))
        for (const i of [0, 2, 3, 5]) assert.equal(toHex(wires[i]!), '00')
        if (!noContextTakeover) assertSameBytes(inflated(...wires), utf8('HelloHello'), 'inflated')
      }
    }
  })

  test(`T-84: a fragment can be read at its end; one that is empty has nothing to say: ${name}`, () => {
    const deflation = deflationOf({ port, noContextTakeover: false })
    assert.equal(toHex(deflated(deflation, 'Hello', 'fragment')), 'f2 48 cd c9 c9 07 00 00 00 ff ff')
    assert.equal(toHex(deflated(deflation, '', 'fragment')), '')
    assert.equal(toHex(deflated(deflation, '', 'inside')), '')
    assert.equal(toHex(deflated(deflation, 'Hello', 'fragment')), 'f2 00 11 00 00 00 00 ff ff')
    assert.equal(toHex(deflated(deflation, '')), '00')
    assert.equal(toHex(deflated(deflation, '', 'fragment')), '')
    assert.equal(toHex(deflated(deflation, 'Hello')), '02 13 00 00')
    deflation.close()
    const anew = deflationOf({ port })
    assert.equal(toHex(deflated(anew, '', 'fragment')), '00 00 00 ff ff')
    assert.equal(toHex(deflated(anew, '')), '00')
  })

  test(`without context takeover fragments of a message still refer to each other: ${name}`, () => {
    const deflation = deflationOf({ port })
    for (let i = 0; i < 2; i++) {
      assert.equal(toHex(deflated(deflation, 'Hello', 'fragment')), 'f2 48 cd c9 c9 07 00 00 00 ff ff')
      assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 00 11 00 00')
    }
  })
}

test('what is written inside a fragment is taken, and said at its end', () => {
  const deflation = deflationOf()
  for (const piece of ['H', 'el', '', 'l']) assert.equal(deflated(deflation, piece, 'inside').length, 0)
  assert.equal(toHex(deflated(deflation, 'o')), 'f2 48 cd c9 c9 07 00')
})

test('there is something to do from a write to the last read, even if nothing was written', () => {
  const deflation = deflationOf()
  assert.equal(deflation.pending, false)
  for (const end of ['inside', 'fragment', 'message'] as const) {
    for (const payload of ['', 'Hello']) {
      deflation.write(utf8(payload), end)
      assert.equal(deflation.pending, true)
      deflation.read()
      assert.equal(deflation.pending, false)
    }
  }
})

// --- 64 KiB ----------------------------------------------------------------------------------------------------------

const RANDOM = dataOf('random', 3 * STEP_BYTES)

/** How long a random message of so many bytes is once it is deflated and flushed. */
function flushedBytes(length: number, options: Options): number {
  const { windowBits = 15, memoryLevel: memLevel = 8, compressionLevel: level = 6 } = options
  const settings = { windowBits, memLevel, level, finishFlush: constants.Z_SYNC_FLUSH }
  return deflateRawSync(RANDOM.subarray(0, length), settings).length
}

/** The shortest random message that is at least so long once it is flushed. */
function lengthFor(wireBytes: number, options: Options): number {
  let length = Math.floor(wireBytes * 0.9)
  while (flushedBytes(length, options) < wireBytes)
    length += Math.max(1, (wireBytes - flushedBytes(length, options)) >> 1)
  return length
}

const FITS: readonly Options[] = [
  { windowBits: 12, memoryLevel: 5 },
  { windowBits: 15, memoryLevel: 9 },
  { windowBits: 9, memoryLevel: 1, compressionLevel: 1 },
  { windowBits: 15, memoryLevel: 8, compressionLevel: 0 },
]

for (const options of FITS) {
  for (const steps of [1, 2]) {
    const what = `${JSON.stringify(options)}, ${steps} times 64 KiB`

    test(`a message that fills the memory of a step exactly, or not quite, or a little more, is whole: ${what}`, () => {
      // A stream that tells how full its steps were.
      const fills: number[] = []
      const port: DeflatePort = { ...nodeDeflate, createDeflater: (settings) => listening(settings, fills) }
      const first = lengthFor(steps * STEP_BYTES - 8, options)
      const totals = new Set<number>()
      for (let length = first; length < first + 20; length++) {
        const message = RANDOM.subarray(0, length)
        fills.length = 0
        const deflation = deflationOf({ ...options, port, noContextTakeover: false })
        const wire = deflated(deflation, message)
        totals.add(fills.reduce((sum, fill) => sum + fill) - steps * STEP_BYTES)
        const wires = [wire, deflated(deflation, 'Hello'), deflated(deflation, '')]
        assertSameBytes(inflated(...wires), concat(message, utf8('Hello')), `${length} bytes`)

        // The same with a fragment, which keeps its tail.
        const inPieces = deflationOf({ ...options, noContextTakeover: false })
        const fragment = deflated(inPieces, message, 'fragment')
        assertSameBytes(fragment.slice(-4), TAIL, `tail after ${length} bytes`)
        const rest = deflated(inPieces, 'Hello')
        assertSameBytes(inflated(concat(fragment, rest)), concat(message, utf8('Hello')), `${length} bytes in pieces`)
        deflation.close()
        inPieces.close()
      }
      // A flush that ends with the memory begins again, with an empty block of five bytes.
      for (const total of [-2, -1, 5, 6, 7]) assert.ok(totals.has(total), `${total} is not among ${[...totals]}`)
    })
  }
}

function listening(settings: Parameters<DeflatePort['createDeflater']>[0], fills: number[]): DeflateStream {
  const stream = nodeDeflate.createDeflater(settings)
  const step = stream.step.bind(stream)
  stream.step = (...args) => {
    step(...args)
    fills.push(stream.produced)
  }
  return stream
}

test('a step that is full to the last byte of a tail holds back the tail, and the message ends without it', () => {
  // Streams whose output is known: the first step fills all room, and the next has so much to add.
  const wire = concat(new Uint8Array(STEP_BYTES - 4), TAIL, hex('00 00 00 ff ff'))
  for (const [more, handedOut] of [
    [0, [STEP_BYTES - 4, 0]],
    [1, [STEP_BYTES - 4, 1]],
    [3, [STEP_BYTES - 4, 3]],
    [4, [STEP_BYTES - 4, 4]],
    [5, [STEP_BYTES - 4, 5]],
  ] as const) {
    for (const end of ['message', 'fragment'] as const) {
      let at = 0
      const stream: DeflateStream = {
        consumed: 0,
        produced: 0,
        step(_flush, _input, _start, _end, output, from) {
          const length = at === 0 ? output.length - from : more
          output.set(wire.subarray(at, at + length), from)
          at += length
          Object.assign(stream, { produced: length })
        },
        reset() {},
        close() {},
      }
      const port: DeflatePort = { ...nodeDeflate, createDeflater: () => stream }
      const pieces = outputs(deflationOf({ port }), new Uint8Array(0), end)
      const kept = end === 'message' ? 0 : 4
      assert.deepEqual(
        pieces.map(({ length }) => length),
        [handedOut[0], handedOut[1] + kept],
      )
      const whole = wire.subarray(0, STEP_BYTES + more)
      assertSameBytes(concat(...pieces), end === 'message' ? whole.subarray(0, -4) : whole, `${more} more`)
    }
  }
})

test('each step goes on where the one before it stopped', () => {
  const starts: number[] = []
  const stream: DeflateStream = {
    consumed: 0,
    produced: 0,
    step(flush, input, start, end, output, at) {
      starts.push(start)
      assert.deepEqual([flush, input.length, end, at, output.length], ['sync', 10, 10, 4, STEP_BYTES + 4])
      Object.assign(stream, { consumed: start === 9 ? 1 : 3, produced: start === 9 ? 8 : STEP_BYTES })
    },
    reset() {},
    close() {},
  }
  const deflation = deflationOf({ port: { ...nodeDeflate, createDeflater: () => stream } })
  const lengths = outputs(deflation, new Uint8Array(10)).map(({ length }) => length)
  assert.deepEqual(starts, [0, 3, 6, 9])
  assert.deepEqual(lengths, [STEP_BYTES - 4, STEP_BYTES, STEP_BYTES, 8])
})

test('any messages in any pieces, deflated in any way, are what zlib inflates', () => {
  const near = fc.integer({ min: -600, max: 20 })
  const length = fc.oneof(
    fc.nat({ max: 3_000 }),
    near.map((offset) => STEP_BYTES + offset),
    near.map((offset) => 2 * STEP_BYTES + offset),
  )
  const piece = fc.record({
    length,
    kind: fc.constantFrom('random', 'random', 'text', 'zeros'),
    end: fc.constantFrom('inside', 'fragment'),
  } as const)
  const options = fc.record({
    windowBits: fc.constantFrom<WindowBits[]>(9, 12, 15),
    memoryLevel: fc.constantFrom(1, 5, 9),
    compressionLevel: fc.constantFrom(0, 1, 6),
    noContextTakeover: fc.boolean(),
  })
  const messages = fc.array(fc.array(piece, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(options, messages, (settings, sent) => {
      const deflation = deflationOf(settings)
      const wires: Uint8Array[] = []
      const payloads: Uint8Array[] = []
      for (const pieces of sent) {
        const data = pieces.map(({ kind, length: bytes }) => dataOf(kind, bytes))
        const outs = data.map((bytes, i) =>
          deflated(deflation, bytes, i === pieces.length - 1 ? 'message' : pieces[i]!.end),
        )
        wires.push(concat(...outs))
        payloads.push(concat(...data))
      }
      deflation.close()
      if (!settings.noContextTakeover) assertSameBytes(inflated(...wires), concat(...payloads), 'all of them')
      else for (const [i, wire] of wires.entries()) assertSameBytes(inflated(wire), payloads[i]!, `message ${i}`)
    }),
    { numRuns: 60 },
  )
})

test('what was handed out stays as it is, and several at once do not disturb each other', () => {
  const messages = [RANDOM.subarray(0, 65_400), RANDOM.subarray(70_000, 135_460), dataOf('text', 65_536)]
  const deflations = messages.map(() => deflationOf({ windowBits: 12, memoryLevel: 5 }))
  const pieces: Uint8Array[][] = messages.map(() => [])
  const copies: Uint8Array[][] = messages.map(() => [])
  for (const [i, deflation] of deflations.entries()) deflation.write(messages[i]!, 'message')
  while (deflations.some(({ pending }) => pending)) {
    for (const [i, deflation] of deflations.entries()) {
      if (!deflation.pending) continue
      const output = deflation.read()
      pieces[i]!.push(output)
      copies[i]!.push(output.slice())
    }
  }
  assert.ok(pieces[1]!.length > 1)
  for (const [i, message] of messages.entries()) {
    assertSameBytes(concat(...pieces[i]!), concat(...copies[i]!), 'what was handed out')
    assertSameBytes(inflated(concat(...pieces[i]!)), message, `message ${i}`)
  }
})

test('no memory of others is handed out: each output has just its own', () => {
  const deflation = deflationOf()
  deflation.write(utf8('Hello'), 'message')
  const output = deflation.read()
  assert.deepEqual([output.byteOffset, output.buffer.byteLength], [0, output.length])
})

// --- for many --------------------------------------------------------------------------------------------------------

test('what is shared depends on no other message, and no other message on it', () => {
  const deflation = deflationOf({ noContextTakeover: false })
  assert.equal(deflation.sharing.key, 'key')
  assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 48 cd c9 c9 07 00')
  for (let i = 0; i < 2; i++) {
    const shared = deflation.sharing.create()
    for (let j = 0; j < 2; j++) assert.equal(toHex(deflated(shared, 'Hello')), 'f2 48 cd c9 c9 07 00')
    shared.close()
  }
  assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 00 11 00 00')
})

test('after a message that was made elsewhere nothing refers to what came before it', () => {
  const deflation = deflationOf({ noContextTakeover: false })
  deflation.sharing.forget() // there is nothing yet
  assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 48 cd c9 c9 07 00')
  assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 00 11 00 00')
  deflation.sharing.forget()
  assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 48 cd c9 c9 07 00')
  assert.equal(toHex(deflated(deflation, 'Hello')), 'f2 00 11 00 00')
})

test('T-87: what is shared outlives the session that began it, and its stream goes with it', () => {
  let open = 0
  const pool = new StreamPool(() => {
    open++
    const stream = nodeDeflate.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 })
    const close = stream.close.bind(stream)
    stream.close = () => {
      open--
      close()
    }
    return stream
  })
  const deflation = deflationOf({}, pool)
  const shared = deflation.sharing.create()
  deflation.close()
  assert.equal(toHex(deflated(shared, 'Hello')), 'f2 48 cd c9 c9 07 00')
  assert.equal(open, 1)
  shared.close()
  assert.equal(open, 0)
})

// --- the end ---------------------------------------------------------------------------------------------------------

test('T-87: what is closed in the middle of a message gives its stream back as new, once', () => {
  for (const noContextTakeover of [true, false]) {
    let made = 0
    const pool = new StreamPool(() => {
      made++
      return nodeDeflate.createDeflater({ windowBits: 12, memoryLevel: 5, compressionLevel: 6 })
    })
    const [ended, other, last] = [0, 1, 2].map(() => deflationOf({ windowBits: 12, noContextTakeover }, pool))
    ended!.write(RANDOM.subarray(0, STEP_BYTES), 'message')
    ended!.read()
    assert.equal(ended!.pending, true, 'there is more, and a tail held back')
    ended!.close()
    ended!.close()
    ended!.close()
    assert.equal(toHex(deflated(other!, 'Hello')), 'f2 48 cd c9 c9 07 00')
    other!.close()
    assert.equal(toHex(deflated(last!, 'Hello')), 'f2 48 cd c9 c9 07 00')
    assert.equal(made, 1)
    last!.close()
  }
})

test('an error of the platform is nobody’s but its own', () => {
  const port: DeflatePort = { ...nodeDeflate, createDeflater: () => assert.fail('out of memory') }
  const deflation = deflationOf({ port })
  deflation.write(utf8('Hello'), 'message')
  assert.throws(() => deflation.read(), /out of memory/)
  deflation.close()
})

// --- whole messages --------------------------------------------------------------------------------------------------

/** What comes out of a message at once; what goes in lies somewhere in the middle. */
function deflatedWhole(deflation: Deflation, payload: Uint8Array): Uint8Array | undefined {
  const around = concat(hex('01 02 03'), payload, hex('04 05'))
  return deflation.transformWhole(around, 3, 3 + payload.length)?.slice()
}

const WHOLE_LENGTHS = [0, 1, 3, 100, 1_536, 1_537, 16_384, 49_152]
for (const [name, port] of PORTS) {
  for (const noContextTakeover of [true, false]) {
    test(`a message at once is the message in steps: ${name}, ${noContextTakeover ? 'no ' : ''}context takeover`, () => {
      for (const memoryLevel of [1, 8]) {
        const options = { port, noContextTakeover, memoryLevel }
        const plain = deflationOf(options)
        const whole = deflationOf(options)
        for (const kind of ['zeros', 'JSON', 'random'] as const) {
          for (const length of WHOLE_LENGTHS) {
            const bytes = dataOf(kind, length)
            const expected = deflated(plain, bytes)
            assertSameBytes(deflatedWhole(whole, bytes)!, expected, `${length} of ${kind}`)
            assertSameBytes(deflated(whole, bytes), deflated(plain, bytes), 'what follows')
          }
        }
      }
    })
  }
}

test('a long message does not go at once, and no stream is taken for it', () => {
  const deflation = deflationOf({ port: { ...nodeDeflate, createDeflater: () => assert.fail() } })
  assert.equal(deflatedWhole(deflation, new Uint8Array(49_153)), undefined)
})

test('short messages that depend on no other take their streams from a pool of their own', () => {
  for (const noContextTakeover of [true, false]) {
    const created: string[] = []
    const pool = (name: string) =>
      new StreamPool(() => {
        created.push(name)
        return nodeDeflate.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 })
      })
    const agreement = { noContextTakeover, windowBits: 15 } as const
    const deflation = new Deflation(pool('usual'), agreement, 0, 'key', pool('short'))
    for (const length of [1_536, 1_537, 1_536]) {
      const payload = dataOf('JSON', length)
      assertSameBytes(
        inflated(deflatedWhole(new Deflation(poolOf({}), agreement, 0, 'key'), payload)!),
        payload,
        `${length}`,
      )
      assert.ok(deflatedWhole(deflation, payload))
    }
    assert.deepEqual(created, noContextTakeover ? ['short', 'usual'] : ['usual'])
    deflation.close()
  }
})

test('a stream that fails at a message at once, for want of memory for one, is closed and not used again', () => {
  let closed = 0
  const pool = new StreamPool(() => {
    const stream = nodeDeflate.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 })
    return Object.assign(Object.create(stream) as DeflateStream, {
      step() {
        throw new Error('out of memory')
      },
      close() {
        closed++
        stream.close()
      },
    })
  })
  for (const noContextTakeover of [true, false]) {
    const deflation = deflationOf({ noContextTakeover }, pool)
    assert.throws(() => deflatedWhole(deflation, utf8('hello')), /out of memory/)
    deflation.close()
  }
  assert.equal(closed, 2)
})

test('a stream that fails in the midst of a context is closed once, and the end does not give it back', () => {
  let isFailing = false
  let closed = 0
  const pool = new StreamPool(() => {
    const stream = nodeDeflate.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 })
    return {
      get consumed() {
        return stream.consumed
      },
      get produced() {
        return stream.produced
      },
      step(...args) {
        if (isFailing) throw new Error('out of memory')
        stream.step(...args)
      },
      reset: () => stream.reset(),
      close() {
        closed++
        stream.close()
      },
    }
  })
  const other = deflationOf({ noContextTakeover: false }, pool) // keeps the pool open
  const deflation = deflationOf({ noContextTakeover: false }, pool)
  assert.ok(deflatedWhole(deflation, utf8('hello')))
  isFailing = true
  assert.throws(() => deflatedWhole(deflation, utf8('hello')), /out of memory/)
  isFailing = false
  deflation.close()
  assert.equal(closed, 1)
  assert.equal(toHex(deflated(other, 'Hello')), 'f2 48 cd c9 c9 07 00')
  other.close()
})
