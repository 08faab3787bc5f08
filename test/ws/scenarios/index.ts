// All scenarios, by the name of their group.

import { clientEvents } from './client-events.ts'
import { closing } from './closing.ts'
import { compression } from './compression.ts'
import { edges } from './edges.ts'
import { eventTarget } from './event-target.ts'
import { exportsOfModule } from './exports.ts'
import { handshakeClient } from './handshake-client.ts'
import { handshakeServer } from './handshake-server.ts'
import { pausing } from './pausing.ts'
import { programs } from './programs.ts'
import { receiving } from './receiving.ts'
import { sending } from './sending.ts'
import { serverOptions } from './server-options.ts'
import type { Scenarios } from './stage.ts'
import { stream } from './stream.ts'
import { urls } from './urls.ts'

export const groups: Readonly<Record<string, Scenarios>> = {
  exports: exportsOfModule,
  'client events': clientEvents,
  closing,
  'server options': serverOptions,
  'handshake, server': handshakeServer,
  'handshake, client': handshakeClient,
  sending,
  receiving,
  'event target': eventTarget,
  stream,
  compression,
  addresses: urls,
  pausing,
  programs,
  edges,
}
