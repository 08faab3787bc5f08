// `node:test` as the tests see it on Deno: with a time limit for each test. `deno test` has none, and waits for ever for
// a test that hangs; so it would never say what the others of the file did.

import { after, before, test as denoTest, describe, mock } from 'node:test'

export { after, before, describe, mock }

export function test(name, ...rest) {
  const body = rest.pop()
  denoTest(name, { timeout: Number(process.env.WSPC_TEST_TIMEOUT_MS), ...rest[0] }, body)
}
