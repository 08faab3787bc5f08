// A server and a client: for Node, and every runtime that has Node's modules.
export {
  type BackoffOptions,
  type ConnectionTarget,
  type ConnectOptions,
  connect,
  type Gap,
  type ProxyOptions,
  type ReconnectOptions,
  type ReconnectTurn,
  type ReconnectUrl,
  type Retry,
  reconnect,
} from './client/index.ts'
export type {
  BackpressurePolicy,
  CloseDiagnostics,
  CloseInfo,
  Connection,
  ConnectionDiagnostics,
  ConnectionLimits,
  ConnectionStats,
  DeflateOption,
  DeflateOptions,
  FailureDiagnostics,
  FrameDiagnostics,
  HeadersOption,
  Keepalive,
  Message,
  MessageDiagnostics,
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
  type ServerStats,
  serve,
  type UpgradeRequest,
} from './server/index.ts'
export { nodeDeflate, type RefusalDiagnostics } from './transport/node/index.ts'
