// The servers that are measured, by name, and how each is started: in a process of its own, one at a time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))

/** `mirrors`: it sends back the very frames that it gets, masks and all. */
export const SERVERS = {
  ws: { file: 'ws.js', label: 'ws' },
  wspc: { file: 'wspc.js', label: 'wspc' },
  'wspc-iteration': { file: 'wspc-iteration.js', label: 'wspc, for await' },
  'wspc-ws': { file: 'wspc-ws.js', label: 'wspc/ws' },
  raw: { file: 'raw.js', label: 'raw net', mirrors: true },
}

async function firstLine(child) {
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += chunk
    if (printed.includes('\n')) return JSON.parse(printed)
  }
  throw new Error('The server ended before it listened')
}

/** @param node The Node that runs what runs on Node. */
export async function startServer(name, settings = {}, { node = process.execPath } = {}) {
  const { file } = SERVERS[name]
  const child = spawn(node, [join(here, file), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }, // `ws` as it is installed by default
  })
  const { port } = await firstLine(child)
  const stop = async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  return { port, pid: child.pid, stop }
}
