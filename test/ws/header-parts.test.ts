// `extension` and `subprotocol`: the lists of the opening handshake.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extension, subprotocol } from '../../src/ws/index.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

for (const [header, offers] of [
  ['foo', { foo: [{}] }],
  ['foo, bar', { foo: [{}], bar: [{}] }],
  ['foo; a; b=1', { foo: [{ a: [true], b: ['1'] }] }],
  ['foo; a=1; a=2', { foo: [{ a: ['1', '2'] }] }],
  ['foo; a, foo; b', { foo: [{ a: [true] }, { b: [true] }] }],
  ['foo; a="1"', { foo: [{ a: ['1'] }] }],
] as const) {
  test(`extension.parse: ${header}`, () => assert.deepEqual(plain(extension.parse(header)), offers))
}

for (const header of ['foo;', 'foo; =1', 'foo;a="1', 'f oo', 'foo; a=', 'foo;a="ä"']) {
  test(`extension.parse refuses ${header}`, () => {
    assert.throws(() => extension.parse(header), { name: 'SyntaxError' })
  })
}

test('names of the prototype are names like others', () => {
  const offers = extension.parse('__proto__; constructor=1')
  assert.deepEqual(Object.keys(offers), ['__proto__'])
  assert.deepEqual(Object.keys(Object.values(offers)[0]![0]!), ['constructor'])
})

test('extension.format writes what parse reads', () => {
  assert.equal(extension.format({ foo: { a: true, b: 1 } }), 'foo; a; b=1')
  assert.equal(extension.format({ foo: [{ a: [true, '2'] }, {}], bar: {} }), 'foo; a; a=2, foo, bar')
  const header = 'permessage-deflate; client_max_window_bits, permessage-deflate; server_max_window_bits=10'
  assert.equal(extension.format(extension.parse(header)), header)
})

test('subprotocol.parse reads a list of different tokens', () => {
  assert.deepEqual([...subprotocol.parse('chat')], ['chat'])
  assert.deepEqual([...subprotocol.parse('chat, superchat ,x')], ['chat', 'superchat', 'x'])
  for (const header of ['', 'chat, chat', 'a b', 'chat;', 'a,,"b"']) {
    assert.throws(() => subprotocol.parse(header), { name: 'SyntaxError' }, header)
  }
})
