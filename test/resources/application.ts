// What the server under test does with its connections: little, so that what is measured is the library. The path of a
// connection says which of it.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Connection } from '../../src/node.ts'

/** What the application has seen. */
export class Tally {
  messages = 0
  messageBytes = 0
  mostBufferedBytes = 0
  readonly kept: (string | Uint8Array)[] = []
  readonly endings = new Map<string, number>()

  /** Counts how a connection ends. */
  follow(connection: Connection): void {
    void connection.closed.then(({ code, sentCode, error }) => {
      const how = error === undefined ? `${sentCode ?? code}` : `${sentCode ?? code} ${error.code}`
      this.endings.set(how, (this.endings.get(how) ?? 0) + 1)
    })
  }
}

/** A message is kept of so many bytes of them: as many as one read may give, all others of which have to go. */
export const KEEP_EVERY_BYTES = 65_536

const POURED_BYTES = 8_192

/** So many messages were dropped; more would not tell more. */
const MOST_DROPPED = 2_000

/** Text goes back, binary messages are counted. */
function echo(connection: Connection, tally: Tally): void {
  connection.onMessage((message) => {
    if (typeof message === 'string') void connection.send(message)
    else {
      tally.messages++
      tally.messageBytes += message.length
    }
  })
}

/** Keeps a message now and then. */
function keep(connection: Connection, tally: Tally): void {
  let passedBytes = 0
  connection.onMessage((message) => {
    tally.messages++
    passedBytes += message.length
    if (passedBytes < KEEP_EVERY_BYTES) return
    passedBytes = 0
    tally.kept.push(message)
  })
}

/** Sends for as long as there is room. */
async function pour(connection: Connection, tally: Tally): Promise<void> {
  connection.onMessage(() => {})
  while (connection.readyState === 'open') {
    const sent = connection.send(new Uint8Array(POURED_BYTES))
    tally.mostBufferedBytes = Math.max(tally.mostBufferedBytes, connection.bufferedBytes)
    await sent.catch(() => {})
  }
}

/** Sends as fast as it can, whether there is room or not, a little in every turn. */
async function rush(connection: Connection, tally: Tally): Promise<void> {
  connection.onMessage(() => {})
  while (connection.readyState === 'open' && connection.droppedMessages < MOST_DROPPED) {
    for (let i = 0; i < 8; i++) void connection.send(new Uint8Array(POURED_BYTES))
    tally.mostBufferedBytes = Math.max(tally.mostBufferedBytes, connection.bufferedBytes)
    await nextTurn()
  }
}

const APPLICATIONS: Readonly<Record<string, (connection: Connection, tally: Tally) => unknown>> = {
  '/echo': echo,
  '/keep': keep,
  '/pour': pour,
  '/rush': rush,
}

export const PATHS = Object.keys(APPLICATIONS)

export function runApplication(connection: Connection, path: string, tally: Tally): void {
  tally.follow(connection)
  APPLICATIONS[path]!(connection, tally)
}
