// The load generator is C, so that it is never what limits a run; it is compiled when it is first used, and again when
// its source has changed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const SOURCE = join(here, 'load.c')
const PROGRAM = join(here, 'build', 'load')

function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** The path of the program, which is compiled if it has to be. */
export function buildLoad({ compiler = process.env.CC ?? 'cc', program = PROGRAM } = {}) {
  if (process.platform !== 'linux') throw new Error('The load generator needs Linux: it uses epoll and /proc')
  if (changedAt(program) > changedAt(SOURCE)) return program
  mkdirSync(dirname(program), { recursive: true })
  const made = `${program}.${process.pid}` // two that start at the same time do not see half a program
  const { status, error, stderr } = spawnSync(compiler, ['-O2', '-o', made, SOURCE], { encoding: 'utf8' })
  if (error !== undefined) {
    throw new Error(
      `The load generator is compiled with a C compiler, and there is no ${compiler}: install gcc or set CC`,
    )
  }
  if (status !== 0) throw new Error(`The load generator does not compile:\n${stderr}`)
  renameSync(made, program)
  return program
}
