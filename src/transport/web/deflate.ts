// DEFLATE in JavaScript, for runtimes that have none that can be driven step by step: zlib's own functions, as pako has
// them. It takes four to eight times as long as native code, and otherwise does the same.

import {
  Z_BLOCK,
  Z_BUF_ERROR,
  Z_DATA_ERROR,
  Z_DEFAULT_STRATEGY,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  Z_SYNC_FLUSH,
  ZStream,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateReset,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako'
import { DeflateDataError, type DeflatePort, type DeflateStream } from '../../extension/index.ts'

const FLUSH = { none: Z_NO_FLUSH, sync: Z_SYNC_FLUSH, block: Z_BLOCK } as const

const DEFLATED = 8 // the only method that zlib has

// Three bytes in a hash, as in zlib itself. With four, which is what pako does by default, the table is never smaller
// than 64 KiB, whatever the memory level, and what was in the window before a reset changes what is written.
const HASH_OF_THREE_BYTES = true

const EMPTY = new Uint8Array(0)

/** What differs between the directions. */
interface Direction {
  readonly step: typeof zlibDeflate
  readonly reset: typeof zlibDeflateReset
}

const DEFLATE: Direction = { step: zlibDeflate, reset: zlibDeflateReset }
const INFLATE: Direction = { step: zlibInflate, reset: zlibInflateReset }

class PortableDeflateStream implements DeflateStream {
  consumed = 0
  produced = 0
  readonly #direction: Direction
  #stream: ZStream | undefined

  constructor(stream: ZStream, direction: Direction) {
    this.#stream = stream
    this.#direction = direction
  }

  step(flush: keyof typeof FLUSH, input: Uint8Array, start: number, end: number, output: Uint8Array, at: number): void {
    const stream = this.#open()
    const room = output.length - at
    if (!(start >= 0 && start <= end && end <= input.length && at >= 0 && room >= 0)) {
      throw new RangeError(`Cannot step: ${start} to ${end} of ${input.length}, ${at} of ${output.length}`)
    }
    this.consumed = 0
    this.produced = 0
    if (room === 0) return
    stream.input = input
    stream.next_in = start
    stream.avail_in = end - start
    stream.output = output as Uint8Array<ArrayBuffer>
    stream.next_out = at
    stream.avail_out = room
    const status = this.#direction.step(stream, FLUSH[flush])
    stream.input = EMPTY
    stream.output = EMPTY
    // "Buffer error" says that there was nothing to do.
    if (status !== Z_OK && status !== Z_STREAM_END && status !== Z_BUF_ERROR) {
      throw status === Z_DATA_ERROR ? new DeflateDataError(stream.msg) : new Error(`DEFLATE failed: ${status}`)
    }
    this.consumed = end - start - stream.avail_in
    this.produced = room - stream.avail_out
  }

  reset(): void {
    this.#direction.reset(this.#open())
  }

  close(): void {
    this.#stream = undefined
  }

  #open(): ZStream {
    if (this.#stream === undefined) throw new Error('The stream is closed')
    return this.#stream
  }
}

export const portableDeflate: DeflatePort = {
  createDeflater({ windowBits, memoryLevel, compressionLevel }) {
    const stream = new ZStream()
    // A negative number of bits: no header and no checksum around the data.
    const bits = -windowBits
    check(
      zlibDeflateInit2(stream, compressionLevel, DEFLATED, bits, memoryLevel, Z_DEFAULT_STRATEGY, HASH_OF_THREE_BYTES),
    )
    return new PortableDeflateStream(stream, DEFLATE)
  },

  createInflater(windowBits) {
    const stream = new ZStream()
    check(zlibInflateInit2(stream, -windowBits))
    return new PortableDeflateStream(stream, INFLATE)
  },
}

function check(status: number): void {
  if (status !== Z_OK) throw new RangeError('Cannot create a DEFLATE stream: an option is out of range')
}
