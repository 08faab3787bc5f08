import { WebSocketServer } from 'ws'
import { WSPC_DEFAULTS } from '../../ws-deflate.js'
import { report } from './report.js'

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: WSPC_DEFAULTS,
})
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    if (!isBinary) socket.send(data, { binary: false })
    else for (const client of server.clients) client.send(data, { binary: false })
  })
})
server.on('listening', () => report(server.address().port))
