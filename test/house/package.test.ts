// The package as a user gets it: packed, installed elsewhere, imported by its names, run as a program.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ROOT } from '../support/programs.ts'

const exec = promisify(execFile)

test('the packed package holds sources, declarations and nothing of the tests, and works where it is installed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wspc-package-'))
  try {
    const { stdout } = await exec('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], {
      cwd: ROOT,
    })
    const packed = JSON.parse(stdout)
    const [{ filename, files }] = Array.isArray(packed) ? packed : Object.values(packed)
    const paths: string[] = files.map(({ path }: { path: string }) => path)
    for (const wanted of [
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'src/index.ts',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
    ]) {
      assert.ok(paths.includes(wanted), `${wanted} is missing`)
    }
    assert.deepEqual(
      paths.filter((path) => /(^|\/)(test|bench|snippets)\//.test(path)),
      [],
    )

    const installed = join(directory, 'node_modules', 'wspc')
    await mkdir(installed, { recursive: true })
    await exec('tar', ['-xzf', join(directory, filename), '-C', installed, '--strip-components=1'])
    const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    for (const name of Object.keys(dependencies)) {
      await cp(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name), { recursive: true })
    }
    await writeFile(
      join(directory, 'user.mjs'),
      `import { Session } from 'wspc'
       import { parseFrameHeader } from 'wspc/codec'
       import { WebSocketCreateServerHandle } from 'wspc/component'
       import { MemoryStream } from 'wspc/memory'
       import { connect, serve } from 'wspc/node'
       const server = await serve({}, (connection) => connection.onMessage((message) => void connection.send(message)))
       const client = await connect(server.url)
       await client.send('hello')
       for await (const message of client) { console.log(message); break }
       await server.close()
       console.log([Session, parseFrameHeader, WebSocketCreateServerHandle, MemoryStream].every((value) => typeof value === 'function'))`,
    )
    await writeFile(join(directory, 'package.json'), '{ "dependencies": { "wspc": "*" } }') // without one, Deno asks for one
    const { stdout: said } = await exec(process.execPath, ['user.mjs'], { cwd: directory })
    assert.equal(said, 'hello\ntrue\n')
    await writeFile(join(directory, 'user.cjs'), `console.log(typeof require('wspc').Session)`)
    const { stdout: required } = await exec(process.execPath, ['user.cjs'], { cwd: directory })
    assert.equal(required, 'function\n')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
