// Long messages that are compressed or inflated a slice at a time: who has a turn in between, what is told to those who
// wait, and that nothing is left behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, type ConnectionOptions, type Message, openConnection } from '../../src/connection/index.ts'
import {
  type AgreedExtension,
  type DeflateOptions,
  type DeflatePort,
  type DeflateStream,
  permessageDeflate,
} from '../../src/extension/index.ts'
import { type PreparedMessage, prepareMessage, type Session, type SessionOptions } from '../../src/session/index.ts'
import { pair } from '../../src/transport/memory/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { client, rawEvents, server } from '../support/engine.ts'
import { type Scripted, ScriptedHost, ScriptedStream, scripted, settle, stateOf } from '../support/scripted-stream.ts'
import { concat, hex } from '../support/wire.ts'

/** zlib, with a count of the bytes that went into deflaters and came out of inflaters, and of the streams that are open. */
class CountingDeflate implements DeflatePort {
  deflated = 0
  inflated = 0
  open = 0

  createDeflater(options: Parameters<DeflatePort['createDeflater']>[0]): DeflateStream {
    const stream = nodeDeflate.createDeflater(options)
    return this.#watch(stream, () => {
      this.deflated += stream.consumed
    })
  }

  createInflater(windowBits: number): DeflateStream {
    const stream = nodeDeflate.createInflater(windowBits)
    return this.#watch(stream, () => {
      this.inflated += stream.produced
    })
  }

  #watch(stream: DeflateStream, count: () => void): DeflateStream {
    const step = stream.step.bind(stream)
    const close = stream.close.bind(stream)
    this.open++
    stream.step = (...given) => {
      step(...given)
      count()
    }
    stream.close = () => {
      close()
      this.open--
    }
    return stream
  }
}

function agree(port: DeflatePort = nodeDeflate, options: DeflateOptions = {}): AgreedExtension {
  return permessageDeflate(port, options).agreed([])
}

const MIB = 1_048_576

/** Text that is compressed to about a fifth. */
const LONG = longText(4 * MIB)

function longText(length: number): string {
  const parts: string[] = []
  for (let id = 0, held = 0; held < length; id++) {
    const part = `{"id":${id},"name":"user ${Math.imul(id, 0x9e37_79b1) >>> 8}"},`
    parts.push(part)
    held += part.length
  }
  return parts.join('').slice(0, length)
}

const SLICE = 65_536

/** What a connection's peer makes of all that was written so far. Of a part of the long text, the length is told. */
function received(stream: ScriptedStream, peer: Session): (string | number)[] {
  peer.receive(hex(stream.takeWritten()))
  return rawEvents(peer).map((event) => {
    if (event.kind === 'ping' || event.kind === 'pong') return `${event.kind} ${Buffer.from(event.payload)}`
    return event.kind === 'message' ? told(Buffer.from(event.payload).toString()) : event.kind
  })
}

function told(message: Message): string | number {
  return message.length > 100 && message === LONG.slice(0, message.length) ? message.length : String(message)
}

/** All that waits for a turn of its own has it, one after the other. @returns how many turns that were. */
function work(host: ScriptedHost): number {
  let turns = 0
  while (host.workCount > 0) {
    assert.ok(++turns < 10_000, 'it comes to an end')
    host.work()
    host.endTurn()
  }
  return turns
}

/** A compressed message as a peer would send it. */
function compressed(extension: AgreedExtension, ...messages: readonly string[]): Uint8Array {
  const session = client({ extensions: [extension] })
  for (const message of messages) session.send('text', message, { compress: true })
  const wire = concat(...session.takeOutput())
  session.abort()
  return wire
}

function peerOf(extension: AgreedExtension, options: Partial<SessionOptions> = {}): Session {
  return client({ extensions: [extension], ...options })
}

/** Nothing waits for anything any more, once the turn has ended, unless for the time to rest. */
function assertIdle(host: ScriptedHost): void {
  host.endTurn()
  assert.deepEqual([host.workCount, host.deferredCount, host.errors], [0, 0, []])
  for (const { at } of host.timers) assert.ok(at >= host.time + 5_000)
}

// --- sending ----------------------------------------------------------------------------------------------------------

test('a message of 4 MiB is compressed a slice at a time, one in each turn of its own', async () => {
  const port = new CountingDeflate()
  const extension = agree(port)
  const { connection, stream, host } = scripted({ extensions: [extension], limits: NO_TIMEOUTS })
  const sent = connection.send(LONG)
  assert.ok(port.deflated <= SLICE)
  host.endTurn()
  assert.ok(port.deflated <= 2 * SLICE)
  let turns = 0
  while (host.workCount > 0) {
    assert.equal(host.workCount, 1)
    assert.equal(await stateOf(sent), connection.bufferedBytes < SLICE ? 'resolved' : 'pending')
    const before = port.deflated
    host.work()
    host.endTurn()
    assert.ok(port.deflated - before <= 2 * SLICE)
    turns++
  }
  assert.ok(turns >= 60, `${turns} turns`)
  assert.equal(port.deflated, 4 * MIB)
  assert.equal(await stateOf(sent), 'resolved')
  assert.deepEqual(received(stream, peerOf(extension)), [4 * MIB])
  assertIdle(host)
})

test('slices that come to nothing are no writes', () => {
  const extension = agree()
  const { connection, stream, host } = scripted({ extensions: [extension], limits: NO_TIMEOUTS })
  const text = 'a'.repeat(MIB) // there is nothing to say of most of it
  void connection.send(text)
  host.endTurn()
  const turns = work(host)
  assert.ok(stream.writes.length < turns, `${stream.writes.length} writes in ${turns} turns`)
  assert.ok(!stream.writes.includes(''))
  assert.ok(received(stream, peerOf(extension))[0] === text)
})

for (const length of [65_535, 65_536, 65_537, 131_072, 196_608]) {
  test(`a message of ${length} bytes leaves without anything else being sent`, async () => {
    // One whose length is a multiple of a slice used to stay where it was, and its sender was told that it had left.
    const extension = agree()
    const { connection, stream, host } = scripted({ extensions: [extension], limits: NO_TIMEOUTS })
    const sent = connection.send(LONG.slice(0, length))
    host.endTurn()
    work(host)
    assert.deepEqual(received(stream, peerOf(extension)), [length])
    assert.equal(await stateOf(sent), 'resolved')
    assertIdle(host)
  })
}

/** Several connections of one host. */
function together(count: number, extension: AgreedExtension, options: ConnectionOptions = {}): Scripted[] {
  const host = new ScriptedHost()
  return Array.from({ length: count }, () => {
    const stream = new ScriptedStream()
    const connection = openConnection(
      { role: 'server', subprotocol: undefined, extensions: [extension] },
      stream,
      host,
      { url: 'ws://example.test/', remoteAddress: undefined },
      { keepalive: false, limits: NO_TIMEOUTS, ...options },
      (listener) => {
        stream.listener = listener
      },
    )
    return { connection, stream, host }
  })
}

const NO_TIMEOUTS = { frameTimeoutMs: Number.POSITIVE_INFINITY }

test('between the slices of one connection others send and answer, and long messages take turns', () => {
  const extension = agree()
  const [one, two, three] = together(3, extension) as [Scripted, Scripted, Scripted]
  const { host } = one
  void one.connection.send(LONG)
  void two.connection.send(LONG.slice(0, MIB))
  host.endTurn()
  const story: string[] = []
  let answered = 0
  while (host.workCount > 0) {
    host.work()
    three.stream.receive('89 81 00000000 70')
    host.endTurn()
    if (three.stream.takeWritten() === '8a 01 70') answered++
    for (const [name, { stream }] of [
      ['one', one],
      ['two', two],
    ] as const) {
      if (stream.writes.length > story.filter((told) => told === name).length) story.push(name)
    }
  }
  assert.ok(answered > 70, `${answered} pings were answered in between`)
  assert.match(story.slice(0, 20).join(' '), /^(one two ){5}|^(two one ){5}/)
  assert.equal(story.at(-1), 'one')
  assert.deepEqual(received(one.stream, peerOf(extension)), [4 * MIB])
  assert.deepEqual(received(two.stream, peerOf(extension)), [MIB])
  assertIdle(host)
})

test('what is sent while a long message takes its time leaves behind it, with its slices', async () => {
  const extension = agree()
  const { connection, stream, host } = scripted({ extensions: [extension], limits: NO_TIMEOUTS })
  const peer = peerOf(extension)
  void connection.send(LONG.slice(0, MIB))
  host.endTurn()
  host.work()
  void connection.send('short')
  void connection.ping('p')
  void connection.send(prepareMessage(LONG.slice(0, 200_000)))
  assert.equal(connection.trySend('refused'), false)
  stream.receive('89 81 00000000 71')
  assert.deepEqual([host.deferredCount, host.workCount], [0, 1], 'no write for each of them')
  void connection.close(1000)
  work(host)
  assert.deepEqual(received(stream, peer), [MIB, 'short', 'ping p', 200_000, 'pong q', 'close'])
  assert.equal(connection.readyState, 'closing')
})

test('T-68: senders are told that there is room when the slices have made some', async () => {
  const extension = agree()
  const { connection, host } = scripted({
    extensions: [extension],
    limits: { ...NO_TIMEOUTS, maxBufferedBytes: 8 * MIB },
  })
  const first = connection.send(LONG.slice(0, 300_000))
  const second = connection.send(LONG.slice(0, 300_000))
  assert.ok(connection.bufferedBytes > 600_000 - 3 * SLICE)
  host.endTurn()
  while (connection.bufferedBytes >= SLICE) {
    assert.deepEqual([await stateOf(first), await stateOf(second)], ['pending', 'pending'])
    host.work()
  }
  assert.deepEqual([await stateOf(first), await stateOf(second)], ['resolved', 'resolved'])
  assert.equal(connection.trySend('more'), true)
  work(host)
  assert.equal(connection.bufferedBytes, 0)
})

test('T-68: with maxBufferedBytes, what waits to be compressed counts, and more of it ends the connection', async () => {
  const port = new CountingDeflate()
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: NO_TIMEOUTS })
  const promises: Promise<void>[] = []
  while (connection.readyState === 'open') promises.push(connection.send(LONG.slice(0, MIB)))
  assert.ok(promises.length >= 5 && promises.length <= 6, `${promises.length} messages`)
  for (const promise of promises) await assert.rejects(promise, { code: 'CONNECTION_CLOSED' })
  assert.equal((await connection.closed).error?.code, 'SEND_BUFFER_FULL')
  stream.takeWritten()
  host.endTurn()
  work(host)
  assert.deepEqual([stream.takeWritten(), stream.calls], ['', ['destroy']])
  assert.equal(port.open, 0)
  assertIdle(host)
})

test('T-98: while the stream is full nothing is worked on, and nothing is scheduled; then it goes on', () => {
  const port = new CountingDeflate()
  const extension = agree(port, { compressionLevel: 0 }) // comes out as long as it goes in
  const { connection, stream, host } = scripted({ extensions: [extension], limits: NO_TIMEOUTS })
  stream.stalled = true
  void connection.send(LONG.slice(0, MIB))
  host.endTurn()
  let rounds = 0
  while (port.deflated < MIB) {
    work(host)
    assert.ok(stream.bufferedBytes <= 2 * SLICE + 100, `${stream.bufferedBytes} bytes in the stream`)
    const { deflated } = port
    stream.receive('89 80 00000000')
    stream.leave(1)
    host.endTurn()
    assert.deepEqual([port.deflated - deflated, host.workCount], [0, 0])
    stream.leave()
    rounds++
  }
  assert.ok(rounds >= 6, `${rounds} rounds`)
  stream.stalled = false
  work(host)
  assert.equal(received(stream, peerOf(extension))[0], MIB)
  assertIdle(host)
})

test('what leaves makes no turn: a stream that drains at once gives a connection no more slices than the others', () => {
  // A socket tells that a write has left in the next turn of the event loop. A slice for each that does would be a slice
  // in each turn for each connection, however many have long messages.
  const port = new CountingDeflate()
  const all = together(10, agree(port))
  const { host } = all[0]!
  for (const { connection } of all) void connection.send(LONG.slice(0, MIB))
  host.endTurn()
  assert.equal(host.workCount, 10)
  for (let turn = 0; turn < 20; turn++) {
    const before = port.deflated
    for (const { stream } of all) stream.listener.drained()
    host.work()
    host.endTurn()
    assert.ok(port.deflated - before <= 2 * SLICE, `${port.deflated - before} bytes were compressed in one turn`)
  }
})

test('terminate in the middle throws away what is left, at once', async () => {
  const port = new CountingDeflate()
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: NO_TIMEOUTS })
  const sent = connection.send(LONG)
  host.endTurn()
  host.work()
  stream.takeWritten()
  const { deflated } = port
  connection.terminate()
  assert.equal(port.open, 0)
  assert.equal((await connection.closed).error?.code, 'ABORTED')
  await assert.rejects(sent, { code: 'CONNECTION_CLOSED' })
  work(host)
  assert.equal(port.deflated, deflated)
  assert.deepEqual([stream.takeWritten(), stream.calls], ['', ['destroy']])
  assertIdle(host)
})

test('the stream is ended behind the Close frame, and that behind the long message', async () => {
  const extension = agree()
  const { connection, stream, host } = scripted({ extensions: [extension], limits: NO_TIMEOUTS })
  void connection.send(LONG.slice(0, MIB))
  void connection.close(1000)
  host.endTurn()
  stream.receive('88 82 00000000 03e8')
  while (host.workCount > 0) {
    assert.deepEqual(stream.calls, [])
    host.work()
  }
  assert.deepEqual(stream.calls, ['end'])
  assert.deepEqual(received(stream, peerOf(extension)), [MIB, 'close'])
  stream.finish()
  assert.equal((await connection.closed).wasClean, true)
  assertIdle(host)
})

test('T-91: when the peer ends the stream in the middle, what has been compressed leaves, and nothing of what waits', async () => {
  const port = new CountingDeflate()
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: NO_TIMEOUTS })
  const sent = connection.send(LONG)
  host.endTurn()
  host.work()
  stream.listener.ended()
  assert.equal((await connection.closed).code, 1006)
  await assert.rejects(sent, { code: 'CONNECTION_CLOSED' })
  host.endTurn()
  work(host)
  assert.deepEqual([stream.calls, port.open], [['end'], 0])
  stream.listener.closed()
  assertIdle(host)
})

test('T-63: a payload that is detached while it waits for its slice ends the connection', async () => {
  for (const isFirst of [true, false]) {
    const { connection, stream, host } = scripted({ extensions: [agree()], limits: NO_TIMEOUTS })
    const others = isFirst ? [] : [connection.send(LONG.slice(0, 200_000))]
    const payload = new Uint8Array(300_000)
    const sent = connection.send(payload)
    host.endTurn()
    structuredClone(payload.buffer, { transfer: [payload.buffer] })
    work(host)
    const { code, error } = await connection.closed
    assert.deepEqual([code, error?.code], [1006, 'INVALID_STATE'])
    assert.equal(error?.message, 'A payload was detached or resized before it was sent')
    for (const promise of [sent, ...others]) assert.notEqual(await stateOf(promise), 'pending')
    await assert.rejects(sent, { code: 'CONNECTION_CLOSED' })
    assert.deepEqual(stream.calls, ['destroy'])
    assertIdle(host)
  }
})

// --- options and prepared messages --------------------------------------------------------------------------------------

test('T-88: compress says of a message whether it is compressed; a misspelt option throws and sends nothing', () => {
  const { connection, stream, host } = scripted({ extensions: [agree(nodeDeflate)] })
  void connection.send('a', { compress: true })
  void connection.send('a'.repeat(2_000), { compress: false })
  assert.equal(connection.trySend('a', { compress: true }), true)
  assert.equal(connection.trySend(hex('61'), {}), true)
  host.endTurn()
  assert.equal(stream.takeWritten(), `c1 03 4a 04 00 81 7e 07 d0${' 61'.repeat(2_000)} c1 03 4a 04 00 82 01 61`)
  for (const options of [{ compres: true }, { final: false }, { reservedBits: 0 }, { compress: 1 }, null, []]) {
    assert.throws(() => connection.send('a', options as never), TypeError)
    assert.throws(() => connection.trySend('a', options as never), TypeError)
  }
  host.endTurn()
  assert.equal(stream.takeWritten(), '')
})

test('a prepared message is sent by any number of connections, compressed once for all of them', async () => {
  const port = new CountingDeflate()
  const extension = agree(port)
  const all = together(20, extension)
  const { host } = all[0]!
  const message = prepareMessage(LONG.slice(0, 500_000))
  const sent = all.map(({ connection }) => connection.send(message))
  assert.equal(all[0]!.connection.trySend(message), false)
  host.endTurn()
  let most = 0
  while (host.workCount > 0) {
    const before = port.deflated
    host.work()
    most = Math.max(most, port.deflated - before)
  }
  assert.ok(most <= 2 * SLICE)
  assert.equal(port.deflated, 500_000)
  for (const { stream } of all) assert.deepEqual(received(stream, peerOf(extension)), [500_000])
  for (const promise of sent) assert.equal(await stateOf(promise), 'resolved')
  assertIdle(host)
})

test('a prepared message has its own options: others throw, and nothing is sent', () => {
  const { connection, stream, host } = scripted({ extensions: [agree()] })
  const message = prepareMessage('a', { compress: true })
  for (const call of [() => connection.send(message, {}), () => connection.trySend(message, { compress: false })]) {
    assert.throws(call, { name: 'TypeError', message: 'A prepared message has its own options' })
  }
  assert.throws(() => connection.send({ type: 'text' } as unknown as PreparedMessage), TypeError)
  assert.equal(connection.trySend(message), true)
  host.endTurn()
  assert.equal(stream.takeWritten(), 'c1 03 4a 04 00')
})

// --- receiving --------------------------------------------------------------------------------------------------------

const RECEIVES_MUCH = { ...NO_TIMEOUTS, maxMessageBytes: 8 * MIB }

test('a message of 4 MiB is inflated a slice at a time; meanwhile others are answered', () => {
  const port = new CountingDeflate()
  const [one, two] = together(2, agree(port), { limits: RECEIVES_MUCH }) as [Scripted, Scripted]
  const { host } = one
  const messages: Message[] = []
  one.connection.onMessage((message) => messages.push(message))
  two.connection.onMessage((message) => void two.connection.send(message))
  one.stream.receive(compressed(agree(), LONG, 'after'))
  assert.ok(port.inflated <= 2 * SLICE)
  let turns = 0
  while (host.workCount > 0) {
    assert.deepEqual(messages, [])
    const before = port.inflated
    host.work()
    two.stream.receive('81 81 00000000 61')
    host.endTurn()
    assert.equal(two.stream.takeWritten(), '81 01 61')
    assert.ok(port.inflated - before <= 2 * SLICE + 5)
    turns++
  }
  assert.ok(turns >= 60, `${turns} turns`)
  assert.deepEqual(messages.map(told), [4 * MIB, 'after'])
  assertIdle(host)
})

test('where there is time, slices follow one another in the same turn, and the rest has turns of its own', () => {
  for (const most of [0, 1, 5, 1_000]) {
    const port = new CountingDeflate()
    const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: RECEIVES_MUCH })
    let left = most
    host.mayWork = () => left-- > 0
    const messages: Message[] = []
    connection.onMessage((message) => messages.push(message))
    stream.receive(compressed(agree(), LONG))
    if (most === 1_000) {
      assert.deepEqual([messages.map(told), host.workCount], [[4 * MIB], 0])
    } else {
      assert.deepEqual([messages, host.workCount], [[], 1])
      assert.ok(port.inflated <= (most + 2) * SLICE)
      work(host)
      assert.deepEqual(messages.map(told), [4 * MIB])
    }
    assertIdle(host)
  }
})

test('bytes that arrive while a slice waits for its turn give it none', () => {
  const port = new CountingDeflate()
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: RECEIVES_MUCH })
  const messages: Message[] = []
  connection.onMessage((message) => messages.push(message))
  stream.receive(compressed(agree(), LONG))
  const { inflated } = port
  host.hasTime = true
  for (let i = 0; i < 100; i++) stream.receive('81 81 00000000 61')
  assert.deepEqual([port.inflated, messages, host.workCount], [inflated, [], 1])
  host.hasTime = false
  work(host)
  assert.deepEqual(messages.map(told), [4 * MIB, ...new Array<string>(100).fill('a')])
  assertIdle(host)
})

test('what the application sends meanwhile, and pongs, leave with the next slice', () => {
  const { connection, stream, host } = scripted({ extensions: [agree()], limits: RECEIVES_MUCH })
  connection.onMessage(() => {})
  stream.receive(concat(hex('89 81 00000000 70'), compressed(agree(), LONG.slice(0, MIB))))
  void connection.send('a')
  host.endTurn()
  assert.equal(host.workCount, 1)
  host.work()
  host.endTurn()
  assert.equal(stream.takeWritten(), '8a 01 70 81 01 61')
  work(host)
  assertIdle(host)
})

test('nothing is worked on for a reader that does not want messages yet, and nothing is scheduled', async () => {
  const port = new CountingDeflate()
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: RECEIVES_MUCH })
  stream.receive(compressed(agree(), LONG, 'after'))
  host.endTurn()
  assert.deepEqual([port.inflated, host.workCount], [0, 0])
  const messages = connection.messages()
  const first = messages.next()
  assert.equal(host.workCount, 1)
  await settle()
  work(host)
  assert.ok((await first).value === LONG)
  host.endTurn()
  work(host)
  assert.equal((await messages.next()).value, 'after')
  host.endTurn()
  work(host)
  assertIdle(host)
})

test('a reader that leaves in the middle of a slice leaves the message to the next one', async () => {
  const { connection, stream, host } = scripted({ extensions: [agree()], limits: RECEIVES_MUCH })
  stream.receive(compressed(agree(), LONG.slice(0, MIB)))
  const messages = connection.messages()
  const first = messages.next()
  host.work()
  await messages.return?.()
  assert.equal((await first).done, true)
  work(host)
  const second = connection.messages().next()
  work(host)
  host.endTurn()
  assert.ok((await second).value === LONG.slice(0, MIB))
  work(host)
  assertIdle(host)
})

test('a message in pieces is handed over slice by slice', async () => {
  const { connection, stream, host } = scripted({ extensions: [agree()], limits: RECEIVES_MUCH })
  stream.receive(compressed(agree(), LONG))
  const messages = connection.messages({ pieces: true })
  let text = ''
  let isRead = false
  const reading = (async () => {
    const { value } = await messages.next()
    for await (const piece of value!) text += piece
    isRead = true
  })()
  while (!isRead) {
    const before = text.length
    if (host.workCount > 0) host.work()
    host.endTurn()
    await settle()
    assert.ok(text.length - before <= 3 * SLICE)
  }
  await reading
  assert.ok(text === LONG)
  work(host)
  assertIdle(host)
})

test("the peer's Close frame behind a long message is answered once that was handed over", async () => {
  const { connection, stream, host } = scripted({ extensions: [agree()], limits: RECEIVES_MUCH })
  const messages: Message[] = []
  connection.onMessage((message) => messages.push(message))
  stream.receive(concat(compressed(agree(), LONG.slice(0, MIB)), hex('88 82 00000000 03e8')))
  host.endTurn()
  assert.equal(stream.takeWritten(), '')
  work(host)
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 e8')
  assert.deepEqual(messages.map(told), [MIB])
  stream.finish()
  assert.equal((await connection.closed).wasClean, true)
  assertIdle(host)
})

const BROKEN: ReadonlyArray<
  readonly [what: string, happens: (stream: ScriptedStream) => void, code: string | undefined]
> = [
  ['ends', (stream) => stream.listener.ended(), 'ENDED_WITHOUT_CLOSE'],
  ['ends and is gone', (stream) => stream.finish(), 'ENDED_WITHOUT_CLOSE'],
  ['breaks', (stream) => stream.listener.ended(new Error('reset')), 'TRANSPORT_FAILED'],
  ['breaks and is gone', (stream) => stream.finish(new Error('reset')), 'TRANSPORT_FAILED'],
]

for (const [what, happens, code] of BROKEN) {
  test(`T-91: what arrived before the stream ${what} is inflated and handed over, then the connection is closed`, async () => {
    // A connection whose stream was gone in the middle of a message never heard of it: `closed` waited for ever.
    for (const isRead of [true, false]) {
      const port = new CountingDeflate()
      const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: RECEIVES_MUCH })
      const messages: Message[] = []
      if (isRead) connection.onMessage((message) => messages.push(message))
      stream.receive(compressed(agree(), LONG.slice(0, MIB), 'after'))
      const sent = connection.send(LONG)
      happens(stream)
      host.endTurn()
      work(host)
      assert.equal(await stateOf(connection.closed), 'resolved', isRead ? 'read' : 'not read')
      assert.equal((await connection.closed).error?.code, code)
      assert.notEqual(await stateOf(sent), 'pending') // where only the other side has ended, it may have left
      if (!isRead) for await (const message of connection) messages.push(message)
      assert.deepEqual(messages.map(told), [MIB, 'after'])
      assert.equal(port.open, 0)
      stream.listener.closed()
      host.endTurn()
      assertIdle(host)
    }
  })
}

test('the answer to a Close frame behind a message that is inflated after the stream is gone waits to leave no more', async () => {
  const { connection, stream, host } = scripted({ extensions: [agree()], limits: RECEIVES_MUCH })
  const closeFrame = hex('88 82 00000000 03e8')
  stream.receive(concat(compressed(agree(), LONG.slice(0, MIB)), closeFrame))
  stream.finish(new Error('reset'))
  work(host)
  assert.equal((await connection.closed).receivedCode, 1000)
  assert.equal(connection.bufferedBytes, 0)
})

test('terminate while a message is inflated throws it away', async () => {
  const port = new CountingDeflate()
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits: RECEIVES_MUCH })
  const messages: Message[] = []
  connection.onMessage((message) => messages.push(message))
  stream.receive(compressed(agree(), LONG))
  host.work()
  const { inflated } = port
  connection.terminate()
  work(host)
  assert.deepEqual([port.inflated, port.open, messages], [inflated, 0, []])
  assert.equal((await connection.closed).error?.code, 'ABORTED')
  assertIdle(host)
})

test('T-80: a message that inflates beyond the limit fails the connection in the slice that finds it', async () => {
  const port = new CountingDeflate()
  const limits = { ...NO_TIMEOUTS, maxMessageBytes: 200_000 }
  const { connection, stream, host } = scripted({ extensions: [agree(port)], limits })
  connection.onMessage(() => assert.fail('nothing is handed over'))
  stream.receive(compressed(agree(), 'a'.repeat(10 * MIB)))
  work(host)
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 f1') // 1009
  assert.ok(port.inflated <= 200_000 + 65_536)
  stream.finish()
  assert.equal((await connection.closed).error?.code, 'MESSAGE_TOO_BIG')
  assertIdle(host)
})

// --- both ends ----------------------------------------------------------------------------------------------------------

/** The first message that arrives at a connection. */
async function firstMessage(connection: Connection): Promise<Message> {
  const { value } = await connection.messages().next()
  return value as Message
}

test('4 MiB from one end of a pair to the other: messages of another pair go to and fro meanwhile', async () => {
  const limits = { maxMessageBytes: 8 * MIB }
  const [longClient, longServer] = pair({ deflate: { compressionLevel: 1 }, server: { limits } })
  const [shortClient, shortServer] = pair({ deflate: true })
  const arrived = firstMessage(longServer)
  let isThrough = false
  let isSent = false
  void arrived.then(() => {
    isThrough = true
  })
  shortServer.onMessage((message) => void shortServer.send(message))
  const answers = shortClient.messages()
  const sent = longClient.send(LONG)
  void sent.then(() => {
    isSent = true
  })
  let roundTrips = 0
  let unsent = 0
  while (!isThrough) {
    await shortClient.send(`${roundTrips}`, { compress: true })
    assert.equal((await answers.next()).value, `${roundTrips}`)
    roundTrips++
    if (!isSent) unsent++
    assert.ok(roundTrips < 10_000)
  }
  await sent
  assert.ok((await arrived) === LONG)
  assert.ok(unsent >= 10, `${unsent} round trips while it was sent`)
  assert.ok(roundTrips >= 20, `${roundTrips} round trips`)
  for (const connection of [longClient, shortClient]) await connection.close(1000)
})

test('messages of all lengths through a pair that compresses, with a context and without', async () => {
  for (const deflate of [true, { serverNoContextTakeover: false, clientNoContextTakeover: false, thresholdBytes: 0 }]) {
    const [client, server] = pair({ deflate })
    const prepared = prepareMessage(LONG.slice(0, 100_000))
    const expected: string[] = []
    for (const length of [0, 1, 1_023, 1_024, 65_535, 65_536, 65_537, 131_072, 300_000]) {
      expected.push(LONG.slice(0, length), LONG.slice(0, 100_000))
      void client.send(LONG.slice(0, length))
      void client.send(prepared)
    }
    void client.close(1000)
    const messages: Message[] = []
    for await (const message of server) messages.push(message)
    assert.deepEqual(messages.map(told), expected.map(told))
    assert.equal((await server.closed).wasClean, true)
  }
})

test('T-63: bytes that two connections are sent at once are compressed by both, and are as they were', async () => {
  const data = new Uint8Array(300_000).map((_, i) => i >> 3)
  const pairs = [pair({ deflate: true }), pair({ deflate: true })]
  const before = data.slice()
  const arrived = pairs.map(async ([from, to]) => {
    const reading = firstMessage(to)
    await from.send(data)
    return (await reading) as Uint8Array
  })
  for (const message of await Promise.all(arrived)) assert.ok(Buffer.from(message).equals(before))
  assert.ok(Buffer.from(data).equals(before))
})

test('a peer that was not told of extensions is sent nothing compressed', async () => {
  const [from, to] = pair()
  void from.send(LONG.slice(0, 70_000), { compress: true })
  void from.send(prepareMessage('a', { compress: true }))
  const reading = to.messages()
  assert.ok((await reading.next()).value === LONG.slice(0, 70_000))
  assert.equal((await reading.next()).value, 'a')
  const session = server()
  session.send('text', 'a', { compress: true })
  assert.deepEqual(session.takeOutput(), [hex('81 01 61')])
})
