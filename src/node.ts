// A server and a client: for Node, and every runtime that has Node's modules.
export {
  type ConnectionTarget,
  type ConnectOptions,
  connect,
  type ProxyOptions,
} from './client/index.ts'
export type {
  CloseInfo,
  Connection,
  ConnectionLimits,
  DeflateOption,
  DeflateOptions,
  Keepalive,
  Message,
  MessageOptions,
  MessagePieces,
  PreparedMessage,
} from './index.ts'
export {
  HandshakeError,
  InvalidStateError,
  ProtocolError,
  prepareMessage,
  TransportError,
  WebSocketError,
} from './index.ts'
export {
  type ConnectionHandler,
  type Refusal,
  type ServeOptions,
  type Server,
  type ServerCloseOptions,
  serve,
  type UpgradeRequest,
} from './server/index.ts'
export { nodeDeflate } from './transport/node/index.ts'
