// How a connection ends: in every order, exactly once, and told as it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from '../../src/session/index.ts'
import { client, events, kinds, output, receive, server, tick } from '../support/engine.ts'
import { hex } from '../support/wire.ts'

interface Closed {
  code: number
  reason?: string
  wasClean?: boolean
  initiator: 'local' | 'remote'
  sentCode?: number
  receivedCode?: number
  error?: string
}

function closed(info: Closed): Record<string, unknown> {
  const rest = { reason: '', wasClean: false, sentCode: undefined, receivedCode: undefined, error: undefined }
  return { kind: 'closed', ...rest, ...info }
}

/** Ends the byte stream and expects this one event, and nothing after it, whatever else happens. */
function endsAs(session: Session, info: Closed, end: (session: Session) => void = (s) => s.receiveEnd()): void {
  end(session)
  assert.deepEqual(events(session), [closed(info)])
  assert.equal(session.readyState, 'closed')
  assert.equal(session.wantsEnd, true)
  assert.equal(session.deadline, Number.POSITIVE_INFINITY)
  session.takeOutput()
  for (const again of [
    () => session.receiveEnd(),
    () => session.abort(),
    () => session.close(1000),
    () => session.fail(1011),
    () => session.receive(hex('88 00')),
    () => session.tick(1e9),
  ]) {
    again()
    assert.deepEqual(events(session), [])
    assert.equal(output(session), '')
  }
}

// --- orderly -----------------------------------------------------------------------------------------------------------

test('we close first: the peer answers, the stream ends, clean', () => {
  const session = client({ randomUint32: () => 0 })
  session.close(1001, 'bye')
  assert.equal(session.readyState, 'closing')
  assert.equal(output(session), '88 85 00 00 00 00 03 e9 62 79 65')
  assert.deepEqual(receive(session, '88 05 03e9 627965'), [
    { kind: 'close', code: 1001, reason: 'bye', reasonBytes: '62 79 65' },
  ])
  assert.equal(output(session), '')
  endsAs(session, { code: 1001, reason: 'bye', wasClean: true, initiator: 'local', sentCode: 1001, receivedCode: 1001 })
})

test('the peer closes first: its code is answered, its reason is not, clean', () => {
  const session = server()
  assert.deepEqual(receive(session, '88 85 00000000 0bb8 627965'), [
    { kind: 'close', code: 3000, reason: 'bye', reasonBytes: '62 79 65' },
  ])
  assert.equal(session.readyState, 'closing')
  assert.equal(output(session), '88 02 0b b8')
  endsAs(session, {
    code: 3000,
    reason: 'bye',
    wasClean: true,
    initiator: 'remote',
    sentCode: 3000,
    receivedCode: 3000,
  })
})

test('a Close frame without a code is 1005 and answered without a code', () => {
  const session = server()
  assert.deepEqual(receive(session, '88 80 00000000'), [{ kind: 'close', code: 1005, reason: '', reasonBytes: '' }])
  assert.equal(output(session), '88 00')
  endsAs(session, { code: 1005, wasClean: true, initiator: 'remote', sentCode: 1005, receivedCode: 1005 })
})

test('we close without a code: 1005 is what we sent', () => {
  const session = client()
  session.close()
  receive(session, '88 02 03e8')
  endsAs(session, { code: 1000, wasClean: true, initiator: 'local', sentCode: 1005, receivedCode: 1000 })
})

test('T-93: both close at once: one Close frame each, the peer’s code counts', () => {
  const session = client({ randomUint32: () => 0 })
  session.receive(hex('88 02 03e9'))
  session.close(4000) // its Close frame waits unread
  assert.deepEqual(kinds(session), ['close'])
  assert.equal(output(session), '88 82 00 00 00 00 0f a0')
  endsAs(session, { code: 1001, wasClean: true, initiator: 'local', sentCode: 4000, receivedCode: 1001 })
})

test('T-93: to close twice sends one Close frame, the first', () => {
  const session = server()
  session.close(1001)
  session.close(4000, 'no')
  session.close()
  assert.equal(output(session), '88 02 03 e9')
  assert.throws(() => session.close(1005), RangeError)
})

test('after our Close frame messages still arrive until the peer’s', () => {
  const session = client()
  session.close(1000)
  assert.deepEqual(
    receive(session, '81 01 61 01 01 62 80 01 63 88 02 03e8').map((event) => event['kind']),
    ['message', 'message', 'close'],
  )
})

test('after our Close frame the application may still send pings and pongs (RFC 6455 §5.5.1)', () => {
  const session = server()
  session.close(1000)
  session.ping('p')
  session.pong('q')
  assert.equal(output(session), '88 02 03 e8 89 01 70 8a 01 71')
  assert.throws(() => session.send('text', 'a'), { name: 'InvalidStateError', message: /Close frame is already sent/ })
})

test('T-77: a ping after our Close was queued gets no pong; one before it gets its pong first', () => {
  const session = server()
  receive(session, '89 81 00000000 31')
  session.close(1000)
  assert.deepEqual(
    receive(session, '89 81 00000000 32').map((event) => event['kind']),
    ['ping'],
  )
  assert.equal(output(session), '8a 01 31 88 02 03 e8')
})

test('with autoClose off the application answers, with what it likes', () => {
  const session = server({ autoClose: false })
  receive(session, '88 82 00000000 03e8')
  assert.equal(output(session), '')
  assert.equal(session.readyState, 'closing')
  assert.equal(session.wantsEnd, false)
  session.send('text', 'last words')
  session.close(4001, 'mine')
  assert.equal(output(session), '81 0a 6c 61 73 74 20 77 6f 72 64 73 88 06 0f a1 6d 69 6e 65')
  assert.equal(session.wantsEnd, true)
  endsAs(session, { code: 1000, wasClean: true, initiator: 'remote', sentCode: 4001, receivedCode: 1000 })
})

test('with echoCloseReason the answer repeats the reason, too', () => {
  for (const [echoCloseReason, answer] of [
    [true, '88 05 03 e9 62 79 65'],
    [false, '88 02 03 e9'],
  ] as const) {
    const session = server({ echoCloseReason })
    receive(session, '88 85 00000000 03e9 627965')
    assert.equal(output(session), answer)
  }
  const session = server({ echoCloseReason: true })
  receive(session, '88 80 00000000')
  assert.equal(output(session), '88 00')
})

test('with endPromptly a client ends the stream after both Close frames, whoever began', () => {
  const first = client({ endPromptly: true })
  first.close(1000)
  first.takeOutput()
  assert.equal(first.wantsEnd, false)
  receive(first, '88 02 03e8')
  assert.equal(first.wantsEnd, true)
  const second = client({ endPromptly: true })
  receive(second, '88 00')
  assert.equal(second.wantsEnd, true)
  const patient = client()
  receive(patient, '88 00')
  assert.equal(patient.wantsEnd, false)
})

test('with autoClose off and no answer the end is not clean', () => {
  const session = server({ autoClose: false })
  receive(session, '88 82 00000000 0bb8')
  endsAs(session, { code: 3000, initiator: 'remote', receivedCode: 3000, error: 'ENDED_WITHOUT_CLOSE' })
})

test('with autoClose off a failure is told, and the application says why', () => {
  const session = server({ autoClose: false })
  assert.deepEqual(
    receive(session, '83').map((event) => event['kind']),
    ['failure'],
  )
  assert.equal(output(session), '')
  assert.equal(session.wantsEnd, false)
  session.close(1002, 'why')
  assert.equal(output(session), '88 05 03 ea 77 68 79')
  assert.equal(session.wantsEnd, true)
  endsAs(session, { code: 1002, reason: 'why', initiator: 'local', sentCode: 1002, error: 'RESERVED_OPCODE' })
})

// --- who ends the byte stream ----------------------------------------------------------------------------------------

test('T-92: after the closing handshake the server wants the stream to end, the client waits for it', () => {
  for (const first of ['local', 'remote']) {
    const atServer = server()
    assert.equal(atServer.wantsEnd, false)
    if (first === 'local') {
      atServer.close(1000)
      assert.equal(atServer.wantsEnd, false)
    }
    receive(atServer, '88 82 00000000 03e8')
    assert.equal(atServer.wantsEnd, true)
    const atClient = client()
    if (first === 'local') atClient.close(1000)
    receive(atClient, '88 02 03e8')
    assert.equal(atClient.wantsEnd, false)
    atClient.receiveEnd()
    assert.equal(atClient.wantsEnd, true)
  }
})

test('after a failure both roles want the stream to end', () => {
  for (const session of [server(), client()]) {
    session.fail(1011)
    assert.equal(session.wantsEnd, true)
  }
})

// --- failing ---------------------------------------------------------------------------------------------------------

test('fail says why to the peer and to the application, and stops receiving', () => {
  const session = server()
  session.receive(hex('81 81 00000000 61'))
  session.fail(1011, 'out of order')
  assert.deepEqual(events(session), [{ kind: 'failure', error: 'FAILED_BY_APPLICATION', offset: undefined }])
  assert.equal(output(session), '88 0e 03 f3 6f 75 74 20 6f 66 20 6f 72 64 65 72')
  assert.equal(session.inputBytes, 0)
  endsAs(session, {
    code: 1011,
    reason: 'out of order',
    initiator: 'local',
    sentCode: 1011,
    error: 'FAILED_BY_APPLICATION',
  })
})

test('fail after we closed sends nothing more; after the peer closed it does nothing', () => {
  const session = server()
  session.close(1000)
  session.fail(1011)
  session.fail(1008)
  assert.equal(output(session), '88 02 03 e8')
  assert.deepEqual(kinds(session), ['failure'])
  endsAs(session, { code: 1011, initiator: 'local', sentCode: 1000, error: 'FAILED_BY_APPLICATION' })

  const answered = server()
  receive(answered, '88 82 00000000 03e8')
  answered.fail(1011)
  assert.deepEqual(kinds(answered), [])
  assert.equal(output(answered), '88 02 03 e8')
})

test('fail needs a close code that may travel', () => {
  const session = server()
  assert.throws(() => session.fail(undefined as unknown as number), { name: 'TypeError', message: /code is missing/ })
  assert.throws(() => session.fail(1006), RangeError)
  assert.equal(session.readyState, 'open')
})

test('a failure after our Close frame sends no second one, and says in which phase it came', () => {
  const session = server()
  session.close(1000)
  assert.equal(output(session), '88 02 03 e8')
  session.receive(hex('83'))
  const failure = session.next()
  assert.ok(failure?.kind === 'failure')
  assert.deepEqual([failure.error.code, failure.error.phase, failure.error.offset], ['RESERVED_OPCODE', 'closing', 0])
  assert.equal(output(session), '')
  assert.equal(session.wantsEnd, true)
  endsAs(session, { code: 1002, initiator: 'local', sentCode: 1000, error: 'RESERVED_OPCODE' })
})

test('a pong that is owed leaves before the Close frame of a failure', () => {
  const session = server()
  receive(session, '89 81 00000000 70 83')
  assert.equal(output(session), '8a 01 70 88 02 03 ea')
})

// --- frames that are half sent ---------------------------------------------------------------------------------------

test('to close while a frame is half sent puts the Close frame behind it, and the pong that was owed before it', () => {
  const session = server()
  session.startFrame('binary', 2)
  session.continueFrame(hex('01'))
  receive(session, '89 81 00000000 70')
  session.close(1000)
  receive(session, '89 81 00000000 71')
  assert.equal(output(session), '82 02 01')
  assert.equal(session.readyState, 'closing')
  receive(session, '88 82 00000000 03e8')
  assert.equal(session.wantsEnd, false, 'the Close frame still waits')
  session.continueFrame(hex('02'))
  assert.equal(output(session), '02 8a 01 70 88 02 03 e8')
  assert.equal(session.wantsEnd, true)
  endsAs(session, { code: 1000, wasClean: true, initiator: 'local', sentCode: 1000, receivedCode: 1000 })
})

test('the peer closes while a frame is half sent: the answer follows the frame', () => {
  const session = server()
  session.startFrame('text', 1)
  receive(session, '88 82 00000000 03e8')
  assert.equal(output(session), '81 01')
  session.continueFrame(hex('61'))
  assert.equal(output(session), '61 88 02 03 e8')
})

test('a Close frame that never left behind a half sent frame was not sent, and the end is not clean', () => {
  const session = server()
  session.startFrame('binary', 2)
  session.close(1000)
  receive(session, '88 82 00000000 03e8')
  endsAs(session, { code: 1000, initiator: 'local', receivedCode: 1000, error: 'ENDED_WITHOUT_CLOSE' })
  assert.throws(() => session.continueFrame(hex('01 02')), { name: 'InvalidStateError' })
})

test('a failure while a Close frame waits behind a half sent frame: none was sent', () => {
  const session = server()
  session.startFrame('binary', 2)
  session.close(1000)
  session.receive(hex('83'))
  assert.deepEqual(events(session).slice(1), [closed({ code: 1002, initiator: 'local', error: 'RESERVED_OPCODE' })])
})

test('a failure while a frame is half sent ends at once: a Close frame in it would be its payload', () => {
  for (const fail of [(s: Session) => s.receive(hex('83')), (s: Session) => s.fail(1002)]) {
    const session = server()
    session.startFrame('binary', 2)
    session.continueFrame(hex('01'))
    fail(session)
    const [failure, last] = events(session)
    assert.equal(failure!['kind'], 'failure')
    assert.deepEqual([last!['kind'], last!['code'], last!['sentCode']], ['closed', 1002, undefined])
    assert.equal(session.readyState, 'closed')
    assert.equal(session.wantsEnd, true)
    assert.equal(output(session), '82 02 01')
    session.receiveEnd()
    assert.deepEqual(kinds(session), [])
  }
})

// --- the end of the stream, and abort, at every stage ------------------------------------------------------------------

type Stage = readonly [name: string, reach: (session: Session) => void, eof: Closed, abort: Closed]

const STAGES: readonly Stage[] = [
  [
    'when nothing has happened',
    () => {},
    { code: 1006, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', error: 'ABORTED' },
  ],
  [
    'inside a header',
    (s) => receive(s, '82'),
    { code: 1006, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', error: 'ABORTED' },
  ],
  [
    'inside a frame',
    (s) => receive(s, '82 82 00000000 01'),
    { code: 1006, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', error: 'ABORTED' },
  ],
  [
    'inside a message',
    (s) => receive(s, '02 81 00000000 01'),
    { code: 1006, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', error: 'ABORTED' },
  ],
  [
    'inside a Close frame',
    (s) => receive(s, '88 82 00000000 03'),
    { code: 1006, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', error: 'ABORTED' },
  ],
  [
    'after our Close frame',
    (s) => s.close(1000, 'bye'),
    { code: 1006, initiator: 'local', sentCode: 1000, error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', sentCode: 1000, error: 'ABORTED' },
  ],
  [
    'after both Close frames',
    (s) => {
      s.close(1000)
      receive(s, '88 82 00000000 03e9')
    },
    { code: 1001, wasClean: true, initiator: 'local', sentCode: 1000, receivedCode: 1001 },
    { code: 1001, wasClean: true, initiator: 'local', sentCode: 1000, receivedCode: 1001 },
  ],
  [
    'after the peer’s Close frame, answered',
    (s) => receive(s, '88 82 00000000 03e9'),
    { code: 1001, wasClean: true, initiator: 'remote', sentCode: 1001, receivedCode: 1001 },
    { code: 1001, wasClean: true, initiator: 'remote', sentCode: 1001, receivedCode: 1001 },
  ],
  [
    'after a failure',
    (s) => receive(s, '83'),
    { code: 1002, initiator: 'local', sentCode: 1002, error: 'RESERVED_OPCODE' },
    { code: 1002, initiator: 'local', sentCode: 1002, error: 'RESERVED_OPCODE' },
  ],
  [
    'while a frame is half sent',
    (s) => s.startFrame('binary', 2),
    { code: 1006, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
    { code: 1006, initiator: 'local', error: 'ABORTED' },
  ],
]

for (const [name, reach, eof, abort] of STAGES) {
  test(`T-91: the stream ends ${name}: ${eof.code}`, () => {
    const session = server()
    reach(session)
    endsAs(session, eof)
  })

  test(`T-93, T-94: abort ${name}: ${abort.code}, and nothing is left to write`, () => {
    const session = server()
    session.send('text', 'unwritten')
    reach(session)
    session.abort()
    assert.equal(session.outputBytes, 0)
    assert.equal(output(session), '')
    endsAs(session, abort, () => {})
  })
}

test('T-91: messages that were received before the stream ended come first, what is left of one never', () => {
  const session = server()
  session.receive(hex('81 81 00000000 61 82 81 00000000 62'))
  session.receive(hex('81 82 00000000 63'))
  session.receiveEnd()
  assert.equal(session.readyState, 'open')
  session.receive(hex('64'))
  assert.deepEqual(kinds(session), ['message', 'message', 'closed'])
})

test('T-91: a Close frame that waits unread when the stream ends makes a clean end', () => {
  const session = server()
  session.receive(hex('88 82 00000000 03e8'))
  session.receiveEnd()
  assert.deepEqual(
    events(session).map((event) => [event['kind'], event['wasClean']]),
    [
      ['close', undefined],
      ['closed', true],
    ],
  )
  assert.equal(output(session), '88 02 03 e8', 'the answer may still leave')
})

test('T-91: a violation that waits unread when the stream ends is a failure first', () => {
  const session = server()
  session.receive(hex('83'))
  session.receiveEnd()
  assert.deepEqual(kinds(session), ['failure', 'closed'])
  assert.equal(output(session), '88 02 03 ea')
})

test('a pong that is owed when the stream ends may still leave', () => {
  const session = server()
  receive(session, '89 81 00000000 70')
  session.receiveEnd()
  assert.equal(output(session), '8a 01 70')
})

test('the offset of the end is how many bytes were parsed', () => {
  const session = server()
  receive(session, '81 81 00000000 61 82 82 00')
  session.receiveEnd()
  const event = session.next()
  assert.ok(event?.kind === 'closed')
  assert.deepEqual([event.error?.offset, event.error?.rule, event.error?.phase], [10, 'RFC 6455 §7.1.5', 'open'])
})

test('abort tells which phase it came in', () => {
  const session = server()
  session.abort()
  const event = session.next()
  assert.ok(event?.kind === 'closed')
  assert.deepEqual(
    [event.error?.code, event.error?.closeCode, event.error?.message],
    ['ABORTED', 1006, 'Connection was aborted'],
  )
})

test('events that had not been asked for when the connection was aborted do not come any more', () => {
  const session = server()
  session.receive(hex('81 81 00000000 61'))
  session.abort()
  assert.deepEqual(kinds(session), ['closed'])
  assert.equal(session.inputBytes, 0)
})

// --- after the last frame ----------------------------------------------------------------------------------------------

test('T-57: what follows a Close frame is thrown away unparsed', () => {
  const session = server()
  assert.deepEqual(
    receive(session, '88 82 00000000 03e8 88 82 00000000 03e9 83 ff ff').map((event) => event['kind']),
    ['close'],
  )
  assert.deepEqual(receive(session, '81 81 00000000 61'), [])
  assert.equal(output(session), '88 02 03 e8')
})

const LAST: ReadonlyArray<readonly [name: string, wire: string, rest: string]> = [
  ['a Close frame', '88 82 00000000 03e8', ''],
  ['a failure', '83', ''],
  ['a failure inside a header', '82 ff 80', '00'],
  ['a failure inside text', '81 83 00000000 61 ff', '62'],
  ['a failure inside a Close frame', '88 85 00000000 03ed', '616263'],
]

for (const [name, wire, rest] of LAST) {
  test(`T-90: after ${name} as many bytes as the limit are thrown away, one more cuts the connection`, () => {
    // What follows the byte that decides counts, whether it comes in the same chunk or not.
    for (const together of ['', rest]) {
      const session = server({ limits: { maxDiscardedBytes: 10 } })
      assert.equal(receive(session, `${wire} ${together}`).length, 1)
      session.receive(new Uint8Array(10 - hex(together).length))
      assert.deepEqual(kinds(session), [])
      assert.equal(session.readyState, 'closing')
      session.receive(new Uint8Array(1))
      assert.deepEqual(kinds(session), ['closed'])
    }
  })
}

test('T-90: a limit of 0 allows the last frame, and nothing after it', () => {
  const session = server({ limits: { maxDiscardedBytes: 0 } })
  assert.deepEqual(
    receive(session, '88 80 00000000').map((event) => event['kind']),
    ['close'],
  )
  assert.deepEqual(
    receive(session, '00').map((event) => event['kind']),
    ['closed'],
  )
})

test('T-90: the default is 1 MiB; the Close frame leaves also when more than that came with the failure', () => {
  const session = server()
  receive(session, '83')
  session.receive(new Uint8Array(1_048_576))
  assert.deepEqual(kinds(session), [])
  session.receive(new Uint8Array(1))
  assert.deepEqual(kinds(session), ['closed'])

  for (const [first, close] of [
    ['83', '88 02 03 ea'],
    ['88 82 00000000 03e8', '88 02 03 e8'],
  ] as const) {
    const flooded = server()
    flooded.receive(new Uint8Array([...hex(first), ...new Uint8Array(1_048_577)]))
    assert.equal(kinds(flooded).at(-1), 'closed')
    assert.equal(output(flooded), close)
  }
})

test('T-95, T-96: calls made while events are drained take effect in order', () => {
  const session = server()
  session.receive(hex('81 81 00000000 61 89 81 00000000 70 81 81 00000000 62'))
  const seen: string[] = []
  for (let event = session.next(); event !== undefined; event = session.next()) {
    seen.push(event.kind)
    if (event.kind === 'message' && seen.length === 1) session.send('text', 'x')
    if (event.kind === 'ping') session.close(1000)
  }
  assert.deepEqual(seen, ['message', 'ping', 'message'])
  assert.equal(output(session), '81 01 78 8a 01 70 88 02 03 e8')

  const aborted = server()
  aborted.receive(hex('81 81 00000000 61 81 81 00000000 62'))
  aborted.next()
  aborted.abort()
  assert.deepEqual(kinds(aborted), ['closed'])
})

test('T-90: a peer that never answers is cut at the close timeout', () => {
  const session = server()
  session.close(1000)
  assert.deepEqual(tick(session, 9_999), [])
  assert.deepEqual(tick(session, 10_000), [
    closed({ code: 1006, initiator: 'local', sentCode: 1000, error: 'CLOSE_TIMEOUT' }),
  ])
  assert.equal(session.wantsEnd, true)
})
