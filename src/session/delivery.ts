// How the payload of data frames reaches the application: whole messages, pieces that end on code points, or pieces
// as they arrived. The receiver has checked everything by then; here it only changes shape.

import { joinBytes } from '../codec/join-bytes.ts'
import { heldUtf8Bytes } from '../codec/utf8.ts'
import type { FragmentEvent, MessageEvent, MessageType } from './event.ts'
import { ShortBytes } from './short-bytes.ts'

/**
 * `message`: whole messages, bounded by `maxMessageBytes`. `fragment`: pieces as they arrive, in constant memory, text
 * always ending on a code point; short ones that wait to be asked for may be joined. `raw`: the same, none held back, empty frames included; text may end
 * inside a code point.
 */
export type DeliveryMode = 'message' | 'fragment' | 'raw'

/** A run of payload bytes of one data frame, unmasked and checked. */
export interface Piece {
  type: MessageType
  reservedBits: number
  /** The bytes are those from `start` to `end`. */
  bytes: Uint8Array
  /** Whether the memory is ours to give away. */
  owned: boolean
  start: number
  end: number
  /** Bytes of the frame that are still to come. */
  frameRemaining: number
  /** Whether the message ends with this piece. */
  final: boolean
  /** The UTF-8 state after this piece; the boundary for binary and unchecked text. */
  utf8State: number
}

export interface Delivery {
  /** Largest message that is delivered this way. */
  readonly maxMessageBytes: number
  /** Whether messages are handed over whole: one that lies in one piece, as a view of it. */
  readonly isWhole: boolean
  /** Takes a piece; what is to be kept of it is copied. @returns an event when there is something to tell. */
  take(piece: Piece): MessageEvent | FragmentEvent | undefined
}

const EMPTY = new Uint8Array(0)

// Up to this size the memory that a header announces is taken at once; beyond, memory follows what was received.
const TRUSTED_LENGTH_BYTES = 65_536

/**
 * Joins pieces to whole messages. A message that arrives in one piece is a view; others are copied once, as they come.
 * Pieces that are ours are kept as they are, the short ones of them side by side, and joined at the end: what is never
 * completed never takes more memory than twice its bytes and a block.
 */
export class MessageDelivery implements Delivery {
  readonly maxMessageBytes: number
  #memory = EMPTY
  #held = 0
  #ownPieces: Uint8Array[] = []
  #shortPieces: ShortBytes | undefined

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes
  }

  get isWhole(): boolean {
    return true
  }

  take(piece: Piece): MessageEvent | undefined {
    if (piece.owned) return this.#takeOwn(piece)
    if (this.#held === 0 && piece.final) {
      return pieceMessage(piece, piece.bytes.subarray(piece.start, piece.end), false)
    }
    this.#append(piece)
    if (!piece.final) return undefined
    const payload = this.#memory.subarray(0, this.#held)
    this.#memory = EMPTY
    this.#held = 0
    return pieceMessage(piece, payload, true)
  }

  #takeOwn(piece: Piece): MessageEvent | undefined {
    const bytes = piece.bytes.subarray(piece.start, piece.end)
    const pieces = this.#ownPieces
    if (pieces.length === 0 && piece.final) return pieceMessage(piece, bytes, true)
    this.#shortPieces ??= new ShortBytes()
    if (!this.#shortPieces.append(pieces, bytes)) pieces.push(bytes)
    if (!piece.final) return undefined
    this.#ownPieces = []
    this.#shortPieces = undefined
    // Short ones that lie side by side are one piece, of memory that is more than theirs.
    return pieceMessage(piece, pieces.length === 1 ? pieces[0]!.slice() : joinBytes(pieces), true)
  }

  #append(piece: Piece): void {
    const needed = this.#held + piece.end - piece.start
    if (needed > this.#memory.length) {
      const announced = needed + piece.frameRemaining
      const trusted = Math.min(announced, Math.max(TRUSTED_LENGTH_BYTES, 2 * needed))
      // Doubling keeps a message of many small fragments from being copied for each of them.
      const grown = new Uint8Array(Math.max(trusted, 2 * this.#memory.length))
      grown.set(this.#memory.subarray(0, this.#held))
      this.#memory = grown
    }
    this.#memory.set(piece.bytes.subarray(piece.start, piece.end), this.#held)
    this.#held = needed
  }
}

/** Hands pieces on, holding back the at most three bytes of a code point that is not complete. */
export class FragmentDelivery implements Delivery {
  readonly maxMessageBytes: number
  readonly #held = new Uint8Array(3)
  #heldLength = 0

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes
  }

  get isWhole(): boolean {
    return false
  }

  take(piece: Piece): FragmentEvent | undefined {
    const keep = heldUtf8Bytes(piece.utf8State)
    const arrived = piece.end - piece.start
    const length = this.#heldLength + arrived - keep
    let payload: Uint8Array
    if (this.#heldLength === 0) {
      payload = piece.bytes.subarray(piece.start, piece.end - keep)
    } else if (length === 0) {
      payload = EMPTY // the piece lies within the code point that is held back
    } else {
      payload = new Uint8Array(length)
      payload.set(this.#held.subarray(0, this.#heldLength))
      payload.set(piece.bytes.subarray(piece.start, piece.end - keep), this.#heldLength)
    }
    const from = length === 0 ? this.#heldLength : 0
    for (let i = from; i < keep; i++) this.#held[i] = piece.bytes[piece.end - keep + i]!
    this.#heldLength = keep
    return payload.length === 0 && !piece.final ? undefined : fragmentEvent(piece, payload)
  }
}

/** Hands pieces on as they are. */
export class RawDelivery implements Delivery {
  readonly maxMessageBytes: number

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes
  }

  get isWhole(): boolean {
    return false
  }

  take(piece: Piece): FragmentEvent {
    return fragmentEvent(piece, piece.bytes.subarray(piece.start, piece.end))
  }
}

export function createDelivery(mode: DeliveryMode, maxMessageBytes: number): Delivery {
  if (mode === 'message') return new MessageDelivery(maxMessageBytes)
  return mode === 'fragment' ? new FragmentDelivery(maxMessageBytes) : new RawDelivery(maxMessageBytes)
}

/** All events of whole messages are made here, so that they have one shape. */
export function messageEvent(
  type: MessageType,
  payload: Uint8Array,
  owned: boolean,
  reservedBits: number,
): MessageEvent {
  return { kind: 'message', type, payload, owned, reservedBits }
}

/** Those that carry a string, too. */
export function textEvent(text: string): MessageEvent {
  return { kind: 'message', type: 'text', payload: EMPTY, owned: true, reservedBits: 0, text }
}

function pieceMessage({ type, reservedBits }: Piece, payload: Uint8Array, owned: boolean): MessageEvent {
  return messageEvent(type, payload, owned, reservedBits)
}

function fragmentEvent(piece: Piece, payload: Uint8Array): FragmentEvent {
  const { type, final, reservedBits } = piece
  return { kind: 'fragment', type, payload, final, endOfFrame: piece.frameRemaining === 0, reservedBits }
}
