// The transforms of a session's extensions as one, in the order in which the extensions were agreed on: what is sent goes
// through the first of them first, what is received through the last (RFC 6455 §9.1).

import type {
  AgreedExtension,
  IncomingTransform,
  MessageTransform,
  MessageTransforms,
  OutgoingMessage,
  OutgoingTransform,
  PayloadEnd,
  TransformSharing,
} from './extension.ts'

/** How a message is transformed before it is sent. */
export class OutgoingTransformation {
  /** The reserved bits that mark it. */
  readonly reservedBits: number
  readonly transform: MessageTransform
  readonly #stages: readonly OutgoingTransform[]

  constructor(reservedBits: number, stages: readonly OutgoingTransform[]) {
    this.reservedBits = reservedBits
    this.transform = chain(stages)
    this.#stages = stages
  }

  /** How sessions transform the message once for all of them; `undefined` when each has to do it for itself. */
  get sharing(): TransformSharing | undefined {
    const sharings = this.#stages.flatMap(({ sharing }) => sharing ?? [])
    if (sharings.length < this.#stages.length) return undefined
    return {
      key: sharings.map(({ key }) => key).join(', '),
      create: () => chain(sharings.map((sharing) => sharing.create())),
      forget() {
        for (const sharing of sharings) sharing.forget()
      },
    }
  }
}

interface Stage<Transform> {
  readonly transform: Transform
  readonly reservedBits: number
}

/** What a session's extensions do, both ways. */
export interface Pipelines {
  readonly outgoing: OutgoingPipeline
  readonly incoming: IncomingPipeline
}

/** @returns `undefined` when no extension transforms anything. */
export function openPipelines(
  extensions: readonly AgreedExtension[],
  role: 'client' | 'server',
): Pipelines | undefined {
  const opened: Stage<MessageTransforms>[] = []
  for (const { createTransforms, reservedBits } of extensions) {
    if (createTransforms !== undefined) opened.push({ transform: createTransforms(role), reservedBits })
  }
  if (opened.length === 0) return undefined
  return {
    outgoing: new OutgoingPipeline(opened.map(({ transform }) => transform.outgoing)),
    incoming: new IncomingPipeline(
      opened.map(({ transform, reservedBits }) => ({ transform: transform.incoming, reservedBits })).reverse(),
    ),
  }
}

/** A transform that has a shorter way for short messages. */
export type WholeTransform<Transform extends MessageTransform> = Transform & Required<Pick<Transform, 'transformWhole'>>

/** The only transform, if it has a shorter way. */
function onlyWhole<Transform extends MessageTransform>(
  transforms: readonly Transform[],
): WholeTransform<Transform> | undefined {
  const [first] = transforms
  return transforms.length === 1 && first?.transformWhole !== undefined
    ? (first as WholeTransform<Transform>)
    : undefined
}

export class OutgoingPipeline {
  /** What short messages may be given at once, if there is such a thing. */
  readonly whole: WholeTransform<OutgoingTransform> | undefined
  #stages: readonly OutgoingTransform[]

  constructor(stages: readonly OutgoingTransform[]) {
    this.#stages = stages
    this.whole = onlyWhole(stages)
  }

  /** A message begins. @returns `undefined` when it is sent as it is. */
  begin(message: OutgoingMessage): OutgoingTransformation | undefined {
    let begun: OutgoingTransform[] | undefined
    let reservedBits = 0
    for (const stage of this.#stages) {
      const bits = stage.begin(message)
      if (bits === undefined) continue
      begun ??= []
      begun.push(stage)
      reservedBits |= bits
    }
    return begun && new OutgoingTransformation(reservedBits, begun)
  }

  /** Closes the transforms, once. Nothing is asked of them after that. */
  close(): void {
    for (const stage of this.#stages) stage.close()
    this.#stages = []
  }
}

export class IncomingPipeline {
  /** The reserved bits that its extensions claim; they are nobody else's. */
  readonly reservedBits: number
  /** What short messages may be given at once, if there is such a thing. */
  readonly whole: WholeTransform<IncomingTransform> | undefined
  #stages: readonly Stage<IncomingTransform>[]

  /** @param stages In the order in which they are undone. */
  constructor(stages: readonly Stage<IncomingTransform>[]) {
    this.reservedBits = stages.reduce((bits, stage) => bits | stage.reservedBits, 0)
    this.whole = onlyWhole(stages.map(({ transform }) => transform))
    this.#stages = stages
  }

  /** A message begins. @returns `undefined` when nobody transformed it. */
  begin(reservedBits: number): MessageTransform | undefined {
    const transforms: MessageTransform[] = []
    for (const stage of this.#stages) {
      if (stage.transform.begin(reservedBits & stage.reservedBits)) transforms.push(stage.transform)
    }
    return transforms.length === 0 ? undefined : chain(transforms)
  }

  /** Closes the transforms, once. Nothing is asked of them after that. */
  close(): void {
    for (const { transform } of this.#stages) transform.close()
    this.#stages = []
  }
}

function chain(transforms: readonly MessageTransform[]): MessageTransform {
  return transforms.length === 1 ? transforms[0]! : new Chain(transforms)
}

/** Several transforms, one behind the other. */
class Chain implements MessageTransform {
  readonly #transforms: readonly MessageTransform[]
  #end: PayloadEnd = 'inside'

  constructor(transforms: readonly MessageTransform[]) {
    this.#transforms = transforms
  }

  get pending(): boolean {
    return this.#transforms.some((transform) => transform.pending)
  }

  write(payload: Uint8Array, end: PayloadEnd): void {
    this.#end = end
    this.#transforms[0]!.write(payload, end)
  }

  read(): Uint8Array {
    // The last one that has something to do: what comes out of one is gone before more of it comes.
    const at = this.#transforms.findLastIndex((transform) => transform.pending)
    const output = this.#transforms[at]!.read()
    const next = this.#transforms[at + 1]
    if (next === undefined) return output
    const isThrough = !this.#transforms.some((transform) => transform.pending)
    if (output.length > 0 || isThrough) next.write(output, isThrough ? this.#end : 'inside')
    return new Uint8Array(0)
  }

  close(): void {
    for (const transform of this.#transforms) transform.close()
  }
}
