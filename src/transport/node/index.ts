export { nodeHost } from './host.ts'
export { headerPairs } from './raw-headers.ts'
export { type RefusalResponse, refuse } from './refuse.ts'
export { SocketStream } from './socket-stream.ts'
