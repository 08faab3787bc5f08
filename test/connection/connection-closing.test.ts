// The end of a connection: who began, what is reported, exactly once, from every state.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Connection } from '../../src/connection/index.ts'
import type { CloseInfo } from '../../src/session/index.ts'
import { type Scripted, scripted, settle, stateOf } from '../support/scripted-stream.ts'
import { concat, frame, hex } from '../support/wire.ts'

/** What is told of an end, the error by its code. */
function told({ error, ...info }: CloseInfo): Record<string, unknown> {
  return { ...info, error: error?.code }
}

interface Story {
  title: string
  /** What happens; the closing Close frame of the peer is masked with zeros. */
  happens: (at: Scripted) => void
  written: string
  calls: string[]
  info: Record<string, unknown>
}

const STORIES: Story[] = [
  {
    title: 'T-92: the peer closes: its code is answered, and a server ends first',
    happens: ({ stream, host }) => {
      stream.receive('88 85 00000000 03e8 627965')
      host.endTurn()
      stream.finish()
    },
    written: '88 02 03 e8',
    calls: ['end'],
    info: { code: 1000, reason: 'bye', wasClean: true, initiator: 'remote', sentCode: 1000, receivedCode: 1000 },
  },
  {
    title: 'the peer closes without a code',
    happens: ({ stream, host }) => {
      stream.receive('88 80 00000000')
      host.endTurn()
      stream.finish()
    },
    written: '88 00',
    calls: ['end'],
    info: { code: 1005, reason: '', wasClean: true, initiator: 'remote', sentCode: 1005, receivedCode: 1005 },
  },
  {
    title: 'we close: the peer answers',
    happens: ({ connection, stream, host }) => {
      void connection.close(3000, 'enough')
      host.endTurn()
      stream.receive('88 82 00000000 0bb8')
      host.endTurn()
      stream.finish()
    },
    written: '88 08 0b b8 65 6e 6f 75 67 68',
    calls: ['end'],
    info: { code: 3000, reason: '', wasClean: true, initiator: 'local', sentCode: 3000, receivedCode: 3000 },
  },
  {
    title: 'we close without a code',
    happens: ({ connection, stream, host }) => {
      void connection.close()
      stream.receive('88 80 00000000')
      host.endTurn()
      stream.finish()
    },
    written: '88 00',
    calls: ['end'],
    info: { code: 1005, reason: '', wasClean: true, initiator: 'local', sentCode: 1005, receivedCode: 1005 },
  },
  {
    title: 'T-93: both close at once',
    happens: ({ connection, stream, host }) => {
      void connection.close(1000)
      stream.receive('88 82 00000000 03e9')
      void connection.close(1001)
      host.endTurn()
      stream.finish()
    },
    written: '88 02 03 e8',
    calls: ['end'],
    info: { code: 1001, reason: '', wasClean: true, initiator: 'local', sentCode: 1000, receivedCode: 1001 },
  },
  {
    title: 'T-90: the peer never answers our Close',
    happens: ({ connection, host }) => {
      void connection.close(1000)
      host.endTurn()
      host.advance(10_000)
    },
    written: '88 02 03 e8',
    calls: ['destroy'],
    info: { code: 1006, wasClean: false, initiator: 'local', sentCode: 1000, error: 'CLOSE_TIMEOUT' },
  },
  {
    title: 'T-90: the peer closes and never ends',
    happens: ({ stream, host }) => {
      stream.receive('88 82 00000000 03e8')
      host.endTurn()
      host.advance(10_000)
    },
    written: '88 02 03 e8',
    calls: ['end', 'destroy'],
    info: { code: 1000, wasClean: true, initiator: 'remote', sentCode: 1000, receivedCode: 1000 },
  },
  {
    title: 'T-90: the peer keeps sending after a failure, within bounds',
    happens: ({ stream, host }) => {
      stream.receive('c9 80 00000000')
      host.endTurn()
      for (let i = 0; i < 17; i++) stream.receive(new Uint8Array(65_536))
    },
    written: '88 02 03 ea',
    calls: ['end', 'destroy'],
    info: { code: 1002, wasClean: false, initiator: 'local', sentCode: 1002, error: 'RESERVED_BIT_SET' },
  },
  {
    title: 'the peer breaks the protocol, then resets: the violation is what is reported',
    happens: ({ stream, host }) => {
      stream.receive('c9 80 00000000')
      host.endTurn()
      stream.finish(new Error('reset'))
    },
    written: '88 02 03 ea',
    calls: ['end', 'destroy'],
    info: { code: 1002, wasClean: false, initiator: 'local', sentCode: 1002, error: 'RESERVED_BIT_SET' },
  },
  {
    title: 'T-91: the stream ends without a Close frame',
    happens: ({ stream, host }) => {
      stream.finish()
      host.endTurn()
    },
    written: '',
    calls: [],
    info: { code: 1006, wasClean: false, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
  },
  {
    title: 'T-94: the stream breaks',
    happens: ({ stream, host }) => {
      stream.finish(new Error('reset'))
      host.endTurn()
    },
    written: '',
    calls: ['destroy'],
    info: { code: 1006, wasClean: false, initiator: 'remote', error: 'TRANSPORT_FAILED' },
  },
  {
    title: 'T-94: the stream breaks while we are closing',
    happens: ({ connection, stream, host }) => {
      void connection.close(1000)
      host.endTurn()
      stream.finish(new Error('reset'))
    },
    written: '88 02 03 e8',
    calls: ['destroy'],
    info: { code: 1006, wasClean: false, initiator: 'local', sentCode: 1000, error: 'TRANSPORT_FAILED' },
  },
  {
    title: 'T-94: the stream breaks after both Close frames, which is no error any more',
    happens: ({ connection, stream, host }) => {
      void connection.close(1000)
      host.endTurn()
      stream.receive('88 82 00000000 03e8')
      stream.finish(new Error('reset'))
    },
    written: '88 02 03 e8',
    calls: ['end', 'destroy'],
    info: { code: 1000, wasClean: true, initiator: 'local', sentCode: 1000, receivedCode: 1000 },
  },
  {
    title: 'T-93: we terminate',
    happens: ({ connection, stream, host }) => {
      void connection.send('never leaves')
      connection.terminate()
      connection.terminate()
      host.endTurn()
      stream.finish()
    },
    written: '',
    calls: ['destroy'],
    info: { code: 1006, wasClean: false, initiator: 'local', error: 'ABORTED' },
  },
  {
    title: 'T-93: we terminate while closing',
    happens: ({ connection, host }) => {
      void connection.close(1000)
      host.endTurn()
      connection.terminate()
    },
    written: '88 02 03 e8',
    calls: ['destroy'],
    info: { code: 1006, wasClean: false, initiator: 'local', sentCode: 1000, error: 'ABORTED' },
  },
  {
    title: 'T-93: terminate and close after the end change nothing',
    happens: ({ connection, stream, host }) => {
      stream.finish()
      connection.terminate()
      void connection.close(1000)
      host.endTurn()
    },
    written: '',
    calls: [],
    info: { code: 1006, wasClean: false, initiator: 'remote', error: 'ENDED_WITHOUT_CLOSE' },
  },
  {
    title: 'T-77: no pong is sent after our Close frame',
    happens: ({ connection, stream, host }) => {
      void connection.close(1000)
      stream.receive('89 81 00000000 31 88 82 00000000 03e8')
      host.endTurn()
      stream.finish()
    },
    written: '88 02 03 e8',
    calls: ['end'],
    info: { code: 1000, wasClean: true, initiator: 'local', sentCode: 1000, receivedCode: 1000 },
  },
]

for (const { title, happens, written, calls, info } of STORIES) {
  test(title, async () => {
    const at = scripted()
    const { connection, stream, host } = at
    let closings = 0
    void connection.closed.then(() => closings++)
    happens(at)
    await settle()
    assert.equal(closings, 1)
    assert.equal(connection.readyState, 'closed')
    const nothing = { reason: '', sentCode: undefined, receivedCode: undefined, error: undefined }
    const result = await connection.closed
    assert.deepEqual(told(result), { ...nothing, ...info })
    assert.ok(Object.isFrozen(result))
    assert.equal(stream.takeWritten(), written)
    assert.deepEqual(stream.calls, calls)
    stream.listener.closed()
    assert.equal(host.timers.size, 0)
  })
}

test('what broke the stream is the cause of the error that is reported', async () => {
  const { connection, stream } = scripted()
  const reset = new Error('reset')
  stream.finish(reset)
  const { error } = await connection.closed
  assert.equal(error?.name, 'TransportError')
  assert.deepEqual([error?.cause, error?.closeCode, error?.phase], [reset, 1006, 'open'])
})

test('close is the promise of the end, whoever began', async () => {
  const { connection, stream } = scripted()
  const closed = connection.close(1000)
  assert.equal(closed, connection.closed)
  assert.equal(connection.close(1001), closed)
  assert.equal(await stateOf(closed), 'pending')
  stream.finish()
  assert.equal(await stateOf(closed), 'resolved')
})

for (const [code, reason, error] of [
  [1005, undefined, RangeError],
  [1006, undefined, RangeError],
  [999, undefined, RangeError],
  [5000, undefined, RangeError],
  ['1000', undefined, TypeError],
  [undefined, 'why', TypeError],
  [1000, 'x'.repeat(124), RangeError],
  [1000, 5, TypeError],
] as const) {
  test(`T-61: close(${code}, ${String(reason).slice(0, 5)}) throws at once and leaves the connection open`, () => {
    const { connection, stream, host } = scripted()
    assert.throws(() => connection.close(code as never, reason as never), error)
    host.endTurn()
    assert.deepEqual([connection.readyState, stream.takeWritten()], ['open', ''])
    void connection.close(1000, 'x'.repeat(123))
    host.endTurn()
    assert.equal(stream.takeWritten().length, 3 * (2 + 125) - 1)
  })
}

test('messages that were sent before close leave before the Close frame', () => {
  const { connection, stream, host } = scripted()
  void connection.send('a')
  void connection.close(1000)
  host.endTurn()
  assert.deepEqual(stream.writes, ['81 01 61 88 02 03 e8'])
})

test('a connection that nobody reads notices the Close frame of the peer, and its end behind unread messages', async () => {
  const { connection, stream, host } = scripted()
  stream.receive('88 82 00000000 03e8')
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 e8')
  stream.finish()
  assert.equal((await connection.closed).wasClean, true)

  const unread = scripted()
  unread.stream.receive('81 81 00000000 61 88 82 00000000 03e8')
  unread.host.endTurn()
  assert.equal(unread.stream.takeWritten(), '')
  unread.stream.finish()
  assert.equal((await unread.connection.closed).code, 1000)
})

test('await using closes with 1000 and waits for the end', async () => {
  const { connection, stream, host } = scripted()
  const disposed = connection[Symbol.asyncDispose]()
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 e8')
  assert.equal(await stateOf(disposed), 'pending')
  stream.finish()
  assert.equal(await disposed, undefined)
})

test('a connection says what the handshake agreed on, and where it leads', () => {
  const { connection } = scripted({ subprotocol: 'chat' })
  assert.equal(connection.subprotocol, 'chat')
  assert.deepEqual(connection.extensions, [])
  assert.equal(connection.url, 'ws://example.test/')
  assert.equal(connection.remoteAddress, '192.0.2.1')
  assert.equal(connection.readyState, 'open')
})

test('messages that came before the Close frame in one chunk are there for a reader after the end', async () => {
  const { connection, stream } = scripted()
  stream.receive(concat(frame({ opcode: 2, key: '00000000', payload: 'kept' }), hex('88 82 00000000 03e8')))
  stream.finish()
  const { value } = await connection.messages().next()
  assert.deepEqual(value, new TextEncoder().encode('kept'))
})

test('who made the connection is told of its end before anybody else, also when he asks too late', async () => {
  const { connection, stream } = scripted()
  const told: string[] = []
  void connection.closed.then(() => told.push('promise'))
  Connection.onClosed(connection, (ended, { code }) => told.push(`${ended === connection} ${code}`))
  stream.finish()
  assert.deepEqual(told, ['true 1006'])
  await connection.closed
  Connection.onClosed(connection, () => told.push('late'))
  assert.deepEqual(told, ['true 1006', 'promise', 'late'])
})

test('the promise of the end is the same whenever it is asked for', async () => {
  const { connection, stream } = scripted()
  assert.equal(connection.closed, connection.closed)
  const late = scripted()
  for (const one of [stream, late.stream]) one.finish()
  assert.equal(late.connection.closed, late.connection.closed)
  assert.deepEqual([(await connection.closed).code, (await late.connection.closed).code], [1006, 1006])
})

test('more after a Close frame than is thrown away cuts the stream behind what was sent, also when all of it comes in one chunk', () => {
  for (const cut of [0, 4, 9, 15]) {
    const { connection, stream } = scripted({ limits: { maxDiscardedBytes: 3 } })
    connection.onMessage((message) => void connection.send(message))
    const bytes = hex('81 81 00000000 61 88 82 00000000 03e8 ff ff ff ff')
    if (cut > 0) stream.receive(bytes.subarray(0, cut))
    stream.receive(bytes.subarray(cut))
    assert.equal(stream.takeWritten(), '81 01 61 88 02 03 e8')
    assert.deepEqual(stream.calls, ['end', 'destroy'])
  }
})
