// Q17: the buffer types of extensions, which exist once an extension was negotiated.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDataType, receivedBufferType } from '../../src/component/buffer-types.ts'
import {
  E_INVALID_PROTOCOL_FORMAT,
  E_INVALID_PROTOCOL_OPERATION,
  E_INVALIDARG,
  S_OK,
  WspcOpenHandle,
} from '../../src/component/index.ts'
import { ResultError } from '../../src/component/result.ts'
import { DrivenHandle, openServer } from '../support/component.ts'
import { concat, frame, hex, toHex } from '../support/wire.ts'

const K = '37fa213d'

function extended(role: 'client' | 'server'): DrivenHandle {
  const driven = new DrivenHandle(role)
  assert.equal(WspcOpenHandle(driven.handle, { extensions: ['x-first; a=1'] }).hr, S_OK)
  return driven
}

const NAMED = [
  [0x80000000, { type: 'text', final: true, reservedBits: 0 }],
  [0x80000001, { type: 'text', final: false, reservedBits: 0 }],
  [0x80000002, { type: 'binary', final: true, reservedBits: 0 }],
  [0x80000003, { type: 'binary', final: false, reservedBits: 0 }],
] as const

// The buffer type is the first byte of the frame, shifted by one.
const EXTENDED = [
  [0xc1 << 1, undefined, { type: 'text', final: true, reservedBits: 0b100 }],
  [0x41 << 1, undefined, { type: 'text', final: false, reservedBits: 0b100 }],
  [0xf2 << 1, undefined, { type: 'binary', final: true, reservedBits: 0b111 }],
  [0x12 << 1, undefined, { type: 'binary', final: false, reservedBits: 0b001 }],
  [0x81 << 1, undefined, { type: 'text', final: true, reservedBits: 0 }],
  [0x80 << 1, 'text', { type: 'text', final: true, reservedBits: 0 }],
  [0x00 << 1, 'binary', { type: 'binary', final: false, reservedBits: 0 }],
] as const

for (const [bufferType, part] of NAMED) {
  test(`buffer type ${bufferType.toString(16)}: sent and received alike`, () => {
    assert.deepEqual(readDataType(bufferType, undefined, false), part)
    assert.deepEqual(readDataType(bufferType, 'text', true), part)
    assert.equal(receivedBufferType(part), bufferType)
  })
}

for (const [bufferType, openMessage, part] of EXTENDED) {
  test(`Q17 buffer type ${bufferType.toString(16)}: first byte of a frame, with an extension`, () => {
    assert.deepEqual(readDataType(bufferType, openMessage, true), part)
    assert.throws(() => readDataType(bufferType, openMessage, false), { hr: E_INVALIDARG })
    if (part.reservedBits !== 0) assert.equal(receivedBufferType(part), bufferType)
  })
}

for (const bufferType of [1, 0x183, 0x200, 0x182 + 0x8000_0000, -2, 2.5, Number.NaN, '386', undefined, null]) {
  test(`Q17 buffer type ${String(bufferType)} does not exist, with an extension or without`, () => {
    for (const isExtended of [true, false]) {
      assert.throws(() => readDataType(bufferType as number, undefined, isExtended), { hr: E_INVALIDARG })
    }
  })
}

test('Q17 only the opcodes of data can be sent with an extension', () => {
  for (let opcode = 3; opcode < 16; opcode++) {
    assert.throws(() => readDataType((0x80 | opcode) << 1, undefined, true), { hr: E_INVALIDARG })
  }
})

test('Q17 a continuation needs an open message, and a new message needs none (RFC 6455 §5.4)', () => {
  for (const [opcode, open] of [
    [0, undefined],
    [1, 'text'],
    [2, 'text'],
  ] as const) {
    assert.throws(
      () => readDataType((0x80 | opcode) << 1, open, true),
      (error) => error instanceof ResultError && error.hr === E_INVALID_PROTOCOL_OPERATION,
    )
  }
})

test('Q17 without an extension a reserved bit is refused in both directions', () => {
  const server = openServer()
  server.refusesSend(E_INVALIDARG, 0xc1 << 1, hex('01'))
  server.refusesSend(E_INVALIDARG, 0x81 << 1, hex('01')) // and the type itself, without any bit
  server.receive()
  server.read('R', 1, 4096, frame({ reservedBits: 0b100, opcode: 1, key: K, payload: 'x' }))
  server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
})

test('Q17 a message of an extension is sent in pieces, with its bits on the first frame; it is no text', () => {
  const server = extended('server')
  const [one, two, three] = [hex('ff 01'), hex('fe'), hex('fd')]
  server.send(0x41 << 1, one, 'c1')
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 0xc1 << 1, two)
  server.refusesSend(E_INVALIDARG, 0x40 << 1, two) // a reserved bit on a continuation
  server.refusesSend(E_INVALID_PROTOCOL_OPERATION, 'BINARY_FRAGMENT', two)
  server.send(0x00 << 1, two, 'c2')
  server.send('UTF8_MESSAGE', three, 'c3')
  server.writes(0x41 << 1, ['41 02', one], 'c1')
  server.writes(0x00 << 1, ['00 01', two], 'c2')
  server.writes('UTF8_MESSAGE', ['80 01', three], 'c3')
  server.refusesSend(E_INVALID_PROTOCOL_FORMAT, 'UTF8_MESSAGE', one) // the next message is text again
})

test('Q17 a message of an extension is received with its bits on every piece; it is no text', () => {
  const server = extended('server')
  const wire = concat(
    frame({ fin: false, reservedBits: 0b010, opcode: 1, key: K, payload: hex('ff ff') }),
    frame({ opcode: 0, key: K, payload: hex('fe') }),
    frame({ opcode: 1, key: K, payload: hex('ff') }),
  )
  server.receive()
  server.read('R', 1, 4096, wire)
  server.complete(server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0x21 << 1, ['ff ff']), 0)
  server.receive()
  server.complete(server.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 0xa1 << 1, ['fe']), 0)
  server.receive()
  server.fails('R', 1, E_INVALID_PROTOCOL_FORMAT) // the next message is text again
})

test('Q17 a reserved bit on a control frame or a continuation is an error even with an extension', () => {
  for (const wire of [
    frame({ reservedBits: 0b100, opcode: 9 }),
    concat(frame({ fin: false, opcode: 2 }), frame({ reservedBits: 0b100, opcode: 0 })),
  ]) {
    const client = extended('client')
    client.receive()
    client.read('R', 1, 4096, wire)
    if (toHex(wire).startsWith('02')) {
      client.complete(client.action('R', 1, 'INDICATE_RECEIVE_COMPLETE', 'BINARY_FRAGMENT', ['']), 0)
      client.receive()
    }
    client.fails('R', 1, E_INVALID_PROTOCOL_FORMAT)
  }
})
