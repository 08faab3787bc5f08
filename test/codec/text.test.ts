import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeShortText, decodeText, decodeValidText, encodeText, NOT_ASCII, writeText } from '../../src/codec/text.ts'
import { type TextPort, textPort, useTextPort } from '../../src/codec/text-port.ts'
import { nodeText } from '../../src/transport/node/text.ts'
import { concat, hex, toHex, utf8 } from '../support/wire.ts'

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

// --- with what the platform has, and without --------------------------------------------------------------------------

const judge = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/** The platform's verdict: the string, or `undefined`. */
function judged(bytes: Uint8Array): string | undefined {
  try {
    return judge.decode(bytes)
  } catch {
    return undefined
  }
}

const PORTS: ReadonlyArray<readonly [name: string, port: TextPort | undefined]> = [
  ['the web alone', undefined],
  ['what Node has', nodeText],
]

const CONTENTS: ReadonlyArray<readonly [name: string, text: string]> = [
  ['ASCII', 'The quick brown fox jumps over the lazy dog \0\x7f'],
  ['two bytes each', 'äöüßéàçñ'],
  ['every length', 'aä€😀'],
  ['U+FFFD itself', 'a\ufffdb'],
]

for (const [portName, port] of PORTS) {
  const using = (body: () => void) => (): void => {
    const before = textPort
    useTextPort(port)
    try {
      body()
    } finally {
      useTextPort(before)
    }
  }

  for (const [contents, text] of CONTENTS) {
    test(
      `${contents} by ${portName}: bytes of every length up to 300, cut code points and broken ones included`,
      using(() => {
        const bytes = utf8(text.repeat(200)).subarray(0, 310)
        for (let length = 0; length <= 300; length++) {
          const start = length % 7
          const whole = bytes.subarray(start, start + length)
          const seen = whole.reduce((all, byte) => all | byte, 0)
          for (const known of [seen, NOT_ASCII]) {
            assert.equal(decodeValidText(bytes, start, start + length, known), judged(whole), `${length}`)
          }
          assert.equal(decodeText(whole), new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole), `${length}`)
          const broken = whole.slice()
          if (length > 0) broken[length - 1] = 0xff
          assert.equal(decodeValidText(broken, 0, length, NOT_ASCII), judged(broken), `${length}`)
          assert.equal(decodeText(broken), new TextDecoder('utf-8', { ignoreBOM: true }).decode(broken), `${length}`)
        }
      }),
    )
  }

  for (const [name, text, wire] of TEXTS) {
    test(
      `${name} by ${portName}`,
      using(() => assert.equal(decodeText(concat(hex(wire), utf8('x'.repeat(20)))), text + 'x'.repeat(20))),
    )
  }
}

test('short text of every length, masked, at every place; what is not ASCII is left to others', () => {
  const key = [0x37, 0xfa, 0x21, 0x3d]
  for (let length = 0; length <= 16; length++) {
    for (let start = 0; start < 5; start++) {
      const text = 'abcdefghijklmnop'.slice(0, length)
      const bytes = new Uint8Array(30).fill(0xee)
      bytes.set(
        utf8(text).map((byte, i) => byte ^ key[i & 3]!),
        start,
      )
      assert.equal(decodeShortText(bytes, start, length, 0x37fa_213d), text)
      for (let at = 0; at < length; at++) {
        const broken = bytes.slice()
        broken[start + at]! ^= 0x80
        assert.equal(decodeShortText(broken, start, length, 0x37fa_213d), undefined)
      }
    }
  }
})
