// HTTP/1.1 heads: whole or byte by byte it is the same, and what was parsed comes back when it is written.

import {
  DEFAULT_HEAD_LIMITS,
  formatRequestHead,
  formatResponseHead,
  type HeadLimits,
  type HeadResult,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
} from '../../../src/codec/http1-head.ts'
import { concat, isSameBytes, utf8 } from '../../support/wire.ts'
import { holds, holdsSame } from '../property.ts'

type Head = RequestHead | ResponseHead
type Result = HeadResult<Head> | undefined

export const dictionary = [
  ...[
    'GET ',
    'HTTP/1.1',
    ' HTTP/1.1\r\n',
    'HTTP/1.1 101 ',
    '/chat?a=b',
    '\r\n',
    '\r\n\r\n',
    ': ',
    '\n',
    '\0',
    '\t',
    '\x80',
  ],
  'Host: a\r\n',
  'Upgrade: websocket\r\n',
  'Connection: keep-alive, Upgrade\r\n',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  'Sec-WebSocket-Version: 13\r\n',
  'Content-Length: 1\r\n',
  'Transfer-Encoding: chunked\r\n',
]

const REQUEST =
  'GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nrest'
const RESPONSE =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'

export const seeds = [
  concat(Uint8Array.of(0), utf8(REQUEST)),
  concat(Uint8Array.of(1), utf8(RESPONSE)),
  concat(Uint8Array.of(2), utf8('GET / HTTP/1.0\r\na: b\r\nc:\r\n\r\n')),
  concat(Uint8Array.of(3), utf8('HTTP/1.1 404 \r\n\r\n')),
]

export const maxBytes = 512

const SMALL_LIMITS: HeadLimits = { maxRequestLineBytes: 24, maxHeadBytes: 64, maxHeaderCount: 2 }

export function fuzz(data: Uint8Array): void {
  const flags = data[0] ?? 0
  const bytes = data.subarray(1)
  const isRequest = (flags & 1) === 0
  const limits = (flags & 2) === 0 ? DEFAULT_HEAD_LIMITS : SMALL_LIMITS
  const create = () => (isRequest ? new RequestHeadParser(limits) : new ResponseHeadParser(limits))
  const result: Result = create().receive(bytes)
  checkSame(create(), bytes, 1 + (flags >> 2), result)
  if (result?.kind !== 'head') return
  const { head, size } = result
  checkLimits(head, size, limits, isRequest)
  checkText(head, bytes.subarray(0, size), isRequest)
  if (isRequest || (head as ResponseHead).status <= 599) checkFormatted(head, isRequest)
}

/** In chunks of one size. The last of them is not empty, and may be shorter. */
function checkSame(
  parser: { receive(bytes: Uint8Array): Result },
  bytes: Uint8Array,
  step: number,
  whole: Result,
): void {
  let result: Result
  let at = 0
  for (; at < bytes.length && result === undefined; at += step) result = parser.receive(bytes.subarray(at, at + step))
  holdsSame(result?.kind, whole?.kind, 'Result in chunks')
  if (result?.kind === 'violation' && whole?.kind === 'violation') {
    holdsSame(result.violation, whole.violation, 'Violation in chunks')
  } else if (result?.kind === 'head' && whole?.kind === 'head') {
    holdsSame(at - step + result.size, whole.size, 'Size in chunks')
    holdsSame(JSON.stringify(result.head), JSON.stringify(whole.head), 'Head in chunks')
  }
}

function checkLimits({ headers }: Head, size: number, limits: HeadLimits, isRequest: boolean): void {
  holds(size <= limits.maxHeadBytes && headers.length <= limits.maxHeaderCount, 'A head is within its limits')
  if (isRequest) holds(size <= limits.maxRequestLineBytes + limits.maxHeadBytes, 'A request line is within its limit')
}

/** The head by its text: lines that end with CR LF, names before the first colon. */
function checkText(head: Head, bytes: Uint8Array, isRequest: boolean): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  holds(text.endsWith('\r\n\r\n') && text.indexOf('\r\n\r\n') === text.length - 4, 'A head ends with its empty line')
  const [startLine, ...lines] = text.slice(0, -4).split('\r\n') as [string, ...string[]]
  const [first, second, ...others] = startLine.split(' ')
  if (isRequest) {
    const { method, target, httpVersion } = head as RequestHead
    holds(others.length === 1 && others[0] === `HTTP/${httpVersion}`, 'A request line has three parts')
    holds(first === method && second === target, 'Parts of the request line')
  } else {
    const { httpVersion, status, statusText } = head as ResponseHead
    holds(first === `HTTP/${httpVersion}` && second === String(status), 'Parts of the status line')
    holdsSame(others.join(' '), statusText, 'Status text')
  }
  holdsSame(head.headers.length, lines.length, 'Header fields')
  for (const [i, line] of lines.entries()) {
    const [name, value] = head.headers[i]!
    const colon = line.indexOf(':')
    holdsSame(name, line.slice(0, colon), 'Name of a field')
    holdsSame(value, line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, ''), 'Value of a field')
    holds(!/[\0\r\n\x7f]/.test(line) && !/[ \t]/.test(name), 'A field has no character that it may not have')
  }
}

function checkFormatted(head: Head, isRequest: boolean): void {
  const bytes = isRequest ? formatRequestHead(head as RequestHead) : formatResponseHead(head as ResponseHead)
  const parser = isRequest ? new RequestHeadParser() : new ResponseHeadParser()
  const again: Result = parser.receive(bytes)
  holds(again?.kind === 'head' && again.size === bytes.length, 'A head that was written can be parsed')
  const expected = JSON.stringify({ ...head, httpVersion: '1.1' })
  holdsSame(JSON.stringify({ ...again.head, httpVersion: '1.1' }), expected, 'A head that was written')
  const twice = isRequest
    ? formatRequestHead(again.head as RequestHead)
    : formatResponseHead(again.head as ResponseHead)
  holds(isSameBytes(bytes, twice), 'A head is always written the same')
}
