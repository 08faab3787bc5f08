// Hundreds of connections, good and bad, from both sides: nothing of them is left when they are over.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, serve } from '../../src/node.ts'
import { rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'

/** What keeps the process busy, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) {
    // Timers of the test runner come and go; those of sockets are what is looked for.
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

test('T-99: connects, failed handshakes and aborted attempts leave no handle, timer or listener', async () => {
  const warnings: Error[] = []
  const note = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', note)
  const shared = new AbortController()
  let listeners = 0
  const { addEventListener, removeEventListener } = shared.signal
  shared.signal.addEventListener = (...parameters: Parameters<AbortSignal['addEventListener']>) => {
    listeners++
    addEventListener.apply(shared.signal, parameters)
  }
  shared.signal.removeEventListener = (...parameters: Parameters<AbortSignal['removeEventListener']>) => {
    listeners--
    removeEventListener.apply(shared.signal, parameters)
  }
  const before = resources()
  const server = await serve(
    { path: '/', authorize: ({ target }) => (target === '/?no' ? { status: 401 } : undefined) },
    (connection) => connection.onMessage((message) => void connection.send(message)),
  )
  for (let round = 0; round < 25; round++) {
    await Promise.all([
      ...Array.from({ length: 4 }, async () => {
        const connection = await connect(server.url, { signal: shared.signal })
        await connection.send('hello')
        for await (const message of connection) if (message === 'hello') break
        if (round % 2 === 0) await connection.close(1000)
        else connection.terminate()
      }),
      ...['?no', 'missing'].map((target) => assert.rejects(connect(server.url + target, { signal: shared.signal }))),
      (async () => {
        const controller = new AbortController()
        const attempt = connect(server.url, { signal: controller.signal })
        if (round % 2 === 0) setImmediate(() => controller.abort())
        else controller.abort()
        await attempt.then(
          (connection) => connection.terminate(),
          () => {},
        )
      })(),
      (async () => {
        const peer = await rawClient(server.port)
        peer.say(upgradeRequest().slice(0, 40 + round))
        peer.leave(round % 2 === 0 ? 'reset' : 'destroy')
      })(),
    ])
  }
  assert.equal(listeners, 0)
  await server.close()
  await delay(20)
  const after = resources()
  for (const [kind, count] of Object.entries(after)) assert.ok(count <= (before[kind] ?? 0), `${kind}: ${count}`)
  process.off('warning', note)
  assert.deepEqual(warnings, [])
})
