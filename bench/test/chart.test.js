import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratioBars } from '../chart/bars.js'
import { curves } from '../chart/curves.js'
import { logScale, logTicks, shortBytes, shortCount } from '../chart/scale.js'

const MIB = 2 ** 20

/** Whether every element that begins also ends, in order. */
function assertWellFormed(picture) {
  const open = []
  for (const [, end, name] of picture.matchAll(/<(\/?)([a-z]+)[^>]*>/g)) {
    if (end === '') open.push(name)
    else assert.equal(open.pop(), name)
  }
  assert.deepEqual(open, [])
  assert.doesNotMatch(picture, /NaN|undefined|Infinity/)
}

function attributes(picture, element, name) {
  return [...picture.matchAll(new RegExp(`<${element} [^>]*?\\b${name}="([^"]*)"`, 'g'))].map(([, value]) => value)
}

test('on a logarithmic axis twice as much is as far everywhere', () => {
  const x = logScale(1, 100, 0, 200)
  assert.deepEqual([1, 10, 100].map(x), [0, 100, 200])
})

test('ticks are round, cover the values and are not too many', () => {
  assert.deepEqual(logTicks([0.7, 6]), [0.5, 1, 2, 5, 10])
  assert.deepEqual(logTicks([1, 1]), [1, 2])
  assert.deepEqual(logTicks([3, 40_000]), [1, 10, 100, 1_000, 10_000, 100_000])
  assert.deepEqual(logTicks([50 * MIB, 200 * MIB], { isBytes: true }), [32 * MIB, 64 * MIB, 128 * MIB, 256 * MIB])
  for (const high of [2, 1e3, 1e7]) assert.ok(logTicks([0.01, high]).length <= 9)
})

test('numbers at an axis are short', () => {
  assert.deepEqual([16, 1_024, 512 * 1_024, 16 * MIB].map(shortBytes), ['16 B', '1 KiB', '512 KiB', '16 MiB'])
  assert.deepEqual([1, 256, 10_000, 2e6].map(shortCount), ['1', '256', '10k', '2M'])
})

test('a ratio is a bar from 1, to the left where it is worse, and what is not there has none', () => {
  const picture = ratioBars({
    title: 'A < B & "C"',
    than: 'ws',
    series: ['wspc', 'other'],
    groups: [
      { label: 'first', values: [4, Number.NaN] },
      { label: 'second', values: [0.5, 2] },
    ],
  })
  assertWellFormed(picture)
  assert.match(picture, /A &lt; B &amp; &quot;C&quot;/)
  assert.match(picture, />4\.00×</)
  const marks = 3 // the ground and the legend
  const bars = attributes(picture, 'rect', 'x')
    .slice(marks - 1)
    .map(Number)
  const [better, worse, twice] = bars
  assert.equal(bars.length, 3)
  assert.equal(better, twice)
  assert.ok(worse < better)
})

test('a curve has a point for every step, higher where there is more', () => {
  const picture = curves({
    title: 'Growth',
    along: 'connections',
    series: ['ws', 'wspc'],
    panels: [
      {
        title: 'rate',
        points: [
          [
            [1, 10],
            [100, 1_000],
          ],
          [[1, 20]],
        ],
        showX: String,
        showY: String,
      },
    ],
  })
  assertWellFormed(picture)
  const [low, high] = attributes(picture, 'circle', 'cy').map(Number)
  assert.equal(attributes(picture, 'circle', 'cy').length, 3)
  assert.ok(high < low)
})

test('pictures have colours for light and for dark', () => {
  const picture = ratioBars({ title: '', than: 'ws', series: ['wspc'], groups: [{ label: '', values: [1] }] })
  assert.match(picture, /prefers-color-scheme:dark/)
})
