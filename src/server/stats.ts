// What a server counts: what went over all its connections, and how handshakes and connections ended. Live connections
// are asked when somebody wants to know; each leaves its numbers here when it ends, and no number ever goes back.
// Peers choose close codes, of which some two thousand may travel; everything else that is counted by is ours.

import type { Connection, ConnectionStats } from '../connection/index.ts'
import { type CloseInfo, NO_TRAFFIC } from '../session/index.ts'

/** How much a server has done so far. What went over its connections is the sum of all of them, open and ended. */
export interface ServerStats extends ConnectionStats {
  /** Connections that are not closed. The one number here that falls. */
  readonly openConnections: number
  /** Connections that there ever were. */
  readonly acceptedConnections: number
  /** Requests that were not accepted, by the HTTP status that they were answered with. */
  readonly refusedHandshakes: Readonly<Record<number, number>>
  /** Connections that have ended, by close code: 1006 for those that ended without one. */
  readonly closeCodes: Readonly<Record<number, number>>
  /** Connections that did not end normally, by the `code` of the error. They are among those above. */
  readonly failures: Readonly<Record<string, number>>
}

const NOTHING: ConnectionStats = { ...NO_TRAFFIC, backpressureEvents: 0, droppedMessages: 0 }
const NAMES = Object.keys(NOTHING) as (keyof ConnectionStats)[]

type Totals = { -readonly [Name in keyof ConnectionStats]: number }

/** What one server has counted so far. */
export class ServerCounters {
  #acceptedConnections = 0
  readonly #refusedHandshakes = new Map<number, number>()
  readonly #closeCodes = new Map<number, number>()
  readonly #failures = new Map<string, number>()
  readonly #ended: Totals = { ...NOTHING }

  /** A request became a connection. */
  accepted(): void {
    this.#acceptedConnections++
  }

  /** A request was answered with another status than 101. */
  refused(status: number): void {
    countOne(this.#refusedHandshakes, status)
  }

  /** A connection has ended, and is from now on none of those that `snapshot` is given. */
  ended(connection: Connection, { code, error }: CloseInfo): void {
    add(this.#ended, connection.stats())
    countOne(this.#closeCodes, code)
    if (error !== undefined) countOne(this.#failures, error.code)
  }

  /** @param connections Those that are open. */
  snapshot(connections: ReadonlySet<Connection>): ServerStats {
    const totals = { ...this.#ended }
    for (const connection of connections) add(totals, connection.stats())
    return Object.freeze({
      openConnections: connections.size,
      acceptedConnections: this.#acceptedConnections,
      refusedHandshakes: record(this.#refusedHandshakes),
      closeCodes: record(this.#closeCodes),
      failures: record(this.#failures),
      ...totals,
    })
  }
}

function add(totals: Totals, stats: ConnectionStats): void {
  for (const name of NAMES) totals[name] += stats[name]
}

function countOne<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** A frozen object without a prototype: what was not counted is not in it. */
function record<Key extends string | number>(counts: Map<Key, number>): Readonly<Record<Key, number>> {
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(counts)))
}
