// The reference streams: what a peer may send and what it may not, each of at most 400 bytes. For each there is a form
// without compression, and two in which the payload of its messages is compressed by a DEFLATE that is not ours.

import { constants, deflateRawSync } from 'node:zlib'
import type { Role, SessionOptions } from '../../src/session/index.ts'
import { concat, type FrameParts, frame, hex, utf8 } from '../support/wire.ts'

/** What is compressed, and whether a message may refer to those before it (RFC 7692 §7.2.3.1, §7.2.3.2). */
export const COMPRESSIONS = ['none', 'fresh', 'takeover'] as const
export type Compression = (typeof COMPRESSIONS)[number]

/** Bytes that no frame of the table has, each role its own. */
type Raw = Readonly<Record<Role, string>>

type Part = FrameParts | Raw

/** What the application does about events. */
export type Reaction = 'echo' | 'close'

export interface ReferenceStream {
  readonly name: string
  readonly parts: readonly Part[]
  /** Which forms there are. Default: all. */
  readonly compressions?: readonly Compression[]
  /** Whether its messages are what they are in each form: those that are to be compressed are already. */
  readonly comesAsItIs?: boolean
  readonly options?: Partial<SessionOptions>
  /** Default: what it receives it sends back. */
  readonly reaction?: Reaction
}

export const LIMITS = {
  maxMessageBytes: 300,
  maxMessageFragments: 4,
  maxControlFramesPerSecond: 1,
  maxControlFrameBurst: 8,
  maxDiscardedBytes: 20,
}

/** The masking key of what is sent to servers: that of the examples in RFC 6455 §5.7. */
const KEY = '37fa213d'

const text = (payload: string | Uint8Array, fin = true): FrameParts => ({ opcode: 1, fin, payload })
const binary = (payload: string | Uint8Array, fin = true): FrameParts => ({ opcode: 2, fin, payload })
const more = (payload: string | Uint8Array, fin = true): FrameParts => ({ opcode: 0, fin, payload })
const ping = (payload: string | Uint8Array = ''): FrameParts => ({ opcode: 9, payload })
const pong = (payload: string | Uint8Array = ''): FrameParts => ({ opcode: 10, payload })
const close = (digits = ''): FrameParts => ({ opcode: 8, payload: hex(digits) })
const raw = (server: string, client = server): Raw => ({ server, client })
/** A message that is compressed already; its payload comes as it is. */
const deflated = (payload: Uint8Array, fin = true, opcode = 1): FrameParts => ({
  opcode,
  fin,
  reservedBits: 0b100,
  payload,
})

const ASCII = 'The quick brown fox jumps over the lazy dog, and over the fence behind it, and is gone. '
const MIXED = 'Grüße, 世界! ☕ 😀 '

/** The streams that have a form in which their messages are compressed. */
const PLAIN: readonly ReferenceStream[] = [
  { name: 'a message', parts: [text('Hello')] },
  { name: 'an empty message', parts: [text('')] },
  { name: 'empty messages in a row', parts: [text(''), binary(''), text(''), binary('')] },
  {
    name: 'two messages and a ping between them',
    parts: [text('a'), ping('p'), binary(hex('00ff'))],
  },
  {
    name: 'a fragmented message with pings between',
    parts: [text('Hel', false), ping('1'), more('lo', false), ping('2'), more('!')],
  },
  {
    name: 'as many fragments as are allowed',
    parts: [text('a', false), more('b', false), more('c', false), more('d')],
  },
  { name: 'empty fragments', parts: [text('', false), more('', false), more('a', false), more('')] },
  { name: 'nothing but empty fragments', parts: [binary('', false), more('', false), ping(), more('')] },
  { name: 'code points of every length', parts: [text('aä€😀\u0800\ud7ff\u{10ffff}\ufeff')] },
  { name: 'texts that begin with U+FEFF', parts: [text('\ufeffa'), text('\ufeff'), text('\ufeff', false), more('b')] },
  { name: 'U+FFFD as such', parts: [text('\ufffd'), text(`${ASCII.slice(0, 20)}\ufffd`)] },
  {
    name: 'code points cut between fragments',
    parts: [text(hex('61 f0 9f'), false), ping(), more(hex('98'), false), more(hex('80 e2'))],
  },
  {
    name: 'code points cut between fragments, complete',
    parts: [text(hex('61 f0 9f'), false), more(hex('98'), false), ping('p'), more(hex('80 62'))],
  },
  { name: 'a 16-bit length', parts: [binary(new Uint8Array(200).fill(7)), text('after')] },
  { name: 'the longest short length and the shortest long one', parts: [text('x'.repeat(125)), text('y'.repeat(126))] },
  { name: 'several pings in a row', parts: [ping('1'), ping('2'), ping('3'), pong('x')] },
  { name: 'pongs, asked for and not', parts: [pong('who'), text('a'), pong('again'), pong(''), text('b')] },
  { name: 'the longest control frames', parts: [ping('p'.repeat(125)), pong('q'.repeat(125)), text('a')] },
  {
    name: 'short texts side by side',
    parts: [20, 33, 17, 64, 40].map((length, i) => text(ASCII.slice(i, i + length))),
  },
  {
    name: 'short texts side by side, one not ASCII',
    parts: [text(ASCII.slice(0, 40)), text(ASCII.slice(0, 30)), text(MIXED), text(ASCII.slice(0, 20)), text(ASCII)],
  },
  {
    name: 'short texts side by side, one not valid',
    parts: [text(ASCII.slice(0, 40)), text(ASCII.slice(0, 30)), text(concat(utf8(ASCII), hex('ff'))), text(ASCII)],
  },
  {
    name: 'short texts side by side, one too long',
    parts: [text(ASCII.slice(0, 20)), text(ASCII.slice(0, 30)), text('x'.repeat(301))],
  },
  {
    name: 'short texts side by side, a ping among them',
    parts: [text(ASCII.slice(0, 40)), text(ASCII.slice(0, 30)), ping('p'), text(ASCII.slice(0, 20)), text(ASCII)],
  },
  {
    name: 'short texts side by side, each with a key of its own',
    parts: ['00000000', 'ffffffff', '01020304', '80808080'].map((key, i) => ({ ...text(ASCII.slice(i, 50)), key })),
  },
  {
    name: 'texts of at most sixteen bytes',
    parts: [1, 7, 8, 15, 16, 17].flatMap((length) => [text(ASCII.slice(0, length)), text('ä'.repeat(length >> 1))]),
  },
  { name: 'text of many scripts', parts: [text(MIXED.repeat(4)), text(MIXED)] },
  {
    name: 'binary that is no text',
    parts: [binary(hex('ff fe c0 80 ed a0 80')), binary(hex('f4 90 80 80'), false), more('')],
  },
  { name: 'a message as big as is allowed', parts: [binary(new Uint8Array(300).fill(9)), text('a')] },
  {
    name: 'a message that grows as big as is allowed',
    parts: [binary(new Uint8Array(200).fill(8), false), ping('p'), more(new Uint8Array(100).fill(9)), text('a')],
  },
  { name: 'a close without a code', parts: [text('a'), close()] },
  {
    name: 'a close with a reason, and more after it',
    parts: [ping('p'), close('03e9 e282ac'), text('ignored'), raw('ff')],
  },
  {
    name: 'a close with the longest reason',
    parts: [text('a'), { opcode: 8, payload: concat(hex('1387'), utf8('r'.repeat(123))) }],
  },
  {
    name: 'a close, and more after it than is thrown away',
    parts: [close('0bb8'), text('x'.repeat(40))],
  },
  { name: 'a close inside a message', parts: [text('a', false), close('03e8')] },
  { name: 'a close with a code that may not travel', parts: [text('a'), close('03ed 61'), text('b')] },
  { name: 'a close with half a code', parts: [close('03'), text('b')] },
  { name: 'a close with a reason that is not UTF-8', parts: [close('03e8 61 e2 28 62'), text('b')] },
  { name: 'a close with a reason that ends too early', parts: [text('a'), close('03e8 61 f0 9f 98'), text('b')] },
  { name: 'a close that is not answered unasked', parts: [text('a'), close('03e8')], options: { autoClose: false } },
  {
    name: 'a close whose reason is repeated',
    parts: [text('a'), close('03e8 c3a4 e282ac')],
    options: { echoCloseReason: true },
  },
  { name: 'a close that a client acts on at once', parts: [text('a'), close('03e8')], options: { endPromptly: true } },
  {
    name: 'pings that are not answered unasked',
    parts: [ping('1'), text('a'), ping('2')],
    options: { autoPong: false },
  },
  {
    name: 'invalid text after a message and a ping',
    parts: [text('ok'), ping('p'), text(hex('61 e2 82 ff 62')), text('no')],
  },
  { name: 'text that ends too early', parts: [text(hex('61 62 f0 9f 98')), text('no')] },
  { name: 'text that an empty fragment ends too early', parts: [text(hex('61 e2'), false), more(''), text('no')] },
  { name: 'text of half a surrogate pair', parts: [text('ok'), text(hex('61 ed a0 80')), text('no')] },
  { name: 'text in a form that is too long', parts: [text('ok'), text(hex('61 e0 80 af'), false), more('no')] },
  { name: 'text above U+10FFFF', parts: [text(hex('61 f4'), false), more(hex('90 80 80')), text('no')] },
  {
    name: 'text that is not checked',
    parts: [text(hex('ff fe 61')), text(hex('e2'), false), more(hex('82'))],
    options: { validateUtf8: false },
  },
  { name: 'a reserved opcode', parts: [text('ok'), ping('p'), { opcode: 3 }, text('no')] },
  { name: 'a reserved opcode of a control frame', parts: [text('a', false), { opcode: 11, payload: 'x' }, more('no')] },
  { name: 'a reserved bit', parts: [text('ok'), { opcode: 1, reservedBits: 2, payload: 'no' }] },
  { name: 'a reserved bit of a control frame', parts: [text('ok'), { opcode: 9, reservedBits: 4, payload: 'no' }] },
  {
    name: 'a reserved bit of a continuation',
    parts: [text('a', false), { opcode: 0, reservedBits: 4, payload: 'no' }],
  },
  {
    name: 'the bit of an extension',
    parts: [{ opcode: 2, reservedBits: 1, fin: false, payload: 'a' }, more('b')],
    compressions: ['none'],
    options: { extensions: [{ name: 'x', parameters: [], reservedBits: 1 }] },
  },
  { name: 'the wrong masking', parts: [ping('p'), raw('81 7f', '81 ff'), text('no')] },
  {
    name: 'masking that is left out where it may be',
    parts: [text('masked'), raw('81 06 6d61736b6564 82 08 0102030405060708'), text('again')],
    options: { acceptUnmasked: true },
  },
  { name: 'a continuation without a message', parts: [text('ok'), more('no'), text('no')] },
  { name: 'a message inside another', parts: [text('a', false), ping(), binary('no'), more('no')] },
  { name: 'a ping that is fragmented', parts: [text('a', false), { opcode: 9, fin: false, payload: 'no' }, more('b')] },
  { name: 'a ping that is too long', parts: [text('ok'), ping('p'.repeat(126))] },
  { name: 'a length of 16 bits that is too long a form', parts: [raw('82 fe 0001 00', '82 7e 0001 00')] },
  {
    name: 'a length of 64 bits that is too long a form',
    parts: [raw('82 ff 000000000000ffff', '82 7f 000000000000ffff')],
  },
  { name: 'a length with the top bit set', parts: [raw('82 ff 8000000000000000 00000000', '82 7f 8000000000000000')] },
  {
    name: 'a length that is far too big',
    parts: [raw('82 ff 0000000100000000 00000000', '82 7f 0000000100000000 00')],
  },
  { name: 'a message that is too big', parts: [text('ok'), binary(new Uint8Array(301))] },
  {
    name: 'a message that grows too big',
    parts: [binary(new Uint8Array(200), false), ping('p'), more(new Uint8Array(101))],
  },
  {
    name: 'too many fragments',
    parts: [text('a', false), more('b', false), more('c', false), more('d', false), more('e')],
  },
  { name: 'as many pings as are allowed', parts: [...Array.from({ length: 8 }, (_, i) => ping(String(i))), text('a')] },
  { name: 'too many pings', parts: Array.from({ length: 10 }, (_, i) => ping(String(i))) },
  {
    name: 'a failure, and more after it than is thrown away',
    parts: [{ opcode: 3 }, text('x'.repeat(40))],
  },
  {
    name: 'an application that closes',
    parts: [text('bye'), ping('late'), text('later'), close('03e8')],
    reaction: 'close',
  },
  {
    name: 'an application that closes in the middle of a message',
    parts: [text('a', false), ping('now'), more('b'), ping('late'), close('03e8'), text('ignored')],
    reaction: 'close',
  },
  { name: 'an unfinished message', parts: [text('ok'), text('a', false)] },
  { name: 'an unfinished frame', parts: [text('ok'), raw('82 85 00000000 0102', '82 05 0102')] },
  { name: 'an unfinished header', parts: [text('ok'), raw('82 fe 01', '82 7e 01')] },
]

const ONLY_COMPRESSED: readonly Compression[] = ['fresh', 'takeover']

/** Streams about DEFLATE itself (RFC 7692 §7.2, §8): what only compressed messages can do. */
const COMPRESSED: readonly ReferenceStream[] = [
  {
    name: 'a message of which nothing is compressed',
    parts: [deflated(hex('00')), text('plain'), deflated(deflate('a'))],
  },
  { name: 'a compressed message in stored blocks', parts: [deflated(deflate(ASCII, { level: 0 }))] },
  {
    name: 'compressed fragments, the last of them empty',
    parts: [deflated(deflate(ASCII).subarray(0, 10), false), more(deflate(ASCII).subarray(10), false), more('')],
  },
  {
    name: 'a compressed message with pings between its fragments',
    parts: [deflated(hex(''), false), ping('1'), more(deflate(MIXED), false), ping('2'), more('')],
  },
  {
    name: 'compressed messages with others between them',
    parts: [
      deflated(deflate(ASCII)),
      text('plain'),
      ping('p'),
      deflated(deflate(MIXED)),
      binary('plain', false),
      more(''),
    ],
  },
  {
    name: 'a final block, and messages after it',
    parts: [deflated(deflateRawSync(utf8(ASCII))), deflated(deflate(ASCII)), deflated(deflateRawSync(utf8('b')))],
  },
  {
    name: 'a final block, and blocks after it',
    parts: [deflated(concat(deflateRawSync(utf8(ASCII)), deflate('and more'))), text('a')],
  },
  { name: 'compressed text that is not valid', parts: [deflated(deflate(hex('61 62 ff 63'))), text('no')] },
  {
    name: 'compressed text that ends too early',
    parts: [deflated(deflate(hex('61 f0 9f')), false), ping('p'), more(''), text('no')],
  },
  { name: 'what is no DEFLATE', parts: [text('ok'), deflated(hex('07')), text('no')] },
  { name: 'compressed data that breaks off', parts: [deflated(deflate(ASCII).subarray(0, 20)), text('no')] },
  { name: 'a compressed message without a byte', parts: [deflated(hex('')), text('no')] },
  {
    name: 'a reference to what was never there',
    parts: [deflated(deflate('abcabcabc', { dictionary: utf8('abcabc') }))],
  },
  { name: 'a compressed message as big as is allowed', parts: [deflated(deflate('x'.repeat(300))), text('a')] },
  { name: 'a compressed message that is too big', parts: [text('ok'), deflated(deflate('x'.repeat(301)))] },
  { name: 'a message of which much too much comes', parts: [deflated(deflate(new Uint8Array(70_000)), true, 2)] },
  {
    name: 'a message of which much too much comes, in fragments',
    parts: [deflated(deflate(new Uint8Array(70_000)).subarray(0, 30), false, 2), ping('p'), more(hex('00'))],
  },
  {
    name: 'blocks in which nothing is',
    parts: [deflated(concat(...Array(20).fill(hex('00 00 00 ff ff')), hex('00'))), text('a')],
  },
  {
    name: 'more blocks in which nothing is than there may be',
    parts: [deflated(concat(...Array(70).fill(hex('00 00 00 ff ff')), hex('00')))],
  },
  { name: 'two reserved bits', parts: [deflated(deflate('a')), { ...deflated(deflate('a')), reservedBits: 0b110 }] },
  { name: 'a compressed message inside another', parts: [deflated(deflate('a'), false), deflated(deflate('b'))] },
  { name: 'a close inside a compressed message', parts: [deflated(deflate('a'), false), close('03e8'), more('')] },
].map((stream) => ({ ...stream, compressions: ONLY_COMPRESSED, comesAsItIs: true }))

export const STREAMS: readonly ReferenceStream[] = [...PLAIN, ...COMPRESSED]

/** What a message is compressed to, without the end of the last flush (RFC 7692 §7.2.1). */
function deflate(payload: string | Uint8Array, options: { level?: number; dictionary?: Uint8Array } = {}): Uint8Array {
  const bytes = typeof payload === 'string' ? utf8(payload) : payload
  const whole = deflateRawSync(bytes, { ...options, windowBits: 12, finishFlush: constants.Z_SYNC_FLUSH })
  return new Uint8Array(whole).subarray(0, -4)
}

/** The bytes of a stream in one of its forms. */
export function wireOf(stream: ReferenceStream, role: Role, compression: Compression): Uint8Array {
  const { parts: given, comesAsItIs } = stream
  const isPlain = compression === 'none' || comesAsItIs === true
  const parts = isPlain ? given : compressMessages(given, compression === 'takeover')
  return concat(
    ...parts.map((part) => {
      if ('server' in part) return hex(part[role])
      const { key = KEY, ...rest } = part
      return frame(role === 'server' ? { ...rest, key } : rest)
    }),
  )
}

/** Compresses each message that has no mark of its own, into as many fragments as it had. */
function compressMessages(parts: readonly Part[], takeover: boolean): Part[] {
  const changed = [...parts]
  let history = new Uint8Array(0)
  for (let at = 0; at < parts.length; at++) {
    const places = messageAt(parts, at)
    if (places.length === 0) continue
    const payload = concat(...places.map((place) => payloadOf(parts[place] as FrameParts)))
    const dictionary = takeover && history.length > 0 ? { dictionary: history } : {}
    const bytes = deflate(payload, dictionary)
    history = concat(history, payload)
    const share = Math.ceil(bytes.length / places.length)
    for (const [i, place] of places.entries()) {
      changed[place] = {
        ...(parts[place] as FrameParts),
        reservedBits: i === 0 ? 0b100 : 0,
        payload: bytes.subarray(i * share, (i + 1) * share),
      }
    }
  }
  return changed
}

/** The places of the frames of the message that begins there, if one does that is well formed as far as it goes. */
function messageAt(parts: readonly Part[], at: number): number[] {
  const first = parts[at]!
  if ('server' in first || (first.opcode !== 1 && first.opcode !== 2) || first.reservedBits !== undefined) return []
  const places = [at]
  let fin = first.fin !== false
  for (let next = at + 1; !fin && next < parts.length; next++) {
    const part = parts[next]!
    if ('server' in part || part.opcode === 8 || part.opcode === 1 || part.opcode === 2) break
    if (part.opcode !== 0) continue
    if (part.reservedBits !== undefined) break
    places.push(next)
    fin = part.fin !== false
  }
  return places
}

function payloadOf({ payload = '' }: FrameParts): Uint8Array {
  return typeof payload === 'string' ? utf8(payload) : payload
}
