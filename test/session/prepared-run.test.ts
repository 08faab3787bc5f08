// Messages in a row as one piece of memory: what a server sends of them one by one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PreparedRun, prepareMessage, Session } from '../../src/session/index.ts'
import { frameBytesOf } from '../../src/session/prepared-run.ts'
import { concat, toHex } from '../support/wire.ts'

test('the frames of a run are those that a server sends of its messages, whatever their length', () => {
  const server = new Session({ role: 'server' })
  const run = new PreparedRun()
  assert.deepEqual(run.frames(), new Uint8Array(0))
  for (const data of [
    '',
    'é',
    new Uint8Array(125).fill(1),
    'a'.repeat(126),
    new Uint8Array(65_535),
    'b'.repeat(65_536),
  ]) {
    const message = prepareMessage(data)
    const before = run.wireBytes
    run.add(message)
    server.sendPrepared(message)
    assert.equal(run.wireBytes - before, frameBytesOf(message))
  }
  assert.equal(toHex(run.frames()), toHex(concat(...server.takeOutput())))
  const { messagesSent, wireBytesSent, payloadBytesSent } = server.stats()
  assert.deepEqual(
    [run.messages.length, run.wireBytes, run.payloadBytes],
    [messagesSent, wireBytesSent, payloadBytesSent],
  )
})

test('what was sent past a session counts as sent, across its rests, and is no silence', () => {
  const server = new Session({ role: 'server', limits: { idleTimeoutMs: 100 } })
  server.send('text', 'a')
  server.takeOutput()
  Session.passed(server, { messages: 2, wireBytes: 9, payloadBytes: 5 }, 60)
  assert.equal(server.deadline, 160)
  Session.passed(server, { messages: 1, wireBytes: 2, payloadBytes: 0 }, 50) // a clock that is set back makes no time pass
  assert.equal(server.deadline, 160)
  const { messagesSent, framesSent, wireBytesSent, payloadBytesSent } = server.stats()
  assert.deepEqual([messagesSent, framesSent, wireBytesSent, payloadBytesSent], [4, 4, 14, 6])
  const stats = server.stats()
  Session.rest(server)
  assert.deepEqual(server.stats(), stats)
})
