// The load generator against servers that are right, and against some that are not.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { buildLoad } from '../load/build.js'
import { compressedExchange, OFFER, plainExchange } from '../load/exchange.js'
import { holdConnections, runLoad } from '../load/load.js'
import { verifyCompressed } from '../load/verify.js'

const SHORT = { connections: 3, inFlight: 4, seconds: 0.1, warmup: 0.05 }
const EXCHANGE = plainExchange({ bytes: 125, text: true })
const closing = []
after(() => {
  for (const close of closing) close()
})

/** The port of a server on `ws` that does something with each message. */
async function wsServer(handle, options = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  server.on('connection', (socket) => socket.on('message', (data, isBinary) => handle(socket, data, isBinary, server)))
  await once(server, 'listening')
  closing.push(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return { port: server.address().port, server }
}

const echo = (socket, data, binary) => socket.send(data, { binary })

/** The port of a server that answers a handshake with some head, and then does something with every chunk. */
async function rawServer(headOf, handle = () => {}) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (request) => {
      const [, key] = /^sec-websocket-key: (.*)\r$/im.exec(request.toString('latin1'))
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      socket.on('data', (chunk) => handle(socket, chunk))
      socket.write(headOf(accept))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  return server.address().port
}

const accepted = (accept) =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`

test('echoes are counted, timed and compared', async () => {
  const { port } = await wsServer(echo)
  const settings = { ...SHORT, mode: 'echo', port, pid: process.pid }
  const result = await runLoad(settings, EXCHANGE.frames, EXCHANGE.answer)
  assert.ok(result.messages > 100)
  assert.ok(Math.abs(result.messages / result.seconds - result.messagesPerSecond) < 1)
  assert.ok(Math.abs(result.bytesPerMessage - EXCHANGE.answer.length) < 0.1)
  const { p50, p99, p999 } = result.latencyUs
  assert.ok(p50 > 0 && p50 <= p99 && p99 <= p999)
  // What is in flight, by the law of Little.
  const inFlight = (result.messagesPerSecond * p50) / 1e6
  assert.ok(inFlight > 1 && inFlight < 40, String(inFlight))
  assert.ok(result.serverRss > 2 ** 20)
})

test('long messages arrive whole', async () => {
  const { port } = await wsServer(echo)
  const { frames, answer } = plainExchange({ bytes: 1_000_000, text: false })
  const result = await runLoad({ ...SHORT, mode: 'echo', port }, frames, answer)
  assert.ok(result.messages > 0)
  assert.ok(Math.abs(result.bytesPerMessage / answer.length - 1) < 0.5)
})

test('an echo that is not what was sent is an error', async () => {
  const { port } = await wsServer((socket, data) => socket.send(data.fill('x'), { binary: false }))
  await assert.rejects(
    runLoad({ ...SHORT, mode: 'echo', port }, EXCHANGE.frames, EXCHANGE.answer),
    /not what it has to be/,
  )
})

test('frames that are sent back as they came are for a mirror alone', async () => {
  const port = await rawServer(accepted, (socket, chunk) => socket.write(chunk))
  const result = await runLoad({ ...SHORT, mode: 'echo', port }, EXCHANGE.frames, 'mirror')
  assert.ok(result.messages > 100)
  await assert.rejects(runLoad({ ...SHORT, mode: 'echo', port }, EXCHANGE.frames, EXCHANGE.answer), /load: /)
})

test('a broadcast is over when every connection has all of it', async () => {
  const burst = 4
  const delayMs = 20
  const { port } = await wsServer((_socket, data, binary, server) => {
    const [last, ...others] = server.clients
    for (const client of others) for (let i = 0; i < burst; i++) client.send(data, { binary })
    setTimeout(() => {
      for (let i = 0; i < burst; i++) last.send(data, { binary })
    }, delayMs)
  })
  const result = await runLoad({ ...SHORT, mode: 'broadcast', port, burst }, EXCHANGE.frames, EXCHANGE.answer)
  const whole = result.burstsPerSecond * SHORT.connections * burst
  assert.ok(result.messages > 0 && Math.abs(whole / result.messagesPerSecond - 1) < 0.5)
  assert.ok(result.latencyUs.p50 > (delayMs - 2) * 1_000, 'the next one waits for the last connection')
})

test('connections are held until they are let go', async () => {
  const { port, server } = await wsServer(echo)
  const { opened, release } = await holdConnections({ port, connections: 20 }, EXCHANGE.frames, EXCHANGE.answer)
  assert.equal(opened, 20)
  assert.equal(server.clients.size, 20)
  await release()
})

test('a compressed answer is handed out for comparison', async () => {
  const { port } = await wsServer(echo, { perMessageDeflate: { threshold: 0, serverNoContextTakeover: true } })
  const { frames, payload } = compressedExchange({ bytes: 1_024 })
  const { firstAnswer, extensions } = await runLoad({ ...SHORT, mode: 'echo', port, extensions: OFFER }, frames)
  verifyCompressed(Buffer.from(firstAnswer, 'hex'), payload)
  assert.match(extensions, /^permessage-deflate/)
})

test('what goes wrong is told in a sentence', async () => {
  const refusals = [
    [() => 'HTTP/1.1 503 Service Unavailable\r\n\r\n', /The server refused: HTTP\/1\.1 503 Service Unavailable/],
    [() => accepted('AAAA'), /Sec-WebSocket-Accept is "AAAA", not "/],
  ]
  for (const [headOf, complaint] of refusals) {
    await assert.rejects(runLoad({ ...SHORT, mode: 'echo', port: await rawServer(headOf) }, EXCHANGE.frames), complaint)
  }
  const { port } = await wsServer(echo, { perMessageDeflate: false })
  const asks = { ...SHORT, mode: 'echo', port, extensions: OFFER }
  await assert.rejects(runLoad(asks, EXCHANGE.frames), /agreed to no extension/)
  const closes = await wsServer((socket) => socket.close())
  const settings = { ...SHORT, mode: 'echo', port: closes.port }
  await assert.rejects(runLoad(settings, EXCHANGE.frames), /The server closed a connection/)
  await assert.rejects(runLoad({ ...SHORT, mode: 'dance', port }, EXCHANGE.frames), /Unknown mode: dance/)
  await assert.rejects(runLoad({ ...SHORT, color: 'red', port }, EXCHANGE.frames), /Unknown argument: color/)
})

test('without a compiler it is said what to do', () => {
  assert.throws(
    () => buildLoad({ compiler: 'no-such-compiler', program: '/nonexistent' }),
    /there is no no-such-compiler/,
  )
})
