// The opening handshake of a client on `node:http`, with the events, options and sentences of `ws`. What goes into the
// request and what an answer means is decided in `handshake/`.

import {
  type ClientRequest as HttpRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { type RequestOptions as HttpsRequestOptions, request as httpsRequest } from 'node:https'
import { connect as connectSocket, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { unescape as decodePercents } from 'node:querystring'
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import {
  type ClientRequest,
  createRequest,
  type HandshakeError,
  oneValue,
  type RefusalCode,
  readResponse,
} from '../handshake/index.ts'
import { headerPairs, nodeHost } from '../transport/node/index.ts'
import { COMMON_DEFAULTS } from './defaults.ts'
import { deflateExtensions } from './deflate.ts'
import type { ClientOptions } from './types.ts'
import type { Opening, WebSocket } from './web-socket.ts'

/** Every option that has a default. */
export const DEFAULTS = {
  ...COMMON_DEFAULTS,
  protocolVersion: 13,
  perMessageDeflate: true,
  followRedirects: false,
  maxRedirects: 10,
} as const satisfies ClientOptions

/** What is remembered of the first address while redirects are followed. */
interface FirstAddress {
  readonly secure: boolean
  /** Host and port, or the path of the socket behind its scheme: the two may look alike. */
  readonly place: string
}

type Headers = Record<string, string>

/** Options that are understood here, and those that `node:http` and `node:tls` understand. */
type OwnOptions = ClientOptions & typeof DEFAULTS & HttpsRequestOptions & { headers?: Headers }

/**
 * Begins an opening handshake, and tells the socket how it goes on.
 *
 * @returns the options with their defaults.
 * @throws SyntaxError, RangeError, TypeError for an address or options that are wrong.
 */
export function openHandshake(
  socket: WebSocket,
  opening: Opening,
  address: string | URL,
  protocols: readonly string[],
  options: ClientOptions | undefined,
): ClientOptions {
  const own = { ...DEFAULTS, ...options } as OwnOptions
  if (own.protocolVersion !== 13) {
    throw new RangeError(`Unsupported protocol version: ${own.protocolVersion} (supported versions: 13)`)
  }
  const url = readUrl(address)
  checkUrl(url)
  checkProtocols(protocols)
  new ClientHandshake(socket, opening, protocols, own).start(url)
  return own
}

/** @throws SyntaxError for what is no URL. */
function readUrl(address: string | URL, base?: URL): URL {
  let url: URL
  try {
    url = new URL(address, base)
  } catch {
    throw new SyntaxError(`Invalid URL: ${address}`)
  }
  if (url.protocol === 'http:') url.protocol = 'ws:'
  if (url.protocol === 'https:') url.protocol = 'wss:'
  return url
}

/** @throws SyntaxError for a URL that leads to no WebSocket (RFC 6455 §3). */
function checkUrl(url: URL): void {
  if (!['ws:', 'wss:', 'ws+unix:'].includes(url.protocol)) {
    throw new SyntaxError('The URL\'s protocol must be one of "ws:", "wss:", "http:", "https:", or "ws+unix:"')
  }
  if (url.protocol === 'ws+unix:' && url.pathname === '') throw new SyntaxError("The URL's pathname is empty")
  if (url.hash !== '') throw new SyntaxError('The URL contains a fragment identifier')
}

/** @throws SyntaxError for what is not a list of different tokens (RFC 6455 §4.1). */
function checkProtocols(protocols: readonly string[]): void {
  const isToken = (protocol: unknown): boolean =>
    typeof protocol === 'string' && /^[!#$%&'*+\-.0-9A-Z^_`|a-z~]+$/.test(protocol)
  if (!protocols.every(isToken) || new Set(protocols).size !== protocols.length) {
    throw new SyntaxError('An invalid or duplicated subprotocol was specified')
  }
}

class ClientHandshake {
  readonly #socket: WebSocket
  readonly #opening: Opening
  readonly #protocols: readonly string[]
  readonly #options: OwnOptions
  #headers: Headers
  #first: FirstAddress | undefined
  #redirects = 0
  /** The request that is under way; what an earlier one says is of no interest any more. */
  #http: HttpRequest | undefined

  constructor(socket: WebSocket, opening: Opening, protocols: readonly string[], options: OwnOptions) {
    this.#socket = socket
    this.#opening = opening
    this.#protocols = protocols
    this.#options = options
    this.#headers = { ...options.headers }
    if (options.followRedirects) {
      // A header is dropped when it must not go to another host, however it is written.
      this.#headers = Object.fromEntries(Object.entries(this.#headers).map(([name, value]) => [lower(name), value]))
    }
  }

  start(url: URL): void {
    const { followRedirects, finishRequest } = this.#options
    const request = createRequest({
      host: 'localhost', // the `Host` field is for `node:http` to write
      subprotocols: this.#protocols,
      extensions: deflateExtensions(this.#options.perMessageDeflate),
      randomUint32: nodeHost.randomUint32,
    })
    const settings = this.#settings(url, request)
    const http = url.protocol === 'wss:' ? httpsRequest(settings) : httpRequest(settings)
    this.#http = http
    this.#opening.follow(this.#socket, url.href, http)
    http.on('error', (error) => this.#handleError(http, error))
    http.on('response', (response) => this.#handleResponse(url, http, response))
    http.on('upgrade', (response, stream, head) => this.#handleUpgrade(request, http, response, stream as Socket, head))
    http.on('timeout', () => abortHandshake(this.#socket, this.#opening, http, 'Opening handshake has timed out'))
    if (followRedirects && this.#redirects > 0) this.#socket.emit('redirect', url.href, http)
    if (finishRequest) finishRequest(http, this.#socket)
    else http.end()
  }

  #settings(url: URL, request: ClientRequest): HttpsRequestOptions {
    const secure = url.protocol === 'wss:'
    const { createConnection = secure ? connectSecurely : connectPlainly } = this.#options
    const [socketPath, path] = splitPath(url)
    const auth = this.#follow(url, socketPath, readCredentials(url) ?? (this.#options.auth || undefined))
    const settings: RequestOptions & { headers: Headers } = {
      ...(this.#options as RequestOptions),
      createConnection: createConnection as NonNullable<RequestOptions['createConnection']>,
      defaultPort: this.#options.defaultPort || (secure ? 443 : 80),
      port: url.port || (secure ? 443 : 80),
      host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
      hostname: undefined,
      protocol: undefined,
      method: 'GET',
      path,
      socketPath,
      auth,
      timeout: this.#options.handshakeTimeout,
      headers: { ...this.#headers, ...this.#handshakeHeaders(request) },
    }
    return settings
  }

  /** What the request carries of the handshake itself (RFC 6455 §4.1). */
  #handshakeHeaders({ key, headers }: ClientRequest): Headers {
    const extensions = oneValue(headers, 'Sec-WebSocket-Extensions')
    const { origin } = this.#options
    return {
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      ...(extensions === undefined ? {} : { 'Sec-WebSocket-Extensions': extensions }),
      ...(this.#protocols.length === 0 ? {} : { 'Sec-WebSocket-Protocol': this.#protocols.join(',') }),
      ...(origin ? { Origin: origin } : {}),
    }
  }

  /**
   * Remembers where it began, and drops what is not for other hosts to see; a listener of 'redirect' sees to that itself.
   *
   * @returns the credentials to send.
   */
  #follow(url: URL, socketPath: string | undefined, credentials: string | undefined): string | undefined {
    const place = socketPath === undefined ? url.host : `ws+unix:${socketPath}`
    const secure = url.protocol === 'wss:'
    if (!this.#options.followRedirects) return credentials
    this.#first ??= { secure, place }
    let sent = credentials
    if (this.#redirects > 0 && this.#socket.listenerCount('redirect') === 0) {
      const isSamePlace = place === this.#first.place
      if (!isSamePlace || (this.#first.secure && !secure)) {
        const { authorization: _, cookie: __, ...others } = this.#headers
        this.#headers = others
        if (!isSamePlace) delete this.#headers['host']
        sent = undefined
      }
    }
    if (sent !== undefined && this.#headers['authorization'] === undefined) {
      this.#headers['authorization'] = `Basic ${Buffer.from(sent).toString('base64')}`
    }
    return sent
  }

  #handleError(http: HttpRequest, error: Error): void {
    if (http !== this.#http || aborted.has(http)) return
    this.#http = undefined
    this.#opening.fail(this.#socket, error)
  }

  #handleResponse(url: URL, http: HttpRequest, response: IncomingMessage): void {
    const { statusCode = 0, headers } = response
    const { followRedirects, maxRedirects } = this.#options
    if (followRedirects && headers.location && statusCode >= 300 && statusCode < 400) {
      if (++this.#redirects > maxRedirects) {
        abortHandshake(this.#socket, this.#opening, http, 'Maximum redirects exceeded')
      } else {
        this.#http = undefined
        http.destroy()
        this.#redirect(headers.location, url)
      }
    } else if (!this.#socket.emit('unexpected-response', http, response)) {
      abortHandshake(this.#socket, this.#opening, http, `Unexpected server response: ${statusCode}`)
    }
  }

  #redirect(location: string, from: URL): void {
    try {
      const url = readUrl(location, from)
      this.#opening.follow(this.#socket, url.href, null)
      checkUrl(url)
      this.start(url)
    } catch (error) {
      this.#opening.fail(this.#socket, error as Error)
    }
  }

  #handleUpgrade(
    request: ClientRequest,
    http: HttpRequest,
    response: IncomingMessage,
    stream: Socket,
    head: Buffer,
  ): void {
    this.#socket.emit('upgrade', response)
    // A listener may have closed it.
    if (this.#socket.readyState !== 0 || http !== this.#http) return
    this.#opening.follow(this.#socket, this.#socket.url, null)
    this.#http = undefined
    const decision = readResponse(request, {
      status: 101,
      statusText: response.statusMessage,
      headers: headerPairs(response.rawHeaders),
    })
    const refusal = decision.kind === 'reject' ? sentenceOf(decision.error, request) : undefined
    if (decision.kind === 'reject') {
      abortStream(this.#socket, this.#opening, stream, refusal!, decision.error)
    } else if (this.#protocols.length > 0 && decision.subprotocol === undefined) {
      abortStream(this.#socket, this.#opening, stream, 'Server sent no subprotocol')
    } else {
      this.#opening.agree(this.#socket, { ...decision, url: this.#socket.url })
      this.#socket.setSocket(stream, head, this.#options)
    }
  }
}

const SENTENCES: { readonly [Code in RefusalCode]?: string } = {
  UPGRADE_NOT_CONFIRMED: 'Invalid Upgrade header',
  CONNECTION_NOT_CONFIRMED: 'Invalid Connection header',
  ACCEPT_NOT_CONFIRMED: 'Invalid Sec-WebSocket-Accept header',
  SUBPROTOCOL_REPEATED: 'Server sent an invalid subprotocol',
  SUBPROTOCOL_NOT_OFFERED: 'Server sent an invalid subprotocol',
  EXTENSION_ANSWER_INVALID: 'Invalid Sec-WebSocket-Extensions header',
  EXTENSION_NOT_ACCEPTED: 'Invalid Sec-WebSocket-Extensions header',
  EXTENSION_NOT_OFFERED: 'Server indicated an extension that was not requested',
  EXTENSION_REPEATED: 'Server indicated an extension that was not requested',
}

function sentenceOf({ code, message }: HandshakeError, { subprotocols, extensions }: ClientRequest): string {
  if (code.startsWith('SUBPROTOCOL') && subprotocols.length === 0) {
    return 'Server sent a subprotocol but none was requested'
  }
  if (code.startsWith('EXTENSION') && extensions.length === 0) {
    return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested'
  }
  return SENTENCES[code] ?? message
}

const aborted = new WeakSet<HttpRequest>()

/** Gives up a handshake whose request is under way; the error is told in the next turn. */
export function abortHandshake(socket: WebSocket, opening: Opening, http: HttpRequest, message: string): void {
  opening.giveUp(socket)
  const error = new Error(message)
  aborted.add(http)
  http.destroy()
  process.nextTick(() => opening.fail(socket, error))
}

/** Gives up a handshake that was answered wrongly; the error is told when the stream is destroyed. */
function abortStream(socket: WebSocket, opening: Opening, stream: Socket, message: string, cause?: Error): void {
  opening.giveUp(socket)
  const error = new Error(message, cause === undefined ? undefined : { cause })
  stream.destroy(error)
  stream.once('error', (reason) => socket.emit('error', reason))
  stream.once('close', () => opening.end(socket))
}

/** User and password of a URL, as they are meant; `undefined` when there are none. */
function readCredentials({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `${decodePercents(username)}:${decodePercents(password)}`
}

/** The path of a Unix socket, where the URL names one, and the target of the request. */
function splitPath({ protocol, pathname, search }: URL): [socketPath: string | undefined, path: string] {
  const path = pathname + search
  if (protocol !== 'ws+unix:') return [undefined, path]
  const colon = path.indexOf(':')
  return colon === -1 ? [path, ''] : [path.slice(0, colon), path.slice(colon + 1)]
}

function connectPlainly(options: NetConnectOpts & { socketPath?: string }): Socket {
  return connectSocket({ ...options, path: options.socketPath } as NetConnectOpts)
}

function connectSecurely(options: TlsOptions & { host?: string }): Socket {
  const { host = '', servername = isIP(host) === 0 ? host : '' } = options
  return connectTls({ ...options, path: undefined, servername } as TlsOptions)
}

function lower(name: string): string {
  return name.toLowerCase()
}
