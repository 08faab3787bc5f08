// What a tool tests is given to it: the engine, or one that is broken on purpose.

import { Session, type SessionOptions } from '../../src/session/index.ts'

/** Where sessions come from. */
export interface SessionSubject {
  createSession(options: SessionOptions): Session
}

export const ENGINE: SessionSubject = { createSession: (options) => new Session(options) }
