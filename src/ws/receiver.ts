// `WebSocket.Receiver`: frames read from a stream, for programs that use the inside of `ws`. A `WebSocket` does not read
// through it; its session does.

import { Writable } from 'node:stream'
import type { AgreedExtension } from '../extension/index.ts'
import { Session, type SessionEvent } from '../session/index.ts'
import { nodeHost } from '../transport/node/index.ts'
import { toEmittedError } from './error.ts'
import { limitOf, toBinary } from './payload.ts'
import type { PerMessageDeflate } from './permessage-deflate.ts'
import type { BinaryType } from './types.ts'

export interface ReceiverOptions {
  allowSynchronousEvents?: boolean | undefined
  binaryType?: BinaryType | undefined
  extensions?: { 'permessage-deflate'?: PerMessageDeflate } | undefined
  isServer?: boolean | undefined
  maxFragments?: number | undefined
  maxPayload?: number | undefined
  skipUTF8Validation?: boolean | undefined
}

/** Emits 'message', 'ping', 'pong' and 'conclude', the last with the code and reason of the Close frame. */
export class Receiver extends Writable {
  readonly #session: Session
  readonly #synchronousEvents: boolean
  readonly #binaryType: BinaryType

  constructor(options: ReceiverOptions = {}) {
    super()
    const { allowSynchronousEvents = true, binaryType = 'nodebuffer', isServer, extensions } = options
    const deflate = extensions?.['permessage-deflate']?.agreed
    this.#synchronousEvents = allowSynchronousEvents
    this.#binaryType = binaryType
    this.#session = new Session({
      role: isServer ? 'server' : 'client',
      extensions: deflate === undefined ? [] : ([deflate] satisfies AgreedExtension[]),
      keepalive: false,
      autoPong: false,
      autoClose: false,
      validateUtf8: !options.skipUTF8Validation,
      randomUint32: nodeHost.randomUint32,
      limits: {
        maxMessageBytes: limitOf(options.maxPayload ?? 0),
        maxMessageFragments: limitOf(options.maxFragments ?? 0),
        maxControlFramesPerSecond: Number.POSITIVE_INFINITY,
        maxControlFrameBurst: Number.POSITIVE_INFINITY,
      },
    })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#session.receive(Buffer.from(chunk)) // it is unmasked in place
    this.#tell(callback)
  }

  #tell(callback: (error?: Error | null) => void): void {
    for (;;) {
      const event = this.#session.next()
      if (event === undefined) break
      if (event.kind === 'failure') {
        callback(toEmittedError(event.error))
        return
      }
      this.#emitEvent(event)
      if (!this.#synchronousEvents && event.kind !== 'close') {
        setImmediate(() => this.#tell(callback))
        return
      }
    }
    callback()
  }

  #emitEvent(event: SessionEvent): void {
    if (event.kind === 'message') {
      const payload = Buffer.from(event.payload)
      if (event.type === 'text') this.emit('message', payload, false)
      else this.emit('message', toBinary([payload], this.#binaryType), true)
    } else if (event.kind === 'ping' || event.kind === 'pong') {
      this.emit(event.kind, Buffer.from(event.payload))
    } else if (event.kind === 'close') {
      this.emit('conclude', event.code, Buffer.from(event.reasonBytes))
      this.end()
    }
  }
}
