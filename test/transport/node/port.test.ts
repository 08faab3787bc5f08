import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nodePort, utf8OfOldNode } from '../../../src/transport/node/port.ts'
import { utf8 } from '../../support/wire.ts'

const plain = new TextDecoder('utf-8', { ignoreBOM: true })

const TEXTS: ReadonlyArray<readonly [name: string, text: string]> = [
  ['ASCII', 'The quick brown fox \0\x7f'],
  ['two bytes a character', 'быстрая лиса'],
  ['three bytes a character', '素早い茶色の狐\ufffd\ufeff'],
  ['four bytes a character', '🦊🐕\u{10ffff}'],
  ['characters of all lengths', 'Zwölf Boxkämpfer — быстрая, 素早い, 🦊'],
]

for (const [portName, decode] of [
  ['this Node', nodePort.utf8],
  ['Node before 24', utf8OfOldNode],
] as const) {
  for (const [name, text] of TEXTS) {
    test(`${name}, as ${portName} decodes it: every length up to 300 and some beyond, from every place`, () => {
      const bytes = utf8(text.repeat(2_000))
      for (const length of [...Array(301).keys(), 1_024, 1_499, 1_500, 1_501, 4_096, 16_384]) {
        for (let start = 0; start < 5; start++) {
          const wanted = plain.decode(bytes.subarray(start, start + length))
          const decoded = decode(bytes, start, start + length)
          if (wanted.includes('\ufffd')) assert.ok(decoded.includes('\ufffd'), `${length} from ${start}`)
          else assert.equal(decoded, wanted, `${length} from ${start}`)
        }
      }
    })
  }

  test(`a byte order mark stays, time and again, as ${portName} decodes it`, () => {
    for (const rest of ['', 'ä', 'ä'.repeat(300), 'ä'.repeat(3_000)]) {
      const bytes = utf8(`\ufeff${rest}`)
      for (let i = 0; i < 3; i++) assert.equal(decode(bytes, 0, bytes.length), `\ufeff${rest}`)
    }
  })

  test(`what is not valid has U+FFFD, and changes nothing for what comes next, as ${portName} decodes it`, () => {
    const part = fc.oneof(
      { weight: 10, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => [...utf8(text)]) },
      { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }) },
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const bytes = Uint8Array.from(parts.flat())
        const wanted = plain.decode(bytes)
        const decoded = decode(bytes, 0, bytes.length)
        if (wanted.includes('\ufffd')) assert.ok(decoded.includes('\ufffd'))
        else assert.equal(decoded, wanted)
        assert.equal(decode(utf8('€ä'), 0, 5), '€ä')
      }),
      { numRuns: 1_000 },
    )
  })
}
