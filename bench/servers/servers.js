// The servers that are measured, by name, and how each is started: in a process of its own, one at a time.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PROGRAMS } from './programs.js'

const here = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)

/**
 * `program`: what it runs on, if that is not the Node that is measured. `needs`: a package that people install themselves.
 * `mirrors`: it sends back the very frames that it gets, masks and all. `settings`: what it is told besides the rest.
 */
export const SERVERS = {
  ws: { file: 'ws.js', label: 'ws' },
  wspc: { file: 'wspc.js', label: 'wspc' },
  'wspc-prepared': { file: 'wspc.js', label: 'wspc, prepared', settings: { prepared: true } },
  'wspc-iteration': { file: 'wspc-iteration.js', label: 'wspc, for await' },
  'wspc-ws': { file: 'wspc-ws.js', label: 'wspc/ws' },
  'websocket-driver': { file: 'websocket-driver.js', label: 'websocket-driver' },
  raw: { file: 'raw.js', label: 'raw net', mirrors: true },
  'ws-node24': { file: 'ws.js', label: 'ws on Node 24', program: 'node24' },
  'wspc-node24': { file: 'wspc.js', label: 'wspc on Node 24', program: 'node24' },
  'wspc-bun': { file: 'wspc.js', label: 'wspc on Bun', program: 'bun' },
  bun: { file: 'bun.js', label: "Bun's own", program: 'bun' },
  'wspc-deno': { file: 'wspc.js', label: 'wspc on Deno', program: 'deno' },
  deno: { file: 'deno.js', label: "Deno's own", program: 'deno' },
  uws: { file: 'uws.js', label: 'uWebSockets.js', needs: 'uWebSockets.js' },
}

/** Why a server cannot be measured here, if it cannot. */
function missing({ program = 'node', needs, file }) {
  if (PROGRAMS[program].path === undefined) return `${program} is not installed: npm ci --prefix test/runtimes`
  if (needs === undefined) return undefined
  try {
    require.resolve(needs)
    return undefined
  } catch {
    return `${needs} is not installed: see bench/servers/${file}`
  }
}

/** Those of some contestants that can be measured here; what cannot is told, in a line each. */
export function thoseThere(contestants, names) {
  return names.filter((name) => {
    const reason = missing(contestants[name])
    if (reason !== undefined) console.error(`Without ${contestants[name].label}: ${reason}`)
    return reason === undefined
  })
}

/** A process that prints a line of JSON when it is ready, and another for every line it gets. */
export async function startProcess(program, args) {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }, // `ws` as it is installed by default
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const told = async () => {
    const { done, value } = await lines.next()
    if (done) throw new Error(`${args.join(' ')} ended before its time`)
    return JSON.parse(value)
  }
  const ask = (line) => {
    child.stdin.write(`${line}\n`)
    return told()
  }
  const closed = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.kill('SIGKILL')
    await closed
  }
  return { pid: child.pid, first: await told(), ask, stop }
}

/**
 * @param node The Node that runs what runs on Node.
 * @param flags What it is called with.
 */
export async function startServer(name, settings = {}, { node = PROGRAMS.node.path, flags = [] } = {}) {
  const { file, program = 'node', settings: own } = SERVERS[name]
  const { path, args } = PROGRAMS[program]
  const all = [...args, ...flags, join(here, file), JSON.stringify({ ...settings, ...own })]
  const server = await startProcess(program === 'node' ? node : path, all)
  return { ...server, port: server.first.port, held: () => server.ask('held') }
}
