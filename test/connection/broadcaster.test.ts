// One message to all: compared with a loop that sends it to each, whatever happens in between.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broadcaster, type Connection } from '../../src/connection/index.ts'
import { permessageDeflate } from '../../src/extension/index.ts'
import { type PreparedMessage, prepareMessage } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { type Scripted, ScriptedHost, scripted } from '../support/scripted-stream.ts'

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
  readonly host = new ScriptedHost()
  readonly connections = new Set<Connection>()
  readonly broadcaster = new Broadcaster(this.connections, this.host)

  constructor(options: readonly Options[] = []) {
    for (const own of options) this.add(own)
  }

  add(options: Options): void {
    const member = scripted(options)
    member.host.time = this.host.time
    this.members.push(member)
    this.connections.add(member.connection)
    this.broadcaster.added()
    void member.connection.closed.then(() => this.connections.delete(member.connection))
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
      const written = stream.takeWritten()
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
  return { extensions: [DEFLATE.agreed([])] }
}

for (let seed = 1; seed <= 60; seed++) {
  test(`broadcasts are what a loop would send, in whatever order, ${seed}`, () => {
    const random = numbers(seed)
    const small = { limits: { highWaterBytes: 200 } }
    const kinds = (): Options[] => [
      {},
      {},
      {},
      agreed(),
      { ...small, backpressure: 'drop' },
      small,
      { limits: { idleTimeoutMs: 50 } },
    ]
    const shared = new Crowd(kinds())
    const looped = new Crowd(kinds())
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
      const what = random(14)
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
        else if (what === 9) assert.equal(connection.trySend(data), connection.readyState === 'open')
        else if (what === 11) crowd.endTurn()
        else if (what === 12) crowd.advance(step % 20)
        else if (step > 100 && whom === 2) void connection.close(1000)
        else if (step > 130 && whom === 0) {
          crowd.endTurn() // what waits is thrown away, and some of it may have left already
          connection.terminate()
        }
      }
      assert.deepEqual(
        shared.members.map(({ connection }) => connection.readyState),
        looped.members.map(({ connection }) => connection.readyState),
      )
      if (what === 10) {
        assert.deepEqual(shared.stats(), looped.stats())
      }
      if (what !== 11) continue
      assert.deepEqual(shared.written(), looped.written())
    }
    for (const crowd of both) crowd.endTurn()
    assert.deepEqual(shared.written(), looped.written())
  })
}

test('what is sent in one turn is asked of each connection once, and leaves as one write of the same memory', () => {
  const crowd = new Crowd([{}, {}, {}])
  const vectors: Uint8Array[] = []
  for (const { stream } of crowd.members) {
    stream.write = (written) => vectors.push(...written) > 0
  }
  crowd.broadcaster.send(prepareMessage('a'))
  crowd.broadcaster.send(prepareMessage('b'))
  assert.equal(crowd.host.deferredCount, 1)
  assert.deepEqual(
    crowd.members.map(({ connection, host }) => [connection.bufferedBytes, host.deferredCount]),
    [
      [6, 0],
      [6, 0],
      [6, 0],
    ],
  )
  crowd.endTurn()
  assert.equal(vectors.length, 3)
  assert.equal(new Set(vectors).size, 1)
  assert.equal(Buffer.from(vectors[0]!).toString('hex'), '810161810162')
  assert.equal(crowd.members[0]!.connection.stats().messagesSent, 2)
})

test('T-68: a slow connection does not keep the memory of each broadcast', () => {
  const crowd = new Crowd([{}])
  const [{ stream }] = crowd.members as [Scripted]
  const held: Uint8Array[] = []
  stream.write = (vectors) => held.push(...vectors) > 0
  for (let i = 0; i < 1_000; i++) {
    stream.bufferedBytes = 0
    crowd.broadcaster.send(prepareMessage('a'))
    stream.bufferedBytes = 65_536 // the stream takes no more
    crowd.endTurn()
  }
  stream.leave()
  assert.ok(held.length < 10, `${held.length} vectors`)
  assert.equal(Buffer.concat(held).length, 3_000)
})

test('what one connection throws at the end of a turn is not for the others to miss', () => {
  const crowd = new Crowd([{}, {}])
  const [first, second] = crowd.members as [Scripted, Scripted]
  first.stream.write = () => {
    throw new Error('broken')
  }
  crowd.broadcaster.send(prepareMessage('a'))
  assert.throws(() => crowd.host.endTurn(), { message: 'broken' })
  crowd.endTurn()
  assert.deepEqual(second.stream.writes, ['81 01 61'])
})
