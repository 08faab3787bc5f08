// What is fuzzed. Each target is a module of its own below `targets/`, with a plain function of bytes that throws when
// something is wrong: Jazzer.js and libFuzzer's other relatives can call it as it is. The rest is what helps to find inputs.

export interface FuzzTarget {
  /** @throws what is wrong. The data is borrowed, and must not be changed. */
  readonly fuzz: (data: Uint8Array) => void
  /** Pieces that inputs are made of, and that chance would not find. */
  readonly dictionary?: readonly (string | Uint8Array)[]
  /** Inputs to begin with. */
  readonly seeds?: readonly Uint8Array[]
  /** Longest input. Default 1,024. */
  readonly maxBytes?: number
  /** Memory that one execution may ask for by length, in bytes for each byte of input. Default 64. */
  readonly memoryPerByte?: number
  /** And what it may ask for whatever the input, in bytes. Default 256 KiB. */
  readonly memoryOnTop?: number
}

/** All targets, by the names of their modules. */
export const TARGET_NAMES = [
  'frame-header',
  'message-layer',
  'inflate',
  'http-head',
  'extension-header',
  'subprotocol-list',
  'session-calls',
  'component-calls',
] as const

/** Where the module of a target is, below `dist/`. */
export function targetModule(name: string): string {
  return `test/fuzz/targets/${name}.js`
}
