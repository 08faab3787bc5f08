import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allValues,
  type HeaderList,
  hasToken,
  joinedValue,
  oneValue,
  readExtraHeaders,
} from '../../src/handshake/header-list.ts'

const HEADERS: HeaderList = [
  ['Host', 'example.com'],
  ['X-List', 'a, B'],
  ['x-list', ' c\t'],
  ['Empty', ''],
  ['__proto__', 'polluted'],
]

const VALUES: readonly (readonly [name: string, all: string[], one: string | undefined, joined: string | undefined])[] =
  [
    ['Host', ['example.com'], 'example.com', 'example.com'],
    ['hOST', ['example.com'], 'example.com', 'example.com'],
    ['X-List', ['a, B', 'c'], undefined, 'a, B, c'],
    ['Empty', [''], '', ''],
    ['Absent', [], undefined, undefined],
    ['ho\u017ft', [], undefined, undefined], // a long s, which Unicode folds to s
    ['__proto__', ['polluted'], 'polluted', 'polluted'],
    ['toString', [], undefined, undefined],
    ['hasOwnProperty', [], undefined, undefined],
  ]

for (const [name, all, one, joined] of VALUES) {
  test(`T-08, T-11: the values of ${name}: all, one, joined`, () => {
    assert.deepEqual(allValues(HEADERS, name), all)
    assert.equal(oneValue(HEADERS, name), one)
    assert.equal(joinedValue(HEADERS, name), joined)
  })
}

const TOKENS: readonly (readonly [name: string, token: string, has: boolean])[] = [
  ['X-List', 'a', true],
  ['x-LIST', 'b', true],
  ['X-List', 'C', true],
  ['X-List', 'a, B', false],
  ['X-List', 'd', false],
  ['Absent', 'a', false],
  ['Host', 'example', false],
]

for (const [name, token, has] of TOKENS) {
  test(`T-08: ${name} has ${has ? 'the' : 'no'} token ${token}`, () =>
    assert.equal(hasToken(HEADERS, name, token), has))
}

test('extra headers are copied in order', () => {
  const given: [string, string][] = [
    ['Cookie', 'a=b'],
    ['X-\u0041', '\u00e9'],
    ['Cookie', ''],
  ]
  const read = readExtraHeaders(given)
  assert.deepEqual(read, given)
  given[0]![1] = 'changed'
  assert.equal(read[0]![1], 'a=b')
  assert.deepEqual(readExtraHeaders(), [])
})

const NOT_ALLOWED: readonly (readonly [name: string, value: string])[] = [
  ['X', 'a\r\nY: b'],
  ['X', 'a\0'],
  ['X', '\u0100'],
  ['X\n', 'a'],
  ['X Y', 'a'],
  ['', 'a'],
  ['Connection', 'close'],
  ['content-length', '0'],
  ['Transfer-Encoding', 'chunked'],
  ['UPGRADE', 'websocket'],
  ['Sec-WebSocket-Accept', 'x'],
  ['sec-websocket-extensions', 'x'],
  ['Sec-WebSocket-Key', 'x'],
  ['Sec-WebSocket-Protocol', 'x'],
  ['Sec-WebSocket-Version', '13'],
  ['HOST', 'x'],
]

for (const [name, value] of NOT_ALLOWED) {
  test(`T-22: a caller cannot send ${JSON.stringify(name)}: ${JSON.stringify(value)}`, () =>
    assert.throws(
      () =>
        readExtraHeaders(
          [
            ['A', 'b'],
            [name, value],
          ],
          ['Host'],
        ),
      TypeError,
    ))
}
