// What is put off to the end of the turn: in its order, behind what promises make happen, whatever else of it throws.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TurnEnd } from '../../../src/transport/node/turn-end.ts'
import { runModule } from '../../support/programs.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('what is added runs in its order, once, at the end of the turn and never from inside the call', async () => {
  const turnEnd = new TurnEnd()
  const told: string[] = []
  for (const name of ['a', 'b', 'c']) turnEnd.add(() => told.push(name))
  assert.equal(told.length, 0)
  await nextTurn()
  assert.deepEqual(told, ['a', 'b', 'c'])
  await nextTurn()
  assert.deepEqual(told, ['a', 'b', 'c'])
  turnEnd.add(() => told.push('again'))
  await nextTurn()
  assert.deepEqual(told, ['a', 'b', 'c', 'again'])
})

test('the same is run as often as it was added', async () => {
  const turnEnd = new TurnEnd()
  let runs = 0
  const run = () => runs++
  turnEnd.add(run)
  turnEnd.add(run)
  await nextTurn()
  assert.equal(runs, 2)
})

test('the end comes behind all that promises make happen in the turn, and before the next', async () => {
  const turnEnd = new TurnEnd()
  const told: string[] = []
  const turned = new Promise<void>((resolve) =>
    setImmediate(() => {
      setImmediate(() => {
        told.push('next turn')
        resolve()
      })
      turnEnd.add(() => told.push('end'))
      process.nextTick(() => told.push('tick'))
      void (async () => {
        for (let i = 0; i < 5; i++) await undefined
        told.push('promise')
      })()
    }),
  )
  await turned
  assert.deepEqual(told.toSorted(), ['end', 'next turn', 'promise', 'tick'])
  assert.ok(told.indexOf('promise') < told.indexOf('end'), told.join())
  assert.equal(told.at(-1), 'next turn')
})

test('what is added meanwhile comes in a later round, before the next turn', async () => {
  const turnEnd = new TurnEnd()
  const told: string[] = []
  turnEnd.add(() => {
    told.push('a')
    turnEnd.add(() => told.push('of a'))
    queueMicrotask(() => told.push('promise of a'))
  })
  turnEnd.add(() => told.push('b'))
  await nextTurn()
  assert.deepEqual(told, ['a', 'b', 'promise of a', 'of a'])
})

test('one that throws does not keep the others from their turn, and its error is not lost', async () => {
  const { href } = new URL('../../../src/transport/node/turn-end.js', import.meta.url)
  const { code, stdout, stderr } = await runModule(
    `import { TurnEnd } from ${JSON.stringify(href)}
     const told = []
     const errors = []
     process.on('uncaughtException', (error) => errors.push(error.message))
     const turnEnd = new TurnEnd()
     turnEnd.add(() => told.push('a'))
     turnEnd.add(() => {
       turnEnd.add(() => told.push('of one that throws'))
       throw new Error('first')
     })
     turnEnd.add(() => told.push('b'))
     turnEnd.add(() => { throw new Error('second') })
     turnEnd.add(() => told.push('c'))
     setTimeout(() => console.log(JSON.stringify({ told, errors })), 20)`,
  )
  assert.equal(code, 0, stderr)
  const { told, errors } = JSON.parse(stdout) as { told: string[]; errors: string[] }
  assert.deepEqual(
    told.filter((name) => name.length === 1),
    ['a', 'b', 'c'],
  )
  assert.equal(told.filter((name) => name === 'of one that throws').length, 1)
  assert.deepEqual(errors, ['first', 'second'])
})
