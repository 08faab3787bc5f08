// The engine accepts and refuses what the RFCs say, in each situation, at the byte that decides, with the code that is due.
// Here all first bytes with the second ones that tell; and headers that a faulty engine takes for others.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Session, type SessionEvent } from '../../src/session/index.ts'
import { testFile } from '../support/programs.ts'
import { ENGINE, type SessionSubject } from '../support/session-subject.ts'
import { Disagreement, Judge, SITUATIONS, TELLING } from './judgement.ts'
import { RULES, verdict } from './rfc6455.ts'

const IDLE = { receiver: 'server', compression: false, maxMessageBytes: 1_000 } as const

for (const [rows, states] of [
  ['T-40, T-41, T-42, T-43, T-44', 'open'],
  ['T-57', 'closing'],
] as const) {
  const isClosing = states === 'closing'
  test(`${rows}: what a frame begins with is judged as the RFCs say while the connection is ${states}`, (t) => {
    let sessions = 0
    for (const situation of SITUATIONS.filter(({ closing }) => (closing !== undefined) === isClosing)) {
      const judge = new Judge(ENGINE, situation)
      judge.judgeAll(isClosing && situation.closing !== 'sent' ? [0x00, 0x85] : TELLING)
      sessions += judge.sessions
    }
    t.diagnostic(`${sessions} sessions`)
  })
}

test('there are the situations that there can be, for both roles, with and without compression', () => {
  const names = (compression: boolean) =>
    SITUATIONS.filter((situation) => situation.compression === compression && situation.receiver === 'client')
  assert.equal(names(false).length, 9)
  assert.equal(names(true).length, 10)
  assert.equal(SITUATIONS.length, 38)
})

// --- the oracle itself ------------------------------------------------------------------------------------------------

test('the oracle imports nothing: no mistake of the engine can be one of its own', () => {
  const source = readFileSync(testFile('oracle', 'rfc6455.ts'), 'utf8')
  assert.doesNotMatch(source, /\bimport\b(?!s)|\brequire\b/)
})

test('each of its rows refuses something, and cites where that is said', () => {
  const cited = new Set<string>()
  for (const situation of SITUATIONS) {
    for (let first = 0; first < 256; first++) {
      for (const second of TELLING) {
        const said = verdict(first, second, situation)
        if (said.kind === 'refused') cited.add(`${said.rule}: ${said.says}`)
      }
    }
  }
  assert.deepEqual([...cited].sort(), [...RULES].sort())
  assert.equal(RULES.length, 11)
})

test('it says what the examples of RFC 6455 §5.7 are', () => {
  const toClient = { ...IDLE, receiver: 'client' } as const
  assert.deepEqual(verdict(0x81, 0x05, toClient), { kind: 'accepted', completes: 'text' })
  assert.deepEqual(verdict(0x81, 0x85, IDLE), { kind: 'accepted', completes: 'text' })
  assert.deepEqual(verdict(0x01, 0x03, toClient), { kind: 'accepted', completes: 'no message yet' })
  const message = { type: 'text', compressed: false, bytes: 3 } as const
  assert.deepEqual(verdict(0x80, 0x02, { ...toClient, message }), { kind: 'accepted', completes: 'text' })
  assert.deepEqual(verdict(0x89, 0x05, toClient), { kind: 'accepted', completes: 'ping' })
  assert.deepEqual(verdict(0x8a, 0x85, IDLE), { kind: 'accepted', completes: 'pong' })
  assert.deepEqual(verdict(0x82, 0x7e, toClient), { kind: 'accepted', completes: 'binary' })
  assert.deepEqual(verdict(0x82, 0x7f, toClient), { kind: 'accepted', completes: 'binary' })
})

// --- deliberate faults ------------------------------------------------------------------------------------------------

/** A session that takes two bytes for two others. */
function mistaking(wrong: readonly [number, number], right: readonly [number, number]): SessionSubject {
  class Mistaken extends Session {
    override receive(bytes: Uint8Array): void {
      const at = bytes.length - 2
      if (at >= 0 && bytes[at] === wrong[0] && bytes[at + 1] === wrong[1]) bytes.set(right, at)
      super.receive(bytes)
    }
  }
  return { createSession: (options) => new Mistaken(options) }
}

function found(subject: SessionSubject, name = 'idle'): string {
  const situation = SITUATIONS.find((one) => one.name === name && one.receiver === 'server' && !one.compression)!
  try {
    new Judge(subject, situation).judgeAll(TELLING)
  } catch (error) {
    if (error instanceof Disagreement) return error.message
    throw error
  }
  return 'nothing'
}

test('an engine that accepts one header that is wrong is found out, with what to call to see it again', () => {
  assert.equal(
    found(mistaking([0x8b, 0xfd], [0x8a, 0xfd])),
    [
      '8b fd to a server that is idle is to be refused with 1002 at byte 0 (RFC 6455 §5.2);',
      'it gives nothing',
      'Again: node dist/test/oracle/main.js --bytes=8bfd --receiver=server --situation="idle" --compression=no',
    ].join('\n'),
  )
})

test('one that refuses one that is right is found out', () => {
  assert.match(
    found(mistaking([0x89, 0xfd], [0x89, 0x7d])),
    /^89 fd .* accepted;\nit gives FRAME_NOT_MASKED with 1002 at byte 1/,
  )
})

test('one that finds the right fault at the wrong byte, or answers it with the wrong code, is found out', () => {
  assert.match(
    found(mistaking([0x82, 0x7d], [0xf2, 0xfd])),
    /refused with 1002 at byte 1 .*\nit gives RESERVED_BIT_SET/,
  )
  const report = found(mistaking([0x82, 0xe5], [0x82, 0x65]), 'idle with a low limit')
  assert.match(report, /refused with 1009 at byte 1 .*\nit gives FRAME_NOT_MASKED with 1002 at byte 1/)
})

test('one that takes one kind of frame for another is found out', () => {
  assert.match(found(mistaking([0x81, 0x82], [0x82, 0x82])), /accepted;\nit is completed to text, and gives message/)
})

test('one that still reads after a Close frame is found out', () => {
  /** Tells of a pong behind each Close frame. */
  class ReadsOn extends Session {
    #pongs = 0

    override next(): SessionEvent | undefined {
      const event = super.next()
      if (event?.kind === 'close') this.#pongs++
      if (event !== undefined || this.#pongs === 0) return event
      this.#pongs--
      return { kind: 'pong', payload: new Uint8Array(0), roundTripMs: undefined }
    }
  }
  const subject: SessionSubject = { createSession: (options) => new ReadsOn(options) }
  assert.match(found(subject, 'closing, theirs received'), /to be ignored;\nit gives pong/)
})
