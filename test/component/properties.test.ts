// Properties of a handle at, below and above each of their limits, and the global properties.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_INVALIDARG,
  S_OK,
  type WEB_SOCKET_PROPERTY,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketGetGlobalProperty,
  WebSocketReceive,
  WspcOpenHandle,
} from '../../src/component/index.ts'
import { readProperties } from '../../src/component/properties.ts'
import { openServer } from '../support/component.ts'

const CREATE = { client: WebSocketCreateClientHandle, server: WebSocketCreateServerHandle }
const MAX = 0x7fff_ffff
const NO_LIMIT = Number.POSITIVE_INFINITY

const DEFAULTS = {
  receiveBufferSize: 4096,
  sendBufferSize: 4096,
  disableMasking: false,
  disableUtf8Verification: false,
  allocatedBuffer: undefined,
  maxMessageBytes: NO_LIMIT,
  maxMessageFragments: NO_LIMIT,
}

test('without properties the defaults hold: a send buffer of 4096 bytes for a client, of 16 for a server', () => {
  assert.deepEqual(readProperties('client', undefined), DEFAULTS)
  assert.deepEqual(readProperties('server', []), { ...DEFAULTS, sendBufferSize: 16 })
  for (const create of Object.values(CREATE)) {
    for (const none of [undefined, null as unknown as undefined, []]) assert.equal(create(none).hr, S_OK)
  }
})

const GOOD: [role: 'client' | 'server', type: number, value: number | boolean, name: string, setting: unknown][] = [
  ['client', 0, 256, 'receiveBufferSize', 256],
  ['client', 0, MAX, 'receiveBufferSize', MAX],
  ['server', 0, 65_536, 'receiveBufferSize', 65_536],
  ['client', 1, 256, 'sendBufferSize', 256],
  ['server', 1, 16, 'sendBufferSize', 16],
  ['server', 1, MAX, 'sendBufferSize', MAX],
  ['client', 2, true, 'disableMasking', true],
  ['client', 2, false, 'disableMasking', false],
  ['server', 2, 1, 'disableMasking', true],
  ['server', 4, 0, 'disableUtf8Verification', false],
  ['server', 4, true, 'disableUtf8Verification', true],
  ['server', 0x2000_0000, 0, 'maxMessageBytes', 0],
  ['server', 0x2000_0000, Number.MAX_SAFE_INTEGER, 'maxMessageBytes', Number.MAX_SAFE_INTEGER],
  ['server', 0x2000_0000, NO_LIMIT, 'maxMessageBytes', NO_LIMIT],
  ['client', 0x2000_0001, 1, 'maxMessageFragments', 1],
]
for (const [role, type, value, name, setting] of GOOD) {
  test(`${role}: property ${type} of ${value} is accepted`, () => {
    const settings: Record<string, unknown> = { ...readProperties(role, [{ type, value }]) }
    assert.equal(settings[name], setting)
  })
}

const BAD: [role: 'client' | 'server', type: unknown, value: unknown][] = [
  ['client', 0, 255],
  ['client', 0, MAX + 1],
  ['client', 0, 256.5],
  ['client', 0, '4096'],
  ['client', 0, true],
  ['client', 0, undefined],
  ['client', 1, 255],
  ['server', 1, 15],
  ['server', 1, MAX + 1],
  ['client', 2, 2],
  ['client', 2, 'yes'],
  ['client', 3, new Uint8Array(100)],
  ['client', 3, new ArrayBuffer(9000)],
  ['client', 3, new Uint16Array(9000)],
  ['client', 3, new Uint8Array(new ArrayBuffer(9000), 4)],
  ['client', 3, undefined],
  ['client', 4, null],
  ['client', 5, 30_000],
  ['client', 6, 13],
  ['client', 7, 1],
  ['client', -1, 1],
  ['client', 'constructor', 1],
  ['client', 0x2000_0000, -1],
  ['client', 0x2000_0000, Number.NaN],
  ['client', 0x2000_0001, 0],
  ['client', 0x2000_0001, 1.5],
]
for (const [role, type, value] of BAD) {
  test(`${role}: property ${String(type)} of ${String(value).slice(0, 20)} is refused`, () => {
    const { detail, ...result } = CREATE[role]([{ type, value } as WEB_SOCKET_PROPERTY])
    assert.deepEqual(result, { hr: E_INVALIDARG, handle: undefined })
    assert.match(detail!, /^Property /)
  })
}

for (const properties of [{}, 'abc', 5, [undefined], [null]] as unknown as WEB_SOCKET_PROPERTY[][]) {
  test(`properties that are ${JSON.stringify(properties)} are refused`, () => {
    assert.equal(WebSocketCreateClientHandle(properties).hr, E_INVALIDARG)
  })
}

test('of a property that is repeated the last counts', () => {
  const twice = [
    { type: 0, value: 512 },
    { type: 0, value: 1024 },
  ]
  assert.equal(readProperties('client', twice).receiveBufferSize, 1024)
})

for (const [role, receive, send] of [
  ['client', 256, 256],
  ['server', 256, 16],
  ['server', 4096, 64],
] as const) {
  test(`${role}: memory of its own must have room for ${receive} + ${send} + 144 bytes, and may have more`, () => {
    const sizes = [
      { type: 0, value: receive },
      { type: 1, value: send },
    ]
    const needed = receive + send + 144
    const create = (size: number) => CREATE[role]([...sizes, { type: 3, value: new Uint8Array(size) }]).hr
    assert.deepEqual([needed - 1, needed, needed + 1, needed + 112].map(create), [E_INVALIDARG, S_OK, S_OK, S_OK])
  })
}

test('memory of its own may begin on any multiple of 8, and on no other byte', () => {
  const block = new ArrayBuffer(5000)
  const create = (offset: number) => WebSocketCreateServerHandle([{ type: 3, value: new Uint8Array(block, offset) }]).hr
  assert.deepEqual([0, 1, 4, 7, 8, 9, 16].map(create), [
    S_OK,
    E_INVALIDARG,
    E_INVALIDARG,
    E_INVALIDARG,
    S_OK,
    E_INVALIDARG,
    S_OK,
  ])
})

test('property values are copied: what the caller changes later is not seen', () => {
  const property = { type: 0, value: 512 }
  const { handle } = WebSocketCreateServerHandle([property])
  property.value = 1
  assert.equal(WspcOpenHandle(handle).hr, S_OK)
  assert.equal(WebSocketReceive(handle).hr, S_OK)
})

test('the sizes are those of the areas: one read, one piece of a masked frame', () => {
  const server = openServer({ RECEIVE_BUFFER_SIZE: 300 })
  server.receive()
  server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [300])
})

for (const size of [-1, 4.5, Number.NaN, '4', undefined]) {
  test(`a global property into ${String(size)} bytes is refused`, () => {
    const { hr, value } = WebSocketGetGlobalProperty(5, size as number)
    assert.deepEqual([hr, value], [E_INVALIDARG, undefined])
  })
}

test('there is no global property but 5 and 6', () => {
  for (const type of [-1, 4, 7, 5.5, '5', undefined, 0x2000_0000]) {
    assert.equal(WebSocketGetGlobalProperty(type as number, 4).hr, E_INVALIDARG)
  }
})
