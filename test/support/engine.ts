// Sessions for tests: made in one line, asked in one line.

import { Session, type SessionEvent, type SessionOptions } from '../../src/session/index.ts'
import { plainEvent } from './feed.ts'
import { concat, hex, toHex } from './wire.ts'

/** The masking key of every frame that {@link client} sends: that of the examples in RFC 6455 §5.7. */
const KEY = 0x37fa_213d

export function server(options: Partial<SessionOptions> = {}): Session {
  return new Session({ role: 'server', ...options })
}

export function client(options: Partial<SessionOptions> = {}): Session {
  return new Session({ role: 'client', randomUint32: () => KEY, ...options })
}

/** All events that there are, as plain values. */
export function events(session: Session): Record<string, unknown>[] {
  return rawEvents(session).map(plainEvent)
}

export function rawEvents(session: Session): SessionEvent[] {
  const all: SessionEvent[] = []
  for (let event = session.next(); event !== undefined; event = session.next()) all.push(event)
  return all
}

/** The kinds of all events that there are, in order. */
export function kinds(session: Session): string[] {
  return rawEvents(session).map((event) => event.kind)
}

/** The output, as hexadecimal digits. */
export function output(session: Session): string {
  return toHex(concat(...session.takeOutput()))
}

/** Feeds bytes and returns the events. */
export function receive(session: Session, wire: string): Record<string, unknown>[] {
  session.receive(hex(wire))
  return events(session)
}

/** Moves the time and returns the events. */
export function tick(session: Session, now: number): Record<string, unknown>[] {
  session.tick(now)
  return events(session)
}
