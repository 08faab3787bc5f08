// What is ours beside the thirteen functions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALIDARG,
  S_OK,
  WebSocketBeginClientHandshake,
  WebSocketBeginServerHandshake,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WspcGetState,
  WspcOpenHandle,
  type WspcOpening,
  WspcSetRandomSource,
} from '../../src/component/index.ts'
import { DrivenHandle, MASK, openClient, openServer, REQUEST_HEADERS, text } from '../support/component.ts'
import { frame, hex } from '../support/wire.ts'

const K = '37fa213d'

const NEW = {
  subprotocol: undefined,
  extensions: [],
  queuedSends: 0,
  queuedReceives: 0,
  isCloseQueued: false,
  isCloseReceived: false,
  failure: undefined,
}

test('a session is opened without a handshake, in either role', () => {
  for (const role of ['client', 'server'] as const) {
    const driven = new DrivenHandle(role)
    const opening = { subprotocol: 'chat', extensions: ['x; a=1', 'y'], receivedBytes: new Uint8Array(0) }
    assert.deepEqual(WspcOpenHandle(driven.handle, opening), { hr: S_OK })
    driven.action('ALL', 2, 'NO')
    const { state } = WspcGetState(driven.handle)
    assert.deepEqual(state, { ...NEW, role, phase: 'open', subprotocol: 'chat', extensions: ['x', 'y'] })
  }
})

const OPENINGS: unknown[] = [
  null,
  { subprotocol: 'a b' },
  { extensions: ['x,y'] },
  { extensions: ['x', 'x'] },
  { extensions: 'x' },
  { receivedBytes: 'bytes' },
  { receivedBytes: new ArrayBuffer(1) },
]
for (const opening of OPENINGS) {
  test(`an opening that is ${JSON.stringify(opening)} is a bad argument, and opens nothing`, () => {
    const { handle } = WebSocketCreateServerHandle()
    assert.equal(WspcOpenHandle(handle, opening as WspcOpening).hr, E_INVALIDARG)
    assert.equal(WspcGetState(handle).state?.phase, 'created')
  })
}

test('the state of a handle that is not open', () => {
  const client = WebSocketCreateClientHandle().handle
  assert.deepEqual(WspcGetState(client).state, { ...NEW, role: 'client', phase: 'created' })
  WebSocketBeginClientHandshake(client)
  assert.deepEqual(WspcGetState(client).state, { ...NEW, role: 'client', phase: 'handshake' })
  const server = WebSocketCreateServerHandle().handle
  WebSocketBeginServerHandshake(server, undefined, undefined, REQUEST_HEADERS)
  assert.deepEqual(WspcGetState(server).state, { ...NEW, role: 'server', phase: 'handshake' })
  assert.equal(WspcGetState(undefined).state, undefined)
})

test('the state of a handle counts its operations, and says how far each side has closed', () => {
  const server = openServer()
  const state = () => WspcGetState(server.handle).state!
  server.send('PING_PONG')
  assert.equal(state().isCloseQueued, false)
  server.send('CLOSE')
  server.receive()
  server.receive()
  const { queuedSends, queuedReceives, isCloseQueued, isCloseReceived } = state()
  assert.deepEqual([queuedSends, queuedReceives, isCloseQueued, isCloseReceived], [2, 2, true, false])
  server.read('R', 1, 4096, frame({ opcode: 8, key: K }))
  server.complete(server.getAction('R', 1).actionContext, 0)
  assert.deepEqual([state().queuedReceives, state().isCloseReceived], [1, true])
  server.abort()
  assert.deepEqual([state().phase, state().isCloseReceived], ['aborted', true])
})

test('the state of a handle says what was wrong with received bytes, until it is aborted', () => {
  const server = openServer()
  server.receive()
  server.read('R', 1, 4096, '83')
  const detail = server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  const failure = { hr: E_INVALID_PROTOCOL_FORMAT, detail, closeStatus: 1002, offset: 0, rule: 'RFC 6455 §5.2' }
  assert.deepEqual(WspcGetState(server.handle).state?.failure, failure)
  server.abort()
  assert.equal(WspcGetState(server.handle).state?.failure, undefined)
})

test('a random source is asked once for each masking key, also when it is set later', () => {
  const client = openClient()
  client.send('PING_PONG')
  assert.deepEqual(
    WspcSetRandomSource(client.handle, () => 0x01020304),
    { hr: S_OK },
  )
  client.send('PING_PONG')
  client.writes('PING_PONG', ['89 80 37 fa 21 3d'])
  client.writes('PING_PONG', ['89 80 01 02 03 04'])
  assert.equal(MASK, 0x37fa213d)
})

test('a random source that is no function is a bad argument', () => {
  assert.equal(WspcSetRandomSource(openClient().handle, 5 as unknown as () => number).hr, E_INVALIDARG)
})

test('without a source of its own a client masks with keys of the platform', () => {
  const { handle } = WebSocketCreateClientHandle()
  assert.equal(WspcOpenHandle(handle).hr, S_OK)
})

test('bytes that came with the handshake are received before any read', () => {
  const driven = new DrivenHandle('client')
  assert.equal(WspcOpenHandle(driven.handle, { receivedBytes: hex('81 02 68 69') }).hr, S_OK)
  driven.receive(undefined, 'c')
  driven.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('hi')], 'c')
})
