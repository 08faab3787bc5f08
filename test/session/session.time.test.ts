// Deadlines, with a time that is moved by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Session, type SessionOptions } from '../../src/session/index.ts'
import { client, events, kinds, output, receive, server, tick } from '../support/engine.ts'
import { hex } from '../support/wire.ts'

const NEVER = Number.POSITIVE_INFINITY
const QUIET = { keepalive: false } as const

/** The codes of failures and ends, and the kinds of the rest, that this time brings. */
function at(session: Session, now: number): unknown[] {
  return tick(session, now).map((event) => event['error'] ?? event['kind'])
}

// --- keepalive -------------------------------------------------------------------------------------------------------

test('T-78: a server pings after 25 s of silence and loses the peer 20 s later', () => {
  const session = server({ now: 1_000 })
  assert.equal(session.deadline, 26_000)
  assert.deepEqual(tick(session, 25_999), [])
  assert.equal(output(session), '')
  assert.deepEqual(tick(session, 26_000), [])
  assert.equal(output(session), '89 04 00 00 00 01')
  assert.equal(session.deadline, 46_000)
  assert.deepEqual(tick(session, 45_999), [])
  assert.deepEqual(at(session, 46_000), ['PONG_TIMEOUT'])
  assert.equal(session.readyState, 'closed')
  assert.equal(output(session), '')
})

test('a peer that is lost ends the connection with 1006 and no Close frame', () => {
  const session = server()
  tick(session, 25_000)
  session.send('text', 'unwritten')
  const [closed] = tick(session, 45_000)
  assert.deepEqual(
    [closed!['kind'], closed!['code'], closed!['initiator'], closed!['sentCode'], session.outputBytes],
    ['closed', 1006, 'local', undefined, 0],
  )
})

test('the pong is told with its round trip, and the silence counts from there', () => {
  const session = server()
  tick(session, 25_000)
  session.tick(25_300)
  assert.deepEqual(receive(session, '8a 84 00000000 00000001'), [
    { kind: 'pong', payload: '00 00 00 01', roundTripMs: 300 },
  ])
  assert.equal(session.deadline, 50_300)
  output(session)
  tick(session, 50_300)
  assert.equal(output(session), '89 04 00 00 00 02')
})

test('every byte that arrives puts the ping off', () => {
  const session = server()
  session.tick(20_000)
  receive(session, '81 81 00000000 61')
  assert.equal(session.deadline, 45_000)
})

test('a client pings only when asked to', () => {
  assert.equal(client().deadline, NEVER)
  const session = client({ keepalive: { pingIntervalMs: 10, pongTimeoutMs: 5 }, randomUint32: () => 0 })
  assert.equal(session.deadline, 10)
  tick(session, 10)
  assert.equal(output(session), '89 84 00 00 00 00 00 00 00 01')
  assert.deepEqual(at(session, 15), ['PONG_TIMEOUT'])
  assert.equal(server(QUIET).deadline, NEVER)
})

test('a pong that is held up by the peer’s own long frame is waited for anew, and then ends the wait', () => {
  const session = server()
  tick(session, 25_000)
  session.tick(40_000)
  receive(session, '82 84 00000000 01')
  session.tick(44_000)
  receive(session, '02 03 04') // the frame is over: 20 s from here
  assert.equal(session.deadline, 64_000)
  session.tick(50_000)
  assert.equal(receive(session, '8a 84 00000000 00000001')[0]!['roundTripMs'], 25_000)
  assert.equal(session.deadline, 75_000)
  assert.deepEqual(tick(session, 64_000), [])
})

test('the ping of an application is told with its round trip and has no deadline', () => {
  const session = server({ keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 10 } })
  session.tick(100)
  session.ping('hi')
  assert.equal(session.deadline, 1_000)
  session.tick(150)
  assert.equal(receive(session, '8a 82 00000000 6869')[0]!['roundTripMs'], 50)
  assert.equal(receive(session, '8a 82 00000000 6869')[0]!['roundTripMs'], undefined)
})

test('a session tells how many pings it sent and how many are answered, those of keepalive included', () => {
  const session = server()
  session.ping('hi')
  tick(session, 25_000)
  assert.deepEqual([session.pingsSent, session.pingsAnswered], [2, 0])
  receive(session, '8a 82 00000000 6869')
  assert.deepEqual([session.pingsSent, session.pingsAnswered], [2, 1])
  receive(session, '8a 84 00000000 00000001')
  assert.deepEqual([session.pingsSent, session.pingsAnswered], [2, 2])
})

test('while a frame of ours is half sent no ping is due; once it is over the wait for a pong begins anew', () => {
  const session = server()
  session.startFrame('binary', 2)
  assert.equal(session.deadline, NEVER)
  assert.deepEqual(tick(session, 100_000), [])
  session.continueFrame(hex('01 02'))
  assert.equal(session.deadline, 25_000)
  output(session)
  tick(session, 100_000)
  assert.equal(output(session), '89 04 00 00 00 01', 'overdue, and sent although the time has not moved')
  session.startFrame('binary', 1)
  session.tick(150_000)
  session.continueFrame(hex('01'))
  assert.equal(session.deadline, 170_000)
})

// --- the frame timeout -------------------------------------------------------------------------------------------------

const slow = (frameTimeoutMs = 60_000): Partial<SessionOptions> => ({ ...QUIET, limits: { frameTimeoutMs } })

test('T-58: a frame that is not complete 60 s after its first byte fails the connection with 1008', () => {
  for (const begun of ['82', '82 82 00', '82 82 00000000', '82 82 00000000 01', '89 82 00000000 01']) {
    const session = server(QUIET)
    session.tick(5_000)
    assert.equal(session.deadline, NEVER)
    receive(session, begun)
    assert.equal(session.deadline, 65_000)
    assert.deepEqual(tick(session, 64_999), [])
    const [failure] = tick(session, 65_000)
    assert.deepEqual([failure!['error'], failure!['offset']], ['FRAME_TIMEOUT', hex(begun).length])
    assert.equal(output(session), '88 02 03 f0')
    assert.equal(session.deadline, 75_000, 'from here the close timeout runs')
  }
})

test('T-58: bytes that trickle in do not put it off, nor do the pongs of the application', () => {
  const session = server(slow(100))
  receive(session, '82 84 00000000 01')
  session.tick(50)
  receive(session, '02')
  session.pong()
  session.ping()
  session.tick(99)
  receive(session, '03')
  assert.equal(session.deadline, 100)
  assert.deepEqual(at(session, 100), ['FRAME_TIMEOUT'])
})

test('T-58: nor do pings that were answered before it began, nor the end of an earlier frame', () => {
  const session = server(slow(100))
  receive(session, '89 80 00000000 82 82 00000000 01')
  session.tick(60)
  receive(session, '02 82')
  assert.equal(session.deadline, 160, 'the first frame is over, another began at 60')
  assert.deepEqual(at(session, 160), ['FRAME_TIMEOUT'])
})

test('a slow message of many frames, each of which arrives in time, is not failed', () => {
  const session = server(slow(100))
  receive(session, '02 81 00000000 01')
  for (let i = 1; i < 50; i++) {
    const now = i * 90
    assert.deepEqual(tick(session, now), [])
    receive(session, '00 81 00000000')
    assert.deepEqual(tick(session, now + 80), [])
    receive(session, '02')
    assert.equal(session.deadline, NEVER)
  }
  session.tick(10_000)
  assert.deepEqual(
    receive(session, '80 80 00000000').map((event) => event['kind']),
    ['message'],
  )
})

test('a frame that waits for its rest while received bytes wait unread is not charged for it', () => {
  const session = server(slow(100))
  receive(session, '82 84 00000000 01')
  session.tick(30)
  session.receive(hex('02')) // nobody asks for it until 5,000
  assert.equal(session.deadline, NEVER)
  session.tick(2_000)
  session.tick(5_000)
  assert.deepEqual(events(session), [])
  assert.equal(session.deadline, 100 + 4_970)
  assert.deepEqual(at(session, 5_069), [])
  assert.deepEqual(at(session, 5_070), ['FRAME_TIMEOUT'])
})

test('a frame whose first byte waited unread begins when it is read', () => {
  const session = server(slow(100))
  session.receive(hex('82'))
  assert.deepEqual(tickOnly(session, 1_000), NEVER)
  assert.deepEqual(events(session), [])
  assert.equal(session.deadline, 1_100)
})

function tickOnly(session: Session, now: number): number {
  session.tick(now)
  return session.deadline
}

test('a frame that is complete in time leaves no deadline behind', () => {
  const session = server(slow(100))
  receive(session, '82')
  session.tick(99)
  assert.deepEqual(
    receive(session, '80 00000000').map((event) => event['kind']),
    ['message'],
  )
  assert.equal(session.deadline, NEVER)
})

test('no frame timeout after our Close frame: the close timeout is enough', () => {
  const session = server({ ...QUIET, limits: { frameTimeoutMs: 5, closeTimeoutMs: 100 } })
  receive(session, '82')
  session.close(1000)
  assert.equal(session.deadline, 100)
  assert.deepEqual(at(session, 99), [])
})

test('input that waits holds up no close timeout, but every deadline that is the peer’s', () => {
  const session = server({ keepalive: { pingIntervalMs: 10, pongTimeoutMs: 10 }, limits: { idleTimeoutMs: 10 } })
  session.receive(hex('81 81 00000000 61'))
  assert.deepEqual(tickOnly(session, 1_000), 1_010)
  assert.equal(output(session), '89 04 00 00 00 01')
  session.close(1000)
  assert.deepEqual(tickOnly(session, 10_999), 11_000)
  assert.deepEqual(at(session, 11_000), ['CLOSE_TIMEOUT'])
})

test('the wait for a pong begins anew when input that waited is read: the pong may have been behind it', () => {
  const session = server()
  tick(session, 25_000)
  session.receive(hex('81 81 00000000 61'))
  session.tick(60_000)
  assert.deepEqual(kinds(session), ['message'])
  assert.equal(session.deadline, 80_000)
  session.receive(hex('81 81 00000000 61'))
  session.tick(60_001)
  assert.deepEqual(kinds(session), ['message'])
  assert.equal(session.deadline, 80_001)
})

test('while input waits pings go out, one each interval, and none has to be answered', () => {
  const session = server({ keepalive: { pingIntervalMs: 100, pongTimeoutMs: 20 } })
  session.receive(hex('81 81 00000000 61'))
  const sent: string[] = []
  for (let now = 1; now <= 450; now++) {
    session.tick(now)
    sent.push(output(session))
  }
  assert.deepEqual(
    sent.flatMap((wire, i) => (wire === '' ? [] : [[i + 1, wire]])),
    [
      [100, '89 04 00 00 00 01'],
      [200, '89 04 00 00 00 02'],
      [300, '89 04 00 00 00 03'],
      [400, '89 04 00 00 00 04'],
    ],
  )
  assert.deepEqual(kinds(session), ['message'])
  assert.equal(session.deadline, 470) // from here on the last of them has to be
})

test('T-98: nothing is failed while a reader is paused for an hour, and all is read afterwards', () => {
  const session = server({ limits: { idleTimeoutMs: 60_000 } })
  session.receive(hex('81 81 00000000 61 01 81 00000000 62 80'))
  for (let now = 0; now <= 3_600_000; now += 10_000) session.tick(now)
  assert.deepEqual(kinds(session), ['message'])
  assert.deepEqual(tick(session, 3_600_001), [])
  assert.equal(session.readyState, 'open')
})

// --- idle ------------------------------------------------------------------------------------------------------------

test('there is no idle timeout unless asked for', () => assert.equal(client().deadline, NEVER))

test('a connection without a message in either direction is closed with 1001', () => {
  const session = client({ limits: { idleTimeoutMs: 100 }, now: 1_000, randomUint32: () => 0 })
  assert.equal(session.deadline, 1_100)
  assert.deepEqual(tick(session, 1_099), [])
  assert.deepEqual(tick(session, 1_100), [])
  assert.equal(output(session), '88 86 00 00 00 00 03 e9 49 64 6c 65')
  assert.equal(session.readyState, 'closing')
  assert.equal(session.deadline, 11_100)
  receive(session, '88 02 03e9')
  session.receiveEnd()
  assert.deepEqual(
    events(session).map((event) => [event['initiator'], event['wasClean']]),
    [['local', true]],
  )
})

test('messages put it off in both directions; pings, pongs and incomplete messages do not', () => {
  const rows: ReadonlyArray<readonly [name: string, act: (session: Session) => void, deadline: number]> = [
    ['a message received', (s) => receive(s, '81 01 61'), 150],
    ['a message sent', (s) => s.send('text', 'a'), 150],
    ['a piece sent', (s) => s.send('text', 'a', { final: false }), 150],
    ['a frame begun', (s) => s.startFrame('text', 1), 150],
    ['a ping received', (s) => receive(s, '89 00'), 100],
    ['a pong received', (s) => receive(s, '8a 00'), 100],
    ['a ping sent', (s) => s.ping(), 100],
    ['a fragment of a message received', (s) => receive(s, '01 01 61'), 100],
    ['a send that was refused', (s) => assert.throws(() => s.send('text', 5 as unknown as string)), 100],
  ]
  for (const [name, act, deadline] of rows) {
    const session = client({ limits: { idleTimeoutMs: 100 } })
    session.tick(50)
    act(session)
    assert.equal(session.deadline, deadline, name)
  }
  const pieces = client({ limits: { idleTimeoutMs: 100 }, delivery: 'fragment' })
  pieces.tick(50)
  receive(pieces, '01 01 61')
  assert.equal(pieces.deadline, 150)
})

test('a message that goes the short way puts it off too', () => {
  const session = client({ limits: { idleTimeoutMs: 100 } })
  session.send('text', 'a')
  session.tick(50)
  assert.equal(Session.sendWhole(session, 'text', 'b', 65_536), true)
  assert.equal(session.deadline, 150)
})

test('the pieces of a frame put it off too', () => {
  const session = client({ limits: { idleTimeoutMs: 100 } })
  session.startFrame('binary', 2)
  session.tick(50)
  session.continueFrame(hex('01'))
  assert.equal(session.deadline, 150)
})

test('the time that input waited unread is not idle', () => {
  const session = client({ limits: { idleTimeoutMs: 100 } })
  session.tick(40)
  session.receive(hex('89 00'))
  session.tick(1_000)
  assert.deepEqual(kinds(session), ['ping'])
  assert.equal(session.deadline, 1_060)
  session.receive(hex('81 01 61'))
  session.tick(2_000)
  assert.deepEqual(kinds(session), ['message'])
  assert.equal(session.deadline, 2_100)
})

// --- closing -----------------------------------------------------------------------------------------------------------

test('the close timeout runs from the first Close frame, whoever sent it, and nothing puts it off', () => {
  const limits = { closeTimeoutMs: 100 }
  const acts: ReadonlyArray<(session: Session) => void> = [
    (s) => s.close(1000),
    (s) => receive(s, '88 02 03e8'),
    (s) => s.fail(1011),
    (s) => receive(s, '83'),
  ]
  for (const act of acts) {
    const session = client({ limits })
    session.tick(50)
    act(session)
    assert.equal(session.deadline, 150)
    session.tick(120)
    receive(session, '88 02 03e8')
    session.close(1000)
    assert.equal(session.deadline, 150)
    assert.equal(tick(session, 149).length, 0)
    assert.equal(tick(session, 150).at(-1)!['kind'], 'closed')
  }
})

test('a close timeout after both Close frames is still a clean end', () => {
  const session = client()
  session.close(1000)
  receive(session, '88 02 03e8')
  assert.deepEqual(
    tick(session, 10_000).map((event) => [event['wasClean'], event['error']]),
    [[true, undefined]],
  )
})

test('with autoClose off the wait for our answer ends as well', () => {
  const session = server({ autoClose: false })
  receive(session, '88 82 00000000 03e8 ff')
  session.tick(10_000)
  const closed = session.next()
  assert.ok(closed?.kind === 'closed')
  assert.deepEqual(
    [closed.code, closed.error?.code, closed.error?.offset, closed.error?.phase],
    [1000, 'CLOSE_TIMEOUT', 8, 'closing'],
  )
})

test('the close timeout may be Infinity; closeTimeoutMs tells what it is', () => {
  const session = server({ limits: { closeTimeoutMs: NEVER } })
  session.close()
  assert.equal(session.deadline, NEVER)
  assert.equal(session.closeTimeoutMs, NEVER)
  assert.equal(server().closeTimeoutMs, 10_000)
})

// --- the clock -----------------------------------------------------------------------------------------------------------

test('a clock that is set back makes no time pass, and deadlines stay where they are', () => {
  const session = server({ now: 100_000 })
  session.tick(120_000)
  session.tick(50_000)
  receive(session, '81 81 00000000 61')
  assert.equal(session.deadline, 145_000)
  assert.deepEqual(tick(session, 144_999), [])
  assert.equal(output(session), '')
  tick(session, 145_000)
  assert.equal(output(session), '89 04 00 00 00 01')
})

test('a time may be negative, and have parts of a millisecond', () => {
  const session = server({ now: -1_000.5 })
  assert.equal(session.deadline, 23_999.5)
  tick(session, 23_999.5)
  assert.equal(output(session), '89 04 00 00 00 01')
})

test('what is no time is a TypeError', () => {
  for (const now of [Number.NaN, NEVER, -NEVER, '1', undefined, null, 1n]) {
    assert.throws(() => server().tick(now as number), { name: 'TypeError', message: /^Time is/ })
  }
  for (const now of [Number.NaN, NEVER, '1', null]) {
    assert.throws(() => server({ now: now as number }), { name: 'TypeError', message: /options\.now/ })
  }
})

test('of several deadlines that are over the frame comes first, then idleness, then the ping', () => {
  const session = server({ limits: { frameTimeoutMs: 10, idleTimeoutMs: 10 }, keepalive: { pingIntervalMs: 10 } })
  receive(session, '82')
  assert.deepEqual(at(session, 10), ['FRAME_TIMEOUT'])
  const idle = server({ limits: { idleTimeoutMs: 10 }, keepalive: { pingIntervalMs: 10 } })
  tick(idle, 10)
  assert.equal(output(idle), '88 06 03 e9 49 64 6c 65')
})
