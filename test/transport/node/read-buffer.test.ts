// Reading into memory that all sockets share: who is read so, and what the others may count on.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { sharedBufferReader } from '../../../src/transport/node/read-buffer.ts'
import { duplexPair } from '../../support/duplexes.ts'
import { forcePlain, IS_NODE } from '../../support/socket-ways.ts'
import { socketPair } from '../../support/sockets.ts'

interface Handle {
  useUserBuffer: unknown
}

const handleOf = (socket: Socket): Handle => (socket as unknown as { _handle: Handle })._handle

const read = sharedBufferReader(() => {})

test('sockets over TCP are read so on Node, and nothing else is', async () => {
  for (const tls of [false, true]) {
    const { near, far, server } = await socketPair({ tls })
    assert.equal(read(near), IS_NODE && !tls)
    assert.equal(read(far), IS_NODE && !tls)
    near.destroy()
    far.destroy()
    server.close()
  }
  assert.equal(read(duplexPair()[0]), false)
  assert.equal(read(new Socket()), false) // without a connection
  assert.equal(read({}), false)
})

test('a socket that lacks a part of what it takes is left as it is', async () => {
  const { near, far, server } = await socketPair()
  assert.equal(read(forcePlain(near)), false)
  if (IS_NODE) {
    handleOf(far).useUserBuffer = undefined
    assert.equal(read(far), false)
    Reflect.deleteProperty(handleOf(far), 'useUserBuffer')
    assert.equal(read(far), true)
    assert.equal(read(far), false) // it is told already where to read
  }
  near.destroy()
  await once(near, 'close')
  assert.equal(read(near), false)
  far.destroy()
  server.close()
})

/** Two pairs of sockets of which the far ones are read, and what was read by which, in order. */
async function readers() {
  const told: { by: Socket; text: string; memory: ArrayBufferLike }[] = []
  const received = function (this: Socket, bytes: Uint8Array): void {
    told.push({ by: this, text: new TextDecoder().decode(bytes), memory: bytes.buffer })
    if (bytes.buffer.byteLength === 262_144) bytes.fill(0xee)
    wake()
  }
  let wake: () => void = () => {}
  const reader = sharedBufferReader(received)
  const pairs = [await socketPair(), await socketPair()] as const
  for (const { far } of pairs) {
    reader(far)
    far.on('data', received)
  }
  return {
    pairs,
    told,
    async until(count: number) {
      while (told.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    close() {
      for (const { near, far, server } of pairs) {
        near.destroy()
        far.destroy()
        server.close()
      }
    },
  }
}

test('what arrives on different sockets is told of each, on Node in the same memory', async () => {
  const { pairs, told, until, close } = await readers()
  for (const [i, { near }] of pairs.entries()) {
    near.write(`for ${i}`)
    await until(i + 1)
  }
  assert.deepEqual(
    told.map(({ by, text }) => [by === pairs[0].far, text]),
    [
      [true, 'for 0'],
      [false, 'for 1'],
    ],
  )
  if (IS_NODE) assert.equal(told[0]!.memory, told[1]!.memory)
  close()
})

test('what arrives while a socket is paused is kept, whatever others read meanwhile, and comes in order', async () => {
  const { pairs, told, until, close } = await readers()
  const [one, other] = pairs
  one.far.pause() // as a stream: what the kernel has is read ahead or stays there
  one.near.write('first')
  other.near.write('other')
  await until(1)
  one.near.write(' second')
  other.near.write(' again')
  await until(2)
  assert.deepEqual(
    told.splice(0).map(({ text }) => text),
    ['other', ' again'],
  )
  one.far.resume()
  await until(1)
  while (told.map(({ text }) => text).join('') !== 'first second') await until(told.length + 1)
  close()
})
