// `connection.md` has every member that the objects have, and no other.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Connection, reconnect, serve, type UpgradeRequest } from '../../src/node.ts'
import { ROOT } from '../support/programs.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'reference', 'connection.md'), 'utf8')

/** The names in the first cells of the tables of a section, without parameters; a method may have a row for each way. */
function listed(section: string): string[] {
  const [, text] = PAGE.split(`\n## ${section}\n`)
  assert.ok(text !== undefined, section)
  const rows = text.split('\n## ')[0]!.matchAll(/^\| `(\[Symbol\.\w+\]|\w+)(?:\(.*?\))?` \|/gm)
  return [...new Set([...rows].map(([, name]) => name!))].sort()
}

/** What an object has, and its class, if it is of one. Private members are not among them. */
function members(object: object): string[] {
  const prototype = Object.getPrototypeOf(object)
  const inherited = prototype === Object.prototype ? [] : Reflect.ownKeys(prototype)
  return [...Reflect.ownKeys(object), ...inherited]
    .filter((key) => key !== 'constructor')
    .map((key) => (typeof key === 'string' ? key : `[Symbol.${key.description!.split('.').at(-1)}]`)) // Node 20: nodejs.…
    .sort()
}

test('connection.md lists every member of each object, and no other', async (t) => {
  const accepted: [connection: Connection, request: UpgradeRequest][] = []
  const server = await serve({}, (connection, request) => {
    accepted.push([connection, request])
    connection.onMessage(() => {})
  })
  t.after(() => server.close())
  for await (const turn of reconnect(server.url, { backoff: { initialDelayMs: 1, maxDelayMs: 1 } })) {
    if (turn.gap === undefined) {
      turn.connection.terminate()
      continue
    }
    assert.deepEqual(listed('ReconnectTurn'), members(turn))
    assert.deepEqual(listed('Gap'), members(turn.gap))
    assert.deepEqual(listed('CloseInfo'), members(turn.gap.closeInfo))
    break
  }
  const [[connection, request]] = accepted as [[Connection, UpgradeRequest]]
  assert.deepEqual(listed('Connection'), members(connection))
  assert.deepEqual(listed('UpgradeRequest'), members(request))
  assert.deepEqual(listed('Server'), members(server))
})
