// Work that takes its time, one slice in each turn of the event loop.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkQueue } from '../../src/connection/index.ts'

/** Turns in the hands of the test. */
class Turns {
  readonly waiting: (() => void)[] = []
  time = 0
  readonly queue = new WorkQueue(
    (callback) => this.waiting.push(callback),
    () => this.time,
  )

  /** Another turn begins. @returns whether there was something to do. */
  next(): boolean {
    const callback = this.waiting.shift()
    callback?.()
    return callback !== undefined
  }
}

test('one that waits has its turn, and no other, in the order in which they came', () => {
  const turns = new Turns()
  const done: string[] = []
  for (const name of ['a', 'b', 'c']) turns.queue.add(() => done.push(name))
  assert.deepEqual(done, [])
  for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
    assert.equal(turns.waiting.length, 1)
    assert.equal(turns.next(), true)
    assert.deepEqual(done, expected)
  }
  assert.equal(turns.next(), false)
})

test('nothing is scheduled while nothing waits', () => {
  const turns = new Turns()
  assert.equal(turns.waiting.length, 0)
  let done = 0
  for (let round = 1; round <= 3; round++) {
    turns.queue.add(() => done++)
    assert.equal(turns.waiting.length, 1)
    turns.next()
    assert.deepEqual([done, turns.waiting.length], [round, 0])
  }
})

test('who goes on waits behind those who came meanwhile: a hundred that take long all have their turns', () => {
  const turns = new Turns()
  const done: string[] = []
  const work = (name: string, slices: number): void => {
    done.push(name)
    if (slices > 1) turns.queue.add(() => work(name, slices - 1))
  }
  turns.queue.add(() => work('a', 3))
  turns.queue.add(() => work('b', 2))
  turns.next()
  turns.queue.add(() => work('c', 2))
  while (turns.next());
  assert.deepEqual(done, ['a', 'b', 'a', 'c', 'b', 'a', 'c'])
})

test('what is thrown goes the usual way, and the others have their turns all the same', () => {
  const turns = new Turns()
  const done: string[] = []
  turns.queue.add(() => {
    throw new Error('first')
  })
  turns.queue.add(() => done.push('second'))
  turns.queue.add(() => {
    throw new Error('third')
  })
  assert.throws(() => turns.next(), /^Error: first$/)
  assert.equal(turns.next(), true)
  assert.deepEqual(done, ['second'])
  assert.throws(() => turns.next(), /^Error: third$/)
  assert.equal(turns.next(), false)
  turns.queue.add(() => done.push('fourth'))
  assert.equal(turns.next(), true)
  assert.deepEqual(done, ['second', 'fourth'])
})

test('the same work may wait twice', () => {
  const turns = new Turns()
  let done = 0
  const work = (): void => {
    done++
  }
  turns.queue.add(work)
  turns.queue.add(work)
  while (turns.next());
  assert.equal(done, 2)
})

test('slices may follow one another for 5 ms of a turn, whoever does them, and again in the next', () => {
  const turns = new Turns()
  turns.time = 100
  for (const [time, may] of [
    [100, true],
    [104.9, true],
    [105, false],
    [200, false], // it is still the same turn
  ] as const) {
    turns.time = time
    assert.equal(turns.queue.mayWork(), may, `at ${time}`)
  }
  assert.equal(turns.waiting.length, 1)
  turns.next()
  assert.equal(turns.queue.mayWork(), true)
})
