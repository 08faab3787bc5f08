// Statistics of what nothing has gone over yet.

import type { ConnectionStats } from '../../src/connection/index.ts'
import type { SessionStats } from '../../src/session/index.ts'

export const NO_SESSION_TRAFFIC: SessionStats = {
  messagesSent: 0,
  messagesReceived: 0,
  framesSent: 0,
  framesReceived: 0,
  wireBytesSent: 0,
  wireBytesReceived: 0,
  payloadBytesSent: 0,
  payloadBytesReceived: 0,
}

export const NO_TRAFFIC: ConnectionStats = { ...NO_SESSION_TRAFFIC, backpressureEvents: 0, droppedMessages: 0 }
