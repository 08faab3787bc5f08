import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ShortMessages } from '../../src/session/short-messages.ts'
import { SeededRandom } from '../support/random.ts'

test('messages come out as they went in, whatever their lengths, and whatever went in or came out between', () => {
  const random = new SeededRandom(1)
  const messages = new ShortMessages()
  const expected: { firstByte: number; payload: Uint8Array }[] = []
  for (let i = 0; i < 5_000; i++) {
    if (random.chance(3) && expected.length > 0) {
      assert.deepEqual(messages.shift(), expected.shift())
      continue
    }
    const payload = random.bytes(random.pick([0, 0, 1, 20, 500, 2_047, 2_048]))
    const message = { firstByte: random.pick([0x01, 0x02, 0x80, 0x81, 0x82]), payload: payload.slice() }
    assert.equal(messages.push(message.firstByte, payload), true)
    payload.fill(0xee)
    expected.push(message)
  }
  for (const message of expected) assert.deepEqual(messages.shift(), message)
  assert.equal(messages.isEmpty, true)
})

test('there are none before the first, and none after the last', () => {
  const messages = new ShortMessages()
  assert.equal(messages.isEmpty, true)
  messages.push(0x81, new Uint8Array(0))
  assert.equal(messages.isEmpty, false)
  messages.shift()
  assert.equal(messages.isEmpty, true)
})

test('what is longer than 2,048 bytes is not taken', () => {
  const messages = new ShortMessages()
  assert.equal(messages.push(0x82, new Uint8Array(2_049)), false)
  assert.equal(messages.isEmpty, true)
})

test('more than 16,384 are not taken, also where all before have been taken out', () => {
  const messages = new ShortMessages()
  for (let i = 0; i < 16_384; i++) {
    assert.equal(messages.push(0x82, Uint8Array.of(1)), true)
    if (i < 16_000) messages.shift()
  }
  assert.equal(messages.push(0x82, Uint8Array.of(1)), false)
})
