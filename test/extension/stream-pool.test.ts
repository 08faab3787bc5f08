import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeflatePort, DeflateStream } from '../../src/extension/deflate-port.ts'
import { type AgreedExtension, type DeflateOptions, permessageDeflate } from '../../src/extension/index.ts'
import { StreamPool } from '../../src/extension/stream-pool.ts'
import type { Session } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../src/transport/web/deflate.ts'
import { client, events, kinds, output, receive, server } from '../support/engine.ts'

/** A stream that does nothing, and tells what was asked of it. */
class ListeningStream implements DeflateStream {
  readonly consumed = 0
  readonly produced = 0
  readonly calls: string[] = []

  step(): void {
    this.calls.push('step')
  }

  reset(): void {
    this.calls.push('reset')
  }

  close(): void {
    this.calls.push('close')
  }
}

function listeningPool(): { pool: StreamPool; streams: ListeningStream[] } {
  const streams: ListeningStream[] = []
  const pool = new StreamPool(() => {
    const stream = new ListeningStream()
    streams.push(stream)
    return stream
  })
  return { pool, streams }
}

test('a stream is made for the first who needs one, and lent again, as new, once it is back', () => {
  const { pool, streams } = listeningPool()
  pool.open()
  assert.equal(streams.length, 0)
  const stream = pool.take()
  assert.deepEqual([streams.length, streams[0]?.calls], [1, []])
  pool.giveBack(stream)
  assert.deepEqual(streams[0]?.calls, ['reset'])
  assert.equal(pool.take(), stream)
  assert.equal(streams.length, 1)
})

test('two who need one at once have one each, and one of the two is kept', () => {
  const { pool, streams } = listeningPool()
  pool.open()
  pool.open()
  const [first, second] = [pool.take(), pool.take()]
  assert.notEqual(first, second)
  pool.giveBack(second)
  pool.giveBack(first)
  assert.deepEqual(
    streams.map(({ calls }) => calls),
    [['close'], ['reset']],
  )
  assert.equal(pool.take(), second)
})

test('T-87: the stream goes with the last who may come for it, and not before', () => {
  const { pool, streams } = listeningPool()
  pool.open()
  pool.open()
  pool.giveBack(pool.take())
  pool.close()
  assert.deepEqual(streams[0]?.calls, ['reset'])
  pool.close()
  assert.deepEqual(streams[0]?.calls, ['reset', 'close'])

  pool.open()
  assert.notEqual(pool.take(), streams[0], 'a closed stream is not lent')
  assert.equal(streams.length, 2)
})

test('T-87: a stream that comes back when nobody will come for it is closed', () => {
  const { pool, streams } = listeningPool()
  pool.open()
  const stream = pool.take()
  pool.close()
  assert.deepEqual(streams[0]?.calls, [])
  pool.giveBack(stream)
  assert.deepEqual(streams[0]?.calls, ['close'])
})

test('a pool from which nothing was taken closes nothing', () => {
  const { pool, streams } = listeningPool()
  pool.open()
  pool.close()
  assert.deepEqual(streams, [])
})

// --- sessions --------------------------------------------------------------------------------------------------------

/** A port that counts its streams. */
function countingPort(
  port: DeflatePort = nodeDeflate,
): DeflatePort & { made: number; open: number; readonly kinds: string[] } {
  const counting = {
    made: 0,
    open: 0,
    kinds: [] as string[],
    createDeflater: (options: Parameters<DeflatePort['createDeflater']>[0]) =>
      count(`deflate ${options.windowBits}`, port.createDeflater(options)),
    createInflater: (windowBits: number) => count(`inflate ${windowBits}`, port.createInflater(windowBits)),
  }
  const count = (kind: string, stream: DeflateStream): DeflateStream => {
    counting.made++
    counting.open++
    counting.kinds.push(kind)
    const close = stream.close.bind(stream)
    stream.close = () => {
      counting.open--
      close()
    }
    return stream
  }
  return counting
}

/** Compresses everything, and wants nothing of its own. */
const UNDEMANDING: DeflateOptions = {
  thresholdBytes: 0,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

const WITH_TAKEOVER: AgreedExtension['parameters'] = []

const WITHOUT_TAKEOVER: AgreedExtension['parameters'] = [
  ['server_no_context_takeover', undefined],
  ['client_no_context_takeover', undefined],
]

/** "Hello", compressed, from a server. */
const HELLO = 'c1 07 f2 48 cd c9 c9 07 00'

test('T-87: a thousand sessions without context takeover share one stream of each kind', () => {
  const port = countingPort()
  const extensions = [permessageDeflate(port, UNDEMANDING).agreed(WITHOUT_TAKEOVER)]
  const sessions = Array.from({ length: 1_000 }, () => client({ extensions }))
  for (const session of sessions) {
    session.send('text', 'Hello')
    session.takeOutput()
    assert.deepEqual(
      receive(session, HELLO).map(({ payload }) => payload),
      ['48 65 6c 6c 6f'],
    )
  }
  assert.deepEqual([port.kinds, port.open], [['deflate 15', 'inflate 15'], 2])
  for (const session of sessions) {
    assert.equal(port.open, 2)
    session.abort()
  }
  assert.equal(port.open, 0)
})

test('T-87: with context takeover each session has streams of its own, from its first message on', () => {
  const port = countingPort()
  const extensions = [permessageDeflate(port, UNDEMANDING).agreed(WITH_TAKEOVER)]
  const sessions = Array.from({ length: 10 }, () => client({ extensions }))
  assert.equal(port.made, 0)
  for (const session of sessions) {
    for (let i = 0; i < 3; i++) {
      session.send('text', 'Hello')
      receive(session, HELLO)
    }
  }
  assert.deepEqual([port.made, port.open], [20, 20])
  for (const [i, session] of sessions.entries()) {
    session.abort()
    // One of each kind waits for whoever comes next, until nobody can.
    assert.equal(port.open, i === 9 ? 0 : Math.max(20 - 2 * i, 2))
  }
})

/** Every way in which a session ends, in the middle of whatever it did. */
const ENDS: readonly (readonly [how: string, end: (session: Session) => void])[] = [
  ['aborted', (session) => session.abort()],
  ['failed by the application', (session) => session.fail(1011)],
  ['failed by the peer', (session) => session.receive(Uint8Array.of(0xf1))],
  [
    'closed by both',
    (session) => {
      session.close(1000)
      session.takeOutput()
      session.receive(Uint8Array.of(0x88, 0x00))
    },
  ],
  ['cut off', () => {}],
]

for (const [how, end] of ENDS) {
  for (const [name, parameters] of [
    ['with context takeover', WITH_TAKEOVER],
    ['without', WITHOUT_TAKEOVER],
  ] as const) {
    test(`T-87: no stream is left of sessions that were ${how} in the middle of messages, ${name}`, () => {
      const port = countingPort()
      const extensions = [permessageDeflate(port, UNDEMANDING).agreed(parameters)]
      const sessions = [client({ extensions }), client({ extensions }), client({ extensions })]
      for (const session of sessions) {
        session.send('text', 'Hello', { final: false })
        receive(session, '41 03 f2 48 cd')
      }
      assert.equal(port.open, 6)
      for (const session of sessions) {
        end(session)
        kinds(session)
        session.takeOutput()
        session.receiveEnd()
        kinds(session)
        assert.equal(session.readyState, 'closed')
        session.abort() // and again
      }
      assert.equal(port.open, 0)
    })
  }
}

test('T-87: a session that could not be made, for an option that is wrong, comes for no stream', () => {
  const port = countingPort()
  const extensions = [permessageDeflate(port, UNDEMANDING).agreed(WITHOUT_TAKEOVER)]
  for (const wrong of [
    { limits: { maxMessageBytes: -1 } },
    { keepalive: { pingIntervalMs: -1 } },
    { extensions: [...extensions, { name: 'x', parameters: [], reservedBits: 8 }] },
  ]) {
    assert.throws(() => client({ extensions, ...wrong }), RangeError)
  }
  const session = client({ extensions })
  receive(session, HELLO)
  assert.equal(port.open, 1)
  session.abort()
  assert.equal(port.open, 0)
})

for (const [name, port] of [
  ['zlib', nodeDeflate],
  ['the portable DEFLATE', portableDeflate],
] as const) {
  test(`a stream in which a message went wrong serves others: ${name}`, () => {
    const counting = countingPort(port)
    const extensions = [permessageDeflate(counting, UNDEMANDING).agreed(WITHOUT_TAKEOVER)]
    const other = client({ extensions })
    const wrong: readonly (readonly [wire: string, error: string])[] = [
      ['c1 01 07', 'INVALID_COMPRESSED_DATA'],
      ['c1 05 f2 48 cd c9 c9', 'INVALID_COMPRESSED_DATA'],
      ['c1 05 f2 00 11 00 00', 'INVALID_COMPRESSED_DATA'],
      ['41 03 f2 48 cd c1 00', 'MESSAGE_NOT_FINISHED'],
    ]
    for (const [wire, error] of wrong) {
      const session = client({ extensions })
      assert.deepEqual(
        receive(session, wire).map((event) => event['error']),
        [error],
      )
      assert.equal(counting.open, 1)
      assert.deepEqual(
        receive(other, HELLO).map(({ payload }) => payload),
        ['48 65 6c 6c 6f'],
      )
    }
    assert.equal(counting.made, 1)
  })
}

test('a session that ends twice takes nothing from those that go on', () => {
  const port = countingPort()
  const extensions = [permessageDeflate(port, UNDEMANDING).agreed(WITHOUT_TAKEOVER)]
  const [ended, other] = [server({ extensions }), server({ extensions })]
  other.send('text', 'Hello')
  assert.equal(output(other), 'c1 07 f2 48 cd c9 c9 07 00')
  const hello = 'c1 87 00000000 f2 48 cd c9 c9 07 00'
  receive(other, hello)
  for (let i = 0; i < 3; i++) {
    ended.abort()
    receive(ended, '88 80 00000000')
    ended.receiveEnd()
    events(ended)
  }
  assert.equal(port.open, 2)
  other.send('text', 'Hello')
  receive(other, hello)
  assert.equal(port.made, 2)
  other.abort()
  assert.equal(port.open, 0)
})

test('streams are those of the window that was agreed on, and each size has its own', () => {
  const port = countingPort()
  const extension = permessageDeflate(port, UNDEMANDING)
  for (const [serverBits, clientBits] of [
    [9, 10],
    [11, 9],
    [9, 9],
  ]) {
    const agreed = extension.agreed([
      ['server_max_window_bits', String(serverBits)],
      ['client_max_window_bits', String(clientBits)],
    ])
    for (const session of [server({ extensions: [agreed] }), client({ extensions: [agreed] })]) {
      session.send('text', 'Hello')
      receive(session, session.role === 'client' ? HELLO : 'c1 87 00000000 f2 48 cd c9 c9 07 00')
    }
  }
  assert.deepEqual(port.kinds, [
    'deflate 9', // the server of the first
    'inflate 10',
    'deflate 10', // and its client
    'inflate 9',
    'deflate 11',
    'inflate 9',
    'deflate 9',
    'inflate 11',
    'deflate 9',
    'inflate 9',
    'deflate 9',
    'inflate 9',
  ])
})
