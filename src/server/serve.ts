// A WebSocket server on `node:http`: one call to a working server. The rules of the handshake are in `handshake/`; here
// is when they are asked, who is told, and how all of it ends.

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type BytesLike,
  DEFAULT_HEAD_LIMITS,
  formatResponseHead,
  InvalidStateError,
  WebSocketError,
} from '../codec/index.ts'
import { readNumbers } from '../codec/options.ts'
import {
  Broadcaster,
  Connection,
  type FailedConnection,
  type Host,
  type MessageOptions,
  openConnection,
  readConnectionLimits,
} from '../connection/index.ts'
import {
  decideUpgrade,
  joinedValue,
  type RefusalCode,
  type RefusalResponse,
  rejectUpgrade,
  statusTextOf,
  type UpgradeAcceptance,
  type UpgradeRejection,
} from '../handshake/index.ts'
import { type CloseInfo, PreparedMessage, prepareMessage, Session } from '../session/index.ts'
import { nodeHost, refusalChannel, refuse, SocketStream } from '../transport/node/index.ts'
import { Arrivals } from './arrivals.ts'
import { type ReadServeOptions, readServeOptions, type ServeOptions } from './options.ts'
import { createOwnServer, listen } from './own-server.ts'
import { refusalResponse } from './refusal.ts'
import { ServerCounters, type ServerStats } from './stats.ts'
import { isSecure, isSecureServer, pathOf, type UpgradeRequest, upgradeRequest } from './upgrade-request.ts'

/**
 * Called once for each connection, with the request that opened it. What it throws, or rejects with, closes the connection
 * with 1011.
 */
export type ConnectionHandler = (connection: Connection, request: UpgradeRequest) => void | Promise<void>

/** How a server is closed. */
export interface ServerCloseOptions {
  /** The close code that clients are told. Default 1001, going away. */
  readonly code?: number | undefined
  /** What clients are told beside it, up to 123 bytes of UTF-8. Default: nothing. */
  readonly reason?: string | undefined
  /** Milliseconds for the closing handshakes; what is open then is cut. Default 10,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Starts a server. The handler is called once for each connection; when it returns or its promise is resolved, nothing
 * happens; when it throws, the connection is closed with 1011.
 *
 * @throws TypeError, RangeError for options that are wrong.
 * @returns a promise that is rejected with `LISTEN_FAILED` when the port or the Unix socket cannot be had.
 */
export async function serve(options: ServeOptions, handler: ConnectionHandler): Promise<Server> {
  const read = readServeOptions(options)
  if (typeof handler !== 'function') throw new TypeError('The handler is not a function')
  const http = read.server ?? createOwnServer(read)
  if (read.server === undefined) await listen(http, read)
  return new Server(http, read, handler)
}

// Who takes upgrades from a server that is not our own, and the sockets that were given to one of us.
const sharers = new WeakMap<HttpServer, Set<Server>>()
const taken = new WeakSet<Socket>()

/** A running server. */
export class Server {
  readonly #http: HttpServer
  readonly #options: ReadServeOptions
  readonly #handler: ConnectionHandler
  readonly #connections = new Set<Connection>()
  readonly #sockets = new Set<Duplex>() // those of the connections; they may take a little longer to close
  readonly #socketClosed = (socket: Duplex): void => void this.#sockets.delete(socket)
  readonly #connectionClosed = (connection: Connection, info: CloseInfo): void => {
    this.#connections.delete(connection)
    this.#broadcaster.remove(connection)
    this.#counters.ended(connection, info)
  }
  readonly #pending = new Map<Socket, UpgradeRequest>()
  readonly #arrivals: Arrivals
  readonly #counters = new ServerCounters()
  /** What a listener throws is treated as what the handler throws. */
  readonly #host: Host = {
    ...nodeHost,
    reportError: (error, connection) => this.#handlerFailed(connection, error),
  }
  readonly #broadcaster: Broadcaster
  readonly #listeners: [event: string, listener: (...parameters: never[]) => void][]
  readonly #aborted = (): void => void this.close()
  #lastAddress: AddressInfo | string | undefined
  #closing: Promise<void> | undefined

  /** @internal Made by {@link serve}. */
  constructor(http: HttpServer, options: ReadServeOptions, handler: ConnectionHandler) {
    this.#http = http
    this.#options = options
    this.#handler = handler
    const { highWaterBytes, maxBufferedBytes } = readConnectionLimits(options.limits).send
    this.#broadcaster = new Broadcaster(this.#connections, Math.min(highWaterBytes, maxBufferedBytes), this.#host)
    this.#arrivals = new Arrivals(options, (socket) => this.#turnAway(socket, 'HANDSHAKE_TIMEOUT'))
    this.#listeners = [
      ['upgrade', this.#handleUpgrade.bind(this)],
      ['listening', this.#rememberAddress.bind(this)],
    ]
    this.#rememberAddress()
    if (options.server === undefined) {
      this.#listeners.push(
        ['connect', this.#handleUpgrade.bind(this)],
        ['request', this.#handleRequest.bind(this)],
        ['clientError', this.#handleClientError.bind(this)],
        ['connection', this.#arrivals.handleSocket.bind(this.#arrivals)],
        ['secureConnection', this.#arrivals.handleSecureSocket.bind(this.#arrivals)],
        ['error', this.#warn.bind(this)], // a client could not be accepted: it is gone, the server goes on
      )
    } else {
      sharers.set(http, (sharers.get(http) ?? new Set()).add(this))
    }
    for (const [event, listener] of this.#listeners) http.on(event, listener as (...parameters: unknown[]) => void)
    options.signal?.addEventListener('abort', this.#aborted, { once: true })
  }

  /**
   * Where clients connect to; with a `path`, to that, or the first of several. On a Unix socket it is
   * `ws+unix:<socketPath>:<path>`.
   *
   * @throws InvalidStateError while a server of yours has not listened yet.
   */
  get url(): string {
    const address = this.#address
    const scheme = isSecureServer(this.#http) ? 'wss' : 'ws'
    const path = this.#options.paths?.[0] ?? '/'
    if (typeof address === 'string') return `${scheme}+unix:${address}:${path}`
    const wildcard = address.address === '::' || address.address === '0.0.0.0'
    const host = wildcard ? 'localhost' : address.address.includes(':') ? `[${address.address}]` : address.address
    return `${scheme}://${host}:${address.port}${path}`
  }

  /**
   * The TCP port that is listened on.
   *
   * @throws InvalidStateError on a Unix socket, and while a server of yours has not listened yet.
   */
  get port(): number {
    const address = this.#address
    if (typeof address !== 'string') return address.port
    throw new InvalidStateError('Cannot tell the port: the server listens on a Unix socket')
  }

  /** The connections that are not closed. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections
  }

  /** What the server has done so far: a snapshot, for which each open connection is asked. */
  stats(): ServerStats {
    return this.#counters.snapshot(this.#connections)
  }

  /**
   * Sends a message to every connection that is open. It is encoded once, and compressed once for all connections that
   * agreed on the same.
   *
   * @returns a promise that is resolved once less than `highWaterBytes` wait to leave on each connection, or it has ended;
   * at once with a `backpressure` that is not `wait`.
   * @throws TypeError at once for data that is neither a string nor bytes, or options that are wrong.
   */
  broadcast(data: string | BytesLike | PreparedMessage, options?: MessageOptions): Promise<void> {
    if (data instanceof PreparedMessage && options !== undefined) {
      throw new TypeError('A prepared message has its own options')
    }
    const message = data instanceof PreparedMessage ? data : prepareMessage(data, options)
    const waiting = this.#broadcaster.send(message)
    // Where a slow client is not waited for, it holds up nobody.
    if (waiting.length === 0 || this.#options.backpressure !== 'wait') return Promise.resolve()
    return Promise.allSettled(waiting).then(() => {})
  }

  /**
   * Takes no more connections and closes those there are. A server of yours goes on with everything else.
   *
   * @returns a promise that is resolved when all connections are closed, and our own port is free. It never rejects;
   * from the second call on it is the same.
   * @throws TypeError, RangeError at once for options that are wrong.
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    const { code = 1001, reason, ...numbers } = options
    new Session({ role: 'server' }).close(code, reason) // throws what every connection would
    const { timeoutMs } = readNumbers(
      'options',
      numbers as { timeoutMs?: number },
      { timeoutMs: 10_000 },
      { timeoutMs: 0 },
    )
    this.#closing ??= this.#close(code, reason, timeoutMs)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Remembered: where a server was to be found is still worth knowing when it is closed. */
  get #address(): AddressInfo | string {
    const address = this.#http.address() ?? this.#lastAddress
    if (address === undefined) throw new InvalidStateError('Cannot tell the address: the server does not listen yet')
    return address
  }

  #rememberAddress(): void {
    this.#lastAddress = this.#http.address() ?? this.#lastAddress
  }

  async #close(code: number, reason: string | undefined, timeoutMs: number): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#aborted)
    const own = this.#options.server === undefined
    const freed = own ? new Promise<void>((resolve) => this.#http.close(() => resolve())) : Promise.resolve()
    const closed = [...this.#connections].map((connection) => connection.close(code, reason))
    const timer = nodeHost.setTimer(timeoutMs, () => {
      for (const connection of this.#connections) connection.terminate()
      for (const socket of this.#sockets) socket.destroy()
      for (const socket of this.#arrivals.sockets) socket.destroy()
    })
    for (const socket of this.#pending.keys()) this.#refuse(socket, rejectUpgrade('SERVER_CLOSING'))
    for (const socket of this.#arrivals.sockets) {
      if (socket.bytesRead === 0) socket.destroy()
      else this.#turnAway(socket, 'SERVER_CLOSING')
    }
    await Promise.all(closed)
    await freed
    nodeHost.clearTimer(timer)
    sharers.get(this.#http)?.delete(this)
    for (const [event, listener] of this.#listeners) {
      this.#http.off(event, listener as (...parameters: unknown[]) => void)
    }
  }

  // --- the way to a connection ---------------------------------------------------------------------------------------

  #refuse(
    socket: Duplex,
    response: RefusalResponse,
    request: UpgradeRequest | undefined = this.#pending.get(socket as Socket),
    code = (response as Partial<UpgradeRejection>).error?.code,
  ): void {
    if (refuse(socket, response)) this.#noteRefusal(response.status, code, request, socket as Socket)
  }

  /** A refusal was written: it is counted, and told to whoever listens. */
  #noteRefusal(status: number, code: RefusalCode | undefined, request: UpgradeRequest | undefined, socket: Socket) {
    this.#counters.refused(status)
    if (!refusalChannel.hasSubscribers) return
    const { remoteAddress } = request ?? socket
    const origin = request && joinedValue(request.headers, 'Origin')
    refusalChannel.publish({ status, code, remoteAddress, url: request?.url, origin })
  }

  #turnAway(socket: Socket, code: RefusalCode): void {
    // Before the TLS handshake is through there is no way to say anything.
    if (this.#options.tls !== undefined && !isSecure(socket)) socket.destroy()
    else this.#refuse(socket, rejectUpgrade(code))
  }

  /** A request that asks for no upgrade, or not in a way that makes it one. */
  #handleRequest(incoming: IncomingMessage, response: ServerResponse): void {
    if (response.socket === null) return // behind one that ends the connection: nothing answers it
    taken.add(incoming.socket) // nor an upgrade behind this one
    const request = upgradeRequest(incoming)
    const decision = this.#lineTooLong(incoming)
      ? rejectUpgrade('REQUEST_LINE_TOO_LONG')
      : decideUpgrade(request, { origin: 'any' }) // only what is malformed; nobody is asked
    const rejection = decision.kind === 'reject' ? decision : rejectUpgrade('UPGRADE_MISSING')
    const { status, statusText, headers, error } = rejection
    response.writeHead(status, statusText, headers.flat())
    response.end(`${status} ${statusText}\n`)
    this.#noteRefusal(status, error.code, request, incoming.socket)
    incoming.resume()
  }

  #lineTooLong({ method = '', url = '' }: IncomingMessage): boolean {
    return method.length + url.length + ' HTTP/1.1'.length + 1 > DEFAULT_HEAD_LIMITS.maxRequestLineBytes
  }

  /** Bytes that are no request (RFC 9112 §2.2). */
  #handleClientError(error: Error & { code?: string }, socket: Duplex): void {
    const tooLong = error.code === 'HPE_HEADER_OVERFLOW'
    this.#refuse(socket, rejectUpgrade(tooLong ? 'HEAD_TOO_LONG' : 'HEAD_MALFORMED'))
  }

  #handleUpgrade(incoming: IncomingMessage, duplex: Duplex, leftover: Buffer): void {
    const socket = duplex as Socket
    const request = upgradeRequest(incoming)
    if (!this.#isResponsibleFor(request.target)) return
    // Another server of ours took it, somebody else answered it, or it is refused already and the rest of it came late.
    if (taken.has(socket) || socket.destroyed || socket.writableEnded) return
    taken.add(socket)
    if (!this.#serves(request.target)) {
      this.#refuse(socket, { status: 404, statusText: statusTextOf(404), headers: [['Connection', 'close']] }, request)
      return
    }
    if (this.#closing !== undefined) {
      this.#refuse(socket, rejectUpgrade('SERVER_CLOSING'), request)
      return
    }
    if (this.#lineTooLong(incoming)) {
      this.#refuse(socket, rejectUpgrade('REQUEST_LINE_TOO_LONG'), request)
      return
    }
    let decision: ReturnType<typeof decideUpgrade>
    try {
      decision = decideUpgrade(request, this.#options.policy)
    } catch (error) {
      this.#hookFailed(socket, request, error)
      return
    }
    if (decision.kind === 'reject') {
      this.#refuse(socket, decision, request)
      return
    }
    if (
      this.#pending.size >= this.#options.maxPendingHandshakes ||
      this.#connections.size + this.#pending.size >= this.#options.maxConnections
    ) {
      this.#refuse(socket, rejectUpgrade('TOO_MANY_HANDSHAKES'), request)
      return
    }
    const { authorize } = this.#options
    if (authorize === undefined) this.#accept(socket, request, decision, leftover)
    else void this.#authorize(authorize, socket, request, decision, leftover)
  }

  #serves(target: string): boolean {
    return this.#options.paths?.includes(pathOf(target)) ?? true
  }

  /** Whether an answer is ours to give. On a shared server, what is not for us may be for somebody else. */
  #isResponsibleFor(target: string): boolean {
    const sharing = sharers.get(this.#http)
    if (sharing === undefined) return true
    const others = [...sharing].filter((other) => other !== this && other.#serves(target))
    // While we close, one of ours that goes on may take what is for both of us.
    if (this.#serves(target)) {
      return this.#closing === undefined || others.every((other) => other.#closing !== undefined)
    }
    const isShared = this.#http.listenerCount('upgrade') > sharing.size
    return !isShared && others.length === 0
  }

  /** Asks the application. What arrives meanwhile stays with the socket, which nobody reads from. */
  async #authorize(
    authorize: NonNullable<ServeOptions['authorize']>,
    socket: Socket,
    request: UpgradeRequest,
    acceptance: UpgradeAcceptance,
    leftover: Buffer,
  ): Promise<void> {
    // A client that goes away, or says that it will send no more, is not worth a decision.
    const settle = (): boolean => this.#pending.delete(socket)
    const leave = (): unknown => socket.destroy()
    this.#pending.set(socket, request)
    this.#arrivals.handleRequest(socket)
    socket.on('error', ignore).on('end', leave).on('close', settle)
    const deadline =
      this.#options.server &&
      nodeHost.setTimer(this.#options.handshakeTimeoutMs, () =>
        this.#refuse(socket, rejectUpgrade('HANDSHAKE_TIMEOUT')),
      )
    try {
      const refusal = await authorize(request)
      const response = refusal === undefined || refusal === null ? undefined : await refusalResponse(refusal)
      // By now the client may have gone, the time may be up or the server closing: then the decision comes too late.
      if (socket.destroyed || socket.writableEnded) return
      if (response !== undefined) this.#refuse(socket, response, request, 'REFUSED_BY_APPLICATION')
      else this.#accept(socket, request, acceptance, leftover)
    } catch (error) {
      this.#hookFailed(socket, request, error)
    } finally {
      nodeHost.clearTimer(deadline)
      settle()
      socket.off('error', ignore).off('end', leave).off('close', settle)
    }
  }

  #hookFailed(socket: Socket, request: UpgradeRequest, error: unknown): void {
    this.#refuse(socket, rejectUpgrade('POLICY_FAILED'), request)
    this.#warn(error)
  }

  #warn(error: unknown): void {
    if (this.#options.onError !== undefined) this.#options.onError(error)
    else process.emitWarning(error instanceof Error ? error : new Error(String(error)))
  }

  #accept(socket: Socket, request: UpgradeRequest, acceptance: UpgradeAcceptance, leftover: Buffer): void {
    this.#arrivals.forget(socket)
    this.#sockets.add(socket)
    socket.write(formatResponseHead(acceptance))
    const stream = new SocketStream(socket, this.#socketClosed)
    const { subprotocol, extensions } = acceptance
    const connection = openConnection(
      { role: 'server', subprotocol, extensions, leftover },
      stream,
      this.#host,
      { url: request.url, remoteAddress: request.remoteAddress },
      this.#options,
      (listener) => stream.attach(listener),
    )
    this.#connections.add(connection)
    this.#broadcaster.add(connection)
    this.#counters.accepted()
    Connection.onClosed(connection, this.#connectionClosed)
    void this.#handle(connection, request)
  }

  async #handle(connection: Connection, request: UpgradeRequest): Promise<void> {
    try {
      await this.#handler(connection, request)
    } catch (error) {
      // A send that failed because the client went away is the client's doing, and no fault of the handler.
      const { readyState } = connection
      if (readyState !== 'open' && error instanceof WebSocketError && error.code === 'CONNECTION_CLOSED') return
      this.#handlerFailed(connection, error)
    }
  }

  #handlerFailed(connection: FailedConnection, error: unknown): void {
    void connection.close(1011)
    const { onError = nodeHost.reportError } = this.#options
    onError(error)
  }
}

function ignore(): void {}
