// Whether the first answer of a server that compresses is what was sent: any compression of it will do.
import { inflateRawSync } from 'node:zlib'

/** @param frame The answer, whole, as it was on the wire. @throws Error when it is not compressed, or another message. */
export function verifyCompressed(frame, payload) {
  const code = frame[1] & 0x7f
  if ((frame[0] & 0x40) === 0) throw new Error('The answer is not compressed')
  const compressed = frame.subarray(code < 126 ? 2 : code === 126 ? 4 : 10)
  const inflated = inflateRawSync(Buffer.concat([compressed, Buffer.of(0, 0, 0xff, 0xff)]), { finishFlush: 2 })
  if (!inflated.equals(payload)) throw new Error('The answer is not what was sent')
}
