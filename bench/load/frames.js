// Frames as they are on the wire (RFC 6455 §5.2), written out here once more, so that what measures a library, and
// compares its answers byte by byte, does not stand on it.

export const TEXT = 1
export const BINARY = 2
const RSV1 = 0x40 // permessage-deflate's

function header(first, length, maskedBit) {
  if (length < 126) return Buffer.from([first, maskedBit | length])
  const bytes = Buffer.alloc(length < 65_536 ? 4 : 10)
  bytes[0] = first
  bytes[1] = maskedBit | (length < 65_536 ? 126 : 127)
  if (bytes.length === 4) bytes.writeUInt16BE(length, 2)
  else bytes.writeBigUInt64BE(BigInt(length), 2)
  return bytes
}

/** The frame of a server that holds a whole message. */
export function serverFrame(opcode, payload) {
  return Buffer.concat([header(0x80 | opcode, payload.length, 0), payload])
}

/** The frame of a client that holds a whole message. */
export function clientFrame(opcode, payload, key, { compressed = false } = {}) {
  const first = 0x80 | (compressed ? RSV1 : 0) | opcode
  const masked = Buffer.from(payload)
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3]
  return Buffer.concat([header(first, payload.length, 0x80), key, masked])
}

/** As many masking keys, the same ones each time: a peer draws a new one for each frame, and no two are alike here. */
export function maskingKeys(count) {
  let seed = 0x2545_f491
  return Array.from({ length: count }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    const key = Buffer.alloc(4)
    key.writeUInt32BE(seed)
    return key
  })
}
