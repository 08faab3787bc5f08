// The differential test in short, and whether it finds what it is for: engines that are wrong somewhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtocolError } from '../../src/codec/protocol-error.ts'
import type { SessionEvent } from '../../src/session/index.ts'
import { needs, python } from '../support/programs.ts'
import { IS_NODE } from '../support/socket-ways.ts'
import type { PeerName } from './comparison.ts'
import { type Findings, formatUnexplained, run } from './differential.ts'
import { driverSubject } from './driver-peer.ts'
import { createEngine, type Engine, engineSubject } from './engine.ts'
import type { Subject } from './outcome.ts'
import type { Stream } from './streams.ts'
import { startWebsockets } from './websockets-peer.ts'
import { wsSubject } from './ws-peer.ts'

const SEED = 10
const STREAMS = 1_000
const MOST_STREAMS_TO_A_FAULT = 5_000

const skip = IS_NODE ? false : 'what other runtimes inflate with says other things'
const withPython = skip === false ? needs(python, 'python3-websockets') : { skip }
const PEERS = new Map<PeerName, Subject>([
  ['ws', wsSubject],
  ['websocket-driver', driverSubject],
])

function compare(
  create: (stream: Stream) => Engine,
  streams: number,
  mostKinds: number,
  peers = PEERS,
): Promise<Findings> {
  return run({ seed: SEED, first: 0, streams, engine: engineSubject(create), peers, mostKinds })
}

function reports({ unexplained }: Findings): string {
  return [...unexplained.values()].map((kind) => formatUnexplained(kind, SEED)).join('\n')
}

test('streams are taken as ws and websocket-driver take them, but for what is in the list', { skip }, async (t) => {
  const findings = await compare(createEngine, STREAMS, 3)
  assert.equal(reports(findings), '')
  assert.equal(findings.streams, STREAMS)
  const ours = findings.verdicts.get('wspc')!
  t.diagnostic([...ours].map(([verdict, times]) => `${times} ${verdict}`).join(', '))
  for (const verdict of ['open', 'closed']) assert.ok(ours.get(verdict)! > STREAMS / 8, verdict)
})

test('streams are taken as Python websockets take them, but for what is in the list', withPython, async () => {
  const websockets = startWebsockets(python!)
  const findings = await compare(createEngine, STREAMS / 2, 3, new Map([['websockets', websockets.subject]]))
  websockets.close()
  assert.equal(reports(findings), '')
  assert.equal(findings.streams, STREAMS / 2)
})

/** An engine whose events are changed on their way; `undefined` leaves one out. */
function changing(stream: Stream, change: (event: SessionEvent) => SessionEvent | undefined): Engine {
  const session = createEngine(stream)
  const next = (): SessionEvent | undefined => {
    const event = session.next()
    return event && (change(event) ?? next())
  }
  return {
    receive: (bytes) => session.receive(bytes),
    next,
    takeOutput: () => session.takeOutput(),
    abort: () => session.abort(),
  }
}

/** Tells each message after the one behind it. */
function swapping(stream: Stream): Engine {
  let held: SessionEvent | undefined
  return changing(stream, (event) => {
    if (event.kind !== 'message') return event
    const before = held
    held = event.owned ? event : { ...event, payload: event.payload.slice() }
    return before
  })
}

function otherContext(stream: Stream): Engine {
  const { deflate } = stream
  return createEngine(
    deflate ? { ...stream, deflate: { ...deflate, noContextTakeover: !deflate.noContextTakeover } } : stream,
  )
}

const FAULTS: ReadonlyArray<readonly [fault: string, create: (stream: Stream) => Engine, report: RegExp]> = [
  ['takes text that is not UTF-8', (stream) => createEngine(stream, { validateUtf8: false }), /ws: failed 1007/],
  ['takes what a client has not masked', (stream) => createEngine(stream, { acceptUnmasked: true }), /MUST|failed 100/],
  [
    'takes half a close code for none',
    (stream) => {
      return changing(stream, (event) => {
        if (event.kind !== 'failure' || event.error.code !== 'CLOSE_PAYLOAD_TOO_SHORT') return event
        return { kind: 'close', code: 1005, reason: '', reasonBytes: new Uint8Array(0) }
      })
    },
    /opcode 8, length 1 in 0/,
  ],
  ['tells messages in the wrong order', swapping, /wspc:/],
  [
    'loses a byte of messages whose length has a longer form',
    (stream) => {
      return changing(stream, (event) => {
        if (event.kind !== 'message' || event.payload.length < 126) return event
        return { ...event, payload: event.payload.subarray(1) }
      })
    },
    /length \d{3,} in [28]/,
  ],
  [
    'has a limit that is one byte off',
    (stream) => createEngine({ ...stream, maxMessageBytes: stream.maxMessageBytes - 1 }),
    /MESSAGE_TOO_BIG/,
  ],
  [
    'has a limit of fragments that is one off',
    (stream) => createEngine({ ...stream, maxMessageFragments: stream.maxMessageFragments - 1 }),
    /TOO_MANY_FRAGMENTS/,
  ],
  ['forgets what compressed messages refer to, or does not', otherContext, /INVALID_COMPRESSED_DATA/],
  ['says that what is wrong lies elsewhere', misplacing, /told: same, pongs: same, other frame/],
  ['answers no Close frame', (stream) => createEngine(stream, { autoClose: false }), /Close none$.*Close 1/ms],
  ['does not answer pings', (stream) => createEngine(stream, { autoPong: false }), /pongs: theirs goes on/],
]

/** Tells a byte that is far behind the one that decided. */
function misplacing(stream: Stream): Engine {
  return changing(stream, (event) => {
    if (event.kind !== 'failure' || !(event.error instanceof ProtocolError)) return event
    return { kind: 'failure', error: new ProtocolError(event.error.code, event.error.offset! + 20) }
  })
}

for (const [fault, create, report] of FAULTS) {
  test(`an engine that ${fault} is found`, { skip }, async (t) => {
    const findings = await compare(create, MOST_STREAMS_TO_A_FAULT, 1)
    t.diagnostic(`after ${findings.streams} streams`)
    const text = reports(findings)
    assert.match(text, report)
    assert.match(text, /main\.js --seed=10 --first=\d+ --streams=1 --peers=(ws|websocket-driver)$/m)
  })
}
