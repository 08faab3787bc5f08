// The loop over connections in a world made by hand: its clock jumps, its chance is what the test says, its connections
// are joined in memory. What a network does to it is in `reconnect-network.test.ts`.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import type { ConnectOptions } from '../../src/client/index.ts'
import {
  NODE_WORLD,
  type ReconnectHost,
  type ReconnectOptions,
  type ReconnectTurn,
  type ReconnectUrl,
  type Retry,
  reconnectOn,
} from '../../src/client/reconnect.ts'
import { type Connection, pair } from '../../src/index.ts'
import { HandshakeError, reconnect, TransportError } from '../../src/node.ts'

const URL = 'ws://example.test/'
const HIGHEST = 1 - 2 ** -53 // the largest number below 1
const START = Date.UTC(2030, 0, 1)

/** What becomes of an attempt: a connection, or an error. */
type Outcome = 'open' | Error | (() => Promise<Connection>)

class World implements ReconnectHost {
  clock = 1_000
  chance = HIGHEST
  /** Whether a wait lasts for ever. */
  stands = false
  readonly waits: number[] = []
  readonly requests: { url: string; options: ConnectOptions }[] = []
  readonly clients: Connection[] = []
  /** The other ends. */
  readonly servers: Connection[] = []
  readonly #outcomes: Outcome[]
  #noteWait: () => void = () => {}
  /** Resolved when something is waited for. */
  readonly waiting = new Promise<void>((resolve) => {
    this.#noteWait = resolve
  })

  /** @param outcomes Of each attempt; after the last one, connections. */
  constructor(...outcomes: Outcome[]) {
    this.#outcomes = outcomes
  }

  async connect(url: string | globalThis.URL, options: ConnectOptions): Promise<Connection> {
    this.requests.push({ url: String(url), options })
    options.signal?.throwIfAborted()
    const outcome = this.#outcomes.shift() ?? 'open'
    if (outcome instanceof Error) throw outcome
    return outcome === 'open' ? this.open() : outcome()
  }

  open(): Connection {
    const [client, server] = pair()
    this.clients.push(client)
    this.servers.push(server)
    return client
  }

  now(): number {
    return this.clock
  }

  wallNow(): number {
    return START + this.clock
  }

  random(): number {
    return this.chance
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    this.waits.push(delayMs)
    this.clock += delayMs
    this.#noteWait()
    if (!this.stands) return Promise.resolve()
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  run(options: ReconnectOptions = {}, url: ReconnectUrl = URL) {
    return reconnectOn(this, url, options)
  }
}

/** The next turn, which there has to be. */
async function turn(turns: AsyncGenerator<ReconnectTurn, void, undefined>): Promise<ReconnectTurn> {
  const { done, value } = await turns.next()
  assert.ok(done !== true, 'it ended')
  return value as ReconnectTurn
}

function unreachable(code = 'ECONNREFUSED'): TransportError {
  const cause = Object.assign(new Error(code), { code })
  return new TransportError('CONNECT_FAILED', 'Cannot connect', { phase: 'opening', cause })
}

function refused(status: number, headers: [string, string][] = []): HandshakeError {
  return new HandshakeError('STATUS_NOT_101', { response: { status, statusText: '', headers, body: new Uint8Array() } })
}

/** A signal that knows how many listen to it. */
function watchedSignal(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController()
  const listening = new Set<unknown>()
  const { addEventListener, removeEventListener } = controller.signal
  controller.signal.addEventListener = (...parameters: Parameters<AbortSignal['addEventListener']>) => {
    listening.add(parameters[1])
    addEventListener.apply(controller.signal, parameters)
  }
  controller.signal.removeEventListener = (...parameters: Parameters<AbortSignal['removeEventListener']>) => {
    listening.delete(parameters[1])
    removeEventListener.apply(controller.signal, parameters)
  }
  return { controller, listeners: () => listening.size }
}

// --- turns and gaps ---------------------------------------------------------------------------------------------------

test('the first turn has no gap, also when attempts failed before it', async () => {
  const world = new World(unreachable(), unreachable())
  const turns = world.run()
  const { connection, gap } = await turn(turns)
  assert.equal(connection, world.clients[0])
  assert.equal(gap, undefined)
  await turns.return()
})

test('a gap tells how the connection ended and when, how long it took, and what failed meanwhile', async () => {
  const errors = [unreachable(), refused(503)]
  const world = new World('open', ...errors, 'open')
  const turns = world.run()
  const first = await turn(turns)
  world.clock = 50_000
  await world.servers[0]!.close(1012, 'restart')
  const closeInfo = await first.connection.closed
  world.clock = 50_700 // the body does something else for a while
  const { connection, gap } = await turn(turns)
  assert.equal(connection, world.clients[1])
  assert.deepEqual(world.waits, [500, 1_000, 2_000])
  assert.equal(gap?.closeInfo, closeInfo)
  assert.equal(gap.closeInfo.code, 1012)
  assert.equal(gap.since.getTime(), START + 50_000)
  assert.equal(gap.durationMs, 700 + 500 + 1_000 + 2_000)
  assert.equal(gap.failedAttempts, 2)
  assert.equal(gap.lastError, errors[1])
  await turns.return()
})

test('a gap knows nothing of the gap before it', async () => {
  const world = new World('open', unreachable(), 'open', 'open')
  const turns = world.run()
  await turn(turns)
  await world.servers[0]!.close(1001)
  assert.equal((await turn(turns)).gap?.failedAttempts, 1)
  await world.servers[1]!.close(1013)
  const { gap } = await turn(turns)
  assert.equal(gap?.closeInfo.code, 1013)
  assert.equal(gap.failedAttempts, 0)
  assert.equal(gap.lastError, undefined)
  await turns.return()
})

test('the messages of every connection reach the loop', async () => {
  const world = new World()
  const seen: unknown[] = []
  for await (const { connection } of world.run()) {
    const server = world.servers.at(-1)!
    void server.send(`from ${world.servers.length}`)
    void server.close(world.servers.length === 3 ? 1000 : 1001)
    for await (const message of connection) seen.push(message)
  }
  assert.deepEqual(seen, ['from 1', 'from 2', 'from 3'])
})

test('a send that is rejected because the connection was lost can be caught in the body, and the next turn follows', async () => {
  const world = new World()
  const codes: unknown[] = []
  for await (const { connection, gap } of world.run()) {
    codes.push(gap?.closeInfo.code)
    if (gap !== undefined) break
    world.servers[0]!.terminate()
    await connection.closed
    await assert.rejects(connection.send('late'), { code: 'CONNECTION_CLOSED' })
  }
  assert.deepEqual(codes, [undefined, 1006])
})

// --- leaving ----------------------------------------------------------------------------------------------------------

for (const { title, leave } of [
  { title: 'break', leave: 'break' },
  { title: 'return', leave: 'return' },
  { title: 'throw', leave: 'throw' },
] as const) {
  test(`${title} closes the connection with 1000, waits for its end, and tries nothing more`, async () => {
    const world = new World()
    const loop = async (): Promise<string> => {
      for await (const _ of world.run()) {
        if (leave === 'return') return 'returned'
        if (leave === 'throw') throw new Error('thrown')
        break
      }
      return 'broke'
    }
    const outcome = await loop().catch(({ message }) => message)
    assert.equal(outcome, { break: 'broke', return: 'returned', throw: 'thrown' }[leave])
    assert.equal(world.clients[0]!.readyState, 'closed')
    assert.equal((await world.servers[0]!.closed).code, 1000)
    assert.equal(world.requests.length, 1)
    assert.deepEqual(world.waits, [])
  })
}

test('a body that ends while the connection is open closes it with 1000, and the next one follows after a wait', async () => {
  const world = new World()
  const gaps: unknown[] = []
  for await (const { gap } of world.run()) {
    gaps.push(gap?.closeInfo.code)
    if (gaps.length === 3) break
  }
  assert.deepEqual(gaps, [undefined, 1000, 1000])
  assert.deepEqual(world.waits, [500, 1_000])
  const { code, initiator } = await world.servers[0]!.closed
  assert.deepEqual([code, initiator], [1000, 'remote'])
})

test('the next turn waits for the end of a connection that the body began to close, with the code of the body', async () => {
  const world = new World()
  const turns = world.run()
  const { connection } = await turn(turns)
  void connection.close(4_001)
  const { gap } = await turn(turns)
  assert.equal(gap?.closeInfo.sentCode, 4_001)
  await turns.return()
})

test('the iteration begins with its first turn, and not before', async () => {
  const world = new World()
  const turns = world.run()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(world.requests.length, 0)
  assert.deepEqual(await turns.return(), { done: true, value: undefined })
  assert.deepEqual(await turns.next(), { done: true, value: undefined })
  assert.equal(world.requests.length, 0)
})

test('leaving by return() in the middle of a wait ends both', async () => {
  const world = new World(unreachable())
  world.stands = true
  const turns = world.run()
  const next = turns.next()
  await world.waiting
  assert.deepEqual(await turns.return(), { done: true, value: undefined })
  assert.deepEqual(await next, { done: true, value: undefined })
  assert.equal(world.requests.length, 1)
})

test('leaving by return() in the wait after a lost connection ends both', async () => {
  const world = new World()
  world.stands = true
  const turns = world.run()
  await turn(turns)
  await world.servers[0]!.close(1001)
  const next = turns.next()
  await world.waiting
  assert.deepEqual(await turns.return(), { done: true, value: undefined })
  assert.deepEqual(await next, { done: true, value: undefined })
})

test('leaving by return() while the handshake succeeds closes that connection', async () => {
  let opened: (connection: Connection) => void = () => {}
  const world = new World(() => new Promise((resolve) => (opened = resolve)))
  const turns = world.run()
  const next = turns.next()
  await new Promise((resolve) => setImmediate(resolve))
  const left = turns.return()
  opened(world.open())
  assert.deepEqual(await left, { done: true, value: undefined })
  assert.deepEqual(await next, { done: true, value: undefined })
  assert.equal((await world.servers[0]!.closed).code, 1000)
})

// --- when to try again ------------------------------------------------------------------------------------------------

test('a server that accepts and drops is not hammered: the waits grow', async () => {
  const world = new World()
  const turns = world.run()
  for (let round = 0; round < 8; round++) {
    await turn(turns)
    world.servers[round]!.terminate()
  }
  assert.deepEqual(world.waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
  await turns.return()
})

for (const [lastedMs, wait] of [
  [9_999, 2_000],
  [10_000, 500],
  [10_001, 500],
] as const) {
  test(`a connection that lasted ${lastedMs} ms is followed by a wait of ${wait} ms when resetAfterMs is 10,000`, async () => {
    const world = new World(unreachable(), unreachable(), 'open')
    const turns = world.run({ backoff: { resetAfterMs: 10_000 } })
    const { connection } = await turn(turns)
    world.clock += lastedMs
    await world.servers[0]!.close(1001)
    await connection.closed
    world.clock += 1_000_000 // what the body does afterwards is not the connection's time
    await turn(turns)
    assert.deepEqual(world.waits, [500, 1_000, wait])
    await turns.return()
  })
}

test('without chance there is no wait: even the first retry is drawn', async () => {
  const world = new World('open', unreachable(), 'open')
  world.chance = 0
  const turns = world.run()
  await turn(turns)
  await world.servers[0]!.close(1001)
  await turn(turns)
  assert.deepEqual(world.waits, [0, 0])
  await turns.return()
})

for (const { headers, wait } of [
  { headers: [], wait: 500 },
  { headers: [['Retry-After', '7']], wait: 7_500 },
  { headers: [['retry-after', ' 0 ']], wait: 500 },
  { headers: [['Retry-After', new Date(START + 1_000 + 9_000).toUTCString()]], wait: 9_500 },
  { headers: [['Retry-After', '300']], wait: 300_500 },
  { headers: [['Retry-After', '301']], wait: 300_500 },
  { headers: [['Retry-After', 'later']], wait: 500 },
] as { headers: [string, string][]; wait: number }[]) {
  test(`429 and 503 with ${JSON.stringify(headers)} are waited for ${wait} ms`, async () => {
    for (const status of [429, 503]) {
      const world = new World(refused(status, headers))
      const turns = world.run()
      await turn(turns)
      assert.deepEqual(world.waits, [wait])
      await turns.return()
    }
  })
}

for (const [failures, succeeds] of [
  [2, true],
  [3, false],
  [4, false],
] as const) {
  test(`${failures} failures in a row ${succeeds ? 'are borne' : 'end it with the third error'} when maxAttempts is 3`, async () => {
    const errors = Array.from({ length: failures }, () => unreachable())
    const world = new World('open', ...errors)
    const turns = world.run({ backoff: { maxAttempts: 3 } })
    await turn(turns)
    await world.servers[0]!.close(1001)
    if (succeeds) assert.equal((await turn(turns)).gap?.failedAttempts, failures)
    else await assert.rejects(turns.next(), (error) => error === errors[2])
    assert.equal(world.requests.length, 1 + 3)
    await turns.return()
  })
}

test('maxAttempts counts anew after every connection', async () => {
  const world = new World(unreachable(), 'open', unreachable(), 'open')
  const turns = world.run({ backoff: { maxAttempts: 2 } })
  await turn(turns)
  await world.servers[0]!.close(1001)
  await turn(turns)
  await turns.return()
})

// --- what ends it -----------------------------------------------------------------------------------------------------

test("the peer's 1000 ends the iteration", async () => {
  const world = new World()
  const turns = world.run()
  await turn(turns)
  await world.servers[0]!.close(1000)
  assert.deepEqual(await turns.next(), { done: true, value: undefined })
  assert.equal(world.requests.length, 1)
})

test("the peer's 1008 rejects the iteration", async () => {
  const world = new World()
  const turns = world.run()
  await turn(turns)
  await world.servers[0]!.close(1008)
  await assert.rejects(turns.next(), { name: 'WebSocketError', code: 'NOT_RECONNECTED', closeCode: 1008 })
  assert.deepEqual(await turns.next(), { done: true, value: undefined })
  assert.equal(world.requests.length, 1)
})

test('shouldReconnect is told how every connection ended, and decides against the default, or leaves it', async () => {
  const told: number[] = []
  const verdicts = [true, true, undefined, false]
  const world = new World()
  const turns = world.run({
    shouldReconnect({ code }) {
      told.push(code)
      return verdicts.shift()
    },
  })
  for (const [round, code] of [1000, 1008, 1001].entries()) {
    await turn(turns)
    await world.servers[round]!.close(code)
  }
  await turn(turns)
  await world.servers[3]!.close(1012)
  assert.deepEqual(await turns.next(), { done: true, value: undefined })
  assert.deepEqual(told, [1000, 1008, 1001, 1012])
})

test('an error that a retry does not mend rejects the iteration', async () => {
  for (const error of [refused(401), unreachable('CERT_HAS_EXPIRED'), new TypeError('Invalid URL')]) {
    const world = new World(error)
    await assert.rejects(world.run().next(), (thrown) => thrown === error)
    assert.deepEqual(world.waits, [])
  }
})

test('shouldRetry is told every error with its attempt, and decides against the default, or leaves it', async () => {
  const errors = [refused(401), unreachable(), unreachable()]
  const verdicts = [true, undefined, false]
  const told: [unknown, number][] = []
  const world = new World(...errors)
  const turns = world.run({
    shouldRetry(error, attempt) {
      told.push([error, attempt])
      return verdicts.shift()
    },
  })
  await assert.rejects(turns.next(), (error) => error === errors[2])
  assert.deepEqual(told, [
    [errors[0], 1],
    [errors[1], 2],
    [errors[2], 3],
  ])
})

test('a decision that is a promise is a mistake, not a yes', async () => {
  const retry = new World(unreachable())
  await assert.rejects(retry.run({ shouldRetry: (async () => false) as never }).next(), TypeError)
  const again = new World()
  const turns = again.run({ shouldReconnect: (async () => false) as never })
  await turn(turns)
  await again.servers[0]!.close(1001)
  await assert.rejects(turns.next(), TypeError)
})

test('onRetry is told before every wait, of a gap too that never ends', async () => {
  const errors = [unreachable(), unreachable()]
  const world = new World('open', ...errors)
  const told: Retry[] = []
  const turns = world.run({
    onRetry(retry) {
      assert.equal(world.waits.length, told.length)
      told.push(retry)
    },
    backoff: { maxAttempts: 2 },
  })
  await turn(turns)
  await world.servers[0]!.close(1001)
  const closeInfo = await world.clients[0]!.closed
  world.clock += 5 // the body does something else
  await assert.rejects(turns.next(), (error) => error === errors[1])
  const since = new Date(START + 1_000)
  assert.deepEqual(told, [
    { attempt: 1, delayMs: 500, error: undefined, closeInfo, since },
    { attempt: 2, delayMs: 1_000, error: errors[0], closeInfo, since },
  ])
})

test('onRetry is told by a program that never gets through at all', async () => {
  const error = unreachable()
  const world = new World(error, unreachable())
  const told: Retry[] = []
  const turns = world.run({ onRetry: (retry) => void told.push(retry), backoff: { maxAttempts: 2 } })
  await assert.rejects(turns.next(), TransportError)
  assert.deepEqual(told, [{ attempt: 2, delayMs: 500, error, closeInfo: undefined, since: new Date(START + 1_000) }])
})

test('onRetry vetoes with false: the iteration ends, without a wait and without an error', async () => {
  const failed = new World(unreachable())
  assert.equal((await failed.run({ onRetry: () => false }).next()).done, true)
  assert.deepEqual(failed.waits, [])
  const lost = new World()
  const turns = lost.run({ onRetry: () => false })
  await turn(turns)
  await lost.servers[0]!.close(1001)
  assert.equal((await turns.next()).done, true)
  assert.deepEqual([lost.waits, lost.requests.length], [[], 1])
})

test('what the functions of the application throw rejects the iteration', async () => {
  const error = new Error('a bug')
  const fail = (): never => {
    throw error
  }
  const isThat = (thrown: unknown): boolean => thrown === error
  await assert.rejects(new World(unreachable()).run({ onRetry: fail }).next(), isThat)
  await assert.rejects(new World(unreachable()).run({ shouldRetry: fail }).next(), isThat)
  await assert.rejects(new World().run({ headers: fail }).next(), isThat)
  await assert.rejects(new World().run({}, fail).next(), isThat)
  await assert.rejects(new World().run({}, () => Promise.reject(error)).next(), isThat)
  const world = new World()
  const turns = world.run({ shouldReconnect: fail })
  await turn(turns)
  await world.servers[0]!.close(1001)
  await assert.rejects(turns.next(), isThat)
})

// --- what is asked before every attempt -------------------------------------------------------------------------------

test('url and headers may be functions, asked before every attempt', async () => {
  let tokens = 0
  const world = new World(unreachable(), 'open', 'open')
  const turns = world.run({ headers: async () => ({ Authorization: `Bearer ${tokens}` }) }, () => `${URL}${++tokens}`)
  await turn(turns)
  await world.servers[0]!.close(1001)
  await turn(turns)
  assert.deepEqual(
    world.requests.map(({ url, options }) => [url, options.headers]),
    [1, 2, 3].map((token) => [`${URL}${token}`, { Authorization: `Bearer ${token}` }]),
  )
  await turns.return()
})

test('what url throws is tried again if shouldRetry says so', async () => {
  let asked = 0
  const world = new World()
  const turns = world.run({ shouldRetry: () => true }, () => {
    if (++asked === 1) throw new Error('no token')
    return URL
  })
  await turn(turns)
  assert.deepEqual([asked, world.waits], [2, [500]])
  await turns.return()
})

test('headers and url are read once, also those that can be read only once, and later changes are no matter', async () => {
  const record: Record<string, string> = { A: '1' }
  const url = new globalThis.URL(URL)
  function* pairs(): Generator<[string, string]> {
    yield ['A', '1']
  }
  for (const [headers, expected] of [
    [pairs(), [['A', '1']]],
    [record, { A: '1' }],
  ] as const) {
    const world = new World(unreachable(), unreachable())
    const turns = world.run({ headers }, url)
    record['A'] = '2'
    url.pathname = '/other'
    await turn(turns)
    for (const request of world.requests) {
      assert.deepEqual(request.options.headers, expected)
      assert.equal(request.url, URL)
    }
    assert.equal(world.requests.length, 3)
    await turns.return()
    record['A'] = '1'
    url.pathname = '/'
  }
})

test('the other options reach connect; keepalive is on unless it is false', async () => {
  for (const [keepalive, expected] of [
    [undefined, {}],
    [{ pingIntervalMs: 5 }, { pingIntervalMs: 5 }],
    [false, false],
  ] as const) {
    const world = new World()
    const turns = world.run({
      subprotocols: ['a'],
      origin: 'https://a.test',
      handshakeTimeoutMs: 5,
      limits: { maxMessageBytes: 5 },
      backpressure: 'drop',
      keepalive,
      backoff: {},
      shouldRetry: () => undefined,
      shouldReconnect: () => undefined,
      onRetry: () => {},
    })
    await turn(turns)
    const { signal, ...options } = world.requests[0]!.options
    assert.ok(signal instanceof AbortSignal)
    assert.deepEqual(options, {
      subprotocols: ['a'],
      origin: 'https://a.test',
      handshakeTimeoutMs: 5,
      limits: { maxMessageBytes: 5 },
      backpressure: 'drop',
      keepalive: expected,
      headers: undefined,
    })
    await turns.return()
  }
})

// --- the signal -------------------------------------------------------------------------------------------------------

test('a signal that has aborted: nothing is tried', async () => {
  const world = new World()
  const reason = new Error('stop')
  await assert.rejects(world.run({ signal: AbortSignal.abort(reason) }).next(), (error) => error === reason)
  assert.equal(world.requests.length, 0)
})

for (const { title, prepare } of [
  {
    title: 'in a wait',
    prepare: () => {
      const world = new World(unreachable())
      world.stands = true
      return { world, url: URL, reached: world.waiting }
    },
  },
  {
    title: 'in onRetry',
    prepare: () => ({ world: new World(unreachable(), unreachable()), url: URL, reached: undefined }),
  },
  {
    title: 'while url is asked',
    prepare: () => ({ world: new World(), url: () => new Promise<string>(() => {}), reached: Promise.resolve() }),
  },
  {
    title: 'in an attempt',
    prepare: () => {
      const attempt: Outcome = () =>
        new Promise((_, reject) => {
          const { signal } = world.requests[0]!.options
          signal!.addEventListener('abort', () => reject(signal!.reason), { once: true })
        })
      const world = new World(attempt)
      return { world, url: URL, reached: Promise.resolve() }
    },
  },
] as { title: string; prepare: () => { world: World; url: ReconnectUrl; reached: Promise<void> | undefined } }[]) {
  test(`the signal ends it ${title}, and nobody listens to it any more`, async () => {
    const { controller, listeners } = watchedSignal()
    const { world, url, reached } = prepare()
    const reason = new Error('stop')
    const onRetry = reached === undefined ? () => controller.abort(reason) : undefined
    const asked: unknown[] = []
    const shouldRetry = (error: unknown): undefined => void asked.push(error)
    const turns = world.run({ signal: controller.signal, onRetry, shouldRetry }, url)
    const next = turns.next()
    assert.equal(listeners(), 1)
    void reached?.then(() => setImmediate(() => controller.abort(reason)))
    await assert.rejects(next, (error) => error === reason)
    assert.equal(listeners(), 0)
    assert.deepEqual(await turns.next(), { done: true, value: undefined })
    assert.ok(world.requests.length <= 1)
    assert.ok(!asked.includes(reason)) // it is no failure of an attempt
  })
}

test('a signal that aborts while url answers is not missed', async () => {
  const controller = new AbortController()
  const url = (): Promise<string> => {
    controller.abort()
    return new Promise(() => {})
  }
  await assert.rejects(new World().run({ signal: controller.signal }, url).next(), { name: 'AbortError' })
})

test('however many turns and waits there are, nothing piles up at the signal of the attempts', async () => {
  const world = new World(unreachable(), 'open', unreachable(), 'open')
  world.sleep = (_, signal) => NODE_WORLD.sleep(0, signal)
  const turns = world.run({ headers: async () => ({}) }, async () => URL)
  for (let round = 0; round < 5; round++) {
    await turn(turns)
    const { signal } = world.requests[0]!.options
    assert.equal(getEventListeners(signal!, 'abort').length, 1) // what closes this connection
    await world.servers[round]!.close(1001)
  }
  await turns.return()
  assert.equal(getEventListeners(world.requests[0]!.options.signal!, 'abort').length, 0)
})

test('the signal closes the connection with 1000, and the loop rejects with its reason', async () => {
  const { controller, listeners } = watchedSignal()
  const reason = new Error('stop')
  const world = new World()
  const loop = async (): Promise<void> => {
    for await (const { connection } of world.run({ signal: controller.signal })) {
      setImmediate(() => controller.abort(reason))
      for await (const _ of connection);
    }
  }
  await assert.rejects(loop(), (error) => error === reason)
  assert.equal((await world.servers[0]!.closed).code, 1000)
  assert.equal(listeners(), 0)
  assert.equal(world.requests.length, 1)
})

test('the signal is not kept waiting by a peer that does not answer the Close frame', async () => {
  const { controller, listeners } = watchedSignal()
  const world = new World()
  const turns = world.run({ signal: controller.signal })
  const { connection } = await turn(turns)
  void world.servers[0]!.messages() // a reader that asks for nothing: behind a message, no Close frame is seen
  void connection.send('unread')
  await new Promise((resolve) => setImmediate(resolve))
  const next = turns.next()
  setImmediate(() => controller.abort())
  await assert.rejects(next, { name: 'AbortError' })
  assert.equal(connection.readyState, 'closing')
  assert.equal(listeners(), 0)
  connection.terminate()
})

test('after break, too, the signal ends the wait for the Close frame, and break stays without an error', async () => {
  const controller = new AbortController()
  const world = new World()
  for await (const { connection } of world.run({ signal: controller.signal })) {
    void world.servers[0]!.messages()
    void connection.send('unread')
    await new Promise((resolve) => setImmediate(resolve))
    setImmediate(() => controller.abort())
    break
  }
  world.clients[0]!.terminate()
})

test('whoever leaves leaves nobody listening to the signal', async () => {
  const { controller, listeners } = watchedSignal()
  const options = { signal: controller.signal }
  for await (const _ of new World().run(options)) break
  assert.equal(listeners(), 0)
  const closed = new World()
  for await (const _ of closed.run(options)) await closed.servers[0]!.close(1000)
  assert.equal(listeners(), 0)
  await assert.rejects(new World(refused(401)).run(options).next())
  assert.equal(listeners(), 0)
})

// --- options that are wrong -------------------------------------------------------------------------------------------

for (const { options, error } of [
  { options: null, error: TypeError },
  { options: [], error: TypeError },
  { options: { backoff: null }, error: TypeError },
  { options: { backoff: { delayMs: 5 } }, error: TypeError },
  { options: { backoff: { initialDelayMs: 0 } }, error: RangeError },
  { options: { shouldRetry: true }, error: TypeError },
  { options: { shouldReconnect: 'yes' }, error: TypeError },
  { options: { onRetry: null }, error: TypeError },
  { options: { limits: { maxMessageBytes: -1 } }, error: RangeError },
  { options: { keepalive: { pingIntervalMs: 0 } }, error: RangeError },
]) {
  test(`reconnect with ${JSON.stringify(options)} is a ${error.name} at once`, () => {
    assert.throws(() => reconnect(URL, options as never), error)
  })
}

test('options that connect does not know reject the first turn, and nothing is tried again', async () => {
  const unknown = { shouldRetryy: () => true, shouldReconnect: undefined }
  await assert.rejects(reconnect(URL, unknown as never).next(), { name: 'TypeError', message: /shouldRetryy/ })
  await assert.rejects(reconnect('ftp://example.test').next(), TypeError)
  await assert.rejects(reconnect(URL, { handshakeTimeoutMs: 0 }).next(), RangeError)
})
