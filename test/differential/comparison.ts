// Two outcomes of one stream side by side: ours and a peer's.

import { isSameBytes } from '../support/wire.ts'
import { StreamFacts } from './claims.ts'
import type { Frame } from './frames.ts'
import type { Outcome, Told } from './outcome.ts'
import type { Stream } from './streams.ts'

export type PeerName = 'ws' | 'websocket-driver' | 'websockets'

/** How two lists lie to each other when they begin the same: who has more. */
export type Extent = 'same' | 'ours goes on' | 'theirs goes on' | 'different'

export class Comparison {
  readonly stream: Stream
  readonly peer: PeerName
  readonly ours: Outcome
  readonly theirs: Outcome
  /** What was told, each kind of frame in its order: messages, and control frames. */
  readonly told: Extent
  /** The pongs that were sent. */
  readonly pongs: Extent
  #facts: StreamFacts | undefined

  constructor(stream: Stream, peer: PeerName, ours: Outcome, theirs: Outcome) {
    this.stream = stream
    this.peer = peer
    this.ours = ours
    this.theirs = theirs
    this.told = this.#extentOfTold()
    this.pongs = theirs.answers === undefined ? 'same' : extent(ours.answers!.pongs, theirs.answers.pongs, isSameBytes)
  }

  get agrees(): boolean {
    const { ours, theirs } = this
    return (
      this.told === 'same' &&
      this.pongs === 'same' &&
      (theirs.answers === undefined || ours.answers!.closeCode === theirs.answers.closeCode) &&
      ours.verdict === theirs.verdict &&
      ours.code === theirs.code &&
      (ours.verdict !== 'closed' || ours.reason === theirs.reason) &&
      (ours.verdict !== 'failed' || !this.tellsWhere || this.ourFrame === this.theirFrame)
    )
  }

  /** What is the same in all streams about which both disagree in the same way. */
  get signature(): string {
    const { peer, ours, theirs, told, pongs } = this
    const frames = this.ourFrame === this.theirFrame ? 'same frame' : 'other frame'
    const compression = this.stream.deflate === undefined ? '' : ', compressed'
    const facts = `told: ${told}, pongs: ${pongs}, ${frames}${compression}`
    return `${kindOf(ours)} / ${peer}: ${kindOf(theirs)}, ${facts}`
  }

  get facts(): StreamFacts {
    this.#facts ??= new StreamFacts(this.stream)
    return this.#facts
  }

  get frames(): readonly Frame[] {
    return this.facts.frames
  }

  /** The frame in which our verdict fell; one after the last where it is still open. */
  get ourFrame(): number {
    return this.facts.indexOf(this.ours.at)
  }

  get theirFrame(): number {
    return this.facts.indexOf(this.theirs.at)
  }

  /** Whether the peer reads on while messages are inflated. */
  get isOvertaking(): boolean {
    return this.peer === 'websocket-driver' && this.stream.deflate !== undefined
  }

  /** Whether the peer says where it was when it found something out, and was there because of it. */
  get tellsWhere(): boolean {
    return this.peer !== 'websockets' && !this.isOvertaking
  }

  #extentOfTold(): Extent {
    const { ours, theirs } = this
    if (!this.isOvertaking) return extent(ours.told, theirs.told, this.#isSameTold)
    const messages = extent(ours.told.filter(isMessage), theirs.told.filter(isMessage), this.#isSameTold)
    const control = extent(ours.told.filter(isControl), theirs.told.filter(isControl), this.#isSameTold)
    if (messages === 'same' || messages === control) return control
    return control === 'same' ? messages : 'different'
  }

  /** `websocket-driver` tells control frames as text, whatever they hold. */
  readonly #isSameTold = (our: Told, their: Told): boolean => {
    if (our.kind !== their.kind) return false
    if (isSameBytes(our.payload, their.payload)) return true
    return this.peer === 'websocket-driver' && isControl(our) && lossyText(our.payload) === lossyText(their.payload)
  }
}

function extent<Item>(
  ours: readonly Item[],
  theirs: readonly Item[],
  isSame: (our: Item, their: Item) => boolean,
): Extent {
  const both = Math.min(ours.length, theirs.length)
  for (let i = 0; i < both; i++) if (!isSame(ours[i]!, theirs[i]!)) return 'different'
  if (ours.length === theirs.length) return 'same'
  return ours.length > both ? 'ours goes on' : 'theirs goes on'
}

function kindOf({ verdict, code, error }: Outcome): string {
  return verdict === 'failed' ? `failed ${code} ${error.replaceAll(/\d+/g, 'n')}` : verdict
}

function isControl({ kind }: Told): boolean {
  return kind === 'ping' || kind === 'pong'
}

export function isMessage(told: Told): boolean {
  return !isControl(told)
}

function lossyText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
