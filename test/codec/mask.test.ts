import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryView, maskBytes, maskInPlace, maskInto, maskWordsInto, seenBytes } from '../../src/codec/mask.ts'
import { usePlatformPort } from '../../src/codec/platform-port.ts'
import { nodePort } from '../../src/transport/node/port.ts'
import { hex, toHex } from '../support/wire.ts'

const KEY = 0x37fa_213d
const KEY_BYTES = [0x37, 0xfa, 0x21, 0x3d]

// RFC 6455 §5.3: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)
function expected(source: Uint8Array, phase: number): number[] {
  return Array.from(source, (byte, i) => byte ^ KEY_BYTES[(phase + i) % 4]!)
}

const SOURCE = Uint8Array.from({ length: 80 }, (_, i) => (i * 37 + 11) & 255)

test('"Hello" is masked and unmasked as in RFC 6455 §5.7', () => {
  const target = new Uint8Array(5)
  maskInto(target, 0, hex('48656c6c6f'), 0, 5, KEY, 0)
  assert.equal(toHex(target), '7f 9f 4d 51 58')
  maskInto(target, 0, target, 0, 5, KEY, 0)
  assert.equal(toHex(target), '48 65 6c 6c 6f')
})

for (const phase of [0, 1, 2, 3]) {
  test(`phase ${phase}: every length from 0 to 70, from and to every offset, touches nothing else`, () => {
    for (let length = 0; length <= 70; length++) {
      const source = SOURCE.slice()
      for (let start = 0; start < 5; start++) {
        for (let at = 0; at < 5; at++) {
          const target = new Uint8Array(80).fill(0xee)
          maskInto(target, at, source, start, start + length, KEY, phase)
          const wanted = new Uint8Array(80).fill(0xee)
          wanted.set(expected(SOURCE.subarray(start, start + length), phase), at)
          if (Buffer.compare(target, wanted) !== 0) assert.fail(`length ${length}, from ${start} to ${at}`)
        }
      }
      assert.deepEqual(source, SOURCE)
    }
  })

  test(`phase ${phase}: in place, at every offset and length`, () => {
    for (let length = 0; length <= 70; length++) {
      for (let start = 0; start < 5; start++) {
        const bytes = SOURCE.slice()
        maskInto(bytes, start, bytes, start, start + length, KEY, phase)
        const wanted = SOURCE.slice()
        wanted.set(expected(SOURCE.subarray(start, start + length), phase), start)
        if (Buffer.compare(bytes, wanted) !== 0) assert.fail(`length ${length}, at ${start}`)
      }
    }
  })
}

for (const phase of [0, 1, 2, 3]) {
  for (const port of [undefined, nodePort]) {
    const numbers = port === undefined ? 'words' : 'longs'
    test(`phase ${phase}: ${numbers} and bytes agree, for every length up to 300, at every alignment`, () => {
      usePlatformPort(port)
      const memory = Uint8Array.from({ length: 320 }, (_, i) => (i * 89 + 5) & 255)
      for (let byteOffset = 0; byteOffset < 9; byteOffset++) {
        for (let start = 0; start < 5; start++) {
          for (let length = 0; length <= 300; length++) {
            const plain = memory.slice().subarray(byteOffset)
            const inWords = memory.slice().subarray(byteOffset)
            const end = start + length
            maskBytes(plain, start, plain, start, end, KEY, phase)
            maskInPlace(new MemoryView(inWords), start, end, KEY, phase)
            if (Buffer.compare(plain, inWords) !== 0) assert.fail(`length ${length}, at ${byteOffset} + ${start}`)
          }
        }
      }
      usePlatformPort(undefined)
    })
  }

  test(`phase ${phase}: long payloads into a target of any alignment`, () => {
    const source = Uint8Array.from({ length: 1_050 }, (_, i) => (i * 89 + 5) & 255)
    for (const length of [383, 384, 385, 386, 387, 1_024]) {
      for (let start = 0; start < 5; start++) {
        for (let at = 0; at < 5; at++) {
          const plain = new Uint8Array(1_050)
          const target = new Uint8Array(1_050)
          maskBytes(plain, at, source, start, start + length, KEY, phase)
          maskInto(target, at, source, start, start + length, KEY, phase)
          if (Buffer.compare(plain, target) !== 0) assert.fail(`length ${length}, from ${start} to ${at}`)
        }
      }
    }
  })
}

test('words into other memory and bytes agree, for every length up to 70, from every place in a word to the same', () => {
  const source = Uint8Array.from({ length: 90 }, (_, i) => (i * 89 + 5) & 255)
  for (let sourceOffset = 0; sourceOffset < 5; sourceOffset++) {
    for (let targetOffset = 0; targetOffset < 5; targetOffset++) {
      for (let start = 0; start < 5; start++) {
        const from = new MemoryView(source.slice().subarray(sourceOffset))
        const at = 4 + ((sourceOffset + start - targetOffset) & 3)
        for (let length = 0; length <= 70; length++) {
          const plain = new Uint8Array(90).fill(0xee).subarray(targetOffset)
          const target = new MemoryView(new Uint8Array(90).fill(0xee).subarray(targetOffset))
          const seen = maskBytes(plain, at, from.bytes, start, start + length, KEY, 0)
          const seenInWords = maskWordsInto(target, at, from, start, start + length, KEY)
          if (Buffer.compare(plain, target.bytes) !== 0) assert.fail(`${length} from ${start} to ${at}`)
          assert.equal((seenInWords & 0x8080_8080) !== 0, (seen & 0x80) !== 0)
        }
      }
    }
  }
})

test('a single byte that is not ASCII is seen wherever it comes out, and none where there is none', () => {
  const key = [0x37, 0xfa, 0x21, 0x3d]
  for (let length = 1; length <= 70; length++) {
    const ascii = Uint8Array.from({ length }, (_, i) => 0x61 ^ key[i & 3]!)
    assert.equal(maskInPlace(new MemoryView(ascii.slice()), 0, length, KEY, 0) & 0x8080_8080, 0)
    assert.equal(maskBytes(ascii.slice(), 0, ascii, 0, length, KEY, 0) & 0x80, 0)
    for (let at = 0; at < length; at++) {
      const bytes = ascii.slice()
      bytes[at]! ^= 0x80
      assert.notEqual(
        maskInPlace(new MemoryView(bytes.slice()), 0, length, KEY, 0) & 0x8080_8080,
        0,
        `${at} of ${length}`,
      )
      assert.notEqual(maskBytes(bytes.slice(), 0, bytes, 0, length, KEY, 0) & 0x80, 0, `${at} of ${length}`)
    }
  }
})

test('what is seen by words is seen byte after byte, for every length up to 70, at every alignment', () => {
  for (let byteOffset = 0; byteOffset < 5; byteOffset++) {
    const bytes = new Uint8Array(90).fill(0x61).subarray(byteOffset)
    const view = new MemoryView(bytes)
    for (let start = 0; start < 5; start++) {
      for (let length = 0; length <= 70; length++) {
        const end = start + length
        assert.equal(seenBytes(view, start, end) & 0x8080_8080, 0)
        for (let at = 0; at < 80; at++) {
          bytes[at] = 0xe1
          const isSeen = (seenBytes(view, start, end) & 0x8080_8080) !== 0
          bytes[at] = 0x61
          if (isSeen !== (at >= start && at < end)) assert.fail(`${at} from ${start} to ${end} at ${byteOffset}`)
        }
      }
    }
  }
})

test('a payload masked in pieces is masked as a whole, whatever the phase has grown to', () => {
  const phase = 2 ** 52 + 1
  const target = new Uint8Array(10)
  maskInto(target, 0, SOURCE, 0, 3, KEY, phase)
  maskInto(target, 3, SOURCE, 3, 10, KEY, phase + 3)
  assert.deepEqual([...target], expected(SOURCE.subarray(0, 10), 1))
})
