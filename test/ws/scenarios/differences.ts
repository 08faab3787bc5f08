// Where this module differs from `ws` on purpose. Each row is checked both ways: the transcripts differ in these places and in
// no other, so that a row that is no longer needed fails. Each belongs to a line of the table in docs/guide/from-ws.md.

import type { Change } from './transcript.ts'

export interface Difference {
  /** `group: name` of the scenario. */
  readonly scenario: string
  /** Why, for the reader of the table. */
  readonly reason: string
  readonly changes: readonly Change[]
  /** What the line of the guide begins with that tells programs of it. */
  readonly line: string
}

/** Scenarios in which one line of the guide shows. */
function because(
  line: string,
  reason: string,
  scenarios: Readonly<Record<string, readonly Change[]>>,
): readonly Difference[] {
  return Object.entries(scenarios).map(([scenario, changes]) => ({ scenario, reason, changes, line }))
}

export const differences: readonly Difference[] = [
  ...because(
    'version 8 of the protocol',
    'The version of RFC 6455 is 13, and who asks for another is told so with 426 (§4.2.2, §4.4).',
    {
      'handshake, server: refused: no version': [
        { at: 'raw client/0/2/3', theirs: 'Sec-WebSocket-Version: 13, 8', ours: '(nothing)' },
      ],
      'handshake, server: refused: another version': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 400 Bad Request', ours: 'HTTP/1.1 426 Upgrade Required' },
        { at: 'raw client/0/2/3', theirs: 'Sec-WebSocket-Version: 13, 8', ours: 'Sec-WebSocket-Version: 13' },
        { at: 'raw client/0/2/4', theirs: '(nothing)', ours: 'Upgrade: websocket' },
      ],
      'handshake, server: refused: a version that is no number': [
        { at: 'raw client/0/2/3', theirs: 'Sec-WebSocket-Version: 13, 8', ours: '(nothing)' },
      ],
      'handshake, server: let in: version 8': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 426 Upgrade Required' },
        { at: 'raw client/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw client/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw client/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        { at: 'raw client/0/2/3', theirs: '(nothing)', ours: 'Sec-WebSocket-Version: 13' },
        { at: 'raw client/0/2/4', theirs: '(nothing)', ours: 'Upgrade: websocket' },
        {
          at: 'raw client/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw client/2', theirs: '(nothing)', ours: 'ended' },
        {
          at: 'server',
          theirs: [
            ['origin', 'https://old.test'],
            ['protocol', '', 'extensions', ''],
          ],
          ours: '(nothing)',
        },
      ],
      'handshake, client: the request: with an origin and version 8': [
        { at: 'constructor/0/1', theirs: 'returned', ours: 'threw' },
        {
          at: 'constructor/0/2',
          theirs: '(undefined)',
          ours: {
            error: {
              name: 'RangeError',
              constructor: 'RangeError',
              message: 'Unsupported protocol version: 8 (supported versions: 13)',
            },
          },
        },
        {
          at: 'raw server',
          theirs: [
            [
              'head',
              'GET / HTTP/1.1',
              [
                'Sec-WebSocket-Version: 8',
                'Sec-WebSocket-Key: KEY',
                'Connection: Upgrade',
                'Upgrade: websocket',
                'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
                'Sec-WebSocket-Origin: https://example.test',
                'Host: 127.0.0.1:PORT',
              ],
            ],
          ],
          ours: '(nothing)',
        },
      ],
      'addresses: versions of the protocol that are none or old': [
        { at: 'constructor/0/1', theirs: 'returned', ours: 'threw' },
        {
          at: 'constructor/0/2',
          theirs: 'made',
          ours: {
            error: {
              name: 'RangeError',
              constructor: 'RangeError',
              message: 'Unsupported protocol version: 8 (supported versions: 13)',
            },
          },
        },
        {
          at: 'constructor/1/2/error/message',
          theirs: 'Unsupported protocol version: 14 (supported versions: 8, 13)',
          ours: 'Unsupported protocol version: 14 (supported versions: 13)',
        },
        {
          at: 'constructor/2/2/error/message',
          theirs: 'Unsupported protocol version: 13 (supported versions: 8, 13)',
          ours: 'Unsupported protocol version: 13 (supported versions: 13)',
        },
        {
          at: 'constructor/3/2/error/message',
          theirs: 'Unsupported protocol version: undefined (supported versions: 8, 13)',
          ours: 'Unsupported protocol version: undefined (supported versions: 13)',
        },
      ],
    },
  ),
  ...because(
    'a version that is not written `13`: `0x0d`, `013`, `13.0`',
    'A version is a number without leading zeros and nothing else (RFC 6455 §4.3).',
    {
      'handshake, server: let in: version 13 in another spelling': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw client/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw client/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw client/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        {
          at: 'raw client/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw client/2', theirs: '(nothing)', ours: 'ended' },
        {
          at: 'server',
          theirs: [
            ['origin', '(undefined)'],
            ['protocol', '', 'extensions', ''],
          ],
          ours: '(nothing)',
        },
      ],
      'edges: versions in other notations': [
        { at: 'raw 13.0/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw 13.0/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw 13.0/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw 13.0/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        {
          at: 'raw 13.0/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw 13.0/2', theirs: '(nothing)', ours: 'ended' },
        { at: 'raw 1.3e1/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw 1.3e1/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw 1.3e1/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw 1.3e1/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        {
          at: 'raw 1.3e1/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw 1.3e1/2', theirs: '(nothing)', ours: 'ended' },
        { at: 'raw 0b1101/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw 0b1101/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw 0b1101/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw 0b1101/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        {
          at: 'raw 0b1101/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw 0b1101/2', theirs: '(nothing)', ours: 'ended' },
        { at: 'raw 13, 8/0/2/3', theirs: 'Sec-WebSocket-Version: 13, 8', ours: '(nothing)' },
        { at: 'raw 013/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw 013/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw 013/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw 013/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        {
          at: 'raw 013/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw 013/2', theirs: '(nothing)', ours: 'ended' },
        { at: 'raw +13/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw +13/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw +13/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw +13/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 47' },
        {
          at: 'raw +13/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Version header"'],
        },
        { at: 'raw +13/2', theirs: '(nothing)', ours: 'ended' },
      ],
    },
  ),
  ...because(
    'a request without `Host`, with a body, with two keys, of HTTP/1.0, with a key that is not base64 of 16 bytes, for a target that is no path',
    'What RFC 6455 §4.2.1 says a request has is checked, and the answer says what it lacks.',
    {
      'edges: a key with bits behind its sixteen bytes': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw client/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw client/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw client/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 43' },
        {
          at: 'raw client/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Missing or invalid Sec-WebSocket-Key header"'],
        },
        { at: 'raw client/2', theirs: '(nothing)', ours: 'ended' },
      ],
      'programs: request targets that RFC 6455 does not know': [
        { at: 'raw /chat#x/0/2/2', theirs: 'Content-Length: 11', ours: 'Content-Length: 61' },
        {
          at: 'raw /chat#x/1/1',
          theirs: 'Buffer "Bad Request"',
          ours: 'Buffer "Request target is neither a path nor an http URI of this host"',
        },
        { at: 'raw */0/2/2', theirs: 'Content-Length: 11', ours: 'Content-Length: 61' },
        {
          at: 'raw */1/1',
          theirs: 'Buffer "Bad Request"',
          ours: 'Buffer "Request target is neither a path nor an http URI of this host"',
        },
      ],
    },
  ),
  ...because(
    'an extension list that is malformed while compression is off',
    'A header that is not as RFC 6455 §9.1 writes it fails the handshake, whether it would have been used or not.',
    {
      'handshake, server: let in: extensions that cannot be parsed, with compression off': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 101 Switching Protocols', ours: 'HTTP/1.1 400 Bad Request' },
        { at: 'raw client/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw client/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw client/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 55' },
        {
          at: 'raw client/1',
          theirs: '(nothing)',
          ours: ['rest', 'Buffer "Invalid or unacceptable Sec-WebSocket-Extensions header"'],
        },
        { at: 'raw client/2', theirs: '(nothing)', ours: 'ended' },
        {
          at: 'server',
          theirs: [
            ['origin', '(undefined)'],
            ['protocol', '', 'extensions', ''],
          ],
          ours: '(nothing)',
        },
      ],
    },
  ),
  ...because(
    'an offer of compression that cannot be met',
    'An offer that cannot be accepted is declined, which is no reason to refuse the connection (RFC 7692 §5.1).',
    {
      'handshake, server: refused with compression on: an unknown parameter': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 400 Bad Request', ours: 'HTTP/1.1 101 Switching Protocols' },
        { at: 'raw client/0/2/0', theirs: 'Connection: close', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/1', theirs: 'Content-Type: text/html', ours: 'Connection: Upgrade' },
        { at: 'raw client/0/2/2', theirs: 'Content-Length: 55', ours: 'Sec-WebSocket-Accept: ACCEPT' },
        {
          at: 'raw client/1',
          theirs: ['rest', 'Buffer "Invalid or unacceptable Sec-WebSocket-Extensions header"'],
          ours: '(nothing)',
        },
        { at: 'raw client/2', theirs: 'ended', ours: '(nothing)' },
      ],
      'handshake, server: refused with compression on: a window that is too large': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 400 Bad Request', ours: 'HTTP/1.1 101 Switching Protocols' },
        { at: 'raw client/0/2/0', theirs: 'Connection: close', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/1', theirs: 'Content-Type: text/html', ours: 'Connection: Upgrade' },
        { at: 'raw client/0/2/2', theirs: 'Content-Length: 55', ours: 'Sec-WebSocket-Accept: ACCEPT' },
        {
          at: 'raw client/1',
          theirs: ['rest', 'Buffer "Invalid or unacceptable Sec-WebSocket-Extensions header"'],
          ours: '(nothing)',
        },
        { at: 'raw client/2', theirs: 'ended', ours: '(nothing)' },
      ],
      'edges: an offer that cannot be met before one that can': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 400 Bad Request', ours: 'HTTP/1.1 101 Switching Protocols' },
        { at: 'raw client/0/2/0', theirs: 'Connection: close', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/1', theirs: 'Content-Type: text/html', ours: 'Connection: Upgrade' },
        { at: 'raw client/0/2/2', theirs: 'Content-Length: 55', ours: 'Sec-WebSocket-Accept: ACCEPT' },
        {
          at: 'raw client/0/2/3',
          theirs: '(nothing)',
          ours: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10',
        },
        {
          at: 'raw client/1',
          theirs: ['rest', 'Buffer "Invalid or unacceptable Sec-WebSocket-Extensions header"'],
          ours: '(nothing)',
        },
        { at: 'raw client/2', theirs: 'ended', ours: '(nothing)' },
      ],
      'edges: no offer that the options allow': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 400 Bad Request', ours: 'HTTP/1.1 101 Switching Protocols' },
        { at: 'raw client/0/2/0', theirs: 'Connection: close', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/1', theirs: 'Content-Type: text/html', ours: 'Connection: Upgrade' },
        { at: 'raw client/0/2/2', theirs: 'Content-Length: 55', ours: 'Sec-WebSocket-Accept: ACCEPT' },
        {
          at: 'raw client/1',
          theirs: ['rest', 'Buffer "Invalid or unacceptable Sec-WebSocket-Extensions header"'],
          ours: '(nothing)',
        },
        { at: 'raw client/2', theirs: 'ended', ours: '(nothing)' },
      ],
      'edges: a parameter of an offer twice': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 400 Bad Request', ours: 'HTTP/1.1 101 Switching Protocols' },
        { at: 'raw client/0/2/0', theirs: 'Connection: close', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/1', theirs: 'Content-Type: text/html', ours: 'Connection: Upgrade' },
        { at: 'raw client/0/2/2', theirs: 'Content-Length: 55', ours: 'Sec-WebSocket-Accept: ACCEPT' },
        {
          at: 'raw client/1',
          theirs: ['rest', 'Buffer "Invalid or unacceptable Sec-WebSocket-Extensions header"'],
          ours: '(nothing)',
        },
        { at: 'raw client/2', theirs: 'ended', ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    'a window in an offer that is not written `8` to `15`: `010`, `1e1`',
    'A window is a decimal number without leading zeros (RFC 7692 §7.1.2.1).',
    {
      'edges: a window with leading zeros': [
        {
          at: 'raw client/0/2/3',
          theirs: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10',
          ours: '(nothing)',
        },
      ],
      'edges: a window in another notation': [
        {
          at: 'raw client/0/2/3',
          theirs: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10',
          ours: '(nothing)',
        },
      ],
    },
  ),
  ...because(
    'a window of 8 bits that a client wants of a server',
    'zlib cannot compress with so small a window, so that a server that agrees breaks its word (RFC 7692 §7.1.2.1).',
    {
      'edges: a window of eight bits is offered': [
        {
          at: 'raw client/0/2/3',
          theirs: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8',
          ours: '(nothing)',
        },
      ],
    },
  ),
  ...because('compression twice in an answer', 'An answer accepts each offer once (RFC 6455 §9.1).', {
    'edges: the extension twice in the answer': [
      { at: 'client/0/0', theirs: 'open', ours: 'error' },
      { at: 'client/0/1', theirs: 1, ours: 2 },
      {
        at: 'client/0/2',
        theirs: '(nothing)',
        ours: {
          error: {
            name: 'Error',
            constructor: 'Error',
            message: 'Server indicated an extension that was not requested',
          },
        },
      },
      { at: 'client/1/0', theirs: 1, ours: 'close' },
      { at: 'client/1/1', theirs: 'permessage-deflate', ours: 3 },
      { at: 'client/1/2', theirs: '(nothing)', ours: 1006 },
      { at: 'client/1/3', theirs: '(nothing)', ours: 'Buffer ""' },
      { at: 'client/2', theirs: '(nothing)', ours: [3, ''] },
    ],
  }),
  ...because(
    '`handleProtocols` chooses what was not offered',
    "A client must fail such a connection (RFC 6455 §4.1), so that it is the server's mistake.",
    {
      'handshake, server: handleProtocols chooses what was not offered': [
        {
          at: 'raw client/0/1',
          theirs: 'HTTP/1.1 101 Switching Protocols',
          ours: 'HTTP/1.1 500 Internal Server Error',
        },
        { at: 'raw client/0/2/0', theirs: 'Upgrade: websocket', ours: 'Connection: close' },
        { at: 'raw client/0/2/1', theirs: 'Connection: Upgrade', ours: 'Content-Type: text/html' },
        { at: 'raw client/0/2/2', theirs: 'Sec-WebSocket-Accept: ACCEPT', ours: 'Content-Length: 21' },
        { at: 'raw client/0/2/3', theirs: 'Sec-WebSocket-Protocol: z', ours: '(nothing)' },
        { at: 'raw client/1', theirs: '(nothing)', ours: ['rest', 'Buffer "Internal Server Error"'] },
        { at: 'raw client/2', theirs: '(nothing)', ours: 'ended' },
        { at: 'server', theirs: [['protocol', 'z']], ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    'the answers 405 and 426',
    'They say which methods and which protocol would do (RFC 9110 §15.5.6, §15.5.22).',
    {
      'server options: a plain HTTP request to a server with a port gets 426': [
        { at: 'raw client/0/2/2', theirs: 'Date: DATE', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/3', theirs: 'Connection: close', ours: 'Date: DATE' },
        { at: 'raw client/0/2/4', theirs: '(nothing)', ours: 'Connection: close' },
      ],
      'programs: a request without Connection: Upgrade is a plain request': [
        { at: 'raw client/0/2/2', theirs: 'Date: DATE', ours: 'Upgrade: websocket' },
        { at: 'raw client/0/2/3', theirs: 'Connection: close', ours: 'Date: DATE' },
        { at: 'raw client/0/2/4', theirs: '(nothing)', ours: 'Connection: close' },
      ],
      'handshake, server: refused: another method': [
        { at: 'raw client/0/2/3', theirs: '(nothing)', ours: 'Allow: GET' },
      ],
    },
  ),
  ...because(
    'a status without a name, such as 499, from `verifyClient`',
    'The reason phrase may be empty (RFC 9112 §4), and `undefined` is none.',
    {
      'handshake, server: verifyClient with a code that has no name': [
        { at: 'raw client/0/1', theirs: 'HTTP/1.1 499 undefined', ours: 'HTTP/1.1 499 ' },
      ],
    },
  ),
  ...because(
    'lengths not in their shortest form',
    'The minimal number of bytes must be used to encode the length (RFC 6455 §5.2).',
    {
      'receiving: lengths that are not the shortest are taken': [
        { at: 'server/0/0', theirs: 'message', ours: 'error' },
        { at: 'server/0/1', theirs: 1, ours: 2 },
        {
          at: 'server/0/2',
          theirs: 'Buffer "a"',
          ours: {
            error: {
              name: 'ProtocolError',
              constructor: 'ProtocolError',
              message: 'Payload length is not in its shortest form',
              code: 'LENGTH_NOT_MINIMAL',
              keys: ['closeCode', 'phase', 'offset', 'rule', 'name', 'found'],
            },
          },
        },
        { at: 'server/0/3', theirs: false, ours: '(nothing)' },
        { at: 'server/1/0', theirs: 'message', ours: 'close' },
        { at: 'server/1/1', theirs: 1, ours: 3 },
        { at: 'server/1/2', theirs: 'Buffer "b"', ours: 1006 },
        { at: 'server/1/3', theirs: false, ours: 'Buffer ""' },
        { at: 'raw client/1', theirs: '(nothing)', ours: ['frame', 'close', 1002, '""'] },
      ],
    },
  ),
  ...because(
    'lengths above 2^53 - 1',
    'The top bit must be 0 and no frame can be that long, so that it is an error of the protocol (RFC 6455 §5.2).',
    {
      'receiving: a server meets a length beyond 2^53': [{ at: 'raw client/1/2', theirs: 1009, ours: 1002 }],
      'receiving: a client meets a length beyond 2^53': [{ at: 'raw server/1/2', theirs: 1009, ours: 1002 }],
      'receiving: a server meets a length with the top bit': [{ at: 'raw client/1/2', theirs: 1009, ours: 1002 }],
      'receiving: a client meets a length with the top bit': [{ at: 'raw server/1/2', theirs: 1009, ours: 1002 }],
    },
  ),
  ...because(
    '`send` of bytes as text (`binary: false`) that are not UTF-8',
    'Text is UTF-8, and the peer would have to fail the connection (RFC 6455 §5.6, §8.1).',
    {
      'sending: bytes that are no text are sent as text': [
        { at: 'server/0/1', theirs: 'returned', ours: 'threw' },
        {
          at: 'server/0/2',
          theirs: '(undefined)',
          ours: {
            error: {
              name: 'TypeError',
              constructor: 'InvalidTextError',
              message: 'Cannot send text: the payload is not valid UTF-8 at byte 0',
              code: 'INVALID_TEXT',
            },
          },
        },
        { at: 'raw client/1', theirs: ['frame', 'text', 'fffe'], ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    'a close reason of bytes that are not UTF-8',
    'A reason is UTF-8, and the peer would have to fail the connection (RFC 6455 §5.5.1, §8.1).',
    {
      'edges: a reason of bytes that are no UTF-8': [
        { at: 'server/0/1', theirs: 'returned', ours: 'threw' },
        {
          at: 'server/0/2',
          theirs: '(undefined)',
          ours: { error: { name: 'TypeError', constructor: 'TypeError', message: 'Close reason is not valid UTF-8' } },
        },
        { at: 'raw client/1', theirs: ['frame', 'close', 1000, 'ff'], ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    '`skipUTF8Validation`',
    'The option is for the time that long texts take; a reason is short and always checked (RFC 6455 §5.5.1).',
    {
      'receiving: skipUTF8Validation and a reason that is no text': [
        { at: 'server/0/0', theirs: 'close', ours: 'error' },
        { at: 'server/0/1', theirs: 3, ours: 2 },
        {
          at: 'server/0/2',
          theirs: 1000,
          ours: {
            error: {
              name: 'Error',
              constructor: 'Error',
              message: 'Invalid WebSocket frame: invalid UTF-8 sequence',
              code: 'WS_ERR_INVALID_UTF8',
            },
          },
        },
        { at: 'server/0/3', theirs: 'Buffer ff', ours: '(nothing)' },
        { at: 'server/1', theirs: '(nothing)', ours: ['close', 3, 1006, 'Buffer ""'] },
        { at: 'raw client/1/2', theirs: 1000, ours: 1007 },
        { at: 'raw client/1/3', theirs: 'ff', ours: '""' },
      ],
    },
  ),
  ...because(
    'the option `mask` of `send`, `ping`, `pong`',
    'A client must mask and a server must not (RFC 6455 §5.1).',
    {
      'edges: a client may leave its frames unmasked': [
        { at: 'raw server/1/1', theirs: 'text', ours: 'text, masked' },
        { at: 'raw server/2/1', theirs: 'ping', ours: 'ping, masked' },
        { at: 'raw server/3/1', theirs: 'pong', ours: 'pong, masked' },
      ],
      'edges: a server may mask its frames': [
        { at: 'raw client/1/1', theirs: 'text, masked', ours: 'text' },
        { at: 'raw client/2/1', theirs: 'ping, masked', ours: 'ping' },
        { at: 'raw client/3/1', theirs: 'pong, masked', ours: 'pong' },
      ],
    },
  ),
  ...because(
    'a close code that is not an integer',
    'A close code is an unsigned integer of two bytes (RFC 6455 §5.5.1).',
    {
      'edges: a code that is no integer': [
        { at: 'server/0/1', theirs: 'returned', ours: 'threw' },
        {
          at: 'server/0/2',
          theirs: '(undefined)',
          ours: {
            error: {
              name: 'TypeError',
              constructor: 'TypeError',
              message: 'First argument must be a valid error code number',
            },
          },
        },
        { at: 'raw client/1', theirs: ['frame', 'close', 1000, '""'], ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    '`allowSynchronousEvents: false`, and a Close and the end of the stream behind messages',
    'A Close frame is answered with one (RFC 6455 §5.5.1).',
    {
      'receiving: a close behind messages that are put off': [
        { at: 'client/2/1', theirs: 2, ours: 1 },
        { at: 'raw server/1', theirs: 'ended', ours: ['frame', 'close, masked', 1000, '""'] },
        { at: 'raw server/2', theirs: '(nothing)', ours: 'ended' },
      ],
    },
  ),
  ...because(
    '`pause()` in the middle of what one read brought',
    'Who pauses can take nothing more, and what has arrived already is no exception.',
    {
      'pausing: pause in a listener: messages of the same segment still arrive': [
        { at: 'client/2', theirs: ['message', 1, 'Buffer "b"', false], ours: true },
        { at: 'client/3', theirs: true, ours: 'before resume' },
        { at: 'client/4', theirs: 'before resume', ours: ['message', 1, 'Buffer "b"', false] },
      ],
    },
  ),
  ...because('`terminate()` in a listener of `message`', 'Who has ended a connection wants nothing more of it.', {
    'client events: terminate from the listener of message': [
      { at: 'client/2/0', theirs: 'message', ours: 'close' },
      { at: 'client/2/1', theirs: 2, ours: 3 },
      { at: 'client/2/2', theirs: 'Buffer "b"', ours: 1006 },
      { at: 'client/2/3', theirs: false, ours: 'Buffer ""' },
      { at: 'client/3', theirs: ['message', 2, 'Buffer "c"', false], ours: '(nothing)' },
      { at: 'client/4', theirs: ['close', 3, 1006, 'Buffer ""'], ours: '(nothing)' },
    ],
  }),
  ...because(
    'what `inflate` finds wrong',
    'One error for all that a peer can do wrong with compressed data, whatever inflates it.',
    {
      'compression: data that cannot be inflated': [
        { at: 'server/0/2/error/name', theirs: 'Error', ours: 'ProtocolError' },
        { at: 'server/0/2/error/constructor', theirs: 'Error', ours: 'ProtocolError' },
        {
          at: 'server/0/2/error/message',
          theirs: 'invalid block type',
          ours: 'Compressed message is corrupt, cut off, or refers to what its receiver does not have',
        },
        { at: 'server/0/2/error/code', theirs: 'Z_DATA_ERROR', ours: 'INVALID_COMPRESSED_DATA' },
        { at: 'server/0/2/error/keys/0', theirs: 'errno', ours: 'closeCode' },
        { at: 'server/0/2/error/keys/1', theirs: '(nothing)', ours: 'phase' },
        { at: 'server/0/2/error/keys/2', theirs: '(nothing)', ours: 'offset' },
        { at: 'server/0/2/error/keys/3', theirs: '(nothing)', ours: 'rule' },
        { at: 'server/0/2/error/keys/4', theirs: '(nothing)', ours: 'name' },
        { at: 'server/0/2/error/keys/5', theirs: '(nothing)', ours: 'found' },
      ],
      'compression: a message that leans on the one before it, with takeover and without': [
        { at: 'server without/1/2/error/name', theirs: 'Error', ours: 'ProtocolError' },
        { at: 'server without/1/2/error/constructor', theirs: 'Error', ours: 'ProtocolError' },
        {
          at: 'server without/1/2/error/message',
          theirs: 'invalid distance too far back',
          ours: 'Compressed message is corrupt, cut off, or refers to what its receiver does not have',
        },
        { at: 'server without/1/2/error/code', theirs: 'Z_DATA_ERROR', ours: 'INVALID_COMPRESSED_DATA' },
        { at: 'server without/1/2/error/keys/0', theirs: 'errno', ours: 'closeCode' },
        { at: 'server without/1/2/error/keys/1', theirs: '(nothing)', ours: 'phase' },
        { at: 'server without/1/2/error/keys/2', theirs: '(nothing)', ours: 'offset' },
        { at: 'server without/1/2/error/keys/3', theirs: '(nothing)', ours: 'rule' },
        { at: 'server without/1/2/error/keys/4', theirs: '(nothing)', ours: 'name' },
        { at: 'server without/1/2/error/keys/5', theirs: '(nothing)', ours: 'found' },
      ],
    },
  ),
  ...because(
    '`maxBufferedChunks`, `maxPendingAutoPongs`',
    'What they bound does not grow: bytes are not kept in chunks, and one pong waits at most (RFC 6455 §5.5.3).',
    {
      'programs: too many chunks of one message': [
        { at: 'server/0/0', theirs: 'error', ours: 'message' },
        { at: 'server/0/1', theirs: 2, ours: 1 },
        {
          at: 'server/0/2',
          theirs: {
            error: {
              name: 'RangeError',
              constructor: 'RangeError',
              message: 'Too many buffered chunks',
              code: 'WS_ERR_TOO_MANY_BUFFERED_PARTS',
            },
          },
          ours: 'Buffer "aaaaaaaaaa"',
        },
        { at: 'server/0/3', theirs: '(nothing)', ours: false },
        { at: 'server/1', theirs: ['close', 3, 1006, 'Buffer ""'], ours: '(nothing)' },
        { at: 'raw client/1', theirs: ['frame', 'close', 1008, '""'], ours: '(nothing)' },
      ],
      'receiving: pings beyond maxPendingAutoPongs end the connection': [
        { at: 'server/2/1', theirs: 2, ours: 1 },
        { at: 'server/3/1', theirs: 2, ours: 1 },
        { at: 'server/4/0', theirs: 'close', ours: 'state' },
        { at: 'server/4/1', theirs: 3, ours: 'open' },
        { at: 'server/4/2', theirs: 1006, ours: '(nothing)' },
        { at: 'server/4/3', theirs: 'Buffer ""', ours: '(nothing)' },
        { at: 'server/5', theirs: ['state', 'not open'], ours: '(nothing)' },
        { at: 'raw client/3', theirs: '(nothing)', ours: ['frame', 'pong', '"3"'] },
        { at: 'raw client/4', theirs: '(nothing)', ours: ['frame', 'pong', '"4"'] },
      ],
      'receiving: maxPendingAutoPongs by default, of a server': [
        { at: 'server/121/1', theirs: 2, ours: 1 },
        { at: 'server/122', theirs: ['close', 3, 1006, 'Buffer ""'], ours: '(nothing)' },
        { at: 'raw client/121', theirs: '(nothing)', ours: ['frame', 'pong', '""'] },
      ],
      'receiving: maxPendingAutoPongs by default, of a client': [
        { at: 'client/122/1', theirs: 2, ours: 1 },
        { at: 'client/123', theirs: ['close', 3, 1006, 'Buffer ""'], ours: '(nothing)' },
        { at: 'raw server/121', theirs: '(nothing)', ours: ['frame', 'pong, masked', '""'] },
      ],
    },
  ),
  ...because(
    "`binaryType = 'fragments'` in the middle of a message",
    'A message is taken whole or in pieces from its first byte on.',
    {
      'receiving: binaryType is set to fragments in the middle of a message': [
        { at: 'client/2/2/0', theirs: 'Buffer "a"', ours: 'Buffer "ab"' },
        { at: 'client/2/2/1', theirs: 'Buffer "b"', ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    'a client that asks for something of the server: `serverNoContextTakeover`, `serverMaxWindowBits`',
    'A server that cannot do it may still compress: it is offered the choice (RFC 7692 §5).',
    {
      'handshake, client: the request: with all parameters of compression': [
        {
          at: 'raw server/0/2/4',
          theirs:
            'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11',
          ours: '229 characters 3c86bc44382d',
        },
      ],
      'edges: a larger window than was asked for': [
        {
          at: 'raw server/0/2/4',
          theirs: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; client_max_window_bits',
          ours: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9; client_max_window_bits, permessage-deflate; client_max_window_bits',
        },
      ],
      'edges: no_context_takeover that was asked for is missing': [
        {
          at: 'raw server/0/2/4',
          theirs: 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits',
          ours: 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits, permessage-deflate; client_max_window_bits',
        },
      ],
    },
  ),
  ...because(
    '`serverMaxWindowBits` and `clientMaxWindowBits` of a server',
    'They are the largest windows, and a client that wants smaller ones or cannot be told is no reason to refuse.',
    {
      'exports: PerMessageDeflate is offered windows beside its own': [
        { at: 'deflate/0/1', theirs: 'accepted', ours: 'refused' },
        { at: 'deflate/0/2', theirs: { server_max_window_bits: 8 }, ours: '(nothing)' },
        { at: 'deflate/1/1', theirs: 'refused', ours: 'accepted' },
        { at: 'deflate/1/2', theirs: '(nothing)', ours: { server_max_window_bits: 10 } },
        { at: 'deflate/2/1', theirs: 'refused', ours: 'accepted' },
        { at: 'deflate/2/2', theirs: '(nothing)', ours: {} },
        { at: 'deflate/3/1', theirs: 'refused', ours: 'accepted' },
        { at: 'deflate/3/2', theirs: '(nothing)', ours: { client_max_window_bits: 10 } },
        { at: 'deflate/4/2/client_max_window_bits', theirs: 11, ours: '(nothing)' },
      ],
    },
  ),
  ...because(
    '`bufferedAmount` behind a compressed message',
    'Messages are compressed when they are sent, and what waits is what came out.',
    {
      'compression: bufferedAmount counts what waits to be compressed': [{ at: 'server/0', theirs: 1505, ours: 29 }],
    },
  ),
  ...because(
    'the callbacks of what is sent before and behind `close()` in one turn',
    'What is sent leaves at the end of the turn, and what is too late is known at once.',
    {
      'sending: callbacks of what is sent in front of close and behind it': [
        { at: 'client/1/0', theirs: 'in time', ours: 'too late' },
        {
          at: 'client/1/1',
          theirs: '(nothing)',
          ours: {
            error: { name: 'Error', constructor: 'Error', message: 'WebSocket is not open: readyState 2 (CLOSING)' },
          },
        },
        { at: 'client/2/0', theirs: 'too late', ours: 'in time' },
        {
          at: 'client/2/1',
          theirs: {
            error: { name: 'Error', constructor: 'Error', message: 'WebSocket is not open: readyState 2 (CLOSING)' },
          },
          ours: '(nothing)',
        },
      ],
    },
  ),
  ...because(
    '`terminate()` behind compressed messages',
    'Messages are compressed when they are sent, and leave as others do as far as the network takes them.',
    {
      'compression: terminate while messages are compressed': [
        {
          at: 'server/0/1',
          theirs: {
            error: {
              constructor: 'Error',
              message: 'The socket was closed while data was being compressed',
              name: 'Error',
            },
          },
          ours: '(nothing)',
        },
        {
          at: 'server/1/1',
          theirs: {
            error: {
              constructor: 'Error',
              message: 'The socket was closed while data was being compressed',
              name: 'Error',
            },
          },
          ours: '(nothing)',
        },
        { at: 'client/1/0', theirs: 'close', ours: 'message' },
        { at: 'client/1/1', theirs: 3, ours: 1 },
        { at: 'client/1/2', theirs: 1006, ours: 'Buffer 5200 bytes 12b851f3b8fc' },
        { at: 'client/1/3', theirs: 'Buffer ""', ours: false },
        { at: 'client/2', theirs: '(nothing)', ours: ['message', 1, 'Buffer 5200 bytes 12b851f3b8fc', false] },
        { at: 'client/3', theirs: '(nothing)', ours: ['close', 3, 1006, 'Buffer ""'] },
      ],
    },
  ),
  ...because(
    'credentials after redirects to another host and back',
    'The other host has chosen the address and must not borrow credentials for it.',
    {
      'handshake, client: credentials on the way to another host and back': [
        { at: 'http/2/1', theirs: 'Basic dXNlcjpwYXNz', ours: '(undefined)' },
        { at: 'http/2/2', theirs: 'a=b', ours: '(undefined)' },
      ],
    },
  ),
  ...because('`maxPayload` from 2^31 on', 'A limit is what was written, not its lower 32 bits.', {
    'edges: limits beyond 31 bits': [
      { at: 'raw 2^32 + 5/1', theirs: ['frame', 'close', 1009, '""'], ours: '(nothing)' },
      { at: 'server 2^32 + 5/0/0', theirs: 'error', ours: 'message' },
      { at: 'server 2^32 + 5/0/1', theirs: 2, ours: 1 },
      {
        at: 'server 2^32 + 5/0/2',
        theirs: {
          error: {
            name: 'RangeError',
            constructor: 'RangeError',
            message: 'Max payload size exceeded',
            code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
          },
        },
        ours: 'Buffer "six..."',
      },
      { at: 'server 2^32 + 5/0/3', theirs: '(nothing)', ours: true },
      { at: 'server 2^32 + 5/1', theirs: ['close', 3, 1006, 'Buffer ""'], ours: '(nothing)' },
    ],
  }),
  ...because(
    '`pause()` and `resume()` while a handshake is given up',
    'There is nothing to pause, as before, and calling a method is no mistake.',
    {
      'edges: pause and resume while a handshake is given up': [
        { at: 'client/0/2', theirs: 'an error: TypeError', ours: '(undefined)' },
        { at: 'client/1/2', theirs: 'an error: TypeError', ours: '(undefined)' },
      ],
    },
  ),
  ...because(
    '`null` as the options of `addEventListener`, and a `WebSocket` without an address',
    'What `ws` trips over by chance is taken as nothing.',
    {
      'event target: listeners that are none': [
        { at: 'client/9/2', theirs: 'an error: TypeError', ours: '(undefined)' },
      ],
      'addresses: a WebSocket without an address, as a server makes one': [
        { at: 'constructor/1/2', theirs: 'an error: TypeError', ours: '(WebSocket)' },
        { at: 'constructor/2/2/3', theirs: '(undefined)', ours: 0 },
      ],
    },
  ),
  ...because('`_receiver` of an open `WebSocket`', 'A session receives, and there is no Receiver to hand out.', {
    'sending: the underscored members before and after the connection': [
      { at: 'client/0/3', theirs: true, ours: false },
    ],
  }),
  ...because(
    '`extension.parse`, `subprotocol.parse`, `PerMessageDeflate.accept`',
    'What is wrong is said without the place, and space around a list is none of it (RFC 9110 §5.5).',
    {
      'exports: lists with spaces around them': [
        { at: 'extension/0/2', theirs: 'an error: SyntaxError', ours: { a: [{}] } },
        { at: 'extension/1/2', theirs: 'an error: SyntaxError', ours: { a: [{}] } },
        { at: 'subprotocol/0/2', theirs: 'an error: SyntaxError', ours: { Set: ['a'] } },
        { at: 'subprotocol/1/2', theirs: 'an error: SyntaxError', ours: { Set: ['a'] } },
      ],
      'exports: what is said of lists that cannot be parsed': [
        {
          at: 'extension/0/2/error/message',
          theirs: 'Unexpected character at index 2',
          ours: 'The header is not a list of extensions',
        },
        {
          at: 'subprotocol/0/2/error/message',
          theirs: 'Unexpected character at index 2',
          ours: 'The header is not a list of different subprotocols',
        },
        {
          at: 'subprotocol/1/2/error/message',
          theirs: 'The "a" subprotocol is duplicated',
          ours: 'The header is not a list of different subprotocols',
        },
      ],
      'exports: what PerMessageDeflate says of what it does not accept': [
        { at: 'deflate/0/2/error/name', theirs: 'TypeError', ours: 'Error' },
        { at: 'deflate/0/2/error/constructor', theirs: 'TypeError', ours: 'Error' },
        {
          at: 'deflate/0/2/error/message',
          theirs: 'Invalid value for parameter "server_max_window_bits": 7',
          ours: 'None of the extension offers can be accepted',
        },
        {
          at: 'deflate/1/2/error/message',
          theirs: 'Unknown parameter "foo"',
          ours: 'None of the extension offers can be accepted',
        },
        {
          at: 'deflate/2/2/error/message',
          theirs: 'Unexpected or invalid parameter "client_max_window_bits"',
          ours: 'None of the extension offers can be accepted',
        },
      ],
    },
  ),
  ...because('the order of parameters in a header, and of calls to the socket', 'Neither has a meaning.', {
    'handshake, server: compression is negotiated: windows wanted by the server': [
      {
        at: 'raw client/0/2/3',
        theirs: 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10; server_max_window_bits=10',
        ours: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
      },
    ],
    'programs: the socket is told not to wait and not to time out': [
      { at: 'socket/0/0', theirs: 'setTimeout', ours: 'setNoDelay' },
      { at: 'socket/0/1', theirs: 0, ours: true },
      { at: 'socket/1', theirs: 'setNoDelay', ours: ['setTimeout', 0] },
    ],
  }),
  ...because(
    'the `length` of constructors, and the class of a stream',
    'They are an accident of how the module is written.',
    {
      'exports: the names of the module': [
        { at: 'module/2/2', theirs: 1, ours: 0 },
        { at: 'module/4/2', theirs: 3, ours: 1 },
      ],
      'stream: the properties of a stream': [{ at: 'stream/0/0', theirs: 'Duplex', ours: 'WebSocketStream' }],
    },
  ),
]
