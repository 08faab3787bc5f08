// What reads the output of the engine refuses what no endpoint may send: otherwise no target would notice it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, hex, mayTravelByRfc, toHex } from '../support/wire.ts'
import { BrokenProperty } from './property.ts'
import { WireReader } from './wire-reader.ts'

const REFUSED: [name: string, wire: string][] = [
  ['a masked frame of a server', '81 81 00 00 00 00 61'],
  ['a reserved bit', 'c1 01 61'],
  ['a reserved opcode', '83 00'],
  ['a reserved control opcode', '8b 00'],
  ['a continuation of nothing', '80 00'],
  ['a message inside a message', '01 01 61 81 01 62'],
  ['a fragmented ping', '09 00'],
  ['a ping of 126 bytes', '89 7e 00 7e'],
  ['a length of 125 in two bytes', `82 7e 00 7d ${'00'.repeat(125)}`],
  ['a length of 65,535 in eight bytes', '82 7f 00 00 00 00 00 00 ff ff'],
  ['text that is not UTF-8', '81 01 ff'],
  ['text that ends inside a code point', '01 01 e2 80 01 82'],
  ['half a close code', '88 01 03'],
  ['a close code that may not be sent', '88 02 03 ed'],
  ['a close reason that is not UTF-8', '88 03 03 e8 ff'],
  ['two Close frames', '88 00 88 00'],
  ['data behind a Close frame', '88 00 81 00'],
]

for (const [name, wire] of REFUSED) {
  test(`${name} is refused`, () => {
    assert.throws(() => new WireReader('server').read(hex(wire)), BrokenProperty)
  })
}

test('what is allowed is read, however it is cut', () => {
  const wire = hex('01 01 e2 89 01 70 80 02 82 ac 82 7e 00 7e'.concat(' 61'.repeat(126), ' 88 02 03 e8 8a 00'))
  for (let at = 0; at <= wire.length; at++) {
    const reader = new WireReader('server')
    reader.read(wire.subarray(0, at))
    reader.read(wire.subarray(at))
    assert.deepEqual(
      reader.messages.map(({ payload }) => payload.length),
      [3, 126],
    )
    assert.equal(toHex(reader.close!), '03 e8')
    assert.deepEqual([reader.frames, reader.pongs.length, reader.isMidFrame], [6, 1, false])
  }
})

test('the payload of a client is unmasked', () => {
  const reader = new WireReader('client')
  reader.read(hex('81 85 37 fa 21 3d'), hex('7f 9f 4d 51 58'))
  assert.equal(new TextDecoder().decode(reader.messages[0]!.payload), 'Hello')
  assert.throws(() => reader.read(hex('81 00')), BrokenProperty)
})

test('bytes behind a Close frame are not looked at where nobody would', () => {
  const reader = new WireReader('server')
  reader.readToClose(concat(hex('81 01 61 88 00'), hex('ff ff ff')))
  assert.deepEqual([reader.messages.length, reader.close?.length], [1, 0])
})

test('close codes are those of the registry', () => {
  const allowed = Array.from({ length: 65_536 }, (_, code) => code).filter(mayTravelByRfc)
  assert.deepEqual(allowed.slice(0, 11), [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013])
  assert.equal(allowed.length, 12 + 2_000)
})
