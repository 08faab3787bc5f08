// Text ↔ bytes, with the platform's coders. A byte order mark is text like any other and stays (RFC 6455 §5.6 gives it no
// meaning).
//
// Every call of a platform's coder costs as much as some twenty characters, and valid text is known by what comes out as
// surely as by looking at it first: U+FFFD stands for what is not valid, and is rare in what is.

import { NOT_ASCII } from './mask.ts'
import { platformPort } from './platform-port.ts'
import { advanceUtf8, UTF8_BOUNDARY } from './utf8.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const REPLACEMENT = '\ufffd'

/** The string that valid UTF-8 stands for; what is not valid becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  const { length } = bytes
  if (length <= SHORT_TEXT_BYTES) {
    const text = decodeShortText(bytes, 0, length, 0)
    if (text !== undefined) return text
  }
  if (platformPort === undefined) return decoder.decode(bytes)
  const text = platformPort.utf8(bytes, 0, length)
  return text.includes(REPLACEMENT) ? decoder.decode(bytes) : text
}

/**
 * The string that the bytes from `start` to `end` stand for; `undefined` when they are not valid UTF-8.
 *
 * @param seen What all of them have been ORed to, in any of the four bytes of a number.
 */
export function decodeValidText(bytes: Uint8Array, start: number, end: number, seen: number): string | undefined {
  if (platformPort === undefined) return judged(decoder.decode(bytes.subarray(start, end)), bytes, start, end)
  if ((seen & NOT_ASCII) === 0) return platformPort.latin1(bytes, start, end)
  return judged(platformPort.utf8(bytes, start, end), bytes, start, end)
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

const shortBytes = new Uint8Array(SHORT_TEXT_BYTES + 3) // what is cut off is looked for behind it
const shortUnits = new Uint16Array(SHORT_TEXT_BYTES)

/**
 * The string of at most 16 bytes from `start` on, masked with `key` from phase 0 on; `undefined` when they are not valid
 * UTF-8. They stay masked. A call with sixteen characters takes half the time of any that takes bytes.
 */
export function decodeShortText(bytes: Uint8Array, start: number, length: number, key: number): string | undefined {
  let turned = key
  let seen = 0
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]! ^ (turned >>> 24)
    shortBytes[i] = byte
    seen |= byte
    turned = (turned << 8) | (turned >>> 24)
  }
  if ((seen & 0x80) === 0) return shortString(shortBytes, length)
  const units = transcodeShort(length)
  return units < 0 ? undefined : shortString(shortUnits, units)
}

/** The bytes as UTF-16. @returns how many units; -1 when they are not valid UTF-8 (RFC 3629 §4). */
function transcodeShort(length: number): number {
  let at = 0
  let i = 0
  while (i < length) {
    const byte = shortBytes[i]!
    if (byte < 0x80) {
      shortUnits[at++] = byte
      i++
      continue
    }
    const second = shortBytes[i + 1]! ^ 0x80 // a continuation byte is below 0x40 now
    if (byte < 0xe0) {
      if (byte < 0xc2 || second > 0x3f || i + 2 > length) return -1
      shortUnits[at++] = ((byte & 0x1f) << 6) | second
      i += 2
      continue
    }
    const third = shortBytes[i + 2]! ^ 0x80
    if (byte < 0xf0) {
      const unit = ((byte & 0x0f) << 12) | (second << 6) | third
      if ((second | third) > 0x3f || unit < 0x800 || (unit & 0xf800) === 0xd800 || i + 3 > length) return -1
      shortUnits[at++] = unit
      i += 3
      continue
    }
    const fourth = shortBytes[i + 3]! ^ 0x80
    const above = ((byte & 0x0f) << 18) + (second << 12) + (third << 6) + fourth - 0x1_0000 // the basic plane
    if ((second | third | fourth) > 0x3f || above < 0 || above > 0xf_ffff || i + 4 > length) return -1
    shortUnits[at++] = 0xd800 | (above >> 10)
    shortUnits[at++] = 0xdc00 | (above & 0x3ff)
    i += 4
  }
  return at
}

function shortString(units: Uint8Array | Uint16Array, length: number): string {
  const text = String.fromCharCode(
    units[0]!,
    units[1]!,
    units[2]!,
    units[3]!,
    units[4]!,
    units[5]!,
    units[6]!,
    units[7]!,
    units[8]!,
    units[9]!,
    units[10]!,
    units[11]!,
    units[12]!,
    units[13]!,
    units[14]!,
    units[15]!,
  )
  return length === SHORT_TEXT_BYTES ? text : text.slice(0, length)
}

/** The UTF-8 of a string in new memory; a lone surrogate becomes U+FFFD. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Writes the UTF-8 of `text` at `at` of `target`, which must have room for three bytes per UTF-16 unit. @returns its length. */
export function writeText(target: Uint8Array, at: number, text: string): number {
  if (platformPort !== undefined) return platformPort.writeUtf8(target, at, text)
  return encoder.encodeInto(text, target.subarray(at)).written
}
