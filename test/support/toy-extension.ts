// Extensions made up for tests: one XORs every byte, one appends a byte to every message. And sessions that agreed on
// extensions, these or others, through the real opening handshake.

import assert from 'node:assert/strict'
import {
  type AgreedExtension,
  type Extension,
  type ExtensionParameter,
  type IncomingTransform,
  type MessageTransform,
  type MessageTransforms,
  type OutgoingMessage,
  type OutgoingTransform,
  type PayloadEnd,
  TransformError,
  type TransformSharing,
} from '../../src/extension/index.ts'
import { createRequest, decideUpgrade, oneValue, readResponse } from '../../src/handshake/index.ts'
import type { Session, SessionOptions } from '../../src/session/index.ts'
import { client, server } from './engine.ts'
import { concat } from './wire.ts'

/** What becomes of a piece of a message. */
type Change = (piece: Uint8Array, end: PayloadEnd) => Uint8Array

export interface ToyOptions {
  /** Messages that it leaves alone. Default: none. */
  readonly declines?: (message: OutgoingMessage) => boolean
  /** Whether sessions share what it made of a message. Default: yes. */
  readonly shares?: boolean
  /** How many bytes it works on in one step. Default: all that there are. */
  readonly stepBytes?: number
}

/** A transform that tells what was asked of it. */
export class ToyTransform implements MessageTransform {
  /** Every run that was written: its length, and its end. */
  readonly writes: string[] = []
  closed = 0
  readonly #change: Change
  readonly #stepBytes: number
  #payload: Uint8Array = new Uint8Array(0)
  #at = 0
  #end: PayloadEnd = 'inside'
  #pending = false

  constructor(change: Change, stepBytes: number) {
    this.#change = change
    this.#stepBytes = stepBytes
  }

  get pending(): boolean {
    return this.#pending
  }

  write(payload: Uint8Array, end: PayloadEnd): void {
    assert.equal(this.#pending, false, 'written before what came earlier was read')
    assert.equal(this.closed, 0, 'written after the end')
    this.writes.push(`${payload.length} ${end}`)
    this.#payload = payload
    this.#at = 0
    this.#end = end
    this.#pending = true
  }

  read(): Uint8Array {
    assert.ok(this.#pending, 'read with nothing to do')
    const end = Math.min(this.#payload.length, this.#at + this.#stepBytes)
    const piece = this.#payload.slice(this.#at, end)
    this.#at = end
    this.#pending = end < this.#payload.length
    return this.#change(piece, this.#pending ? 'inside' : this.#end)
  }

  close(): void {
    this.closed++
  }
}

class OutgoingToy extends ToyTransform implements OutgoingTransform {
  readonly sharing: TransformSharing | undefined
  readonly #toy: Toy

  constructor(toy: Toy) {
    super(toy.changes.outgoing(), toy.options.stepBytes ?? Number.POSITIVE_INFINITY)
    this.#toy = toy
    if (toy.options.shares === false) return
    this.sharing = {
      key: [toy.name, ...toy.parameters.flat()].join(' '),
      create: () => toy.remember(new OutgoingToy(toy)),
      forget: () => {
        toy.forgotten++
      },
    }
  }

  begin(message: OutgoingMessage): number | undefined {
    return this.#toy.options.declines?.(message) ? undefined : this.#toy.reservedBits
  }
}

class IncomingToy extends ToyTransform implements IncomingTransform {
  constructor(toy: Toy) {
    super(toy.changes.incoming(), toy.options.stepBytes ?? Number.POSITIVE_INFINITY)
  }

  begin(reservedBits: number): boolean {
    return reservedBits !== 0
  }
}

/** An extension that offers, answers and accepts its own parameters and no others. */
export class Toy implements Extension {
  readonly name: string
  readonly parameters: readonly ExtensionParameter[]
  readonly reservedBits: number
  readonly changes: { readonly outgoing: () => Change; readonly incoming: () => Change }
  readonly options: ToyOptions
  /** Every transform that was made, in order: outgoing and incoming of each session, and those of shared messages. */
  readonly transforms: ToyTransform[] = []
  /** The roles of the sessions. */
  readonly roles: string[] = []
  /** How often it was told that a message was transformed elsewhere. */
  forgotten = 0

  constructor(
    { name, parameters }: Pick<Toy, 'name' | 'parameters'>,
    reservedBits: number,
    changes: Toy['changes'],
    options: ToyOptions,
  ) {
    this.name = name
    this.parameters = parameters
    this.reservedBits = reservedBits
    this.changes = changes
    this.options = options
  }

  offers(): readonly (readonly ExtensionParameter[])[] {
    return [this.parameters]
  }

  acceptAnswer(parameters: readonly ExtensionParameter[]): AgreedExtension | undefined {
    return this.#agree(parameters)
  }

  answerOffer(parameters: readonly ExtensionParameter[]): AgreedExtension | undefined {
    return this.#agree(parameters)
  }

  remember<Transform extends ToyTransform>(transform: Transform): Transform {
    this.transforms.push(transform)
    return transform
  }

  #agree(parameters: readonly ExtensionParameter[]): AgreedExtension | undefined {
    if (JSON.stringify(parameters) !== JSON.stringify(this.parameters)) return undefined
    const { name, reservedBits } = this
    const createTransforms = (role: 'client' | 'server'): MessageTransforms => {
      this.roles.push(role)
      return { outgoing: this.remember(new OutgoingToy(this)), incoming: this.remember(new IncomingToy(this)) }
    }
    return { name, parameters, reservedBits, createTransforms }
  }
}

/** Marked by RSV2: every byte is XORed with the key, two hexadecimal digits. */
export function xorToy(key: string, options: ToyOptions = {}): Toy {
  const xor = (): Change => (piece) => piece.map((byte) => byte ^ Number.parseInt(key, 16))
  const description = { name: 'x-xor', parameters: [['key', key]] as const }
  return new Toy(description, 0b010, { outgoing: xor, incoming: xor }, options)
}

/** Marked by RSV3: a byte that is the sum of all others ends every message, and is checked. */
export function sumToy(options: ToyOptions = {}): Toy {
  const outgoing = (): Change => {
    let sum = 0
    return (piece, end) => {
      sum = piece.reduce((total, byte) => (total + byte) & 0xff, sum)
      if (end !== 'message') return piece
      const whole = concat(piece, Uint8Array.of(sum))
      sum = 0
      return whole
    }
  }
  const incoming = (): Change => {
    let sum = 0
    let held = new Uint8Array(0) // the last byte so far, which may be the sum
    return (piece, end) => {
      const whole = concat(held, piece)
      const output = whole.subarray(0, -1)
      sum = output.reduce((total, byte) => (total + byte) & 0xff, sum)
      held = whole.slice(-1)
      if (end !== 'message') return output
      if (held[0] !== sum) throw new TransformError('INVALID_COMPRESSED_DATA')
      sum = 0
      held = new Uint8Array(0)
      return output
    }
  }
  return new Toy({ name: 'x-sum', parameters: [] }, 0b001, { outgoing, incoming }, options)
}

/** What both sides agree on in an opening handshake, each with extensions of its own. */
export function negotiate(offered: readonly Extension[], known: readonly Extension[] = offered) {
  const request = createRequest({ host: 'server.example.com', extensions: offered, randomUint32: () => 1 })
  const decision = decideUpgrade({ ...request, httpVersion: '1.1' }, { extensions: known })
  assert.ok(decision.kind === 'accept')
  const answer = readResponse(request, decision)
  assert.ok(answer.kind === 'accept')
  return {
    offer: oneValue(request.headers, 'Sec-WebSocket-Extensions'),
    answer: oneValue(decision.headers, 'Sec-WebSocket-Extensions'),
    client: answer.extensions,
    server: decision.extensions,
  }
}

/** A client and a server that agreed on extensions. */
export function negotiated(
  offered: readonly Extension[],
  known: readonly Extension[] = offered,
  options: Partial<SessionOptions> = {},
): { client: Session; server: Session } {
  const agreed = negotiate(offered, known)
  return {
    client: client({ ...options, extensions: agreed.client }),
    server: server({ ...options, extensions: agreed.server }),
  }
}
