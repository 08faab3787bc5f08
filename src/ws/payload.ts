// What `send` and its like take as data: strings, everything that holds bytes, and what Node can make a Buffer of.

import { MAX_CLOSE_REASON_BYTES, MAX_CONTROL_PAYLOAD_BYTES, mayTravel } from '../codec/index.ts'
import type { BinaryType, RawData } from './types.ts'

/** Whether it is a Blob, of this realm or another. */
export function isBlob(data: unknown): data is Blob {
  if (typeof data !== 'object' || data === null) return false
  const { size, arrayBuffer, type } = data as Partial<Blob>
  const tag = Object.prototype.toString.call(data)
  const isTagged = tag === '[object Blob]' || tag === '[object File]'
  return isTagged && typeof size === 'number' && typeof arrayBuffer === 'function' && typeof type === 'string'
}

/** A string as it is, everything else as bytes, views of the same memory where it is memory. @throws TypeError */
export function readData(data: unknown): string | Uint8Array {
  if (typeof data === 'string') return data
  if (typeof data === 'number') return String(data)
  return toBytes(data)
}

/** What a ping or pong carries. @throws TypeError, RangeError when it is too long (RFC 6455 §5.5). */
export function readControlData(data: unknown): string | Uint8Array {
  checkControlSize(data)
  return readData(data)
}

/** @throws TypeError, RangeError for what does not fit into a ping or pong, a Blob included (RFC 6455 §5.5). */
export function checkControlSize(data: unknown): void {
  if (byteLengthOf(data) > MAX_CONTROL_PAYLOAD_BYTES) {
    throw new RangeError('The data size must not be greater than 125 bytes')
  }
}

/** @throws TypeError for what Node cannot make a Buffer of. */
function toBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.from(data as ArrayBuffer)
}

/** How many bytes it takes. */
export function byteLengthOf(data: unknown): number {
  if (isBlob(data)) return data.size
  const payload = readData(data)
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength
}

/** @throws TypeError, RangeError as `ws` words it. */
export function readCloseReason(code: unknown, data: unknown): string | Uint8Array | undefined {
  if (code === undefined) return undefined
  if (typeof code !== 'number' || !mayTravel(code)) {
    throw new TypeError('First argument must be a valid error code number')
  }
  if (!(data as string | null | undefined)?.length) return undefined
  if (Buffer.byteLength(data as string) > MAX_CLOSE_REASON_BYTES) {
    throw new RangeError('The message must not be greater than 123 bytes')
  }
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
    throw new TypeError('Second argument must be a string or a Uint8Array')
  }
  return data
}

/** 0 is no limit, as in `ws`. */
export function limitOf(value: number): number {
  return value > 0 ? Math.trunc(value) : Number.POSITIVE_INFINITY
}

/** A binary message as `binaryType` wants it; the fragments are given. */
export function toBinary(fragments: readonly Buffer[], type: BinaryType): RawData | Blob {
  switch (type) {
    case 'nodebuffer':
      return whole(fragments)
    case 'arraybuffer':
      return toArrayBuffer(whole(fragments))
    case 'blob':
      return new Blob([...fragments] as Uint8Array<ArrayBuffer>[])
    case 'fragments':
      return fragments.filter(({ length }) => length > 0)
  }
}

function whole(fragments: readonly Buffer[]): Buffer {
  return fragments.length === 1 ? fragments[0]! : Buffer.concat(fragments)
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength
  return (
    isWhole ? bytes.buffer : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  ) as ArrayBuffer
}
