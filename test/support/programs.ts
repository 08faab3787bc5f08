// Programs that the tests talk to, and whether they are there. A missing one skips its tests with a notice; where
// `WSPC_REQUIRE_PROGRAMS` is set, as in CI, it fails them instead.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository, seen from the compiled tests. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** A file of the tests that is not compiled. */
export function testFile(...path: string[]): string {
  return join(ROOT, 'test', ...path)
}

const required = process.env['WSPC_REQUIRE_PROGRAMS'] !== undefined

/** Test options: skip when the program is not there. */
export function needs(program: string | undefined, name: string): { skip: string | false } {
  return { skip: program === undefined && !required ? `${name} is not installed` : false }
}

export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** A Python that has the websockets package. */
export const python = ['/usr/bin/python3', 'python3'].find(
  (candidate) => spawnSync(candidate, ['-c', 'import websockets']).status === 0,
)

export const nginx = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx'].find(existsSync)

export const haproxy = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/usr/local/bin/haproxy'].find(existsSync)

/** Another runtime, installed with `npm ci --prefix test/runtimes`. */
function otherRuntime(...path: string[]): string | undefined {
  const program = testFile('runtimes', 'node_modules', ...path)
  return existsSync(program) ? program : undefined
}

export function otherNode(version: 22 | 24): string | undefined {
  return otherRuntime(`node${version}`, 'bin', 'node')
}

export const bun = otherRuntime('@oven', 'bun-linux-x64-baseline', 'bin', 'bun')
export const deno = otherRuntime('@deno', 'linux-x64-glibc', 'deno')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, or for a minute. */
export function run(program: string, args: readonly string[], cwd = process.cwd()): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text) => {
      stdout += text
    })
    child.stderr.on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Runs a module of this text to its end. It lies within the repository, so that it may import `wspc`. */
export async function runModule(text: string, flags: readonly string[] = []): Promise<Finished> {
  const directory = mkdtempSync(join(ROOT, 'dist', 'module-'))
  const file = join(directory, 'program.mjs')
  try {
    writeFileSync(file, text)
    return await run(process.execPath, [...flags, file])
  } finally {
    rmSync(directory, { recursive: true })
  }
}
