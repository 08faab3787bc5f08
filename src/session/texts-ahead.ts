// Short texts that lie frame behind frame in one chunk, decoded ahead of their frames: one call of the platform for many of
// them, whose cost does not depend on how much it is given. The chunk stays as it is, so that what was decoded ahead can
// be forgotten at any time.

import { readInt32 } from '../codec/frame-header.ts'
import { MemoryView, maskWordsAcross, NOT_ASCII } from '../codec/mask.ts'
import { Opcode } from '../codec/opcode.ts'
import { platformPort } from '../codec/platform-port.ts'

// A text keeps those in memory that were decoded with it, for as long as it is kept itself. More than this at once gains
// little: of a call's 90 ns, eight texts of 125 bytes bear 11 each. The shortest texts have a way of their own, so that none
// keeps sixty times its size.
const MOST_BYTES = 1_024

/** The first byte of a whole text to which no extension has done anything: FIN, and the opcode. */
export const WHOLE_TEXT = 0x80 | Opcode.text

/** The longest text that is decoded ahead. */
export const MOST_AHEAD_BYTES = 125 // in a header of two bytes

let scratch: MemoryView | undefined

export class TextsAhead {
  #text = ''
  #from = 0 // the place in the chunk of its first character
  #end = 0 // behind the last frame that was decoded
  #isUseful = true

  /** Forgets everything: there is another chunk. */
  clear(): void {
    this.#text = ''
    this.#end = 0
    this.#isUseful = true
  }

  /**
   * The text of the payload from `start` to `end`, that of a whole message; `undefined` when it is not ASCII, or to decode
   * it alone costs no more.
   *
   * @param view The chunk, in which the frame with this header of `headerBytes` bytes lies.
   */
  take(view: MemoryView, chunk: Uint8Array, start: number, end: number, headerBytes: number): string | undefined {
    if (end > this.#end && !this.#decode(view, chunk, start - headerBytes, headerBytes, end)) return undefined
    return this.#text.slice(start - this.#from, end - this.#from)
  }

  /** Decodes the texts from the frame at `at` on, if they are two at least. */
  #decode(view: MemoryView, chunk: Uint8Array, at: number, headerBytes: number, nextFrame: number): boolean {
    if (!this.#isUseful || platformPort === undefined || chunk[nextFrame] !== WHOLE_TEXT) return false
    scratch ??= new MemoryView(new Uint8Array(MOST_BYTES))
    const maskBit = headerBytes === 2 ? 0 : 0x80
    const from = at - ((view.lead + at) & 7) // what lies side by side here does so there
    const limit = Math.min(chunk.length, from + MOST_BYTES)
    let next = at
    let frames = 0
    while (next + headerBytes <= limit && chunk[next] === WHOLE_TEXT) {
      const length = chunk[next + 1]! ^ maskBit
      const start = next + headerBytes
      const end = start + length
      if (length > MOST_AHEAD_BYTES || end > limit) break
      const key = maskBit === 0 ? 0 : readInt32(chunk, next + 2)
      if ((maskWordsAcross(scratch, start - from, view, start, end, key) & NOT_ASCII) !== 0) break
      next = end
      frames++
    }
    this.#isUseful = frames > 1
    if (!this.#isUseful) return false
    this.#text = platformPort.latin1(scratch.bytes, 0, next - from)
    this.#from = from
    this.#end = next
    return true
  }
}
