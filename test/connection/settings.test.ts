// The limits of a connection: which are its own, which its session's, and what is no limit at all.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_SEND_LIMITS, readConnectionOptions } from '../../src/connection/index.ts'
import { readConnectionLimits } from '../../src/connection/settings.ts'
import { scripted } from '../support/scripted-stream.ts'

test('without limits the defaults hold: 64 KiB and 4 MiB', () => {
  assert.deepEqual(DEFAULT_SEND_LIMITS, { highWaterBytes: 65_536, maxBufferedBytes: 4_194_304 })
  assert.deepEqual(readConnectionLimits(undefined), { session: {}, send: DEFAULT_SEND_LIMITS })
  assert.deepEqual(readConnectionLimits({}), { session: {}, send: DEFAULT_SEND_LIMITS })
})

test('limits are told apart: those of the session, and those of what is sent', () => {
  assert.deepEqual(readConnectionLimits({ maxMessageBytes: 5, highWaterBytes: 7 }), {
    session: { maxMessageBytes: 5 },
    send: { highWaterBytes: 7, maxBufferedBytes: 4_194_304 },
  })
  assert.deepEqual(readConnectionLimits({ maxBufferedBytes: Number.POSITIVE_INFINITY }), {
    session: {},
    send: { highWaterBytes: 65_536, maxBufferedBytes: Number.POSITIVE_INFINITY },
  })
  assert.deepEqual(readConnectionLimits({ highWaterBytes: undefined } as object).send, DEFAULT_SEND_LIMITS)
})

for (const { options, error } of [
  { options: { limits: { highWaterBytes: 0 } }, error: RangeError },
  { options: { limits: { highWaterBytes: 1 } }, error: undefined },
  { options: { limits: { maxBufferedBytes: 0 } }, error: RangeError },
  { options: { limits: { maxBufferedBytes: 1 } }, error: undefined },
  { options: { limits: { maxBufferedBytes: '1' } }, error: TypeError },
  { options: { limits: { maxMessageBytes: -1 } }, error: RangeError },
  { options: { limits: { maxMessageByte: 1 } }, error: TypeError },
  { options: { limits: 5 }, error: TypeError },
  { options: { keepalive: { pingIntervalMs: 0 } }, error: RangeError },
  { options: { keepalive: { pingIntervalMs: 1 } }, error: undefined },
  { options: { keepalive: false }, error: undefined },
  { options: { keepalive: 'on' }, error: TypeError },
  { options: { backpressure: 'wait' }, error: undefined },
  { options: { backpressure: 'drop' }, error: undefined },
  { options: { backpressure: 'close' }, error: undefined },
  { options: { backpressure: undefined }, error: undefined },
  { options: { backpressure: 'throw' }, error: TypeError },
  { options: { backpressure: null }, error: TypeError },
  { options: { backpressure: true }, error: TypeError },
  { options: {}, error: undefined },
]) {
  test(`options ${JSON.stringify(options)} are ${error === undefined ? 'taken' : `a ${error.name}`}, before any connection and for one`, () => {
    if (error === undefined) {
      readConnectionOptions(options as never)
      scripted(options as never)
    } else {
      assert.throws(() => readConnectionOptions(options as never), error)
      assert.throws(() => scripted(options as never), error)
    }
  })
}

test('limits given to a connection reach its session', () => {
  const { connection, stream, host } = scripted({ limits: { maxMessageBytes: 1 } })
  connection.messages()
  stream.receive('82 82 00000000')
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 f1')
})

test('keepalive may be on or off, or an object that is copied', () => {
  const given = { pingIntervalMs: 5 }
  const { keepalive } = readConnectionOptions({ keepalive: given })
  assert.deepEqual(keepalive, given)
  assert.notEqual(keepalive, given)
  for (const keepalive of [true, false, undefined]) {
    assert.equal(readConnectionOptions({ keepalive }).keepalive, keepalive)
  }
})
