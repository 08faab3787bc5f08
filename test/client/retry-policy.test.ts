// What a new attempt may mend, row by row.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterClose, isTransientError } from '../../src/client/retry-policy.ts'
import { type CloseInfo, REFUSALS } from '../../src/index.ts'
import { HandshakeError, ProtocolError, TransportError, WebSocketError } from '../../src/node.ts'

function refused(status: number): HandshakeError {
  return new HandshakeError('STATUS_NOT_101', {
    response: { status, statusText: '', headers: [], body: new Uint8Array() },
  })
}

function unreachable(code: string): TransportError {
  return new TransportError('CONNECT_FAILED', 'Cannot connect', { cause: Object.assign(new Error(), { code }) })
}

for (const [status, transient] of [
  [200, false],
  [301, false],
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [407, false],
  [408, true],
  [409, false],
  [424, false],
  [425, true],
  [426, false],
  [428, false],
  [429, true],
  [430, false],
  [499, false],
  [500, true],
  [502, true],
  [503, true],
  [504, true],
  [599, true],
] as const) {
  test(`a refusal with ${status} is ${transient ? 'tried again' : 'final'}`, () => {
    assert.equal(isTransientError(refused(status)), transient)
  })
}

test('of the failures without a response, only time and the end of the stream are tried again', () => {
  const codes = Object.keys(REFUSALS) as (keyof typeof REFUSALS)[]
  const transient = codes.filter((code) => isTransientError(new HandshakeError(code)))
  assert.deepEqual(transient, ['HANDSHAKE_TIMEOUT', 'ENDED_IN_HANDSHAKE'])
})

test('an answer with 101 that is wrong is final', () => {
  const response = { status: 101, statusText: '', headers: [], body: new Uint8Array() }
  assert.equal(isTransientError(new HandshakeError('ACCEPT_NOT_CONFIRMED', { response })), false)
})

for (const [code, transient] of [
  ['ECONNREFUSED', true],
  ['ECONNRESET', true],
  ['ENOTFOUND', true],
  ['EAI_AGAIN', true],
  ['ETIMEDOUT', true],
  ['CERT_HAS_EXPIRED', false],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false],
] as const) {
  test(`a failed connect with ${code} is ${transient ? 'tried again' : 'final'}`, () => {
    assert.equal(isTransientError(unreachable(code)), transient)
  })
}

test('what is no error of a network is final', () => {
  for (const error of [new TypeError(), new RangeError(), new Error(), undefined, 'no', new WebSocketError('X', 'x')]) {
    assert.equal(isTransientError(error), false)
  }
})

function ending(code: number, more: Partial<CloseInfo> = {}): CloseInfo {
  return {
    code,
    reason: '',
    wasClean: true,
    initiator: 'remote',
    sentCode: code,
    receivedCode: code,
    error: undefined,
    ...more,
  }
}

for (const code of [1001, 1005, 1006, 1011, 1012, 1013, 1014, 3000, 4000, 4999]) {
  test(`the peer's ${code} is followed by another connection`, () => {
    assert.equal(afterClose(ending(code)), 'reconnect')
  })
}

test("the peer's 1000 is the end, also when our answer did not get through", () => {
  assert.equal(afterClose(ending(1000)), 'end')
  assert.equal(afterClose(ending(1000, { wasClean: false })), 'end')
})

for (const code of [1002, 1003, 1007, 1008, 1009, 1010]) {
  test(`the peer's ${code} is a failure, named after it`, () => {
    const error = afterClose(ending(code))
    assert.ok(error instanceof WebSocketError)
    assert.equal(error.code, 'NOT_RECONNECTED')
    assert.equal(error.closeCode, code)
    const mends = 'which a new connection does not mend: shouldReconnect may decide otherwise'
    assert.equal(error.message, `Peer closed with ${code}, ${mends}`)
  })

  test(`${code} that this side closed with is followed by another connection`, () => {
    assert.equal(afterClose(ending(code, { initiator: 'local' })), 'reconnect')
  })
}

test('1000 that this side closed with is followed by another connection', () => {
  assert.equal(afterClose(ending(1000, { initiator: 'local' })), 'reconnect')
})

test('what the peer did wrong is a failure, whatever it answered', () => {
  const error = new ProtocolError('MESSAGE_TOO_BIG', 0)
  assert.equal(afterClose(ending(1009, { initiator: 'local', error })), error)
  assert.equal(afterClose(ending(1000, { initiator: 'local', error })), error)
})

for (const code of ['FRAME_TIMEOUT', 'PONG_TIMEOUT', 'CLOSE_TIMEOUT', 'ENDED_WITHOUT_CLOSE'] as const) {
  test(`${code} is the network's, and followed by another connection`, () => {
    const error = new ProtocolError(code, 0)
    assert.equal(afterClose(ending(error.closeCode, { initiator: 'local', error })), 'reconnect')
  })
}

test('a stream that broke, and terminate, are followed by another connection', () => {
  const cause = new Error()
  for (const error of [
    new TransportError('TRANSPORT_FAILED', 'x', { closeCode: 1006, cause }),
    new WebSocketError('ABORTED', 'x', { closeCode: 1006 }),
  ]) {
    assert.equal(afterClose(ending(1006, { wasClean: false, error })), 'reconnect')
  }
})
