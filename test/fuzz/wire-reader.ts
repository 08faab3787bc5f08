// What an endpoint sends, read as strictly as RFC 6455 allows and apart from the code under test: anything that no endpoint
// may send is a property that does not hold.

import { isUtf8 } from 'node:buffer'
import { concat, mayTravelByRfc } from '../support/wire.ts'
import { holds } from './property.ts'

export interface WireMessage {
  readonly type: 'text' | 'binary'
  readonly payload: Uint8Array
  /** Whether its first frame has reserved bits: what it means is an extension's affair. */
  readonly marked: boolean
}

const CLOSE = 8
const CONTINUATION = 0
const NO_BYTES: Uint8Array = new Uint8Array(0)

export class WireReader {
  readonly #masked: boolean
  readonly #reservedBits: number
  readonly #checksText: boolean
  #held = NO_BYTES
  #fragments: Uint8Array[] | undefined
  #firstByte = 0
  /** Messages that were complete, in order. */
  readonly messages: WireMessage[] = []
  /** Pongs that were sent, by their payloads. */
  readonly pongs: Uint8Array[] = []
  /** Frames that were complete. */
  frames = 0
  /** The payload of the Close frame, once it was sent. */
  close: Uint8Array | undefined

  /** @param reservedBits What the first frame of a message may be marked with. */
  constructor(sender: 'client' | 'server', reservedBits = 0, { checksText = true } = {}) {
    this.#masked = sender === 'client'
    this.#checksText = checksText
    this.#reservedBits = reservedBits
  }

  /** Whether a frame has begun and not ended. */
  get isMidFrame(): boolean {
    return this.#held.length > 0
  }

  /** Whether a message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.#fragments !== undefined
  }

  /** What follows a Close frame is nobody's concern (RFC 6455 §1.4). Borrows the bytes. */
  readToClose(bytes: Uint8Array): void {
    let rest = bytes
    while (this.close === undefined) {
      const size = this.#readFrame(rest)
      rest = rest.subarray(size)
      if (size === 0) break
    }
    this.#held = rest
  }

  /** Borrows the bytes. */
  read(...vectors: readonly Uint8Array[]): void {
    if (vectors.length === 0) return
    let bytes: Uint8Array = concat(this.#held, ...vectors)
    for (;;) {
      const size = this.#readFrame(bytes)
      if (size === 0) break
      bytes = bytes.subarray(size)
    }
    this.#held = bytes
  }

  /** @returns how long the frame is; 0 when it is not complete. */
  #readFrame(bytes: Uint8Array): number {
    if (bytes.length < 2) return 0
    const first = bytes[0]!
    const second = bytes[1]!
    this.#checkFirstByte(first, second & 0x7f)
    holds(second > 0x7f === this.#masked, 'A client masks its frames, and a server does not (RFC 6455 §5.1)')
    const code = second & 0x7f
    const lengthEnd = code === 126 ? 4 : code === 127 ? 10 : 2
    const start = lengthEnd + (this.#masked ? 4 : 0)
    if (bytes.length < start) return 0
    const length = code < 126 ? code : lengthOf(bytes.subarray(2, lengthEnd))
    holds(code < 126 || length > (code === 126 ? 125 : 65_535), 'A length is in its shortest form (RFC 6455 §5.2)')
    if (bytes.length < start + length) return 0
    const payload = bytes.slice(start, start + length)
    if (this.#masked) unmask(payload, bytes.subarray(lengthEnd, start))
    this.frames++
    this.#readPayload(first, payload)
    return start + length
  }

  #checkFirstByte(first: number, lengthCode: number): void {
    const opcode = first % 16
    const isFin = first > 0x7f
    const marks = (first >> 4) & 0b111
    holds(opcode <= 2 || (opcode >= 8 && opcode <= 10), 'The opcode is one of RFC 6455 §5.2')
    if (opcode >= 8) {
      holds(isFin && lengthCode <= 125 && marks === 0, 'A control frame is short, whole and not marked (RFC 6455 §5.5)')
      holds(opcode !== CLOSE || this.close === undefined, 'One Close frame is sent')
      return
    }
    holds(this.close === undefined, 'No data frame comes behind a Close frame (RFC 6455 §5.5.1)')
    holds((opcode === CONTINUATION) === (this.#fragments !== undefined), 'Fragments follow each other (RFC 6455 §5.4)')
    const allowed = opcode === CONTINUATION ? 0 : this.#reservedBits
    holds((marks & ~allowed) === 0, 'Reserved bits are those of an extension, on first frames (RFC 6455 §5.2)')
  }

  #readPayload(first: number, payload: Uint8Array): void {
    const opcode = first % 16
    if (opcode === CLOSE) {
      holds(payload.length !== 1, 'A Close frame has a whole code (RFC 6455 §5.5.1)')
      if (payload.length > 0) holds(mayTravelByRfc(payload[0]! * 256 + payload[1]!), 'A close code may be sent (§7.4)')
      holds(isUtf8(payload.subarray(2)), 'A close reason is UTF-8 (RFC 6455 §5.5.1)')
      this.close = payload
    } else if (opcode === 10) {
      this.pongs.push(payload)
    } else if (opcode < 8) {
      if (opcode !== CONTINUATION) this.#firstByte = first
      this.#fragments ??= []
      this.#fragments.push(payload)
      if (first > 0x7f) this.#endMessage(concat(...this.#fragments))
    }
  }

  #endMessage(payload: Uint8Array): void {
    this.#fragments = undefined
    const marked = (this.#firstByte & 0x70) !== 0
    const type = this.#firstByte % 16 === 1 ? 'text' : 'binary'
    holds(!this.#checksText || type === 'binary' || marked || isUtf8(payload), 'Text is UTF-8 (RFC 6455 §5.6)')
    this.messages.push({ type, payload, marked })
  }
}

function unmask(payload: Uint8Array, key: Uint8Array): void {
  for (let i = 0; i < payload.length; i++) payload[i]! ^= key[i & 3]!
}

function lengthOf(bytes: Uint8Array): number {
  return bytes.reduce((length, byte) => length * 256 + byte, 0)
}
