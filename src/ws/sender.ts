// `WebSocket.Sender`: frames written to a stream, for programs that use the inside of `ws`. A `WebSocket` does not send
// through it; its session does.

import type { Duplex } from 'node:stream'
import { closePayloadBytes, Opcode } from '../codec/index.ts'
import { formatFrame } from './frame.ts'
import { readCloseReason, readControlData, readData } from './payload.ts'
import type { PerMessageDeflate } from './permessage-deflate.ts'
import type { SendCallback, SendOptions } from './types.ts'

interface Extensions {
  'permessage-deflate'?: PerMessageDeflate
}

type GenerateMask = (mask: Buffer) => void

export class Sender {
  /** One frame as buffers: its header, and behind it its payload unless that is empty. */
  static frame = formatFrame
  readonly #socket: Duplex
  readonly #extensions: Extensions
  readonly #generateMask: GenerateMask | undefined
  #isFirstFragment = true
  #compresses = false
  /** What waits for a message that is being compressed. */
  #latest: Promise<void> | undefined

  constructor(socket: Duplex, extensions: Extensions = {}, generateMask?: GenerateMask) {
    this.#socket = socket
    this.#extensions = extensions
    this.#generateMask = generateMask
  }

  /** @throws TypeError, RangeError for a code or reason that may not be sent. */
  close(code?: number, data?: string | Buffer, mask?: boolean, callback?: SendCallback): void {
    const reason = readCloseReason(code, data) ?? ''
    const payload = code === undefined ? new Uint8Array(0) : closePayloadBytes(code, Buffer.from(reason as Uint8Array))
    this.#write(Opcode.close, payload, true, false, mask, callback)
  }

  /** @throws RangeError when the data is longer than 125 bytes (RFC 6455 §5.5). */
  ping(data: unknown, mask?: boolean, callback?: SendCallback): void {
    this.#write(Opcode.ping, readControlData(data), true, false, mask, callback)
  }

  /** @throws RangeError when the data is longer than 125 bytes (RFC 6455 §5.5). */
  pong(data: unknown, mask?: boolean, callback?: SendCallback): void {
    this.#write(Opcode.pong, readControlData(data), true, false, mask, callback)
  }

  /** Sends a message, or with `fin: false` a fragment of one. */
  send(data: unknown, options: SendOptions, callback?: SendCallback): void {
    const isFirst = this.#isFirstFragment
    const opcode = !isFirst ? Opcode.continuation : options.binary ? Opcode.binary : Opcode.text
    if (isFirst) this.#compresses = Boolean(options.compress) && this.#extensions['permessage-deflate'] !== undefined
    this.#isFirstFragment = Boolean(options.fin)
    this.#write(opcode, readData(data), Boolean(options.fin), this.#compresses, options.mask, callback)
  }

  /** Writes a frame that `frame` made. */
  sendFrame(list: readonly (Buffer | string)[], callback?: SendCallback): void {
    const last = list.length - 1
    this.#socket.cork()
    list.forEach((part, i) => {
      if (i === last) this.#socket.write(part, callback as Parameters<Duplex['write']>[2])
      else this.#socket.write(part)
    })
    this.#socket.uncork()
  }

  #write(
    opcode: number,
    payload: string | Uint8Array,
    fin: boolean,
    compress: boolean,
    mask: boolean | undefined,
    callback: SendCallback | undefined,
  ): void {
    const write = (bytes: string | Uint8Array): void => {
      const rsv1 = compress && opcode !== Opcode.continuation
      this.sendFrame(formatFrame(bytes, { opcode, fin, rsv1, mask, generateMask: this.#generateMask }), callback)
    }
    if (!compress && this.#latest === undefined) {
      write(payload)
      return
    }
    const before = this.#latest ?? Promise.resolve()
    const written = before
      .then(() => (compress ? this.#compress(payload, fin) : payload))
      .then(write, (error) => callback?.(error as Error))
      .then(() => {
        if (this.#latest === written) this.#latest = undefined
      })
    this.#latest = written
  }

  #compress(payload: string | Uint8Array, fin: boolean): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#extensions['permessage-deflate']!.compress(payload, fin, (error, bytes) =>
        error === null ? resolve(bytes!) : reject(error),
      )
    })
  }
}
