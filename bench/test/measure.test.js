import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detailTable, ratioOf, ratioTable, run } from '../measure/benchmark.js'
import { median, medianOfEach } from '../measure/median.js'
import { readOptions } from '../measure/options.js'
import { inTurn } from '../measure/rounds.js'
import { ratio, short, table } from '../measure/table.js'

test('the median is the one in the middle, or between the two', () => {
  assert.equal(median([9, 1, 2]), 2)
  assert.equal(median([10, 9, 1, 2]), 5.5)
  assert.equal(median([7]), 7)
})

test('results of one shape have medians of that shape', () => {
  const results = [1, 3, 2].map((n) => ({ rate: n, latency: { p50: n * 10 }, extensions: 'none' }))
  assert.deepEqual(medianOfEach(results), { rate: 2, latency: { p50: 20 }, extensions: 'none' })
})

test('contestants are measured in turn, every second round from the end', async () => {
  const order = []
  const measured = await inTurn(['a', 'b'], 3, async (name) => {
    order.push(name)
    return { at: order.length }
  })
  assert.equal(order.join(''), 'abbaab')
  assert.deepEqual(measured, { a: { at: 4 }, b: { at: 3 } })
})

test('who could not be measured is not there', async () => {
  assert.deepEqual(await inTurn(['a', 'b'], 2, async (name) => (name === 'a' ? 1 : undefined)), { a: 1 })
})

test('numbers have three digits that count', () => {
  assert.deepEqual([0.01234, 9.999, 12.34, 123.4, 1_234_567, Number.NaN].map(short), [
    '0.0123',
    '10',
    '12.3',
    '123',
    '1,234,567',
    '–',
  ])
  assert.deepEqual([0.5, 9.99, 12.34, Number.NaN].map(ratio), ['0.50', '9.99', '12.3', '–'])
})

test('a table is Markdown', () => {
  assert.equal(table(['case', 'n'], [['one', '1']]), '| case | n |\n| --- | ---: |\n| one | 1 |')
})

const BENCHMARK = {
  title: 'Example',
  contestants: { ws: { label: 'ws' }, wspc: { label: 'ours' }, gone: { label: 'gone' } },
  ratio: { of: ({ rate }) => rate, label: 'per second' },
  columns: [{ of: ({ rate }) => rate, label: 'per second' }],
  measure: async (name) => {
    if (name === 'gone') throw new Error('It does not start')
    return { rate: name === 'ws' ? 10 : 30 }
  },
}
const OPTIONS = { cases: [{ name: 'a case' }], servers: ['ws', 'wspc', 'gone'], rounds: 2 }

test('a benchmark compares with the first, and goes on without who fails, if it is told to', async () => {
  const told = []
  const rows = await run(BENCHMARK, OPTIONS, { tell: (line) => told.push(line), goesOn: true })
  assert.equal(ratioTable(BENCHMARK, rows, OPTIONS.servers).split('\n').at(-1), '| a case | 10 | 3.00 | – |')
  assert.equal(detailTable(BENCHMARK, rows, OPTIONS.servers).split('\n').at(-1), '| a case | gone | – |')
  assert.deepEqual(told, ['Example: a case', 'gone: It does not start', 'gone: It does not start'])
  await assert.rejects(run(BENCHMARK, OPTIONS), /does not start/)
})

test('where less is more, half is twice as good', () => {
  const benchmark = { ratio: { of: (n) => n, inverted: true } }
  assert.equal(ratioOf(benchmark, 5, 10), 2)
})

test('options are numbers, names that there are, and paths from where npm was called', () => {
  const defaults = { cases: [{ name: 'small' }, { name: 'large' }], servers: ['ws'], known: ['ws', 'wspc'], rounds: 5 }
  const read = (...args) => readOptions(args, defaults)
  assert.equal(read().rounds, 5)
  assert.equal(read('--rounds', '2').rounds, 2)
  assert.deepEqual(read('--case', 'arg').cases, [{ name: 'large' }])
  assert.deepEqual(read('--servers', 'wspc,ws').servers, ['wspc', 'ws'])
  assert.ok(read('--json', 'out.json').json.startsWith('/'))
  assert.throws(() => read('--rounds', '0'), /--rounds has to be a number of at least 1, not 0/)
  assert.throws(() => read('--rounds', 'many'), RangeError)
  assert.throws(() => read('--case', 'huge'), /there are: small; large/)
  assert.throws(() => read('--servers', 'nginx'), /there is no nginx, only ws, wspc/)
  assert.throws(() => read('--seconds', '1'), /seconds/)
})
