// What a server says about when to come back.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRetryAfter } from '../../src/client/retry-after.ts'

const NOW = Date.UTC(1994, 10, 6, 8, 49, 0)

for (const [value, expected] of [
  ['0', 0],
  ['1', 1_000],
  ['120', 120_000],
  ['9'.repeat(400), Number.POSITIVE_INFINITY],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  ['Wed Nov 16 08:49:00 1994', 864_000_000],
  ['Sun, 06 Nov 1994 08:49:60 GMT', 60_000], // a leap second
  ['Sun, 06 Nov 1994 08:48:59 GMT', 0], // past
  ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
  ['Saturday, 31-Dec-44 00:00:00 GMT', Date.UTC(2044, 11, 31) - NOW], // 50 years ahead
  ['Sunday, 31-Dec-45 00:00:00 GMT', 0], // 51 years ahead would be too far: 1945
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1 ', undefined],
  ['soon', undefined],
  ['Mon, 31 Nov 1994 08:49:37 GMT', undefined], // there is no such day
  ['Sun, 06 Nox 1994 08:49:37 GMT', undefined],
  ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
  ['Sun, 06 Nov 1994 08:60:00 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:61 GMT', undefined],
  ['Sun, 06 Nov 1994 08:49:37 CET', undefined],
  ['1994-11-06T08:49:37Z', undefined],
] as const) {
  test(`Retry-After: ${value.slice(0, 40)} asks for ${expected} ms`, () => {
    assert.equal(parseRetryAfter(value, NOW), expected)
  })
}
