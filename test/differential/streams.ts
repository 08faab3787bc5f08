// Streams of frames as a peer might send them, from a seed: most of them right or nearly so, with everything that RFC 6455
// §5 to §8 and RFC 7692 tell apart, and each length at which something changes. Some are then damaged, in their frames or
// in their bytes, and all are cut into chunks. Each stream has its number and can be made without those before it.
//
// Short streams find more than long ones in the same time: most are below 300 bytes.

import { constants, deflateRawSync } from 'node:zlib'
import { SeededRandom } from '../support/random.ts'
import { concat, hex, utf8 } from '../support/wire.ts'
import { type FrameSpec, writeFrame } from './frames.ts'

/** What both sides agreed on for messages of the peer (RFC 7692 §7.1). */
export interface DeflateAgreement {
  readonly noContextTakeover: boolean
  readonly windowBits: number
}

export interface Stream {
  /** Who receives the stream. */
  readonly role: 'client' | 'server'
  readonly deflate: DeflateAgreement | undefined
  /** The limits of who receives it. */
  readonly maxMessageBytes: number
  readonly maxMessageFragments: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How it arrives: their sum is the length of the stream, and some are 0. */
  readonly chunkLengths: readonly number[]
  /** What was done to it after it had been written as a peer writes it. */
  readonly mutations: readonly string[]
}

const MAX_FRAGMENTS = 8
const SMALL_LIMIT = 300
const LARGE_LIMIT = 70_000

// Chances, once in so many.
const DEFLATE_ONE_IN = 16
const MUTATED_ONE_IN = 2

/** The chance behind stream `number` of `seed`: streams with numbers side by side have nothing in common. */
export function streamRandom(seed: number, number: number): SeededRandom {
  let bits = Math.imul(seed, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b)
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0_aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a_2d97)
  const random = new SeededRandom(bits ^ (bits >>> 15))
  for (let i = 0; i < 4; i++) random.uint32() // the first numbers are still near the seed
  return random
}

export function generateStream(random: SeededRandom): Stream {
  const role = random.pick(['client', 'server'] as const)
  const deflate = random.chance(DEFLATE_ONE_IN) ? agreement(random) : undefined
  const maxMessageBytes = random.chance(4) ? SMALL_LIMIT : LARGE_LIMIT
  const mutations: string[] = []
  const isMutated = random.chance(MUTATED_ONE_IN)

  const frames = new Conversation(random, role === 'server', deflate, maxMessageBytes).frames
  if (isMutated && random.chance(2)) mutateFrames(random, frames, mutations)
  let bytes = concat(...frames.map(writeFrame))
  if (isMutated && (mutations.length === 0 || random.chance(6))) bytes = mutateBytes(random, bytes, mutations)
  return {
    role,
    deflate,
    maxMessageBytes,
    maxMessageFragments: MAX_FRAGMENTS,
    bytes,
    chunkLengths: cut(random, bytes.length),
    mutations,
  }
}

function agreement(random: SeededRandom): DeflateAgreement {
  return { noContextTakeover: random.chance(3), windowBits: random.pick([15, 15, 15, 9, 9, 12]) }
}

// --- what a peer says -------------------------------------------------------------------------------------------------

/** The codes of RFC 6455 §7.4 and around them: the ends of every range, and those with names. */
const CLOSE_CODES = [
  ...[0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016],
  ...[1099, 1999, 2000, 2999, 3000, 3001, 3999, 4000, 4999, 5000, 5001, 0x7fff, 0x8000, 0xffff],
]
const GOOD_CLOSE_CODES = [1000, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]

const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY } = constants
const STRATEGIES = [Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FIXED, Z_FIXED, Z_HUFFMAN_ONLY]

class Conversation {
  readonly frames: FrameSpec[] = []
  readonly #random: SeededRandom
  readonly #masked: boolean
  readonly #deflate: DeflateAgreement | undefined
  readonly #maxMessageBytes: number
  #said: Uint8Array = new Uint8Array(0) // what the peer's compressor has in its window

  constructor(random: SeededRandom, masked: boolean, deflate: DeflateAgreement | undefined, maxMessageBytes: number) {
    this.#random = random
    this.#masked = masked
    this.#deflate = deflate
    this.#maxMessageBytes = maxMessageBytes
    const messages = random.pick(deflate === undefined ? [0, 1, 1, 1, 2, 2, 3, 4] : [1, 2, 2, 3])
    for (let i = 0; i < messages; i++) {
      this.#perhapsControl()
      this.#message()
    }
    this.#perhapsControl()
    if (!random.chance(2)) return
    this.#frame(8, this.#closePayload())
    if (!random.chance(6)) return
    if (random.chance(2)) this.#message()
    this.#perhapsControl()
  }

  #frame(opcode: number, payload: Uint8Array, fin = true, reservedBits = 0): void {
    const random = this.#random
    const key = this.#masked ? (random.chance(16) ? 0 : random.uint32()) : undefined
    this.frames.push({ fin, reservedBits, opcode, key, payload })
  }

  #perhapsControl(): void {
    const random = this.#random
    for (let dice = 5; random.chance(dice); dice = 3) {
      const length = random.pick([0, 0, 1, 2, 5, random.below(40), 124, 125, random.chance(6) ? 126 : 3])
      const payload = random.chance(2) ? textOf(random, length) : random.bytes(length)
      this.#frame(random.pick([9, 9, 10]), payload)
    }
  }

  #message(): void {
    const random = this.#random
    const isText = random.below(100) < 60
    const length = this.#length()
    let payload = isText ? textOf(random, length) : binaryOf(random, length)
    const compressed = this.#deflate !== undefined && !random.chance(4)
    if (compressed) payload = this.#compress(payload)
    const cuts = this.#cuts(payload.length)
    const lastCut = cuts.length
    for (const [i, end] of [...cuts, payload.length].entries()) {
      const piece = payload.subarray(i === 0 ? 0 : cuts[i - 1], end)
      this.#frame(i > 0 ? 0 : isText ? 1 : 2, piece, i === lastCut, compressed && i === 0 ? 4 : 0)
      if (i < lastCut) this.#perhapsControl()
    }
  }

  /** Where the message is cut into fragments. */
  #cuts(length: number): number[] {
    const random = this.#random
    if (!random.chance(3)) return []
    const fragments = random.chance(25) ? random.between(MAX_FRAGMENTS - 1, MAX_FRAGMENTS + 2) : random.between(2, 4)
    return Array.from({ length: fragments - 1 }, () => random.below(length + 1)).sort((a, b) => a - b)
  }

  #length(): number {
    const random = this.#random
    if (this.#maxMessageBytes === SMALL_LIMIT && random.chance(20)) return random.between(299, 302)
    const dice = random.below(2_000)
    if (dice < 1_400) return random.below(24)
    if (dice < 1_700) return random.below(90)
    if (dice < 1_850) return random.pick([0, 1, 124, 125, 126, 127, 128])
    if (dice < 1_980) return random.below(320)
    if (dice < 1_998 || this.#maxMessageBytes === SMALL_LIMIT) return random.below(700)
    return random.pick([65_534, 65_535, 65_536, 65_537, 69_999, 70_000, 70_001])
  }

  /** RFC 7692 §7.2.1, in the ways in which a compressor may write it. */
  #compress(plain: Uint8Array): Uint8Array {
    const random = this.#random
    const { noContextTakeover, windowBits } = this.#deflate!
    if (windowBits === 9 && this.#maxMessageBytes === LARGE_LIMIT && random.chance(16)) return BEYOND_WINDOW
    // A repeated message is one that can refer to the window.
    const payload = this.#said.length > 0 && random.chance(2) ? this.#said.subarray(0, 200) : plain
    // Its references may not reach behind the window (§7.1.2), whose beginning zlib does not use.
    const reach = 2 ** windowBits - 262
    const window = noContextTakeover ? this.#said.subarray(0, 0) : this.#said.subarray(-reach)
    const settings = {
      windowBits,
      memLevel: 1,
      level: random.pick([0, 1, 6, 6, 6]),
      strategy: random.pick(STRATEGIES),
      ...(window.length > 0 && { dictionary: window }),
    }
    const way = random.below(12)
    const times = way === 2 ? 2 : 1
    for (let i = 0; i < times; i++) this.#said = payload.length < 1_000 ? concat(this.#said, payload) : payload
    if (payload.length === 0 && way > 5) return Uint8Array.of(0x00) // §7.2.3.6
    if (way === 0) {
      // A final block, and an empty one behind it (§7.2.3.4).
      return concat(deflateRawSync(payload, { ...settings, finishFlush: constants.Z_FINISH }), Uint8Array.of(0x00))
    }
    const flushed = deflateRawSync(payload, { ...settings, finishFlush: constants.Z_SYNC_FLUSH })
    if (way === 1) return random.chance(4) ? flushed : concat(flushed, Uint8Array.of(0x00)) // the tail is not left out
    if (way === 2) {
      const { dictionary: _, ...alone } = settings
      const more = deflateRawSync(payload, { ...alone, finishFlush: constants.Z_SYNC_FLUSH })
      return concat(flushed, more.subarray(0, -4)) // two blocks and more (§7.2.3.5)
    }
    return flushed.subarray(0, -4)
  }

  #closePayload(): Uint8Array {
    const random = this.#random
    const dice = random.below(20)
    if (dice < 4) return new Uint8Array(0)
    if (dice === 4) return random.bytes(1)
    const code = random.chance(2) ? random.pick(GOOD_CLOSE_CODES) : this.#closeCode()
    const length = random.pick([0, 0, 0, 1, 3, random.below(30), 122, 123, random.chance(6) ? 124 : 2])
    return concat(Uint8Array.of(code >> 8, code & 0xff), textOf(random, length))
  }

  #closeCode(): number {
    return this.#random.chance(6) ? this.#random.below(65_536) : this.#random.pick(CLOSE_CODES)
  }
}

// --- payloads -----------------------------------------------------------------------------------------------------------

const PATTERN_BYTES = 80_000
const ASCII = utf8('The quick brown fox jumps over the lazy dog. 0123456789 {"a":[1,2]} '.repeat(1_200))
const BINARY = Uint8Array.from({ length: PATTERN_BYTES }, (_, i) => Math.imul(i ^ (i >> 5), 0x9e37_79b1) >>> 24)

/** What a compressor wrote that knows of no other window than the largest: it refers to what lies 1,140 bytes back. */
const BEYOND_WINDOW = deflateRawSync(concat(BINARY.subarray(-40), BINARY.subarray(0, 1_100), BINARY.subarray(-40)), {
  finishFlush: constants.Z_SYNC_FLUSH,
}).subarray(0, -4)

/** The first and last code point of each length, the ends of what is left out, and some with names (RFC 3629 §4). */
const CHARACTERS = [
  ...[
    '\u0000',
    'a',
    '\u007f',
    '\u0080',
    'ä',
    '\u07ff',
    '\u0800',
    '€',
    '\ud7ff',
    '\ue000',
    '\ufeff',
    '\ufffd',
    '\uffff',
  ],
  ...['\u{10000}', '😀', '\u{3ffff}', '\u{40000}', '\u{fffff}', '\u{100000}', '\u{10ffff}'],
].map((character) => utf8(character))

/** What is nearly UTF-8, and is not (RFC 3629 §3, §10). */
const NEAR_MISSES = [
  ...['80', 'bf', 'c0', 'c0 80', 'c1 bf', 'c2', 'c2 41', 'df', 'df c0', 'e0', 'e0 80 80', 'e0 9f bf', 'e0 a0', 'e1 80'],
  ...['e2 28 a1', 'e2 82', 'ed a0 80', 'ed af bf', 'ed bf bf', 'ed a0 80 ed b0 80', 'ef bf', 'ef bf c0', 'f0', 'f0 80'],
  ...['f0 80 80 80', 'f0 8f bf bf', 'f0 90', 'f0 9f 98', 'f0 9f 98 c0', 'f1 80 80', 'f4 8f bf', 'f4 90 80 80', 'f5'],
  ...['f5 80 80 80', 'f7 bf bf bf', 'f8 88 80 80 80', 'fb bf bf bf bf', 'fc 84 80 80 80 80', 'fe', 'ff', 'ff fe'],
].map(hex)

/** Text of about `length` bytes, which is valid nine times out of ten. */
function textOf(random: SeededRandom, length: number): Uint8Array {
  const plain = ASCII.subarray(0, length)
  if (random.chance(3)) return plain
  const parts: Uint8Array[] = []
  let held = 0
  for (const most = Math.min(length, 40); held < most; ) {
    const part = random.chance(4) ? ASCII.subarray(0, random.below(9)) : random.pick(CHARACTERS)
    parts.push(part)
    held += part.length
  }
  if (held < length) parts.splice(random.below(parts.length + 1), 0, ASCII.subarray(0, length - held))
  if (length > 0 && random.chance(7)) {
    const at = random.chance(3) ? parts.length : random.below(parts.length + 1)
    parts.splice(at, random.below(2), random.pick(NEAR_MISSES))
  }
  return concat(...parts)
}

function binaryOf(random: SeededRandom, length: number): Uint8Array {
  if (length <= 32) return random.bytes(length)
  const at = random.below(PATTERN_BYTES - length)
  return random.chance(3) ? ASCII.subarray(0, length) : BINARY.subarray(at, at + length)
}

// --- damage ---------------------------------------------------------------------------------------------------------------

type FrameMutation = (random: SeededRandom, frame: FrameSpec) => FrameSpec[]

const FRAME_MUTATIONS: ReadonlyArray<readonly [name: string, mutate: FrameMutation]> = [
  ['FIN', (_, frame) => [{ ...frame, fin: !frame.fin }]],
  ['reserved bits', (random, frame) => [{ ...frame, reservedBits: frame.reservedBits ^ random.between(1, 7) }]],
  ['opcode', (random, frame) => [{ ...frame, opcode: random.below(16) }]],
  ['data opcode', (random, frame) => [{ ...frame, opcode: random.below(3) }]],
  ['masking', (random, frame) => [{ ...frame, key: frame.key === undefined ? random.uint32() : undefined }]],
  ['length form', (random, frame) => [{ ...frame, extendedSize: random.pick([2, 8] as const) }]],
  ['length', (random, frame) => [{ ...frame, length: Math.max(0, frame.payload.length + random.between(-2, 2)) }]],
  ['other length', (random, frame) => [{ ...frame, length: random.pick(OTHER_LENGTHS) }]],
  [
    'length of 64 bits',
    (random, frame) => [{ ...frame, extendedSize: 8, lengthHigh: random.pick(HIGH_WORDS), length: random.uint32() }],
  ],
  ['payload', (random, frame) => [{ ...frame, payload: mutateOneByte(random, frame.payload) }]],
  ['no frame', () => []],
  ['frame twice', (_, frame) => [frame, frame]],
  ['an empty frame more', (_, frame) => [frame, { ...frame, fin: true, opcode: 0, payload: new Uint8Array(0) }]],
]

const OTHER_LENGTHS = [0, 1, 125, 126, 127, 300, 301, 65_535, 65_536, 70_000, 70_001, 0xffff_ffff]
const HIGH_WORDS = [0, 1, 0x001f_ffff, 0x0020_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

function mutateFrames(random: SeededRandom, frames: FrameSpec[], mutations: string[]): void {
  for (let more = true; more && frames.length > 0; more = random.chance(4)) {
    const at = random.below(frames.length)
    const [name, mutate] = random.pick(FRAME_MUTATIONS)
    frames.splice(at, 1, ...mutate(random, frames[at]!))
    mutations.push(name)
  }
}

function mutateOneByte(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes
  const changed = bytes.slice()
  changed[random.below(bytes.length)]! ^= 1 << random.below(8)
  return changed
}

type ByteMutation = (random: SeededRandom, bytes: Uint8Array, at: number) => Uint8Array<ArrayBuffer>

const BYTE_MUTATIONS: ReadonlyArray<readonly [name: string, mutate: ByteMutation]> = [
  ['bit', (random, bytes, at) => bytes.map((byte, i) => (i === at ? byte ^ (1 << random.below(8)) : byte))],
  ['byte', (random, bytes, at) => bytes.map((byte, i) => (i === at ? random.below(256) : byte))],
  ['byte more', (random, bytes, at) => concat(bytes.subarray(0, at), random.bytes(1), bytes.subarray(at))],
  ['byte less', (_, bytes, at) => concat(bytes.subarray(0, at), bytes.subarray(at + 1))],
  ['bytes twice', (random, bytes, at) => concat(bytes.subarray(0, at + random.between(1, 12)), bytes.subarray(at))],
  ['end', (_, bytes, at) => bytes.slice(0, at)],
]

function mutateBytes(
  random: SeededRandom,
  bytes: Uint8Array<ArrayBuffer>,
  mutations: string[],
): Uint8Array<ArrayBuffer> {
  let mutated = bytes
  for (let more = true; more && mutated.length > 0; more = random.chance(4)) {
    const [name, mutate] = random.pick(BYTE_MUTATIONS)
    mutated = mutate(random, mutated, random.below(mutated.length))
    mutations.push(name)
  }
  return mutated
}

// --- chunks ---------------------------------------------------------------------------------------------------------------

function cut(random: SeededRandom, length: number): number[] {
  const dice = random.below(20)
  if (dice < 7 || length === 0) return [length]
  if (dice === 7 && length <= 300) return new Array<number>(length).fill(1)
  const cuts = Array.from({ length: random.between(1, 5) }, () => random.below(length + 1)).sort((a, b) => a - b)
  return [...cuts, length].map((end, i) => end - (i === 0 ? 0 : cuts[i - 1]!))
}
