// What a session says and does, as bytes that are quickly written and quickly compared. A record is its payload, then
// the length of that and what it is, so that a recording can be read from its end, and pieces need no length beforehand.

import type { CloseInfo, SessionEvent, SessionStats } from '../../src/session/index.ts'
import { toHex } from '../support/wire.ts'

const KINDS = [
  'text',
  'binary',
  'text piece',
  'binary piece',
  'ping',
  'pong',
  'close',
  'failure',
  'end',
  'output',
  'state',
  'frame end',
] as const
type Kind = (typeof KINDS)[number]

/** Kinds whose payload is words of our own. */
const WORDS: ReadonlySet<Kind> = new Set(['close', 'failure', 'end', 'state', 'frame end'])

const TRAILER_BYTES = 6
const NO_RUN = -1

const encoder = new TextEncoder()

/** Bytes that grow. */
class Log {
  bytes = new Uint8Array(512)
  length = 0

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  appendText(text: string): void {
    this.#reserve(3 * text.length)
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written
  }

  /** Ends the record that began at `start`. */
  end(start: number, kind: Kind, detail: number): void {
    this.#reserve(TRAILER_BYTES)
    const { bytes } = this
    const length = this.length - start
    bytes[this.length++] = length >> 24
    bytes[this.length++] = length >> 16
    bytes[this.length++] = length >> 8
    bytes[this.length++] = length
    bytes[this.length++] = KINDS.indexOf(kind)
    bytes[this.length++] = detail
  }

  equals(other: Log): boolean {
    return this.length === other.length && Buffer.compare(this.#written, other.#written) === 0
  }

  get #written(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  #reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(2 * (this.length + count))
    grown.set(this.bytes)
    this.bytes = grown
  }
}

/** What is compared: the events, in which pieces of one message that follow each other count as one, and the output. */
export class Recording {
  readonly #events = new Log()
  readonly #output = new Log()
  /** Where frames end, counted in payload: only what hands on pieces as they come is asked to tell it. */
  readonly #frameEnds = new Log()
  readonly #tellsFrameEnds: boolean
  #runStart = NO_RUN
  #runKind: Kind = 'text piece'
  #runBits = 0
  #payloadBytes = 0

  constructor(tellsFrameEnds = false) {
    this.#tellsFrameEnds = tellsFrameEnds
  }

  clear(): void {
    this.#events.length = 0
    this.#output.length = 0
    this.#frameEnds.length = 0
    this.#runStart = NO_RUN
    this.#payloadBytes = 0
  }

  equals(other: Recording): boolean {
    return (
      this.#events.equals(other.#events) &&
      this.#output.equals(other.#output) &&
      this.#frameEnds.equals(other.#frameEnds)
    )
  }

  /** Writes down an event; what its payload is a view of may be gone after that. */
  event(event: SessionEvent): void {
    if (event.kind === 'fragment') {
      this.piece(event.type, event.payload, event.final, event.reservedBits)
      if (event.endOfFrame && this.#tellsFrameEnds) this.#word(this.#frameEnds, 'frame end', String(this.#payloadBytes))
      return
    }
    this.#endRun(false)
    switch (event.kind) {
      case 'message':
        this.message(event.type, event.text ?? event.payload, event.reservedBits)
        break
      case 'ping':
        this.#bytes('ping', event.payload)
        break
      case 'pong':
        this.#bytes('pong', event.payload, event.roundTripMs === undefined ? 0 : 1)
        break
      case 'close':
        this.#word(this.#events, 'close', `${event.code} ${event.reason} ${toHex(event.reasonBytes)}`)
        break
      case 'failure': {
        const { code, closeCode, offset, phase, message } = event.error
        this.#word(this.#events, 'failure', `${code} ${closeCode} at ${offset}, ${phase}: ${message}`)
        break
      }
      case 'closed':
        this.closed(event)
    }
  }

  message(type: 'text' | 'binary', payload: string | Uint8Array, reservedBits = 0): void {
    const start = this.#events.length
    if (typeof payload === 'string') this.#events.appendText(payload)
    else this.#events.append(payload)
    this.#events.end(start, type, reservedBits)
  }

  piece(type: 'text' | 'binary', payload: Uint8Array, final: boolean, reservedBits = 0): void {
    if (this.#runStart === NO_RUN) {
      this.#runStart = this.#events.length
      this.#runKind = `${type} piece`
      this.#runBits = reservedBits
    }
    this.#events.append(payload)
    this.#payloadBytes += payload.length
    if (final) this.#endRun(true)
  }

  pong(payload: Uint8Array): void {
    this.#endRun(false)
    this.#bytes('pong', payload)
  }

  closed({ code, reason, wasClean, initiator, sentCode, receivedCode, error }: CloseInfo): void {
    const why = error === undefined ? '' : `${error.code} at ${error.offset}, ${error.phase}`
    const words = `${code} ${reason} ${wasClean} ${initiator} ${sentCode} ${receivedCode} ${why}`
    this.#word(this.#events, 'end', words)
  }

  /** Something else that is to be the same, in words. */
  state(words: string): void {
    this.#endRun(false)
    this.#word(this.#events, 'state', words)
  }

  stats(stats: SessionStats): void {
    this.state(
      `${stats.messagesReceived} ${stats.framesReceived} ${stats.wireBytesReceived} ${stats.payloadBytesReceived} ` +
        `${stats.messagesSent} ${stats.framesSent} ${stats.wireBytesSent} ${stats.payloadBytesSent}`,
    )
  }

  output(bytes: Uint8Array): void {
    this.#output.append(bytes)
  }

  /** Lines for people. */
  toLines(): string[] {
    this.#endRun(false)
    const { bytes, length } = this.#output
    return [...lines(this.#events), ...lines(this.#frameEnds), `output ${toHex(bytes.subarray(0, length))}`]
  }

  #bytes(kind: Kind, payload: Uint8Array, detail = 0): void {
    const start = this.#events.length
    this.#events.append(payload)
    this.#events.end(start, kind, detail)
  }

  #word(log: Log, kind: Kind, words: string): void {
    const start = log.length
    log.appendText(words)
    log.end(start, kind, 0)
  }

  /** Pieces that nothing was in are nothing, unless the message ends with them. */
  #endRun(final: boolean): void {
    if (this.#runStart === NO_RUN) return
    if (final || this.#events.length > this.#runStart) {
      this.#events.end(this.#runStart, this.#runKind, (final ? 8 : 0) + this.#runBits)
    }
    this.#runStart = NO_RUN
  }
}

/** The records, read from the end. */
function lines({ bytes, length }: Log): string[] {
  const told: string[] = []
  for (let end = length; end > 0; ) {
    const at = end - TRAILER_BYTES
    const size = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    const kind = KINDS[bytes[at + 4]!]!
    const detail = bytes[at + 5]!
    const payload = bytes.subarray(at - size, at)
    const shown = WORDS.has(kind) ? new TextDecoder().decode(payload) : toHex(payload)
    const more = kind.endsWith('piece') ? (detail >= 8 ? ', the last' : ', not the last') : ''
    told.unshift(`${kind}${more}${detail & 7 ? `, bits ${detail & 7}` : ''}: ${shown}`)
    end = at - size
  }
  return told
}
