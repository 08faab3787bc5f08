import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteCollector } from '../../src/codec/byte-collector.ts'

test('a collector gives back what was appended, in order, and begins anew', () => {
  const collector = new ByteCollector()
  collector.append(Uint8Array.of(1, 2))
  collector.appendByte(3)
  assert.equal(collector.length, 3)
  assert.deepEqual(collector.takeBytes(), Uint8Array.of(1, 2, 3))
  assert.equal(collector.length, 0)
  collector.append(Uint8Array.of(0x41, 0xff))
  assert.equal(collector.takeText(), 'A\u00ff')
  assert.equal(collector.takeText(), '')
})

test('a collector grows past its first capacity by single bytes and by large pieces', () => {
  const collector = new ByteCollector()
  for (let i = 0; i < 100; i++) collector.appendByte(0x61)
  collector.append(new Uint8Array(10_000).fill(0x62))
  assert.equal(collector.takeText(), 'a'.repeat(100) + 'b'.repeat(10_000))
})

test('a collector copies: writing to what was appended or taken changes nothing', () => {
  const collector = new ByteCollector()
  const given = Uint8Array.of(1)
  collector.append(given)
  given[0] = 9
  const taken = collector.takeBytes()
  collector.appendByte(7)
  assert.deepEqual(taken, Uint8Array.of(1))
})

test('what comes a byte at a time is moved a few times, and not once a byte', (t) => {
  const moves = t.mock.method(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'set').mock
  const collector = new ByteCollector()
  for (let i = 0; i < 10_000; i++) collector.appendByte(i)
  assert.ok(moves.callCount() <= 8, `moved ${moves.callCount()} times`)
})
