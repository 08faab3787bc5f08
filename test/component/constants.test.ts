// Every name and value of `websocket.h`, written out: what a program ported from C relies on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as component from '../../src/component/index.ts'

const ENUMERATIONS: Record<string, Record<string, number>> = {
  WEB_SOCKET_ACTION: {
    WEB_SOCKET_NO_ACTION: 0,
    WEB_SOCKET_SEND_TO_NETWORK_ACTION: 1,
    WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION: 2,
    WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION: 3,
    WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION: 4,
  },
  WEB_SOCKET_ACTION_QUEUE: {
    WEB_SOCKET_SEND_ACTION_QUEUE: 1,
    WEB_SOCKET_RECEIVE_ACTION_QUEUE: 2,
    WEB_SOCKET_ALL_ACTION_QUEUE: 3,
  },
  WEB_SOCKET_BUFFER_TYPE: {
    WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE: 0x80000000,
    WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE: 0x80000001,
    WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE: 0x80000002,
    WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE: 0x80000003,
    WEB_SOCKET_CLOSE_BUFFER_TYPE: 0x80000004,
    WEB_SOCKET_PING_PONG_BUFFER_TYPE: 0x80000005,
    WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE: 0x80000006,
  },
  WEB_SOCKET_CLOSE_STATUS: {
    WEB_SOCKET_SUCCESS_CLOSE_STATUS: 1000,
    WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS: 1001,
    WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS: 1002,
    WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS: 1003,
    WEB_SOCKET_EMPTY_CLOSE_STATUS: 1005,
    WEB_SOCKET_ABORTED_CLOSE_STATUS: 1006,
    WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS: 1007,
    WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS: 1008,
    WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS: 1009,
    WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS: 1010,
    WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS: 1011,
    WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS: 1015,
  },
  WEB_SOCKET_PROPERTY_TYPE: {
    WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE: 0,
    WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE: 1,
    WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE: 2,
    WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE: 3,
    WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE: 4,
    WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE: 5,
    WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE: 6,
  },
}

const CONSTANTS: Record<string, number> = {
  WEB_SOCKET_MAX_CLOSE_REASON_LENGTH: 123,
  S_OK: 0,
  E_INVALID_PROTOCOL_OPERATION: 0x83760001,
  E_INVALID_PROTOCOL_FORMAT: 0x83760002,
  E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED: 0x83760003,
  E_SUBPROTOCOL_NOT_SUPPORTED: 0x83760004,
  E_PROTOCOL_VERSION_NOT_SUPPORTED: 0x83760005,
  E_UNSUPPORTED_EXTENSION: 0x83760003,
  E_UNSUPPORTED_SUBPROTOCOL: 0x83760004,
  E_INVALIDARG: 0x80070057,
  E_OUTOFMEMORY: 0x8007000e,
  E_HANDLE: 0x80070006,
  E_NOT_SUFFICIENT_BUFFER: 0x8007007a,
  ERROR_INSUFFICIENT_BUFFER: 122,
  WSPC_E_MESSAGE_TOO_BIG: 0xa3760001,
  WSPC_E_QUOTA_EXCEEDED: 0xa3760002,
  WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE: 0x20000000,
  WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE: 0x20000001,
}

const FUNCTIONS = [
  'HRESULT_FROM_WIN32',
  'WebSocketAbortHandle',
  'WebSocketBeginClientHandshake',
  'WebSocketBeginServerHandshake',
  'WebSocketCompleteAction',
  'WebSocketCreateClientHandle',
  'WebSocketCreateServerHandle',
  'WebSocketDeleteHandle',
  'WebSocketEndClientHandshake',
  'WebSocketEndServerHandshake',
  'WebSocketGetAction',
  'WebSocketGetGlobalProperty',
  'WebSocketReceive',
  'WebSocketSend',
  'WspcGetState',
  'WspcOpenHandle',
  'WspcSendPing',
  'WspcSetRandomSource',
]

const exported: Record<string, unknown> = { ...component }

for (const [name, members] of Object.entries(ENUMERATIONS)) {
  test(`${name} has its members, each exported by its own name`, () => {
    assert.deepEqual(exported[name], members)
    assert.ok(Object.isFrozen(exported[name]))
    for (const [member, value] of Object.entries(members)) assert.equal(exported[member], value, member)
  })
}

test('constants and result codes have their values, unsigned', () => {
  for (const [name, value] of Object.entries(CONSTANTS)) assert.equal(exported[name], value, name)
})

test('nothing else is exported', () => {
  const members = Object.values(ENUMERATIONS).flatMap((enumeration) => Object.keys(enumeration))
  const names = [...Object.keys(ENUMERATIONS), ...members, ...Object.keys(CONSTANTS), ...FUNCTIONS]
  assert.deepEqual(Object.keys(exported).sort(), names.sort())
})
