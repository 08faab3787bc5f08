// What a face may ask of a session beyond the ordinary: that it closes nothing by itself, pieces of a bounded size, the
// message that is open, and messages that an extension has marked as its own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidTextError } from '../../src/codec/web-socket-error.ts'
import { Session, type SessionEvent, type SessionOptions } from '../../src/session/index.ts'
import { concat, frame, hex, toHex } from '../support/wire.ts'

const MARKED = [{ name: 'x', parameters: [], reservedBits: 0b100 }]

function open(options: Partial<SessionOptions> = {}): Session {
  return new Session({ role: 'client', delivery: 'raw', keepalive: false, randomUint32: () => 0x37fa213d, ...options })
}

function output(session: Session): string {
  return toHex(concat(...session.takeOutput()))
}

/** The events of all bytes, taken with pieces of at most `maxPieceBytes`. */
function eventsOf(session: Session, maxPieceBytes: number): SessionEvent[] {
  const events: SessionEvent[] = []
  for (;;) {
    const event = session.next(maxPieceBytes)
    if (event === undefined) return events
    events.push(event)
  }
}

test('without autoClose a failure sends no Close frame: the application may send data, and its own', () => {
  const session = open({ autoClose: false })
  session.receive(hex('83'))
  assert.deepEqual(
    eventsOf(session, 1).map(({ kind }) => kind),
    ['failure'],
  )
  assert.equal(output(session), '')
  assert.deepEqual(
    [session.readyState, session.wantsEnd, session.deadline],
    ['closing', false, Number.POSITIVE_INFINITY],
  )
  session.receive(hex('81 00'))
  assert.equal(session.next(), undefined)
  session.send('binary', new Uint8Array(0))
  session.close(1002)
  assert.equal(output(session), '82 80 37 fa 21 3d 88 82 37 fa 21 3d 34 10')
  assert.equal(session.wantsEnd, true)
})

test('without autoClose the application can still fail the connection, which is told', () => {
  const session = open({ autoClose: false })
  session.fail(1008)
  assert.equal(output(session), '88 82 37 fa 21 3d 34 0a')
})

test('with autoClose a failure sends its Close frame', () => {
  const session = open()
  session.receive(hex('83'))
  assert.equal(session.next()?.kind, 'failure')
  assert.equal(output(session), '88 82 37 fa 21 3d 34 10')
})

for (const [size, expected] of [
  [1, ['41', '42', '43', '44']],
  [3, ['41 42 43', '44']],
  [4, ['41 42 43 44']],
  [Number.POSITIVE_INFINITY, ['41 42 43 44']],
] as const) {
  test(`a frame of 4 bytes is handed over in pieces of at most ${size}, masked or not`, () => {
    for (const key of [undefined, '37fa213d']) {
      const session = open({ role: key === undefined ? 'client' : 'server' })
      const parts = key === undefined ? {} : { key }
      session.receive(concat(frame({ ...parts, opcode: 1, payload: 'ABCD' }), frame({ ...parts, opcode: 9 })))
      const events = eventsOf(session, size)
      const pieces = events.filter((event) => event.kind === 'fragment')
      assert.deepEqual(
        pieces.map(({ payload }) => toHex(payload)),
        expected,
      )
      assert.deepEqual(
        pieces.map(({ endOfFrame, final }) => [endOfFrame, final]),
        expected.map((_, i) => [i === expected.length - 1, i === expected.length - 1]),
      )
      assert.equal(events.at(-1)?.kind, 'ping')
    }
  })
}

test('bytes beyond a piece are not looked at: a violation in them comes after it', () => {
  const session = open()
  session.receive(hex('81 03 41 42 ff'))
  const [piece, failure] = eventsOf(session, 2)
  assert.ok(piece?.kind === 'fragment' && failure?.kind === 'failure')
  assert.equal(toHex(piece.payload), '41 42')
  assert.equal(failure.error.offset, 4)
})

test('whole messages are whole whatever the size of pieces', () => {
  const session = open({ delivery: 'message' })
  session.receive(frame({ opcode: 1, payload: 'ABCD' }))
  const [event] = eventsOf(session, 1)
  assert.ok(event?.kind === 'message')
  assert.equal(toHex(event.payload), '41 42 43 44')
})

test('the open message is the one that was begun and not ended', () => {
  const session = open()
  assert.equal(session.openMessage, undefined)
  session.send('text', 'a', { final: false })
  assert.equal(session.openMessage, 'text')
  session.send('text', 'b')
  assert.equal(session.openMessage, undefined)
  session.startFrame('binary', 1, { final: false })
  assert.equal(session.openMessage, 'binary')
})

test('text that is not UTF-8 is an error of its own kind, and a TypeError', () => {
  for (const payload of [hex('ff'), hex('e2 82')]) {
    assert.throws(
      () => open().send('text', payload),
      (error) => error instanceof InvalidTextError && error instanceof TypeError && error.code === 'INVALID_TEXT',
    )
  }
})

test('text that an extension has marked is not checked, in either direction, and the next message is', () => {
  const session = open({ extensions: MARKED })
  session.send('text', hex('ff'), { final: false, reservedBits: 0b100 })
  session.send('text', hex('fe'))
  assert.throws(() => session.send('text', hex('ff')), InvalidTextError)
  session.receive(
    concat(frame({ fin: false, reservedBits: 0b100, opcode: 1, payload: hex('ff') }), hex('80 01 fe 81 01 ff')),
  )
  assert.deepEqual(
    eventsOf(session, 10).map((event) => (event.kind === 'fragment' ? toHex(event.payload) : event.kind)),
    ['ff', 'fe', 'failure'],
  )
})
