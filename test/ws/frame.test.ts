// Frames that programs make and send themselves: `Sender.frame` in literal bytes, and `_sender.sendFrame` on a connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Sender } from '../../src/ws/index.ts'
import { hex, toHex } from '../support/wire.ts'
import { knownMask, openEnd } from './ends.ts'

type FrameOptions = Parameters<typeof Sender.frame>[1]

const FRAMES: ReadonlyArray<readonly [name: string, data: string, options: FrameOptions, wire: string]> = [
  ['text', 'Hello', { opcode: 1, fin: true }, '81 05 48 65 6c 6c 6f'],
  ['a first fragment of text', 'Hel', { opcode: 1, fin: false }, '01 03 48 65 6c'],
  ['a continuation', 'lo', { opcode: 0, fin: true }, '80 02 6c 6f'],
  ['binary', 'a', { opcode: 2, fin: true }, '82 01 61'],
  ['an empty close', '', { opcode: 8, fin: true }, '88 00'],
  ['a ping', 'p', { opcode: 9, fin: true }, '89 01 70'],
  ['a pong', 'p', { opcode: 10, fin: true }, '8a 01 70'],
  ['a frame that says it is compressed', 'a', { opcode: 1, fin: true, rsv1: true }, 'c1 01 61'],
  ['text beyond ASCII', 'ä', { opcode: 1, fin: true }, '81 02 c3 a4'],
  [
    'masked',
    'Hello',
    { opcode: 1, fin: true, mask: true, generateMask: knownMask },
    '81 85 01 02 03 04 49 67 6f 68 6e',
  ],
  ['masked and empty', '', { opcode: 9, fin: true, mask: true, generateMask: knownMask }, '89 80 01 02 03 04'],
]

for (const [name, data, options, wire] of FRAMES) {
  test(`Sender.frame: ${name}`, () => {
    assert.equal(toHex(Buffer.concat(Sender.frame(data, options))), wire)
    assert.equal(toHex(Buffer.concat(Sender.frame(Buffer.from(data), { ...options, readOnly: true }))), wire)
  })
}

for (const [length, header] of [
  [125, '82 7d'],
  [126, '82 7e 00 7e'],
  [65_535, '82 7e ff ff'],
  [65_536, '82 7f 00 00 00 00 00 01 00 00'],
] as const) {
  test(`Sender.frame: the length of ${length} bytes is written in the shortest form`, () => {
    const data = Buffer.alloc(length, 1)
    const [head, payload] = Sender.frame(data, { opcode: 2, fin: true })
    assert.equal(toHex(head!), header)
    assert.equal(payload!.buffer, data.buffer, 'the payload is not copied')
  })
}

test('Sender.frame masks a copy, in one buffer when the data is said to be read only', () => {
  const data = Buffer.from('Hello')
  const maskBuffer = Buffer.alloc(4)
  assert.equal(Sender.frame(data, { opcode: 1, fin: true, mask: true, maskBuffer }).length, 2)
  assert.equal(Sender.frame(data, { opcode: 1, fin: true, mask: true, readOnly: true }).length, 1)
  assert.equal(data.toString(), 'Hello')
  assert.notEqual(toHex(maskBuffer), '00 00 00 00', 'the key that was used is told')
})

function end(t: TestContext, role: 'client' | 'server' = 'server') {
  const opened = openEnd(role, role === 'client' ? { generateMask: knownMask } : {})
  opened.socket.on('error', () => {})
  t.after(() => opened.wire.stream.destroy())
  return opened
}

/** Sends each list, and waits until all have left. */
async function sendAll(socket: ReturnType<typeof end>['socket'], lists: readonly string[]): Promise<void> {
  for (const list of lists.slice(0, -1)) socket._sender!.sendFrame([Buffer.from(hex(list))])
  await new Promise<void>((resolve, reject) => {
    socket._sender!.sendFrame([Buffer.from(hex(lists.at(-1)!))], (error) => (error ? reject(error) : resolve()))
  })
}

for (const lists of [
  ['81 01 61'],
  ['82 02 61 62'],
  ['01 01 61', '00 01 62', '80 01 63'],
  ['02 01 61', '89 01 70', '80 00'],
  ['89 00'],
  ['8a 01 70'],
  ['88 00'],
  ['88 02 03 e8'],
  ['88 04 03 e8 6f 6b'],
]) {
  test(`sendFrame sends ${lists.join(', ')} as it is`, async (t) => {
    const { socket, wire } = end(t)
    await sendAll(socket, lists)
    const whole = lists.join(' ')
    assert.equal(await wire.told(hex(whole).length), whole)
  })
}

test('sendFrame takes masked frames, and a client masks with keys of its own', async (t) => {
  const server = end(t)
  await sendAll(server.socket, ['81 81 0a 0b 0c 0d 6b'])
  assert.equal(await server.wire.told(3), '81 01 61')
  const client = end(t, 'client')
  await sendAll(client.socket, ['81 01 61'])
  assert.equal(await client.wire.told(7), '81 81 01 02 03 04 60')
})

test('one list goes to many connections, header and payload in parts or as text, and stays as it is', async (t) => {
  const list = Sender.frame(Buffer.from('Hello'), { opcode: 1, fin: true })
  const ends = Array.from({ length: 5 }, (_, i) => end(t, i % 2 === 0 ? 'server' : 'client'))
  for (const { socket } of ends) socket._sender!.sendFrame(list)
  for (const [i, { wire }] of ends.entries()) {
    const expected = i % 2 === 0 ? '81 05 48 65 6c 6c 6f' : '81 85 01 02 03 04 49 67 6f 68 6e'
    assert.equal(await wire.told(hex(expected).length), expected)
  }
  assert.equal(toHex(Buffer.concat(list)), '81 05 48 65 6c 6c 6f')
  const parts = end(t)
  parts.socket._sender!.sendFrame([Buffer.from(hex('81 02')), 'a', 'b'])
  assert.equal(await parts.wire.told(4), '81 02 61 62')
})

for (const [list, said] of [
  ['', /not one whole frame/],
  ['81', /not one whole frame/],
  ['81 02 61', /not one whole frame/],
  ['81 01 61 62', /not one whole frame/],
  ['c1 01 61', /without reserved bits/],
  ['83 01 61', /reserved opcode 3/],
  ['8b 00', /reserved opcode 11/],
  ['09 00', /fragment of a control frame/],
  ['80 01 61', /continues a message that was not begun/],
  ['88 01 03', /may not be sent/],
  ['88 02 03 ed', /First argument|may not be sent/],
  ['81 01 ff', /UTF-8/],
] as const) {
  test(`sendFrame refuses ${list || 'nothing at all'}, and nothing is sent`, async (t) => {
    const { socket, wire } = end(t)
    const callback = t.mock.fn()
    assert.throws(() => socket._sender!.sendFrame([Buffer.from(hex(list))], callback), {
      name: 'TypeError',
      message: said,
    })
    await sendAll(socket, ['82 00'])
    assert.equal(await wire.told(2), '82 00')
    assert.equal(callback.mock.callCount(), 0)
  })
}

test('sendFrame refuses a message within another, and a ping of more than 125 bytes', async (t) => {
  const { socket } = end(t)
  await sendAll(socket, ['01 01 61'])
  assert.throws(() => socket._sender!.sendFrame([Buffer.from(hex('81 01 62'))]), {
    name: 'TypeError',
    message: /within another/,
  })
  const long = Sender.frame(Buffer.alloc(126), { opcode: 9, fin: true })
  assert.throws(() => socket._sender!.sendFrame(long), { name: 'RangeError' })
})

test('sendFrame tells its callback when it is too late', async (t) => {
  const { socket } = end(t)
  const { _sender: sender } = socket
  socket.terminate()
  await once(socket, 'close')
  for (const list of ['81 01 61', '89 00', '88 00']) {
    const error = await new Promise<Error | undefined>((resolve) =>
      sender!.sendFrame([Buffer.from(hex(list))], resolve),
    )
    assert.match(error!.message, /not open: readyState 3 \(CLOSED\)/)
  }
})

test('text is sent as binary when asked to, alone and as a fragment', async (t) => {
  const { socket, wire } = end(t)
  socket.send('ä', { binary: true })
  socket.send(Buffer.from('a'), { fin: false })
  socket.send('b')
  assert.equal(await wire.told(10), '82 02 c3 a4 02 01 61 80 01 62')
})
