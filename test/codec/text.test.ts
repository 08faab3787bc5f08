import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOT_ASCII } from '../../src/codec/mask.ts'
import { type PlatformPort, platformPort, usePlatformPort } from '../../src/codec/platform-port.ts'
import { decodeShortText, decodeText, decodeValidText, encodeText, writeText } from '../../src/codec/text.ts'
import { nodePort } from '../../src/transport/node/port.ts'
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

const PORTS: ReadonlyArray<readonly [name: string, port: PlatformPort | undefined]> = [
  ['the web alone', undefined],
  ['what Node has', nodePort],
]

const CONTENTS: ReadonlyArray<readonly [name: string, text: string]> = [
  ['ASCII', 'The quick brown fox jumps over the lazy dog \0\x7f'],
  ['two bytes each', 'äöüßéàçñ'],
  ['every length', 'aä€😀'],
  ['U+FFFD itself', 'a\ufffdb'],
]

for (const [portName, port] of PORTS) {
  const using = (body: () => void) => (): void => {
    const before = platformPort
    usePlatformPort(port)
    try {
      body()
    } finally {
      usePlatformPort(before)
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

  test(
    `a continuation byte alone is no text by ${portName}, in whichever byte of a number it was seen`,
    using(() => {
      for (const seen of [0x80, 0x8000, 0x80_0000, 0x8000_0000 | 0]) {
        assert.equal(decodeValidText(hex('80'), 0, 1, seen), undefined)
      }
    }),
  )

  for (const [name, text, wire] of TEXTS) {
    test(
      `${name} by ${portName}`,
      using(() => assert.equal(decodeText(concat(hex(wire), utf8('x'.repeat(20)))), text + 'x'.repeat(20))),
    )
  }
}

test('what Node has writes the bytes that the web writes, lone surrogates included', () => {
  usePlatformPort(nodePort)
  try {
    for (const unit of ['a', 'ä', '€', '😀', '\ud83d', '\ude00', '\ude00\ud83d', 'aä€😀\ud83d']) {
      for (let count = 0; count <= 300; count++) {
        const text = unit.repeat(count)
        const target = new Uint8Array(3 * text.length + 10).fill(0xee)
        const wanted = utf8(text)
        assert.equal(writeText(target, 5, text), wanted.length)
        assert.equal(Buffer.compare(target.subarray(5, 5 + wanted.length), wanted), 0)
        assert.equal(
          target.subarray(0, 5).every((byte) => byte === 0xee),
          true,
        )
        assert.equal(
          target.subarray(3 * text.length + 5).every((byte) => byte === 0xee),
          true,
        )
      }
    }
  } finally {
    usePlatformPort(undefined)
  }
})

test('short text of every length, masked, at every place; where one byte is another, it is judged as by the platform', () => {
  const key = [0x37, 0xfa, 0x21, 0x3d]
  const masked = (bytes: Uint8Array) => bytes.map((byte, i) => byte ^ key[i & 3]!)
  for (const text of [
    'abcdefghijklmnop',
    'aä€😀\ufeff\ufffd\u07ff',
    '€€€€€ß',
    '😀😀\u{10ffff}\u{10000}',
    '\ud7ff\ue000\u0800\u0080',
    '\u07ff\x7f\u0080\0',
  ]) {
    const whole = utf8(text).subarray(0, 16)
    for (let length = 0; length <= whole.length; length++) {
      for (let start = 0; start < 5; start++) {
        const bytes = new Uint8Array(30).fill(0xee)
        bytes.set(masked(whole.subarray(0, length)), start)
        assert.equal(decodeShortText(bytes, start, length, 0x37fa_213d), judged(whole.subarray(0, length)))
      }
      for (let at = 0; at < length; at++) {
        for (const flip of [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x01, 0xff]) {
          const broken = whole.slice(0, length)
          broken[at]! ^= flip
          assert.equal(
            decodeShortText(masked(broken), 0, length, 0x37fa_213d),
            judged(broken),
            `${text} ${length} ${at}`,
          )
        }
      }
    }
  }
})

test('every edge of what UTF-8 allows is judged in short text as by the platform', () => {
  const leads = [
    0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5,
  ]
  const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]
  const others = [0x7f, 0x80, 0xbf, 0xc0]
  const check = (...bytes: number[]) => {
    const short = decodeShortText(Uint8Array.from(bytes), 0, bytes.length, 0)
    assert.equal(short, judged(Uint8Array.from(bytes)), toHex(Uint8Array.from(bytes)))
  }
  for (const lead of leads) {
    check(lead)
    for (const second of seconds) {
      check(lead, second)
      for (const third of others) {
        check(lead, second, third)
        for (const fourth of others) check(lead, second, third, fourth)
      }
    }
  }
})
