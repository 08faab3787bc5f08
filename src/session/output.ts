// Where frames become bytes: small ones side by side in one shared block, so that a thousand of them leave as one
// vector; the payload of large ones by reference. What a frame says is decided in `send.ts`.

import { frameHeaderSize, MAX_FRAME_HEADER_BYTES, writeHeaderBytes } from '../codec/frame-header.ts'
import { MemoryView, maskInto, NOT_ASCII, seenBytes } from '../codec/mask.ts'
import { byteLengthOf, isFixedMemory } from '../codec/payload-bytes.ts'
import { encodeText, isValidText, writeText } from '../codec/text.ts'

/** Takes frames, in order. The first byte is that of the frame header: FIN, reserved bits and opcode. */
export interface FrameWriter {
  /** Writes a whole frame. `payload` is a plain view, borrowed or kept as the writer says. */
  writeFrame(firstByte: number, payload: Uint8Array, maskingKey: number | undefined): void
  /** Writes a whole frame whose payload is the UTF-8 of `text`. @returns how many bytes that are. */
  writeTextFrame(firstByte: number, text: string, maskingKey: number | undefined): number
  /**
   * Writes a whole frame whose payload is small and UTF-8, if it is. Where this is missing, `writeFrame` does.
   *
   * @returns whether it is; else nothing was written and no masking key drawn.
   */
  writeValidFrame?(firstByte: number, payload: Uint8Array, nextMaskingKey: (() => number) | undefined): boolean
  /**
   * Writes whole frames of texts of at most 125 UTF-16 units, if all of them are ASCII. Asked for what is sent with
   * `Session.sendWhole` only, which a writer that has no such thing is never given.
   *
   * @returns how many bytes of payload that are; -1 if they are not, and nothing was written.
   */
  writeShortTextFrames?(firstByte: number, texts: readonly string[]): number
  /** Writes a header whose payload follows in pieces. */
  writeHeader(firstByte: number, payloadLength: number, maskingKey: number | undefined): void
  /** Writes a piece of the payload of the header written last, `phase` bytes of which went before. */
  writePiece(payload: Uint8Array, maskingKey: number | undefined, phase: number): void
}

// One block serves all sessions: what is written is never moved or changed, so a part of it can travel while the rest
// is being filled.
const BLOCK_BYTES = 65_536

// Any part of a block keeps all of it in memory. An output that still waits when the next block is begun is copied out of
// the last one unless it fills a good part of it: a slow connection among busy ones holds at most four times its own
// bytes, and one block.
const LEAST_KEPT_BYTES = BLOCK_BYTES / 4

// A copy of this much costs about what another vector costs in a write; below, frames are worth joining.
export const COPIED_PAYLOAD_BYTES = 4_096

/**
 * How much room text in the block may need, of one message or of several together. Text has to be written somewhere: up to
 * this size the block is cheaper than memory of its own, which costs 5 µs and more.
 */
export const MOST_TEXT_BYTES = BLOCK_BYTES / 4

const HEADER_PLACE = '\0\0'

const NO_BLOCK = new Uint8Array(0)

let block = NO_BLOCK
let blockView = new MemoryView(NO_BLOCK)
let blockBuffer = NO_BLOCK.buffer // asked for once: it costs as much as a view
let blockUsed = 0

/** A payload that is sent from where it lies, and the length that its header promises. */
interface Reference {
  readonly view: Uint8Array
  readonly byteLength: number
}

export class OutputVectors implements FrameWriter {
  #vectors: Uint8Array[] = []
  #references: Reference[] = []
  // The run of small frames at the end of the output, not yet a vector.
  #run: Uint8Array = NO_BLOCK
  #runStart = 0
  #runEnd = 0
  #blockFrom = 0 // the first vector that may lie in the block of that run
  #bytes = 0

  /** Bytes that were written and not yet taken. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Small payloads are copied, of any subclass. Large ones are kept, as the plain views that they are, and must not change
   * until they were sent.
   */
  writeFrame(firstByte: number, payload: Uint8Array, maskingKey: number | undefined): void {
    const length = byteLengthOf(payload)
    if (length > COPIED_PAYLOAD_BYTES) {
      const body = this.#keep(payload, maskingKey, 0) // before the header: for want of memory it may fail
      this.writeHeader(firstByte, length, maskingKey)
      this.#push(body)
      return
    }
    const at = this.#reserve(frameHeaderSize(length, maskingKey !== undefined) + length)
    const payloadAt = writeHeaderBytes(block, at, firstByte, length, maskingKey)
    copyPayload(block, payloadAt, payload, maskingKey, 0)
    this.#commit(payloadAt + length)
  }

  /** What is checked is the copy, which nobody else can change, and which is seen as words already. */
  writeValidFrame(firstByte: number, payload: Uint8Array, nextMaskingKey: (() => number) | undefined): boolean {
    const length = byteLengthOf(payload)
    const headerBytes = frameHeaderSize(length, nextMaskingKey !== undefined)
    const at = this.#reserve(headerBytes + length)
    const payloadAt = at + headerBytes
    const end = payloadAt + length
    block.set(payload, payloadAt)
    if ((seenBytes(blockView, payloadAt, end) & NOT_ASCII) !== 0 && !isValidText(block, payloadAt, end)) return false
    const maskingKey = nextMaskingKey?.()
    writeHeaderBytes(block, at, firstByte, length, maskingKey)
    if (maskingKey !== undefined) maskInto(block, payloadAt, block, payloadAt, end, maskingKey, 0)
    this.#commit(end)
    return true
  }

  writeTextFrame(firstByte: number, text: string, maskingKey: number | undefined): number {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (text.length * 3 > MOST_TEXT_BYTES) {
      const payload = encodeText(text)
      this.#writeOwnFrame(firstByte, payload, maskingKey)
      return payload.length
    }
    const at = this.#reserve(MAX_FRAME_HEADER_BYTES + text.length * 3)
    const masked = maskingKey !== undefined
    const guess = at + frameHeaderSize(text.length, masked)
    const length = writeText(block, guess, text)
    const payloadAt = at + frameHeaderSize(length, masked)
    if (payloadAt !== guess) block.copyWithin(payloadAt, guess, guess + length)
    writeHeaderBytes(block, at, firstByte, length, maskingKey)
    if (masked) maskInto(block, payloadAt, block, payloadAt, payloadAt + length, maskingKey, 0)
    this.#commit(payloadAt + length)
    return length
  }

  /**
   * As one text, with two characters in the place of each header. Of that as many bytes come as there are characters, or it
   * is not ASCII. Eight texts of 125 bytes take half the time that they take one by one.
   */
  writeShortTextFrames(firstByte: number, texts: readonly string[]): number {
    let all = ''
    for (const text of texts) all += HEADER_PLACE + text
    const start = this.#reserve(3 * all.length)
    const end = start + all.length
    if (writeText(block, start, all) !== all.length) return -1
    let at = start
    for (const { length } of texts) {
      writeHeaderBytes(block, at, firstByte, length, undefined)
      at += HEADER_PLACE.length + length
    }
    this.#commit(end)
    return all.length - HEADER_PLACE.length * texts.length
  }

  writeHeader(firstByte: number, payloadLength: number, maskingKey: number | undefined): void {
    const at = this.#reserve(MAX_FRAME_HEADER_BYTES)
    this.#commit(writeHeaderBytes(block, at, firstByte, payloadLength, maskingKey))
  }

  writePiece(payload: Uint8Array, maskingKey: number | undefined, phase: number): void {
    const length = payload.length
    if (length <= COPIED_PAYLOAD_BYTES) {
      const at = this.#reserve(length)
      copyPayload(block, at, payload, maskingKey, phase)
      this.#commit(at + length)
    } else {
      this.#push(this.#keep(payload, maskingKey, phase))
    }
  }

  /** Hands the output over, in order. @returns `undefined` when a payload that was kept has changed its size. */
  take(): Uint8Array[] | undefined {
    this.#endRun()
    const intact = this.#references.length === 0 || this.#references.every(isIntact)
    const vectors = this.#vectors
    this.clear()
    return intact ? vectors : undefined
  }

  /**
   * Takes back what `take` has given, once it has left and nobody looks at it any more: what is written next lies in the
   * same memory, which is at hand still. For who has seen to nothing else in between.
   *
   * With one message in each of a thousand writes, a block is done with after each and not after 65,536 bytes.
   */
  static release(vectors: readonly Uint8Array[]): void {
    const { buffer, byteOffset, byteLength } = vectors[vectors.length - 1]!
    if (buffer === blockBuffer && byteOffset + byteLength === blockUsed) blockUsed = byteOffset
  }

  /** Throws the output away. */
  clear(): void {
    this.#vectors = []
    if (this.#references.length > 0) this.#references = []
    this.#run = NO_BLOCK // an idle session must not hold on to a block
    this.#runStart = this.#runEnd
    this.#blockFrom = 0
    this.#bytes = 0
  }

  /**
   * A large payload as it will be sent: itself, or a copy. The application's bytes may not be masked where they lie, and
   * memory that others may write or shrink meanwhile may not be sent from where it lies.
   */
  #keep(payload: Uint8Array, maskingKey: number | undefined, phase: number): Uint8Array {
    if (maskingKey === undefined && isFixedMemory(payload)) {
      this.#references.push({ view: payload, byteLength: payload.length })
      return payload
    }
    const copy = new Uint8Array(payload.length)
    copyPayload(copy, 0, payload, maskingKey, phase)
    return copy
  }

  /** A frame whose payload is our own memory: it can be masked in place and sent from where it lies. */
  #writeOwnFrame(firstByte: number, payload: Uint8Array, maskingKey: number | undefined): void {
    this.writeHeader(firstByte, payload.length, maskingKey)
    if (maskingKey !== undefined) maskInto(payload, 0, payload, 0, payload.length, maskingKey, 0)
    this.#push(payload)
  }

  /** Makes room in the block. @returns where it begins; `#commit` says where what was written ends. */
  #reserve(size: number): number {
    if (block.length - blockUsed < size) {
      block = new Uint8Array(BLOCK_BYTES)
      blockView = new MemoryView(block)
      blockBuffer = block.buffer
      blockUsed = 0
    }
    // Other sessions write into the same block: only bytes that lie side by side are one vector.
    if (this.#run !== block || this.#runEnd !== blockUsed) {
      this.#endRun()
      if (this.#run !== block && this.#vectors.length > 0) this.#leaveBlock()
      this.#run = block
      this.#runStart = blockUsed
      this.#runEnd = blockUsed
    }
    return blockUsed
  }

  #commit(end: number): void {
    this.#bytes += end - blockUsed
    blockUsed = end
    this.#runEnd = end
  }

  #push(vector: Uint8Array): void {
    this.#endRun()
    this.#vectors.push(vector)
    this.#bytes += vector.length
  }

  #endRun(): void {
    const start = this.#runStart
    const end = this.#runEnd
    if (end === start) return
    this.#runStart = end
    const isCurrent = this.#run === block
    this.#vectors.push(isCurrent ? new Uint8Array(blockBuffer, start, end - start) : this.#run.subarray(start, end))
  }

  /** No more runs will be in the block of the last one; those that are there move out if they are too little for it. */
  #leaveBlock(): void {
    const { buffer } = this.#run
    const runs = this.#vectors.slice(this.#blockFrom).filter((vector) => vector.buffer === buffer)
    const length = runs.reduce((sum, run) => sum + run.length, 0)
    if (length > 0 && length < LEAST_KEPT_BYTES) {
      const own = new Uint8Array(length)
      let used = 0
      for (let i = this.#blockFrom; i < this.#vectors.length; i++) {
        const vector = this.#vectors[i]!
        if (vector.buffer !== buffer) continue
        own.set(vector, used)
        this.#vectors[i] = own.subarray(used, used + vector.length)
        used += vector.length
      }
    }
    this.#blockFrom = this.#vectors.length
  }
}

function isIntact({ view, byteLength }: Reference): boolean {
  return byteLengthOf(view) === byteLength
}

function copyPayload(
  target: Uint8Array,
  at: number,
  payload: Uint8Array,
  maskingKey: number | undefined,
  phase: number,
): void {
  target.set(payload, at) // nothing of its own is called: it may be of a class of the application's
  if (maskingKey !== undefined) maskInto(target, at, target, at, at + byteLengthOf(payload), maskingKey, phase)
}
