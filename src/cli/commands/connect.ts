// `wspc connect`: lines out, messages in.

import { createInterface } from 'node:readline'
import { type Connection, connect, WebSocketError } from '../../node.ts'
import { type Command, UsageError } from '../args.ts'
import { ExitCode } from '../exit-code.ts'
import { formatMessage } from '../format-message.ts'

export async function runConnect({ url }: Command & { name: 'connect' }): Promise<number> {
  let connection: Connection
  try {
    connection = await connect(url)
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    say(explain(error as Error))
    return ExitCode.notConnected
  }
  // Standard output is for messages alone. Whoever sits in front of a terminal is told the rest; a script goes by the exit code.
  const isWatched = process.stderr.isTTY === true
  if (isWatched) say(`Connected to ${connection.url}`)
  process.once('SIGINT', () => void connection.close(1000))
  process.once('SIGTERM', () => void connection.close(1000))
  process.stdout.on('error', () => {}) // whoever read the output has gone, which the next write says, too
  void sendLines(connection)
  for await (const message of connection) {
    if (await print(formatMessage(message, process.stdout.isTTY === true))) continue
    void connection.close(1000)
    break // nobody reads the rest
  }
  process.stdin.destroy() // a line that nobody waits for any more would keep the process
  const { code, reason, wasClean, error } = await connection.closed
  const isNormal = wasClean && NORMAL_CODES.includes(code)
  const why = error?.message ?? reason
  const how = code === 1005 ? 'without a code' : `with ${code}`
  if (isWatched || !isNormal) say(`Connection closed ${how}${why === '' ? '' : `: ${formatMessage(why, true)}`}`)
  return isNormal ? ExitCode.normal : ExitCode.abnormal
}

function say(sentence: string): void {
  process.stderr.write(`wspc: ${sentence}\n`)
}

const NORMAL_CODES = [1000, 1001, 1005]

function explain(error: Error): string {
  return `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}`
}

/** Writes a line as fast as it is read. @returns whether there is still somebody who reads. */
function print(line: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(`${line}\n`, (error) => resolve(error === null || error === undefined))
  })
}

/** Sends standard input line by line, as fast as the server takes it; its end closes the connection. */
async function sendLines(connection: Connection): Promise<void> {
  try {
    for await (const line of createInterface({ input: process.stdin })) await connection.send(line)
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error // else the connection has ended, which the reader sees too
  }
  void connection.close(1000)
}
