// Which proxy is used: what the option may be, and what the environment says. No network here.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAddress } from '../../src/client/address.ts'
import { type ProxyOption, type ProxyServer, proxyOfEnvironment, readProxy } from '../../src/client/proxy.ts'
import { connect } from '../../src/node.ts'

// --- the option -------------------------------------------------------------------------------------------------------

for (const [given, expected] of [
  ['http://proxy.test', { secure: false, hostname: 'proxy.test', port: 80, headers: [] }],
  ['https://proxy.test', { secure: true, hostname: 'proxy.test', port: 443, headers: [] }],
  ['http://proxy.test:3128/', { secure: false, hostname: 'proxy.test', port: 3_128, headers: [] }],
  ['http://[::1]:8080', { secure: false, hostname: '::1', port: 8_080, headers: [] }],
  [
    'http://us%40er:pa%3Ass@proxy.test',
    {
      secure: false,
      hostname: 'proxy.test',
      port: 80,
      headers: [['Proxy-Authorization', 'Basic dXNAZXI6cGE6c3M=']],
    },
  ],
  [
    { url: new URL('http://user:word@proxy.test'), headers: { 'Proxy-Authorization': 'Bearer x', X: 'y' } },
    {
      secure: false,
      hostname: 'proxy.test',
      port: 80,
      headers: [
        ['Proxy-Authorization', 'Bearer x'],
        ['X', 'y'],
      ],
    },
  ],
] as const) {
  test(`the proxy ${JSON.stringify(given)} is read`, () => {
    const proxy = readProxy(given as ProxyOption)
    assert.deepEqual({ ...proxy }, { ...expected, tls: undefined })
  })
}

test('false is no proxy, and nothing at all is that of the environment', () => {
  assert.equal(readProxy(false), false)
  assert.equal(readProxy(undefined), undefined)
})

test('a proxy without a scheme is an http: one, as in the environment', () => {
  for (const option of ['127.0.0.1:3128', { url: '127.0.0.1:3128' }]) {
    const { hostname, port, secure } = readProxy(option) as ProxyServer
    assert.deepEqual([hostname, port, secure], ['127.0.0.1', 3_128, false])
  }
  assert.equal((readProxy('localhost:3128') as ProxyServer).hostname, 'localhost')
})

for (const [proxy, message] of [
  ['', /proxy is not a URL/],
  ['proxy test:3128', /proxy is not a URL/],
  ['socks5://proxy.test', /socks5:.*createConnection/],
  ['ws://proxy.test', /ws:.*createConnection/],
  ['http://proxy.test/path', /more than a host/],
  ['http://proxy.test/?q', /more than a host/],
  ['http://proxy.test/#f', /more than a host/],
  ['http://%zz:secret@proxy.test', /credentials in proxy are malformed/],
  [{ url: 'ftp://proxy.test' }, /proxy\.url has the scheme ftp:/],
  [{ url: 1 }, /proxy\.url is not a URL/],
  [{}, /proxy\.url is not a URL/],
  [{ url: 'http://proxy.test', host: 'x' }, /Unknown option host in proxy/],
  [{ url: 'http://proxy.test', headers: { Host: 'x' } }, /Host/],
  [{ url: 'http://proxy.test', tls: 'x' }, /proxy\.tls is not an object/],
  [{ url: 'http://proxy.test', headers: { 'content-length': '1' } }, /content-length/],
  [{ url: 'http://proxy.test', headers: { X: 'a\r\nb' } }, /X/],
  [true, /proxy is not an object/],
  [null, /proxy is not an object/],
  [1, /proxy is not an object/],
] as const) {
  test(`the proxy ${JSON.stringify(proxy)} is a TypeError, and nothing is sent`, async () => {
    await assert.rejects(connect('ws://127.0.0.1:1/', { proxy: proxy as never }), (error: Error) => {
      assert.ok(error instanceof TypeError)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  })
}

// --- the environment --------------------------------------------------------------------------------------------------

/** Host and port of the proxy for a URL. */
function chosen(url: string, environment: Record<string, string>): string | undefined {
  const proxy = proxyOfEnvironment(readAddress(url).address, environment)
  return proxy && `${proxy.hostname}:${proxy.port}`
}

const BOTH = { http_proxy: 'http://plain.test', https_proxy: 'http://secure.test' }

for (const [what, url, environment, expected] of [
  ['nothing is set', 'ws://a.test', {}, undefined],
  ['http_proxy is set', 'ws://a.test', { http_proxy: 'http://p.test:1' }, 'p.test:1'],
  ['http_proxy is set, for TLS', 'wss://a.test', { http_proxy: 'http://p.test:1' }, undefined],
  ['https_proxy is set', 'wss://a.test', { https_proxy: 'http://p.test:1' }, 'p.test:1'],
  ['https_proxy is set, for plain text', 'ws://a.test', { https_proxy: 'http://p.test:1' }, undefined],
  ['both are set', 'ws://a.test', BOTH, 'plain.test:80'],
  ['both are set, for TLS', 'wss://a.test', BOTH, 'secure.test:80'],
  ['upper case', 'wss://a.test', { HTTPS_PROXY: 'https://p.test' }, 'p.test:443'],
  [
    'both cases',
    'wss://a.test',
    { HTTPS_PROXY: 'http://upper.test', https_proxy: 'http://lower.test' },
    'lower.test:80',
  ],
  ['lower case is empty', 'wss://a.test', { https_proxy: ' ', HTTPS_PROXY: 'http://upper.test' }, 'upper.test:80'],
  ['HTTP_PROXY is set', 'ws://a.test', { HTTP_PROXY: 'http://p.test' }, 'p.test:80'],
  ['HTTP_PROXY may be a header', 'ws://a.test', { HTTP_PROXY: 'http://p.test', REQUEST_METHOD: 'GET' }, undefined],
  ['http_proxy under CGI', 'ws://a.test', { http_proxy: 'http://p.test', REQUEST_METHOD: 'GET' }, 'p.test:80'],
  ['HTTPS_PROXY under CGI', 'wss://a.test', { HTTPS_PROXY: 'http://p.test', REQUEST_METHOD: 'GET' }, 'p.test:80'],
  ['all_proxy is set', 'ws://a.test', { all_proxy: 'http://p.test' }, 'p.test:80'],
  ['ALL_PROXY is set, for TLS', 'wss://a.test', { ALL_PROXY: 'http://p.test' }, 'p.test:80'],
  ['all_proxy and another', 'wss://a.test', { ...BOTH, all_proxy: 'http://p.test' }, 'secure.test:80'],
  ['there is no scheme', 'ws://a.test', { http_proxy: 'p.test:3128' }, 'p.test:3128'],
  ['no scheme, and credentials', 'ws://a.test', { http_proxy: 'user:word@p.test:3128' }, 'p.test:3128'],
  ['the target is localhost', 'ws://localhost:1', { all_proxy: 'http://p.test' }, undefined],
  ['the target is localhost, fully qualified', 'ws://localhost.:1', { all_proxy: 'http://p.test' }, undefined],
  ['the target is below localhost', 'ws://app.localhost', { all_proxy: 'http://p.test' }, undefined],
  ['the target is loopback', 'ws://127.9.9.9', { all_proxy: 'http://p.test' }, undefined],
  ['the target is loopback, in IPv6', 'wss://[::1]:1', { all_proxy: 'http://p.test' }, undefined],
  ['the target is loopback, mapped', 'wss://[::ffff:127.0.0.1]:1', { all_proxy: 'http://p.test' }, undefined],
  ['the target is not quite loopback', 'wss://128.0.0.1', { all_proxy: 'http://p.test' }, 'p.test:80'],
  ['the target is a Unix socket', 'ws+unix:/run/a.sock', { all_proxy: 'http://p.test' }, undefined],
] as [string, string, Record<string, string>, string | undefined][]) {
  test(`the environment: ${what}: ${url} goes ${expected === undefined ? 'straight' : `through ${expected}`}`, () => {
    assert.equal(chosen(url, environment), expected)
  })
}

for (const [exceptions, url, excepted] of [
  ['*', 'ws://a.test', true],
  ['a.test', 'ws://a.test', true],
  ['A.Test', 'ws://a.TEST', true],
  ['a.test', 'ws://b.a.test', true],
  ['a.test', 'ws://ba.test', false],
  ['.a.test', 'ws://b.a.test', true],
  ['.a.test', 'ws://a.test', true],
  ['*.a.test', 'ws://b.a.test', true],
  ['a.test.', 'ws://a.test', true],
  ['a.test', 'ws://a.test.', true],
  ['b.test,a.test', 'ws://a.test', true],
  ['b.test , a.test', 'ws://a.test', true],
  ['b.test a.test', 'ws://a.test', true],
  ['b.test', 'ws://a.test', false],
  ['test', 'ws://a.test', true],
  [',', 'ws://a.test', false],
  ['.', 'ws://a.test', false],
  ['a.test:80', 'ws://a.test', true],
  ['a.test:443', 'wss://a.test', true],
  ['a.test:443', 'ws://a.test', false],
  ['a.test:8080', 'ws://b.a.test:8080', true],
  ['10.1.2.3', 'ws://10.1.2.3', true],
  ['10.1.2.3', 'ws://10.1.2.30', false],
  ['10.1.2.3:80', 'ws://10.1.2.3:81', false],
  ['10.0.0.0/8', 'ws://10.1.2.3', true],
  ['10.0.0.0/8', 'ws://11.1.2.3', false],
  ['10.1.2.3/32', 'ws://10.1.2.3', true],
  ['0.0.0.0/0', 'ws://10.1.2.3', true],
  ['10.0.0.0/33', 'ws://10.1.2.3', false],
  ['10.0.0.0/8/1', 'ws://10.1.2.3', false],
  ['10.0.0.0/x', 'ws://10.1.2.3', false],
  ['10.0.0.0/8', 'ws://a.test', false],
  ['2001:db8::1', 'ws://[2001:db8:0::1]', true],
  ['[2001:db8::1]', 'ws://[2001:db8::1]', true],
  ['[2001:db8::1]:8080', 'ws://[2001:db8::1]:8080', true],
  ['[2001:db8::1]:8080', 'ws://[2001:db8::1]', false],
  ['2001:db8::/32', 'ws://[2001:db8:1::1]', true],
  ['2001:db8::/32', 'ws://[2001:db9::1]', false],
] as [string, string, boolean][]) {
  test(`no_proxy ${JSON.stringify(exceptions)} ${excepted ? 'excepts' : 'does not except'} ${url}`, () => {
    for (const name of ['no_proxy', 'NO_PROXY']) {
      assert.equal(chosen(url, { all_proxy: 'http://p.test', [name]: exceptions }), excepted ? undefined : 'p.test:80')
    }
  })
}

for (const [name, value, message] of [
  ['all_proxy', 'socks5://user:secret@p.test', /all_proxy has the scheme socks5:.*createConnection/],
  ['HTTP_PROXY', 'http://p.test/secret', /HTTP_PROXY has more than/],
  ['http_proxy', 'http://user:%zzsecret@p.test', /credentials in http_proxy/],
  ['http_proxy', 'http://user:secret@', /http_proxy is not a URL/],
] as const) {
  test(`the environment: ${name} that cannot be used is a TypeError that names it, without its secrets`, () => {
    assert.throws(
      () => chosen('ws://a.test', { [name]: value }),
      (error: Error) => {
        assert.ok(error instanceof TypeError)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /secret/)
        return true
      },
    )
  })
}
