// The opening handshake, check by check in the documented order, on header lists.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALIDARG,
  E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED,
  E_PROTOCOL_VERSION_NOT_SUPPORTED,
  E_SUBPROTOCOL_NOT_SUPPORTED,
  S_OK,
  type WEB_SOCKET_HTTP_HEADER,
  WebSocketBeginClientHandshake,
  WebSocketBeginServerHandshake,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketEndClientHandshake,
  WspcGetState,
  WspcSetRandomSource,
} from '../../src/component/index.ts'
import { ACCEPT, headers, KEY, REQUEST_HEADERS, RESPONSE_HEADERS } from '../support/component.ts'

const FORMAT = E_INVALID_PROTOCOL_FORMAT
const VERSION = E_PROTOCOL_VERSION_NOT_SUPPORTED
const SUBPROTOCOL = E_SUBPROTOCOL_NOT_SUPPORTED
const EXTENSIONS = E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED

/** Headers in which each field of `change` has these values instead; an empty list leaves it out. */
function changed(base: readonly WEB_SOCKET_HTTP_HEADER[], change: Record<string, readonly string[]>) {
  const kept = base.filter(({ name }) => change[name] === undefined)
  const others = Object.entries(change).flatMap(([name, values]) => values.map((value) => ({ name, value })))
  return [...kept, ...others]
}

function beginServer(change: Record<string, readonly string[]>, subprotocol?: string, extensions?: string[]) {
  const { handle } = WebSocketCreateServerHandle()
  const result = WebSocketBeginServerHandshake(handle, subprotocol, extensions, changed(REQUEST_HEADERS, change))
  if (result.hr !== S_OK) {
    assert.deepEqual(result.responseHeaders, [])
    assert.match(result.detail!, /^[A-Z]/)
    assert.equal(WspcGetState(handle).state?.phase, 'created') // no state change: the next begin succeeds
    assert.equal(WebSocketBeginServerHandshake(handle, undefined, undefined, REQUEST_HEADERS).hr, S_OK)
  }
  return result
}

const REQUESTS: [name: string, change: Record<string, readonly string[]>, hr: number][] = [
  ['Host is empty', { Host: [''] }, S_OK],
  ['Host is missing', { Host: [] }, FORMAT],
  ['Host is repeated', { Host: ['a', 'a'] }, FORMAT],
  ['Upgrade is missing', { Upgrade: [] }, FORMAT],
  ['Upgrade is something else', { Upgrade: ['h2c'] }, FORMAT],
  ['Upgrade is a list with websocket', { Upgrade: ['h2c, WebSocket'] }, S_OK],
  ['Upgrade is repeated', { Upgrade: ['h2c', 'websocket'] }, S_OK],
  ['Connection is missing', { Connection: [] }, FORMAT],
  ['Connection lacks the token', { Connection: ['keep-alive, upgraded'] }, FORMAT],
  ['Connection is a list', { Connection: ['keep-alive ,\tUPGRADE'] }, S_OK],
  ['Connection is repeated', { Connection: ['keep-alive', 'Upgrade'] }, S_OK],
  ['the version is missing', { 'Sec-WebSocket-Version': [] }, FORMAT],
  ['the version is repeated', { 'Sec-WebSocket-Version': ['13', '13'] }, FORMAT],
  ['the version is a list', { 'Sec-WebSocket-Version': ['13, 8'] }, FORMAT],
  ['the version has a leading zero', { 'Sec-WebSocket-Version': ['013'] }, FORMAT],
  ['the version is hexadecimal', { 'Sec-WebSocket-Version': ['0xd'] }, FORMAT],
  ['the version has an exponent', { 'Sec-WebSocket-Version': ['1.3e1'] }, FORMAT],
  ['the version is empty', { 'Sec-WebSocket-Version': [''] }, FORMAT],
  ['the version is 13 with blanks', { 'Sec-WebSocket-Version': [' 13\t'] }, S_OK],
  ['the version is 0', { 'Sec-WebSocket-Version': ['0'] }, VERSION],
  ['the version is 12', { 'Sec-WebSocket-Version': ['12'] }, VERSION],
  ['the version is 14', { 'Sec-WebSocket-Version': ['14'] }, VERSION],
  ['the version is 130', { 'Sec-WebSocket-Version': ['130'] }, VERSION],
  ['the key is missing', { 'Sec-WebSocket-Key': [] }, FORMAT],
  ['the key is repeated', { 'Sec-WebSocket-Key': [KEY, KEY] }, FORMAT],
  ['the key has 15 bytes', { 'Sec-WebSocket-Key': [btoa('x'.repeat(15))] }, FORMAT],
  ['the key has 17 bytes', { 'Sec-WebSocket-Key': [btoa('x'.repeat(17))] }, FORMAT],
  ['the key has any 16 bytes', { 'Sec-WebSocket-Key': ['AAAAAAAAAAAAAAAAAAAAAA=='] }, S_OK],
  ['the key has pad bits', { 'Sec-WebSocket-Key': ['AAAAAAAAAAAAAAAAAAAAAB=='] }, FORMAT],
  ['the subprotocols are not tokens', { 'Sec-WebSocket-Protocol': ['a b'] }, FORMAT],
  ['a subprotocol is offered twice', { 'Sec-WebSocket-Protocol': ['a', 'a'] }, FORMAT],
  ['the extensions do not match the grammar', { 'Sec-WebSocket-Extensions': ['x;'] }, FORMAT],
  [
    'subprotocols and extensions are offered and none is chosen',
    {
      'Sec-WebSocket-Protocol': ['a, b'],
      'Sec-WebSocket-Extensions': ['x; y=1, z'],
    },
    S_OK,
  ],
  ['there are headers that nobody knows', { __proto__x: ['1'], constructor: ['2'], Cookie: ['é'] }, S_OK],
]
for (const [name, change, hr] of REQUESTS) {
  test(`server: ${hr === S_OK ? 'accepted' : `refused with ${hr.toString(16)}`} when ${name}`, () => {
    assert.equal(beginServer(change).hr, hr)
  })
}

const REQUEST_ORDER: [field: string, value: readonly string[], hr: number][] = [
  ['Sec-WebSocket-Extensions', [';'], FORMAT],
  ['Sec-WebSocket-Protocol', ['other'], SUBPROTOCOL],
  ['Sec-WebSocket-Key', [], FORMAT],
  ['Sec-WebSocket-Version', ['8'], VERSION],
  ['Connection', [], FORMAT],
  ['Upgrade', [], FORMAT],
  ['Host', [], FORMAT],
]

test('server: the checks come in the documented order', () => {
  const change: Record<string, readonly string[]> = {}
  const details = new Set<string>()
  for (const [field, value, hr] of REQUEST_ORDER) {
    change[field] = value
    const result = beginServer(change, field === 'Sec-WebSocket-Extensions' ? undefined : 'a')
    assert.equal(result.hr, hr, field)
    details.add(result.detail!)
  }
  assert.equal(details.size, REQUEST_ORDER.length)
})

test('server: names of headers compare without regard to case', () => {
  const lower = REQUEST_HEADERS.map(({ name, value }) => ({ name: name.toLowerCase(), value }))
  const { handle } = WebSocketCreateServerHandle()
  assert.equal(WebSocketBeginServerHandshake(handle, undefined, undefined, lower).hr, S_OK)
})

test('Q15 T-21 server: what is selected must have been offered, exactly', () => {
  const offered = { 'Sec-WebSocket-Protocol': ['chat, super.chat'], 'Sec-WebSocket-Extensions': ['x; a=1', 'y'] }
  assert.deepEqual(beginServer(offered, 'super.chat', ['y', 'x; a="1"']).responseHeaders, [
    { name: 'Connection', value: 'Upgrade' },
    { name: 'Upgrade', value: 'websocket' },
    { name: 'Sec-WebSocket-Accept', value: ACCEPT },
    { name: 'Sec-WebSocket-Protocol', value: 'super.chat' },
    { name: 'Sec-WebSocket-Extensions', value: 'y, x; a="1"' },
  ])
  assert.equal(beginServer(offered, 'Chat').hr, SUBPROTOCOL)
  assert.equal(beginServer({}, 'chat').hr, SUBPROTOCOL)
  assert.equal(beginServer(offered, 'chat', ['z']).hr, EXTENSIONS)
  assert.equal(beginServer(offered, 'chat', ['X']).hr, EXTENSIONS)
  assert.equal(beginServer({}, undefined, ['x']).hr, EXTENSIONS)
})

const SELECTIONS: [subprotocol: unknown, extensions: unknown][] = [
  ['', undefined],
  ['a b', undefined],
  ['a\r\nb', undefined],
  [5, undefined],
  [undefined, 'x'],
  [undefined, ['']],
  [undefined, ['x, y']],
  [undefined, ['x\r\n']],
  [undefined, ['x; a="b c"']],
  [undefined, ['x', 'x; a']],
  [undefined, [5]],
]
for (const [subprotocol, extensions] of SELECTIONS) {
  test(`Q28 T-22 server: a selection of ${JSON.stringify([subprotocol, extensions])} is a bad argument`, () => {
    assert.equal(beginServer({}, subprotocol as string, extensions as string[]).hr, E_INVALIDARG)
  })
}

const HEADER_LISTS: unknown[] = [
  undefined,
  null,
  'Host: x',
  {},
  [null],
  [{}],
  [{ name: 'a' }],
  [{ name: 1, value: 'b' }],
]
for (const list of HEADER_LISTS) {
  test(`headers that are ${JSON.stringify(list)} are a bad argument`, () => {
    const server = WebSocketCreateServerHandle().handle
    const client = WebSocketCreateClientHandle().handle
    const list2 = list as WEB_SOCKET_HTTP_HEADER[]
    assert.equal(WebSocketBeginServerHandshake(server, undefined, undefined, list2).hr, E_INVALIDARG)
    const begun = WebSocketBeginClientHandshake(client, undefined, undefined, list2)
    assert.equal(begun.hr, list === undefined || list === null ? S_OK : E_INVALIDARG)
    if (begun.hr !== S_OK) WebSocketBeginClientHandshake(client)
    assert.equal(WebSocketEndClientHandshake(client, list2).hr, E_INVALIDARG)
  })
}

// --- client ----------------------------------------------------------------------------------------------------------

function beginClient(subprotocols?: string[], extensions?: string[]) {
  const { handle } = WebSocketCreateClientHandle()
  const nonce = [0x74686520, 0x73616d70, 0x6c65206e, 0x6f6e6365]
  WspcSetRandomSource(handle, () => nonce.shift()!)
  const { hr, additionalHeaders } = WebSocketBeginClientHandshake(handle, subprotocols, extensions)
  assert.equal(hr, S_OK)
  return { handle, additionalHeaders }
}

test('client: the headers, in their order', () => {
  assert.deepEqual(beginClient(['a', 'b'], ['x; a=1; b', ' y ']).additionalHeaders, [
    { name: 'Connection', value: 'Upgrade' },
    { name: 'Upgrade', value: 'websocket' },
    { name: 'Sec-WebSocket-Version', value: '13' },
    { name: 'Sec-WebSocket-Key', value: KEY },
    { name: 'Sec-WebSocket-Protocol', value: 'a, b' },
    { name: 'Sec-WebSocket-Extensions', value: 'x; a=1; b, y' },
  ])
  assert.equal(beginClient([], []).additionalHeaders.length, 4)
})

test('client: each handshake has a key of its own', () => {
  const keys = Array.from({ length: 20 }, () => {
    const { additionalHeaders } = WebSocketBeginClientHandshake(WebSocketCreateClientHandle().handle)
    return additionalHeaders[3]!.value
  })
  assert.equal(new Set(keys).size, 20)
})

test('Q16 client: Host is not asked for', () => {
  const { handle } = WebSocketCreateClientHandle()
  assert.equal(WebSocketBeginClientHandshake(handle, undefined, undefined, headers({ Origin: 'x' })).hr, S_OK)
})

const OFFERS: [subprotocols: unknown, extensions: unknown, initialHeaders: unknown][] = [
  [[''], undefined, undefined],
  [['a b'], undefined, undefined],
  [['a', 'a'], undefined, undefined],
  [['a,b'], undefined, undefined],
  [['a\u0000'], undefined, undefined],
  [[5], undefined, undefined],
  ['abc', undefined, undefined],
  [undefined, [''], undefined],
  [undefined, ['x, y'], undefined],
  [undefined, ['x;'], undefined],
  [undefined, ['é'], undefined],
  [undefined, [5], undefined],
  [undefined, 'x', undefined],
  [undefined, undefined, [{ name: 'a b', value: '' }]],
  [undefined, undefined, [{ name: 'a', value: 'x\r\nInjected: 1' }]],
  [undefined, undefined, [{ name: 'a', value: 'x\u0000' }]],
  [undefined, undefined, [{ name: 'a', value: '\u0100' }]],
]
for (const [subprotocols, extensions, initialHeaders] of OFFERS) {
  test(`Q28 T-22 client: an offer of ${JSON.stringify([subprotocols, extensions, initialHeaders])} is a bad argument`, () => {
    const { handle } = WebSocketCreateClientHandle()
    const args = [subprotocols as string[], extensions as string[], initialHeaders as WEB_SOCKET_HTTP_HEADER[]] as const
    const { hr, additionalHeaders } = WebSocketBeginClientHandshake(handle, ...args)
    assert.deepEqual([hr, additionalHeaders], [E_INVALIDARG, []])
    assert.equal(WebSocketBeginClientHandshake(handle).hr, S_OK) // it can begin still
  })
}

const RESPONSES: [name: string, change: Record<string, readonly string[]>, hr: number][] = [
  ['all is there', {}, S_OK],
  ['Upgrade is in another case', { Upgrade: ['WebSocket'] }, S_OK],
  ['Upgrade is missing', { Upgrade: [] }, FORMAT],
  ['Upgrade is a list', { Upgrade: ['websocket, h2c'] }, FORMAT],
  ['Connection is a list', { Connection: ['keep-alive', 'upgrade'] }, S_OK],
  ['Connection is missing', { Connection: [] }, FORMAT],
  ['accept has blanks around it', { 'Sec-WebSocket-Accept': [` ${ACCEPT}\t`] }, S_OK],
  ['accept is missing', { 'Sec-WebSocket-Accept': [] }, FORMAT],
  ['accept is repeated', { 'Sec-WebSocket-Accept': [ACCEPT, ACCEPT] }, FORMAT],
  ['accept is in another case', { 'Sec-WebSocket-Accept': [ACCEPT.toUpperCase()] }, FORMAT],
  ['accept answers another key', { 'Sec-WebSocket-Accept': ['HSmrc0sMlYUkAGmm5OPpG2HaGWk='] }, FORMAT],
  ['a subprotocol was not offered', { 'Sec-WebSocket-Protocol': ['a'] }, SUBPROTOCOL],
  ['an extension was not offered', { 'Sec-WebSocket-Extensions': ['x'] }, EXTENSIONS],
  ['the extensions do not match the grammar', { 'Sec-WebSocket-Extensions': ['x,'] }, FORMAT],
]
for (const [name, change, hr] of RESPONSES) {
  test(`client without offers: ${hr === S_OK ? 'accepted' : `refused with ${hr.toString(16)}`} when ${name}`, () => {
    const { handle } = beginClient()
    const result = WebSocketEndClientHandshake(handle, changed(RESPONSE_HEADERS, change))
    assert.equal(result.hr, hr)
    assert.deepEqual([result.selectedExtensions, result.selectedSubprotocol], [[], undefined])
    // On failure no state changes: the handshake can be ended with a better response.
    if (hr !== S_OK) assert.equal(WebSocketEndClientHandshake(handle, RESPONSE_HEADERS).hr, S_OK)
  })
}

const SELECTED: [protocol: string[], extensions: string[], hr: number, selected?: [number[], number]][] = [
  [['a'], [], S_OK, [[], 0]],
  [['b'], ['y'], S_OK, [[1], 1]],
  [['b'], ['y; c=1, x'], S_OK, [[1, 0], 1]],
  [['b'], ['x', 'y'], S_OK, [[0, 1], 1]],
  [[], [], SUBPROTOCOL],
  [[], ['z'], SUBPROTOCOL],
  [['A'], [], SUBPROTOCOL],
  [['a', 'b'], [], FORMAT],
  [['a, b'], [], FORMAT],
  [['a'], ['z'], EXTENSIONS],
  [['a'], ['x, x'], EXTENSIONS],
  [['a'], ['y', 'y; again'], EXTENSIONS],
]
for (const [protocol, extensions, hr, selected] of SELECTED) {
  test(`Q14 client with offers: ${JSON.stringify([protocol, extensions])} is ${hr.toString(16)}`, () => {
    const { handle } = beginClient(['a', 'b'], ['x; a=1', 'y', 'x'])
    const change = { 'Sec-WebSocket-Protocol': protocol, 'Sec-WebSocket-Extensions': extensions }
    const result = WebSocketEndClientHandshake(handle, changed(RESPONSE_HEADERS, change))
    assert.equal(result.hr, hr)
    assert.deepEqual([result.selectedExtensions, result.selectedSubprotocol], selected ?? [[], undefined])
  })
}

test('T-67 what the caller changes after the call is not seen', () => {
  const [subprotocols, extensions] = [['a'], ['x']]
  const { handle } = beginClient(subprotocols, extensions)
  subprotocols[0] = 'b'
  extensions.length = 0
  const change = { 'Sec-WebSocket-Protocol': ['a'], 'Sec-WebSocket-Extensions': ['x'] }
  assert.equal(WebSocketEndClientHandshake(handle, changed(RESPONSE_HEADERS, change)).hr, S_OK)
})

test('a random source that throws is a bad argument', () => {
  const { handle } = WebSocketCreateClientHandle()
  WspcSetRandomSource(handle, () => {
    throw new Error('Out of chance')
  })
  const { hr, detail } = WebSocketBeginClientHandshake(handle)
  assert.deepEqual([hr, detail], [E_INVALIDARG, 'Out of chance'])
})
