// A server as programs write it: every way to make one, its events, and connections and requests of classes of their own.

import { createServer, IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import WebSocket, {
  type AddressInfo,
  type RawData,
  type Server,
  type ServerOptions,
  type VerifyClientCallbackAsync,
  type VerifyClientCallbackSync,
  WebSocketServer,
} from 'ws'
import { exactly } from './same.mjs'

const http = createServer()
new WebSocketServer()
new WebSocketServer({ port: 0 }, () => console.log('listening'))
new WebSocketServer({ server: http, path: '/chat' })
new WebSocketServer({ server: createTlsServer({ key: 'pem', cert: 'pem' }) })
const server = new WebSocketServer({
  noServer: true,
  host: '127.0.0.1',
  port: 8_080,
  backlog: 16,
  clientTracking: true,
  maxPayload: 65_536,
  maxBufferedChunks: 16,
  maxFragments: 16,
  allowSynchronousEvents: true,
  autoPong: true,
  skipUTF8Validation: false,
  perMessageDeflate: { threshold: 10 },
  WebSocket,
  handleProtocols(protocols, request) {
    exactly<Set<string>>()(protocols)
    exactly<IncomingMessage>()(request)
    return protocols.has('chat') ? 'chat' : false
  },
  verifyClient: ({ origin, secure, req }: { origin: string; secure: boolean; req: IncomingMessage }, callback) => {
    exactly<IncomingMessage>()(req)
    callback(secure && origin === 'https://example.test', 401, 'Not you', { 'WWW-Authenticate': 'Basic' })
  },
})
const verifyNow: VerifyClientCallbackSync = ({ origin, secure, req }) => secure && origin === req.headers.origin
const verifyLater: VerifyClientCallbackAsync = (info, callback) => setImmediate(() => callback(info.secure, 403))
new WebSocketServer({ port: 0, verifyClient: verifyNow })
new WebSocketServer({ port: 0, verifyClient: verifyLater })
const options: ServerOptions = { port: 0 }
options.perMessageDeflate = true
options.path = '/'

server.on('connection', function (socket, request) {
  exactly<WebSocket>()(socket)
  exactly<IncomingMessage>()(request)
  exactly<number | undefined>()(this.options.port)
  const [address] = [request.headers['x-forwarded-for'] ?? request.socket.remoteAddress]
  console.log(address, request.url)
  socket.on('message', (data: RawData, isBinary: boolean) => {
    for (const client of server.clients) {
      exactly<WebSocket>()(client)
      if (client !== socket && client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary })
    }
  })
})
server.on('error', (error) => exactly<Error>()(error))
server.on('headers', (headers, request) => {
  exactly<string[]>()(headers)
  exactly<IncomingMessage>()(request)
  headers.push('X-More: 1')
})
server.on('listening', () => {})
server.on('close', () => {})
server.on('wsClientError', (error, socket, request) => {
  exactly<Error>()(error)
  exactly<Duplex>()(socket)
  exactly<IncomingMessage>()(request)
})
server.once('connection', (socket) => exactly<WebSocket>()(socket))
server.once('headers', (headers) => exactly<string[]>()(headers))
server.once('error', (error) => exactly<Error>()(error)).once('listening', () => {})
server.once('wsClientError', (_error, socket) => exactly<Duplex>()(socket))
server.addListener('connection', (_socket, request) => exactly<IncomingMessage>()(request))
server.addListener('headers', (headers) => exactly<string[]>()(headers))
server.addListener('wsClientError', (_error, socket) => socket.destroy())
server.off('connection', (socket) => exactly<WebSocket>()(socket))
server.off('error', (error) => exactly<Error>()(error))
server.removeListener('connection', (socket) => exactly<WebSocket>()(socket))
server.removeListener('error', (error) => exactly<Error>()(error))
server.on('drained', (count: number) => count + 1)
server.emit('drained', 3)

http.on('upgrade', (request, socket, head) => {
  const allowed = server.shouldHandle(request)
  exactly<boolean | Promise<boolean>>()(allowed)
  server.handleUpgrade(request, socket, head, (client, about) => {
    exactly<WebSocket>()(client)
    exactly<IncomingMessage>()(about)
    server.emit('connection', client, about)
  })
})
const address = server.address()
exactly<AddressInfo | string | null>()(address)
if (typeof address === 'object' && address !== null) exactly<string>()(`${address.address}:${address.port}`)
exactly<ServerOptions>()(server.options)
exactly<Set<WebSocket>>()(server.clients)
exactly<string>()(server.path)
server.close()
server.close((error) => exactly<Error | undefined>()(error))

const kept: { server: WebSocketServer | null; old: Server } = { server: new WebSocketServer({ port: 0 }), old: server }
kept.server?.close()

// Connections and requests of the program's own.
class Player extends WebSocket {
  name = 'nobody'
  rename(name: string): void {
    this.name = name
  }
}
class Asked extends IncomingMessage {
  user = 'nobody'
}
const players = new WebSocketServer<typeof Player>({ port: 0, WebSocket: Player })
players.on('connection', function (player) {
  exactly<Player>()(player)
  player.rename('somebody')
  for (const other of this.clients) exactly<Player>()(other)
})
const inferred = new WebSocketServer({ port: 0, WebSocket: Player })
inferred.once('connection', (player) => exactly<string>()(player.name))
const asked = new WebSocketServer<typeof Player, typeof Asked>({
  server: createServer({ IncomingMessage: Asked }),
  WebSocket: Player,
  verifyClient: ({ req }: { req: Asked }) => req.user !== 'nobody',
  handleProtocols: (_protocols, request) => request.user,
})
asked.on('connection', (player, request) => {
  exactly<Player>()(player)
  exactly<Asked>()(request)
})
asked.on('headers', (_headers, request) => exactly<string>()(request.user))
asked.on('wsClientError', (_error, _socket, request) => exactly<Asked>()(request))
const later: VerifyClientCallbackAsync<Asked> = ({ req }, callback) => callback(req.user === 'root')
new WebSocketServer<typeof WebSocket, typeof Asked>({ port: 0, verifyClient: later })

// Servers of the program's own.
class Hub extends WebSocketServer {
  readonly rooms = new Map<string, Set<WebSocket>>()
  constructor(settings: ServerOptions) {
    super({ ...settings, clientTracking: false }, () => console.log(this.address()))
    this.on('connection', (socket, request) => this.join(socket, request.url ?? '/'))
  }
  join(socket: WebSocket, room: string): void {
    this.rooms.set(room, (this.rooms.get(room) ?? new Set()).add(socket))
  }
  override shouldHandle(request: IncomingMessage): boolean {
    return super.shouldHandle(request) === true && request.method === 'GET'
  }
  override close(callback?: (error?: Error) => void): void {
    this.rooms.clear()
    super.close(callback)
  }
}
const hub: WebSocketServer = new Hub({ noServer: true })
hub.close()
class Arena extends WebSocketServer<typeof Player> {
  scores(): number[] {
    return [...this.clients].map(({ name }) => name.length)
  }
}
new Arena({ port: 0, WebSocket: Player }).on('connection', (player) => exactly<Player>()(player))

// A heartbeat, as everybody writes it.
interface Alive extends WebSocket {
  isAlive: boolean
}
const alive = (socket: WebSocket): socket is Alive => 'isAlive' in socket
server.on('connection', (socket: Alive) => {
  socket.isAlive = true
  socket.on('pong', () => {
    socket.isAlive = true
  })
})
setInterval(() => {
  server.clients.forEach((socket) => {
    if (!alive(socket)) return
    if (!socket.isAlive) return socket.terminate()
    socket.isAlive = false
    return socket.ping()
  })
}, 30_000)
