// A receiver that takes the memory that a header announces, whatever comes of it.

import { parseFrameHeader } from '../../../src/codec/frame-header.ts'

export function fuzz(data: Uint8Array): void {
  const length = parseFrameHeader(data)?.payloadLength ?? 0
  if (length < 1_048_576) new Uint8Array(length).set(data.subarray(0, length))
}
