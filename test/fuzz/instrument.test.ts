// A module with counters does what it did without, and counts where it comes to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf, instrument } from './instrument.ts'

// The last counter is that of memory.
const COUNTERS = `data:text/javascript,${encodeURIComponent(`
export const hits = new Uint8Array(100)
export function allocate(length) { if (typeof length === 'number') hits[99] += length; return length }
`)}`

let modules = 0

/** What a module exports as `result`, and how often it came to each place. */
async function run(source: string): Promise<{ result: unknown; hits: number[] }> {
  const counted = instrument(source, COUNTERS, 0)
  // A module is loaded once; this one is another each time.
  const unique = `${counted.source}\n// ${modules++}`
  const before = await hitsNow()
  const { result } = await import(`data:text/javascript,${encodeURIComponent(unique)}`)
  const after = await hitsNow()
  return { result, hits: after.slice(0, counted.nextCounter).map((count, i) => count - before[i]!) }
}

async function hitsNow(): Promise<number[]> {
  return [...((await import(COUNTERS)) as { hits: Uint8Array }).hits]
}

const STATEMENTS: [source: string, result: unknown, hits: number[]][] = [
  ['if (1) a(); else a(2)', [0], [1, 1, 0]],
  ['if (0) a()', [], [0, 0, 1]],
  ['if (0) if (1) a(); else a(2)', [], [0, 0, 0, 0, 1]],
  ['if (1) { if (0) a() } else a(2)', [], [0, 1, 0, 1, 0]],
  ['if (0) a(); else if (1) a(2); else a(3)', [2], [1, 0, 1, 1, 0]],
  ['for (const i of [1, 2]) a(i)', [1, 2], [2, 2]],
  ['let i = 0; do a(i); while (++i < 3)', [0, 1, 2], [3, 3]],
  ['let i = 2; while (i--) { a(i) }', [1, 0], [2, 2]],
  ['switch (2) { case 1: case 2: a(2); case 3: a(3); break; default: a(4) }', [2, 3], [2, 0, 1, 1, 0]],
  ['try { throw 1 } catch { a(1) }', [1], [1, 1]],
  ['const f = (x = 3) => ({ x }); a(f().x)', [3], [1, 1]],
  ['const f = async (x) => await x; a(typeof f(1).then)', ['function'], [1, 1]],
  ['a(1 ? 2 : 3); a(0 ?? 4); a((0 || 5) && 6)', [2, 0, 6], [3, 1, 0, 0, 1, 1]],
  ['class C { #x = 1; get x() { return this.#x } static y = new C().x }; a(C.y)', [1], [1, 1]],
  ['class C extends Array { constructor() { super(2) } }; a(new C().length)', [2], [1, 1]],
  ['a(new Uint8Array(5).length)', [5], [1]],
  ['outer: for (;;) for (;;) break outer', [], [0, 1, 1]],
]

for (const [source, result, hits] of STATEMENTS) {
  test(source, async () => {
    const counted = await run(`export const result = []; const a = (x = 0) => { result.push(x) };\n${source}`)
    assert.deepEqual(counted.result, result)
    assert.deepEqual(counted.hits, hits)
  })
}

test('memory that is asked for by length is counted', async () => {
  const before = (await hitsNow())[99]!
  await run('export const result = [new Uint8Array(7), new Uint8Array([1, 2]).length]')
  assert.equal(((await hitsNow())[99]! - before) & 0xff, 7)
})

test('no line moves', () => {
  const source = 'const x = 1\nif (x) {\n  y()\n}\nfunction y() {\n  throw new Error()\n}\n'
  const counted = instrument(source, './counters.js', 5)
  assert.equal(counted.source.split('\n').length, source.split('\n').length)
  assert.match(counted.source.split('\n')[5]!, /throw/)
  assert.equal(counted.nextCounter, 8)
})

test('what is imported and what is exported again is found', () => {
  const source =
    "import a from './a.js'; export { b } from 'b'; export * from './c.js'; import 'node:d'; export const e = 1"
  assert.deepEqual(importsOf(source), ['./a.js', 'b', './c.js', 'node:d'])
})
