import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type FrameHeader,
  frameHeaderSize,
  MAX_FRAME_HEADER_BYTES,
  type ParsedFrameHeader,
  parseFrameHeader,
  readUint32,
  writeFrameHeader,
} from '../../src/codec/frame-header.ts'
import { concat, hex, toHex } from '../support/wire.ts'

const EIGHT = { fin: true, reservedBits: 0, opcode: 2, maskingKey: undefined }

const HEADERS: ReadonlyArray<readonly [name: string, wire: string, header: FrameHeader]> = [
  // RFC 6455 §5.7
  ['unmasked text', '81 05', { ...EIGHT, opcode: 1, payloadLength: 5 }],
  ['masked text', '81 85 37fa213d', { ...EIGHT, opcode: 1, maskingKey: 0x37fa213d, payloadLength: 5 }],
  ['first fragment', '01 03', { ...EIGHT, fin: false, opcode: 1, payloadLength: 3 }],
  ['first fragment of a binary message', '02 03', { ...EIGHT, fin: false, payloadLength: 3 }],
  ['last fragment', '80 02', { ...EIGHT, opcode: 0, payloadLength: 2 }],
  ['unmasked ping', '89 05', { ...EIGHT, opcode: 9, payloadLength: 5 }],
  ['masked pong', '8a 85 37fa213d', { ...EIGHT, opcode: 10, maskingKey: 0x37fa213d, payloadLength: 5 }],
  ['256 bytes', '82 7e 0100', { ...EIGHT, payloadLength: 256 }],
  ['64 KiB', '82 7f 0000000000010000', { ...EIGHT, payloadLength: 65_536 }],
  // The edges of the three forms of a length (§5.2)
  ['empty', '82 00', { ...EIGHT, payloadLength: 0 }],
  ['longest short length', '82 7d', { ...EIGHT, payloadLength: 125 }],
  ['least 16-bit length', '82 7e 007e', { ...EIGHT, payloadLength: 126 }],
  ['127', '82 7e 007f', { ...EIGHT, payloadLength: 127 }],
  ['greatest 16-bit length', '82 7e ffff', { ...EIGHT, payloadLength: 65_535 }],
  ['masked, 16 bits', '82 fe 0102 ffffffff', { ...EIGHT, maskingKey: 0xffff_ffff, payloadLength: 0x102 }],
  ['masked, 64 bits', '82 ff 0000000000010203 00000000', { ...EIGHT, maskingKey: 0, payloadLength: 0x1_0203 }],
  ['just below 4 GiB', '82 7f 00000000ffffffff', { ...EIGHT, payloadLength: 0xffff_ffff }],
  ['4 GiB', '82 7f 0000000100000000', { ...EIGHT, payloadLength: 0x1_0000_0000 }],
  ['2^53 - 1', '82 7f 001fffffffffffff', { ...EIGHT, payloadLength: Number.MAX_SAFE_INTEGER }],
  // Each reserved bit
  ['RSV1', 'c2 00', { ...EIGHT, reservedBits: 0b100, payloadLength: 0 }],
  ['RSV2', 'a2 00', { ...EIGHT, reservedBits: 0b010, payloadLength: 0 }],
  ['RSV3', '92 00', { ...EIGHT, reservedBits: 0b001, payloadLength: 0 }],
]

for (const [name, wire, header] of HEADERS) {
  const bytes = hex(wire)
  const parsed: ParsedFrameHeader = { ...header, size: bytes.length, lengthIsMinimal: true }

  test(`${name}: header to bytes, and nothing beside them`, () => {
    const target = new Uint8Array(20).fill(0xee)
    const end = writeFrameHeader(target, 3, header)
    assert.equal(toHex(target), toHex(concat(hex('eeeeee'), bytes, new Uint8Array(17 - bytes.length).fill(0xee))))
    assert.equal(end, 3 + bytes.length)
  })

  test(`${name}: the size is known before it is written`, () => {
    assert.equal(frameHeaderSize(header.payloadLength, header.maskingKey !== undefined), bytes.length)
  })

  test(`${name}: bytes to header, also before something else`, () => {
    assert.deepEqual(parseFrameHeader(bytes), parsed)
    assert.deepEqual(parseFrameHeader(concat(bytes, hex('ffff'))), parsed)
  })

  test(`${name}: every shorter prefix asks for more`, () => {
    for (let n = 0; n < bytes.length; n++) assert.equal(parseFrameHeader(bytes.subarray(0, n)), undefined)
  })
}

test('no header is longer than 14 bytes', () => {
  assert.equal(frameHeaderSize(Number.MAX_SAFE_INTEGER, true), 14)
  assert.equal(MAX_FRAME_HEADER_BYTES, 14)
})

test('a length says whether it is in its shortest form', () => {
  const rows: ReadonlyArray<readonly [wire: string, length: number, minimal: boolean]> = [
    ['82 7e 0000', 0, false],
    ['82 7e 007d', 125, false],
    ['82 7e 007e', 126, true],
    ['82 7f 0000000000000000', 0, false],
    ['82 7f 000000000000007e', 126, false],
    ['82 7f 000000000000ffff', 65_535, false],
    ['82 7f 0000000000010000', 65_536, true],
  ]
  for (const [wire, length, minimal] of rows) {
    const { payloadLength, lengthIsMinimal } = parseFrameHeader(hex(wire))!
    assert.deepEqual([payloadLength, lengthIsMinimal], [length, minimal], wire)
  }
})

test('a length that a number cannot hold exactly stays above all that it can', () => {
  for (const wire of [
    '0020000000000000',
    '0020000000000001',
    '7fffffffffffffff',
    '8000000000000000',
    'ffffffffffffffff',
  ]) {
    const { payloadLength } = parseFrameHeader(hex(`82 7f ${wire}`))!
    assert.ok(payloadLength > Number.MAX_SAFE_INTEGER, wire)
  }
})

test('all 65,536 first two bytes mean what the figure of RFC 6455 §5.2 says', () => {
  const rest = hex('0002030405060708 090a0b0c')
  const lengths: Record<number, number> = { 126: 0x0002, 127: 0x2030405060708 }
  const sizes: Record<number, number> = { 126: 4, 127: 10 }
  const bytes = concat(new Uint8Array(2), rest)
  for (let both = 0; both < 65_536; both++) {
    bytes[0] = both >> 8
    bytes[1] = both & 255
    const bits = both.toString(2).padStart(16, '0') // the figure, bit by bit: F RRR OOOO M LLLLLLL
    const code = Number.parseInt(bits.slice(9), 2)
    const size = (sizes[code] ?? 2) + (bits[8] === '1' ? 4 : 0)
    const key =
      bits[8] === '1' ? Number.parseInt(toHex(bytes.subarray(size - 4, size)).replaceAll(' ', ''), 16) : undefined
    const header = parseFrameHeader(bytes)!
    if (
      header.fin !== (bits[0] === '1') ||
      header.reservedBits !== Number.parseInt(bits.slice(1, 4), 2) ||
      header.opcode !== Number.parseInt(bits.slice(4, 8), 2) ||
      header.payloadLength !== (lengths[code] ?? code) ||
      header.size !== size ||
      header.maskingKey !== key ||
      header.lengthIsMinimal !== (code !== 126)
    ) {
      assert.fail(`${both.toString(16)}: ${JSON.stringify(header)}`)
    }
    if (parseFrameHeader(bytes.subarray(0, size - 1)) !== undefined) assert.fail(`${both.toString(16)} cut short`)
  }
})

test('a 32-bit number is unsigned and in network byte order', () => {
  assert.equal(readUint32(hex('00 01020304'), 1), 0x0102_0304)
  assert.equal(readUint32(hex('ffffffff'), 0), 0xffff_ffff)
  assert.equal(readUint32(hex('80000000'), 0), 0x8000_0000)
})
