// The hosts of Node and of the web: clock, timers, turns, randomness and errors, on the runtime that runs this.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../src/connection/index.ts'
import { nodeHost } from '../../src/transport/node/index.ts'
import { webHost } from '../../src/transport/web/index.ts'

/** The host of a runtime that has no `setImmediate`, as browsers have none. */
async function browserHost(): Promise<Host> {
  const { setImmediate } = globalThis
  Reflect.deleteProperty(globalThis, 'setImmediate')
  const { href } = new URL('../../src/transport/web/host.js?browser', import.meta.url)
  const { webHost } = (await import(href)) as { webHost: Host }
  globalThis.setImmediate = setImmediate
  return webHost
}

for (const { name, host } of [
  { name: 'nodeHost', host: nodeHost },
  { name: 'webHost', host: webHost },
  { name: 'webHost in a browser', host: await browserHost() },
]) {
  test(`${name}: the clock goes on`, async () => {
    const start = host.now()
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.ok(host.now() - start >= 4)
  })

  test(`T-78: ${name}: a timer fires once, unless it is cleared, and does not keep the process alive`, async () => {
    const fired: string[] = []
    const timer = host.setTimer(1, () => fired.push('set'))
    assert.equal((timer as NodeJS.Timeout).hasRef(), false)
    host.clearTimer(host.setTimer(1, () => fired.push('cleared')))
    host.clearTimer(undefined)
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual(fired, ['set'])
  })

  test(`${name}: a delay longer than a timer can count is not a short one`, async () => {
    const warnings: Error[] = []
    const note = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', note)
    const fired: string[] = []
    const timers = [2 ** 31, Number.POSITIVE_INFINITY].map((delay) => host.setTimer(delay, () => fired.push('early')))
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const timer of timers) host.clearTimer(timer)
    process.off('warning', note)
    assert.deepEqual([fired, warnings], [[], []])
  })

  test(`${name}: what is deferred runs after everything that promises make happen in the turn`, async () => {
    const order: string[] = []
    const happened = new Promise<void>((resolve) => {
      setImmediate(() => {
        host.defer(() => {
          order.push('deferred')
          resolve()
        })
        void (async () => {
          for (let i = 0; i < 10; i++) await null
          order.push('promises')
        })()
        order.push('now')
      })
    })
    await happened
    assert.deepEqual(order, ['now', 'promises', 'deferred'])
  })

  test(`T-65: ${name}: random numbers are 32 bits wide and not used twice, from one block to the next`, () => {
    const drawn = Array.from({ length: 600 }, () => host.randomUint32())
    for (const value of drawn) assert.ok(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff)
    assert.ok(new Set(drawn).size >= 598) // two equal ones by chance are rarer than one run in ten thousand
    assert.ok(drawn.some((value) => value > 0x8000_0000))
  })

  test(`T-95: ${name}: a reported error is an uncaught exception, later`, async () => {
    const error = new Error('application')
    const caught = new Promise((resolve) => {
      // The test runner listens too; its listeners are put aside meanwhile.
      const others = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      process.once('uncaughtException', (uncaught) => {
        for (const other of others) process.on('uncaughtException', other)
        resolve(uncaught)
      })
    })
    host.reportError(error, { close: () => Promise.resolve() })
    assert.equal(await caught, error)
  })
}
