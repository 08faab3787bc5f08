// What a platform's DEFLATE must offer (RFC 1951): raw streams, driven synchronously in steps whose work the caller
// bounds. Everything is written into memory that the caller gives; a stream keeps nothing but its window.

/** How a step ends, as zlib has it: take input, write out all that it means so far, or stop at the end of a block. */
export type DeflateFlush = 'none' | 'sync' | 'block'

/** One raw DEFLATE stream, in either direction. */
export interface DeflateStream {
  /** Bytes of input that the last step took. */
  readonly consumed: number
  /** Bytes of output that the last step wrote. */
  readonly produced: number
  /**
   * Takes input from `start` to `end` and writes to `output` from `at` on, until either is used up. A flush is through
   * when a step leaves room; with less than seven bytes of room it may never be. A stream that inflates takes nothing
   * after its final block until it is reset.
   *
   * @throws DeflateDataError when what is inflated is not DEFLATE, or refers to what is not in the window. The stream
   * has to be reset then.
   * @throws RangeError for a range outside of the memory given.
   */
  step(flush: DeflateFlush, input: Uint8Array, start: number, end: number, output: Uint8Array, at: number): void
  /** The next step begins a new stream: nothing that follows refers to what was before. */
  reset(): void
  /** Lets go of memory outside the heap; nothing is asked of it after that. */
  close(): void
}

export interface DeflaterOptions {
  /** Base-2 logarithm of the window, 9 to 15. */
  readonly windowBits: number
  /** 1 to 9, as in zlib: how much memory there is for finding repetitions. */
  readonly memoryLevel: number
  /** 0 to 9, as in zlib: how hard to look for them. */
  readonly compressionLevel: number
}

/** A platform's DEFLATE. */
export interface DeflatePort {
  createDeflater(options: DeflaterOptions): DeflateStream
  /** @param windowBits Base-2 logarithm of the window, 8 to 15. */
  createInflater(windowBits: number): DeflateStream
}

/** The data is not DEFLATE, or refers to what is not in the window. */
export class DeflateDataError extends Error {
  override readonly name = 'DeflateDataError'
}
