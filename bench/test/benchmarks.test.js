import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BENCHMARKS } from '../benchmarks.js'
import { chartsOf } from '../chart/charts.js'
import { PROMISES, TIMES } from '../guard/promises.js'
import { promiseTable } from '../guard/table.js'
import { CONTESTANTS } from '../micro/contestants.js'
import { KINDS, takesPart } from '../micro/kinds.js'
import { fillMarkers } from '../page.js'
import { tablesOf } from '../report.js'

test('every benchmark names contestants that there are, and compares with ws', () => {
  for (const { name, usual, peers = [], contestants, cases, numbers } of BENCHMARKS) {
    assert.equal(usual[0], 'ws', name)
    for (const one of [...usual, ...peers]) assert.ok(Object.hasOwn(contestants, one), `${name}: ${one}`)
    assert.equal(new Set(cases.map((one) => one.name)).size, cases.length, name)
    assert.ok(numbers.rounds >= 3, name)
  }
})

test('what is promised is about cases and contestants that there are', () => {
  for (const { benchmark: name, case: caseName, by, to, bar } of PROMISES) {
    const { cases, usual } = BENCHMARKS.find((one) => one.name === name)
    assert.ok(
      cases.some((one) => one.name === caseName),
      caseName,
    )
    assert.ok(usual.includes(by) && usual.includes(to), `${by} to ${to}`)
    assert.ok(bar > 0)
  }
})

test('the guard looks at parsing and at echoes, an odd number of times', () => {
  const guarded = new Set(PROMISES.filter((promise) => promise.guarded).map(({ benchmark }) => benchmark))
  assert.deepEqual([...guarded].sort(), ['echo', 'micro'])
  for (const name of guarded) assert.equal(TIMES[name].rounds % 2, 1)
})

test('a promise holds when what was found is enough', () => {
  const promise = { case: 'echo', by: 'wspc', to: 'ws', bar: 4 }
  const lines = promiseTable([
    [promise, 4],
    [promise, 3.9],
    [promise, Number.NaN],
  ])
    .split('\n')
    .slice(2)
  assert.deepEqual(lines, [
    '| echo | wspc | ws | 4.00 | 4 | yes |',
    '| echo | wspc | ws | 3.90 | 4 | NO |',
    '| echo | wspc | ws | – | 4 | NO |',
  ])
  assert.match(
    promiseTable([[promise, 2]], () => 2),
    /\| 4, 2 asked \| yes \|/,
  )
})

const { cases } = BENCHMARKS.find(({ name }) => name === 'micro')
process.env.WS_NO_BUFFER_UTIL = '1'
for (const { file } of new Set(Object.values(CONTESTANTS))) {
  test(`the parts of ${file} do what they are timed for`, async () => {
    const contestant = await import(`../micro/contestants/${file}`)
    for (const one of cases.filter((one) => takesPart(contestant, one))) {
      const { ns, count } = await KINDS[one.kind](contestant, one)()
      assert.ok(ns > 0 && count > 0, one.name)
    }
  })
}

/** What a run would have found, had everything taken as long. */
function invented(benchmark) {
  const load = {
    messagesPerSecond: 1_000,
    latencyUs: { p50: 1, p99: 2, p999: 3 },
    cpuUsPerMessage: 1,
    messagesPerRead: 1,
    serverCpu: 1,
  }
  const memory = { rss: 1_024, heap: 512, external: 1, serverRss: 2 ** 20, serverPeakRss: 2 ** 20 }
  const one = { ...load, ...memory, ns: 5, loadCpu: 0.5, bytesPerMessage: 100 }
  const results = Object.fromEntries(benchmark.usual.map((name) => [name, one]))
  const rows = benchmark.cases.map(({ name }) => ({ case: name, results }))
  return { options: benchmark.numbers, load: 0.5, servers: benchmark.usual, rows }
}

const RESULT = {
  environment: {
    date: '2020-01-01',
    node: '20.0.0',
    ws: '8.0.0',
    processor: 'one',
    memoryGiB: 1,
    system: 'x',
    load: [0],
  },
  benchmarks: Object.fromEntries(BENCHMARKS.map((benchmark) => [benchmark.name, invented(benchmark)])),
}

test('every benchmark has tables and pictures', () => {
  const tables = tablesOf(RESULT)
  assert.match(tables, /\| 100 connections, 1 in flight, 125 B text \| wspc-ws \| wspc \| 1\.00 \| 0\.8 \| yes \|/)
  assert.match(tables, /Node 20\.0\.0, ws 8\.0\.0; one, 1 GiB, x; 2020-01-01/)
  for (const benchmark of BENCHMARKS) {
    assert.ok(tables.includes(`## ${benchmark.title}\n`))
    const pictures = chartsOf(benchmark, RESULT.benchmarks[benchmark.name])
    assert.equal(pictures.length, benchmark.name === 'growth' ? 3 : 1)
    for (const [, picture] of pictures) assert.doesNotMatch(picture, /NaN|undefined/)
  }
})

test('a page is filled between its markers, and stays as it is where there is nothing', () => {
  const page =
    'Before\n<!-- measured: echo -->\nold\n<!-- end -->\n<!-- measured: magic -->\nkept\n<!-- end -->\nAfter\n'
  const filled = fillMarkers(page, [RESULT])
  assert.match(
    filled,
    /^Before\n<!-- measured: echo -->\n\n!\[Echo\]\(performance\/echo\.svg\)\n\nNode 20\.0\.0\. Medians of 5/,
  )
  assert.match(filled, /load average before it 0\.5/)
  assert.match(filled, /\| 1,000 \| 1\.00 \|/)
  assert.doesNotMatch(filled, /old/)
  assert.match(filled, /<!-- measured: magic -->\nkept\n<!-- end -->\nAfter\n$/)
  assert.equal(fillMarkers(filled, [RESULT]), filled)
})
