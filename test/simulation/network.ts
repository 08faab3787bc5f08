// The network of a simulated world: pairs of byte streams, and what happens to bytes between them. A direction has two
// queues, what the writer still holds and what is under way, with a window between them. Bytes arrive in order, once and
// unchanged, as TCP has it; everything else is up to chance: how they are cut, when they move, whether they ever do.

import type { ByteStream, ByteStreamListener } from '../../src/connection/index.ts'
import type { World } from './world.ts'

export interface LinkSettings {
  /** Sizes of reads and of partly accepted writes, one of which is drawn each time. */
  readonly grains: readonly number[]
  /** Bytes that are under way in one direction, at most. */
  readonly windowBytes: number
  readonly slowestMs: number
  /** In how many writes there is one that leaves at once: 0 for none. */
  readonly leavesAtOnce: number
}

interface Write {
  readonly vectors: readonly Uint8Array[]
  /** What they contained when they were written. */
  readonly sums: readonly number[]
  readonly size: number
  /** How many of its bytes have left. */
  left: number
}

interface Segment {
  readonly bytes: Uint8Array
  readonly arrivesAt: number
}

// What all streams are read into, one after the other: what arrives is lent.
const READ_BUFFER = new Uint8Array(65_536)

/** What the stream broke with. */
export class ConnectionReset extends Error {
  readonly code = 'ECONNRESET'
}

/** Two ends, and whether anything gets from one to the other. */
export class Link {
  readonly world: World
  readonly settings: LinkSettings
  readonly ends: readonly [SimulatedStream, SimulatedStream]
  /** Nothing gets through any more, not even that it does not. */
  isCut = false

  constructor(world: World, settings: LinkSettings, names: readonly [string, string]) {
    this.world = world
    this.settings = settings
    const near = new SimulatedStream(this, names[0])
    const far = new SimulatedStream(this, names[1])
    near.peer = far
    far.peer = near
    this.ends = [near, far]
  }

  cut(): void {
    this.isCut = true
    this.world.note('the line is cut')
  }
}

export class SimulatedStream implements ByteStream {
  readonly name: string
  peer!: SimulatedStream
  bufferedBytes = 0
  /** Bytes that the listener was given. */
  receivedBytes = 0
  readonly #link: Link
  readonly #world: World
  #listener: ByteStreamListener | undefined

  #writes: Write[] = []
  #underWay: Segment[] = []
  #underWayBytes = 0
  #latestArrival = 0
  #end: 'none' | 'asked' | 'left' | 'arrived' = 'none'
  #endArrivesAt = 0
  #isBroken = false // what is written leads nowhere
  #isDestroyed = false
  #isPaused = false
  #told: 'nothing' | 'end' | 'close' = 'nothing'
  #stalledUntil = 0
  readonly #pending = new Set<string>()

  constructor(link: Link, name: string) {
    this.#link = link
    this.#world = link.world
    this.name = name
  }

  /** Whether it is gone, and its listener knows. */
  get isGone(): boolean {
    return this.#told === 'close'
  }

  /** Says who is told from now on. */
  attach(listener: ByteStreamListener): void {
    this.#listener = listener
    this.#scheduleDelivery()
  }

  // --- what the subject calls ----------------------------------------------------------------------------------------

  write(vectors: readonly Uint8Array[]): boolean {
    if (this.#end !== 'none' && !this.#isBroken) this.#misused('wrote after the end')
    if (this.#isDestroyed) this.#misused('wrote after it was destroyed')
    let size = 0
    for (const { length } of vectors) size += length
    this.#world.note(`${this.name} writes ${size} B`) // in how many vectors depends on memory that connections share
    if (this.#isBroken) return false
    const { leavesAtOnce, windowBytes } = this.#link.settings
    const fits = this.#writes.length === 0 && this.#underWayBytes + size <= windowBytes
    if (fits && leavesAtOnce > 0 && this.#world.random.chance(leavesAtOnce)) {
      this.#drawArrival()
      for (const vector of vectors) this.#send(vector)
      return true
    }
    this.#writes.push({ vectors, sums: vectors.map(sumOf), size, left: 0 })
    this.bufferedBytes += size
    this.#scheduleAcceptance()
    return false
  }

  end(): void {
    if (this.#end !== 'none' && !this.#isBroken) this.#misused('ended twice')
    this.#world.note(`${this.name} ends`)
    if (this.#end === 'none') this.#end = 'asked'
    this.#scheduleAcceptance()
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#world.note(`${this.name} is destroyed`)
    this.#isDestroyed = true
    this.#break()
    this.#later('is gone', 0, () => this.#tellClose(undefined))
    // What was not read is answered with a reset, as a socket does.
    if (this.peer.#underWayBytes > 0 || this.#world.random.chance(4)) this.peer.#resetFromFar()
    else this.#sendEnd()
    this.#scheduleDelivery()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#scheduleDelivery()
  }

  // --- faults --------------------------------------------------------------------------------------------------------

  /** Nothing that was sent to this end arrives for so long. */
  stall(ms: number): void {
    this.#world.note(`nothing reaches ${this.name} for ${ms} ms`)
    this.#stalledUntil = this.#world.now + ms
  }

  /** The stream breaks, on this end only. */
  reset(): void {
    if (this.#told === 'close' || this.#isDestroyed) return
    this.#world.note(`${this.name} is reset`)
    this.#break()
    this.#tellClose(new ConnectionReset('read ECONNRESET'))
  }

  /** The network says that this end has ended, which it has not: what it sends from now on is lost. */
  halfClose(): void {
    if (this.#end !== 'none' || this.#isBroken) return
    this.#world.note(`the network ends what comes from ${this.name}`)
    this.#isBroken = true
    this.#writes = []
    this.bufferedBytes = 0
    this.#sendEnd()
  }

  // --- what is sent --------------------------------------------------------------------------------------------------

  #scheduleAcceptance(): void {
    if (this.#isBroken && this.#end !== 'asked') return
    this.#later('accepts', 0, () => this.#accept())
  }

  /** The network takes some of what is held. */
  #accept(): void {
    const room = this.#link.settings.windowBytes - this.#underWayBytes
    let size = Math.min(this.#grain(), room)
    let hasLeft = false
    this.#drawArrival()
    for (let write = this.#writes[0]; write !== undefined && size > 0; write = this.#writes[0]) {
      const part = Math.min(size, write.size - write.left)
      this.#sendPart(write, part)
      size -= part
      this.bufferedBytes -= part
      hasLeft ||= part > 0
      if (write.left < write.size) break
      this.#writes.shift()
      if (write.vectors.some((vector, i) => sumOf(vector) !== write.sums[i])) {
        this.#world.violated('memoryIsLeftAlone', `${this.name}: what was written changed before it had left`)
      }
    }
    if (this.#writes.length === 0 && this.#end === 'asked') this.#sendEnd()
    if (hasLeft) this.#tell((listener) => listener.drained())
    if (this.#writes.length > 0 && this.#underWayBytes < this.#link.settings.windowBytes) this.#scheduleAcceptance()
  }

  #sendPart(write: Write, size: number): void {
    let skip = write.left
    let rest = size
    for (const vector of write.vectors) {
      const from = Math.min(skip, vector.length)
      const to = Math.min(vector.length, from + rest)
      if (to > from) this.#send(vector.subarray(from, to))
      skip -= from
      rest -= to - from
    }
    write.left += size
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#underWay.push({ bytes: bytes.slice(), arrivesAt: this.#latestArrival })
    this.#underWayBytes += bytes.length
    this.peer.#scheduleDelivery()
  }

  #sendEnd(): void {
    if (this.#end === 'left' || this.#end === 'arrived') return
    this.#end = 'left'
    this.#drawArrival()
    this.#endArrivesAt = this.#latestArrival
    this.peer.#scheduleDelivery()
    this.#closeWhenDone()
  }

  /** When what is sent now arrives: behind all that was sent before. */
  #drawArrival(): void {
    const { slowestMs } = this.#link.settings
    const delay = slowestMs === 0 ? 0 : this.#world.random.below(slowestMs + 1)
    this.#latestArrival = Math.max(this.#latestArrival, this.#world.now + delay)
  }

  // --- what arrives --------------------------------------------------------------------------------------------------

  #scheduleDelivery(): void {
    const isRead = !this.#isDestroyed && this.#told === 'nothing'
    if (this.#link.isCut || (isRead && (this.#isPaused || this.#listener === undefined))) return
    const { peer } = this
    const hasEnd = peer.#end === 'left'
    if (peer.#underWay.length === 0 && !hasEnd) return
    const arrivesAt = peer.#underWay[0]?.arrivesAt ?? peer.#endArrivesAt
    const delay = Math.max(0, arrivesAt - this.#world.now, this.#stalledUntil - this.#world.now)
    this.#later('is reached', delay, () => this.#deliver())
  }

  #deliver(): void {
    if (this.#link.isCut) return
    if (this.#stalledUntil > this.#world.now) {
      this.#scheduleDelivery()
      return
    }
    const { peer } = this
    if (this.#isDestroyed || this.#told !== 'nothing') {
      this.#discard()
      return
    }
    if (this.#isPaused) return
    const size = this.#collect(Math.min(this.#grain(), READ_BUFFER.length))
    if (size > 0) {
      this.receivedBytes += size
      this.#world.note(`${this.name} is given ${size} B, sum ${sumOf(READ_BUFFER.subarray(0, size))}`)
      const lent = READ_BUFFER.subarray(0, size)
      this.#tell((listener) => listener.received(lent))
      lent.fill(0xee)
      peer.#scheduleAcceptance()
    } else if (peer.#end === 'left' && peer.#underWay.length === 0 && peer.#endArrivesAt <= this.#world.now) {
      peer.#end = 'arrived'
      this.#tellEnd(undefined)
      this.#closeWhenDone()
    }
    this.#scheduleDelivery()
  }

  /** Puts what has arrived into the memory that it is read into, so many bytes of it at most. */
  #collect(size: number): number {
    const { peer } = this
    let collected = 0
    while (collected < size) {
      const segment = peer.#underWay[0]
      if (segment === undefined || segment.arrivesAt > this.#world.now) break
      const part = segment.bytes.subarray(0, size - collected)
      READ_BUFFER.set(part, collected)
      collected += part.length
      peer.#underWayBytes -= part.length
      if (part.length === segment.bytes.length) peer.#underWay.shift()
      else peer.#underWay[0] = { ...segment, bytes: segment.bytes.subarray(part.length) }
    }
    return collected
  }

  /** What arrives where nobody is any more. */
  #discard(): void {
    const { peer } = this
    const hadBytes = peer.#underWayBytes > 0
    peer.#underWay = []
    peer.#underWayBytes = 0
    if (peer.#end === 'left') peer.#end = 'arrived'
    peer.#scheduleAcceptance()
    if (hadBytes && this.#world.random.chance(2)) peer.#resetFromFar()
  }

  #resetFromFar(): void {
    if (this.#link.isCut) return
    this.#later('is reset', this.#world.random.below(this.#link.settings.slowestMs + 1), () => {
      if (!this.#link.isCut) this.reset()
    })
  }

  // --- what is told --------------------------------------------------------------------------------------------------

  #break(): void {
    this.#isBroken = true
    this.#writes = []
    this.bufferedBytes = 0
  }

  #tellEnd(error: unknown): void {
    if (this.#told !== 'nothing') return
    this.#told = 'end'
    this.#world.note(`${this.name} is told of the end${error === undefined ? '' : ', an error'}`)
    this.#tell((listener) => listener.ended(error))
  }

  #tellClose(error: unknown): void {
    if (this.#told === 'close') return
    this.#tellEnd(error)
    this.#told = 'close'
    this.#tell((listener) => listener.closed())
  }

  #closeWhenDone(): void {
    const hasSentEnd = this.#end === 'left' || this.#end === 'arrived'
    if (this.#told === 'end' && hasSentEnd) this.#later('is gone', 0, () => this.#tellClose(undefined))
  }

  #tell(what: (listener: ByteStreamListener) => void): void {
    if (this.#listener !== undefined) what(this.#listener)
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #grain(): number {
    return this.#world.random.pick(this.#link.settings.grains)
  }

  /** A turn of this end; while one of the kind is to come, there is no second. */
  #later(name: string, delayMs: number, run: () => void): void {
    if (this.#pending.has(name)) return
    this.#pending.add(name)
    this.#world.after(delayMs, `${this.name} ${name}`, () => {
      this.#pending.delete(name)
      run()
    })
  }

  #misused(how: string): void {
    this.#world.violated('streamIsUsedAsAgreed', `${this.name} ${how}`)
  }
}

/** A number that tells whether bytes have changed (FNV-1a). */
function sumOf(bytes: Uint8Array): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193)
  return sum >>> 0
}
