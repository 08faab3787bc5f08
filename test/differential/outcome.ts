// What became of a stream: what was told of it, what was answered, and how it stood when the last byte was in.

import { framesOf } from './frames.ts'
import type { Stream } from './streams.ts'

export interface Told {
  readonly kind: 'text' | 'binary' | 'ping' | 'pong'
  readonly payload: Uint8Array
}

/** How it stands when the last byte is in. */
export interface Ending {
  /** Open to more, closed by the peer's Close frame, or failed (RFC 6455 §7.1.7); `stuck` when it never said. */
  readonly verdict: 'open' | 'closed' | 'failed' | 'stuck'
  /** The code of the peer's Close frame, or that of the failure; 0 while it is open. */
  readonly code: number
  /** The reason of the peer's Close frame. */
  readonly reason: string
  /** The byte that decided, counted from the first one; where the stream ends while it is open. */
  readonly at: number
  /** How the subject itself names what is wrong. */
  readonly error: string
}

export interface Outcome extends Ending {
  /** Messages, pings and pongs, in the order in which they were told. */
  readonly told: readonly Told[]
  /** What was sent; `undefined` where sending is not the subject's affair. */
  readonly answers: Answers | undefined
}

export interface Answers {
  /** The payloads of pongs. */
  readonly pongs: readonly Uint8Array[]
  /** The code of the Close frame, 1005 when it has none; `undefined` when there is no such frame. */
  readonly closeCode: number | undefined
}

/** Something that takes streams. What has to wait for other threads answers later. */
export type Subject = (stream: Stream) => Outcome | Promise<Outcome>

/** The chunks of a stream, in memory of their own: all subjects unmask in place. */
export function chunksOf({ bytes, chunkLengths }: Stream): Buffer[] {
  const copy = Buffer.from(bytes)
  let at = 0
  return chunkLengths.map((length) => {
    at += length
    return copy.subarray(at - length, at)
  })
}

/** The answers in what a subject wrote. */
export function answersIn(written: Uint8Array): Answers {
  const frames = framesOf(written)
  const close = frames.find(({ opcode }) => opcode === 8)?.payload
  return {
    pongs: frames.filter(({ opcode }) => opcode === 10).map(({ payload }) => payload),
    closeCode: close && (close.length < 2 ? 1005 : close[0]! * 256 + close[1]!),
  }
}

/** The parameters of an agreement, as they stand in the headers of the handshake (RFC 7692 §7.1). */
export function deflateParameters({ role, deflate }: Stream): [name: string, value: string | undefined][] {
  if (deflate === undefined) return []
  const sender = role === 'server' ? 'client' : 'server'
  const parameters: [string, string | undefined][] = []
  if (deflate.noContextTakeover) parameters.push([`${sender}_no_context_takeover`, undefined])
  if (deflate.windowBits < 15) parameters.push([`${sender}_max_window_bits`, String(deflate.windowBits)])
  return parameters
}
