// Texts that are decoded ahead of their frames are the same as when each is decoded when it is its turn.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryView } from '../../src/codec/mask.ts'
import { usePlatformPort } from '../../src/codec/platform-port.ts'
import { payloadPool } from '../../src/codec/pooled-copy.ts'
import { Session } from '../../src/session/index.ts'
import { TextsAhead } from '../../src/session/texts-ahead.ts'
import { nodePort } from '../../src/transport/node/port.ts'
import { client, server } from '../support/engine.ts'
import { concat, type FrameParts, frame, utf8 } from '../support/wire.ts'

const ASCII =
  'The quick brown fox jumps over the lazy dog, and that dog over another, whose name nobody remembers: it was long ago.'

function text(length: number, seed = 0): string {
  return `${seed} ${ASCII}${ASCII}`.slice(0, length)
}

/** What a decoder gives for each of the frames in turn; how often the platform was called for it. */
function taken(parts: readonly FrameParts[], byteOffset = 0): { texts: (string | undefined)[]; calls: number } {
  let calls = 0
  usePlatformPort({
    ...nodePort,
    latin1(bytes, start, end) {
      calls++
      return nodePort.latin1(bytes, start, end)
    },
  })
  try {
    const frames = parts.map((part) => frame(part))
    const chunk = concat(new Uint8Array(byteOffset), ...frames).subarray(byteOffset)
    const view = new MemoryView(chunk)
    const ahead = new TextsAhead()
    let at = 0
    const texts = frames.map((bytes, i) => {
      const headerBytes = parts[i]!.key === undefined ? 2 : 6
      const one = ahead.take(view, chunk, at + headerBytes, at + bytes.length, headerBytes)
      at += bytes.length
      return one
    })
    return { texts, calls }
  } finally {
    usePlatformPort(undefined)
  }
}

for (const key of ['37fa213d', undefined]) {
  const masked = key === undefined ? {} : { key }
  const part = (payload: string): FrameParts => ({ opcode: 1, payload, ...masked })
  const how = key === undefined ? 'unmasked' : 'masked'

  test(`texts side by side are decoded with one call, at any place in memory, ${how}`, () => {
    for (let byteOffset = 0; byteOffset < 9; byteOffset++) {
      for (let length = 0; length <= 125; length++) {
        const texts = [text(length, 1), text(40, 2), text(125, 3), '', text(17, 4)]
        const got = taken(texts.map(part), byteOffset)
        assert.deepEqual(got, { texts, calls: 1 }, `length ${length} at ${byteOffset}`)
      }
    }
  })

  test(`a kilobyte at a time, ${how}`, () => {
    const texts = Array.from({ length: 40 }, (_, i) => text(60 + i, i))
    const { texts: got, calls } = taken(texts.map(part))
    assert.deepEqual(got, texts)
    assert.ok(calls >= 4 && calls <= 5, `${calls} calls`)
  })

  test(`what is not decoded ahead ends it, ${how}: a text that is not ASCII, a long one, another message`, () => {
    const long = 'a'.repeat(126)
    const others: FrameParts[] = [
      part('ä'.repeat(20)),
      { opcode: 2, payload: 'b', ...masked },
      { ...part('c'), fin: false },
    ]
    for (const other of [...others, part(long)]) {
      const got = taken([part('first of two'), part('second of two'), other])
      assert.deepEqual(got.texts.slice(0, 2), ['first of two', 'second of two'])
    }
  })

  test(`a text without one that could be decoded with it is left alone, ${how}, and so is what follows`, () => {
    for (const parts of [[part('alone')], [part('alone'), part('ä')], [part('ä'), part('a'), part('b')]]) {
      const { texts, calls } = taken(parts)
      assert.ok(texts.every((one) => one === undefined))
      assert.equal(calls, 0)
    }
  })
}

test('without a platform nothing is decoded ahead', () => {
  const chunk = concat(frame({ opcode: 1, payload: 'a' }), frame({ opcode: 1, payload: 'b' }))
  assert.equal(new TextsAhead().take(new MemoryView(chunk), chunk, 2, 3, 2), undefined)
})

test('what was decoded ahead is forgotten with the chunk', () => {
  usePlatformPort(nodePort)
  const ahead = new TextsAhead()
  for (const [first, second] of [
    ['a', 'b'],
    ['c', 'd'],
  ] as const) {
    const chunk = concat(frame({ opcode: 1, payload: first }), frame({ opcode: 1, payload: second }))
    const view = new MemoryView(chunk)
    assert.equal(ahead.take(view, chunk, 2, 3, 2), first)
    ahead.clear()
    assert.equal(ahead.take(view, chunk, 2, 3, 2), first)
    assert.equal(ahead.take(view, chunk, 5, 6, 2), second)
    ahead.clear()
  }
  usePlatformPort(undefined)
})

// What a session does in the middle of a chunk whose texts were decoded ahead.
const DISTURBANCES: ReadonlyArray<readonly [name: string, disturb: (session: Session) => void]> = [
  ['nothing', () => {}],
  ['the memory given back', (session) => session.releaseInput()],
  [
    'pieces asked for, and messages again',
    (session) => {
      session.deliver('fragment')
      session.deliver('message')
    },
  ],
  ['a piece of another size asked for', (session) => void session.nextControl()],
]

for (const role of ['client', 'server'] as const) {
  for (const [name, disturb] of DISTURBANCES) {
    test(`${name} in the midst, for a ${role}: the texts are the same`, () => {
      usePlatformPort(nodePort)
      const texts = Array.from({ length: 30 }, (_, i) => (i % 11 === 10 ? `${text(30, i)} ä` : text(20 + 3 * i, i)))
      const key = role === 'server' ? { key: '37fa213d' } : {}
      const wire = concat(...texts.map((payload) => frame({ opcode: 1, payload, ...key })))
      for (let disturbed = 0; disturbed < texts.length; disturbed++) {
        const session = role === 'client' ? client() : server()
        Session.deliverValues(session, { textAsString: true, pool: payloadPool })
        session.receive(wire.slice())
        const got: string[] = []
        for (let event = session.next(); event !== undefined; event = session.next()) {
          assert.ok(event.kind === 'message')
          got.push(event.text ?? new TextDecoder().decode(event.payload))
          if (got.length === disturbed + 1) disturb(session)
        }
        assert.deepEqual(got, texts)
      }
      usePlatformPort(undefined)
    })
  }
}

test('a text that is too long for the limit fails as it would alone, behind those before it', () => {
  usePlatformPort(nodePort)
  const session = server({ limits: { maxMessageBytes: 30 } })
  Session.deliverValues(session, { textAsString: true, pool: payloadPool })
  const texts = [text(20), text(30), text(31), text(20)]
  const wire = concat(...texts.map((payload) => frame({ opcode: 1, payload, key: '37fa213d' })))
  // Long enough to be seen as words.
  session.receive(concat(wire, new Uint8Array(400).fill(0x81)))
  const told = []
  for (let event = session.next(); event !== undefined; event = session.next()) {
    told.push(event.kind === 'message' ? event.text : event.kind === 'failure' ? event.error.code : event.kind)
  }
  assert.deepEqual(told, [texts[0], texts[1], 'MESSAGE_TOO_BIG'])
  assert.equal(session.stats().payloadBytesReceived, utf8(`${texts[0]}${texts[1]}`).length)
  usePlatformPort(undefined)
})
