// A session that loses the last byte of long chunks.

import { Session } from '../../../src/session/index.ts'
import { fuzzWith, seeds } from '../targets/message-layer.ts'

class LossySession extends Session {
  override receive(bytes: Uint8Array): void {
    super.receive(bytes.length > 40 ? bytes.subarray(0, -1) : bytes)
  }
}

export { seeds }

export const fuzz = fuzzWith((options) => new LossySession(options))
