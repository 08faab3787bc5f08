// One end of a connection on a plain duplex stream, with the wire in the hands of the test.

import type { Duplex } from 'node:stream'
import { type ClientOptions, WebSocket } from '../../src/ws/index.ts'
import type { WebSocket as OurSocket } from '../../src/ws/web-socket.ts'
import { duplexPair } from '../support/duplexes.ts'
import { hex, toHex } from '../support/wire.ts'

/** The other end of the stream: says bytes, and remembers those that it was told. */
export class Wire {
  readonly stream: Duplex
  ended = false
  #told = Buffer.alloc(0)
  #wake: () => void = () => {}

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (bytes: Buffer) => {
      this.#told = Buffer.concat([this.#told, bytes])
      this.#wake()
    })
    stream.on('end', () => {
      this.ended = true
      this.#wake()
    })
    stream.on('close', () => {
      this.ended = true
      this.#wake()
    })
    stream.on('error', () => {})
  }

  say(digits: string): void {
    this.stream.write(hex(digits))
  }

  /** What it was told, once there are so many bytes, or there will be no more. */
  async told(byteCount: number): Promise<string> {
    while (this.#told.length < byteCount && !this.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return toHex(this.#told)
  }
}

/** The inner side of the class, which programs reach although nothing declares it. */
export type Socket = OurSocket

/** An open end, and the wire behind it. */
export function openEnd(
  role: 'client' | 'server',
  options: ClientOptions = {},
  head: Uint8Array = new Uint8Array(0),
): { socket: Socket; wire: Wire; near: Duplex } {
  const [near, far] = duplexPair()
  const socket = new WebSocket(null, undefined, options) as unknown as Socket
  if (role === 'client') socket._isServer = false
  socket.setSocket(near, Buffer.from(head), options)
  return { socket, wire: new Wire(far), near }
}

/** A masking key that the tests know: 01 02 03 04. */
export const knownMask = (mask: Buffer): void => void mask.set([1, 2, 3, 4])
