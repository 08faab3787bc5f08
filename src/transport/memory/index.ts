export { MemoryStream } from './memory-stream.ts'
export { type PairOptions, pair } from './pair.ts'
