import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  alignmentOf,
  MemoryView,
  maskBytes,
  maskInPlace,
  maskInto,
  maskLongsAcross,
  maskWordsAcross,
  NOT_ASCII,
  seenBytes,
  viewAlways,
  viewWords,
} from '../../src/codec/mask.ts'
import { usePlatformPort } from '../../src/codec/platform-port.ts'
import { nodePort } from '../../src/transport/node/port.ts'
import { hex, toHex } from '../support/wire.ts'

const KEY = 0x37fa_213d
const KEY_BYTES = [0x37, 0xfa, 0x21, 0x3d]

// RFC 6455 §5.3: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)
function expected(source: Uint8Array, phase: number): number[] {
  return Array.from(source, (byte, i) => byte ^ KEY_BYTES[(phase + i) % 4]!)
}

/** What was seen in any of the four bytes of a number. */
function seenIn(number: number): number {
  return (number | (number >>> 8) | (number >>> 16) | (number >>> 24)) & 0xff
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
            const seen = maskBytes(plain, start, plain, start, end, KEY, phase)
            const seenInWords = maskInPlace(new MemoryView(inWords), start, end, KEY, phase)
            const agree = seenIn(seenInWords) === seen || seenInWords === NOT_ASCII
            if (!agree || Buffer.compare(plain, inWords) !== 0) {
              assert.fail(`length ${length}, at ${byteOffset} + ${start}`)
            }
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

for (const port of [undefined, nodePort]) {
  const numbers = port === undefined ? 'words' : 'longs'
  test(`across memory, words, ${numbers} and bytes agree, for every length up to 70, at every alignment, and touch nothing beyond`, () => {
    usePlatformPort(port)
    for (let byteOffset = 0; byteOffset < 9; byteOffset++) {
      for (const tail of [0, 20]) {
        for (let start = 0; start < 9; start++) {
          for (let length = 0; length <= 70; length++) {
            const end = start + length
            const source = Uint8Array.from({ length: byteOffset + end + tail }, (_, i) => (i * 89 + 5) & 127)
            const view = new MemoryView(source.subarray(byteOffset))
            const at = 16 + alignmentOf(view, start)
            const plain = new Uint8Array(length)
            const seen = maskBytes(plain, 0, source, byteOffset + start, byteOffset + end, KEY, 0)
            const inWords = new MemoryView(new Uint8Array(128).fill(0xee))
            const seenInWords = maskWordsAcross(inWords, at, view, start, end, KEY)
            assert.equal(seenIn(seenInWords), seen)
            maskWordsAcross(new MemoryView(new Uint8Array(8)), 0, new MemoryView(new Uint8Array(8)), 0, 1, 0) // another key
            const inLongs = new MemoryView(new Uint8Array(128).fill(0xee))
            maskLongsAcross(inLongs, at, view, start, end, KEY)
            for (const { bytes } of [inWords, inLongs]) {
              if (Buffer.compare(bytes.subarray(at, at + length), plain) !== 0) assert.fail(`${length} from ${start}`)
              const around = [...bytes.subarray(0, at & ~7), ...bytes.subarray((at + length + 7) & ~7)]
              assert.ok(around.every((byte) => byte === 0xee))
            }
          }
        }
      }
    }
    usePlatformPort(undefined)
  })
}

test('across memory, a byte that is not ASCII is seen where it belongs to the payload, and only there', () => {
  for (let start = 0; start < 9; start++) {
    for (let length = 0; length <= 40; length++) {
      const end = start + length
      for (let at = 0; at < 64; at++) {
        const source = new Uint8Array(64).fill(0x61)
        source[at] = 0xe1
        const view = new MemoryView(source)
        const target = new MemoryView(new Uint8Array(64))
        const isSeen = (maskWordsAcross(target, start, view, start, end, 0) & 0x8080_8080) !== 0
        if (isSeen !== (at >= start && at < end)) assert.fail(`${at} from ${start} to ${end}`)
      }
    }
  }
})

test('memory that all is read into is seen once, other memory anew, and little of it not at all', () => {
  const memory = new Uint8Array(1_000)
  assert.notEqual(viewWords(memory), viewWords(memory))
  assert.equal(viewWords(memory.subarray(0, 383)), undefined)
  assert.ok(viewWords(memory.subarray(0, 384)))
  viewAlways(memory)
  const view = viewWords(memory)
  assert.ok(view)
  assert.equal(viewWords(memory), view)
  assert.equal(viewWords(memory.subarray(0, 10)), view)
  assert.notEqual(viewWords(memory.subarray(1)), view)
  assert.equal(viewWords(memory.subarray(1, 10)), undefined)
  assert.equal(viewWords(new Uint8Array(10)), undefined)
  assert.equal(viewWords(new Uint8Array(memory.buffer, 0, 1_000)), view)
})

test('the part of memory that is seen is no larger than what was asked for', () => {
  const memory = new Uint8Array(1_000)
  viewAlways(memory.subarray(0, 500))
  const view = viewWords(memory.subarray(0, 500))
  assert.equal(viewWords(memory.subarray(0, 499)), view)
  assert.notEqual(viewWords(memory.subarray(0, 501)), view)
})

test('memory that is seen may begin at any place', () => {
  const memory = new Uint8Array(1_000)
  viewAlways(memory.subarray(3, 503))
  const view = viewWords(memory.subarray(3, 503))
  assert.equal(viewWords(memory.subarray(3, 403)), view)
  assert.notEqual(viewWords(memory.subarray(3, 504)), view)
  assert.notEqual(viewWords(memory.subarray(0, 500)), view)
  assert.notEqual(viewWords(memory.subarray(6, 403)), view)
})

test('where all bytes are 0, and where there are none, nothing is seen', () => {
  for (const length of [0, 1, 5, 24, 127, 300]) {
    const view = new MemoryView(new Uint8Array(304))
    assert.equal(maskBytes(new Uint8Array(300), 0, view.bytes, 0, length, 0, 0), 0)
    assert.equal(seenBytes(view, 1, 1 + length), 0)
    assert.equal(maskWordsAcross(new MemoryView(new Uint8Array(304)), 1, view, 1, 1 + length, 0), 0)
    if (length < 128) assert.equal(maskInPlace(view, 1, 1 + length, 0, 0), 0)
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

test('a single byte that is not ASCII is seen wherever it comes out, however far from a whole word the payload begins', () => {
  for (let start = 0; start < 5; start++) {
    for (let length = 24; length <= 32; length++) {
      for (let at = 0; at < length; at++) {
        const view = new MemoryView(new Uint8Array(40).fill(0x61))
        view.bytes[start + at] = 0xe1
        assert.notEqual(
          maskInPlace(view, start, start + length, 0, 0) & 0x8080_8080,
          0,
          `${at} of ${length} at ${start}`,
        )
      }
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
