// What a connection costs that does nothing, in memory, on either side.
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { compressedExchange, OFFER, plainExchange } from '../load/exchange.js'
import { holdConnections } from '../load/load.js'
import { SERVERS, startProcess, startServer } from '../servers/servers.js'

const clients = join(dirname(fileURLToPath(import.meta.url)), 'clients.js')
const FIRST_CONNECTIONS = 100 // what is made once is there after so many, and they weigh nothing beside the others
const FLAGS = ['--expose-gc']
const KIB = 1_024
const MESSAGE = { bytes: 125, text: true }

/** Each connection is an open file of both processes; Node itself asks for as many as the system allows. */
function checkOpenFiles(connections) {
  const most = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
  const needed = connections + FIRST_CONNECTIONS + 100
  if (most === 'unlimited' || Number(most) >= needed) return
  throw new Error(
    `${needed} open files are needed, and ${most} are allowed: see ulimit -n, or take fewer --connections`,
  )
}

function each(before, after, connections) {
  const perConnection = (what) => (after[what] - before[what]) / connections
  return { rss: perConnection('rss'), heap: perConnection('heap'), external: perConnection('external') }
}

/** What is held when nothing has happened for some seconds: that is what idle means, and what libraries may tidy up for. */
async function afterQuiet(seconds, held) {
  await setTimeout(seconds * 1_000)
  return held()
}

/** What a server holds for each connection. */
async function ofServer(name, { deflate = false, exchanges = false }, { connections, quiet, node }) {
  const { frames = [], answer } = deflate ? compressedExchange({ bytes: KIB }) : exchanges ? plainExchange(MESSAGE) : {}
  const server = await startServer(name, { deflate }, { node, flags: FLAGS })
  const hold = (count) => {
    const settings = { port: server.port, connections: count, extensions: deflate ? OFFER : undefined }
    return holdConnections(settings, frames, answer)
  }
  const holds = []
  try {
    holds.push(await hold(FIRST_CONNECTIONS))
    const before = await server.held()
    holds.push(await hold(connections))
    return each(before, await afterQuiet(quiet, server.held), connections)
  } finally {
    await server.stop()
    for (const { release } of holds) await release()
  }
}

/** What a client holds for each connection, of a server on `ws`. */
async function ofClients(library, { deflate = false }, { connections, quiet, node }) {
  const server = await startServer('ws', { deflate }, { node })
  const process = await startProcess(node, [...FLAGS, clients, JSON.stringify({ library, port: server.port, deflate })])
  const held = () => process.ask('held')
  try {
    await process.ask(FIRST_CONNECTIONS)
    const before = await held()
    await process.ask(connections)
    return each(before, await afterQuiet(quiet, held), connections)
  } finally {
    await process.stop()
    await server.stop()
  }
}

export const idle = {
  name: 'idle',
  title: 'Idle connections',
  about:
    'What the process of a server, or of clients, takes for each of 10,000 connections that have said nothing, or nothing more, for some seconds. ' +
    'KiB, and how many times less than with `ws`.',
  cases: [
    { name: 'server', of: ofServer },
    { name: 'server, after a message of 125 B', of: ofServer, exchanges: true },
    { name: 'server, deflate, after a message of 1 KiB', of: ofServer, deflate: true },
    { name: 'client', of: ofClients },
    { name: 'client, deflate, after a message of 1 KiB', of: ofClients, deflate: true },
  ],
  contestants: SERVERS,
  usual: ['ws', 'wspc', 'wspc-ws'],
  numbers: { rounds: 3, connections: 10_000, quiet: 12 },
  ratio: { of: ({ rss }) => rss / KIB, label: 'KiB', inverted: true },
  columns: [
    { of: ({ rss }) => rss / KIB, label: 'resident, KiB' },
    { of: ({ heap }) => heap / KIB, label: 'of which heap, KiB' },
    { of: ({ external }) => external / KIB, label: 'external, KiB' },
  ],

  async measure(name, one, options) {
    checkOpenFiles(options.connections)
    return one.of(name, one, options)
  },
}
