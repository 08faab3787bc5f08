// Sessions at rest lend what they work with to each other, and none of them can tell.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { payloadPool } from '../../src/codec/pooled-copy.ts'
import { type DeliveryMode, Session, type SessionOptions } from '../../src/session/index.ts'
import { type Parts, SpareParts, spareParts } from '../../src/session/parts.ts'
import { client, events, output, receive, server } from '../support/engine.ts'
import { SeededRandom } from '../support/random.ts'
import { concat, type FrameParts, frame, hex } from '../support/wire.ts'

const KEY = '37fa213d'

test('what one session worked with, the next one works with, until it is at rest in turn', () => {
  const first = server()
  receive(first, '81 81 00000000 61')
  const before = spareParts.length
  Session.pause(first)
  assert.equal(spareParts.length, before + 1)
  const second = server()
  receive(second, '81 81 00000000 61')
  second.send('text', 'a')
  assert.equal(spareParts.length, before)
  assert.equal(output(second), '81 01 61')
  Session.pause(second)
  assert.equal(spareParts.length, before + 1)
  receive(first, '81 81 00000000 61')
  assert.equal(spareParts.length, before)
  assert.deepEqual([first.stats().messagesReceived, second.stats().messagesReceived], [2, 1])
})

test('a session keeps what no other could go on with: a context of compression, a writer of its own', () => {
  const claiming = server({ extensions: [{ name: 'x', parameters: [], reservedBits: 4 }] })
  const writer = { writeFrame() {}, writeTextFrame: () => 0, writeHeader() {}, writePiece() {} }
  for (const session of [claiming, new Session({ role: 'server' }, writer)]) {
    session.send('binary', Uint8Array.of(1))
    output(session)
    Session.pause(session)
    assert.equal(Session.isRestless(session), true)
    Session.rest(session)
    assert.equal(Session.isRestless(session), false)
    receive(session, '82 81 00000000 61')
    assert.equal(session.stats().messagesReceived, 1)
  }
})

test('a rate counts anew, on the clock of whoever counts', () => {
  const options = { limits: { maxControlFramesPerSecond: 1, maxControlFrameBurst: 2 } }
  const pings = '8a 80 00000000 8a 80 00000000'
  const early = server({ ...options, now: 1_000_000 })
  receive(early, pings)
  early.tick(1_002_000)
  Session.pause(early)
  assert.equal(Session.isRestless(early), false)
  const late = server({ ...options, now: 5 })
  receive(late, pings)
  assert.equal(late.readyState, 'open')
  receive(late, pings)
  assert.equal(late.readyState, 'closing')
})

test('an option whose getter lets another session go on with the same parts changes nothing', () => {
  const session = server()
  const other = server()
  receive(session, '81 81 00000000 61')
  const options = Object.defineProperty({}, 'final', {
    enumerable: true,
    get() {
      Session.pause(session)
      other.send('text', 'its own')
      return true
    },
  })
  session.send('text', 'ours', options)
  assert.equal(output(other), '81 07 69 74 73 20 6f 77 6e')
  assert.equal(output(session), '81 04 6f 75 72 73')
  Session.pause(session)
  session.startFrame('text', 1, options)
  session.continueFrame(Uint8Array.of(0x61))
  assert.equal(output(session), '81 01 61')
})

test('clients that draw their keys elsewhere go on with the same parts, each with its own keys', () => {
  const [first, second] = [0x0102_0304, 0x0506_0708].map((key) => client({ randomUint32: () => key })) as [
    Session,
    Session,
  ]
  const before = spareParts.length
  for (const [session, key] of [
    [first, '01 02 03 04'],
    [second, '05 06 07 08'],
    [first, '01 02 03 04'],
  ] as const) {
    session.send('text', '')
    assert.equal(output(session), `81 80 ${key}`)
    Session.pause(session)
    assert.equal(Session.isRestless(session), false)
    assert.ok(spareParts.length <= Math.max(before, 1))
  }
})

test('parts are in use while a masking key is drawn, whatever its source calls', () => {
  const session: Session = client({
    randomUint32: () => {
      Session.pause(session)
      return 7
    },
  })
  const other = client({ randomUint32: () => 8 })
  session.send('text', 'a')
  assert.equal(Session.isRestless(session), true)
  other.send('text', 'a')
  assert.equal(output(session), '81 81 00 00 00 07 61')
  assert.equal(output(other), '81 81 00 00 00 08 61')
  const failing = client({
    randomUint32: () => {
      throw new Error('No chance')
    },
  })
  assert.throws(() => failing.send('text', 'a'), /No chance/)
  Session.pause(failing)
  assert.equal(Session.isRestless(failing), false)
})

test('bytes whose own properties let another session go on with the same parts change nothing', () => {
  const session = server()
  const other = server()
  const get = () => {
    Session.pause(session)
    other.send('text', 'its own')
    return new ArrayBuffer(1)
  }
  session.send('text', Object.defineProperty(Uint8Array.of(0x61), 'buffer', { get }))
  assert.equal(output(session), '81 01 61')
  assert.equal(output(other), '')
})

test('parts for whose message there was no memory are not lent', (t) => {
  const session = server()
  receive(session, '02 81 00000000 61')
  session.receive(hex('80 82 00000000 6263'))
  const { Uint8Array: Real } = globalThis
  t.after(() => Object.assign(globalThis, { Uint8Array: Real }))
  Object.assign(globalThis, {
    Uint8Array: new Proxy(Real, {
      construct: () => {
        throw new RangeError('Array buffer allocation failed')
      },
    }),
  })
  assert.throws(() => session.next(), RangeError)
  Object.assign(globalThis, { Uint8Array: Real })
  assert.deepEqual(events(session), [])
  Session.pause(session)
  assert.equal(Session.isRestless(session), true)
})

test('a session that has not been asked what comes next has something under way', () => {
  const session = server()
  session.receive(hex('81 81 00000000 61'))
  assert.equal(session.next()?.kind, 'message')
  Session.pause(session)
  assert.equal(Session.isRestless(session), true)
  assert.equal(session.next(), undefined)
  Session.pause(session)
  assert.equal(Session.isRestless(session), false)
})

/** Parts that are told from others by what they are set to. */
function partsFor(settings: object, mode: DeliveryMode = 'message'): Parts {
  return { settings, mode } as Parts
}

test('of spare parts those are taken that were given last and are set to the same', () => {
  const spare = new SpareParts()
  const [settings, others] = [{}, {}]
  const given = [partsFor(settings), partsFor(settings), partsFor(others), partsFor(settings, 'raw')]
  for (const parts of given) spare.give(parts)
  assert.equal(spare.take({}, 'message'), undefined)
  const taken = [settings, settings, settings].map((wanted) => spare.take(wanted, 'message'))
  assert.deepEqual(
    taken.map((parts) => given.indexOf(parts!)),
    [1, 0, -1],
  )
  assert.equal(spare.take(settings, 'raw'), given[3])
  assert.equal(spare.take(others, 'message'), given[2])
  assert.equal(spare.length, 0)
})

test('more than eight spare parts push out the oldest', () => {
  const spare = new SpareParts()
  const all = Array.from({ length: 9 }, () => ({}))
  for (const [i, settings] of all.entries()) {
    spare.give(partsFor(settings))
    assert.equal(spare.length, Math.min(i + 1, 8))
  }
  assert.equal(spare.take(all[0]!, 'message'), undefined)
  for (const settings of all.slice(1)) assert.equal(spare.take(settings, 'message')?.settings, settings)
})

// --- many at once, compared with such as lend nothing -------------------------------------------------------------------

const WHOLE: ReadonlyArray<readonly FrameParts[]> = [
  [{ opcode: 1, payload: 'Hello' }],
  [{ opcode: 1, payload: 'aä€😀' }],
  [{ opcode: 1, payload: 'a'.repeat(300) }],
  [{ opcode: 2, payload: hex('00ff01') }],
  [
    { opcode: 1, fin: false, payload: hex('61 e2 82') },
    { opcode: 9, payload: 'between' },
    { opcode: 0, fin: false, payload: hex('ac') },
    { opcode: 0, payload: '!' },
  ],
  [{ opcode: 9, payload: 'ping' }],
  [{ opcode: 10, payload: 'p' }],
]

const ENDINGS: ReadonlyArray<readonly FrameParts[]> = [
  [{ opcode: 8, payload: hex('03e8') }],
  [{ opcode: 1, payload: hex('ff') }],
  [{ opcode: 2, payload: new Uint8Array(700) }],
  [{ opcode: 2, fin: false }],
  [{ opcode: 3 }],
]

const OPTIONS: ReadonlyArray<Partial<SessionOptions>> = [
  {},
  {},
  { limits: { maxMessageBytes: 500 } },
  { validateUtf8: false },
  { delivery: 'fragment' },
  { autoPong: false, limits: { maxControlFramesPerSecond: 5, maxControlFrameBurst: 9 } },
]

const randomUint32 = () => 0x37fa_213d

const STRINGS = { textAsString: true, pool: payloadPool }
const BYTES = { textAsString: false, pool: payloadPool }

const MODES: readonly DeliveryMode[] = ['message', 'fragment', 'raw']

/** Two sessions that are told the same: one of them lends, the other does not. */
interface Pair {
  readonly role: 'client' | 'server'
  readonly lending: Session
  readonly plain: Session
}

function pairOf(random: SeededRandom): Pair {
  const role = random.pick(['client', 'server'] as const)
  const options = { ...random.pick(OPTIONS), now: random.below(1_000) }
  const open = () => (role === 'client' ? client({ ...options, randomUint32 }) : server(options))
  const sessions = [open(), open()] as const
  const values = random.pick([undefined, STRINGS, BYTES])
  if (values !== undefined) for (const session of sessions) Session.deliverValues(session, values)
  return { role, lending: sessions[0], plain: sessions[1] }
}

function wireOf(parts: readonly FrameParts[], role: 'client' | 'server'): Uint8Array {
  return concat(...parts.map((part) => frame(role === 'server' ? { ...part, key: KEY } : part)))
}

/** What happens to both of a pair. */
function nextCall(random: SeededRandom, role: 'client' | 'server'): (session: Session) => unknown {
  const step = random.below(30)
  if (step < 18) {
    const parts = Array.from({ length: random.between(1, 4) }, () => random.pick(random.chance(100) ? ENDINGS : WHOLE))
    const bytes = wireOf(parts.flat(), role)
    const cut = random.chance(3) ? random.below(bytes.length + 1) : bytes.length
    return (session) => {
      session.receive(bytes.slice(0, cut))
      const first = events(session)
      session.releaseInput()
      if (!Session.sendWhole(session, 'text', 'whole', 65_536)) attempt(() => session.send('text', 'whole'))
      session.receive(bytes.slice(cut))
      return [first, events(session)]
    }
  }
  if (step < 23) return (session) => attempt(() => session.send('text', 'sent'))
  if (step < 26) return (session) => attempt(() => session.ping('p'))
  if (step === 26) return (session) => attempt(() => session.send('binary', new Uint8Array(5), { final: false }))
  if (step === 27) return (session) => attempt(() => session.send('binary', new Uint8Array(5)))
  const mode = random.pick(MODES)
  if (step === 28) return (session) => session.deliver(mode)
  return (session) => {
    session.recordFrames = true
    attempt(() => session.send('text', 'recorded'))
    session.recordFrames = false
  }
}

function attempt(call: () => void): string {
  try {
    call()
    return 'done'
  } catch (error) {
    return String(error)
  }
}

test('whatever goes over sessions that lend goes over them as over sessions that do not', () => {
  let lent = 0
  for (let seed = 1; seed <= 150; seed++) {
    const random = new SeededRandom(seed)
    const pairs = Array.from({ length: 4 }, () => pairOf(random))
    for (let step = 0; step < 60; step++) {
      const { role, lending, plain } = random.pick(pairs)
      const call = nextCall(random, role)
      assert.deepEqual(call(lending), call(plain), `seed ${seed}, step ${step}`)
      const takes = random.below(3) > 0
      const passes = random.chance(4) ? random.below(3_000) : 0
      const seen = [lending, plain].map((session) => {
        const written = takes ? output(session) : session.outputBytes
        return [written, session.stats(), session.readyState, session.deadline, session.takeRecords()]
      })
      assert.deepEqual(seen[0], seen[1], `seed ${seed}, step ${step}`)
      for (const session of [lending, plain]) session.tick(step * 100 + passes)
      Session.pause(lending)
      if (!Session.isRestless(lending)) lent++
    }
    for (const { lending, plain } of pairs) {
      lending.abort()
      plain.abort()
      assert.deepEqual(events(lending), events(plain))
      assert.deepEqual(lending.stats(), plain.stats())
    }
  }
  assert.ok(lent > 1_000, `${lent} times`)
})
