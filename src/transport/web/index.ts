export { portableDeflate } from './deflate.ts'
export { webHost } from './host.ts'
