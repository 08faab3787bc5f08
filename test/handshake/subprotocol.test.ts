import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseSubprotocol, parseSubprotocolOffer, readSubprotocols } from '../../src/handshake/subprotocol.ts'

const OFFERS: readonly (readonly [values: readonly string[], names: readonly string[] | undefined])[] = [
  [[], []],
  [['chat'], ['chat']],
  [
    ['chat, superchat', 'Chat'],
    ['chat', 'superchat', 'Chat'],
  ],
  [['__proto__, constructor'], ['__proto__', 'constructor']],
  [[''], undefined],
  [['chat', ''], undefined],
  [['chat,'], undefined],
  [['chat,,superchat'], undefined],
  [['chat, chat'], undefined],
  [['chat', 'chat'], undefined],
  [['ch at'], undefined],
  [['ch\u00e4t'], undefined],
]

for (const [values, names] of OFFERS) {
  test(`T-08, T-09: the offer ${JSON.stringify(values)} is ${JSON.stringify(names) ?? 'malformed'}`, () => {
    const headers = values.map((value) => ['Sec-WebSocket-Protocol', value] as const)
    assert.deepEqual(parseSubprotocolOffer(headers), names)
  })
}

const CHOICES: readonly (readonly [offered: string[], supported: string[], chosen: string | undefined])[] = [
  [['a', 'b'], ['b', 'a'], 'a'],
  [['a', 'b'], ['b'], 'b'],
  [['a'], ['A'], undefined],
  [['toString'], [], undefined],
  [[], ['a'], undefined],
]

for (const [offered, supported, chosen] of CHOICES) {
  test(`of ${offered} a server that speaks ${supported} chooses ${chosen}`, () =>
    assert.equal(chooseSubprotocol(offered, supported), chosen))
}

test('one name that is not in a list is a TypeError, not a list of its letters', () => {
  assert.throws(() => readSubprotocols('chat' as never), {
    name: 'TypeError',
    message: 'subprotocols is a string, not a list of names',
  })
})

test('the subprotocols of a caller are copied', () => {
  const given = ['a', 'b']
  const read = readSubprotocols(given)
  given.push('c')
  assert.deepEqual(read, ['a', 'b'])
  assert.deepEqual(readSubprotocols(), [])
})

for (const names of [[''], ['a', 'a'], ['a b'], ['a\r\nX: y'], ['\u0100'], ['a,b'], [1 as unknown as string]]) {
  test(`T-22: a caller cannot use the subprotocols ${JSON.stringify(names)}`, () =>
    assert.throws(() => readSubprotocols(names), TypeError))
}
