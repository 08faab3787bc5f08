// What a platform may have for text beside the web's coders, which cost a good deal for each call. Whatever starts on a
// platform installs it once; without it everything works the same, and slower.

export interface TextPort {
  /** The string of bytes that are all ASCII. */
  latin1(bytes: Uint8Array, start: number, end: number): string
  /** The string of UTF-8; where it is not valid there is U+FFFD at least once. A byte order mark stays. */
  utf8(bytes: Uint8Array, start: number, end: number): string
  /** Whether bytes are valid UTF-8, whole. */
  isUtf8(bytes: Uint8Array): boolean
}

/** The port that is installed. */
export let textPort: TextPort | undefined

/** Installs what the platform has, for all of the process; `undefined` takes it away. */
export function useTextPort(port: TextPort | undefined): void {
  textPort = port
}
