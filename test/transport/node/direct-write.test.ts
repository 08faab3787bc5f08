// Writing past the stream of a socket: when, and what the writer is told. That it is the same as writing through the stream
// is in `socket-stream.ways.test.ts`.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'
import { test } from 'node:test'
import { canWriteDirectly, type DirectWriter, writeDirectly } from '../../../src/transport/node/direct-write.ts'
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
  const can = (handle: unknown): boolean => canWriteDirectly({ _handle: handle } as unknown as Socket)
  assert.equal(can(whole), true)
  for (const name of Object.keys(whole)) assert.equal(can({ ...whole, [name]: undefined }), false, name)
  assert.equal(can(null), false)
  assert.equal(canWriteDirectly(new Socket()), false)
})

test('the first write is for the stream, which shows how; from then on it is direct', NODE, async () => {
  const { near, far, server } = await socketPair()
  assert.equal(canWriteDirectly(near), true)
  const writer = new Writer()
  const handle = (near as unknown as { _handle: object })._handle
  assert.equal(writeDirectly(near, [utf8('a')], writer), undefined)
  near.write(utf8('a'))
  assert.deepEqual(
    Object.getOwnPropertyNames(handle).filter((name) => /^write(v|Buffer)$/.test(name)),
    [],
    'nothing is left of the watch',
  )
  await nextTurn()
  assert.equal(writeDirectly(near, [utf8('b')], writer), true)
  assert.equal(writeDirectly(near, [utf8('c'), utf8(''), utf8('de')], writer), true)
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

test('it is for the stream to write while something waits there, and when it has ended or is gone', NODE, async () => {
  const { near, far, server } = await socketPair()
  const writer = new Writer()
  assert.equal(writeDirectly(near, [utf8('a')], writer), true)
  near.cork()
  near.write(utf8('waits'))
  assert.equal(writeDirectly(near, [utf8('b')], writer), undefined)
  near.uncork()
  await nextTurn()
  assert.equal(writeDirectly(near, [utf8('c')], writer), true)
  near.end()
  assert.equal(writeDirectly(near, [utf8('d')], writer), undefined)
  near.destroy()
  assert.equal(writeDirectly(near, [utf8('e')], writer), undefined)
  far.destroy()
  server.close()
})

test('what does not leave at once is told when it has left, and not from inside', NODE, async () => {
  for (const vectors of [[new Uint8Array(32_000_000)], [utf8('a'), new Uint8Array(32_000_000)]]) {
    const { near, far, server } = await socketPair()
    const writer = new Writer()
    assert.equal(writeDirectly(near, vectors, writer), false)
    const other = await socketPair() // another socket has its own
    assert.equal(writeDirectly(other.near, [utf8('other')], new Writer()), true)
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
  assert.equal(writeDirectly(waits.near, [new Uint8Array(32_000_000)], writer), false)
  waits.near.destroy()
  await writer.heard()
  assert.deepEqual(writer.told, ['ECANCELED'])
  waits.far.destroy()
  waits.server.close()

  const { near, far, server } = await socketPair()
  far.resetAndDestroy()
  assert.equal(writeDirectly(near, [utf8('a')], writer), false)
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
