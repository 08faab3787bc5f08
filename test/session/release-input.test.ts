// Reading into the same memory again and again is the same as reading into new memory each time: what was not parsed when
// the memory is given back is kept, and nothing of what comes into it later gets into what came before.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryMode, Session, SessionEvent } from '../../src/session/index.ts'
import { client, events, output, server } from '../support/engine.ts'
import { drain, everySplit, feed, type Transcript } from '../support/feed.ts'
import { liveBufferBytes, liveHeapBytes } from '../support/memory.ts'
import { concat, type FrameParts, frame, hex, toHex } from '../support/wire.ts'

/** Gives back what was lent, and fills it with what would be noticed: a frame header that no peer may send. */
function giveBack(session: Session, memory: Uint8Array): void {
  session.releaseInput()
  memory.fill(0xff)
}

/** Like `feed`, with memory that is used for each chunk; with `next`, no more than so many events are taken before. */
function feedLent(
  session: Session,
  chunks: readonly Uint8Array[],
  react?: (session: Session, event: SessionEvent) => void,
): Transcript {
  const transcript: Transcript = { events: [], output: '' }
  const memory = new Uint8Array(Math.max(1, ...chunks.map(({ length }) => length)))
  for (const chunk of chunks) {
    memory.set(chunk)
    session.receive(memory.subarray(0, chunk.length))
    drain(session, transcript, (event) => react?.(session, event))
    giveBack(session, memory)
  }
  session.receiveEnd()
  drain(session, transcript, (event) => react?.(session, event))
  return transcript
}

const binary = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * seed) & 255)

const STREAM: readonly FrameParts[] = [
  { opcode: 1, payload: 'short' },
  { opcode: 1, payload: 'aä€😀'.repeat(9) },
  { opcode: 9, payload: 'ping' },
  { opcode: 2, fin: false, payload: binary(150, 3) },
  { opcode: 9, payload: 'inside' },
  { opcode: 0, payload: binary(20, 5) },
  { opcode: 2, payload: binary(70, 7) },
  { opcode: 8, payload: hex('03e8 6f 6b') },
]

/** Pieces of one message joined: where they are cut is what chunks may change. */
function joined({ events, output }: Transcript): unknown {
  const whole: Record<string, unknown>[] = []
  for (const { endOfFrame: _, ...event } of events as Record<string, unknown>[]) {
    const last = whole.at(-1)
    if (event['kind'] === 'fragment' && last?.['kind'] === 'fragment' && last['final'] === false) {
      last['payload'] = `${String(last['payload'])} ${String(event['payload'])}`.trim()
      last['final'] = event['final']
    } else if (event['kind'] !== 'ping') {
      whole.push(event) // pings come between pieces, and are in the output
    }
  }
  return { whole, output: output.replaceAll(' ', '') }
}

for (const role of ['server', 'client'] as const) {
  for (const delivery of ['message', 'fragment', 'raw'] as DeliveryMode[]) {
    test(`a ${role} in the mode ${delivery} reads the same from memory that is lent, however it is cut`, () => {
      const key = role === 'server' ? { key: '37fa213d' } : {}
      const bytes = concat(...STREAM.map((parts) => frame({ ...parts, ...key })))
      const create = () => (role === 'server' ? server : client)({ delivery })
      const whole = joined(feed(create, [bytes], { end: true }))
      for (const [split, chunks] of everySplit(bytes)) {
        assert.deepEqual(joined(feedLent(create(), chunks)), whole, split)
      }
    })
  }
}

test('what waits to be asked for is kept, whichever chunk it lies in and however much of it was read', () => {
  const bytes = concat(...STREAM.map((parts) => frame({ ...parts, key: '37fa213d' })))
  for (const chunkBytes of [1, 7, 50, 100, 200, bytes.length]) {
    // How many events are asked for behind each chunk; the last asks for the rest.
    for (const asked of [0, 1, 2, 3]) {
      const plain = server()
      const lent = server()
      const memory = new Uint8Array(chunkBytes)
      const told: Transcript[] = [
        { events: [], output: '' },
        { events: [], output: '' },
      ]
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        const chunk = bytes.subarray(at, at + chunkBytes)
        memory.set(chunk)
        plain.receive(chunk.slice())
        lent.receive(memory.subarray(0, chunk.length))
        for (let i = 0; i < asked; i++) {
          const [want, got] = [plain.next(), lent.next()]
          assert.equal(got?.kind, want?.kind)
          if (want !== undefined && 'payload' in want && got !== undefined && 'payload' in got)
            assert.equal(toHex(got.payload), toHex(want.payload))
        }
        assert.equal(lent.inputBytes, plain.inputBytes)
        giveBack(lent, memory)
        assert.equal(lent.inputBytes, plain.inputBytes)
        assert.deepEqual(lent.stats(), plain.stats())
      }
      drain(plain, told[0]!)
      drain(lent, told[1]!)
      assert.deepEqual(told[1], told[0], `${chunkBytes} bytes in a chunk, ${asked} events asked for`)
      assert.deepEqual(lent.stats(), plain.stats())
    }
  }
})

test('chunks that wait behind others are kept: the last is copied when it is given back, those before were', () => {
  const session = client()
  const memory = new Uint8Array(3)
  for (const digits of ['81 01 61', '81 01 62', '81 01 63', '81 01 64']) {
    memory.set(hex(digits))
    session.receive(memory)
    giveBack(session, memory)
  }
  assert.equal(session.next()?.kind, 'message')
  assert.equal(session.next()?.kind, 'message') // those that waited are turned round now
  memory.set(hex('81 01 65'))
  session.receive(memory)
  giveBack(session, memory)
  assert.deepEqual(
    events(session).map(({ payload }) => payload),
    ['63', '64', '65'],
  )
})

test('the last of the chunks that were turned round is kept when it is that which was lent', () => {
  const session = client()
  const memory = hex('81 01 63')
  session.receive(hex('81 01 61'))
  session.receive(hex('81 01 62'))
  session.receive(memory)
  session.next()
  session.next() // in the second chunk: the third is turned round, and waits
  giveBack(session, memory)
  assert.deepEqual(
    events(session).map(({ payload }) => payload),
    ['63'],
  )
})

test('a position in the stream stays what it is when the memory is given back', () => {
  for (const given of [false, true]) {
    const session = client()
    session.receive(hex('81 01 61 81 01 62 83 00'))
    session.next()
    if (given) session.releaseInput()
    const failure = events(session).find(({ kind }) => kind === 'failure')
    assert.equal(failure?.['offset'], 6)
  }
})

test('without anything lent, nothing is given back: before the first byte, twice, and after the end', () => {
  const session = client()
  session.releaseInput()
  session.receive(hex('81 01 61 81 01'))
  assert.equal(session.next()?.kind, 'message')
  session.releaseInput()
  assert.equal(session.inputBytes, 2)
  session.releaseInput()
  assert.equal(session.inputBytes, 2)
  session.receive(hex('62'))
  assert.deepEqual(
    events(session).map(({ payload }) => payload),
    ['62'],
  )
  session.receive(hex('88 00'))
  events(session)
  session.releaseInput()
  session.receiveEnd()
  session.releaseInput()
  assert.equal(events(session).at(-1)?.['kind'], 'closed')
  assert.equal(output(session), '88 80 37 fa 21 3d')
})

test('T-49: reads of one byte that nobody asks for take little more memory than their bytes', () => {
  const session = server()
  const memory = new Uint8Array(1)
  const receive = (byte: number): void => {
    memory[0] = byte
    session.receive(memory)
    session.nextControl()
    giveBack(session, memory)
  }
  const payload = Uint8Array.from({ length: 60_000 }, (_, i) => i % 251)
  const before = liveHeapBytes() + liveBufferBytes()
  for (const byte of frame({ opcode: 2, key: '00000000', payload })) receive(byte)
  assert.ok(liveHeapBytes() + liveBufferBytes() - before <= 2 * payload.length + 65_536)
  const event = session.next()
  assert.deepEqual(event?.kind === 'message' && event.payload, payload)
})
