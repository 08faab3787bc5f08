// What Node has for bytes beside the language and the web's coders: the methods of `Buffer`, on any bytes. A short call
// costs two thirds of one of a `TextDecoder`.

import { Buffer, isAscii, isUtf8, transcode } from 'node:buffer'
import type { PlatformPort } from '../../codec/platform-port.ts'

type Slice = (this: Uint8Array, start: number, end: number) => string
type Write = (this: Uint8Array, text: string, at: number, most: number) => number

// Node's types do not have them; `toString` and `write` are made of them.
const { latin1Slice, ucs2Slice, utf8Slice, utf8Write } = Buffer.prototype as unknown as {
  latin1Slice: Slice
  ucs2Slice: Slice
  utf8Slice: Slice
  utf8Write: Write
}

const { bun, deno, icu, node } = process.versions

/** Node 24 decodes UTF-8 four bytes at a time and more; before, what is not ASCII took 3 to 5 ns a byte. */
export const isSlowAtUtf8 =
  bun === undefined && deno === undefined && icu !== undefined && Number.parseInt(node, 10) < 24

// Up to here nothing is faster than the call that is slow at more: 75 ns and not 145.
const MOST_SLICED_BYTES = 63

// From here on it pays to have UTF-16 made of it, in memory that has to be found: 2 µs, whatever the length.
const LEAST_TRANSCODED_BYTES = 1_500

// Below, whoever calls has seen that it is not all ASCII, or it makes no difference.
const LEAST_ASCII_BYTES = 128

const STREAM = { stream: true }
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The string of UTF-8 by calls that were fast before Node 24. A kilobyte of many scripts takes 1.1 to 1.9 µs and not 1.6
 * to 5.8; sixteen take 9 and not 42 to 75. A loop in JavaScript that decodes into memory for a string of UTF-16 takes as
 * long as the decoder, and on Node 24 more than twice as long as its one call.
 */
export function utf8OfOldNode(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start
  if (length <= MOST_SLICED_BYTES) return utf8Slice.call(bytes, start, end)
  const view = bytes.subarray(start, end)
  if (length >= LEAST_ASCII_BYTES && isAscii(view)) return latin1Slice.call(bytes, start, end)
  if (length >= LEAST_TRANSCODED_BYTES) {
    try {
      const units = transcode(view, 'utf8', 'ucs2')
      return ucs2Slice.call(units, 0, units.length)
    } catch {
      return utf8Slice.call(bytes, start, end) // it is not valid
    }
  }
  // A stream of text has a decoder of its own. It must not be left waiting for the rest of a code point.
  return isCutOff(view) ? utf8Slice.call(bytes, start, end) : decoder.decode(view, STREAM)
}

/** Whether the bytes end inside a code point, as far as its first byte tells. */
function isCutOff(bytes: Uint8Array): boolean {
  const { length } = bytes
  for (let seen = 1; seen <= 3 && seen <= length; seen++) {
    const byte = bytes[length - seen]!
    if ((byte & 0xc0) !== 0x80) return byte >= (seen === 1 ? 0xc0 : seen === 2 ? 0xe0 : 0xf0)
  }
  return false
}

export const nodePort: PlatformPort = {
  latin1: (bytes, start, end) => latin1Slice.call(bytes, start, end),
  utf8: isSlowAtUtf8 ? utf8OfOldNode : (bytes, start, end) => utf8Slice.call(bytes, start, end),
  isUtf8,
  writeUtf8: (target, at, text) => utf8Write.call(target, text, at, 3 * text.length),
  hasFastLongs: bun === undefined, // V8 has: on Node, and on Deno
}
