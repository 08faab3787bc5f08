// A server for one test.

import type { TestContext } from 'node:test'
import { type ConnectionHandler, type ServeOptions, type Server, serve } from '../../src/node.ts'

/** A server that is closed when the test is over. */
export async function started(
  t: TestContext,
  options: ServeOptions = {},
  handler: ConnectionHandler = () => {},
): Promise<Server> {
  const server = await serve(options, handler)
  t.after(() => server.close({ timeoutMs: 0 }))
  return server
}
