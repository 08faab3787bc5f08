// Runs the compiled tests in the Node that runs this: `node dist/test/run.js [part of a path …] [--coverage]`. Node 20
// takes directories and later versions patterns; a list of files is what all of them take.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const parts = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'))

const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.js') && (parts.length === 0 || parts.some((part) => file.includes(part))))
  .sort()
  .map((file) => join(here, file))

const { status } = spawnSync(process.execPath, [...options, '--test', '--test-reporter=spec', ...files], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
