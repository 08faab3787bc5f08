// A CommonJS module that is written with `import`.

import * as ws from 'ws'
import WebSocket, { createWebSocketStream, type RawData, Server, type ServerOptions, WebSocketServer } from 'ws'
import type { ClientOptions, MessageEvent, WebSocket as Socket } from 'ws'

const options: ServerOptions = { port: 0 }
const server = new Server(options)
const second = new WebSocketServer({ noServer: true })
const third: ws.Server = new ws.Server({ noServer: true })
const fourth: WebSocket.Server = new WebSocket.Server()
server.on('connection', (socket, request) => {
  socket.on('message', (data: RawData) => socket.send(`${request.url} ${String(data)}`))
  createWebSocketStream(socket).end()
})
const settings: ClientOptions = { maxPayload: 1 }
const client: Socket = new WebSocket('ws://example.test', settings)
client.addEventListener('message', ({ data }: MessageEvent) => console.log(data))
const other: ws.WebSocket = new ws.WebSocket('ws://example.test')
other.on('close', (code, reason) => console.log(code.toFixed(), reason.toString()))
console.log(second, third, fourth, WebSocket.OPEN)
