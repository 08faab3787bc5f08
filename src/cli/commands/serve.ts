// `wspc serve`: an echo server, for trying clients out.

import { type Connection, type Server, serve, TransportError } from '../../node.ts'
import type { ServeCommand } from '../args.ts'
import { ExitCode } from '../exit-code.ts'

export async function runServe({ port, host, deflate, limits }: ServeCommand): Promise<number> {
  let server: Server
  try {
    // Whoever wants an echo may have one: there is nothing here that a page could reach in its user's name.
    server = await serve({ port, host, deflate, limits, origin: 'any' }, echo)
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    process.stderr.write(`wspc: ${error.message}: ${(error.cause as Error).message}\n`)
    return ExitCode.notConnected
  }
  const signalled = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  process.stdout.write(`${server.url}\n`) // from here on signals may come
  await signalled
  await server.close()
  return ExitCode.normal
}

/** Sends every message back, and reads no faster than the client does. */
async function echo(connection: Connection): Promise<void> {
  for await (const message of connection) await connection.send(message)
}
