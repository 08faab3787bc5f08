// The address and the path in a request target, in every form that a target has.

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { isSecure, pathOf, upgradeRequest } from '../../src/server/upgrade-request.ts'

function incoming(target: string | undefined, host: string | undefined, encrypted?: boolean): IncomingMessage {
  const rawHeaders = host === undefined ? [] : ['Host', host]
  return {
    url: target,
    method: undefined,
    httpVersion: '1.1',
    rawHeaders,
    headers: { host },
    socket: { encrypted, remoteAddress: '192.0.2.1' },
  } as unknown as IncomingMessage
}

for (const { target, host, encrypted, url, path } of [
  { target: '/', host: 'a', encrypted: undefined, url: 'ws://a/', path: '/' },
  { target: '/b?c=/d', host: 'a:1', encrypted: true, url: 'wss://a:1/b?c=/d', path: '/b' },
  { target: '//b', host: 'a', encrypted: false, url: 'ws://a//b', path: '//b' },
  { target: '/%2e', host: '[::1]', encrypted: false, url: 'ws://[::1]/%2e', path: '/%2e' },
  { target: 'http://b/c?d', host: 'a', encrypted: false, url: 'ws://b/c?d', path: '/c' },
  { target: 'https://b/c', host: 'a', encrypted: true, url: 'wss://b/c', path: '/c' },
  { target: '*', host: 'a', encrypted: false, url: '*', path: '*' },
  { target: '', host: undefined, encrypted: false, url: '', path: '' },
]) {
  test(`the target ${target || 'of no request'} leads to ${url || 'nowhere'}, path ${path || 'none'}`, () => {
    const request = upgradeRequest(incoming(target, host, encrypted))
    assert.deepEqual([request.url, request.target, request.secure], [url, target, encrypted === true])
    assert.equal(pathOf(target), path)
  })
}

test('a request without method, target and host is a request all the same', () => {
  const request = upgradeRequest(incoming(undefined, undefined))
  assert.deepEqual([request.method, request.target, request.url, request.headers], ['', '', '', []])
  assert.equal(upgradeRequest(incoming('/', undefined)).url, 'ws:///')
  assert.equal(isSecure(request.incoming.socket), false)
})
