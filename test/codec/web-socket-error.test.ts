import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  InvalidStateError,
  InvalidTextError,
  TransportError,
  WebSocketError,
} from '../../src/codec/web-socket-error.ts'

test('an error carries what applies and leaves the rest undefined', () => {
  const error = new WebSocketError('SOME_CODE', 'Something failed')
  assert.ok(error instanceof Error)
  assert.equal(error.name, 'WebSocketError')
  assert.equal(error.message, 'Something failed')
  assert.equal(error.code, 'SOME_CODE')
  for (const detail of ['closeCode', 'phase', 'offset', 'rule'] as const) assert.equal(error[detail], undefined)
  assert.equal('cause' in error, false)
})

test('an error carries all that it is given', () => {
  const cause = new Error('below')
  const error = new WebSocketError('A', 'b', {
    closeCode: 1002,
    phase: 'closing',
    offset: 3,
    rule: 'RFC 6455 §5.2',
    cause,
  })
  assert.deepEqual(
    [error.closeCode, error.phase, error.offset, error.rule, error.cause],
    [1002, 'closing', 3, 'RFC 6455 §5.2', cause],
  )
})

test('a cause of undefined is a cause', () => {
  assert.equal('cause' in new WebSocketError('A', 'b', { cause: undefined }), true)
})

test('the kinds are told apart by class, name and code', () => {
  const state = new InvalidStateError('Not now')
  assert.ok(state instanceof WebSocketError)
  assert.deepEqual([state.name, state.code, state.message], ['InvalidStateError', 'INVALID_STATE', 'Not now'])
  const text = new InvalidTextError('Not text')
  assert.ok(text instanceof TypeError)
  assert.equal(text.code, 'INVALID_TEXT')
  assert.equal(new TransportError('ECONNRESET', 'Gone').name, 'TransportError')
})
