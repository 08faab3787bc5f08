// Blobs: what is sent behind one waits for it, and what happens to both when the connection ends meanwhile.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { openEnd } from './ends.ts'

/** A Blob that is read when the test says so. */
function slowBlob(text: string): { blob: Blob; give: () => void; fail: (error: Error) => void } {
  const blob = new Blob([text])
  let give!: () => void
  let fail!: (error: Error) => void
  const read = new Promise<ArrayBuffer>((resolve, reject) => {
    give = () => resolve(Uint8Array.from(Buffer.from(text)).buffer)
    fail = reject
  })
  blob.arrayBuffer = () => read
  return { blob, give, fail }
}

function end(t: TestContext) {
  const opened = openEnd('server')
  const errors: Error[] = []
  const log: string[] = []
  opened.socket.on('error', (error) => errors.push(error))
  t.after(() => opened.wire.stream.destroy())
  const noting = (name: string) => (error?: Error | null) => void log.push(error ? `${name}: ${error.message}` : name)
  return { ...opened, errors, log, noting }
}

test('messages, pings and the close behind Blobs wait for them, and leave in order', async (t) => {
  const { socket, wire, log, noting } = end(t)
  const first = slowBlob('one')
  const second = slowBlob('two')
  socket.send(first.blob, noting('first'))
  socket.send('a', noting('text'))
  socket.ping('p', noting('ping'))
  socket.send(second.blob, noting('second'))
  socket.send('b', { binary: true }, noting('binary'))
  assert.equal(socket.bufferedAmount, 9)
  socket.close(1000, 'bye')
  assert.equal(socket.readyState, socket.CLOSING)
  second.give() // out of order
  first.give()
  const expected = '82 03 6f 6e 65 81 01 61 89 01 70 82 03 74 77 6f 82 01 62 88 05 03 e8 62 79 65'
  assert.equal(await wire.told(26), expected)
  wire.say('88 82 00000000 03e8')
  wire.stream.end()
  await once(socket, 'close')
  assert.deepEqual(log, ['first', 'text', 'ping', 'second', 'binary'])
  assert.equal(socket.bufferedAmount, 0)
})

test('a Blob is a fragment like everything else', async (t) => {
  const { socket, wire } = end(t)
  socket.send('a', { fin: false })
  const { blob, give } = slowBlob('b')
  socket.send(blob, { fin: false })
  socket.send('c')
  give()
  assert.equal(await wire.told(9), '01 01 61 00 01 62 80 01 63')
})

test('the peer closes while a Blob is read: every callback is told, and nothing is thrown', async (t) => {
  const { socket, wire, errors, log, noting } = end(t)
  const { blob, give } = slowBlob('abc')
  socket.send(blob, noting('blob'))
  socket.send('x', noting('text'))
  socket.ping('p', noting('ping'))
  wire.say('88 82 00000000 03e8')
  assert.equal(await wire.told(4), '88 02 03 e8')
  const closed = once(socket, 'close')
  give()
  wire.stream.end()
  const [code] = await closed
  await new Promise(setImmediate)
  assert.equal(code, 1000)
  const told = 'The socket was closed while the blob was being read'
  assert.deepEqual(log, [`blob: ${told}`, `text: ${told}`, `ping: ${told}`])
  assert.deepEqual(errors, [])
  assert.equal(await wire.told(5), '88 02 03 e8')
})

for (const how of ['terminate', 'the peer goes'] as const) {
  test(`the connection is gone when a Blob is read (${how}): every callback is told`, async (t) => {
    const { socket, wire, log, noting } = end(t)
    const first = slowBlob('abc')
    const second = slowBlob('def')
    socket.send(first.blob, noting('first'))
    socket.send(second.blob, noting('second'))
    const closed = once(socket, 'close')
    if (how === 'terminate') socket.terminate()
    else wire.stream.destroy()
    assert.equal((await closed)[0], 1006)
    first.give()
    await new Promise(setImmediate)
    assert.deepEqual(log, [
      'first: The socket was closed while the blob was being read',
      'second: The socket was closed while the blob was being read',
    ])
    assert.equal(socket.bufferedAmount, 0)
  })
}

test('a Blob that cannot be read fails the connection, and everybody behind it is told', async (t) => {
  const { socket, errors, log, noting } = end(t)
  const { blob, fail } = slowBlob('abc')
  socket.send(blob, noting('blob'))
  socket.send('x', noting('text'))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  const reason = new Error('It is gone')
  fail(reason)
  assert.equal(await closed, 1006)
  assert.deepEqual(log, ['blob: It is gone', 'text: It is gone'])
  assert.deepEqual(errors, [reason])
})

test('what may not be sent is told to its callback when its turn comes, and holds up nothing behind it', async (t) => {
  const { socket, wire, log, noting } = end(t)
  const { blob, give } = slowBlob('a')
  socket.send(blob)
  socket.send(Buffer.from([0xff]), { binary: false }, noting('wrong'))
  socket.send('b', noting('right'))
  give()
  assert.equal(await wire.told(6), '82 01 61 81 01 62')
  await new Promise(setImmediate)
  assert.deepEqual(log, ['wrong: Cannot send text: the payload is not valid UTF-8 at byte 0', 'right'])
})
