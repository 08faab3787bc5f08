export type { BackoffOptions } from './backoff.ts'
export { connect } from './connect.ts'
export type { ConnectionTarget, ConnectOptions } from './options.ts'
export type { ProxyOptions } from './proxy.ts'
export {
  type Gap,
  type ReconnectOptions,
  type ReconnectTurn,
  type ReconnectUrl,
  type Retry,
  reconnect,
} from './reconnect.ts'
