// A message as a line of output, on a terminal and elsewhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatMessage } from '../../src/cli/format-message.ts'

for (const { message, terminal, piped = message } of [
  { message: 'plain', terminal: 'plain' },
  { message: 'é 😀 \u202e', terminal: 'é 😀 \u202e' },
  { message: '\x1b[2J\x1b]0;title\x07', terminal: '\\x1b[2J\\x1b]0;title\\x07' },
  { message: 'a\nb\r\tc\0', terminal: 'a\\x0ab\\x0d\\x09c\\x00' },
  { message: '\x7f\x80\x9b31m\x9f\xa0', terminal: '\\x7f\\x80\\x9b31m\\x9f\xa0' },
  { message: Uint8Array.of(0, 1, 255), terminal: '<3 bytes: 0001ff>', piped: '<3 bytes: 0001ff>' },
  { message: new Uint8Array(0), terminal: '<0 bytes: >', piped: '<0 bytes: >' },
]) {
  test(`T-128: ${JSON.stringify(message)} is ${JSON.stringify(terminal)} on a terminal, and itself elsewhere`, () => {
    assert.equal(formatMessage(message, true), terminal)
    assert.equal(formatMessage(message, false), piped)
  })
}
