import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  allValues,
  type HeaderList,
  hasToken,
  joinedValue,
  oneValue,
  readExtraHeaders,
  readHeaderList,
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

test('headers are read as pairs or as an object, into a list of our own', () => {
  const pairs: [string, string][] = [
    ['Cookie', 'a=b'],
    ['Cookie', 'c=d'],
  ]
  const read = readHeaderList('headers', pairs)
  pairs[0]![1] = 'changed'
  assert.deepEqual(read, [
    ['Cookie', 'a=b'],
    ['Cookie', 'c=d'],
  ])
  assert.deepEqual(readHeaderList('headers', new Map([['X', 'y']])), [['X', 'y']])
  assert.deepEqual(readHeaderList('headers', { X: 'y', Z: '' }), [
    ['X', 'y'],
    ['Z', ''],
  ])
  assert.deepEqual(readHeaderList('headers'), [])
})

for (const [headers, message] of [
  ['X: y', 'headers is neither a list of pairs nor an object'],
  [null, 'headers is neither a list of pairs nor an object'],
  [true, 'headers is neither a list of pairs nor an object'],
  [['X', 'y'], 'headers[0] is not a pair of name and value'],
  [[['X', 'y'], ['Z']], 'headers[1] is not a pair of name and value'],
  [[['X', 'y', 'z']], 'headers[0] is not a pair of name and value'],
  [[[5, 'y']], 'headers[0] has a number for a name, not a string'],
  [[['X', 5]], 'headers: the value of X is not a string'],
  [{ 'Set-Cookie': ['a=b'] }, 'headers: the value of Set-Cookie is not a string'],
  [{ X: undefined }, 'headers: the value of X is not a string'],
] as const) {
  test(`headers ${JSON.stringify(headers)} are an error that names the place`, () =>
    assert.throws(() => readHeaderList('headers', headers as never), new TypeError(message)))
}
