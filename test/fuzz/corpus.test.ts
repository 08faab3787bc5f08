// What was worth keeping of all fuzzing so far, and every input that once was a finding, once each, as the targets are.

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { toHex } from '../support/wire.ts'
import { casesOf, corpusOf, nameOf, type SavedInput } from './corpus.ts'
import { type FuzzTarget, TARGET_NAMES } from './target.ts'

const MOST_CORPUS_BYTES = 2 * 1_048_576

for (const name of TARGET_NAMES) {
  describe(name, () => {
    let target: FuzzTarget
    before(async () => {
      target = (await import(`./targets/${name}.js`)) as FuzzTarget
    })

    test('nothing is wrong with what was kept', () => {
      const corpus = corpusOf(name)
      assert.ok(corpus.length > 0)
      for (const input of corpus) {
        check(target, input)
        assert.ok(input.file.endsWith(nameOf(input.bytes)), `${input.file} is called after what is in it`)
      }
    })

    test('nothing is wrong any more with what was a finding', () => {
      for (const input of casesOf(name)) check(target, input)
    })

    test('seeds are within the longest input', () => {
      const most = target.maxBytes ?? 1_024
      for (const seed of target.seeds ?? []) assert.ok(seed.length <= most, toHex(seed))
    })
  })
}

test('all that was kept is less than 2 MiB', () => {
  const bytes = TARGET_NAMES.flatMap(corpusOf).reduce((sum, input) => sum + input.bytes.length, 0)
  assert.ok(bytes < MOST_CORPUS_BYTES, `${bytes} bytes`)
})

function check(target: FuzzTarget, { file, bytes }: SavedInput): void {
  const copy = bytes.slice()
  try {
    target.fuzz(bytes)
  } catch (error) {
    throw new Error(`${file}: ${toHex(copy)}`, { cause: error })
  }
  assert.deepEqual(bytes, copy, `${file}: a target does not change its input`)
}
