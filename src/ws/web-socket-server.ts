// The class `WebSocketServer` of `ws`: which requests become connections, who is asked first, and what is emitted. What a
// request must look like and how it is answered is decided in `handshake/`.

import { EventEmitter } from 'node:events'
import { createServer, type Server as HttpServer, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Extension } from '../extension/index.ts'
import {
  decideUpgrade,
  type HeaderList,
  type OpeningRequest,
  oneValue,
  type RefusalCode,
  type ServerDecision,
  type UpgradeAcceptance,
} from '../handshake/index.ts'
import { headerPairs, refuse } from '../transport/node/index.ts'
import type * as declarations from './declarations.ts'
import type { WebSocketClass, WebSocketConstructor } from './declarations.ts'
import { COMMON_DEFAULTS } from './defaults.ts'
import { deflateExtensions } from './deflate.ts'
import type { AddressInfo, ServerOptions } from './types.ts'
import { opening, WebSocket } from './web-socket.ts'

/** An emitter whose listeners know what they are given. */
const Emitter = EventEmitter as unknown as new <
  Socket extends WebSocketClass,
  Request extends typeof IncomingMessage,
>() => declarations.ServerEmitter<Socket, Request>

/** Every option that has a default. */
export const DEFAULTS = {
  ...COMMON_DEFAULTS,
  perMessageDeflate: false,
  handleProtocols: null,
  clientTracking: true,
  verifyClient: null,
  noServer: false,
  backlog: null,
  server: null,
  host: null,
  path: null,
  port: null,
  WebSocket,
}

/** The sentences of `ws` for what a request may lack. */
const SENTENCES: { readonly [Code in RefusalCode]?: string } = {
  METHOD_NOT_GET: 'Invalid HTTP method',
  UPGRADE_MISSING: 'Invalid Upgrade header',
  UPGRADE_INVALID: 'Invalid Upgrade header',
  KEY_INVALID: 'Missing or invalid Sec-WebSocket-Key header',
  VERSION_INVALID: 'Missing or invalid Sec-WebSocket-Version header',
  VERSION_NOT_SUPPORTED: 'Missing or invalid Sec-WebSocket-Version header',
  SUBPROTOCOL_OFFER_INVALID: 'Invalid Sec-WebSocket-Protocol header',
  EXTENSION_OFFER_INVALID: 'Invalid or unacceptable Sec-WebSocket-Extensions header',
}

/** Sockets that became connections. */
const upgraded = new WeakSet<Duplex>()

type Handled<Socket extends WebSocketClass, Request extends typeof IncomingMessage> = (
  client: InstanceType<Socket>,
  request: InstanceType<Request>,
) => void

/** A request on its way to a connection. */
interface Upgrade<Socket extends WebSocketClass, Request extends typeof IncomingMessage> {
  readonly opening: OpeningRequest
  readonly request: InstanceType<Request>
  readonly socket: Duplex
  readonly head: Buffer
  readonly callback: Handled<Socket, Request>
}

/** A server as the package `ws` has it. */
export class WebSocketServer<
    Socket extends WebSocketClass = WebSocketConstructor,
    Request extends typeof IncomingMessage = typeof IncomingMessage,
  >
  extends Emitter<Socket, Request>
  implements declarations.WebSocketServer<Socket, Request>
{
  declare readonly options: ServerOptions<Socket, Request>
  /** Of nobody's: `ws` declares it and does not set it. */
  declare readonly path: string
  /** The connections that are not closed; only with `clientTracking`. */
  declare readonly clients: Set<InstanceType<Socket>>
  #http: HttpServer | HttpsServer | null = null
  readonly #clientClosed: (this: InstanceType<Socket>) => void
  readonly #listeners: readonly [event: string, listener: (...parameters: never[]) => void][] = []
  #state: 'running' | 'closing' | 'closed' = 'running'
  #closesWithClients = false

  /**
   * @param options One of `port`, `server` and `noServer` is needed.
   * @param callback Called when the port is listened on.
   * @throws TypeError for options that say nowhere or in two ways where to listen.
   */
  constructor(options?: ServerOptions<Socket, Request>, callback?: () => void) {
    super()
    const forget = (client: InstanceType<Socket>): void => this.#forget(client)
    this.#clientClosed = function () {
      forget(this) // one function for all clients
    }
    const own = { ...DEFAULTS, ...options } as unknown as ServerOptions<Socket, Request>
    const { port, server, noServer } = own
    if (Number(port != null) + Number(Boolean(server)) + Number(Boolean(noServer)) !== 1) {
      throw new TypeError('One and only one of the "port", "server", or "noServer" options must be specified')
    }
    if (own.perMessageDeflate === true) own.perMessageDeflate = {}
    deflateExtensions(own.perMessageDeflate) // throws for what is wrong with it
    if (own.clientTracking) this.clients = new Set()
    this.options = own
    if (noServer) return
    const http = server ?? createOwnServer()
    this.#http = http
    // The callback is called before 'listening' is emitted.
    if (!server) http.listen(port as number, own.host as string, own.backlog as number, callback)
    this.#listeners = [
      ['listening', () => this.emit('listening')],
      ['error', (error: Error) => this.emit('error', error)],
      [
        'upgrade',
        (request: InstanceType<Request>, socket: Duplex, head: Buffer) =>
          this.handleUpgrade(request, socket, head, (client) => this.emit('connection', client, request)),
      ],
    ]
    for (const [event, listener] of this.#listeners) http.on(event, listener as () => void)
  }

  /** Where it listens, as `address()` of `node:net`. @throws Error with `noServer`. */
  address(): AddressInfo | string | null {
    if (this.options.noServer) throw new Error('The server is operating in "noServer" mode')
    return (this.#http?.address() as AddressInfo | string | null | undefined) ?? null
  }

  /**
   * Takes no more connections. Those there are go on; 'close' is emitted when they have ended.
   *
   * @param callback Called with 'close', with an error when the server was closed before.
   */
  close(callback?: (error?: Error) => void): void {
    if (this.#state === 'closed') {
      if (callback) this.once('close', () => callback(new Error('The server is not running')))
      process.nextTick(() => this.#emitClose())
      return
    }
    if (callback) this.once('close', callback as () => void)
    if (this.#state === 'closing') return
    this.#state = 'closing'
    const http = this.#http
    this.#http = null
    for (const [event, listener] of this.#listeners) http!.removeListener(event, listener as () => void)
    if (!this.options.noServer && !this.options.server) http!.close(() => this.#emitClose())
    else if (this.clients !== undefined && this.clients.size > 0) this.#closesWithClients = true
    else process.nextTick(() => this.#emitClose())
  }

  /** Whether a request is for this server: with `path`, whether it is for that. */
  shouldHandle(request: InstanceType<Request>): boolean | Promise<boolean> {
    const { path } = this.options
    if (!path) return true
    const [target = ''] = (request.url ?? '').split('?', 1)
    return target === path
  }

  /**
   * Makes a connection of a request, or answers it.
   *
   * @param head What was read of the connection already.
   * @throws Error when the socket has become a connection before.
   */
  handleUpgrade(
    request: InstanceType<Request>,
    socket: Duplex,
    head: Buffer,
    callback: Handled<Socket, Request>,
  ): void {
    socket.on('error', destroyThis)
    const upgrade: Upgrade<Socket, Request> = { opening: openingRequest(request), request, socket, head, callback }
    // Decided without a subprotocol for now: `handleProtocols` is asked only for whom `verifyClient` lets in.
    const decision = decideUpgrade(upgrade.opening, { origin: 'any', extensions: this.#extensions })
    const isListRefused = decision.kind === 'reject' && /^(SUBPROTOCOL|EXTENSION)/.test(decision.error.code)
    if (decision.kind === 'reject' && !isListRefused) this.#refuseOrTell(decision, socket, request)
    else if (!this.shouldHandle(request)) refuseUpgrade(socket, 400)
    else if (decision.kind === 'reject') this.#refuseOrTell(decision, socket, request)
    else this.#verify(upgrade)
  }

  /** What it answers offers with. Read each time: programs change the options of a server that runs. */
  get #extensions(): readonly Extension[] {
    return deflateExtensions(this.options.perMessageDeflate)
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #verify(upgrade: Upgrade<Socket, Request>): void {
    const { request, socket } = upgrade
    const { verifyClient } = this.options
    const complete = (): void => this.#complete(upgrade)
    if (!verifyClient) {
      complete()
      return
    }
    const { authorized, encrypted } = (request.socket ?? {}) as { authorized?: boolean; encrypted?: boolean }
    const info = { origin: request.headers.origin as string, secure: Boolean(authorized || encrypted), req: request }
    if (verifyClient.length !== 2) {
      if ((verifyClient as (about: typeof info) => boolean)(info)) complete()
      else refuseUpgrade(socket, 401)
      return
    }
    verifyClient(info, (verified, code, message, headers) => {
      if (verified) complete()
      else if (upgraded.has(socket))
        return // who was let in is not refused any more: frames follow, no response
      else refuseUpgrade(socket, code || 401, message, headers as { [name: string]: string })
    })
  }

  #complete(upgrade: Upgrade<Socket, Request>): void {
    const { opening: asked, request, socket, head, callback } = upgrade
    // A client that has ended its side already is not worth a connection.
    if (!socket.readable || !socket.writable) {
      socket.destroy()
      return
    }
    if (upgraded.has(socket)) {
      throw new Error(
        'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
      )
    }
    if (this.#state !== 'running') {
      refuseUpgrade(socket, 503)
      return
    }
    const { WebSocket: SocketClass = WebSocket } = this.options
    const client = new (SocketClass as unknown as typeof WebSocket)(null, undefined, this.options)
    const acceptance = this.#accept(asked, request)
    if (acceptance === undefined) {
      refuseUpgrade(socket, 500)
      return
    }
    const head101 = responseLines(acceptance)
    this.emit('headers', head101, request)
    // An empty line would end the head, and what is behind it would be taken for frames.
    if (Array.from(head101, (line) => line ?? '').some((line) => /^$|[\r\n\0]|[^\0-\xff]/.test(line))) {
      refuseUpgrade(socket, 500)
      throw new TypeError('A line that a listener of "headers" added is not a header field')
    }
    upgraded.add(socket)
    socket.write(`${head101.join('\r\n')}\r\n\r\n`, 'latin1')
    socket.removeListener('error', destroyThis)
    opening.agree(client, { ...acceptance, url: urlOf(asked) })
    client.setSocket(socket, head, this.options)
    const given = client as unknown as InstanceType<Socket>
    this.#track(given)
    callback(given, request)
  }

  /** The response, with the subprotocol that was chosen; `undefined` when that is none that was offered. */
  #accept(asked: OpeningRequest, request: InstanceType<Request>): UpgradeAcceptance | undefined {
    const { handleProtocols } = this.options
    const choose = (offered: readonly string[]): string | undefined => {
      if (offered.length === 0) return undefined
      return (handleProtocols ? handleProtocols(new Set(offered), request) : offered[0]) || undefined
    }
    let chosen: string | undefined
    const subprotocols = (offered: readonly string[]): string | undefined => {
      chosen = choose(offered)
      return chosen !== undefined && offered.includes(chosen) ? chosen : undefined
    }
    const decision = decideUpgrade(asked, { origin: 'any', extensions: this.#extensions, subprotocols })
    if (decision.kind === 'reject' || decision.subprotocol !== chosen) return undefined
    return decision
  }

  #track(client: InstanceType<Socket>): void {
    if (this.clients === undefined) return
    this.clients.add(client)
    client.on('close', this.#clientClosed as () => void)
  }

  #forget(client: InstanceType<Socket>): void {
    this.clients.delete(client)
    if (this.#closesWithClients && this.clients.size === 0) process.nextTick(() => this.#emitClose())
  }

  #refuseOrTell(
    { status, headers, error }: ServerDecision & { kind: 'reject' },
    socket: Duplex,
    request: InstanceType<Request>,
  ): void {
    const message = SENTENCES[error.code] ?? error.message
    if (this.listenerCount('wsClientError') > 0) {
      this.emit('wsClientError', new Error(message, { cause: error }), socket, request)
    } else {
      refuseUpgrade(socket, status, message, Object.fromEntries(headers))
    }
  }

  #emitClose(): void {
    this.#state = 'closed'
    this.emit('close')
  }
}

/** Answers everything that is no upgrade. */
function createOwnServer(): HttpServer {
  return createServer((_request, response) => {
    const body = STATUS_CODES[426]!
    response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain', Upgrade: 'websocket' })
    response.end(body)
  })
}

/** A request as the handshake understands it, also one that somebody made up who knows no raw headers. */
function openingRequest(request: IncomingMessage): OpeningRequest {
  const { method = '', url = '', httpVersion = '1.1', rawHeaders, headers, socket } = request
  const isMadeUp = !Array.isArray(rawHeaders) || rawHeaders.length === 0
  const pairs: HeaderList = isMadeUp
    ? pairsOf(Object.entries({ host: 'localhost', ...headers }))
    : headerPairs(rawHeaders)
  const secure = (socket as { encrypted?: boolean } | undefined)?.encrypted === true
  return { method, target: url, httpVersion, headers: pairs, secure }
}

/** Fields by name, those with several values once for each. */
function pairsOf(fields: Iterable<readonly [name: string, value: unknown]>): HeaderList {
  return [...fields].flatMap(([name, value]) => [value ?? []].flat().map((one) => [name, String(one)] as const))
}

/** The address that was asked for. */
function urlOf({ secure, headers, target }: OpeningRequest): string {
  return `${secure ? 'wss' : 'ws'}://${oneValue(headers, 'Host')}${target}`
}

function responseLines({ status, statusText, headers }: UpgradeAcceptance): string[] {
  return [`HTTP/1.1 ${status} ${statusText}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
}

function refuseUpgrade(
  socket: Duplex,
  status: number,
  message = STATUS_CODES[status] ?? '',
  headers: { readonly [name: string]: string | number | readonly string[] | undefined } = {},
): void {
  const body = Buffer.from(message)
  const fields = new Map<string, readonly [name: string, value: unknown]>()
  const own = { Connection: 'close', 'Content-Type': 'text/html', 'Content-Length': body.length }
  for (const [name, value] of [...Object.entries(own), ...Object.entries(headers)]) {
    if (name.toLowerCase() !== 'content-length' || value === body.length) fields.set(name.toLowerCase(), [name, value])
  }
  refuse(socket, { status, statusText: STATUS_CODES[status] ?? '', headers: pairsOf(fields.values()), body })
}

function destroyThis(this: Duplex): void {
  this.destroy()
}
