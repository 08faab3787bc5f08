import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSameOrigin, parseAuthority, parseOrigin } from '../../src/handshake/origin.ts'

const HOSTS: readonly (readonly [text: string, host: string, port: number | undefined])[] = [
  ['example.com', 'example.com', undefined],
  ['Example.COM:80', 'Example.COM', 80],
  ['example.com:', 'example.com', undefined],
  ['example.com:0', 'example.com', 0],
  ['example.com:65535', 'example.com', 65_535],
  ['example.com:00080', 'example.com', 80],
  ['127.0.0.1:4100', '127.0.0.1', 4100],
  ['[::1]', '[::1]', undefined],
  ['[2001:DB8::1.2.3.4]:443', '[2001:DB8::1.2.3.4]', 443],
  ['%2cab%41', '%2cab%41', undefined],
  ['a%4Fz', 'a%4Fz', undefined],
  ["-._~!$&'()*+;=%2c", "-._~!$&'()*+;=%2c", undefined],
]

for (const [text, host, port] of HOSTS) {
  test(`${text} is a host`, () => assert.deepEqual(parseAuthority(text), { host, port }))
}

const NO_HOSTS = [
  '',
  ':80',
  ' ',
  'a b',
  'a\tb',
  '[::1',
  '[]',
  '[::1]x',
  '[::1]80',
  '[fe80::1%25eth0]',
  '[g::1]',
  '[::1g]',
  '[::g1]',
  'a%g0',
  'a%0g',
  '::1',
  'a]b',
  'a.example,b.example',
  'user@example.com',
  'example.com/',
  'example.com?',
  'example.com#',
  'example.com:80:80',
  'example.com:http',
  'example.com:-1',
  'example.com:65536',
  'example.com:100000',
  'example.com:000080',
  'ex%',
  'ex%4',
  'ex%zz',
  'ex\u00e4mple.com',
  'a\\b',
  '"a"',
  'a\0',
]

for (const text of NO_HOSTS) {
  test(`T-02: ${JSON.stringify(text)} is no host`, () => assert.equal(parseAuthority(text), undefined))
}

const ORIGINS: readonly (readonly [text: string, scheme: string, host: string, port: number | undefined])[] = [
  ['http://example.com', 'http', 'example.com', undefined],
  ['HTTPS://example.com:8443', 'https', 'example.com', 8443],
  ['http://[::1]:80', 'http', '[::1]', 80],
  ['chrome-extension://abcdef', 'chrome-extension', 'abcdef', undefined],
]

for (const [text, scheme, host, port] of ORIGINS) {
  test(`${text} is an origin`, () => assert.deepEqual(parseOrigin(text), { scheme, host, port }))
}

for (const text of [
  'null',
  '',
  'example.com',
  '//example.com',
  '://example.com',
  'http:example.com',
  'http://',
  'file://',
  'http://example.com/',
  'http://example.com/path',
  'http://user@example.com',
  'http://a.example http://b.example',
  'ht tp://example.com',
  'http\u00e9://example.com',
]) {
  test(`T-20: ${JSON.stringify(text)} is no origin`, () => assert.equal(parseOrigin(text), undefined))
}

const COMPARED: readonly (readonly [a: string, b: string, same: boolean])[] = [
  ['http://example.com', 'HTTP://EXAMPLE.com', true],
  ['http://example.com', 'http://example.com:80', true],
  ['https://example.com:443', 'https://example.com', true],
  ['x://example.com', 'x://example.com', true],
  ['http://example.com', 'https://example.com', false],
  ['http://example.com', 'http://example.com:443', false],
  ['http://example.com', 'http://example.com:8080', false],
  ['http://example.com', 'http://www.example.com', false],
  ['http://example.com', 'http://example.com.evil.example', false],
  ['http://example.com', 'http://notexample.com', false],
  ['http://example.com', 'http://exampleXcom', false],
  ['x://example.com', 'x://example.com:80', false],
]

for (const [a, b, same] of COMPARED) {
  test(`T-20: ${a} and ${b} are ${same ? '' : 'not '}the same origin`, () => {
    assert.equal(isSameOrigin(parseOrigin(a)!, parseOrigin(b)!), same)
    assert.equal(isSameOrigin(parseOrigin(b)!, parseOrigin(a)!), same)
  })
}
