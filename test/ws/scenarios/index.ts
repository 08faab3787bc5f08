// All scenarios, by the name of their group.

import { clientEvents } from './client-events.ts'
import { closing } from './closing.ts'
import { exportsOfModule } from './exports.ts'
import { handshakeClient } from './handshake-client.ts'
import { handshakeServer } from './handshake-server.ts'
import { receiving } from './receiving.ts'
import { sending } from './sending.ts'
import { serverOptions } from './server-options.ts'
import type { Scenarios } from './stage.ts'

export const groups: Readonly<Record<string, Scenarios>> = {
  exports: exportsOfModule,
  'client events': clientEvents,
  closing,
  'server options': serverOptions,
  sending,
  receiving,
  'handshake, server': handshakeServer,
  'handshake, client': handshakeClient,
}
