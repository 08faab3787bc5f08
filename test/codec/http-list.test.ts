import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatExtensionList,
  isSameIgnoringCase,
  isToken,
  type ListEntry,
  parseExtensionList,
  parseTokenList,
  splitList,
  trimBlanks,
} from '../../src/codec/http-list.ts'

const TOKENS: readonly (readonly [text: string, isToken: boolean])[] = [
  ['chat', true],
  ["!#$%&'*+-.^_`|~09AZaz", true],
  ['__proto__', true],
  ['', false],
  ['a b', false],
  ['a\t', false],
  ['a/b', false],
  ['"a"', false],
  ['(', false],
  ['a=b', false],
  ['a,b', false],
  ['a;b', false],
  ['\x00', false],
  ['\x7f', false],
  ['\u00e9', false],
  ['\u{1f600}', false],
]

for (const [text, expected] of TOKENS) {
  test(`${JSON.stringify(text)} is ${expected ? 'a' : 'no'} token`, () => assert.equal(isToken(text), expected))
}

test('the 77 characters of a token are those of RFC 9110, and no others of the first 65,536', () => {
  const found = Array.from({ length: 65_536 }, (_, code) => String.fromCharCode(code)).filter(isToken)
  assert.equal(found.join(''), "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~")
})

const BLANKS: readonly (readonly [text: string, trimmed: string])[] = [
  ['', ''],
  [' \t ', ''],
  ['a', 'a'],
  [' \ta b\t ', 'a b'],
  ['\u00a0a\u00a0', '\u00a0a\u00a0'],
  ['\na\r', '\na\r'],
]

for (const [text, trimmed] of BLANKS) {
  test(`${JSON.stringify(text)} without blanks is ${JSON.stringify(trimmed)}`, () =>
    assert.equal(trimBlanks(text), trimmed))
}

const SAME: readonly (readonly [a: string, b: string, same: boolean])[] = [
  ['WebSocket', 'websocket', true],
  ['@[`{AZaz', '@[`{azAZ', true],
  ['websocket', 'websockets', false],
  ['websoc\u212aet', 'websocket', false], // the Kelvin sign, which Unicode folds to k
  ['[', '{', false],
  ['\u00c9', '\u00e9', false],
]

for (const [a, b, same] of SAME) {
  test(`${JSON.stringify(a)} and ${JSON.stringify(b)} are ${same ? '' : 'not '}the same in ASCII`, () =>
    assert.equal(isSameIgnoringCase(a, b), same))
}

test('a list is split at its commas, empty elements included', () => {
  assert.deepEqual(splitList('a ,\tb,, c\t'), ['a', 'b', '', 'c'])
  assert.deepEqual(splitList(''), [''])
})

const TOKEN_LISTS: readonly (readonly [text: string, tokens: string[] | undefined])[] = [
  ['chat', ['chat']],
  ['chat, superchat', ['chat', 'superchat']],
  ['\tchat ,superchat ', ['chat', 'superchat']],
  ['', undefined],
  [' ', undefined],
  [',', undefined],
  ['chat,', undefined],
  [',chat', undefined],
  ['chat,,superchat', undefined],
  ['chat superchat', undefined],
  ['"chat"', undefined],
  ['ch\u00e4t', undefined],
]

for (const [text, tokens] of TOKEN_LISTS) {
  test(`T-09: as tokens, ${JSON.stringify(text)} is ${JSON.stringify(tokens) ?? 'malformed'}`, () =>
    assert.deepEqual(parseTokenList(text), tokens))
}

function entry(name: string, ...parameters: [string, string | undefined][]): ListEntry {
  return { name, parameters }
}

// The canonical form of each list stands first, and is what the entries are written as.
const EXTENSION_LISTS: readonly (readonly [written: string, entries: ListEntry[], ...others: string[]])[] = [
  ['foo', [entry('foo')], ' foo\t'],
  ['foo, bar', [entry('foo'), entry('bar')], 'foo,bar', '\tfoo ,\tbar '],
  ['foo; a', [entry('foo', ['a', undefined])], 'foo;a', 'foo ;\ta '],
  ['foo; a=1', [entry('foo', ['a', '1'])], 'foo;a="1"', 'foo; a = 1', 'foo; a\t=\t"1"\t', 'foo; a="\\1"'],
  [
    'permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate',
    [
      entry('permessage-deflate', ['client_max_window_bits', undefined], ['server_max_window_bits', '10']),
      entry('permessage-deflate'),
    ],
    'permessage-deflate;client_max_window_bits;server_max_window_bits="1\\0",permessage-deflate',
  ],
  ['foo; a=1; a=2', [entry('foo', ['a', '1'], ['a', '2'])]],
  ['__proto__; constructor=toString', [entry('__proto__', ['constructor', 'toString'])]],
]

for (const [written, entries, ...others] of EXTENSION_LISTS) {
  test(`the entries of ${written} are written so`, () => assert.equal(formatExtensionList(entries), written))
  for (const text of [written, ...others]) {
    test(`${JSON.stringify(text)} is parsed to the entries of ${written}`, () =>
      assert.deepEqual(parseExtensionList(text), entries))
  }
}

const NO_EXTENSION_LISTS = [
  '',
  ' ',
  ',',
  ';',
  'foo,',
  'foo;',
  'foo; ',
  ',foo',
  'foo,,bar',
  'foo;;a',
  'foo; a=',
  'foo; =1',
  'foo; a==1',
  'foo; a=1 2',
  'foo bar',
  'foo; a="',
  'foo; a="1',
  'foo; a=""',
  'foo; a="1\\',
  'foo; a="\\"',
  'foo; a="\\""',
  'foo; a="1 "',
  'foo; a="1,2"',
  'foo; a="1"2',
  '"foo"',
  'foo; "a"',
  'foo\u00e9',
  'foo; a="\u00e9"',
  'foo\x00',
]

for (const text of NO_EXTENSION_LISTS) {
  test(`T-10: ${JSON.stringify(text)} is no extension list`, () => assert.equal(parseExtensionList(text), undefined))
}

const UNWRITABLE: readonly (readonly [what: string, entry: ListEntry])[] = [
  ['an empty name', entry('')],
  ['a name with a line end', entry('foo\r\nX: y')],
  ['an empty parameter', entry('foo', ['', undefined])],
  ['a parameter with a blank', entry('foo', ['a b', undefined])],
  ['an empty value', entry('foo', ['a', ''])],
  ['a value beyond latin-1', entry('foo', ['a', '\u0100'])],
]

for (const [what, unwritable] of UNWRITABLE) {
  test(`T-22: ${what} in an extension cannot be written`, () =>
    assert.throws(() => formatExtensionList([unwritable]), TypeError))
}

test('every list of entries comes back the same from its text', () => {
  const token = fc
    .array(fc.constantFrom(..."!#$%&'*+-.^_`|~09AZaz"), { minLength: 1, maxLength: 8 })
    .map((chars) => chars.join(''))
  const entries = fc.array(
    fc.record(
      { name: token, parameters: fc.array(fc.tuple(token, fc.option(token, { nil: undefined }))) },
      { noNullPrototype: true },
    ),
    { minLength: 1 },
  )
  fc.assert(fc.property(entries, (list) => assert.deepEqual(parseExtensionList(formatExtensionList(list)), list)))
})

test('no text makes the parsers throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '\t', ',', ';', '=', '"', '\\', '\u0100') }), (text) => {
      const entries = parseExtensionList(text)
      if (entries !== undefined) assert.deepEqual(parseExtensionList(formatExtensionList(entries)), entries)
      parseTokenList(text)
    }),
  )
})

const LONG: readonly (readonly [what: string, text: string])[] = [
  ['spaces in a list', `a,${' '.repeat(320_000)}b c`],
  ['backslashes in a quoted string', `foo; a="${'\\'.repeat(80_000)}`],
  ['escaped characters in a quoted string', `foo; a="${'\\a'.repeat(80_000)}`],
  ['parameters', `foo${'; a=1'.repeat(30_000)};`],
  ['commas', ','.repeat(160_000)],
  ['elements', `${'foo,'.repeat(80_000)}`],
]

for (const [what, text] of LONG) {
  // Ten times the lengths of the requirement, and a bound that a busy machine keeps: a quadratic parser takes minutes.
  test(`T-12: ${text.length} characters of ${what} take linear time`, () => {
    const start = performance.now()
    assert.equal(parseExtensionList(text), undefined)
    assert.equal(parseTokenList(text), undefined)
    assert.ok(performance.now() - start < 10_000)
  })
}

for (const [what, text] of [
  ['32,000 blanks in a list of subprotocols', `a,${' '.repeat(32_000)}b c`],
  ['8,000 backslashes in a quoted string', `foo; a="${'\\'.repeat(8_000)}`],
  ['8,000 escaped characters in a quoted string', `foo; a="${'\\a'.repeat(8_000)}`],
] as const) {
  test(`T-12: ${what} take at most 5 ms`, () => {
    let fastest = Number.POSITIVE_INFINITY
    for (let run = 0; run < 20; run++) {
      const start = performance.now()
      parseExtensionList(text)
      parseTokenList(text)
      fastest = Math.min(fastest, performance.now() - start) // the others had to share the processor
    }
    assert.ok(fastest <= 5, `${fastest} ms`)
  })
}
