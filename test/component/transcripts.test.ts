// The action-sequence tables of the specification of `websocket.h`, T1 to T38: one row of a table is one line here, so
// that both can be held side by side. Buffers are hexadecimal digits when they are the engine's, and the bytes
// themselves when they are the application's; a number is a length.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALID_PROTOCOL_OPERATION,
  E_INVALIDARG,
  E_NOT_SUFFICIENT_BUFFER,
  E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED,
  E_PROTOCOL_VERSION_NOT_SUPPORTED,
  E_SUBPROTOCOL_NOT_SUPPORTED,
  S_OK,
  WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE,
  WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE,
  WebSocketAbortHandle,
  WebSocketBeginClientHandshake,
  WebSocketBeginServerHandshake,
  WebSocketCompleteAction,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketDeleteHandle,
  WebSocketEndClientHandshake,
  WebSocketEndServerHandshake,
  WebSocketGetAction,
  WebSocketGetGlobalProperty,
  WebSocketReceive,
  WebSocketSend,
} from '../../src/component/index.ts'
import {
  ACCEPT,
  CANCELLED,
  DrivenHandle,
  headers,
  KEY,
  openClient,
  openServer,
  REQUEST_HEADERS,
  text,
} from '../support/component.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const K = '37fa213d'

test('T1 Client handshake', () => {
  const { hr, handle } = WebSocketCreateClientHandle()
  assert.equal(hr, S_OK)
  const { additionalHeaders } = WebSocketBeginClientHandshake(handle, [], [], headers({ Host: 'example.com' }))
  assert.deepEqual(
    additionalHeaders.map(({ name }) => name),
    ['Connection', 'Upgrade', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key'],
  )
  assert.deepEqual(
    additionalHeaders.slice(0, 3).map(({ value }) => value),
    ['Upgrade', 'websocket', '13'],
  )
  assert.equal(atob(additionalHeaders[3]!.value).length, 16)
  const { name, value } = additionalHeaders[3]!
  const request = REQUEST_HEADERS.map((header) => (header.name === name ? { name, value } : header))
  const { responseHeaders } = WebSocketBeginServerHandshake(createServer(), undefined, undefined, request) // step 3
  assert.equal(WebSocketEndClientHandshake(handle, responseHeaders).hr, S_OK)
  assert.equal(WebSocketReceive(handle).hr, S_OK)
})

function createServer() {
  return WebSocketCreateServerHandle().handle
}

test('T2 Server handshake', () => {
  for (const first of ['EndServerHandshake', 'Send', 'Receive', 'GetAction']) {
    const { hr, handle } = WebSocketCreateServerHandle()
    assert.equal(hr, S_OK)
    assert.deepEqual(WebSocketBeginServerHandshake(handle, undefined, [], REQUEST_HEADERS), {
      hr: S_OK,
      responseHeaders: headers({ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Accept': ACCEPT }),
    })
    if (first === 'EndServerHandshake') assert.deepEqual(WebSocketEndServerHandshake(handle), { hr: S_OK }) // 4a
    if (first === 'Send') assert.equal(WebSocketSend(handle, 0x80000000).hr, S_OK) // 4b
    if (first === 'Receive') assert.equal(WebSocketReceive(handle).hr, S_OK)
    if (first === 'GetAction') assert.equal(WebSocketGetAction(handle, 3, 2).hr, S_OK)
    assert.equal(WebSocketSend(handle, 0x80000000).hr, S_OK)
  }
})

test('T3 Negotiation', () => {
  function begin() {
    const { handle } = WebSocketCreateClientHandle()
    const { additionalHeaders } = WebSocketBeginClientHandshake(handle, ['a', 'b'], ['x', 'y'])
    assert.deepEqual(
      additionalHeaders.slice(4),
      headers({ 'Sec-WebSocket-Protocol': 'a, b', 'Sec-WebSocket-Extensions': 'x, y' }),
    )
    const request = [...headers({ Host: 'example.com' }), ...additionalHeaders]
    return { handle, request }
  }
  const { handle, request } = begin()
  const { responseHeaders } = WebSocketBeginServerHandshake(createServer(), 'b', ['y'], request)
  assert.deepEqual(
    responseHeaders.slice(3),
    headers({ 'Sec-WebSocket-Protocol': 'b', 'Sec-WebSocket-Extensions': 'y' }),
  )
  assert.deepEqual(WebSocketEndClientHandshake(handle, responseHeaders), {
    hr: S_OK,
    selectedExtensions: [1],
    selectedSubprotocol: 1,
  })

  const four = begin() // step 4
  const none = WebSocketBeginServerHandshake(createServer(), undefined, undefined, four.request).responseHeaders
  assert.equal(WebSocketEndClientHandshake(four.handle, none).hr, E_SUBPROTOCOL_NOT_SUPPORTED)

  const five = begin() // step 5
  const other = WebSocketBeginServerHandshake(createServer(), 'b', undefined, five.request).responseHeaders
  const z = [...other, { name: 'Sec-WebSocket-Extensions', value: 'z' }]
  assert.equal(WebSocketEndClientHandshake(five.handle, z).hr, E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED)
})

test('T4 Server handshake refusals', () => {
  function refused(hr: number, change: Record<string, string[]>, subprotocol?: string) {
    const request = REQUEST_HEADERS.flatMap(({ name, value }) =>
      (change[name] ?? [value]).map((changed) => ({ name, value: changed })),
    )
    const { detail, ...result } = WebSocketBeginServerHandshake(createServer(), subprotocol, undefined, request)
    assert.deepEqual(result, { hr, responseHeaders: [] })
    assert.match(detail!, /RFC 6455/)
  }
  refused(E_PROTOCOL_VERSION_NOT_SUPPORTED, { 'Sec-WebSocket-Version': ['8'] })
  refused(E_INVALID_PROTOCOL_FORMAT, { Upgrade: [] })
  refused(E_INVALID_PROTOCOL_FORMAT, { Connection: ['keep-alive'] })
  refused(E_INVALID_PROTOCOL_FORMAT, { Host: [] })
  refused(E_INVALID_PROTOCOL_FORMAT, { 'Sec-WebSocket-Key': [] })
  refused(E_INVALID_PROTOCOL_FORMAT, { 'Sec-WebSocket-Key': [KEY, KEY] })
  refused(E_INVALID_PROTOCOL_FORMAT, { 'Sec-WebSocket-Key': [btoa('fifteen octets.')] })
  refused(E_SUBPROTOCOL_NOT_SUPPORTED, {}, 'chat')
})

test('T5 Server sends a text message', () => {
  const server = openServer()
  const hello = utf8('Hello')
  server.send('UTF8_MESSAGE', hello, 'c')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 05', hello], 'c')
  server.complete(a1, 7)
  const a2 = server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c')
  server.complete(a2, 0)
  server.action('S', 2, 'NO')
})

test('T6 Client sends a small masked message', () => {
  const client = openClient()
  client.send('UTF8_MESSAGE', 'Hello', 'c')
  const a1 = client.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 85 37 fa 21 3d 7f 9f 4d 51 58'], 'c')
  client.complete(a1, 11)
  const a2 = client.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c')
  client.complete(a2, 0)
  client.action('S', 2, 'NO')
})

test('T7 Client sends more than its send buffer', () => {
  const client = openClient()
  const payload = Uint8Array.from({ length: 10_000 }, (_, i) => i * 7)
  const wire = frame({ opcode: 2, key: K, payload })
  client.send('BINARY_MESSAGE', payload, 'c')
  const a1 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [toHex(wire.subarray(0, 4096))], 'c')
  client.complete(a1, 4096)
  const a2 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [toHex(wire.subarray(4096, 8192))], 'c')
  client.complete(a2, 4096)
  const a3 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [toHex(wire.subarray(8192))], 'c')
  assert.equal(wire.length - 8192, 1816)
  client.complete(a3, 1816)
  const a4 = client.action('S', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c')
  client.complete(a4, 0)
  client.action('S', 2, 'NO')
})

test('T8 Zero-key client', () => {
  const client = openClient({ DISABLE_MASKING: true })
  const payload = hex('01 02 03')
  client.send('BINARY_MESSAGE', payload, 'c')
  const a1 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 83 00 00 00 00', payload], 'c')
  client.complete(a1, 9)
  client.complete(client.action('S', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c'), 0)
})

test('T9 Server sends with one buffer slot', () => {
  const server = openServer({ SEND_BUFFER_SIZE: 16 })
  server.send('BINARY_MESSAGE', hex('01 02 03 04 05 06 07 08'), 'c')
  const a1 = server.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 08 01 02 03 04 05 06 07 08'], 'c')
  server.complete(a1, 10)
  server.complete(server.action('S', 1, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c'), 0)
  const large = new Uint8Array(1000)
  server.send('BINARY_MESSAGE', large, 'c')
  const b1 = server.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 7e 03 e8'], 'c') // step 4
  server.complete(b1, 4)
  const b2 = server.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [large], 'c')
  server.complete(b2, 1000)
  server.complete(server.action('S', 1, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c'), 0)
})

test('T10 Fragmented send, server, with an interleaved ping', () => {
  const server = openServer()
  const [he, ll, o] = [utf8('He'), utf8('ll'), utf8('o')]
  server.send('UTF8_FRAGMENT', he, 'c1')
  server.writes('UTF8_FRAGMENT', ['01 02', he], 'c1')
  server.send('PING_PONG', undefined, 'c2')
  server.writes('PING_PONG', ['89 00'], 'c2')
  server.send('UTF8_FRAGMENT', ll, 'c3')
  server.writes('UTF8_FRAGMENT', ['00 02', ll], 'c3')
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'BINARY_MESSAGE', hex('01'))
  server.send('UTF8_MESSAGE', o, 'c4')
  server.writes('UTF8_MESSAGE', ['80 01', o], 'c4')
})

test('T11 Empty message, server', () => {
  const server = openServer()
  server.send('UTF8_MESSAGE', new Uint8Array(0), 'c')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 00'], 'c')
  server.complete(a1, 2)
  server.complete(server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c'), 0)
})

test('T12 Keep-alive: unsolicited pong', () => {
  assert.equal(WebSocketGetGlobalProperty(WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE, 4).value, 30_000)
  const server = openServer()
  server.send('UNSOLICITED_PONG', undefined, 'c')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'UNSOLICITED_PONG', ['8a 00'], 'c')
  server.complete(a1, 2)
  server.complete(server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UNSOLICITED_PONG', [], 'c'), 0)
  const client = openClient()
  client.send('UNSOLICITED_PONG', undefined, 'c')
  client.writes('UNSOLICITED_PONG', ['8a 80 37 fa 21 3d'], 'c')
})

test('T13 Close with status and reason', () => {
  const server = openServer()
  const bye = utf8('bye')
  server.send('CLOSE', { status: 1000, reason: bye }, 'c')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'CLOSE', ['88 05 03 e8', bye], 'c')
  server.complete(a1, 7)
  const a2 = server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'CLOSE', [], 'c')
  server.complete(a2, 0)
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'UTF8_MESSAGE', 'x')
  server.send('PING_PONG')
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'CLOSE')

  const client = openClient()
  client.send('CLOSE', { status: 1000, reason: bye }, 'c')
  client.writes('CLOSE', ['88 85 37 fa 21 3d 34 12 43 44 52'], 'c')
})

test('T14 Close without payload', () => {
  const server = openServer()
  server.send('CLOSE', undefined, 'c')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'CLOSE', ['88 00'], 'c')
  server.complete(a1, 2)
  server.complete(server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'CLOSE', [], 'c'), 0)
})

test('T15 Two queued sends', () => {
  const server = openServer()
  const [m1, m2] = [utf8('first'), utf8('second')]
  server.send('UTF8_MESSAGE', m1, 'c1')
  server.send('UTF8_MESSAGE', m2, 'c2')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 05', m1], 'c1')
  server.action('S', 2, 'NO')
  server.complete(a1, 7)
  const a2 = server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c1')
  server.complete(a2, 0)
  const a3 = server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 06', m2], 'c2')
  server.complete(a3, 8)
  server.complete(server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c2'), 0)
})

test('T16 Failed write', () => {
  const server = openServer()
  const payload = new Uint8Array(100)
  server.send('BINARY_MESSAGE', payload, 'c')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 64', payload], 'c')
  server.complete(a1, 40)
  const a2 = server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c')
  server.complete(a2, 0)
  server.send('BINARY_MESSAGE', payload, 'd')
  server.writes('BINARY_MESSAGE', ['82 64', payload], 'd')
})

test('T17 Rejected sends', () => {
  const unopened = new DrivenHandle('server')
  unopened.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'UTF8_MESSAGE', 'x')
  for (const server of [openServer(), openClient()]) {
    server.refusesSend(E_INVALIDARG, 'PING_PONG', hex('01'))
    server.refusesSend(E_INVALIDARG, 'PING_PONG', new Uint8Array(0))
    server.refusesSend(E_INVALIDARG, 'UNSOLICITED_PONG', hex('01'))
    server.refusesSend(E_INVALIDARG, 'CLOSE', { status: 1000, reason: 'r'.repeat(124) })
    for (const status of [1005, 1006, 1015, 999]) server.refusesSend(E_INVALIDARG, 'CLOSE', { status })
    server.refusesSend(E_INVALID_PROTOCOL_FORMAT, 'UTF8_MESSAGE', hex('ff'))
    server.refusesSend(E_INVALIDARG, 0x8000_0007)
    server.action('ALL', 2, 'NO') // nothing was queued
    server.send('CLOSE', { status: 1000, reason: 'r'.repeat(123) })
  }
  const unchecked = openServer({ DISABLE_UTF8_VERIFICATION: true })
  const ff = hex('ff')
  unchecked.send('UTF8_MESSAGE', ff)
  unchecked.writes('UTF8_MESSAGE', ['81 01', ff])
})

test('T18 Server receives one message in one read', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  const a1 = server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'c')
  server.memory.set(frame({ opcode: 1, key: K, payload: 'Hello' })) // the free part is the whole receive buffer
  server.complete(a1, 11)
  const a2 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('Hello')], 'c')
  server.complete(a2, 0)
  server.action('R', 1, 'NO')
})

test('T19 Header split over several reads', () => {
  const server = openServer()
  const wire = frame({ opcode: 1, key: K, payload: 'Hello' })
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, wire.subarray(0, 1), 'c')
  server.read('R', 1, 4095, wire.subarray(1, 6), 'c')
  server.read('R', 1, 4090, wire.subarray(6, 9), 'c')
  server.read('R', 1, 4087, wire.subarray(9), 'c')
  server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('Hello')], 'c')
})

test('T20 Message larger than the receive buffer', () => {
  const client = openClient({ RECEIVE_BUFFER_SIZE: 256 })
  const payload = Uint8Array.from({ length: 600 }, (_, i) => i * 3)
  const wire = frame({ opcode: 2, payload })
  client.receive(undefined, 'c1')
  client.read('R', 1, 256, wire.subarray(0, 256), 'c1')
  const piece1 = toHex(payload.subarray(0, 252))
  const a2 = client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_FRAGMENT', [piece1], 'c1')
  client.complete(a2, 0)
  client.receive(undefined, 'c2')
  client.read('R', 1, 256, wire.subarray(256, 512), 'c2')
  const piece2 = toHex(payload.subarray(252, 508))
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_FRAGMENT', [piece2], 'c2'), 0)
  client.receive(undefined, 'c3')
  client.read('R', 1, 256, wire.subarray(512), 'c3')
  const piece3 = toHex(payload.subarray(508))
  assert.equal(payload.length - 508, 92)
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_MESSAGE', [piece3], 'c3')
})

test('T21 Message fragmented on the wire', () => {
  const client = openClient()
  client.receive(undefined, 'c1')
  client.read('R', 1, 4096, '01 02 48 65 80 03 6c 6c 6f', 'c1')
  const a1 = client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_FRAGMENT', [text('He')], 'c1')
  client.complete(a1, 0)
  client.receive(undefined, 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('llo')], 'c2')
})

test('T22 Two messages in one read', () => {
  const client = openClient()
  client.receive(undefined, 'c1')
  client.read(
    'R',
    1,
    4096,
    concat(frame({ opcode: 1, payload: 'first' }), frame({ opcode: 1, payload: 'second' })),
    'c1',
  )
  const a2 = client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('first')], 'c1')
  client.complete(a2, 0)
  client.action('R', 1, 'NO')
  client.receive(undefined, 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('second')], 'c2')
})

test('T23 Application-supplied receive buffer of 3 bytes, message of 5', () => {
  const client = openClient()
  const app = new Uint8Array(3)
  client.receive(app, 'c1')
  client.read('R', 1, 4096, '81 05 48 65 6c 6c 6f', 'c1')
  const a2 = client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_FRAGMENT', [app], 'c1')
  assert.deepEqual(app, utf8('Hel'))
  client.complete(a2, 0)
  client.receive(app, 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [app.subarray(0, 2)], 'c2')
  assert.deepEqual(app.subarray(0, 2), utf8('lo'))
})

test('T24 Ping received, receive queue', () => {
  const client = openServer()
  client.receive(undefined, 'c')
  client.read(
    'R',
    1,
    4096,
    concat(frame({ opcode: 9, key: K, payload: 'p' }), frame({ opcode: 1, key: K, payload: 'x' })),
    'c',
  )
  const a2 = client.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 01 70'])
  client.complete(a2, 3)
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'c')
})

test('T25 Ping received alone; ALL queue with a queued send', () => {
  const server = openServer()
  const m = utf8('m')
  server.receive(undefined, 'cr')
  server.read('ALL', 2, 4096, frame({ opcode: 9, key: K }), 'cr')
  server.send('UTF8_MESSAGE', m, 'cs')
  const a2 = server.action('ALL', 2, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
  server.complete(a2, 2)
  const a3 = server.action('ALL', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'cs')
  server.complete(a3, 3)
  const a4 = server.action('ALL', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'cs')
  server.complete(a4, 0)
  server.action('ALL', 2, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
})

test('T26 Pong outstanding, then a send', () => {
  const server = openServer()
  const m = utf8('m')
  server.receive(undefined, 'cr')
  server.read('R', 1, 4096, frame({ opcode: 9, key: K }), 'cr')
  const a1 = server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
  server.send('UTF8_MESSAGE', m, 'cs')
  server.action('S', 2, 'NO')
  server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
  server.complete(a1, 2)
  server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'cs')
})

test('T27 Send outstanding, then a ping', () => {
  const server = openServer()
  const m = utf8('m')
  server.receive(undefined, 'cr')
  const read1 = server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
  server.send('UTF8_MESSAGE', m, 'cs')
  server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'cs')
  server.memory.set(frame({ opcode: 9, key: K }))
  server.complete(read1, 6)
  server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00']) // step 1: at once

  const client = openClient()
  client.send('BINARY_MESSAGE', new Uint8Array(10_000), 'cs')
  client.complete(client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [4096], 'cs'), 4096)
  client.receive(undefined, 'cr')
  const a2 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [4096], 'cs')
  client.read('R', 1, 4096, frame({ opcode: 9, payload: 'one' }), 'cr')
  client.read('R', 1, 4096, frame({ opcode: 9, payload: 'two' }), 'cr') // step 2: no pong; step 3: the second ping
  client.complete(a2, 4096)
  const a3 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [1816], 'cs')
  const a4 = client.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
  client.complete(a3, 1816)
  client.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', [toHex(frame({ opcode: 10, key: K, payload: 'two' }))])
  client.complete(a4, 0)
})

test('T28 Pong received', () => {
  const client = openClient()
  client.receive(undefined, 'c')
  client.read('R', 1, 4096, '8a 02 61 62', 'c')
  const a2 = client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'PING_PONG', [text('ab')], 'c')
  client.complete(a2, 0)
  client.receive(undefined, 'd')
  client.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'd')
})

test('T29 Close received, then answered', () => {
  const server = openServer()
  server.receive(undefined, 'cr')
  server.read('R', 1, 4096, frame({ opcode: 8, key: K, payload: concat(hex('03 e9'), utf8('off')) }), 'cr')
  const expected = { reason: text('off'), status: 1001 }
  const a2 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'CLOSE', [expected], 'cr')
  server.complete(a2, 0)
  server.action('ALL', 2, 'NO')
  server.refusesReceive(E_INVALID_PROTOCOL_OPERATION)
  server.send('CLOSE', { status: 1001 }, 'cs')
  server.writes('CLOSE', ['88 02 03 e9'], 'cs')
})

test('T30 Own close first; ping and data arrive before the peer’s close', () => {
  const client = openClient()
  client.send('CLOSE', { status: 1000, reason: 'bye' }, 'cs')
  client.writes('CLOSE', ['88 85 37 fa 21 3d 34 12 43 44 52'], 'cs')
  client.receive(undefined, 'c')
  client.read('R', 1, 4096, concat(frame({ opcode: 9 }), frame({ opcode: 1, payload: 'x' })), 'c')
  const a2 = client.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 80 37 fa 21 3d'])
  client.complete(a2, 0) // the application skipped it
  const a3 = client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'c')
  client.complete(a3, 0)
  client.receive(undefined, 'c2')
  client.read('R', 1, 4096, '88 02 03 e8', 'c2')
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'CLOSE', [{ reason: '', status: 1000 }], 'c2')
})

test('T31 End of stream', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  const a1 = server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'c')
  server.complete(a1, 0)
  const a2 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED)
  server.complete(a2, 0)
  server.abort()
  server.action('ALL', 2, 'NO')
  server.delete()
})

test('T32 Protocol error, abort, drain, delete', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, '83 80 00 00 00 00', 'c')
  server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  server.complete(undefined, 0)
  server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  server.send('CLOSE', { status: 1002 }, 'cs')
  server.writes('CLOSE', ['88 02 03 ea'], 'cs')
  server.abort()
  server.action('S', 1, 'NO')
  const a7 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED)
  server.complete(a7, 0)
  server.action('R', 1, 'NO')
  server.delete()
})

test('T33 Invalid UTF-8 in the second piece', () => {
  function received(second: string, disabled = false) {
    const client = openClient({ DISABLE_UTF8_VERIFICATION: disabled })
    client.receive(undefined, 'c1')
    client.read('R', 1, 4096, '01 02 6f 6b', 'c1')
    client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_FRAGMENT', [text('ok')], 'c1'), 0)
    client.receive(undefined, 'c2')
    client.read('R', 1, 4096, second, 'c2')
    return client
  }
  received('80 02 c0 af').fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  received('80 02 e2 82').fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  received('80 02 c0 af', true).action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', ['c0 af'], 'c2')
})

test('T34 Abort with queued operations', () => {
  const server = openServer()
  server.send('UTF8_MESSAGE', 'm1', 'c1')
  server.send('UTF8_MESSAGE', 'm2', 'c2')
  server.receive(undefined, 'cr')
  server.abort()
  const a1 = server.action('S', 1, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c1')
  server.complete(a1, 0)
  const a2 = server.action('S', 1, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c2')
  server.complete(a2, 0)
  server.action('S', 1, 'NO')
  const a3 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'cr', CANCELLED)
  server.complete(a3, 0)
  server.action('R', 1, 'NO')
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'UTF8_MESSAGE', 'x')
  server.refusesReceive(E_INVALID_PROTOCOL_OPERATION)
})

test('T35 Abort while actions are outstanding', () => {
  const server = openServer()
  server.receive(undefined, 'cr')
  const a1 = server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
  server.abort()
  server.action('R', 1, 'NO')
  server.complete(a1, 5)
  server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'cr', CANCELLED)

  const deleted = openServer()
  deleted.receive(undefined, 'cr')
  const b1 = deleted.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
  deleted.abort()
  deleted.delete() // step 5
  deleted.complete(b1, 5)
})

test('T36 Abort before the session exists', () => {
  const client = WebSocketCreateClientHandle().handle
  const { additionalHeaders } = WebSocketBeginClientHandshake(client)
  WebSocketAbortHandle(client)
  const server = WebSocketCreateServerHandle().handle
  const request = [...headers({ Host: '' }), ...additionalHeaders]
  WebSocketAbortHandle(server)
  const { responseHeaders } = WebSocketBeginServerHandshake(server, undefined, undefined, request)
  WebSocketAbortHandle(server)
  assert.equal(WebSocketEndClientHandshake(client, responseHeaders).hr, S_OK)
  assert.equal(WebSocketEndServerHandshake(server).hr, S_OK)
  assert.equal(WebSocketSend(client, 0x8000_0000).hr, S_OK)
  assert.equal(WebSocketSend(server, 0x8000_0000).hr, S_OK)
  const abandoned = WebSocketCreateClientHandle().handle
  WebSocketBeginClientHandshake(abandoned)
  WebSocketAbortHandle(abandoned)
  WebSocketDeleteHandle(abandoned)
  WebSocketCompleteAction(abandoned, undefined, 0)
})

test('T37 Masking checks on receive', () => {
  const unmasked = toHex(frame({ opcode: 1, payload: 'x' }))
  const masked = toHex(frame({ opcode: 1, key: K, payload: 'x' }))
  for (const [open, disabled, wire, accepted] of [
    [openServer, false, unmasked, false],
    [openServer, false, masked, true],
    [openServer, true, unmasked, true],
    [openServer, true, masked, true],
    [openClient, false, unmasked, true],
    [openClient, true, unmasked, true],
    [openClient, false, masked, false],
    [openClient, true, masked, false],
  ] as const) {
    const driven = open({ DISABLE_MASKING: disabled })
    driven.receive()
    driven.read('R', 1, 4096, wire)
    if (accepted) driven.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')])
    else driven.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  }
})

test('T38 Global properties', () => {
  const keepalive = WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE
  assert.deepEqual(WebSocketGetGlobalProperty(keepalive, 4), { hr: S_OK, value: 30_000, size: 4 })
  const versions = WebSocketGetGlobalProperty(WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE, 8)
  assert.deepEqual(versions, { hr: S_OK, value: [13], size: 4 })
  const { detail, ...tooSmall } = WebSocketGetGlobalProperty(keepalive, 2)
  assert.deepEqual(tooSmall, { hr: E_NOT_SUFFICIENT_BUFFER, value: undefined, size: 4 })
  assert.match(detail!, /4 bytes/)
  for (const type of [0, 1, 2, 3, 4]) assert.equal(WebSocketGetGlobalProperty(type, 4).hr, E_INVALIDARG)
})
