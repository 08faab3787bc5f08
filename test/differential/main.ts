// The command of the long run: `node dist/test/differential/main.js --seed=1 --streams=1000000`. Its other options are for
// slices of a run, and for one stream again: `--first`, the number of the first stream, and `--kinds`, how many kinds of
// disagreements it takes to stop; and `--peers`, which may name `websockets`, too, where Python has it.

import { commandOptions } from '../support/command.ts'
import { python } from '../support/programs.ts'
import type { PeerName } from './comparison.ts'
import { formatDisagreements, formatUnexplained, formatVerdicts, run, staleEntries } from './differential.ts'
import { driverSubject } from './driver-peer.ts'
import { engineSubject } from './engine.ts'
import type { Subject } from './outcome.ts'
import { startWebsockets } from './websockets-peer.ts'
import { wsSubject } from './ws-peer.ts'

const USAGE =
  'node dist/test/differential/main.js [--seed=1] [--first=0] [--streams=1000000] [--kinds=10] [--peers=ws,websocket-driver]'

// In so many streams there is something of everything.
const LONG_RUN = 1_000_000

// Half of the streams end in an error for each of the subjects, and nobody looks where in the code it was made.
Error.stackTraceLimit = 0

const DEFAULTS = { seed: 1, first: 0, streams: 1_000_000, kinds: 10, peers: 'ws,websocket-driver' }
const { seed, first, streams, kinds, peers: names } = commandOptions(DEFAULTS, USAGE)
const websockets = names.includes('websockets') && python !== undefined ? startWebsockets(python) : undefined
const peers = new Map<PeerName, Subject>()
for (const name of names.split(',')) {
  if (name === 'ws') peers.set(name, wsSubject)
  else if (name === 'websocket-driver') peers.set(name, driverSubject)
  else if (name === 'websockets' && websockets !== undefined) peers.set(name, websockets.subject)
  else throw new Error(`There is no ${name} here`)
}
const startedAt = performance.now()
const findings = await run({
  seed,
  first,
  streams,
  engine: engineSubject(),
  peers,
  mostKinds: kinds,
})
websockets?.close()
const seconds = (performance.now() - startedAt) / 1_000

console.log(formatVerdicts(findings))
console.log(formatDisagreements(findings))
const unexplained = [...findings.unexplained.values()]
for (const kind of unexplained) console.log(`\n${formatUnexplained(kind, seed)}`)
const stale = findings.streams < LONG_RUN ? [] : staleEntries(findings, peers)
for (const { text } of stale) console.log(`Stale, no stream is of this entry: ${text}`)
const { bytes, compressed, mutated } = findings
console.log(
  `${findings.streams} streams (${bytes} bytes, ${compressed} with compression, ${mutated} damaged), ` +
    `${unexplained.length} kinds of disagreements that are not in the list, ${stale.length} stale entries, ` +
    `${seconds.toFixed(1)} s, ${Math.round(findings.streams / seconds)} streams a second`,
)
process.exitCode = unexplained.length + stale.length > 0 ? 1 : 0
