// A tap between a client and a server: it passes every byte on, and writes down the heads of the opening handshake and
// what can be seen of messages without reading them. It knows frames by itself, apart from the code under test.

import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial } from 'node:net'
import type { TestContext } from 'node:test'

/** A message as its frames show it. */
export interface SeenMessage {
  type: 'text' | 'binary'
  /** RSV1 of its first frame (RFC 7692 §6). */
  compressed: boolean
  frames: number
  /** Bytes of payload on the wire. */
  payloadBytes: number
}

/** What passed in one direction of a connection. */
export class WireLog {
  /** The head of the opening handshake, with its empty line. */
  head = ''
  readonly messages: SeenMessage[] = []
  /** Reserved bits where nothing may set them. */
  readonly strayBits: string[] = []
  #text = ''
  #header: number[] = []
  #payloadLeft = 0

  /** The value of a header field; `undefined` when there is none. */
  field(name: string): string | undefined {
    return new RegExp(`^${name}: *(.*?) *\r$`, 'im').exec(this.head)?.[1]
  }

  get extensions(): string | undefined {
    return this.field('Sec-WebSocket-Extensions')
  }

  add(chunk: Buffer): void {
    if (this.head !== '') {
      this.#addFrames(chunk)
      return
    }
    this.#text += chunk.toString('latin1')
    const end = this.#text.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    this.head = this.#text.slice(0, end)
    this.#addFrames(Buffer.from(this.#text.slice(end), 'latin1'))
  }

  #addFrames(chunk: Buffer): void {
    if (this.field('Upgrade')?.toLowerCase() !== 'websocket') return // something else than a WebSocket connection
    let at = 0
    while (at < chunk.length) {
      if (this.#payloadLeft === 0) {
        this.#header.push(chunk[at++]!)
        this.#readHeader()
      } else {
        const passed = Math.min(this.#payloadLeft, chunk.length - at)
        this.#payloadLeft -= passed
        at += passed
      }
    }
  }

  /** RFC 6455 §5.2. */
  #readHeader(): void {
    const [first = 0, second = 0] = this.#header
    const lengthCode = second & 0x7f
    const lengthBytes = lengthCode === 126 ? 2 : lengthCode === 127 ? 8 : 0
    const maskBytes = (second & 0x80) === 0 ? 0 : 4
    if (this.#header.length < 2 + lengthBytes + maskBytes) return
    const extended = this.#header.slice(2, 2 + lengthBytes)
    this.#header = []
    this.#payloadLeft = lengthBytes === 0 ? lengthCode : extended.reduce((length, byte) => length * 256 + byte, 0)
    this.#note(first & 0x0f, (first >> 4) & 0b111, this.#payloadLeft)
  }

  #note(opcode: number, reservedBits: number, payloadBytes: number): void {
    const isFirst = opcode === 1 || opcode === 2
    if ((reservedBits & ~(isFirst ? 0b100 : 0)) !== 0) this.strayBits.push(`${reservedBits} with opcode ${opcode}`)
    if (isFirst) {
      const type = opcode === 1 ? 'text' : 'binary'
      this.messages.push({ type, compressed: reservedBits === 0b100, frames: 0, payloadBytes: 0 })
    }
    if (opcode > 2) return
    const message = this.messages.at(-1)!
    message.frames++
    message.payloadBytes += payloadBytes
  }
}

/** A connection that passed. */
export interface TappedConnection {
  readonly fromClient: WireLog
  readonly fromServer: WireLog
}

export interface Tap {
  readonly port: number
  /** In the order in which they were opened. */
  readonly connections: TappedConnection[]
}

/** A tap in front of a port of this machine, until the test is over. */
export async function tapped(t: TestContext, port: number): Promise<Tap> {
  const connections: TappedConnection[] = []
  const tap = createServer({ allowHalfOpen: true }, (client) => {
    const server = dial({ port, host: '127.0.0.1', allowHalfOpen: true })
    const connection = { fromClient: new WireLog(), fromServer: new WireLog() }
    connections.push(connection)
    client.on('data', (chunk: Buffer) => connection.fromClient.add(chunk))
    server.on('data', (chunk: Buffer) => connection.fromServer.add(chunk))
    for (const [near, far] of [
      [client, server],
      [server, client],
    ] as const) {
      near.setNoDelay()
      near.pipe(far)
      near.on('error', () => {})
      near.on('close', () => far.destroySoon())
    }
    t.after(() => client.destroy())
  })
  tap.listen(0, '127.0.0.1')
  await once(tap, 'listening')
  t.after(() => new Promise((resolve) => tap.close(resolve)))
  return { port: (tap.address() as AddressInfo).port, connections }
}
