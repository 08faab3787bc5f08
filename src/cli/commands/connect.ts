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
    process.stderr.write(`wspc: ${explain(error as Error)}\n`)
    return ExitCode.notConnected
  }
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
  if (wasClean && NORMAL_CODES.includes(code)) return ExitCode.normal
  const why = error?.message ?? reason
  process.stderr.write(`wspc: Connection closed with ${code}${why === '' ? '' : `: ${formatMessage(why, true)}`}\n`)
  return ExitCode.abnormal
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
