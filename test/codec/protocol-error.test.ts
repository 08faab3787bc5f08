import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayTravel } from '../../src/codec/close-code.ts'
import { ProtocolError, VIOLATIONS, type ViolationCode } from '../../src/codec/protocol-error.ts'
import { WebSocketError } from '../../src/codec/web-socket-error.ts'

const CLOSE_CODES: Record<ViolationCode, number> = {
  RESERVED_BIT_SET: 1002,
  RESERVED_OPCODE: 1002,
  FRAME_NOT_MASKED: 1002,
  FRAME_MASKED: 1002,
  LENGTH_NOT_MINIMAL: 1002,
  LENGTH_TOP_BIT_SET: 1002,
  LENGTH_NOT_SAFE: 1002,
  CONTROL_FRAME_FRAGMENTED: 1002,
  CONTROL_FRAME_TOO_LONG: 1002,
  UNEXPECTED_CONTINUATION: 1002,
  MESSAGE_NOT_FINISHED: 1002,
  INVALID_UTF8: 1007,
  CLOSE_PAYLOAD_TOO_SHORT: 1002,
  CLOSE_CODE_NOT_ALLOWED: 1002,
  CLOSE_REASON_NOT_UTF8: 1007,
  INVALID_COMPRESSED_DATA: 1007,
  COMPRESSED_DATA_TOO_LONG: 1009,
  MESSAGE_TOO_BIG: 1009,
  TOO_MANY_FRAGMENTS: 1008,
  TOO_MANY_CONTROL_FRAMES: 1008,
  FRAME_TIMEOUT: 1008,
  PONG_TIMEOUT: 1006,
  CLOSE_TIMEOUT: 1006,
  ENDED_WITHOUT_CLOSE: 1006,
}

test('every violation has a row, and no row is without a test', () => {
  assert.deepEqual(Object.keys(VIOLATIONS).sort(), Object.keys(CLOSE_CODES).sort())
})

for (const [code, closeCode] of Object.entries(CLOSE_CODES) as [ViolationCode, number][]) {
  test(`${code} is answered with ${closeCode} and says which rule it breaks`, () => {
    const error = new ProtocolError(code, 7)
    assert.equal(error.code, code)
    assert.equal(error.closeCode, closeCode)
    assert.equal(error.offset, 7)
    assert.equal(error.phase, 'open')
    assert.match(error.rule, /^RFC (?:6455|7692) §[\d.]+$/)
    assert.equal(error.rule, VIOLATIONS[code].rule)
    assert.match(error.message, /^[A-Z].*[^.]$/)
    assert.ok(closeCode === 1006 || mayTravel(closeCode))
  })
}

test('a protocol error has the number that broke the rule, where there is one', () => {
  assert.equal(new ProtocolError('RESERVED_OPCODE', 0, 'open', 3).found, 3)
  assert.equal(new ProtocolError('FRAME_NOT_MASKED', 0).found, undefined)
})

test('a protocol error is a WebSocketError that knows its phase', () => {
  const error = new ProtocolError('CLOSE_TIMEOUT', 0, 'closing')
  assert.ok(error instanceof WebSocketError)
  assert.equal(error.name, 'ProtocolError')
  assert.equal(error.phase, 'closing')
})
