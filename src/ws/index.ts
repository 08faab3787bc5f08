// The door of `wspc/ws`: everything that the package `ws` has, under its names, for `import` and for `require`.

import type { IncomingMessage } from 'node:http'
import { WebSocket, type WebSocketClass, type WebSocketConstructor, WebSocketServer } from './declarations.ts'
import { extension, subprotocol } from './header-parts.ts'
import { PerMessageDeflate } from './permessage-deflate.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { createWebSocketStream } from './stream.ts'

const PARTS = {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  Server: WebSocketServer,
  subprotocol,
  WebSocket,
  WebSocketServer,
}

for (const [name, value] of Object.entries(PARTS)) {
  Object.defineProperty(WebSocket, name, { value, writable: true, enumerable: true, configurable: true })
}

/** `WebSocketServer` under its first name. */
export const Server = WebSocketServer
export type Server<
  Socket extends WebSocketClass = WebSocketConstructor,
  Request extends typeof IncomingMessage = typeof IncomingMessage,
> = WebSocketServer<Socket, Request>

export type * from './types.ts'
export {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  subprotocol,
  WebSocket,
  WebSocket as 'module.exports',
  WebSocket as default,
  WebSocketServer,
}
