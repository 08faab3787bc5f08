import { WebSocketServer } from 'ws'
import { report } from './report.js'

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 12,
    clientMaxWindowBits: 12,
    zlibDeflateOptions: { memLevel: 5 },
    threshold: 1_024,
  },
})
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    if (!isBinary) socket.send(data, { binary: false })
    else for (const client of server.clients) client.send(data, { binary: false })
  })
})
server.on('listening', () => report(server.address().port))
