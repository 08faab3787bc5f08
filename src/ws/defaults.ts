// What both classes do unless told otherwise, as `ws` does.

import type { CommonOptions } from './types.ts'

export const COMMON_DEFAULTS = {
  allowSynchronousEvents: true,
  autoPong: true,
  closeTimeout: 30_000,
  maxBufferedChunks: 262_144,
  maxFragments: 16_384,
  maxPayload: 104_857_600,
  maxPendingAutoPongs: 60,
  skipUTF8Validation: false,
} as const satisfies CommonOptions
