export { Broadcaster } from './broadcaster.ts'
export type { ByteStream, ByteStreamListener, FailedConnection, Host } from './byte-stream.ts'
export { Connection, type ConnectionAddress, type ConnectionStats, type MessageOptions } from './connection.ts'
export type {
  CloseDiagnostics,
  ConnectionDiagnostics,
  ConnectionIdentity,
  Diagnostics,
  DiagnosticsChannel,
  FailureDiagnostics,
  FrameDiagnostics,
  MessageDiagnostics,
} from './diagnostics.ts'
export { Driver, type EventConsumer } from './driver.ts'
export type { Message, MessagePieces } from './message.ts'
export { type Agreement, type ConnectionOptions, openConnection, readConnectionOptions } from './open-connection.ts'
export {
  type BackpressurePolicy,
  type ConnectionLimits,
  DEFAULT_SEND_LIMITS,
  readConnectionLimits,
} from './settings.ts'
export { WorkQueue } from './work-queue.ts'
