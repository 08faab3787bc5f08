import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocketError } from '../../src/codec/web-socket-error.ts'
import { HandshakeError, REFUSALS, type RefusalCode } from '../../src/handshake/handshake-error.ts'
import { statusTextOf } from '../../src/handshake/status-text.ts'

for (const [code, { rule, text, status }] of Object.entries(REFUSALS)) {
  test(`the row ${code} reads as the others do`, () => {
    assert.match(code, /^[A-Z]+(?:_[A-Z0-9]+)*$/)
    assert.match(rule, /^RFC \d+ §\d+(?:\.\d+)*$/)
    assert.match(text, /^[A-Z].*[^.]$/)
    if (status !== undefined) assert.notEqual(statusTextOf(status), '')
  })
}

// RFC 6455 §4.2.1, §4.2.2 and §4.4; RFC 9110 §15; RFC 6585 §5.
const STATUSES: Partial<Record<RefusalCode, number>> = {
  HEAD_MALFORMED: 400,
  REQUEST_LINE_TOO_LONG: 414,
  HEAD_TOO_LONG: 431,
  TOO_MANY_HEADERS: 431,
  HTTP_VERSION_NOT_SUPPORTED: 400,
  METHOD_NOT_GET: 405,
  TARGET_INVALID: 400,
  HOST_INVALID: 400,
  BODY_NOT_ALLOWED: 400,
  UPGRADE_MISSING: 426,
  UPGRADE_INVALID: 400,
  CONNECTION_INVALID: 400,
  VERSION_INVALID: 400,
  VERSION_NOT_SUPPORTED: 426,
  KEY_INVALID: 400,
  SUBPROTOCOL_OFFER_INVALID: 400,
  EXTENSION_OFFER_INVALID: 400,
  ORIGIN_INVALID: 400,
  ORIGIN_NOT_ALLOWED: 403,
  EARLY_BYTES_TOO_MANY: 400,
  POLICY_FAILED: 500,
  SERVER_CLOSING: 503,
  TOO_MANY_HANDSHAKES: 503,
  HANDSHAKE_TIMEOUT: 408,
}

test('a server refuses each request with the status that says whose fault it is, and whether to ask again', () => {
  for (const [code, { status }] of Object.entries(REFUSALS)) {
    assert.equal(status, STATUSES[code as RefusalCode], code)
  }
})

test('a handshake error says what its row says', () => {
  const error = new HandshakeError('KEY_INVALID', { status: 400 })
  assert.ok(error instanceof WebSocketError)
  assert.equal(error.name, 'HandshakeError')
  assert.equal(error.code, 'KEY_INVALID')
  assert.equal(error.message, REFUSALS.KEY_INVALID.text)
  assert.equal(error.rule, 'RFC 6455 §4.2.1')
  assert.equal(error.phase, 'opening')
  assert.equal(error.status, 400)
  assert.equal(error.response, undefined)
  assert.equal(error.closeCode, undefined)
  assert.equal('cause' in error, false)
})

test('a handshake error of a client carries the response and its status', () => {
  const response = { status: 403, statusText: 'Forbidden', headers: [], body: Uint8Array.of(1) }
  const error = new HandshakeError('STATUS_NOT_101', { response })
  assert.equal(error.status, 403)
  assert.equal(error.response, response)
})

for (const [status, message] of [
  [401, 'Server did not switch protocols (401 Unauthorized)'],
  [418, 'Server did not switch protocols (418)'],
  [101, 'Server did not switch protocols'],
] as const) {
  test(`a handshake error of a client says the status ${status} in words of ours, not of the server`, () => {
    const response = { status, statusText: 'What the server says', headers: [], body: new Uint8Array() }
    assert.equal(new HandshakeError('STATUS_NOT_101', { response }).message, message)
  })
}

test('a handshake error keeps its cause', () => {
  const cause = new Error('why')
  assert.equal(new HandshakeError('POLICY_FAILED', { cause }).cause, cause)
})

// What a face that knows four kinds of failure makes of the rows; the rest is about the format.
const SUBJECTS: Readonly<Partial<Record<RefusalCode, string>>> = {
  VERSION_NOT_SUPPORTED: 'version',
  SUBPROTOCOL_NOT_OFFERED: 'subprotocol',
  EXTENSION_NOT_OFFERED: 'extensions',
  EXTENSION_REPEATED: 'extensions',
  EXTENSION_NOT_ACCEPTED: 'extensions',
  EXTENSIONS_IN_CONFLICT: 'extensions',
}

test('each row says what it is about', () => {
  for (const [code, { subject }] of Object.entries(REFUSALS)) {
    assert.equal(subject, SUBJECTS[code as RefusalCode] ?? 'format', code)
  }
})
