// The states of a handle: which function is allowed in which, in both roles.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_HANDLE,
  E_INVALID_PROTOCOL_OPERATION,
  E_INVALIDARG,
  type Handle,
  S_OK,
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
  WebSocketReceive,
  WebSocketSend,
  WspcGetState,
  WspcOpenHandle,
  WspcSendPing,
  WspcSetRandomSource,
} from '../../src/component/index.ts'
import { headers, REQUEST_HEADERS } from '../support/component.ts'

const OPERATION = E_INVALID_PROTOCOL_OPERATION

/** The functions that return a result code, each called as it would succeed if the moment were right. */
const CALLS: Record<string, (handle: Handle) => number> = {
  beginClient: (handle) => WebSocketBeginClientHandshake(handle).hr,
  endClient: (handle) => WebSocketEndClientHandshake(handle, responseFor(handle)).hr,
  beginServer: (handle) => WebSocketBeginServerHandshake(handle, undefined, undefined, REQUEST_HEADERS).hr,
  endServer: (handle) => WebSocketEndServerHandshake(handle).hr,
  send: (handle) => WebSocketSend(handle, 0x80000005).hr,
  receive: (handle) => WebSocketReceive(handle).hr,
  getAction: (handle) => WebSocketGetAction(handle, 3, 2).hr,
  open: (handle) => WspcOpenHandle(handle).hr,
  ping: (handle) => WspcSendPing(handle, new Uint8Array(1)).hr,
}

const responses = new WeakMap<object, { name: string; value: string }[]>()
function responseFor(handle: Handle) {
  return responses.get(handle ?? {}) ?? []
}

function create(role: 'client' | 'server') {
  const { handle } = role === 'client' ? WebSocketCreateClientHandle() : WebSocketCreateServerHandle()
  return handle!
}

/** A handle in each state of a role. */
const STATES: Record<string, () => Handle> = {
  'client created': () => create('client'),
  'client handshake': () => {
    const handle = create('client')
    const { additionalHeaders } = WebSocketBeginClientHandshake(handle)
    const request = [...headers({ Host: 'x' }), ...additionalHeaders]
    responses.set(handle, WebSocketBeginServerHandshake(create('server'), undefined, [], request).responseHeaders)
    return handle
  },
  'client open': () => {
    const handle = STATES['client handshake']!()
    assert.equal(CALLS['endClient']!(handle), S_OK)
    return handle
  },
  'server created': () => create('server'),
  'server handshake': () => {
    const handle = create('server')
    assert.equal(CALLS['beginServer']!(handle), S_OK)
    return handle
  },
  'server open': () => {
    const handle = STATES['server handshake']!()
    assert.equal(WebSocketEndServerHandshake(handle).hr, S_OK)
    return handle
  },
  'client aborted': () => {
    const handle = STATES['client open']!()
    WebSocketAbortHandle(handle)
    return handle
  },
  'server aborted': () => {
    const handle = STATES['server open']!()
    WebSocketAbortHandle(handle)
    return handle
  },
  'server deleted': () => {
    const handle = STATES['server open']!()
    WebSocketDeleteHandle(handle)
    return handle
  },
  'client deleted': () => {
    const handle = STATES['client created']!()
    WebSocketDeleteHandle(handle)
    WebSocketDeleteHandle(handle)
    return handle
  },
}

const O = OPERATION
const A = E_INVALIDARG
const H = E_HANDLE
const NAMES = ['beginClient', 'endClient', 'beginServer', 'endServer', 'send', 'receive', 'getAction', 'open', 'ping']
// One row a state, one column a function of the list above.
const ALLOWED: Record<string, number[]> = {
  'client created': /*  */ [S_OK, O, A, A, O, O, O, S_OK, O],
  'client handshake': /**/ [O, S_OK, A, A, O, O, O, O, O],
  'client open': /*     */ [O, O, A, A, S_OK, S_OK, S_OK, O, S_OK],
  'server created': /*  */ [A, A, S_OK, O, O, O, O, S_OK, O],
  'server handshake': /**/ [A, A, O, S_OK, S_OK, S_OK, S_OK, O, S_OK],
  'server open': /*     */ [A, A, O, S_OK, S_OK, S_OK, S_OK, O, S_OK],
  'client aborted': /*  */ [O, O, A, A, O, O, S_OK, O, O],
  'server aborted': /*  */ [A, A, O, S_OK, O, O, S_OK, O, O],
  'server deleted': /*  */ [H, H, H, H, H, H, H, H, H],
  'client deleted': /*  */ [H, H, H, H, H, H, H, H, H],
}

for (const [state, results] of Object.entries(ALLOWED)) {
  test(`Q20 ${state}: what is allowed`, () => {
    assert.deepEqual(
      NAMES.map((name) => CALLS[name]!(STATES[state]!())),
      results,
    )
  })
}

const NO_HANDLES: unknown[] = [undefined, null, 0, 'handle', {}, Object.freeze({}), Symbol('handle'), () => 1]
for (const handle of NO_HANDLES as Handle[]) {
  test(`${String(handle)} is no handle`, () => {
    for (const [name, call] of Object.entries(CALLS)) assert.equal(call(handle), E_HANDLE, name)
    assert.equal(WspcGetState(handle).hr, E_HANDLE)
    assert.equal(WspcSetRandomSource(handle, () => 0).hr, E_HANDLE)
    WebSocketAbortHandle(handle)
    WebSocketDeleteHandle(handle)
    WebSocketCompleteAction(handle, undefined, 0)
  })
}

test('a handle says nothing about itself and cannot be changed', () => {
  const handle = create('server')
  assert.deepEqual(Reflect.ownKeys(handle), [])
  assert.ok(Object.isFrozen(handle))
})

test('abort before the session exists does nothing, twice over', () => {
  for (const state of ['client created', 'client handshake', 'server created', 'server handshake']) {
    const handle = STATES[state]!()
    const before = WspcGetState(handle)
    WebSocketAbortHandle(handle)
    assert.deepEqual(WspcGetState(handle), before)
  }
})

test('a handle is deleted with operations queued and actions outstanding, and they are forgotten', () => {
  const handle = STATES['server open']!()
  WebSocketSend(handle, 0x80000005)
  const { actionContext } = WebSocketGetAction(handle, 1, 2)
  WebSocketAbortHandle(handle)
  WebSocketDeleteHandle(handle)
  WebSocketCompleteAction(handle, actionContext, 2)
  assert.equal(WebSocketGetAction(handle, 1, 2).hr, E_HANDLE)
})
