// `Receiver`: a writable stream that tells of the messages in the frames that it is given.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PerMessageDeflate, Receiver } from '../../src/ws/index.ts'
import { hex } from '../support/wire.ts'

type Options = ConstructorParameters<typeof Receiver>[0]

/** Everything that is told of some bytes, given whole or in pieces of so many. */
async function told(wire: string, options: Options = {}, size = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const receiver = new Receiver(options)
  const log: unknown[] = []
  receiver.on('message', (data, isBinary) => log.push(['message', data, isBinary]))
  receiver.on('ping', (data) => log.push(['ping', String(data)]))
  receiver.on('pong', (data) => log.push(['pong', String(data)]))
  receiver.on('conclude', (code, reason) => log.push(['conclude', code, String(reason)]))
  const over = new Promise<void>((resolve) => {
    receiver.on('error', (error: NodeJS.ErrnoException) => {
      log.push([error.name, error.code, error.message])
      resolve()
    })
    receiver.on('finish', resolve)
  })
  const bytes = hex(wire)
  for (let at = 0; at < bytes.length; at += size) receiver.write(Buffer.from(bytes.subarray(at, at + size)))
  if (!receiver.writableEnded) receiver.end()
  await over
  return log
}

const MESSAGES = '01 01 61 89 01 70 80 01 62 82 02 01 02 8a 00 88 04 03 e8 6f 6b'
const EVENTS = [
  ['ping', 'p'],
  ['message', Buffer.from('ab'), false],
  ['message', Buffer.from([1, 2]), true],
  ['pong', ''],
  ['conclude', 1000, 'ok'],
]

for (const size of [1, 2, 3, 5, Number.POSITIVE_INFINITY]) {
  test(`messages, pings, pongs and the close are told in order, ${size} bytes at a time`, async () => {
    assert.deepEqual(await told(MESSAGES, {}, size), EVENTS)
    assert.deepEqual(await told(MESSAGES, { allowSynchronousEvents: false }, size), EVENTS)
  })
}

test('a server takes masked frames, and leaves the bytes that it is given as they are', async () => {
  const receiver = new Receiver({ isServer: true })
  const messages: string[] = []
  receiver.on('message', (data) => messages.push(String(data)))
  const bytes = Buffer.from(hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'))
  const before = Buffer.from(bytes)
  await new Promise((resolve) => receiver.write(bytes, resolve))
  receiver.end()
  assert.deepEqual(messages, ['Hello'])
  assert.deepEqual(bytes, before)
})

test('a close without a code is told as 1005', async () => {
  assert.deepEqual(await told('88 00'), [['conclude', 1005, '']])
})

test('without synchronous events, each is told in a turn of its own', async () => {
  const receiver = new Receiver({ allowSynchronousEvents: false })
  let inTurn = 0
  let most = 0
  receiver.on('message', () => {
    most = Math.max(most, ++inTurn)
    setImmediate(() => {
      inTurn = 0
    })
  })
  await new Promise((resolve) => receiver.write(Buffer.from(hex('81 01 61 81 01 62 81 01 63')), resolve))
  receiver.end()
  assert.equal(most, 1)
})

for (const [binaryType, expected] of [
  ['nodebuffer', Buffer.from([1, 2])],
  ['arraybuffer', Uint8Array.of(1, 2).buffer],
  ['fragments', [Buffer.from([1, 2])]],
] as const) {
  test(`binary messages come as ${binaryType}`, async () => {
    assert.deepEqual(await told('82 02 01 02', { binaryType }), [['message', expected, true]])
  })
}

for (const [name, wire, options, expected] of [
  ['a frame with a mask', '81 81 01 02 03 04 60', {}, ['RangeError', 'WS_ERR_UNEXPECTED_MASK']],
  ['a frame without one', '81 01 61', { isServer: true }, ['RangeError', 'WS_ERR_EXPECTED_MASK']],
  ['a reserved opcode', '83 00', {}, ['RangeError', 'WS_ERR_INVALID_OPCODE']],
  ['reserved bit 1', 'c1 00', {}, ['RangeError', 'WS_ERR_UNEXPECTED_RSV_1']],
  ['reserved bit 2', 'a1 00', {}, ['RangeError', 'WS_ERR_UNEXPECTED_RSV_2_3']],
  ['a ping in fragments', '09 00', {}, ['RangeError', 'WS_ERR_EXPECTED_FIN']],
  ['a close code that may not be', '88 02 03 ed', {}, ['RangeError', 'WS_ERR_INVALID_CLOSE_CODE']],
  ['text that is no UTF-8', '81 01 ff', {}, ['Error', 'WS_ERR_INVALID_UTF8']],
  [
    'a message above maxPayload',
    '81 03 61 62 63',
    { maxPayload: 2 },
    ['RangeError', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  ],
  [
    'fragments above maxPayload',
    '01 02 61 62 80 01 63',
    { maxPayload: 2 },
    ['RangeError', 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'],
  ],
  [
    'more than maxFragments',
    '01 00 00 00 80 00',
    { maxFragments: 2 },
    ['RangeError', 'WS_ERR_TOO_MANY_BUFFERED_PARTS'],
  ],
] as const) {
  test(`${name} is an error of the stream`, async () => {
    const [error, ...rest] = await told(wire, options)
    assert.deepEqual((error as unknown[]).slice(0, 2), expected)
    assert.deepEqual(rest, [])
  })
}

test('limits are met without an error, and UTF-8 is not looked at when told so', async () => {
  assert.equal((await told('81 02 61 62', { maxPayload: 2 })).length, 1)
  assert.equal((await told('01 00 80 00', { maxFragments: 2 })).length, 1)
  assert.deepEqual(await told('81 01 ff', { skipUTF8Validation: true }), [['message', Buffer.from([0xff]), false]])
})

test('compressed messages are told as they were', async () => {
  const deflate = new PerMessageDeflate({})
  deflate.accept([{}])
  // RFC 7692 §7.2.3.1: "Hello", compressed.
  const log = await told('c1 07 f2 48 cd c9 c9 07 00', { extensions: { 'permessage-deflate': deflate } })
  assert.deepEqual(log, [['message', Buffer.from('Hello'), false]])
})
