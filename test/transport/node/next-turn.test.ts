// Turns of the event loop: whoever works in one after the other must leave room for input and output.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTurn } from '../../../src/transport/node/next-turn.ts'
import { socketPair } from '../../support/sockets.ts'

test('T-79: input and output have their turn between those of whoever always has more to do', async () => {
  const { near, far, server } = await socketPair()
  far.on('data', (bytes) => far.write(bytes))
  let turns = 0
  let isDone = false
  const work = (): void => {
    turns++
    const start = performance.now()
    while (performance.now() - start < 2);
    if (!isDone) nextTurn(work)
  }
  work()
  for (let i = 0; i < 10; i++) {
    near.write('x')
    await new Promise((resolve) => near.once('data', resolve))
  }
  isDone = true
  assert.ok(turns < 200, `${turns} turns for ten answers`)
  near.destroy()
  far.destroy()
  server.close()
})

test('a turn is neither this one nor one of its microtasks, and turns come in order', async () => {
  const order: string[] = []
  await new Promise<void>((resolve) => {
    nextTurn(() => order.push('first'))
    nextTurn(() => {
      order.push('second')
      resolve()
    })
    queueMicrotask(() => order.push('microtask'))
    order.push('this turn')
  })
  assert.deepEqual(order, ['this turn', 'microtask', 'first', 'second'])
})
