// Who may import whom: down freely, up never, sideways only where the architecture says so.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/programs.ts'

const FLOORS: Record<string, number> = {
  codec: 0,
  handshake: 1,
  extension: 1,
  session: 1,
  component: 2,
  connection: 2,
  transport: 3,
  client: 4,
  ws: 4,
  server: 4,
  cli: 4,
}
const SIDEWAYS = new Set(['handshake extension', 'session extension', 'cli client', 'cli server'])

const source = join(ROOT, 'src')

interface Import {
  readonly from: string
  readonly to: string
}

const imports: Import[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .flatMap((from) =>
    [...readFileSync(join(source, from), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, path]) => ({
      from,
      to: normalize(join(dirname(from), path!)),
    })),
  )

/** The folder below `src/`; the doors of the package are files there and belong to no floor. */
function folderOf(file: string): string | undefined {
  return file.includes(sep) ? file.split(sep)[0] : undefined
}

test('imports are found at all', () => {
  assert.ok(imports.length > 100)
})

test('no floor imports from a floor above it, or sideways but where it may', () => {
  for (const { from, to } of imports) {
    const [here, there] = [folderOf(from), folderOf(to)]
    if (here === undefined || there === undefined || here === there) continue
    const allowed = FLOORS[there]! < FLOORS[here]! || SIDEWAYS.has(`${here} ${there}`)
    assert.ok(allowed, `${from} imports ${to}`)
  }
})

test('a folder is entered by its index.ts', () => {
  for (const { from, to } of imports) {
    // `codec/` is a shelf: its index is the door of the package, and shows less than the house itself may use.
    if (folderOf(to) === 'codec' || relative(dirname(from), dirname(to)) === '') continue
    const [here, there] = [folderOf(from), folderOf(to)]
    if (here === there && here !== 'transport') continue
    assert.ok(to.endsWith('index.ts') || !to.includes(sep), `${from} imports ${to}`)
  }
})
