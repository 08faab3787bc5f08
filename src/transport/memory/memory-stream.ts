// Two byte streams joined in memory: what one writes, the other receives, in a later microtask, as a socket would. The
// bytes are copied once, as a network does: the writer's memory may be the application's, and the reader unmasks in
// place.

import type { ByteStream, ByteStreamListener } from '../../connection/index.ts'

export class MemoryStream implements ByteStream {
  #peer!: MemoryStream
  #listener: ByteStreamListener | undefined
  #queue: Uint8Array[] = []
  #bufferedBytes = 0
  #paused = false
  #endQueued = false
  #endSent = false
  #endTold = false
  #destroyed = false
  #closed = false
  #scheduled = false

  static pair(): [MemoryStream, MemoryStream] {
    const first = new MemoryStream()
    const second = new MemoryStream()
    first.#peer = second
    second.#peer = first
    return [first, second]
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Says who is to be told what arrives. */
  attach(listener: ByteStreamListener): void {
    this.#listener = listener
    this.#peer.#schedule()
  }

  write(vectors: readonly Uint8Array[]): boolean {
    if (this.#endQueued) return false
    for (const vector of vectors) {
      this.#queue.push(vector.slice())
      this.#bufferedBytes += vector.length
    }
    this.#schedule()
    return false
  }

  end(): void {
    this.#endQueued = true
    this.#schedule()
  }

  destroy(): void {
    this.#destroyed = true
    this.#endQueued = true
    this.#queue = []
    this.#bufferedBytes = 0
    this.#schedule()
    this.#peer.#schedule() // what is on its way here has nowhere to go
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#peer.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    const peer = this.#peer
    while (this.#queue.length > 0 && (peer.#destroyed || (peer.#listener !== undefined && !peer.#paused))) {
      const bytes = this.#queue.shift()!
      this.#bufferedBytes -= bytes.length
      if (!peer.#destroyed) peer.#listener!.received(bytes)
      this.#listener?.drained()
    }
    if (this.#endQueued && this.#queue.length === 0 && (peer.#destroyed || peer.#listener !== undefined)) {
      this.#endSent = true
      peer.#tellEnd()
    }
    this.#closeWhenDone()
  }

  #tellEnd(): void {
    if (this.#endTold) return
    this.#endTold = true
    this.#listener?.ended()
    this.#closeWhenDone()
  }

  /** The stream is gone once both directions have ended. */
  #closeWhenDone(): void {
    if (this.#closed || !this.#endSent || !(this.#endTold || this.#destroyed)) return
    this.#closed = true
    this.#tellEnd()
    this.#listener?.closed()
  }
}
