// Whose turn it is: queues, outstanding actions, priorities, slots, counts, abort.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALID_PROTOCOL_OPERATION,
  E_INVALIDARG,
  E_OUTOFMEMORY,
  S_OK,
  WebSocketAbortHandle,
  WebSocketCompleteAction,
  WebSocketCreateServerHandle,
  WebSocketGetAction,
  WebSocketReceive,
  WspcOpenHandle,
} from '../../src/component/index.ts'
import { CANCELLED, openClient, openServer, text } from '../support/component.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const K = '37fa213d'
const PING = frame({ opcode: 9, key: K })

test('Q8 while an action of a queue is outstanding that queue has none; the other goes on', () => {
  const server = openServer()
  const m = utf8('m')
  server.send('UTF8_MESSAGE', m, 'cs')
  server.receive(undefined, 'cr')
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'cs')
  server.action('S', 2, 'NO')
  const a2 = server.action('ALL', 2, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
  server.action('ALL', 2, 'NO')
  server.action('R', 1, 'NO')
  server.complete(a1, 3)
  const a3 = server.action('ALL', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'cs')
  server.action('S', 2, 'NO')
  server.complete(a2, 0)
  const a4 = server.action('ALL', 2, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'cr', CANCELLED)
  server.action('ALL', 2, 'NO')
  server.complete(a3, 0)
  server.complete(a4, 0)
  server.action('ALL', 2, 'NO')
})

test('Q9 of all, the pong comes first, then sends, then receives', () => {
  const server = openServer()
  const m = utf8('m')
  server.receive(undefined, 'cr')
  server.read('R', 1, 4096, concat(PING, frame({ opcode: 1, key: K, payload: 'x' })), 'cr')
  server.send('UTF8_MESSAGE', m, 'cs')
  server.complete(server.action('ALL', 2, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00']), 2)
  server.complete(server.action('ALL', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'cs'), 3)
  server.complete(server.action('ALL', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'cs'), 0)
  server.complete(server.action('ALL', 2, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'cr'), 0)
  server.action('ALL', 2, 'NO')
})

test('a result that was found is kept while a send comes first, and while there is no slot for it', () => {
  const server = openServer()
  server.receive(undefined, 'cr')
  server.read('R', 1, 4096, frame({ opcode: 1, key: K, payload: 'x' }), 'cr')
  server.send('PING_PONG', undefined, 'cs')
  server.complete(server.action('ALL', 2, 'SEND_TO_NETWORK', 'PING_PONG', ['89 00'], 'cs'), 2)
  server.complete(server.action('ALL', 2, 'INDICATE_SEND_COMPLETE', 'PING_PONG', [], 'cs'), 0)
  server.fails('R', 0, E_INVALIDARG)
  server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'cr')
})

test('Q6 an action that needs a buffer fails without a slot and is there for the next call; others need none', () => {
  const server = openServer()
  server.action('ALL', 0, 'NO')
  server.receive(undefined, 'cr')
  server.fails('R', 0, E_INVALIDARG)
  server.read('R', 1, 4096, PING, 'cr')
  server.fails('R', 0, E_INVALIDARG)
  server.complete(server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00']), 2)
  server.send('CLOSE', undefined, 'cs')
  server.fails('S', 0, E_INVALIDARG)
  server.complete(server.action('S', 1, 'SEND_TO_NETWORK', 'CLOSE', ['88 00'], 'cs'), 2)
  server.complete(server.action('S', 0, 'INDICATE_SEND_COMPLETE', 'CLOSE', [], 'cs'), 0)
})

test('more slots than buffers are left empty', () => {
  const server = openServer()
  const m = utf8('m')
  server.send('UTF8_MESSAGE', m, 'c')
  server.action('S', 9, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'c')
})

test('Q4 a send that was cut short is over; the message goes on as if it had been sent', () => {
  const server = openServer()
  server.send('UTF8_FRAGMENT', 'abc', 'c1')
  server.complete(server.getAction('S', 2).actionContext, 1)
  server.complete(server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_FRAGMENT', [], 'c1'), 0)
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'BINARY_MESSAGE')
  const d = utf8('d')
  server.send('UTF8_MESSAGE', d, 'c2')
  server.writes('UTF8_MESSAGE', ['80 01', d], 'c2')
})

test('Q4 a masked frame that was cut short between slices is over, and a pong may follow', () => {
  const client = openClient()
  client.receive(undefined, 'cr')
  client.send('BINARY_MESSAGE', new Uint8Array(5000), 'c1')
  client.complete(client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [4096], 'c1'), 4096)
  const second = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [912], 'c1')
  client.complete(second, 0)
  client.read('R', 1, 4096, '89 00', 'cr')
  client.complete(client.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 80 37 fa 21 3d']), 6)
  client.complete(client.action('S', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c1'), 0)
})

for (const [bytes, isWhole] of [
  [7, true],
  [8, true],
  [1e9, true],
  [Number.POSITIVE_INFINITY, true],
  [6, false],
  [6.9, false],
  [0, false],
  [-1, false],
  [Number.NaN, false],
  ['7', false],
  [undefined, false],
] as const) {
  test(`Q19 T-70 a write of 7 bytes that is completed with ${String(bytes)} ${isWhole ? 'was done' : 'was not'}`, () => {
    const server = openServer()
    server.send('UTF8_FRAGMENT', 'Hello', 'c')
    server.complete(server.getAction('S', 1).actionContext, bytes as number)
    server.complete(server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_FRAGMENT', [], 'c'), 0)

    const split = openServer() // 1 slot, and too large to be joined: whether the rest is still asked for tells
    const large = new Uint8Array(1000)
    split.send('BINARY_MESSAGE', large, 'c')
    const header = split.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 7e 03 e8'], 'c')
    split.complete(header, (typeof bytes === 'number' ? bytes - 3 : bytes) as number)
    if (isWhole) split.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [large], 'c')
    else split.action('S', 1, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c')
  })
}

test('Q19 a read that is completed with more than there was room for is a full read', () => {
  const client = openClient({ RECEIVE_BUFFER_SIZE: 256 })
  client.receive(undefined, 'c')
  client.memory.set(concat(frame({ opcode: 2, payload: new Uint8Array(252) })))
  client.complete(client.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [256], 'c'), 100_000)
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_MESSAGE', [252], 'c')
})

for (const bytes of [-5, Number.NaN, 0.5, 'x', undefined]) {
  test(`T-70 a read that is completed with ${String(bytes)} brought nothing`, () => {
    const server = openServer()
    server.receive(undefined, 'c')
    server.complete(server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'c'), bytes as number)
    server.complete(server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED), 7)
    server.receive(undefined, 'd')
    server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'd')
  })
}

test('T-97 a context that is unknown, stale, foreign or missing is ignored, and the state is intact', () => {
  const server = openServer()
  const other = openServer()
  const m = utf8('m')
  server.send('UTF8_MESSAGE', m, 'c')
  other.send('PING_PONG', undefined, 'd')
  const foreign = other.getAction('S', 2).actionContext
  const a1 = server.action('S', 2, 'SEND_TO_NETWORK', 'UTF8_MESSAGE', ['81 01', m], 'c')
  for (const context of [undefined, null, {}, 'c', 0, foreign, Object.create(a1 as object)]) {
    WebSocketCompleteAction(server.handle, context as object, 3)
    server.action('S', 2, 'NO')
  }
  server.complete(a1, 3)
  const a2 = server.action('S', 2, 'INDICATE_SEND_COMPLETE', 'UTF8_MESSAGE', [], 'c')
  server.complete(a1, 3)
  server.action('S', 2, 'NO')
  server.complete(a2, 0)
  server.complete(a2, 0)
  server.action('S', 2, 'NO')
  server.send('UTF8_MESSAGE', m, 'e')
  server.writes('UTF8_MESSAGE', ['81 01', m], 'e')
})

test('T-97 every action has a context of its own', () => {
  const server = openServer()
  const contexts = new Set<unknown>()
  for (let i = 0; i < 5; i++) server.send('PING_PONG')
  for (;;) {
    const { action, actionContext } = server.getAction('S', 2)
    if (action === 0) break
    contexts.add(actionContext)
    server.complete(actionContext, 2)
  }
  assert.equal(contexts.size, 10)
})

test('Q7 a newer ping takes the place of one that waits behind a pong', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, concat(...['a', 'b', 'c'].map((payload) => frame({ opcode: 9, key: K, payload }))), 'c')
  const a1 = server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 01 61'])
  server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'c')
  server.complete(a1, 3)
  server.complete(server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 01 63']), 3)
  server.action('R', 1, 'NO')
})

test('T-75 a flood of pings behind a pong that is not written keeps one payload', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, PING, 'c')
  server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
  for (let i = 0; i < 1000; i++) server.read('R', 1, 4096, concat(PING, PING, PING), 'c')
})

test('a pong waits between the two buffers of a server that has one slot', () => {
  const server = openServer()
  const large = new Uint8Array(1000)
  server.receive(undefined, 'cr')
  server.send('BINARY_MESSAGE', large, 'cs')
  const a1 = server.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 7e 03 e8'], 'cs')
  server.read('R', 1, 4096, PING, 'cr')
  const a2 = server.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr') // instead of the pong
  server.complete(a1, 4)
  server.action('R', 1, 'NO')
  const a3 = server.action('ALL', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [large], 'cs')
  server.complete(a3, 1000)
  server.complete(server.action('ALL', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00']), 0)
  server.complete(a2, 0)
})

test('a pong that waits is handed out without a receive, and while a send is over but not indicated', () => {
  const client = openClient()
  client.receive(undefined, 'cr')
  client.send('BINARY_MESSAGE', new Uint8Array(5000), 'cs')
  client.complete(client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [4096], 'cs'), 4096)
  client.read('R', 1, 4096, '89 00 81 01 78', 'cr') // no send action is outstanding, but the frame is half written
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'cr'), 0)
  client.complete(client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [912], 'cs'), 912)
  const a1 = client.action('ALL', 2, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 80 37 fa 21 3d'])
  client.complete(client.action('ALL', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'cs'), 0)
  client.complete(a1, 0)
  client.action('ALL', 2, 'NO')
})

test('T30 a ping is answered after our own close, and never once a close was received', () => {
  const server = openServer()
  server.send('CLOSE')
  server.writes('CLOSE', ['88 00'])
  server.receive(undefined, 'c')
  server.read(
    'R',
    1,
    4096,
    concat(PING, frame({ opcode: 9, key: K, payload: 'x' }), frame({ opcode: 8, key: K }), PING),
    'c',
  )
  const a1 = server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
  const closed = { reason: undefined, status: 1005 } // the second ping waits behind the pong, and then came a close
  const a2 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'CLOSE', [closed], 'c')
  server.complete(a1, 2)
  server.complete(a2, 0)
  server.action('ALL', 2, 'NO')
})

test('a pong is still owed after an error in received bytes, until the handle is aborted', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, concat(PING, PING, hex('83')), 'c')
  const a1 = server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
  server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  server.complete(a1, 2)
  server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
})

test('several receives are served in their order', () => {
  const client = openClient()
  for (const context of ['c1', 'c2', 'c3']) client.receive(undefined, context)
  client.read('R', 1, 4096, '81 01 61 81 01 62 81 01 63', 'c1')
  for (const [context, letter] of [
    ['c1', 'a'],
    ['c2', 'b'],
    ['c3', 'c'],
  ] as const) {
    client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text(letter)], context), 0)
  }
  client.action('R', 1, 'NO')
})

test('a receive into no bytes, or into what is no memory, is refused', () => {
  const server = openServer()
  server.refusesReceive(E_INVALIDARG, new Uint8Array(0))
  for (const buffer of [{}, { data: 'text' }, { data: undefined }, 5]) {
    assert.equal(WebSocketReceive(server.handle, buffer as unknown as { data: Uint8Array }).hr, E_INVALIDARG)
  }
  server.action('ALL', 2, 'NO')
})

test('a receive whose buffer was taken away is cancelled', () => {
  const client = openClient()
  const app = new Uint8Array(3)
  client.receive(app, 'c')
  client.receive(undefined, 'd')
  client.read('R', 1, 4096, '81 01 78', 'c')
  structuredClone(app.buffer, { transfer: [app.buffer] })
  client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED), 0)
  client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'd')
})

test('when the memory of the engine is taken away actions fail, until the handle is aborted and drained', () => {
  const { handle } = WebSocketCreateServerHandle()
  WspcOpenHandle(handle)
  WebSocketReceive(handle, undefined, 'c')
  const { dataBuffers, actionContext } = WebSocketGetAction(handle, 2, 1)
  const { buffer } = dataBuffers[0]!.data!
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] }) // as a reader of a byte stream does with its own buffer
  WebSocketCompleteAction(handle, actionContext, 5)
  assert.equal(WebSocketGetAction(handle, 3, 2).hr, E_OUTOFMEMORY)
  assert.equal(WebSocketGetAction(handle, 1, 2).hr, E_OUTOFMEMORY)
  WebSocketAbortHandle(handle)
  const { hr, applicationContext, cancelled } = WebSocketGetAction(handle, 3, 1)
  assert.deepEqual([hr, applicationContext, cancelled], [S_OK, 'c', true])
})

test('Q1 an error is repeated until the handle is aborted; a receive may be queued meanwhile', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, '83', 'c')
  const detail = server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  server.receive(undefined, 'd')
  assert.equal(server.fails('R', 0, E_INVALID_PROTOCOL_FORMAT), detail)
  server.abort()
  server.complete(server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED), 0)
  server.complete(server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'd', CANCELLED), 0)
  server.action('ALL', 2, 'NO')
})

test('Q2 a cancelled receive has one buffer of no bytes, even when a buffer was supplied', () => {
  const server = openServer()
  server.receive(new Uint8Array(5), 'c')
  server.read('R', 1, 4096, '', 'c')
  server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED)
})

test('Q25 abort leaves what is in the hands of the application there; any count ends it', () => {
  for (const [bytes, count] of [
    ['all', 4096],
    ['some', 5],
    ['none', 0],
  ] as const) {
    const client = openClient()
    client.send('BINARY_MESSAGE', new Uint8Array(5000), 'c1')
    client.send('PING_PONG', undefined, 'c2')
    client.receive(undefined, 'cr')
    client.receive(undefined, 'cr2')
    const a1 = client.action('S', 2, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', [4096], 'c1')
    const a2 = client.action('R', 1, 'RECEIVE_FROM_NETWORK', 0, [4096], 'cr')
    client.abort()
    client.abort() // idempotent
    client.action('ALL', 2, 'NO')
    client.complete(a1, count)
    client.complete(client.action('S', 1, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c1'), 0)
    client.complete(client.action('S', 1, 'INDICATE_SEND_COMPLETE', 'PING_PONG', [], 'c2'), 0)
    client.action('R', 1, 'NO')
    client.complete(a2, count)
    client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'cr', CANCELLED), 0)
    client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'cr2', CANCELLED), 0)
    client.action('ALL', 2, 'NO', 0, [], undefined)
    assert.ok(bytes.length > 0)
  }
})

test('abort while indications and a pong are outstanding: completing them ends them, and nothing is lost or repeated', () => {
  const server = openServer()
  server.receive(undefined, 'cr')
  server.receive(undefined, 'cr2')
  server.read('R', 1, 4096, concat(PING, frame({ opcode: 1, key: K, payload: 'x' }), PING), 'cr')
  const a1 = server.action('R', 1, 'SEND_TO_NETWORK', 'PING_PONG', ['8a 00'])
  const a2 = server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'UTF8_MESSAGE', [text('x')], 'cr')
  server.send('PING_PONG', undefined, 'cs')
  server.abort()
  const a3 = server.action('S', 1, 'INDICATE_SEND_COMPLETE', 'PING_PONG', [], 'cs') // the pong does not stand in its way
  server.complete(a3, 0)
  server.complete(a2, 0)
  server.complete(a1, 2)
  server.complete(server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'cr2', CANCELLED), 0)
  server.action('ALL', 2, 'NO') // the second ping was dropped with the unread bytes
})

test('a result that was not indicated is cancelled by an abort', () => {
  const server = openServer()
  server.receive(undefined, 'c')
  server.read('R', 1, 4096, frame({ opcode: 1, key: K, payload: 'x' }), 'c')
  server.fails('R', 0, E_INVALIDARG)
  server.abort()
  server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0, [''], 'c', CANCELLED)
})

test('100 000 sends are queued and written in linear time', () => {
  const server = openServer()
  for (let i = 0; i < 100_000; i++) server.send('PING_PONG')
  for (let i = 0; i < 200_000; i++) server.complete(server.getAction('S', 2).actionContext, 2)
  server.action('S', 2, 'NO')
})

test('what a client and a server exchange through their actions arrives, in pieces of any size', () => {
  const client = openClient({ RECEIVE_BUFFER_SIZE: 256, SEND_BUFFER_SIZE: 300 })
  const server = openServer({ RECEIVE_BUFFER_SIZE: 257 })
  const payload = Uint8Array.from({ length: 100_000 }, (_, i) => i * 31)
  client.send('BINARY_MESSAGE', payload)
  const received: Uint8Array[] = []
  server.receive()
  let wire = new Uint8Array(0)
  for (let last = 0; last !== 0x80000002; ) {
    const write = client.getAction('S', 1)
    if (write.action === 1) {
      wire = concat(wire, write.dataBuffers[0]!.data!)
      client.complete(write.actionContext, write.dataBuffers[0]!.data!.length)
    }
    const read = server.getAction('R', 1)
    assert.equal(read.hr, S_OK)
    const { data } = read.dataBuffers[0]!
    if (read.action === 3) {
      const taken = wire.subarray(0, data!.length)
      data!.set(taken)
      wire = wire.slice(taken.length)
      server.complete(read.actionContext, taken.length)
    } else {
      received.push(data!.slice())
      last = read.bufferType
      server.complete(read.actionContext, 0)
      server.receive()
    }
  }
  assert.equal(toHex(concat(...received)), toHex(payload))
})
