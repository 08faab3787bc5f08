import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, encodeText, writeText } from '../../src/codec/text.ts'
import { hex, toHex } from '../support/wire.ts'

const TEXTS: ReadonlyArray<readonly [name: string, text: string, wire: string]> = [
  ['nothing', '', ''],
  ['every length of code point', 'aä€😀', '61 c3 a4 e2 82 ac f0 9f 98 80'],
  ['T-54: a byte order mark at the start is text', '\ufeffa', 'ef bb bf 61'],
]

for (const [name, text, wire] of TEXTS) {
  test(`${name}: text to bytes`, () => assert.equal(toHex(encodeText(text)), toHex(hex(wire))))
  test(`${name}: bytes to text`, () => assert.equal(decodeText(hex(wire)), text))
  test(`${name}: text into a target, and nothing beside it`, () => {
    const target = new Uint8Array(20).fill(0xee)
    assert.equal(writeText(target, 2, text), hex(wire).length)
    assert.equal(toHex(target.subarray(0, 2)), 'ee ee')
    assert.equal(toHex(target.subarray(2, 2 + hex(wire).length)), toHex(hex(wire)))
    assert.equal(target[2 + hex(wire).length], 0xee)
  })
}

test('T-62: a lone surrogate becomes U+FFFD', () => {
  assert.equal(toHex(encodeText('a\ud83d')), '61 ef bf bd')
  assert.equal(toHex(encodeText('\ude00a')), 'ef bf bd 61')
  const target = new Uint8Array(6)
  assert.equal(writeText(target, 0, '\ud83d\ud83d'), 6)
  assert.equal(toHex(target), 'ef bf bd ef bf bd')
})

test('what is not valid UTF-8 becomes U+FFFD', () => assert.equal(decodeText(hex('61 ff')), 'a\ufffd'))
