// What Node has for text beside the web's coders: the methods of `Buffer`, on any bytes. A short call costs two thirds of
// one of a `TextDecoder`.

import { Buffer, isUtf8 } from 'node:buffer'
import type { TextPort } from '../../codec/text-port.ts'

type Slice = (this: Uint8Array, start: number, end: number) => string

// Node's types do not have them; `toString` is made of them.
const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as { latin1Slice: Slice; utf8Slice: Slice }

export const nodeText: TextPort = {
  latin1: (bytes, start, end) => latin1Slice.call(bytes, start, end),
  utf8: (bytes, start, end) => utf8Slice.call(bytes, start, end),
  isUtf8,
}
