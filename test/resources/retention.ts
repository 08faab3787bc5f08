// What a small message costs that the application keeps: not all that was read with it. By TCP the server reads into 256 KiB
// that all connections share; by TLS what it reads is 16 KiB each time, and in memory of its own.

import { times } from '../support/bombs.ts'
import { frame, PLAIN_KEY } from '../support/wire.ts'
import { KEEP_EVERY_BYTES } from './application.ts'
import { type Figure, KIB, kibibytes, type Outcome } from './figures.ts'
import { AttackerProcess, ServerProcess } from './orders.ts'
import type { SubjectName } from './subjects.ts'

export interface Kept {
  readonly name: string
  readonly tls: boolean
  readonly opcode: 1 | 2
  readonly payloadBytes: number
  /** What one may keep with it, and itself. */
  readonly mostBytes: number
}

// A binary message of 65 bytes to a KiB lies in 8 KiB with others, a short text in 1 KiB (docs/reference/connection.md,
// `session/texts-ahead.ts`). The rest is for the objects, and what a heap grows by otherwise.
const ROOM_BYTES = 2 * KIB
const SIZES: readonly (readonly [opcode: 1 | 2, payloadBytes: number, mostBytes: number])[] = [
  [1, 12, ROOM_BYTES],
  [1, 100, KIB + ROOM_BYTES],
  [2, 20, ROOM_BYTES],
  [2, 100, 8 * KIB + ROOM_BYTES],
  [2, 1_000, 8 * KIB + ROOM_BYTES],
]

export const KEPT: readonly Kept[] = [false, true].flatMap((tls) =>
  SIZES.map(([opcode, payloadBytes, mostBytes]) => ({
    name: `${opcode === 1 ? 'text' : 'binary'} of ${payloadBytes} B by ${tls ? 'TLS' : 'TCP'}`,
    tls,
    opcode,
    payloadBytes,
    mostBytes,
  })),
)

function leastKept(bytes: number, frameBytes: number, payloadBytes: number): number {
  const payloadOfAll = (bytes / frameBytes) * payloadBytes
  return Math.floor(payloadOfAll / (KEEP_EVERY_BYTES + payloadBytes)) - 1
}

/** @param megabytes How much is sent; one message in 64 KiB is kept of it. */
export async function keep(row: Kept, subject: SubjectName, megabytes: number): Promise<Outcome> {
  await using server = new ServerProcess()
  await using attacker = new AttackerProcess()
  const { tls, opcode, payloadBytes, mostBytes } = row
  const port = await server.tell('start', { subject, options: {}, tls })
  const message = frame({ opcode, key: PLAIN_KEY, payload: 'x'.repeat(payloadBytes) })
  const block = times(message, Math.ceil(131_072 / message.length))
  const send = (bytes: number) =>
    attacker.tell('flood', { port, path: '/keep', tls, prelude: new Uint8Array(), block, bytes, hasQuota: false })

  await send(megabytes * 1e5)
  await server.tell('watch', {})
  const before = await server.tell('seen', {})
  const { bytes } = await send(megabytes * 1e6)
  await server.tell('drained', { connections: 0, withinMs: 15_000 })
  const seen = await server.tell('seen', {})
  const kept = seen.kept - before.kept
  const figures: Figure[] = [
    { of: 'sent', value: bytes / 1e6, unit: 'MB' },
    { of: 'kept', value: kept, least: leastKept(bytes, message.length, payloadBytes) },
    kibibytes('held for each', (seen.heldBytes - before.heldBytes) / kept, mostBytes),
  ]
  return { figures }
}
