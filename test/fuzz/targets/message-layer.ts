// What a session makes of received bytes: in one chunk and handed over whole, or in many chunks and in pieces, it is the
// same; and nothing comes after the end.

import { isUtf8 } from 'node:buffer'
import {
  type DeliveryMode,
  type Role,
  Session,
  type SessionEvent,
  type SessionOptions,
} from '../../../src/session/index.ts'
import { concat, frame, hex, hexList, isSameBytes } from '../../support/wire.ts'
import { Choices } from '../choices.ts'
import { BrokenProperty, holds, holdsSame } from '../property.ts'
import { WireReader } from '../wire-reader.ts'

type OpenSession = (options: SessionOptions) => Session

interface Message {
  readonly type: string
  readonly payload: Uint8Array
}

/** What came out of a session. */
interface Outcome {
  readonly messages: Message[]
  readonly controls: string[]
  /** Code and offset of the failure. */
  failure: string | undefined
  closed: string | undefined
  readonly output: Uint8Array
}

const KEY = '37fa213d'

export const dictionary = hexList(
  '81 80 00 00 00 00, 82 82 00 00 00 00, 01 81 00 00 00 00, 80 80 00 00 00 00, 00 80 00 00 00 00, ' +
    '89 80 00 00 00 00, 8a 80 00 00 00 00, 88 82 00 00 00 00 03 e8, 88 80 00 00 00 00, 82 fe 00 7e, ' +
    '81 01, 01 00, 80 01, 89 00, 88 02 03 e8, 82 7e 00 7e, 82 7f 00 00 00 00 00 01 00 00, e2 82 ac, ' +
    'f0 9f 98 80, ed a0 80, c1',
)

export const seeds = [
  concat(hex('00 00 00'), frame({ opcode: 1, key: KEY, payload: 'Hello' }), frame({ opcode: 8, key: KEY })),
  concat(
    hex('00 01 05'),
    frame({ opcode: 1, fin: false, key: KEY, payload: 'κό' }),
    frame({ opcode: 9, key: KEY, payload: 'ping' }),
    frame({ opcode: 0, key: KEY, payload: 'σμε' }),
  ),
  concat(hex('01 02 03'), frame({ opcode: 2, payload: new Uint8Array(300) }), frame({ opcode: 10, payload: 'p' })),
  concat(hex('08 01 01'), frame({ opcode: 2, key: KEY, payload: new Uint8Array(65) })),
  concat(hex('00 00 09'), frame({ opcode: 8, key: KEY, payload: concat(hex('03 e8'), hex('62 79 65')) })),
]

export const maxBytes = 768

// Sessions take memory for a message as soon as it is announced, 64 KiB of it at most (`session/delivery.ts`).
export const memoryOnTop = 600_000

export const fuzz = fuzzWith((options) => new Session(options))

export function fuzzWith(open: OpenSession): (data: Uint8Array) => void {
  return (data) => {
    const choices = new Choices(data)
    const options = readOptions(choices)
    const mode = choices.pick<DeliveryMode>(['fragment', 'raw', 'message'])
    const step = 1 + choices.below(32)
    const wire = choices.rest()
    const whole = feedWhole(open({ ...options, delivery: 'message' }), wire)
    const cut = feedInPieces(open({ ...options, delivery: mode }), wire, step)
    checkOutcome(options, whole, wire.length)
    checkSame(whole, cut)
    if (isPlain(options)) checkByRfc(options, whole, wire)
  }
}

function readOptions(choices: Choices): SessionOptions {
  const flags = choices.byte()
  const role: Role = (flags & 1) === 0 ? 'server' : 'client'
  const isSmall = (flags & 8) !== 0
  return {
    role,
    randomUint32: () => 0x37fa_213d,
    keepalive: false,
    validateUtf8: (flags & 2) === 0,
    acceptUnmasked: role === 'server' && (flags & 4) !== 0,
    autoPong: (flags & 32) === 0,
    limits: {
      maxMessageBytes: isSmall ? 64 : 1_000_000,
      maxMessageFragments: isSmall ? 3 : 16_384,
      ...((flags & 16) === 0 ? {} : { maxControlFrameBurst: 4 }),
    },
  }
}

function feedWhole(session: Session, wire: Uint8Array): Outcome {
  const reader = new OutcomeReader(session)
  session.receive(wire.slice())
  reader.drain()
  return reader.end()
}

/** Chunks of one size; they lie in memory that is used again, as a socket's may. */
function feedInPieces(session: Session, wire: Uint8Array, step: number): Outcome {
  const reader = new OutcomeReader(session)
  const memory = new Uint8Array(step)
  for (let at = 0; at < wire.length; at += step) {
    const chunk = memory.subarray(0, Math.min(step, wire.length - at))
    chunk.set(wire.subarray(at, at + step))
    session.receive(chunk)
    reader.drain()
    session.releaseInput()
    memory.fill(0xaa)
    holds(session.inputBytes <= 14, 'What is not parsed of a frame is its header at most')
  }
  return reader.end()
}

class OutcomeReader {
  readonly #session: Session
  readonly #outcome: Outcome
  readonly #output: Uint8Array[] = []
  #pieces: Uint8Array[] = []

  constructor(session: Session) {
    this.#session = session
    this.#outcome = { messages: [], controls: [], failure: undefined, closed: undefined, output: new Uint8Array(0) }
  }

  drain(): void {
    for (let event = this.#session.next(); event !== undefined; event = this.#session.next()) this.#take(event)
    // Whether pongs are answered one by one or only the last depends on whether the output is taken.
    for (const vector of this.#session.takeOutput()) this.#output.push(vector.slice())
    holdsSame(this.#session.outputBytes, 0, 'Output that was taken')
  }

  end(): Outcome {
    this.#session.receiveEnd()
    this.drain()
    holds(this.#outcome.closed !== undefined && this.#session.readyState === 'closed', 'A session ends with its stream')
    return { ...this.#outcome, output: concat(...this.#output) }
  }

  #take(event: SessionEvent): void {
    const outcome = this.#outcome
    holds(outcome.closed === undefined, 'Nothing comes after the end')
    holds(outcome.failure === undefined || event.kind === 'closed', 'Nothing is delivered after a failure')
    switch (event.kind) {
      case 'message':
        outcome.messages.push({ type: event.type, payload: event.payload.slice() })
        break
      case 'fragment':
        this.#pieces.push(event.payload.slice())
        if (!event.final) break
        outcome.messages.push({ type: event.type, payload: concat(...this.#pieces) })
        this.#pieces = []
        break
      case 'failure':
        outcome.failure = `${event.error.code} at ${event.error.offset}`
        break
      case 'closed':
        outcome.closed = `${event.code} ${event.wasClean} ${event.initiator} ${event.sentCode} ${event.error?.code}`
        break
      case 'close':
        outcome.controls.push(`close ${event.code} ${event.reason}`)
        break
      default:
        outcome.controls.push(`${event.kind} ${event.payload.join()}`)
    }
  }
}

function checkOutcome(options: SessionOptions, outcome: Outcome, wireBytes: number): void {
  const most = options.limits!.maxMessageBytes!
  let payloadBytes = 0
  for (const { type, payload } of outcome.messages) {
    payloadBytes += payload.length
    holds(payload.length <= most, 'No message is longer than the limit')
    holds(type === 'binary' || options.validateUtf8 === false || isUtf8(payload), 'Text is UTF-8')
  }
  holds(payloadBytes <= wireBytes, 'No more is delivered than was received')
  const reader = new WireReader(options.role)
  reader.read(outcome.output)
  holds(!reader.isMidFrame, 'Output is whole frames')
  const isEnded = outcome.failure !== undefined || outcome.controls.some((control) => control.startsWith('close'))
  holdsSame(reader.close !== undefined, isEnded, 'A Close frame is sent for a failure and for a Close frame')
}

/** Whether RFC 6455 alone says what is right. */
function isPlain({ acceptUnmasked, limits }: SessionOptions): boolean {
  return acceptUnmasked !== true && limits!.maxMessageBytes! > 64 && limits!.maxControlFrameBurst === undefined
}

/** The same as somebody else reads it. */
function checkByRfc({ role, validateUtf8 }: SessionOptions, outcome: Outcome, wire: Uint8Array): void {
  const reader = new WireReader(role === 'server' ? 'client' : 'server', 0, { checksText: validateUtf8 !== false })
  const isRefused = breaksProperty(() => reader.readToClose(wire))
  const hasFailed = outcome.failure !== undefined
  if (isRefused) holds(hasFailed, 'What RFC 6455 forbids is refused')
  else if (hasFailed) holds(reader.isMidFrame || reader.isMidMessage, 'What RFC 6455 allows is not refused')
  holdsSame(outcome.messages.length, reader.messages.length, 'Messages, as somebody else reads them')
  for (const [i, { type, payload }] of outcome.messages.entries()) {
    const other = reader.messages[i]!
    holds(type === other.type && isSameBytes(payload, other.payload), 'A message, as somebody else reads it')
  }
}

function breaksProperty(call: () => void): boolean {
  try {
    call()
    return false
  } catch (error) {
    if (error instanceof BrokenProperty) return true
    throw error
  }
}

function checkSame(whole: Outcome, cut: Outcome): void {
  holdsSame(cut.failure, whole.failure, 'Failure, in pieces')
  holdsSame(cut.closed, whole.closed, 'End, in pieces')
  holdsSame(cut.controls.join('|'), whole.controls.join('|'), 'Control frames, in pieces')
  holdsSame(cut.messages.length, whole.messages.length, 'Messages, in pieces')
  for (const [i, message] of whole.messages.entries()) {
    const other = cut.messages[i]!
    holds(message.type === other.type && isSameBytes(message.payload, other.payload), 'A message is the same in pieces')
  }
  holds(isSameBytes(whole.output, cut.output), 'Output is the same in pieces')
}
