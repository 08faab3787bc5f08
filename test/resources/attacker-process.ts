// The program of those who do the server harm: raw sockets, and frames that were made before.

import { once } from 'node:events'
import { connect as dial, type Socket } from 'node:net'
import { connect as dialTls } from 'node:tls'
import { certificate } from '../support/certificate.ts'
import { obey } from '../support/ordered-process.ts'
import { SeededRandom } from '../support/random.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { frame, hex, PLAIN_KEY } from '../support/wire.ts'
import type { AttackerAnswers, AttackerOrders } from './orders.ts'

const CLOSE = hex('88 82 00000000 03e8')

// One address has some 28,000 ports, and each is taken for a minute after a connection from it has ended.
const ADDRESSES = 100
const AT_ONCE = 100 // connections that are opened at the same time, fewer than the server has in its backlog

// A server that has had enough reads a mebibyte more, and the system takes some for it. Who may send so much is not cut off.
const PATIENCE_BYTES = 16e6

const held: Socket[] = []
let dialed = 0

interface Where {
  readonly port: number
  readonly path: string
  readonly tls?: boolean
}

function socketTo({ port, tls = false }: Where): Socket {
  const from = { port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (dialed++ % ADDRESSES)}` }
  const socket = tls
    ? dialTls({ socket: dial(from), ca: certificate, servername: 'localhost' })
    : dial({ ...from, noDelay: true })
  return socket.on('error', () => {})
}

function request({ path }: Where, extensions?: string): string {
  const offer = extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]
  return upgradeRequest({ line: `GET ${path} HTTP/1.1` }, ...offer)
}

/** An open connection of which nothing more is read. */
async function opened(where: Where, extensions?: string): Promise<Socket> {
  const socket = socketTo(where)
  socket.write(request(where, extensions))
  const [head] = (await once(socket, 'data')) as [Buffer]
  socket.pause()
  if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error('The server refused a connection')
  return socket
}

/** How many of the bytes the system has taken: all, or none if the connection is gone. */
function taken(socket: Socket, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve(0)
    else socket.write(bytes, (error) => resolve(error == null ? bytes.length : 0))
  })
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close')
}

async function openMany(where: Where & { connections: number }, open: () => Promise<Socket>): Promise<void> {
  for (let count = 0; count < where.connections; count += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, where.connections - count) }, open)
    held.push(...(await Promise.all(some)))
  }
}

// --- ways to come and go ---------------------------------------------------------------------------------------------

const TEXT = frame({ opcode: 1, key: PLAIN_KEY, payload: 'hello' })

async function greeted(where: Where): Promise<Socket> {
  const socket = await opened(where)
  socket.write(TEXT)
  socket.resume()
  await once(socket, 'data')
  return socket
}

const WAYS: readonly ((where: Where, random: SeededRandom) => Promise<Socket>)[] = [
  async (where) => (await greeted(where)).end(CLOSE),
  async (where) => (await greeted(where)).destroy(),
  async (where) => (await greeted(where)).resetAndDestroy(),
  async (where) => (await opened(where)).destroy(),
  // What breaks the protocol: a reserved bit, an opcode, text that is none.
  async (where, random) => {
    const socket = await opened(where)
    return socket.resume().end(hex(random.pick(['f1 80 00000000', '83 80 00000000', '81 81 00000000 ff'])))
  },
  // In the middle of a frame, and of a message.
  async (where, random) => (await opened(where)).end(hex(random.pick(['82 fe 0400', '02 81 00000000 61']))).resume(),
  // Handshakes that fail.
  async (where) =>
    socketTo(where)
      .resume()
      .end(request({ ...where, path: '/nowhere' })),
  async (where, random) => {
    const socket = socketTo(where)
    const whole = request(where)
    socket.write(whole.slice(0, random.below(whole.length)))
    await once(socket, 'connect')
    return random.chance(2) ? socket.destroy() : socket.resetAndDestroy()
  },
]

const CHURN_AT_ONCE = 20

// --- orders ----------------------------------------------------------------------------------------------------------

obey<AttackerOrders, AttackerAnswers>({
  async flood({ prelude, block, bytes, hasQuota, ...where }) {
    const flooded = { bytes: 0, connections: 0, cutOff: 0 }
    while (flooded.bytes < bytes) {
      const socket = await opened(where)
      const enough = hasQuota ? flooded.bytes + PATIENCE_BYTES : bytes
      flooded.connections++
      flooded.bytes += await taken(socket, prelude)
      while (flooded.bytes < enough && !socket.destroyed) flooded.bytes += await taken(socket, block)
      if (socket.destroyed) flooded.cutOff++
      if (hasQuota) socket.destroy()
      else socket.resume().write(CLOSE)
      await closed(socket)
    }
    return flooded
  },

  async segments({ wire, connections, bytes, ...where }) {
    const single = Array.from(wire, (_, at) => wire.subarray(at, at + 1))
    const sockets = await Promise.all(Array.from({ length: connections }, () => opened(where)))
    let written = 0
    // Whole messages, so that all of them can be counted.
    for (let at = 0; written < bytes || at !== 0; at = (at + 1) % single.length) {
      // A byte on each: until it is the first one's turn again, the system has sent it, and the server may have read it.
      const each = await Promise.all(sockets.map((socket) => taken(socket, single[at]!)))
      written += each.reduce((sum, taken) => sum + taken, 0)
    }
    for (const socket of sockets) socket.resume().write(CLOSE)
    await Promise.all(sockets.map(closed))
    return { bytes: written, connections, cutOff: 0 }
  },

  async hold({ frame, extensions, ...where }) {
    await openMany(where, async () => {
      const socket = await opened(where, extensions)
      if (frame === undefined) return socket
      socket.resume().write(frame)
      await once(socket, 'data')
      return socket
    })
  },

  async stall(where) {
    await openMany(where, () => opened(where))
  },

  async release() {
    const all = held.splice(0)
    for (const socket of all) socket.destroy()
    await Promise.all(all.map(closed))
  },

  async churn({ ms, seed, ...where }) {
    const random = new SeededRandom(seed)
    const until = performance.now() + ms
    let count = 0
    const comeAndGo = async (): Promise<void> => {
      while (performance.now() < until) {
        const way = WAYS[count++ % WAYS.length]!
        await closed(await way(where, random))
      }
    }
    await Promise.all(Array.from({ length: CHURN_AT_ONCE }, comeAndGo))
    return count
  },
})
