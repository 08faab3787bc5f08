import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputVectors } from '../../src/session/output.ts'
import { areCollected } from '../support/memory.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const KEY = 0x3031_3233
const KEY_DIGITS = '30313233'

function taken(output: OutputVectors): string {
  return toHex(concat(...output.take()!))
}

// Frames whose payload is copied and frames whose payload is sent from where it lies, around the edge between them.
for (const size of [0, 1, 125, 126, 4_095, 4_096, 4_097, 65_535, 65_536]) {
  const payload = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)

  test(`a frame of ${size} bytes is written as it is, by reference only above 4,096`, () => {
    const output = new OutputVectors()
    output.writeFrame(0x82, payload, undefined)
    const wire = frame({ opcode: 2, payload })
    assert.equal(output.bytes, wire.length)
    const vectors = output.take()!
    assert.equal(Buffer.compare(concat(...vectors), wire), 0)
    assert.equal(
      vectors.some((vector) => vector.buffer === payload.buffer),
      size > 4_096,
    )
    assert.equal(output.bytes, 0)
  })

  test(`a frame of ${size} bytes is masked in memory of its own`, () => {
    const output = new OutputVectors()
    const before = payload.slice()
    output.writeFrame(0x82, payload, KEY)
    const vectors = output.take()!
    assert.equal(Buffer.compare(concat(...vectors), frame({ opcode: 2, payload, key: KEY_DIGITS })), 0)
    assert.ok(vectors.every((vector) => vector.buffer !== payload.buffer))
    assert.deepEqual(payload, before)
  })

  test(`a payload of ${size} bytes in two pieces is masked as a whole`, () => {
    const output = new OutputVectors()
    const cut = Math.floor(size / 2) + 1
    output.writeHeader(0x82, size, KEY)
    output.writePiece(payload.subarray(0, cut), KEY, 0)
    output.writePiece(payload.subarray(cut), KEY, Math.min(cut, size))
    const wire = frame({ opcode: 2, payload, key: KEY_DIGITS })
    assert.equal(output.bytes, wire.length)
    assert.equal(Buffer.compare(concat(...output.take()!), wire), 0)
  })
}

for (const [name, payload] of [
  ['ASCII', 'The quick brown fox'],
  ['126 ASCII characters', 'a'.repeat(126)],
  ['text of several bytes a character', 'Grüße, 世界! ☕ 😀'.repeat(20)],
] as const) {
  for (const key of [undefined, KEY]) {
    test(`a frame of bytes that are text, ${name}, ${key ? 'masked' : 'as it is'}, is one that was not checked`, () => {
      const [plain, checked] = [new OutputVectors(), new OutputVectors()]
      plain.writeFrame(0x81, utf8(payload), key)
      const isText = checked.writeValidFrame(0x81, Buffer.from(payload), key === undefined ? undefined : () => key)
      assert.equal(isText, true)
      assert.equal(checked.bytes, plain.bytes)
      assert.equal(taken(checked), taken(plain))
    })
  }
}

test('of bytes that are no text nothing is written, nor a masking key drawn', () => {
  const output = new OutputVectors()
  output.writeFrame(0x82, utf8('before'), undefined)
  for (const wire of ['ff', 'c3', '6161c3a4c3', 'eda080', `${'61'.repeat(200)}80`]) {
    assert.equal(
      output.writeValidFrame(0x81, hex(wire), () => assert.fail()),
      false,
    )
  }
  output.writeFrame(0x82, utf8('behind'), undefined)
  assert.equal(
    taken(output),
    toHex(concat(frame({ opcode: 2, payload: 'before' }), frame({ opcode: 2, payload: 'behind' }))),
  )
})

// The length of text in bytes is known only once it is written: the header may have to be longer than was guessed.
const TEXTS: ReadonlyArray<readonly [name: string, text: string]> = [
  ['nothing', ''],
  ['125 ASCII characters', 'a'.repeat(125)],
  ['126 ASCII characters', 'a'.repeat(126)],
  ['63 characters of 126 bytes', 'ä'.repeat(63)],
  ['42 characters of 126 bytes', '€'.repeat(42)],
  ['41 characters of 123 bytes', '€'.repeat(41)],
  ['125 characters, of which the last makes the header longer', `${'a'.repeat(124)}ä`],
  ['the most that is written in place', '€'.repeat(1_365)],
  ['one more', '€'.repeat(1_366)],
  ['the most ASCII that is written in place', 'a'.repeat(1_365)],
  ['65,536 bytes', 'a'.repeat(65_536)],
  ['30,000 characters of 90,000 bytes', '€'.repeat(30_000)],
]

for (const [name, text] of TEXTS) {
  test(`text of ${name} is written in UTF-8, with and without a mask`, () => {
    for (const key of [undefined, KEY]) {
      const output = new OutputVectors()
      output.writeFrame(0x89, hex('aa'), key)
      output.writeTextFrame(0x81, text, key)
      output.writeFrame(0x8a, hex('bb'), key)
      const digits = key === undefined ? {} : { key: KEY_DIGITS }
      const wire = concat(
        frame({ opcode: 9, payload: hex('aa'), ...digits }),
        frame({ opcode: 1, payload: text, ...digits }),
        frame({ opcode: 10, payload: hex('bb'), ...digits }),
      )
      assert.equal(output.bytes, wire.length)
      assert.equal(Buffer.compare(concat(...output.take()!), wire), 0)
    }
  })
}

test('a thousand small frames leave as one vector, or two where a block ends', () => {
  const output = new OutputVectors()
  for (let i = 0; i < 1_000; i++) output.writeFrame(0x82, hex('0102030405060708'), undefined)
  const vectors = output.take()!
  assert.ok(vectors.length <= 2)
  assert.equal(Buffer.compare(concat(...vectors), concat(...new Array(1_000).fill(hex('82080102030405060708')))), 0)
})

test('frames keep their order around a payload that is sent from where it lies', () => {
  const output = new OutputVectors()
  const large = new Uint8Array(5_000).fill(1)
  output.writeFrame(0x81, utf8('a'), undefined)
  output.writeFrame(0x82, large, undefined)
  output.writeFrame(0x81, utf8('b'), undefined)
  const vectors = output.take()!
  assert.equal(vectors.length, 3)
  assert.equal(toHex(vectors[0]!), '81 01 61 82 7e 13 88')
  assert.equal(vectors[1]!.buffer, large.buffer)
  assert.equal(toHex(vectors[2]!), '81 01 62')
})

test('what was taken is never written again, and other outputs never write into it', () => {
  const first = new OutputVectors()
  const second = new OutputVectors()
  const taken: Uint8Array[] = []
  for (let i = 0; i < 20_000; i++) {
    first.writeFrame(0x82, Uint8Array.of(1, i), undefined)
    second.writeFrame(0x82, Uint8Array.of(2, i), undefined)
    if (i % 3 === 0) first.writeFrame(0x82, Uint8Array.of(1, i), undefined)
    if (i % 5 === 0) taken.push(...first.take()!)
  }
  taken.push(...first.take()!)
  const all = concat(...taken)
  for (let at = 0; at < all.length; at += 4) {
    if (all[at] !== 0x82 || all[at + 2] !== 1) assert.fail(`at ${at}: ${toHex(all.subarray(at, at + 4))}`)
  }
  assert.equal(all.length, 4 * (20_000 + Math.ceil(20_000 / 3)))
  assert.equal(concat(...second.take()!).length, 80_000)
})

test('T-68: output that waits while others write holds its own bytes, not a block for each frame', () => {
  // A subscriber that stopped reading used to hold 64 KiB for each small message of a busy server.
  const slow = new OutputVectors()
  const busy = new OutputVectors()
  const block = new Uint8Array(4_000)
  for (let i = 0; i < 100; i++) {
    slow.writeFrame(0x81, Uint8Array.of(0x61), undefined)
    for (let k = 0; k < 17; k++) busy.writeFrame(0x82, block, undefined)
    busy.take()
  }
  const vectors = slow.take()!
  const held = [...new Set(vectors.map((vector) => vector.buffer))].map((buffer) => buffer.byteLength)
  assert.equal(vectors.length, 100)
  assert.ok(held.reduce((sum, bytes) => sum + bytes) <= 65_536 + 300)

  // A quarter of a block is worth its memory, whatever lies between its parts; it is not copied.
  for (const [size, copied] of [
    [4_091, true],
    [4_092, false],
  ] as const) {
    do {
      busy.writeFrame(0x82, block, undefined)
    } while (busy.take()![0]!.byteOffset !== 0) // until a block has just begun
    const large = new Uint8Array(5_000)
    const wire: Uint8Array[] = []
    const write = (payload: Uint8Array): void => {
      slow.writeFrame(0x82, payload, undefined)
      wire.push(frame({ opcode: 2, payload }))
    }
    for (const fill of [1, 2]) write(new Uint8Array(4_092).fill(fill))
    write(large)
    busy.writeFrame(0x82, block, undefined)
    write(new Uint8Array(4_088).fill(3)) // with the four bytes of the header before the large one
    write(new Uint8Array(size).fill(4))
    for (let k = 0; k < 17; k++) busy.writeFrame(0x82, block, undefined)
    busy.take()
    write(Uint8Array.of(5))
    const vectors = slow.take()!
    assert.equal(Buffer.compare(concat(...vectors), concat(...wire)), 0)
    const [first, second, third] = vectors as [Uint8Array, Uint8Array, Uint8Array]
    assert.equal(second.buffer, large.buffer)
    assert.equal(first.buffer, third.buffer)
    assert.equal(first.buffer.byteLength, copied ? 16_383 : 65_536)
  }
})

test('T-63: a payload that was detached or resized before it is taken is never sent', () => {
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(length: number): void }
  const output = new OutputVectors()
  const detached = new Uint8Array(5_000)
  output.writeFrame(0x82, detached, undefined)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  assert.equal(output.take(), undefined)
  assert.deepEqual(output.take(), [], 'the output is empty afterwards')

  const resizable = new Resizable(5_000, { maxByteLength: 6_000 })
  output.writeFrame(0x82, new Uint8Array(resizable, 0, 5_000), undefined)
  resizable.resize(10)
  assert.equal(concat(...output.take()!).length, 5_004, 'memory that may change its size was copied')
})

test('T-63: shared memory is copied, and what another thread writes later is not sent', () => {
  const output = new OutputVectors()
  const shared = new Uint8Array(new SharedArrayBuffer(5_000)).fill(1)
  output.writeFrame(0x82, shared, undefined)
  shared.fill(2)
  assert.ok(
    concat(...output.take()!)
      .subarray(4)
      .every((byte) => byte === 1),
  )
})

test('T-64: every byte that is sent was written', () => {
  // Blocks hold what earlier frames left; none of it may come through.
  const output = new OutputVectors()
  for (let i = 0; i < 100; i++) {
    output.writeTextFrame(0x81, 'x'.repeat(1_000), undefined)
    output.writeTextFrame(0x81, '€', KEY)
    output.writeFrame(0x89, new Uint8Array(0), KEY)
  }
  const part = concat(
    frame({ opcode: 1, payload: 'x'.repeat(1_000) }),
    frame({ opcode: 1, payload: '€', key: KEY_DIGITS }),
    frame({ opcode: 9, key: KEY_DIGITS }),
  )
  assert.equal(Buffer.compare(concat(...output.take()!), concat(...new Array(100).fill(part))), 0)
})

test('clear throws everything away, also a payload that was kept', () => {
  const output = new OutputVectors()
  const large = new Uint8Array(5_000)
  output.writeFrame(0x82, hex('aa'), undefined)
  output.writeFrame(0x82, large, undefined)
  output.writeFrame(0x82, hex('bb'), undefined)
  output.clear()
  assert.equal(output.bytes, 0)
  structuredClone(large.buffer, { transfer: [large.buffer] })
  assert.deepEqual(output.take(), [])
  output.writeFrame(0x82, hex('cc'), undefined)
  assert.equal(taken(output), '82 01 cc')
})

test('a payload that was kept is let go once it is taken', async () => {
  const output = new OutputVectors()
  const payloads: WeakRef<object>[] = []
  const send = (): void => {
    const payload = new Uint8Array(5_000)
    payloads.push(new WeakRef(payload.buffer))
    output.writeFrame(0x82, payload, undefined)
    output.take()
  }
  send()
  assert.equal(await areCollected(payloads), true)
  assert.equal(output.bytes, 0)
})

test('an idle output holds on to no block', async () => {
  const blocks: WeakRef<object>[] = []
  const idle = new OutputVectors()
  const busy = new OutputVectors()
  const send = (): void => {
    idle.writeFrame(0x81, utf8('a'), undefined)
    blocks.push(new WeakRef(idle.take()![0]!.buffer))
    for (let k = 0; k < 17; k++) busy.writeFrame(0x82, new Uint8Array(4_000), undefined)
    busy.take()
  }
  send()
  assert.equal(await areCollected(blocks), true)
  assert.equal(idle.bytes, 0)
})

test('memory of output that has left is used again, unless something was written behind it, or it is not ours', () => {
  const [one, other] = [new OutputVectors(), new OutputVectors()]
  const write = (output: OutputVectors, payload: Uint8Array): Uint8Array[] => {
    output.writeFrame(0x82, payload, undefined)
    return output.take()!
  }
  const first = write(one, new Uint8Array(10).fill(1))
  OutputVectors.release(first)
  const second = write(one, new Uint8Array(20).fill(2))
  assert.deepEqual([second[0]!.buffer, second[0]!.byteOffset], [first[0]!.buffer, first[0]!.byteOffset])

  other.writeFrame(0x82, new Uint8Array(5).fill(3), undefined)
  OutputVectors.release(second)
  const third = write(one, new Uint8Array(20).fill(4))
  assert.equal(toHex(concat(...other.take()!)), `82 05${' 03'.repeat(5)}`)
  assert.equal(toHex(concat(...second)), `82 14${' 02'.repeat(20)}`)
  assert.equal(third[0]!.byteOffset, second[0]!.byteOffset + second[0]!.length + 7)

  const large = new Uint8Array(5_000).fill(5)
  OutputVectors.release(write(one, large))
  const fourth = write(one, new Uint8Array(20).fill(6))
  assert.ok(large.every((byte) => byte === 5))
  assert.equal(toHex(concat(...third)), `82 14${' 04'.repeat(20)}`)
  assert.notEqual(fourth[0]!.byteOffset, third[0]!.byteOffset)
})
