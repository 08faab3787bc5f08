// Runs the compiled tests: `node dist/test/run.js [part of a path …] [--runtime=bun] [--coverage]`. Without a runtime they
// run in the Node that runs this. Node 20 takes directories and later versions patterns; a list of files is what all of
// them take.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RUNTIMES, type RuntimeName, runFiles } from './runtimes/run-files.ts'

const here = dirname(fileURLToPath(import.meta.url))
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
const runtime = options.find((option) => option.startsWith('--runtime='))?.slice('--runtime='.length)

const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js') && (parts.length === 0 || parts.some((part) => file.includes(part))))
  .sort()

if (runtime === undefined) {
  const paths = files.map((file) => join(here, file))
  // Left alone, Node runs one file fewer at a time than there are processors: on two of them one after the other.
  const args = ['--test', `--test-concurrency=${availableParallelism()}`, '--test-reporter=spec', ...options, ...paths]
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1
} else if (options.length > 1 || !Object.hasOwn(RUNTIMES, runtime)) {
  console.error(`With --runtime, which is one of ${Object.keys(RUNTIMES).join(', ')}, there is no other option`)
  process.exitCode = 1
} else {
  process.exitCode = (await runFiles(runtime as RuntimeName, here, files)) ? 0 : 1
}
