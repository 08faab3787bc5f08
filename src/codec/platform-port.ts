// What a platform may have for bytes beside the language and the web's coders. Whatever starts on a platform installs it
// once; without it everything works the same, and slower.

export interface PlatformPort {
  /** The string of bytes that are ASCII where it matters: one character for each byte, whatever it is. */
  latin1(bytes: Uint8Array, start: number, end: number): string
  /** The string of UTF-8; where it is not valid there is U+FFFD at least once. A byte order mark stays. */
  utf8(bytes: Uint8Array, start: number, end: number): string
  /** Whether bytes are valid UTF-8, whole. */
  isUtf8(bytes: Uint8Array): boolean
  /**
   * Writes the UTF-8 of `text` at `at`; a lone surrogate becomes U+FFFD. There is room for three bytes per UTF-16 unit.
   *
   * @returns its length.
   */
  writeUtf8(target: Uint8Array, at: number, text: string): number
  /** Whether the engine has elements of a `BigUint64Array` in registers; where it does not, each is an object. */
  readonly hasFastLongs: boolean
}

/** The port that is installed. */
export let platformPort: PlatformPort | undefined

/** Installs what the platform has, for all of the process; `undefined` takes it away. */
export function usePlatformPort(port: PlatformPort | undefined): void {
  platformPort = port
}
