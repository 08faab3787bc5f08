import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { acceptValue, drawKey, formatKey, isKey, isSameSecret } from '../../src/handshake/key.ts'

const KEYS: readonly (readonly [key: string, isKey: boolean])[] = [
  ['dGhlIHNhbXBsZSBub25jZQ==', true],
  ['AQIDBAUGBwgJCgsMDQ4PEA==', true],
  ['AAAAAAAAAAAAAAAAAAAAAA==', true],
  ['/////////////////////w==', true],
  ['++++++++++++++++++++++==', false], // pad bits not zero
  ['AQIDBAUGBwgJCgsMDQ4PEB==', false], // pad bits not zero
  ['AQIDBAUGBwgJCgsMDQ4PEA=', false],
  ['AQIDBAUGBwgJCgsMDQ4PEA', false],
  ['AQIDBAUGBwgJCgsMDQ4PEA==\n', false],
  [' AQIDBAUGBwgJCgsMDQ4PEA==', false],
  ['AQIDBAUGBwgJCgsMDQ4PEBE=', false], // 17 bytes
  ['AQIDBAUGBwgJCgsMDQ4P', false], // 15 bytes
  ['AQIDBAUGBwgJCgsMDQ4PEBES', false],
  ['AQIDBAUGBwgJCgsMDQ4P====', false],
  ['AQIDBAUG=wgJCgsMDQ4PEA==', false],
  ['AQIDBAUG-wgJCgsMDQ4PEA==', false], // the alphabet of RFC 4648 §5
  ['AQIDBAUG_wgJCgsMDQ4PEA==', false],
  ['AQIDBAUG wgJCgsMDQ4PEA==', false],
  ['AQIDBAUG\u00ffwgJCgsMDQ4PEA==', false],
  ['AQIDBAUGBwgJCgsMDQ4PEA=A', false],
  ['', false],
]

for (const [key, expected] of KEYS) {
  test(`T-05: ${JSON.stringify(key)} is ${expected ? 'a' : 'no'} key`, () => assert.equal(isKey(key), expected))
}

test('T-05: a character outside the alphabet is refused in every place of a key', () => {
  for (let at = 0; at < 24; at++) {
    for (const char of '@[`{:-_ ,\0\u0141') {
      const key = 'AQIDBAUGBwgJCgsMDQ4PEA=='
      assert.equal(isKey(key.slice(0, at) + char + key.slice(at + 1)), false)
    }
  }
})

test('what is a key is what 16 bytes are in base64', () => {
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 })
  fc.assert(
    fc.property(bytes, (nonce) => {
      const key = formatKey(nonce)
      assert.equal(key, Buffer.from(nonce).toString('base64'))
      assert.ok(isKey(key))
    }),
  )
})

test('a nonce of another length makes no key', () => {
  for (const length of [0, 15, 17]) assert.throws(() => formatKey(new Uint8Array(length)), RangeError)
})

test('a key is drawn as four numbers of 32 bits, most significant byte first', () => {
  const numbers = [0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f10]
  assert.equal(
    drawKey(() => numbers.shift()!),
    'AQIDBAUGBwgJCgsMDQ4PEA==',
  )
  assert.deepEqual(numbers, [])
  assert.equal(
    drawKey(() => 0xffffffff),
    '/////////////////////w==',
  )
})

// RFC 6455 §1.3 and §4.2.2; the second was computed apart from this code.
const ACCEPT_VALUES: readonly (readonly [key: string, accept: string])[] = [
  ['dGhlIHNhbXBsZSBub25jZQ==', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
  ['x3JJHMbDL1EzLkh9GBhXDw==', 'HSmrc0sMlYUkAGmm5OPpG2HaGWk='],
]

for (const [key, accept] of ACCEPT_VALUES) {
  test(`the accept value of ${key} is ${accept}`, () => assert.equal(acceptValue(key), accept))
}

const SECRETS: readonly (readonly [given: string, expected: string, same: boolean])[] = [
  ['secret', 'secret', true],
  ['', '', true],
  ['\u0100\uffff', '\u0100\uffff', true],
  ['secret', 'Secret', false],
  ['secret', 'secreT', false],
  ['secre', 'secret', false],
  ['secrets', 'secret', false],
  ['secret\0', 'secret', false],
  ['', 'secret', false],
  ['secret', '', false],
]

for (const [given, expected, same] of SECRETS) {
  test(`T-30: ${JSON.stringify(given)} is ${same ? '' : 'not '}the secret ${JSON.stringify(expected)}`, () =>
    assert.equal(isSameSecret(given, expected), same))
}

test('T-30: as much is read of what was given wherever it differs, and all of it', () => {
  const expected = 'a secret of some length'
  for (let at = 0; at <= expected.length; at++) {
    const text = `${expected.slice(0, at)}#${expected.slice(at + 1)}`.slice(0, expected.length)
    let reads = 0
    const given = {
      length: text.length,
      charCodeAt(index: number) {
        reads++
        return text.charCodeAt(index)
      },
    }
    assert.equal(isSameSecret(given as string, expected), text === expected)
    assert.equal(reads, expected.length)
  }
})
