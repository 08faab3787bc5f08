// Chunks that wait in memory of ours, as that in which they came is somebody else's. Short ones lie one behind the other and
// are read as one: each on its own takes some two hundred bytes, which a peer that sends a byte at a time would make of one.

const BLOCK_BYTES = 4_096

export class KeptChunks {
  #block = new Uint8Array(0)
  #used = 0

  /** Copies a chunk to the end of a list, or to what is last there. */
  append(list: Uint8Array[], chunk: Uint8Array): void {
    const { length } = chunk
    if (length > BLOCK_BYTES / 2) {
      list.push(chunk.slice())
      return
    }
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += length
    this.#block.set(chunk, start)
    const last = list.at(-1)
    const isNext = last?.buffer === this.#block.buffer && last.byteOffset + last.length === start
    const from = isNext ? last.byteOffset : start
    if (isNext) list.pop()
    list.push(this.#block.subarray(from, this.#used))
  }
}
