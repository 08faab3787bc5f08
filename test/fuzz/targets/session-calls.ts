// Two sessions and what is between them, with any calls in any order: what each sends is legal, what was sent arrives, and
// only mistakes of the caller throw.

import { InvalidStateError, InvalidTextError } from '../../../src/codec/index.ts'
import { payloadPool } from '../../../src/codec/pooled-copy.ts'
import { type ExtensionParameter, permessageDeflate } from '../../../src/extension/index.ts'
import {
  type MessageEvent,
  type MessageType,
  type PreparedMessage,
  prepareMessage,
  type Role,
  Session,
  type SessionEvent,
  type SessionOptions,
} from '../../../src/session/index.ts'
import { nodeDeflate } from '../../../src/transport/node/deflate.ts'
import { concat, hexList, isSameBytes, utf8 } from '../../support/wire.ts'
import { Choices } from '../choices.ts'
import { holds, holdsSame } from '../property.ts'
import { WireReader } from '../wire-reader.ts'

type OpenSession = (options: SessionOptions) => Session

interface Message {
  readonly type: MessageType
  readonly payload: Uint8Array
}

export const maxBytes = 512

export const dictionary = hexList(
  '00 01 05 48 65 6c 6c 6f, 30 00 03 61 62 63, 32 02 00 61 00 62, 26 01 d8 3d 00, 26 01 de 00 01, 0e 13, 0f 12,' +
    '34 01 c8 61 36, 1c 01 04 01, 1e 02 01 02, 04 02 70 70, 08 03 e8 00, 0a 0b, 18 40, 1a 1b, 20 01 01, ff 61, 3c 3d',
)

// One byte of settings; then the calls, of the client by even bytes and of the server by odd ones.
export const seeds = hexList(
  // Messages whole and in pieces, text cut inside a pair, a frame in parts, the fast way, a long one of either side.
  '00 00 01 05 48 65 6c 6c 6f 0e 13,' +
    '00 02 01 03 61 62 63 00 01 01 64 0e 13,' +
    '00 26 01 d8 3d 00 26 01 de 00 01 0e 13,' +
    '00 1c 01 04 01 1e 02 01 02 04 01 70 1e 02 03 04 0e 13,' +
    '80 01 00 02 68 69 33 01 00 61 33 01 00 62 31 01 02 63 64 0f 12,' +
    '00 00 01 ff 61 01 01 ff 62 0e 13 0f 12,' +
    // The same compressed, in slices; one message for both.
    '01 00 00 f0 61 01 01 c8 62 0e 13 0f 12,' +
    'c3 31 00 f0 61 1d 00 04 01 1f 04 61 61 61 61 0f 12,' +
    '03 34 01 c8 61 36 37 36 3c 0e 0f 12 13,' +
    // Pings, time, both Close frames, rest.
    '02 04 03 70 69 6e 0e 13 0f 12 18 ff 19 ff 0e 0f 1a 1b,' +
    '44 20 01 01 08 03 e8 02 61 62 0e 13 0f 12 3c,' +
    '00 00 01 01 61 0e 13 1a 1b 00 01 01 62 0e 13',
)

// Each session takes a block of output of its own, and a payload is longer than what asks for it.
export const memoryOnTop = 1_048_576
export const memoryPerByte = 131_072

const deflate = permessageDeflate(nodeDeflate, { thresholdBytes: 8 })
const SMALL_WINDOWS: ExtensionParameter[] = [
  ['server_max_window_bits', '9'],
  ['client_max_window_bits', '9'],
]
const forgetful = deflate.agreed([
  ['server_no_context_takeover', undefined],
  ['client_no_context_takeover', undefined],
  ...SMALL_WINDOWS,
])
const remembering = deflate.agreed(SMALL_WINDOWS)

// Streams are made once, and not for each execution, as long as somebody may come for them.
forgetful.createTransforms!('client')

export const fuzz = fuzzWith((options) => new Session(options))

export function fuzzWith(open: OpenSession): (data: Uint8Array) => void {
  return (data) => {
    const choices = new Choices(data)
    const story = new Story(open, choices)
    while (!choices.isOver) story.step()
    story.finish()
  }
}

// What may end a session: the application, the clock, the end of the stream.
const ENDING_CALLS = [4, 5, 6, 12, 21, 22, 29]

// Its length takes eight bytes in a header.
const LONGEST = 66_000

const MOST_OUTPUT_BYTES = 65_536

class Story {
  readonly #choices: Choices
  readonly #ends: readonly [End, End]
  #now = 0
  #prepared: PreparedMessage | undefined
  #isEnded = false

  constructor(open: OpenSession, choices: Choices) {
    this.#choices = choices
    const flags = choices.byte()
    const compresses = (flags & 1) !== 0
    const common = {
      extensions: compresses ? [(flags & 0xc0) === 0xc0 ? remembering : forgetful] : [],
      ...((flags & 2) === 0 ? {} : { keepalive: true, sliceBytes: 64 }),
      ...((flags & 4) === 0 ? {} : { limits: { idleTimeoutMs: 500, closeTimeoutMs: 300, frameTimeoutMs: 200 } }),
      ...((flags & 8) === 0 ? {} : { autoPong: false }),
      ...((flags & 16) === 0 ? {} : { autoClose: false }),
      ...((flags & 32) === 0 ? {} : { delivery: 'fragment' as const }),
      ...((flags & 64) === 0 ? {} : { echoCloseReason: true, endPromptly: true }),
    }
    const releases = (flags & 2) !== 0
    const end = (role: Role) => {
      const session = open({ ...common, role, randomUint32: () => 0x37fa_213d })
      if ((flags & 128) !== 0) Session.deliverValues(session, { textAsString: (flags & 1) === 0, pool: payloadPool })
      return new End(session, role, { compresses, releases })
    }
    this.#ends = [end('client'), end('server')]
  }

  step(): void {
    const call = this.#choices.byte()
    const end = this.#ends[call & 1]!
    const other = this.#ends[1 - (call & 1)]!
    try {
      this.#call(call >> 1, end, other)
    } catch (error) {
      if (!isMistake(error)) throw error
    }
    holds(end.session.deadline >= 0, 'A deadline is a time')
  }

  #call(call: number, end: End, other: End): void {
    const choices = this.#choices
    const { session } = end
    if (ENDING_CALLS.includes(call % 32)) this.#isEnded = true
    switch (call % 32) {
      case 0:
        end.send(choices.pick(['text', 'binary']), choices.payload(LONGEST), true)
        break
      case 1:
        end.send(choices.pick(['text', 'binary']), choices.bytes(choices.below(16)), false)
        break
      case 2:
        session.ping(choices.bytes(choices.below(140)))
        break
      case 3:
        session.pong(choices.bytes(choices.below(140)))
        break
      case 4:
        session.close(choices.byte() * 256 + choices.byte(), choices.bytes(choices.below(130)))
        break
      case 5:
        session.close()
        break
      case 6:
        session.fail(choices.byte() * 256 + choices.byte(), 'failed')
        break
      case 7:
        this.#carry(end, other, Number.POSITIVE_INFINITY)
        break
      case 8:
        this.#carry(end, other, 1 + choices.byte())
        break
      case 9:
        end.drain()
        break
      case 10:
        end.drain(choices.pick([7, 100, 1_000]))
        break
      case 11:
        end.drainControl()
        break
      case 12:
        this.#now += choices.byte() * 4
        session.tick(this.#now)
        break
      case 13:
        Session.rest(session)
        break
      case 14:
        end.startFrame(choices.pick(['text', 'binary']), choices.below(32), choices.isYes())
        break
      case 15:
        end.continueFrame(choices.bytes(choices.below(32)))
        break
      case 16:
        session.recordFrames = choices.isYes()
        session.recordMessages = choices.isYes()
        break
      case 17:
        session.releaseInput()
        break
      case 18:
        session.deliver(choices.pick(['message', 'fragment', 'raw']))
        break
      case 19:
        end.sendText(readText(choices), choices.isYes())
        break
      case 20:
        end.takeOutput()
        break
      case 21:
        if (choices.below(8) === 0) session.receiveEnd()
        break
      case 22:
        if (choices.below(8) === 0) session.abort()
        break
      case 23:
        this.#disturb(end)
        break
      case 24:
        end.sendWhole(choices.pick(['text', 'binary']), choices.payload(LONGEST))
        break
      case 25:
        end.sendWhole('text', readText(choices))
        break
      case 26:
        this.#prepared = prepareMessage(choices.isYes() ? choices.payload(LONGEST) : readText(choices))
        break
      case 27:
        if (this.#prepared !== undefined) end.sendPrepared(this.#prepared)
        break
      case 28:
        session.ping(readText(choices))
        break
      case 29:
        session.close(1000, readText(choices))
        break
      default:
        end.ask()
    }
  }

  /** Some of what is on its way arrives. */
  #carry(from: End, to: End, most: number): void {
    from.takeOutput()
    if (from.wire.length === 0) return
    const bytes = from.wire.subarray(0, most)
    from.wire = from.wire.subarray(bytes.length)
    to.session.receive(bytes.slice())
  }

  /** Bytes that the other end never sent. */
  #disturb(from: End): void {
    const bytes = this.#choices.bytes(this.#choices.below(32))
    if (bytes.length > 0) from.isDisturbed = true
    from.wire = concat(from.wire, bytes)
  }

  /** All that is on its way arrives; then both streams end. */
  finish(): void {
    const [client, server] = this.#ends
    let rounds = 0
    do {
      holds(rounds++ < 100, 'Two ends come to rest')
      this.#carry(client, server, Number.POSITIVE_INFINITY)
      server.drain()
      this.#carry(server, client, Number.POSITIVE_INFINITY)
      client.drain()
      client.takeOutput()
    } while (client.wire.length > 0)
    for (const end of this.#ends) {
      end.session.receiveEnd()
      end.drain()
      holdsSame(end.session.readyState, 'closed', 'State after the end')
      holdsSame(end.session.deadline, Number.POSITIVE_INFINITY, 'Deadline after the end')
      holdsSame(end.closed, 1, 'An end is told once')
      end.checkStats()
    }
    client.checkArrived(server, this.#isEnded)
    server.checkArrived(client, this.#isEnded)
  }
}

/** Any UTF-16, also what is no text. */
function readText(choices: Choices): string {
  const bytes = choices.bytes(2 * choices.below(16))
  const codes = Array.from({ length: bytes.length >> 1 }, (_, i) => bytes[2 * i]! * 256 + bytes[2 * i + 1]!)
  return String.fromCharCode(...codes)
}

/** One session, and what is known of it. */
class End {
  readonly session: Session
  /** What it sent and has not arrived. */
  wire: Uint8Array = new Uint8Array(0)
  /** Whether its peer gets bytes that it never sent. */
  isDisturbed = false
  closed = 0
  readonly #reader: WireReader
  readonly #compresses: boolean
  readonly #releases: boolean
  readonly #received: Message[] = []
  readonly #sent: Message[] = []
  #sending: { type: MessageType; pieces: (Uint8Array | string)[] } | undefined
  #frame: { left: number; final: boolean } | undefined
  #pieces: Uint8Array[] = []
  #hasFailed = false

  constructor(session: Session, role: Role, { compresses, releases }: { compresses: boolean; releases: boolean }) {
    this.session = session
    this.#compresses = compresses
    this.#releases = releases
    this.#reader = new WireReader(role, compresses ? 0b100 : 0)
  }

  send(type: MessageType, payload: Uint8Array, final: boolean): void {
    this.session.send(type, payload.slice(), { final })
    this.#add(type, payload, final)
  }

  sendText(text: string, final: boolean): void {
    this.session.send('text', text, { final })
    this.#add('text', text, final)
  }

  /** The fast way, and where it says nothing the other. */
  sendWhole(type: MessageType, data: Uint8Array | string): void {
    const copy = typeof data === 'string' ? data : data.slice()
    if (!Session.sendWhole(this.session, type, copy, MOST_OUTPUT_BYTES)) this.session.send(type, copy)
    this.#add(type, data, true)
  }

  sendPrepared(message: PreparedMessage): void {
    this.session.sendPrepared(message)
    this.#add(message.type, message.payload, true)
  }

  /** Questions change nothing. */
  ask(): void {
    const { session } = this
    holds(session.inputBytes >= 0 && session.outputBytes >= 0, 'Bytes that wait')
    holds(session.pingsAnswered <= session.pingsSent, 'No more pings are answered than were sent')
    holds(!session.wantsEnd || session.readyState !== 'open', 'An open session does not want its stream to end')
    holds(!session.isCloseNext || Session.isRestless(session), 'A session at rest has nothing before it')
    if (session.readyState === 'open') holdsSame(session.openMessage, this.#sending?.type, 'The message that is open')
  }

  startFrame(type: MessageType, payloadLength: number, final: boolean): void {
    this.session.startFrame(type, payloadLength, { final })
    if (payloadLength > 0) this.#frame = { left: payloadLength, final }
    this.#add(type, new Uint8Array(0), final && payloadLength === 0)
  }

  continueFrame(payload: Uint8Array): void {
    this.session.continueFrame(payload.slice())
    const frame = this.#frame
    holds(frame !== undefined && payload.length <= frame.left, 'A frame is gone on with that was begun')
    frame.left -= payload.length
    if (frame.left === 0) this.#frame = undefined
    this.#add(this.#sending!.type, payload, frame.final && frame.left === 0)
  }

  #add(type: MessageType, payload: Uint8Array | string, final: boolean): void {
    this.#sending ??= { type, pieces: [] }
    holdsSame(type, this.#sending.type, 'A message is of one type')
    this.#sending.pieces.push(payload)
    if (!final) return
    this.#sent.push({ type, payload: bytesOf(this.#sending.pieces) })
    this.#sending = undefined
  }

  takeOutput(): void {
    const { session } = this
    let calls = 0
    do {
      const vectors = session.takeOutput()
      if (vectors.length > 0) {
        this.#reader.read(...vectors)
        this.wire = concat(this.wire, ...vectors)
        if (this.#releases) Session.releaseOutput(vectors)
      }
      holds(calls++ < 1_000, 'Output comes to an end')
    } while (session.hasOutputWork)
    if (!this.#isMidFrame) holdsSame(session.outputBytes, 0, 'Output that was taken')
    session.takeRecords()
  }

  get #isMidFrame(): boolean {
    return this.#frame !== undefined
  }

  drain(maxPieceBytes = Number.POSITIVE_INFINITY): void {
    const { session } = this
    let idle = 0
    for (;;) {
      const event = session.next(maxPieceBytes)
      if (event !== undefined) this.#take(event)
      else if (!session.hasWork) return
      else holds(idle++ < 1_000, 'Work comes to an end')
    }
  }

  drainControl(): void {
    for (let event = this.session.nextControl(); event !== undefined; event = this.session.nextControl())
      this.#take(event)
  }

  #take(event: SessionEvent): void {
    holds(this.closed === 0, 'Nothing comes after the end')
    holds(!this.#hasFailed || event.kind === 'closed', 'Nothing is delivered after a failure')
    if (event.kind === 'closed') this.closed++
    else if (event.kind === 'failure') this.#hasFailed = true
    else if (event.kind === 'message') this.#received.push(messageOf(event))
    else if (event.kind === 'fragment') {
      this.#pieces.push(event.payload.slice())
      if (!event.final) return
      this.#received.push({ type: event.type, payload: concat(...this.#pieces) })
      this.#pieces = []
    }
  }

  checkStats(): void {
    const stats = this.session.stats()
    holds(stats.messagesReceived >= this.#received.length, 'Messages that were delivered were received')
    holds(stats.framesSent >= this.#reader.frames, 'Frames that were taken were sent')
    holds(stats.wireBytesSent >= 2 * this.#reader.frames, 'A frame has two bytes at least')
  }

  /**
   * What the peer was given: the first messages that were sent here, in order.
   *
   * @param isEnded Whether anything was done that may end a session; without it all that is on the wire arrives.
   */
  checkArrived(peer: End, isEnded: boolean): void {
    if (!this.#compresses) {
      for (const [i, message] of this.#reader.messages.entries()) {
        holds(isSameMessage(message, this.#sent[i]), 'What is on the wire was sent')
      }
    }
    if (this.isDisturbed) return
    holds(peer.#received.length <= this.#sent.length, 'Nothing arrives that was not sent')
    for (const [i, message] of peer.#received.entries()) {
      holds(isSameMessage(message, this.#sent[i]), 'What arrives was sent, in order')
    }
    const isDisturbed = peer.isDisturbed || isEnded
    if (!isDisturbed) holdsSame(peer.#received.length, this.#reader.messages.length, 'Messages that arrive')
  }
}

function messageOf({ type, payload, text }: MessageEvent): Message {
  return { type, payload: text === undefined ? payload.slice() : utf8(text) }
}

/** Pieces of text side by side are one: a surrogate pair may be cut in two. */
function bytesOf(pieces: readonly (Uint8Array | string)[]): Uint8Array {
  const parts: Uint8Array[] = []
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece
    else {
      parts.push(utf8(text), piece)
      text = ''
    }
  }
  return concat(...parts, utf8(text))
}

function isSameMessage(a: Message, b: Message | undefined): boolean {
  return b !== undefined && a.type === b.type && isSameBytes(a.payload, b.payload)
}

/** What a caller did wrong is said at once; everything else that is thrown is a fault of ours. */
function isMistake(error: unknown): boolean {
  return (
    error instanceof InvalidStateError ||
    error instanceof InvalidTextError ||
    (error instanceof RangeError && !/call stack|length/.test(error.message)) ||
    (error instanceof TypeError && !/undefined|null|not a function/.test(error.message))
  )
}
