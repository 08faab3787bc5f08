// The channels of `node:diagnostics_channel` on which connections tell what happens, and servers whom they refuse. What a subscriber throws becomes an
// uncaught exception of its own there, and disturbs no connection.

import { channel } from 'node:diagnostics_channel'
import type { Diagnostics, DiagnosticsChannel } from '../../connection/index.ts'
import type { RefusalCode } from '../../handshake/index.ts'

/** A server answered a request with another status than 101. What came from the client is told as it came. */
export interface RefusalDiagnostics {
  readonly status: number
  /** Which rule or limit; `REFUSED_BY_APPLICATION` for `authorize`, `undefined` for a path that is not served. */
  readonly code: RefusalCode | undefined
  /** The client's network address, where there is one. */
  readonly remoteAddress: string | undefined
  /** The address that was asked for; `undefined` when no request was read. */
  readonly url: string | undefined
  /** What the request says in `Origin`, if it says it. */
  readonly origin: string | undefined
}

export const refusalChannel: DiagnosticsChannel<RefusalDiagnostics> = channel('wspc:refusal')

export const nodeDiagnostics: Diagnostics = {
  connection: channel('wspc:connection'),
  frame: channel('wspc:frame'),
  message: channel('wspc:message'),
  close: channel('wspc:close'),
  failure: channel('wspc:failure'),
}
