// Two duplex streams that are no sockets, joined: what a proxy, a tunnel or a test may hand over.

import { Duplex } from 'node:stream'

class Side extends Duplex {
  other!: Side
  #written: (() => void) | undefined

  override _read(): void {
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  override _write(bytes: Uint8Array, _encoding: string, written: () => void): void {
    if (bytes.length > 0) this.other.#written = written
    process.nextTick(() => (bytes.length > 0 ? this.other.push(Buffer.from(bytes)) : written()))
  }

  override _final(ended: () => void): void {
    process.nextTick(() => this.other.push(null))
    ended()
  }

  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    process.nextTick(() => this.other.destroy())
    destroyed(error)
  }
}

export function duplexPair(): [Duplex, Duplex] {
  const near = new Side()
  const far = new Side()
  near.other = far
  far.other = near
  return [near, far]
}
