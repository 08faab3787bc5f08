// URLs as addresses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameOrigin, readAddress } from '../../src/client/address.ts'

for (const [url, expected] of [
  ['ws://a.test', { hostname: 'a.test', port: 80, host: 'a.test', target: '/', href: 'ws://a.test/' }],
  ['wss://a.test', { hostname: 'a.test', port: 443, host: 'a.test', target: '/', href: 'wss://a.test/' }],
  ['ws://a.test:80/b?c', { hostname: 'a.test', port: 80, host: 'a.test', target: '/b?c', href: 'ws://a.test/b?c' }],
  ['https://A.test:81', { hostname: 'a.test', port: 81, host: 'a.test:81', target: '/', href: 'wss://a.test:81/' }],
  ['ws://[::1]:81', { hostname: '::1', port: 81, host: '[::1]:81', target: '/', href: 'ws://[::1]:81/' }],
] as const) {
  test(`${url} is read`, () => {
    const { address, credentials } = readAddress(url)
    const secure = expected.href.startsWith('wss:')
    assert.deepEqual({ ...address }, { ...expected, secure, socketPath: undefined })
    assert.equal(credentials, undefined)
  })
}

for (const [url, socketPath, target] of [
  ['ws+unix:/run/a.sock', '/run/a.sock', '/'],
  ['ws+unix:///run/a.sock', '/run/a.sock', '/'],
  ['ws+unix:/run/a.sock:', '/run/a.sock', '/'],
  ['ws+unix:/run/a.sock:/b/c?d=e', '/run/a.sock', '/b/c?d=e'],
  ['ws+unix:/run/a.sock:/b:c?d:e', '/run/a.sock', '/b:c?d:e'],
  ['ws+unix:a.sock:/b', 'a.sock', '/b'],
  ['ws+unix:/run/a b%25%3a.sock:/b', '/run/a b%:.sock', '/b'],
  ['wss+unix:/run/a.sock:/b', '/run/a.sock', '/b'],
] as const) {
  test(`${url} is ${target} on the Unix socket ${socketPath}`, () => {
    const { address } = readAddress(url)
    const secure = url.startsWith('wss')
    assert.deepEqual(
      { ...address },
      {
        href: new URL(url).href,
        secure,
        hostname: 'localhost',
        host: 'localhost',
        port: secure ? 443 : 80,
        socketPath,
        target,
      },
    )
  })
}

for (const [url, message] of [
  ['ws+unix://host/run/a.sock', /has no host/],
  ['ws+unix:', /no path of a Unix socket/],
  ['ws+unix::/a', /no path of a Unix socket/],
  ['ws+unix:/run/%zz', /path of the Unix socket is malformed/],
  ['ws+unix:/run/a.sock:b', /does not begin with a slash/],
  ['ws+unix:/run/a.sock:/b#c', /fragment/],
  ['ws://a.test/#', /fragment/],
  ['unix:/run/a.sock', /Cannot connect to unix: URLs/],
  ['localhost:8080', /^Cannot connect to localhost: URLs: the URL of a server begins with ws:\/\/ or wss:\/\/$/],
] as const) {
  test(`${url} is a TypeError`, () =>
    assert.throws(
      () => readAddress(url),
      (error: Error) => error instanceof TypeError && message.test(error.message),
    ))
}

test('credentials are taken out of the URL, which is left as it is', () => {
  const url = new URL('wss://us%40er:p%3A@a.test/')
  assert.deepEqual(readAddress(url).credentials, { username: 'us@er', password: 'p:' })
  assert.equal(readAddress(url).address.href, 'wss://a.test/')
  assert.equal(url.username, 'us%40er')
  assert.throws(() => readAddress('ws://%zz@a.test'), TypeError)
})

for (const [a, b, same] of [
  ['ws://a.test', 'ws://A.test:80/b?c', true],
  ['ws://a.test', 'http://a.test', true],
  ['ws://a.test', 'ws://b.test', false],
  ['ws://a.test', 'ws://a.test:81', false],
  ['ws://a.test:443', 'wss://a.test', false],
  ['ws+unix:/run/a.sock:/b', 'ws+unix:/run/a.sock:/c', true],
  ['ws+unix:/run/a.sock', 'ws+unix:/run/b.sock', false],
  ['ws+unix:/run/a.sock', 'wss+unix:/run/a.sock', false],
  ['ws+unix:/run/a.sock', 'ws://localhost', false],
] as const) {
  test(`${a} and ${b} are ${same ? 'the same origin' : 'two origins'}`, () => {
    assert.equal(isSameOrigin(readAddress(a).address, readAddress(b).address), same)
    assert.equal(isSameOrigin(readAddress(b).address, readAddress(a).address), same)
  })
}
