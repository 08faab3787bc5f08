// Whether what our engine says is wrong with a stream is wrong: asked again of the frames, taken at their word, in the
// plainest way there is. Where a peer does not object this is what keeps the engine from objecting to what is right.

import { constants, inflateRawSync } from 'node:zlib'
import { concat, isSameBytes, mayTravelByRfc } from '../support/wire.ts'
import { type Frame, framesOf } from './frames.ts'
import type { Stream } from './streams.ts'

/** The tail that was left out, and a last block that holds this byte as it is: behind a whole message it comes out again. */
const tailAndMark = (mark: number): Uint8Array => {
  return Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x01, 0x01, 0x00, 0xfe, 0xff, mark)
}
const TAIL_BYTES = 4
const MARKS = [0x55, 0xaa] as const
const MOST_INFLATED_BYTES = 1_000_000
const LEAST_CHUNK_BYTES = 64 // of zlib
const EMPTY = new Uint8Array(0)

/** The data frames of one message, as far as they came; control frames between them are left out. */
interface Message {
  readonly frames: Frame[]
  readonly isText: boolean
  readonly isCompressed: boolean
}

interface Inflated {
  readonly bytes: Uint8Array
  /** How many blocks of it were marked as the last (RFC 7692 §7.2.3.4). */
  readonly finalBlocks: number
  /** Whether it is DEFLATE to its end; otherwise `bytes` are what came before. */
  readonly isRight: boolean
}

export class StreamFacts {
  readonly stream: Stream
  readonly frames: readonly Frame[]

  constructor(stream: Stream) {
    this.stream = stream
    this.frames = framesOf(stream.bytes)
  }

  /** The frame in which a byte lies; one after the last for what lies behind them. */
  indexOf(at: number): number {
    const index = this.frames.findIndex(({ end }) => at < end)
    return index < 0 ? this.frames.length : index
  }

  /** The message that is open when frame `index` comes. */
  openMessage(index: number): Message | undefined {
    let message: Message | undefined
    for (const frame of this.frames.slice(0, index)) {
      if (frame.opcode > 2) continue
      if (frame.opcode === 0) message?.frames.push(frame)
      else message = beginMessage(frame)
      if (frame.fin) message = undefined
    }
    return message
  }

  /** How many bytes of it there are by then, as its frames tell. */
  openBytes(index: number): number {
    const message = this.openMessage(index)
    return message === undefined ? 0 : declaredBytes(message)
  }

  /** The message that frame `index` begins or goes on with, this frame included. */
  messageOf(index: number): Message {
    const frame = this.frames[index]!
    const open = frame.opcode === 0 ? this.openMessage(index) : undefined
    open?.frames.push(frame)
    return open ?? beginMessage(frame)
  }

  /**
   * What a compressed message stands for, of which frame `index` is the last that counts.
   *
   * @param chunkBytes How much zlib writes at once: what it wrote in one go it can refer to, beyond any window.
   */
  inflated(index: number, chunkBytes = LEAST_CHUNK_BYTES): Inflated {
    const { noContextTakeover, windowBits } = this.stream.deflate!
    let window: Uint8Array = EMPTY
    for (let i = 0; i < index && !noContextTakeover; i++) {
      const { opcode, fin } = this.frames[i]!
      const earlier = opcode > 2 || !fin ? undefined : this.messageOf(i)
      if (earlier?.isCompressed !== true) continue
      window = concat(window, inflateMessage(wireOf(earlier), { window, windowBits, chunkBytes }, true).bytes)
    }
    const message = this.messageOf(index)
    return inflateMessage(wireOf(message), { window, windowBits, chunkBytes }, isComplete(message, this.stream))
  }

  /** Whether a compressed message refers to what lies behind its window (RFC 7692 §7.1.2). */
  isBeyondWindow(index: number): boolean {
    return !this.inflated(index).isRight && this.inflated(index, MOST_INFLATED_BYTES).isRight
  }

  /** Whether any compressed message has a final block (RFC 7692 §7.2.3.4). */
  get hasFinalBlocks(): boolean {
    return this.frames.some(({ opcode }, i) => {
      return opcode <= 2 && this.messageOf(i).isCompressed && this.inflated(i).finalBlocks > 0
    })
  }

  /** Whether these are the messages of the stream, from the first one on. */
  areMessages(told: readonly Uint8Array[]): boolean {
    const whole = this.frames.flatMap(({ opcode, fin }, i) => (opcode <= 2 && fin ? [i] : []))
    return told.every((payload, i) => {
      const index = whole[i]
      if (index === undefined) return false
      const message = this.messageOf(index)
      if (!message.isCompressed) return isSameBytes(payload, wireOf(message))
      const { bytes, isRight } = this.inflated(index)
      return isRight && isSameBytes(payload, bytes)
    })
  }

  /** Whether the violation that is claimed at byte `at` is there. */
  isJust(claim: string, at: number): boolean {
    const index = this.indexOf(at)
    const frame = this.frames[index]
    const isClaim = CLAIMS[claim]
    if (frame === undefined || isClaim === undefined) return false
    return isClaim(frame, this, index, at)
  }
}

function beginMessage(frame: Frame): Message {
  return { frames: [frame], isText: frame.opcode === 1, isCompressed: (frame.reservedBits & 4) !== 0 }
}

function isComplete({ frames }: Message, { bytes }: Stream): boolean {
  const last = frames.at(-1)!
  return last.fin && last.end <= bytes.length
}

function wireOf({ frames }: Message): Uint8Array {
  return concat(...frames.map(({ payload }) => payload))
}

function declaredBytes({ frames }: Message): number {
  return frames.reduce((sum, { length = 0 }) => sum + length, 0)
}

interface Inflating {
  /** What came before, and can be referred to. */
  readonly window: Uint8Array
  readonly windowBits: number
  readonly chunkBytes: number
}

/** RFC 7692 §7.2.2. What is not whole yet only has to be right so far. */
function inflateMessage(wire: Uint8Array, how: Inflating, isWhole: boolean): Inflated {
  const withoutTail = inflateBlocks(wire, EMPTY, how)
  if (!isWhole || !withoutTail.isRight) return withoutTail
  // Data that is cut off may take the tail for some of its own, and end in what stands behind it by chance; but not twice.
  // And the tail is an empty block (§7.2.1): nothing comes out of it.
  const marked = MARKS.map((mark) => {
    const { bytes, finalBlocks, endedBeforeMark, isRight } = inflateBlocks(wire, tailAndMark(mark), how)
    const isMarked = endedBeforeMark || bytes.at(-1) === mark
    const isSame = isMarked && isSameBytes(endedBeforeMark ? bytes : bytes.subarray(0, -1), withoutTail.bytes)
    return { finalBlocks, isRight: isRight && isSame }
  })
  return {
    bytes: withoutTail.bytes,
    finalBlocks: Math.max(...marked.map(({ finalBlocks }) => finalBlocks)),
    isRight: marked.every(({ isRight }) => isRight),
  }
}

/** One final block after another, each of which ends what zlib takes for the data. */
function inflateBlocks(
  wire: Uint8Array,
  tail: Uint8Array,
  { window, windowBits, chunkBytes }: Inflating,
): Inflated & { readonly endedBeforeMark: boolean } {
  const finishFlush = tail.length === 0 ? constants.Z_SYNC_FLUSH : constants.Z_FINISH
  let rest = concat(wire, tail)
  let bytes: Uint8Array = EMPTY
  let finalBlocks = 0
  while (rest.length > 0) {
    const dictionary = concat(window, bytes)
    try {
      const { buffer, engine } = inflateRawSync(rest, {
        windowBits,
        finishFlush,
        maxOutputLength: MOST_INFLATED_BYTES,
        chunkSize: chunkBytes,
        info: true,
        ...(dictionary.length > 0 && { dictionary }),
      }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
      bytes = concat(bytes, buffer)
      rest = rest.subarray(engine.bytesWritten)
    } catch {
      return { bytes, finalBlocks, isRight: false, endedBeforeMark: false }
    }
    if (tail.length > 0 && (rest.length === tail.length || rest.length === tail.length - TAIL_BYTES)) {
      return { bytes, finalBlocks: finalBlocks + 1, isRight: true, endedBeforeMark: true }
    }
    if (rest.length === 0) break
    if (rest.length < tail.length) return { bytes, finalBlocks, isRight: false, endedBeforeMark: false }
    finalBlocks++
  }
  return { bytes, finalBlocks, isRight: true, endedBeforeMark: false }
}

function isUtf8(bytes: Uint8Array, isWhole: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole })
    return true
  } catch {
    return false
  }
}

type Claim = (frame: Frame, facts: StreamFacts, index: number, at: number) => boolean

const CLAIMS: Readonly<Record<string, Claim>> = {
  RESERVED_BIT_SET: ({ opcode, reservedBits }, { stream }) => {
    const claimed = stream.deflate !== undefined && (opcode === 1 || opcode === 2) ? 4 : 0
    return (reservedBits & ~claimed) !== 0
  },
  RESERVED_OPCODE: ({ opcode }) => (opcode & 7) > 2,
  FRAME_NOT_MASKED: ({ masked }, { stream }) => stream.role === 'server' && !masked,
  FRAME_MASKED: ({ masked }, { stream }) => stream.role === 'client' && masked,
  LENGTH_NOT_MINIMAL: (frame) => !isMinimal(frame),
  LENGTH_TOP_BIT_SET: ({ extendedSize, at }, { stream }) => extendedSize === 8 && stream.bytes[at + 2]! > 0x7f,
  CONTROL_FRAME_FRAGMENTED: ({ opcode, fin }) => opcode > 7 && !fin,
  CONTROL_FRAME_TOO_LONG: ({ opcode, extendedSize }) => opcode > 7 && extendedSize > 0,
  UNEXPECTED_CONTINUATION: ({ opcode }, facts, index) => opcode === 0 && facts.openMessage(index) === undefined,
  MESSAGE_NOT_FINISHED: ({ opcode }, facts, index) => {
    return (opcode === 1 || opcode === 2) && facts.openMessage(index) !== undefined
  },
  INVALID_UTF8: (frame, facts, index, at) => {
    const message = facts.messageOf(index)
    const isWhole = isComplete(message, facts.stream)
    if (message.isCompressed) {
      const { bytes, isRight } = facts.inflated(index)
      return message.isText && isRight && !isUtf8(bytes, isWhole)
    }
    // The payload up to that byte, and not a byte more.
    const after = Math.min(frame.end, facts.stream.bytes.length) - 1 - at
    const wire = wireOf(message)
    const seen = wire.subarray(0, wire.length - Math.min(after, frame.payload.length))
    return message.isText && !isUtf8(seen, isWhole && after <= 0)
  },
  CLOSE_PAYLOAD_TOO_SHORT: ({ opcode, length }) => opcode === 8 && length === 1,
  CLOSE_CODE_NOT_ALLOWED: ({ opcode, payload }) => {
    return opcode === 8 && payload.length > 1 && !mayTravelByRfc(payload[0]! * 256 + payload[1]!)
  },
  CLOSE_REASON_NOT_UTF8: ({ opcode, payload, length }) => {
    return opcode === 8 && !isUtf8(payload.subarray(2), payload.length === length)
  },
  INVALID_COMPRESSED_DATA: (_, facts, index) => !facts.inflated(index).isRight,
  MESSAGE_TOO_BIG: (_, facts, index) => {
    const message = facts.messageOf(index)
    const { maxMessageBytes } = facts.stream
    if (declaredBytes(message) > maxMessageBytes) return true
    return message.isCompressed && facts.inflated(index).bytes.length > maxMessageBytes
  },
  TOO_MANY_FRAGMENTS: (_, facts, index) => facts.messageOf(index).frames.length > facts.stream.maxMessageFragments,
}

/** RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length". */
export function isMinimal({ extendedSize, length = Number.POSITIVE_INFINITY }: Frame): boolean {
  return extendedSize === 0 || length >= (extendedSize === 2 ? 126 : 65_536)
}
