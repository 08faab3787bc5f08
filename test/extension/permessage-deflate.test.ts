// permessage-deflate in sessions that agreed on it: the bytes of RFC 7692, and who forgets what.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import type { WindowBits } from '../../src/extension/deflate-params.ts'
import type { DeflatePort } from '../../src/extension/deflate-port.ts'
import { type AgreedExtension, type DeflateOptions, permessageDeflate } from '../../src/extension/index.ts'
import { createRequest, readResponse } from '../../src/handshake/index.ts'
import { acceptValue } from '../../src/handshake/key.ts'
import { prepareMessage, type Role, type Session, type SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../src/transport/web/deflate.ts'
import { assertSameBytes, dataOf } from '../contract/deflate-port.ts'
import { client, events, output, rawEvents, receive, server } from '../support/engine.ts'
import { everySplit, feed } from '../support/feed.ts'
import { negotiate, negotiated } from '../support/toy-extension.ts'
import { concat, frame, hex, toHex, utf8 } from '../support/wire.ts'

const PORTS = [
  ['zlib', nodeDeflate],
  ['the portable DEFLATE', portableDeflate],
] as const

/** Compresses everything, and asks nothing of its peer. */
const UNDEMANDING: DeflateOptions = {
  thresholdBytes: 0,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

type Parameters = AgreedExtension['parameters']

const TAKEOVER: Parameters = []
const NO_TAKEOVER: Parameters = [
  ['server_no_context_takeover', undefined],
  ['client_no_context_takeover', undefined],
]

interface SessionParts extends Partial<SessionOptions> {
  readonly port?: DeflatePort
  readonly deflate?: DeflateOptions
}

/** A session that agreed on these parameters. */
function session(role: Role, parameters: Parameters, { port = nodeDeflate, deflate, ...options }: SessionParts = {}) {
  const extensions = [permessageDeflate(port, deflate ?? UNDEMANDING).agreed(parameters)]
  return role === 'client' ? client({ ...options, extensions }) : server({ ...options, extensions })
}

const HELLO = { kind: 'message', type: 'text', payload: '48 65 6c 6c 6f', reservedBits: 0 }

/** Frames as the other side would write them, payloads masked if it is a client. */
function fromPeerOf(role: Role, frames: string): Uint8Array {
  const bytes = hex(frames)
  if (role === 'client') return bytes
  const masked: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const [first, length] = [bytes[at]!, bytes[at + 1]!]
    const payload = bytes.subarray(at + 2, at + 2 + length)
    const parts = { fin: first >= 0x80, reservedBits: (first >> 4) & 0b111, opcode: first & 0x0f }
    masked.push(frame({ ...parts, key: '37fa213d', payload }))
    at += 2 + length
  }
  return concat(...masked)
}

// --- RFC 7692 §7.2.3 -------------------------------------------------------------------------------------------------

const EXAMPLES: readonly (readonly [what: string, frames: string, messages: number])[] = [
  ['one compressed block', 'c1 07 f2 48 cd c9 c9 07 00', 1],
  ['the same in two fragments', '41 03 f2 48 cd 80 04 c9 c9 07 00', 1],
  ['two messages that share a window', 'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00', 2],
  ['a block without compression', 'c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00', 1],
  ['a block with BFINAL set', 'c1 08 f3 48 cd c9 c9 07 00 00', 1],
  ['two blocks', 'c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00', 1],
]

for (const [name, port] of PORTS) {
  for (const [what, frames, messages] of EXAMPLES) {
    for (const role of ['client', 'server'] as const) {
      test(`RFC 7692 §7.2.3, ${what}: a ${role} reads it: ${name}`, () => {
        for (const [how, chunks] of everySplit(fromPeerOf(role, frames))) {
          const told = feed(() => session(role, TAKEOVER, { port }), chunks)
          assert.deepEqual(told, { events: Array(messages).fill(HELLO), output: '' }, how)
        }
      })
    }
  }

  test(`RFC 7692 §7.2.3: endpoints write it: ${name}`, () => {
    const withTakeover = session('server', TAKEOVER, { port })
    withTakeover.send('text', 'Hello')
    withTakeover.send('text', 'Hello')
    assert.equal(output(withTakeover), 'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00')

    const without = session('server', NO_TAKEOVER, { port })
    without.send('text', 'Hello')
    without.send('text', 'Hello')
    assert.equal(output(without), 'c1 07 f2 48 cd c9 c9 07 00 c1 07 f2 48 cd c9 c9 07 00')

    const uncompressed = session('server', TAKEOVER, { port, deflate: { ...UNDEMANDING, compressionLevel: 0 } })
    uncompressed.send('binary', utf8('Hello'))
    assert.equal(output(uncompressed), 'c2 0b 00 05 00 fa ff 48 65 6c 6c 6f 00')

    const masking = session('client', TAKEOVER, { port })
    masking.send('text', 'Hello')
    assert.equal(output(masking), 'c1 87 37 fa 21 3d c5 b2 ec f4 fe fd 21')
  })

  test(`a message in fragments is marked on the first, and each can be read when it arrives: ${name}`, () => {
    const sender = session('server', TAKEOVER, { port })
    const reader = session('client', TAKEOVER, { port, delivery: 'fragment' })
    const sent: readonly (readonly [text: string, final: boolean, wire: string])[] = [
      ['Hello', false, '41 0b f2 48 cd c9 c9 07 00 00 00 ff ff'],
      ['Hello', false, '00 09 f2 00 11 00 00 00 00 ff ff'],
      ['', false, ''],
      ['Hello', true, '80 04 02 13 00 00'],
      ['', false, ''],
      ['', true, 'c1 01 00'],
    ]
    for (const [text, final, wire] of sent) {
      sender.send('text', text, { final })
      const frames = output(sender)
      assert.equal(frames, wire)
      const pieces = receive(reader, frames)
      assert.equal(pieces.map(({ payload }) => payload).join(), toHex(utf8(text)))
      if (wire !== '') assert.equal(pieces.at(-1)?.['final'], final)
    }
  })
}

// --- T-84 ------------------------------------------------------------------------------------------------------------

for (const [name, port] of PORTS) {
  test(`T-84: empty messages and messages as they are leave the window alone: ${name}`, () => {
    const sender = session('server', TAKEOVER, { port })
    const reader = session('client', TAKEOVER, { port })
    const sent: readonly (readonly [text: string, compress: boolean | undefined, wire: string])[] = [
      ['', true, 'c1 01 00'],
      ['Hello', true, 'c1 07 f2 48 cd c9 c9 07 00'],
      ['', undefined, 'c1 01 00'],
      ['Hello', undefined, 'c1 05 f2 00 11 00 00'],
      ['', false, '81 00'],
      ['Hello', false, '81 05 48 65 6c 6c 6f'],
      ['Hello', undefined, 'c1 04 02 13 00 00'],
      ['', undefined, 'c1 01 00'],
    ]
    for (const [text, compress, wire] of sent) {
      sender.send('text', text, { compress })
      const frames = output(sender)
      assert.equal(frames, wire)
      assert.deepEqual(
        receive(reader, frames).map(({ payload }) => payload),
        [toHex(utf8(text))],
      )
    }
  })
}

// --- T-85 ------------------------------------------------------------------------------------------------------------

for (const role of ['client', 'server'] as const) {
  for (const serverForgets of [false, true]) {
    for (const clientForgets of [false, true]) {
      const parameters: Parameters = [
        ...(serverForgets ? [['server_no_context_takeover', undefined] as const] : []),
        ...(clientForgets ? [['client_no_context_takeover', undefined] as const] : []),
      ]
      const weForget = role === 'client' ? clientForgets : serverForgets
      const theyForget = role === 'client' ? serverForgets : clientForgets
      const agreed = ['permessage-deflate', ...parameters.map(([name]) => name)].join('; ')

      test(`T-85: ${agreed}: what a ${role} sends ${weForget ? 'starts anew' : 'refers to what it sent before'}`, () => {
        const message = JSON.stringify({ id: 4711, name: 'a message like others', tags: ['one', 'two', 'three'] })
        const sender = session(role, parameters)
        const sizes = [0, 1, 2].map(() => {
          sender.send('text', message)
          return concat(...sender.takeOutput()).length
        })
        assert.equal(sizes[1]! < sizes[0]! / 2, !weForget, `${sizes}`)
        assert.equal(sizes[1] === sizes[0] && sizes[2] === sizes[0], weForget, `${sizes}`)
      })

      test(`T-85: ${agreed}: what a ${role} receives may ${theyForget ? 'not ' : ''}refer to what came before`, () => {
        const told = events(received(session(role, parameters), 'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00'))
        assert.deepEqual(
          told.map(({ kind, error }) => error ?? kind),
          ['message', theyForget ? 'INVALID_COMPRESSED_DATA' : 'message'],
        )
      })

      test(`T-85: ${agreed}: what a ${role} sends, its peer reads`, () => {
        const sender = session(role, parameters)
        const peer = session(role === 'client' ? 'server' : 'client', parameters)
        for (let i = 0; i < 3; i++) {
          for (const text of ['Hello', 'Hello, hello', '', 'another']) {
            sender.send('text', text)
            for (const bytes of sender.takeOutput()) peer.receive(bytes)
            assert.deepEqual(
              events(peer).map(({ payload }) => payload),
              [toHex(utf8(text))],
            )
          }
        }
      })
    }
  }
}

function received(reader: Session, frames: string): Session {
  reader.receive(fromPeerOf(reader.role, frames))
  return reader
}

test('T-85: a client holds to what it said of itself, though the answer does not repeat it', () => {
  for (const parameters of [TAKEOVER, [['server_max_window_bits', '12']]] as Parameters[]) {
    const forgetful = session('client', parameters, { deflate: { ...UNDEMANDING, clientNoContextTakeover: true } })
    forgetful.send('text', 'Hello')
    forgetful.send('text', 'Hello')
    assert.equal(forgetful.outputBytes, 2 * (2 + 4 + 7))
    // And nothing of the sort for the server that it talks to.
    assert.deepEqual(events(received(forgetful, 'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00')), [HELLO, HELLO])
    // What a server would have for its clients is not what they agreed to.
    const asking = session('server', parameters, { deflate: { ...UNDEMANDING, clientNoContextTakeover: true } })
    assert.deepEqual(events(received(asking, 'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00')), [HELLO, HELLO])
  }
})

// --- T-86 ------------------------------------------------------------------------------------------------------------

/** A port that tells which streams were asked for. */
function listeningPort(port: DeflatePort = nodeDeflate): DeflatePort & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    createDeflater(options) {
      asked.push(`deflate ${options.windowBits} ${options.memoryLevel} ${options.compressionLevel}`)
      return port.createDeflater(options)
    },
    createInflater(windowBits) {
      asked.push(`inflate ${windowBits}`)
      return port.createInflater(windowBits)
    },
  }
}

test('T-86: a client that is told a window of 8 bits sends everything as it is, and reads what is compressed', () => {
  const port = listeningPort()
  const told = session('client', [['client_max_window_bits', '8']], { port })
  told.send('text', 'Hello')
  told.send('text', 'Hello', { compress: true })
  told.send('binary', new Uint8Array(0), { compress: true })
  told.sendPrepared(prepareMessage('Hello', { compress: true }))
  told.send('text', 'Hello', { final: false, compress: true })
  told.send('text', '')
  const hello = '37 fa 21 3d 7f 9f 4d 51 58'
  const empty = '37 fa 21 3d'
  assert.equal(
    output(told),
    `81 85 ${hello} 81 85 ${hello} 82 80 ${empty} 81 85 ${hello} 01 85 ${hello} 80 80 ${empty}`,
  )
  assert.deepEqual(port.asked, [])
  assert.deepEqual(receive(told, 'c1 07 f2 48 cd c9 c9 07 00'), [HELLO])
  assert.deepEqual(port.asked, ['inflate 15'])
})

test('T-86: a server reads the window of 8 bits that a client was told', () => {
  for (const [name, port] of PORTS) {
    const listening = listeningPort(port)
    const reader = session('server', [['client_max_window_bits', '8']], { port: listening })
    assert.deepEqual(events(received(reader, 'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00')), [HELLO, HELLO], name)
    assert.deepEqual(listening.asked, ['inflate 8'])
  }
})

test('T-86: a server with its defaults reads a window of 15 bits of a client that cannot be told', () => {
  const port = listeningPort()
  const random = dataOf('random', 32_000)
  const message = concat(random, random)
  const payload = deflateRawSync(message, { windowBits: 15, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  assert.ok(payload.length < 33_000, 'it refers 32,000 bytes back')
  const offered = (parameters: Parameters): Session => {
    const agreed = permessageDeflate(port).answerOffer(parameters)
    assert.ok(agreed)
    const reader = server({ extensions: [agreed] })
    reader.receive(frame({ reservedBits: 0b100, opcode: 2, key: '00000000', payload }))
    return reader
  }
  const [event] = rawEvents(offered([]))
  assert.ok(event?.kind === 'message')
  assertSameBytes(event.payload, message, 'message')
  assert.deepEqual(port.asked, ['inflate 15'])

  // One that can be told is told 12.
  const [failure] = rawEvents(offered([['client_max_window_bits', undefined]]))
  assert.equal(failure?.kind === 'failure' && failure.error.code, 'INVALID_COMPRESSED_DATA')
  assert.deepEqual(port.asked, ['inflate 15', 'inflate 12'])
})

test('what is asked of the port is what was agreed on and configured', () => {
  const port = listeningPort()
  const deflate = { ...UNDEMANDING, memoryLevel: 2, compressionLevel: 9, clientMaxWindowBits: 10 } as const
  const agreed: Parameters = [
    ['server_max_window_bits', '9'],
    ['client_max_window_bits', '11'],
  ]
  for (const role of ['server', 'client'] as const) {
    const both = session(role, agreed, { port, deflate })
    both.send('text', 'Hello')
    assert.deepEqual(events(received(both, 'c1 07 f2 48 cd c9 c9 07 00')), [HELLO])
  }
  // A client uses no larger window than it said.
  assert.deepEqual(port.asked, ['deflate 9 2 9', 'inflate 11', 'deflate 10 2 9', 'inflate 9'])
})

// --- the handshake ---------------------------------------------------------------------------------------------------

test('by default both sides forget, and take windows of 12 bits', () => {
  const { offer, answer, client: ofClient, server: ofServer } = negotiate([permessageDeflate(nodeDeflate)])
  const wanted = [
    'permessage-deflate',
    'server_no_context_takeover',
    'client_no_context_takeover',
    'server_max_window_bits=12',
    'client_max_window_bits=12',
  ].join('; ')
  const undemanding = 'permessage-deflate; client_no_context_takeover; client_max_window_bits'
  assert.equal(offer, `${wanted}, ${undemanding}=12, ${undemanding}`)
  assert.equal(answer, wanted)
  for (const agreed of [ofClient, ofServer]) {
    assert.deepEqual(
      agreed.map(({ name, parameters, reservedBits }) => ({ name, parameters, reservedBits })),
      [
        {
          name: 'permessage-deflate',
          parameters: [
            ['server_no_context_takeover', undefined],
            ['client_no_context_takeover', undefined],
            ['server_max_window_bits', '12'],
            ['client_max_window_bits', '12'],
          ],
          reservedBits: 0b100,
        },
      ],
    )
  }
})

test('options of either side make the agreement', () => {
  const narrow = permessageDeflate(nodeDeflate, { serverMaxWindowBits: 9, clientMaxWindowBits: 10 })
  const open = permessageDeflate(nodeDeflate, UNDEMANDING)
  const all =
    'server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10'
  assert.equal(negotiate([open], [narrow]).answer, `permessage-deflate; ${all}`)
  assert.equal(negotiate([narrow], [open]).answer, `permessage-deflate; ${all}`)
  assert.equal(negotiate([open]).offer, 'permessage-deflate; client_max_window_bits')
  assert.equal(negotiate([open]).answer, 'permessage-deflate')
})

test('T-86: a server declines the offer that it cannot honour, and takes the next', () => {
  const extension = permessageDeflate(nodeDeflate)
  assert.equal(extension.answerOffer([['server_max_window_bits', '8']]), undefined)
  assert.equal(extension.answerOffer([['server_max_window_bits', '16']]), undefined)
  assert.equal(extension.answerOffer([['x', undefined]]), undefined)
  assert.deepEqual(extension.answerOffer([['server_max_window_bits', '9']])?.parameters.at(-1), [
    'server_max_window_bits',
    '9',
  ])
  const insisting = {
    ...extension,
    offers: () => [[['server_max_window_bits', '8'] as const], [['client_max_window_bits', undefined] as const]],
  }
  assert.match(negotiate([insisting], [extension]).answer!, /client_max_window_bits=12$/)
  const only = { ...extension, offers: () => [[['server_max_window_bits', '8'] as const]] }
  assert.deepEqual(negotiate([only], [extension]).server, [])
})

test('T-86: a client takes an answer to any of its offers, and fails the handshake for one to none', () => {
  const extension = permessageDeflate(nodeDeflate)
  const outcome = (answer: string): string => {
    const request = createRequest({ host: 'server.example.com', extensions: [extension], randomUint32: () => 1 })
    const decision = readResponse(request, {
      status: 101,
      headers: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Accept', acceptValue(request.key)],
        ['Sec-WebSocket-Extensions', answer],
      ],
    })
    return decision.kind === 'accept' ? String(decision.extensions[0]?.parameters.length) : decision.error.code
  }
  assert.equal(outcome('permessage-deflate; server_no_context_takeover; server_max_window_bits=11'), '2')
  assert.equal(outcome('permessage-deflate'), '0') // the second offer asks nothing of the server
  assert.equal(outcome('permessage-deflate; client_max_window_bits=8'), '1')
  assert.equal(outcome('permessage-deflate; client_max_window_bits=13'), '1') // the third leaves our window to it
  for (const parameters of [
    'client_max_window_bits', // a value is missing
    'server_max_window_bits',
    'server_max_window_bits=16',
    'server_no_context_takeover=1',
    'client_no_context_takeover; client_no_context_takeover',
    'x',
  ]) {
    assert.equal(outcome(`permessage-deflate; ${parameters}`), 'EXTENSION_NOT_ACCEPTED', parameters)
  }
})

test('what was agreed on elsewhere is gone on with, from the parameters of the answer', () => {
  const extension = permessageDeflate(nodeDeflate, UNDEMANDING)
  const written = negotiate([extension]).server.map(({ parameters }) =>
    JSON.stringify(parameters.map(([name]) => name)),
  )
  assert.deepEqual(written, ['[]'])
  const parameters: Parameters = [
    ['client_max_window_bits', '9'],
    ['server_no_context_takeover', undefined],
  ]
  const { name, reservedBits, parameters: agreed } = extension.agreed(parameters)
  assert.deepEqual([name, reservedBits], ['permessage-deflate', 0b100])
  assert.deepEqual(new Map(agreed), new Map(parameters))

  const error = { name: 'TypeError', message: 'The parameters are no answer of permessage-deflate' }
  const none: Parameters[] = [
    [['client_max_window_bits', undefined]], // an offer
    [['server_max_window_bits', undefined]],
    [['client_max_window_bits', '7']],
    [['x', undefined]],
    [...NO_TAKEOVER, ...NO_TAKEOVER],
  ]
  for (const wrong of none) assert.throws(() => extension.agreed(wrong), error, JSON.stringify(wrong))
})

test('options that are wrong are an error that names them', () => {
  assert.throws(() => permessageDeflate(nodeDeflate, { memoryLevel: 10 }), /^RangeError: deflate\.memoryLevel is 10/)
  assert.throws(() => permessageDeflate(nodeDeflate, { level: 6 } as DeflateOptions), /Unknown option level/)
})

// --- messages --------------------------------------------------------------------------------------------------------

test('T-88: a message decides for itself, otherwise its length does', () => {
  const sender = session('server', NO_TAKEOVER, { deflate: { thresholdBytes: 6 } })
  const marked = (send: () => void): boolean => {
    send()
    const [first] = concat(...sender.takeOutput())
    assert.equal(first! & 0b1011_1111, 0x81)
    return (first! & 0x40) !== 0
  }
  assert.equal(
    marked(() => sender.send('text', 'Hello')),
    false,
  )
  assert.equal(
    marked(() => sender.send('text', 'Hello!')),
    true,
  )
  assert.equal(
    marked(() => sender.send('text', 'Hello', { compress: true })),
    true,
  )
  assert.equal(
    marked(() => sender.send('text', 'Hello!', { compress: false })),
    false,
  )
  assert.equal(
    marked(() => sender.sendPrepared(prepareMessage('Hello'))),
    false,
  )
  assert.equal(
    marked(() => sender.sendPrepared(prepareMessage('Hello!'))),
    true,
  )
  assert.equal(
    marked(() => sender.sendPrepared(prepareMessage('Hello', { compress: true }))),
    true,
  )
  assert.equal(
    marked(() => sender.sendPrepared(prepareMessage('Hello!', { compress: false }))),
    false,
  )
  // Its length in bytes, not in characters.
  assert.equal(
    marked(() => sender.send('text', 'äöü')),
    true,
  )
})

test('RSV1 is the extension’s: the application neither sets it nor sees it, and control frames never have it', () => {
  const both = session('server', TAKEOVER)
  assert.throws(() => both.send('text', 'Hello', { reservedBits: 0b100 }), RangeError)
  both.ping('Hello')
  assert.equal(output(both), '89 05 48 65 6c 6c 6f')
  for (const frames of ['c9 00', '41 00 c0 00', 'e1 00']) {
    const [failure] = events(received(session('server', TAKEOVER), frames))
    assert.equal(failure?.['error'], 'RESERVED_BIT_SET', frames)
  }
})

const SLICED: readonly (readonly [length: number, sliceBytes: number])[] = [
  [1, 1],
  [2_000, 1],
  [2_000, 1_000],
  [65_535, 65_536],
  [65_536, 65_536],
  [65_537, 65_536],
  [131_072, 65_536],
  [200_000, 65_536],
]

for (const [length, sliceBytes] of SLICED) {
  test(`a message of ${length} bytes counts as output until all of it has left, in slices of ${sliceBytes}`, () => {
    const data = dataOf('JSON', length)
    const sends: readonly (readonly [how: string, send: (sender: Session) => void])[] = [
      ['whole', (sender) => sender.send('binary', data)],
      ['prepared', (sender) => sender.sendPrepared(prepareMessage(data))],
      [
        'in one frame of pieces',
        (sender) => {
          sender.startFrame('binary', length)
          sender.continueFrame(data)
        },
      ],
    ]
    for (const [how, send] of sends) {
      const sender = session('server', NO_TAKEOVER, { sliceBytes })
      const reader = session('client', NO_TAKEOVER)
      send(sender)
      while (sender.outputBytes > 0) for (const bytes of sender.takeOutput()) reader.receive(bytes)
      const [message] = rawEvents(reader)
      assert.ok(message?.kind === 'message', how)
      assertSameBytes(message.payload, data, how)
      assert.deepEqual(sender.takeOutput(), [])
    }
  })
}

test('a message that was prepared is compressed once for all that agreed on the same', () => {
  const port = listeningPort()
  const inputs: number[] = []
  const counting: DeflatePort = {
    ...port,
    createDeflater(options) {
      const stream = port.createDeflater(options)
      const step = stream.step.bind(stream)
      stream.step = (...args) => {
        step(...args)
        inputs.push(stream.consumed)
      }
      return stream
    },
  }
  const extension = permessageDeflate(counting, UNDEMANDING)
  const windows = ['10', '10', '11', '10', '11']
  const agreements = windows.map((bits) => extension.agreed([['server_max_window_bits', bits]]))
  const senders = agreements.map((agreed) => server({ extensions: [agreed] }))
  const readers = agreements.map((agreed) => client({ extensions: [agreed] }))
  const data = dataOf('JSON', 5_000)
  for (const sender of senders) sender.send('text', 'Hello')
  inputs.length = 0
  const prepared = prepareMessage(data)
  for (const sender of senders) sender.sendPrepared(prepared)
  assert.deepEqual(inputs, [5_000, 5_000])
  // With context takeover, what follows does not refer to what came before it.
  for (const sender of senders) sender.send('text', 'Hello')
  for (const [i, sender] of senders.entries()) {
    const wire = concat(...sender.takeOutput())
    assert.equal(toHex(wire.subarray(0, 9)), 'c1 07 f2 48 cd c9 c9 07 00')
    assert.equal(toHex(wire.subarray(-9)), 'c1 07 f2 48 cd c9 c9 07 00')
    readers[i]!.receive(wire)
    const [first, message, last] = rawEvents(readers[i]!)
    assert.ok(first?.kind === 'message' && message?.kind === 'message' && last?.kind === 'message')
    assertSameBytes(message.payload, data, `reader ${i}`)
    assert.deepEqual([toHex(first.payload), toHex(last.payload)], ['48 65 6c 6c 6f', '48 65 6c 6c 6f'])
  }
})

test('sessions that compress differently do not exchange messages', () => {
  const prepared = prepareMessage(dataOf('text', 3_000))
  const outputs = [1, 9].flatMap((compressionLevel) =>
    [1, 9].flatMap((memoryLevel) =>
      (['9', '15'] as const).map((bits) => {
        const deflate = { ...UNDEMANDING, compressionLevel, memoryLevel }
        const sender = session('server', [['server_max_window_bits', bits]], { deflate })
        sender.sendPrepared(prepared)
        const alone = session('server', [['server_max_window_bits', bits]], { deflate })
        alone.sendPrepared(prepareMessage(dataOf('text', 3_000)))
        const wire = output(sender)
        assert.equal(wire, output(alone))
        return wire
      }),
    ),
  )
  assert.ok(new Set(outputs).size > 4)
})

test('whatever two endpoints agree on, what one sends is what the other reads', () => {
  const bits = fc.constantFrom<WindowBits[]>(9, 10, 12, 15)
  const options = fc.record({
    thresholdBytes: fc.constantFrom(0, 100, 5_000),
    memoryLevel: fc.constantFrom(1, 5, 9),
    compressionLevel: fc.constantFrom(0, 1, 6),
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
    serverMaxWindowBits: bits,
    clientMaxWindowBits: bits,
  })
  const side = fc.record({ options, port: fc.constantFrom(nodeDeflate, nodeDeflate, portableDeflate) })
  const message = fc.record({
    fromClient: fc.boolean(),
    pieces: fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 20_000 })), { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom('random', 'text', 'JSON', 'zeros'),
    compress: fc.constantFrom(undefined, undefined, true, false),
    isPrepared: fc.boolean(),
  } as const)
  const messages = fc.array(message, { maxLength: 6 })
  fc.assert(
    fc.property(side, side, messages, fc.integer({ min: 1, max: 5_000 }), (ours, theirs, sent, chunkBytes) => {
      const pair = negotiated(
        [permessageDeflate(ours.port, ours.options)],
        [permessageDeflate(theirs.port, theirs.options)],
      )
      for (const { fromClient, pieces, kind, compress, isPrepared } of sent) {
        const [sender, reader] = fromClient ? [pair.client, pair.server] : [pair.server, pair.client]
        const payloads = pieces.map((length) => dataOf(kind, length))
        if (isPrepared) {
          sender.sendPrepared(prepareMessage(concat(...payloads), { compress }))
        } else {
          for (const [i, payload] of payloads.entries()) {
            sender.send('binary', payload, { final: i === payloads.length - 1, ...(i === 0 ? { compress } : {}) })
          }
        }
        const wire = concat(...sender.takeOutput())
        const told: Uint8Array[] = []
        for (let at = 0; at < wire.length; at += chunkBytes) {
          reader.receive(wire.slice(at, at + chunkBytes))
          for (const event of rawEvents(reader)) {
            assert.ok(event.kind === 'message', event.kind)
            told.push(event.payload)
          }
        }
        assert.equal(told.length, 1)
        assertSameBytes(told[0]!, concat(...payloads), 'message')
      }
      pair.client.abort()
      pair.server.abort()
    }),
    { numRuns: 150 },
  )
})
