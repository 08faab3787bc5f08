// `node:test` as the tests see it on Deno, with what `deno test` does not do: it waits for ever for a test that hangs, and
// would then not say what the others of the file did; and takes no notice of what is thrown outside of all promises.

import { after, before, test as denoTest, describe, mock } from 'node:test'

export { after, before, describe, mock }

export function test(name, ...rest) {
  const body = rest.pop()
  denoTest(name, { timeout: Number(process.env.WSPC_TEST_TIMEOUT_MS), ...rest[0] }, async (t) => {
    const uncaught = []
    const note = (error) => uncaught.push(error)
    process.on('uncaughtException', note)
    try {
      await body(t)
    } finally {
      process.off('uncaughtException', note)
    }
    if (uncaught.length > 0) throw uncaught[0]
  })
}
