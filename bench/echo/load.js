// Load for an echo server, in a process of its own and on bare sockets, so that no WebSocket library is measured but the
// server's. Every frame is prepared once; answers are only counted, by their bytes. Arguments: port, a case and seconds as
// JSON. Prints messages per second as JSON.
import { connect } from 'node:net'

const { port, connections, inFlight, bytes, text, seconds } = JSON.parse(process.argv[2])

/** A masked frame, and how many bytes its echo has. */
function frames() {
  const payload = Buffer.alloc(bytes, text ? 0x61 : 0xa5)
  const lengthBytes = bytes < 126 ? 0 : bytes < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + lengthBytes)
  head[0] = text ? 0x81 : 0x82
  head[1] = lengthBytes === 0 ? bytes : lengthBytes === 2 ? 126 : 127
  if (lengthBytes === 2) head.writeUInt16BE(bytes, 2)
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(bytes), 2)
  const key = Buffer.from([0x12, 0x34, 0x56, 0x78])
  const masked = Buffer.from(payload.map((byte, i) => byte ^ key[i & 3]))
  const maskedHead = Buffer.from(head)
  maskedHead[1] |= 0x80
  return { frame: Buffer.concat([maskedHead, key, masked]), echoBytes: head.length + bytes }
}

const { frame, echoBytes } = frames()
const bursts = Array.from({ length: inFlight + 1 }, (_, count) => Buffer.concat(Array(count).fill(frame)))
let messages = 0

function open() {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    socket.on('error', reject)
    socket.once('data', (head) => {
      if (!head.toString('latin1').startsWith('HTTP/1.1 101')) reject(new Error('The server refused'))
      let received = 0
      socket.on('data', (chunk) => {
        received += chunk.length
        const whole = Math.floor(received / echoBytes)
        if (whole === 0) return
        received -= whole * echoBytes
        messages += whole
        socket.write(bursts[whole])
      })
      resolve(socket)
    })
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
  })
}

const sockets = []
for (let i = 0; i < connections; i++) sockets.push(await open())
for (const socket of sockets) socket.write(bursts[inFlight])
await new Promise((resolve) => setTimeout(resolve, 500)) // let the compilers settle
messages = 0
const begun = process.hrtime.bigint()
await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
const elapsed = Number(process.hrtime.bigint() - begun) / 1e9
console.log(JSON.stringify({ messagesPerSecond: messages / elapsed }))
process.exit(0)
