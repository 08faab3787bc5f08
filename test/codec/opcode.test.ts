import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isControlOpcode, isReservedOpcode, Opcode } from '../../src/codec/opcode.ts'

// RFC 6455 §5.2, the whole of it.
const OPCODES: ReadonlyArray<readonly [opcode: number, name: keyof typeof Opcode | 'reserved', control: boolean]> = [
  [0x0, 'continuation', false],
  [0x1, 'text', false],
  [0x2, 'binary', false],
  [0x3, 'reserved', false],
  [0x4, 'reserved', false],
  [0x5, 'reserved', false],
  [0x6, 'reserved', false],
  [0x7, 'reserved', false],
  [0x8, 'close', true],
  [0x9, 'ping', true],
  [0xa, 'pong', true],
  [0xb, 'reserved', true],
  [0xc, 'reserved', true],
  [0xd, 'reserved', true],
  [0xe, 'reserved', true],
  [0xf, 'reserved', true],
]

for (const [opcode, name, control] of OPCODES) {
  test(`opcode ${opcode.toString(16)} is ${name}, for ${control ? 'control' : 'data'}`, () => {
    if (name !== 'reserved') assert.equal(Opcode[name], opcode)
    assert.equal(isReservedOpcode(opcode), name === 'reserved')
    assert.equal(isControlOpcode(opcode), control)
  })
}
