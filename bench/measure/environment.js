// Where it was measured: numbers without that mean nothing.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { cpus, release, totalmem } from 'node:os'
import { PROGRAMS } from '../servers/programs.js'

const require = createRequire(import.meta.url)

/** The first line that a program prints about itself, without its name. */
function versionOf(path) {
  if (path === undefined) return undefined
  const [line] = execFileSync(path, ['--version'], { encoding: 'utf8' }).split('\n')
  return /\d+\.\d+\.\d+/.exec(line)?.[0]
}

export function environment(node = PROGRAMS.node.path) {
  const [{ model }] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    node: versionOf(node),
    node24: versionOf(PROGRAMS.node24.path),
    bun: versionOf(PROGRAMS.bun.path),
    deno: versionOf(PROGRAMS.deno.path),
    ws: require('ws/package.json').version,
    processor: `${cpus().length} × ${model.trim()}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
  }
}
