// The fast ways of sockets beside the plain ones: whatever is written, read, paused, ended and broken, in pieces of any size,
// both sides hear the same. Elsewhere than on Node all sockets go the plain ways.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { ByteStreamListener } from '../../../src/connection/index.ts'
import { SocketStream } from '../../../src/transport/node/index.ts'
import { testByteStream } from '../../contract/byte-stream.ts'
import { forcePlain, IS_NODE } from '../../support/socket-ways.ts'
import { socketPair } from '../../support/sockets.ts'

testByteStream(
  'SocketStream over TCP the plain way',
  async () => {
    const { near, far, server } = await socketPair()
    return {
      near: new SocketStream(forcePlain(near)),
      far: new SocketStream(forcePlain(far)),
      close: async () => {
        near.destroy()
        far.destroy()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  },
  { backpressure: true },
)

/** One side: what it hears, and whether it is told only what it may be, when it may be. */
class Side implements ByteStreamListener {
  readonly stream: SocketStream
  readonly socket: Socket
  readonly told: string[] = []
  byteCount = 0
  drainedCount = 0
  directWrites = 0
  /** Whether it was cut off: how much it had read by then, and what it heard of the end, is a matter of chance. */
  isCutOff = false
  readonly #hash = createHash('sha256')
  #isCalling = false
  #wake: () => void = () => {}

  constructor(socket: Socket, isPlain: boolean) {
    this.socket = isPlain ? forcePlain(socket) : socket
    this.stream = new SocketStream(socket)
    this.stream.attach(this)
  }

  /** Calls the stream; nothing may be told meanwhile. */
  call<Result>(what: (stream: SocketStream) => Result): Result {
    this.#isCalling = true
    const result = what(this.stream)
    this.#isCalling = false
    return result
  }

  write(vectors: readonly Uint8Array[]): boolean {
    const before = this.stream.bufferedBytes
    const hasLeft = this.call((stream) => stream.write(vectors))
    const after = this.stream.bufferedBytes
    if (hasLeft) {
      this.directWrites++
      assert.deepEqual([before, after], [0, 0], 'what has left does not wait, nor does anything before it')
    } else if (!this.socket.destroyed) {
      assert.ok(after <= before + lengthOf(vectors))
    }
    return hasLeft
  }

  received(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    bytes.fill(0xee)
    this.byteCount += bytes.length
    this.#tell()
  }

  drained(): void {
    this.drainedCount++
    this.#tell()
  }

  ended(error?: unknown): void {
    const { code } = (error ?? {}) as { code?: string }
    this.told.push(code === undefined ? 'ended' : `ended ${code === 'EPIPE' ? 'ECONNRESET' : code}`)
    this.#tell()
  }

  closed(): void {
    this.told.push('closed')
    this.#tell()
  }

  async until(condition: (side: Side) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** What it has heard. */
  get transcript(): unknown {
    if (this.isCutOff) return 'cut off'
    return { bytes: this.byteCount, hash: this.#hash.copy().digest('hex'), told: this.told }
  }

  #tell(): void {
    assert.equal(this.#isCalling, false, 'told from inside a call')
    this.#wake()
  }
}

const lengthOf = (vectors: readonly Uint8Array[]): number => vectors.reduce((sum, { length }) => sum + length, 0)

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Sides {
  near: Side
  far: Side
}

/** Both sides of a pair go their ways, and say what they heard. */
async function talk(
  plain: readonly [near: boolean, far: boolean],
  what: (sides: Sides) => Promise<void>,
): Promise<Sides> {
  const pair = await socketPair()
  const sides = { near: new Side(pair.near, plain[0]), far: new Side(pair.far, plain[1]) }
  await what(sides)
  for (const side of [sides.near, sides.far]) await side.until(({ told }) => told.includes('closed'))
  pair.server.close()
  return sides
}

const WAYS = [
  [false, false],
  [false, true],
  [true, false],
] as const

/** The far side resets the connection: what waited to leave has not, and the near side is told of the end once, with its code. */
async function resetWhileWaiting(near: Side, far: Side): Promise<void> {
  const { drainedCount } = near
  far.socket.resetAndDestroy()
  await near.until(({ told }) => told.includes('closed'))
  assert.equal(near.drainedCount, drainedCount)
  assert.deepEqual(near.told, ['ended ECONNRESET', 'closed'])
  far.isCutOff = true
}

/** The same over all ways: what both sides hear is what they hear the plain way. */
async function compare(name: string, what: (sides: Sides) => Promise<void>): Promise<void> {
  const plain = await talk([true, true], what)
  assert.equal(plain.near.directWrites + plain.far.directWrites, 0)
  for (const way of WAYS) {
    const sides = await talk(way, what)
    assert.deepEqual(
      [sides.near.transcript, sides.far.transcript],
      [plain.near.transcript, plain.far.transcript],
      `${name}, plain: ${way.join()}`,
    )
    for (const [side, isPlain] of [
      [sides.near, way[0]],
      [sides.far, way[1]],
    ] as const) {
      if (isPlain || !IS_NODE) assert.equal(side.directWrites, 0, 'the plain way')
    }
  }
}

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * end)
  }
}

const MOST_BYTES = 2_097_152
const noise = numbers(1)
const BYTES = Uint8Array.from({ length: MOST_BYTES + 1_000 }, () => noise(256))

/** One to forty pieces, from one byte to 2 MiB all together. */
function vectorsOf(below: (end: number) => number): Uint8Array[] {
  const most = [10, 300, 5_000, 100_000, MOST_BYTES][[0, 0, 0, 1, 1, 1, 2, 2, 3, 4][below(10)]!]!
  const count = below(3) === 0 ? 1 + below(40) : 1 + below(3)
  return Array.from({ length: count }, () => {
    const start = below(1_000)
    return BYTES.slice(start, start + 1 + below(Math.ceil(most / count)))
  })
}

/** Writes, pauses and turns on both sides, in an order that only the seed decides; then both ends, one after the other. */
async function converse(seed: number, { near, far }: Sides): Promise<void> {
  const below = numbers(seed)
  let toFar = 0
  let toNear = 0
  for (let step = 0; step < 60; step++) {
    const [side, other] = below(3) > 0 ? [near, far] : [far, near]
    switch (below(8)) {
      case 0:
        other.call((stream) => stream.pause())
        break
      case 1:
        other.call((stream) => stream.resume())
        break
      case 2:
        for (let turns = below(4); turns >= 0; turns--) await nextTurn()
        break
      default: {
        const vectors = vectorsOf(below)
        side.write(vectors)
        if (side === near) toFar += lengthOf(vectors)
        else toNear += lengthOf(vectors)
      }
    }
  }
  const [first, second] = below(2) === 0 ? [near, far] : [far, near]
  first.call((stream) => stream.end())
  for (const side of [near, far]) side.call((stream) => stream.resume())
  await second.until(({ told }) => told.includes('ended'))
  await near.until(({ byteCount }) => byteCount === toNear)
  await far.until(({ byteCount }) => byteCount === toFar)
  for (let i = 0; i < 3; i++) second.write(vectorsOf(below)) // its half is open
  second.call((stream) => stream.end())
}

test('what one side sends the other hears, whichever way they go', { timeout: 60_000 }, async (t) => {
  let direct = 0
  for (let seed = 1; seed <= 12; seed++) {
    await compare(`seed ${seed}`, async (sides) => {
      await converse(seed, sides)
      direct += sides.near.directWrites + sides.far.directWrites
    })
  }
  t.diagnostic(`${direct} direct writes`)
  assert.equal(direct > 100, IS_NODE)
})

test('what the kernel does not take waits, is counted, and leaves in order before what comes behind it', async () => {
  await compare('a full kernel', async ({ near, far }) => {
    near.write([BYTES.subarray(0, 1)])
    await near.until(({ drainedCount, directWrites }) => drainedCount + directWrites > 0)
    far.call((stream) => stream.pause())
    let sent = 1
    const block = BYTES.subarray(0, 1_048_576)
    for (let i = 0; i < 24; i++) {
      near.write([block.subarray(i), block.subarray(0, i + 1)])
      sent += 1_048_577
    }
    const { drainedCount } = near
    await nextTurn()
    assert.ok(near.stream.bufferedBytes > 0, 'everything has left')
    for (let i = 0; i < 50; i++) {
      assert.equal(near.write([BYTES.subarray(i, i + 1 + i), BYTES.subarray(1, 3)]), false)
      sent += i + 3
    }
    assert.ok(near.stream.bufferedBytes <= sent)
    far.call((stream) => stream.resume())
    await near.until(({ stream }) => stream.bufferedBytes === 0)
    assert.ok(near.drainedCount > drainedCount, 'drained was not told')
    await nextTurn()
    near.write([BYTES.subarray(7, 9)]) // directly again
    await far.until(({ byteCount }) => byteCount === sent + 2)
    near.call((stream) => stream.end())
    far.call((stream) => stream.end())
  })
})

test('what waits alone is said to have left, once; what is written behind it still counts then', async () => {
  await compare('one write that waits', async ({ near, far }) => {
    near.write([BYTES.subarray(0, 1)])
    await nextTurn()
    const { drainedCount } = near
    far.call((stream) => stream.pause())
    assert.equal(near.write([new Uint8Array(32_000_000)]), false)
    far.call((stream) => stream.resume())
    await near.until((side) => side.drainedCount > drainedCount)
    await nextTurn()
    assert.equal(near.drainedCount, drainedCount + 1)

    far.call((stream) => stream.pause())
    near.write([new Uint8Array(32_000_000)])
    near.write([new Uint8Array(16_000_000)])
    far.call((stream) => stream.resume())
    await near.until((side) => side.drainedCount > drainedCount + 1)
    assert.ok(near.stream.bufferedBytes >= 16_000_000, `${near.stream.bufferedBytes} bytes wait`)
    near.call((stream) => stream.end())
    await far.until(({ told }) => told.includes('ended'))
    far.call((stream) => stream.end())
  })
})

test('the end comes behind what waits in the kernel, of any number of vectors', async () => {
  await compare('an end behind much', async ({ near, far }) => {
    near.write([BYTES.subarray(0, 1)])
    await nextTurn()
    far.call((stream) => stream.pause())
    for (let i = 0; i < 4; i++) {
      near.write(Array.from({ length: 3_000 }, (_, at) => BYTES.subarray(at, at + 1_000))) // more than one call takes
    }
    near.call((stream) => stream.end())
    await nextTurn()
    far.call((stream) => stream.resume())
    await far.until(({ byteCount, told }) => byteCount === 12_000_001 && told.includes('ended'))
    far.call((stream) => stream.end())
  })
})

test('a reset is told once, with its code, behind no word of bytes that have left', async () => {
  await compare('a reset before a write', async ({ near, far }) => {
    near.write([BYTES.subarray(0, 1)])
    await nextTurn()
    far.socket.resetAndDestroy()
    near.write([BYTES.subarray(0, 10)])
    assert.deepEqual(near.told, [])
    near.write([BYTES.subarray(0, 10)])
    await near.until(({ told }) => told.includes('closed'))
    assert.equal(near.stream.bufferedBytes, 0)
    assert.deepEqual(near.told, ['ended ECONNRESET', 'closed'])
  })
  await compare('a reset while much waits', async ({ near, far }) => {
    near.write([BYTES.subarray(0, 1)])
    await nextTurn()
    far.call((stream) => stream.pause())
    near.write([new Uint8Array(32_000_000)])
    assert.ok(near.stream.bufferedBytes > 0)
    near.write([BYTES.subarray(0, 10)])
    await nextTurn()
    await resetWhileWaiting(near, far)
  })
})

test('a reset that only a write can notice is told once, with its code', { skip: !IS_NODE }, async () => {
  await compare('a reset behind a pause', async ({ near, far }) => {
    near.write([BYTES.subarray(0, 1)])
    await nextTurn()
    far.call((stream) => stream.pause())
    near.write([new Uint8Array(32_000_000)])
    near.socket.pause() // what reads into memory of ours does not look for an end, either
    await resetWhileWaiting(near, far)
  })
})

test('who destroys a stream while much waits hears of its end, and of nothing that has left', async () => {
  await compare('destroyed', async ({ near, far }) => {
    far.call((stream) => stream.pause())
    near.write([BYTES.subarray(0, 1)])
    await nextTurn()
    near.write([new Uint8Array(32_000_000)])
    const { drainedCount } = near
    near.call((stream) => stream.destroy())
    assert.equal(near.stream.bufferedBytes, 0)
    assert.equal(near.write([BYTES.subarray(0, 1)]), false)
    await near.until(({ told }) => told.includes('closed'))
    await nextTurn()
    assert.equal(near.drainedCount, drainedCount)
    assert.deepEqual(near.told, ['ended', 'closed'])
    far.socket.destroy()
    far.isCutOff = true
  })
})
