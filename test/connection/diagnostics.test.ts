// What is told of a connection to whoever watches from outside: what, in which order, and only while somebody listens.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection, Diagnostics, DiagnosticsChannel } from '../../src/connection/index.ts'
import { type AgreedExtension, permessageDeflate } from '../../src/extension/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { type ScriptedHost, type ScriptedStream, scripted } from '../support/scripted-stream.ts'

type Name = keyof Diagnostics

const NAMES: readonly Name[] = ['connection', 'frame', 'message', 'close', 'failure']

interface Told {
  readonly channel: Name
  readonly [field: string]: unknown
}

/** Channels in the hands of the test: who listens to which, what was told, and how often anybody asked. */
class Channels {
  readonly listened = new Set<Name>()
  readonly told: Told[] = []
  asked = 0
  heard: (told: Told) => void = () => {}
  readonly diagnostics = Object.fromEntries(NAMES.map((name) => [name, this.#channel(name)])) as unknown as Diagnostics

  constructor(listened: readonly Name[] = NAMES) {
    for (const name of listened) this.listened.add(name)
  }

  /** What was told since the last look. */
  take(): Told[] {
    return this.told.splice(0)
  }

  #channel(channel: Name): DiagnosticsChannel<unknown> {
    const channels = this
    return {
      get hasSubscribers() {
        channels.asked++
        return channels.listened.has(channel)
      },
      publish(message) {
        assert.ok(channels.listened.has(channel), `nobody listens to ${channel}`)
        const told = { channel, ...(message as object) }
        channels.told.push(told)
        channels.heard(told)
      },
    }
  }
}

interface Watched {
  readonly channels: Channels
  readonly connection: Connection
  readonly stream: ScriptedStream
  readonly host: ScriptedHost
}

function watched(options: Parameters<typeof scripted>[0] & { listened?: readonly Name[] } = {}): Watched {
  const { listened, ...rest } = options
  const channels = new Channels(listened)
  return { channels, ...scripted({ ...rest, diagnostics: channels.diagnostics }) }
}

/** What was told in short: `frame sent 1`, `message received text`. */
function brief(told: readonly Told[]): string[] {
  return told.map((t) =>
    [t.channel, t['direction'], t['opcode'] ?? t['type']].filter((part) => part !== undefined).join(' '),
  )
}

/** permessage-deflate without a threshold: "Hello" becomes the seven bytes of RFC 7692 §7.2.3.1. */
const DEFLATE: AgreedExtension = permessageDeflate(nodeDeflate, { thresholdBytes: 0 }).agreed([])

// --- what is told -----------------------------------------------------------------------------------------------------

test('every connection has an id of its own, counted up', () => {
  const ids = [scripted(), scripted({ role: 'client' }), watched()].map(({ connection }) => connection.id)
  assert.deepEqual(ids, [ids[0]!, ids[0]! + 1, ids[0]! + 2])
  assert.ok(ids[0]! >= 1)
})

test('the whole life of a connection is told in order, under its id', () => {
  const { channels, connection, stream, host } = watched({ subprotocol: 'chat' })
  connection.onMessage((message) => void connection.send(message))
  stream.receive('01 81 00000000 61  80 81 00000000 62')
  stream.receive('89 80 00000000')
  host.endTurn()
  stream.receive('88 85 00000000 03e8 627965')
  host.endTurn()
  stream.finish()
  const connectionId = connection.id
  const received = { connectionId, direction: 'received', fin: true, reservedBits: 0, masked: true }
  const sent = { connectionId, direction: 'sent', fin: true, reservedBits: 0, masked: false }
  const message = { channel: 'message', connectionId, type: 'text', payloadLength: 2, compressed: false }
  assert.deepEqual(channels.told, [
    {
      channel: 'connection',
      connectionId,
      role: 'server',
      url: 'ws://example.test/',
      remoteAddress: '192.0.2.1',
      subprotocol: 'chat',
    },
    { channel: 'frame', ...received, opcode: 1, fin: false, payloadLength: 1 },
    { channel: 'frame', ...received, opcode: 0, payloadLength: 1 },
    { ...message, direction: 'received' },
    { channel: 'frame', ...sent, opcode: 1, payloadLength: 2 },
    { ...message, direction: 'sent' },
    { channel: 'frame', ...received, opcode: 9, payloadLength: 0 },
    { channel: 'frame', ...sent, opcode: 10, payloadLength: 0 },
    { channel: 'frame', ...received, opcode: 8, payloadLength: 5 },
    { channel: 'frame', ...sent, opcode: 8, payloadLength: 2 },
    { channel: 'close', connectionId, code: 1000, reason: 'bye', wasClean: true, initiator: 'remote' },
  ])
})

test('frames of what came with the handshake are told behind the connection', () => {
  const { channels } = watched({ leftover: Uint8Array.of(0x89, 0x80, 0, 0, 0, 0) })
  assert.deepEqual(brief(channels.told), ['connection', 'frame received 9', 'frame sent 10'])
})

test('a message is told before the application has it', () => {
  const { channels, connection, stream } = watched()
  let toldBefore: string[] = []
  connection.onMessage(() => {
    toldBefore = brief(channels.told)
  })
  stream.receive('81 81 00000000 61')
  assert.deepEqual(toldBefore, ['connection', 'frame received 1', 'message received text'])
})

test('a compressed message is told with its length before compression, its frame with that on the wire', () => {
  const { channels, connection } = watched({ extensions: [DEFLATE] })
  channels.take()
  void connection.send('Hello')
  const [frame, message] = channels.take()
  assert.deepEqual([frame!['reservedBits'], frame!['payloadLength']], [4, 7])
  assert.deepEqual([message!['compressed'], message!['payloadLength']], [true, 5])
})

test('pings of keepalive and the Close of a peer that is idle too long are told', () => {
  const { channels, host } = watched({
    keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 5_000 },
    limits: { idleTimeoutMs: 3_000 },
  })
  channels.take()
  host.advance(1_000)
  assert.deepEqual(brief(channels.take()), ['frame sent 9'])
  host.advance(2_000)
  assert.deepEqual(brief(channels.take()), ['frame sent 8'])
})

test('a ping and a Close of the application are told at once', () => {
  const { channels, connection } = watched()
  channels.take()
  void connection.ping()
  assert.deepEqual(brief(channels.take()), ['frame sent 9'])
  void connection.close(1000)
  assert.deepEqual(brief(channels.take()), ['frame sent 8'])
})

test('messages that are sent in slices are told as they leave', () => {
  const { channels, connection, host } = watched({ extensions: [DEFLATE] })
  channels.take()
  void connection.send(new Uint8Array(200_000).map((_, i) => Math.imul(i + 1, 0x9e37_79b1) >>> 13)) // hard to compress
  void connection.send('after', { compress: false })
  assert.ok(!brief(channels.told).includes('message sent text'))
  while (host.workCount > 0) host.work()
  host.endTurn()
  const told = brief(channels.take())
  assert.deepEqual(
    told.filter((line) => line.startsWith('message')),
    ['message sent binary', 'message sent text'],
  )
  assert.ok(told.filter((line) => line === 'frame sent 0').length > 0)
  assert.equal(told.at(-1), 'message sent text')
})

// --- failures ---------------------------------------------------------------------------------------------------------

test('a failure is told when it happens, once, and the end when it comes', () => {
  const { channels, connection, stream, host } = watched()
  connection.onMessage(() => {})
  channels.take()
  stream.receive('c1 81 00000000 61')
  const failure = channels.told.find(({ channel }) => channel === 'failure')!
  assert.equal(failure['connectionId'], connection.id)
  assert.equal((failure['error'] as { code: string }).code, 'RESERVED_BIT_SET')
  host.endTurn()
  stream.finish()
  assert.deepEqual(brief(channels.take()), ['frame sent 8', 'failure', 'close'])
})

for (const { what, end, code } of [
  {
    what: 'a stream that broke',
    end: ({ stream }: Watched) => stream.finish(new Error('reset')),
    code: 'TRANSPORT_FAILED',
  },
  { what: 'a stream that ended too early', end: ({ stream }: Watched) => stream.finish(), code: 'ENDED_WITHOUT_CLOSE' },
  { what: 'an end of our own', end: ({ connection }: Watched) => connection.terminate(), code: 'ABORTED' },
]) {
  test(`${what} is told as the failure ${code}, right before the end`, () => {
    const all = watched()
    all.connection.onMessage(() => {})
    all.channels.take()
    end(all)
    const told = all.channels.take()
    assert.deepEqual(brief(told), ['failure', 'close'])
    assert.equal((told[0]!['error'] as { code: string }).code, code)
    assert.deepEqual([told[1]!['code'], told[1]!['wasClean']], [1006, false])
  })
}

test('a peer that is too slow, and breaks a rule while it is closed for that, is told as one failure', () => {
  const { channels, connection, stream } = watched({
    backpressure: 'close',
    limits: { highWaterBytes: 10 },
    listened: ['failure', 'close'],
  })
  connection.onMessage(() => {})
  stream.stalled = true
  void connection.send(new Uint8Array(10))
  void connection.send('one more')
  stream.receive('83 80 00000000')
  stream.finish()
  const errors = channels.told.map(({ channel, error }) => [channel, (error as { code: string } | undefined)?.code])
  assert.deepEqual(errors, [
    ['failure', 'RESERVED_OPCODE'],
    ['close', undefined],
  ])
})

test('a failure is told once, however long it takes to close after it', () => {
  const { channels, connection, stream, host } = watched({ listened: ['failure', 'close'] })
  connection.onMessage(() => {})
  stream.receive('83 80 00000000')
  host.advance(20_000) // nothing more comes from the peer; meanwhile a connection that is open would rest
  assert.deepEqual(brief(channels.told), ['failure', 'close'])
})

test('a connection that is closed normally has not failed', () => {
  const { channels, connection, stream, host } = watched({ listened: ['failure', 'close'] })
  void connection.close(1000, 'done')
  host.endTurn()
  stream.receive('88 82 00000000 03e8')
  stream.finish()
  assert.deepEqual(brief(channels.told), ['close'])
})

// --- who listens ------------------------------------------------------------------------------------------------------

for (const name of NAMES) {
  test(`who listens to ${name} is told of nothing else`, () => {
    const { channels, connection, stream, host } = watched({ listened: [name] })
    connection.onMessage((message) => void connection.send(message))
    stream.receive('81 81 00000000 61')
    host.endTurn()
    stream.receive('c1 80 00000000')
    host.endTurn()
    stream.finish()
    assert.ok(channels.told.length > 0)
    assert.ok(channels.told.every(({ channel }) => channel === name))
  })
}

test('who comes late is told what happens from then on, and who has left is told nothing', () => {
  const { channels, connection, stream, host } = watched({ listened: [] })
  connection.onMessage((message) => void connection.send(message))
  const say = () => {
    stream.receive('81 81 00000000 61')
    host.endTurn()
    return brief(channels.take())
  }
  assert.deepEqual(say(), [])
  channels.listened.add('message')
  assert.deepEqual(say(), ['message received text', 'message sent text'])
  channels.listened.add('frame')
  channels.listened.delete('message')
  assert.deepEqual(say(), ['frame received 1', 'frame sent 1'])
  channels.listened.delete('frame')
  assert.deepEqual(say(), [])
  channels.listened.add('close')
  stream.finish()
  assert.deepEqual(brief(channels.take()), ['close'])
})

for (const [what, happen, told, before] of [
  ['bytes arrive', ({ stream }) => stream.receive('89 80 00000000'), ['frame received 9', 'frame sent 10']],
  ['the application sends', ({ connection }) => void connection.send('a'), ['frame sent 1']],
  ['time passes', ({ host }) => host.advance(1_000), ['frame sent 9']],
  [
    'the stream has ended',
    ({ stream }) => stream.finish(),
    ['frame received 1'],
    ({ stream }) => stream.receive('81 81 00000000 61'), // and nobody asks for it
  ],
  [
    'what is owed leaves',
    ({ stream }) => stream.leave(),
    ['frame sent 10'],
    ({ stream }) => {
      stream.bufferedBytes = 1_000_000
      stream.receive('89 80 00000000')
    },
  ],
] as [string, (all: Watched) => void, string[], ((all: Watched) => void)?][]) {
  test(`whoever begins to listen right before ${what} is told of it`, () => {
    const all = watched({ listened: [], keepalive: { pingIntervalMs: 1_000, pongTimeoutMs: 5_000 } })
    before?.(all)
    all.channels.listened.add('frame')
    happen(all)
    assert.deepEqual(brief(all.channels.take()), told)
  })
}

test('while nobody listens, one question for frames and one for messages is all that a chunk or a send costs', () => {
  const { channels, connection, stream, host } = watched({ listened: [] })
  connection.onMessage(() => {})
  channels.asked = 0
  stream.receive('81 81 00000000 61'.repeat(100))
  assert.equal(channels.asked, 2)
  channels.asked = 0
  void connection.send('a')
  assert.equal(channels.asked, 2)
  host.endTurn()
  assert.equal(channels.asked, 4)
})

test('a host without channels tells nobody', () => {
  const { connection, stream, host } = scripted()
  connection.onMessage((message) => void connection.send(message))
  stream.receive('81 81 00000000 61')
  host.endTurn()
  stream.finish()
  assert.equal(stream.takeWritten(), '81 01 61')
})

// --- what listeners do -------------------------------------------------------------------------------------------------

test('a message that is sent while another is told comes in its turn, on the wire and in what is told', () => {
  const { channels, connection, stream, host } = watched({ limits: { highWaterBytes: 4 } })
  channels.take()
  let answered = false
  channels.heard = ({ channel }) => {
    if (channel !== 'frame' || answered) return // of the first message there is more to tell
    answered = true
    void connection.send('second')
  }
  void connection.send('first')
  host.endTurn()
  assert.equal(stream.takeWritten(), '81 05 66 69 72 73 74 81 06 73 65 63 6f 6e 64')
  assert.deepEqual(
    channels.take().map(({ channel, payloadLength }) => [channel, payloadLength]),
    [
      ['frame', 5],
      ['message', 5],
      ['frame', 6],
      ['message', 6],
    ],
  )
})

test('what is sent while an answer is told that has just left goes behind it', () => {
  const { channels, connection, stream, host } = watched({ limits: { highWaterBytes: 1 } })
  connection.onMessage(() => {})
  channels.heard = ({ channel, opcode }) => {
    if (channel === 'frame' && opcode === 10) void connection.send('x')
  }
  stream.receive('89 80 00000000')
  host.endTurn()
  host.endTurn()
  assert.equal(stream.takeWritten(), '8a 00 81 01 78')
})

test('a connection that is ended while something of it is told ends once', () => {
  for (const channel of ['frame', 'message', 'failure'] as const) {
    const { channels, connection, stream, host } = watched()
    connection.onMessage(() => {})
    channels.heard = (told) => {
      if (told.channel === channel) connection.terminate()
    }
    stream.receive('81 81 00000000 61 c1 80 00000000')
    host.endTurn()
    assert.equal(connection.readyState, 'closed')
    assert.deepEqual(
      stream.calls.filter((call) => call === 'destroy'),
      ['destroy'],
    )
    assert.equal(channels.told.filter((told) => told.channel === 'close').length, 1)
  }
})

test('a channel that throws all the same stops nothing but itself', () => {
  const { channels, connection, stream, host } = watched()
  channels.heard = () => {
    throw new Error('not as agreed')
  }
  assert.throws(() => connection.send('a'), /not as agreed/)
  channels.heard = () => {}
  channels.take()
  void connection.send('b')
  host.endTurn()
  assert.equal(stream.takeWritten(), '81 01 61 81 01 62')
  assert.ok(brief(channels.take()).includes('message sent text'))
})

test('a connection that rests while nobody listens any more tells those who listen later', () => {
  const { channels, connection, stream, host } = watched()
  connection.onMessage(() => {})
  stream.receive('81 81 00000000 61')
  channels.listened.clear()
  stream.receive('81 81 00000000 61')
  channels.take()
  host.advance(20_000)
  channels.listened.add('message')
  stream.receive('81 81 00000000 61')
  assert.deepEqual(brief(channels.take()), ['message received text'])
})
