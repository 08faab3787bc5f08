// Programs in TypeScript, compiled twice: with `ws` as `@types/ws` declares it, and with `ws` as we do. What compiles with one
// compiles with the other, and what does not, does not, line by line. `WSPC_OTHER_TSC` names a compiler of another version
// to ask, too.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { ROOT, testFile } from '../support/programs.ts'

const OURS = join(ROOT, 'dist', 'src', 'ws', 'index.d.ts')
const PROGRAMS = testFile('ws', 'programs-in-typescript')

const other = process.env['WSPC_OTHER_TSC']
const compilers = [join(ROOT, 'node_modules', '.bin', 'tsc'), ...(other === undefined ? [] : [other])]

/** Where the compiler found a mistake, as `file:line`, and everything that it said. */
interface Verdict {
  readonly lines: readonly string[]
  readonly output: string
}

/** Compiles a folder of programs, with `ws` in the place of its own declarations where it is given. */
async function compile(compiler: string, folder: string, ws?: string): Promise<Verdict> {
  const directory = await mkdtemp(join(tmpdir(), 'wspc-types-'))
  try {
    const project = join(directory, 'tsconfig.json')
    const compilerOptions = {
      noEmit: true,
      strict: true,
      target: 'es2022',
      module: 'nodenext',
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules', '@types')],
      paths: ws === undefined ? {} : { ws: [ws] },
    }
    await writeFile(project, JSON.stringify({ compilerOptions, include: [join(PROGRAMS, folder)] }))
    const output = await new Promise<string>((resolve, reject) => {
      execFile(compiler, ['-p', project], { cwd: ROOT, timeout: 120_000 }, (error, stdout, stderr) => {
        if (error === null || typeof error.code === 'number') resolve(stdout + stderr)
        else reject(error)
      })
    })
    const found = [...output.matchAll(/^(.+)\((\d+),\d+\): error /gm)].map(
      ([, file, line]) => `${basename(file!)}:${line}`,
    )
    assert.equal(found.length > 0, output.includes('error'), output)
    return { lines: [...new Set(found)].sort(), output }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The lines that say of themselves that they are wrong. */
async function markedLines(folder: string): Promise<string[]> {
  const marked: string[] = []
  for (const file of await readdir(join(PROGRAMS, folder))) {
    const lines = (await readFile(join(PROGRAMS, folder, file), 'utf8')).split('\n')
    for (const [i, line] of lines.entries()) if (line.endsWith('// wrong')) marked.push(`${file}:${i + 1}`)
  }
  return marked.sort()
}

for (const [i, compiler] of compilers.entries()) {
  const by = i === 0 ? '' : ', with another compiler'

  test(`programs that compile with @types/ws compile with our declarations${by}`, async () => {
    for (const ws of [undefined, OURS]) {
      const { lines, output } = await compile(compiler, 'right', ws)
      assert.deepEqual(lines, [], output)
    }
  })

  test(`what is a mistake with @types/ws is one with our declarations${by}`, async () => {
    const marked = await markedLines('wrong')
    assert.ok(marked.length > 50)
    for (const ws of [undefined, OURS]) {
      const { lines, output } = await compile(compiler, 'wrong', ws)
      assert.deepEqual(lines, marked, output)
    }
  })

  test(`our classes and those of @types/ws stand in for each other${by}`, async () => {
    const { lines, output } = await compile(compiler, 'beside')
    assert.deepEqual(lines, [], output)
  })
}
