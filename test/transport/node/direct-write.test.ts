// Writing past the stream of a socket: when, and what the writer is told. That it is the same as writing through the stream
// is in `socket-stream.ways.test.ts`.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { test } from 'node:test'
import { type DirectWriter, directHandleOf, writeDirectly } from '../../../src/transport/node/direct-write.ts'
import { SocketStream } from '../../../src/transport/node/index.ts'
import { IS_NODE } from '../../support/socket-ways.ts'
import { socketPair } from '../../support/sockets.ts'
import { utf8 } from '../../support/wire.ts'

/** A writer that writes down what it is told. */
class Writer implements DirectWriter {
  readonly told: (string | undefined)[] = []
  #wake: () => void = () => {}

  handleWritten(error: Error | undefined): void {
    this.told.push((error as (Error & { code: string }) | undefined)?.code)
    this.#wake()
  }

  async heard(): Promise<void> {
    if (this.told.length > 0) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const NODE = { skip: IS_NODE ? false : 'the handles of sockets are those of Node' }

test('a socket whose handle lacks a part is not written to so', () => {
  const whole = { writeBuffer() {}, writev() {} }
  const handleOf = (handle: unknown): unknown => directHandleOf({ _handle: handle } as unknown as Socket)
  assert.equal(handleOf(whole), whole)
  for (const name of Object.keys(whole)) assert.equal(handleOf({ ...whole, [name]: undefined }), undefined, name)
  assert.equal(handleOf(null), undefined)
  assert.equal(directHandleOf(new Socket()), undefined)
})

test('the first write is for the stream, which shows how; from then on it is direct', NODE, async () => {
  const { near, far, server } = await socketPair()
  const handle = directHandleOf(near)!
  const writer = new Writer()
  assert.equal(writeDirectly(handle, near, [utf8('a')], writer), undefined)
  near.write(utf8('a'))
  assert.deepEqual(
    Object.getOwnPropertyNames(handle).filter((name) => /^write(v|Buffer)$/.test(name)),
    [],
    'nothing is left of the watch',
  )
  await nextTurn()
  assert.equal(writeDirectly(handle, near, [utf8('b')], writer), true)
  assert.equal(writeDirectly(handle, near, [utf8('c'), utf8(''), utf8('de')], writer), true)
  far.setEncoding('utf8')
  let text = ''
  for await (const part of far) {
    text += String(part)
    if (text === 'abcde') break
  }
  await nextTurn()
  assert.deepEqual(writer.told, [], 'what has left is not told')
  near.destroy()
  server.close()
})

test('a socket that was destroyed takes nothing, and gets no second error', NODE, async () => {
  const { near, far, server } = await socketPair()
  const writer = new Writer()
  const handle = directHandleOf(near)!
  const errors: unknown[] = []
  near.on('error', (error) => errors.push(error))
  near.destroy()
  assert.equal(writeDirectly(handle, near, [utf8('a')], writer), false)
  await once(near, 'close')
  assert.deepEqual([errors, writer.told], [[], []])
  far.destroy()
  server.close()
})

test('what does not leave at once is told when it has left, and not from inside', NODE, async () => {
  for (const vectors of [[new Uint8Array(32_000_000)], [utf8('a'), new Uint8Array(32_000_000)]]) {
    const { near, far, server } = await socketPair()
    const writer = new Writer()
    assert.equal(writeDirectly(directHandleOf(near)!, near, vectors, writer), false)
    const other = await socketPair() // another socket has its own
    assert.equal(writeDirectly(directHandleOf(other.near)!, other.near, [utf8('other')], new Writer()), true)
    await nextTurn()
    assert.deepEqual(writer.told, [])
    far.resume()
    await writer.heard()
    assert.deepEqual(writer.told, [undefined])
    for (const socket of [near, far, other.near, other.far]) socket.destroy()
    for (const one of [server, other.server]) one.close()
  }
})

test('an error of what waits is told to the writer; one at once destroys the socket', NODE, async () => {
  const waits = await socketPair()
  waits.near.on('error', () => {})
  const writer = new Writer()
  assert.equal(writeDirectly(directHandleOf(waits.near)!, waits.near, [new Uint8Array(32_000_000)], writer), false)
  waits.near.destroy()
  await writer.heard()
  assert.deepEqual(writer.told, ['ECANCELED'])
  waits.far.destroy()
  waits.server.close()

  const { near, far, server } = await socketPair()
  far.resetAndDestroy()
  assert.equal(writeDirectly(directHandleOf(near)!, near, [utf8('a')], writer), false)
  const [error] = (await once(near, 'error')) as [Error & { code: string; syscall: string; errno: number }]
  assert.match(error.code, /^E(CONNRESET|PIPE)$/)
  assert.deepEqual([error.message, error.syscall, error.errno < 0], [`write ${error.code}`, 'write', true])
  assert.deepEqual(writer.told, ['ECANCELED'])
  server.close()
})

// What a first attempt leaves can leave in a second one of the same call, when another process reads meanwhile: then nothing
// is queued, and the end is told all the same.
test('large writes to a process that reads all the time are each told once, and arrive whole', NODE, async () => {
  const WRITES = 300
  const BYTES = 2_600_000
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const reader = spawn(process.execPath, [
    '-e',
    `let n = 0
     const socket = require('node:net').connect(${port}, '127.0.0.1')
     socket.on('data', ({ length }) => { n += length }).on('end', () => socket.end(String(n)))`,
  ])
  const [socket] = (await once(server, 'connection')) as [Socket]
  const stream = new SocketStream(socket)
  let answer = ''
  let written = 0
  let drained = 0
  let late = 0
  const payload = new Uint8Array(BYTES)
  const fill = (): void => {
    while (written < WRITES) {
      written++
      if (stream.write([payload])) continue
      late++
      return
    }
    if (stream.bufferedBytes === 0) stream.end()
  }
  const closed = new Promise<void>((resolve) => {
    stream.attach({
      received: (bytes) => {
        answer += new TextDecoder().decode(bytes)
      },
      drained: () => {
        drained++
        fill()
      },
      ended: () => {},
      closed: resolve,
    })
  })
  fill()
  await closed
  assert.equal(answer, String(WRITES * BYTES))
  assert.equal(drained, late)
  await once(reader, 'close')
  await new Promise((resolve) => server.close(resolve))
})
