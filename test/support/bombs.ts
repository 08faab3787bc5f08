// DEFLATE data that means harm (RFC 1951 §3.2.3): next to nothing that stands for very much, or very much that stands for
// nothing. All of it is payload of messages, without the tail of the last flush (RFC 7692 §7.2.1).

import { constants, deflateRawSync } from 'node:zlib'
import { concat, frame, hex } from './wire.ts'

export const MIB = 1_048_576

const TAIL = hex('00 00 ff ff')

/** What a message ends with after whole blocks: the first byte of an empty stored block, whose other four are the tail. */
const END = hex('00')

/** So many MiB of zeros, in about a thousandth of that. */
export function zeros(mebibytes: number): Uint8Array {
  const one = deflateRawSync(new Uint8Array(MIB), { finishFlush: constants.Z_SYNC_FLUSH })
  return times(one, mebibytes).subarray(0, -TAIL.length)
}

/** Blocks in which nothing is, byte for byte. */
export const EMPTY_BLOCKS = {
  stored: hex('00 00 00 ff ff'),
  // Four of ten bits each: no, fixed codes, end of block.
  fixed: hex('02 08 20 80 00'),
  // Four of ninety bits each: of all the codes that a block may define, only that of its end.
  dynamic: hex(
    '04 c0 81 00 00 00 00 00 90 ff 6b 10 00 07 02 00 00 00 00 40 fe af 41' +
      '00 1c 08 00 00 00 00 00 f9 bf 06 01 70 20 00 00 00 00 00 e4 ff 1a',
  ),
  final: hex('03 00'),
} as const

/** A message of about so many bytes of them. */
export function emptyBlocks(kind: keyof typeof EMPTY_BLOCKS, bytes: number): Uint8Array {
  const block = EMPTY_BLOCKS[kind]
  return concat(times(block, Math.floor(bytes / block.length)), END)
}

/** The same again and again. */
export function times(bytes: Uint8Array, count: number): Uint8Array {
  const all = new Uint8Array(bytes.length * count)
  for (let i = 0; i < count; i++) all.set(bytes, i * bytes.length)
  return all
}

/** A compressed message of a client, in one frame or in as many as it takes for none to be longer than `frameBytes`. */
export function compressedMessage(payload: Uint8Array, frameBytes = payload.length, opcode = 2): Uint8Array {
  const frames: Uint8Array[] = []
  for (let at = 0; at < payload.length; at += frameBytes) {
    frames.push(
      frame({
        fin: at + frameBytes >= payload.length,
        reservedBits: at === 0 ? 0b100 : 0,
        opcode: at === 0 ? opcode : 0,
        key: '00000000',
        payload: payload.subarray(at, at + frameBytes),
      }),
    )
  }
  return concat(...frames)
}
