// Echo on loopback: servers in turn within each round, medians over the rounds. Usage: node echo/main.js [--rounds N]
// [--seconds S] [--warmup S] [--case WORD] [--servers a,b] [--node PATH] [--json FILE]
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { readOptions } from '../measure/options.js'
import { inTurn } from '../measure/rounds.js'
import { SERVERS } from '../servers/servers.js'
import { CASES } from './cases.js'
import { measureEcho } from './measure.js'
import { echoTables } from './tables.js'

const options = readOptions(process.argv.slice(2), {
  cases: CASES,
  servers: ['ws', 'wspc', 'wspc-iteration', 'wspc-ws', 'raw'],
  known: Object.keys(SERVERS),
})

const rows = []
for (const load of options.cases) {
  const servers = await inTurn(options.servers, options.rounds, (name) => measureEcho(name, load, options))
  rows.push({ case: load.name, servers })
}
const version = execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim()
console.log(`Node ${version}, ${options.rounds} rounds of ${options.seconds} s, medians\n`)
console.log(echoTables(rows, options.servers))
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ node: version, rows }, null, 2))
