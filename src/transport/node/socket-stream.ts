// A socket of `node:net` or `node:tls`, or any other duplex stream of Node, as a byte stream. It knows sockets, not frames.

import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { ByteStream, ByteStreamListener } from '../../connection/index.ts'
import { canWriteDirectly, writeDirectly } from './direct-write.ts'
import { nextTurn } from './next-turn.ts'
import { sharedBufferReader } from './read-buffer.ts'

// How long one socket is read before others have their turn. Left alone, a socket that always has more is read 32 times
// 64 KiB before any other is looked at, and all that this makes happen comes first, too. The clock is only looked at when
// there is more than one read can give.
const TURN_MS = 5
const READ_BYTES = 65_536

// Where a socket keeps the stream that has taken it over: what listens to it is the same function for all sockets, as one of
// their own for each of four events would take a third of a kilobyte.
const STREAM = Symbol('SocketStream')

interface Taken {
  [STREAM]: SocketStream
}

export class SocketStream implements ByteStream {
  static readonly #onError = function (this: unknown, error: Error): void {
    const stream = (this as Taken)[STREAM]
    stream.#error ??= error
  }
  static readonly #onData = function (this: unknown, bytes: Uint8Array): void {
    ;(this as Taken)[STREAM].#tellReceived(bytes)
  }
  static readonly #readIntoOurs = sharedBufferReader(SocketStream.#onData)
  static readonly #onEnd = function (this: unknown): void {
    ;(this as Taken)[STREAM].#tellEnd()
  }
  static readonly #onClose = function (this: unknown): void {
    ;(this as Taken)[STREAM].#tellClose()
  }

  readonly #socket: Duplex
  readonly #closed: ((socket: Duplex) => void) | undefined
  #listener!: ByteStreamListener // there before anything is told
  #error: unknown
  #told: 'nothing' | 'end' | 'close' = 'nothing'
  #readsIntoOurs = false
  #writesDirectly = false
  #mayWait = true // whether something that was written may not have left
  #directBytes = 0 // that were written past the stream and have not left
  #paused = false
  #yielding = false
  #readBytes = 0
  #turnStartedAt: number | undefined
  #written: (() => void) | undefined

  /**
   * Takes the socket over: nobody else may read from it or write to it from now on.
   *
   * @param closed Told when the socket is closed, once the listener was.
   */
  constructor(socket: Duplex, closed?: (socket: Duplex) => void) {
    this.#socket = socket
    this.#closed = closed
    socket.allowHalfOpen = true // `end` is called when our side is through, which the end of the other does not say
    const { setNoDelay, setTimeout } = socket as Partial<Socket>
    setNoDelay?.call(socket, true) // what is written is a turn's worth already
    setTimeout?.call(socket, 0)
    // What it remembers of its peer's address, whoever wants to know has been told; it asks again when it has to.
    if ((socket as { _peername?: object | null })._peername) Object.assign(socket, { _peername: null })
    Object.assign(socket, { [STREAM]: this })
    socket.on('error', SocketStream.#onError)
  }

  get bufferedBytes(): number {
    if (!this.#mayWait) return 0 // asked for every message; what a socket says of itself takes longer than all the rest
    // A destroyed stream writes nothing any more.
    const bytes = this.#socket.destroyed ? 0 : this.#socket.writableLength + this.#directBytes
    this.#mayWait = bytes > 0
    return bytes
  }

  /** Says who is to be told what arrives, and begins to read. */
  attach(listener: ByteStreamListener): void {
    this.#listener = listener
    const socket = this.#socket
    this.#readsIntoOurs = SocketStream.#readIntoOurs(socket)
    this.#writesDirectly = this.#readsIntoOurs && canWriteDirectly(socket as Socket)
    socket.on('data', SocketStream.#onData)
    socket.on('end', SocketStream.#onEnd)
    socket.on('close', SocketStream.#onClose)
    // What happened before anybody listened is not told again.
    if (socket.closed) process.nextTick(() => this.#tellClose())
    else if (socket.readableEnded) process.nextTick(() => this.#tellEnd())
  }

  write(vectors: readonly Uint8Array[]): boolean {
    if (this.#writesDirectly && this.#directBytes === 0) {
      const left = writeDirectly(this.#socket as Socket, vectors, this)
      if (left === true) return true
      if (left === false) {
        this.#mayWait = true
        for (const { length } of vectors) this.#directBytes += length
        return false
      }
    }
    this.#mayWait = true
    const socket = this.#socket
    const last = vectors.length - 1
    this.#written ??= () => this.#tellDrained()
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(vectors[i]!)
    socket.write(vectors[last]!, this.#written)
    if (last > 0) socket.uncork()
    return false
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  pause(): void {
    this.#paused = true
    this.#pauseSocket()
  }

  resume(): void {
    this.#paused = false
    if (!this.#yielding) this.#socket.resume()
  }

  /** What was written past the stream has left, or will not. */
  handleWritten(error: Error | undefined): void {
    this.#directBytes = 0
    if (error !== undefined) this.#socket.destroy(error)
    else this.#tellDrained()
  }

  /** A socket that is gone ends every write, too, sometimes without an error; those bytes have not left. */
  #tellDrained(): void {
    if (!this.#socket.destroyed) this.#listener.drained()
  }

  #tellReceived(bytes: Uint8Array): void {
    if (!(bytes instanceof Uint8Array)) {
      // A stream with an encoding, or of objects: what it gives is no longer what was sent.
      this.#socket.destroy(new TypeError('The stream gives something that is not bytes'))
      return
    }
    this.#readBytes += bytes.length
    if (this.#turnStartedAt !== undefined) {
      if (performance.now() - this.#turnStartedAt >= TURN_MS) {
        this.#yielding = true
        this.#pauseSocket()
      }
    } else if (this.#readBytes >= READ_BYTES) {
      this.#turnStartedAt = performance.now()
      nextTurn(() => this.#endTurn())
    }
    this.#listener.received(bytes)
  }

  /**
   * Pauses as any stream does: some of what arrives is read ahead, and so is the end. A socket that reads into memory of ours
   * would by its own `pause` stop to look for either.
   */
  #pauseSocket(): void {
    if (this.#readsIntoOurs) Duplex.prototype.pause.call(this.#socket)
    else this.#socket.pause()
  }

  #endTurn(): void {
    this.#readBytes = 0
    this.#turnStartedAt = undefined
    if (this.#yielding && !this.#paused) this.#socket.resume()
    this.#yielding = false
  }

  #unread(): Buffer | null {
    return this.#error === undefined ? null : (this.#socket.read() as Buffer | null)
  }

  #tellEnd(): void {
    if (this.#told !== 'nothing') return
    this.#told = 'end'
    this.#listener.ended(this.#error)
  }

  #tellClose(): void {
    if (this.#told === 'close') return
    // What was read before the socket broke, and held back, did arrive.
    for (let bytes = this.#unread(); bytes !== null; bytes = this.#unread()) this.#listener.received(bytes)
    this.#tellEnd()
    this.#told = 'close'
    this.#listener.closed()
    this.#closed?.(this.#socket)
  }
}
