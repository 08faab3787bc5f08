// One message to all: compared with a loop that sends it to each, whatever happens in between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broadcaster, Connection, type Diagnostics } from '../../src/connection/index.ts'
import { permessageDeflate } from '../../src/extension/index.ts'
import { type PreparedMessage, prepareMessage } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { type Scripted, ScriptedHost, scripted, stateOf } from '../support/scripted-stream.ts'

type Options = NonNullable<Parameters<typeof scripted>[0]>

/** The same number at every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Some connections, and what sends to all of them. */
class Crowd {
  readonly members: Scripted[] = []
  readonly channels = { frame: { hasSubscribers: false }, message: { hasSubscribers: false } }
  readonly host: ScriptedHost
  readonly connections = new Set<Connection>()
  readonly broadcaster: Broadcaster
  readonly #limits: { highWaterBytes: number }

  constructor(options: readonly Options[], highWaterBytes = 65_536) {
    this.host = new ScriptedHost(this.channels as unknown as Diagnostics)
    this.broadcaster = new Broadcaster(this.connections, highWaterBytes, this.host)
    this.#limits = { highWaterBytes }
    for (const own of options) this.add(own)
  }

  add(options: Options = {}): Scripted {
    const member = scripted({ ...options, limits: { ...this.#limits, ...options.limits } })
    member.host.time = this.host.time
    member.stream.saysLeft = true
    this.members.push(member)
    this.connections.add(member.connection)
    this.broadcaster.add(member.connection)
    void member.connection.closed.then(() => {
      this.connections.delete(member.connection)
      this.broadcaster.remove(member.connection)
    })
    return member
  }

  send(data: string | Uint8Array): Promise<void>[] {
    return this.broadcaster.send(prepareMessage(data))
  }

  endTurn(): void {
    this.host.endTurn()
    for (const { host } of this.members) {
      host.endTurn()
      while (host.workCount > 0) host.work()
    }
  }

  advance(ms: number): void {
    this.endTurn() // no time passes inside a turn
    for (const { host } of [this, ...this.members]) host.advance(ms)
  }

  /** What each was sent; of what is compressed there are numbers only, as zlib need not make the same bytes twice. */
  written(): (string | number)[] {
    return this.members.map(({ connection, stream }) => {
      const written = stream.takeWritten().replaceAll(' ', '') // how many writes it takes is for each to say
      return connection.extensions.length === 0 ? written : connection.stats().payloadBytesSent
    })
  }

  stats(): object[] {
    return this.members.map(({ connection }) => {
      const stats = connection.stats()
      return connection.extensions.length === 0 ? stats : { ...stats, wireBytesSent: 0 }
    })
  }
}

/** The plain version. */
function sendToEach({ connections }: Crowd, message: PreparedMessage): void {
  for (const connection of connections) if (connection.readyState === 'open') void connection.send(message)
}

const DEFLATE = permessageDeflate(nodeDeflate, { thresholdBytes: 0 })

function agreed(): Options {
  return { extensions: [DEFLATE.agreed([])], limits: { highWaterBytes: 65_536 } } // how many bytes, zlib decides
}

/** Anything may happen, to both crowds the same. */
function rehearse(shared: Crowd, looped: Crowd, random: (below: number) => number): void {
  const both = [shared, looped]
  for (const crowd of both) {
    crowd.members[1]!.connection.onMessage((message) => {
      // While it is seen to, it is sent to like all others.
      const prepared = prepareMessage(message)
      if (crowd === shared) crowd.broadcaster.send(prepared)
      else sendToEach(crowd, prepared)
    })
  }
  for (let step = 0; step < 150; step++) {
    const what = random(17)
    const whom = random(shared.members.length)
    const size = random(9) === 0 ? random(300) : random(30)
    const data = 'abcdefghij'.repeat(30).slice(0, size)
    const bytes = random(2) === 0 ? data : Buffer.from(data)
    for (const crowd of both) {
      const { connection, stream } = crowd.members[whom]!
      const message = prepareMessage(bytes)
      if (what < 6 && crowd === shared) crowd.broadcaster.send(message)
      else if (what < 6) sendToEach(crowd, message)
      else if (what === 6) void connection.send(data)
      else if (what === 7) stream.receive('89 81 00000000 31')
      else if (what === 8) stream.receive('81 81 00000000 62')
      else if (what === 9) {
        if (!connection.trySend(data)) stream.calls.push('not taken')
      } else if (what === 11 || what === 14) crowd.endTurn()
      else if (what === 12) crowd.advance(step % 20)
      else if (what === 15) stream.stalled = true
      else if (what === 16) {
        stream.stalled = false
        if (stream.bufferedBytes > 0) stream.leave()
      } else if (step === 60) crowd.add()
      else if (step > 100 && whom === 2) void connection.close(1000)
      else if (step > 130 && whom === 0) {
        crowd.endTurn() // what waits is thrown away, and some of it may have left already
        connection.terminate()
      }
    }
    const [own, plain] = both.map(({ members }) =>
      members.map(({ connection, stream }) => [
        stream.calls,
        connection.readyState,
        connection.extensions.length || connection.bufferedBytes,
      ]),
    )
    assert.deepEqual(own, plain)
    if (what === 10) assert.deepEqual(shared.stats(), looped.stats())
    if (what === 11) assert.deepEqual(shared.written(), looped.written())
  }
  for (const crowd of both) crowd.endTurn()
  assert.deepEqual(shared.written(), looped.written())
  assert.deepEqual(shared.stats(), looped.stats())
}

for (let seed = 1; seed <= 100; seed++) {
  test(`broadcasts are what a loop would send, in whatever order, ${seed}`, () => {
    const kinds = (): Options[] => [
      {},
      {},
      {},
      agreed(),
      { backpressure: 'drop' },
      { backpressure: 'close' },
      { limits: { idleTimeoutMs: 50 } },
    ]
    const highWaterBytes = seed % 2 === 0 ? 200 : 65_536
    rehearse(new Crowd(kinds(), highWaterBytes), new Crowd(kinds(), highWaterBytes), numbers(seed))
  })
}

test('who nothing else happens to is asked once, for as many turns as that lasts', () => {
  const crowd = new Crowd([{}, {}, {}])
  const vectors: Uint8Array[] = []
  for (const { host, stream } of crowd.members) {
    stream.write = (written) => vectors.push(...written) > 0
    let asked = 0
    host.now = () => {
      assert.equal(++asked, 1)
      return host.time
    }
  }
  for (let turn = 0; turn < 3; turn++) {
    assert.deepEqual(crowd.send('a'), [])
    assert.deepEqual(crowd.send('b'), [])
    assert.equal(crowd.host.deferredCount, 1)
    assert.deepEqual(
      crowd.members.map(({ connection, host }) => [connection.bufferedBytes, host.deferredCount]),
      Array(3).fill([6, 0]),
    )
    crowd.endTurn()
    assert.equal(crowd.members[0]!.connection.bufferedBytes, 0)
    assert.equal(vectors.length, 3)
    assert.equal(new Set(vectors.splice(0)).size, 1, 'all are written the same memory')
  }
})

test('what has gone past a session counts there, whenever it is looked at', () => {
  const crowd = new Crowd([{}])
  const [{ connection, stream }] = crowd.members as [Scripted]
  const sent = (): number[] => {
    const { messagesSent, framesSent, wireBytesSent, payloadBytesSent } = connection.stats()
    return [messagesSent, framesSent, wireBytesSent, payloadBytesSent]
  }
  crowd.send('abc')
  crowd.send(new Uint8Array(126))
  crowd.endTurn()
  assert.deepEqual(sent(), [2, 2, 5 + 130, 129])
  crowd.send('d')
  crowd.endTurn()
  crowd.send('e')
  assert.deepEqual(sent(), [4, 4, 141, 131])
  crowd.endTurn()
  stream.receive('89 80 00000000')
  assert.deepEqual(sent(), [4, 5, 143, 131])
  assert.equal(connection.stats().framesReceived, 1)
  assert.deepEqual(stream.writes.slice(1), ['81 01 64', '81 01 65', '8a 00'])
})

test('whoever is sent something else leaves, with what is there so far, and is back in the next turn', () => {
  const crowd = new Crowd([{}, {}])
  const [{ connection, stream }, other] = crowd.members as [Scripted, Scripted]
  crowd.send('a')
  void connection.send('-')
  crowd.send('b')
  assert.equal(connection.bufferedBytes, 9)
  crowd.endTurn()
  crowd.send('c')
  crowd.endTurn()
  assert.deepEqual(stream.writes, ['81 01 61 81 01 2d 81 01 62', '81 01 63'])
  assert.deepEqual(other.stream.writes, ['81 01 61 81 01 62', '81 01 63'])
})

test('what is sent to all is no silence', () => {
  const crowd = new Crowd([{ limits: { idleTimeoutMs: 50 } }])
  const [{ connection }] = crowd.members as [Scripted]
  for (let turn = 0; turn < 10; turn++) {
    crowd.send('a')
    crowd.advance(30)
    assert.equal(connection.readyState, 'open')
  }
  crowd.advance(30)
  assert.notEqual(connection.readyState, 'open')
})

test('a slow connection is waited for, and keeps no other up', async () => {
  const crowd = new Crowd([{}, {}], 100)
  const [slow, fast] = crowd.members as [Scripted, Scripted]
  slow.stream.stalled = true
  assert.deepEqual(crowd.send('a'), [])
  crowd.endTurn()
  const behindAnother = crowd.send('b'.repeat(95))
  assert.equal(behindAnother.length, 1)
  slow.stream.leave()
  assert.equal(await stateOf(behindAnother[0]!), 'resolved')
  slow.stream.leave()
  crowd.endTurn()
  assert.deepEqual(crowd.send('c'.repeat(48)), [])
  const together = crowd.send('d'.repeat(48))
  assert.equal(together.length, 1)
  assert.equal(await stateOf(together[0]!), 'pending')
  slow.stream.leave()
  assert.equal(await stateOf(together[0]!), 'resolved')
  crowd.endTurn()
  assert.deepEqual(
    [slow, fast].map(({ stream }) => stream.takeWritten().replaceAll(' ', '').length / 2),
    [slow, fast].map(() => 3 + 97 + 100),
  )
  assert.deepEqual(
    [slow, fast].map(({ connection }) => connection.stats().backpressureEvents),
    [2, 0],
  )
})

test('as much as leaves at once leaves inside the turn', () => {
  const crowd = new Crowd([{}], 10)
  const [{ connection, stream }] = crowd.members as [Scripted]
  crowd.send('abc')
  assert.deepEqual([stream.writes, connection.bufferedBytes], [[], 5])
  crowd.send('def')
  assert.deepEqual([stream.writes, connection.bufferedBytes], [['81 03 61 62 63 81 03 64 65 66'], 0])
  crowd.send('ghi')
  assert.equal(stream.writes.length, 1)
  crowd.endTurn()
  assert.deepEqual(stream.writes.slice(1), ['81 03 67 68 69'])
})

test('a long message is sent from where it lies, behind what was sent to all before', () => {
  const crowd = new Crowd([{}, {}])
  const message = prepareMessage(new Uint8Array(65_536))
  const written: Uint8Array[] = []
  for (const { stream } of crowd.members) stream.write = (vectors) => written.push(...vectors) > 0
  crowd.send('a')
  crowd.broadcaster.send(message)
  assert.equal(written.filter((vector) => vector === message.payload).length, 2)
  assert.equal(Buffer.concat(written).length, 2 * (3 + 10 + 65_536))
})

test('T-68: a slow connection does not keep the memory of each broadcast', () => {
  const crowd = new Crowd([{}])
  const [{ stream }] = crowd.members as [Scripted]
  const held: Uint8Array[] = []
  stream.write = (vectors) => {
    held.push(...vectors)
    stream.bufferedBytes = 65_536 // the stream takes no more
    return false
  }
  for (let i = 0; i < 1_000; i++) {
    crowd.send('a')
    crowd.endTurn()
  }
  stream.leave()
  assert.equal(held.length, 2)
  assert.equal(Buffer.concat(held).length, 3_000)
})

test('what one connection throws at the end of a turn is not for the others to miss', () => {
  const crowd = new Crowd([{}, {}])
  const [first, second] = crowd.members as [Scripted, Scripted]
  first.stream.write = () => {
    throw new Error('broken')
  }
  crowd.send('a')
  crowd.endTurn()
  assert.deepEqual(second.stream.writes, ['81 01 61'])
  assert.throws(() => crowd.host.endTurn(), { message: 'broken' })
})

test('who watches is told of each message when it is sent, from when the watching begins', () => {
  const crowd = new Crowd([{}, {}])
  const asked: Connection[] = []
  const { channels, members } = crowd
  crowd.send('a')
  for (const { connection } of members) {
    const { send } = connection
    connection.send = (...args) => {
      asked.push(connection)
      return send.apply(connection, args)
    }
  }
  crowd.send('b')
  assert.equal(asked.length, 0)
  channels.frame.hasSubscribers = true
  crowd.send('c')
  crowd.endTurn()
  crowd.send('d')
  assert.equal(asked.length, 4)
  channels.frame.hasSubscribers = false
  crowd.endTurn()
  crowd.send('e')
  crowd.endTurn()
  assert.equal(asked.length, 4)
  for (const { stream } of members)
    assert.deepEqual(stream.writes, ['81 01 61 81 01 62 81 01 63', '81 01 64', '81 01 65'])
})

test('what was sent to all comes before the Close frame, and nothing behind it', () => {
  const crowd = new Crowd([{}, {}])
  const [{ connection, stream }, other] = crowd.members as [Scripted, Scripted]
  crowd.send('a')
  void connection.close(1000)
  crowd.send('b')
  crowd.endTurn()
  assert.deepEqual(stream.writes, ['81 01 61 88 02 03 e8'])
  assert.deepEqual(other.stream.writes, ['81 01 61 81 01 62'])
})

test('a connection whose stream breaks inside the turn is written nothing', () => {
  const crowd = new Crowd([{}])
  const [{ connection, stream }] = crowd.members as [Scripted]
  stream.receive('81 81 00000000 62') // waits to be read
  crowd.send('a')
  stream.finish(new Error('broken'))
  assert.equal(connection.readyState, 'closed')
  crowd.endTurn()
  crowd.send('b')
  crowd.endTurn()
  assert.deepEqual(stream.writes, [])
})

test('one that is closed is let go of', async () => {
  const crowd = new Crowd([{}, {}])
  const [{ connection, stream }] = crowd.members as [Scripted]
  crowd.send('a')
  crowd.endTurn()
  connection.terminate()
  stream.finish()
  await connection.closed
  assert.equal(crowd.connections.size, 1)
  crowd.connections.add(connection) // it would be asked
  assert.deepEqual(crowd.send('b'), [])
})

test('who is sent something while the first message of a turn is on its way gets that once, behind it', () => {
  const crowd = new Crowd([{ limits: { maxBufferedBytes: 1 } }, {}])
  const [full, { connection, stream }] = crowd.members as [Scripted, Scripted]
  full.stream.bufferedBytes = 2
  Connection.onClosed(full.connection, () => void connection.send('-'))
  crowd.send('a')
  assert.equal(full.connection.readyState, 'closed')
  crowd.send('b')
  crowd.endTurn()
  assert.deepEqual(stream.takeWritten(), '81 01 2d 81 01 61 81 01 62')
})

test('what was agreed on to be compressed is', () => {
  const crowd = new Crowd([agreed(), {}])
  crowd.send('a')
  crowd.endTurn()
  assert.deepEqual(
    crowd.members.map(({ stream }) => stream.writes[0]!.slice(0, 2)),
    ['c1', '81'],
  )
})

test('a message that is sent to all while another is does not come twice to anybody', () => {
  const crowd = new Crowd([{}, {}])
  const [late] = crowd.members
  late!.stream.bufferedBytes = 10
  const { connection, stream, host } = late!
  const send = connection.send.bind(connection)
  let isNested = false
  connection.send = (message) => {
    const sent = send(message)
    if (isNested) return sent
    isNested = true
    host.endTurn()
    stream.bufferedBytes = 0
    crowd.send('b')
    return sent
  }
  crowd.send('a')
  crowd.endTurn()
  assert.deepEqual(stream.writes, ['81 01 61', '81 01 62'])
})
