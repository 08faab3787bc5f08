// A property of the program's own, declared on the class of the package.

import WebSocket, { WebSocketServer } from 'ws'

declare module 'ws' {
  interface WebSocket {
    lastSeen?: number
  }
}

new WebSocketServer({ port: 0 }).on('connection', (socket) => {
  socket.lastSeen = Date.now()
  socket.on('pong', function () {
    this.lastSeen = Date.now()
  })
})
new WebSocket('ws://example.test').lastSeen = 0
