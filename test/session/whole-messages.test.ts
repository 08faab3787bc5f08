// Messages that lie whole in a chunk go a fast way. One byte at a time nothing does: both ways must tell the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usePlatformPort } from '../../src/codec/platform-port.ts'
import { PayloadPool, payloadPool } from '../../src/codec/pooled-copy.ts'
import { type MessageValues, Session, type SessionEvent, type SessionOptions } from '../../src/session/index.ts'
import { nodePort } from '../../src/transport/node/port.ts'
import { client, server } from '../support/engine.ts'
import { concat, type FrameParts, frame, hex, utf8 } from '../support/wire.ts'

const LENGTHS = [...Array.from({ length: 301 }, (_, i) => i), 1_000, 16_384, 65_535, 65_536, 70_000]

const ASCII = utf8('The quick brown fox jumps over the lazy dog. '.repeat(1_600))
const MULTIBYTE = utf8('Grüße, 世界! Привет ☕ 😀 \ufffd \ufeff'.repeat(1_600))

const CONTENTS: ReadonlyArray<readonly [name: string, opcode: number, payload: (length: number) => Uint8Array]> = [
  ['binary', 2, (length) => Uint8Array.from({ length }, (_, i) => (i * 131 + length) & 255)],
  ['ASCII', 1, (length) => ASCII.slice(0, length)],
  ['multi-byte text, some of it cut', 1, (length) => MULTIBYTE.slice(0, length)],
  ['invalid text', 1, (length) => ASCII.slice(0, length).fill(0xff, length - 1)],
]

/** Everything that can be told from outside, with payloads and texts as text of one form. */
function transcript(session: Session, wire: Uint8Array, chunkBytes: number): unknown[] {
  const told: unknown[] = []
  for (let at = 0; at < wire.length; at += chunkBytes) {
    session.receive(wire.slice(at, at + chunkBytes))
    for (let event = session.next(); event !== undefined; event = session.next()) told.push(seen(event))
  }
  return [...told, session.stats(), session.takeRecords(), session.takeOutput().map(String), session.readyState]
}

function seen(event: SessionEvent): unknown {
  if (event.kind === 'failure') return [event.kind, event.error.code, event.error.offset]
  if (event.kind !== 'message') return event
  const { kind, type, payload, reservedBits, text } = event
  return [
    kind,
    type,
    text ?? (type === 'text' ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload) : payload.join()),
    reservedBits,
  ]
}

const VALUES: ReadonlyArray<readonly [name: string, values: MessageValues | undefined]> = [
  ['views', undefined],
  ['strings and copies', { textAsString: true, pool: payloadPool }],
  ['Buffers', { textAsString: false, pool: new PayloadPool(0, Buffer.from) }],
]

function make(
  role: 'client' | 'server',
  options: Partial<SessionOptions>,
  values: MessageValues | undefined = undefined,
): Session {
  const session = role === 'client' ? client(options) : server(options)
  if (values !== undefined) Session.deliverValues(session, values)
  session.recordFrames = true
  session.recordMessages = true
  return session
}

for (const role of ['client', 'server'] as const) {
  for (const [name, opcode, payload] of CONTENTS) {
    for (const [shape, values] of VALUES) {
      test(`${name} for a ${role}, as ${shape}: whole as in pieces`, () => {
        for (const length of LENGTHS) {
          const key = role === 'server' ? '37fa213d' : undefined
          const parts = { opcode, ...(key && { key }) }
          const wire = concat(
            frame({ ...parts, payload: payload(length % 5) }),
            frame({ ...parts, payload: payload(length) }),
            frame({ ...parts, payload: payload(300) }),
          )
          const pieceBytes = length > 1_000 ? 999 : 1
          const plain = transcript(make(role, {}), wire, pieceBytes)
          assert.deepEqual(transcript(make(role, {}, values), wire, wire.length), plain, `length ${length}`)
        }
      })
    }
  }
}

const WAYS: ReadonlyArray<
  readonly [name: string, parts: readonly (FrameParts | string)[], options?: Partial<SessionOptions>]
> = [
  ['a limit of five bytes, kept and broken', [text('12345'), text('123456')], { limits: { maxMessageBytes: 5 } }],
  ['a message after a fragment', [{ ...text('a'), fin: false }, text('b')]],
  ['control frames between messages', [text('aaaaaaaa'), { opcode: 9, payload: 'p' }, text('bbbbbbbb'), { opcode: 8 }]],
  ['a length that is not in its shortest form', ['81 fe 0005 00000000 6161616161 616161']],
  ['a length of 64 bits', ['81 ff 0000000000000005 00000000 6161616161']],
  ['a frame without a mask', ['81 05 6161616161 616161']],
  ['a frame without a mask, where that is taken', ['81 05 6161616161', text('aaaaaaaa')], { acceptUnmasked: true }],
  ['text that is not checked', ['81 85 00000000 ffffffffff', text('aaaaaaaa')], { validateUtf8: false }],
  ['pieces, and not messages', [text('aaaaaaaa'), { opcode: 2, payload: 'bbbb' }], { delivery: 'fragment' }],
  ['a masking key of zeros', [{ ...text('ä'.repeat(30)), key: '00000000' }]],
]

function text(payload: string): FrameParts {
  return { opcode: 1, payload, key: '37fa213d' }
}

for (const [name, parts, options] of WAYS) {
  for (const [shape, values] of VALUES) {
    test(`${name}: whole as in pieces, as ${shape}`, () => {
      const wire = concat(
        ...parts.map((part) => (typeof part === 'string' ? hex(part) : frame({ key: '01020304', ...part }))),
      )
      // Pieces come as they were cut; of messages, all that can be told is the same.
      const told = transcript(make('server', options ?? {}, values), wire, wire.length)
      if (options?.delivery === 'fragment') assert.equal(told.length, 6)
      else assert.deepEqual(told, transcript(make('server', options ?? {}), wire, 1))
    })
  }
}

test('what the platform has for text tells the same as what the web has', () => {
  const wire = concat(
    ...[5, 20, 100, 1_000].flatMap((length) => [
      frame({ opcode: 1, key: '37fa213d', payload: ASCII.slice(0, length) }),
      frame({ opcode: 1, key: '37fa213d', payload: utf8('ä☕'.repeat(length)) }),
    ]),
  )
  const plain = transcript(make('server', {}), wire, 1)
  usePlatformPort(nodePort)
  try {
    for (const [, values] of VALUES) {
      for (const cut of [wire.length, 700, 300])
        assert.deepEqual(transcript(make('server', {}, values), wire, cut), plain)
    }
  } finally {
    usePlatformPort(undefined)
  }
})

test('a message that is whole, but more than is asked for at once, is put together from pieces', () => {
  const session = server()
  session.receive(frame({ opcode: 2, key: '37fa213d', payload: 'abcdefgh' }))
  assert.deepEqual(session.next(3), {
    kind: 'message',
    type: 'binary',
    payload: utf8('abcdefgh'),
    owned: true,
    reservedBits: 0,
  })
})

test('views of chunks at any place of their memory are views of that place', () => {
  for (let byteOffset = 0; byteOffset < 5; byteOffset++) {
    const wire = concat(...[3, 40, 500].map((n) => frame({ opcode: 2, key: '37fa213d', payload: ASCII.slice(0, n) })))
    const memory = concat(new Uint8Array(byteOffset), wire)
    const session = server()
    session.receive(memory.subarray(byteOffset))
    for (const length of [3, 40, 500]) {
      const event = session.next()
      assert.ok(event?.kind === 'message')
      assert.deepEqual(event.payload, ASCII.slice(0, length))
      assert.equal(event.payload.buffer, memory.buffer)
    }
  }
})

test('what is made of the memory of a pool is of its kind, and nobody else is given that memory', () => {
  const session = server()
  Session.deliverValues(session, { textAsString: false, pool: new PayloadPool(0, Buffer.from) })
  const payloads = [3, 40, 500].map((n) => ASCII.slice(0, n))
  const wire = concat(
    ...payloads.flatMap((payload) => [1, 2].map((opcode) => frame({ opcode, key: '37fa213d', payload }))),
  )
  const given: Uint8Array[] = []
  for (let i = 0; i < 20; i++) {
    const memory = wire.slice()
    session.receive(memory)
    for (let event = session.next(); event !== undefined; event = session.next()) {
      assert.ok(event.kind === 'message' && event.owned && Buffer.isBuffer(event.payload))
      given.push(event.payload)
    }
    memory.fill(0xee)
  }
  const wanted = payloads.flatMap((payload) => [payload, payload])
  for (const [i, payload] of given.entries()) {
    assert.deepEqual(new Uint8Array(payload), wanted[i % wanted.length])
    payload.fill(i)
  }
  for (const [i, payload] of given.entries()) assert.ok(payload.every((byte) => byte === (i & 255)))
})

test('T-45: a whole frame whose length could have been shorter is refused, though all of it is there', () => {
  for (const [session, wire] of [
    [client(), '81 7e 007d'],
    [server(), '81 fe 007d 00000000'],
  ] as const) {
    session.receive(concat(hex(wire), ASCII.slice(0, 125)))
    assert.deepEqual(seen(session.next()!), ['failure', 'LENGTH_NOT_MINIMAL', 3])
  }
})
