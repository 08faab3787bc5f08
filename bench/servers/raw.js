// No WebSocket server: it shakes hands and then writes back every chunk as it came, still masked, without looking at a
// byte of it. That is what the sockets of Node cost alone, and hence what no server on them can be faster than. (One that
// sent answers prepared in advance would be as fast, and would not even be an echo.)
import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import { ready } from './ready.js'

function accept(head) {
  const [, key] = /^sec-websocket-key: (.*)\r$/im.exec(head)
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {})
  socket.once('data', (head) => {
    socket.on('data', (chunk) => socket.write(chunk))
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept(head.toString('latin1'))}\r\n\r\n`,
    )
  })
})
server.listen(0, '127.0.0.1', () => ready(server.address().port))
