// Text ↔ bytes, with the platform's own coder. A byte order mark is text like any other and stays (RFC 6455 §5.6
// gives it no meaning).

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The string that valid UTF-8 stands for; what is not valid becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** The UTF-8 of a string in new memory; a lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Writes the UTF-8 of `text` at `at` of `target`, which must have room for three bytes per UTF-16 unit. @returns its length. */
export function writeText(target: Uint8Array, at: number, text: string): number {
  return encoder.encodeInto(text, target.subarray(at)).written
}
