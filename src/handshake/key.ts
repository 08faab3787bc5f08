// The key of the opening handshake and the value that proves it was read (RFC 6455 §4.1, §4.2.2, §11.3.1, §11.3.3).

import { sha1 } from '@noble/hashes/legacy.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11' // RFC 6455 §1.3
const KEY_LENGTH = 24
const KEY_BYTES = 16

const encoder = new TextEncoder()

/**
 * Whether the value is 16 bytes in base64 (RFC 6455 §4.2.1): 22 characters, of which the last carries two bits and
 * four zeros, and two of padding. Base64 that decodes to the same bytes but is not canonical is none.
 */
export function isKey(value: string): boolean {
  if (value.length !== KEY_LENGTH || !value.endsWith('==')) return false
  for (let i = 0; i < KEY_LENGTH - 3; i++) {
    if (!isBase64Char(value.charCodeAt(i))) return false
  }
  return 'AQgw'.includes(value.charAt(KEY_LENGTH - 3))
}

function isBase64Char(code: number): boolean {
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
  return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2f
}

/** The key for a nonce. @throws RangeError unless it has 16 bytes. */
export function formatKey(nonce: Uint8Array): string {
  if (nonce.length !== KEY_BYTES) throw new RangeError(`Nonce takes ${nonce.length} bytes, not ${KEY_BYTES}`)
  return formatBase64(nonce)
}

/** A key from a source of random numbers, which must be cryptographically strong (RFC 6455 §10.3). */
export function drawKey(randomUint32: () => number): string {
  const nonce = new Uint8Array(KEY_BYTES)
  const view = new DataView(nonce.buffer)
  for (let at = 0; at < KEY_BYTES; at += 4) view.setUint32(at, randomUint32())
  return formatKey(nonce)
}

/** What the server answers a key with (RFC 6455 §4.2.2). */
export function acceptValue(key: string): string {
  return formatBase64(sha1(encoder.encode(key + GUID)))
}

/** Whether two strings are equal, in a time that tells an attacker no more than the length of what was given. */
export function isSameSecret(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length
  for (let i = 0; i < given.length; i++) {
    difference |= given.charCodeAt(i) ^ expected.charCodeAt(i) // past the end there is NaN, which counts as 0 here
  }
  return difference === 0
}

function formatBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
