// Load for a compressing echo server, in a process of its own and on bare sockets. Every frame is compressed once;
// answers are counted by their headers. Arguments as JSON: port, connections, inFlight, bytes, seconds; with `broadcast`
// one connection asks for a message to all, again as soon as all have it. Prints what came as JSON, on an order from the
// parent it ends.
import { connect } from 'node:net'
import { constants, deflateRawSync } from 'node:zlib'
import { json } from './payload.js'

const { port, connections, inFlight, bytes, seconds, broadcast } = JSON.parse(process.argv[2])

function frame() {
  const flushed = deflateRawSync(json(bytes), { windowBits: 12, finishFlush: constants.Z_SYNC_FLUSH })
  const payload = flushed.subarray(0, flushed.length - 4)
  const head = Buffer.alloc(payload.length < 126 ? 2 : 4)
  head[0] = 0x80 | 0x40 | (broadcast ? 2 : 1)
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 126)
  if (head.length === 4) head.writeUInt16BE(payload.length, 2)
  const key = Buffer.from([0x12, 0x34, 0x56, 0x78])
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ key[i & 3])])
}

const message = frame()
const bursts = Array.from({ length: inFlight + 1 }, (_, count) => Buffer.concat(Array(count).fill(message)))
let messages = 0
let answered = 0
let received = 0

/** Counts frames of a server: not masked, shorter than 64 KiB. */
class Counter {
  #rest = Buffer.alloc(0)
  #skip = 0

  count(chunk) {
    received += chunk.length
    let at = 0
    if (this.#rest.length > 0) {
      chunk = Buffer.concat([this.#rest, chunk])
      this.#rest = Buffer.alloc(0)
    }
    let frames = 0
    for (;;) {
      const step = Math.min(this.#skip, chunk.length - at)
      this.#skip -= step
      at += step
      if (this.#skip > 0 || at === chunk.length) return frames
      const available = chunk.length - at
      const length = available < 2 ? 126 : chunk[at + 1]
      if (available < 2 || (length === 126 && available < 4)) {
        this.#rest = chunk.subarray(at)
        return frames
      }
      this.#skip = length === 126 ? 4 + chunk.readUInt16BE(at + 2) : 2 + length
      frames++ // counted when it begins: over seconds that makes no difference
    }
  }
}

let first
function handle(socket, count) {
  if (count === 0) return
  messages += count
  if (!broadcast) {
    socket.write(bursts[Math.min(count, inFlight)])
    return
  }
  answered += count
  if (answered < connections) return
  answered = 0
  first.write(message)
}

function open() {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('error', reject)
    socket.once('data', (head) => {
      if (!/^HTTP\/1.1 101[\s\S]*permessage-deflate; server_no_context_takeover/.test(head.toString('latin1'))) {
        reject(new Error(`The server did not agree: ${head}`))
      }
      const counter = new Counter()
      socket.on('data', (chunk) => handle(socket, counter.count(chunk)))
      resolve(socket)
    })
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; ' +
        'server_max_window_bits=12; client_max_window_bits=12\r\n\r\n',
    )
  })
}

const sockets = []
for (let i = 0; i < connections; i++) sockets.push(await open())
first = sockets[0]
if (broadcast) first.write(message)
else for (const socket of sockets) socket.write(bursts[inFlight])
await new Promise((resolve) => setTimeout(resolve, 1_000)) // let the compilers settle
process.send('begin')
messages = 0
received = 0
const begun = process.hrtime.bigint()
await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
const elapsed = Number(process.hrtime.bigint() - begun) / 1e9
process.send({ messagesPerSecond: messages / elapsed, messages, bytesPerMessage: received / messages })
process.on('message', () => process.exit(0)) // until then the connections stay
