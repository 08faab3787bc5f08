// How rate and memory go with more connections, longer messages and more of them in flight: a curve each.
import { plainExchange } from '../load/exchange.js'
import { LOAD_COLUMNS, RATE, underLoad } from '../measure/under-load.js'
import { SERVERS } from '../servers/servers.js'

const USUAL = { connections: 10, inFlight: 8, bytes: 125 }
const KIB = 1_024
const MIB = 1_024 * KIB

function sizeName(bytes) {
  return bytes >= MIB ? `${bytes / MIB} MiB` : bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`
}

/** By name: along which axis, in which steps, from which load. */
export const CURVES = {
  connections: {
    title: 'connections, one message of 125 B in flight on each',
    load: { ...USUAL, inFlight: 1 },
    steps: [1, 10, 100, 1_000, 10_000],
    nameOf: (count) => `${count} connections`,
  },
  bytes: {
    title: 'size of a message, 4 connections, 2 in flight on each',
    load: { ...USUAL, connections: 4, inFlight: 2 },
    steps: [16, 256, 4 * KIB, 64 * KIB, MIB, 16 * MIB],
    nameOf: sizeName,
  },
  inFlight: {
    title: 'messages of 125 B in flight on each of 10 connections',
    load: USUAL,
    steps: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    nameOf: (count) => `${count} in flight`,
  },
}

function* cases() {
  for (const [curve, { load, steps, nameOf }] of Object.entries(CURVES)) {
    for (const at of steps) yield { name: `${curve}: ${nameOf(at)}`, curve, at, load: { ...load, [curve]: at } }
  }
}

export const growth = {
  name: 'growth',
  title: 'Growth',
  about: 'Echoes of binary messages along three axes, and how much memory the server had at most.',
  cases: [...cases()],
  contestants: SERVERS,
  usual: ['ws', 'wspc'],
  numbers: { rounds: 3, seconds: 1, warmup: 0.5 },
  ratio: RATE,
  columns: [...LOAD_COLUMNS, { of: ({ serverPeakRss }) => serverPeakRss / MIB, label: 'most RSS, MiB' }],

  measure(name, { load: { connections, inFlight, bytes } }, options) {
    const load = { mode: 'echo', connections, inFlight }
    return underLoad(name, {}, load, plainExchange({ bytes, text: false }), options)
  },
}
