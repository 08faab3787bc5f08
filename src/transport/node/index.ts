export { nodeHost } from './host.ts'
export { headerPairs } from './raw-headers.ts'
export { refuse } from './refuse.ts'
export { SocketStream } from './socket-stream.ts'
