// Runs a session over a byte stream: the only pump in the house. It follows the contract of the engine: whatever goes
// in, then the events, then the output, then the deadline. All that is sent in one turn leaves in one write.

import { type MessageType, Session, type SessionEvent } from '../session/index.ts'
import type { Broadcaster, Member } from './broadcaster.ts'
import type { ByteStream, ByteStreamListener, Host } from './byte-stream.ts'
import type { Connection } from './connection.ts'
import { AWAKE, Deadlines, type Sleeper } from './deadlines.ts'
import { type ConnectionDiagnostics, isWatched, nextConnectionId, Watch } from './diagnostics.ts'

// After this long without anything to do, or twice as long, is let go of what is not needed to do nothing, and could not be
// at once: what a session with extensions works with, and what the driver keeps for the next time.
const REST_MS = 5_000

/** Who takes the events of a driver. */
export interface EventConsumer {
  /** Whether whatever comes is taken at once: none of the three that follow holds anything back then. */
  readonly takesAll: boolean
  /** Whether what was handed over last is still being seen to; nothing else is taken then. */
  readonly isBusy: boolean
  /** Whether messages are wanted now; otherwise they wait in the session, and the peer after a while with them. */
  readonly wantsMessages: boolean
  /** Whether the peer's Close frame may be taken, and answered with it. */
  readonly wantsClose: boolean
  handleEvent(event: SessionEvent): void
  /** Bytes have left; what waits for the buffer to shrink may look again. */
  handleDrain(): void
}

/** One session on one stream: what comes in, what goes out, and when to look again. */
export class Driver implements ByteStreamListener, Sleeper {
  readonly session: Session
  /** What tells the connection from all others of this process. */
  readonly connectionId = nextConnectionId()
  readonly #stream: ByteStream
  readonly #host: Host
  readonly #consumer: EventConsumer
  readonly #highWaterBytes: number
  #watch: Watch | undefined
  #flushDeferred: (() => void) | undefined // made when it is needed, as it takes as much as seven fields
  #pumping = false
  #paused = false
  #flushPending = false
  #workPending = false
  #endRequested = false
  #streamEnded = false
  #destroyed = false
  #lingerUntil: number | undefined
  #member: Member | undefined // as long as only what is sent to all is sent
  #isQuiet = false // nothing has gone in since the last look
  #restPending = false
  wakeAt = AWAKE.wakeAt
  place = AWAKE.place
  /** What ended the stream, when it was not its orderly end. */
  streamError: unknown

  constructor(session: Session, stream: ByteStream, host: Host, consumer: EventConsumer, highWaterBytes: number) {
    this.session = session
    this.#stream = stream
    this.#host = host
    this.#consumer = consumer
    this.#highWaterBytes = highWaterBytes
  }

  /** Tells the channels of the host. Whoever consumes the events says when it opens, fails and ends. */
  get watch(): Watch {
    this.#watch ??= new Watch(this.session, this.connectionId, this.#host.diagnostics)
    return this.#watch
  }

  /** The connection is open. */
  opened(address: Pick<ConnectionDiagnostics, 'url' | 'remoteAddress'>): void {
    if (this.#host.diagnostics?.connection.hasSubscribers === true) this.watch.opened(address)
  }

  /** Asked before anything goes into the session: is anybody interested in what comes of it? */
  #look(): void {
    this.#isQuiet = false
    if (this.#member !== undefined) this.leave()
    if (this.#watch !== undefined || isWatched(this.#host.diagnostics)) this.watch.look()
  }

  /** Bytes that were sent and have not left yet. */
  get bufferedBytes(): number {
    const waitingBytes = this.#member === undefined ? 0 : this.#member.broadcaster.waitingBytes
    return this.session.outputBytes + this.#stream.bufferedBytes + waitingBytes
  }

  /** Lets what is sent to all pass the session until anything else goes in, if nothing is under way that would see it. */
  join(broadcaster: Broadcaster, connection: Connection): void {
    const { session } = this
    if (this.#pumping || session.extensions.length > 0) return
    this.updateTime()
    if (session.readyState !== 'open' || this.bufferedBytes > 0) return
    this.#member = broadcaster.admit(connection, this.#stream)
  }

  /** What was sent to all comes before whatever is next. */
  leave(): void {
    const member = this.#member
    if (member === undefined) return
    this.#member = undefined
    const { passed, at, messages } = member.broadcaster.release(member)
    if (passed.messages + messages.length === 0) return
    Session.passed(this.session, passed, at)
    for (const message of messages) this.session.sendPrepared(message)
    this.flush()
  }

  /**
   * The fast way for what most messages are: sent while events are handled, with little waiting to leave. It leaves when
   * all of them are handled.
   *
   * @param mostWaiting How many bytes may wait to leave then.
   * @returns whether it was sent; else nobody could tell that it was tried.
   */
  sendWhole(type: MessageType, data: unknown, mostWaiting: number): boolean {
    if (!this.#pumping || this.#watch !== undefined || this.#stream.bufferedBytes > 0) return false
    return Session.sendWhole(this.session, type, data, mostWaiting)
  }

  received(bytes: Uint8Array): void {
    this.#look()
    this.session.tick(this.#host.now())
    // What extensions are given stays with them for as long as they work on it.
    this.session.receive(this.session.extensions.length === 0 ? bytes : new Uint8Array(bytes))
    try {
      this.#takeEvents()
    } finally {
      this.session.releaseInput()
      // What the bytes made the application send leaves at once: at the end of the turn it would be later by as long as all
      // connections take whose bytes are there, too.
      if (!this.#workPending && !this.session.hasWork && !this.session.hasOutputWork) this.flushNow()
      this.#afterEvents()
    }
  }

  drained(): void {
    // Where slices wait they have turns of their own, however fast the stream is.
    if (!this.#workPending) this.flushNow()
    this.#consumer.handleDrain()
    this.#pause()
  }

  ended(error?: unknown): void {
    if (this.#streamEnded) return
    this.#streamEnded = true
    this.streamError = error
    this.#look()
    this.session.receiveEnd()
    this.#drain()
    if (error !== undefined) this.#destroy()
  }

  closed(): void {
    this.#destroyed = true
    Deadlines.of(this.#host).remove(this)
    this.#dropOutput()
  }

  /** Ends the session and the stream at once, also a stream that is only left to carry the last bytes. */
  abort(): void {
    this.leave()
    this.session.abort()
    this.#destroy()
    this.#drain()
  }

  /** After the application did something: the present, the events that are there and wanted, output and deadline. */
  pump(): void {
    this.updateTime()
    this.#drain()
  }

  /** Takes the events that are there and wanted, then sees to the output and the deadline. */
  #drain(): void {
    if (this.#pumping) return // called from a handler: whoever pumps goes on anyway
    try {
      this.#takeEvents()
    } finally {
      this.#afterEvents()
    }
  }

  #takeEvents(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (;;) {
        const event = this.#nextEvent()
        if (this.#watch?.isOn === true) this.#watch.publish()
        if (event === undefined) break
        if (event.kind === 'closed') this.#handleClosed(event)
        else this.#consumer.handleEvent(event)
      }
    } finally {
      this.#pumping = false
    }
  }

  #afterEvents(): void {
    if (this.session.hasWork) this.#deferWork() // also when the stream is gone: what came is still handed over
    if (this.#destroyed) return
    this.#regulate()
    this.flush()
    this.#pause()
    this.#schedule()
  }

  /** What takes its time goes on when others had theirs. */
  #deferWork(): void {
    if (this.#workPending) return
    this.#workPending = true
    this.#host.deferWork(() => this.#work())
  }

  #work(): void {
    this.#workPending = false
    this.updateTime()
    this.flushNow()
    this.#drain()
    this.#consumer.handleDrain()
  }

  #nextEvent(): SessionEvent | undefined {
    if (this.#workPending && this.session.hasWork) return undefined // it goes on in a turn of its own
    if (this.#consumer.takesAll) return this.#next()
    // Nothing is held back once the stream has ended: what is left is all there will ever be.
    if (this.#streamEnded || this.session.readyState === 'closed') return this.#next()
    if (this.#consumer.isBusy || (!this.#consumer.wantsClose && this.session.isCloseNext)) return undefined
    return this.#consumer.wantsMessages ? this.#next() : this.session.nextControl()
  }

  #next(): SessionEvent | undefined {
    for (;;) {
      const event = this.session.next()
      if (event !== undefined || !this.session.hasWork || !this.#host.mayWork()) return event
    }
  }

  /** Lets what was sent leave at the end of the turn, or at once when there is much of it. */
  flush(): void {
    if (this.#watch?.isOn === true) this.#watch.publish()
    if (this.session.hasOutputWork && this.#stream.bufferedBytes < this.#highWaterBytes) this.#deferWork()
    if (this.#workPending) return // the output leaves with the next slice
    if (this.session.outputBytes >= this.#highWaterBytes) {
      this.flushNow()
    } else if (!this.#flushPending && !this.#pumping && this.#hasOutput()) {
      this.#flushPending = true
      this.#flushDeferred ??= () => {
        this.flushNow()
        this.#pause()
      }
      this.#host.defer(this.#flushDeferred)
    }
  }

  /** Whether there is anything to write, or the end to tell. */
  #hasOutput(): boolean {
    return this.session.outputBytes > 0 || this.session.wantsEnd
  }

  /** Brings the session up to the present, once a turn: what leaves together has happened together. */
  updateTime(): void {
    if (this.#pumping) return // whoever pumps has seen to it
    this.#look()
    if (!this.#flushPending) this.session.tick(this.#host.now())
  }

  /** Reading stops while a good deal of input waits unread: then the peer waits, and our memory does not grow. */
  #regulate(): void {
    const { inputBytes } = this.session
    if (!this.#paused && inputBytes > this.#highWaterBytes) {
      this.#paused = true
      this.#stream.pause()
    } else if (this.#paused && inputBytes === 0) {
      this.#paused = false
      this.#stream.resume()
    }
  }

  /** Lets what was sent leave at once. */
  flushNow(): void {
    this.#flushPending = false
    if (this.#destroyed || this.#endRequested || !this.#hasOutput()) return
    this.#look()
    // While the stream is full the output stays in the session, where pongs that were overtaken are dropped.
    if (this.session.outputBytes > 0 && this.#stream.bufferedBytes < this.#highWaterBytes) {
      const vectors = this.session.takeOutput()
      if (this.session.readyState === 'closed' && vectors.length === 0) {
        this.#drain() // the session gave up over a payload that is not what it was
        return
      }
      if (vectors.length > 0 && this.#stream.write(vectors)) Session.releaseOutput(vectors)
      if (this.session.outputBytes > 0) this.#deferWork()
    }
    if (this.session.wantsEnd && this.session.outputBytes === 0) {
      this.#endRequested = true
      this.#stream.end()
    }
    // At the end: whoever is told may send something, and what was taken has to be written before.
    if (this.#watch?.isOn === true) this.#watch.publish()
  }

  /**
   * The session is closed. An ended stream may still carry our last bytes, for a while; any other is cut, behind as much of
   * them as it takes at once.
   */
  #handleClosed(event: SessionEvent): void {
    try {
      if (this.#destroyed) {
        this.#dropOutput() // work was left when the stream went, and it has given rise to more
      } else if (this.#streamEnded) {
        this.#lingerUntil = this.#host.now() + this.session.closeTimeoutMs
      } else {
        this.#cut()
      }
    } finally {
      this.#consumer.handleEvent(event) // whatever the stream throws: it is told once, and now
    }
  }

  #cut(): void {
    try {
      if (this.session.outputBytes > 0) this.flushNow()
    } finally {
      this.#destroy()
    }
  }

  #destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    Deadlines.of(this.#host).remove(this)
    this.#stream.destroy()
    this.#dropOutput()
  }

  /** What the stream is gone for will never leave: it counts no more, and is not kept. */
  #dropOutput(): void {
    if (this.session.readyState === 'closed' && this.session.outputBytes > 0) this.session.abort()
  }

  /** What it takes to do something, others have meanwhile, if nothing is under way. */
  #pause(): void {
    if (!this.#pumping) Session.pause(this.session)
  }

  /** Says when to look again. When that is too early it is left alone: it is seen then. */
  #schedule(): void {
    let deadline = Math.min(this.session.deadline, this.#lingerUntil ?? AWAKE.wakeAt)
    if (!this.#restPending && this.#isRestless()) {
      this.#restPending = true
      deadline = Math.min(deadline, this.#host.now() + REST_MS)
    }
    if (deadline < this.wakeAt) Deadlines.of(this.#host).add(this, deadline)
  }

  handleDeadline(): void {
    const now = this.#host.now()
    const wasQuiet = this.#isQuiet
    this.#look()
    if (this.#lingerUntil !== undefined && now >= this.#lingerUntil) this.#destroy()
    this.session.tick(now)
    this.#restPending = false
    if (wasQuiet) this.#rest()
    this.#isQuiet = true
    this.#drain()
  }

  /** Whether there is anything that `#rest` lets go of, be it not now. */
  #isRestless(): boolean {
    return this.#flushDeferred !== undefined || this.#watch?.isOn === false || Session.isRestless(this.session)
  }

  #rest(): void {
    Session.rest(this.session)
    this.#flushDeferred = undefined
    // One that has told of a failure is kept: it knows that it has.
    if (this.#watch?.isOn === false && this.session.readyState === 'open') this.#watch = undefined
  }
}
