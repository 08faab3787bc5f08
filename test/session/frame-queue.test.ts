// The order in which frames leave when one of them takes its time, what waits behind it, and what becomes of it when the
// session ends. The extension of these tests turns every bit over and hands out a byte at a time, so that frames can be
// read by eye: "abc" is 61 62 63, and 9e 9d 9c once it was turned over.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  AgreedExtension,
  IncomingTransform,
  OutgoingMessage,
  OutgoingTransform,
} from '../../src/extension/index.ts'
import { permessageDeflate } from '../../src/extension/index.ts'
import { prepareMessage, type Session, type SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { client, events, kinds, output, receive, server } from '../support/engine.ts'
import { areCollected, liveBufferBytes, liveHeapBytes } from '../support/memory.ts'
import { concat, frame, hex, toHex } from '../support/wire.ts'

const EMPTY = new Uint8Array(0)

const TURNED = 0b100

class Turning implements OutgoingTransform, IncomingTransform {
  #payload: Uint8Array = EMPTY
  #at = 0
  #pending = false

  get pending(): boolean {
    return this.#pending
  }

  begin(message: OutgoingMessage): number | undefined
  begin(reservedBits: number): boolean
  begin(given: OutgoingMessage | number): number | undefined | boolean {
    if (typeof given === 'number') return given !== 0
    return given.compress === false ? undefined : TURNED
  }

  write(payload: Uint8Array): void {
    this.#payload = payload
    this.#at = 0
    this.#pending = true
  }

  read(): Uint8Array {
    const byte = this.#payload.slice(this.#at, this.#at + 1).map((byte) => byte ^ 0xff)
    this.#at++
    this.#pending = this.#at < this.#payload.length
    return byte
  }

  close(): void {
    this.#payload = EMPTY
  }
}

const TURNING: AgreedExtension = {
  name: 'x-turning',
  parameters: [],
  reservedBits: TURNED,
  createTransforms: () => ({ outgoing: new Turning(), incoming: new Turning() }),
}

function turning(sliceBytes: number, options: Partial<SessionOptions> = {}): Session {
  return server({ extensions: [TURNING], sliceBytes, ...options })
}

/** What each `takeOutput` gives as long as there are bytes to write, which is not for ever. */
function* outputs(session: Session): Generator<Uint8Array[]> {
  for (let calls = 0; session.outputBytes > 0; calls++) {
    assert.ok(calls < 10_000, 'the output comes to an end')
    yield session.takeOutput()
  }
}

/** What each `takeOutput` gives, until there is nothing more. */
function slices(session: Session): string[] {
  const taken: string[] = []
  for (;;) {
    assert.ok(taken.length < 10_000, 'the output comes to an end')
    const isWaiting = session.outputBytes > 0
    const slice = output(session)
    if (slice === '' && !isWaiting) return taken
    taken.push(slice)
  }
}

function wire(session: Session): string {
  return slices(session)
    .filter((slice) => slice !== '')
    .join(' ')
}

function detach({ buffer }: Uint8Array<ArrayBuffer>): void {
  structuredClone(buffer, { transfer: [buffer] })
}

const Resizable = ArrayBuffer as unknown as new (
  length: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(length: number): void }

// --- slices ----------------------------------------------------------------------------------------------------------

// Three bytes that go in count as three, each that comes out as one.
const SLICES: ReadonlyArray<readonly [sliceBytes: number, slices: readonly string[]]> = [
  [Number.POSITIVE_INFINITY, ['c1 03 9e 9d 9c']],
  [6, ['c1 03 9e 9d 9c']],
  [5, ['41 02 9e 9d 80 01 9c']],
  [4, ['41 01 9e 80 02 9d 9c']],
  [3, ['c1 03 9e 9d 9c']],
  [2, ['41 02 9e 9d', '80 01 9c']],
  [1, ['41 01 9e', '00 01 9d', '80 01 9c']],
]

for (const [sliceBytes, taken] of SLICES) {
  test(`with sliceBytes ${sliceBytes}, a message leaves as ${taken.join(', then ')}`, () => {
    const session = turning(sliceBytes)
    session.send('text', 'abc')
    assert.deepEqual(slices(session), taken)
  })
}

test('without extensions, and where none wants a message, it leaves at once, whatever sliceBytes', () => {
  for (const session of [server({ sliceBytes: 1 }), turning(1)]) {
    session.send('text', 'abc', { compress: false })
    session.sendPrepared(prepareMessage('def', { compress: false }))
    session.startFrame('text', 2, { compress: false })
    session.continueFrame(hex('67'))
    session.continueFrame(hex('68'))
    assert.equal(session.outputBytes, 14)
    assert.equal(output(session), '81 03 61 62 63 81 03 64 65 66 81 02 67 68')
  }
})

test('as long as something waits there are bytes to write, and none when nothing does', () => {
  const session = turning(1)
  assert.equal(session.outputBytes, 0)
  session.send('text', 'ab')
  for (const slice of ['41 01 9e', '80 01 9d']) {
    assert.ok(session.outputBytes > 0, `before ${slice}`)
    assert.equal(output(session), slice)
  }
  assert.equal(session.outputBytes, 0)
})

for (const { length, sliceBytes } of [
  { length: 0, sliceBytes: 1 },
  { length: 5, sliceBytes: 1 },
  { length: 65_536, sliceBytes: 65_536 },
  { length: 65_537, sliceBytes: 65_536 },
  { length: 131_072, sliceBytes: 65_536 },
  { length: 200_000, sliceBytes: 65_536 },
  { length: 300_000, sliceBytes: 1 },
]) {
  test(`${length} bytes are compressed to their end by who asks while there are bytes to write (slices of ${sliceBytes})`, () => {
    // A message of 64 KiB used to wait for ever: all of it was taken by the compressor, and nothing was left to count.
    const agreed = permessageDeflate(nodeDeflate).agreed([])
    const data = Uint8Array.from({ length }, (_, i) => (i % 7 === 0 ? Math.imul(i, i) >> 5 : 1))
    for (const prepared of [false, true]) {
      const session = server({ extensions: [agreed], sliceBytes })
      const peer = client({ extensions: [agreed] })
      if (prepared) session.sendPrepared(prepareMessage(data, { compress: true }))
      else session.send('binary', data, { compress: true })
      for (const vectors of outputs(session)) for (const vector of vectors) peer.receive(vector.slice())
      const event = peer.next()
      assert.ok(event?.kind === 'message', 'the message is whole')
      assert.ok(Buffer.from(event.payload).equals(data))
    }
  })
}

test('what waits is counted about as long as it is', () => {
  const session = turning(1)
  session.send('text', 'abc')
  const before = session.outputBytes
  session.send('binary', new Uint8Array(10_000))
  session.send('text', 'x'.repeat(1_000))
  session.sendPrepared(prepareMessage('y'.repeat(100)))
  session.startFrame('binary', 20)
  session.continueFrame(new Uint8Array(20))
  session.ping('12345')
  const waiting = session.outputBytes - before
  const payloads = 10_000 + 1_000 + 100 + 20 + 5
  assert.ok(waiting >= payloads && waiting <= payloads + 6 * 14, `${waiting} bytes`)
  session.abort()
  assert.equal(session.outputBytes, 0)
})

// --- the order -------------------------------------------------------------------------------------------------------

/** Everything that can be sent. What is written of it is the same whether it waits or not. */
const CALLS: ReadonlyArray<readonly [call: (session: Session) => void, wire: string]> = [
  [(s) => s.ping('p'), '89 01 70'],
  [(s) => s.pong('q'), '8a 01 71'],
  [(s) => s.send('binary', hex('01 02'), { compress: false }), '82 02 01 02'],
  [(s) => s.send('text', 'é', { compress: false }), '81 02 c3 a9'],
  [(s) => s.send('text', 'd'), 'c1 01 9b'],
  [(s) => s.send('binary', hex('01')), 'c2 01 fe'],
  [(s) => s.send('text', ''), 'c1 00'],
  [(s) => s.sendPrepared(prepareMessage('e')), 'c1 01 9a'],
  [(s) => s.sendPrepared(prepareMessage('f', { compress: false })), '81 01 66'],
  [
    (s) => {
      s.startFrame('binary', 3, { compress: false })
      s.continueFrame(hex('07'))
      s.ping('r') // a control frame cannot be put inside another frame
      s.continueFrame(hex('08 09'))
    },
    '82 03 07 08 09 89 01 72',
  ],
  [
    (s) => {
      s.startFrame('binary', 2)
      s.continueFrame(hex('f0'))
      s.ping('s')
      s.continueFrame(hex('f1'))
    },
    '42 01 0f 80 01 0e 89 01 73',
  ],
  [(s) => s.startFrame('text', 0, { compress: false }), '81 00'],
  [
    (s) => {
      s.send('text', 'a', { final: false })
      s.ping('t')
      s.send('text', 'b', { final: false })
      s.send('text', 'c')
    },
    '41 01 9e 89 01 74 00 01 9d 80 01 9c',
  ],
  [
    (s) => {
      s.send('text', 'a', { final: false, compress: false })
      s.startFrame('text', 1, { final: false })
      s.continueFrame(hex('62'))
      s.send('text', 'c')
    },
    '01 01 61 00 01 62 80 01 63',
  ],
  [(s) => s.close(1000, 'bye'), '88 05 03 e8 62 79 65'],
]

test('what is sent while a message takes its time leaves behind it, in the order of the calls', () => {
  const session = turning(1)
  session.send('text', 'xyz')
  for (const [call] of CALLS) call(session)
  assert.equal(wire(session), ['41 01 87 00 01 86 80 01 85', ...CALLS.map(([, written]) => written)].join(' '))
})

test('each of them leaves the same way when it is sent alone, and when anything waits in front of it', () => {
  for (const [call, written] of CALLS) {
    const alone = turning(2)
    call(alone)
    assert.equal(wire(alone), written)
    const behind = turning(1)
    behind.sendPrepared(prepareMessage('xyz'))
    behind.ping()
    call(behind)
    assert.equal(wire(behind), `41 01 87 00 01 86 80 01 85 89 00 ${written}`)
    // Something waits, though nothing is being worked on: the slice was used up.
    const between = turning(1)
    between.send('text', 'x')
    between.ping()
    assert.equal(output(between), 'c1 01 87')
    call(between)
    assert.equal(wire(between), `89 00 ${written}`)
  }
})

test('what is sent between two slices takes its place behind what waits already', () => {
  const session = turning(1)
  session.send('text', 'abc')
  session.ping('1')
  assert.equal(output(session), '41 01 9e')
  session.send('text', 'd')
  assert.equal(output(session), '00 01 9d')
  session.ping('2')
  assert.deepEqual(slices(session), ['80 01 9c', '89 01 31', 'c1 01 9b', '89 01 32'])
})

test('a pong is owed in its place: behind what was sent before the ping arrived, and in front of what is sent after', () => {
  const session = turning(1)
  session.send('text', 'ab')
  session.ping('1')
  assert.deepEqual(receive(session, '89 81 00000000 7a'), [{ kind: 'ping', payload: '7a' }])
  session.ping('2')
  assert.equal(wire(session), '41 01 9e 80 01 9d 89 01 31 8a 01 7a 89 01 32')
})

test('T-75: pings that arrive while a message takes its time are answered at the next slice, the last of them only', () => {
  const session = turning(1)
  session.send('text', 'abc')
  for (const digit of ['31', '32', '33']) receive(session, `89 81 00000000 ${digit}`)
  assert.deepEqual(slices(session), ['41 01 9e', '00 01 9d', '80 01 9c', '8a 01 33'])
})

test('pieces of a started frame wait like anything else, and a client masks them as one payload', () => {
  let key = 0
  const session = client({ extensions: [TURNING], sliceBytes: 1, randomUint32: () => ++key })
  session.send('text', 'ab')
  session.startFrame('binary', 10, { compress: false })
  for (const piece of ['01', '02 03', '', '04 05 06 07 08']) session.continueFrame(hex(piece))
  session.continueFrame(hex('09 0a'))
  const payload = hex('01 02 03 04 05 06 07 08 09 0a')
  const frames = [
    frame({ opcode: 1, fin: false, reservedBits: TURNED, key: '00000001', payload: hex('9e') }),
    frame({ opcode: 0, key: '00000002', payload: hex('9d') }),
    frame({ opcode: 2, key: '00000003', payload }),
  ]
  assert.equal(wire(session), toHex(concat(...frames)))
})

test('each frame that a client makes of a message has a masking key of its own, drawn when it is written', () => {
  let key = 0
  const session = client({ extensions: [TURNING], sliceBytes: 1, randomUint32: () => ++key })
  const peer = turning(1)
  session.send('text', 'abc')
  session.send('text', 'd', { compress: false })
  session.sendPrepared(prepareMessage('e'))
  session.ping()
  assert.equal(key, 0)
  const bytes = hex(wire(session))
  assert.equal(key, 6)
  assert.equal(toHex(bytes.subarray(0, 7)), '41 81 00 00 00 01 9e')
  peer.receive(bytes)
  const texts: string[] = []
  for (;;) {
    const event = peer.next()
    if (event?.kind === 'message') texts.push(Buffer.from(event.payload).toString())
    if (event === undefined && !peer.hasWork) break
  }
  assert.deepEqual(texts, ['abc', 'd', 'e'])
})

test('what comes to nothing is no frame, unless the message ends with it; the first frame has type and mark', () => {
  const session = turning(Number.POSITIVE_INFINITY)
  session.send('text', '', { final: false })
  assert.equal(session.outputBytes, 0)
  session.ping('1')
  session.send('text', 'ab', { final: false })
  session.startFrame('text', 0, { final: false })
  session.send('text', '')
  assert.equal(wire(session), '89 01 31 41 02 9e 9d 80 00')
})

test('frames that are started one after the other are masked each from its own beginning', () => {
  let key = 0
  const session = client({ randomUint32: () => ++key })
  for (const pieces of [
    ['01 02 03', '04 05'],
    ['06', '07 08 09'],
  ]) {
    const payload = hex(pieces.join(' '))
    session.startFrame('binary', payload.length)
    for (const piece of pieces) session.continueFrame(hex(piece))
    assert.equal(output(session), toHex(frame({ opcode: 2, key: `0000000${key}`, payload })))
  }
})

// --- how much at once -------------------------------------------------------------------------------------------------

test('messages that wait are worked on together, up to a slice, and the next begins when there is some of it left', () => {
  const session = turning(6)
  session.send('text', 'abcd')
  for (const text of ['e', 'f', 'g', 'h']) session.send('text', text)
  // Of 6: four in and two out. Two out, and two for each of two more. Two for each of two more.
  assert.deepEqual(slices(session), ['41 02 9e 9d 80 02 9c 9b c1 01 9a c1 01 99', 'c1 01 98 c1 01 97'])
})

test('each call has a slice of its own when nothing waits', () => {
  const session = turning(6)
  session.send('text', 'abc')
  assert.equal(session.outputBytes, 5)
  session.sendPrepared(prepareMessage('abc'))
  assert.equal(session.outputBytes, 10)
  session.startFrame('text', 6)
  session.continueFrame(hex('61 62 63'))
  session.continueFrame(hex('61 62 63'))
  assert.equal(session.outputBytes, 20)
  assert.equal(output(session), 'c1 03 9e 9d 9c c1 03 9e 9d 9c 41 03 9e 9d 9c 80 03 9e 9d 9c')
})

for (const what of ['messages', 'prepared messages']) {
  test(`${what} that wait behind a long one are not all compressed at once when it is through`, () => {
    let taken = 0
    const port = {
      ...nodeDeflate,
      createDeflater: (options: Parameters<typeof nodeDeflate.createDeflater>[0]) => {
        const stream = nodeDeflate.createDeflater(options)
        const step = stream.step.bind(stream)
        stream.step = (...given) => {
          step(...given)
          taken += stream.consumed
        }
        return stream
      },
    }
    const session = server({ extensions: [permessageDeflate(port).agreed([])], sliceBytes: 65_536 })
    session.send('binary', new Uint8Array(150_000))
    for (let i = 0; i < 20; i++) {
      const data = new Uint8Array(20_000).fill(i)
      if (what === 'messages') session.send('binary', data)
      else session.sendPrepared(prepareMessage(data))
    }
    let most = 0
    let before = taken
    for (const _ of outputs(session)) {
      most = Math.max(most, taken - before)
      before = taken
    }
    assert.equal(taken, 550_000)
    assert.ok(most <= 2 * 65_536, `${most} bytes were compressed in one call`)
  })
}

// --- whose memory ------------------------------------------------------------------------------------------------------

test('T-63: small payloads are copied when they wait: what becomes of them later changes nothing', () => {
  const wiresOf = (spoil: (payload: Uint8Array<ArrayBuffer>) => void): string => {
    const session = turning(1)
    session.send('text', 'ab')
    const payloads = ['01 02', '03 04', '05 06', '07 08'].map(hex) as [
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
      Uint8Array<ArrayBuffer>,
    ]
    session.send('binary', payloads[0])
    session.send('binary', payloads[1], { compress: false })
    session.ping(payloads[2])
    session.startFrame('binary', 2, { compress: false })
    session.continueFrame(payloads[3])
    for (const payload of payloads) spoil(payload)
    return wire(session)
  }
  const unspoiled = '41 01 9e 80 01 9d 42 01 fe 80 01 fd 82 02 03 04 89 02 05 06 82 02 07 08'
  assert.equal(
    wiresOf(() => {}),
    unspoiled,
  )
  assert.equal(
    wiresOf((payload) => payload.fill(9)),
    unspoiled,
  )
  assert.equal(wiresOf(detach), unspoiled)
})

test('T-68: short messages that wait take little more memory than what they are counted as, and leave in their order', () => {
  const session = turning(1)
  session.send('text', 'ab')
  const written = session.takeOutput()
  const before = liveHeapBytes() + liveBufferBytes()
  for (let i = 0; i < 50_000; i++) {
    if (i === 25_000) session.ping('p')
    session.send(i % 2 === 0 ? 'text' : 'binary', i % 2 === 0 ? 'a' : hex('62'))
  }
  const { outputBytes } = session
  assert.ok(liveHeapBytes() + liveBufferBytes() - before <= outputBytes + 65_536)
  assert.equal(outputBytes, 50_000 * 15 + 15 + 14)
  while (session.outputBytes > 0) written.push(...session.takeOutput())
  const half = 'c1 01 9e c2 01 9d '.repeat(12_500)
  assert.equal(toHex(concat(...written)), `41 01 9e 80 01 9d ${half}89 01 70 ${half}`.trim())
})

for (const { size, kept } of [
  { size: 4_095, kept: false },
  { size: 4_096, kept: false },
  { size: 4_097, kept: true },
]) {
  test(`T-63: a payload of ${size} bytes that waits is ${kept ? 'kept' : 'copied'}`, () => {
    const session = turning(1)
    session.send('text', 'ab')
    const payload = new Uint8Array(size).fill(7)
    session.send('binary', payload, { compress: false })
    payload.fill(8)
    const written = hex(wire(session))
    const expected = frame({ opcode: 2, payload: new Uint8Array(size).fill(kept ? 8 : 7) })
    assert.equal(toHex(written), toHex(concat(hex('41 01 9e 80 01 9d'), expected)))
  })
}

test('T-63: a small payload is copied also when it is what takes its time', () => {
  // Slices that are smaller than a small payload are nothing that a connection has; an engine can be opened with them.
  for (const spoil of [(payload: Uint8Array<ArrayBuffer>) => void payload.fill(9), detach]) {
    const session = turning(1)
    const payload = hex('01 02 03')
    session.send('binary', payload)
    spoil(payload)
    assert.equal(wire(session), '42 01 fe 00 01 fd 80 01 fc')
  }
})

const DETACHED: ReadonlyArray<readonly [what: string, send: (session: Session, payload: Uint8Array) => void]> = [
  ['a message that waits', (s, payload) => s.send('binary', payload)],
  ['a message that waits and is sent as it is', (s, payload) => s.send('binary', payload, { compress: false })],
  ['text that waits', (s, payload) => s.send('text', payload)],
  [
    'a piece that waits',
    (s, payload) => {
      s.startFrame('binary', payload.length, { compress: false })
      s.continueFrame(payload)
    },
  ],
  [
    'a piece that waits and is to be transformed',
    (s, payload) => {
      s.startFrame('binary', payload.length)
      s.continueFrame(payload)
    },
  ],
]

for (const [what, send] of DETACHED) {
  test(`T-63: ${what}, detached before its turn, ends the connection; what came before it leaves`, () => {
    const session = turning(1)
    session.send('text', 'abc')
    session.ping('1')
    const payload = new Uint8Array(5_000)
    send(session, payload)
    session.ping('2')
    assert.equal(output(session), '41 01 9e')
    detach(payload)
    assert.equal(output(session), '00 01 9d')
    assert.equal(output(session), '80 01 9c')
    assert.equal(session.readyState, 'open')
    const said: string[] = []
    while (session.readyState === 'open' && said.length < 100) said.push(output(session))
    assert.ok(said.every((slice) => slice === '' || slice === '89 01 31' || slice.startsWith('82 7e 13 88')))
    const closed = session.next()
    assert.ok(closed?.kind === 'closed')
    assert.equal(closed.error?.message, 'A payload was detached or resized before it was sent')
    assert.deepEqual([closed.code, closed.error.name], [1006, 'InvalidStateError'])
    assert.deepEqual([session.outputBytes, output(session), session.wantsEnd], [0, '', true])
  })
}

test('T-63: a payload that is detached while it is compressed ends the connection; nothing of what waits leaves', () => {
  for (const sliceBytes of [1, 65_536]) {
    const session = server({ extensions: [permessageDeflate(nodeDeflate).agreed([])], sliceBytes })
    const payload = new Uint8Array(150_000)
    session.send('binary', payload)
    session.ping('1')
    session.takeOutput()
    detach(payload)
    assert.deepEqual(session.takeOutput(), [])
    assert.equal(session.readyState, 'closed')
    assert.deepEqual(
      events(session).map(({ kind, code, error }) => [kind, code, error]),
      [['closed', 1006, 'INVALID_STATE']],
    )
    assert.throws(() => session.send('text', 'a'), { name: 'InvalidStateError' })
  }
})

test('T-63: memory that is shared or may change its size is copied, when it waits and when it is compressed', () => {
  const shared = (): [Uint8Array, () => void] => {
    const bytes = new Uint8Array(new SharedArrayBuffer(5_000)).fill(1)
    return [bytes, () => bytes.fill(2)]
  }
  const resizable = (): [Uint8Array, () => void] => {
    const buffer = new Resizable(5_000, { maxByteLength: 6_000 })
    return [new Uint8Array(buffer, 0, 5_000).fill(1), () => buffer.resize(10)]
  }
  for (const create of [shared, resizable]) {
    for (const isFirst of [true, false]) {
      const session = turning(1)
      const peer = client({ extensions: [TURNING] })
      if (!isFirst) session.send('text', 'ab')
      const [payload, spoil] = create()
      session.send('binary', payload)
      session.send('binary', payload, { compress: false })
      spoil()
      for (const vectors of outputs(session)) for (const vector of vectors) peer.receive(vector.slice())
      const received = events(peer).map(({ payload }) => payload)
      const ones = toHex(new Uint8Array(5_000).fill(1))
      assert.deepEqual(received, isFirst ? [ones, ones] : ['61 62', ones, ones])
    }
  }
})

test('a payload is let go once it was compressed, though the message goes on', async () => {
  const session = server({ extensions: [permessageDeflate(nodeDeflate).agreed([])], sliceBytes: 65_536 })
  const payloads: WeakRef<object>[] = []
  const send = (final: boolean): void => {
    const payload = new Uint8Array(100_000)
    payloads.push(new WeakRef(payload.buffer))
    session.send('binary', payload, { final })
    for (const _ of outputs(session));
  }
  send(false)
  send(false)
  assert.ok(await areCollected(payloads))
  send(true)
  session.send('text', 'x')
  assert.ok(await areCollected(payloads))
})

// --- the end ----------------------------------------------------------------------------------------------------------

test('what waits is thrown away by an abort, also in the middle of a frame that is sent in pieces', () => {
  for (const isMidFrame of [false, true]) {
    const session = turning(1)
    session.send('text', 'abc')
    session.send('text', 'def')
    if (isMidFrame) session.startFrame('binary', 5)
    if (isMidFrame) session.continueFrame(hex('01'))
    output(session)
    session.abort()
    assert.deepEqual([session.outputBytes, session.wantsEnd, output(session)], [0, true, ''])
    assert.deepEqual(kinds(session), ['closed'])
  }
})

test('a Close frame waits for its turn, and the end of the stream with it', () => {
  const session = turning(1)
  session.send('text', 'ab')
  session.close(1000)
  assert.equal(session.readyState, 'closing')
  assert.throws(() => session.send('text', 'c'), { name: 'InvalidStateError' })
  receive(session, '88 82 00000000 03e8')
  for (const slice of ['41 01 9e', '80 01 9d', '88 02 03 e8']) {
    assert.equal(session.wantsEnd, false, `before ${slice}`)
    assert.equal(output(session), slice)
  }
  assert.equal(session.wantsEnd, true)
  session.receiveEnd()
  assert.deepEqual(
    events(session).map(({ kind, code, wasClean, sentCode }) => [kind, code, wasClean, sentCode]),
    [['closed', 1000, true, 1000]],
  )
})

test("the peer's Close frame in the middle of a message of ours is answered behind it", () => {
  const session = turning(1)
  session.send('text', 'abc')
  assert.equal(output(session), '41 01 9e')
  session.ping('1')
  assert.deepEqual(
    receive(session, '88 82 00000000 03e9').map(({ kind, code }) => [kind, code]),
    [['close', 1001]],
  )
  const left: [string, boolean][] = []
  for (const vectors of outputs(session)) left.push([toHex(concat(...vectors)), session.wantsEnd])
  assert.deepEqual(left, [
    ['00 01 9d', false],
    ['80 01 9c', false],
    ['89 01 31 88 02 03 e9', true],
  ])
})

test('a connection that fails in the middle of a message of ours says why behind it, then ends', () => {
  for (const fail of [
    (session: Session) => void receive(session, '83 80 00000000'), // a reserved opcode
    (session: Session) => session.fail(1002),
  ]) {
    const session = turning(1)
    session.send('text', 'abc')
    output(session)
    fail(session)
    assert.equal(session.wantsEnd, false)
    assert.deepEqual(slices(session), ['00 01 9d', '80 01 9c', '88 02 03 ea'])
    assert.equal(session.wantsEnd, true)
  }
})

test('a connection that fails in the middle of a frame of ours that is sent in pieces ends without a Close frame', () => {
  const session = turning(1)
  session.startFrame('binary', 5)
  session.continueFrame(hex('01 02 03'))
  session.fail(1002)
  assert.deepEqual([session.readyState, session.outputBytes, session.wantsEnd], ['closed', 0, true])
  assert.throws(() => session.continueFrame(hex('04 05')), { name: 'InvalidStateError' })
})

for (const isClosing of [false, true]) {
  test(`when the peer's stream ends in the middle, what ${isClosing ? 'the Close frame' : 'anything'} waits for is not sent`, () => {
    const session = turning(1)
    session.send('text', 'abc')
    if (isClosing) session.close(1000)
    assert.equal(output(session), '41 01 9e')
    session.receiveEnd()
    assert.deepEqual([session.readyState, session.outputBytes, session.wantsEnd], ['closed', 0, true])
    const [closed] = events(session)
    // A Close frame that never left is none that was sent.
    assert.deepEqual([closed?.['code'], closed?.['wasClean'], closed?.['sentCode']], [1006, false, undefined])
  })
}

test('T-90: a Close frame that its message never lets through is given up at closeTimeoutMs', () => {
  const session = turning(1, { limits: { closeTimeoutMs: 500 } })
  session.send('text', 'abc')
  session.close(1000)
  receive(session, '88 82 00000000 03e8')
  assert.equal(session.deadline, 500)
  session.tick(500)
  const [closed] = events(session)
  assert.deepEqual(
    [closed?.['kind'], closed?.['error'], closed?.['sentCode'], closed?.['receivedCode']],
    ['closed', 'CLOSE_TIMEOUT', undefined, 1000],
  )
  assert.equal(session.outputBytes, 0)
})
