// A place for a Unix socket that is gone with its test.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** The path of a Unix socket that does not exist yet. */
export function unixSocketPath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'wspc-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'socket')
}
