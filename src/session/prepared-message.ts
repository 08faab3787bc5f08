// A message that many sessions send: encoded once, and transformed once for all sessions of the same agreement.

import { joinBytes } from '../codec/join-bytes.ts'
import { checkNames } from '../codec/options.ts'
import { type BytesLike, viewBytes } from '../codec/payload-bytes.ts'
import { encodeText } from '../codec/text.ts'
import type { MessageTransform, OutgoingMessage } from '../extension/index.ts'
import { Encoding } from './encoding.ts'
import type { MessageType } from './event.ts'

/** How a message is prepared. */
export interface PrepareOptions {
  /** Whether it is compressed where that was agreed on; without it, its length decides. */
  readonly compress?: boolean | undefined
}

/** A message to send to many, made by {@link prepareMessage}. */
export class PreparedMessage {
  readonly type: MessageType
  /** @internal */
  readonly payload: Uint8Array
  /** @internal What transforms are told of it. */
  readonly outgoing: OutgoingMessage
  readonly #encodings = new Map<string, SharedEncoding>()

  /** @internal */
  constructor(type: MessageType, payload: Uint8Array, compress: boolean | undefined) {
    this.type = type
    this.payload = payload
    this.outgoing = { type, payloadBytes: payload.length, compress }
  }

  /** @internal What transforms with this key make of it; the first who asks says how. */
  encodingFor(key: string, create: () => MessageTransform): SharedEncoding {
    const existing = this.#encodings.get(key)
    if (existing !== undefined) return existing
    const encoding = new SharedEncoding(create, this.payload)
    this.#encodings.set(key, encoding)
    return encoding
  }
}

/** What one kind of session sends of a prepared message. */
export class SharedEncoding {
  readonly #create: () => MessageTransform
  readonly #source: Uint8Array
  #transform: MessageTransform | undefined
  #encoding: Encoding | undefined
  #pieces: Uint8Array[] = []
  #result: Uint8Array | undefined
  #waiting = 0

  constructor(create: () => MessageTransform, source: Uint8Array) {
    this.#create = create
    this.#source = source
  }

  /** Whether somebody is at it. */
  get isBegun(): boolean {
    return this.#encoding !== undefined
  }

  /** What came out, once it is through. */
  get result(): Uint8Array | undefined {
    return this.#result
  }

  /** Somebody waits for it. */
  join(): void {
    this.#waiting++
  }

  /** Somebody waits no longer. When nobody does, what is half done is let go of. */
  leave(): void {
    this.#waiting--
    if (this.#waiting === 0) this.#release()
  }

  /** Works on about `workBytes` bytes, for all that wait for it. @returns how many bytes that were. */
  work(workBytes: number): number {
    this.#transform ??= this.#create()
    this.#encoding ??= new Encoding(this.#transform, this.#source, 'message')
    const before = this.#encoding.remainingBytes
    const piece = this.#encoding.work(workBytes)
    const worked = before - this.#encoding.remainingBytes + piece.length
    this.#pieces.push(piece)
    if (this.#encoding.isDone) {
      this.#result = joinBytes(this.#pieces)
      this.#release()
    }
    return worked
  }

  #release(): void {
    this.#transform?.close()
    this.#transform = undefined
    this.#encoding = undefined
    this.#pieces = []
  }
}

/**
 * Prepares a message: text from a string, binary from bytes, which are copied. Any number of sessions can send it, with
 * `sendPrepared`, and any number of connections, with `send`. It is compressed at most once for each agreement.
 *
 * @throws TypeError for data or options that are wrong.
 */
export function prepareMessage(data: string | BytesLike, options: PrepareOptions = {}): PreparedMessage {
  checkNames('options', options, ['compress'])
  const { compress } = { ...options } // the caller's own; no prototype's
  if (compress !== undefined && typeof compress !== 'boolean') {
    throw new TypeError(`options.compress is a ${typeof compress}, not a boolean`)
  }
  if (typeof data === 'string') return new PreparedMessage('text', encodeText(data), compress)
  const bytes = viewBytes(data)
  if (bytes === undefined) throw new TypeError('Cannot prepare a message: it is neither a string nor bytes')
  return new PreparedMessage('binary', bytes.slice(), compress)
}
