export * from '../../../dist/src/ws/index.js'
export { default } from '../../../dist/src/ws/index.js'

globalThis.programsUse = 'wspc'
