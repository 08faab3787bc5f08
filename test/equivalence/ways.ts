// The ways that bytes go in: what may be asked of a session, and a connection, each of which has short cuts of its own.
// Of one way, everything is the same however the bytes are cut; of ways of one shape, too.

import { usePlatformPort } from '../../src/codec/platform-port.ts'
import { PayloadPool, payloadPool } from '../../src/codec/pooled-copy.ts'
import { type ByteStream, type ByteStreamListener, Connection, openConnection } from '../../src/connection/index.ts'
import { type AgreedExtension, permessageDeflate } from '../../src/extension/index.ts'
import {
  type MessageValues,
  type Role,
  Session,
  type SessionEvent,
  type SessionOptions,
} from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { nodePort } from '../../src/transport/node/port.ts'
import { SCRIPTED_KEY, ScriptedHost } from '../support/scripted-stream.ts'
import type { SessionSubject } from '../support/session-subject.ts'
import type { ChunkMemory } from './chunks.ts'
import type { Recording } from './recording.ts'
import { type Compression, LIMITS, type ReferenceStream } from './streams.ts'

/** A stream as it comes to one end. */
export interface Course {
  readonly stream: ReferenceStream
  readonly role: Role
  readonly compression: Compression
}

/** What is told is the same for all ways of a shape. */
export type Shape = 'messages' | 'pieces' | 'raw pieces' | 'connection'

export interface Way {
  readonly name: string
  readonly shape: Shape
  /** Courses that cannot go this way. */
  readonly excludes?: (course: Course) => boolean
  run(subject: SessionSubject, course: Course, chunks: ChunkMemory, recording: Recording): void
}

interface SessionWay {
  readonly delivery?: SessionOptions['delivery']
  readonly values?: MessageValues
  readonly sliceBytes?: number
  readonly maxPieceBytes?: number
  /** Whether the platform's means for text are used. */
  readonly onPlatform?: boolean
  /** What happens behind each chunk, before the next. */
  readonly between?: 'rest' | 'take memory back'
  /** Whether nothing is asked until all is there, or control frames alone until then. */
  readonly waits?: 'for all' | 'with messages'
}

const STRINGS: MessageValues = { textAsString: true, pool: payloadPool }
const BUFFERS: MessageValues = { textAsString: false, pool: new PayloadPool(0, Buffer.from) }

const SESSION_WAYS: Readonly<Record<string, SessionWay>> = {
  messages: {},
  'messages, with a rest behind each chunk': { between: 'rest' },
  'messages, in memory that is taken back': { between: 'take memory back' },
  'messages, once all is there': { waits: 'for all' },
  'messages, once all is there, in memory that is taken back before': { waits: 'for all', between: 'take memory back' },
  'messages, of which control frames are taken first': { waits: 'with messages' },
  'messages, a few bytes at a time': { maxPieceBytes: 3 },
  'messages, a slice at a time': { sliceBytes: 1 },
  'messages as strings and copies': { values: STRINGS },
  'messages as strings and copies, on a platform': { values: STRINGS, onPlatform: true },
  'messages as strings, in memory that is taken back': {
    values: STRINGS,
    onPlatform: true,
    between: 'take memory back',
  },
  'messages as strings, once all is there': { values: STRINGS, onPlatform: true, waits: 'for all' },
  'messages as Buffers, on a platform': { values: BUFFERS, onPlatform: true, between: 'take memory back' },
  pieces: { delivery: 'fragment' },
  'pieces, with a rest behind each chunk': { delivery: 'fragment', between: 'rest' },
  'pieces of one byte, in memory that is taken back': {
    delivery: 'fragment',
    maxPieceBytes: 1,
    between: 'take memory back',
  },
  'raw pieces': { delivery: 'raw' },
  'raw pieces of few bytes, once all is there': { delivery: 'raw', maxPieceBytes: 5, waits: 'for all' },
}

const SHAPES: Record<NonNullable<SessionOptions['delivery']>, Shape> = {
  message: 'messages',
  fragment: 'pieces',
  raw: 'raw pieces',
}

export const WAYS: readonly Way[] = [
  ...Object.entries(SESSION_WAYS).map(([name, way]) => ({
    name,
    shape: SHAPES[way.delivery ?? 'message'],
    run: (subject: SessionSubject, course: Course, chunks: ChunkMemory, recording: Recording) => {
      usePlatformPort(way.onPlatform === true ? nodePort : undefined)
      new SessionRun(way, subject, course, recording).feed(chunks)
    },
  })),
  {
    name: 'a connection with a listener',
    shape: 'connection',
    excludes: excludesConnection,
    run: runConnection,
  },
]

const COMPRESSES = permessageDeflate(nodeDeflate, { thresholdBytes: 0, memoryLevel: 1 })
const WINDOWS = [
  ['server_max_window_bits', '12'],
  ['client_max_window_bits', '12'],
] as const
const NO_TAKEOVER = [
  ['server_no_context_takeover', undefined],
  ['client_no_context_takeover', undefined],
] as const

export const AGREED: Readonly<Record<Compression, readonly AgreedExtension[]>> = {
  none: [],
  fresh: [COMPRESSES.agreed([...NO_TAKEOVER, ...WINDOWS])],
  takeover: [COMPRESSES.agreed(WINDOWS)],
}

// A session that never ends, so that the streams of DEFLATE stay and go from one session to the next: to make them takes
// longer than all else.
new Session({ role: 'server', extensions: AGREED.fresh })

class SessionRun {
  readonly #way: SessionWay
  readonly #reaction: ReferenceStream['reaction']
  readonly #recording: Recording
  readonly #session: Session

  constructor(way: SessionWay, subject: SessionSubject, { stream, role, compression }: Course, recording: Recording) {
    this.#way = way
    this.#reaction = stream.reaction
    this.#recording = recording
    this.#session = subject.createSession({
      role,
      extensions: AGREED[compression],
      ...stream.options,
      delivery: way.delivery,
      sliceBytes: way.sliceBytes,
      limits: LIMITS,
      keepalive: false,
      randomUint32: () => SCRIPTED_KEY,
    })
    if (way.values !== undefined) Session.deliverValues(this.#session, way.values)
  }

  feed(chunks: ChunkMemory): void {
    const { between, waits } = this.#way
    const session = this.#session
    for (let i = 0; i < chunks.count; i++) {
      session.receive(chunks.chunk(i))
      if (waits === 'with messages') this.#takeControlFrames()
      if (waits === undefined) this.#drain()
      if (between === 'rest') Session.rest(session)
      if (between !== 'take memory back') continue
      session.releaseInput()
      chunks.spoil(i)
    }
    this.#drain()
    session.receiveEnd()
    this.#drain()
    this.#recording.stats(session.stats())
    this.#recording.state(`${session.readyState} ${session.wantsEnd} ${session.inputBytes} ${session.outputBytes}`)
  }

  #drain(): void {
    const session = this.#session
    const { maxPieceBytes } = this.#way
    for (;;) {
      const event = session.next(maxPieceBytes)
      if (event !== undefined) this.#handle(event)
      else if (!session.hasWork) break
    }
    this.#write()
  }

  #takeControlFrames(): void {
    for (let event = this.#session.nextControl(); event !== undefined; event = this.#session.nextControl()) {
      this.#handle(event)
    }
    this.#write()
  }

  #handle(event: SessionEvent): void {
    const session = this.#session
    this.#recording.event(event)
    if (session.readyState !== 'open') return
    if (this.#reaction === 'close') {
      if (event.kind === 'message' || event.kind === 'ping') session.close(1000, 'bye')
    } else if (event.kind === 'message') {
      session.send(event.type, event.text ?? event.payload)
    } else if (event.kind === 'fragment' && event.final) {
      session.send('text', 'got it')
    } else if (event.kind === 'pong') {
      session.ping('again')
    }
  }

  #write(): void {
    do {
      for (const vector of this.#session.takeOutput()) this.#recording.output(vector)
    } while (this.#session.hasOutputWork)
  }
}

/** A stream whose bytes leave at once. */
export class RecordedStream implements ByteStream {
  readonly bufferedBytes = 0
  readonly #recording: Recording
  listener!: ByteStreamListener
  isEnded = false
  isDestroyed = false

  constructor(recording: Recording) {
    this.#recording = recording
  }

  write(vectors: readonly Uint8Array[]): boolean {
    for (const vector of vectors) this.#recording.output(vector)
    return true
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.isDestroyed = true
  }

  pause(): void {}

  resume(): void {}
}

export interface RecordedConnection {
  readonly connection: Connection
  readonly bytes: RecordedStream
  readonly host: ScriptedHost
}

export function openRecorded({ role, compression }: Course, recording: Recording): RecordedConnection {
  usePlatformPort(nodePort)
  const host = new ScriptedHost()
  const bytes = new RecordedStream(recording)
  const connection = openConnection(
    { role, subprotocol: undefined, extensions: AGREED[compression] },
    bytes,
    host,
    { url: 'ws://example.test/', remoteAddress: undefined },
    { limits: LIMITS, keepalive: false },
    (listener) => {
      bytes.listener = listener
    },
  )
  return { connection, bytes, host }
}

/** A connection is given none of the options of a session. */
export function excludesConnection({ stream }: Course): boolean {
  return Object.keys(stream.options ?? {}).length > 0
}

/** Hands over a chunk, in memory that is then somebody else's. */
export function arrive({ bytes }: RecordedConnection, chunks: ChunkMemory, index: number): void {
  if (chunks.chunk(index).length > 0 && !bytes.isDestroyed) bytes.listener.received(chunks.chunk(index))
  chunks.spoil(index)
}

/** Writes down how it ended. */
export function recordEnd({ connection, bytes }: RecordedConnection, recording: Recording): void {
  recording.state(`${bytes.isEnded || bytes.isDestroyed} ${bytes.isDestroyed} ${connection.readyState}`)
  recording.stats(connection.stats())
  bytes.listener.closed()
}

/** What the listener of a connection is given is its own: it is looked at when everything is over. */
function runConnection(_: SessionSubject, course: Course, chunks: ChunkMemory, recording: Recording): void {
  const opened = openRecorded(course, recording)
  const { connection, bytes, host } = opened
  const messages: (string | Uint8Array)[] = []
  Connection.onClosed(connection, (_, info) => {
    for (const message of messages) recording.message(typeof message === 'string' ? 'text' : 'binary', message)
    recording.closed(info)
  })
  connection.onMessage((message) => {
    messages.push(message)
    if (course.stream.reaction === 'close') connection.close(1000, 'bye')
    else if (connection.readyState === 'open') connection.send(message)
  })
  for (let i = 0; i < chunks.count; i++) {
    arrive(opened, chunks, i)
    takeTurns(host)
  }
  bytes.listener.ended()
  takeTurns(host)
  recordEnd(opened, recording)
}

export function takeTurns(host: ScriptedHost): void {
  host.endTurn()
  while (host.workCount > 0) {
    host.work()
    host.endTurn()
  }
}
