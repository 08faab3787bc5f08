// What an idle connection costs in memory, on either side: wspc against `ws`, server and clients in a process each, in turn
// within each round, medians over the rounds. Prints a table. Usage: node idle/main.js [--connections N] [--rounds N]
// [--json FILE]
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})
const connections = Number(values.connections)
const CASES = [
  { name: 'plain', deflate: false },
  { name: 'deflate, after one message of 1 KiB', deflate: true },
]
const LIBRARIES = ['ws', 'wspc']
const SIDES = ['server', 'client']
const FIRST_CONNECTIONS = 500 // what is made once is there after so many

/** Each connection is an open file of both processes; Node itself asks for as many as the system allows. */
function checkOpenFiles() {
  const most = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  const needed = connections + FIRST_CONNECTIONS + 100
  if (most !== 'unlimited' && Number(most) < needed) {
    console.error(
      `${needed} open files are needed, and ${most} are allowed: see ulimit -n, or take fewer --connections`,
    )
    process.exit(1)
  }
}

/** A process of ours that is told to, and tells, one thing after another. */
async function start(file, argument) {
  const child = fork(join(here, file), [argument], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }, // `ws` as it is installed by default
  })
  const told = async () => (await once(child, 'message'))[0]
  const ask = (order) => {
    child.send(order)
    return told()
  }
  const stop = async () => {
    child.kill()
    await once(child, 'close')
  }
  return { first: await told(), ask, stop }
}

/** Bytes for each connection, on either side. */
async function measure(library, { deflate }) {
  const server = await start(`servers/${library}.js`, deflate ? 'deflate' : 'plain')
  const clients = await start('clients.js', JSON.stringify({ library, port: server.first.port, deflate }))
  try {
    await clients.ask({ count: FIRST_CONNECTIONS })
    const before = { server: await server.ask({}), client: await clients.ask({}) }
    await clients.ask({ count: connections })
    const after = { server: await server.ask({}), client: await clients.ask({}) }
    return Object.fromEntries(SIDES.map((side) => [side, each(before[side], after[side])]))
  } finally {
    await clients.stop()
    await server.stop()
  }
}

function each(before, after) {
  const added = after.connections - before.connections
  if (added !== connections) throw new Error(`${added} connections were added, not ${connections}`)
  const perConnection = (what) => (after[what] - before[what]) / connections
  return { rss: perConnection('rss'), heap: perConnection('heapUsed'), external: perConnection('external') }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

checkOpenFiles()
const rows = []
for (const load of CASES) {
  const results = Object.fromEntries(LIBRARIES.map((library) => [library, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const library of LIBRARIES) results[library].push(await measure(library, load))
  }
  for (const side of SIDES) {
    const medians = (library) =>
      Object.fromEntries(
        ['rss', 'heap', 'external'].map((what) => [what, median(results[library].map((result) => result[side][what]))]),
      )
    rows.push({ case: load.name, side, ...Object.fromEntries(LIBRARIES.map((library) => [library, medians(library)])) })
  }
}

console.log(`Node ${process.version}, ${connections} connections, ${values.rounds} rounds, medians, KiB each\n`)
console.log('| case | side | ws, resident | wspc, resident | wspc / ws | ws, heap | wspc, heap | wspc / ws |')
console.log('|---|---|---|---|---|---|---|---|')
for (const { case: name, side, ws, wspc } of rows) {
  const kib = (bytes) => (bytes / 1_024).toFixed(1)
  const cells = ['rss', 'heap'].flatMap((what) => [kib(ws[what]), kib(wspc[what]), (wspc[what] / ws[what]).toFixed(2)])
  console.log(`| ${name} | ${side} | ${cells.join(' | ')} |`)
}
if (values.json !== undefined) {
  writeFileSync(values.json, JSON.stringify({ node: process.version, connections, rows }, null, 2))
}
