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
