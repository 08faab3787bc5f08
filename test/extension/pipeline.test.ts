// The order of things is told by toys: what each of them was given, and where its runs ended.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type {
  AgreedExtension,
  IncomingTransform,
  MessageTransform,
  OutgoingMessage,
  OutgoingTransform,
  PayloadEnd,
} from '../../src/extension/extension.ts'
import { IncomingPipeline, OutgoingPipeline, openPipelines } from '../../src/extension/pipeline.ts'
import { negotiate, sumToy, type Toy, type ToyOptions, type ToyTransform, xorToy } from '../support/toy-extension.ts'
import { concat, hex, toHex, utf8 } from '../support/wire.ts'

const MESSAGE: OutgoingMessage = { type: 'text', payloadBytes: 5, compress: undefined }

/** The pipelines of a session that agreed on toys, in this order. */
function pipelinesOf(toys: readonly Toy[], role: 'client' | 'server' = 'server') {
  const pipelines = openPipelines(negotiate(toys)[role], role)
  assert.ok(pipelines)
  return pipelines
}

/** All that comes out of a run. */
function outputs(transform: MessageTransform, payload: Uint8Array, end: PayloadEnd = 'message'): Uint8Array[] {
  const all: Uint8Array[] = []
  transform.write(payload, end)
  assert.ok(transform.pending)
  while (transform.pending) {
    all.push(transform.read())
    assert.ok(all.length < 10_000, 'there is no end of it')
  }
  return all
}

function transformed(transform: MessageTransform, payload: Uint8Array | string, end: PayloadEnd = 'message'): string {
  return toHex(concat(...outputs(transform, typeof payload === 'string' ? utf8(payload) : payload, end)))
}

test('extensions that change no message make no pipeline', () => {
  const claiming: AgreedExtension = { name: 'x', parameters: [], reservedBits: 0b100 }
  assert.equal(openPipelines([], 'server'), undefined)
  assert.equal(openPipelines([claiming], 'server'), undefined)
  assert.equal(openPipelines([{ ...claiming, createTransforms: undefined }], 'client'), undefined)
})

test('each extension makes its transforms once, for the role of the session', () => {
  const toys = [xorToy('5a'), sumToy()]
  pipelinesOf(toys, 'client')
  for (const toy of toys) assert.deepEqual([toy.roles, toy.transforms.length], [['client'], 2])
  pipelinesOf(toys, 'server')
  for (const toy of toys) assert.deepEqual([toy.roles, toy.transforms.length], [['client', 'server'], 4])
})

test('the pipeline claims the bits of those that change messages, and no others', () => {
  const claiming: AgreedExtension = { name: 'x', parameters: [], reservedBits: 0b100 }
  const reservedBits = (toys: readonly Toy[]) =>
    openPipelines([claiming, ...negotiate(toys).server], 'server')?.incoming.reservedBits
  assert.equal(reservedBits([xorToy('5a')]), 0b010)
  assert.equal(reservedBits([sumToy()]), 0b001)
  assert.equal(reservedBits([xorToy('5a'), sumToy()]), 0b011)
})

test('one transform alone may have a shorter way for whole messages', () => {
  const [xor, sum] = negotiate([xorToy('5a'), sumToy()]).server
  const quick = (agreed: AgreedExtension): AgreedExtension => ({
    ...agreed,
    createTransforms: (role) => {
      const { outgoing, incoming } = agreed.createTransforms!(role)
      const transformWhole = () => undefined
      return {
        outgoing: Object.assign(outgoing, { transformWhole }),
        incoming: Object.assign(incoming, { transformWhole }),
      }
    },
  })
  const hasWhole = (...agreed: AgreedExtension[]) => {
    const pipelines = openPipelines(agreed, 'server')
    return [pipelines?.outgoing.whole !== undefined, pipelines?.incoming.whole !== undefined]
  }
  assert.deepEqual(hasWhole(quick(xor!)), [true, true])
  assert.deepEqual(hasWhole(xor!), [false, false])
  assert.deepEqual(hasWhole(quick(xor!), quick(sum!)), [false, false])
})

// --- one way and back ------------------------------------------------------------------------------------------------

const HELLO = '48 65 6c 6c 6f'

const ORDERS: readonly (readonly [what: string, make: (options?: ToyOptions) => Toy[], bits: number, wire: string])[] =
  [
    ['XOR', (options) => [xorToy('5a', options)], 0b010, '12 3f 36 36 35'],
    ['sum', (options) => [sumToy(options)], 0b001, '48 65 6c 6c 6f f4'],
    ['XOR, sum', (options) => [xorToy('5a', options), sumToy(options)], 0b011, '12 3f 36 36 35 f2'],
    ['sum, XOR', (options) => [sumToy(options), xorToy('5a', options)], 0b011, '12 3f 36 36 35 ae'],
  ]

for (const [what, make, bits, wire] of ORDERS) {
  for (const stepBytes of [1, 2, 5, Number.POSITIVE_INFINITY]) {
    test(`what was agreed on first is applied first and undone last: ${what}, ${stepBytes} bytes a step`, () => {
      const { outgoing, incoming } = pipelinesOf(make({ stepBytes }))
      for (let i = 0; i < 3; i++) {
        const transformation = outgoing.begin(MESSAGE)
        assert.equal(transformation?.reservedBits, bits)
        assert.equal(transformed(transformation.transform, 'Hello'), wire)
        const undone = incoming.begin(bits)
        assert.ok(undone)
        assert.equal(transformed(undone, hex(wire)), HELLO)
      }
    })
  }
}

test('a message goes through those only that want it', () => {
  for (const isXored of [true, false]) {
    for (const isSummed of [true, false]) {
      const toys = [xorToy('5a', { declines: () => !isXored }), sumToy({ declines: () => !isSummed })]
      const { outgoing, incoming } = pipelinesOf(toys)
      const bits = (isXored ? 0b010 : 0) | (isSummed ? 0b001 : 0)
      const transformation = outgoing.begin(MESSAGE)
      const undone = incoming.begin(bits)
      if (bits === 0) {
        assert.deepEqual([transformation, undone], [undefined, undefined])
        continue
      }
      assert.ok(transformation && undone)
      assert.equal(transformation.reservedBits, bits)
      const wire = transformed(transformation.transform, 'Hello')
      assert.equal(wire, ORDERS.find(([, , orderBits]) => orderBits === bits)?.[3])
      assert.equal(transformed(undone, hex(wire)), HELLO)
    }
  }
})

test('each is asked about every message as the application sent it, and told its own bits only', () => {
  const asked: unknown[] = []
  const listening = (name: string, reservedBits: number): AgreedExtension => {
    const idle = { pending: false, write() {}, read: () => new Uint8Array(0), close() {} }
    const outgoing: OutgoingTransform = {
      ...idle,
      begin(message) {
        asked.push([name, message])
        return undefined
      },
    }
    const incoming: IncomingTransform = {
      ...idle,
      begin(bits) {
        asked.push([name, bits])
        return false
      },
    }
    return { name, parameters: [], reservedBits, createTransforms: () => ({ outgoing, incoming }) }
  }
  const pipelines = openPipelines([listening('a', 0b100), listening('b', 0b011)], 'server')!
  const message: OutgoingMessage = { type: 'binary', payloadBytes: undefined, compress: true }
  assert.equal(pipelines.outgoing.begin(message), undefined)
  assert.deepEqual(asked.splice(0), [
    ['a', message],
    ['b', message],
  ])
  assert.equal(pipelines.incoming.begin(0b101), undefined)
  assert.deepEqual(asked.splice(0), [
    ['b', 0b001],
    ['a', 0b100],
  ])
  assert.equal(pipelines.incoming.begin(0), undefined)
  assert.deepEqual(asked, [
    ['b', 0],
    ['a', 0],
  ])
})

test('a transform may mark a message with no bit at all', () => {
  const unmarked: AgreedExtension = {
    name: 'x-inversion',
    parameters: [],
    reservedBits: 0,
    createTransforms: () => ({ outgoing: new Inversion(() => 0), incoming: new Inversion(() => true) }),
  }
  const { outgoing, incoming } = openPipelines([unmarked], 'server')!
  const transformation = outgoing.begin(MESSAGE)
  assert.equal(transformation?.reservedBits, 0)
  assert.equal(transformed(transformation.transform, 'Hello'), 'b7 9a 93 93 90')
  assert.equal(transformed(incoming.begin(0)!, hex('b7 9a 93 93 90')), HELLO)
})

/** Inverts every byte of every message. */
class Inversion<Answer> implements MessageTransform {
  readonly begin: () => Answer
  #payload: Uint8Array | undefined

  constructor(begin: () => Answer) {
    this.begin = begin
  }

  get pending(): boolean {
    return this.#payload !== undefined
  }

  write(payload: Uint8Array): void {
    this.#payload = payload
  }

  read(): Uint8Array {
    const inverted = this.#payload!.map((byte) => ~byte)
    this.#payload = undefined
    return inverted
  }

  close(): void {}
}

// --- runs and their ends ---------------------------------------------------------------------------------------------

/** What each of the toys was given on the way out. */
function writesOf(toys: readonly Toy[], index = 0): string[][] {
  return toys.map(({ transforms }) => transforms[index]!.writes)
}

test('an end reaches each transform with the last of what came out of the one before it, and not earlier', () => {
  const toys = [xorToy('5a', { stepBytes: 2 }), sumToy({ stepBytes: 3 })]
  const transform = pipelinesOf(toys).outgoing.begin(MESSAGE)!.transform
  for (const end of ['inside', 'fragment', 'message'] as const) transformed(transform, 'Hello', end)
  assert.deepEqual(writesOf(toys), [
    ['5 inside', '5 fragment', '5 message'],
    [
      ...['2 inside', '2 inside', '1 inside'],
      ...['2 inside', '2 inside', '1 fragment'],
      ...['2 inside', '2 inside', '1 message'],
    ],
  ])
})

test('an end is passed on though nothing comes with it, and nothing else is passed on without bytes', () => {
  const toys = [sumToy({ stepBytes: 1 }), xorToy('5a')]
  const { outgoing, incoming } = pipelinesOf(toys)
  const transform = outgoing.begin(MESSAGE)!.transform
  for (const end of ['fragment', 'message', 'message'] as const) transformed(transform, '', end)
  assert.deepEqual(writesOf(toys), [
    ['0 fragment', '0 message', '0 message'],
    ['0 fragment', '1 message', '1 message'],
  ])

  // On the way in the sum is taken off first here, byte by byte, and holds one back.
  const undone = pipelinesOf([xorToy('5a'), sumToy({ stepBytes: 1 })])
  assert.equal(transformed(undone.incoming.begin(0b011)!, hex('12 3f 51')), '48 65')
  const other = [xorToy('5a'), sumToy({ stepBytes: 1 })]
  transformed(pipelinesOf(other).incoming.begin(0b011)!, hex('12 3f 51'))
  assert.deepEqual(writesOf(other, 1), [['1 inside', '1 message'], ['3 message']])
  assert.equal(transformed(incoming.begin(0b011)!, hex('5a')), '')
})

test('there is something to do as long as any of them has', () => {
  const toys = [xorToy('5a', { stepBytes: 1 }), sumToy({ stepBytes: 1 })]
  const transform = pipelinesOf(toys).outgoing.begin(MESSAGE)!.transform
  assert.equal(transform.pending, false)
  transform.write(utf8('ab'), 'message')
  const steps: [string, boolean][] = []
  while (transform.pending) {
    steps.push([toHex(transform.read()), toys.some((toy) => toy.transforms[0]!.pending)])
  }
  assert.deepEqual(steps, [
    ['', true], // the first byte is XORed
    ['3b', true], // and added
    ['', true],
    ['38 73', false],
  ])
})

test('any toys in any order, in any steps, give back what went in', () => {
  const toy = fc.record({ isSum: fc.boolean(), stepBytes: fc.integer({ min: 1, max: 9 }) })
  const piece = fc.record({
    payload: fc.uint8Array({ maxLength: 20 }),
    end: fc.constantFrom<PayloadEnd[]>('inside', 'fragment'),
  })
  fc.assert(
    fc.property(
      fc.array(toy, { minLength: 1, maxLength: 4 }),
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      (kinds, pieces) => {
        const toys = kinds.map(({ isSum, stepBytes }) => (isSum ? sumToy({ stepBytes }) : xorToy('5a', { stepBytes })))
        const stages = toys.map((made) => ({ ...made.acceptAnswer(made.parameters)!, reservedBits: 0b001 }))
        const { outgoing, incoming } = openPipelines(stages, 'server')!
        const transform = outgoing.begin(MESSAGE)!.transform
        const undone = incoming.begin(0b001)!
        const wires = pieces.map(({ payload, end }, i) =>
          concat(...outputs(transform, payload, i === pieces.length - 1 ? 'message' : end)),
        )
        const told = wires.map((wire, i) =>
          concat(...outputs(undone, wire, i === wires.length - 1 ? 'message' : 'inside')),
        )
        assert.equal(toHex(concat(...told)), toHex(concat(...pieces.map(({ payload }) => payload))))

        const sums = kinds.filter(({ isSum }) => isSum).length
        assert.equal(concat(...wires).length, concat(...told).length + sums)
        const fragments = pieces.slice(0, -1).filter(({ end }) => end === 'fragment').length
        for (const writes of writesOf(toys)) {
          assert.deepEqual(
            writes.map((write) => write.replace(/^\d+ /, '')).filter((end) => end !== 'inside'),
            [...Array(fragments).fill('fragment'), 'message'],
          )
        }
      },
    ),
    { numRuns: 300 },
  )
})

// --- for many --------------------------------------------------------------------------------------------------------

test('what is shared is made by transforms of its own, in the same order', () => {
  for (const [what, make, , wire] of ORDERS) {
    const toys = make({ stepBytes: 2 })
    const { sharing } = pipelinesOf(toys).outgoing.begin(MESSAGE)!
    assert.ok(sharing)
    const ofSession = toys.map(({ transforms }) => transforms.length)
    const shared = sharing.create()
    assert.deepEqual(
      toys.map(({ transforms }) => transforms.length),
      ofSession.map((count) => count + 1),
    )
    assert.equal(transformed(shared, 'Hello'), wire, what)
    assert.ok(writesOf(toys).every((writes) => writes.length === 0))
    shared.close()
    const closings = (transform: ToyTransform | undefined) => transform?.closed
    for (const { transforms } of toys) assert.deepEqual([transforms[0], transforms.at(-1)].map(closings), [0, 1])
  }
})

test('the key tells apart who transforms, how, and in which order', () => {
  const keyOf = (toys: readonly Toy[]) => pipelinesOf(toys).outgoing.begin(MESSAGE)?.sharing?.key
  assert.equal(keyOf([xorToy('5a')]), keyOf([xorToy('5a')]))
  assert.equal(keyOf([xorToy('5a'), sumToy()]), keyOf([xorToy('5a'), sumToy()]))
  assert.equal(keyOf([xorToy('5a', { declines: () => true }), sumToy()]), keyOf([sumToy()]))
  const keys = [[xorToy('5a')], [xorToy('5b')], [sumToy()], [xorToy('5a'), sumToy()], [sumToy(), xorToy('5a')]].map(
    keyOf,
  )
  assert.equal(new Set(keys).size, 5)
})

test('all of them forget when a message was transformed elsewhere', () => {
  const toys = [xorToy('5a'), sumToy(), xorToy('77', { declines: () => true })]
  const stages = toys.slice(0, 2)
  pipelinesOf(stages).outgoing.begin(MESSAGE)!.sharing!.forget()
  assert.deepEqual(
    toys.map(({ forgotten }) => forgotten),
    [1, 1, 0],
  )
})

test('where one of them cannot share, nothing is shared; where it leaves the message alone, the others do', () => {
  const sharing = (toys: readonly Toy[]) => pipelinesOf(toys).outgoing.begin(MESSAGE)?.sharing
  assert.equal(sharing([xorToy('5a', { shares: false })]), undefined)
  assert.equal(sharing([xorToy('5a', { shares: false }), sumToy()]), undefined)
  assert.equal(sharing([xorToy('5a'), sumToy({ shares: false })]), undefined)
  assert.equal(sharing([xorToy('5a'), sumToy({ shares: false, declines: () => true })])?.key, 'x-xor key 5a')
})

// --- the end ---------------------------------------------------------------------------------------------------------

test('each direction is closed by itself, all of it, and once', () => {
  const toys = [xorToy('5a'), sumToy()]
  const { outgoing, incoming } = pipelinesOf(toys)
  const closed = () => toys.map(({ transforms }) => transforms.map((transform) => transform.closed))
  incoming.close()
  incoming.close()
  assert.deepEqual(closed(), [
    [0, 1],
    [0, 1],
  ])
  outgoing.close()
  outgoing.close()
  assert.deepEqual(closed(), [
    [1, 1],
    [1, 1],
  ])
})

test('pipelines without stages leave everything alone', () => {
  assert.equal(new OutgoingPipeline([]).begin(MESSAGE), undefined)
  const incoming = new IncomingPipeline([])
  assert.deepEqual([incoming.reservedBits, incoming.begin(0b111)], [0, undefined])
})
