export { webHost } from './host.ts'
