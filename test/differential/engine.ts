// Our engine as a subject. Which of its ways messages take to the application is chosen by the stream: as views, as strings
// and pooled copies, as pooled bytes, or in pieces, over either of the two DEFLATE ports.

import { PayloadPool, payloadPool } from '../../src/codec/pooled-copy.ts'
import { ProtocolError } from '../../src/codec/protocol-error.ts'
import { permessageDeflate } from '../../src/extension/index.ts'
import { type MessageEvent, type MessageValues, Session, type SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { portableDeflate } from '../../src/transport/web/index.ts'
import { concat } from '../support/wire.ts'
import {
  answersIn,
  chunksOf,
  deflateParameters,
  type Ending,
  type Outcome,
  type Subject,
  type Told,
} from './outcome.ts'
import type { Stream } from './streams.ts'

/** What the tool needs of a session: tests hand in others, which are wrong somewhere. */
export type Engine = Pick<Session, 'receive' | 'next' | 'takeOutput' | 'abort'>

const NONE = Number.POSITIVE_INFINITY
const KEY = 0x37fa_213d

const WAYS: ReadonlyArray<{ values: MessageValues | undefined; delivery: 'message' | 'fragment' }> = [
  { values: undefined, delivery: 'message' },
  { values: { textAsString: true, pool: payloadPool }, delivery: 'message' },
  { values: { textAsString: false, pool: new PayloadPool(0, Buffer.from) }, delivery: 'message' },
  { values: undefined, delivery: 'fragment' },
]

const EXTENSIONS = [permessageDeflate(nodeDeflate), permessageDeflate(portableDeflate)]

export function createEngine(stream: Stream, options: Partial<SessionOptions> = {}): Session {
  const { role, deflate, maxMessageBytes, maxMessageFragments, bytes } = stream
  const way = WAYS[bytes.length % WAYS.length]!
  const extension = EXTENSIONS[(bytes.length >> 2) % EXTENSIONS.length]!
  const session = new Session({
    role,
    delivery: way.delivery,
    limits: { maxMessageBytes, maxMessageFragments, maxControlFramesPerSecond: NONE, maxControlFrameBurst: NONE },
    keepalive: false,
    extensions: deflate === undefined ? [] : [extension.agreed(deflateParameters(stream))],
    ...(role === 'client' && { randomUint32: () => KEY }),
    ...options,
  })
  if (way.values !== undefined) Session.deliverValues(session, way.values)
  return session
}

export function engineSubject(create: (stream: Stream) => Engine = createEngine): Subject {
  return (stream) => runEngine(create(stream), stream)
}

function runEngine(engine: Engine, stream: Stream): Outcome {
  const told: Told[] = []
  const written: Uint8Array[] = []
  let pieces: Uint8Array[] = []
  let end: Ending = { verdict: 'open', code: 0, reason: '', at: stream.bytes.length, error: '' }
  let fed = 0
  for (const chunk of chunksOf(stream)) {
    engine.receive(chunk)
    fed += chunk.length
    for (let event = engine.next(); event !== undefined; event = engine.next()) {
      if (end.verdict !== 'open') throw new Error(`There is a ${event.kind} after the end`)
      switch (event.kind) {
        case 'message':
          told.push({ kind: event.type, payload: bytesOf(event) })
          break
        case 'fragment':
          pieces.push(event.payload.slice())
          if (!event.final) break
          told.push({ kind: event.type, payload: concat(...pieces) })
          pieces = []
          break
        case 'ping':
        case 'pong':
          told.push({ kind: event.kind, payload: event.payload })
          break
        case 'close':
          end = { verdict: 'closed', code: event.code, reason: event.reason, at: fed - 1, error: '' }
          break
        case 'failure': {
          const { error } = event
          const at = error instanceof ProtocolError ? error.offset! : fed - 1
          end = { verdict: 'failed', code: error.closeCode!, reason: '', at, error: error.code }
          break
        }
        default:
          throw new Error(`There is a ${event.kind} while the byte stream is open`)
      }
    }
    const output = engine.takeOutput()
    if (output.length > 0) written.push(...output.map((bytes) => bytes.slice()))
  }
  if (stream.deflate !== undefined) engine.abort() // gives back what inflates
  return { ...end, told, answers: answersIn(concat(...written)) }
}

function bytesOf({ text, payload }: MessageEvent): Uint8Array {
  return text === undefined ? payload.slice() : Buffer.from(text)
}
