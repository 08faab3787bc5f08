// What is sent the fast way beside what is sent the way of all messages: the same bytes and the same counts, or nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MessageType, prepareMessage, Session, type SessionOptions } from '../../src/session/index.ts'
import { client, output, server } from '../support/engine.ts'
import { utf8 } from '../support/wire.ts'

const TEXT = 'Grüße, 世界! ☕ 😀 '

const MESSAGES: ReadonlyArray<readonly [name: string, type: MessageType, data: unknown]> = [
  ['a short text', 'text', 'Hello'],
  ['no text', 'text', ''],
  ['text beyond ASCII', 'text', TEXT.repeat(50)],
  ['bytes', 'binary', Uint8Array.of(1, 2, 3, 255)],
  ['a Buffer', 'binary', Buffer.alloc(125, 0xc5)],
  ['as many bytes as are copied', 'binary', new Uint8Array(4_096).fill(7)],
  ['text as bytes', 'text', utf8('Hello')],
  ['text beyond ASCII in a Buffer', 'text', Buffer.from(TEXT.repeat(20))],
]

/** What the fast way is not for. */
const OTHERS: ReadonlyArray<
  readonly [name: string, type: MessageType, data: unknown, options?: Partial<SessionOptions>]
> = [
  ['a string as binary', 'binary', 'text'],
  ['no bytes', 'binary', new Uint8Array(0)],
  ['more than is copied', 'binary', new Uint8Array(4_097)],
  ['memory that is no array', 'binary', new ArrayBuffer(3)],
  ['something else', 'binary', 42],
  ['bytes that are no text', 'text', Uint8Array.of(0x61, 0xff)],
  ['a text that ends inside a character', 'text', utf8('ä').subarray(0, 1)],
]

/** A session that has sent something: the fast way is for those. */
function begun(role: 'client' | 'server', options: Partial<SessionOptions> = {}): Session {
  const session = role === 'client' ? client(options) : server(options)
  session.send('binary', Uint8Array.of(0))
  return session
}

for (const role of ['client', 'server'] as const) {
  for (const [name, type, data] of MESSAGES) {
    test(`${name}, from a ${role}: sent as all messages are`, () => {
      const [plain, fast] = [begun(role), begun(role)]
      plain.send(type, data as string)
      assert.equal(Session.sendWhole(fast, type, data, 65_536), true)
      assert.deepEqual(fast.stats(), plain.stats())
      assert.equal(fast.outputBytes, plain.outputBytes)
      assert.equal(output(fast), output(plain))
    })
  }

  for (const [name, type, data, options] of OTHERS) {
    test(`${name}, from a ${role}: left alone`, () => {
      const [plain, fast] = [begun(role, options), begun(role, options)]
      assert.equal(Session.sendWhole(fast, type, data, 65_536), false)
      assert.deepEqual(fast.stats(), plain.stats())
      assert.equal(output(fast), output(plain))
    })
  }
}

test('text that is not checked is sent whatever it is', () => {
  const [plain, fast] = [begun('server', { validateUtf8: false }), begun('server', { validateUtf8: false })]
  const bytes = Uint8Array.of(0x61, 0xff)
  plain.send('text', bytes)
  assert.equal(Session.sendWhole(fast, 'text', bytes, 65_536), true)
  assert.equal(output(fast), output(plain))
})

test('inside a message, inside a frame, and behind our Close frame it is left alone', () => {
  const inMessage = begun('server')
  inMessage.send('text', 'a', { final: false })
  const inFrame = begun('server')
  inFrame.startFrame('text', 2)
  const closing = begun('server')
  closing.close(1000)
  for (const session of [inMessage, inFrame, closing]) {
    assert.equal(Session.sendWhole(session, 'text', 'b', 65_536), false)
    assert.equal(Session.sendWhole(session, 'text', utf8('b'), 65_536), false)
  }
})

test('an output that would get longer than it may is left alone', () => {
  const session = begun('server')
  assert.equal(Session.sendWhole(session, 'binary', new Uint8Array(100), 100), false)
  assert.equal(Session.sendWhole(session, 'text', 'a'.repeat(100), 100), false)
  assert.equal(Session.sendWhole(session, 'binary', new Uint8Array(100), 200), true)
})

// --- many, one behind another -----------------------------------------------------------------------------------------

/** Numbers that are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff) yield state >>> 8
}

const PAYLOADS: ReadonlyArray<string | Uint8Array> = [
  'a',
  '',
  'ASCII '.repeat(20),
  'a'.repeat(125),
  'a'.repeat(126),
  'ä'.repeat(62),
  'ä'.repeat(63),
  '€'.repeat(125),
  'lone \ud800',
  '\0\0',
  'a'.repeat(3_000),
  Uint8Array.of(1, 2, 3),
]

/** What is asked of a session between messages, with what it answers. */
const QUESTIONS: ReadonlyArray<(session: Session) => unknown> = [
  (session) => output(session),
  (session) => session.outputBytes,
  (session) => session.stats(),
  (session) => session.ping('p'),
  (session) => session.send('text', 'otherwise'),
  (session) => {
    session.startFrame('binary', 2)
    session.continueFrame(Uint8Array.of(1, 2))
  },
  (session) => session.sendPrepared(prepareMessage('prepared')),
]

const ENDS: ReadonlyArray<readonly [name: string, end: (session: Session) => void]> = [
  ['taken', () => {}],
  ['closed', (session) => session.close(1000)],
  ['failed', (session) => session.fail(1008)],
  ['ended by the stream', (session) => session.receiveEnd()],
  ['aborted', (session) => session.abort()],
]

for (const role of ['client', 'server'] as const) {
  for (const [name, end] of ENDS) {
    test(`messages of any kind in any order, from a ${role}, ${name}: as one by one`, () => {
      for (let seed = 1; seed <= 60; seed++) {
        const [plain, fast] = [begun(role), begun(role)]
        const draw = numbers(seed)
        for (let i = 0; i < 40; i++) {
          const number = draw.next().value
          const question = QUESTIONS[number % 41]
          if (question !== undefined) {
            assert.deepEqual(question(fast), question(plain), `seed ${seed}`)
            continue
          }
          const data = PAYLOADS[number % PAYLOADS.length]!
          const type = typeof data === 'string' ? 'text' : 'binary'
          plain.send(type, data)
          if (!Session.sendWhole(fast, type, data, 65_536)) fast.send(type, data)
        }
        for (const session of [plain, fast]) end(session)
        assert.deepEqual(fast.stats(), plain.stats())
        assert.equal(output(fast), output(plain), `seed ${seed}`)
      }
    })
  }
}

test('texts that are written together are no more than the output may get', () => {
  const session = begun('server')
  let sent = 0
  while (Session.sendWhole(session, 'text', 'a'.repeat(100), 1_000)) sent++
  assert.equal(sent, 3) // as they might take three bytes for each character
  assert.equal(session.outputBytes, 3 + 3 * 102)
})

/** As an application may have it: what its methods give is not what it holds, and a copy of its kind is something else. */
class Packet extends Uint8Array {
  constructor(length: number) {
    super(length | 0)
  }

  override subarray(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(3)
  }

  override get length(): number {
    return 1_000_000
  }
}

for (const role of ['client', 'server'] as const) {
  test(`bytes of a class of the application's, from a ${role}: what they hold is sent, whatever their methods say`, () => {
    for (const length of [1, 100, 383, 384, 400, 4_096]) {
      const [plain, fast] = [begun(role), begun(role)]
      const packet = new Packet(length).fill(0xab)
      plain.send('binary', new Uint8Array(length).fill(0xab))
      assert.equal(Session.sendWhole(fast, 'binary', packet, 65_536), true)
      assert.deepEqual(fast.stats(), plain.stats())
      assert.equal(output(fast), output(plain))
    }
  })
}

test('bytes behind texts that are not written yet are no more than the output may get', () => {
  const session = begun('server')
  const waiting = session.outputBytes
  assert.equal(Session.sendWhole(session, 'text', 'a'.repeat(100), 1_000), true)
  assert.equal(Session.sendWhole(session, 'binary', new Uint8Array(1_000 - waiting - 100), 1_000), false)
  assert.equal(Session.sendWhole(session, 'binary', new Uint8Array(100), 1_000), true)
})

test('what is recorded does not go the short way', () => {
  for (const data of ['b', utf8('b')]) {
    const session = begun('server')
    session.recordFrames = true
    assert.equal(Session.sendWhole(session, 'text', data, 65_536), false)
    session.recordFrames = false
    assert.equal(Session.sendWhole(session, 'text', data, 65_536), true)
  }
})
