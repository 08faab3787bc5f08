import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { usePlatformPort } from '../../src/codec/platform-port.ts'
import { advanceBytes, advanceUtf8, heldUtf8Bytes, UTF8_BOUNDARY } from '../../src/codec/utf8.ts'
import { nodePort } from '../../src/transport/node/port.ts'
import { hex, toHex, utf8 } from '../support/wire.ts'

// The platform's decoder is the judge. Fed one byte at a time it throws at the first byte that cannot occur there.

/** The index of the first impossible byte, or `undefined`. */
function firstImpossible(bytes: Uint8Array): number | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let i = 0; i < bytes.length; i++) {
    try {
      decoder.decode(bytes.subarray(i, i + 1), { stream: true })
    } catch {
      return i
    }
  }
  return undefined
}

function isValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Validates whole and cut in two at every place; all must agree. @returns the state, or `~index`. */
function advanceEverySplit(bytes: Uint8Array): number {
  const whole = advanceUtf8(UTF8_BOUNDARY, bytes, 0, bytes.length)
  for (let at = 0; at <= bytes.length; at++) {
    const first = advanceUtf8(UTF8_BOUNDARY, bytes, 0, at)
    const both = first < 0 ? first : advanceUtf8(first, bytes, at, bytes.length)
    if (both !== whole) assert.fail(`${toHex(bytes)} cut at ${at}: ${both}, whole: ${whole}`)
  }
  return whole
}

function check(bytes: Uint8Array): void {
  const state = advanceEverySplit(bytes)
  const index = firstImpossible(bytes)
  if (index !== undefined) {
    if (state !== ~index) assert.fail(`${toHex(bytes)}: ${state}, not ${~index}`)
  } else if (state < 0 || (state === UTF8_BOUNDARY) !== isValid(bytes)) {
    assert.fail(`${toHex(bytes)}: ${state}`)
  }
}

test('every sequence of one byte', () => {
  for (let byte = 0; byte < 256; byte++) check(Uint8Array.of(byte))
})

test('every sequence of two bytes', () => {
  // Judged by what the platform's encoder writes for every code point: 65,536 exceptions would take their time.
  const leads = new Set<number>()
  const pairs = new Set<number>()
  const buffer = new Uint8Array(4)
  const encoder = new TextEncoder()
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += codePoint < 0x800 ? 1 : 64) {
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue
    encoder.encodeInto(String.fromCodePoint(codePoint), buffer)
    leads.add(buffer[0]!)
    if (buffer[0]! >= 0x80) pairs.add(buffer[0]! * 256 + buffer[1]!)
  }
  for (let pair = 0; pair < 65_536; pair++) {
    const bytes = Uint8Array.of(pair >> 8, pair & 255)
    const [first, second] = bytes as unknown as [number, number]
    const state = advanceEverySplit(bytes)
    let wanted: boolean
    if (!leads.has(first)) wanted = state === ~0
    else if (first < 0x80) wanted = leads.has(second) ? state >= 0 : state === ~1
    else wanted = pairs.has(pair) ? state >= 0 && (state === UTF8_BOUNDARY) === first < 0xe0 : state === ~1
    if (!wanted) assert.fail(`${toHex(bytes)}: ${state}`)
  }
})

test('every edge of the sequences of three and four bytes, cut at every place', () => {
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xf4]
  for (const lead of [0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5]) {
    for (const second of edges) {
      for (const third of edges) {
        check(Uint8Array.of(lead, second, third))
        for (const fourth of [0x7f, 0x80, 0xbf, 0xc0]) check(Uint8Array.of(lead, second, third, fourth))
      }
    }
  }
})

const VALID: ReadonlyArray<readonly [name: string, wire: string]> = [
  ['nothing', ''],
  ['ASCII, NUL and DEL included', '00 41 7f'],
  ['U+0080, the least of two bytes', 'c2 80'],
  ['U+07FF, the greatest of two bytes', 'df bf'],
  ['U+0800, the least of three bytes', 'e0 a0 80'],
  ['U+D7FF, just below the surrogates', 'ed 9f bf'],
  ['U+E000, just above the surrogates', 'ee 80 80'],
  ['U+FEFF, the byte order mark', 'ef bb bf'],
  ['U+FFFF, the greatest of three bytes', 'ef bf bf'],
  ['U+10000, the least of four bytes', 'f0 90 80 80'],
  ['U+10FFFF, the greatest of all', 'f4 8f bf bf'],
]

for (const [name, wire] of VALID) {
  test(`${name} is valid, split anywhere, and after and before other text`, () => {
    const bytes = hex(wire)
    assert.equal(advanceEverySplit(bytes), UTF8_BOUNDARY)
    assert.equal(advanceEverySplit(Uint8Array.of(0x61, ...bytes, 0xc3, 0xa4)), UTF8_BOUNDARY)
  })
}

const INVALID: ReadonlyArray<readonly [name: string, wire: string, index: number]> = [
  ['a continuation byte without a lead', '61 80', 1],
  ['an overlong NUL of two bytes', 'c0 80', 0],
  ['an overlong DEL of two bytes', 'c1 bf', 0],
  ['an overlong form of three bytes', 'e0 9f bf', 1],
  ['an overlong form of four bytes', 'f0 8f bf bf', 1],
  ['the first surrogate', 'ed a0 80', 1],
  ['the last surrogate', 'ed bf bf', 1],
  ['beyond U+10FFFF', 'f4 90 80 80', 1],
  ['a lead byte above all', 'f5 80 80 80', 0],
  ['five bytes', 'f8 88 80 80 80', 0],
  ['ff', 'ff', 0],
  ['a code point broken off by ASCII', 'e2 82 41', 2],
  ['a code point broken off by another', 'f0 9f 98 c3', 3],
]

for (const [name, wire, index] of INVALID) {
  test(`${name} is invalid at byte ${index}, split anywhere`, () => {
    assert.equal(advanceEverySplit(hex(wire)), ~index)
    assert.equal(advanceEverySplit(hex(`61 62 ${wire}`)), ~(index + 2))
    assert.equal(advanceEverySplit(hex(`${wire} 61`)), ~index)
  })
}

test('a state knows how many bytes of a begun code point it has seen', () => {
  const rows: ReadonlyArray<readonly [wire: string, held: number]> = [
    ['', 0],
    ['61', 0],
    ['c3', 1],
    ['e2', 1],
    ['e2 82', 2],
    ['e2 82 ac', 0],
    ['f0', 1],
    ['f0 9f', 2],
    ['f0 9f 98', 3],
    ['f0 9f 98 80', 0],
  ]
  for (const [wire, held] of rows) {
    const bytes = hex(wire)
    assert.equal(heldUtf8Bytes(advanceUtf8(UTF8_BOUNDARY, bytes, 0, bytes.length)), held, wire)
  }
})

test('only the bytes from start to end are read', () => {
  assert.equal(advanceUtf8(UTF8_BOUNDARY, hex('ff e2 82 ac ff'), 1, 4), UTF8_BOUNDARY)
  assert.equal(advanceUtf8(UTF8_BOUNDARY, hex('ff'), 1, 1), UTF8_BOUNDARY)
})

test('any string is valid UTF-8 in any two pieces', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      assert.equal(advanceEverySplit(utf8(text)), UTF8_BOUNDARY)
    }),
    { numRuns: 500 },
  )
})

test('any bytes are judged as the platform judges them', () => {
  const fragment = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }).map((text) => [...utf8(text)]),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 2 }),
  )
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 6 }), (fragments) => check(Uint8Array.from(fragments.flat()))),
    { numRuns: 1_000 },
  )
})

test('what the platform has and the plain way agree: any bytes, from any state, of any length', () => {
  usePlatformPort(nodePort)
  const fragment = fc.oneof(
    { weight: 20, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => [...utf8(text)]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 0x80, max: 255 }), { maxLength: 5 }) },
  )
  const begun = fc.constantFrom('', 'c3', 'e2', 'e2 82', 'f0', 'f0 9f', 'f0 9f 98', 'ed', 'f4')
  const rest = fc.constantFrom('', 'a4', '82 ac', 'ac', '9f 98 80', '98 80', '80', '80 80 80 80', 'ff')
  try {
    fc.assert(
      fc.property(
        begun,
        rest,
        fc.array(fragment, { minLength: 5, maxLength: 30 }),
        begun,
        (lead, more, parts, tail) => {
          const first = hex(lead)
          const state = advanceBytes(UTF8_BOUNDARY, first, 0, first.length)
          const bytes = Uint8Array.from([...hex(more), ...parts.flat(), ...hex(tail)])
          assert.equal(advanceUtf8(state, bytes, 0, bytes.length), advanceBytes(state, bytes, 0, bytes.length))
        },
      ),
      { numRuns: 3_000 },
    )
    const continuations = new Uint8Array(70).fill(0x80)
    assert.equal(advanceUtf8(UTF8_BOUNDARY, continuations, 0, 70), ~0)
  } finally {
    usePlatformPort(undefined)
  }
})
