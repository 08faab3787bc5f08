// What a failure of the floors below becomes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtocolError, VIOLATIONS, type ViolationCode } from '../../src/codec/protocol-error.ts'
import { InvalidStateError, InvalidTextError } from '../../src/codec/web-socket-error.ts'
import {
  attempt,
  HRESULT_FROM_WIN32,
  handshakeFailure,
  ResultError,
  receiveFailure,
} from '../../src/component/result.ts'

const FORMAT = 0x83760002
const OPERATION = 0x83760001
const INVALIDARG = 0x80070057

const EXCEPTIONS: Partial<Record<ViolationCode, number>> = {
  UNEXPECTED_CONTINUATION: OPERATION,
  MESSAGE_NOT_FINISHED: OPERATION,
  MESSAGE_TOO_BIG: 0xa3760001,
  TOO_MANY_FRAGMENTS: 0xa3760002,
}

for (const code of Object.keys(VIOLATIONS) as ViolationCode[]) {
  test(`${code} in received bytes has its result code, offset, rule and close status`, () => {
    const { hr, detail, closeStatus, offset, rule } = receiveFailure(new ProtocolError(code, 7))
    assert.equal(hr, EXCEPTIONS[code] ?? FORMAT)
    assert.equal(closeStatus, VIOLATIONS[code].closeCode)
    assert.equal(offset, 7)
    assert.equal(rule, VIOLATIONS[code].rule)
    assert.equal(detail, `${VIOLATIONS[code].text}, decided by byte 7 (${VIOLATIONS[code].rule})`)
  })
}

for (const [name, thrown, hr, detail] of [
  ['a wrong moment', new InvalidStateError('Too early'), OPERATION, 'Too early'],
  ['text that is not UTF-8', new InvalidTextError('Bad text'), FORMAT, 'Bad text (RFC 6455 §8.1)'],
  ['a wrong type', new TypeError('Wrong type'), INVALIDARG, 'Wrong type'],
  ['a wrong number', new RangeError('Wrong number'), INVALIDARG, 'Wrong number'],
  ['a result error', new ResultError(5, 'As it is'), 5, 'As it is'],
  ['whatever a getter of the caller throws', 'oops', INVALIDARG, 'An argument cannot be read'],
] as const) {
  test(`${name} has its result code`, () => {
    const error = catchError(() =>
      attempt(() => {
        throw thrown
      }),
    )
    assert.ok(error instanceof ResultError)
    assert.deepEqual([error.hr, error.message], [hr, detail])
  })
}

test('what succeeds is returned', () =>
  assert.equal(
    attempt(() => 3),
    3,
  ))

test('a refusal of the handshake has the result code of its subject and names its rule', () => {
  assert.deepEqual(
    (['HOST_INVALID', 'VERSION_NOT_SUPPORTED', 'SUBPROTOCOL_NOT_OFFERED', 'EXTENSION_NOT_OFFERED'] as const).map(
      (code) => handshakeFailure(code).hr,
    ),
    [FORMAT, 0x83760005, 0x83760004, 0x83760003],
  )
  assert.match(handshakeFailure('KEY_INVALID').message, /^Sec-WebSocket-Key .* \(RFC 6455 §4\.2\.1\)$/)
})

test('HRESULT_FROM_WIN32 makes result codes of Windows error codes', () => {
  assert.deepEqual([0, 122, 0x1_0006].map(HRESULT_FROM_WIN32), [0, 0x8007007a, 0x80070006])
})

function catchError(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}
