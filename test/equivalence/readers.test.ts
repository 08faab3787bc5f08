// Loops that read connections in turn are given, and answer, the same however the bytes are cut: a part of what the command
// tries.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '../support/random.ts'
import { Difference } from './comparison.ts'
import { READER_COURSES, READERS, ReaderComparison } from './readers.ts'
import { arrive } from './ways.ts'

for (const reader of READERS) {
  test(`T-98: a loop that reads ${reader} in turn is given the same however they are cut, and answers the same`, async (t) => {
    let runs = 0
    for (const [i, course] of READER_COURSES.entries()) {
      if (i % 7 !== 0) continue
      const comparison = new ReaderComparison(course)
      await comparison.compareSome(reader, 4, 2, new SeededRandom(i + 1))
      runs += comparison.runs
    }
    t.diagnostic(`${runs} runs`)
  })
}

test('a connection that loses what comes while its reader is busy is found out, with what to call to see it again', async () => {
  const course = READER_COURSES.find(({ stream }) => stream.name === 'two messages and a ping between them')!
  const comparison = new ReaderComparison(course, (opened, chunks, index) => {
    if (index !== 1) arrive(opened, chunks, index)
  })
  await assert.rejects(comparison.compare('messages', [7, 13]), (error) => {
    assert.ok(error instanceof Difference)
    assert.match(error.message, /to a server, a reader of messages, cut at 7,13:\n/)
    assert.match(error.message, /\nAgain: .* --role=server --compression=none --reader=messages --cuts=7,13$/)
    return true
  })
})
