// `Sender`: frames on any stream, in literal bytes.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { PerMessageDeflate, Sender } from '../../src/ws/index.ts'
import { toHex } from '../support/wire.ts'
import { knownMask } from './ends.ts'

/** Everything that a stream has. On Bun and Deno each `read` gives one chunk of it. */
function readAll(stream: PassThrough): Buffer {
  const chunks: Buffer[] = []
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function sender(extensions?: ConstructorParameters<typeof Sender>[1]) {
  const stream = new PassThrough()
  return {
    stream,
    sender: new Sender(stream, extensions, knownMask),
    told: () => toHex(readAll(stream)),
  }
}

test('text, binary, fragments, pings, pongs and a close are written as frames', () => {
  const { sender: to, told } = sender()
  to.send('a', { fin: true })
  to.send(Buffer.from('b'), { fin: true, binary: true })
  to.send('c', { fin: false })
  to.send('d', { fin: false, binary: true })
  to.send('', { fin: true })
  to.ping('p')
  to.pong(Uint8Array.of(1))
  to.close(1000, 'ok')
  assert.equal(told(), '81 01 61 82 01 62 01 01 63 00 01 64 80 00 89 01 70 8a 01 01 88 04 03 e8 6f 6b')
  to.close()
  assert.equal(told(), '88 00')
})

test('frames are masked with the key that generateMask gives', () => {
  const { sender: to, told } = sender()
  to.send('Hello', { fin: true, mask: true })
  to.ping('', true)
  to.close(1000, '', true)
  assert.equal(told(), '81 85 01 02 03 04 49 67 6f 68 6e 89 80 01 02 03 04 88 82 01 02 03 04 02 ea')
})

test('callbacks are called once, in order', async () => {
  const { sender: to } = sender()
  const log: string[] = []
  to.send('a', { fin: true }, () => log.push('send'))
  to.ping('', false, () => log.push('ping'))
  to.pong('', false, () => log.push('pong'))
  await new Promise<void>((resolve) => to.close(1000, '', false, () => resolve()))
  assert.deepEqual(log, ['send', 'ping', 'pong'])
})

test('a callback is told when the stream is gone', async () => {
  const { sender: to, stream } = sender()
  stream.on('error', () => {})
  stream.destroy()
  const error = await new Promise<Error | undefined>((resolve) => to.send('a', { fin: true }, resolve))
  assert.equal((error as NodeJS.ErrnoException).code, 'ERR_STREAM_DESTROYED')
})

test('what may not be sent is thrown, and nothing is written', () => {
  const { sender: to, told } = sender()
  assert.throws(() => to.ping(Buffer.alloc(126)), { name: 'RangeError', message: /125 bytes/ })
  assert.throws(() => to.pong('ä'.repeat(63)), { name: 'RangeError', message: /125 bytes/ })
  assert.throws(() => to.close(1005), { name: 'TypeError' })
  assert.throws(() => to.close(1000, 'x'.repeat(124)), { name: 'RangeError', message: /123 bytes/ })
  assert.equal(told(), '')
  to.ping(Buffer.alloc(125))
  assert.match(told(), /^89 7d 00/)
})

test('with compression agreed on, marked messages are compressed, and the rest waits its turn', async () => {
  const deflate = new PerMessageDeflate({ isServer: true })
  deflate.accept([{ server_no_context_takeover: [true] }])
  const { sender: to, stream } = sender({ 'permessage-deflate': deflate })
  to.send('a'.repeat(100), { fin: false, compress: true })
  to.send('b', { fin: true, compress: true })
  await new Promise<void>((resolve) => to.ping('', false, () => resolve()))
  const bytes = readAll(stream)
  deflate.cleanup()
  const firstLength = bytes[1]!
  assert.equal(bytes[0], 0x41, 'the first fragment has RSV1')
  const second = 2 + firstLength
  assert.equal(bytes[second], 0x80, 'the second has not')
  const payload = Buffer.concat([
    bytes.subarray(2, second),
    bytes.subarray(second + 2, -2),
    Buffer.from('0000ffff', 'hex'),
  ])
  assert.equal(inflateRawSync(payload, { finishFlush: 2 }).toString(), `${'a'.repeat(100)}b`)
  assert.equal(toHex(bytes.subarray(-2)), '89 00')
})
