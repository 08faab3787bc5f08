// A run of payload on its way through a transform: how much it is given at once, and when its work stops.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageTransform, PayloadEnd } from '../../src/extension/index.ts'
import { Encoding, RUN_BYTES } from '../../src/session/encoding.ts'
import { hex, toHex } from '../support/wire.ts'

/** Says what it was given, and hands out what the test wants to come of each run. */
class Told implements MessageTransform {
  readonly told: string[] = []
  readonly #outputs: (payload: Uint8Array) => Uint8Array[]
  #left: Uint8Array[] = []

  /** @param outputs What comes of a run, one piece for each `read`. */
  constructor(outputs: (payload: Uint8Array) => Uint8Array[] = (payload) => [payload.slice()]) {
    this.#outputs = outputs
  }

  get pending(): boolean {
    return this.#left.length > 0
  }

  write(payload: Uint8Array, end: PayloadEnd): void {
    assert.equal(this.pending, false, 'nothing is written while something is pending')
    this.told.push(`${payload.length} ${end}`)
    this.#left = this.#outputs(payload)
  }

  read(): Uint8Array {
    this.told.push('read')
    return this.#left.shift()!
  }

  close(): void {}
}

const ENDS: readonly PayloadEnd[] = ['inside', 'fragment', 'message']

for (const { length, runs } of [
  { length: 0, runs: [0] },
  { length: 1, runs: [1] },
  { length: 65_535, runs: [65_535] },
  { length: 65_536, runs: [65_536] },
  { length: 65_537, runs: [65_536, 1] },
  { length: 200_000, runs: [65_536, 65_536, 65_536, 3_392] },
]) {
  test(`a payload of ${length} bytes is given in runs of ${runs.join(', ')}, and where it ends is said of the last`, () => {
    for (const end of ENDS) {
      const transform = new Told()
      const payload = Uint8Array.from({ length }, (_, i) => i % 251)
      const encoding = new Encoding(transform, payload, end)
      assert.equal(encoding.remainingBytes, length)
      const output = encoding.work(Number.POSITIVE_INFINITY)
      assert.ok(Buffer.from(output).equals(payload))
      assert.deepEqual([encoding.isDone, encoding.remainingBytes], [true, 0])
      const last = runs.length - 1
      assert.deepEqual(
        transform.told,
        runs.flatMap((run, i) => [`${run} ${i === last ? end : 'inside'}`, 'read']),
      )
    }
  })
}

test('a run is at most what a transform has to take at once', () => {
  assert.equal(RUN_BYTES, 65_536)
})

test('what a run came to is read to its end before the next is given', () => {
  const transform = new Told(() => [hex('01'), hex(''), hex('02 03')])
  const encoding = new Encoding(transform, new Uint8Array(RUN_BYTES + 1), 'message')
  assert.equal(toHex(encoding.work(Number.POSITIVE_INFINITY)), '01 02 03 01 02 03')
  assert.deepEqual(transform.told, ['65536 inside', 'read', 'read', 'read', '1 message', 'read', 'read', 'read'])
})

test('bytes that go in count as work, and so do those that come out', () => {
  for (const { workBytes, steps } of [
    { workBytes: 9, steps: ['10 message'] },
    { workBytes: 10, steps: ['10 message'] },
    { workBytes: 11, steps: ['10 message', 'read'] },
    { workBytes: 14, steps: ['10 message', 'read'] },
    { workBytes: 15, steps: ['10 message', 'read', 'read'] },
  ]) {
    const transform = new Told(() => [new Uint8Array(4), new Uint8Array(4), new Uint8Array(4)])
    const encoding = new Encoding(transform, new Uint8Array(10), 'message')
    assert.equal(encoding.work(workBytes).length, 4 * (steps.length - 1))
    assert.deepEqual(transform.told, steps, `${workBytes} bytes`)
    assert.equal(encoding.isDone, false)
  }
})

test('however little it may work, it takes a step', () => {
  const transform = new Told(() => [hex('01'), hex('02')])
  const encoding = new Encoding(transform, new Uint8Array(5), 'message')
  const outputs: string[] = []
  while (!encoding.isDone) outputs.push(toHex(encoding.work(0)))
  assert.deepEqual(outputs, ['', '01', '02'])
  assert.deepEqual(transform.told, ['5 message', 'read', 'read'])
})

test('the bytes that remain are those that no run has held', () => {
  const encoding = new Encoding(new Told(), new Uint8Array(150_000), 'message')
  const remaining: number[] = []
  while (!encoding.isDone) {
    encoding.work(1)
    remaining.push(encoding.remainingBytes)
  }
  assert.deepEqual(remaining, [84_464, 84_464, 18_928, 18_928, 0, 0])
})

test('it is done when nothing is pending any more, and at once when a run comes to nothing', () => {
  const silent = new Told(() => [])
  const encoding = new Encoding(silent, new Uint8Array(RUN_BYTES + 1), 'inside')
  assert.equal(encoding.work(1).length, 0)
  assert.equal(encoding.isDone, false)
  assert.equal(encoding.work(1).length, 0)
  assert.equal(encoding.isDone, true)
  assert.deepEqual(silent.told, ['65536 inside', '1 inside'])
})

test('a single piece is handed out as it is, without a copy', () => {
  const piece = hex('01 02')
  const encoding = new Encoding(new Told(() => [piece]), new Uint8Array(3), 'message')
  assert.equal(encoding.work(100), piece)
})

test('a payload whose memory was taken away is noticed', () => {
  const payload = new Uint8Array(RUN_BYTES + 1)
  const encoding = new Encoding(new Told(), payload, 'message')
  assert.equal(encoding.isIntact, true)
  encoding.work(1)
  structuredClone(payload.buffer, { transfer: [payload.buffer] })
  assert.equal(encoding.isIntact, false)
  assert.equal(encoding.remainingBytes, 1) // of what it was
})
