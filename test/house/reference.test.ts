// The reference pages say what the code says; of `options.md` see `options.test.ts`.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as codec from '../../src/codec/index.ts'
import * as component from '../../src/component/index.ts'
import * as portable from '../../src/index.ts'
import * as node from '../../src/node.ts'
import * as memory from '../../src/transport/memory/index.ts'
import { ROOT } from '../support/programs.ts'

function page(name: string): string {
  return readFileSync(join(ROOT, 'docs', 'reference', name), 'utf8')
}

/** The cells of every table row of a page, code marks taken off. */
function rows(name: string): string[][] {
  return page(name)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

test('errors.md lists every violation with its close code, rule and sentence, and no other', () => {
  const listed = rows('errors.md').filter(([code]) => code! in portable.VIOLATIONS)
  const expected = Object.entries(portable.VIOLATIONS).map(([code, { closeCode, rule, text }]) => [
    code,
    String(closeCode),
    rule,
    text,
  ])
  assert.deepEqual(listed, expected)
})

test('errors.md lists every refusal of the handshake with its status, rule and sentence, and no other', () => {
  const listed = rows('errors.md').filter(([code]) => code! in portable.REFUSALS)
  const expected = Object.entries(portable.REFUSALS).map(([code, { status, rule, text }]) => [
    code,
    String(status ?? '–'),
    rule,
    text,
  ])
  assert.deepEqual(listed, expected)
})

test('errors.md lists every other error code that the sources make', () => {
  const listed = new Set(rows('errors.md').map(([code]) => code))
  const made = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(/Error\(\s*'([A-Z][A-Z0-9_]+)'/g)])
    .map(([, code]) => code!)
  assert.ok(made.length > 10)
  for (const code of made) assert.ok(listed.has(code), code)
})

test('observing.md lists every field of statistics, and no other', async () => {
  const server = await node.serve({}, () => {})
  const fields = Object.keys(server.stats())
  await server.close()
  const [statistics] = page('observing.md').split('## Channels')
  const listed = [...statistics!.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!)
  assert.deepEqual(listed.sort(), fields.sort())
})

test('observing.md lists every channel that the sources have, and no other', () => {
  const source = readFileSync(join(ROOT, 'src', 'transport', 'node', 'diagnostics.ts'), 'utf8')
  const made = [...source.matchAll(/channel\('(wspc:\w+)'\)/g)].map(([, name]) => name!)
  const listed = rows('observing.md').flatMap(([name]) => (name!.startsWith('wspc:') ? [name!] : []))
  assert.deepEqual(listed.sort(), made.sort())
})

test('close-codes.md names every close code', () => {
  const listed = rows('close-codes.md').map(([code, name]) => [name, Number(code)])
  for (const entry of Object.entries(codec.CloseCode)) {
    assert.ok(
      listed.some(([name, code]) => name === entry[0] && code === entry[1]),
      String(entry),
    )
  }
})

// What users may rely on, by name. A change here is a change of the public interface and belongs in the changelog.
const PUBLIC = JSON.parse(readFileSync(join(ROOT, 'test', 'house', 'public-names.json'), 'utf8'))

for (const [door, names] of Object.entries({
  '.': portable,
  './codec': codec,
  './component': component,
  './memory': memory,
  './node': node,
})) {
  test(`the public names of ${door} are those of the list`, () => {
    assert.deepEqual(Object.keys(names).sort(), PUBLIC[door])
  })
}
