// The examples of the component as programs of their own; a stock client talks to the one that listens.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { WebSocket } from '../support/ws.ts'

function example(name: string): string {
  return fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url))
}

test('component-loop.mjs tells the whole story, from the handshake to the close', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [example('component-loop.mjs')])
  assert.deepEqual(stdout.trim().split('\n'), [
    'handshake done, subprotocol 0 of the offered',
    'client writes 27 bytes',
    'client has sent hello',
    'server reads 27 bytes',
    'server received "Hello from the client"',
    'server writes 23 bytes',
    'server has sent answer',
    'client reads 23 bytes',
    'client received "Hello from the server"',
    'client writes 12 bytes',
    'client has sent close',
    'server reads 12 bytes',
    'server received a close, status 1000',
    'server writes 8 bytes',
    'server has sent close',
    'client reads 8 bytes',
    'client received a close, status 1000',
    'done',
  ])
})

interface RunningServer {
  readonly process: ChildProcess
  readonly url: string
}

async function startServer(): Promise<RunningServer> {
  const child = spawn(process.execPath, [example('component-tcp-server.mjs')], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [url] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return { process: child, url }
}

let server: RunningServer
before(async () => {
  server = await startServer()
})
after(() => {
  server.process.kill('SIGKILL')
})

async function open(url = server.url): Promise<WebSocket> {
  const client = new WebSocket(url, { perMessageDeflate: false })
  await once(client, 'open')
  return client
}

async function nextMessage(client: WebSocket): Promise<[data: Buffer, isBinary: boolean]> {
  return (await once(client, 'message')) as [Buffer, boolean]
}

async function closeOf(client: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer]
  return [code, reason.toString()]
}

test('component-tcp-server.mjs echoes text and binary, empty messages too', async () => {
  const client = await open()
  for (const data of ['Hello', '', 'κόσμε', Buffer.from([0, 255, 1]), Buffer.alloc(0)]) {
    client.send(data)
    const [echo, isBinary] = await nextMessage(client)
    assert.equal(isBinary, typeof data !== 'string')
    assert.deepEqual(echo, Buffer.from(data))
  }
  client.terminate()
})

test('component-tcp-server.mjs echoes 1 MiB, and 20 messages that come at once', async () => {
  const client = await open()
  const large = Buffer.from(Uint8Array.from({ length: 1_048_576 }, (_, i) => i * 17))
  client.send(large)
  const [echo] = await nextMessage(client)
  assert.ok(echo.equals(large))
  const received: string[] = []
  const done = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer) => {
      if (received.push(data.toString()) === 20) resolve()
    })
  })
  const sent = Array.from({ length: 20 }, (_, i) => `message ${i}`)
  for (const message of sent) client.send(message)
  await done
  assert.deepEqual(received, sent)
  client.terminate()
})

test('component-tcp-server.mjs echoes a fragmented message, and answers the ping in the middle of it', async () => {
  const client = await open()
  const pong = once(client, 'pong')
  client.send('Hel', { fin: false })
  client.ping('are you there?')
  assert.equal(String((await pong)[0]), 'are you there?')
  const echo = nextMessage(client)
  client.send('lo', { fin: true })
  assert.equal(String((await echo)[0]), 'Hello')
  client.pong('unasked')
  client.send('still here')
  assert.equal(String((await nextMessage(client))[0]), 'still here')
  client.terminate()
})

test('component-tcp-server.mjs answers a close with its own code', async () => {
  for (const [code, expected] of [
    [1000, 1000],
    [4321, 4321],
    [undefined, 1005],
  ] as const) {
    const client = await open()
    const closed = closeOf(client)
    client.close(code)
    assert.deepEqual(await closed, [expected, ''])
  }
})

test('component-tcp-server.mjs closes with 1001 when it is asked to end, and then does end', async (t) => {
  const own = await startServer()
  t.after(() => own.process.kill('SIGKILL'))
  const clients = await Promise.all([open(own.url), open(own.url)])
  clients[0]!.send('Hello')
  await nextMessage(clients[0]!)
  const closed = Promise.all(clients.map(closeOf))
  const exited = once(own.process, 'exit')
  process.kill(own.process.pid!, 'SIGTERM')
  assert.deepEqual(await closed, [
    [1001, ''],
    [1001, ''],
  ])
  assert.deepEqual(await exited, [0, null])
})

test('component-tcp-server.mjs tells the peer about a protocol error, and goes on serving others', async () => {
  const client = await open()
  const closed = closeOf(client)
  const { _socket: socket } = client as unknown as { _socket: Socket }
  socket.write(Buffer.from('838000000000', 'hex'))
  assert.deepEqual(await closed, [1002, ''])
  const other = await open()
  other.send('Hello')
  assert.equal(String((await nextMessage(other))[0]), 'Hello')
  other.terminate()
})

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\n'
const REQUEST = `GET / HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}Sec-WebSocket-Version: 13\r\n`

for (const [name, request, status] of [
  ['a request that is complete', `${REQUEST}\r\n`, '101 Switching Protocols'],
  ['another method', `${REQUEST.replace('GET', 'POST')}\r\n`, '405 Method Not Allowed'],
  ['another version of HTTP', `${REQUEST.replace('1.1', '1.0')}\r\n`, '400 Bad Request'],
  ['another version of the protocol', `${REQUEST.replace(': 13', ': 8')}\r\n`, '426 Upgrade Required'],
  ['no upgrade', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '400 Bad Request'],
  ['no key', `${REQUEST.replace(KEY, '')}\r\n`, '400 Bad Request'],
  ['a body', `${REQUEST}Content-Length: 3\r\n\r\nabc`, '400 Bad Request'],
  ['a blank before a colon', `${REQUEST}A : b\r\n\r\n`, '400 Bad Request'],
  ['a folded line', `${REQUEST}A: b\r\n c\r\n\r\n`, '400 Bad Request'],
  ['bare line feeds', `${REQUEST}A: b\nC: d\r\n\r\n`, '400 Bad Request'],
  ['too many headers', `${REQUEST}${'A: b\r\n'.repeat(100)}\r\n`, '431 Request Header Fields Too Large'],
  ['a head without end', `${REQUEST}A: ${'b'.repeat(20_000)}`, '400 Bad Request'],
] as const) {
  test(`component-tcp-server.mjs answers ${name} with ${status}`, async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => {}) // what was sent after the refusal
    socket.write(request)
    const [data] = (await once(socket, 'data')) as [Buffer]
    assert.equal(data.toString().split('\r\n')[0], `HTTP/1.1 ${status}`)
    socket.destroy()
  })
}

test('component-tcp-server.mjs reads frames that come in the same segment as the request', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(Buffer.concat([Buffer.from(`${REQUEST}\r\n`), Buffer.from('818500000000', 'hex'), Buffer.from('Hello')]))
  let received = ''
  for await (const chunk of socket) {
    received += (chunk as Buffer).toString('latin1')
    if (received.endsWith('\x81\x05Hello')) break
  }
  socket.destroy()
})
