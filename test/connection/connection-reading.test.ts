// Reading: as an iterable, in pieces, through a function; what waits, what is lost, what is cut off.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebSocketError } from '../../src/codec/index.ts'
import type { Connection, Message, MessagePieces } from '../../src/connection/index.ts'
import { scripted, settle, stateOf } from '../support/scripted-stream.ts'
import { concat, frame, hex, PLAIN_KEY, utf8 } from '../support/wire.ts'

const TEXT_A = '81 81 00000000 61'
const TEXT_B = '81 81 00000000 62'
const TEXT_C = '81 81 00000000 63'
const CLOSE_1000 = '88 82 00000000 03e8'

async function take(connection: Connection, count: number): Promise<Message[]> {
  const taken: Message[] = []
  for await (const message of connection) if (taken.push(message) === count) break
  return taken
}

async function rest(connection: Connection): Promise<Message[]> {
  const taken: Message[] = []
  for await (const message of connection) taken.push(message)
  return taken
}

async function join(message: MessagePieces): Promise<Message[]> {
  const pieces: Message[] = []
  for await (const piece of message) pieces.push(piece)
  return pieces
}

// --- messages ---------------------------------------------------------------------------------------------------------

test('messages arrive in order, text as strings and binary as bytes of their own', async () => {
  const { connection, stream } = scripted()
  const wire = hex(`${TEXT_A} 82 82 00000000 0102 81 80 00000000`)
  stream.listener.received(wire)
  const messages = connection[Symbol.asyncIterator]()
  assert.equal((await messages.next()).value, 'a')
  const binary = (await messages.next()).value as Uint8Array
  assert.equal((await messages.next()).value, '')
  wire.fill(0xff)
  assert.deepEqual(binary, Uint8Array.of(1, 2))
  assert.equal(binary.buffer.byteLength, 2)
})

test('no message is lost before a reader attaches, whatever comes with the handshake or ends the stream meanwhile', async () => {
  const { connection, stream } = scripted({ leftover: hex(TEXT_A) })
  stream.receive(TEXT_B)
  stream.receive(TEXT_C)
  stream.finish()
  assert.equal((await connection.closed).code, 1006)
  assert.deepEqual(await rest(connection), ['a', 'b', 'c'])
})

test('T-38: what comes in one piece with the handshake is taken in order, before what comes later', async () => {
  const { connection, stream, host } = scripted({ leftover: hex(`89 81 00000000 31 ${TEXT_A}`) })
  host.endTurn()
  assert.equal(stream.takeWritten(), '8a 01 31')
  stream.receive(TEXT_B)
  assert.deepEqual(await take(connection, 2), ['a', 'b'])
})

test('an empty leftover is as good as none', () => {
  const { connection, stream, host } = scripted({ leftover: new Uint8Array(0) })
  host.endTurn()
  assert.deepEqual([stream.takeWritten(), connection.readyState], ['', 'open'])
})

test('T-91: complete messages before the end are delivered, an incomplete one never', async () => {
  const { connection, stream } = scripted()
  const read = rest(connection)
  stream.receive(`${TEXT_A} 01 81 00000000 62 80 85 00000000 63`)
  stream.finish(new Error('reset'))
  assert.deepEqual(await read, ['a'])
})

test('a reader that asks for several messages at once gets them in order, and the end for what is left', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages()
  const asked = [messages.next(), messages.next(), messages.next()]
  stream.receive(`${TEXT_A} ${TEXT_B}`)
  stream.finish()
  assert.deepEqual(
    (await Promise.all(asked)).map(({ value }) => value),
    ['a', 'b', undefined],
  )
  assert.deepEqual(await messages.next(), { done: true, value: undefined })
})

test('a reader that asks for several messages at once gets them all in one turn', async () => {
  const { connection, stream, host } = scripted()
  const messages = connection.messages()
  const asked = [messages.next(), messages.next(), messages.next()]
  stream.receive(`${TEXT_A} ${TEXT_B} ${TEXT_C}`)
  assert.deepEqual(
    (await Promise.all(asked)).map(({ value }) => value),
    ['a', 'b', 'c'],
  )
  assert.equal(host.deferredCount, 1)
})

test('leaving a loop keeps what was not read for the next reader', async () => {
  const { connection, stream } = scripted()
  stream.receive(`${TEXT_A} ${TEXT_B}`)
  assert.deepEqual(await take(connection, 1), ['a'])
  stream.receive(TEXT_C)
  assert.deepEqual(await take(connection, 1), ['b'])
  const heard: Message[] = []
  connection.onMessage((message) => heard.push(message))
  assert.deepEqual(heard, ['c'])
  stream.receive(TEXT_A)
  assert.deepEqual(heard, ['c', 'a'])
})

test('a listener is told first what was read ahead for the reader before it', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages()
  stream.receive(`${TEXT_A} 02 81 00000000 01 80 81 00000000 02`)
  await messages.return?.()
  const heard: Message[] = []
  connection.onMessage((message) => heard.push(message))
  assert.deepEqual(heard, ['a', Uint8Array.of(1, 2)])
})

test('leaving while a message is asked for answers with the end', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages()
  const asked = messages.next()
  assert.deepEqual(await messages.return?.(), { done: true, value: undefined })
  assert.deepEqual(await asked, { done: true, value: undefined })
  assert.deepEqual(await messages.return?.(), { done: true, value: undefined })
  stream.receive(TEXT_A)
  assert.deepEqual(await messages.next(), { done: true, value: undefined })
  assert.deepEqual(await take(connection, 1), ['a'])
})

for (const first of ['messages', 'pieces', 'listener'] as const) {
  test(`two readers at once are an InvalidStateError, after ${first}`, () => {
    const { connection } = scripted()
    if (first === 'messages') connection.messages()
    if (first === 'pieces') connection.messages({ pieces: true })
    if (first === 'listener') connection.onMessage(() => {})
    for (const second of [
      () => connection.messages(),
      () => connection.messages({ pieces: true }),
      () => connection.onMessage(() => {}),
    ]) {
      assert.throws(second, { name: 'InvalidStateError', code: 'INVALID_STATE' })
    }
  })
}

test('a listener that is no function is a TypeError, and takes no place', () => {
  const { connection } = scripted()
  assert.throws(() => connection.onMessage(undefined as never), TypeError)
  connection.onMessage(() => {})
})

test('T-95: what a listener throws is reported once, and the next message comes all the same', () => {
  const { connection, stream, host } = scripted()
  const error = new Error('application')
  const heard: Message[] = []
  stream.receive(TEXT_A)
  connection.onMessage((message) => {
    heard.push(message)
    if (message !== 'b') throw error
  })
  stream.receive(`${TEXT_B} ${TEXT_C}`)
  assert.deepEqual(heard, ['a', 'b', 'c'])
  assert.deepEqual(host.errors, [error, error])
  assert.equal(connection.readyState, 'open')
})

test('T-95: a promise that a listener returns and that is rejected is reported as what it throws', async () => {
  const { connection, stream, host } = scripted()
  const error = new Error('application')
  const answers = [
    Promise.reject(error),
    // biome-ignore lint/suspicious/noThenProperty: a promise of another making
    { then: (_: unknown, reject: (error: unknown) => void) => reject(error) },
    Promise.resolve(),
    // biome-ignore lint/suspicious/noThenProperty: none at all
    { then: 'no promise' },
    null,
    1,
  ]
  const count = answers.length
  connection.onMessage(() => answers.shift())
  stream.receive(Array(count).fill(TEXT_A).join(' '))
  await settle()
  assert.deepEqual(answers, [])
  assert.deepEqual(host.errors, [error, error])
  assert.equal(connection.readyState, 'open')
})

for (const [what, thrown, ends, isReported] of [
  ['CONNECTION_CLOSED behind the end', new WebSocketError('CONNECTION_CLOSED', 'Cannot send'), true, false],
  ['CONNECTION_CLOSED of another connection', new WebSocketError('CONNECTION_CLOSED', 'Cannot send'), false, true],
  ['another code behind the end', new WebSocketError('SEND_BUFFER_FULL', 'Cannot send'), true, true],
  ['another error behind the end', new Error('application'), true, true],
] as const) {
  test(`T-95: an async listener rejects with ${what}: ${isReported ? 'reported' : 'no fault of it'}`, async () => {
    const { connection, stream, host } = scripted()
    connection.onMessage(async () => {
      if (ends) connection.terminate()
      throw thrown
    })
    stream.receive(TEXT_A)
    await settle()
    assert.deepEqual(host.errors, isReported ? [thrown] : [])
  })
}

test('T-96: a listener may do anything with the connection, and the order is kept', async () => {
  const { connection, stream, host } = scripted()
  const heard: Message[] = []
  let ping: Promise<number> | undefined
  connection.onMessage((message) => {
    heard.push(message)
    if (message === 'a') {
      void connection.send('re: a')
      ping = connection.ping('p')
    }
    if (message === 'b') void connection.close(1000)
    if (message === 'c') connection.terminate()
  })
  stream.receive(`${TEXT_A} 8a 81 00000000 70 ${TEXT_B} ${TEXT_C} ${TEXT_A}`)
  assert.equal(await ping, 0)
  assert.deepEqual(heard, ['a', 'b', 'c'])
  assert.equal((await connection.closed).error?.code, 'ABORTED')
  host.endTurn()
  assert.deepEqual([stream.takeWritten(), stream.calls], ['', ['destroy']])
})

test('T-96: a listener is done with one message before it is given the next', async () => {
  const { connection, stream } = scripted()
  const story: string[] = []
  connection.onMessage((message) => {
    story.push(`(${message}`)
    void connection.close(1000)
    story.push(`${message})`)
  })
  stream.receive(`${TEXT_A} ${TEXT_B}`)
  assert.deepEqual(story, ['(a', 'a)', '(b', 'b)'])
})

test('T-55: text that is too long for a string fails the connection with 1009, and the process lives', async (t) => {
  const { connection, stream, host } = scripted()
  const messages = connection.messages()
  const decode = t.mock.method(TextDecoder.prototype, 'decode')
  decode.mock.mockImplementationOnce(() => {
    throw new RangeError('Cannot create a string longer than 0x1fffffe8 characters')
  })
  stream.receive('81 fe 0080 00000000') // as of 17 bytes the platform is asked, and in two chunks it is at the end
  stream.receive('61'.repeat(128))
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 f1')
  stream.finish()
  assert.deepEqual(await messages.next(), { done: true, value: undefined })
  assert.equal((await connection.closed).error?.closeCode, 1009)
})

// --- what is answered while messages wait -------------------------------------------------------------------------

test('control frames before the first unread message are answered, reader or not', () => {
  const { stream, host } = scripted()
  stream.receive(`89 81 00000000 31 ${TEXT_A} 89 81 00000000 32`)
  host.endTurn()
  assert.equal(stream.takeWritten(), '8a 01 31')
})

test('pings behind unread messages are answered while a slow reader is at it', async () => {
  const { connection, stream, host } = scripted()
  const messages = connection.messages()
  const ping = connection.ping('p')
  stream.receive(`${TEXT_A} ${TEXT_B} 89 81 00000000 32 ${TEXT_C} 8a 81 00000000 70`)
  host.endTurn()
  assert.equal(stream.takeWritten(), '89 01 70 8a 01 32')
  assert.equal(await ping, 0)
  assert.deepEqual(
    [await messages.next(), await messages.next(), await messages.next()].map(({ value }) => value),
    ['a', 'b', 'c'],
  )
})

for (const highWaterBytes of [1, 65_536]) {
  for (const chunks of [
    [`${TEXT_A} ${TEXT_B} ${CLOSE_1000}`],
    [`${TEXT_A} ${TEXT_B}`, CLOSE_1000],
    [TEXT_A, TEXT_B, CLOSE_1000],
    [TEXT_A, TEXT_B, '88', '82 00000000 03e8'],
    [TEXT_A, TEXT_B, '88 82 00000000', '03e8'],
  ]) {
    test(`the peer's Close frame, cut as ${chunks.length} chunks, is answered once what came before it is read, with highWaterBytes ${highWaterBytes}`, async () => {
      const { connection, stream, host } = scripted({ limits: { highWaterBytes } })
      const messages = connection.messages()
      for (const chunk of chunks) stream.receive(chunk)
      host.endTurn()
      assert.deepEqual([stream.takeWritten(), connection.readyState], ['', 'open'])
      assert.equal((await messages.next()).value, 'a')
      host.endTurn()
      void connection.send('re: a')
      assert.equal((await messages.next()).value, 'b')
      const end = messages.next()
      await settle()
      host.endTurn()
      assert.equal(stream.takeWritten(), '81 05 72 65 3a 20 61 88 02 03 e8')
      stream.finish()
      assert.equal((await end).done, true)
      assert.equal((await connection.closed).wasClean, true)
    })
  }
}

test('a message that has the Close frame right behind it can be answered', async () => {
  const { connection, stream, host } = scripted()
  const echo = (async () => {
    for await (const message of connection) await connection.send(message)
  })()
  await settle()
  stream.receive(`${TEXT_A} ${CLOSE_1000}`)
  await settle()
  host.endTurn()
  assert.equal(stream.takeWritten(), '81 01 61 88 02 03 e8')
  stream.finish()
  await echo
})

test('a reader that takes its time over the last message does not keep the Close frame from being answered', async () => {
  const { connection, stream, host } = scripted()
  const messages = connection.messages()
  const asked = messages.next()
  stream.receive(`${TEXT_A} ${TEXT_B} ${TEXT_C} ${CLOSE_1000}`)
  assert.equal((await asked).value, 'a')
  assert.equal((await messages.next()).value, 'b')
  assert.equal(host.deferredCount, 1)
  host.endTurn()
  assert.equal((await messages.next()).value, 'c')
  assert.equal(stream.takeWritten(), '')
  host.endTurn()
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 e8')
})

for (const { length, pong } of [
  { length: 35, pong: '8a 01 32' }, // with the 64 bytes that a message costs besides
  { length: 36, pong: '' },
]) {
  test(`T-98: with highWaterBytes 100, ${pong === '' ? 'nothing is' : 'a ping is'} read behind an unread message of ${length} bytes`, () => {
    const { connection, stream, host } = scripted({ limits: { highWaterBytes: 100 } })
    connection.messages()
    stream.receive(
      concat(frame({ opcode: 2, key: PLAIN_KEY, payload: new Uint8Array(length) }), hex(`${TEXT_A} 89 81 00000000 32`)),
    )
    stream.receive(TEXT_B)
    host.endTurn()
    assert.equal(stream.takeWritten(), pong)
  })
}

test('T-98: a flood of empty messages does not grow the heap while the reader is slow', () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 1_000 } })
  connection.messages()
  let received = 0
  while (!stream.calls.includes('pause')) {
    stream.receive('82 80 00000000')
    received++
  }
  assert.ok(received <= 1_000 / 64 + 1 + 1_000 / 6 + 1, `${received} messages`)
})

// --- pieces -----------------------------------------------------------------------------------------------------------

test('a message in pieces may be larger than the default limit, and only a piece of it is in memory', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  const total = 8 * 1_048_576
  stream.receive(concat(hex('82 ff'), hex(total.toString(16).padStart(16, '0')), hex(PLAIN_KEY), Uint8Array.of(0)))
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  assert.equal(message.type, 'binary')
  let read = 0
  let sent = 1
  for await (const piece of message) {
    read += piece.length
    assert.ok(piece.length <= 65_536 && sent - read <= 65_536)
    if (sent === total) continue
    const next = Math.min(65_536, total - sent)
    stream.receive(new Uint8Array(next))
    sent += next
  }
  assert.equal(read, total)
})

test('pieces that nobody asks for stay where they are, and the peer after a while with them', async () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 10 } })
  const messages = connection.messages({ pieces: true })
  stream.receive(`02 81 00000000 01`)
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  stream.receive(`00 81 00000000 02`)
  stream.receive(`80 81 00000000 03`)
  assert.deepEqual(stream.calls, ['pause'])
  host.endTurn()
  assert.deepEqual(await join(message), [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)])
  assert.deepEqual(stream.calls, ['pause', 'resume'])
})

test('a limit on messages that was given holds for messages in pieces, too', async () => {
  const { connection, stream, host } = scripted({ limits: { maxMessageBytes: 4 } })
  const messages = connection.messages({ pieces: true })
  const asked = messages.next()
  stream.receive('82 85 00000000')
  await settle()
  host.endTurn()
  assert.equal(stream.takeWritten(), '88 02 03 f1')
  stream.finish()
  assert.deepEqual(await asked, { done: true, value: undefined })
})

test('text pieces end on code points', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  const asked = messages.next()
  const [first, ...bytes] = frame({ opcode: 1, key: PLAIN_KEY, payload: 'a€😀b' })
  stream.receive(Uint8Array.of(first!))
  const pieces = asked.then(({ value }) => {
    assert.equal(value.type, 'text')
    return join(value)
  })
  for (const byte of bytes) {
    stream.receive(Uint8Array.of(byte))
    await settle()
  }
  assert.deepEqual(await pieces, ['a', '€', '😀', 'b'])
})

test('a piece is memory of its own', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  const wire = hex('82 82 00000000 0102')
  stream.listener.received(wire)
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  wire.fill(0xff)
  assert.deepEqual(await join(message), [Uint8Array.of(1, 2)])
})

test('an empty message has one empty piece', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  stream.receive('81 80 00000000 82 80 00000000')
  assert.deepEqual(await join((await messages.next()).value), [''])
  assert.deepEqual(await join((await messages.next()).value), [new Uint8Array(0)])
})

test('asking for the next message throws away what was not taken of the one before', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  stream.receive(`01 81 00000000 61 00 81 00000000 62 80 81 00000000 63 ${TEXT_A} ${TEXT_B}`)
  const { value: first } = (await messages.next()) as { value: MessagePieces }
  for await (const piece of first) {
    assert.equal(piece, 'a')
    break
  }
  const { value: second } = (await messages.next()) as { value: MessagePieces }
  assert.deepEqual(await join(first), [])
  const { value: third } = (await messages.next()) as { value: MessagePieces } // none of the second was taken
  assert.deepEqual(await join(second), [])
  assert.deepEqual(await join(third), ['b'])
})

test('several readers of the same pieces, all in a hurry, get each piece once and none of the next message', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  const asked = messages.next()
  const askedToo = messages.next()
  stream.receive('01 81 00000000 61')
  const first = ((await asked).value as MessagePieces)[Symbol.asyncIterator]()
  const early = [first.next(), first.next()]
  stream.receive(`00 81 00000000 62`)
  await settle()
  stream.receive(`80 81 00000000 63 ${TEXT_B} ${TEXT_C}`)
  const second = (await askedToo).value as MessagePieces
  const taken = (await Promise.all(early)).map(({ value }) => value)
  assert.ok(
    taken.every((piece) => piece === undefined || ['a', 'b', 'c'].includes(piece as string)),
    String(taken),
  )
  assert.deepEqual(await join(second), ['b'])
  assert.deepEqual(await join((await messages.next()).value), ['c'])
})

test('T-91: a message that is cut off rejects with what ended the connection', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  stream.receive('02 81 00000000 01')
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  const read = join(message)
  stream.finish(new Error('reset'))
  await assert.rejects(read, (error: Error & { code: string; closeCode: number }) => {
    assert.match(error.message, /^Message was cut off/)
    assert.deepEqual([error.code, error.closeCode], ['CONNECTION_CLOSED', 1006])
    assert.equal((error.cause as { code: string }).code, 'TRANSPORT_FAILED')
    return true
  })
  assert.deepEqual(await messages.next(), { done: true, value: undefined })
})

test('a message whose reader has left is an InvalidStateError, not a message that ended', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  stream.receive('02 81 00000000 01')
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  const pieces = message[Symbol.asyncIterator]()
  await pieces.next()
  const waiting = pieces.next()
  await messages.return?.()
  await assert.rejects(waiting, { code: 'INVALID_STATE' })
  assert.deepEqual(await join(message), [])
})

// --- one reader after another -----------------------------------------------------------------------------------------

test('a reader of pieces that leaves inside a message takes the rest of it along, and nothing else', async () => {
  const { connection, stream } = scripted()
  stream.receive(`01 81 00000000 61 00 81 00000000 62`)
  for await (const message of connection.messages({ pieces: true })) {
    for await (const piece of message) {
      assert.equal(piece, 'a')
      break
    }
    break
  }
  const read = take(connection, 2)
  stream.receive(`80 81 00000000 63 ${TEXT_B} ${TEXT_C}`)
  assert.deepEqual(await read, ['b', 'c'])
})

test('a message whose reader of pieces left before its first piece came is handed over whole', async () => {
  const { connection, stream } = scripted()
  const pieces = connection.messages({ pieces: true })
  const waiting = pieces.next()
  await settle()
  stream.receive('01 82 00000000') // the header is read for somebody who wants pieces
  await pieces.return?.()
  assert.equal((await waiting).done, true)
  const messages = connection.messages()
  const message = messages.next()
  stream.receive('61')
  await settle()
  stream.receive('62')
  stream.receive('80 81 00000000 63')
  assert.equal((await message).value, 'abc')
  stream.receive(TEXT_B)
  assert.equal((await messages.next()).value, 'b')
})

test('a reader of pieces that leaves between messages takes nothing along', async () => {
  const { connection, stream } = scripted()
  stream.receive(`${TEXT_A} 01 81 00000000 62 80 81 00000000 62`)
  for await (const message of connection.messages({ pieces: true })) {
    assert.deepEqual(await join(message), ['a'])
    break
  }
  assert.deepEqual(await take(connection, 1), ['bb'])
})

test('readers of pieces that come and go, reading or not, leave the next one at the beginning of a message', async () => {
  const { connection, stream } = scripted()
  const leave = async (taken: (message: MessagePieces) => unknown): Promise<void> => {
    for await (const message of connection.messages({ pieces: true })) {
      await taken(message)
      break
    }
  }
  await connection.messages({ pieces: true }).return?.()
  stream.receive('01 81 00000000 61')
  await leave((message) => message[Symbol.asyncIterator]().next())
  stream.receive('00 81 00000000 62')
  await connection.messages({ pieces: true }).return?.()
  stream.receive('80 81 00000000 63')
  await connection.messages({ pieces: true }).return?.()
  for (const wire of [TEXT_A, TEXT_B]) {
    stream.receive(wire)
    const expected = wire === TEXT_A ? ['a'] : ['b']
    await leave(async (message) => assert.deepEqual(await join(message), expected))
  }
})

test('a reader of pieces that only ever saw the rest of a message go by leaves nothing to be skipped', async () => {
  const { connection, stream } = scripted()
  stream.receive('01 81 00000000 61')
  for await (const message of connection.messages({ pieces: true })) {
    await message[Symbol.asyncIterator]().next()
    break
  }
  const second = connection.messages({ pieces: true })
  const asked = second.next()
  await settle()
  stream.receive('80 81 00000000 7a')
  await second.return?.()
  assert.equal((await asked).done, true)
  await connection.messages({ pieces: true }).return?.()
  const third = connection.messages({ pieces: true }).next()
  await settle()
  stream.receive(TEXT_B)
  assert.deepEqual(await join((await third).value), ['b'])
})

for (const { title, first, later, expected } of [
  { title: 'a message that is cut', first: '01 81 00000000 61', later: `80 81 00000000 7a ${TEXT_B}`, expected: ['b'] },
  { title: 'nothing', first: '', later: TEXT_B, expected: ['b'] },
]) {
  test(`after close, a reader of pieces that leaves ${title} behind leaves the rest to the next`, async () => {
    const { connection, stream } = scripted()
    const messages = connection.messages({ pieces: true })
    void connection.close(1000)
    stream.receive(first)
    await messages.return?.()
    const next = connection.messages({ pieces: true }).next()
    await settle()
    stream.receive(later)
    assert.deepEqual(await join((await next).value), expected)
  })
}

test('what is joined for the next reader counts once', async () => {
  const { connection, stream, host } = scripted({ limits: { maxBufferedBytes: 300 } })
  const messages = connection.messages({ pieces: true })
  void connection.close(1000)
  stream.receive(frame({ opcode: 2, key: PLAIN_KEY, payload: new Uint8Array(200) }))
  await messages.return?.()
  connection.messages()
  stream.receive(`${TEXT_A} ${CLOSE_1000}`)
  host.endTurn()
  assert.deepEqual(stream.calls, ['end'])
})

test('what a reader has taken makes room for what comes next', async () => {
  const { connection, stream, host } = scripted({ limits: { highWaterBytes: 100 } })
  const messages = connection.messages()
  for (let i = 0; i < 10; i++) {
    stream.receive(`${TEXT_A} 89 81 00000000 31`)
    host.endTurn()
    assert.equal(stream.takeWritten(), '8a 01 31')
    assert.equal((await messages.next()).value, 'a')
    host.endTurn()
  }
})

test('a reader of pieces that comes after the end and leaves inside a message takes the rest of it along', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  stream.receive(`01 81 00000000 61`)
  stream.receive(`80 81 00000000 62 ${TEXT_C}`)
  stream.finish()
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  await message[Symbol.asyncIterator]().next()
  await messages.return?.()
  assert.deepEqual(await rest(connection), ['c'])
})

test('what a reader of pieces leaves behind at the end of the connection is there whole for the next reader', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages({ pieces: true })
  stream.receive(`01 81 00000000 61 00 81 00000000 62 80 81 00000000 63`) // a message, of which one piece is taken
  stream.receive(`02 81 00000000 01 80 81 00000000 02 ${TEXT_B}`) // two more
  stream.receive('01 81 00000000 64 80 82 00000000 65') // and one that is cut off
  const { value: message } = (await messages.next()) as { value: MessagePieces }
  for await (const piece of message) {
    assert.equal(piece, 'a')
    break
  }
  stream.finish()
  await connection.closed
  await messages.return?.()
  for await (const kept of connection.messages({ pieces: true })) {
    assert.deepEqual(await join(kept), [Uint8Array.of(1, 2)])
    break
  }
  assert.deepEqual(await rest(connection), ['b'])
  assert.deepEqual(await rest(connection), [])
})

test('messages that waited whole are taken in pieces as one piece each', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages()
  stream.receive(`${TEXT_A} 82 81 00000000 01`)
  await messages.return?.()
  const taken: [string, Message[]][] = []
  for await (const message of connection.messages({ pieces: true })) {
    taken.push([message.type, await join(message)])
    if (taken.length === 2) break
  }
  assert.deepEqual(taken, [
    ['text', ['a']],
    ['binary', [Uint8Array.of(1)]],
  ])
})

test('a message that began to arrive for one kind of reader reaches the next kind whole', async () => {
  const { connection, stream } = scripted()
  const messages = connection.messages()
  stream.receive('01 81 00000000 61')
  await messages.return?.()
  const pieces = connection.messages({ pieces: true })
  const asked = pieces.next()
  stream.receive('80 81 00000000 62')
  assert.deepEqual(await join((await asked).value), ['ab'])
})

// --- closing while reading --------------------------------------------------------------------------------------------

test('close may be awaited inside the loop over the messages', async () => {
  for (const pieces of [false, true]) {
    const { connection, stream, host } = scripted()
    stream.receive(TEXT_A)
    const read: Message[] = []
    const loop = (async () => {
      if (pieces) {
        for await (const message of connection.messages({ pieces: true })) {
          read.push(...(await join(message)))
          await connection.close(1000)
        }
      } else {
        for await (const message of connection) {
          read.push(message)
          await connection.close(1000)
        }
      }
    })()
    await settle()
    host.endTurn()
    assert.equal(stream.takeWritten(), '88 02 03 e8')
    stream.receive(`${TEXT_B} 01 81 00000000 63 80 81 00000000 64 ${CLOSE_1000}`)
    stream.finish()
    await loop
    assert.deepEqual(read, pieces ? ['a', 'b', 'c', 'd'] : ['a', 'b', 'cd'])
    assert.equal((await connection.closed).wasClean, true)
  }
})

for (const { bytes, seen } of [
  { bytes: 235, seen: true }, // with the 64 bytes that a message costs besides, one below the limit
  { bytes: 236, seen: false },
]) {
  test(`with maxBufferedBytes 300, the answer to our Close is ${seen ? '' : 'not '}seen behind an unread message of ${bytes} bytes`, async () => {
    const { connection, stream, host } = scripted({ limits: { highWaterBytes: 1_000, maxBufferedBytes: 300 } })
    const messages = connection.messages()
    void connection.close(1000)
    stream.receive(
      concat(frame({ opcode: 2, key: PLAIN_KEY, payload: new Uint8Array(bytes) }), hex(`${TEXT_A} ${CLOSE_1000}`)),
    )
    host.endTurn()
    assert.deepEqual(stream.calls, seen ? ['end'] : [])
    await messages.return?.() // what is left is thrown away
    host.endTurn()
    assert.deepEqual(stream.calls, ['end'])
  })
}

test('after a Close frame that time sent, the answer is seen behind messages that nobody reads', async () => {
  const { connection, stream, host } = scripted({ limits: { idleTimeoutMs: 100 } })
  host.advance(100)
  assert.equal(stream.takeWritten(), '88 06 03 e9 49 64 6c 65')
  stream.receive(`${TEXT_A} 88 82 00000000 03e9`)
  stream.finish()
  assert.equal((await connection.closed).wasClean, true)
  assert.deepEqual(await rest(connection), ['a'])
})

test('after close without a reader, messages are thrown away until the peer closes', async () => {
  const { connection, stream } = scripted()
  stream.receive(TEXT_A)
  void connection.close(1000)
  stream.receive(`${TEXT_B} ${CLOSE_1000}`)
  stream.finish()
  assert.equal((await connection.closed).wasClean, true)
  assert.deepEqual(await rest(connection), [])
})

test('a reader that attaches after close gets what arrives from then on', async () => {
  const { connection, stream } = scripted()
  void connection.close(1000)
  stream.receive(TEXT_A)
  const read = rest(connection)
  stream.receive(`${TEXT_B} ${CLOSE_1000}`)
  stream.finish()
  assert.deepEqual(await read, ['b'])
})

test('a reader that leaves after close lets what arrives be thrown away', async () => {
  const { connection, stream } = scripted({ limits: { highWaterBytes: 1 } })
  const messages = connection.messages({ pieces: true })
  void connection.close(1000)
  stream.receive('01 81 00000000 61')
  await messages.return?.()
  stream.receive(`80 81 00000000 61 ${TEXT_B} ${CLOSE_1000}`)
  stream.finish()
  assert.equal((await connection.closed).wasClean, true)
  assert.deepEqual(await rest(connection), [])
})

test('the loop ends when the connection does, also in the middle of waiting', async () => {
  const { connection } = scripted()
  const read = rest(connection)
  assert.equal(await stateOf(read), 'pending')
  connection.terminate()
  assert.deepEqual(await read, [])
})

test('a byte order mark is kept', async () => {
  const { connection, stream } = scripted()
  stream.receive(frame({ opcode: 1, key: PLAIN_KEY, payload: utf8('\ufeffa') }))
  assert.deepEqual(await take(connection, 1), ['\ufeffa'])
})
