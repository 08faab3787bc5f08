// Floods: as many frames, or segments, as a client can send, each as little as can be. What they may cost is memory that does
// not grow, and others who hardly notice.

import { times } from '../support/bombs.ts'
import { concat, frame, PLAIN_KEY } from '../support/wire.ts'
import { type Figure, MIB, mebibytes, type Outcome } from './figures.ts'
import { AttackerProcess, type Latencies, ObserverProcess, ServerProcess, type ServerSeen } from './orders.ts'
import type { SubjectName } from './subjects.ts'

const NOTHING = new Uint8Array(0)

/** Bytes that are handed to the system at once. */
const BLOCK_BYTES = 131_072

/** The default of `maxMessageFragments`: a message of so many is legal. */
const MOST_FRAGMENTS = 16_384

// What a segment of TCP takes on its way beside its payload: 20 bytes of IPv4, 20 of TCP, 12 of its timestamps.
const SEGMENT_HEADER_BYTES = 52

const SEGMENT_CONNECTIONS = 50

export interface Flood {
  readonly name: string
  readonly what: string
  /** What a connection begins with. */
  readonly prelude?: Uint8Array
  /** What it then sends again and again. */
  readonly block: Uint8Array
  /** One byte at a time. */
  readonly inSegments?: boolean
  /** Messages in a block; none, where the server cuts the connection off, with 1008. */
  readonly messages?: number
  /** Whether each frame is told of. What that leaves is garbage, and how much of it V8 lets pile up is not ours to say. */
  readonly leavesGarbage?: boolean
}

function repeated(bytes: Uint8Array): Uint8Array {
  return times(bytes, Math.floor(BLOCK_BYTES / bytes.length))
}

const BEGIN = frame({ fin: false, opcode: 2, key: PLAIN_KEY })
const EMPTY_FRAGMENT = frame({ fin: false, opcode: 0, key: PLAIN_KEY })
const BYTE_FRAGMENT = frame({ fin: false, opcode: 0, key: PLAIN_KEY, payload: 'x' })
const BYTE_FRAGMENTS = concat(
  frame({ fin: false, opcode: 2, key: PLAIN_KEY, payload: 'x' }),
  times(BYTE_FRAGMENT, MOST_FRAGMENTS - 2),
  frame({ opcode: 0, key: PLAIN_KEY, payload: 'x' }),
)
const BYTE_MESSAGES = repeated(frame({ opcode: 2, key: PLAIN_KEY, payload: 'x' }))

export const FLOODS: readonly Flood[] = [
  {
    name: 'pings',
    what: 'empty pings of one who does not read',
    block: repeated(frame({ opcode: 9, key: PLAIN_KEY })),
  },
  {
    name: 'long pings',
    what: 'pings of 125 bytes of one who does not read',
    block: repeated(frame({ opcode: 9, key: PLAIN_KEY, payload: new Uint8Array(125) })),
  },
  {
    name: 'pongs',
    what: 'pongs that nobody asked for',
    block: repeated(frame({ opcode: 10, key: PLAIN_KEY })),
    leavesGarbage: true,
  },
  {
    name: 'empty fragments',
    what: 'a message that goes on with nothing',
    prelude: BEGIN,
    block: repeated(EMPTY_FRAGMENT),
  },
  {
    name: 'one-byte fragments',
    what: 'a message that goes on with a byte',
    prelude: BEGIN,
    block: repeated(BYTE_FRAGMENT),
  },
  {
    name: 'one-byte fragments within the limit',
    what: 'messages of as many fragments as are allowed',
    block: BYTE_FRAGMENTS,
    messages: 1,
  },
  {
    name: 'one-byte messages',
    what: 'messages of a byte each',
    block: BYTE_MESSAGES,
    messages: Math.floor(BLOCK_BYTES / 7),
    leavesGarbage: true,
  },
  {
    name: 'one-byte segments',
    what: `a system call and a segment of TCP for each byte, on ${SEGMENT_CONNECTIONS} connections`,
    block: frame({ opcode: 2, key: PLAIN_KEY, payload: 'a message' }),
    inSegments: true,
    messages: 1,
  },
]

export interface FloodScale {
  /** Bytes on the wire. Segments count with their headers: of each, one byte in 53 is payload. */
  readonly bytes: number
  /** What is flooded first: what is compiled and made once is there then. The rest may not take more. */
  readonly warmUpBytes: number
  /** It goes on until the other client had so many echoes. */
  readonly leastEchoes: number
}

/** What it may cost. */
export const FLOOD_BOUNDS = { grownBytes: 8 * MIB, p99Ms: 50 }

// V8 lets three times 16 MiB of the heap pile up before it looks, and 64 MiB of the memory of buffers.
const GARBAGE_BYTES = 112 * MIB

/** Once as it is, for what it takes, and once with garbage collected all the time, for what of it is held. */
export async function flood(row: Flood, subject: SubjectName, scale: FloodScale): Promise<Outcome> {
  const asItIs = await floodOnce(row, subject, scale, false)
  const collected = await floodOnce(row, subject, { ...scale, leastEchoes: 0 }, true)
  const { grownBytes, p99Ms } = FLOOD_BOUNDS
  const { bytes, seconds, latencies, seen } = asItIs
  const figures: Figure[] = [
    { of: 'on the wire', value: bytes / 1e6, unit: 'MB', least: scale.bytes / 1e6 },
    { of: 'connections', value: asItIs.connections },
    { of: 'seconds', value: seconds },
    mebibytes('growth', seen.furtherGrownBytes, row.leavesGarbage === true ? GARBAGE_BYTES : grownBytes),
    mebibytes('with what is made once', seen.mostGrownBytes),
    mebibytes('most held', collected.seen.mostHeldBytes, grownBytes),
    { of: "another's echoes", value: latencies.echoes, least: scale.leastEchoes },
    { of: 'their 99th percentile', value: latencies.p99Ms, unit: 'ms', most: p99Ms },
    { of: 'the longest', value: latencies.mostMs, unit: 'ms' },
    { of: 'attackers left', value: asItIs.attackersLeft + collected.attackersLeft, most: 0 },
    ...(row.messages === undefined
      ? [
          { of: 'not cut off', value: asItIs.notCutOff, most: 0 },
          { of: 'not ended by the quota', value: asItIs.notEndedByQuota, most: 0 },
        ]
      : [{ of: 'messages lost', value: asItIs.messagesLost + collected.messagesLost, most: 0 }]),
  ]
  return { figures, notes: [...seen.endings].map(([how, count]) => `${count} ended with ${how}`) }
}

interface Flooding {
  readonly bytes: number
  readonly connections: number
  readonly seconds: number
  readonly latencies: Latencies
  readonly seen: ServerSeen
  readonly attackersLeft: number
  readonly notCutOff: number
  readonly notEndedByQuota: number
  readonly messagesLost: number
}

async function floodOnce(row: Flood, subject: SubjectName, scale: FloodScale, collect: boolean): Promise<Flooding> {
  await using server = new ServerProcess()
  await using attacker = new AttackerProcess()
  await using observer = new ObserverProcess()
  const port = await server.tell('start', { subject, options: {}, tls: false })
  const where = { port, path: '/echo' }
  await observer.tell('open', where)
  const { prelude = NOTHING, block, inSegments = false, messages } = row
  const cost = inSegments ? 1 + SEGMENT_HEADER_BYTES : 1
  const send = (bytes: number) =>
    inSegments
      ? attacker.tell('segments', { ...where, wire: block, connections: SEGMENT_CONNECTIONS, bytes: bytes / cost })
      : attacker.tell('flood', { ...where, prelude, block, bytes, hasQuota: messages === undefined })

  await server.tell('watch', {})
  await send(scale.warmUpBytes)
  await server.tell('drained', { connections: 1, withinMs: 15_000 })
  await server.tell('watchOn', { collect })
  await observer.tell('forget', {})
  let latencies = await observer.tell('latencies', {})
  let bytes = 0
  let connections = 0
  let cutOff = 0
  const startedAt = performance.now()
  do {
    const sent = await send(scale.bytes / 2)
    bytes += sent.bytes
    connections += sent.connections
    cutOff += sent.cutOff
    latencies = await observer.tell('latencies', {})
  } while (bytes * cost < scale.bytes || latencies.echoes < scale.leastEchoes)
  const seconds = (performance.now() - startedAt) / 1_000
  const open = await server.tell('drained', { connections: 1, withinMs: 15_000 })
  const seen = await server.tell('seen', {})

  const byQuota = [...seen.endings].reduce((sum, [how, count]) => sum + (how.startsWith('1008 ') ? count : 0), 0)
  return {
    bytes: bytes * cost,
    connections,
    seconds,
    latencies,
    seen,
    attackersLeft: open - 1,
    notCutOff: connections - cutOff,
    notEndedByQuota: connections - byQuota,
    messagesLost: Math.abs((bytes / block.length) * (messages ?? 0) - seen.messages),
  }
}
