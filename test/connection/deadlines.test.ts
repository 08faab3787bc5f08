import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AWAKE, Deadlines, type Sleeper } from '../../src/connection/deadlines.ts'
import { ScriptedHost } from '../support/scripted-stream.ts'

interface Named extends Sleeper {
  readonly name: number
}

function sleepers(count: number, woken: (sleeper: Named) => void): Named[] {
  return Array.from({ length: count }, (_, name) => ({
    ...AWAKE,
    name,
    handleDeadline() {
      woken(this)
    },
  }))
}

test('each is woken once at its time, in order, by one timer', () => {
  const host = new ScriptedHost()
  const deadlines = Deadlines.of(host)
  assert.equal(Deadlines.of(host), deadlines)
  const woken: [name: number, at: number][] = []
  const all = sleepers(5, ({ name }) => woken.push([name, host.time]))
  for (const [i, after] of [50, 10, 40, 10, 30].entries()) deadlines.add(all[i]!, host.time + after)
  assert.equal(host.timers.size, 1)
  deadlines.remove(all[4]!)
  deadlines.remove(all[4]!)
  host.advance(39)
  deadlines.add(all[0]!, host.time + 500) // later than it is woken anyway
  host.advance(100)
  assert.deepEqual(
    woken.map(([name, at]) => [name, at - 1_000]),
    [
      [1, 10],
      [3, 10],
      [2, 40],
      [0, 50],
    ],
  )
  assert.equal(host.timers.size, 0)
})

test('one that throws keeps nobody else asleep', () => {
  const host = new ScriptedHost()
  const deadlines = Deadlines.of(host)
  const woken: number[] = []
  const all = sleepers(2, ({ name }) => {
    woken.push(name)
    if (name === 0) throw new Error('of the application')
  })
  for (const sleeper of all) deadlines.add(sleeper, host.time + 1 + sleeper.name)
  host.time += 5
  const [timer] = host.timers
  host.timers.clear()
  assert.throws(timer!.callback, { message: 'of the application' })
  host.advance(1)
  assert.deepEqual(woken, [0, 1])
})

test('who is woken may sleep again, and a timer that fires too early is set again', () => {
  const host = new ScriptedHost()
  const deadlines = Deadlines.of(host)
  const times: number[] = []
  const [sleeper] = sleepers(1, (woken) => {
    times.push(host.time - 1_000)
    if (times.length < 3) deadlines.add(woken, host.time + 10)
  })
  deadlines.add(sleeper!, host.time + 10)
  const [early] = host.timers
  host.timers.clear()
  early!.callback()
  host.advance(100)
  assert.deepEqual(times, [10, 20, 30])
})

test('any number of deadlines that come, move and go are kept in order, as in a sorted list', () => {
  const host = new ScriptedHost()
  const deadlines = Deadlines.of(host)
  const list = new Map<number, number>()
  const all = sleepers(60, ({ name }) => {
    assert.equal(list.get(name), Math.min(...list.values()))
    assert.ok(list.get(name)! <= host.time)
    list.delete(name)
  })
  let seed = 1
  const random = (below: number): number => {
    seed = Math.imul(seed, 48_271) >>> 0
    return seed % below
  }
  for (let step = 0; step < 5_000; step++) {
    const sleeper = all[random(all.length)]!
    const at = host.time + random(200)
    if (random(4) === 0) {
      deadlines.remove(sleeper)
      list.delete(sleeper.name)
    } else {
      deadlines.add(sleeper, at)
      list.set(sleeper.name, Math.min(at, list.get(sleeper.name) ?? at))
    }
    assert.equal(sleeper.place >= 0, list.has(sleeper.name))
    if (random(5) === 0) host.advance(random(20))
    for (const at of list.values()) assert.ok(at >= host.time)
  }
  host.advance(1_000)
  assert.equal(list.size, 0)
})
