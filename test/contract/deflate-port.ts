// What a platform's DEFLATE must be, as a suite that it runs against itself: the bytes of the RFC, bounds that are kept
// to the byte, how it goes on after a reset or an error, and that nothing is left of what was closed.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DeflateDataError,
  type DeflateFlush,
  type DeflatePort,
  type DeflaterOptions,
  type DeflateStream,
} from '../../src/extension/index.ts'
import { areCollected, liveBufferBytes } from '../support/memory.ts'
import { concat, hex, toHex, utf8 } from '../support/wire.ts'

const DEFAULTS: DeflaterOptions = { windowBits: 15, memoryLevel: 8, compressionLevel: 6 }

const TAIL = hex('00 00 ff ff')

// The tail of a message and one byte more: a step that stops at the end of a block leaves that byte, and writes nothing,
// if the message was whole.
const TAIL_AND_PROBE = concat(TAIL, hex('00'))

/** How a stream is driven. */
export interface Steps {
  /** At most so much input in a step. */
  readonly inputBytes?: number
  /** So much room for output in a step. */
  readonly room?: number
}

/** One step whose input and output lie in the middle of other memory, which is checked to be left alone. */
function guardedStep(
  stream: DeflateStream,
  flush: DeflateFlush,
  input: Uint8Array,
  room: number,
): { consumed: number; output: Uint8Array } {
  const around = concat(hex('ee ee'), input, hex('ee ee'))
  const memory = new Uint8Array(room + 5).fill(0xdd)
  // Three bytes before the room, of which one is before the view.
  stream.step(flush, around.subarray(1), 1, 1 + input.length, memory.subarray(1, 3 + room), 2)
  const { consumed, produced } = stream
  assert.ok(consumed >= 0 && consumed <= input.length, `took ${consumed} of ${input.length} bytes`)
  assert.ok(produced >= 0 && produced <= room, `wrote ${produced} bytes where there is room for ${room}`)
  assertSameBytes(around.subarray(2, -2), input, 'input after the step')
  assert.equal(toHex(memory.subarray(0, 3)), 'dd dd dd')
  assert.equal(toHex(memory.subarray(3 + room)), 'dd dd')
  return { consumed, output: memory.slice(3, 3 + produced) }
}

/**
 * Deflates all of the input and flushes it, tail included. A flush has ended when it leaves room; each of its steps needs
 * more than six bytes of it, as in zlib.
 */
export function deflateAll(stream: DeflateStream, input: Uint8Array, steps: Steps = {}): Uint8Array {
  const { inputBytes = input.length, room = 65_536 } = steps
  const outputs: Uint8Array[] = []
  for (let at = 0, ended = false; !ended; ) {
    const end = Math.min(input.length, at + inputBytes)
    const isLast = end === input.length
    const { consumed, output } = guardedStep(stream, isLast ? 'sync' : 'none', input.subarray(at, end), room)
    at += consumed
    outputs.push(output)
    ended = isLast && at === input.length && output.length < room
  }
  return concat(...outputs)
}

/** Inflates all of the input, or as much as the stream takes. */
export function inflateAll(stream: DeflateStream, input: Uint8Array, steps: Steps = {}): Uint8Array {
  const { inputBytes = input.length, room = 65_536 } = steps
  const outputs: Uint8Array[] = []
  for (let at = 0; ; ) {
    const { consumed, output } = guardedStep(stream, 'sync', input.subarray(at, at + inputBytes), room)
    at += consumed
    outputs.push(output)
    const isStuck = consumed === 0 && output.length === 0
    if (isStuck || (at === input.length && output.length < room)) return concat(...outputs)
  }
}

/** What is left of a message's tail and a probe after it, or what was wrong. */
function probeEnd(stream: DeflateStream): string {
  const { consumed, output } = guardedStep(stream, 'block', TAIL_AND_PROBE, 1024)
  return consumed === TAIL.length && output.length === 0 ? 'whole' : 'not whole'
}

/** Numbers that look random and are the same each time. */
function pseudoRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

const WORDS = 'frame message payload opcode window block stream endpoint the a of to is not and fail'.split(' ')

type DataKind = 'zeros' | 'random' | 'text' | 'JSON'

const DATA_KINDS: readonly DataKind[] = ['zeros', 'random', 'text', 'JSON']

/** So many bytes of some kind. */
export function dataOf(kind: DataKind, length: number): Uint8Array {
  if (kind === 'zeros') return new Uint8Array(length)
  const random = pseudoRandom(length + 1)
  if (kind === 'random') return Uint8Array.from({ length }, () => random() * 256)
  let text = ''
  for (let i = 0; text.length < length; i++) {
    text +=
      kind === 'text'
        ? `${WORDS[Math.floor(random() * WORDS.length)]} `
        : `{"id":${i},"name":"user ${Math.floor(random() * 1e6)}","active":${random() < 0.5}},`
  }
  return utf8(text.slice(0, length))
}

/** Compared without a listing of a million bytes when they differ. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const length = Math.min(actual.length, expected.length)
  let at = 0
  while (at < length && actual[at] === expected[at]) at++
  if (at === actual.length && at === expected.length) return
  assert.fail(`${what}: ${actual.length} bytes, where ${expected.length} were expected; the same up to ${at}`)
}

export function deflatePortContract(name: string, port: DeflatePort): void {
  /** Runs with streams that are closed afterwards. */
  const withStreams = (
    body: (deflater: DeflateStream, inflater: DeflateStream) => void,
    options: Partial<DeflaterOptions> = {},
  ): void => {
    const all = { ...DEFAULTS, ...options }
    const deflater = port.createDeflater(all)
    const inflater = port.createInflater(all.windowBits)
    try {
      body(deflater, inflater)
    } finally {
      deflater.close()
      inflater.close()
    }
  }

  const deflated = (input: Uint8Array, options: Partial<DeflaterOptions> = {}): Uint8Array => {
    const deflater = port.createDeflater({ ...DEFAULTS, ...options })
    const output = deflateAll(deflater, input)
    deflater.close()
    return output
  }

  describe(`${name} as a DEFLATE port`, () => {
    for (const windowBits of [9, 10, 11, 12, 13, 14, 15]) {
      test(`what it deflates with a window of ${windowBits} bits, a window of ${windowBits} bits inflates`, () => {
        for (const memoryLevel of [1, 8, 9]) {
          for (const compressionLevel of [0, 1, 6, 9]) {
            withStreams(
              (deflater, inflater) => {
                for (const length of [0, 1, 300, 9000]) {
                  for (const kind of DATA_KINDS) {
                    const what = `${length} bytes of ${kind}, memory ${memoryLevel}, level ${compressionLevel}`
                    const data = dataOf(kind, length)
                    const wire = deflateAll(deflater, data)
                    // A new stream flushes even nothing; later there is nothing to say.
                    const isFlushed = length > 0 || kind === DATA_KINDS[0]
                    assert.equal(toHex(wire.subarray(-4)), isFlushed ? toHex(TAIL) : '', what)
                    // Where there is little room, what is referred to has to be in the window.
                    assertSameBytes(inflateAll(inflater, wire, { room: 61 }), data, what)
                  }
                }
              },
              { windowBits, memoryLevel, compressionLevel },
            )
          }
        }
      })
    }

    for (const kind of DATA_KINDS) {
      test(`a mebibyte of ${kind} comes through, and each step takes and writes what there is`, () => {
        const data = dataOf(kind, 1_048_576)
        for (const options of [
          { windowBits: 9, memoryLevel: 1, compressionLevel: 1 },
          { windowBits: 15, memoryLevel: 8, compressionLevel: 6 },
          { windowBits: 15, memoryLevel: 9, compressionLevel: 0 },
        ]) {
          withStreams((deflater, inflater) => {
            const wire = deflateAll(deflater, data, { inputBytes: 65_536, room: 16_384 })
            assertSameBytes(inflateAll(inflater, wire, { inputBytes: 4096, room: 65_536 }), data, kind)
          }, options)
        }
      })
    }

    test('input may be cut anywhere and room be of any size, for both directions', () => {
      const messages = [dataOf('JSON', 300), dataOf('text', 90), dataOf('random', 60), dataOf('zeros', 900)]
      for (const inputBytes of [1, 2, 3, 17, 100, 10_000]) {
        for (const room of [1, 2, 5, 6, 7, 64, 10_000]) {
          for (const compressionLevel of [0, 6]) {
            withStreams(
              (deflater, inflater) => {
                for (const message of messages) {
                  const wire = deflateAll(deflater, message, { inputBytes, room: Math.max(room, 7) })
                  const what = `${message.length} bytes by ${inputBytes} to ${room}`
                  assertSameBytes(inflateAll(inflater, wire, { inputBytes, room }), message, what)
                }
              },
              { compressionLevel, memoryLevel: 1 },
            )
          }
        }
      }
    })

    test('however the input of inflating is cut, and whatever room there is, the output is the same', () => {
      const data = dataOf('JSON', 500)
      const wire = deflated(data)
      for (let cut = 0; cut <= wire.length; cut++) {
        const inflater = port.createInflater(15)
        const first = inflateAll(inflater, wire.subarray(0, cut))
        const second = inflateAll(inflater, wire.subarray(cut), { room: 1 + cut })
        assertSameBytes(concat(first, second), data, `cut at ${cut}`)
        inflater.close()
      }
    })

    test('a flush goes on from one byte of room to the next, and ends where there is enough', () => {
      const data = dataOf('random', 500)
      withStreams((deflater, inflater) => {
        const outputs = [guardedStep(deflater, 'sync', data, 1)]
        assert.equal(outputs[0]?.consumed, data.length)
        for (let i = 0; i < 300; i++) {
          const step = guardedStep(deflater, 'sync', new Uint8Array(0), 1)
          assert.deepEqual([step.consumed, step.output.length], [0, 1])
          outputs.push(step)
        }
        outputs.push(guardedStep(deflater, 'sync', new Uint8Array(0), 1024))
        const wire = concat(...outputs.map(({ output }) => output))
        assertSameBytes(wire.subarray(-4), TAIL, 'tail')
        assertSameBytes(inflateAll(inflater, wire), data, 'inflated')
      })
    })

    // RFC 7692 §7.2.3; all of them are "Hello", the tail is left out at the end.
    const HELLO: ReadonlyArray<readonly [what: string, wire: string]> = [
      ['one block', 'f2 48 cd c9 c9 07 00'],
      ['a block without compression', '00 05 00 fa ff 48 65 6c 6c 6f 00'],
      ['a final block, and an empty one without its tail', 'f3 48 cd c9 c9 07 00 00'],
      ['two blocks', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'],
    ]
    for (const [what, wire] of HELLO) {
      test(`inflates the RFC's example of ${what}`, () => {
        for (const inputBytes of [1, 100]) {
          for (const room of [1, 100]) {
            const inflater = port.createInflater(15)
            const output = inflateAll(inflater, hex(wire), { inputBytes, room })
            assert.equal(new TextDecoder().decode(output), 'Hello')
            inflater.close()
          }
        }
      })
    }

    test("deflates to the RFC's examples", () => {
      const hello = utf8('Hello')
      withStreams((deflater, inflater) => {
        const first = deflateAll(deflater, hello)
        const second = deflateAll(deflater, hello)
        assert.equal(toHex(first), 'f2 48 cd c9 c9 07 00 00 00 ff ff')
        assert.equal(toHex(second), 'f2 00 11 00 00 00 00 ff ff') // refers to the first
        assert.equal(new TextDecoder().decode(inflateAll(inflater, concat(first, second))), 'HelloHello')
      })
      assert.equal(toHex(deflated(hello, { compressionLevel: 0 })), '00 05 00 fa ff 48 65 6c 6c 6f 00 00 00 ff ff')
    })

    test('deflating takes input and keeps it, until it is told to write out all that it means', () => {
      const data = dataOf('JSON', 300)
      const output = new Uint8Array(1000)
      withStreams((deflater) => {
        deflater.step('none', data, 10, 110, output, 0)
        assert.deepEqual([deflater.consumed, deflater.produced], [100, 0])
        deflater.step('sync', data, 110, 110, output, 0)
        const { produced } = deflater
        assert.equal(deflater.consumed, 0)
        assertSameBytes(output.subarray(0, produced), deflated(data.subarray(10, 110)), 'output')
        // Everything was said: a flush has nothing to add.
        deflater.step('sync', data, 0, 0, output, 0)
        assert.deepEqual([deflater.consumed, deflater.produced], [0, 0])
        deflater.step('none', data, 0, 0, output, 0)
        assert.deepEqual([deflater.consumed, deflater.produced], [0, 0])
      })
    })

    test('inflating takes no more than it has room for, and says how much that was', () => {
      const wire = deflated(new Uint8Array(1_048_576))
      const inflater = port.createInflater(15)
      const memory = new Uint8Array(2000)
      let at = 0
      let total = 0
      for (let steps = 0; steps < 1048; steps++) {
        inflater.step('sync', wire, at, wire.length, memory, 1000)
        at += inflater.consumed
        total += inflater.produced
        assert.equal(inflater.produced, 1000)
        assert.ok(at < wire.length, `${at} bytes were taken for ${total}`)
        assert.ok(steps === 0 || inflater.consumed <= 4, `${inflater.consumed} bytes were taken for 1,000 zeros`)
      }
      inflater.step('sync', wire, at, wire.length, memory, 1000)
      assert.deepEqual([at + inflater.consumed, total + inflater.produced], [wire.length, 1_048_576])
      inflater.close()
    })

    test('where there is no room, nothing happens', () => {
      withStreams((deflater, inflater) => {
        const wire = deflated(utf8('Hello'))
        for (const output of [new Uint8Array(0), new Uint8Array(3)]) {
          for (const [stream, input] of [
            [deflater, utf8('Hello')],
            [inflater, wire],
          ] as const) {
            stream.step('sync', input, 0, input.length, output, output.length)
            assert.deepEqual([stream.consumed, stream.produced], [0, 0])
          }
        }
        assertSameBytes(deflateAll(deflater, utf8('Hello')), wire, 'deflated')
        assert.equal(new TextDecoder().decode(inflateAll(inflater, wire)), 'Hello')
      })
    })

    test('a reset in the middle of deflating forgets everything: nothing that follows refers to what was before', () => {
      for (const [windowBits, memoryLevel] of [
        [9, 1],
        [15, 8],
      ] as const) {
        for (const compressionLevel of [0, 1, 6, 9]) {
          const options = { windowBits, memoryLevel, compressionLevel }
          withStreams((deflater, inflater) => {
            for (const [i, length] of [3, 100, 700, 5000].entries()) {
              const data = dataOf('JSON', length)
              const assertNew = (what: string): void => {
                deflater.reset()
                const wire = deflateAll(deflater, data)
                inflater.reset()
                assertSameBytes(inflateAll(inflater, wire), data, `${what}, ${JSON.stringify({ ...options, length })}`)
                assertSameBytes(wire.subarray(-4), TAIL, what)
              }
              deflater.step('none', data, 0, 3, new Uint8Array(100), 0)
              assertNew('after input that was taken')
              guardedStep(deflater, 'sync', dataOf('random', 400), 3)
              assertNew('with output that waits')
              deflateAll(deflater, dataOf('JSON', 20_000 * i))
              assertNew('with a window that was filled')
            }
          }, options)
        }
      }
    })

    test('a reset in the middle of inflating forgets everything, wherever it was', () => {
      const data = dataOf('JSON', 400)
      const wire = deflated(data)
      const inflater = port.createInflater(15)
      for (let cut = 0; cut <= wire.length; cut++) {
        guardedStep(inflater, 'sync', wire.subarray(0, cut), 100)
        inflater.reset()
        assertSameBytes(inflateAll(inflater, wire), data, `reset after ${cut}`)
        inflater.reset()
        // "Hello" by reference to what came before, and nothing came before.
        assert.throws(() => inflateAll(inflater, hex('f2 00 11 00 00')), DeflateDataError)
        inflater.reset()
      }
      inflater.close()
    })

    const BAD: ReadonlyArray<readonly [what: string, wire: string]> = [
      ['a block of a type that does not exist', '07'],
      ['a reference further back than anything was', 'f2 00 11 00 00'],
      ['a stored block whose length is not what its check says', '00 05 00 fb ff 48 65 6c 6c 6f'],
      ['more length codes than there are', 'fc ff ff'],
      ['a literal that does not exist', '1b 03'],
    ]
    for (const [what, wire] of BAD) {
      test(`does not inflate ${what}, until it is reset`, () => {
        const bytes = hex(wire)
        const output = new Uint8Array(100)
        const inflater = port.createInflater(15)
        for (let round = 0; round < 3; round++) {
          assert.throws(() => inflater.step('sync', bytes, 0, bytes.length, output, 0), DeflateDataError)
          assert.deepEqual([inflater.consumed, inflater.produced], [0, 0])
          assert.throws(() => inflater.step('sync', hex('00'), 0, 1, output, 0), DeflateDataError)
          inflater.reset()
          assert.equal(new TextDecoder().decode(inflateAll(inflater, hex('f2 48 cd c9 c9 07 00'))), 'Hello')
          assert.equal(probeEnd(inflater), 'whole')
          if (round === 0) inflater.reset()
          else if (round === 1) inflateAll(inflater, hex('f2 48 cd c9 c9 07 00 00 00 ff ff')) // in the middle of more
          inflater.reset()
        }
        inflater.close()
      })
    }

    test('nothing is taken after a final block until a reset', () => {
      const inflater = port.createInflater(15)
      for (const flush of ['sync', 'none', 'block'] as const) {
        const wire = hex('f3 48 cd c9 c9 07 00 aa bb cc')
        const first = guardedStep(inflater, flush, wire, 100)
        assert.deepEqual([first.consumed, new TextDecoder().decode(first.output)], [7, 'Hello'])
        for (const again of [wire.subarray(7), wire, new Uint8Array(0)]) {
          const { consumed, output } = guardedStep(inflater, flush, again, 100)
          assert.deepEqual([consumed, output.length], [0, 0])
        }
        inflater.reset()
        assert.equal(new TextDecoder().decode(inflateAll(inflater, hex('f2 48 cd c9 c9 07 00'))), 'Hello')
        inflater.reset()
      }
      inflater.close()
    })

    test('a step that is to stop at the end of a block does, and the next goes on from there', () => {
      const inflater = port.createInflater(15)
      const wire = hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00 00 00 ff ff')
      const steps: [number, string][] = []
      for (let at = 0; at < wire.length; ) {
        const { consumed, output } = guardedStep(inflater, 'block', wire.subarray(at), 100)
        assert.ok(consumed > 0)
        steps.push([consumed, new TextDecoder().decode(output)])
        at += consumed
      }
      assert.deepEqual(steps, [
        [4, 'He'],
        [4, ''],
        [5, 'llo'],
        [4, ''],
      ])
      inflater.close()
    })

    test('a message that was cut off is told from a whole one by what becomes of its tail', () => {
      const before = dataOf('JSON', 300)
      for (const message of [dataOf('JSON', 350), dataOf('text', 3000), dataOf('random', 200), utf8('Hello')]) {
        for (const compressionLevel of [0, 1, 6]) {
          const deflater = port.createDeflater({ ...DEFAULTS, compressionLevel })
          const context = deflateAll(deflater, before)
          const wire = deflateAll(deflater, message).slice(0, -4)
          deflater.close()
          const inflater = port.createInflater(15)
          for (let length = 0; length <= wire.length; length++) {
            inflater.reset()
            inflateAll(inflater, context)
            const output = inflateAll(inflater, wire.subarray(0, length))
            if (length === wire.length) assertSameBytes(output, message, 'whole')
            // The first byte of a stored block that begins at a byte is a whole message: an empty one (§7.2.3.6).
            const isWhole = length === wire.length || (length === 1 && wire[0] === 0x00)
            let end: string
            try {
              end = probeEnd(inflater)
            } catch (error) {
              assert.ok(error instanceof DeflateDataError)
              end = 'not whole'
            }
            assert.equal(end, isWhole ? 'whole' : 'not whole', `${length} of ${wire.length} bytes`)
          }
          inflater.close()
        }
      }
    })

    test('windows that are too large or too small are refused', () => {
      for (const windowBits of [7, 8, 16]) {
        assert.throws(
          () => port.createDeflater({ ...DEFAULTS, windowBits }),
          RangeError,
          `deflating with ${windowBits}`,
        )
      }
      for (const windowBits of [7, 16]) {
        assert.throws(() => port.createInflater(windowBits), RangeError, `inflating with ${windowBits}`)
      }
      const inflater = port.createInflater(8)
      assert.equal(new TextDecoder().decode(inflateAll(inflater, hex('f2 48 cd c9 c9 07 00'))), 'Hello')
      inflater.close()
    })

    test('a step outside of its memory is refused, and nothing has happened', () => {
      withStreams((deflater, inflater) => {
        const bytes = hex('f2 48 cd c9 c9 07 00')
        const output = new Uint8Array(10)
        for (const stream of [deflater, inflater]) {
          for (const [start, end, at] of [
            [-1, 5, 0],
            [3, 2, 0],
            [0, 8, 0],
            [0, 7, -1],
            [0, 7, 11],
            [Number.NaN, 7, 0],
          ] as const) {
            assert.throws(() => stream.step('sync', bytes, start, end, output, at), RangeError, `${[start, end, at]}`)
          }
        }
        assert.equal(new TextDecoder().decode(inflateAll(inflater, bytes)), 'Hello')
      })
    })

    test('a closed stream refuses everything but to be closed', () => {
      withStreams((deflater, inflater) => {
        for (const stream of [deflater, inflater]) {
          stream.close()
          assert.throws(() => stream.step('sync', TAIL, 0, 4, new Uint8Array(10), 0), /^Error: The stream is closed$/)
          assert.throws(() => stream.reset(), /^Error: The stream is closed$/)
          stream.close()
        }
      })
    })

    test('a thousand streams that were closed leave no memory behind, though something refers to them', () => {
      const data = dataOf('JSON', 100)
      const closed: DeflateStream[] = []
      const round = (count: number): void => {
        for (let i = 0; i < count; i++) {
          withStreams((deflater, inflater) => {
            inflateAll(inflater, deflateAll(deflater, data))
            closed.push(deflater, inflater)
          })
        }
      }
      const memory = (): { buffers: number; resident: number } => {
        liveBufferBytes() // collects
        const { external, rss } = process.memoryUsage()
        return { buffers: external, resident: rss }
      }
      round(10)
      const before = memory()
      round(500)
      const after = memory()
      // A window alone is 32 KiB, and all that the two streams have is some 300 KiB, of which zlib tells nobody.
      const buffers = after.buffers - before.buffers
      assert.ok(buffers < 2_000_000, `${buffers} bytes of buffers are left`)
      const resident = after.resident - before.resident
      assert.ok(resident < 60_000_000, `${resident} bytes of memory are left`)
      assert.equal(closed.length, 1020)
    })

    test('nothing refers to input and output once a step is over', async () => {
      const deflater = port.createDeflater(DEFAULTS)
      const inflater = port.createInflater(15)
      const references: WeakRef<object>[] = []
      const step = (stream: DeflateStream, wire: string): void => {
        const input = hex(wire)
        const output = new Uint8Array(100)
        references.push(new WeakRef(input), new WeakRef(output))
        stream.step('sync', input, 0, input.length, output, 0)
      }
      step(deflater, '48 65 6c 6c 6f')
      step(inflater, 'f2 48 cd c9 c9 07 00')
      assert.throws(() => step(inflater, '00 00 00 00'), DeflateDataError)
      assert.equal(references.length, 6)
      assert.ok(await areCollected(references))
      deflater.close()
      inflater.close()
    })
  })
}
