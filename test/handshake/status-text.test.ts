import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusTextOf } from '../../src/handshake/status-text.ts'

// RFC 9110 §15, RFC 6585 §4 and §5.
const TEXTS: Readonly<Record<number, string>> = {
  200: 'OK',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  414: 'URI Too Long',
  421: 'Misdirected Request',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

test('the usual statuses have the words of RFC 9110 and RFC 6585, rarer ones none', () => {
  for (let status = 100; status <= 599; status++) assert.equal(statusTextOf(status), TEXTS[status] ?? '', `${status}`)
})
