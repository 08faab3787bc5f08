// What compression holds outside of the heap: streams of zlib, some ten to three hundred kilobytes each. Every one is to be
// closed, whatever becomes of its connection, and without context takeover none is to be kept for a connection that is idle.

import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { type Connection, connect, prepareMessage, type ServeOptions, type Server, serve } from '../../src/node.ts'
import { compressedMessage, MIB, zeros } from '../support/bombs.ts'
import { liveBufferBytes } from '../support/memory.ts'
import { type RawPeer, rawClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { type Held, WatchedProcess } from '../support/watched.ts'
import { frame, hex } from '../support/wire.ts'
import { createdStreams, openStreams, uncollectedHandles } from '../support/zlib-streams.ts'

type Deflate = NonNullable<ServeOptions['deflate']>

const TAKEOVER: Deflate = { serverNoContextTakeover: false, clientNoContextTakeover: false }

const DEFLATE: readonly (readonly [name: string, deflate: Deflate])[] = [
  ['without context takeover', true],
  ['with context takeover', TAKEOVER],
]

const LIMITS: ServeOptions['limits'] = { maxMessageBytes: 64 * MIB, maxBufferedBytes: 64 * MIB }

const TEXT = 'text that refers back to text '.repeat(200)

/** Takes very many slices, in either direction. */
const LONG = randomFillSync(new Uint8Array(2 * MIB))

/** Fragments of a message that has not ended, each of them whole: 6 bytes of header and 100 of payload. */
const BEGINNING = compressedMessage(zeros(1), 100).subarray(0, 5 * 106)

const OPTIONS = { timeout: 60_000 }

// --- the ends of connections -------------------------------------------------------------------------------------------

/** A server and its clients; the server reads in pieces. */
class Scene {
  readonly server: Server
  readonly #deflate: Deflate
  readonly #connections: Connection[]
  readonly #peers: RawPeer[] = []
  #pieces = 0

  private constructor(server: Server, deflate: Deflate, connections: Connection[]) {
    this.server = server
    this.#deflate = deflate
    this.#connections = connections
  }

  static async open(t: TestContext, deflate: Deflate): Promise<Scene> {
    const connections: Connection[] = []
    const server = await serve({ deflate, limits: LIMITS }, async (connection) => {
      connections.push(connection)
      await scene.#read(connection)
    })
    const scene = new Scene(server, deflate, connections)
    t.after(() => scene.leave())
    return scene
  }

  async client(): Promise<Connection> {
    const client = await connect(this.server.url, { deflate: this.#deflate, limits: LIMITS })
    client.onMessage(() => {})
    this.#connections.push(client)
    return client
  }

  /** A client that says what it likes. */
  async peer(): Promise<RawPeer> {
    const peer = await rawClient(this.server.port)
    peer.say(upgradeRequest({}, 'Sec-WebSocket-Extensions: permessage-deflate'))
    assert.match(await peer.head(), /permessage-deflate/)
    this.#peers.push(peer)
    return peer
  }

  /** The server's side of the connection that was opened last. */
  get near(): Connection {
    return [...this.server.connections].at(-1)!
  }

  /** Waits until the server has received something, of all that it was ever sent. */
  async received(pieces: number): Promise<void> {
    while (this.#pieces < pieces) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  /** Waits until nobody is connected any more. */
  async allClosed(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.all()))
    for (const peer of this.#peers) peer.leave()
    await Promise.all(this.#connections.map(({ closed }) => closed))
  }

  /** Ends all that has not ended. */
  async leave(): Promise<void> {
    for (const peer of this.#peers) peer.leave()
    for (const connection of this.#connections) connection.terminate()
    await this.server.close({ timeoutMs: 0 })
  }

  async #read(connection: Connection): Promise<void> {
    try {
      for await (const message of connection.messages({ pieces: true })) {
        for await (const _ of message) this.#pieces++
      }
    } catch {
      // The message was cut off.
    }
  }
}

type Story = (scene: Scene) => Promise<void>

/** A client and the server have both compressed and inflated. */
async function haveTalked(scene: Scene): Promise<Connection> {
  const client = await scene.client()
  await client.send(TEXT, { compress: true })
  await scene.received(1)
  await scene.near.send(TEXT, { compress: true })
  await client.ping()
  return client
}

/** A few turns of the event loop, in which some slices are worked on, and not nearly all. */
async function aLittleLater(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** How a connection can end, on either side, in the middle of whatever it was about. */
const ENDS: readonly (readonly [how: string, end: (client: Connection, near: Connection) => unknown])[] = [
  ['the client terminates', (client) => client.terminate()],
  ['the server terminates', (_, near) => near.terminate()],
  ['the client closes', (client) => client.close()],
  ['the server closes', (_, near) => near.close()],
]

const STORIES: (readonly [name: string, story: Story])[] = [
  [
    'nobody has sent anything when the server closes',
    async (scene) => {
      await scene.client()
      await scene.server.close()
    },
  ],
  [
    'the server closes in the middle of messages in both directions, and gives them no time',
    async (scene) => {
      const client = await haveTalked(scene)
      void client.send(LONG)
      void scene.near.send(LONG)
      await scene.received(5)
      await scene.server.close({ timeoutMs: 0 })
    },
  ],
  [
    'a client breaks the protocol in the middle of a compressed message',
    async (scene) => {
      const peer = await scene.peer()
      peer.say(BEGINNING)
      await scene.received(1)
      peer.say(hex('83 80 00000000')) // a reserved opcode
      assert.equal(await peer.behindHead(4), '88 02 03 ea')
    },
  ],
  [
    'a client sends what is not DEFLATE',
    async (scene) => {
      const peer = await scene.peer()
      peer.say(frame({ reservedBits: 0b100, opcode: 2, key: '00000000', payload: hex('07') }))
      assert.equal(await peer.behindHead(4), '88 02 03 ef')
    },
  ],
  [
    'a client sends a bomb',
    async (scene) => {
      const peer = await scene.peer()
      peer.say(compressedMessage(zeros(65)))
      assert.equal(await peer.behindHead(4), '88 02 03 f1')
    },
  ],
  [
    'a client sends text that is none, compressed',
    async (scene) => {
      const peer = await scene.peer()
      peer.say(frame({ reservedBits: 0b100, opcode: 1, key: '00000000', payload: hex('00 01 00 fe ff ff 00') }))
      assert.equal(await peer.behindHead(4), '88 02 03 ef')
    },
  ],
  ...(['end', 'destroy', 'reset'] as const).map(
    (how) =>
      [
        `the stream of a client breaks off in the middle of a compressed message, by ${how}`,
        async (scene: Scene) => {
          const peer = await scene.peer()
          peer.say(BEGINNING)
          await scene.received(1)
          peer.leave(how)
        },
      ] as const,
  ),
  [
    'one of three leaves in the middle of a message to all of them, and the others later',
    async (scene) => {
      const clients = [await haveTalked(scene), await scene.client(), await scene.client()]
      await clients[2]!.ping()
      const sent = scene.server.broadcast(LONG, { compress: true })
      await aLittleLater()
      const [first] = scene.server.connections
      first!.terminate()
      await sent
      for (const client of clients) void client.close()
    },
  ],
  [
    'all leave in the middle of a message to all of them',
    async (scene) => {
      for (let i = 0; i < 3; i++) await (await scene.client()).ping()
      const message = prepareMessage(LONG, { compress: true })
      for (const connection of scene.server.connections) void connection.send(message)
      await aLittleLater()
      for (const connection of scene.server.connections) connection.terminate()
    },
  ],
]

for (const [how, end] of ENDS) {
  STORIES.push(
    [
      `${how} between messages`,
      async (scene) => {
        const client = await haveTalked(scene)
        end(client, scene.near)
      },
    ],
    [
      `${how} in the middle of a message of the client`,
      async (scene) => {
        const client = await haveTalked(scene)
        void client.send(LONG)
        await scene.received(10)
        end(client, scene.near)
      },
    ],
    [
      `${how} in the middle of a message of the server, with others behind it`,
      async (scene) => {
        const client = await haveTalked(scene)
        for (let i = 0; i < 3; i++) void scene.near.send(LONG)
        await aLittleLater()
        end(client, scene.near)
      },
    ],
    [
      `${how} as soon as a long message is on its way`,
      async (scene) => {
        const client = await haveTalked(scene)
        void client.send(LONG)
        void scene.near.send(LONG)
        end(client, scene.near)
      },
    ],
  )
}

for (const [name, deflate] of DEFLATE) {
  for (const [story, tell] of STORIES) {
    test(`T-87: ${name}, no stream is left when ${story}`, OPTIONS, async (t) => {
      const [created, open] = [createdStreams(), openStreams()]
      const scene = await Scene.open(t, deflate)
      await tell(scene)
      await scene.allClosed()
      assert.equal(openStreams() - open, 0)
      assert.ok(createdStreams() > created || story.startsWith('nobody'), 'nothing was compressed or inflated')
    })
  }
}

test('T-87: what belongs to closed streams is collected', async () => {
  let handles = Number.POSITIVE_INFINITY
  // What was collected in one turn is told in another.
  for (let tries = 0; tries < 20 && handles > openStreams(); tries++) {
    liveBufferBytes()
    await new Promise((resolve) => setTimeout(resolve, 10))
    handles = uncollectedHandles()
  }
  assert.equal(handles, openStreams())
})

test(
  'T-87: while nothing is sent, connections without context takeover share one stream each way',
  OPTIONS,
  async (t) => {
    const scene = await Scene.open(t, true)
    const clients: Connection[] = []
    for (let i = 0; i < 10; i++) clients.push(await scene.client())
    for (const client of clients) {
      await client.send(TEXT, { compress: true })
      await client.ping()
    }
    // Long messages of all at once need one each, for as long as they take.
    await Promise.all(clients.map((client) => client.send(LONG.subarray(0, MIB), { compress: true })))
    await Promise.all(clients.map((client) => client.ping()))
    assert.equal(openStreams(), 2) // the clients are in this process, too; both sides compress alike
    await scene.server.close()
    assert.equal(openStreams(), 0)
  },
)

// --- very many connections -----------------------------------------------------------------------------------------------

const MANY = 1_000
const MAX_CONNECTION_BYTES = 65_536
const MESSAGE_BYTES = 4_096

/** What a server holds before and after so many clients have connected, sent a compressed message and got it back. */
async function heldFor(
  t: TestContext,
  deflate: Deflate | false,
  connections: number,
): Promise<readonly [before: Held, after: Held]> {
  await using server = new WatchedProcess(t)
  await using clients = new WatchedProcess(t)
  const url = await server.tell('serve', { options: { deflate, keepalive: false }, reading: 'echo' })
  await clients.tell('prepare', { kind: 'records', bytes: MESSAGE_BYTES })
  const talk = async (count: number): Promise<void> => {
    await clients.tell('connect', { url, options: { deflate }, count })
    await clients.tell('watch', { collect: false })
    await clients.tell('send', { together: false })
    await clients.received(count)
  }
  await talk(100) // so that nothing is the first time
  await clients.tell('terminate', {})
  const before = await server.tell('held', {})
  await talk(connections)
  return [before, await server.tell('held', {})]
}

function bytesEach([before, after]: readonly [Held, Held]): number {
  return (after.residentBytes - before.residentBytes) / MANY
}

test('T-87: a thousand idle connections hold the streams of one, and at most 64 KiB each', OPTIONS, async (t) => {
  const [, one] = await heldFor(t, true, 1)
  const many = await heldFor(t, true, MANY)
  const compressed = bytesEach(many)
  const plain = bytesEach(await heldFor(t, false, MANY))
  t.diagnostic(`${compressed.toFixed(0)} bytes each, ${plain.toFixed(0)} without compression`)
  assert.equal(one.openStreams, 2) // one that deflates and one that inflates
  assert.equal(many[1].openStreams, 2)
  assert.ok(compressed <= MAX_CONNECTION_BYTES, `A connection takes ${compressed} bytes`)
  assert.ok(compressed - plain <= MAX_CONNECTION_BYTES / 2, `Compression takes ${compressed - plain} bytes of it`)
})

test('with context takeover a connection keeps its two streams, and what they cost is told', OPTIONS, async (t) => {
  const takeover = await heldFor(t, TAKEOVER, MANY)
  t.diagnostic(`${bytesEach(takeover).toFixed(0)} bytes each`)
  assert.equal(takeover[1].openStreams, 2 * MANY)
})
