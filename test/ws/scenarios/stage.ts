// Where a scenario plays: real servers and clients of the module under test, and raw peers that say what the scenario tells
// them to. Each party has a track; everything that was opened is gone when the scenario is over, however it went.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { constants, inflateRawSync } from 'node:zlib'
import type { Client, WebSocketServer, WsModule } from './module.ts'
import { type Json, plainBytes, Track, type Transcript } from './transcript.ts'

export type Scenario = (ws: WsModule, stage: Stage) => Promise<void>
export type Scenarios = Readonly<Record<string, Scenario>>

const DEADLINE_MS = Number(process.env['SAME_AS_WS_DEADLINE_MS'] ?? 10_000)
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const OPCODES: Record<number, string> = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }

/** Plays a scenario with a module and hands back what was seen. */
export async function play(scenario: Scenario, ws: WsModule): Promise<Transcript> {
  const stage = new Stage(ws)
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      stage.track('stage').note('stuck')
      resolve()
    }, DEADLINE_MS)
  })
  try {
    await Promise.race([scenario(ws, stage), tooLate])
  } finally {
    clearTimeout(timer)
    stage.freeze()
    await stage.clear()
  }
  return stage.transcript()
}

export class Stage {
  readonly #ws: WsModule
  readonly #tracks = new Map<string, Track>()
  readonly #clients = new Set<Client>()
  readonly #servers = new Set<Server | HttpServer>()
  readonly #webSocketServers = new Set<WebSocketServer>()
  readonly #sockets = new Set<Socket>()
  readonly #peers = new Set<Peer>()

  constructor(ws: WsModule) {
    this.#ws = ws
  }

  track(name: string): Track {
    const track = this.#tracks.get(name) ?? new Track()
    this.#tracks.set(name, track)
    return track
  }

  /** What was seen; a party that saw nothing is left out. */
  transcript(): Transcript {
    return Object.fromEntries(
      [...this.#tracks].flatMap(([name, { entries }]) => (entries.length === 0 ? [] : [[name, entries as Json[]]])),
    )
  }

  /**
   * The scenario is over: nothing of what follows is noted, except the frames that raw peers still read. Those were written
   * before the end, and whether they had arrived by then is chance.
   */
  freeze(): void {
    const raw = new Set([...this.#peers].map(({ track }) => track))
    for (const track of this.#tracks.values()) track.frozen = !raw.has(track)
  }

  /** A client that nobody listens to yet; the arguments go to the constructor as they are. */
  make(...args: unknown[]): Client {
    const client = Reflect.construct(this.#ws.WebSocket, args) as Client
    this.#clients.add(client)
    return client
  }

  /** A client whose events are noted. */
  client(name: string, ...args: unknown[]): { client: Client; track: Track } {
    const client = this.make(...args)
    const track = this.track(name)
    this.watch(track, client)
    return { client, track }
  }

  /** Notes the events that can be listened to without a change of behaviour. */
  watch(track: Track, socket: Client): void {
    this.#clients.add(socket)
    for (const event of ['open', 'message', 'ping', 'pong', 'error', 'close']) {
      socket.on(event, (...values: unknown[]) => track.note(event, socket.readyState, ...values))
    }
  }

  /** A listening WebSocketServer on a free port of this machine, its connections watched under `server`, `server 2`, … */
  async server(
    options: object = {},
    meet?: (socket: Client, track: Track) => void,
    name = 'server',
  ): Promise<{ server: WebSocketServer; port: number; url: string; sockets: Client[] }> {
    const server = this.makeServer({ host: '127.0.0.1', port: 0, ...options })
    const sockets = this.meet(server, meet, name)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return { server, port, url: `ws://127.0.0.1:${port}`, sockets }
  }

  /** A WebSocketServer as it is. */
  makeServer(...args: unknown[]): WebSocketServer {
    const server = Reflect.construct(this.#ws.WebSocketServer, args) as WebSocketServer
    this.#webSocketServers.add(server)
    return server
  }

  /** Watches the connections of a server. */
  meet(server: WebSocketServer, meet?: (socket: Client, track: Track) => void, name = 'server'): Client[] {
    const sockets: Client[] = []
    server.on('connection', (socket) => {
      sockets.push(socket)
      const track = this.track(sockets.length === 1 ? name : `${name} ${sockets.length}`)
      this.watch(track, socket)
      meet?.(socket, track)
    })
    return sockets
  }

  /** A client and the server's end of its connection, both open. */
  async pair(options: { client?: object; server?: object; protocols?: string[] } = {}): Promise<Pair> {
    const { server: listener, url, sockets } = await this.server(options.server)
    const serverTrack = this.track('server')
    const { client, track } = this.client('client', url, options.protocols ?? [], options.client)
    await track.until('open')
    await until(() => sockets.length > 0)
    return { client, clientTrack: track, server: sockets[0]!, serverTrack, listener, url }
  }

  /** An HTTP server of Node that listens on this machine. */
  async http(listener: RequestListener = (_, response) => response.end()): Promise<{ http: HttpServer; port: number }> {
    const http = createHttpServer(listener)
    this.#servers.add(http)
    http.on('connection', (socket) => this.#sockets.add(socket))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    return { http, port: (http.address() as AddressInfo).port }
  }

  /** A raw client whose upgrade request was sent; the answer and the frames that follow are noted. */
  async rawClient(port: number, request: RequestParts = {}): Promise<Peer> {
    const socket = dial({ port, host: '127.0.0.1', allowHalfOpen: request.allowHalfOpen ?? false })
    const peer = new Peer(this.track(request.name ?? 'raw client'), socket)
    this.#peers.add(peer)
    await once(socket, 'connect')
    socket.write(requestHead(request))
    if (request.behindHead !== undefined) socket.write(request.behindHead)
    return peer
  }

  /** A raw client that has been let in. */
  async rawPeer(port: number, request: RequestParts = {}): Promise<Peer> {
    const peer = await this.rawClient(port, request)
    await until(() => peer.headSeen || peer.gone)
    return peer
  }

  /** A raw server of one client: `answer` says what follows the request. */
  async rawServer(
    answer: (peer: Peer) => void = (peer) => peer.accept(),
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<{ port: number; url: string; peers: Peer[] }> {
    const peers: Peer[] = []
    const server = createServer({ allowHalfOpen: options.allowHalfOpen ?? false }, (socket) => {
      const peer = new Peer(this.track(peers.length === 0 ? 'raw server' : `raw server ${peers.length + 1}`), socket)
      this.#peers.add(peer)
      peers.push(peer)
      void peer.track.when(() => peer.headSeen).then(() => answer(peer))
    })
    this.#servers.add(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return { port, url: `ws://127.0.0.1:${port}`, peers }
  }

  /** A client that a raw server has let in. */
  async clientOfRaw(options: object = {}, accept?: readonly string[]): Promise<Pairing> {
    const { url, peers } = await this.rawServer((peer) => peer.accept(accept))
    const { client, track } = this.client('client', url, [], { perMessageDeflate: false, ...options })
    await track.until('open')
    return { client, track, peer: peers[0]! }
  }

  /** The server's end of a connection with a raw client. */
  async serverOfRaw(
    options: object = {},
    request: RequestParts = {},
  ): Promise<Pairing & { listener: WebSocketServer }> {
    const { server, port, sockets } = await this.server(options)
    const track = this.track('server')
    const peer = await this.rawPeer(port, request)
    await until(() => sockets.length > 0)
    return { client: sockets[0]!, track, peer, listener: server }
  }

  /** Remembers a server or socket that the scenario made itself. */
  keep<T extends Server | HttpServer>(server: T): T {
    this.#servers.add(server)
    return server
  }

  async clear(): Promise<void> {
    for (const client of this.#clients) {
      client.on('error', () => {})
      client.terminate()
    }
    for (const server of this.#webSocketServers) {
      server.on('error', () => {})
      for (const client of server.clients ?? []) client.terminate()
      server.close()
    }
    for (const socket of this.#sockets) socket.destroy()
    for (const peer of this.#peers) await peer.dismiss()
    for (const server of this.#servers) {
      if ('closeAllConnections' in server) server.closeAllConnections()
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()))
    }
  }
}

export interface Pair {
  readonly client: Client
  readonly clientTrack: Track
  readonly server: Client
  readonly serverTrack: Track
  readonly listener: WebSocketServer
  readonly url: string
}

export interface Pairing {
  /** The end that the module under test made. */
  readonly client: Client
  readonly track: Track
  readonly peer: Peer
}

export interface RequestParts {
  readonly name?: string
  readonly method?: string
  readonly path?: string
  /** Replaces a header of the request; `undefined` leaves it out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly behindHead?: Uint8Array
  readonly allowHalfOpen?: boolean
}

function requestHead({ method = 'GET', path = '/', headers = {} }: RequestParts): string {
  const all: Record<string, string | undefined> = {
    Host: 'example.test',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** A peer that speaks in literal bytes. The head it reads and the frames are noted, and that the other side has ended. */
export class Peer {
  readonly track: Track
  readonly socket: Socket
  headSeen = false
  /** The answer that was read was 101. */
  letIn = false
  gone = false
  key = ''
  #unread: Buffer = Buffer.alloc(0)
  #bodyOnly = false
  #compressed = false
  #deflated: Buffer = Buffer.alloc(0)
  #inflatedBytes = 0
  #ended = false
  #wake: (() => void) | undefined

  constructor(track: Track, socket: Socket) {
    this.track = track
    this.socket = socket
    socket.on('data', (bytes) => {
      this.#unread = Buffer.concat([this.#unread, bytes])
      this.#read()
    })
    socket.on('end', () => {
      this.#ended = true
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.gone = true
      this.#wake?.()
    })
  }

  /** Waits until the connection is gone, and notes how that came: only who waits for it can rely on having seen it. */
  async left(): Promise<void> {
    if (!this.gone) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#unread.length > 0) this.track.note('rest', this.#unread)
    this.track.note(this.#ended ? 'ended' : 'gone')
  }

  /** Reads to the end, which the other side has made already, and goes. */
  async dismiss(): Promise<void> {
    const late = setInterval(() => this.socket.destroy(), 500)
    if (this.#ended) this.socket.destroy()
    else this.socket.on('end', () => this.socket.destroy())
    await until(() => this.gone)
    clearInterval(late)
  }

  say(...what: readonly (Uint8Array | string)[]): void {
    this.socket.write(
      Buffer.concat(what.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
    )
  }

  /** Answers the upgrade request. */
  accept(headers: readonly string[] = []): void {
    this.say(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${acceptOf(this.key)}`,
        ...headers,
        '',
        '',
      ].join('\r\n'),
    )
  }

  #read(): void {
    if (!this.headSeen) {
      const end = this.#unread.indexOf('\r\n\r\n')
      if (end === -1) return
      const [first = '', ...lines] = this.#unread.subarray(0, end).toString('latin1').split('\r\n')
      this.#unread = this.#unread.subarray(end + 4)
      this.key = lines.map((line) => /^sec-websocket-key: (.*)$/i.exec(line)?.[1]).find(Boolean) ?? KEY
      this.letIn = first.startsWith('HTTP/1.1 101')
      this.#bodyOnly = first.startsWith('HTTP/1.1 ') && !this.letIn
      this.headSeen = true
      this.track.note(
        'head',
        first,
        lines.map((line) => this.#withoutChance(line)),
      )
    }
    while (!this.#bodyOnly && this.#readFrame()) {}
  }

  /** All that was compressed on a connection is one stream of DEFLATE blocks, with takeover and without. */
  #inflate(payload: Uint8Array, final: boolean): Uint8Array {
    this.#deflated = Buffer.concat([this.#deflated, payload, Buffer.from(final ? '0000ffff' : '', 'hex')])
    const all = inflateRawSync(this.#deflated, { finishFlush: constants.Z_SYNC_FLUSH })
    const fresh = all.subarray(this.#inflatedBytes)
    this.#inflatedBytes = all.length
    return fresh
  }

  #withoutChance(line: string): string {
    return line
      .replace(/^(sec-websocket-key): [A-Za-z0-9+/]{22}==$/i, '$1: KEY')
      .replace(acceptOf(this.key), 'ACCEPT')
      .replace(/^(date): .*/i, '$1: DATE')
  }

  #readFrame(): boolean {
    const bytes = this.#unread
    if (bytes.length < 2) return false
    const [first, second] = [bytes[0]!, bytes[1]!]
    const masked = second > 127
    let length = second & 127
    let at = 2
    if (length === 126) {
      if (bytes.length < 4) return false
      length = bytes.readUInt16BE(2)
      at = 4
    } else if (length === 127) {
      if (bytes.length < 10) return false
      length = Number(bytes.readBigUInt64BE(2))
      at = 10
    }
    const keyAt = at
    if (masked) at += 4
    if (bytes.length < at + length) return false
    const payload = Buffer.from(bytes.subarray(at, at + length))
    if (masked) for (let i = 0; i < length; i++) payload[i]! ^= bytes[keyAt + (i % 4)]!
    this.#unread = bytes.subarray(at + length)
    const rsv = (first >> 4) & 7
    const opcode = first & 15
    // What a compressed message says counts, not how: the same text may be compressed in many ways.
    if (opcode < 8) this.#compressed = opcode === 0 ? this.#compressed : (rsv & 4) !== 0
    const data = opcode < 8 && this.#compressed ? this.#inflate(payload, first >= 128) : payload
    const words = [OPCODES[opcode] ?? `opcode ${opcode}`]
    if (first < 128) words.push('not final')
    if (rsv !== 0) words.push(`rsv ${rsv.toString(2).padStart(3, '0')}`)
    if (masked) words.push('masked')
    if (opcode === 8 && length >= 2)
      this.track.note('frame', words.join(', '), payload.readUInt16BE(0), plainBytes(payload.subarray(2)))
    else this.track.note('frame', words.join(', '), plainBytes(data))
    return true
  }
}

/** Waits for a condition that no event announces. A scenario that is stuck waits for ever, and keeps no process alive. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2).unref())
}

/** The rest of the turn, and the turn after it: what was put off with `nextTick`, a promise or `setImmediate` has happened. */
export async function turns(count = 1): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Calls a method with arguments that its types do not allow. */
export function call(target: object, method: string, ...args: unknown[]): unknown {
  return (target as Record<string, (...values: unknown[]) => unknown>)[method]!(...args)
}
