// What an idle connection holds, counted in objects: the same on every machine. `bench/idle` measures the bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryObjects } from 'node:v8'
import { started } from '../support/server.ts'
import { rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const MANY = 100
// Both ends: a third of them belong to the sockets of Node and to the raw client. To be raised for a good reason only.
const MOST_OBJECTS = 56

test('an idle connection holds few objects, and nothing of its handshake', async (t) => {
  const server = await started(t, {}, (connection) => connection.onMessage(() => {}))
  const open = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const peer = await rawClient(server.port)
      t.after(() => peer.leave())
      peer.say(upgradeRequest())
      await peer.head()
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    return queryObjects(Object, { format: 'count' })
  }
  await open(MANY) // what is made once is there then
  const before = await open(0)
  const each = ((await open(MANY)) - before) / MANY
  t.diagnostic(`${each} objects`)
  assert.ok(each <= MOST_OBJECTS, `${each} objects`)
})
