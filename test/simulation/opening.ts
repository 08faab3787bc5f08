// The opening handshake over raw bytes, in front of a connection on the same stream: what a transport without an HTTP stack
// would do, so that heads are cut and lost by the network like everything else.

import type { ByteStreamListener } from '../../src/connection/index.ts'
import type { ClientOpening, HandshakeError, OpenEvent, ServerOpening } from '../../src/handshake/index.ts'
import type { SimulatedHost } from './host.ts'
import type { SimulatedStream } from './network.ts'

export interface OpeningResult {
  opened(event: OpenEvent): void
  failed(error: HandshakeError): void
}

export class OpeningListener implements ByteStreamListener {
  readonly #opening: ClientOpening | ServerOpening
  readonly #stream: SimulatedStream
  readonly #host: SimulatedHost
  readonly #result: OpeningResult
  #timer: unknown
  #isOver = false

  constructor(
    opening: ClientOpening | ServerOpening,
    stream: SimulatedStream,
    host: SimulatedHost,
    result: OpeningResult,
  ) {
    this.#opening = opening
    this.#stream = stream
    this.#host = host
    this.#result = result
    stream.attach(this)
    this.#run()
  }

  received(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#opening.tick(this.#host.now())
    this.#opening.receive(bytes)
    this.#run()
  }

  drained(): void {}

  ended(): void {
    if (this.#isOver) return
    this.#opening.receiveEnd()
    this.#run()
  }

  closed(): void {}

  #run(): void {
    let opened: OpenEvent | undefined
    let error: HandshakeError | undefined
    for (let event = this.#opening.next(); event !== undefined; event = this.#opening.next()) {
      if (event.kind === 'request') (this.#opening as ServerOpening).accept()
      else if (event.kind === 'open') opened = event
      else error = event.error
    }
    const output = this.#opening.takeOutput()
    if (output.length > 0 && !this.#stream.isGone) this.#stream.write(output)
    this.#host.clearTimer(this.#timer)
    this.#isOver = opened !== undefined || error !== undefined
    if (opened !== undefined) this.#result.opened(opened)
    if (error !== undefined) this.#fail(error)
    if (!this.#isOver) this.#timer = this.#host.setTimer(this.#opening.deadline - this.#host.now(), () => this.#tick())
  }

  /** What there is to say leaves; a peer that does not care for it is not waited for. */
  #fail(error: HandshakeError): void {
    this.#stream.end()
    this.#host.setTimer(1_000, () => this.#stream.destroy())
    this.#result.failed(error)
  }

  #tick(): void {
    this.#opening.tick(this.#host.now())
    this.#run()
  }
}
