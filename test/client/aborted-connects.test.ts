// Thousands of attempts to connect that come to nothing, in a process of their own: `aborted-connects.ts` says how, and
// what may be left.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../support/programs.ts'

const PROGRAM = fileURLToPath(new URL('aborted-connects.js', import.meta.url))

test('T-99: two thousand attempts that are given up or fail at every stage leave nothing behind', async (t) => {
  const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, '2000'])
  t.diagnostic(stdout)
  assert.equal(code, 0, stdout + stderr)
})
