// What is asked to be sent: which frames, which memory, and what is refused with everything left as it was.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALID_PROTOCOL_OPERATION,
  E_INVALIDARG,
  S_OK,
  WebSocketSend,
  WspcSendPing,
} from '../../src/component/index.ts'
import { FrameCapture } from '../../src/component/outgoing.ts'
import { type DrivenHandle, MASK, openClient, openServer } from '../support/component.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const K = '37fa213d'

/** Everything that the send queue hands out, as one run of bytes. */
function wireOf(driven: DrivenHandle): string {
  const parts: Uint8Array[] = []
  for (;;) {
    const { action, dataBuffers, actionContext } = driven.getAction('S', 2)
    if (action === 0) return toHex(concat(...parts))
    const bytes = concat(...dataBuffers.map(({ data }) => data!))
    parts.push(bytes)
    driven.complete(actionContext, bytes.length)
  }
}

test('the first byte of each frame of a message, and of control frames in between', () => {
  const server = openServer()
  const sequence = [
    ['UTF8_FRAGMENT', '01 00'],
    ['UTF8_FRAGMENT', '00 00'],
    ['PING_PONG', '89 00'],
    ['UNSOLICITED_PONG', '8a 00'],
    ['UTF8_MESSAGE', '80 00'],
    ['BINARY_FRAGMENT', '02 00'],
    ['BINARY_FRAGMENT', '00 00'],
    ['CLOSE', '88 00'],
  ] as const
  for (const [type, wire] of sequence) {
    server.send(type)
    assert.equal(wireOf(server), wire)
  }
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'BINARY_MESSAGE') // the message is open, but a Close frame went before
})

for (const open of ['UTF8', 'BINARY'] as const) {
  test(`an open ${open} message is continued by its own type only`, () => {
    const server = openServer()
    const other = open === 'UTF8' ? 'BINARY' : 'UTF8'
    server.send(`${open}_FRAGMENT`)
    server.refusesSend(E_INVALID_PROTOCOL_OPERATION, `${other}_FRAGMENT`)
    server.refusesSend(E_INVALID_PROTOCOL_OPERATION, `${other}_MESSAGE`)
    server.send(`${open}_MESSAGE`)
    server.send(`${other}_MESSAGE`)
  })
}

test('Q12 text is checked across its parts; what is refused changes nothing', () => {
  const client = openClient()
  client.send('UTF8_FRAGMENT', hex('41 e2'))
  client.refusesSend(E_INVALID_PROTOCOL_FORMAT, 'UTF8_FRAGMENT', hex('41'))
  client.refusesSend(E_INVALID_PROTOCOL_FORMAT, 'UTF8_MESSAGE', hex('82'))
  client.refusesSend(E_INVALID_PROTOCOL_FORMAT, 'UTF8_MESSAGE')
  client.send('UTF8_MESSAGE', hex('82 ac'))
  const expected = concat(
    frame({ fin: false, opcode: 1, key: K, payload: hex('41 e2') }),
    frame({ opcode: 0, key: K, payload: hex('82 ac') }),
  )
  assert.equal(wireOf(client), toHex(expected))
})

test('Q12 the reason names the byte and the rule', () => {
  const { handle } = openServer()
  const result = WebSocketSend(handle, 0x80000000, { data: hex('41 42 ff') })
  assert.equal(result.detail, 'Cannot send text: the payload is not valid UTF-8 at byte 2 (RFC 6455 §8.1)')
})

for (const status of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]) {
  test(`a close with status ${status} is sent`, () => {
    const server = openServer()
    server.send('CLOSE', { status })
    assert.equal(wireOf(server), toHex(frame({ opcode: 8, payload: Uint8Array.of(status >> 8, status & 255) })))
  })
}

for (const status of [-1, 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536, 1000.5, Number.NaN]) {
  test(`a close with status ${status} is refused`, () => {
    const server = openServer()
    server.refusesSend(E_INVALIDARG, 'CLOSE', { status })
    server.send('CLOSE', { status: 1000 }) // the handle is as it was
  })
}

test('T-61 a close reason has at most 123 bytes of UTF-8', () => {
  const server = openServer()
  server.refusesSend(E_INVALIDARG, 'CLOSE', { status: 1000, reason: 'é'.repeat(62) })
  server.refusesSend(E_INVALIDARG, 'CLOSE', { status: 1000, reason: hex('ff') })
  server.refusesSend(E_INVALIDARG, 'CLOSE', { status: 1000, reason: hex('e2 82') })
  const reason = utf8('r'.repeat(123))
  server.send('CLOSE', { status: 1000, reason })
  server.writes('CLOSE', ['88 7d 03 e8', reason])
})

test('the reason of a close is checked even when text is not', () => {
  openServer({ DISABLE_UTF8_VERIFICATION: true }).refusesSend(E_INVALIDARG, 'CLOSE', {
    status: 1000,
    reason: hex('ff'),
  })
})

test('a reason of no bytes and a reason that is NULL are the same', () => {
  for (const reason of [undefined, null, new Uint8Array(0)]) {
    const server = openServer()
    assert.equal(WebSocketSend(server.handle, 0x80000004, { status: 1000, reason: reason as undefined }).hr, S_OK)
    server.writes('CLOSE', ['88 02 03 e8'])
  }
})

test('Q21 after a close control frames may follow, and nothing else', () => {
  const server = openServer()
  server.send('CLOSE', { status: 1000 })
  for (const type of ['UTF8_MESSAGE', 'UTF8_FRAGMENT', 'BINARY_MESSAGE', 'BINARY_FRAGMENT', 'CLOSE'] as const) {
    server.refusesSend(E_INVALID_PROTOCOL_OPERATION, type)
  }
  server.refusesSend(E_INVALIDARG, 'CLOSE', { status: 1005 })
  server.send('PING_PONG')
  server.send('UNSOLICITED_PONG')
  assert.equal(wireOf(server), '88 02 03 e8 89 00 8a 00')
})

test('after a close was received data may be sent, until our own close', () => {
  const server = openServer()
  server.receive()
  server.read('R', 1, 4096, frame({ opcode: 8, key: K }))
  server.complete(server.getAction('R', 1).actionContext, 0)
  server.send('UTF8_MESSAGE', 'x')
  server.send('CLOSE')
  assert.equal(wireOf(server), '81 01 78 88 00')
})

test('T-60 data is any view of bytes; anything else is refused', () => {
  const bytes = hex('01 02 03 04')
  for (const data of [
    bytes,
    bytes.buffer,
    new DataView(bytes.buffer),
    new Uint16Array(bytes.buffer),
    Buffer.from(bytes),
  ]) {
    const server = openServer()
    assert.equal(WebSocketSend(server.handle, 0x80000002, { data: data as Uint8Array }).hr, S_OK)
    assert.equal(wireOf(server), '82 04 01 02 03 04')
  }
  for (const buffer of [
    {},
    { data: undefined },
    { data: null },
    { data: 'text' },
    { data: [1] },
    5,
    'x',
    { status: 1000 },
  ]) {
    const server = openServer()
    const { hr, detail } = WebSocketSend(server.handle, 0x80000002, buffer as unknown as { data: Uint8Array })
    assert.deepEqual([hr, detail], [E_INVALIDARG, 'Buffer has no bytes in data'])
    server.action('ALL', 2, 'NO')
  }
})

test('a close needs a close status', () => {
  for (const buffer of [{ data: hex('01') }, {}, { status: '1000' }, { status: 1000, reason: 'text' }, 5]) {
    const server = openServer()
    const { hr } = WebSocketSend(server.handle, 0x80000004, buffer as unknown as { data: Uint8Array })
    assert.equal(hr, E_INVALIDARG)
    server.send('CLOSE')
  }
})

test('T-67 a buffer is read once, and a getter that throws is a bad argument', () => {
  let reads = 0
  const once = {
    get data() {
      reads++
      return reads === 1 ? hex('01') : undefined
    },
  }
  const throwing = {
    get data(): Uint8Array {
      throw new Error('No')
    },
    get status(): number {
      throw new Error('No')
    },
  }
  const server = openServer()
  assert.equal(WebSocketSend(server.handle, 0x80000002, once as { data: Uint8Array }).hr, S_OK)
  assert.equal(reads, 1)
  for (const type of [0x80000002, 0x80000004]) {
    const result = WebSocketSend(server.handle, type, throwing as { data: Uint8Array })
    assert.deepEqual(result, { hr: E_INVALIDARG, detail: 'No' })
  }
  assert.equal(wireOf(server), '82 01 01')
})

test('T-63 the payload of the caller is not changed, masked or not', () => {
  for (const driven of [openServer(), openClient()]) {
    const payload = utf8('Hello')
    driven.send('UTF8_MESSAGE', payload)
    wireOf(driven)
    assert.deepEqual(payload, utf8('Hello'))
  }
})

test('T-63 shared text is copied once and then checked; a shared reason too', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(2))
  shared.set(utf8('ok'))
  const server = openServer()
  server.send('UTF8_MESSAGE', shared)
  server.send('CLOSE', { status: 1000, reason: shared })
  shared.fill(0xff)
  assert.equal(wireOf(server), '81 02 6f 6b 88 04 03 e8 6f 6b')
})

for (const [name, open, size] of [
  ['of a server', openServer, 1000],
  ['of a client, before the first slice', openClient, 100],
] as const) {
  test(`T-63 a payload ${name} that is detached before it is sent aborts the handle instead of breaking a frame`, () => {
    const driven = open()
    const payload = new Uint8Array(size)
    driven.send('BINARY_MESSAGE', payload, 'c1')
    driven.send('BINARY_MESSAGE', 'next', 'c2')
    structuredClone(payload.buffer, { transfer: [payload.buffer] })
    driven.complete(driven.action('S', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c1'), 0)
    driven.complete(driven.action('S', 2, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c2'), 0)
    driven.action('ALL', 2, 'NO')
    const { hr, detail } = WebSocketSend(driven.handle, 0x80000002)
    assert.deepEqual(
      [hr, detail],
      [E_INVALID_PROTOCOL_OPERATION, 'Cannot send: a payload was detached or shrunk before it was sent'],
    )
  })
}

test('T-63 a payload that shrinks after its header was written aborts the handle', () => {
  const server = openServer()
  const buffer = Reflect.construct(ArrayBuffer, [1000, { maxByteLength: 1000 }])
  server.send('BINARY_MESSAGE', new Uint8Array(buffer), 'c')
  server.complete(server.action('S', 1, 'SEND_TO_NETWORK', 'BINARY_MESSAGE', ['82 7e 03 e8'], 'c'), 4)
  buffer.resize(999)
  server.complete(server.action('S', 1, 'INDICATE_SEND_COMPLETE', 'BINARY_MESSAGE', [], 'c'), 0)
  server.action('ALL', 2, 'NO')
})

test('T-65 every frame of a client draws a key of its own, empty ones and pongs included; a server draws none', () => {
  const client = openClient()
  client.send('UTF8_MESSAGE')
  client.send('BINARY_MESSAGE', 'x')
  client.send('PING_PONG')
  client.send('CLOSE')
  const key = toHex(hex(MASK.toString(16)))
  const x = toHex(Uint8Array.of(0x78 ^ 0x37))
  assert.equal(wireOf(client), `81 80 ${key} 82 81 ${key} ${x} 89 80 ${key} 88 80 ${key}`)
})

test('a ping with a payload is queued like any send; at most 125 bytes fit', () => {
  const server = openServer()
  const payload = utf8('are you there?')
  assert.deepEqual(WspcSendPing(server.handle, payload, 'c'), { hr: S_OK })
  server.writes('PING_PONG', ['89 0e', payload], 'c')
  assert.equal(WspcSendPing(server.handle, new Uint8Array(125)).hr, S_OK)
  assert.equal(WspcSendPing(server.handle, new Uint8Array(126)).hr, E_INVALIDARG)
  assert.equal(WspcSendPing(server.handle, null as unknown as Uint8Array).hr, E_INVALIDARG)
})

test('the session of a handle writes whole frames of bytes, nothing else', () => {
  const capture = new FrameCapture()
  assert.equal(capture.take(), undefined)
  for (const write of [capture.writeHeader, capture.writePiece, capture.writeTextFrame]) {
    assert.throws(() => write.call(capture), /whole frames/)
  }
})
