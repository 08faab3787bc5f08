// What is inflated was deflated by zlib itself, or written block by block below; not by the code under test.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'
import fc from 'fast-check'
import type { WindowBits } from '../../src/extension/deflate-params.ts'
import { DeflateDataError, type DeflatePort } from '../../src/extension/deflate-port.ts'
import { type AgreedExtension, permessageDeflate, TransformError } from '../../src/extension/index.ts'
import { Inflation } from '../../src/extension/inflation.ts'
import { StreamPool } from '../../src/extension/stream-pool.ts'
import type { Session, SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../src/transport/web/deflate.ts'
import { assertSameBytes, dataOf } from '../contract/deflate-port.ts'
import { client } from '../support/engine.ts'
import { everySplit, feed } from '../support/feed.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const STEP_BYTES = 65_536
const PORTS = [
  ['zlib', nodeDeflate],
  ['the portable DEFLATE', portableDeflate],
] as const

// --- by the transform alone ------------------------------------------------------------------------------------------

interface Options {
  readonly port?: DeflatePort
  readonly noContextTakeover?: boolean
  readonly windowBits?: WindowBits
}

function inflationOf({ port = nodeDeflate, noContextTakeover = false, windowBits = 15 }: Options = {}): Inflation {
  return new Inflation(new StreamPool(() => port.createInflater(windowBits)), { noContextTakeover, windowBits })
}

/** All that comes out of a message, which goes in by runs of at most so many bytes. */
function inflated(inflation: Inflation, wire: Uint8Array, runBytes = STEP_BYTES): Uint8Array {
  const all: Uint8Array[] = []
  let produced = 0
  assert.equal(inflation.begin(0b100), true)
  for (let at = 0, isLast = false; !isLast; at += runBytes) {
    isLast = at + runBytes >= wire.length
    inflation.write(wire.subarray(at, at + runBytes), isLast ? 'message' : 'inside')
    while (inflation.pending) {
      const output = inflation.read()
      assert.ok(output.length <= STEP_BYTES, `${output.length} bytes at once`)
      all.push(output)
      produced += output.length
      assert.ok(all.length < 200_000 && produced < 10_000_000, 'there is no end of it')
    }
  }
  return concat(...all)
}

/** How many bytes come out of a message, or what is wrong with it. */
function outcome(inflation: Inflation, wire: Uint8Array, runBytes = STEP_BYTES): number | string {
  try {
    return inflated(inflation, wire, runBytes).length
  } catch (error) {
    assert.ok(error instanceof TransformError)
    inflation.close()
    return error.violation
  }
}

/** A message, or a part of one, as zlib deflates it: flushed, without its tail. */
function flushed(data: Uint8Array, options: ZlibOptions = {}): Uint8Array {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4)
}

/** The same, ended by a final block. */
function finished(data: Uint8Array, options: ZlibOptions = {}): Uint8Array {
  return deflateRawSync(data, options)
}

/** Writes DEFLATE bit by bit (RFC 1951 §3.2). */
class Blocks {
  readonly #bytes: number[] = []
  #used = 8 // bits of the last byte

  /** A stored block. */
  stored(data: Uint8Array, final = false): this {
    this.#bits(final ? 0b001 : 0b000, 3)
    this.#used = 8
    const { length } = data
    this.#bytes.push(length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff, ...data)
    return this
  }

  /** A block of fixed codes: literals, and references as length (3 to 10) and distance. */
  fixed(symbols: readonly (number | readonly [length: number, distance: number])[], final = false): this {
    this.#bits(final ? 0b011 : 0b010, 3)
    for (const symbol of symbols) {
      if (typeof symbol !== 'number') this.#reference(...symbol)
      else if (symbol < 144) this.#code(0x30 + symbol, 8)
      else this.#code(0x190 + symbol - 144, 9)
    }
    this.#code(0, 7) // end of block
    return this
  }

  /** The header of the stored block whose rest is the tail. */
  end(): Uint8Array {
    this.#bits(0b000, 3)
    return this.bytes()
  }

  bytes(): Uint8Array {
    this.#used = 8
    return Uint8Array.from(this.#bytes)
  }

  #reference(length: number, distance: number): void {
    this.#code(257 + length - 3 - 256, 7)
    const back = distance - 1
    const extra = back < 4 ? 0 : Math.floor(Math.log2(back)) - 1
    this.#code(back < 4 ? back : 2 * extra + 2 + ((back >> extra) & 1), 5)
    this.#bits(back & ((1 << extra) - 1), extra)
  }

  /** Codes have their first bit first. */
  #code(code: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) this.#bits((code >> i) & 1, 1)
  }

  /** Numbers have their last bit first. */
  #bits(value: number, length: number): void {
    for (let i = 0; i < length; i++) {
      if (this.#used === 8) {
        this.#bytes.push(0)
        this.#used = 0
      }
      this.#bytes[this.#bytes.length - 1]! |= ((value >> i) & 1) << this.#used++
    }
  }
}

test('the blocks of these tests are DEFLATE', () => {
  const random = dataOf('random', 40_000)
  const symbols = [...random.subarray(0, 300), [3, 1], [10, 300], [4, 4], [5, 5], [6, 7], [3, 32_768]] as const
  const wire = new Blocks().stored(random).fixed(symbols).stored(hex('aa')).fixed([1], true).bytes()
  const expected = [...random, ...random.subarray(0, 300)]
  for (const symbol of symbols) {
    if (typeof symbol === 'number') continue
    for (let i = 0; i < symbol[0]; i++) expected.push(expected[expected.length - symbol[1]]!)
  }
  assertSameBytes(inflateRawSync(wire), Uint8Array.from([...expected, 0xaa, 1]), 'inflated by zlib')
  assert.equal(toHex(new Blocks().fixed([...utf8('Hello')]).end()), 'f2 48 cd c9 c9 07 00') // RFC 7692 §7.2.3.1
  assert.equal(toHex(new Blocks().stored(utf8('Hello')).end()), '00 05 00 fa ff 48 65 6c 6c 6f 00')
})

// --- in a session ----------------------------------------------------------------------------------------------------

const NO_TAKEOVER: AgreedExtension['parameters'] = [['server_no_context_takeover', undefined]]

/** A client that has agreed on parameters with its server. */
function receiver(
  parameters: AgreedExtension['parameters'] = [],
  port: DeflatePort = nodeDeflate,
  options: Partial<SessionOptions> = {},
): Session {
  return client({ ...options, extensions: [permessageDeflate(port).agreed(parameters)] })
}

/** Our Close frames, masked: 1007 and 1009. */
const CLOSE_1007 = '88 82 37 fa 21 3d 34 15'
const CLOSE_1009 = '88 82 37 fa 21 3d 34 0b'

const HELLO = 'c1 07 f2 48 cd c9 c9 07 00'
const HELLO_EVENT = { kind: 'message', type: 'text', payload: '48 65 6c 6c 6f', reservedBits: 0 }

/** What the application sees, and what is sent. */
function story(create: () => Session, chunks: readonly Uint8Array[]): { events: unknown[]; output: string } {
  const { events, output } = feed(create, chunks)
  // Where in the stream compressed data went wrong is known no closer than to the chunk.
  const told = (events as Record<string, unknown>[]).map(({ offset: _, ...event }) => event)
  return { events: told, output }
}

function failure(error: string): Record<string, unknown> {
  return { kind: 'failure', error }
}

/** A compressed binary message, in frames that end at these places. */
function frames(payload: Uint8Array, ...ends: number[]): Uint8Array {
  const starts = [0, ...ends]
  return concat(
    ...starts.map((start, i) =>
      frame({
        fin: i === ends.length,
        reservedBits: i === 0 ? 0b100 : 0,
        opcode: i === 0 ? 2 : 0,
        payload: payload.subarray(start, ends[i]),
      }),
    ),
  )
}

// --- T-82 ------------------------------------------------------------------------------------------------------------

const BAD: readonly (readonly [what: string, wire: string, before: number])[] = [
  ['a block of a type that does not exist', 'c1 01 07', 0],
  ['a stored block whose length is not what its check says', 'c1 0b 00 05 00 fb ff 48 65 6c 6c 6f 00', 0],
  ['no bytes at all', 'c1 00', 0],
  ['no bytes at all, in three frames', '41 00 00 00 80 00', 0],
  ['a byte after its end', 'c1 08 f2 48 cd c9 c9 07 00 ff', 0],
  ['a zero after its end', 'c1 08 f2 48 cd c9 c9 07 00 00', 0],
  ['its tail still there', 'c1 0b f2 48 cd c9 c9 07 00 00 00 ff ff', 0],
  ['a byte after its final block', 'c1 08 f3 48 cd c9 c9 07 00 ff', 0],
  ['a byte after an empty block that follows its final one', 'c1 09 f3 48 cd c9 c9 07 00 00 01', 0],
  ['a first frame that is wrong', '41 01 07 80 04 c9 c9 07 00', 0],
  ['a last frame that is wrong', '41 03 f2 48 cd 80 01 07', 0],
  ['a reference to what was before everything', 'c1 05 f2 00 11 00 00', 0],
  ['a reference to the message before, which was forgotten', `${HELLO} c1 05 f2 00 11 00 00`, 1],
  ['a reference to a final block of the message before', 'c1 07 f3 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00', 1],
]

for (const [name, port] of PORTS) {
  for (const [what, wire, before] of BAD) {
    test(`T-82: a message with ${what} fails the connection with 1007, and nothing follows: ${name}`, () => {
      const bytes = concat(hex(wire), hex(HELLO), hex('81 01 61'))
      const expected = {
        events: [...Array(before).fill(HELLO_EVENT), failure('INVALID_COMPRESSED_DATA')],
        output: CLOSE_1007,
      }
      for (const [how, chunks] of everySplit(bytes)) {
        assert.deepEqual(
          story(() => receiver(NO_TAKEOVER, port), chunks),
          expected,
          how,
        )
      }
    })
  }
}

const SENTENCE = utf8('A message that was cut off is not a message, a message that was cut off is not one.')

const FINISHED = finished(SENTENCE)

/** Messages that are whole with all of their bytes, and with these. */
const WHOLE: readonly (readonly [what: string, wire: Uint8Array, alsoWholeAt: readonly number[]])[] = [
  ['of one block with codes of its own', flushed(dataOf('text', 200)), []],
  ['of one block with fixed codes', flushed(SENTENCE, { strategy: constants.Z_FIXED }), []],
  // Its first byte alone is an empty message (RFC 7692 §7.2.3.6).
  ['that is not compressed', flushed(utf8('Hello, hello'), { level: 0 }), [1]],
  ['of several blocks', hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'), [4]],
  ['that ends with a final block', FINISHED, []],
  ['that ends with a final block and an empty one', concat(FINISHED, hex('00')), [FINISHED.length]],
  [
    'that refers beyond a final block',
    concat(FINISHED, flushed(SENTENCE, { dictionary: SENTENCE })),
    [FINISHED.length],
  ],
]

for (const [name, port] of PORTS) {
  for (const [what, wire, alsoWholeAt] of WHOLE) {
    test(`T-82: a message ${what} that was cut off anywhere fails the connection with 1007: ${name}`, () => {
      for (let length = 0; length <= wire.length; length++) {
        const payload = wire.subarray(0, length)
        const isWhole = length === wire.length || alsoWholeAt.includes(length)
        const middle = length >> 1
        for (const bytes of [
          frames(payload),
          frames(payload, middle),
          frames(payload, 0, middle, middle, length),
          frames(payload, ...payload.keys()),
        ]) {
          for (const chunks of [[bytes], Array.from(bytes, (byte) => Uint8Array.of(byte))]) {
            const { events, output } = story(() => receiver([], port), [...chunks, hex(HELLO)])
            if (isWhole) {
              assert.deepEqual([events.length, events[1], output], [2, HELLO_EVENT, ''], `${length} of ${wire.length}`)
            } else {
              const expected = [[failure('INVALID_COMPRESSED_DATA')], CLOSE_1007]
              assert.deepEqual([events, output], expected, `${length} of ${wire.length}`)
            }
          }
        }
      }
    })
  }
}

test('T-82: a message that was cut off fails the connection at every split', () => {
  const wire = flushed(SENTENCE)
  for (const length of [0, 1, 2, wire.length >> 1, wire.length - 2, wire.length - 1]) {
    for (const bytes of [frames(wire.subarray(0, length)), frames(wire.subarray(0, length), length >> 1)]) {
      for (const [how, chunks] of everySplit(concat(bytes, hex(HELLO)))) {
        const told = story(() => receiver(), chunks)
        assert.deepEqual(told, { events: [failure('INVALID_COMPRESSED_DATA')], output: CLOSE_1007 }, how)
      }
    }
  }
})

test('T-82: in pieces, what came before it went wrong may be seen, and nothing after it', () => {
  const good = 'f2 48 cd c9 c9 07 00 00 00 ff ff'
  const bytes = hex(`41 0b ${good} 00 01 07 80 07 f2 48 cd c9 c9 07 00 ${HELLO}`)
  for (const [how, chunks] of everySplit(bytes)) {
    const { events, output } = story(() => receiver([], nodeDeflate, { delivery: 'fragment' }), chunks)
    const pieces = events.slice(0, -1) as { payload: string; final: boolean }[]
    assert.equal(pieces.map(({ payload }) => payload).join(' '), '48 65 6c 6c 6f', how)
    assert.ok(pieces.every(({ final }) => !final))
    assert.deepEqual([events.at(-1), output], [failure('INVALID_COMPRESSED_DATA'), CLOSE_1007])
  }
})

for (const [name, port] of PORTS) {
  for (const windowBits of [8, 9, 10, 11, 12, 13, 14, 15] as const) {
    const windowBytes = 2 ** windowBits

    test(`T-82: a window of ${windowBits} bits reaches ${windowBytes} bytes back and no further: ${name}`, () => {
      const history = dataOf('random', windowBytes + 300)
      const back = (distance: number) => new Blocks().fixed([[5, distance]]).end()
      const before = new Blocks()
      for (let at = 0; at < history.length; at += 30_000) before.stored(history.subarray(at, at + 30_000))
      const ended = concat(before.bytes(), hex('03 00')) // with a final block
      const first = before.end()
      for (const wire of [first, ended]) {
        for (const runBytes of [1, 100, STEP_BYTES]) {
          const inflation = inflationOf({ port, windowBits })
          assertSameBytes(inflated(inflation, wire, runBytes), history, 'history')
          const expected = history.slice(300, 305)
          assertSameBytes(inflated(inflation, back(windowBytes), runBytes), expected, `${windowBytes} back`)
          if (windowBits === 15) continue // there is no greater distance
          assert.equal(outcome(inflation, back(windowBytes + 1), runBytes), 'INVALID_COMPRESSED_DATA')
        }
      }
    })
  }

  test(`T-82: references of a sender that uses more than its window fail the connection: ${name}`, () => {
    // Beyond twice the window, in the middle of a message and of a step, however it comes.
    const data = dataOf('random', 3_000)
    const wires = [
      new Blocks()
        .stored(data)
        .fixed([[3, 1_025]])
        .end(),
      new Blocks()
        .stored(data)
        .fixed([[3, 3_000]])
        .end(),
      new Blocks()
        .stored(data, true)
        .fixed([[3, 1_025]])
        .end(),
      flushed(concat(data, data)), // zlib, with a window of 15 bits
    ]
    for (const payload of wires) {
      const bytes = frames(payload, 1_000, 2_000)
      for (const size of [bytes.length, 1, 2, 511, 512, 513]) {
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(size * i, size * i + size),
        )
        const told = story(() => receiver([['server_max_window_bits', '9']], port), [...chunks, hex(HELLO)])
        assert.deepEqual(told, { events: [failure('INVALID_COMPRESSED_DATA')], output: CLOSE_1007 }, `by ${size}`)
      }
    }
  })
}

test('T-82: whether a reference reaches too far does not depend on how the bytes were cut', () => {
  const bytes = frames(
    new Blocks()
      .stored(dataOf('random', 900))
      .fixed([[5, 700]])
      .end(),
  )
  const outcomes = Array.from(everySplit(bytes), ([how, chunks]) => {
    const { events, output } = story(() => receiver([['server_max_window_bits', '9']]), chunks)
    return `${how.replace(/ \d+$/, '')}: ${(events as { kind: string }[]).map(({ kind }) => kind)}, ${output}`
  })
  const told = new Set(outcomes.map((outcome) => outcome.replace(/^.*: /, '')))
  assert.equal(told.size, 1, [...new Set(outcomes)].join('; '))
})

test('T-82: what is wrong with a message does not depend on how its bytes were cut', () => {
  // A hundred bytes come out before it goes wrong, where fifty are too many.
  const bytes = frames(concat(flushed(new Uint8Array(100)), hex('00 00 ff ff 07')))
  const create = () => receiver([], nodeDeflate, { limits: { maxMessageBytes: 50 } })
  const whole = story(create, [bytes])
  for (const [how, chunks] of everySplit(bytes)) assert.deepEqual(story(create, chunks), whole, how)
})

test('an error of the platform is not the peer’s', () => {
  const port: DeflatePort = { ...nodeDeflate, createInflater: () => assert.fail('out of memory') }
  const inflation = inflationOf({ port })
  inflation.begin(0b100)
  inflation.write(hex('f2'), 'message')
  assert.throws(() => inflation.read(), /out of memory/)
})

test('what the DEFLATE had to say is the cause of the error', () => {
  const inflation = inflationOf()
  inflation.begin(0b100)
  inflation.write(hex('07'), 'message')
  assert.throws(
    () => inflation.read(),
    (error) => error instanceof TransformError && error.cause instanceof DeflateDataError,
  )
})

// --- T-83 ------------------------------------------------------------------------------------------------------------

const REPEATED = dataOf('random', 1_000)

test('the parts of these tests refer to each other', () => {
  const alone = flushed(REPEATED, { dictionary: REPEATED })
  assert.ok(alone.length < 100)
  assert.throws(() => inflateRawSync(alone, { finishFlush: constants.Z_SYNC_FLUSH }), /too far back/)
})

for (const [name, port] of PORTS) {
  for (const parameters of [[], NO_TAKEOVER]) {
    const how = `${parameters.length === 0 ? 'with context takeover' : 'without'}, ${name}`

    test(`T-83: a message that ends with a final block is whole, with an empty block behind it and without: ${how}`, () => {
      const bytes = hex(`c1 08 f3 48 cd c9 c9 07 00 00 c1 07 f3 48 cd c9 c9 07 00 ${HELLO} c1 02 03 00 ${HELLO}`)
      const empty = { ...HELLO_EVENT, payload: '' }
      const expected = { events: [HELLO_EVENT, HELLO_EVENT, HELLO_EVENT, empty, HELLO_EVENT], output: '' }
      for (const [split, chunks] of everySplit(bytes)) {
        assert.deepEqual(
          story(() => receiver(parameters, port), chunks),
          expected,
          split,
        )
      }
    })

    test(`T-83: all of a message that goes on after final blocks is there, and nothing is carried on: ${how}`, () => {
      const parts = ['Hello, ', 'hel', '', 'lo, hello', '', ' and so on'].map(utf8)
      const payload = concat(...parts.slice(0, -1).map((part) => finished(part)), flushed(parts.at(-1)!))
      const bytes = concat(frames(payload, 3, 11, 12), hex(HELLO))
      const text = { kind: 'message', type: 'binary', payload: toHex(concat(...parts)), reservedBits: 0 }
      for (const [split, chunks] of everySplit(bytes)) {
        const told = story(() => receiver(parameters, port), chunks)
        assert.deepEqual(told, { events: [text, HELLO_EVENT], output: '' }, split)
      }
    })
  }

  test(`T-83: after final blocks references reach into what the message said before: ${name}`, () => {
    for (const noContextTakeover of [true, false]) {
      for (const last of [flushed, finished]) {
        const payload = concat(
          finished(REPEATED),
          finished(REPEATED.subarray(0, 400), { dictionary: REPEATED }),
          hex('03 00 03 00'),
          last(REPEATED, { dictionary: concat(REPEATED, REPEATED.subarray(0, 400)) }),
        )
        for (const runBytes of [STEP_BYTES, 1, 333]) {
          const inflation = inflationOf({ port, noContextTakeover })
          const expected = concat(REPEATED, REPEATED.subarray(0, 400), REPEATED)
          for (let i = 0; i < 2; i++) assertSameBytes(inflated(inflation, payload, runBytes), expected, `${runBytes}`)
        }
      }
    }
  })

  test(`T-83: with context takeover they reach into earlier messages: ${name}`, () => {
    const reference = flushed(REPEATED, { dictionary: REPEATED })
    for (const runBytes of [STEP_BYTES, 1, 333]) {
      const inflation = inflationOf({ port })
      const messages = [
        finished(REPEATED),
        reference,
        concat(hex('03 00'), reference),
        finished(REPEATED, { dictionary: REPEATED }),
        reference,
        concat(finished(REPEATED, { dictionary: REPEATED }), hex('00')),
        reference,
      ]
      for (const [i, wire] of messages.entries()) {
        assertSameBytes(inflated(inflation, wire, runBytes), REPEATED, `message ${i} by ${runBytes}`)
        if (i === 2) assert.equal(inflated(inflation, hex('00'), runBytes).length, 0)
        if (i === 3) assert.equal(inflated(inflation, hex('03 00'), runBytes).length, 0)
      }
    }
  })

  test(`T-83: without context takeover they reach no further than the message: ${name}`, () => {
    const reference = flushed(REPEATED, { dictionary: REPEATED })
    for (const before of [finished(REPEATED), flushed(REPEATED), concat(finished(REPEATED), hex('00'))]) {
      for (const wire of [reference, concat(hex('03 00'), reference)]) {
        const inflation = inflationOf({ port, noContextTakeover: true })
        assert.equal(outcome(inflation, before), 1_000)
        assert.equal(outcome(inflation, wire), 'INVALID_COMPRESSED_DATA')
      }
    }
  })

  for (const windowBits of [9, 15] as const) {
    test(`T-83: over more than 64 KiB, with a window of ${windowBits} bits: ${name}`, () => {
      const windowBytes = 2 ** windowBits
      const options = { windowBits }
      const parts = [100_000, 65_536, windowBytes, windowBytes + 1, 65_535, 1, windowBytes - 1, 150_000]
      const wires: Uint8Array[] = []
      let said = new Uint8Array(0)
      for (const [i, length] of parts.entries()) {
        // What was said last, again and again, and something new.
        const repeated = said.slice(-windowBytes)
        const data = concat(repeated, dataOf('random', 300 + i), repeated, dataOf('text', length)).subarray(-length)
        wires.push(finished(data, said.length === 0 ? options : { ...options, dictionary: repeated }))
        said = concat(said, data)
      }
      for (const runBytes of [STEP_BYTES, 9_999]) {
        const inflation = inflationOf({ port, windowBits })
        assertSameBytes(inflated(inflation, concat(...wires), runBytes), said, 'in one message')
        const inMessages = inflationOf({ port, windowBits })
        const messages = wires.map((wire) => inflated(inMessages, wire, runBytes))
        assertSameBytes(concat(...messages), said, 'each in a message of its own')
      }
    })
  }
}

test('T-83: over more final blocks than a read goes on after', () => {
  const wires: Uint8Array[] = []
  let said: Uint8Array = utf8('And so it goes on, ')
  wires.push(finished(said))
  for (let i = 0; i < 600; i++) {
    const repeated = said.subarray(-19)
    wires.push(finished(repeated, { dictionary: said }))
    said = concat(said, repeated)
  }
  for (const windowBits of [9, 15] as const) {
    const options = { windowBits, noContextTakeover: true }
    assertSameBytes(inflated(inflationOf(options), concat(...wires)), said, `${windowBits} bits`)
    assertSameBytes(inflated(inflationOf(options), concat(...wires, hex('00'))), said, `${windowBits} bits`)
  }
})

test('T-83: whatever the blocks, references reach what a window holds, across ends of streams and messages', () => {
  const block = fc.record({
    length: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 700 }), fc.constantFrom(511, 512, 513, 1_024)),
    references: fc.array(fc.tuple(fc.integer({ min: 3, max: 10 }), fc.double({ min: 0, max: 1, noNaN: true })), {
      maxLength: 4,
    }),
    final: fc.boolean(),
  })
  const message = fc.record({ blocks: fc.array(block, { maxLength: 5 }), isFinalLeft: fc.boolean() })
  const settings = fc.record({
    windowBits: fc.constantFrom<WindowBits[]>(8, 9, 10),
    noContextTakeover: fc.boolean(),
    runBytes: fc.constantFrom(1, 2, 7, 100, 512, STEP_BYTES),
  })
  fc.assert(
    fc.property(settings, fc.array(message, { minLength: 1, maxLength: 4 }), ({ runBytes, ...options }, messages) => {
      const inflation = inflationOf(options)
      let window: number[] = []
      for (const { blocks, isFinalLeft } of messages) {
        if (options.noContextTakeover) window = []
        const expected: number[] = []
        const wire = new Blocks()
        let ended = false
        for (const { length, references, final } of blocks) {
          const data = dataOf('random', length)
          wire.stored(data)
          window.push(...data)
          expected.push(...data)
          const symbols = references.flatMap(([count, part]) => {
            const reach = Math.min(window.length, 2 ** options.windowBits)
            if (reach === 0) return []
            const distance = 1 + Math.floor(part * (reach - 1))
            for (let i = 0; i < count; i++) {
              const byte = window[window.length - distance]!
              window.push(byte)
              expected.push(byte)
            }
            return [[count, distance] as const]
          })
          wire.fixed(symbols, final)
          if (final) wire.bytes()
          ended = final
        }
        const payload = ended && isFinalLeft ? wire.bytes() : wire.end()
        assertSameBytes(inflated(inflation, payload, runBytes), Uint8Array.from(expected), 'message')
      }
      inflation.close()
    }),
    { numRuns: 300 },
  )
})

// --- T-84 ------------------------------------------------------------------------------------------------------------

const UNCOMPRESSED = { ...HELLO_EVENT, payload: '61' }
const EMPTY = { ...HELLO_EVENT, payload: '' }

const EMPTIES: readonly (readonly [what: string, wire: string, events: readonly unknown[]])[] = [
  ['an empty message, compressed', 'c1 01 00', [EMPTY]],
  ['an empty message as it is', '81 00', [EMPTY]],
  ['an empty message of two empty blocks', 'c1 06 00 00 00 ff ff 00', [EMPTY]],
  ['an empty message of a block with fixed codes', 'c1 02 02 00', [EMPTY]],
  ['an empty message with empty frames around it', '41 00 00 00 00 01 00 00 00 80 00', [EMPTY]],
  ['an empty first frame', '41 00 80 07 f2 48 cd c9 c9 07 00', [HELLO_EVENT]],
  ['an empty frame in the middle', '41 03 f2 48 cd 00 00 80 04 c9 c9 07 00', [HELLO_EVENT]],
  ['an empty last frame', '41 07 f2 48 cd c9 c9 07 00 80 00', [HELLO_EVENT]],
  [
    'a flush at the end of a frame, and a last one that says so',
    '41 0b f2 48 cd c9 c9 07 00 00 00 ff ff 80 01 00',
    [HELLO_EVENT],
  ],
  ['an empty last frame after a final block', '41 07 f3 48 cd c9 c9 07 00 80 00', [HELLO_EVENT]],
  ['empty frames of a message as it is', '01 00 00 00 80 01 61', [UNCOMPRESSED]],
]

for (const [name, port] of PORTS) {
  for (const [what, wire, told] of EMPTIES) {
    test(`T-84: ${what} changes nothing for the next: ${name}`, () => {
      // References, with context takeover, to a message before and to one before that.
      const bytes = hex(`${HELLO} ${wire} c1 05 f2 00 11 00 00 ${wire} 81 01 61 ${wire} c1 05 f2 00 11 00 00`)
      const isHello = told[0] === HELLO_EVENT
      const events = [HELLO_EVENT, ...told, HELLO_EVENT, ...told, UNCOMPRESSED, ...told, HELLO_EVENT]
      assert.equal(events.length, 7)
      for (const [split, chunks] of everySplit(bytes)) {
        assert.deepEqual(
          story(() => receiver([], port), chunks),
          { events, output: '' },
          split,
        )
      }
      if (isHello) return
      const forgetful = hex(`${wire} ${HELLO} ${wire} 81 01 61 ${HELLO}`)
      assert.deepEqual(story(() => receiver(NO_TAKEOVER, port), [forgetful]).events, [
        ...told,
        HELLO_EVENT,
        ...told,
        UNCOMPRESSED,
        HELLO_EVENT,
      ])
    })
  }
}

test('only messages that are marked are to be inflated', () => {
  const inflation = inflationOf()
  assert.equal(inflation.begin(0b000), false)
  assert.equal(inflation.begin(0b100), true)
})

test('there is something to do from a write until all of it came out, even if nothing was written', () => {
  const inflation = inflationOf()
  assert.equal(inflation.pending, false)
  inflation.begin(0b100)
  for (const [wire, text] of [
    ['', ''],
    ['f2 48', 'H'],
    ['', ''],
    ['cd c9 c9 07', 'ello'],
  ] as const) {
    inflation.write(hex(wire), 'inside')
    assert.equal(inflation.pending, true)
    assert.equal(new TextDecoder().decode(inflation.read()), text)
    assert.equal(inflation.pending, false)
  }
  inflation.write(hex('00'), 'message')
  assert.equal(inflation.pending, true)
  assert.equal(inflation.read().length, 0)
  assert.equal(inflation.pending, false)
})

// --- 64 KiB ----------------------------------------------------------------------------------------------------------

for (const [name, port] of PORTS) {
  test(`output that fills the memory of a step exactly, or not quite, or a little more, is whole: ${name}`, () => {
    for (const windowBits of [9, 12, 15] as const) {
      const inflation = inflationOf({ port, windowBits })
      for (const kind of ['random', 'zeros', 'text'] as const) {
        for (const length of [
          511, 512, 513, 32_767, 32_768, 32_769, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073,
        ]) {
          const data = dataOf(kind, length)
          for (const wire of [flushed(data, { windowBits }), finished(data, { windowBits })]) {
            assertSameBytes(inflated(inflation, wire), data, `${length} bytes of ${kind}, ${windowBits} bits`)
            assertSameBytes(inflated(inflation, wire, 30_000), data, `${length} bytes of ${kind}, ${windowBits} bits`)
          }
        }
      }
    }
  })
}

test('T-80: a read gives no more than 64 KiB, whatever went in', () => {
  const inflation = inflationOf()
  const wire = flushed(new Uint8Array(1_000_000))
  inflation.begin(0b100)
  inflation.write(wire, 'message')
  const lengths: number[] = []
  while (inflation.pending) lengths.push(inflation.read().length)
  assert.deepEqual(lengths, [...Array(15).fill(STEP_BYTES), 1_000_000 - 15 * STEP_BYTES])

  inflation.begin(0b100)
  inflation.write(flushed(new Uint8Array(2 * STEP_BYTES)), 'message')
  const even: number[] = []
  while (inflation.pending) even.push(inflation.read().length)
  assert.deepEqual(even, [STEP_BYTES, STEP_BYTES, 0])
})

test('T-80: a message that is too long after inflating fails the connection with 1009, however it comes', () => {
  const limits = { maxMessageBytes: 1_000 }
  const create = () => receiver([], nodeDeflate, { limits })
  const zeros = (length: number) => flushed(new Uint8Array(length))
  const within = concat(frames(zeros(1_000)), frames(zeros(999), 3, 7), frames(zeros(1_000), 0, 5))
  const above = frames(zeros(1_001), 2)
  for (const [how, chunks] of everySplit(concat(within, above, hex(HELLO)))) {
    const { events, output } = story(create, chunks)
    const lengths = events.map((event) => ((event as { payload?: string }).payload?.length ?? -1) + 1)
    assert.deepEqual(lengths, [3_000, 2_997, 3_000, 0], how)
    assert.deepEqual([events[3], output], [failure('MESSAGE_TOO_BIG'), CLOSE_1009], how)
  }
})

test('what was handed out stays as it is, and several at once do not disturb each other', () => {
  const messages = [dataOf('random', 150_000), dataOf('text', 200_000), new Uint8Array(200_000).fill(7)]
  const inflations = messages.map(() => inflationOf({ windowBits: 12 }))
  const wires = messages.map((message) => flushed(message, { windowBits: 12 }))
  const pieces: Uint8Array[][] = messages.map(() => [])
  const copies: Uint8Array[][] = messages.map(() => [])
  for (const inflation of inflations) inflation.begin(0b100)
  for (let at = 0; wires.some((wire) => at < wire.length); at += 50_000) {
    for (const [i, inflation] of inflations.entries()) {
      if (at >= wires[i]!.length) continue
      inflation.write(wires[i]!.subarray(at, at + 50_000), at + 50_000 >= wires[i]!.length ? 'message' : 'inside')
    }
    while (inflations.some(({ pending }) => pending)) {
      for (const [i, inflation] of inflations.entries()) {
        if (!inflation.pending) continue
        const output = inflation.read()
        pieces[i]!.push(output)
        copies[i]!.push(output.slice())
      }
    }
  }
  for (const [i, message] of messages.entries()) {
    assertSameBytes(concat(...pieces[i]!), concat(...copies[i]!), 'what was handed out')
    assertSameBytes(concat(...pieces[i]!), message, `message ${i}`)
  }
})

test('no memory of others is handed out: each output has just its own', () => {
  const inflation = inflationOf()
  inflation.begin(0b100)
  inflation.write(hex('f2 48 cd c9 c9 07 00'), 'message')
  const output = inflation.read()
  assert.deepEqual([output.byteOffset, output.buffer.byteLength], [0, 5])
})

// --- T-81 ------------------------------------------------------------------------------------------------------------

const MAX_OVERHEAD_BYTES = 262_144
const FINAL_BLOCK_COST_BYTES = 256

/** Blocks that stand for nothing, so many bytes of them: stored ones of five bytes, some with fixed ones to make six. */
function emptyBlocks(bytes: number): Uint8Array {
  const sixes = bytes % 5
  const fives = (bytes - 6 * sixes) / 5
  return concat(...Array(sixes).fill(hex('02 00 00 00 ff ff')), ...Array(fives).fill(hex('00 00 00 ff ff')))
}

for (const [name, port] of PORTS) {
  test(`T-81: a message that is up to 256 KiB longer than what it stands for is read, and none beyond: ${name}`, () => {
    for (const noContextTakeover of [true, false]) {
      for (const runBytes of [STEP_BYTES, 1_000]) {
        const inflation = inflationOf({ port, noContextTakeover })
        const empty = (bytes: number) => concat(emptyBlocks(bytes - 1), hex('00'))
        // Each message has its own.
        assert.equal(outcome(inflation, empty(MAX_OVERHEAD_BYTES - 1), runBytes), 0)
        assert.equal(outcome(inflation, empty(MAX_OVERHEAD_BYTES), runBytes), 0)
        assert.equal(outcome(inflation, empty(MAX_OVERHEAD_BYTES), runBytes), 0)
        const hello = hex('00 05 00 fa ff 48 65 6c 6c 6f')
        assert.equal(outcome(inflation, concat(hello, empty(MAX_OVERHEAD_BYTES - 5)), runBytes), 5)
        assert.equal(outcome(inflation, empty(MAX_OVERHEAD_BYTES + 1), runBytes), 'COMPRESSED_DATA_TOO_LONG')
        assert.equal(
          outcome(inflationOf({ port, noContextTakeover }), concat(hello, empty(MAX_OVERHEAD_BYTES - 4)), runBytes),
          'COMPRESSED_DATA_TOO_LONG',
        )
      }
    }
  })

  test(`T-81: a final block in the middle counts as 256 bytes more: ${name}`, () => {
    const finals = (count: number) => concat(...Array(count).fill(hex('03 00')))
    const most = Math.floor(MAX_OVERHEAD_BYTES / (2 + FINAL_BLOCK_COST_BYTES))
    const left = MAX_OVERHEAD_BYTES - most * (2 + FINAL_BLOCK_COST_BYTES) - 1
    assert.deepEqual([most, left], [1_016, 15])
    for (const noContextTakeover of [true, false]) {
      for (const runBytes of [STEP_BYTES, 1_000]) {
        const create = () => inflationOf({ port, noContextTakeover })
        const message = (bytes: number) => concat(finals(most), emptyBlocks(bytes), hex('00'))
        assert.equal(outcome(create(), message(left - 5), runBytes), 0)
        assert.equal(outcome(create(), message(left), runBytes), 0)
        assert.equal(outcome(create(), message(left + 1), runBytes), 'COMPRESSED_DATA_TOO_LONG')
        // At the end of a message it costs nothing, unless a window has to be carried over to the next.
        assert.equal(outcome(create(), finals(most), runBytes), 0)
        const oneMore = outcome(create(), finals(most + 1), runBytes)
        assert.equal(oneMore, noContextTakeover ? 0 : 'COMPRESSED_DATA_TOO_LONG')
        assert.equal(outcome(create(), finals(most + 2), runBytes), 'COMPRESSED_DATA_TOO_LONG')
      }
    }
  })
}

test('T-81: data that does not compress is never too long for what it stands for', () => {
  for (const level of [0, 1, 6]) {
    const data = dataOf('random', 1_500_000)
    const wire = flushed(data, { level })
    assert.ok(wire.length > data.length)
    assertSameBytes(inflated(inflationOf(), wire), data, `level ${level}`)
  }
})

test('T-81: a message that is too long for what it stands for fails the connection with 1009', () => {
  const payload = emptyBlocks(300_000)
  for (const bytes of [frames(payload), frames(payload, 100_000, 200_000)]) {
    for (const size of [bytes.length, 1_000]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(size * i, size * i + size),
      )
      const told = story(() => receiver(), [...chunks, hex(HELLO)])
      assert.deepEqual(told, { events: [failure('COMPRESSED_DATA_TOO_LONG')], output: CLOSE_1009 }, `by ${size}`)
    }
  }
})

test('T-81: a read goes on after no more than 16 final blocks', () => {
  let resets = 0
  const port: DeflatePort = {
    ...nodeDeflate,
    createInflater(windowBits) {
      const stream = nodeDeflate.createInflater(windowBits)
      const reset = stream.reset.bind(stream)
      stream.reset = () => {
        resets++
        reset()
      }
      return stream
    },
  }
  // As much as a server takes by default: each of these blocks takes the work of a window.
  const zeros = deflateRawSync(new Uint8Array(1_000_000), { level: 9 })
  const wire = concat(zeros, ...Array(5_000).fill(hex('03 00')), hex('00'))
  const inflation = inflationOf({ port })
  inflation.begin(0b100)
  inflation.write(wire, 'message')
  let most = 0
  try {
    while (inflation.pending) {
      resets = 0
      try {
        inflation.read()
      } finally {
        most = Math.max(most, resets)
      }
    }
  } catch (error) {
    assert.ok(error instanceof TransformError)
  }
  assert.equal(most, 16)
})

// --- the end ---------------------------------------------------------------------------------------------------------

test('T-87: what is closed in the middle of a message gives its stream back as new, once', () => {
  for (const noContextTakeover of [true, false]) {
    let made = 0
    const pool = new StreamPool(() => {
      made++
      return nodeDeflate.createInflater(15)
    })
    const [ended, other, last] = [0, 1, 2].map(() => new Inflation(pool, { noContextTakeover, windowBits: 15 }))
    ended!.begin(0b100)
    ended!.write(flushed(dataOf('zeros', 200_000)), 'message')
    assert.equal(ended!.read().length, STEP_BYTES)
    ended!.close()
    ended!.close()
    ended!.close()
    assert.equal(toHex(inflated(other!, hex('f2 48 cd c9 c9 07 00'))), '48 65 6c 6c 6f')
    other!.close()
    assert.equal(toHex(inflated(last!, hex('f2 48 cd c9 c9 07 00'))), '48 65 6c 6c 6f')
    assert.equal(made, 1)
    last!.close()
  }
})

// --- whole messages --------------------------------------------------------------------------------------------------

/** What comes out of a message at once; what goes in lies somewhere in the middle. */
function inflatedWhole(inflation: Inflation, wire: Uint8Array): Uint8Array | undefined {
  const around = concat(hex('00 00 ff ff 07'), wire, hex('00 00 ff ff 07'))
  return inflation.transformWhole(around, 5, 5 + wire.length)?.slice()
}

const ODD_MESSAGES: ReadonlyArray<readonly [name: string, wire: Uint8Array]> = [
  ['nothing', hex('')],
  ['what is no DEFLATE', hex('07')],
  ['a message that was cut off', flushed(dataOf('JSON', 1_000)).subarray(0, -1)],
  ['a message without its last block', flushed(utf8('hello hello hello')).subarray(0, -1)],
  ['more than the tail left out', concat(flushed(utf8('hello')), hex('00'))],
  ['a final block, and more than the empty one', concat(finished(utf8('hello')), hex('00 00'))],
  ['a final block, and the beginning of another', concat(finished(utf8('hello')), hex('02'))],
  ['a final block in the middle', concat(finished(utf8('hello')), flushed(utf8('hello')))],
]

for (const [name, port] of PORTS) {
  test(`a message at once is the message in steps: ${name}`, () => {
    for (const windowBits of [9, 12, 15] as const) {
      const options = { port, noContextTakeover: true, windowBits }
      const plain = inflationOf(options)
      const whole = inflationOf(options)
      for (const length of [0, 1, 100, 511, 512, 513, 4_000, 4_096, 20_000, 32_767]) {
        for (const payload of [
          new Uint8Array(length),
          utf8('{"id":1,"name":"user"},'.repeat(1_500)).slice(0, length),
        ]) {
          for (const wire of [
            flushed(payload, { windowBits }),
            finished(payload, { windowBits }),
            concat(finished(payload, { windowBits }), hex('00')), // as RFC 7692 §7.2.3.4 has it
          ]) {
            assertSameBytes(inflatedWhole(whole, wire)!, payload, `${length} at once`)
            assertSameBytes(inflated(plain, wire), payload, `${length} in steps`)
          }
        }
      }
    }
  })

  test(`what is long, or odd, does not go at once, and leaves nothing behind: ${name}`, () => {
    const inflation = inflationOf({ port, noContextTakeover: true, windowBits: 12 })
    const fresh = () => inflationOf({ port, noContextTakeover: true, windowBits: 12 })
    const long = flushed(dataOf('random', 4_200), { windowBits: 12 })
    const bomb = flushed(new Uint8Array(32_769), { windowBits: 12 })
    for (const [what, wire] of [...ODD_MESSAGES, ['long', long] as const, ['a bomb', bomb] as const]) {
      const atOnce = inflatedWhole(inflation, wire)
      const inSteps = outcome(fresh(), wire)
      assert.equal(atOnce, undefined, what)
      assertSameBytes(inflatedWhole(inflation, flushed(utf8('hello')))!, utf8('hello'), what)
      assert.equal(outcome(fresh(), wire), inSteps)
    }
  })
}

test('a message that may refer to others does not go at once', () => {
  assert.equal(inflatedWhole(inflationOf({ noContextTakeover: false }), flushed(utf8('hello'))), undefined)
})

test('an error of the platform is not the peer’s at once, either', () => {
  const failing = inflationOf({
    noContextTakeover: true,
    port: {
      ...nodeDeflate,
      createInflater: () => ({
        consumed: 0,
        produced: 0,
        reset() {},
        close() {},
        step() {
          throw new Error('out of memory')
        },
      }),
    },
  })
  assert.throws(() => inflatedWhole(failing, flushed(utf8('hello'))), /out of memory/)
})
