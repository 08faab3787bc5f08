// All values of the first two bytes of a frame, given to sessions in every situation, and what becomes of them compared
// with what the oracle says.

import { type AgreedExtension, permessageDeflate } from '../../src/extension/index.ts'
import type { Session, SessionEvent, SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import type { SessionSubject } from '../support/session-subject.ts'
import { concat, frame, hex, PLAIN_KEY, toHex } from '../support/wire.ts'
import { withoutStacks } from '../support/without-stacks.ts'
import { type Completion, type Situation, type Verdict, verdict } from './rfc6455.ts'

/** Something that the engine sees differently. */
export class Disagreement extends Error {}

interface Named extends Situation {
  readonly name: string
}

const LIMIT = 100_000
const LOW_LIMIT = 100

type State = Omit<Named, 'receiver' | 'compression' | 'maxMessageBytes'> & { readonly maxMessageBytes?: number }

const text = { type: 'text', compressed: false, bytes: 1 } as const
const binary = { type: 'binary', compressed: false, bytes: 1 } as const

const STATES: readonly State[] = [
  { name: 'idle' },
  { name: 'in text', message: text },
  { name: 'in binary', message: binary },
  { name: 'closing, ours sent', closing: 'sent' },
  { name: 'closing, theirs received', closing: 'received' },
  { name: 'closing in text, ours sent', message: text, closing: 'sent' },
  { name: 'failed', closing: 'failed' },
  { name: 'idle with a low limit', maxMessageBytes: LOW_LIMIT },
  { name: 'in text with a low limit', message: text, maxMessageBytes: LOW_LIMIT },
]

const IN_COMPRESSED: State = { name: 'in compressed text', message: { ...text, compressed: true, bytes: 0 } }

/** Every situation; the first are those that matter most. */
export const SITUATIONS: readonly Named[] = [false, true].flatMap((compression) =>
  [...STATES, ...(compression ? [IN_COMPRESSED] : [])].flatMap((state) =>
    (['server', 'client'] as const).map((receiver) => ({ maxMessageBytes: LIMIT, ...state, receiver, compression })),
  ),
)

const COMPRESSION: readonly AgreedExtension[] = [
  permessageDeflate(nodeDeflate).agreed([
    ['server_no_context_takeover', undefined],
    ['client_no_context_takeover', undefined],
  ]),
]

/** What has come before in a situation. */
function prefixOf({ receiver, message, closing }: Situation): Uint8Array {
  const key = receiver === 'server' ? { key: PLAIN_KEY } : {}
  if (closing === 'received') return frame({ opcode: 8, payload: hex('03e8'), ...key })
  if (closing === 'failed') return frame({ opcode: 3, ...key })
  if (message === undefined) return new Uint8Array(0)
  const opcode = message.type === 'text' ? 1 : 2
  // An empty fragment of a message that is compressed says nothing about what is in it.
  if (message.compressed) return frame({ opcode, fin: false, reservedBits: 4, ...key })
  return frame({ opcode, fin: false, payload: 'a', ...key })
}

/** The shortest rest of a frame that begins so, and may be what it seems. */
function restOf(first: number, second: number): Uint8Array {
  const code = second & 0x7f
  const length = code < 126 ? code : code === 126 ? 126 : 65_536
  const extended = code < 126 ? '' : code === 126 ? '007e' : '0000000000010000'
  const payload = new Uint8Array(length)
  if ((first & 0x0f) === 8 && length >= 2) payload.set(hex('03e8'))
  return concat(hex(extended), second >= 0x80 ? hex(PLAIN_KEY) : new Uint8Array(0), payload)
}

/** The second bytes on both sides of everything that the RFC or a limit of a situation says, with mask bit and without. */
export const TELLING: readonly number[] = [0, 1, 2, 99, 100, 101, 125, 126, 127].flatMap((length) => [
  length,
  length + 0x80,
])

export const ALL: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte)

/** Judges all values of the two bytes in one situation. */
export class Judge {
  readonly situation: Named
  sessions = 0
  readonly #subject: SessionSubject
  readonly #prefix: Uint8Array
  readonly #options: SessionOptions
  readonly #bytes: Uint8Array

  constructor(subject: SessionSubject, situation: Named) {
    this.#subject = subject
    this.situation = situation
    this.#prefix = prefixOf(situation)
    this.#bytes = concat(this.#prefix, new Uint8Array(2))
    this.#options = {
      role: situation.receiver,
      extensions: situation.compression ? COMPRESSION : [],
      limits: { maxMessageBytes: situation.maxMessageBytes },
      keepalive: false,
      randomUint32: () => 0,
    }
  }

  /** Judges all first bytes with these second ones, at once, and one by one as far as it takes. @throws Disagreement for the first. */
  judgeAll(seconds: readonly number[]): void {
    withoutStacks(() => {
      for (let first = 0; first < 256; first++) {
        for (const second of seconds) {
          this.judge(first, second)
          if (seconds === ALL || second === seconds[0]) this.judgeAlone(first, second)
        }
      }
    })
  }

  /** Judges two bytes that come at once. @throws Disagreement */
  judge(first: number, second: number): void {
    const expected = verdict(first, second, this.situation)
    const session = this.#open()
    const bytes = this.#bytes
    bytes.set(this.#prefix)
    bytes[bytes.length - 2] = first
    bytes[bytes.length - 1] = second
    const found = this.#feed(session, bytes)
    this.#check(first, second, expected, found, session)
    if (expected.kind === 'accepted') this.#complete(session, first, second, expected.completes)
    if (this.situation.compression) session.abort() // its streams go back to where others take them
  }

  /** Judges them when they come one after the other: the first decides what it can. @throws Disagreement */
  judgeAlone(first: number, second: number): void {
    const expected = verdict(first, second, this.situation)
    const session = this.#open()
    this.#feed(session, this.#prefix.slice())
    const atOnce = this.#feed(session, Uint8Array.of(first))
    const isDecided = expected.kind === 'refused' && expected.byte === 0
    if (isDecided !== (atOnce !== undefined)) {
      throw this.#disagreement(first, second, expected, `the first byte alone gives ${told(atOnce)}`)
    }
    this.#check(first, second, expected, atOnce ?? this.#feed(session, Uint8Array.of(second)), session)
    if (this.situation.compression) session.abort()
  }

  #open(): Session {
    this.sessions++
    const session = this.#subject.createSession(this.#options)
    if (this.situation.closing === 'sent') session.close(1000)
    return session
  }

  /** @returns the event that the bytes behind the prefix give rise to. */
  #feed(session: Session, bytes: Uint8Array): SessionEvent | undefined {
    const { closing } = this.situation
    session.receive(bytes)
    let found: SessionEvent | undefined
    for (let event = session.next(); event !== undefined; event = session.next()) {
      // What the prefix gives rise to, is not what is asked for.
      const isPrefix = (closing === 'received' && event.kind === 'close') || (closing === 'failed' && isOf(event, 0))
      if (!isPrefix) found ??= event
    }
    return found
  }

  #check(first: number, second: number, expected: Verdict, found: SessionEvent | undefined, session: Session): void {
    if (expected.kind !== 'refused') {
      // A client is sent frames of no more than these two bytes.
      const isWhole = expected.kind === 'accepted' && this.situation.receiver === 'client' && (second & 0x7f) === 0
      const completes = isWhole && !this.#isCompressed(first) ? expected.completes : 'no message yet'
      if (this.#isCompressed(first) && found?.kind === 'failure' && found.error.closeCode === 1007) return
      if (kindOf(found) !== completes) throw this.#disagreement(first, second, expected, `gives ${told(found)}`)
      return
    }
    const offset = this.#prefix.length + expected.byte
    const isRefused = found?.kind === 'failure' && found.error.closeCode === expected.closeCode && isOf(found, offset)
    if (!isRefused) throw this.#disagreement(first, second, expected, `gives ${told(found)}`)
    // The Close frame says so, unless one was sent before (RFC 6455 §7.1.7).
    const code = this.situation.closing === 'sent' ? 1000 : expected.closeCode
    const output = toHex(concat(...session.takeOutput()))
    const masking = this.situation.receiver === 'client' ? '82 00 00 00 00' : '02'
    if (output !== `88 ${masking} ${toHex(Uint8Array.of(code >> 8, code))}`) {
      throw this.#disagreement(first, second, expected, `writes ${output || 'nothing'}`)
    }
  }

  /** Whether what is in the frame is DEFLATE: whether that is good is another matter. */
  #isCompressed(first: number): boolean {
    return (first & 0x40) !== 0 || (this.situation.message?.compressed === true && (first & 0x0f) === 0)
  }

  /** What begins so is, with the rest of it, what it began as. */
  #complete(session: Session, first: number, second: number, completes: Completion): void {
    const rest = restOf(first, second)
    const isTooLong = (first & 0x08) === 0 && (second & 0x7f) > 125 && this.situation.maxMessageBytes === LOW_LIMIT
    if (rest.length === 0 || isTooLong || this.#isCompressed(first)) return
    const found = this.#feed(session, rest)
    if (kindOf(found) === completes && session.inputBytes === 0) return
    const expected = `is completed to ${completes}`
    throw this.#disagreement(first, second, { kind: 'accepted', completes }, `${expected}, and gives ${told(found)}`)
  }

  #disagreement(first: number, second: number, expected: Verdict, what: string): Disagreement {
    const { name, receiver, compression } = this.situation
    const bytes = toHex(Uint8Array.of(first, second))
    const verdictText =
      expected.kind === 'refused'
        ? `refused with ${expected.closeCode} at byte ${expected.byte} (${expected.rule})`
        : expected.kind
    return new Disagreement(
      [
        `${bytes} to a ${receiver} that is ${name}${compression ? ', with permessage-deflate,' : ''} is to be ${verdictText};`,
        `it ${what}`,
        `Again: node dist/test/oracle/main.js --bytes=${bytes.replace(' ', '')} --receiver=${receiver}` +
          ` --situation="${name}" --compression=${compression ? 'yes' : 'no'}`,
      ].join('\n'),
    )
  }
}

function isOf(event: SessionEvent, offset: number): boolean {
  return event.kind === 'failure' && event.error.offset === offset
}

function kindOf(event: SessionEvent | undefined): string {
  return event?.kind === 'message' ? event.type : (event?.kind ?? 'no message yet')
}

function told(event: SessionEvent | undefined): string {
  if (event?.kind !== 'failure') return event?.kind ?? 'nothing'
  const { code, closeCode, offset } = event.error
  return `${code} with ${closeCode} at byte ${offset} of all`
}
