// A refusal as bytes: with words for the status, or with a body of the application's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatRefusal } from '../../src/handshake/index.ts'
import { latin1, lines, wireText } from '../support/http.ts'

test('without a body the status is said in words', () => {
  const vectors = formatRefusal({ status: 403, statusText: 'Forbidden', headers: [['Connection', 'close']] })
  assert.equal(
    wireText(...vectors),
    `${lines('HTTP/1.1 403 Forbidden', 'Connection: close', 'Content-Type: text/plain; charset=utf-8', 'Content-Length: 14')}\r\n403 Forbidden\n`,
  )
})

for (const text of ['', 'hi']) {
  test(`a body of ${text.length} bytes is said to have them, and nothing more`, () => {
    const vectors = formatRefusal({ status: 418, statusText: '', headers: [['X', 'y']], body: latin1(text) })
    assert.equal(wireText(...vectors), `${lines('HTTP/1.1 418 ', 'X: y', `Content-Length: ${text.length}`)}\r\n${text}`)
  })
}

test('a length that is given is not said twice', () => {
  const vectors = formatRefusal({
    status: 418,
    statusText: '',
    headers: [
      ['content-length', '2'],
      ['X', 'y'],
    ],
    body: latin1('hi'),
  })
  assert.equal(wireText(...vectors), `${lines('HTTP/1.1 418 ', 'content-length: 2', 'X: y')}\r\nhi`)
})

test('what HTTP cannot carry is not written', () => {
  assert.throws(() => formatRefusal({ status: 403, statusText: 'a\nb', headers: [] }), TypeError)
  assert.throws(() => formatRefusal({ status: 403, statusText: '', headers: [['X', 'a\r\nY: b']] }), TypeError)
  assert.throws(() => formatRefusal({ status: 1_000, statusText: '', headers: [] }), RangeError)
})
