// What a peer, or an application in its callbacks, may do at the wrong moment: nothing of it may end the process, leave a
// callback uncalled, or hold more memory than came in.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { duplexPair } from '../support/duplexes.ts'
import { liveBufferBytes, liveHeapBytes } from '../support/memory.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { KEY, upgradeRequest } from '../support/upgrade.ts'

/** A Blob whose bytes come when the test says so. */
class LateBlob {
  readonly size = 4
  readonly type = ''
  readonly [Symbol.toStringTag] = 'Blob'
  readonly #bytes: Promise<ArrayBuffer>
  come!: (bytes: ArrayBuffer) => void
  fail!: (error: Error) => void

  constructor() {
    this.#bytes = new Promise((resolve, reject) => {
      this.come = resolve
      this.fail = reject
    })
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes
  }
}

/** A request that no parser has seen, for streams that are no sockets. */
const madeUpRequest = {
  method: 'GET',
  url: '/',
  headers: {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': KEY,
    'sec-websocket-version': '13',
  },
} as never

const CLOSE_1000 = Buffer.from('888200000000' + '03e8', 'hex')
const RESERVED_OPCODE = Buffer.from('838000000000', 'hex')

/** A server's end of a connection, and a raw client that says no more than the test makes it. */
async function connected(t: TestContext, options: object = {}): Promise<{ socket: WebSocket; peer: RawPeer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  t.after(() => server.close())
  await once(server, 'listening')
  const peer = await rawClient((server.address() as { port: number }).port)
  t.after(() => peer.leave())
  const connection = once(server, 'connection')
  peer.say(upgradeRequest())
  const [socket] = (await connection) as [WebSocket]
  t.after(() => socket.terminate())
  await peer.head()
  return { socket, peer }
}

/** Callbacks that write down what they are called with, in their order. */
function recorder(): { said: string[]; callback: (name: string) => (error?: Error | null) => void } {
  const said: string[] = []
  return { said, callback: (name) => (error) => said.push(`${name}: ${error?.message ?? 'sent'}`) }
}

const CLOSED_MEANWHILE = 'The socket was closed while the blob was being read'

test('T-69 a peer that closes or fails while a Blob is read ends what was sent with an error', async (t) => {
  for (const frame of [CLOSE_1000, RESERVED_OPCODE]) {
    const { socket, peer } = await connected(t)
    const { said, callback } = recorder()
    socket.on('error', () => {})
    const blob = new LateBlob()
    socket.send(blob as unknown as Blob, callback('blob'))
    socket.send('behind', callback('behind'))
    socket.ping('behind', callback('ping'))
    peer.say(frame)
    // Its end of the stream stays open: the stream is there, and nothing may be sent over it any more.
    while (socket.readyState === socket.OPEN) await new Promise(setImmediate)
    assert.equal((socket as unknown as { _socket: Socket })._socket.destroyed, false)
    blob.come(new ArrayBuffer(4))
    while (said.length < 3) await new Promise(setImmediate)
    const expected = ['blob', 'behind', 'ping'].map((name) => `${name}: ${CLOSED_MEANWHILE}`)
    assert.deepEqual(said, expected)
    socket.terminate()
    peer.leave()
  }
})

test('T-94 a Blob that cannot be read once the connection has ended is no error of the connection', async (t) => {
  const { socket, peer } = await connected(t)
  const { said, callback } = recorder()
  const events: string[] = []
  socket.on('error', ({ message }) => events.push(message)).on('close', () => events.push('close'))
  const blob = new LateBlob()
  socket.send(blob as unknown as Blob, callback('blob'))
  peer.leave()
  await once(socket, 'close')
  blob.fail(new Error('unreadable'))
  while (said.length === 0) await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.deepEqual(said, ['blob: unreadable'])
  assert.deepEqual(events, ['close'])
})

test('T-69 a Blob that may not be sent tells its callback, and holds up nothing behind it', async (t) => {
  const { socket } = await connected(t)
  const { said, callback } = recorder()
  const blob = new LateBlob()
  socket.send(blob as unknown as Blob, { binary: false }, callback('blob'))
  socket.send('behind', callback('behind'))
  blob.come(Uint8Array.of(0xff, 0xff, 0xff, 0xff).buffer)
  while (said.length < 2) await new Promise(setImmediate)
  assert.match(said[0]!, /^blob: .*not valid UTF-8/)
  assert.equal(said[1], 'behind: sent')
})

test('T-95 a Blob that throws when it is read holds up nothing behind it', async (t) => {
  const { socket } = await connected(t)
  const blob = new LateBlob()
  blob.arrayBuffer = () => {
    throw new Error('unreadable')
  }
  assert.throws(() => socket.send(blob as unknown as Blob), { message: 'unreadable' })
  assert.equal(socket.bufferedAmount, 0)
  await new Promise<void>((resolve, reject) => {
    socket.send('behind', (error) => (error ? reject(error) : resolve()))
  })
})

test('T-49 a fragment that comes byte by byte takes no more memory than its bytes', async () => {
  const server = new WebSocketServer({ noServer: true })
  const [near, far] = duplexPair()
  let socket!: WebSocket
  server.handleUpgrade(madeUpRequest, near, Buffer.alloc(0), (opened) => {
    socket = opened
  })
  socket.binaryType = 'fragments'
  far.resume()
  const message = once(socket, 'message')
  const length = 0x1_0000
  const frame = Buffer.alloc(14 + length, 1)
  frame.set([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  near.push(frame.subarray(0, 14))
  await new Promise(setImmediate)
  const before = liveHeapBytes() + liveBufferBytes()
  for (let at = 14; at < frame.length - 1; at++) {
    near.push(Buffer.from(frame.subarray(at, at + 1)))
    if (at % 100 === 0) await new Promise(setImmediate)
  }
  await new Promise(setImmediate)
  const grown = liveHeapBytes() + liveBufferBytes() - before
  // Kept one by one, they are eight million bytes.
  assert.ok(grown < 2_000_000, `${grown} bytes are held for ${length}`)
  near.push(frame.subarray(-1))
  const [fragments] = await message
  assert.deepEqual(fragments, [frame.subarray(14)])
  socket.terminate()
})

test('T-23 who was let in by verifyClient is not refused afterwards', async (t) => {
  type Decide = (verified: boolean, code?: number, message?: string) => void
  let decide!: Decide
  const { socket, peer } = await connected(t, {
    verifyClient: (_info: unknown, callback: Decide) => {
      decide = callback
      callback(true)
    },
  })
  decide(false, 403, 'changed my mind')
  const closed = once(socket, 'close')
  socket.close(1000)
  assert.equal(await peer.behindHead(4), '88 02 03 e8')
  peer.say(CLOSE_1000)
  peer.leave('end') // otherwise the server waits for it for half a minute
  assert.equal((await closed)[0], 1000)
})

test('T-22 an empty line among the "headers" is refused: it would end the head', async (t) => {
  for (const spoil of [(lines: string[]) => lines.push(''), (lines: string[]) => (lines.length += 1)]) {
    const server = new WebSocketServer({ noServer: true })
    server.on('headers', spoil)
    const [near, far] = duplexPair()
    t.after(() => far.destroy())
    let said = ''
    far.on('data', (bytes) => {
      said += bytes
    })
    assert.throws(() => server.handleUpgrade(madeUpRequest, near, Buffer.alloc(0), () => {}), TypeError)
    await once(far, 'end')
    assert.match(said, /^HTTP\/1\.1 500 /)
  }
})

test('T-93 terminate ends a connection whose generateMask throws', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  t.after(() => server.close())
  await once(server, 'listening')
  let isBroken = false
  const { port } = server.address() as { port: number }
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
    generateMask() {
      if (isBroken) throw new Error('no mask')
    },
  })
  server.on('connection', (other) => other.ping())
  const closed = once(socket, 'close')
  socket.on('ping', () => {
    isBroken = true // the pong is still to be masked
    assert.throws(() => socket.terminate(), { message: 'no mask' })
  })
  await closed
})

test('T-35 a Unix socket is not taken for the host of the same name when a redirect leads there', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ws-'))
  const here = process.cwd()
  process.chdir(folder)
  t.after(async () => {
    process.chdir(here)
    await rm(folder, { recursive: true })
  })
  const seen: (string | undefined)[] = []
  const refusing = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(404).end()
  })
  const redirecting = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(302, { Location: 'ws+unix:localhost:/' }).end()
  })
  for (const server of [refusing, redirecting]) t.after(() => server.close())
  refusing.listen('localhost')
  redirecting.listen(0, '127.0.0.1')
  await Promise.all([once(refusing, 'listening'), once(redirecting, 'listening')])
  const { port } = redirecting.address() as { port: number }
  const socket = new WebSocket('ws://localhost', {
    followRedirects: true,
    headers: { authorization: 'secret' },
    // The default port is nobody's to listen on in a test.
    createConnection: ((options: { socketPath?: string }) =>
      options.socketPath === undefined ? connect(port, '127.0.0.1') : connect(options.socketPath)) as never,
  })
  await new Promise((resolve) => socket.on('error', resolve))
  assert.deepEqual(seen, ['secret', undefined])
})
