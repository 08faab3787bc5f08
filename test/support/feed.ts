// A session fed with the same bytes in different chunks, and what came out of it.

import { Session, type SessionEvent } from '../../src/session/index.ts'
import { concat, toHex } from './wire.ts'

/** What a session said and did, as plain values that can be compared. */
export interface Transcript {
  events: unknown[]
  output: string
}

/** An event as a plain value: views copied, errors by code, close code and offset. */
export function plainEvent(event: SessionEvent): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(event)) {
    if (value instanceof Uint8Array) plain[name] = toHex(value)
    else if (value instanceof Error) plain[name] = (value as Error & { code: string }).code
    else plain[name] = value
  }
  delete plain['owned'] // whether a message is a view depends on the chunks, and only that
  if (event.kind === 'failure') plain['offset'] = event.error.offset
  return plain
}

/** Drains a session after something went in, as the contract says. */
export function drain(session: Session, transcript: Transcript, react?: (event: SessionEvent) => void): void {
  for (let event = session.next(); event !== undefined; event = session.next()) {
    transcript.events.push(plainEvent(event))
    react?.(event)
  }
  const output = toHex(concat(...session.takeOutput()))
  transcript.output = [transcript.output, output].filter((part) => part !== '').join(' ')
}

/** Feeds copies of the chunks to a new session, then the end of the stream unless it is left open. With `rests` it rests between. */
export function feed(
  create: () => Session,
  chunks: readonly Uint8Array[],
  options: { end?: boolean; rests?: boolean; react?: (session: Session, event: SessionEvent) => void } = {},
): Transcript {
  const session = create()
  const transcript: Transcript = { events: [], output: '' }
  const react = (event: SessionEvent) => options.react?.(session, event)
  for (const chunk of chunks) {
    session.receive(chunk.slice()) // the session unmasks in place
    drain(session, transcript, react)
    if (options.rests === true) Session.rest(session)
  }
  if (options.end === true) {
    session.receiveEnd()
    drain(session, transcript, react)
  }
  return transcript
}

/** The same bytes whole, byte by byte, and cut in two at every place. */
export function* everySplit(bytes: Uint8Array): Generator<[name: string, chunks: Uint8Array[]]> {
  yield ['whole', [bytes]]
  yield ['byte by byte', Array.from(bytes, (byte) => Uint8Array.of(byte))]
  for (let at = 0; at <= bytes.length; at++) yield [`cut at ${at}`, [bytes.subarray(0, at), bytes.subarray(at)]]
}
