// What an error for something that cannot be reached says, and what it leaves to its cause.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reachError } from '../../src/client/reach-error.ts'

for (const [title, cause, message] of [
  ['a code of the network', { code: 'ECONNREFUSED' }, 'Cannot connect to a.example (connection refused)'],
  ['a code of TLS', { code: 'CERT_HAS_EXPIRED' }, 'Cannot connect to a.example (certificate has expired)'],
  ['another code', { code: 'ERR_SSL_X' }, 'Cannot connect to a.example (ERR_SSL_X)'],
  ['a code that is a sentence', { code: 'Go away\n' }, 'Cannot connect to a.example'],
  ['a code that is a number', { code: 5 }, 'Cannot connect to a.example'],
  ['no code', new Error('said by a peer'), 'Cannot connect to a.example'],
  ['nothing', undefined, 'Cannot connect to a.example'],
  ['null', null, 'Cannot connect to a.example'],
] as const) {
  test(`${title} is said in words of ours or not at all`, () => {
    const error = reachError('a.example', cause)
    assert.deepEqual([error.code, error.message, error.cause], ['CONNECT_FAILED', message, cause])
  })
}
