export { connect } from './connect.ts'
export type { ConnectionTarget, ConnectOptions } from './options.ts'
export type { ProxyOptions } from './proxy.ts'
