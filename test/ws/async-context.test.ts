// Callbacks are called in the context of whoever sent, as those of `ws` are.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import * as real from 'ws'
import * as face from '../../src/ws/index.ts'

for (const [name, { WebSocket, WebSocketServer }] of [
  ['ws', real],
  ['wspc/ws', face as unknown as typeof real],
] as const) {
  test(`${name}: of two that send in one turn, each is called back in its own context`, async () => {
    const storage = new AsyncLocalStorage<string>()
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    const clients = [new WebSocket(url), new WebSocket(url)]
    await Promise.all(clients.map((client) => once(client, 'open')))
    const seen = await Promise.all(
      clients.map(
        (client, i) =>
          new Promise((resolve) => {
            storage.run(`client ${i}`, () => client.send('x', () => resolve(storage.getStore())))
          }),
      ),
    )
    assert.deepEqual(seen, ['client 0', 'client 1'])
    for (const client of clients) client.terminate()
    server.close()
  })
}
