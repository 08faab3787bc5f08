import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteLengthOf, isFixedMemory, isUint8Array, viewBytes } from '../../src/codec/payload-bytes.ts'
import { hex, toHex } from '../support/wire.ts'

const memory = hex('00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f')
const shared = new SharedArrayBuffer(4)
new Uint8Array(shared).set([1, 2, 3, 4])
// ES2024, which the library of the compiler does not know yet.
const ResizableBuffer = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void }

const BYTES: ReadonlyArray<readonly [name: string, value: unknown, wire: string]> = [
  ['Uint8Array', memory.subarray(2, 4), '02 03'],
  ['Buffer', Buffer.from(memory.buffer, 3, 2), '03 04'],
  ['Uint8ClampedArray', new Uint8ClampedArray([1, 255]), '01 ff'],
  ['Int8Array', new Int8Array([-1, 2]), 'ff 02'],
  ['Uint16Array', new Uint16Array(memory.buffer, 4, 2), '04 05 06 07'],
  ['Float64Array', new Float64Array(memory.buffer, 8, 1), '08 09 0a 0b 0c 0d 0e 0f'],
  ['BigInt64Array', new BigInt64Array(memory.buffer, 0, 1), '00 01 02 03 04 05 06 07'],
  ['DataView', new DataView(memory.buffer, 1, 3), '01 02 03'],
  ['ArrayBuffer', memory.slice(0, 3).buffer, '00 01 02'],
  ['SharedArrayBuffer', shared, '01 02 03 04'],
  ['view of a SharedArrayBuffer', new Uint8Array(shared, 1, 2), '02 03'],
  ['empty view', memory.subarray(16), ''],
]

for (const [name, value, wire] of BYTES) {
  test(`T-60: ${name}: exactly its bytes, seen where they lie`, () => {
    const view = viewBytes(value)!
    assert.equal(toHex(view), wire)
    assert.equal(Object.getPrototypeOf(view), Uint8Array.prototype)
    assert.equal(view.buffer, ArrayBuffer.isView(value) ? value.buffer : value)
  })
}

const NOT_BYTES: readonly unknown[] = [
  undefined,
  null,
  0,
  1n,
  '',
  'ab',
  true,
  Symbol('bytes'),
  {},
  [1, 2],
  { length: 2, 0: 1, 1: 2 },
  { byteLength: 2, buffer: memory.buffer, byteOffset: 0 },
  Object.create(Uint8Array.prototype),
  Object.create(ArrayBuffer.prototype),
  new Proxy(new Uint8Array(2), {}),
  new Proxy(new ArrayBuffer(2), {}),
  () => memory,
]

test('T-60: what holds no bytes is not taken for bytes, whatever it says of itself', () => {
  for (const value of NOT_BYTES) {
    assert.equal(viewBytes(value), undefined)
    assert.equal(isUint8Array(value), false)
  }
})

test('T-67: lengths and offsets come from the object itself, never from properties put over it', () => {
  class Liar extends Uint8Array {
    static get [Symbol.species](): never {
      throw new Error('asked for the species')
    }
    override get length(): number {
      return 1_000
    }
    override get byteLength(): number {
      return 1_000
    }
    override get byteOffset(): number {
      return -1
    }
    override get buffer(): ArrayBuffer {
      throw new Error('asked for the buffer')
    }
    override get [Symbol.toStringTag](): never {
      throw new Error('asked for the tag')
    }
  }
  const liar = new Liar([1, 2, 3])
  assert.ok(isUint8Array(liar))
  assert.equal(byteLengthOf(liar), 3)
  assert.equal(toHex(viewBytes(liar)!), '01 02 03')

  const longer = Object.defineProperty(Uint8Array.of(1, 2, 3), 'length', { value: 1_000 })
  assert.equal(viewBytes(longer)!.length, 3)

  const view = new DataView(memory.buffer, 1, 2)
  Object.defineProperty(view, 'byteLength', { value: 1_000 })
  Object.defineProperty(view, 'byteOffset', { value: 9 })
  assert.equal(toHex(viewBytes(view)!), '01 02')

  const buffer = memory.slice(0, 2).buffer
  Object.defineProperty(buffer, 'byteLength', { value: 1_000 })
  assert.equal(toHex(viewBytes(buffer)!), '00 01')
})

test('a view of an ArrayBuffer alone is fixed memory', () => {
  const resizable = new ResizableBuffer(4, { maxByteLength: 8 })
  assert.equal(isFixedMemory(new Uint8Array(4)), true)
  assert.equal(isFixedMemory(new Uint8Array(shared)), false)
  assert.equal(isFixedMemory(new Uint8Array(resizable, 0, 4)), false)
})

test('the length of a typed array whose memory was taken away is 0', () => {
  const bytes = new Uint8Array(4)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  assert.equal(byteLengthOf(bytes), 0)
  assert.throws(() => viewBytes(bytes), TypeError)
})

test('bytes of another realm are bytes', async () => {
  const { runInNewContext } = await import('node:vm')
  assert.equal(toHex(viewBytes(runInNewContext('new Uint8Array([1, 2])'))!), '01 02')
  assert.equal(toHex(viewBytes(runInNewContext('new ArrayBuffer(2)'))!), '00 00')
  assert.ok(isUint8Array(runInNewContext('new Uint8Array(1)')))
})
