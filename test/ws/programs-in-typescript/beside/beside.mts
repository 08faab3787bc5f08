// Ours where a library was declared with the package `ws`, and the other way round: what one gives, the other takes.

import { EventEmitter } from 'node:events'
import type * as ws from 'ws'
import WebSocket, { type ClientOptions, createWebSocketStream, type ServerOptions, WebSocketServer } from 'wspc/ws'

declare const theirs: {
  socket: ws.WebSocket
  server: ws.WebSocketServer
  message: ws.MessageEvent
  client: ws.ClientOptions
  options: ws.ServerOptions
  closed: ws.CloseEvent
}

// A library takes what we make.
declare function useServer(server: ws.WebSocketServer): void
declare function useSocket(socket: ws.WebSocket): void
declare function useClass(SocketClass: typeof ws.WebSocket): void
declare function useServerClass(ServerClass: typeof ws.WebSocketServer): void
useServer(new WebSocketServer({ noServer: true }))
useSocket(new WebSocket('ws://example.test'))
useClass(WebSocket)
useServerClass(WebSocketServer)
const listener: ws.FinishRequestCallback = (request, socket) => void [request, socket]
const clientOptions: ws.ClientOptions = { finishRequest: listener } satisfies ClientOptions
const serverOptions: ws.ServerOptions = new WebSocketServer({ noServer: true }).options
const event: ws.MessageEvent = {} as Parameters<NonNullable<WebSocket['onmessage']>>[0]
const clients: Set<ws.WebSocket> = new WebSocketServer({ noServer: true }).clients

// We take what a library gives.
createWebSocketStream(theirs.socket)
const socket: WebSocket = theirs.socket
const server: WebSocketServer<typeof ws.WebSocket> = theirs.server
const message: WebSocket.MessageEvent = theirs.message
const closed: WebSocket.CloseEvent = theirs.closed
new WebSocket('ws://example.test', theirs.client)
const options: ServerOptions = { path: theirs.options.path, verifyClient: theirs.options.verifyClient }

// Only ours has more.
const ours = new WebSocket('ws://example.test', { closeTimeout: 1_000, protocols: ['chat'] })
ours.binaryType = 'blob'
ours.ping('data', (error) => console.error(error.message))
console.log(
  WebSocket.Sender,
  WebSocket.Receiver,
  WebSocket.PerMessageDeflate.extensionName,
  WebSocket.extension.parse(''),
)
console.log(new EventEmitter(), clientOptions, serverOptions, event, clients, socket, server, message, closed, options)
