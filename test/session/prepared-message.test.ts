// Messages that many sessions send: what they are made of, what each session makes of them, and that it is made once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AgreedExtension,
  type DeflateOptions,
  type DeflatePort,
  type DeflaterOptions,
  permessageDeflate,
} from '../../src/extension/index.ts'
import {
  type PreparedMessage,
  type PrepareOptions,
  prepareMessage,
  type Session,
  type SessionOptions,
} from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/index.ts'
import { client, output, rawEvents, server } from '../support/engine.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

/** zlib, with a count of what deflaters took and of how many streams are open. */
class CountingDeflate implements DeflatePort {
  deflated = 0
  created = 0
  open = 0

  createDeflater(options: DeflaterOptions): ReturnType<DeflatePort['createDeflater']> {
    const stream = this.#watch(nodeDeflate.createDeflater(options))
    const step = stream.step.bind(stream)
    this.created++
    stream.step = (...given) => {
      step(...given)
      this.deflated += stream.consumed
    }
    return stream
  }

  createInflater(windowBits: number): ReturnType<DeflatePort['createInflater']> {
    return this.#watch(nodeDeflate.createInflater(windowBits))
  }

  #watch(stream: ReturnType<DeflatePort['createInflater']>): ReturnType<DeflatePort['createInflater']> {
    const close = stream.close.bind(stream)
    this.open++
    stream.close = () => {
      close()
      this.open--
    }
    return stream
  }
}

/** What server and client agree on when both have these options. */
function agree(options: DeflateOptions = {}, port: DeflatePort = nodeDeflate): AgreedExtension {
  return permessageDeflate(port, options).answerOffer([['client_max_window_bits', undefined]])!
}

const WITH_CONTEXT: DeflateOptions = { serverNoContextTakeover: false, clientNoContextTakeover: false }

/** Text in which things come back, beyond every threshold. */
function jsonOf(bytes: number): string {
  let text = ''
  for (let id = 0; text.length < bytes; id++) text += `{"id":${id},"name":"user ${(id * 7_919) % 1_000}"},`
  return text.slice(0, bytes)
}

/** What each `takeOutput` gives as long as there are bytes to write, which is not for ever. */
function* outputs(session: Session): Generator<Uint8Array[]> {
  for (let calls = 0; session.outputBytes > 0; calls++) {
    assert.ok(calls < 10_000, 'the output comes to an end')
    yield session.takeOutput()
  }
}

/** Takes all of the output; the peer, if there is one, is given it. @returns it. */
function sent(session: Session, peer?: Session): Uint8Array {
  const bytes = concat(...[...outputs(session)].flat())
  peer?.receive(bytes.slice())
  return bytes
}

function texts(peer: Session): string[] {
  return rawEvents(peer).map((event) => {
    assert.ok(event.kind === 'message', event.kind)
    return Buffer.from(event.payload).toString()
  })
}

/** Compares texts that are too long to be shown. */
function assertTexts(peer: Session, expected: readonly string[]): void {
  const received = texts(peer)
  assert.deepEqual(
    received.map((text) => text.length),
    expected.map((text) => text.length),
  )
  assert.ok(received.every((text, i) => text === expected[i]))
}

// --- what can be prepared ---------------------------------------------------------------------------------------------

test('a string is a text message, and every kind of bytes a binary one', () => {
  const memory = hex('61 62 63 64 65 66 67 68')
  const rows: ReadonlyArray<readonly [data: unknown, wire: string]> = [
    ['aé', '81 03 61 c3 a9'],
    ['', '81 00'],
    ['\ud800', '81 03 ef bf bd'], // a lone surrogate
    [memory.subarray(1, 3), '82 02 62 63'],
    [new Uint8Array(0), '82 00'],
    [Buffer.from(memory.buffer, 2, 2), '82 02 63 64'],
    [memory.slice(0, 2).buffer, '82 02 61 62'],
    [new DataView(memory.buffer, 3, 1), '82 01 64'],
    [new Uint16Array(memory.buffer, 2, 1), '82 02 63 64'],
    [new SharedArrayBuffer(2), '82 02 00 00'],
  ]
  for (const [data, wire] of rows) {
    const session = server()
    const message = prepareMessage(data as Uint8Array)
    assert.equal(message.type, typeof data === 'string' ? 'text' : 'binary')
    session.sendPrepared(message)
    assert.equal(output(session), wire)
  }
})

test('everything else is refused with a TypeError', () => {
  for (const data of [undefined, null, 7, 1n, true, Symbol('x'), {}, [1], new String('x'), () => '']) {
    assert.throws(() => prepareMessage(data as string), {
      name: 'TypeError',
      message: 'Cannot prepare a message: it is neither a string nor bytes',
    })
  }
})

test('T-88: an option that is misspelt or is none is a TypeError', () => {
  for (const [options, message] of [
    [{ compres: true }, 'Unknown option compres in options'],
    [{ final: false }, 'Unknown option final in options'],
    [{ compress: 1 }, 'options.compress is a number, not a boolean'],
    [{ compress: null }, 'options.compress is a object, not a boolean'],
    [null, 'options is not an object'],
    [true, 'options is not an object'],
    [[], 'options is an array, not an object of options'],
  ] as const) {
    assert.throws(() => prepareMessage('a', options as PrepareOptions), { name: 'TypeError', message })
  }
  prepareMessage('a', { compress: undefined })
})

test('T-67: the options are read once, and only the own ones', () => {
  const session = server({ extensions: [agree()] })
  const inherited = Object.create({ compress: true }) as PrepareOptions
  session.sendPrepared(prepareMessage('a', inherited))
  assert.equal(output(session), '81 01 61')
  let reads = 0
  const given = {
    get compress() {
      return ++reads === 1
    },
  }
  session.sendPrepared(prepareMessage('a', given))
  assert.equal(output(session), 'c1 03 4a 04 00')
  assert.equal(reads, 1)
})

test('bytes are copied: what becomes of them later changes nothing', () => {
  for (const size of [10, 10_000]) {
    for (const compress of [true, false]) {
      const session = server({ extensions: [agree()] })
      const peer = client({ extensions: [agree()] })
      const data = new Uint8Array(size).fill(7)
      const message = prepareMessage(data, { compress })
      data.fill(8)
      session.sendPrepared(message)
      structuredClone(data.buffer, { transfer: [data.buffer] })
      sent(session, peer)
      const [event] = rawEvents(peer)
      assert.ok(event?.kind === 'message')
      assert.deepEqual(event.payload, new Uint8Array(size).fill(7))
    }
  }
})

// --- when it can be sent ----------------------------------------------------------------------------------------------

test('only what was prepared is taken', () => {
  const session = server()
  const { type, payload } = prepareMessage('a')
  for (const message of ['a', undefined, null, { type, payload }, hex('61')]) {
    assert.throws(() => session.sendPrepared(message as PreparedMessage), {
      name: 'TypeError',
      message: 'The message is not a prepared one',
    })
  }
  assert.equal(output(session), '')
})

test('it cannot be sent inside a message or a frame, nor after the Close frame or the end; nothing is sent then', () => {
  const message = prepareMessage('a')
  const rows: ReadonlyArray<readonly [before: (session: Session) => void, why: RegExp, wire: string]> = [
    [(s) => s.send('text', 'b', { final: false }), /a message is not finished/, '01 01 62'],
    [(s) => s.send('binary', hex('01'), { final: false }), /a message is not finished/, '02 01 01'],
    [(s) => s.startFrame('text', 1), /is not finished/, '81 01'],
    [(s) => s.close(), /the Close frame is already sent/, '88 00'],
    [(s) => s.abort(), /the connection is closed/, ''],
  ]
  for (const [before, why, wire] of rows) {
    const session = server()
    before(session)
    assert.throws(() => session.sendPrepared(message), { name: 'InvalidStateError', message: why })
    assert.equal(output(session), wire)
  }
  const session = server()
  session.send('text', 'b', { final: false })
  session.send('text', 'c')
  session.sendPrepared(message)
  assert.equal(output(session), '01 01 62 80 01 63 81 01 61')
})

test('a message of ours counts as traffic', () => {
  const session = server({ limits: { idleTimeoutMs: 1_000 }, keepalive: false })
  session.tick(900)
  session.sendPrepared(prepareMessage('a'))
  assert.equal(session.deadline, 1_900)
})

test('a pong that is owed leaves in front of it', () => {
  const session = server()
  session.receive(hex('89 81 00000000 31'))
  rawEvents(session)
  session.sendPrepared(prepareMessage('a'))
  assert.equal(output(session), '8a 01 31 81 01 61')
})

// --- what is sent -----------------------------------------------------------------------------------------------------

test('a session without extensions sends it as it is, a long one from where it lies', () => {
  const message = prepareMessage(new Uint8Array(5_000).fill(7))
  const vectors = [server(), server()].map((session) => {
    session.sendPrepared(message)
    return session.takeOutput()
  })
  for (const taken of vectors) assert.equal(toHex(concat(...taken)), `82 7e 13 88${' 07'.repeat(5_000)}`)
  assert.equal(vectors[0]![1]!.buffer, vectors[1]![1]!.buffer)
})

for (const { length, compress, compressed } of [
  { length: 99, compress: undefined, compressed: false },
  { length: 100, compress: undefined, compressed: true },
  { length: 101, compress: undefined, compressed: true },
  { length: 99, compress: true, compressed: true },
  { length: 0, compress: true, compressed: true },
  { length: 5_000, compress: false, compressed: false },
]) {
  test(`T-88: with thresholdBytes 100, ${length} bytes with compress ${compress} are ${compressed ? '' : 'not '}compressed`, () => {
    const extension = agree({ thresholdBytes: 100 })
    const message = prepareMessage('a'.repeat(length), { compress })
    for (const session of [server({ extensions: [extension] }), client({ extensions: [extension] })]) {
      const peer = (session.role === 'server' ? client : server)({ extensions: [extension] })
      session.sendPrepared(message)
      const bytes = sent(session, peer)
      assert.equal(bytes[0], compressed ? 0xc1 : 0x81)
      assert.equal(bytes.length < length, compressed && length > 50)
      assert.deepEqual(texts(peer), ['a'.repeat(length)])
    }
  })
}

test("the RFC's example is sent byte for byte by a server, masked by a client, and plain where nothing was agreed on", () => {
  const extension = agree({ serverMaxWindowBits: 15, clientMaxWindowBits: 15 })
  const message = prepareMessage('Hello', { compress: true })
  const rows: ReadonlyArray<readonly [session: Session, wire: string]> = [
    [server({ extensions: [extension] }), 'c1 07 f2 48 cd c9 c9 07 00'],
    [server(), '81 05 48 65 6c 6c 6f'],
    [
      client({ extensions: [extension] }),
      toHex(frame({ opcode: 1, reservedBits: 4, key: '37fa213d', payload: hex('f2 48 cd c9 c9 07 00') })),
    ],
    [client(), '81 85 37 fa 21 3d 7f 9f 4d 51 58'],
  ]
  for (let round = 0; round < 2; round++) {
    for (const [session, wire] of rows) {
      session.sendPrepared(message)
      assert.equal(output(session), wire)
    }
  }
})

// --- once for all -----------------------------------------------------------------------------------------------------

test('it is compressed exactly once for each agreement, and all sessions of one send the same bytes', () => {
  const port = new CountingDeflate()
  const text = jsonOf(20_000)
  const message = prepareMessage(text)
  const agreements = [{}, { serverMaxWindowBits: 9 }, { memoryLevel: 1 }, { compressionLevel: 1 }] as DeflateOptions[]
  const wires = agreements.map((options) => {
    const before = port.deflated
    // Whether a context is kept makes no difference to a message that refers to nothing before it.
    const extensions = [agree(options, port), agree({ ...options, ...WITH_CONTEXT }, port)]
    const different = new Set<string>()
    for (const extension of extensions) {
      for (let i = 0; i < 5; i++) {
        const session = server({ extensions: [extension] })
        const peer = client({ extensions: [extension] })
        session.sendPrepared(message)
        different.add(toHex(sent(session, peer)))
        assert.deepEqual(texts(peer), [text])
        session.abort()
        peer.abort()
      }
    }
    assert.equal(port.deflated - before, 20_000)
    assert.equal(different.size, 1)
    return [...different][0]
  })
  assert.equal(new Set(wires).size, agreements.length)
  assert.equal(port.created, agreements.length)
  assert.equal(port.open, 0)
})

test('a server and a client whose windows are of one size share it', () => {
  const port = new CountingDeflate()
  const extension = agree({}, port)
  const message = prepareMessage(jsonOf(5_000))
  for (const session of [server({ extensions: [extension] }), client({ extensions: [extension] })]) {
    session.sendPrepared(message)
    sent(session)
  }
  assert.equal(port.deflated, 5_000)
})

test('where nobody compresses it, nothing is compressed', () => {
  const port = new CountingDeflate()
  const session = server({ extensions: [agree({}, port)] })
  session.sendPrepared(prepareMessage(jsonOf(5_000), { compress: false }))
  session.sendPrepared(prepareMessage(jsonOf(1_000)))
  sent(session)
  assert.deepEqual([port.deflated, port.created], [0, 0])
})

test('between messages that keep a context, it leaves the peer able to read what follows', () => {
  const extension = agree(WITH_CONTEXT)
  for (const role of ['server', 'client'] as const) {
    const session = (role === 'server' ? server : client)({ extensions: [extension] })
    const peer = (role === 'server' ? client : server)({ extensions: [extension] })
    const own = jsonOf(3_000)
    const prepared = prepareMessage(jsonOf(9_000).slice(2_000))
    const lengths: number[] = []
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 3; i++) {
        session.send('text', own)
        lengths.push(sent(session, peer).length)
        assert.deepEqual(texts(peer), [own])
      }
      session.sendPrepared(prepared)
      session.sendPrepared(prepared)
      sent(session, peer)
      assert.deepEqual(texts(peer), [jsonOf(9_000).slice(2_000), jsonOf(9_000).slice(2_000)])
    }
    // The context of our own messages is there from one to the next, and begins anew behind a prepared one.
    const whole = lengths[0]!
    assert.deepEqual(
      lengths.map((length) => (length === whole ? 'whole' : length < whole / 5 ? 'short' : length)),
      ['whole', 'short', 'short', 'whole', 'short', 'short', 'whole', 'short', 'short'],
    )
  }
})

test('the random keys of a client mask what was compressed once, each time anew', () => {
  let key = 0
  const extension = agree({ serverMaxWindowBits: 15, clientMaxWindowBits: 15 })
  const session = client({ extensions: [extension], randomUint32: () => ++key })
  const message = prepareMessage('Hello', { compress: true })
  for (const masked of ['f2 48 cd c8 c9 07 00', 'f2 48 cd cb c9 07 00', 'f2 48 cd ca c9 07 00']) {
    session.sendPrepared(message)
    assert.equal(output(session), `c1 87 00 00 00 0${key} ${masked}`)
  }
})

// --- slices -----------------------------------------------------------------------------------------------------------

const LARGE = jsonOf(1_000_000)

interface Subscriber {
  readonly session: Session
  readonly peer: Session
}

function subscribers(count: number, extension: AgreedExtension, options: Partial<SessionOptions> = {}): Subscriber[] {
  return Array.from({ length: count }, () => ({
    session: server({ extensions: [extension], sliceBytes: 65_536, ...options }),
    peer: client({ extensions: [extension] }),
  }))
}

/** Each has a turn, over and over, until all is sent. @returns the rounds that it took. */
function takeTurns(all: readonly Subscriber[], inRound: (round: number) => void = () => {}): number {
  for (let round = 0; ; round++) {
    if (all.every(({ session }) => session.outputBytes === 0)) return round
    assert.ok(round < 1_000, 'it comes to an end')
    inRound(round)
    for (const { session, peer } of all) for (const vector of session.takeOutput()) peer.receive(vector.slice())
  }
}

test('a hundred sessions that send a long one share the work: all of it is that of one message', () => {
  const port = new CountingDeflate()
  const all = subscribers(100, agree({}, port))
  const message = prepareMessage(LARGE)
  for (const { session } of all) session.sendPrepared(message)
  assert.ok(port.deflated <= 2 * 65_536, `${port.deflated} bytes were compressed at once`)
  for (const { session } of all) session.ping('behind it')
  takeTurns(all)
  assert.equal(port.deflated, 1_000_000)
  for (const { peer } of all) {
    const [event, ping, ...rest] = rawEvents(peer)
    assert.ok(event?.kind === 'message' && Buffer.from(event.payload).equals(Buffer.from(LARGE)))
    assert.deepEqual([ping?.kind, rest.length], ['ping', 0])
  }
  for (const { session, peer } of all) {
    session.abort()
    peer.abort()
  }
  assert.equal(port.open, 0)
})

test('one call works on no more than a slice of it, whoever calls', () => {
  const port = new CountingDeflate()
  const all = subscribers(3, agree({}, port))
  const message = prepareMessage(LARGE)
  for (const { session } of all) {
    session.sendPrepared(message)
    let before = port.deflated
    for (const _ of outputs(session)) {
      assert.ok(port.deflated - before <= 2 * 65_536)
      before = port.deflated
    }
  }
  assert.equal(port.deflated, 1_000_000)
})

test('it leaves in one frame, also where slices are small', () => {
  const extension = agree()
  const session = server({ extensions: [extension], sliceBytes: 1 })
  session.sendPrepared(prepareMessage(LARGE))
  const bytes = sent(session)
  assert.equal(bytes[0], 0xc1)
  assert.equal(bytes[1], 127)
  assert.equal(bytes.length, 10 + Number(new DataView(bytes.buffer).getBigUint64(2)))
})

test('the one who began it may go away, and the others still send it whole', () => {
  const port = new CountingDeflate()
  const all = subscribers(10, agree({}, port))
  const message = prepareMessage(LARGE)
  for (const { session } of all) session.sendPrepared(message)
  const left = all.slice(1)
  takeTurns(all, (round) => {
    if (round === 1) all[0]!.session.abort()
  })
  for (const { peer } of left) assertTexts(peer, [LARGE])
  assert.equal(rawEvents(all[0]!.peer).length, 0)
  assert.equal(port.deflated, 1_000_000)
})

test('sessions that go away one after the other do not keep the others from ever sending it', () => {
  // Each that went away used to take with it what all had worked for: subscribers that come and go could hold up a
  // message for ever.
  const port = new CountingDeflate()
  const all = subscribers(100, agree({}, port))
  const message = prepareMessage(LARGE)
  for (const { session } of all) session.sendPrepared(message)
  const last = all.at(-1)!
  for (const { session } of all.slice(0, -1)) {
    session.abort()
    for (let turn = 0; turn < 3; turn++) {
      for (const vector of last.session.takeOutput()) last.peer.receive(vector.slice())
    }
  }
  assert.equal(last.session.outputBytes, 0, `${port.deflated} bytes were compressed, and nothing was sent`)
  assertTexts(last.peer, [LARGE])
  assert.equal(port.deflated, 1_000_000)
  for (const { session, peer } of all) {
    session.abort()
    peer.abort()
  }
  assert.equal(port.open, 0)
})

test('when all who wait for it are gone, the one who comes next begins anew', () => {
  const port = new CountingDeflate()
  const extension = agree({}, port)
  const message = prepareMessage(LARGE)
  const gone = subscribers(2, extension)
  for (const { session } of gone) session.sendPrepared(message)
  for (const { session } of gone) session.takeOutput()
  for (const { session, peer } of gone) {
    session.abort()
    peer.abort()
  }
  assert.equal(port.open, 0)
  const late = subscribers(1, extension)
  late[0]!.session.sendPrepared(message)
  takeTurns(late)
  assertTexts(late[0]!.peer, [LARGE])
})

test('one who goes away when it is through, and has not taken it, is of no consequence', () => {
  const port = new CountingDeflate()
  const [first, second, third] = subscribers(3, agree({}, port)) as [Subscriber, Subscriber, Subscriber]
  const message = prepareMessage(LARGE)
  for (const { session } of [first, second, third]) session.sendPrepared(message)
  takeTurns([first])
  second.session.abort()
  takeTurns([third])
  assertTexts(third.peer, [LARGE])
  assert.equal(port.deflated, 1_000_000)
})

test('a session without slices waits with those who are at it, and is through with its next output', () => {
  const extension = agree()
  const message = prepareMessage(LARGE)
  const [sliced] = subscribers(1, extension) as [Subscriber]
  const [whole] = subscribers(1, extension, { sliceBytes: undefined }) as [Subscriber]
  sliced.session.sendPrepared(message)
  whole.session.sendPrepared(message)
  whole.session.send('text', 'behind it')
  for (const vector of whole.session.takeOutput()) whole.peer.receive(vector.slice())
  assert.equal(whole.session.outputBytes, 0)
  assertTexts(whole.peer, [LARGE, 'behind it'])
  takeTurns([sliced])
  assertTexts(sliced.peer, [LARGE])
})

test('what is sent behind it leaves behind it, in the order of the calls, and in a context that the peer has', () => {
  for (const options of [{}, WITH_CONTEXT]) {
    const extension = agree(options)
    const all = subscribers(3, extension)
    const message = prepareMessage(LARGE)
    const other = prepareMessage(jsonOf(70_000))
    const own = jsonOf(2_000)
    for (const { session } of all) {
      session.send('text', own)
      session.sendPrepared(message)
      session.send('text', own)
      session.sendPrepared(other)
      session.sendPrepared(message)
      session.send('text', own)
    }
    takeTurns(all)
    for (const { peer } of all) assertTexts(peer, [own, LARGE, own, jsonOf(70_000), LARGE, own])
  }
})

test('an extension that does not share transforms it for each session', () => {
  const swapped = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff)
  let written = 0
  const extension: AgreedExtension = {
    name: 'x-turning',
    parameters: [],
    reservedBits: 0b010,
    createTransforms: () => {
      let left: Uint8Array | undefined
      const transform = {
        get pending() {
          return left !== undefined
        },
        write(payload: Uint8Array) {
          written += payload.length
          left = swapped(payload)
        },
        read() {
          const bytes = left!
          left = undefined
          return bytes
        },
        close() {},
      }
      const outgoing = Object.defineProperties({ begin: () => 0b010 }, Object.getOwnPropertyDescriptors(transform))
      const incoming = Object.defineProperties(
        { begin: (bits: number) => bits !== 0 },
        Object.getOwnPropertyDescriptors(transform),
      )
      return { outgoing: outgoing as never, incoming: incoming as never }
    },
  }
  const message = prepareMessage('ab')
  for (let i = 0; i < 2; i++) {
    const session = server({ extensions: [extension] })
    session.sendPrepared(message)
    assert.equal(output(session), 'a1 02 9e 9d')
  }
  assert.equal(written, 4)
  // Nor does one that shares, together with one that does not.
  const port = new CountingDeflate()
  for (let i = 0; i < 2; i++) {
    const extensions = [extension, agree({}, port)]
    const session = server({ extensions, sliceBytes: 65_536 })
    const peer = client({ extensions })
    session.sendPrepared(prepareMessage(LARGE))
    sent(session, peer)
    assertTexts(peer, [LARGE])
  }
  assert.equal(port.deflated, 2_000_000)
})

test('prepared text is what was prepared, byte for byte', () => {
  assert.equal(toHex(prepareMessage('a€').payload), toHex(utf8('a€')))
})
