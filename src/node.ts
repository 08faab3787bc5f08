// A server and a client: for Node, and every runtime that has Node's modules.
export { type ConnectOptions, connect } from './client/index.ts'
export type { CloseInfo, Connection, ConnectionLimits, Keepalive, Message, MessagePieces } from './index.ts'
export { HandshakeError, InvalidStateError, ProtocolError, TransportError, WebSocketError } from './index.ts'
export {
  type ConnectionHandler,
  type Refusal,
  type ServeOptions,
  type Server,
  type ServerCloseOptions,
  serve,
  type UpgradeRequest,
} from './server/index.ts'
