// DEFLATE by `node:zlib`, driven synchronously: the handle under each of its streams can do one bounded step into memory
// that is given. The handle is not documented, so it is tried out before it is used; where it is missing, or does not do
// what it must, the portable DEFLATE takes its place.

import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import {
  DeflateDataError,
  type DeflateFlush,
  type DeflatePort,
  type DeflateStream,
  deflateReader,
} from '../../extension/index.ts'
import { portableDeflate } from '../web/index.ts'

/** What is used of `node:zlib`. */
export interface ZlibStreams {
  createDeflateRaw(options: { windowBits: number; memLevel: number; level: number; chunkSize: number }): object
  createInflateRaw(options: { windowBits: number; chunkSize: number }): object
}

interface ZlibStream {
  readonly _handle: ZlibHandle
  /** Bytes of output room, and bytes of input, that the last step left. */
  readonly _writeState: Uint32Array
  close(): void
}

interface ZlibHandle {
  onerror: (message: string, errorNumber: number) => void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void
  reset(): void
}

const FLUSH: Record<DeflateFlush, number> = {
  none: constants.Z_NO_FLUSH,
  sync: constants.Z_SYNC_FLUSH,
  block: constants.Z_BLOCK,
}

// Every stream allocates a buffer of this size for its documented methods. It is never used; this is the least.
const CHUNK_BYTES = 64

class ZlibDeflateStream implements DeflateStream {
  consumed = 0
  produced = 0
  readonly #stream: ZlibStream
  readonly #left: Uint32Array
  // Kept apart from the stream, which forgets it when it is closed: a step on a closed handle ends the process.
  #handle: ZlibHandle | undefined
  #error: Error | undefined

  constructor(stream: ZlibStream) {
    this.#stream = stream
    this.#left = stream._writeState
    this.#handle = stream._handle
    this.#handle.onerror = (message, errorNumber) => {
      this.#error = errorNumber === constants.Z_DATA_ERROR ? new DeflateDataError(message) : new Error(message)
    }
  }

  step(flush: DeflateFlush, input: Uint8Array, start: number, end: number, output: Uint8Array, at: number): void {
    const handle = this.#open()
    const room = output.length - at
    // The handle ends the process instead.
    if (!(start >= 0 && start <= end && end <= input.length && at >= 0 && room >= 0)) {
      throw new RangeError(`Cannot step: ${start} to ${end} of ${input.length}, ${at} of ${output.length}`)
    }
    this.consumed = 0
    this.produced = 0
    if (room === 0) return
    handle.writeSync(FLUSH[flush], input, start, end - start, output, at, room)
    // What is left after an error differs between runtimes.
    this.#throwError()
    this.consumed = end - start - this.#left[1]!
    this.produced = room - this.#left[0]!
  }

  reset(): void {
    this.#open().reset()
    this.#throwError()
  }

  close(): void {
    this.#handle = undefined
    this.#stream.close()
  }

  #open(): ZlibHandle {
    if (this.#handle === undefined) throw new Error('The stream is closed')
    return this.#handle
  }

  #throwError(): void {
    const error = this.#error
    if (error === undefined) return
    this.#error = undefined
    throw error
  }
}

/** DEFLATE by zlib, or `undefined` where the handles of its streams are missing or do not do what they must. */
export function zlibDeflate(streams: ZlibStreams = { createDeflateRaw, createInflateRaw }): DeflatePort | undefined {
  const port: DeflatePort = {
    createDeflater({ windowBits, memoryLevel: memLevel, compressionLevel: level }) {
      // zlib would take a window of 512 bytes instead, which a peer that has 256 cannot read.
      if (windowBits === 8) throw new RangeError('Cannot deflate with a window of 8 bits, at least 9 are needed')
      const options = { windowBits, memLevel, level, chunkSize: CHUNK_BYTES }
      return new ZlibDeflateStream(streams.createDeflateRaw(options) as ZlibStream)
    },
    createInflater: (windowBits) =>
      new ZlibDeflateStream(streams.createInflateRaw({ windowBits, chunkSize: CHUNK_BYTES }) as ZlibStream),
  }
  return doesWhatItMust(port) ? port : undefined
}

/** One of two ports: zlib where it does what it must. It is tried out when the first stream is created. */
export function preferZlib(streams: ZlibStreams | undefined, portable: DeflatePort): DeflatePort {
  let chosen: DeflatePort | undefined
  const choose = (): DeflatePort => {
    chosen ??= zlibDeflate(streams) ?? portable
    return chosen
  }
  return {
    createDeflater: (options) => choose().createDeflater(options),
    createInflater: (windowBits) => choose().createInflater(windowBits),
  }
}

export const nodeDeflate: DeflatePort = preferZlib(undefined, portableDeflate)

/** What the option `deflate` of a server or client of this runtime means. */
export const readDeflate = deflateReader(nodeDeflate)

// A repetition that a window of 512 bytes reaches, and enough of a message for a room that is too small.
const SAMPLE = new TextEncoder().encode('A step takes input and writes output, a step takes input and writes output.')

// What ends a flush (RFC 7692 §7.2.1), and one byte more.
const TAIL_AND_PROBE = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00)

/** Whether a port does all that is asked of it, on a sample. Takes two milliseconds or so, once. */
function doesWhatItMust(port: DeflatePort): boolean {
  const streams: DeflateStream[] = []
  try {
    const deflater = port.createDeflater({ windowBits: 9, memoryLevel: 1, compressionLevel: 6 })
    streams.push(deflater)
    const inflater = port.createInflater(9)
    streams.push(inflater)
    const first = deflateSample(deflater)
    const second = deflateSample(deflater)
    deflater.reset()
    const afterReset = deflateSample(deflater)
    return (
      second.length < first.length && // it refers to the first
      inflatesToSample(inflater, first) &&
      inflatesToSample(inflater, second) &&
      noticesBadData(inflater) &&
      inflatesToSample(inflater, afterReset) && // it refers to nothing
      noticesTruncation(inflater, first) &&
      stopsAfterFinalBlock(inflater) &&
      inflatesToSample(inflater, first)
    )
  } catch {
    return false
  } finally {
    for (const stream of streams) stream.close()
  }
}

/** One message without its tail, written to the middle of some memory. */
function deflateSample(deflater: DeflateStream): Uint8Array {
  const before = 3
  const memory = new Uint8Array(2 * SAMPLE.length)
  const output = memory.subarray(1, -1)
  deflater.step('sync', SAMPLE, 0, SAMPLE.length, output, before)
  const end = before + deflater.produced - 4
  const isWhole = deflater.consumed === SAMPLE.length && isSame(output.slice(end, end + 4), TAIL_AND_PROBE.slice(0, 4))
  return isWhole ? output.slice(before, end) : new Uint8Array(0)
}

/** Whether a message is the sample, inflated in two steps of which the first has no room for more than a part. */
function inflatesToSample(inflater: DeflateStream, deflated: Uint8Array): boolean {
  const output = new Uint8Array(SAMPLE.length + 1)
  const part = 10
  inflater.step('sync', deflated, 0, deflated.length, output.subarray(0, part), 0)
  const { consumed, produced } = inflater
  if (produced !== part || output[part] !== 0) return false
  inflater.step('sync', deflated, consumed, deflated.length, output, part)
  const isWhole = consumed + inflater.consumed === deflated.length && part + inflater.produced === SAMPLE.length
  return isWhole && isSame(output.subarray(0, SAMPLE.length), SAMPLE) && isAtEndOfMessage(inflater)
}

/** Whether all of a message was there: then the tail ends a block in which nothing is, and the probe is left. */
function isAtEndOfMessage(inflater: DeflateStream): boolean {
  inflater.step('block', TAIL_AND_PROBE, 0, TAIL_AND_PROBE.length, new Uint8Array(SAMPLE.length), 0)
  return inflater.produced === 0 && inflater.consumed === 4
}

function noticesTruncation(inflater: DeflateStream, deflated: Uint8Array): boolean {
  inflater.step('sync', deflated, 0, deflated.length - 5, new Uint8Array(2 * SAMPLE.length), 0)
  const isNoticed = !isAtEndOfMessage(inflater)
  inflater.reset()
  return isNoticed
}

function noticesBadData(inflater: DeflateStream): boolean {
  try {
    inflater.step('sync', Uint8Array.of(0x07), 0, 1, new Uint8Array(1), 0) // a block of a type that does not exist
    return false
  } catch (error) {
    inflater.reset()
    return error instanceof DeflateDataError
  }
}

function stopsAfterFinalBlock(inflater: DeflateStream): boolean {
  const bytes = Uint8Array.of(0x03, 0x00, 0xaa, 0xaa) // an empty block that is the last, and two bytes that are none
  inflater.step('sync', bytes, 0, bytes.length, new Uint8Array(1), 0)
  const consumed = inflater.consumed
  inflater.step('sync', bytes, consumed, bytes.length, new Uint8Array(1), 0)
  const stops = consumed === 2 && inflater.consumed === 0
  inflater.reset()
  return stops
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i])
}
