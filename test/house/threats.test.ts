// Every row of the list of threats that concerns what is built so far has a test that names it in its title. Those from
// 110 on are about HTTP/2 and fan-out.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/programs.ts'

const RANGES = [
  [1, 38], // the opening handshake, of a server and of a client
  [40, 58], // frames and messages
  [60, 70], // sending
  [75, 79], // control traffic
  [80, 88], // compression
  [90, 99], // closing and lifecycle
] as const

// In the titles of tests, and in the rows of tables that titles are made of.
const TITLE = /['"`][^'"`\n]*\bT-(\d{2})\b/g

test('every row of the list of threats in reach has a test that names it', () => {
  const named = new Set(
    readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) => [...readFileSync(join(ROOT, 'test', file), 'utf8').matchAll(TITLE)])
      .map(([, row]) => Number(row)),
  )
  const missing = RANGES.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)).filter(
    (row) => !named.has(row),
  )
  assert.deepEqual(missing, [])
})
