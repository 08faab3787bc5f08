// An echo server on `ws`, with the parameters of ours where it compresses. It has no heartbeat.
import { WebSocketServer } from 'ws'
import { WSPC_DEFAULTS } from '../../ws-deflate.js'
import { report } from './report.js'

const perMessageDeflate = process.argv[2] === 'deflate' && WSPC_DEFAULTS
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate, maxPayload: 2 ** 20 })
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.on('listening', () => report(server.address().port, () => server.clients.size))
