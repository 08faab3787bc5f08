// The command: all values of the first two bytes of a frame in every situation, at once and one by one, those that are
// accepted completed; or the two bytes that a report names.

import { commandOptions } from '../support/command.ts'
import { ENGINE } from '../support/session-subject.ts'
import { hex } from '../support/wire.ts'
import { ALL, Disagreement, Judge, SITUATIONS } from './judgement.ts'

const USAGE = `node dist/test/oracle/main.js
node dist/test/oracle/main.js --bytes=8b85 --receiver=server|client --situation=NAME --compression=yes|no`

const options = commandOptions({ bytes: '', receiver: 'server', situation: 'idle', compression: 'no' }, USAGE)

try {
  console.log(options.bytes === '' ? everything() : again())
} catch (error) {
  if (!(error instanceof Disagreement)) throw error
  console.error(error.message)
  process.exitCode = 1
}

function everything(): string {
  const start = performance.now()
  let sessions = 0
  for (const situation of SITUATIONS) {
    const judge = new Judge(ENGINE, situation)
    judge.judgeAll(ALL)
    sessions += judge.sessions
  }
  const seconds = (performance.now() - start) / 1_000
  const rate = (sessions / seconds).toFixed()
  return `65536 beginnings in ${SITUATIONS.length} situations, ${sessions} sessions, ${seconds.toFixed()} s, ${rate} a second`
}

function again(): string {
  const situation = SITUATIONS.find(
    ({ name, receiver, compression }) =>
      name === options.situation && receiver === options.receiver && compression === (options.compression === 'yes'),
  )
  if (situation === undefined) throw new Error(`There is no such situation\n\n${USAGE}`)
  const [first, second] = hex(options.bytes) as unknown as [number, number]
  const judge = new Judge(ENGINE, situation)
  judge.judge(first, second)
  judge.judgeAlone(first, second)
  return 'As the oracle says'
}
