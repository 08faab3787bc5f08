// What a connection costs the server that says nothing, or nothing more. It is measured as `bench/idle` does it: by what
// the process takes more with ten thousand of them, when they have been silent for a while.

import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { constants, deflateRawSync } from 'node:zlib'
import { frame, PLAIN_KEY } from '../support/wire.ts'
import { type Figure, KIB, kibibytes, type Outcome } from './figures.ts'
import { AttackerProcess, ServerProcess } from './orders.ts'
import type { SubjectName } from './subjects.ts'

// What is made once is there after a tenth as many, and the heap has grown for those that shake hands at the same time.
const FIRST_PART = 10

const RECORD = JSON.stringify({ id: 4711, name: 'somebody', tags: ['new', 'old'] })
const TEXT = RECORD.repeat(Math.ceil(KIB / RECORD.length)).slice(0, KIB)
const TAIL_BYTES = 4 // RFC 7692 §7.2.1

export interface Idle {
  readonly name: string
  readonly deflate: boolean
  readonly frame: Uint8Array | undefined
  readonly mostBytes: number
}

export const IDLE: readonly Idle[] = [
  { name: 'silent', deflate: false, frame: undefined, mostBytes: 8 * KIB },
  {
    name: 'after a message of 125 B',
    deflate: false,
    frame: frame({ opcode: 1, key: PLAIN_KEY, payload: TEXT.slice(0, 125) }),
    mostBytes: 8 * KIB,
  },
  { name: 'deflate, silent', deflate: true, frame: undefined, mostBytes: 64 * KIB },
  {
    name: 'deflate, after a message of 1 KiB',
    deflate: true,
    frame: frame({
      reservedBits: 0b100,
      opcode: 1,
      key: PLAIN_KEY,
      payload: deflateRawSync(TEXT, { windowBits: 12, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL_BYTES),
    }),
    mostBytes: 64 * KIB,
  },
]

const OFFER = 'permessage-deflate; client_max_window_bits'

export interface IdleScale {
  readonly connections: number
  /** A session lets go of what it does not need after five to ten. */
  readonly quietSeconds: number
}

/** Each connection is an open file of both processes; Node itself asks for as many as the system allows. */
function checkOpenFiles(connections: number): void {
  const most = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  const needed = connections + Math.ceil(connections / FIRST_PART) + 100
  if (most === 'unlimited' || Number(most) >= needed) return
  throw new Error(
    `${needed} open files are needed, and ${most} are allowed: see ulimit -n, or take fewer --connections`,
  )
}

export async function idle(
  row: Idle,
  subject: SubjectName,
  { connections, quietSeconds }: IdleScale,
): Promise<Outcome> {
  checkOpenFiles(connections)
  await using server = new ServerProcess()
  await using clients = new AttackerProcess()
  const { deflate, frame, mostBytes } = row
  const port = await server.tell('start', { subject, options: { deflate }, tls: false })
  const held = { port, path: '/echo', frame, extensions: deflate ? OFFER : undefined }
  const first = Math.ceil(connections / FIRST_PART)
  await clients.tell('hold', { ...held, connections: first })
  await server.tell('watch', {})
  await clients.tell('hold', { ...held, connections })
  await delay(quietSeconds * 1_000)
  const seen = await server.tell('seen', {})
  const figures: Figure[] = [
    { of: 'connections', value: seen.connections - first, least: connections },
    kibibytes('resident for each', seen.grownBytes / connections, mostBytes),
    kibibytes('held for each', seen.heldBytes / connections, mostBytes),
  ]
  return { figures }
}
