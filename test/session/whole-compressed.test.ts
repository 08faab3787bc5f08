// Short messages that are compressed, or might be, go a short way through the transform. The other way is that of a
// transform that has no such thing: both must tell the same, and send the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, deflateRawSync } from 'node:zlib'
import { payloadPool } from '../../src/codec/pooled-copy.ts'
import {
  type AgreedExtension,
  type DeflateOptions,
  type MessageTransform,
  permessageDeflate,
} from '../../src/extension/index.ts'
import { type SendOptions, Session, type SessionEvent, type SessionOptions } from '../../src/session/index.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { dataOf } from '../contract/deflate-port.ts'
import { client, server } from '../support/engine.ts'
import { concat, type FrameParts, frame, hex, utf8 } from '../support/wire.ts'

interface Agreement {
  readonly options?: DeflateOptions
  readonly takeover?: boolean
}

/** Level 5: at the default, short messages are compressed with less effort on the short way. */
function agree({ options, takeover = false }: Agreement): AgreedExtension {
  const names = takeover ? [] : ['server_no_context_takeover', 'client_no_context_takeover']
  const extension = permessageDeflate(nodeDeflate, { compressionLevel: 5, thresholdBytes: 100, ...options })
  return extension.agreed([...names.map((name) => [name, undefined] as const), ['server_max_window_bits', '12']])
}

/** The same with another short way, or none. */
function withWhole(agreed: AgreedExtension, transformWhole: MessageTransform['transformWhole']): AgreedExtension {
  const change = <Transform extends MessageTransform>(transform: Transform) =>
    Object.assign(transform, { transformWhole })
  return {
    ...agreed,
    createTransforms(role) {
      const { outgoing, incoming } = agreed.createTransforms!(role)
      return { outgoing: change(outgoing), incoming: change(incoming) }
    },
  }
}

function withoutWhole(agreed: AgreedExtension): AgreedExtension {
  return withWhole(agreed, undefined)
}

function make(role: 'client' | 'server', agreed: AgreedExtension, options: Partial<SessionOptions>): Session {
  const all = { extensions: [agreed], ...options }
  const session = role === 'client' ? client(all) : server(all)
  session.recordFrames = true
  session.recordMessages = true
  return session
}

// --- received --------------------------------------------------------------------------------------------------------

function seen(event: SessionEvent): unknown {
  if (event.kind === 'failure') return [event.kind, event.error.code, event.error.offset]
  if (event.kind !== 'message') return event
  const { kind, type, payload, reservedBits, text } = event
  return [kind, type, text ?? (type === 'text' ? new TextDecoder().decode(payload) : String(payload)), reservedBits]
}

function told(session: Session, wire: Uint8Array, chunkBytes: number, maxPieceBytes?: number): unknown[] {
  const events: unknown[] = []
  for (let at = 0; at < wire.length; at += chunkBytes) {
    session.receive(wire.slice(at, at + chunkBytes))
    for (;;) {
      const event = session.next(maxPieceBytes)
      if (event !== undefined) events.push(seen(event))
      else if (!session.hasWork) break
    }
  }
  return [...events, session.stats(), session.takeRecords(), session.takeOutput().map(String), session.readyState]
}

function compressed(payload: Uint8Array, opcode: number, flush: number = constants.Z_SYNC_FLUSH): FrameParts {
  const deflated = deflateRawSync(payload, { windowBits: 12, finishFlush: flush })
  const end = flush === constants.Z_SYNC_FLUSH ? -4 : deflated.length
  return { opcode, reservedBits: 0b100, payload: new Uint8Array(deflated.subarray(0, end)) }
}

const JSON_BYTES = dataOf('JSON', 40_000)
const EURO = utf8('€uro, '.repeat(300))

const RECEIVED: ReadonlyArray<
  readonly [name: string, parts: readonly FrameParts[], options?: Partial<SessionOptions>]
> = [
  ['text', [0, 1, 16, 125, 1_024, 30_000].map((length) => compressed(JSON_BYTES.slice(0, length), 1))],
  ['binary', [0, 1, 16, 125, 1_024, 30_000, 40_000].map((length) => compressed(dataOf('random', length), 2))],
  ['text of several bytes a character', [compressed(EURO, 1)]],
  ['text that is cut off', [compressed(EURO.slice(0, -4), 1)]],
  ['text that is not valid', [compressed(hex('61 ff 61'), 1)]],
  ['text that is not checked', [compressed(hex('61 ff 61'), 1)], { validateUtf8: false }],
  ['final blocks', [compressed(EURO, 1, constants.Z_FINISH), compressed(EURO, 1)]],
  ['what is no DEFLATE', [{ opcode: 1, reservedBits: 0b100, payload: hex('07') }]],
  ['a limit, kept', [compressed(JSON_BYTES.slice(0, 1_000), 1)], { limits: { maxMessageBytes: 1_000 } }],
  ['a limit, broken', [compressed(JSON_BYTES.slice(0, 1_001), 1)], { limits: { maxMessageBytes: 1_000 } }],
  ['pieces', [compressed(JSON_BYTES, 1), { opcode: 1, payload: 'plain' }], { delivery: 'fragment' }],
  ['another reserved bit', [{ opcode: 1, reservedBits: 0b110, payload: 'x' }]],
  ['a continuation that is marked', [{ opcode: 0, reservedBits: 0b100, payload: 'x' }]],
  ['a ping that is marked', [{ opcode: 9, reservedBits: 0b100, payload: 'x' }]],
  [
    'plain messages and control frames among them',
    [{ opcode: 1, payload: 'plain' }, compressed(EURO, 1), { opcode: 9, payload: 'p' }, { opcode: 2, payload: 'b' }],
  ],
  ['slices', Array.from({ length: 30 }, () => compressed(JSON_BYTES.slice(0, 3_000), 1)), { sliceBytes: 5_000 }],
]

for (const role of ['client', 'server'] as const) {
  for (const [name, parts, options = {}] of RECEIVED) {
    for (const takeover of [false, true]) {
      test(`${name} for a ${role}${takeover ? ' with context takeover' : ''}: at once as in steps`, () => {
        const key = role === 'server' ? { key: '37fa213d' } : {}
        const wire = concat(...parts.map((part) => frame({ ...part, ...key })))
        const agreed = agree({ takeover })
        const pieces = options.delivery === 'fragment'
        for (const maxPieceBytes of [undefined, 700]) {
          const session = () => make(role, withoutWhole(agreed), options)
          const plain = told(session(), wire, wire.length, maxPieceBytes)
          if (!pieces) assert.deepEqual(told(session(), wire, 1, maxPieceBytes), plain)
          for (const strings of [false, true]) {
            const whole = make(role, agreed, options)
            if (strings) Session.deliverValues(whole, { textAsString: true, pool: payloadPool })
            assert.deepEqual(told(whole, wire, wire.length, maxPieceBytes), plain)
          }
        }
      })
    }
  }
}

test('what is undone at once counts as work: a slice ends behind it', () => {
  const session = make('client', agree({}), { sliceBytes: 5_000 })
  const part = frame(compressed(JSON_BYTES.slice(0, 3_000), 1))
  session.receive(concat(part, part, part))
  assert.deepEqual(
    [session.next()?.kind, session.next()?.kind, session.next()?.kind],
    ['message', 'message', undefined],
  )
  assert.equal(session.hasWork, true)
  assert.equal(session.next()?.kind, 'message')
})

test('messages that were handed over do not change with those that follow', () => {
  const session = make('client', agree({}), {})
  const payloads = [dataOf('JSON', 900), dataOf('random', 900), dataOf('JSON', 3_000)]
  session.receive(concat(...payloads.map((payload) => frame(compressed(payload, 2)))))
  const events = payloads.map(() => session.next())
  for (const [i, event] of events.entries()) {
    assert.ok(event?.kind === 'message' && event.owned)
    assert.deepEqual(event.payload, payloads[i])
  }
})

// --- sent ------------------------------------------------------------------------------------------------------------

type Sent = readonly [type: 'text' | 'binary', payload: string | Uint8Array, options?: SendOptions]

const SENT: readonly Sent[] = [
  ...[0, 1, 99, 100, 1_000, 5_000, 16_384, 16_385, 50_000].flatMap((length): Sent[] => [
    ['text', 'x€'.repeat(length).slice(0, length)],
    ['text', new TextDecoder().decode(dataOf('JSON', length))],
    ['binary', dataOf('JSON', length)],
    ['binary', dataOf('random', length)],
  ]),
  ['text', '', { compress: true }],
  ['text', 'short', { compress: true }],
  ['text', 'long '.repeat(500), { compress: false }],
  ['text', 'in pieces '.repeat(50), { final: false }],
  ['text', 'in pieces '.repeat(50)],
]

for (const role of ['client', 'server'] as const) {
  for (const takeover of [false, true]) {
    for (const sliceBytes of [Number.POSITIVE_INFINITY, 10_000]) {
      test(`a ${role} sends the same at once as in steps, takeover ${takeover}, ${sliceBytes} a slice`, () => {
        const [whole, plain] = [agree({ takeover }), withoutWhole(agree({ takeover }))].map((agreed) => {
          const session = make(role, agreed, { sliceBytes })
          const written: Uint8Array[] = []
          for (const [type, payload, options] of SENT) {
            session.send(type, payload, options)
            session.ping('after it')
            while (session.outputBytes > 0) written.push(...session.takeOutput())
          }
          session.send('binary', dataOf('JSON', 60_000)) // what is sent behind it has to wait, in slices
          session.send('text', 'y'.repeat(2_000))
          while (session.outputBytes > 0) written.push(...session.takeOutput())
          return [Buffer.concat(written).toString('base64'), session.stats(), session.takeRecords()]
        })
        assert.deepEqual(whole, plain)
      })
    }
  }
}

test('what the short way does not want goes the other way', () => {
  const [unwilling, plain] = [() => undefined, undefined].map((transformWhole) => {
    const session = make('server', withWhole(agree({}), transformWhole), {})
    for (const length of [99, 1_000]) session.send('text', 'x'.repeat(length))
    return [session.takeOutput().map(String), session.stats(), session.takeRecords()]
  })
  assert.deepEqual(unwilling, plain)
})

test('what was sent does not change with what is sent after it', () => {
  const session = make('server', agree({}), {})
  const payload = dataOf('random', 6_000)
  session.send('binary', payload)
  const vectors = session.takeOutput()
  const before = vectors.map((vector) => vector.slice())
  session.send('binary', dataOf('random', 6_001))
  assert.deepEqual(vectors, before)
})

test('at the default level, short messages are compressed with less effort, and take at most a tenth more bytes', () => {
  const bytes = (compressionLevel: number, kind: 'JSON' | 'text', length: number) => {
    const session = make('server', agree({ options: { compressionLevel } }), {})
    session.send('binary', dataOf(kind, length))
    return session.outputBytes
  }
  for (const kind of ['JSON', 'text'] as const) {
    for (const length of [200, 500, 1_024, 1_536]) {
      assert.equal(bytes(6, kind, length), bytes(3, kind, length))
      assert.ok(bytes(6, kind, length) <= 1.1 * bytes(7, kind, length), `${length} of ${kind}`)
    }
    assert.ok(bytes(6, kind, 1_537) < bytes(3, kind, 1_537))
  }
})
