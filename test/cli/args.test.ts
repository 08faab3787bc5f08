// The command line, read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommand, USAGE, UsageError } from '../../src/cli/args.ts'

const serve = { name: 'serve', port: 0, host: undefined, deflate: false, limits: {} }

for (const { line, command } of [
  { line: 'help', command: { name: 'help' } },
  { line: '--help', command: { name: 'help' } },
  { line: 'serve --help', command: { name: 'help' } },
  { line: '-h', command: { name: 'help' } },
  { line: '--version', command: { name: 'version' } },
  { line: 'serve', command: serve },
  { line: 'serve --port 0', command: serve },
  { line: 'serve --port 65535', command: { ...serve, port: 65_535 } },
  { line: 'serve --port=80 --host ::1', command: { ...serve, port: 80, host: '::1' } },
  { line: 'serve --deflate', command: { ...serve, deflate: true } },
  { line: 'serve --deflate --port 80', command: { ...serve, deflate: true, port: 80 } },
  { line: 'serve --max-message-bytes 0', command: { ...serve, limits: { maxMessageBytes: 0 } } },
  {
    line: 'serve --max-message-bytes Infinity',
    command: { ...serve, limits: { maxMessageBytes: Number.POSITIVE_INFINITY } },
  },
  { line: 'serve --max-message-fragments 1', command: { ...serve, limits: { maxMessageFragments: 1 } } },
  { line: 'connect ws://a/b', command: { name: 'connect', url: 'ws://a/b' } },
  { line: 'connect https://a', command: { name: 'connect', url: 'https://a' } },
]) {
  test(`wspc ${line} is understood`, () => {
    assert.deepEqual(parseCommand(line.split(' ')), command)
  })
}

for (const { line, says } of [
  { line: '', says: /^No command given$/ },
  { line: 'server', says: /^Unknown command server$/ },
  { line: 'serve extra', says: /extra/ },
  { line: 'serve --prot 1', says: /--prot/ },
  { line: 'serve --port', says: /--port/ },
  { line: 'serve --port 65536', says: /^--port takes a whole number from 0 to 65535$/ },
  { line: 'serve --port -1', says: /--port/ },
  { line: 'serve --port=-1', says: /^--port takes/ },
  { line: 'serve --port 1e3', says: /^--port takes/ },
  { line: 'serve --port 0x10', says: /^--port takes/ },
  { line: 'serve --port=', says: /^--port takes/ },
  { line: 'serve --port Infinity', says: /^--port takes/ },
  { line: 'serve --deflate=yes', says: /--deflate/ },
  { line: 'serve --deflate yes', says: /yes/ },
  { line: 'serve --no-deflate', says: /--no-deflate/ },
  { line: 'serve --max-message-bytes 1.5', says: /^--max-message-bytes takes a whole number from 0 up$/ },
  { line: 'serve --max-message-bytes 9007199254740992', says: /^--max-message-bytes takes/ },
  { line: 'serve --max-message-fragments 0', says: /^--max-message-fragments takes a whole number from 1 up$/ },
  { line: 'connect', says: /^wspc connect takes one URL$/ },
  { line: 'connect ws://a ws://b', says: /^wspc connect takes one URL$/ },
  { line: 'connect a.test', says: /^The URL does not begin with ws:\/\/ or wss:\/\/$/ },
  { line: 'connect ftp://a', says: /^The URL does not begin/ },
  { line: 'connect --port 1 ws://a', says: /--port/ },
  { line: 'connect --deflate ws://a', says: /--deflate/ },
]) {
  test(`wspc ${line} is wrong usage, and says why`, () => {
    assert.throws(
      () => parseCommand(line === '' ? [] : line.split(' ')),
      (error) => error instanceof UsageError && says.test(error.message),
    )
  })
}

test('the usage names every command and every option', () => {
  for (const word of [
    'wspc serve',
    'wspc connect',
    '--port',
    '--host',
    '[--deflate]',
    'With --deflate messages are',
    '--max-message-bytes',
    '--max-message-fragments',
  ]) {
    assert.ok(USAGE.includes(word), word)
  }
})
