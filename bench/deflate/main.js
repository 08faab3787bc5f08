// Compression on loopback: wspc against `ws` with the same parameters, in a process each, measured in turn within each
// round, medians over the rounds. Prints a table of ratios. Usage: node deflate/main.js [--rounds N] [--seconds S]
// [--json FILE]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const CASES = [
  { name: '1 KiB JSON, 10 connections, 32 in flight', connections: 10, inFlight: 32, bytes: 1_024 },
  { name: '1 KiB JSON, 100 connections, 1 in flight', connections: 100, inFlight: 1, bytes: 1_024 },
  { name: '16 KiB JSON, 10 connections, 8 in flight', connections: 10, inFlight: 8, bytes: 16_384 },
  { name: '16 KiB JSON, 100 connections, 1 in flight', connections: 100, inFlight: 1, bytes: 16_384 },
  { name: '1 KiB JSON to 1,000 connections', connections: 1_000, inFlight: 1, bytes: 1_024, broadcast: true },
]
const SERVERS = ['ws', 'wspc']
const MEMORY_CONNECTIONS = 500

/** A process of ours that is told to, and tells, one thing after another. */
function start(file, args = []) {
  const child = fork(join(here, file), args, {
    execArgv: ['--expose-gc'],
    env: { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }, // `ws` as it is installed by default
  })
  const told = async () => (await once(child, 'message'))[0]
  return { child, told }
}

async function stop({ child }) {
  child.kill()
  await once(child, 'close')
}

async function ask(server) {
  server.child.send('report')
  return server.told()
}

async function measure(name, load) {
  const server = start(`servers/${name}.js`)
  const { port } = await server.told()
  const client = start('load.js', [JSON.stringify({ ...load, port, seconds })])
  try {
    await client.told()
    const before = await ask(server)
    const { messages, ...result } = await client.told()
    const { cpu } = await ask(server)
    const microseconds = cpu.user + cpu.system - before.cpu.user - before.cpu.system
    return { ...result, cpuPerMessage: microseconds / messages }
  } finally {
    await stop(client)
    await stop(server)
  }
}

/** Bytes of the server's memory for each of some connections that have compressed and inflated once. */
async function measureMemory(name) {
  const server = start(`servers/${name}.js`)
  const { port } = await server.told()
  const load = { port, connections: 1, inFlight: 1, bytes: 1_024, seconds: 0.5 }
  const warm = start('load.js', [JSON.stringify(load)])
  await warm.told()
  await warm.told()
  const { rss } = await ask(server)
  const client = start('load.js', [JSON.stringify({ ...load, connections: MEMORY_CONNECTIONS })])
  try {
    await client.told()
    await client.told()
    const after = await ask(server)
    return (after.rss - rss) / MEMORY_CONNECTIONS
  } finally {
    await stop(warm)
    await stop(client)
    await stop(server)
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

async function rounds(measureOne) {
  const results = Object.fromEntries(SERVERS.map((server) => [server, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const server of SERVERS) results[server].push(await measureOne(server))
  }
  return results
}

const rows = []
for (const load of CASES) {
  const results = await rounds((server) => measure(server, load))
  const medianOf = (server, what) => median(results[server].map((result) => result[what]))
  rows.push({
    case: load.name,
    ...Object.fromEntries(
      SERVERS.map((server) => [
        server,
        {
          messagesPerSecond: medianOf(server, 'messagesPerSecond'),
          cpuPerMessage: medianOf(server, 'cpuPerMessage'),
          bytesPerMessage: medianOf(server, 'bytesPerMessage'),
        },
      ]),
    ),
  })
}
const memory = await rounds(measureMemory)

console.log(`Node ${process.version}, ${values.rounds} rounds of ${values.seconds} s, medians\n`)
console.log(
  '| case | ws, messages/s | messages/s, wspc / ws | CPU per message, wspc / ws | bytes per message, wspc / ws |',
)
console.log('|---|---|---|---|---|')
for (const { case: name, ws, wspc } of rows) {
  const ratio = (what) => (wspc[what] / ws[what]).toFixed(2)
  const rate = Math.round(ws.messagesPerSecond).toLocaleString('en')
  console.log(
    `| ${name} | ${rate} | ${ratio('messagesPerSecond')} | ${ratio('cpuPerMessage')} | ${ratio('bytesPerMessage')} |`,
  )
}
const kib = Object.fromEntries(SERVERS.map((server) => [server, median(memory[server]) / 1_024]))
console.log(
  `\nMemory per connection that has compressed and inflated once (${MEMORY_CONNECTIONS} connections): ` +
    `ws ${kib.ws.toFixed(0)} KiB, wspc ${kib.wspc.toFixed(0)} KiB, ratio ${(kib.wspc / kib.ws).toFixed(2)}`,
)
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify({ node: process.version, rows, memoryKib: kib }, null, 2))
}
