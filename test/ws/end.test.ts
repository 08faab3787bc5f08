// One end of a connection on a plain stream, in both roles: callbacks, kinds of binary messages, pauses, limits, masking keys
// and the time that closing may take.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { type ClientOptions, PerMessageDeflate } from '../../src/ws/index.ts'
import { opening, WebSocket } from '../../src/ws/web-socket.ts'
import { duplexPair } from '../support/duplexes.ts'
import { hex } from '../support/wire.ts'
import { knownMask, openEnd, Wire } from './ends.ts'

function end(t: TestContext, role: 'client' | 'server' = 'client', options: ClientOptions = {}, head?: Uint8Array) {
  const opened = openEnd(role, options, head)
  const errors: NodeJS.ErrnoException[] = []
  opened.socket.on('error', (error) => errors.push(error))
  const closed = new Promise<[code: number, reason: string]>((resolve) =>
    opened.socket.on('close', (code, reason) => resolve([code, String(reason)])),
  )
  t.after(() => opened.wire.stream.destroy())
  return { ...opened, errors, closed }
}

/** The next messages of a connection, so many of them. */
function messages(socket: ReturnType<typeof end>['socket'], count: number): Promise<unknown[]> {
  const list: unknown[] = []
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      list.push(data)
      if (list.length === count) resolve(list)
    })
  })
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a socket without a connection becomes a server on a stream, and open at once', async (t) => {
  const { socket, wire, near } = end(t, 'server')
  assert.equal(socket.readyState, socket.OPEN)
  assert.equal(socket._socket, near)
  assert.equal(socket.url, undefined)
  const received = messages(socket, 1)
  wire.say('81 85 37 fa 21 3d 7f 9f 4d 51 58')
  assert.deepEqual(await received, [Buffer.from('Hello')])
  socket.send('Hello')
  assert.equal(await wire.told(7), '81 05 48 65 6c 6c 6f')
})

test('told that it is no server, it masks and wants no masks', async (t) => {
  const { socket, wire, errors, closed } = end(t, 'client', { generateMask: knownMask })
  socket.send('Hello')
  assert.equal(await wire.told(11), '81 85 01 02 03 04 49 67 6f 68 6e')
  wire.say('81 81 01 02 03 04 60')
  wire.stream.end()
  assert.deepEqual(await closed, [1006, ''])
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['WS_ERR_UNEXPECTED_MASK'],
  )
})

test('what was read of the stream already comes first', async (t) => {
  const { socket, wire } = end(t, 'client', {}, hex('81 01 61 81 02 62'))
  const received = messages(socket, 2)
  wire.say('63')
  assert.deepEqual((await received).map(String), ['a', 'bc'])
})

test('generateMask is asked for every frame, control frames too', async (t) => {
  let calls = 0
  const generateMask = (mask: Buffer): void => void mask.fill(++calls)
  const { socket, wire } = end(t, 'client', { generateMask })
  socket.send('')
  socket.ping()
  socket.send('', { fin: false })
  socket.close()
  const told = await wire.told(24)
  assert.equal(told, '81 80 01 01 01 01 89 80 02 02 02 02 01 80 03 03 03 03 88 80 04 04 04 04')
})

test('binaryType may change between messages, and in the middle of one: it counts when the message is whole', async (t) => {
  const { socket, wire } = end(t)
  let received = messages(socket, 1)
  wire.say('02 01 01 00 00')
  await turn()
  socket.binaryType = 'arraybuffer'
  wire.say('80 01 02')
  assert.deepEqual(await received, [Uint8Array.of(1, 2).buffer])
  socket.removeAllListeners('message')
  socket.binaryType = 'fragments'
  received = messages(socket, 2)
  wire.say('02 01 01 00 00 80 01 02 81 01 61')
  assert.deepEqual(await received, [[Buffer.from([1]), Buffer.from([2])], Buffer.from('a')])
  socket.removeAllListeners('message')
  received = messages(socket, 1)
  wire.say('02 01 01')
  await turn()
  socket.binaryType = 'nodebuffer'
  wire.say('80 01 02')
  assert.deepEqual(await received, [Buffer.from([1, 2])])
  socket.removeAllListeners('message')
  socket.binaryType = 'blob'
  received = messages(socket, 1)
  wire.say('02 01 61 80 01 62')
  assert.equal(await ((await received)[0] as Blob).text(), 'ab')
})

test('each callback is called once, in order, and none in the call', async (t) => {
  const { socket, wire } = end(t, 'server')
  const log: number[] = []
  await new Promise<void>((resolve) => {
    socket.send('a', () => log.push(1))
    socket.ping('', () => log.push(2))
    socket.send('b', { fin: false }, () => log.push(3))
    socket.pong('', false, () => log.push(4))
    socket.send('c', () => {
      log.push(5)
      resolve()
    })
    assert.deepEqual(log, [])
  })
  await turn()
  assert.deepEqual(log, [1, 2, 3, 4, 5])
  assert.equal(await wire.told(13), '81 01 61 89 00 01 01 62 8a 00 80 01 63')
})

for (const how of ['terminate', 'the peer goes'] as const) {
  test(`callbacks of what did not leave get an error, once, before 'close' (${how})`, async (t) => {
    const [near, far] = duplexPair()
    const socket = new WebSocket(null, undefined, {})
    socket.setSocket(near, Buffer.alloc(0), {})
    socket.on('error', () => {})
    t.after(() => far.destroy())
    const log: string[] = []
    // Nobody reads at the other end, so that most of it stays here.
    for (let i = 0; i < 10; i++) {
      socket.send(Buffer.alloc(100_000), (error) =>
        log.push(error ? `${i} ${(error as { code?: string }).code}` : `${i}`),
      )
      await turn()
    }
    assert.ok(socket.bufferedAmount > 500_000)
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    if (how === 'terminate') socket.terminate()
    else far.destroy()
    assert.equal(await closed, 1006)
    await turn()
    assert.equal(log.length, 10)
    assert.deepEqual(
      log.map((line) => Number.parseInt(line, 10)),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    )
    assert.match(log[9]!, /ERR_STREAM_DESTROYED/)
  })
}

test('under backpressure callbacks wait until the peer reads', async (t) => {
  const [near, far] = duplexPair()
  const socket = new WebSocket(null, undefined, {})
  socket.setSocket(near, Buffer.alloc(0), {})
  t.after(() => far.destroy())
  const log: number[] = []
  const all = new Promise<void>((resolve) => {
    for (let i = 0; i < 5; i++) {
      socket.send(Buffer.alloc(100_000), (error) => {
        assert.ok(!error)
        if (log.push(i) === 5) resolve()
      })
    }
  })
  for (let i = 0; i < 10; i++) await turn()
  assert.ok(log.length < 5)
  assert.ok(socket.bufferedAmount > 0)
  far.resume()
  await all
  assert.deepEqual(log, [0, 1, 2, 3, 4])
  await turn()
  assert.equal(socket.bufferedAmount, 0)
})

test('under compression callbacks come once, in order, with those of plain messages between', async (t) => {
  const deflate = new PerMessageDeflate({ isServer: true })
  deflate.accept([{}])
  const [near, far] = duplexPair()
  const socket = new WebSocket(null, undefined, { perMessageDeflate: {} })
  const agreement = { url: '', subprotocol: undefined, extensions: [deflate.agreed!] }
  opening.agree(socket, agreement)
  socket.setSocket(near, Buffer.alloc(0), {})
  t.after(() => far.destroy())
  const wire = new Wire(far)
  const log: number[] = []
  const left: number[] = []
  await new Promise<void>((resolve) => {
    for (let i = 0; i < 12; i++) {
      socket.send(randomBytes(i % 3 === 0 ? 300_000 : 10), { compress: i % 2 === 0 }, (error) => {
        assert.ok(!error)
        left.push(socket.bufferedAmount)
        if (log.push(i) === 12) resolve()
      })
    }
  })
  await turn()
  assert.deepEqual(log, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  assert.equal(left.at(-1), 0, 'the last is told when nothing is left')
  assert.equal((await wire.told(2)).slice(0, 2), '42', 'compressed, and in fragments')
})

for (const allowSynchronousEvents of [true, false]) {
  test(`messages wait during a pause and keep their order, under load (allowSynchronousEvents ${allowSynchronousEvents})`, async (t) => {
    const { socket, wire } = end(t, 'client', { allowSynchronousEvents })
    const list: number[] = []
    let pauses = 0
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        assert.equal(socket.isPaused, false)
        if (list.push((data as Buffer).readUInt16BE(0)) === 2_000) resolve()
        if (list.length % 100 !== 0) return
        pauses++
        socket.pause()
        const before = list.length
        setImmediate(() =>
          setImmediate(() => {
            assert.equal(list.length, before, 'nothing comes during a pause')
            socket.resume()
          }),
        )
      })
    })
    const frames = Array.from({ length: 2_000 }, (_, i) => Buffer.from([0x82, 2, i >> 8, i & 255]))
    wire.stream.write(Buffer.concat(frames))
    await all
    assert.deepEqual(
      list,
      Array.from({ length: 2_000 }, (_, i) => i),
    )
    assert.equal(pauses, 20)
  })
}

for (const [option, limit, below, at, above, code] of [
  ['maxPayload', 3, '82 02 00 00', '82 03 00 00 00', '82 04 00 00 00 00', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  [
    'maxPayload',
    3,
    '02 02 00 00 80 00',
    '02 02 00 00 80 01 00',
    '02 02 00 00 80 02 00 00',
    'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
  ],
  ['maxFragments', 3, '02 00 80 00', '02 00 00 00 80 00', '02 00 00 00 00 00 80 00', 'WS_ERR_TOO_MANY_BUFFERED_PARTS'],
] as const) {
  for (const binaryType of ['nodebuffer', 'fragments'] as const) {
    test(`${option} ${limit}: what is below and at it is taken, what is above fails (${above}, ${binaryType})`, async (t) => {
      const { socket, wire, errors, closed } = end(t, 'client', { [option]: limit, generateMask: knownMask })
      socket.binaryType = binaryType
      const received = messages(socket, 2)
      wire.say(below)
      wire.say(at)
      await received
      wire.say(above)
      wire.stream.end()
      assert.equal((await closed)[0], 1006)
      assert.deepEqual(
        errors.map((error) => error.code),
        [code],
      )
      const closeCode = option === 'maxPayload' ? '02 f3' : '02 f2' // 1009 or 1008, masked with 01 02
      assert.match(await wire.told(8), new RegExp(`^88 .. 01 02 03 04 ${closeCode}`))
    })
  }
}

test('limits of 0 are none', async (t) => {
  const { socket, wire } = end(t, 'client', { maxPayload: 0, maxFragments: 0 })
  const received = messages(socket, 1)
  wire.say(`02 01 00 ${'00 00 '.repeat(20_000)}80 01 00`)
  assert.equal(((await received)[0] as Buffer).length, 2)
})

test('a peer that does not answer a close is cut off after closeTimeout, one that does is not waited for', async (t) => {
  const awake = setInterval(() => {}, 10_000) // a stream in memory keeps no process alive
  t.after(() => clearInterval(awake))
  const silent = end(t, 'client', { closeTimeout: 20 })
  silent.socket.close(1000)
  assert.equal(silent.socket.readyState, silent.socket.CLOSING)
  assert.deepEqual(await silent.closed, [1006, ''])
  const started = performance.now()
  const polite = end(t, 'client', { closeTimeout: 60_000 })
  polite.socket.close(1000)
  polite.wire.say('88 02 03 e8')
  polite.wire.stream.end()
  assert.deepEqual(await polite.closed, [1000, ''])
  assert.ok(performance.now() - started < 30_000)
})

test('the time for the closing handshake begins with close, however long it was quiet before', async (t) => {
  const { socket, wire, closed } = end(t, 'server', { closeTimeout: 1_000 })
  await new Promise((resolve) => setTimeout(resolve, 1_300))
  socket.close(1000)
  assert.equal(await wire.told(4), '88 02 03 e8')
  wire.say('88 82 00 00 00 00 03 e8')
  wire.stream.end()
  assert.deepEqual(await closed, [1000, ''])
})
