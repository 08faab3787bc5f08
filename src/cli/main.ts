#!/usr/bin/env node
// The program `wspc`.

import { readFileSync } from 'node:fs'
import { parseCommand, USAGE, UsageError } from './args.ts'
import { runConnect } from './commands/connect.ts'
import { runServe } from './commands/serve.ts'
import { ExitCode } from './exit-code.ts'

async function run(args: readonly string[]): Promise<number> {
  try {
    const command = parseCommand(args)
    switch (command.name) {
      case 'serve':
        return await runServe(command)
      case 'connect':
        return await runConnect(command)
      case 'version':
        process.stdout.write(`${version()}\n`)
        return ExitCode.normal
      case 'help':
        process.stdout.write(USAGE)
        return ExitCode.normal
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`wspc: ${error.message}\n\n${USAGE}`)
    return ExitCode.usage
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version
}

process.exitCode = await run(process.argv.slice(2))
// All is said. A read of standard input that was begun keeps the process on Deno, though the input is destroyed.
setTimeout(() => process.exit(), 100).unref()
