// Bytes gathered until they are needed as one piece: a header line, the body of a refused response, bytes that came
// early. Memory stays under twice what was appended; how much may be appended is the caller's limit.

const FIRST_CAPACITY = 64

/** Copies what is appended, so that nothing is kept of the chunks it came in. */
export class ByteCollector {
  #bytes = new Uint8Array(FIRST_CAPACITY)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  appendByte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  /** Everything appended so far, in memory of its own; the collector is empty again. */
  takeBytes(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return bytes
  }

  /** Everything appended so far as latin-1, one code unit a byte; the collector is empty again. */
  takeText(): string {
    const pieces: string[] = []
    // In slices: a call takes only so many arguments, and a limit on a head may be set to any size.
    for (let at = 0; at < this.#length; at += 4096) {
      pieces.push(String.fromCharCode(...this.#bytes.subarray(at, Math.min(at + 4096, this.#length))))
    }
    this.#length = 0
    return pieces.join('')
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
