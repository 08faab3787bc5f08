// Extensions from the opening handshake to the last frame, alone and with permessage-deflate: an extension that the house
// does not know has all that one has that it does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Extension, permessageDeflate } from '../../src/extension/index.ts'
import { prepareMessage, type Session } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { dataOf } from '../contract/deflate-port.ts'
import { client, events, kinds, output, rawEvents, receive, server } from '../support/engine.ts'
import { everySplit, feed } from '../support/feed.ts'
import { negotiate, negotiated, sumToy, type Toy, type ToyOptions, xorToy } from '../support/toy-extension.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

/** Asks nothing of its peer, and compresses everything. */
function deflate(thresholdBytes = 0): Extension {
  return permessageDeflate(nodeDeflate, {
    thresholdBytes,
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  })
}

const HELLO = { kind: 'message', type: 'text', payload: '48 65 6c 6c 6f', reservedBits: 0 }

/** What "Hello" becomes: `a` is applied first. */
const ORDERS: readonly (readonly [what: string, extensions: () => Extension[], wire: string])[] = [
  ['XOR', () => [xorToy('5a')], 'a1 05 12 3f 36 36 35'],
  ['sum', () => [sumToy()], '91 06 48 65 6c 6c 6f f4'],
  ['XOR, sum', () => [xorToy('5a'), sumToy()], 'b1 06 12 3f 36 36 35 f2'],
  ['sum, XOR', () => [sumToy(), xorToy('5a')], 'b1 06 12 3f 36 36 35 ae'],
  ['deflate, XOR', () => [deflate(), xorToy('5a')], 'e1 07 a8 12 97 93 93 5d 5a'],
  ['XOR, deflate', () => [xorToy('5a'), deflate()], 'e1 07 12 b2 37 33 33 05 00'],
  ['deflate, sum', () => [deflate(), sumToy()], 'd1 08 f2 48 cd c9 c9 07 00 a0'],
  ['sum, deflate', () => [sumToy(), deflate()], 'd1 08 f2 48 cd c9 c9 ff 02 00'],
  ['deflate, XOR, sum', () => [deflate(), xorToy('5a'), sumToy()], 'f1 08 a8 12 97 93 93 5d 5a 2e'],
  ['sum, XOR, deflate', () => [sumToy(), xorToy('5a'), deflate()], 'f1 08 12 b2 37 33 33 5d 07 00'],
]

for (const [what, extensions, wire] of ORDERS) {
  test(`what was agreed on first is applied first when sending: ${what}`, () => {
    const pair = negotiated(extensions())
    pair.server.send('text', 'Hello')
    assert.equal(output(pair.server), wire)
    // The client's frame is the same, masked.
    pair.client.send('text', 'Hello')
    const [firstByte, , ...payload] = hex(wire)
    const { reservedBits, opcode } = { reservedBits: (firstByte! >> 4) & 0b111, opcode: firstByte! & 0x0f }
    const masked = frame({ reservedBits, opcode, key: '37fa213d', payload: Uint8Array.from(payload) })
    assert.equal(output(pair.client), toHex(masked))
  })

  test(`and undone last when receiving: ${what}`, () => {
    const [firstByte, , ...payload] = hex(wire)
    const reservedBits = (firstByte! >> 4) & 0b111
    const masked = frame({ reservedBits, opcode: 1, key: '37fa213d', payload: Uint8Array.from(payload) })
    for (const [how, chunks] of everySplit(hex(wire))) {
      assert.deepEqual(
        feed(() => negotiated(extensions()).client, chunks),
        { events: [HELLO], output: '' },
        how,
      )
    }
    for (const [how, chunks] of everySplit(masked)) {
      assert.deepEqual(
        feed(() => negotiated(extensions()).server, chunks),
        { events: [HELLO], output: '' },
        how,
      )
    }
  })
}

test('the client’s order is what is agreed on, whatever the order of the server', () => {
  const ours = [deflate(), xorToy('5a'), sumToy()]
  const theirs = [sumToy(), deflate(), xorToy('5a')]
  const { offer, answer, client: ofClient, server: ofServer } = negotiate(ours, theirs)
  assert.equal(offer, 'permessage-deflate; client_max_window_bits, x-xor; key=5a, x-sum')
  assert.equal(answer, 'permessage-deflate, x-xor; key=5a, x-sum')
  for (const agreed of [ofClient, ofServer]) {
    assert.deepEqual(
      agreed.map(({ name, reservedBits }) => [name, reservedBits]),
      [
        ['permessage-deflate', 0b100],
        ['x-xor', 0b010],
        ['x-sum', 0b001],
      ],
    )
  }
})

test('an extension whose parameters do not suit is left out, and the others are agreed on', () => {
  assert.equal(negotiate([xorToy('5a'), sumToy()], [sumToy(), xorToy('5b')]).answer, 'x-sum')
  assert.equal(negotiate([xorToy('5a')], [sumToy()]).answer, undefined)
  const pair = negotiated([xorToy('5a'), sumToy()], [sumToy()])
  pair.server.send('text', 'Hello')
  const wire = output(pair.server)
  assert.equal(wire, '91 06 48 65 6c 6c 6f f4')
  assert.deepEqual(receive(pair.client, wire), [HELLO])
  assert.equal(receive(negotiated([sumToy()]).client, 'a1 00')[0]?.['error'], 'RESERVED_BIT_SET')
})

test('a message that one of them leaves alone has the bits of the others only', () => {
  const binaryOnly: ToyOptions = { declines: ({ type }) => type === 'text' }
  const extensions = () => [
    deflate(6),
    xorToy('5a', binaryOnly),
    sumToy({ declines: ({ compress }) => compress === false }),
  ]
  const pair = negotiated(extensions())
  const sent: readonly (readonly [send: (session: Session) => void, wire: string, payload: string])[] = [
    [(session) => session.send('text', 'Hello', { compress: false }), '81 05 48 65 6c 6c 6f', 'Hello'],
    [(session) => session.send('text', 'Hello'), '91 06 48 65 6c 6c 6f f4', 'Hello'],
    [(session) => session.send('binary', utf8('Hello'), { compress: false }), 'a2 05 12 3f 36 36 35', 'Hello'],
    [(session) => session.send('binary', utf8('Hello')), 'b2 06 12 3f 36 36 35 f2', 'Hello'],
    [(session) => session.send('text', 'Hello', { compress: true }), 'd1 08 f2 48 cd c9 c9 07 00 a0', 'Hello'],
    [(session) => session.send('binary', utf8('Hello!')), 'f2 07 a8 5a 4b 5e 5a 5a 5f', 'Hello!'],
  ]
  for (const [send, wire, payload] of sent) {
    send(pair.server)
    const frames = output(pair.server)
    assert.equal(frames.slice(0, 5), wire.slice(0, 5))
    if (payload === 'Hello') assert.equal(frames, wire)
    assert.deepEqual(
      receive(pair.client, frames).map((event) => event['payload']),
      [toHex(utf8(payload))],
    )
  }
})

test('what is sent in pieces is transformed in pieces, and the message ends where its last piece does', () => {
  const pair = negotiated([xorToy('5a', { stepBytes: 2 }), sumToy({ stepBytes: 3 })])
  const pieces: readonly (readonly [text: string, final: boolean, wire: string])[] = [
    ['Hel', false, '31 03 12 3f 36'],
    ['', false, ''],
    ['lo', false, '00 02 36 35'],
    ['', true, '80 01 f2'],
    ['', true, 'b1 01 00'],
    ['', false, ''],
    ['', true, 'b1 01 00'],
  ]
  for (const [text, final, wire] of pieces) {
    pair.server.send('text', text, { final })
    const frames = output(pair.server)
    assert.equal(frames, wire)
    const told = receive(pair.client, frames)
    assert.equal(told.length, final ? 1 : 0)
  }
  pair.server.startFrame('text', 5)
  for (const piece of ['H', 'ell', 'o']) pair.server.continueFrame(utf8(piece))
  const frames = output(pair.server)
  assert.equal(frames, '31 01 12 00 03 3f 36 36 80 02 35 f2')
  assert.deepEqual(receive(pair.client, frames), [HELLO])
})

test('control frames are nobody’s to change', () => {
  const pair = negotiated([deflate(), xorToy('5a'), sumToy()])
  pair.server.send('text', 'Hello', { final: false })
  pair.server.ping('Hello')
  pair.server.send('text', '')
  pair.server.close(1000, 'Hello')
  const wire = output(pair.server)
  assert.match(wire, / 89 05 48 65 6c 6c 6f /)
  assert.match(wire, / 88 07 03 e8 48 65 6c 6c 6f$/)
  assert.deepEqual(
    receive(pair.client, wire).map(({ kind, payload, reason }) => [kind, payload ?? reason]),
    [
      ['ping', '48 65 6c 6c 6f'],
      ['message', '48 65 6c 6c 6f'],
      ['close', 'Hello'],
    ],
  )
})

test('what an extension finds wrong fails the connection with the close code of its violation', () => {
  for (const [wire, extensions] of [
    ['91 06 48 65 6c 6c 6f f5', [sumToy()]],
    ['91 00', [sumToy()]],
    ['b1 06 12 3f 36 36 35 f3', [xorToy('5a'), sumToy()]],
    ['d1 08 f2 48 cd c9 c9 07 00 a1', [deflate(), sumToy()]],
    ['d1 03 f2 48 3a', [deflate(), sumToy()]], // the sum is right, and what it covers was cut off
  ] as const) {
    for (const [how, chunks] of everySplit(concat(hex(wire), hex('81 01 61')))) {
      const { events: told, output: sent } = feed(() => negotiated(extensions).client, chunks)
      const errors = (told as Record<string, unknown>[]).map((event) => event['error'])
      assert.deepEqual([errors, sent], [['INVALID_COMPRESSED_DATA'], '88 82 37 fa 21 3d 34 15'], `${wire}, ${how}`)
    }
  }
})

// --- for many --------------------------------------------------------------------------------------------------------

/** Sessions that send one prepared message, and those that read it. */
function broadcast(toys: readonly Toy[], count: number, data: Uint8Array): string[] {
  const prepared = prepareMessage(data)
  const pairs = Array.from({ length: count }, () => negotiated([deflate(), ...toys]))
  for (const pair of pairs) pair.server.send('text', 'Hello')
  for (const pair of pairs) pair.server.sendPrepared(prepared)
  for (const pair of pairs) pair.server.send('text', 'Hello')
  return pairs.map((pair) => {
    const wire = output(pair.server)
    const told = receive(pair.client, wire)
    assert.deepEqual(
      told.map(({ payload }) => payload),
      [HELLO.payload, toHex(data), HELLO.payload],
    )
    return wire
  })
}

test('a prepared message is transformed once where all of them share, and by each session where one does not', () => {
  const data = dataOf('text', 3_000)
  const sharing = [xorToy('5a'), sumToy()]
  const wires = broadcast(sharing, 5, data)
  assert.equal(new Set(wires).size, 1)
  for (const { transforms, forgotten } of sharing) {
    assert.equal(transforms.length, 5 * 2 * 2 + 1, 'two directions of two ends, five times, and the shared one')
    assert.equal(forgotten, 5)
    assert.deepEqual(
      transforms.filter(({ closed }) => closed > 0),
      [transforms.at(-1)],
    )
  }

  const selfish = [xorToy('5a'), sumToy({ shares: false })]
  const own = broadcast(selfish, 5, data)
  assert.equal(new Set(own).size, 1)
  for (const { transforms, forgotten } of selfish) {
    assert.equal(transforms.length, 5 * 2 * 2)
    assert.equal(forgotten, 0)
  }
  // Each went on from what it had sent before, and after.
  assert.ok(own[0]!.length < wires[0]!.length)
})

test('sessions of other parameters, or without the extension, have their own of it', () => {
  const prepared = prepareMessage('Hello')
  const wire = (extensions: readonly Extension[]): string => {
    const pair = negotiated(extensions)
    pair.server.sendPrepared(prepared)
    return output(pair.server)
  }
  assert.equal(wire([xorToy('5a')]), 'a1 05 12 3f 36 36 35')
  assert.equal(wire([xorToy('48')]), 'a1 05 00 2d 24 24 27')
  assert.equal(wire([]), '81 05 48 65 6c 6c 6f')
  assert.equal(wire([xorToy('5a', { declines: () => true })]), '81 05 48 65 6c 6c 6f')
  assert.equal(wire([xorToy('5a', { shares: false })]), 'a1 05 12 3f 36 36 35')
  assert.equal(wire([xorToy('5a'), deflate()]), 'e1 07 12 b2 37 33 33 05 00')
  assert.equal(wire([deflate(), xorToy('5a')]), 'e1 07 a8 12 97 93 93 5d 5a')
})

// --- the end ---------------------------------------------------------------------------------------------------------

const ENDS: readonly (readonly [how: string, end: (session: Session) => void])[] = [
  ['is aborted', (session) => session.abort()],
  ['fails', (session) => session.receive(hex('83'))],
  ['is closed', (session) => session.receive(hex('88 00'))],
  ['is cut off', () => {}],
]

for (const [how, end] of ENDS) {
  test(`transforms are closed once when the session ${how}`, () => {
    const toys = [xorToy('5a'), sumToy()]
    const { client: session } = negotiated(toys)
    session.send('text', 'Hello', { final: false })
    receive(session, '31 03 12 3f 36')
    end(session)
    kinds(session)
    session.takeOutput()
    session.receiveEnd()
    kinds(session)
    assert.equal(session.readyState, 'closed')
    // Of the client, and of the server that goes on.
    const closed = toys.map(({ transforms }) => transforms.map((transform) => transform.closed))
    assert.deepEqual(closed, [
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ])
  })
}

test('whatever extensions, in whatever order and steps, what one sends is what the other reads', () => {
  const stepBytes = fc.constantFrom(1, 3, 50, Number.POSITIVE_INFINITY)
  const kind = fc.record({ name: fc.constantFrom('deflate', 'xor', 'sum'), stepBytes, declinesText: fc.boolean() })
  const message = fc.record({
    fromClient: fc.boolean(),
    type: fc.constantFrom('text', 'binary'),
    pieces: fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 3 }),
  } as const)
  fc.assert(
    fc.property(
      fc.uniqueArray(kind, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
      fc.array(message, { maxLength: 5 }),
      fc.constantFrom(1, 100, Number.POSITIVE_INFINITY),
      fc.integer({ min: 1, max: 600 }),
      (chosen, messages, sliceBytes, chunkBytes) => {
        const extensions = chosen.map(({ name, declinesText, ...options }) => {
          const toy = { ...options, declines: ({ type }: { type: string }) => declinesText && type === 'text' }
          return name === 'deflate' ? deflate() : name === 'xor' ? xorToy('5a', toy) : sumToy(toy)
        })
        const pair = negotiated(extensions, extensions, { sliceBytes })
        for (const { fromClient, type, pieces } of messages) {
          const [sender, reader] = fromClient ? [pair.client, pair.server] : [pair.server, pair.client]
          const payloads = pieces.map((length) => dataOf('JSON', length))
          for (const [i, payload] of payloads.entries()) sender.send(type, payload, { final: i === pieces.length - 1 })
          const told: string[] = []
          while (sender.outputBytes > 0) {
            const wire = concat(...sender.takeOutput())
            for (let at = 0; at < wire.length; at += chunkBytes) {
              reader.receive(wire.slice(at, at + chunkBytes))
              do {
                for (const event of rawEvents(reader)) {
                  assert.ok(event.kind === 'message', event.kind)
                  told.push(toHex(event.payload))
                }
              } while (reader.hasWork)
            }
          }
          assert.deepEqual(told, [toHex(concat(...payloads))])
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('sessions that agreed on nothing are left alone', () => {
  const pair = negotiated([])
  pair.server.send('text', 'Hello')
  assert.equal(output(pair.server), '81 05 48 65 6c 6c 6f')
  assert.deepEqual(events(pair.client), [])
  assert.deepEqual([server().extensions, client().extensions], [[], []])
})
