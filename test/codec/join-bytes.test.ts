import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinBytes } from '../../src/codec/join-bytes.ts'
import { hex, toHex } from '../support/wire.ts'

test('pieces become one run of bytes, in their order', () => {
  const rows: ReadonlyArray<readonly [pieces: readonly string[], whole: string]> = [
    [[], ''],
    [['', ''], ''],
    [['01', '02 03'], '01 02 03'],
    [['', '01', '', '02 03', ''], '01 02 03'],
    [['03', '02', '01'], '03 02 01'],
  ]
  for (const [pieces, whole] of rows) assert.equal(toHex(joinBytes(pieces.map(hex))), whole)
})

test('a single piece is handed back as it is', () => {
  const piece = hex('01 02 03').subarray(1)
  assert.equal(joinBytes([piece]), piece)
})

test('several pieces are copied to memory of exactly their size, and stay as they are', () => {
  const memory = hex('01 02 03 04')
  const whole = joinBytes([memory.subarray(1, 2), memory.subarray(2, 3)])
  assert.equal(whole.buffer.byteLength, 2)
  whole.fill(9)
  assert.equal(toHex(memory), '01 02 03 04')
  assert.equal(joinBytes([]).buffer.byteLength, 0)
})
