// Thousands of handshakes that fail, in a process of their own: `failing-handshakes.ts` says how, and what may be left.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../support/programs.ts'

const PROGRAM = fileURLToPath(new URL('failing-handshakes.js', import.meta.url))

test('T-99: two thousand handshakes that fail in every way leave nothing behind', async (t) => {
  const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, '2000'])
  t.diagnostic(stdout)
  assert.equal(code, 0, stdout + stderr)
})
