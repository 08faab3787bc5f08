// HTTP servers of the application's own, for one test.

import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface OwnHttpServer {
  readonly http: HttpServer
  readonly port: number
}

/** Has a server listen until the test is over; by default one that answers every plain request with something else. */
export async function listening(t: TestContext, http?: HttpServer): Promise<OwnHttpServer> {
  const own = http ?? createServer((_, response) => response.end('something else'))
  own.listen(0, '127.0.0.1')
  await once(own, 'listening')
  t.after(() => {
    own.closeAllConnections()
    own.close()
  })
  return { http: own, port: (own.address() as AddressInfo).port }
}
