export type { ByteStream, ByteStreamListener, Host } from './byte-stream.ts'
export { Connection, type ConnectionAddress, type Message, type MessagePieces } from './connection.ts'
export { type Agreement, type ConnectionOptions, checkConnectionOptions, openConnection } from './open-connection.ts'
export { type ConnectionLimits, DEFAULT_SEND_LIMITS } from './settings.ts'
