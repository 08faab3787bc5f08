#!/usr/bin/env node
// The program `wspc`.

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

process.exitCode = await run(process.argv.slice(2))
