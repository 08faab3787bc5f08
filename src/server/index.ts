export type { Refusal, ServeOptions } from './options.ts'
export { type ConnectionHandler, type Server, type ServerCloseOptions, serve } from './serve.ts'
export type { ServerStats } from './stats.ts'
export type { UpgradeRequest } from './upgrade-request.ts'
