// The queue of operations: first in, first out, and nothing kept of what is out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from '../../src/codec/fifo.ts'

test('items come out in the order in which they went in', () => {
  const fifo = new Fifo<number>()
  assert.deepEqual([fifo.length, fifo.first, [...fifo]], [0, undefined, []])
  for (const item of [1, 2, 3]) fifo.push(item)
  assert.deepEqual([fifo.length, fifo.first, [...fifo]], [3, 1, [1, 2, 3]])
  fifo.shift()
  assert.deepEqual([fifo.length, fifo.first, [...fifo]], [2, 2, [2, 3]])
  fifo.shift()
  fifo.shift()
  assert.deepEqual([fifo.length, fifo.first, [...fifo]], [0, undefined, []])
  fifo.push(4)
  assert.deepEqual([fifo.length, fifo.first, [...fifo]], [1, 4, [4]])
})

test('what goes in while the first is out is behind what was left', () => {
  const fifo = new Fifo<number>()
  for (const item of [1, 2, 3]) fifo.push(item)
  fifo.shift()
  fifo.push(4)
  assert.deepEqual([fifo.length, fifo.first, [...fifo]], [3, 2, [2, 3, 4]])
})
