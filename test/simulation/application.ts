// What uses a simulated connection: it sends, reads, pings, waits, throws and closes as chance wants it, within its habits. All
// that it does is allowed, be it wise or not.

import type { Connection, Message, MessagePieces } from '../../src/connection/index.ts'
import type { Endpoint } from './endpoint.ts'
import { contentOf, shown } from './flow.ts'
import { judgeDelivery, judgeListening, judgeMemory, judgePart } from './invariants.ts'
import type { World } from './world.ts'

export interface Habits {
  readonly reader: 'listener' | 'messages' | 'pieces' | 'nobody'
  /** Before anybody reads. */
  readonly readsAfterMs: number
  /** Between two messages, at most. */
  readonly readPauseMs: number
  /** Whether a loop is left at times, and another one begun. */
  readonly leavesLoops: boolean
  readonly steps: number
  readonly stepPauseMs: number
  readonly sizes: readonly number[]
  /** Once in how many messages it does something about one at once; 0 for never. */
  readonly reactsOnceIn: number
  readonly throws: boolean
  readonly terminates: boolean
  readonly closes: boolean
}

const CLOSINGS: readonly (readonly [code?: number, reason?: string])[] = [
  [],
  [1000],
  [1001, 'bye'],
  [4999, 'é'.repeat(61)],
]

export class Application {
  readonly endpoint: Endpoint
  readonly #world: World
  readonly #habits: Habits
  readonly #broadcast: ((content: Message) => void) | undefined

  /** @param broadcast Sends to all connections of the server, where it is one. */
  constructor(world: World, endpoint: Endpoint, habits: Habits, broadcast?: (content: Message) => void) {
    this.#world = world
    this.endpoint = endpoint
    this.#habits = habits
    this.#broadcast = broadcast
  }

  get #connection(): Connection {
    return this.endpoint.connection!
  }

  /** The connection is open. */
  start(): void {
    this.endpoint.awaits('what it does', this.#act())
    if (this.#habits.reader === 'nobody') return
    this.endpoint.readsToEnd = true
    if (this.#habits.reader !== 'listener') this.endpoint.awaits('the loop over messages', this.#read())
    else if (this.#habits.readsAfterMs === 0) this.#listen()
    else this.#world.after(this.#habits.readsAfterMs, `${this.endpoint.name}: listens`, () => this.#listen())
  }

  // --- sending -------------------------------------------------------------------------------------------------------

  async #act(): Promise<void> {
    const { steps, stepPauseMs, closes } = this.#habits
    for (let step = 0; step < steps && this.endpoint.isOpen; step++) {
      await this.#world.sleep(this.#world.random.below(stepPauseMs + 1), `${this.endpoint.name}: goes on`)
      await this.#step()
      judgeMemory(this.#world, this.endpoint)
    }
    if (closes) this.#close()
  }

  async #step(): Promise<void> {
    const { random } = this.#world
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
        for (let count = random.between(2, 8); count > 0; count--) this.#send()
        return
      case 3:
      case 4:
        await this.#send().catch(() => {})
        return
      case 5:
        this.#trySend()
        return
      case 6:
        this.#ping()
        return
      case 7:
        await this.#ping().catch(() => {})
        return
      case 8:
      case 9:
        this.#broadcast?.(this.#content())
        return
      case 10:
        await this.#world.sleep(200, `${this.endpoint.name}: has slept`)
        return
      case 11:
        if (this.#habits.terminates && random.chance(3)) this.#terminate()
        return
      case 12:
        if (random.chance(4)) this.#close()
        return
      default:
        this.#send()
    }
  }

  #content(): Message {
    const { random } = this.#world
    const size = random.pick(this.#habits.sizes)
    return contentOf(this.#world, random.chance(2), size, this.endpoint.outgoing.sent.length)
  }

  #send(): Promise<void> {
    const { endpoint } = this
    const world = this.#world
    const connection = this.#connection
    const content = this.#content()
    const wasOpen = endpoint.isOpen
    const { droppedMessages } = connection
    const { turn } = world
    world.note(`${endpoint.name}: sends ${shown(content)}`)
    const sent = endpoint.outgoing.add(content)
    const promise = world.random.chance(8) ? connection.send(content, { compress: false }) : connection.send(content)
    if (!wasOpen || connection.droppedMessages > droppedMessages) sent.certainty = 'refused'
    promise.catch(() => {
      if (sent.certainty === 'taken' && world.turn === turn) sent.certainty = 'unclear'
    })
    endpoint.awaits('send', promise)
    return promise
  }

  #trySend(): void {
    const content = this.#content()
    this.#world.note(`${this.endpoint.name}: tries to send ${shown(content)}`)
    const sent = this.endpoint.outgoing.add(content)
    if (!this.#connection.trySend(content)) sent.certainty = 'refused'
  }

  #ping(): Promise<number> {
    const { endpoint } = this
    const { outgoing } = endpoint
    const { random } = this.#world
    const inFront = outgoing.sent.length
    endpoint.pingsSent++
    this.#world.note(`${endpoint.name}: pings`)
    const promise = random.chance(4) ? this.#connection.ping('the same') : this.#connection.ping()
    promise.then(
      () => {
        outgoing.acknowledged = Math.max(outgoing.acknowledged, inFront)
      },
      () => {},
    )
    endpoint.awaits('ping', promise)
    return promise
  }

  #close(): void {
    // Without a reader, what arrives from now on is thrown away.
    if (!this.#hasReader) this.endpoint.incoming.mayLose = true
    this.endpoint.close(...this.#world.random.pick(CLOSINGS))
  }

  /** All are to come to an end. */
  closeIfOpen(): void {
    if (this.endpoint.isOpen) this.#close()
  }

  #terminate(): void {
    this.#world.note(`${this.endpoint.name}: terminates`)
    this.#connection.terminate()
  }

  // --- reading -------------------------------------------------------------------------------------------------------

  #hasReader = false

  /** A connection that closed for its own reasons while nobody read has thrown away what came since. */
  #beginToRead(): void {
    const { connection, options, incoming } = this.endpoint
    if (options.backpressure === 'close' && connection!.readyState !== 'open') incoming.mayLose = true
    this.#hasReader = true
  }

  #listen(): void {
    this.#beginToRead()
    let isLate = true // it is given first what waited for it, also when the end came before it
    this.#connection.onMessage((message) => {
      if (!isLate) judgeListening(this.#world, this.endpoint)
      judgeDelivery(this.#world, this.endpoint.incoming, message)
      const { reactsOnceIn } = this.#habits
      if (reactsOnceIn > 0 && this.#world.random.chance(reactsOnceIn)) return this.#react()
      return undefined
    })
    isLate = false
  }

  /** Does something inside the listener. */
  #react(): unknown {
    const { random } = this.#world
    switch (random.below(8)) {
      case 0:
        this.#close()
        return undefined
      case 1:
        if (this.#habits.terminates) this.#terminate()
        return undefined
      case 2:
        if (!this.#habits.throws) return undefined
        this.endpoint.errorsThrown++
        throw new Error('The listener throws')
      case 3:
        if (!this.#habits.throws) return undefined
        this.endpoint.errorsThrown++
        return Promise.reject(new Error('The listener rejects'))
      case 4:
        void this.#ping()
        return undefined
      case 5:
        return this.#send() // what it is rejected with is not the listener's fault
      case 6:
        this.#trySend()
        return undefined
      default:
        void this.#send()
        void this.#send()
        return undefined
    }
  }

  async #read(): Promise<void> {
    const { readsAfterMs, reader } = this.#habits
    if (readsAfterMs > 0) await this.#world.sleep(readsAfterMs, `${this.endpoint.name}: reads`)
    for (let isThrough = false; !isThrough; ) {
      this.#beginToRead()
      isThrough = reader === 'messages' ? await this.#readMessages() : await this.#readPieces()
      this.#hasReader = false
      // What arrives while nobody reads is thrown away once the connection is closing.
      if (!isThrough && this.endpoint.connection!.readyState !== 'open') this.endpoint.incoming.mayLose = true
    }
  }

  /** @returns whether there are no more. */
  async #readMessages(): Promise<boolean> {
    for await (const message of this.#connection) {
      judgeDelivery(this.#world, this.endpoint.incoming, message)
      await this.#pause()
      if (this.#leaves()) return false
    }
    return true
  }

  async #readPieces(): Promise<boolean> {
    for await (const message of this.#connection.messages({ pieces: true })) {
      const isWhole = await this.#readPiecesOf(message)
      await this.#pause()
      if (isWhole && this.#leaves()) return false
    }
    return true
  }

  /** @returns whether the message was read to its end. */
  async #readPiecesOf(message: MessagePieces): Promise<boolean> {
    const { incoming } = this.endpoint
    let text = ''
    const parts: Uint8Array[] = []
    const taken = (): Message => (message.type === 'text' ? text : Buffer.concat(parts))
    try {
      for await (const piece of message) {
        if (typeof piece === 'string') text += piece
        else parts.push(piece)
        if (this.#world.random.chance(40)) {
          judgePart(this.#world, incoming, taken(), true)
          return false
        }
        await this.#pause()
      }
    } catch {
      judgePart(this.#world, incoming, taken(), false)
      return false
    }
    const whole = taken()
    judgeDelivery(this.#world, incoming, typeof whole === 'string' ? whole : new Uint8Array(whole))
    return true
  }

  #leaves(): boolean {
    return this.#habits.leavesLoops && this.#world.random.chance(6)
  }

  async #pause(): Promise<void> {
    const { readPauseMs } = this.#habits
    if (readPauseMs > 0)
      await this.#world.sleep(this.#world.random.below(readPauseMs + 1), `${this.endpoint.name}: reads`)
  }
}
