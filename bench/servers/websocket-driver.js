// An echo server on `websocket-driver`, over the sockets of `node:http`, as its README has it.
import { createServer } from 'node:http'
import driver from 'websocket-driver'
import { ready } from './ready.js'

const server = createServer()
server.on('upgrade', (request, socket, body) => {
  const peer = driver.http(request, { maxLength: 64 * 2 ** 20 })
  socket.setNoDelay(true)
  socket.on('error', () => {})
  peer.io.write(body)
  socket.pipe(peer.io).pipe(socket)
  peer.messages.on('data', (message) => peer.messages.write(message))
  peer.start()
})
server.listen(0, '127.0.0.1', () => ready(server.address().port))
