// Clients that never read while the server goes on sending: what waits for them is bounded, and what becomes of them is what
// `docs/explain/backpressure.md` says.

import type { ServeOptions } from '../../src/node.ts'
import { type Figure, KIB, kibibytes, MIB, mebibytes, type Outcome } from './figures.ts'
import { AttackerProcess, ServerProcess } from './orders.ts'
import type { SubjectName } from './subjects.ts'

export interface SlowReaders {
  readonly name: string
  readonly what: string
  readonly path: '/pour' | '/rush'
  readonly options: ServeOptions
  /** The most that may wait for one of them. */
  readonly mostBufferedBytes: number
  /** How all of them end; `undefined` when they stay. */
  readonly ending: string | undefined
}

// What is sent in one turn comes on top of the mark: eight messages of 8 KiB, or one that was awaited, with their headers.
const ONE_TURN_BYTES = 9 * 8 * KIB

// What was sent and has left is garbage, of which V8 and the allocator let so much pile up.
const GARBAGE_BYTES = 64 * MIB

export const SLOW_READERS: readonly SlowReaders[] = [
  {
    name: 'awaited sends',
    what: 'the server waits for each send, and so forever',
    path: '/pour',
    options: {},
    mostBufferedBytes: 64 * KIB + ONE_TURN_BYTES,
    ending: undefined,
  },
  {
    name: 'wait',
    what: 'the server sends without waiting: the connection is cut at maxBufferedBytes',
    path: '/rush',
    options: {},
    mostBufferedBytes: 4 * MIB + ONE_TURN_BYTES,
    ending: '1006 SEND_BUFFER_FULL',
  },
  {
    name: 'drop',
    what: 'the server sends without waiting: messages are dropped at highWaterBytes',
    path: '/rush',
    options: { backpressure: 'drop' },
    mostBufferedBytes: 64 * KIB + ONE_TURN_BYTES,
    ending: undefined,
  },
  {
    name: 'close',
    what: 'the server sends without waiting: the connection is closed at highWaterBytes, and cut soon after',
    path: '/rush',
    options: { backpressure: 'close', limits: { closeTimeoutMs: 500 } },
    mostBufferedBytes: 64 * KIB + ONE_TURN_BYTES,
    ending: '1013 PEER_TOO_SLOW',
  },
]

export async function stall(row: SlowReaders, subject: SubjectName, readers: number): Promise<Outcome> {
  await using server = new ServerProcess()
  await using attacker = new AttackerProcess()
  const port = await server.tell('start', { subject, options: row.options, tls: false })
  const where = { port, path: row.path }
  await attacker.tell('stall', { ...where, connections: 2 })
  await server.tell('watch', {})
  await attacker.tell('stall', { ...where, connections: readers })
  const stays = row.ending === undefined
  // Those that stay have had time enough to fill what the system takes for them.
  if (stays) await new Promise((resolve) => setTimeout(resolve, 1_500))
  else await server.tell('drained', { connections: 0, withinMs: 20_000 })
  const seen = await server.tell('seen', {})
  await attacker.tell('release', {})
  const left = await server.tell('drained', { connections: 0, withinMs: 15_000 })
  const after = await server.tell('seen', {})

  const asExpected = stays ? seen.connections - 2 : (seen.endings.get(row.ending) ?? 0)
  const figures: Figure[] = [
    { of: 'readers', value: readers },
    { of: stays ? 'still there' : `ended with ${row.ending}`, value: asExpected, least: readers },
    kibibytes('most that waited for one', seen.mostBufferedBytes, row.mostBufferedBytes),
    mebibytes('most growth', seen.mostGrownBytes, readers * row.mostBufferedBytes + GARBAGE_BYTES),
    mebibytes('held in the end', seen.heldBytes, (stays ? readers * row.mostBufferedBytes : 0) + MIB),
    mebibytes('held when they had gone', after.heldBytes, MIB),
    { of: 'connections left', value: left, most: 0 },
  ]
  return { figures, notes: [...seen.endings].map(([how, count]) => `${count} ended with ${how}`) }
}
