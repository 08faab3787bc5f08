// A connection as a duplex stream of Node: what is written is sent as messages, what arrives is read. Both sides are held
// back by what the other bears.

import { Duplex, type DuplexOptions } from 'node:stream'
import type { WebSocket } from './declarations.ts'
import type { RawData } from './types.ts'
import type { WebSocket as OurSocket } from './web-socket.ts'

class WebSocketStream extends Duplex {
  readonly #socket: OurSocket
  // The connection failed by itself, and its Close frame is on its way: that must not be cut off.
  #hasFailed = false

  constructor(socket: OurSocket, options: DuplexOptions | undefined) {
    super({ ...options, autoDestroy: false, emitClose: false, objectMode: false, writableObjectMode: false })
    this.#socket = socket
    socket.on('message', (data, isBinary) => this.#handleMessage(data, isBinary))
    socket.once('error', (error) => {
      if (this.destroyed) return
      this.#hasFailed = true
      this.destroy(error)
    })
    socket.once('close', () => {
      if (!this.destroyed) this.push(null)
    })
    this.on('end', () => {
      if (!this.destroyed && this.writableFinished) this.destroy()
    })
    this.on('error', this.#rethrow)
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#socket.readyState === this.#socket.CONNECTING) {
      this.#socket.once('open', () => this._write(chunk, encoding, callback))
    } else {
      this.#socket.send(chunk, callback)
    }
  }

  /** Closes the connection; our side has finished when that of the stream below has. */
  override _final(callback: (error?: Error | null) => void): void {
    const socket = this.#socket
    if (socket.readyState === socket.CONNECTING) {
      socket.once('open', () => this._final(callback))
      return
    }
    const { _socket: below } = socket
    if (below === null) return // the handshake failed: 'error' comes
    if (below.writableFinished) {
      callback()
      if (this.readableEnded) this.destroy()
      return
    }
    below.once('finish', () => callback())
    socket.close()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const socket = this.#socket
    const tellClosed = (): void => process.nextTick(() => this.emit('close'))
    if (socket.readyState === socket.CLOSED) {
      callback(error)
      tellClosed()
      return
    }
    let isCalled = false
    socket.once('error', (cause) => {
      isCalled = true
      callback(cause)
    })
    socket.once('close', () => {
      if (!isCalled) callback(error)
      tellClosed()
    })
    if (!this.#hasFailed) socket.terminate()
  }

  #handleMessage(data: RawData, isBinary: boolean): void {
    const chunk = !isBinary && this.readableObjectMode ? String(data) : data
    if (!this.push(chunk)) this.#socket.pause()
  }

  /** An error destroys the stream; one that nobody else listens for is thrown as ever. */
  readonly #rethrow = (error: Error): void => {
    this.removeListener('error', this.#rethrow)
    this.destroy()
    if (this.listenerCount('error') === 0) this.emit('error', error)
  }
}

/**
 * Wraps a connection in a duplex stream.
 *
 * @param options Those of `Duplex`; writing is never in object mode, reading may be with `readableObjectMode`.
 */
export function createWebSocketStream(socket: WebSocket, options?: DuplexOptions): Duplex {
  return new WebSocketStream(socket as OurSocket, options)
}
