// Echo on loopback: wspc against `ws`, the servers measured in turn within each round, medians over the rounds. Prints a
// table of ratios. Usage: node echo/main.js [--rounds N] [--seconds S] [--json FILE]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { CASES } from './cases.js'

const here = dirname(fileURLToPath(import.meta.url))
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
})
const SERVERS = ['ws', 'wspc', 'wspc-iteration', 'wspc-ws']

async function measure(server, load) {
  const child = spawn(process.execPath, [join(here, 'servers', `${server}.js`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }, // `ws` as it is installed by default
  })
  try {
    const [port] = await once(child.stdout, 'data')
    const settings = JSON.stringify({ port: Number(port), ...load, seconds: Number(values.seconds) })
    const { stdout } = await promisify(execFile)(process.execPath, [join(here, 'load.js'), settings])
    return JSON.parse(stdout).messagesPerSecond
  } finally {
    child.kill()
    await once(child, 'close')
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

const results = []
for (const load of CASES) {
  const rates = Object.fromEntries(SERVERS.map((server) => [server, []]))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const server of SERVERS) rates[server].push(await measure(server, load))
  }
  results.push({ case: load.name, ...Object.fromEntries(SERVERS.map((server) => [server, median(rates[server])])) })
}

console.log(`Node ${process.version}, ${values.rounds} rounds of ${values.seconds} s, medians\n`)
console.log('| case | ws, messages/s | wspc / ws | wspc with for await / ws | wspc/ws / ws |')
console.log('|---|---|---|---|---|')
for (const row of results) {
  const ratio = (server) => (row[server] / row.ws).toFixed(2)
  console.log(
    `| ${row.case} | ${Math.round(row.ws).toLocaleString('en')} | ${ratio('wspc')} | ${ratio('wspc-iteration')} | ${ratio('wspc-ws')} |`,
  )
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ node: process.version, results }, null, 2))
