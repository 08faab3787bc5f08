// Wire bytes as a reader of the RFC writes them, and back.

/** Bytes from hexadecimal digits; blanks are for the reader. */
export function hex(digits: string): Uint8Array<ArrayBuffer> {
  const compact = digits.replaceAll(/\s/g, '')
  if (!/^([0-9a-f]{2})*$/i.test(compact)) throw new TypeError(`Not hexadecimal: ${digits}`)
  return Uint8Array.from({ length: compact.length / 2 }, (_, i) => Number.parseInt(compact.slice(2 * i, 2 * i + 2), 16))
}

/** Several of those, with commas between them. */
export function hexList(list: string): Uint8Array<ArrayBuffer>[] {
  return list.split(',').map(hex)
}

/** Bytes as hexadecimal digits, a blank between two bytes. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false
  }
  return true
}

/** The masking key that changes nothing: what is masked with it can be read in the frame. */
export const PLAIN_KEY = '00000000'

/** The UTF-8 of a string. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** A frame as any endpoint could write it, legal or not. */
export interface FrameParts {
  fin?: boolean
  reservedBits?: number
  opcode: number
  /** A masking key as hexadecimal digits. */
  key?: string
  payload?: Uint8Array | string
}

/** A frame built apart from the code under test. */
export function frame({
  fin = true,
  reservedBits = 0,
  opcode,
  key,
  payload = '',
}: FrameParts): Uint8Array<ArrayBuffer> {
  const body = typeof payload === 'string' ? utf8(payload) : payload
  const first = (fin ? 0x80 : 0) + reservedBits * 16 + opcode
  const maskBit = key === undefined ? 0 : 0x80
  const length =
    body.length < 126
      ? [maskBit + body.length]
      : body.length < 65_536
        ? [maskBit + 126, body.length >> 8, body.length & 255]
        : [maskBit + 127, ...hex(body.length.toString(16).padStart(16, '0'))]
  const keyBytes = key === undefined ? new Uint8Array(0) : hex(key)
  const masked = key === undefined ? body : body.map((byte, i) => byte ^ keyBytes[i % 4]!)
  return concat(Uint8Array.of(first, ...length), keyBytes, masked)
}

/** Whether a Close frame may carry this code (RFC 6455 §7.4, with what IANA has registered since). */
export function mayTravelByRfc(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}
