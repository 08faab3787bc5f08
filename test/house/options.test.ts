// `options.md` has every option that the code reads, each in its section, with the default and the range of the code.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type BackoffOptions, DEFAULT_BACKOFF, readBackoff } from '../../src/client/backoff.ts'
import { CONNECT_OPTION_NAMES, readConnectOptions } from '../../src/client/options.ts'
import { readBackpressure } from '../../src/connection/settings.ts'
import * as portable from '../../src/index.ts'
import { readServeOptions, SERVE_OPTION_NAMES } from '../../src/server/options.ts'
import { DEFAULTS as CLIENT_DEFAULTS } from '../../src/ws/client-handshake.ts'
import { DEFAULTS as SERVER_DEFAULTS } from '../../src/ws/web-socket-server.ts'
import { ROOT } from '../support/programs.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'reference', 'options.md'), 'utf8')

/** The cells of a table row, by what stands over them. */
type Row = Readonly<Record<string, string>>

/** The tables of a section, their rows by the names in the first cell; a row of several names is there under each. */
function tablesOf(section: string): Map<string, Row>[] {
  const [, text] = PAGE.split(`\n## ${section}\n`)
  assert.ok(text !== undefined, `options.md has a section ${section}`)
  const tables: Map<string, Row>[] = []
  let heads: string[] = []
  let previous: string[] = []
  for (const line of text.split('\n## ')[0]!.split('\n')) {
    const cells = line.startsWith('| ')
      ? line
          .slice(2, -2)
          .split(/ (?<!\\)\| /)
          .map((cell) => cell.trim())
      : []
    const isRule = /^-+$/.test(cells[0] ?? '')
    if (isRule) {
      heads = previous
      tables.push(new Map())
    }
    previous = cells
    const rows = tables.at(-1)
    for (const [, name] of (cells[0] ?? '').matchAll(/`([\w.]+)`/g)) {
      assert.ok(rows?.has(name!) === false, `${name} stands twice in ${section}`)
      rows.set(name!, Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])))
    }
  }
  return tables
}

/** The rows of all tables of a section. */
function rowsOf(section: string): Map<string, Row> {
  return new Map(tablesOf(section).flatMap((table) => [...table]))
}

/** The names that an interface of the sources declares. */
function namesOf(folder: string, name: string): string[] {
  const declared = readdirSync(join(ROOT, 'src', folder))
    .map((file) => readFileSync(join(ROOT, 'src', folder, file), 'utf8'))
    .flatMap((source) => {
      const declaration = new RegExp(`^( *)(?:export )?interface ${name}\\b[\\s\\S]*? \\{\n([\\s\\S]*?)^\\1\\}$`, 'm')
      const [, indent = '', body = ''] = declaration.exec(source) ?? []
      const member = new RegExp(`^${indent}  (?:readonly )?(\\w+)\\??(?::\\s|\\()`, 'gm')
      return [...body.matchAll(member)].map(([, found]) => found!)
    })
  assert.notEqual(declared.length, 0, `${name} in src/${folder}`)
  return [...new Set(declared)]
}

/** A value of the code as the page writes it. */
function written(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toLocaleString('en') : String(value)
}

function assertDefault(rows: Map<string, Row>, name: string, value: unknown): void {
  assert.equal(rows.get(name)?.['default']?.replaceAll('`', ''), written(value), name)
}

function numberIn(row: Row, head: string): number {
  const text = row[head]!.replaceAll('`', '')
  return text === 'any' || text === 'Infinity' ? Number.POSITIVE_INFINITY : Number(text.replaceAll(',', ''))
}

/** What is in the range of a row is taken, what is beyond is refused. */
function assertRange(
  row: Row,
  heads: { least: string; most?: string },
  name: string,
  read: (value: number) => unknown,
) {
  const least = numberIn(row, heads.least)
  const most = heads.most === undefined ? Number.POSITIVE_INFINITY : numberIn(row, heads.most)
  read(least)
  read(most)
  assert.throws(() => read(least - 1), RangeError, `${name} ${least - 1}`)
  if (most !== Number.POSITIVE_INFINITY) assert.throws(() => read(most + 1), RangeError, `${name} ${most + 1}`)
}

test('every limit has its default and its least value', () => {
  const rows = rowsOf('limits')
  const { client, server } = portable.DEFAULT_LIMITS
  const defaults: Record<string, number> = { ...server, ...portable.DEFAULT_SEND_LIMITS }
  for (const [name, value] of Object.entries(defaults)) {
    const ofClient = (client as unknown as Record<string, number>)[name] ?? value
    const both = `${written(value)} for a server, ${written(ofClient)} for a client`
    assertDefault(rows, name, ofClient === value ? value : both)
    assertRange(rows.get(name)!, { least: 'least' }, name, (limit) => readServeOptions({ limits: { [name]: limit } }))
  }
  assert.deepEqual([...rows.keys()].sort(), Object.keys(defaults).sort())
})

test('every option of keepalive has its default and its least value', () => {
  const rows = rowsOf('keepalive')
  for (const [name, value] of Object.entries(portable.DEFAULT_KEEPALIVE)) {
    assertDefault(rows, name, value)
    assertRange(rows.get(name)!, { least: 'least' }, name, (ms) => readServeOptions({ keepalive: { [name]: ms } }))
  }
  assert.deepEqual([...rows.keys()].sort(), Object.keys(portable.DEFAULT_KEEPALIVE).sort())
})

test('every policy of backpressure is there, and which is the default', () => {
  const rows = rowsOf('backpressure')
  for (const policy of rows.keys()) readServeOptions({ backpressure: policy as 'wait' })
  assert.deepEqual([...rows.keys()].sort(), ['close', 'drop', 'wait'])
  assert.ok(PAGE.includes(`| \`${readBackpressure()}\` (default) |`))
})

test('every option of deflate has its default and its range', () => {
  const rows = rowsOf('deflate')
  for (const [name, value] of Object.entries(portable.DEFAULT_DEFLATE)) {
    assertDefault(rows, name, value)
    if (typeof value !== 'number') continue
    const heads = { least: 'from', most: 'to' }
    assertRange(rows.get(name)!, heads, name, (number) => readServeOptions({ deflate: { [name]: number } }))
  }
  assert.deepEqual([...rows.keys()].sort(), Object.keys(portable.DEFAULT_DEFLATE).sort())
})

test('every option of serve is there, each number with its default', () => {
  const rows = rowsOf('serve')
  const options = readServeOptions({})
  for (const name of SERVE_OPTION_NAMES) {
    const value = options[name]
    if (typeof value === 'number') assertDefault(rows, name, value)
  }
  assert.deepEqual([...rows.keys()].sort(), [...SERVE_OPTION_NAMES].sort())
})

test('every option of connect is there, each number with its default, and those of a proxy', () => {
  const [rows, ofProxy] = tablesOf('connect') as [Map<string, Row>, Map<string, Row>]
  const { redirects, handshakeTimeoutMs } = readConnectOptions({})
  assertDefault(rows, 'redirects', redirects)
  assertDefault(rows, 'handshakeTimeoutMs', handshakeTimeoutMs)
  assert.deepEqual([...rows.keys()].sort(), [...CONNECT_OPTION_NAMES].sort())
  assert.deepEqual([...ofProxy.keys()].sort(), namesOf('client', 'ProxyOptions').sort())
})

test('every option that reconnect has of its own is there, and those of its waits with default and range', () => {
  const rows = rowsOf('reconnect')
  const names = namesOf('client', 'ReconnectOptions')
  for (const [name, value] of Object.entries(DEFAULT_BACKOFF)) {
    assertDefault(rows, name, value)
    const heads = { least: 'from', most: 'to' }
    assertRange(rows.get(name)!, heads, name, (number) => readBackoff({ [name]: number } as Partial<BackoffOptions>))
  }
  assert.deepEqual([...rows.keys()].sort(), [...names, ...Object.keys(DEFAULT_BACKOFF)].sort())
})

test('every option of a session is there', () => {
  assert.deepEqual([...rowsOf('Session').keys()].sort(), namesOf('session', 'SessionOptions').sort())
})

test('every option of wspc/ws that has a default is there with it', () => {
  const [ofBoth, ofClients, ofServers] = tablesOf('wspc/ws') as [Map<string, Row>, Map<string, Row>, Map<string, Row>]
  const both: Record<string, unknown> = SERVER_DEFAULTS
  for (const [name, value] of Object.entries({ ...SERVER_DEFAULTS, ...CLIENT_DEFAULTS })) {
    const isShared = name in SERVER_DEFAULTS && name in CLIENT_DEFAULTS
    const rows = isShared || ofBoth.has(name) ? ofBoth : name in SERVER_DEFAULTS ? ofServers : ofClients
    assert.ok(rows.has(name), name)
    const ofServer = both[name] ?? value
    if (isShared && ofServer !== value) {
      assert.equal(rows.get(name)!['default'], `\`${written(value)}\` for clients, else \`${written(ofServer)}\``, name)
    } else if (value === null || typeof value === 'function') {
      assert.notEqual(rows.get(name)!['default'], '', name) // in words
    } else {
      assertDefault(rows, name, value)
    }
  }
})

// Options of `ws` that `node:http`, `node:net` and `node:tls` understand: the page speaks of them all at once.
const PASSED_ON = ['checkServerIdentity', 'family', 'host', 'localAddress', 'protocol', 'rejectUnauthorized']

const WS_OPTIONS = ['CommonOptions', 'ClientOptions', 'ServerOptions', 'PerMessageDeflateOptions']

for (const [i, name] of WS_OPTIONS.entries()) {
  test(`every option among the ${name} of wspc/ws is there, and no other`, () => {
    const declared = namesOf('ws', name).filter((option) => name !== 'ClientOptions' || !PASSED_ON.includes(option))
    assert.deepEqual([...tablesOf('wspc/ws')[i]!.keys()].sort(), declared.sort())
  })
}
