// The door of `wspc/ws`: everything that the package `ws` has, under its names, for `import` and for `require`.

import { extension, subprotocol } from './header-parts.ts'
import { PerMessageDeflate } from './permessage-deflate.ts'
import { Receiver } from './receiver.ts'
import { Sender } from './sender.ts'
import { createWebSocketStream } from './stream.ts'
import { WebSocket } from './web-socket.ts'
import { WebSocketServer } from './web-socket-server.ts'

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
