// One server under one load: how both benchmarks that echo and those that broadcast measure, and what they tell of it.
import { runLoad } from '../load/load.js'
import { SERVERS, startServer } from '../servers/servers.js'

const BUSY = 0.9 // of a core: then nobody knows who was the limit

/**
 * @param settings What the server is told.
 * @param load What the load generator is told, besides times and the server's address.
 * @param exchange The frames that are sent, and the answer to each where it is known.
 * @returns Rate, latencies, what the server used, and what the load did.
 */
export async function underLoad(name, settings, load, { frames, answer }, { seconds, warmup, node }) {
  const server = await startServer(name, settings, { node })
  try {
    const { port, pid } = server
    const expected = SERVERS[name].mirrors ? 'mirror' : answer
    const result = await runLoad({ ...load, port, pid, seconds, warmup }, frames, expected)
    if (result.loadCpu > BUSY) console.error(`With ${SERVERS[name].label} the load was as busy as the server`)
    return { ...result, cpuUsPerMessage: (result.serverCpu / result.messagesPerSecond) * 1e6 }
  } finally {
    await server.stop()
  }
}

export const RATE = { of: ({ messagesPerSecond }) => messagesPerSecond, label: 'messages/s' }

export const LOAD_COLUMNS = [
  RATE,
  { of: ({ latencyUs }) => latencyUs.p50, label: 'p50, µs' },
  { of: ({ latencyUs }) => latencyUs.p99, label: 'p99, µs' },
  { of: ({ latencyUs }) => latencyUs.p999, label: 'p99.9, µs' },
  { of: ({ messagesPerRead }) => messagesPerRead, label: 'messages/read' },
  { of: ({ cpuUsPerMessage }) => cpuUsPerMessage, label: 'CPU, µs/message' },
  { of: ({ serverCpu }) => serverCpu * 100, label: 'server CPU, %' },
  { of: ({ loadCpu }) => loadCpu * 100, label: 'load CPU, %' },
  { of: ({ serverRss }) => serverRss / 2 ** 20, label: 'RSS, MiB' },
]
