// What readers of a connection are given: whole messages, and messages in pieces.

import { decodeText, type WebSocketError } from '../codec/index.ts'
import type { FragmentEvent, MessageType } from '../session/index.ts'

/** A message as an application sees it: text as a string, binary as bytes of its own. */
export type Message = string | Uint8Array

/** A message in pieces, in the order in which they arrived; text pieces end on code points. */
export type MessagePieces =
  | ({ readonly type: 'text' } & AsyncIterable<string>)
  | ({ readonly type: 'binary' } & AsyncIterable<Uint8Array>)

/** What a reader has taken, or waits for: a whole message, or a piece of one. */
export type Delivered = Message | FragmentEvent

// What a message that waits to be read costs beside its payload, about: without it, empty messages would cost nothing.
const MESSAGE_OVERHEAD_BYTES = 64

/** One message that is read in pieces. */
export class MessageReader implements AsyncIterable<Message> {
  readonly type: MessageType
  #first: Delivered | undefined
  readonly #read: () => Promise<Delivered | undefined>
  readonly #cutOff: () => WebSocketError
  #latest: Promise<Delivered | undefined> = Promise.resolve(undefined)
  #ended = false
  #isCutOff = false

  constructor(first: Delivered, read: () => Promise<Delivered | undefined>, cutOff: () => WebSocketError) {
    this.type = isPiece(first) ? first.type : typeof first === 'string' ? 'text' : 'binary'
    this.#first = first
    this.#read = read
    this.#cutOff = cutOff
  }

  /** Reads what is left of the message and throws it away. */
  async skip(): Promise<void> {
    while (!this.#ended) await this.#next()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, undefined, undefined> {
    while (!this.#ended) {
      const piece = await this.#next()
      if (piece !== undefined) yield toMessage(piece)
      else if (this.#isCutOff) throw this.#cutOff()
    }
  }

  /** The next piece; `undefined` when there is none. One after another, so that nobody takes one of the next message. */
  #next(): Promise<Delivered | undefined> {
    this.#latest = this.#latest.then(() => (this.#ended ? undefined : this.#take()))
    return this.#latest
  }

  async #take(): Promise<Delivered | undefined> {
    const piece = this.#first ?? (await this.#read())
    this.#first = undefined
    this.#isCutOff = piece === undefined
    this.#ended = piece === undefined || !isPiece(piece) || piece.final
    return piece
  }
}

/** Whether this is a piece of a message, and not a whole one. */
export function isPiece(delivered: Delivered): delivered is FragmentEvent {
  return typeof delivered === 'object' && 'kind' in delivered
}

/** What the application gets to see of it. */
export function toMessage(delivered: Delivered): Message {
  if (!isPiece(delivered)) return delivered
  return delivered.type === 'text' ? decodeText(delivered.payload) : delivered.payload
}

/** What it costs to let it wait, in bytes. */
export function costOf(delivered: Delivered): number {
  return MESSAGE_OVERHEAD_BYTES + (isPiece(delivered) ? delivered.payload.length : delivered.length)
}
