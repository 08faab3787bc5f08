// Text ↔ bytes, with the platform's coders. A byte order mark is text like any other and stays (RFC 6455 §5.6 gives it no
// meaning).
//
// Every call of a platform's coder costs as much as some twenty characters, and valid text is known by what comes out as
// surely as by looking at it first: U+FFFD stands for what is not valid, and is rare in what is.

import { textPort } from './text-port.ts'
import { advanceUtf8, UTF8_BOUNDARY } from './utf8.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const REPLACEMENT = '\ufffd'

/** The top bit of each byte: `seen & NOT_ASCII` is 0 for bytes ORed to `seen` that are all ASCII. */
export const NOT_ASCII = 0x8080_8080

/** The string that valid UTF-8 stands for; what is not valid becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const { length } = bytes
  if (length <= SHORT_TEXT_BYTES) {
    const text = decodeShortText(bytes, 0, length, 0)
    if (text !== undefined) return text
  }
  if (textPort === undefined) return decoder.decode(bytes)
  const text = textPort.utf8(bytes, 0, length)
  return text.includes(REPLACEMENT) ? decoder.decode(bytes) : text
}

/**
 * The string that the bytes from `start` to `end` stand for; `undefined` when they are not valid UTF-8.
 *
 * @param seen What all of them have been ORed to, in any of the four bytes of a number.
 */
export function decodeValidText(bytes: Uint8Array, start: number, end: number, seen: number): string | undefined {
  if (textPort === undefined) return judged(decoder.decode(bytes.subarray(start, end)), bytes, start, end)
  if ((seen & NOT_ASCII) === 0) return textPort.latin1(bytes, start, end)
  return judged(textPort.utf8(bytes, start, end), bytes, start, end)
}

/** U+FFFD may have come as such: then the bytes have to be looked at. */
function judged(text: string, bytes: Uint8Array, start: number, end: number): string | undefined {
  if (!text.includes(REPLACEMENT)) return text
  return isValidText(bytes, start, end) ? text : undefined
}

/** Whether the bytes from `start` to `end` are valid UTF-8, whole. */
export function isValidText(bytes: Uint8Array, start: number, end: number): boolean {
  return advanceUtf8(UTF8_BOUNDARY, bytes, start, end) === UTF8_BOUNDARY
}

/** The longest text that {@link decodeShortText} takes. */
export const SHORT_TEXT_BYTES = 16

const short = new Uint8Array(SHORT_TEXT_BYTES)

/**
 * The string of at most 16 bytes from `start` on, masked with `key` from phase 0 on; `undefined` when they are not all
 * ASCII. They stay masked. A call with sixteen characters is three times as fast as any that takes bytes.
 */
export function decodeShortText(bytes: Uint8Array, start: number, length: number, key: number): string | undefined {
  let turned = key
  let seen = 0
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]! ^ (turned >>> 24)
    short[i] = byte
    seen |= byte
    turned = (turned << 8) | (turned >>> 24)
  }
  if ((seen & 0x80) !== 0) return undefined
  if (length <= 8) {
    const text = String.fromCharCode(
      short[0]!,
      short[1]!,
      short[2]!,
      short[3]!,
      short[4]!,
      short[5]!,
      short[6]!,
      short[7]!,
    )
    return length === 8 ? text : text.slice(0, length)
  }
  const text = String.fromCharCode(
    short[0]!,
    short[1]!,
    short[2]!,
    short[3]!,
    short[4]!,
    short[5]!,
    short[6]!,
    short[7]!,
    short[8]!,
    short[9]!,
    short[10]!,
    short[11]!,
    short[12]!,
    short[13]!,
    short[14]!,
    short[15]!,
  )
  return length === 16 ? text : text.slice(0, length)
}

/** The UTF-8 of a string in new memory; a lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Writes the UTF-8 of `text` at `at` of `target`, which must have room for three bytes per UTF-16 unit. @returns its length. */
export function writeText(target: Uint8Array, at: number, text: string): number {
  return encoder.encodeInto(text, target.subarray(at)).written
}
