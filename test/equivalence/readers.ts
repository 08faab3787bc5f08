// Connections that are read in turn, by loops that wait: messages whole and in pieces. What the loop does about a message
// comes before the next is looked at, so that here, too, nothing depends on where bytes were cut.

import { Connection } from '../../src/connection/index.ts'
import type { SeededRandom } from '../support/random.ts'
import { settle } from '../support/scripted-stream.ts'
import { toHex } from '../support/wire.ts'
import { ChunkMemory, type Cuts, everyByte, someCuts, someTwo } from './chunks.ts'
import { Difference } from './comparison.ts'
import { COURSES } from './courses.ts'
import { Recording } from './recording.ts'
import { wireOf } from './streams.ts'
import {
  arrive,
  type Course,
  excludesConnection,
  openRecorded,
  type RecordedConnection,
  recordEnd,
  takeTurns,
} from './ways.ts'

export const READER_COURSES: readonly Course[] = COURSES.filter((course) => !excludesConnection(course))

export const READERS = ['messages', 'pieces'] as const
export type Reader = (typeof READERS)[number]

/** What a reader was given, and what became of it. */
interface Told {
  readonly lines: string[]
}

/** A course, and what a reader of each kind is to be given of it. */
export class ReaderComparison {
  readonly course: Course
  readonly wire: Uint8Array
  runs = 0
  readonly #wholes = new Map<Reader, Recording>()
  readonly #arrive: typeof arrive

  /** @param arriving How chunks get to the connection. */
  constructor(course: Course, arriving = arrive) {
    this.course = course
    this.#arrive = arriving
    this.wire = wireOf(course.stream, course.role, course.compression)
  }

  /** So many cuts in two, and so many others. @throws Difference */
  async compareSome(reader: Reader, inTwo: number, any: number, random: SeededRandom): Promise<void> {
    const { length } = this.wire
    for (const cuts of someTwo(random, length, Math.min(inTwo, length + 1))) await this.compare(reader, cuts)
    for (let i = 0; i < any; i++) await this.compare(reader, i === 0 ? everyByte(length) : someCuts(random, length))
  }

  /** @throws Difference */
  async compare(reader: Reader, cuts: Cuts): Promise<void> {
    let whole = this.#wholes.get(reader)
    if (whole === undefined) {
      whole = await this.#run(reader, [])
      this.#wholes.set(reader, whole)
    }
    const actual = await this.#run(reader, cuts)
    if (actual.equals(whole)) return
    const { stream, role, compression } = this.course
    throw new Difference(
      [
        `"${stream.name}" (${compression}) to a ${role}, a reader of ${reader}, cut at ${cuts.join() || 'no place'}:`,
        `  ${toHex(this.wire)}`,
        ...actual.toLines().map((line) => `  ${line}`),
        'and not what is told when they come whole:',
        ...whole.toLines().map((line) => `  ${line}`),
        `Again: node dist/test/equivalence/main.js --stream="${stream.name}" --role=${role} --compression=${compression}` +
          ` --reader=${reader} --cuts=${cuts.join() || '-'}`,
      ].join('\n'),
    )
  }

  async #run(reader: Reader, cuts: Cuts): Promise<Recording> {
    this.runs++
    const recording = new Recording()
    const chunks = new ChunkMemory()
    chunks.layOut(this.wire, cuts)
    const opened = openRecorded(this.course, recording)
    const told: Told = { lines: [] }
    Connection.onClosed(opened.connection, (_, info) => recording.closed(info))
    const reading =
      reader === 'messages' ? readMessages(opened, this.course, told) : readPieces(opened, this.course, told)
    for (let i = 0; i < chunks.count; i++) {
      this.#arrive(opened, chunks, i)
      await settleAll(opened)
    }
    opened.bytes.listener.ended()
    await settleAll(opened)
    await reading
    for (const line of told.lines) recording.state(line)
    recordEnd(opened, recording)
    if (!chunks.isIntact) recording.state('wrote beside its chunk')
    return recording
  }
}

async function settleAll({ host }: RecordedConnection): Promise<void> {
  for (let quiet = 0; quiet < 2; quiet++) {
    await settle()
    if (host.deferredCount + host.workCount > 0) quiet = -1
    takeTurns(host)
  }
}

async function readMessages({ connection }: RecordedConnection, { stream }: Course, told: Told): Promise<void> {
  for await (const message of connection) {
    told.lines.push(typeof message === 'string' ? message : toHex(message))
    if (stream.reaction === 'close') void connection.close(1000, 'bye')
    else if (connection.readyState === 'open') await connection.send(message).catch(() => told.lines.push('not sent'))
  }
}

async function readPieces({ connection }: RecordedConnection, { stream }: Course, told: Told): Promise<void> {
  for await (const message of connection.messages({ pieces: true })) {
    let joined = `${message.type}: `
    try {
      for await (const piece of message) joined += typeof piece === 'string' ? piece : `${toHex(piece)} `
    } catch (error) {
      joined = `${joined}, cut off: ${(error as { code: string }).code}`
    }
    told.lines.push(joined)
    if (stream.reaction === 'close') void connection.close(1000, 'bye')
    else if (connection.readyState === 'open') await connection.send('got it').catch(() => told.lines.push('not sent'))
  }
}
