// The echo server on `ws`, with its import changed. Prints its port.
import { WebSocketServer } from '../../../dist/src/ws/index.js'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, maxPayload: 16 * 2 ** 20 })
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.on('listening', () => console.log(server.address().port))
