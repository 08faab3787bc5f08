// Chromium without a window, for a page that talks to us.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from './programs.ts'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const TIMEOUT_MS = 60_000
const REMOVALS = 50
const REMOVAL_PAUSE_MS = 100

/** Opens a page until the test is over. @returns a promise that is rejected when Chromium ends, or after a minute. */
export async function openPage(t: TestContext, url: string): Promise<{ failed: Promise<never> }> {
  const profile = await mkdtemp(join(tmpdir(), 'wspc-chromium-'))
  const browser = spawn(chromium!, [...FLAGS, `--user-data-dir=${profile}`, url], { stdio: 'ignore' })
  const closed = once(browser, 'close')
  const late = setTimeout(() => browser.kill(), TIMEOUT_MS)
  t.after(async () => {
    clearTimeout(late)
    browser.kill()
    await closed
    await removeProfile(profile)
  })
  const failed = closed.then(() => {
    throw new Error('Chromium has ended, or was not through after a minute')
  })
  failed.catch(() => {})
  return { failed }
}

/** Processes of Chromium outlive the one that was told to end, and write for a moment longer. */
async function removeProfile(profile: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rm(profile, { recursive: true, force: true }) // not `maxRetries`: Deno takes no notice of it
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || attempt === REMOVALS) throw error
      await sleep(REMOVAL_PAUSE_MS)
    }
  }
}
