export * from 'real-ws'
export { default } from 'real-ws'

globalThis.programsUse = 'real-ws'
