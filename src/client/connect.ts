// A WebSocket client on `node:http`: one call to a working connection. The rules of the handshake are in `handshake/`;
// here is the request that carries it, and everything that can come instead of an answer.

import {
  type ClientRequest as HttpRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { type RequestOptions as HttpsRequestOptions, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { DEFAULT_HEAD_LIMITS, TransportError } from '../codec/index.ts'
import { checkNames, readNumbers } from '../codec/options.ts'
import { type Connection, type ConnectionOptions, openConnection, readConnectionOptions } from '../connection/index.ts'
import type { DeflateOption } from '../extension/index.ts'
import {
  type ClientRequest,
  createRequest,
  HandshakeError,
  type HeaderList,
  type RefusalCode,
  readResponse,
} from '../handshake/index.ts'
import { headerPairs, nodeHost, readDeflate, SocketStream } from '../transport/node/index.ts'

/** Options of `connect`. */
export interface ConnectOptions extends ConnectionOptions {
  /** Subprotocols to offer, most preferred first. */
  readonly subprotocols?: readonly string[] | undefined
  /** Further headers of the request, such as `Cookie`. */
  readonly headers?: Iterable<readonly [name: string, value: string]> | Readonly<Record<string, string>> | undefined
  /** Whether compression is offered, and how messages are compressed (permessage-deflate, RFC 7692). Default `false`. */
  readonly deflate?: DeflateOption | undefined
  /** The `Origin` header; none by default, as no page is behind the request. */
  readonly origin?: string | undefined
  /** Options of `node:tls` for `wss:`, such as `ca`. Certificates are verified unless they say otherwise. */
  readonly tls?: HttpsRequestOptions | undefined
  /** Gives the attempt up. Once the connection is open it has no effect. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds from the call to the open connection. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined
}

const NAMES = [
  'subprotocols',
  'deflate',
  'headers',
  'origin',
  'tls',
  'signal',
  'handshakeTimeoutMs',
  'limits',
  'keepalive',
] as const satisfies readonly (keyof ConnectOptions)[]

const MAX_RESPONSE_BODY_BYTES = 65_536
const MAX_INTERIM_RESPONSES = 8

/**
 * Opens a connection.
 *
 * @returns a promise, rejected with a `TypeError` or `RangeError` for an address or options that are wrong, a
 * `HandshakeError` when the server refuses or answers wrongly, a `TransportError` with code `CONNECT_FAILED` when it
 * cannot be reached, and the signal's reason when that aborts.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Connection> {
  checkNames('options', options, NAMES)
  const own = { ...options, ...readConnectionOptions(options) }
  const address = readUrl(url)
  const { signal, handshakeTimeoutMs } = own
  const timeout = handshakeTimeoutMs === undefined ? {} : { handshakeTimeoutMs }
  const timeoutMs = readNumbers('options', timeout, { handshakeTimeoutMs: 10_000 }, { handshakeTimeoutMs: 1 })
  const request = createRequest({
    host: address.host,
    target: address.pathname + address.search,
    subprotocols: options.subprotocols,
    extensions: readDeflate(options.deflate),
    origin: options.origin,
    headers: [...takeCredentials(address), ...headerList(options.headers)],
    randomUint32: nodeHost.randomUint32,
  })
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    new Attempt(request, address, own, timeoutMs.handshakeTimeoutMs, resolve, reject)
  })
}

/** `ws:` and `wss:`, and their HTTP counterparts as in the WebSockets standard. @throws TypeError for any other URL. */
function readUrl(text: string | URL): URL {
  const url = new URL(text)
  if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol === 'https:') url.protocol = 'wss:'
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') throw new TypeError(`Cannot connect to ${url.protocol} URLs`)
  if (url.hash !== '') throw new TypeError('Cannot connect to a URL with a fragment (RFC 6455 §3)')
  return url
}

/** Takes the credentials out of the URL, as basic authentication (RFC 7617). @throws TypeError for malformed ones. */
function takeCredentials(url: URL): HeaderList {
  const { username, password } = url
  if (username === '' && password === '') return []
  url.username = ''
  url.password = ''
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return [['Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]]
  } catch (cause) {
    throw new TypeError('Cannot connect: the credentials in the URL are malformed', { cause })
  }
}

function headerList(headers: NonNullable<ConnectOptions['headers']> = []): HeaderList {
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers)
}

/** One try, which ends once: with a connection, or with an error and nothing left behind. */
class Attempt {
  readonly #request: ClientRequest
  readonly #url: URL
  readonly #options: ConnectOptions
  readonly #resolve: (connection: Connection) => void
  readonly #reject: (error: unknown) => void
  readonly #http: HttpRequest
  readonly #timer: NodeJS.Timeout
  readonly #aborted = (): void => this.#fail(this.#options.signal!.reason)
  #connected = false
  readonly #established = (): void => {
    this.#connected = true
  }
  #interimResponses = 0
  #settled = false

  constructor(
    request: ClientRequest,
    url: URL,
    options: ConnectOptions,
    timeoutMs: number,
    resolve: (connection: Connection) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request
    this.#url = url
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    const http = this.#send() // throws for TLS options that are wrong; nothing is to be left behind then
    this.#timer = setTimeout(
      () => this.#fail(new HandshakeError('HANDSHAKE_TIMEOUT')),
      Math.min(timeoutMs, 0x7fff_ffff),
    )
    options.signal?.addEventListener('abort', this.#aborted, { once: true })
    http.on('socket', (socket) => socket.once(url.protocol === 'wss:' ? 'secureConnect' : 'connect', this.#established))
    http.maxHeadersCount = 0 // Node would drop what is above without a word
    http.on('upgrade', (response, socket, leftover) => this.#handleUpgrade(response, socket as Socket, leftover))
    http.on('response', (response) => this.#handleResponse(response))
    http.on('information', () => this.#handleInterim())
    http.on('error', (cause) => this.#handleError(cause))
    this.#http = http
    http.end()
  }

  #send(): HttpRequest {
    const { hostname, port, protocol } = this.#url
    const secure = protocol === 'wss:'
    const settings: RequestOptions = {
      method: this.#request.method,
      host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port: port === '' ? (secure ? 443 : 80) : Number(port),
      path: this.#request.target,
      headers: this.#request.headers.flat(),
      setHost: false,
      agent: false,
      maxHeaderSize: DEFAULT_HEAD_LIMITS.maxHeadBytes,
    }
    return secure ? httpsRequest({ ...this.#options.tls, ...settings }) : httpRequest(settings)
  }

  #handleUpgrade(response: IncomingMessage, socket: Socket, leftover: Buffer): void {
    if (this.#settled) {
      socket.destroy()
      return
    }
    const decision = this.#read(response)
    if (decision.kind === 'reject') {
      socket.destroy()
      this.#fail(decision.error)
      return
    }
    this.#settle()
    const { subprotocol, extensions } = decision
    const stream = new SocketStream(socket)
    this.#resolve(
      openConnection(
        { role: 'client', subprotocol, extensions, leftover },
        stream,
        nodeHost,
        { url: this.#url.href, remoteAddress: socket.remoteAddress },
        this.#options,
        (listener) => stream.attach(listener),
      ),
    )
  }

  /** A response that is no upgrade: the refusal that the caller will want to read. */
  #handleResponse(response: IncomingMessage): void {
    const chunks: Buffer[] = []
    let missing = MAX_RESPONSE_BODY_BYTES
    const done = (): void => {
      const decision = this.#read(response, Buffer.concat(chunks))
      // A 101 with blanks that Node's parser does not know how to read is none to it, and its frames are lost.
      this.#fail(decision.kind === 'reject' ? decision.error : new HandshakeError('CONNECTION_NOT_CONFIRMED'))
    }
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, missing))
      missing -= Math.min(missing, chunk.length)
      if (missing === 0) done()
    })
    response.on('end', done)
    response.on('error', done)
    if (response.statusCode === 101) done() // it has no body (RFC 9110 §15.2); what comes next is an error to Deno
  }

  #read(response: IncomingMessage, body?: Uint8Array) {
    const { statusCode: status = 0, statusMessage: statusText = '' } = response
    const headers = headerPairs(response.rawHeaders)
    const head = { status, statusText, headers, body }
    if (headers.length > DEFAULT_HEAD_LIMITS.maxHeaderCount) return rejection('TOO_MANY_HEADERS')
    return readResponse(this.#request, head)
  }

  #handleInterim(): void {
    if (++this.#interimResponses > MAX_INTERIM_RESPONSES) this.#fail(new HandshakeError('TOO_MANY_INTERIM_RESPONSES'))
  }

  #handleError(cause: Error & { code?: string }): void {
    if (cause.code === 'HPE_HEADER_OVERFLOW') this.#fail(new HandshakeError('HEAD_TOO_LONG', { cause }))
    else if (cause.code?.startsWith('HPE_') === true) this.#fail(new HandshakeError('HEAD_MALFORMED', { cause }))
    else if (this.#connected) this.#fail(new HandshakeError('ENDED_IN_HANDSHAKE', { cause }))
    else
      this.#fail(
        new TransportError('CONNECT_FAILED', `Cannot connect to ${this.#url.host}`, { phase: 'opening', cause }),
      )
  }

  #fail(error: unknown): void {
    if (this.#settled) return
    this.#settle()
    this.#reject(error)
    this.#http.destroy()
  }

  #settle(): void {
    this.#settled = true
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#aborted)
  }
}

function rejection(code: RefusalCode): { kind: 'reject'; error: HandshakeError } {
  return { kind: 'reject', error: new HandshakeError(code) }
}
