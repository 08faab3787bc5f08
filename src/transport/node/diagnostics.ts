// The channels of `node:diagnostics_channel` on which connections tell what happens. What a subscriber throws becomes an
// uncaught exception of its own there, and disturbs no connection.

import { channel } from 'node:diagnostics_channel'
import type { Diagnostics } from '../../connection/index.ts'

export const nodeDiagnostics: Diagnostics = {
  connection: channel('wspc:connection'),
  frame: channel('wspc:frame'),
  message: channel('wspc:message'),
  close: channel('wspc:close'),
  failure: channel('wspc:failure'),
}
