// The portable DEFLATE, against the contract, and in the memory that it was given.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portableDeflate } from '../../../src/transport/web/deflate.ts'
import { dataOf, deflateAll, deflatePortContract } from '../../contract/deflate-port.ts'
import { liveBufferBytes } from '../../support/memory.ts'
import { toHex } from '../../support/wire.ts'

deflatePortContract('the portable DEFLATE', portableDeflate)

test('the portable DEFLATE takes no more memory than its level says', () => {
  for (const { windowBits, memoryLevel, atMost } of [
    { windowBits: 9, memoryLevel: 1, atMost: 12_288 },
    { windowBits: 12, memoryLevel: 5, atMost: 49_152 },
    { windowBits: 15, memoryLevel: 8, atMost: 294_912 },
  ]) {
    const before = liveBufferBytes()
    const options = { windowBits, memoryLevel, compressionLevel: 6 }
    const deflaters = Array.from({ length: 20 }, () => portableDeflate.createDeflater(options))
    const bytes = (liveBufferBytes() - before) / deflaters.length
    assert.ok(bytes <= atMost, `${bytes} bytes with a window of ${windowBits} bits and memory level ${memoryLevel}`)
  }
})

test('what the portable DEFLATE writes after a reset are the bytes of a new stream', () => {
  const options = { windowBits: 9, memoryLevel: 1, compressionLevel: 6 }
  const deflater = portableDeflate.createDeflater(options)
  for (let length = 1; length <= 200; length++) {
    // Of three letters, so that there is much to refer to, down to the last byte.
    const letters = (text: Uint8Array): Uint8Array => text.map((byte) => byte % 3)
    deflateAll(deflater, letters(dataOf('random', 300 + length)))
    deflater.reset()
    const data = letters(dataOf('random', length))
    const again = deflateAll(deflater, data)
    deflater.reset()
    assert.equal(toHex(again), toHex(deflateAll(portableDeflate.createDeflater(options), data)), `${length} bytes`)
  }
})
