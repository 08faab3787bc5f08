// What differs between the runtimes that have Node's modules: the DEFLATE ports on Bun, Deno and other versions of Node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bun, deno, needs, otherNode, run } from '../support/programs.ts'

const RUNTIMES: ReadonlyArray<readonly [name: string, program: string | undefined, args: readonly string[]]> = [
  ['this Node', process.execPath, []],
  ['Node 22', otherNode(22), []],
  ['Node 24', otherNode(24), []],
  ['Bun', bun, []],
  ['Deno', deno, ['run', '-A']],
]

const HELLO = '7/5: 48 65 6c 6c 6f'

const STORY = [
  HELLO,
  '4/0: ',
  '4/2: 48 65',
  '11/5: 48 65 6c 6c 6f',
  '4/2: 48 65',
  'data error',
  HELLO,
  'data error',
  HELLO,
  'data error',
  HELLO,
  HELLO,
  '0/0: ',
  '0/0: ',
  HELLO,
  'whole with 0 bytes less',
  'refers to what came before',
  '0/0: ',
  'a reset forgets',
  '54 messages',
  '54 messages',
  '54 messages',
]

const script = fileURLToPath(new URL('../support/deflate-runtime.js', import.meta.url))

for (const [name, program, args] of RUNTIMES) {
  test(`${name} deflates by its zlib, and the portable DEFLATE does the same`, needs(program, name), async () => {
    const { stdout, stderr } = await run(program!, [...args, script])
    assert.notEqual(stdout, '', stderr)
    assert.deepEqual(JSON.parse(stdout), { hasZlib: true, usesZlib: true, node: STORY, portable: STORY })
  })
}
