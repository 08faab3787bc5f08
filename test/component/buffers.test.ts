// The memory of a handle, and how a frame is laid out in it: every kind of frame, role, number of slots and room.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMemory,
  frameSize,
  isGone,
  layOut,
  type OutgoingFrame,
  ReceiveArea,
} from '../../src/component/buffers.ts'
import { E_OUTOFMEMORY, S_OK, WebSocketCreateServerHandle } from '../../src/component/index.ts'
import { readProperties } from '../../src/component/properties.ts'
import { concat, frame, hex, toHex } from '../support/wire.ts'

test('the three areas lie behind one another in one block', () => {
  const { receive, send, control } = createMemory(readProperties('client', [{ type: 0, value: 256 }]))
  assert.deepEqual([receive.length, send.length, control.length], [256, 4096, 144])
  assert.deepEqual([receive.byteOffset, send.byteOffset, control.byteOffset], [0, 256, 4352])
  assert.ok(receive.buffer === send.buffer && send.buffer === control.buffer)
})

test('the areas lie in the memory of the application when it gives some', () => {
  const value = new Uint8Array(new ArrayBuffer(10_000), 800)
  const { receive, control } = createMemory(readProperties('server', [{ type: 3, value }]))
  assert.deepEqual([receive.buffer, receive.byteOffset], [value.buffer, 800])
  assert.equal(control.byteOffset, 800 + 4096 + 16)
})

test('memory that cannot be had is a result code', () => {
  const { Uint8Array: original } = globalThis
  globalThis.Uint8Array = class {
    constructor(size: number) {
      throw new RangeError(`Array buffer allocation failed: ${size}`)
    }
  } as unknown as typeof Uint8Array
  try {
    const { detail, ...result } = WebSocketCreateServerHandle()
    assert.deepEqual(result, { hr: E_OUTOFMEMORY, handle: undefined })
    assert.equal(detail, 'Cannot allocate 4256 bytes')
  } finally {
    globalThis.Uint8Array = original
  }
  assert.equal(WebSocketCreateServerHandle().hr, S_OK)
})

test('memory that was taken away is noticed', () => {
  const buffer = new ArrayBuffer(8192)
  const memory = createMemory(readProperties('server', [{ type: 3, value: new Uint8Array(buffer) }]))
  assert.equal(isGone(memory), false)
  structuredClone(buffer, { transfer: [buffer] })
  assert.equal(isGone(memory), true)
})

test('received bytes stay until they are taken; then what is left moves to the front for the next read', () => {
  const memory = new Uint8Array(8)
  const area = new ReceiveArea(memory)
  assert.equal(area.freePart().length, 8)
  memory.set(hex('01 02 03 04 05 06'))
  assert.equal(toHex(area.append(6)), '01 02 03 04 05 06')
  assert.equal(toHex(area.take(2, 4)), '03 04') // two bytes are parsed and done with, two more not parsed yet
  assert.equal(area.isFull, false)
  assert.equal(area.freePart().byteOffset, 2)
  assert.equal(toHex(memory.subarray(0, 2)), '05 06')
  area.freePart().set(hex('07 08 09 0a 0b 0c'))
  area.append(6)
  assert.equal(area.isFull, true)
  assert.equal(area.freePart().length, 0)
  assert.equal(toHex(area.take(8, 8)), '05 06 07 08 09 0a 0b 0c')
  assert.equal(area.freePart().length, 8)
})

const EMPTY = new Uint8Array(0)
const CLOSE_LEAD = hex('03 e8')

/** Every frame in slices as long as the area, put together again. */
function wireOf(outgoing: OutgoingFrame, room: number, slots: number, byReference: boolean) {
  const area = new Uint8Array(room)
  const actions: Uint8Array[][] = []
  let wire = EMPTY
  while (wire.length < frameSize(outgoing)) {
    const buffers = layOut(outgoing, area, wire.length, slots, byReference)
    assert.ok(buffers.length >= 1 && buffers.length <= slots)
    for (const buffer of buffers) assert.ok(buffer.length <= room || buffer === outgoing.payload)
    actions.push(buffers)
    wire = concat(wire, ...buffers)
  }
  return { wire, actions }
}

for (const length of [0, 1, 3, 9, 10, 11, 12, 13, 14, 15, 125, 126, 250, 251, 252, 65_535, 65_536]) {
  const payload = Uint8Array.from({ length }, (_, i) => i * 13)
  const sent = (maskingKey: number | undefined, lead = EMPTY): OutgoingFrame => ({
    firstByte: 0x82,
    maskingKey,
    lead,
    payload,
    payloadLength: length,
  })

  test(`T-66 ${length} bytes by reference: two buffers, or as many actions with one slot unless the area holds all`, () => {
    for (const room of [16, 4096]) {
      const expected = frame({ opcode: 2, payload })
      const two = wireOf(sent(undefined), room, 2, true)
      assert.deepEqual(two.wire, expected)
      assert.deepEqual(
        two.actions.map((buffers) => buffers.length),
        [length === 0 ? 1 : 2],
      )
      if (length > 0) assert.equal(two.actions[0]![1], payload)
      const one = wireOf(sent(undefined), room, 1, true)
      assert.deepEqual(one.wire, expected)
      assert.equal(one.actions.length, expected.length <= room || length === 0 ? 1 : 2)
    }
  })

  test(`T-66 ${length} bytes with a key of zeros by reference`, () => {
    const { wire, actions } = wireOf(sent(0), 256, 2, true)
    assert.deepEqual(wire, frame({ opcode: 2, key: '00000000', payload }))
    if (length > 0) assert.equal(actions[0]![1], payload)
  })

  test(`T-65 ${length} bytes masked: one frame with one key, one buffer an action, the payload left as it was`, () => {
    const before = payload.slice()
    for (const room of [256, 257, 4096]) {
      const { wire, actions } = wireOf(sent(0x37fa213d), room, 2, false)
      assert.deepEqual(wire, frame({ opcode: 2, key: '37fa213d', payload }))
      assert.ok(actions.every((buffers) => buffers.length === 1))
      assert.equal(actions.length, Math.ceil(wire.length / room))
    }
    assert.deepEqual(payload, before)
  })
}

test('the status of a Close frame goes with the header, the reason stays where it is', () => {
  const payload = hex('62 79 65')
  const close = { firstByte: 0x88, lead: CLOSE_LEAD, payload, payloadLength: 3 }
  const server = { ...close, maskingKey: undefined }
  const client = { ...close, maskingKey: 0x37fa213d }
  const area = new Uint8Array(16)
  assert.equal(frameSize(server), 7)
  assert.deepEqual(layOut(server, area, 0, 2, true).map(toHex), ['88 05 03 e8', '62 79 65'])
  assert.deepEqual(layOut(server, area, 0, 1, true).map(toHex), ['88 05 03 e8 62 79 65'])
  assert.equal(frameSize(client), 11)
  assert.deepEqual(layOut(client, area, 0, 2, false).map(toHex), ['88 85 37 fa 21 3d 34 12 43 44 52'])
})

test('a control frame of the largest size fits the control area in every form', () => {
  const payload = new Uint8Array(125)
  for (const maskingKey of [undefined, 0, 0x37fa213d]) {
    const pong = { firstByte: 0x8a, maskingKey, lead: EMPTY, payload, payloadLength: 125 }
    const buffers = layOut(pong, new Uint8Array(144), 0, 1, false)
    assert.equal(buffers.length, 1)
    assert.equal(buffers[0]!.length, frameSize(pong))
  }
})
