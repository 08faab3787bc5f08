// Sockets as byte streams: the contract over TCP and TLS, and what only sockets can do.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ByteStreamListener } from '../../../src/connection/index.ts'
import { SocketStream } from '../../../src/transport/node/index.ts'
import { testByteStream } from '../../contract/byte-stream.ts'
import { duplexPair } from '../../support/duplexes.ts'
import { socketPair } from '../../support/sockets.ts'

for (const tls of [false, true]) {
  testByteStream(
    tls ? 'SocketStream over TLS' : 'SocketStream over TCP',
    async () => {
      const { near, far, server } = await socketPair({ tls })
      return {
        near: new SocketStream(near),
        far: new SocketStream(far),
        close: async () => {
          near.destroy()
          far.destroy()
          await new Promise((resolve) => server.close(resolve))
        },
      }
    },
    { backpressure: true },
  )
}

testByteStream(
  'SocketStream over a duplex stream that is no socket',
  async () => {
    const [near, far] = duplexPair()
    return {
      near: new SocketStream(near),
      far: new SocketStream(far),
      close: async () => {
        near.destroy()
      },
    }
  },
  { backpressure: true },
)

/** Waits for the end of a socket, whatever the reason. */
function isClosed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** A listener that writes down what it is told, errors by their code. */
function recorder(): ByteStreamListener & { told: string[] } {
  const told: string[] = []
  return {
    told,
    received: (bytes) => told.push(`received ${bytes.length}`),
    drained: () => told.push('drained'),
    ended: (error) => told.push(`ended ${(error as { code?: string } | undefined)?.code ?? ''}`.trim()),
    closed: () => told.push('closed'),
  }
}

test('T-94: a reset is an end with its cause, and bytes that did not leave are not said to have left', async () => {
  const { near, far, server } = await socketPair()
  const listener = recorder()
  const stream = new SocketStream(near)
  stream.attach(listener)
  far.pause()
  stream.write([new Uint8Array(16_000_000)])
  stream.write([new Uint8Array(16_000_000)])
  far.resetAndDestroy()
  await isClosed(near)
  assert.equal(listener.told.length, 2, listener.told.join())
  assert.match(listener.told[0]!, /^ended E(CONNRESET|PIPE)$/)
  assert.equal(listener.told[1], 'closed')
  server.close()
})

test('T-91: what arrived while the stream was paused is told before the reset that followed it', async () => {
  const { near, far, server } = await socketPair()
  const told: string[] = []
  const stream = new SocketStream(near)
  stream.attach({
    received: (bytes) => told.push(new TextDecoder().decode(bytes)),
    drained: () => {},
    ended: (error) => told.push(`ended ${(error as { code: string }).code}`),
    closed: () => told.push('closed'),
  })
  stream.pause()
  far.write('arrived')
  for (let waits = 0; near.readableLength === 0; waits++) {
    assert.ok(waits < 1_000, 'nothing was read ahead')
    await delay(1)
  }
  far.resetAndDestroy()
  while (!near.destroyed) {
    stream.write([Uint8Array.of(1)]) // a paused socket notices its end when it is written to
    await delay(1)
  }
  await delay(1)
  assert.equal(told[0], 'arrived')
  assert.match(told[1]!, /^ended E(CONNRESET|PIPE)$/)
  assert.deepEqual(told.slice(2), ['closed'])
  server.close()
})

test('T-79: a socket that always has more lets others have their turn', async () => {
  const { near, far, server } = await socketPair()
  near.on('error', () => {})
  near.write(new Uint8Array(64_000_000)) // enough where a chunk is of 512 KiB, as on Bun
  await delay(20)
  let chunks = 0
  let mostInOneTurn = 0
  let inThisTurn = 0
  const stream = new SocketStream(far)
  stream.attach({
    received() {
      chunks++
      mostInOneTurn = Math.max(mostInOneTurn, ++inThisTurn)
      const start = performance.now()
      while (performance.now() - start < 6); // what an application does with it
    },
    drained() {},
    ended() {},
    closed() {},
  })
  while (chunks < 30) {
    await new Promise((resolve) => setImmediate(resolve))
    inThisTurn = 0
  }
  assert.ok(mostInOneTurn <= 4, `${mostInOneTurn} chunks in one turn`)
  stream.pause()
  await delay(10)
  const whenPaused = chunks
  await delay(30)
  assert.equal(chunks, whenPaused)
  stream.resume()
  await delay(30)
  assert.ok(chunks > whenPaused)
  stream.destroy()
  near.destroy()
  server.close()
})

test('a socket that ended before anybody listened is told to have ended', async () => {
  const { near, far, server } = await socketPair()
  const stream = new SocketStream(near)
  near.resume()
  far.end()
  await once(near, 'end')
  const listener = recorder()
  stream.attach(listener)
  assert.deepEqual(listener.told, [])
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(listener.told, ['ended'])
  stream.end()
  await isClosed(near)
  assert.deepEqual(listener.told, ['ended', 'closed'])
  server.close()
})

test('a socket that was gone before anybody listened is told to be gone, with the reason', async () => {
  for (const reason of [undefined, Object.assign(new Error('gone'), { code: 'EGONE' })]) {
    const { near, far, server } = await socketPair()
    const stream = new SocketStream(near)
    near.destroy(reason)
    await isClosed(near)
    const listener = recorder()
    stream.attach(listener)
    assert.deepEqual(listener.told, [])
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(listener.told, [reason === undefined ? 'ended' : 'ended EGONE', 'closed'])
    far.destroy()
    server.close()
  }
})

test('a socket that is being destroyed while it is attached is told once', async () => {
  const { near, far, server } = await socketPair()
  const stream = new SocketStream(near)
  near.destroy()
  const listener = recorder()
  stream.attach(listener)
  await isClosed(near)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(listener.told, ['ended', 'closed'])
  far.destroy()
  server.close()
})

test('a socket is told to send at once and to have all the time in the world', async () => {
  const { near, far, server } = await socketPair()
  const noDelay: unknown[] = []
  near.setNoDelay = function (on) {
    noDelay.push(on)
    return this
  }
  near.setTimeout(10)
  new SocketStream(near)
  assert.deepEqual([noDelay, near.timeout], [[true], 0])
  near.destroy()
  far.destroy()
  server.close()
})

test('T-51: a stream that gives what is not bytes is ended with an error, and throws nothing at who gave it', async () => {
  const [near] = duplexPair()
  const stream = new SocketStream(near)
  const told: unknown[] = []
  const closed = new Promise<void>((resolve) => {
    stream.attach({
      received: (bytes) => told.push(bytes),
      drained: () => {},
      ended: (error) => told.push((error as Error | undefined)?.message),
      closed: resolve,
    })
  })
  near.setEncoding('utf8')
  near.push(Buffer.from('text'))
  await closed
  assert.deepEqual(told, ['The stream gives something that is not bytes'])
})
