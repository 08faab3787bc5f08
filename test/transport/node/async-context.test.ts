// What connections share does not run in the context of whichever of them was first.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { nodeHost } from '../../../src/transport/node/index.ts'

const storage = new AsyncLocalStorage<string>()

for (const [what, ask] of [
  ['the end of a turn', (callback) => nodeHost.defer(callback)],
  ['a turn for work', (callback) => nodeHost.deferWork(callback)],
  ['a timer', (callback) => nodeHost.setTimer(1, callback)],
] as [string, (callback: () => void) => void][]) {
  test(`${what} is in nobody's context`, async () => {
    const seen = new Promise((resolve) => {
      storage.run('of the first', () => ask(() => resolve(storage.getStore() ?? 'nobody')))
    })
    const alive = setTimeout(() => {}, 1_000) // a timer of the host does not keep the process
    assert.equal(await seen, 'nobody')
    clearTimeout(alive)
  })
}
