// A session at rest holds nothing that can be made again, and nobody notices: see also `parts.test.ts` and `../equivalence/`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permessageDeflate } from '../../src/extension/index.ts'
import { Session } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { client, events, kinds, output, receive, server } from '../support/engine.ts'
import { frame, toHex } from '../support/wire.ts'

const KEY = '37fa213d'

function masked(opcode: number, payload: string | Uint8Array, fin = true): string {
  return toHex(frame({ opcode, payload, fin, key: KEY }))
}

/** A server that has echoed a message. */
function used(): Session {
  const session = server()
  receive(session, masked(1, 'hello'))
  session.send('text', 'hello')
  output(session)
  assert.equal(Session.isRestless(session), true)
  return session
}

test('a session has nothing to rest from before it is used, and after a rest', () => {
  for (const fresh of [server(), client()]) {
    assert.equal(Session.isRestless(fresh), false)
    Session.rest(fresh)
    assert.deepEqual([fresh.inputBytes, fresh.outputBytes, fresh.hasWork, fresh.isCloseNext], [0, 0, false, false])
    assert.deepEqual([fresh.takeOutput(), fresh.next(), fresh.wantsEnd], [[], undefined, false])
    assert.deepEqual(
      [fresh.takeRecords(), fresh.pingsSent, fresh.pingsAnswered, fresh.openMessage],
      [[], 0, 0, undefined],
    )
    assert.equal(Session.isRestless(fresh), false)
  }
  const session = used()
  Session.rest(session)
  assert.equal(Session.isRestless(session), false)
})

test('what was counted before a rest still counts', () => {
  const resting = used()
  const other = used()
  for (let i = 0; i < 3; i++) {
    Session.rest(resting)
    assert.deepEqual(resting.stats(), other.stats())
    for (const session of [resting, other]) {
      receive(session, masked(2, 'ab'))
      session.send('binary', new Uint8Array(3))
      output(session)
    }
    assert.deepEqual(resting.stats(), other.stats())
  }
  Session.rest(resting)
  Session.rest(resting)
  assert.deepEqual(resting.stats(), other.stats())
})

test('a violation after a rest is at its place in the whole stream', () => {
  const session = used()
  Session.rest(session)
  session.receive(Uint8Array.of(0x83))
  const [failure] = events(session)
  assert.deepEqual([failure?.['error'], failure?.['offset']], ['RESERVED_OPCODE', 11])
})

test('an end after a rest is at its place, too', () => {
  const session = used()
  Session.rest(session)
  session.receiveEnd()
  const [closed] = events(session)
  assert.deepEqual([closed?.['kind'], closed?.['error']], ['closed', 'ENDED_WITHOUT_CLOSE'])
  assert.equal(session.readyState, 'closed')
})

test('the mode of delivery that was asked for last holds after a rest', () => {
  const session = used()
  session.deliver('fragment')
  Session.rest(session)
  assert.deepEqual(
    receive(session, masked(1, 'a', false)).map(({ kind }) => kind),
    ['fragment'],
  )
})

test('pings that were sent before a rest are answered after it', () => {
  const session = used()
  session.ping('x')
  output(session)
  Session.rest(session)
  assert.equal(Session.isRestless(session), false)
  session.tick(7)
  const [pong] = receive(session, masked(10, 'x'))
  assert.deepEqual([pong?.['kind'], pong?.['roundTripMs'], session.pingsAnswered], ['pong', 7, 1])
})

const UNDER_WAY: ReadonlyArray<readonly [what: string, begin: (session: Session) => void]> = [
  ['half a header', (session) => receive(session, masked(1, 'hello').slice(0, 2))],
  ['half a frame', (session) => receive(session, masked(1, 'hello').slice(0, 20))],
  ['half a message', (session) => receive(session, masked(1, 'a', false))],
  ['bytes that nobody has asked for', (session) => session.receive(frame({ opcode: 1, payload: 'a', key: KEY }))],
  ['a pong that is owed', (session) => receive(session, masked(9, 'a'))],
  ['output that was not taken', (session) => session.send('text', 'a')],
  ['half a message of ours', (session) => [session.send('text', 'a', { final: false }), output(session)]],
  ['half a frame of ours', (session) => [session.startFrame('text', 2), output(session)]],
  ['control frames that came fast', (session) => [receive(session, masked(9, 'a')), output(session)]],
  ['a closing handshake', (session) => [session.close(1000), output(session)]],
  ['a failure', (session) => session.receive(Uint8Array.of(0x83, 0x80))],
  ['records that are wanted', (session) => Object.assign(session, { recordFrames: true })],
  [
    'records that wait to be taken',
    (session) => {
      session.recordFrames = true
      session.send('text', 'a')
      output(session)
      session.recordFrames = false
    },
  ],
]

for (const [what, begin] of UNDER_WAY) {
  test(`${what}: no rest`, () => {
    const session = used()
    begin(session)
    Session.rest(session)
    assert.equal(Session.isRestless(session), true)
  })
}

test('control frames are forgotten once the time is over in which they counted', () => {
  const session = server({ limits: { maxControlFramesPerSecond: 10, maxControlFrameBurst: 2 } })
  receive(session, masked(9, 'a'))
  output(session)
  session.tick(99)
  Session.rest(session)
  assert.equal(Session.isRestless(session), true)
  session.tick(100)
  Session.rest(session)
  assert.equal(Session.isRestless(session), false)
})

test('a context of compression goes on through a rest', () => {
  const settings = { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 0 }
  const answer = () => permessageDeflate(nodeDeflate, settings).answerOffer([['client_max_window_bits', undefined]])!
  const near = server({ extensions: [answer()] })
  const far = client({ extensions: [answer()] })
  const sizes = [1, 2, 3].map(() => {
    near.send('text', 'the same text, which is shorter the second time')
    const bytes = near.takeOutput()
    for (const vector of bytes) far.receive(vector)
    assert.deepEqual(kinds(far), ['message'])
    for (const session of [near, far]) {
      Session.rest(session)
      assert.equal(Session.isRestless(session), false)
    }
    return bytes.reduce((sum, { length }) => sum + length, 0)
  })
  assert.ok(sizes[1]! < sizes[0]! / 2, String(sizes))
  for (const session of [near, far]) session.abort()
})

test('a client draws keys after a rest as before', () => {
  let drawn = 0
  const session = client({ randomUint32: () => ++drawn })
  session.send('text', 'a')
  assert.equal(output(session), '81 81 00 00 00 01 61')
  Session.rest(session)
  session.send('text', 'a')
  assert.equal(output(session), '81 81 00 00 00 02 61')
})

test('a session that writes its frames elsewhere has no output of its own', () => {
  const written: number[] = []
  const writer = {
    writeFrame: (firstByte: number) => void written.push(firstByte),
    writeTextFrame: () => assert.fail(),
    writeHeader: () => assert.fail(),
    writePiece: () => assert.fail(),
  }
  const session = new Session({ role: 'server' }, writer)
  session.send('binary', Uint8Array.of(1))
  assert.deepEqual([session.takeOutput(), session.outputBytes, written], [[], 0, [0x82]])
})
