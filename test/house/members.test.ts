// `members.md` has every method, property and event that the objects have, and no other.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pair, Session } from '../../src/index.ts'
import { serve } from '../../src/node.ts'
import * as ws from '../../src/ws/index.ts'
import { ROOT } from '../support/programs.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'reference', 'members.md'), 'utf8')

/** The text from one line on to the next heading, or to another line. */
function part(from: string, to = '\n## '): string {
  const [, text] = PAGE.split(`\n${from}\n`)
  assert.ok(text !== undefined, from)
  return text.split(to)[0]!
}

/** The names in the first cells of the tables of a text, without parameters. */
function listed(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => [...(/^\| (.*?) \|/.exec(line)?.[1] ?? '').matchAll(/`(\[Symbol\.\w+\]|\w+(?:\.\w+)?)/g)])
    .map(([, name]) => name!)
    .sort()
}

/** What an object and its class have. Underscores are what programs use although nobody told them to. */
function members(object: object): string[] {
  const { prototype } = object.constructor
  return [...Reflect.ownKeys(prototype), ...Object.keys(object)]
    .map((key) => (typeof key === 'string' ? key : `[Symbol.${key.description!.split('.').at(-1)}]`))
    .filter((name) => name !== 'constructor' && name !== 'domain' && !name.startsWith('_'))
    .sort()
}

/** What the sources emit. */
function emitted(...files: string[]): string[] {
  const sources = files.map((file) => readFileSync(join(ROOT, 'src', 'ws', file), 'utf8')).join('')
  return [...new Set([...sources.matchAll(/\.emit\('([\w-]+)'/g)].map(([, name]) => name!))].sort()
}

/** The words in code marks behind "Its events:". */
function events(text: string): string[] {
  return [
    ...text
      .split('Its events: ')[1]!
      .split('\n\n')[0]!
      .matchAll(/`([\w-]+)`/g),
  ]
    .map(([, name]) => name!)
    .sort()
}

test('every member of a connection is there', () => {
  const [client, server] = pair()
  assert.deepEqual(listed(part('## Connection')), members(client))
  client.terminate()
  server.terminate()
})

test('every member of a server is there', async () => {
  const server = await serve({}, () => {})
  await server.close()
  assert.deepEqual(listed(part('## Server')), members(server))
})

test('every member of a session is there', () => {
  assert.deepEqual(listed(part('## Session')), members(new Session({ role: 'server' })))
})

test('everything that a turn of reconnect says of a gap is there', () => {
  const source = readFileSync(join(ROOT, 'src', 'client', 'reconnect.ts'), 'utf8')
  const [, gap] = /interface Gap \{(.*?)\n\}/s.exec(source)!
  const names = [...gap!.matchAll(/readonly (\w+):/g)].map(([, name]) => `gap.${name}`)
  assert.deepEqual(listed(part('## A turn of reconnect')), ['connection', 'gap', ...names].sort())
})

test('every member and event of WebSocket of wspc/ws is there', () => {
  const text = part('Of `WebSocket`:', '\nOf `WebSocketServer`')
  assert.deepEqual(listed(text), members(new ws.WebSocket(null)))
  assert.deepEqual(events(text), emitted('web-socket.ts', 'client-handshake.ts'))
})

test('every member and event of WebSocketServer of wspc/ws is there', () => {
  const text = part('Of `WebSocketServer`:')
  assert.deepEqual(listed(text), members(new ws.WebSocketServer({ noServer: true })))
  assert.deepEqual(events(text), emitted('web-socket-server.ts'))
})

test('every export of wspc/ws is there', () => {
  const text = part('## wspc/ws', '\nOf `WebSocket`')
  const named = new Set([...text.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
  const names = new Set([...Object.keys(ws), ...Object.keys(ws.WebSocket)])
  for (const name of names) {
    if (name === 'default' || name === 'module.exports' || /^[A-Z]+$/.test(name)) continue
    assert.ok(named.has(name), name)
  }
})
