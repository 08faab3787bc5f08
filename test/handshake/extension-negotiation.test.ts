import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Extension } from '../../src/extension/index.ts'
import {
  acceptAnswers,
  answerOffers,
  offersOf,
  parseExtensions,
  readExtensions,
} from '../../src/handshake/extension-negotiation.ts'
import { extensionOf } from '../support/http.ts'

const one = extensionOf('one', 0b100, [[['a', '1']], []])
const two = extensionOf('two', 0b010)
const rival = extensionOf('rival', 0b110)
const plain = extensionOf('plain', 0)
const picky = extensionOf('picky', 0b001, [[]], (parameters) => parameters.length === 0)

test('every offer of every extension is made, in order', () => {
  assert.deepEqual(offersOf([one, two]), [
    { name: 'one', parameters: [['a', '1']] },
    { name: 'one', parameters: [] },
    { name: 'two', parameters: [] },
  ])
})

for (const [what, extensions] of [
  ['a name that is no token', [extensionOf('o ne', 0)]],
  ['an empty name', [extensionOf('', 0)]],
  ['a repeated name', [one, two, extensionOf('one', 0b001)]],
] as const satisfies [string, Extension[]][]) {
  test(`T-22: extensions with ${what} cannot be used`, () => assert.throws(() => readExtensions(extensions), TypeError))
}

test('the extensions of a caller are copied', () => {
  const given = [one]
  const read = readExtensions(given)
  given.push(two)
  assert.deepEqual(read, [one])
  assert.deepEqual(readExtensions(), [])
})

test('T-08: repeated extension headers are one list', () => {
  const list = (...values: string[]) => parseExtensions(values.map((value) => ['Sec-WebSocket-Extensions', value]))
  assert.deepEqual(list(), [])
  assert.deepEqual(list('a; b', 'c'), [
    { name: 'a', parameters: [['b', undefined]] },
    { name: 'c', parameters: [] },
  ])
  assert.equal(list('a', ''), undefined)
  assert.equal(list(''), undefined)
})

const OFFERED: readonly (readonly [offer: string, known: readonly Extension[], answered: string[]])[] = [
  ['one; a=1, two', [two, one], ['one a', 'two']],
  ['two, one', [one, two], ['two', 'one']],
  ['one; a=1, one; b', [one], ['one a']],
  ['plain; a, plain; b', [plain], ['plain a']],
  ['picky; no, picky', [picky], ['picky']],
  ['picky; no', [picky], []],
  ['unknown, one', [one], ['one']],
  ['rival, one, two', [one, two, rival], ['rival']],
  ['one, rival, two', [one, two, rival], ['one', 'two']],
  ['ONE', [one], []],
  ['__proto__, constructor, toString', [one], []],
  ['one', [], []],
]

for (const [offer, known, answered] of OFFERED) {
  const names = known.map((extension) => extension.name)
  test(`T-10, T-11: a server with ${names} answers ${offer} with ${answered.join(', ') || 'nothing'}`, () => {
    const agreed = answerOffers(parseExtensions([['Sec-WebSocket-Extensions', offer]])!, known)
    assert.deepEqual(
      agreed.map(({ name, parameters }) => [name, ...parameters.map((parameter) => parameter[0])].join(' ')),
      answered,
    )
  })
}

const ANSWERED: readonly (readonly [answer: string, offered: readonly Extension[], outcome: string | string[]])[] = [
  ['one; a=1, two', [two, one], ['one', 'two']],
  ['unknown', [one], 'EXTENSION_NOT_OFFERED'],
  ['ONE', [one], 'EXTENSION_NOT_OFFERED'],
  ['__proto__', [one], 'EXTENSION_NOT_OFFERED'],
  ['one', [], 'EXTENSION_NOT_OFFERED'],
  ['one, one', [one], 'EXTENSION_REPEATED'],
  ['one, two, one; a', [one, two], 'EXTENSION_REPEATED'],
  ['picky; no', [picky], 'EXTENSION_NOT_ACCEPTED'],
  ['one, rival', [one, rival], 'EXTENSIONS_IN_CONFLICT'],
]

for (const [answer, offered, outcome] of ANSWERED) {
  const names = offered.map((extension) => extension.name)
  test(`T-32: a client that offered ${names || 'nothing'} makes ${outcome} of the answer ${answer}`, () => {
    const agreed = acceptAnswers(parseExtensions([['Sec-WebSocket-Extensions', answer]])!, offered)
    assert.deepEqual(typeof agreed === 'string' ? agreed : agreed.map(({ name }) => name), outcome)
  })
}
