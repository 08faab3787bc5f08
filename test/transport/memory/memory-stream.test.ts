import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStream } from '../../../src/transport/memory/index.ts'
import { testByteStream } from '../../contract/byte-stream.ts'

testByteStream(
  'MemoryStream',
  async () => {
    const [near, far] = MemoryStream.pair()
    return { near, far, close: async () => {} }
  },
  { backpressure: true },
)

test('a stream in memory takes nothing more after its end', () => {
  const [near] = MemoryStream.pair()
  near.write([Uint8Array.of(1)])
  near.end()
  near.write([Uint8Array.of(2, 3)])
  assert.equal(near.bufferedBytes, 1)
  near.destroy()
  near.write([Uint8Array.of(4)])
  assert.equal(near.bufferedBytes, 0)
})
