// The loop finds what is wrong on purpose, of every kind, and coverage is what leads it there. The same seed does the same.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CampaignOptions, campaign } from './campaign.ts'
import { InstrumentedCopy } from './instrumented-copy.ts'
import type { Finding } from './loop.ts'
import type { FuzzTarget } from './target.ts'

const FAULTS = [
  'nested-magic',
  'moved-bound',
  'lost-byte',
  'slow-blanks',
  'endless',
  'endless-queue',
  'announced-memory',
  'growing-pool',
] as const

type Fault = (typeof FAULTS)[number]

const FRAME_HEADER = 'test/fuzz/targets/frame-header.js'

describe('fuzzing', () => {
  let copy: InstrumentedCopy
  before(() => {
    copy = new InstrumentedCopy([FRAME_HEADER, ...FAULTS.map(moduleOf)])
  })
  after(() => copy[Symbol.dispose]())

  async function findingOf(fault: Fault, options: Partial<CampaignOptions>): Promise<Finding> {
    const { finding } = await campaign(copy, moduleOf(fault), { seed: 1, executions: 0, corpus: [], ...options })
    assert.ok(finding !== undefined, 'Nothing was found')
    return finding
  }

  test('four bytes that no chance would find are found by what is reached on the way', async () => {
    const options = { executions: 100_000 }
    const { kind, text, input } = await findingOf('nested-magic', options)
    assert.equal(kind, 'crash')
    assert.match(text, /^Error: The parser fails\n/)
    assert.deepEqual(input, Uint8Array.of(0, 0, 0x57, 0x53, 0x50, 0x43), 'and nothing else is left of the input')
    await assert.rejects(findingOf('nested-magic', { ...options, guided: false }), /Nothing was found/)
  })

  test('a bound that is moved by one is found, with the shortest header that shows it', async () => {
    const { kind, text, input } = await findingOf('moved-bound', { executions: 20_000 })
    assert.equal(kind, 'crash')
    assert.match(text, /^BrokenProperty: A header is written in its shortest form: true, not false\n/)
    assert.deepEqual(input, Uint8Array.of(0, 0x7e, 0, 0x7e))
  })

  test('a byte that a session loses is found, and the input shows it again', async () => {
    const { kind, text, input } = await findingOf('lost-byte', { executions: 20_000 })
    assert.equal(kind, 'crash')
    assert.match(text, /^BrokenProperty: .*in pieces/)
    const { fuzz } = (await import('./faults/lost-byte.js' as string)) as FuzzTarget
    assert.throws(() => fuzz(input), /in pieces/)
  })

  test('a call over 50 ms is found', async () => {
    const { kind, text } = await findingOf('slow-blanks', { executions: 20_000 })
    assert.equal(kind, 'slow')
    assert.match(text, /^A call takes \d+ ms, more than 50$/)
  })

  test('a call that never ends is stopped', async () => {
    const { kind, input } = await findingOf('endless', { executions: 20_000, hangMs: 500 })
    assert.equal(kind, 'hang')
    assert.ok(Buffer.from(input).includes(',,'))
  })

  test('a heap that a single call fills is found', async () => {
    const { kind, text, input } = await findingOf('endless-queue', { executions: 20_000, heapMib: 48 })
    assert.equal(kind, 'growth')
    assert.equal(text, 'The heap is full: 48 MiB')
    assert.equal(input[0], 0x21)
  })

  test('memory that an input only announces is found', async () => {
    const { kind, text, input } = await findingOf('announced-memory', { executions: 50_000 })
    assert.equal(kind, 'memory')
    assert.ok(input.length <= 14, 'a header, and nothing else')
    assert.match(text, /^\d+ bytes of input take \d{6,7} bytes of memory, more than 26\d{4}$/)
  })

  test('a heap that grows is found, with the input that makes it grow', async () => {
    const { kind, text, input } = await findingOf('growing-pool', { executions: 4_000 })
    assert.equal(kind, 'growth')
    assert.match(text, /^The heap has grown by \d+\.\d MiB over \d+ executions$/)
    assert.equal(input[0], 0x81)
  })

  test('the same seed keeps the same inputs, and another seed others', async () => {
    const kept = async (seed: number) =>
      (await campaign(copy, FRAME_HEADER, { seed, executions: 2_000, corpus: [] })).corpus
    const first = await kept(7)
    assert.ok(first.length > 20)
    assert.deepEqual(await kept(7), first)
    assert.notDeepEqual(await kept(8), first)
  })
})

function moduleOf(fault: Fault): string {
  return `test/fuzz/faults/${fault}.js`
}
