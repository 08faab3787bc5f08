// A CommonJS module that takes the class itself.

import type { IncomingMessage } from 'node:http'
import WebSocket = require('ws')

class Player extends WebSocket {
  score = 0
}
class Lobby extends WebSocket.Server<typeof Player> {
  best(): number {
    return Math.max(...[...this.clients].map(({ score }) => score))
  }
}
const lobby = new Lobby({ port: 0, WebSocket: Player, perMessageDeflate: false })
lobby.on('connection', (player, request: IncomingMessage) => {
  player.score++
  console.log(request.url)
})
const options: WebSocket.ServerOptions = { port: 0 }
const server: WebSocket.Server = new WebSocket.Server(options, () => console.log('listening'))
const second: WebSocket.WebSocketServer = new WebSocket.WebSocketServer({ noServer: true })
const socket: WebSocket.WebSocket = new WebSocket.WebSocket('ws://example.test')
const client: WebSocket = new WebSocket('ws://example.test', { handshakeTimeout: 1 } satisfies WebSocket.ClientOptions)
client.on('message', (data: WebSocket.Data) => console.log(data))
client.on('message', (data: WebSocket.RawData) => console.log(data))
client.onmessage = (event: WebSocket.MessageEvent) => console.log(event.data)
client.onclose = (event: WebSocket.CloseEvent) => console.log(event.code)
client.onerror = (event: WebSocket.ErrorEvent) => console.log(event.error)
client.onopen = (event: WebSocket.Event) => console.log(event.target)
const verify: WebSocket.VerifyClientCallbackSync = (info) => info.secure
const later: WebSocket.VerifyClientCallbackAsync<IncomingMessage> = (_info, callback) => callback(false, 401)
const deflate: WebSocket.PerMessageDeflateOptions = { threshold: 0 }
const finish: WebSocket.FinishRequestCallback = (request) => request.end()
const cert: WebSocket.CertMeta = 'pem'
const once: WebSocket.EventListenerOptions = { once: true }
const where = server.address() as WebSocket.AddressInfo
const map: keyof WebSocket.WebSocketEventMap = 'open'
WebSocket.createWebSocketStream(socket, { encoding: 'utf8' }).pipe(process.stdout)
console.log(second, verify, later, deflate, finish, cert, once, where.port, map, WebSocket.OPEN)
