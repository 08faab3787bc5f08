import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Session, type SessionOptions } from '../../src/session/index.ts'
import { client, kinds, output, rawEvents, receive, server } from '../support/engine.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const BITS = [{ name: 'x', parameters: [], reservedBits: 0b110 }]

test('the examples of RFC 6455 §5.7 are sent byte for byte', () => {
  const ab256 = new Uint8Array(256).fill(0xab)
  const cd64k = new Uint8Array(65_536).fill(0xcd)
  const rows: ReadonlyArray<readonly [session: Session, call: (session: Session) => void, wire: string]> = [
    [server(), (s) => s.send('text', 'Hello'), '81 05 48 65 6c 6c 6f'],
    [client(), (s) => s.send('text', 'Hello'), '81 85 37 fa 21 3d 7f 9f 4d 51 58'],
    [
      server(),
      (s) => {
        s.send('text', 'Hel', { final: false })
        s.send('text', 'lo')
      },
      '01 03 48 65 6c 80 02 6c 6f',
    ],
    [server(), (s) => s.ping('Hello'), '89 05 48 65 6c 6c 6f'],
    [client(), (s) => s.pong('Hello'), '8a 85 37 fa 21 3d 7f 9f 4d 51 58'],
    [server(), (s) => s.send('binary', ab256), `82 7e 01 00${' ab'.repeat(256)}`],
    [server(), (s) => s.send('binary', cd64k), `82 7f 00 00 00 00 00 01 00 00${' cd'.repeat(65_536)}`],
  ]
  for (const [session, call, wire] of rows) {
    call(session)
    assert.equal(output(session), wire)
  }
})

test('a pong echoes the ping of RFC 6455 §5.7, masked by a client', () => {
  const session = client()
  assert.deepEqual(receive(session, '89 05 48656c6c6f'), [{ kind: 'ping', payload: '48 65 6c 6c 6f' }])
  assert.equal(output(session), '8a 85 37 fa 21 3d 7f 9f 4d 51 58')
})

const HEADERS: ReadonlyArray<readonly [size: number, fromServer: string, fromClient: string]> = [
  [0, '82 00', '82 80 37 fa 21 3d'],
  [1, '82 01', '82 81 37 fa 21 3d'],
  [125, '82 7d', '82 fd 37 fa 21 3d'],
  [126, '82 7e 00 7e', '82 fe 00 7e 37 fa 21 3d'],
  [65_535, '82 7e ff ff', '82 fe ff ff 37 fa 21 3d'],
  [65_536, '82 7f 00 00 00 00 00 01 00 00', '82 ff 00 00 00 00 00 01 00 00 37 fa 21 3d'],
]

for (const [size, fromServer, fromClient] of HEADERS) {
  test(`T-66: ${size} bytes have the shortest header, whole or begun with startFrame`, () => {
    const payload = new Uint8Array(size).fill(0x61)
    for (const [create, header] of [
      [server, fromServer],
      [client, fromClient],
    ] as const) {
      const whole = create()
      whole.send('binary', payload)
      const inPieces = create()
      inPieces.startFrame('binary', size)
      if (size > 0) {
        inPieces.continueFrame(payload.subarray(0, size >> 1))
        inPieces.continueFrame(payload.subarray(size >> 1))
      }
      const bytes = output(whole)
      assert.ok(bytes.startsWith(header))
      assert.equal(bytes.split(' ').length, header.split(' ').length + size)
      assert.equal(output(inPieces), bytes)
    }
  })
}

/** Numbers that look random and are the same in every run. */
function keysFrom(seed: number): () => number {
  let key = seed
  return () => {
    key = (Math.imul(key, 0x9e37_79b1) + 1) >>> 0
    return key
  }
}

test('what any session sends, the other end receives', () => {
  const part = fc.record({ payload: fc.uint8Array({ maxLength: 300 }), final: fc.boolean() })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.nat(), fc.boolean(), (parts, seed, fromClient) => {
      const sender = fromClient ? client({ randomUint32: keysFrom(seed) }) : server()
      const receiver = fromClient ? server() : client()
      const expected: string[] = []
      let message: Uint8Array[] = []
      for (const { payload, final } of parts) {
        sender.send('binary', payload, { final })
        message.push(payload)
        if (!final) continue
        expected.push(toHex(concat(...message)))
        message = []
      }
      for (const vector of sender.takeOutput()) receiver.receive(vector.slice())
      const received = rawEvents(receiver).map((event) => toHex((event as { payload: Uint8Array }).payload))
      assert.deepEqual(received, expected)
    }),
    { numRuns: 200 },
  )
})

// --- data types ------------------------------------------------------------------------------------------------------

const memory = hex('61 62 63 64 65 66 67 68')
const shared = new Uint8Array(new SharedArrayBuffer(2))
shared.set([0x61, 0x62])

test('T-60: every kind of bytes is sent as exactly its bytes, as binary and as text', () => {
  const rows: ReadonlyArray<readonly [payload: unknown, wire: string]> = [
    [memory.subarray(1, 3), '62 63'],
    [Buffer.from(memory.buffer, 2, 2), '63 64'],
    [memory.slice(0, 2).buffer, '61 62'],
    [shared.buffer, '61 62'],
    [shared.subarray(1), '62'],
    [new Uint16Array(memory.buffer, 2, 1), '63 64'],
    [new DataView(memory.buffer, 3, 1), '64'],
    [new Float32Array(memory.buffer, 4, 1), '65 66 67 68'],
  ]
  for (const [payload, wire] of rows) {
    const session = server()
    session.send('binary', payload as Uint8Array)
    session.send('text', payload as Uint8Array)
    const length = toHex(Uint8Array.of(hex(wire).length))
    assert.equal(output(session), `82 ${length} ${wire} 81 ${length} ${wire}`)
  }
})

const REFUSED: readonly unknown[] = [
  undefined,
  null,
  7,
  1n,
  true,
  Symbol('x'),
  {},
  [1],
  new String('x'),
  () => '',
  new Date(0),
]

test('T-60: everything else is refused with a TypeError, nothing is sent, and a later valid call works', () => {
  for (const payload of REFUSED) {
    const session = server()
    session.startFrame('text', 1)
    assert.throws(() => session.continueFrame(payload as Uint8Array), TypeError)
    session.continueFrame(utf8('a'))
    assert.throws(() => session.send('text', payload as string), TypeError)
    assert.throws(() => session.send('binary', payload as Uint8Array), TypeError)
    if (payload !== undefined) {
      assert.throws(() => session.ping(payload as string), TypeError)
      assert.throws(() => session.pong(payload as string), TypeError)
    }
    session.send('text', 'b')
    assert.equal(output(session), '81 01 61 81 01 62')
  }
})

test('T-67: a payload that lies about itself is sent as what it is', () => {
  class Liar extends Uint8Array {
    static get [Symbol.species](): never {
      throw new Error('asked for the species')
    }
    override get length(): number {
      return 100_000
    }
    override get byteLength(): number {
      return 100_000
    }
    override subarray(): never {
      throw new Error('asked for a part')
    }
    override slice(): never {
      throw new Error('asked for a copy')
    }
    override [Symbol.iterator](): never {
      throw new Error('asked for the elements')
    }
  }
  const session = server()
  session.send('binary', new Liar([1, 2]))
  session.send('text', new Liar([0x61]))
  session.ping(new Liar([3]))
  session.startFrame('binary', 1)
  session.continueFrame(new Liar([4]))
  session.close(1000, new Liar([0x62]))
  assert.equal(output(session), '82 02 01 02 81 01 61 89 01 03 82 01 04 88 03 03 e8 62')
})

test('T-67: options are their own properties only', () => {
  const session = server({ extensions: BITS })
  session.send('text', 'a', Object.create({ final: false, reservedBits: 4 }))
  session.send('text', 'b', { final: undefined, reservedBits: undefined } as object)
  assert.equal(output(session), '81 01 61 81 01 62')
})

// --- text ------------------------------------------------------------------------------------------------------------

test('T-62: lone surrogates leave as U+FFFD', () => {
  const session = server()
  session.send('text', 'a\ud83d')
  session.send('text', '\ude00a')
  assert.equal(output(session), '81 04 61 ef bf bd 81 04 ef bf bd 61')
})

test('T-62: a pair that is split across two pieces is one code point', () => {
  const session = server()
  session.send('text', 'a\ud83d', { final: false })
  session.send('text', '\ude00b')
  assert.equal(output(session), '01 01 61 80 05 f0 9f 98 80 62')
})

const SURROGATES: ReadonlyArray<readonly [name: string, pieces: ReadonlyArray<string | Uint8Array>, wire: string]> = [
  ['ends the message', ['\ud83d', ''], '01 00 80 03 ef bf bd'],
  ['is followed by other text', ['\ud83d', 'a'], '01 00 80 04 ef bf bd 61'],
  ['is followed by another', ['\ud83d', '\ud83d', '\ude00'], '01 00 00 03 ef bf bd 80 04 f0 9f 98 80'],
  ['waits through an empty piece', ['\ud83d', '', '\ude00'], '01 00 00 00 80 04 f0 9f 98 80'],
  ['is followed by bytes', ['\ud83d', utf8('a')], '01 00 80 04 ef bf bd 61'],
  ['is the greatest', ['\udbff', '\udfff'], '01 00 80 04 f4 8f bf bf'],
  ['is the least', ['\ud800', '\udc00'], '01 00 80 04 f0 90 80 80'],
  ['is a low one, which never waits', ['\udc00', 'a'], '01 03 ef bf bd 80 01 61'],
  ['is none at all', ['\ud7ff', '\ue000'], '01 03 ed 9f bf 80 03 ee 80 80'],
]

for (const [name, pieces, wire] of SURROGATES) {
  test(`T-62: a surrogate at the end of a piece that ${name}`, () => {
    const session = server()
    pieces.forEach((piece, i) => {
      session.send('text', piece, { final: i === pieces.length - 1 })
    })
    assert.equal(output(session), wire)
  })
}

test('T-62: a surrogate that waits leaves before a frame that is sent in pieces', () => {
  const session = server()
  session.send('text', '\ud83d', { final: false })
  session.startFrame('text', 1)
  session.continueFrame(utf8('a'))
  assert.equal(output(session), '01 00 00 03 ef bf bd 80 01 61')
  session.send('text', '\ud83d', { final: false })
  session.startFrame('text', 0, { final: false })
  session.send('text', '\ude00')
  assert.equal(output(session), '01 00 00 03 ef bf bd 00 00 80 03 ef bf bd')
})

test('T-65: a surrogate that leaves on its own is masked like any frame of a client', () => {
  const session = client({ randomUint32: () => 0 })
  session.send('text', '\ud83d', { final: false })
  session.startFrame('text', 1)
  assert.equal(output(session), '01 80 00 00 00 00 00 83 00 00 00 00 ef bf bd 80 81 00 00 00 00')
})

test('text in bytes may be cut anywhere, and must end on a code point', () => {
  const bytes = utf8('a€😀')
  for (let at = 0; at <= bytes.length; at++) {
    const session = server()
    session.send('text', bytes.subarray(0, at), { final: false })
    session.send('text', bytes.subarray(at))
    const [event] = received(client(), session)
    assert.equal(event, toHex(bytes))
    if (at === 0 || at === 1 || at === 4 || at === 8) continue
    assert.throws(() => session.send('text', bytes.subarray(0, at)), { name: 'TypeError', code: 'INVALID_TEXT' })
    session.send('text', bytes.subarray(0, at), { final: false })
    assert.throws(() => session.send('text', 'more'), { name: 'TypeError', message: /inside a code point/ })
    assert.throws(() => session.startFrame('text', 0), { name: 'TypeError', code: 'INVALID_TEXT' })
    session.startFrame('text', 0, { final: false })
    session.send('text', bytes.subarray(at))
    assert.deepEqual(received(client(), session), [toHex(bytes)])
  }
})

function received(receiver: Session, sender: Session): string[] {
  for (const vector of sender.takeOutput()) receiver.receive(vector.slice())
  return rawEvents(receiver).map((event) => toHex((event as { payload: Uint8Array }).payload))
}

test('text that is not UTF-8 is refused where it is wrong, and nothing is changed', () => {
  const session = server()
  const throws = (call: () => void, at: number) =>
    assert.throws(call, { name: 'TypeError', code: 'INVALID_TEXT', message: new RegExp(`at byte ${at}$`) })
  throws(() => session.send('text', hex('61 ff')), 1)
  session.send('text', hex('e2 82'), { final: false })
  throws(() => session.send('text', hex('61')), 0)
  session.startFrame('text', 3)
  throws(() => session.continueFrame(hex('ac ff')), 1)
  session.continueFrame(hex('ac'))
  throws(() => session.continueFrame(hex('62 80')), 1)
  assert.throws(() => session.continueFrame(hex('62 c3')), { code: 'INVALID_TEXT', message: /ends inside/ })
  session.continueFrame(hex('62 63'))
  assert.equal(output(session), '01 02 e2 82 80 03 ac 62 63')
})

test('text is not looked at when validation is off, nor when an extension has changed it', () => {
  const session = server({ validateUtf8: false })
  session.send('text', hex('ff'))
  assert.equal(output(session), '81 01 ff')
  const extended = server({ extensions: BITS })
  extended.send('text', hex('ff'), { reservedBits: 4, final: false })
  extended.send('text', hex('ff'), { final: false })
  extended.startFrame('text', 1)
  extended.continueFrame(hex('ff'))
  assert.throws(() => extended.send('text', hex('ff')), { code: 'INVALID_TEXT' })
  assert.equal(output(extended), '41 01 ff 00 01 ff 80 01 ff')
})

// --- fragments, reserved bits ----------------------------------------------------------------------------------------

test('fragments continue one message, and control frames go between them', () => {
  const session = server()
  assert.equal(session.openMessage, undefined)
  session.send('binary', hex('01'), { final: false })
  assert.equal(session.openMessage, 'binary')
  session.ping('p')
  session.send('binary', hex('02'), { final: false })
  session.send('binary', hex('03'), { final: true })
  assert.equal(session.openMessage, undefined)
  session.send('text', 'a')
  assert.equal(output(session), '02 01 01 89 01 70 00 01 02 80 01 03 81 01 61')
})

test('reserved bits go on the first frame of a message, if an extension claims them', () => {
  const session = server({ extensions: BITS })
  session.send('text', 'a', { reservedBits: 4, final: false })
  assert.throws(() => session.send('text', 'b', { reservedBits: 4 }), RangeError)
  session.send('text', 'b')
  session.startFrame('binary', 1, { reservedBits: 6 })
  session.continueFrame(hex('01'))
  for (const reservedBits of [1, 5, 7, 8, -1, 0.5, Number.NaN, '4', null]) {
    assert.throws(() => session.send('text', 'c', { reservedBits: reservedBits as number }), RangeError)
  }
  assert.equal(output(session), '41 01 61 80 01 62 e2 01 01')
})

// --- frames in pieces ------------------------------------------------------------------------------------------------

test('a frame in pieces is one frame; control frames and the Close wait for its end, in order', () => {
  const session = server()
  session.startFrame('binary', 4)
  session.continueFrame(hex('01'))
  const payload = hex('70')
  session.ping(payload)
  payload.fill(0xee) // it waits as a copy
  session.pong('q')
  session.continueFrame(hex('02 03'))
  session.close(1000)
  assert.equal(session.wantsEnd, false)
  session.continueFrame(new Uint8Array(0))
  assert.equal(output(session), '82 04 01 02 03')
  session.continueFrame(hex('04'))
  assert.equal(output(session), '04 89 01 70 8a 01 71 88 02 03 e8')
  assert.throws(() => session.continueFrame(hex('05')), { name: 'InvalidStateError' })
})

test('the pieces of a masked frame share one key and one phase', () => {
  const session = client()
  session.startFrame('text', 5)
  for (const letter of 'Hello') session.continueFrame(utf8(letter))
  assert.equal(output(session), '81 85 37 fa 21 3d 7f 9f 4d 51 58')
})

test('a frame in pieces may be a fragment', () => {
  const session = server()
  session.startFrame('text', 1, { final: false })
  session.continueFrame(utf8('a'))
  assert.equal(session.openMessage, 'text')
  session.startFrame('text', 0, { final: false })
  session.send('text', 'b')
  assert.equal(output(session), '01 01 61 00 00 80 01 62')
})

test('large pieces are sent from where they lie', () => {
  const session = server()
  const piece = new Uint8Array(5_000)
  session.startFrame('binary', 10_000)
  session.continueFrame(piece)
  session.continueFrame(piece)
  assert.equal(session.takeOutput().filter((vector) => vector.buffer === piece.buffer).length, 2)
})

// --- masking ---------------------------------------------------------------------------------------------------------

test('T-65: every frame of a client has a fresh key, empty and control frames too; a server never masks', () => {
  let drawn = 0
  const session = client({ randomUint32: () => ++drawn })
  session.send('text', '')
  session.send('binary', new Uint8Array(0), { final: false })
  session.send('binary', new Uint8Array(0))
  session.startFrame('binary', 0)
  session.startFrame('binary', 1)
  session.ping()
  session.continueFrame(hex('00'))
  session.pong()
  receive(session, '89 00')
  session.close()
  assert.equal(
    output(session),
    [
      '81 80 00 00 00 01',
      '02 80 00 00 00 02',
      '80 80 00 00 00 03',
      '82 80 00 00 00 04',
      '82 81 00 00 00 05 00',
      '89 80 00 00 00 06',
      '8a 80 00 00 00 07',
      '8a 80 00 00 00 08',
      '88 80 00 00 00 09',
    ].join(' '),
  )
  const unmasked = server({
    randomUint32: () => {
      throw new Error('a server draws no key')
    },
  })
  unmasked.send('text', 'a')
  unmasked.ping()
  unmasked.close(1000)
  assert.equal(output(unmasked), '81 01 61 89 00 88 02 03 e8')
})

test('T-65: whatever the source draws becomes 32 bits without a sign', () => {
  const keys: unknown[] = []
  const writer = { writeFrame: (_first: number, _payload: Uint8Array, key: unknown) => keys.push(key) }
  for (const drawn of [0xffff_ffff, -1, 0x8000_0000, 1.9]) {
    new Session({ role: 'client', randomUint32: () => drawn }, writer as never).ping()
  }
  assert.deepEqual(keys, [0xffff_ffff, 0xffff_ffff, 0x8000_0000, 1])

  const rows: ReadonlyArray<readonly [drawn: number, key: string]> = [
    [0xffff_ffff, 'ff ff ff ff'],
    [-1, 'ff ff ff ff'],
    [0x1_0000_0002, '00 00 00 02'],
    [1.9, '00 00 00 01'],
  ]
  for (const [drawn, key] of rows) {
    const session = client({ randomUint32: () => drawn })
    session.ping()
    assert.equal(output(session), `89 80 ${key}`)
  }
})

test('a random source that throws stops the call, and the session goes on as if it had not been made', () => {
  let broken = true
  const session = client({
    randomUint32: () => {
      if (broken) throw new Error('no entropy')
      return 0
    },
  })
  const calls: Array<() => void> = [
    () => session.send('text', 'a', { final: false }),
    () => session.send('text', utf8('b'), { final: false }),
    () => session.startFrame('text', 0, { final: false }),
    () => session.startFrame('text', 1, { final: true }),
    () => session.close(1000),
  ]
  for (const call of calls) {
    broken = true
    assert.throws(call, { message: 'no entropy' })
    broken = false
    if (call !== calls.at(-1)) call()
    if (session.openMessage !== undefined && call === calls[3]) session.continueFrame(utf8('c'))
  }
  session.send('binary', hex('64'))
  session.close(1000)
  assert.equal(output(session).replaceAll(' 00 00 00 00', ''), '01 81 61 00 81 62 00 80 80 81 63 82 81 64 88 82 03 e8')
})

// --- the caller's memory ---------------------------------------------------------------------------------------------

test('T-63: a large payload of a server is sent from where it lies, and never written to', () => {
  const payload = new Uint8Array(100_000).fill(7)
  const session = server()
  session.send('binary', payload)
  assert.ok(session.takeOutput().some((vector) => vector.buffer === payload.buffer))
  for (const create of [server, client]) {
    const other = create()
    other.send('binary', payload)
    other.send('text', payload)
    other.startFrame('binary', 100_000)
    other.continueFrame(payload)
    other.takeOutput()
    assert.ok(payload.every((byte) => byte === 7))
  }
})

test('T-63: a small payload may be changed as soon as the call returns, a client’s of any size', () => {
  const small = hex('01')
  const large = new Uint8Array(5_000)
  const fromServer = server()
  fromServer.send('binary', small)
  const fromClient = client({ randomUint32: () => 0 })
  fromClient.send('binary', large)
  small.fill(2)
  large.fill(2)
  assert.equal(output(fromServer), '82 01 01')
  assert.ok(!output(fromClient).includes('02'))
})

test('T-63: a payload that was detached before it is sent ends the connection: its header cannot be taken back', () => {
  const session = server()
  const payload = new Uint8Array(5_000)
  session.send('text', 'before')
  session.send('binary', payload)
  session.send('text', 'after')
  structuredClone(payload.buffer, { transfer: [payload.buffer] })
  assert.deepEqual(session.takeOutput(), [])
  assert.equal(session.wantsEnd, true)
  const [closed] = rawEvents(session)
  assert.deepEqual(closed && closed.kind === 'closed' && [closed.code, closed.initiator, closed.error?.code], [
    1006,
    'local',
    'INVALID_STATE',
  ])
  assert.deepEqual(session.takeOutput(), [])
})

test('T-63: a payload that is already detached is a TypeError', () => {
  const session = server()
  const payload = new Uint8Array(8)
  structuredClone(payload.buffer, { transfer: [payload.buffer] })
  assert.throws(() => session.send('binary', payload), TypeError)
  assert.throws(() => session.ping(payload), TypeError)
  session.send('text', 'ok')
  assert.equal(output(session), '81 02 6f 6b')
})

test('T-63: text from shared memory is copied, then checked: what is sent is what was checked', () => {
  // The drawing of a key is the only code of the caller's that runs inside a call; it stands for another thread.
  for (const inPieces of [false, true]) {
    const text = new Uint8Array(new SharedArrayBuffer(5_000)).fill(0x61)
    const spoil = () => {
      text.fill(0xff)
      return 0
    }
    const session = inPieces ? server() : client({ randomUint32: spoil })
    if (inPieces) {
      session.startFrame('text', 5_000)
      session.continueFrame(text)
      spoil()
    } else {
      session.send('text', text)
    }
    assert.equal(toHex(concat(...session.takeOutput()).subarray(-5_000)), toHex(new Uint8Array(5_000).fill(0x61)))
  }
})

test('T-63: what is checked as text, and written, is never memory that is shared or may change its size', () => {
  const written: ArrayBufferLike[] = []
  const writer = {
    writeFrame: (_first: number, payload: Uint8Array) => written.push(payload.buffer),
    writePiece: (payload: Uint8Array) => written.push(payload.buffer),
    writeTextFrame: () => 0,
    writeHeader: () => {},
  }
  const session = new Session({ role: 'server' }, writer as never)
  const text = new Uint8Array(new SharedArrayBuffer(2)).fill(0x61)
  session.send('text', text)
  session.startFrame('text', 2)
  session.continueFrame(text)
  session.send('binary', text)
  assert.deepEqual(
    written.map((buffer) => buffer === text.buffer),
    [false, false, true],
  )
})

// --- control frames --------------------------------------------------------------------------------------------------

test('T-61: a ping or pong of 125 bytes is sent, one of 126 is refused, and the session is unchanged', () => {
  const session = server()
  for (const send of ['ping', 'pong'] as const) {
    session[send]('a'.repeat(125))
    assert.equal(output(session), toHex(frame({ opcode: send === 'ping' ? 9 : 10, payload: 'a'.repeat(125) })))
    assert.throws(() => session[send]('a'.repeat(126)), { name: 'RangeError', message: /126 bytes, at most 125 fit/ })
    assert.throws(() => session[send]('€'.repeat(42)), { name: 'RangeError', message: /126 bytes/ })
    assert.throws(() => session[send](new Uint8Array(126)), RangeError)
    assert.throws(() => session[send](5 as unknown as string), { name: 'TypeError', message: new RegExp(`a ${send}`) })
    assert.equal(output(session), '')
    session[send]()
    assert.equal(output(session), send === 'ping' ? '89 00' : '8a 00')
  }
})

test('T-61: a reason of 123 bytes is sent, one of 124 is refused, and a later valid call works', () => {
  const session = server()
  assert.throws(() => session.close(1000, 'a'.repeat(124)), {
    name: 'RangeError',
    message: /124 bytes, at most 123 fit/,
  })
  assert.throws(() => session.close(1000, '€'.repeat(42)), RangeError)
  assert.throws(() => session.close(undefined, 'y'), { name: 'TypeError', message: /needs a close code/ })
  assert.throws(() => session.close(1000, 5 as unknown as string), TypeError)
  assert.throws(() => session.close(1000, null as unknown as string), TypeError)
  assert.throws(() => session.close(undefined, 5 as unknown as string), TypeError)
  assert.throws(() => session.close(1000, hex('61 ff')), { name: 'TypeError', message: /not valid UTF-8/ })
  assert.throws(() => session.close(1000, hex('61 c3')), { name: 'TypeError', message: /not valid UTF-8/ })
  assert.throws(() => session.close('1000' as unknown as number), {
    name: 'TypeError',
    message: /Close code is a string/,
  })
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_536, 1000.5, Number.NaN]) {
    assert.throws(() => session.close(code), { name: 'RangeError', message: /may not be sent/ })
  }
  assert.equal(output(session), '')
  assert.equal(session.readyState, 'open')
  session.close(1000, 'a'.repeat(123))
  assert.equal(output(session), toHex(frame({ opcode: 8, payload: concat(hex('03e8'), utf8('a'.repeat(123))) })))
})

const CLOSES: ReadonlyArray<
  readonly [code: number | undefined, reason: string | Uint8Array | undefined, wire: string]
> = [
  [undefined, undefined, '88 00'],
  [undefined, '', '88 00'],
  [1000, undefined, '88 02 03 e8'],
  [1001, '', '88 02 03 e9'],
  [4999, 'bye', '88 05 13 87 62 79 65'],
  [3000, hex('e282ac'), '88 05 0b b8 e2 82 ac'],
  [1011, '\ud83d', '88 05 03 f3 ef bf bd'],
]

for (const [code, reason, wire] of CLOSES) {
  test(`close(${code}, ${String(reason)}) sends ${wire}`, () => {
    const session = server()
    session.close(code, reason)
    assert.equal(output(session), wire)
  })
}

// --- the caller's mistakes -------------------------------------------------------------------------------------------

/** Calls that are wrong whenever they are made. */
const ALWAYS_WRONG: ReadonlyArray<(session: Session) => void> = [
  (s) => s.send('ping' as 'text', 'a'),
  (s) => s.send('toString' as 'text', 'a'),
  (s) => s.send(undefined as unknown as 'text', 'a'),
  (s) => s.send('text', 'a', 5 as unknown as object),
  (s) => s.send('text', 'a', null as unknown as object),
  (s) => s.send('text', 'a', { final: 'no' as unknown as boolean }),
  (s) => s.send('text', 'a', { final: null as unknown as boolean }),
  (s) => s.send('text', 'a', { reservedBits: 2 }),
  (s) => s.send('binary', 'a' as unknown as Uint8Array),
  (s) => s.send('text', 5 as unknown as string),
  (s) => s.send('text', hex('ff')),
  (s) => s.startFrame('close' as 'text', 1),
  (s) => s.startFrame('text', -1),
  (s) => s.startFrame('text', 0.5),
  (s) => s.startFrame('text', Number.NaN),
  (s) => s.startFrame('text', 2 ** 53),
  (s) => s.startFrame('text', '1' as unknown as number),
  (s) => s.startFrame('text', 1, { reservedBits: 4 }),
  (s) => s.ping('a'.repeat(126)),
  (s) => s.pong(5 as unknown as string),
  (s) => s.close(1005),
  (s) => s.close(1000, 'a'.repeat(124)),
  (s) => s.fail(1006),
  (s) => s.fail(undefined as unknown as number),
  (s) => s.fail(1002, 'a'.repeat(124)),
  (s) => s.tick('1' as unknown as number),
  (s) => s.receive('a' as unknown as Uint8Array),
]

/** What is wrong inside a frame that is half sent, or inside a message, or after the Close frame. */
const MISPLACED: ReadonlyArray<
  readonly [
    name: string,
    begin: (s: Session) => void,
    wrong: ReadonlyArray<(s: Session) => void>,
    end: (s: Session) => void,
  ]
> = [
  ['between messages', () => {}, [(s) => s.continueFrame(hex('01'))], (s) => s.send('text', 'end')],
  [
    'inside a frame',
    (s) => s.startFrame('binary', 2),
    [
      (s) => s.send('binary', hex('01')),
      (s) => s.send('text', 'a'),
      (s) => s.startFrame('binary', 1),
      (s) => s.startFrame('binary', 0),
      (s) => s.continueFrame(hex('01 02 03')),
    ],
    (s) => s.continueFrame(hex('01 02')),
  ],
  [
    'inside a message',
    (s) => s.send('text', 'a', { final: false }),
    [(s) => s.send('binary', hex('01')), (s) => s.startFrame('binary', 1), (s) => s.continueFrame(hex('01'))],
    (s) => s.send('text', 'b'),
  ],
  [
    'after the Close frame',
    (s) => s.close(1000),
    [(s) => s.send('text', 'a'), (s) => s.startFrame('text', 0), (s) => s.continueFrame(hex('01'))],
    (s) => {
      s.close(1000)
      s.ping('p')
      s.pong('q')
    },
  ],
]

test('T-61: a call that is wrong throws at once, changes nothing, and draws no masking key', () => {
  for (const [name, begin, misplaced, end] of MISPLACED) {
    const create = () => {
      let key = 0
      return client({ randomUint32: () => ++key })
    }
    const plain = create()
    begin(plain)
    end(plain)
    const expected = output(plain)
    for (const [i, wrong] of [...ALWAYS_WRONG, ...misplaced].entries()) {
      const session = create()
      begin(session)
      assert.throws(() => wrong(session), `${name}, call ${i}`)
      const { readyState, outputBytes } = session
      assert.throws(() => wrong(session), `${name}, call ${i} again`)
      assert.deepEqual([session.readyState, session.outputBytes], [readyState, outputBytes])
      end(session)
      assert.equal(output(session), expected, `${name}, call ${i}`)
      assert.deepEqual(kinds(session), [])
    }
  }
})

test('calls at the wrong moment say so with an InvalidStateError', () => {
  for (const [name, begin, misplaced] of MISPLACED) {
    for (const wrong of misplaced) {
      const session = server()
      begin(session)
      try {
        wrong(session)
        assert.fail('did not throw')
      } catch (error) {
        const tooLong = error instanceof RangeError && name === 'inside a frame'
        assert.ok(tooLong || (error as Error).name === 'InvalidStateError', `${name}: ${String(error)}`)
        assert.match((error as Error).message, /^Cannot (send|continue)/)
      }
    }
  }
})

test('after the end nothing can be sent, and closing once more does nothing', () => {
  const session = server()
  session.abort()
  for (const call of [
    () => session.send('text', 'a'),
    () => session.startFrame('text', 1),
    () => session.continueFrame(hex('01')),
    () => session.ping(),
    () => session.pong(),
  ]) {
    assert.throws(call, { name: 'InvalidStateError', code: 'INVALID_STATE', message: /closed|none is started/ })
  }
  session.close(1000)
  session.fail(1002)
  session.abort()
  session.receive(hex('89 80 00000000'))
  session.receiveEnd()
  assert.deepEqual(kinds(session), ['closed'])
  assert.equal(output(session), '')
})

test('T-68: outputBytes counts what is accepted and not taken, whatever its way', () => {
  const options: Partial<SessionOptions>[] = [{}, {}]
  for (const [i, create] of [server, client].entries()) {
    const session = create(options[i])
    const mask = i === 0 ? 0 : 4
    session.send('text', 'abc')
    assert.equal(session.outputBytes, 5 + mask)
    session.send('binary', new Uint8Array(70_000))
    assert.equal(session.outputBytes, 5 + mask + 70_010 + mask)
    session.receive(i === 0 ? hex('89 81 00000000 70') : hex('89 01 70'))
    session.next()
    assert.equal(session.outputBytes, 5 + 70_010 + 3 + 3 * mask)
    assert.equal(concat(...session.takeOutput()).length, 5 + 70_010 + 3 + 3 * mask)
    assert.equal(session.outputBytes, 0)
  }
})

test('what is neither a string nor bytes cannot be sent, as whatever type', () => {
  for (const type of ['text', 'binary'] as const) {
    assert.throws(() => server().send(type, {} as never), {
      name: 'TypeError',
      message: 'Cannot send: the payload is neither a string nor bytes but of type object',
    })
  }
})
