// An echo server on `ws`.
import { WebSocketServer } from 'ws'
import { ready } from './ready.js'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: 64 * 2 ** 20 })
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.on('listening', () => ready(server.address().port))
