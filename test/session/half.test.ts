import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FrameKind, maySend, type ReceiveHalf, readyState, type SendHalf } from '../../src/session/half.ts'

const MAY_SEND: ReadonlyArray<readonly [half: SendHalf, kind: FrameKind, allowed: boolean]> = [
  ['open', 'data', true],
  ['open', 'ping', true],
  ['open', 'pong', true],
  ['open', 'close', true],
  ['closeSent', 'data', false],
  ['closeSent', 'ping', true],
  ['closeSent', 'pong', true],
  ['closeSent', 'close', false],
  ['ended', 'data', false],
  ['ended', 'ping', false],
  ['ended', 'pong', false],
  ['ended', 'close', false],
]

test('after a Close frame control frames may be sent, after the end nothing (RFC 6455 §5.5.1)', () => {
  for (const [half, kind, allowed] of MAY_SEND) assert.equal(maySend(half, kind), allowed, `${half} ${kind}`)
})

const STATES: ReadonlyArray<readonly [send: SendHalf, receive: ReceiveHalf, state: string]> = [
  ['open', 'open', 'open'],
  ['open', 'closeReceived', 'closing'],
  ['open', 'failed', 'closing'],
  ['open', 'ended', 'closing'],
  ['closeSent', 'open', 'closing'],
  ['closeSent', 'closeReceived', 'closing'],
  ['closeSent', 'failed', 'closing'],
  ['closeSent', 'ended', 'closing'],
  ['ended', 'open', 'closing'],
  ['ended', 'ended', 'closed'],
]

test('a connection is open with both halves open, closed with both ended, and closing in between', () => {
  for (const [send, receive, state] of STATES) assert.equal(readyState(send, receive), state, `${send} ${receive}`)
})
