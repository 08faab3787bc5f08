// How a session is made, and pings answered. Its other subjects have files of their own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Session, type SessionOptions } from '../../src/session/index.ts'
import { client, events, kinds, output, rawEvents, receive, server } from '../support/engine.ts'
import { hex } from '../support/wire.ts'

const random = () => 0

test('a session carries what the handshake agreed on, and nobody changes it', () => {
  const extensions = [{ name: 'x', parameters: [], reservedBits: 4 }]
  const session = new Session({ role: 'server', subprotocol: 'chat', extensions })
  assert.deepEqual([session.role, session.subprotocol, session.extensions], ['server', 'chat', extensions])
  assert.ok(Object.isFrozen(session.extensions))
  extensions.length = 0
  assert.equal(session.extensions.length, 1)
  assert.deepEqual([server().subprotocol, server().extensions], [undefined, []])
})

test('a new session is open, with nothing to write, to read or to wait for', () => {
  const session = client()
  assert.deepEqual(
    [session.readyState, session.outputBytes, session.inputBytes, session.wantsEnd, session.deadline],
    ['open', 0, 0, false, Number.POSITIVE_INFINITY],
  )
  assert.deepEqual([session.takeOutput(), events(session)], [[], []])
})

const BAD: ReadonlyArray<readonly [options: unknown, error: string, message: RegExp]> = [
  [undefined, 'TypeError', /^options is not an object/],
  [null, 'TypeError', /^options is not an object/],
  ['server', 'TypeError', /^options is not an object/],
  [{}, 'TypeError', /options\.role/],
  [{ role: 'proxy' }, 'TypeError', /options\.role is proxy/],
  [{ role: 'server', mask: true }, 'TypeError', /Unknown option mask/],
  [{ role: 'server', delivery: 'stream' }, 'TypeError', /Delivery is stream/],
  [{ role: 'server', delivery: null }, 'TypeError', /Delivery is null/],
  [{ role: 'client' }, 'TypeError', /options\.randomUint32/],
  [{ role: 'client', randomUint32: 4 }, 'TypeError', /options\.randomUint32/],
  [{ role: 'server', extensions: {} }, 'TypeError', /options\.extensions/],
  [
    { role: 'server', extensions: [{ name: 'x', reservedBits: 8 }] },
    'RangeError',
    /Extension x claims reserved bits 8/,
  ],
  [{ role: 'server', extensions: [{ name: 'x', reservedBits: -1 }] }, 'RangeError', /Extension x/],
  [{ role: 'server', extensions: [{ name: 'x', reservedBits: 0.5 }] }, 'RangeError', /Extension x/],
  [{ role: 'server', extensions: [{ name: 'x' }] }, 'RangeError', /Extension x/],
  [
    {
      role: 'server',
      extensions: [
        { name: 'x', reservedBits: 6 },
        { name: 'y', reservedBits: 2 },
      ],
    },
    'TypeError',
    /Extension y claims a reserved bit/,
  ],
  ...(['autoPong', 'autoClose', 'validateUtf8', 'acceptUnmasked'] as const).map(
    (name) =>
      [{ role: 'server', [name]: 'no' }, 'TypeError', new RegExp(`options\\.${name} is not a boolean`)] as const,
  ),
  [{ role: 'server', limits: null }, 'TypeError', /^limits is not an object/],
  [{ role: 'server', limits: 5 }, 'TypeError', /^limits is not an object/],
  [{ role: 'server', limits: { maxMessageSize: 1 } }, 'TypeError', /Unknown option maxMessageSize in limits/],
]

test('an option that is wrong is an error that names it', () => {
  for (const [options, name, message] of BAD) {
    assert.throws(() => new Session(options as SessionOptions), { name, message }, String(message))
  }
})

test('options that are undefined are not given', () => {
  const names = ['subprotocol', 'extensions', 'delivery', 'limits', 'keepalive', 'now', 'autoPong', 'autoClose']
  const rest = Object.fromEntries([...names, 'validateUtf8', 'acceptUnmasked'].map((name) => [name, undefined]))
  const session = new Session({ role: 'client', randomUint32: random, ...rest })
  assert.equal(session.deadline, Number.POSITIVE_INFINITY)
  assert.deepEqual(kinds(session), [])
})

test('extensions may claim bits side by side, or none', () => {
  const claims = (...bits: number[]) => bits.map((reservedBits, i) => ({ name: `x${i}`, parameters: [], reservedBits }))
  for (const [extensions, byte] of [
    [claims(4, 2, 1), 'f1'],
    [claims(0, 0, 7), 'f1'],
  ] as const) {
    assert.deepEqual(
      receive(server({ extensions }), `${byte} 80 00000000`).map((event) => event['reservedBits']),
      [7],
    )
  }
})

test('T-67: options are read once, their own properties only', () => {
  let reads = 0
  const once = <Value>(value: Value) => ({
    enumerable: true,
    get: () => {
      reads++
      return value
    },
  })
  const limits = Object.create({ maxMessageBytes: 1 }, { maxMessageFragments: once(2) })
  const inherited = { acceptUnmasked: true, autoPong: false, keepalive: { pingIntervalMs: 5 } }
  const options = Object.create(inherited, {
    role: once('server'),
    limits: once(limits),
    delivery: once('raw'),
    now: once(7),
    extensions: once([]),
    subprotocol: once('chat'),
  })
  const session = new Session(options)
  assert.equal(reads, 7)
  assert.equal(session.deadline, 25_007, 'neither keepalive nor limits of a prototype')
  assert.deepEqual(
    receive(session, '82 82 00000000 0102').map((event) => event['kind']),
    ['fragment'],
  )
  receive(session, '89 80 00000000')
  assert.equal(output(session), '8a 00')
  assert.deepEqual(
    receive(session, '81 00').map((event) => event['error']),
    ['FRAME_NOT_MASKED'],
  )
})

test('what is received is bytes', () => {
  for (const bytes of [
    'a',
    [1],
    null,
    undefined,
    new ArrayBuffer(1),
    new DataView(new ArrayBuffer(1)),
    new Uint16Array(1),
  ]) {
    assert.throws(() => server().receive(bytes as unknown as Uint8Array), {
      name: 'TypeError',
      message: /not a Uint8Array/,
    })
  }
})

test('memory that was given to the session and taken away is the caller’s mistake, not the peer’s: it is thrown', () => {
  const session = client({ delivery: 'raw' })
  const chunk = hex('82 05 0102030405')
  session.receive(chunk)
  session.next(2)
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
  assert.throws(() => session.next(), TypeError)
})

// --- pongs -----------------------------------------------------------------------------------------------------------

test('every ping is answered with its payload, in its place among what is sent', () => {
  const session = server()
  session.receive(hex('89 81 00000000 31 89 80 00000000 89 81 00000000 32'))
  session.next()
  session.send('text', 'a')
  kinds(session)
  session.send('text', 'b')
  assert.equal(output(session), '8a 01 31 81 01 61 8a 00 8a 01 32 81 01 62')
})

test('pings that come in one chunk, with all output taken before, are all answered', () => {
  const session = server()
  receive(session, '89 81 00000000 31 89 80 00000000 89 81 00000000 32')
  assert.equal(output(session), '8a 01 31 8a 00 8a 01 32')
})

test('T-75: while the output is not taken one pong is pending, the latest, however many pings come and how', () => {
  const session = server({ limits: { maxControlFrameBurst: 100_000 } })
  receive(session, '89 81 00000000 30')
  for (let i = 0; i < 1_000; i++) {
    const last = (i & 255).toString(16).padStart(2, '0')
    receive(session, `${'89 81 00000000 ff'.repeat(3)}89 81 00000000 ${last}`)
    assert.equal(session.outputBytes, 3)
  }
  assert.equal(output(session), '8a 01 e7')
})

test('T-75: while a frame of ours is half sent one pong is pending, and leaves after it', () => {
  const session = server()
  session.startFrame('binary', 1)
  for (const payload of ['31', '32', '33']) {
    receive(session, `89 81 00000000 ${payload} 89 81 00000000 ${payload}`)
    session.takeOutput()
    assert.equal(session.outputBytes, 0, 'nothing can be taken')
  }
  session.continueFrame(hex('ff'))
  assert.equal(session.outputBytes, 4)
  assert.equal(output(session), 'ff 8a 01 33')
})

test('a pong that is owed leaves before anything that is sent after its ping', () => {
  const sends: ReadonlyArray<readonly [send: (session: Session) => void, wire: string]> = [
    [(s) => s.send('text', 'a'), '81 01 61'],
    [
      (s) => {
        s.startFrame('text', 1)
        s.continueFrame(hex('61'))
      },
      '81 01 61',
    ],
    [(s) => s.ping('q'), '89 01 71'],
    [(s) => s.pong('q'), '8a 01 71'],
    [(s) => s.close(), '88 00'],
    [(s) => s.fail(1011), '88 02 03 f3'],
  ]
  for (const [send, wire] of sends) {
    const session = server()
    receive(session, '89 81 00000000 70')
    send(session)
    assert.equal(output(session), `8a 01 70 ${wire}`)
  }
})

test('with autoPong off the application answers', () => {
  const session = server({ autoPong: false })
  session.receive(hex('89 81 00000000 70'))
  const [ping] = rawEvents(session)
  assert.ok(ping?.kind === 'ping')
  assert.equal(output(session), '')
  session.pong(ping.payload)
  assert.equal(output(session), '8a 01 70')
})

test('T-76: pongs that nobody asked for are told and change nothing', () => {
  const session = server({ limits: { maxControlFrameBurst: 10_000 } })
  for (let i = 0; i < 5_000; i++) {
    assert.deepEqual(receive(session, '8a 81 00000000 70'), [{ kind: 'pong', payload: '70', roundTripMs: undefined }])
  }
  assert.equal(output(session), '')
  assert.equal(session.readyState, 'open')
})

test('text that is wrong is a failure although the stream ends before the error was asked for', () => {
  const session = new Session({ role: 'server', delivery: 'fragment' })
  session.receive(hex('81 82 00000000 61 ff'))
  assert.equal(session.next()?.kind, 'fragment')
  session.receiveEnd()
  const failure = session.next()
  assert.equal(failure?.kind === 'failure' && failure.error.code, 'INVALID_UTF8')
  assert.equal(session.next()?.kind, 'closed')
})
