// Bytes that are kept until more of them are there. Short ones are copied, one behind the other: each in memory of its own
// takes some two hundred bytes, which a peer that sends a byte at a time, or a message in very many fragments, would make of
// each of its bytes.

const BLOCK_BYTES = 4_096

export class ShortBytes {
  #block = new Uint8Array(0)
  #used = 0

  /** Copies short bytes to the end of a list, or to what is last there. @returns whether they were short enough. */
  append(list: Uint8Array[], bytes: Uint8Array): boolean {
    const { length } = bytes
    if (length > BLOCK_BYTES / 2) return false
    if (this.#used + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += length
    this.#block.set(bytes, start)
    const last = list.at(-1)
    const isNext = last?.buffer === this.#block.buffer && last.byteOffset + last.length === start
    const from = isNext ? last.byteOffset : start
    if (isNext) list.pop()
    list.push(this.#block.subarray(from, this.#used))
    return true
  }
}
