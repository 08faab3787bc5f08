// Chunking is invisible: the same bytes give the same events and the same output, wherever they are cut. Here a part of
// the cuts that the command tries; and faults of a session that only some cuts bring to light.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Session } from '../../src/session/index.ts'
import { SeededRandom } from '../support/random.ts'
import { ENGINE, type SessionSubject } from '../support/session-subject.ts'
import { Comparison, Difference, type Extent } from './comparison.ts'
import { compareAll, parseCuts } from './courses.ts'
import { COMPRESSIONS, STREAMS, wireOf } from './streams.ts'

const NOTHING: Extent = { inTwo: 0, inThree: 0, random: 0 }

test('there are at least sixty streams for both roles with and without compression, none of more than 400 bytes', () => {
  for (const compression of COMPRESSIONS) {
    const streams = STREAMS.filter(({ compressions }) => compressions?.includes(compression) !== false)
    assert.ok(streams.length >= 60)
    for (const stream of streams) {
      for (const role of ['client', 'server'] as const) {
        const { length } = wireOf(stream, role, compression)
        assert.ok(length > 0 && length <= 400, `${stream.name} has ${length} bytes`)
      }
    }
  }
  assert.equal(new Set(STREAMS.map(({ name }) => name)).size, STREAMS.length)
})

for (const compression of COMPRESSIONS) {
  test(`T-53: a session tells and sends the same however its input is cut, compression ${compression}`, (t) => {
    const { runs, courses } = compareAll(ENGINE, { seed: 1, compression, inTwo: 30, inThree: 15, random: 5 })
    t.diagnostic(`${runs} runs of ${courses} courses`)
  })
}

// --- deliberate faults ------------------------------------------------------------------------------------------------

/** A session that gets the first byte wrong of the chunks, from one place of the stream to another, for which this is true. */
function confusedBy(isWrong: (from: number, to: number) => boolean): SessionSubject {
  class Confused extends Session {
    #received = 0

    override receive(bytes: Uint8Array): void {
      const from = this.#received
      this.#received += bytes.length
      const chunk = bytes.slice()
      if (isWrong(from, this.#received)) chunk[0]! ^= 1
      super.receive(chunk)
    }
  }
  return { createSession: (options) => new Confused(options) }
}

/** Takes an empty chunk in the middle for the end of the stream. */
class EndsWithNothing extends Session {
  #hasBegun = false

  override receive(bytes: Uint8Array): void {
    if (bytes.length === 0 && this.#hasBegun && this.isAlone) this.receiveEnd()
    else super.receive(bytes)
    this.#hasBegun = true
  }

  get isAlone(): boolean {
    return this.inputBytes === 0
  }
}

/** Keeps memory that is taken back. */
class KeepsMemory extends Session {
  override releaseInput(): void {}
}

/** Writes a byte behind its chunk. */
class WritesBeside extends Session {
  override receive(bytes: Uint8Array): void {
    new Uint8Array(bytes.buffer, bytes.byteOffset + bytes.length, 1).fill(0)
    super.receive(bytes)
  }
}

/** What is found of a message of five bytes, masked with the bytes 2 to 5 of its frame. */
function found(subject: SessionSubject, extent: Partial<Extent>): string {
  const stream = STREAMS.find(({ name }) => name === 'a message')!
  const comparison = new Comparison(subject, { stream, role: 'server', compression: 'none' })
  try {
    comparison.compareWays()
    comparison.compareCuts({ ...NOTHING, ...extent }, new SeededRandom(1))
  } catch (error) {
    if (error instanceof Difference) return error.message
    throw error
  }
  return 'nothing'
}

const ALL = Number.POSITIVE_INFINITY

test('a session that loses state between two bytes of a masking key is found out, with what to call to see it again', () => {
  const report = found(
    confusedBy((from) => from === 4),
    { inTwo: ALL },
  )
  const lines = report.split('\n')
  assert.equal(lines[0], '"a message" (none) to a server, messages, cut at 4:')
  assert.equal(lines[1], '  81 85 37 fa | 21 3d 7f 9f 4d 51 58')
  assert.equal(lines[2], '  text: 48 65 6d 6c 6f')
  assert.ok(lines.indexOf('and not what is told when they come whole:') < lines.indexOf('  text: 48 65 6c 6c 6f'))
  assert.equal(
    lines.at(-1),
    'Again: node dist/test/equivalence/main.js --stream="a message" --role=server --compression=none --way="messages" --cuts=4',
  )
})

test('one that loses a chunk that lies within a masking key is found by cuts in three, and not in two', () => {
  const subject = confusedBy((from, to) => from > 2 && from < to && to < 6)
  assert.equal(found(subject, { inTwo: ALL }), 'nothing')
  assert.match(found(subject, { inThree: ALL }), /, cut at 3,4:\n/)
})

test('what is found by chance is told with no more cuts than it takes', () => {
  const subject = confusedBy((from, to) => from > 2 && from < to && to < 6)
  assert.match(found(subject, { random: 100 }), /, cut at (3,4|3,5|4,5):\n/)
})

test('one that takes an empty chunk for the end is found by chance alone', () => {
  const subject: SessionSubject = { createSession: (options) => new EndsWithNothing(options) }
  assert.equal(found(subject, { inThree: ALL }), 'nothing')
  assert.match(found(subject, { random: 100 }), /, cut at (\d+),\1:\n/)
})

test('one that keeps memory that is taken back is found out', () => {
  const report = found({ createSession: (options) => new KeepsMemory(options) }, { inTwo: ALL })
  assert.match(report, /messages, once all is there, in memory that is taken back before, cut at no place:/)
  assert.match(report, /and not what the way "messages" tells:/)
})

test('one that throws is found out', () => {
  const report = found(
    confusedBy(() => {
      throw new Error('Whatever the peer does, nothing is thrown')
    }),
    { inTwo: ALL },
  )
  assert.match(report, /\n {2}state: threw Error: Whatever/)
})

test('one that writes beside its chunk is found out', () => {
  const report = found({ createSession: (options) => new WritesBeside(options) }, { inTwo: ALL })
  assert.match(report, /\nand not that, with nothing written beside a chunk:\n/)
})

test('cuts are read as they are told', () => {
  assert.deepEqual(parseCuts('-'), [])
  assert.deepEqual(parseCuts('3,3,17'), [3, 3, 17])
})
