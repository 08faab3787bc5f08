// A frame header whose length of 126 counts as one that is not in its shortest form.

import { parseFrameHeader } from '../../../src/codec/frame-header.ts'
import { advanceUtf8 } from '../../../src/codec/utf8.ts'
import { fuzzWith } from '../targets/frame-header.ts'

export const fuzz = fuzzWith({
  advanceUtf8,
  parseFrameHeader(bytes) {
    const header = parseFrameHeader(bytes)
    return header && { ...header, lengthIsMinimal: header.lengthIsMinimal && header.payloadLength !== 126 }
  },
})
