// The programs that servers run on: this Node, or another, and what `npm ci --prefix test/runtimes` brings.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const require = createRequire(join(root, 'test', 'runtimes', 'package.json'))

function installed(name, ...path) {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), ...path)
  } catch {
    return undefined
  }
}

/** By name: the path, or nothing where it is not installed, and the arguments before the file. */
export const PROGRAMS = {
  node: { path: process.execPath, args: [] },
  node24: { path: installed('node24', 'bin', 'node'), args: [] },
  bun: { path: installed('@oven/bun-linux-x64-baseline', 'bin', 'bun'), args: [] },
  deno: { path: installed('@deno/linux-x64-glibc', 'deno'), args: ['run', '--allow-all', '--no-check', '--quiet'] },
}
