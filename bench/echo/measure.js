// One server under one load of echoes.
import { BINARY, clientFrame, maskingKeys, serverFrame, TEXT } from '../load/frames.js'
import { runLoad } from '../load/load.js'
import { binary, text } from '../load/payloads.js'
import { SERVERS, startServer } from '../servers/servers.js'

const DIFFERENT_FRAMES = 16
const MANY_BYTES = 2 ** 20 // of all the different frames

/** The frames that are sent, which differ in their masking keys, and the answer to each. */
function exchange({ bytes, text: isText }) {
  const opcode = isText ? TEXT : BINARY
  const payload = isText ? text(bytes) : binary(bytes)
  const count = Math.max(1, Math.min(DIFFERENT_FRAMES, Math.floor(MANY_BYTES / Math.max(bytes, 1))))
  return {
    frames: maskingKeys(count).map((key) => clientFrame(opcode, payload, key)),
    answer: serverFrame(opcode, payload),
  }
}

/** @returns Rate, latencies, what the server used, and what the load did. */
export async function measureEcho(name, load, { seconds, warmup, node }) {
  const { frames, answer } = exchange(load)
  const { connections, inFlight } = load
  const server = await startServer(name, {}, { node })
  try {
    const { port, pid } = server
    const settings = { mode: 'echo', port, pid, connections, inFlight, seconds, warmup }
    const result = await runLoad(settings, frames, SERVERS[name].mirrors ? 'mirror' : answer)
    return { ...result, cpuUsPerMessage: (result.serverCpu / result.messagesPerSecond) * 1e6 }
  } finally {
    await server.stop()
  }
}
