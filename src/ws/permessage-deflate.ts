// `WebSocket.PerMessageDeflate`: one end of permessage-deflate by itself, for programs that use the inside of `ws`. What
// compresses and negotiates is our extension; here are the names, the callbacks and the classes of errors.

import { ProtocolError } from '../codec/index.ts'
import {
  type AgreedExtension,
  type Extension,
  type IncomingTransform,
  type MessageTransform,
  type MessageTransforms,
  type PayloadEnd,
  TransformError,
} from '../extension/index.ts'
import { DEFLATE_NAME, deflateExtensions } from './deflate.ts'
import { toEmittedError } from './error.ts'
import { type Parameters, toObject, toParameters } from './header-parts.ts'
import type { PerMessageDeflateOptions } from './types.ts'

/** What was offered or agreed on, as `ws` writes it: windows as numbers, flags as `true`. */
type AgreedParameters = Record<string, number | true>

type DataCallback = (error: Error | null, data?: Buffer) => void

const COMPRESSED = 0b100

export class PerMessageDeflate {
  static readonly extensionName = DEFLATE_NAME
  /** What was agreed on; `null` before `accept`. */
  params: AgreedParameters | null = null
  readonly #isServer: boolean
  readonly #maxPayload: number
  readonly #extension: Extension
  #agreed: AgreedExtension | undefined
  #transforms: MessageTransforms | undefined
  #isDeflating = false
  #isInflating = false
  #inflatedBytes = 0

  constructor(options: PerMessageDeflateOptions & { isServer?: boolean; maxPayload?: number } = {}) {
    this.#isServer = Boolean(options.isServer)
    this.#maxPayload = options.maxPayload || Number.POSITIVE_INFINITY
    this.#extension = deflateExtensions(options)[0]!
  }

  /** What a client offers. */
  offer(): AgreedParameters {
    return toAgreed(toObject(this.#extension.offers()[0]!))
  }

  /**
   * Takes the offers of a client, or the answer of a server.
   *
   * @throws Error when none can be accepted.
   */
  accept(configurations: readonly Parameters[]): AgreedParameters {
    const lists = configurations.map(toParameters)
    const read = this.#isServer ? this.#extension.answerOffer : this.#extension.acceptAnswer
    for (const parameters of lists) this.#agreed ??= read(parameters)
    if (this.#agreed === undefined) throw new Error('None of the extension offers can be accepted')
    this.params = toAgreed(toObject(this.#agreed.parameters))
    return this.params
  }

  /** What was agreed on, for a session. */
  get agreed(): AgreedExtension | undefined {
    return this.#agreed
  }

  /** Lets go of its memory. */
  cleanup(): void {
    this.#transforms?.outgoing.close()
    this.#transforms?.incoming.close()
    this.#transforms = undefined
  }

  /** Compresses a message, or with `fin: false` a fragment of one. */
  compress(data: string | Uint8Array, fin: boolean, callback: DataCallback): void {
    const bytes = Buffer.from(data as Uint8Array)
    const { outgoing } = this.#open()
    if (!this.#isDeflating) outgoing.begin({ type: 'binary', payloadBytes: bytes.length, compress: true })
    this.#isDeflating = !fin
    this.#run(outgoing, bytes, fin, callback, () => {})
  }

  /** Decompresses a message, or with `fin: false` a fragment of one. */
  decompress(data: Uint8Array, fin: boolean, callback: DataCallback): void {
    const { incoming } = this.#open()
    if (!this.#isInflating) this.#beginInflating(incoming)
    this.#isInflating = !fin
    this.#run(incoming, Buffer.from(data), fin, callback, (length) => {
      this.#inflatedBytes += length
      if (this.#inflatedBytes > this.#maxPayload) throw new ProtocolError('MESSAGE_TOO_BIG', 0)
    })
  }

  #beginInflating(incoming: IncomingTransform): void {
    this.#inflatedBytes = 0
    incoming.begin(COMPRESSED)
  }

  #open(): MessageTransforms {
    this.#transforms ??= this.#agreed?.createTransforms?.(this.#isServer ? 'server' : 'client')
    if (this.#transforms === undefined) throw new Error('Nothing is agreed on yet')
    return this.#transforms
  }

  #run(
    transform: MessageTransform,
    bytes: Buffer,
    fin: boolean,
    callback: DataCallback,
    check: (length: number) => void,
  ): void {
    let error: Error | null = null
    const results: Uint8Array[] = []
    try {
      for (const [run, end] of runsOf(bytes, fin)) {
        transform.write(run, end)
        while (transform.pending) {
          const result = transform.read()
          check(result.length)
          results.push(result)
        }
      }
    } catch (cause) {
      error = cause instanceof TransformError ? new ProtocolError(cause.violation, 0) : (cause as Error)
    }
    process.nextTick(() => (error === null ? callback(null, Buffer.concat(results)) : callback(toEmittedError(error))))
  }
}

const RUN_BYTES = 65_536

/** The runs that a transform takes, one at least. */
function* runsOf(bytes: Buffer, fin: boolean): Generator<[run: Uint8Array, end: PayloadEnd]> {
  const last = fin ? 'message' : 'fragment'
  let at = 0
  do {
    const next = Math.min(bytes.length, at + RUN_BYTES)
    yield [bytes.subarray(at, next), next === bytes.length ? last : 'inside']
    at = next
  } while (at < bytes.length)
}

function toAgreed(parameters: Parameters): AgreedParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, [value]]) => [name, value === true ? true : Number(value)]),
  )
}
