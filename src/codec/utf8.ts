// UTF-8 validation that can stop between any two bytes (RFC 3629 §4, required by RFC 6455 §8.1). The whole state is
// one number, so it can be kept, compared and gone back to.
//
// A state other than the boundary says what the rest of a begun code point must be: bits 0–1 the bytes still missing,
// bits 2–3 the bytes already seen, bits 8–15 and 16–23 the least and the greatest value of the next byte.

import { platformPort } from './platform-port.ts'

/** The state between two code points: where every text begins and must end. */
export const UTF8_BOUNDARY = 0

// From here on what the platform has costs less, its call and the view for it included.
const LEAST_PORT_BYTES = 64

const ANY_CONTINUATION = (0xbf << 16) | (0x80 << 8)

/**
 * Reads the bytes from `start` to `end` on from `state`.
 *
 * @returns the new state, or, as a negative number, the complement `~index` of the first byte that cannot occur there.
 */
export function advanceUtf8(state: number, bytes: Uint8Array, start: number, end: number): number {
  if (platformPort === undefined || end - start < LEAST_PORT_BYTES) return advanceBytes(state, bytes, start, end)
  // The platform judges whole text: what lies between the end of the code point that is begun and the last one.
  let from = start
  let current = state
  while (current > UTF8_BOUNDARY && from < end) current = advanceBytes(current, bytes, from, ++from)
  if (current < UTF8_BOUNDARY) return current
  let to = end - 1
  while (to > end - 4 && (bytes[to]! & 0xc0) === 0x80) to--
  if (from < to && platformPort.isUtf8(bytes.subarray(from, to))) from = to
  return advanceBytes(UTF8_BOUNDARY, bytes, from, end)
}

/** {@link advanceUtf8}, byte after byte. */
export function advanceBytes(state: number, bytes: Uint8Array, start: number, end: number): number {
  let i = start
  let current = state
  while (i < end) {
    if (current === UTF8_BOUNDARY) {
      while (i + 3 < end && (bytes[i]! | bytes[i + 1]! | bytes[i + 2]! | bytes[i + 3]!) < 0x80) i += 4
      while (i < end && bytes[i]! < 0x80) i++
      if (i === end) break
      current = afterLeadByte(bytes[i]!)
      if (current === UTF8_BOUNDARY) return ~i
    } else {
      const byte = bytes[i]!
      if (byte < ((current >> 8) & 0xff) || byte > current >> 16) return ~i
      const missing = (current & 0b11) - 1
      current = missing === 0 ? UTF8_BOUNDARY : ANY_CONTINUATION | ((current & 0b1100) + 0b100) | missing
    }
    i++
  }
  return current
}

/** How many bytes of a begun code point `state` has seen: 0 to 3. */
export function heldUtf8Bytes(state: number): number {
  return (state >> 2) & 0b11
}

/** The state after a lead byte above 0x7f; the boundary itself for a byte that cannot lead (RFC 3629 §4). */
function afterLeadByte(byte: number): number {
  if (byte < 0xc2) return UTF8_BOUNDARY // a continuation byte, or an overlong form of ASCII
  if (byte < 0xe0) return expecting(1, 0x80, 0xbf)
  if (byte === 0xe0) return expecting(2, 0xa0, 0xbf) // below: overlong
  if (byte === 0xed) return expecting(2, 0x80, 0x9f) // above: surrogates
  if (byte < 0xf0) return expecting(2, 0x80, 0xbf)
  if (byte === 0xf0) return expecting(3, 0x90, 0xbf) // below: overlong
  if (byte < 0xf4) return expecting(3, 0x80, 0xbf)
  if (byte === 0xf4) return expecting(3, 0x80, 0x8f) // above: beyond U+10FFFF
  return UTF8_BOUNDARY
}

function expecting(missing: number, least: number, greatest: number): number {
  return (greatest << 16) | (least << 8) | 0b100 | missing
}
