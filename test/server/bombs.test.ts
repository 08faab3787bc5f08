// Hostile messages that stand for very much, or cost much and stand for nothing; and honest ones that are long, in both
// directions. Who receives them runs in a process of its own, which measures itself.
//
// What is fair. Memory: before it is measured, the process has received and sent messages of both kinds, so that its code
// is compiled and its allocator has grown, and its garbage is collected. From there on all counts that becomes resident at
// any time, also what nobody refers to any more, because nobody collects it for a server either. A flow of messages that
// are all within the limit leaves garbage as fast as the machine can make it, and how much of that V8 lets pile up is not
// ours to say: there, only what is held counts. Time: a turn of the event loop counts as long as the process worked in it.
// A machine that is busy with something else can make both worse, nothing makes them better: the best of three tries counts.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { type Connection, connect, type ServeOptions } from '../../src/node.ts'
import { compressedMessage, EMPTY_BLOCKS, emptyBlocks, MIB, times, zeros } from '../support/bombs.ts'
import { started } from '../support/server.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { type PayloadKind, type Reading, type Seen, WatchedProcess } from '../support/watched.ts'
import { concat, frame, hex } from '../support/wire.ts'

const MAX_TURN_MS = 50
const ALLOWANCE_BYTES = 8 * MIB
const TRIES = 3

const LIMITS: readonly (readonly [name: string, limits: ServeOptions['limits'], bytes: number])[] = [
  ['the default limit', undefined, MIB],
  ['a limit of 16 MiB', { maxMessageBytes: 16 * MIB }, 16 * MIB],
  ['a limit of 64 MiB', { maxMessageBytes: 64 * MIB }, 64 * MIB],
]

/** "Message Too Big" (RFC 6455 §7.4.1). */
const CLOSED_WITH_1009 = '88 02 03 f1'

// --- attacks ---------------------------------------------------------------------------------------------------------

interface Attack {
  readonly options?: ServeOptions
  readonly reading?: Reading
  readonly collect?: boolean
  /** What the attackers offer. Default: all that a server may ask for. */
  readonly offer?: string
  /** How many attackers there are, each with a connection. Default 1. */
  readonly attackers?: number
  /** What each of them says. */
  readonly wire: Uint8Array
  /** How many messages, or pieces, each of them gets through; otherwise each is waited for to be closed. */
  readonly messages?: number
}

interface Outcome extends Seen {
  /** What the attackers were told, in the end, each for himself. */
  readonly told: readonly string[]
  /** How many messages of another client were answered meanwhile. */
  readonly answered: number
}

/** Another client of the server, which says something, waits for the answer and says something again. */
class Talker {
  readonly #connection: Connection
  readonly #messages: AsyncIterator<string | Uint8Array>
  #talking = false
  #answered = 0
  #talk: Promise<void> | undefined

  constructor(connection: Connection) {
    this.#connection = connection
    this.#messages = connection.messages()
  }

  static async of(url: string): Promise<Talker> {
    const talker = new Talker(await connect(url, { deflate: true }))
    for (let i = 0; i < 5; i++) await talker.say('some slices '.repeat(40_000))
    for (let i = 0; i < 50; i++) await talker.say('a longer one '.repeat(1_000))
    // Very many at once, as nobody can wait for that many.
    for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 500 }, () => talker.say('hello')))
    return talker
  }

  async say(text: string): Promise<void> {
    await this.#connection.send(text, { compress: true })
    const { value } = await this.#messages.next()
    assert.equal(value?.length, text.length, 'another client is not answered')
  }

  start(): void {
    this.#talking = true
    this.#talk = this.#goOn()
    this.#talk.catch(() => {}) // it is told in the end
  }

  /** @returns how often it was answered. */
  async stop(): Promise<number> {
    this.#talking = false
    await this.#talk
    this.#connection.terminate()
    return this.#answered
  }

  async #goOn(): Promise<void> {
    while (this.#talking) {
      await this.say('still there?')
      this.#answered++
    }
  }
}

async function attackerOf(url: string, offer: string): Promise<RawPeer> {
  const peer = await rawClient(Number(new URL(url).port))
  peer.say(upgradeRequest({}, `Sec-WebSocket-Extensions: ${offer}`))
  assert.match(await peer.head(), /permessage-deflate/)
  return peer
}

async function attack(
  t: TestContext,
  {
    options,
    reading = 'messages',
    collect = false,
    offer = 'permessage-deflate; client_max_window_bits',
    attackers = 1,
    wire,
    messages,
  }: Attack,
): Promise<Outcome> {
  await using server = new WatchedProcess(t)
  const url = await server.tell('serve', { options: { deflate: true, ...options }, reading })
  const talker = await Talker.of(url)
  const peers = await Promise.all(Array.from({ length: attackers }, () => attackerOf(url, offer)))
  await server.tell('watch', { collect })
  talker.start()
  for (const peer of peers) peer.say(wire)
  const told = messages === undefined ? await Promise.all(peers.map((peer) => peer.behindHead(4))) : []
  if (messages !== undefined) await server.received(messages * attackers)
  const seen = await server.tell('seen', {})
  for (const peer of peers) peer.leave()
  return { ...seen, told, answered: await talker.stop() }
}

/** Tries until a try is good enough, at most three times. */
async function bestOf<Result>(isGood: (result: Result) => boolean, once: () => Promise<Result>): Promise<Result> {
  let result = await once()
  for (let tries = 1; tries < TRIES && !isGood(result); tries++) result = await once()
  return result
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}

/** How well the server fared: an attack with messages that may be sent, or one that ends with 1009 for each attacker. */
async function isBorne(t: TestContext, plan: Attack, limitBytes: number): Promise<void> {
  const { attackers = 1, messages } = plan
  const maxBytes = attackers * limitBytes + ALLOWANCE_BYTES
  // What several leave as garbage, or one in a long row of messages, has nothing to do with the limit.
  const countsGarbage = attackers === 1 && messages === undefined
  const { told, answered, grownBytes, longestTurnMs, endings } = await bestOf(
    (outcome) => outcome.longestTurnMs <= MAX_TURN_MS && (!countsGarbage || outcome.grownBytes <= maxBytes),
    () => attack(t, plan),
  )
  const { heldBytes } = countsGarbage ? { heldBytes: 0 } : await attack(t, { ...plan, collect: true })
  t.diagnostic(
    `longest turn ${longestTurnMs.toFixed(1)} ms, ${answered} answers, ` +
      `${mebibytes(grownBytes)} more resident${countsGarbage ? '' : `, ${mebibytes(heldBytes)} more held`}`,
  )
  if (messages === undefined) assert.deepEqual(told, Array(attackers).fill(CLOSED_WITH_1009))
  else assert.deepEqual(endings, [], 'messages that may be sent have closed the connection')
  assert.ok(answered > 0)
  assert.ok(longestTurnMs <= MAX_TURN_MS, `A turn took ${longestTurnMs} ms`)
  assert.ok(
    (countsGarbage ? grownBytes : heldBytes) <= maxBytes,
    `${mebibytes(grownBytes)} more were resident, ${mebibytes(heldBytes)} more held`,
  )
}

const OPTIONS = { timeout: 240_000 }

// --- messages that stand for very much -------------------------------------------------------------------------------

const BOMB_MEBIBYTES = 256

for (const [name, limits, limitBytes] of LIMITS) {
  const bomb = zeros(BOMB_MEBIBYTES)
  for (const [shape, frameBytes, opcode] of [
    ['in one frame', bomb.length, 2],
    ['in one frame, as text', bomb.length, 1],
    ['in a hundred fragments', Math.ceil(bomb.length / 100), 2],
    ['in sixteen thousand fragments', Math.ceil(bomb.length / 16_000), 2],
  ] as const) {
    test(`T-80: 256 MiB ${shape} are 1009 at ${name}, and memory grows by no more than that`, OPTIONS, (t) => {
      const wire = compressedMessage(bomb, frameBytes, opcode)
      return isBorne(t, { options: { limits }, wire }, limitBytes)
    })
  }
}

test('T-80: bombs of twenty clients at once are 1009 each, and hold nobody else up', OPTIONS, (t) =>
  isBorne(t, { attackers: 20, wire: compressedMessage(zeros(BOMB_MEBIBYTES)) }, MIB),
)

test('T-80: a bomb with a takeover of context and the largest window is no worse', OPTIONS, (t) => {
  const deflate = { clientNoContextTakeover: false, clientMaxWindowBits: 15 } as const
  return isBorne(t, { options: { deflate }, wire: compressedMessage(zeros(BOMB_MEBIBYTES)) }, MIB)
})

for (const [name, limits, limitBytes, attackers, each] of [
  ['1 MiB', undefined, MIB, 10, 20],
  ['16 MiB', { maxMessageBytes: 16 * MIB }, 16 * MIB, 4, 4],
] as const) {
  test(`T-80: ${each} messages of ${name}, as many as may be, of ${attackers} clients at once`, OPTIONS, (t) => {
    const wire = times(compressedMessage(zeros(limitBytes / MIB)), each)
    return isBorne(t, { options: { limits }, attackers, wire, messages: each }, limitBytes)
  })
}

test('T-80: messages that are taken in pieces may be of any size, and none of it is held', OPTIONS, (t) => {
  const wire = compressedMessage(zeros(BOMB_MEBIBYTES))
  return isBorne(t, { reading: 'pieces', wire, messages: BOMB_MEBIBYTES }, 0)
})

test('T-80: what nobody reads is not inflated', OPTIONS, async (t) => {
  await using server = new WatchedProcess(t)
  const options: ServeOptions = { deflate: true, limits: { maxMessageBytes: 1024 * MIB } }
  const url = await server.tell('serve', { options, reading: 'nobody' })
  const peer = await attackerOf(url, 'permessage-deflate')
  await server.tell('watch', { collect: false })
  const { socket } = peer
  peer.say(times(compressedMessage(zeros(BOMB_MEBIBYTES)), 40))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { grownBytes, longestTurnMs } = await server.tell('seen', {})
  t.diagnostic(`${mebibytes(grownBytes)} more, longest turn ${longestTurnMs.toFixed(1)} ms`)
  assert.ok(socket.writableLength > 0, 'the server took all of it')
  assert.ok(grownBytes <= ALLOWANCE_BYTES, `${mebibytes(grownBytes)} more were resident than before`)
  peer.leave()
})

// --- messages that stand for nothing -----------------------------------------------------------------------------------

const EMPTY_KINDS = Object.keys(EMPTY_BLOCKS) as (keyof typeof EMPTY_BLOCKS)[]

// What may be spent on one message, and a little less: all but the least that is charged for a final block.
const TOO_LONG_BYTES = 1_000_000
const ALLOWED_BYTES = { stored: 262_000, fixed: 262_000, dynamic: 262_000, final: 500 } as const

for (const kind of EMPTY_KINDS) {
  test(`empty ${kind} blocks are what they are said to be`, () => {
    const inflated = inflateRawSync(concat(times(EMPTY_BLOCKS[kind], 1_000), hex('01 00 00 ff ff')))
    assert.equal(inflated.length, 0)
  })

  for (const attackers of [1, 20]) {
    const whose = attackers === 1 ? 'a client' : `${attackers} clients at once`
    test(`T-81: a message of nothing but empty ${kind} blocks of ${whose} is 1009`, OPTIONS, (t) =>
      isBorne(t, { attackers, wire: compressedMessage(emptyBlocks(kind, TOO_LONG_BYTES)) }, MIB),
    )

    test(`T-81: one message behind the other of ${kind} blocks, as many as may be, of ${whose}`, OPTIONS, (t) => {
      const message = compressedMessage(emptyBlocks(kind, ALLOWED_BYTES[kind]))
      const each = kind === 'final' ? 300 : attackers === 1 ? 10 : 3
      return isBorne(t, { attackers, wire: times(message, each), messages: each }, MIB)
    })
  }
}

test('T-81: final blocks cost no more where a window has to be carried over each of them', OPTIONS, (t) => {
  const deflate = { clientNoContextTakeover: false, clientMaxWindowBits: 15 } as const
  const fillsWindow = compressedMessage(zeros(1))
  const finals = times(compressedMessage(emptyBlocks('final', ALLOWED_BYTES.final)), 300)
  return isBorne(t, { options: { deflate }, wire: concat(fillsWindow, finals), messages: 301 }, MIB)
})

test('T-81: what is compressed in vain counts as it lies on the wire', OPTIONS, async (t) => {
  const server = await started(t, { deflate: true }, (connection) => connection.onMessage(() => {}))
  const peer = await attackerOf(server.url, 'permessage-deflate')
  // More than the limit is announced: that is all there is to know.
  peer.say(frame({ reservedBits: 0b100, opcode: 2, key: '00000000', payload: new Uint8Array(2 * MIB) }).subarray(0, 10))
  assert.equal(await peer.behindHead(4), CLOSED_WITH_1009)
  peer.leave()
})

for (const attackers of [1, 10]) {
  test(`T-81: very many messages of next to nothing, of ${attackers} at once, hold nobody else up`, OPTIONS, (t) => {
    const each = 30_000
    const wire = times(compressedMessage(hex('00')), each)
    return isBorne(t, { attackers, wire, messages: each }, MIB)
  })
}

// --- long messages of honest peers -------------------------------------------------------------------------------------

for (const length of [65_535, 65_536, 65_537, 131_072, MIB]) {
  test(`a message of ${length} bytes arrives without another that comes after it`, { timeout: 10_000 }, async (t) => {
    const server = await started(t, { deflate: true }, (connection) => connection.onMessage((m) => connection.send(m)))
    const client = await connect(server.url, { deflate: true })
    t.after(() => client.terminate())
    const messages = client.messages()
    for (const payload of [new Uint8Array(length), Uint8Array.from({ length }, (_, i) => Math.imul(i, i) >> 5)]) {
      void client.send(payload)
      assert.deepEqual((await messages.next()).value, payload)
    }
  })
}

interface Traffic {
  readonly from: 'server' | 'client'
  readonly kind: PayloadKind
  readonly mebibytes: number
  readonly connections: number
  /** Whether all is sent in one turn. */
  readonly together: boolean
}

interface Fared {
  readonly sender: Seen
  readonly receiver: Seen
  readonly answered: number
}

async function exchange(t: TestContext, { from, kind, mebibytes, connections, together }: Traffic): Promise<Fared> {
  await using server = new WatchedProcess(t)
  await using client = new WatchedProcess(t)
  // What does not compress is a little longer on the wire.
  const options = { deflate: true, limits: { maxMessageBytes: (mebibytes + 1) * MIB } }
  const url = await server.tell('serve', { options, reading: 'messages' })
  await client.tell('connect', { url, options, count: connections })
  const [sender, receiver] = from === 'server' ? [server, client] : [client, server]
  // So that it is not the first time, for anybody.
  await sender.tell('prepare', { kind, bytes: 300_000 })
  await receiver.tell('watch', { collect: false })
  for (let i = 0; i < 10; i++) await sender.tell('send', { together: false })
  await receiver.received(10 * connections)
  const talker = await Talker.of(url)
  await sender.tell('prepare', { kind, bytes: mebibytes * MIB })
  await Promise.all([server, client].map((process) => process.tell('watch', { collect: false })))
  talker.start()
  await sender.tell('send', { together })
  await receiver.received(connections)
  const answered = await talker.stop()
  return { sender: await sender.tell('seen', {}), receiver: await receiver.tell('seen', {}), answered }
}

async function holdsNobodyUp(t: TestContext, traffic: Traffic): Promise<void> {
  const { sender, receiver, answered } = await bestOf(
    (fared) => fared.sender.longestTurnMs <= MAX_TURN_MS && fared.receiver.longestTurnMs <= MAX_TURN_MS,
    () => exchange(t, traffic),
  )
  t.diagnostic(
    `sender: ${mebibytes(sender.grownBytes)} more, longest turn ${sender.longestTurnMs.toFixed(1)} ms; ` +
      `receiver: ${mebibytes(receiver.grownBytes)} more, longest turn ${receiver.longestTurnMs.toFixed(1)} ms; ` +
      `${answered} answers`,
  )
  const { connections, mebibytes: each } = traffic
  assert.deepEqual([receiver.messages, receiver.messageBytes], [connections, connections * each * MIB])
  assert.ok(answered > 0)
  assert.ok(sender.longestTurnMs <= MAX_TURN_MS, `A turn of the sender took ${sender.longestTurnMs} ms`)
  assert.ok(receiver.longestTurnMs <= MAX_TURN_MS, `A turn of the receiver took ${receiver.longestTurnMs} ms`)
}

for (const from of ['server', 'client'] as const) {
  for (const kind of ['zeros', 'records', 'noise'] as const) {
    // Of 64 MiB at once, to join what came out and to make a string of it alone takes 50 ms.
    test(`16 MiB of ${kind} of a ${from} hold nobody up on either side`, OPTIONS, (t) =>
      holdsNobodyUp(t, { from, kind, mebibytes: 16, connections: 1, together: true }),
    )
  }

  // Each send does its first slice at once, two milliseconds of noise.
  for (const [kind, connections] of [
    ['records', 40],
    ['noise', 10],
  ] as const) {
    test(`2 MiB of ${kind} of a ${from} on each of ${connections} connections at once hold nobody up`, OPTIONS, (t) =>
      holdsNobodyUp(t, { from, kind, mebibytes: 2, connections, together: true }),
    )
  }
}
