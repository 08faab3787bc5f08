export type { BackoffOptions } from './backoff.ts'
export { type ConnectOptions, connect } from './connect.ts'
export {
  type Gap,
  type ReconnectOptions,
  type ReconnectTurn,
  type ReconnectUrl,
  type Retry,
  reconnect,
} from './reconnect.ts'
