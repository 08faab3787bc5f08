// The opening handshake over a raw HTTP/1.1 byte stream, for whoever brings a transport without an HTTP stack. Both
// ends have the shape of the engine: bytes and time in, events and bytes out. Each ends with exactly one event, `open`
// or `failure`; after `open`, further bytes are for a session, which begins with the bytes left over here.

import { ByteCollector } from '../codec/byte-collector.ts'
import {
  formatRequestHead,
  formatResponseHead,
  type HeadLimits,
  type HeadResult,
  isAtLeastHttp11,
  type RequestHead,
  RequestHeadParser,
  type ResponseHead,
  ResponseHeadParser,
  readHeadLimits,
} from '../codec/http1-head.ts'
import { checkNames, readLimit } from '../codec/options.ts'
import { InvalidStateError } from '../codec/web-socket-error.ts'
import type { AgreedExtension } from '../extension/index.ts'
import { type ClientRequest, createRequest, type RequestOptions, readResponse } from './client.ts'
import { HandshakeError, type RefusalCode, type RefusedResponse } from './handshake-error.ts'
import { allValues, type HeaderList, oneValue, readExtraHeaders } from './header-list.ts'
import { formatRefusal } from './refusal-response.ts'
import {
  checkPolicy,
  decideUpgrade,
  type OpeningRequest,
  rejectUpgrade,
  type ServerDecision,
  type ServerPolicy,
  type UpgradeAcceptance,
  type UpgradeRejection,
} from './server.ts'
import { statusTextOf } from './status-text.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
const MAX_EARLY_BYTES = 65_536
/** How many bytes are kept of the body of a refusing response, unless a client says otherwise. */
export const MAX_RESPONSE_BODY_BYTES = 65_536
// None is common, one or two (103, 102) happen; without a bound they never end.
/** How many interim responses are passed over. */
export const MAX_INTERIM_RESPONSES = 8

/** What a session needs of the opening handshake that came before it. */
export interface OpeningAgreement {
  readonly role: 'client' | 'server'
  readonly subprotocol: string | undefined
  readonly extensions: readonly AgreedExtension[]
}

/** The connection is open. `leftover` are the bytes after the head: the first that its session receives. */
export interface OpenEvent {
  readonly kind: 'open'
  readonly agreement: OpeningAgreement
  readonly leftover: Uint8Array
}

/** The handshake failed; what there is to say to the peer is in the output. */
export interface OpeningFailureEvent {
  readonly kind: 'failure'
  readonly error: HandshakeError
}

/** A request that the policy accepts waits for `accept` or `reject`. */
export interface RequestEvent {
  readonly kind: 'request'
  readonly request: OpeningRequest
  readonly decision: UpgradeAcceptance
}

export type ServerOpeningEvent = RequestEvent | OpenEvent | OpeningFailureEvent

/** `response` is the head of the response that opened the connection. */
export type ClientOpeningEvent = (OpenEvent & { readonly response: ResponseHead }) | OpeningFailureEvent

/** Options that both ends have. */
export interface OpeningOptions {
  readonly limits?: Partial<HeadLimits> | undefined
  /** Milliseconds for the whole handshake, however busy the peer is meanwhile. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined
  /** The time at which it begins, on the clock of `tick`. Default 0. */
  readonly now?: number | undefined
}

export interface ServerOpeningOptions extends OpeningOptions {
  readonly policy?: ServerPolicy | undefined
  /** Whether the stream is a TLS stream. Default `false`. */
  readonly secure?: boolean | undefined
  /**
   * Bytes that are kept from a client that does not wait for the answer; more is refused with 400. A transport that
   * does not read while a request waits never gets there. Default 64 KiB.
   */
  readonly maxEarlyBytes?: number | undefined
}

export interface ClientOpeningOptions extends OpeningOptions, RequestOptions {
  /** Bytes of the body of a refusing response that are kept; the rest is cut. Default 64 KiB. */
  readonly maxResponseBodyBytes?: number | undefined
}

const OPTION_NAMES = ['limits', 'handshakeTimeoutMs', 'now'] as const satisfies readonly (keyof OpeningOptions)[]

const SERVER_OPTION_NAMES: readonly (keyof ServerOpeningOptions)[] = [
  ...OPTION_NAMES,
  'policy',
  'secure',
  'maxEarlyBytes',
]

const CLIENT_OPTION_NAMES: readonly (keyof ClientOpeningOptions)[] = [
  ...OPTION_NAMES,
  'host',
  'target',
  'subprotocols',
  'extensions',
  'origin',
  'headers',
  'randomUint32',
  'maxResponseBodyBytes',
]

/** What an application refuses a request with. */
export interface RejectOptions {
  /** Default: the usual words for the status. */
  readonly statusText?: string | undefined
  readonly headers?: HeaderList | undefined
  /** Default: status and status text as `text/plain`. With a body of your own goes a `Content-Type` of your own. */
  readonly body?: Uint8Array | undefined
}

/** What both ends share: events and output in order, and one deadline. */
abstract class Opening<Event> {
  readonly #events: Event[] = []
  #output: Uint8Array[] = []
  #deadline: number
  #wantsEnd = false

  constructor({ now = 0, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS }: OpeningOptions) {
    if (!Number.isFinite(now)) throw new TypeError(`options.now is ${String(now)}, not a time in milliseconds`)
    this.#deadline = now + readLimit('handshakeTimeoutMs', handshakeTimeoutMs, 0)
  }

  /** The next event, or `undefined` when there is none yet. */
  next(): Event | undefined {
    return this.#events.shift()
  }

  /** The bytes to write now, in order. */
  takeOutput(): Uint8Array[] {
    const output = this.#output
    this.#output = []
    return output
  }

  /** Whether the byte stream should be closed once the output is written. */
  get wantsEnd(): boolean {
    return this.#wantsEnd
  }

  /** When to call `tick` at the latest; `Infinity` when time changes nothing any more. */
  get deadline(): number {
    return this.#deadline
  }

  /** Time has passed. */
  tick(now: number): void {
    if (now >= this.#deadline) this.handleTimeout()
  }

  protected abstract handleTimeout(): void

  protected emit(event: Event): void {
    this.#events.push(event)
  }

  protected write(bytes: Uint8Array): void {
    this.#output.push(bytes)
  }

  /** The handshake is over: nothing that arrives later, time included, changes how it ended. */
  protected finish(event: Event, { wantsEnd }: { wantsEnd: boolean }): void {
    this.#deadline = Number.POSITIVE_INFINITY
    this.#wantsEnd = wantsEnd
    this.#events.push(event)
  }
}

type ServerState =
  | { readonly kind: 'head' }
  | { readonly kind: 'request'; readonly acceptance: UpgradeAcceptance }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed' }
  /** Failed as well, but while the application was to answer: its answer comes late, and is no mistake. */
  | { readonly kind: 'overtaken' }

/**
 * The server's end. A request that the policy does not accept is answered and ends in a `failure` event; one that it
 * does accept is a `request` event, which `accept` or `reject` answers, at once or later.
 */
export class ServerOpening extends Opening<ServerOpeningEvent> {
  readonly #policy: ServerPolicy
  readonly #secure: boolean
  readonly #maxEarlyBytes: number
  readonly #parser: RequestHeadParser
  readonly #early = new ByteCollector()
  #state: ServerState = { kind: 'head' }

  /** @throws TypeError, RangeError for a policy or a limit that cannot be used. */
  constructor(options: ServerOpeningOptions = {}) {
    checkNames('options', options, SERVER_OPTION_NAMES)
    super(options)
    const limits = readHeadLimits(options.limits)
    this.#policy = { ...options.policy, maxHeaderCount: options.policy?.maxHeaderCount ?? limits.maxHeaderCount }
    checkPolicy(this.#policy)
    this.#secure = options.secure ?? false
    this.#maxEarlyBytes = readLimit('maxEarlyBytes', options.maxEarlyBytes ?? MAX_EARLY_BYTES, 0)
    this.#parser = new RequestHeadParser(limits)
  }

  /** These bytes arrived; they are borrowed. @throws InvalidStateError once it is open: they are the session's. */
  receive(bytes: Uint8Array): void {
    if (this.#state.kind === 'open') throw new InvalidStateError('Cannot receive: the connection is open')
    if (this.#state.kind === 'head') this.#receiveHead(bytes)
    else if (this.#state.kind === 'request') this.#receiveEarly(bytes)
  }

  /** No more bytes will come: without a connection to open, nothing is answered. */
  receiveEnd(): void {
    if (this.#state.kind === 'open') throw new InvalidStateError('Cannot receive the end: the connection is open')
    if (this.#state.kind === 'head' || this.#state.kind === 'request') {
      this.#fail([], new HandshakeError('ENDED_IN_HANDSHAKE'))
    }
  }

  /**
   * Opens the connection, with further headers if there are any. Nothing happens when the peer or the deadline was
   * faster: the failure is, or was, the event.
   *
   * @throws InvalidStateError when no request waits. @throws TypeError for headers that may not be sent.
   */
  accept(options: { readonly headers?: HeaderList | undefined } = {}): void {
    const extraHeaders = readExtraHeaders(options.headers)
    const acceptance = this.#readAnswerable('accept')
    if (acceptance === undefined) return
    const { status, statusText, headers, subprotocol, extensions } = acceptance
    this.write(formatResponseHead({ status, statusText, headers: [...headers, ...extraHeaders] }))
    this.#state = { kind: 'open' }
    const agreement: OpeningAgreement = { role: 'server', subprotocol, extensions }
    this.finish({ kind: 'open', agreement, leftover: this.#early.takeBytes() }, { wantsEnd: false })
  }

  /**
   * Refuses the request that waits, with a status from 300 to 599. As with `accept`, nothing happens when it is too late.
   *
   * @throws InvalidStateError when no request waits. @throws TypeError, RangeError for what may not be sent.
   */
  reject(status: number, options: RejectOptions = {}): void {
    if (!Number.isInteger(status) || status < 300 || status > 599 || status === 304) {
      throw new RangeError(`Cannot reject with status ${status}: it is not one that refuses`)
    }
    const { statusText = statusTextOf(status), body } = options
    const headers: HeaderList = [['Connection', 'close'], ...readExtraHeaders(options.headers)]
    const output = formatRefusal({ status, statusText, headers, body })
    if (this.#readAnswerable('reject') === undefined) return
    this.#state = { kind: 'failed' }
    this.#fail(output, new HandshakeError('REFUSED_BY_APPLICATION', { status }))
  }

  protected override handleTimeout(): void {
    this.#refuse(rejectUpgrade('HANDSHAKE_TIMEOUT'))
  }

  #receiveHead(bytes: Uint8Array): void {
    const result = this.#parser.receive(bytes)
    if (result?.kind === 'violation') this.#refuse(rejectUpgrade(result.violation))
    if (result?.kind === 'head') this.#handleRequest(result.head, bytes.subarray(result.size))
  }

  #handleRequest(head: RequestHead, early: Uint8Array): void {
    const request: OpeningRequest = { ...head, secure: this.#secure }
    const decision = this.#decide(request)
    if (decision.kind === 'reject') {
      this.#refuse(decision)
    } else {
      this.#state = { kind: 'request', acceptance: decision }
      this.emit({ kind: 'request', request, decision })
      this.#receiveEarly(early)
    }
  }

  /** A policy that fails is not the peer's fault, and may not leave it waiting: it is told 500, the application why. */
  #decide(request: OpeningRequest): ServerDecision {
    try {
      return decideUpgrade(request, this.#policy)
    } catch (cause) {
      return rejectUpgrade('POLICY_FAILED', cause)
    }
  }

  /** A client must wait for the answer (RFC 6455 §4.1); one that does not is forgiven as much as fits. */
  #receiveEarly(bytes: Uint8Array): void {
    if (bytes.length > this.#maxEarlyBytes - this.#early.length) {
      this.#refuse(rejectUpgrade('EARLY_BYTES_TOO_MANY'))
    } else {
      this.#early.append(bytes)
    }
  }

  /** What the request that waits would be accepted with; `undefined` when the answer to it comes too late. */
  #readAnswerable(verb: string): UpgradeAcceptance | undefined {
    if (this.#state.kind === 'request') return this.#state.acceptance
    if (this.#state.kind === 'overtaken') return undefined
    throw new InvalidStateError(`Cannot ${verb}: no request waits for an answer`)
  }

  #refuse(rejection: UpgradeRejection): void {
    this.#fail(formatRefusal(rejection), rejection.error)
  }

  #fail(output: readonly Uint8Array[], error: HandshakeError): void {
    this.#state = { kind: this.#state.kind === 'request' ? 'overtaken' : 'failed' }
    for (const bytes of output) this.write(bytes)
    this.finish({ kind: 'failure', error }, { wantsEnd: true })
  }
}

type ClientState =
  | { readonly kind: 'head'; readonly parser: ResponseHeadParser; readonly interimCount: number }
  /** `bodyBytes` are to be kept of the body, which may end earlier with the byte stream. */
  | { readonly kind: 'body'; readonly head: ResponseHead; readonly bodyBytes: number }
  | { readonly kind: 'open' }
  | { readonly kind: 'failed' }

/** The client's end: the request is in the output at once, and the response is an `open` or a `failure` event. */
export class ClientOpening extends Opening<ClientOpeningEvent> {
  /** The request that was sent. */
  readonly request: ClientRequest
  readonly #limits: HeadLimits
  readonly #maxBodyBytes: number
  readonly #body = new ByteCollector()
  #state: ClientState

  /** @throws TypeError, RangeError for a request or a limit that cannot be used. */
  constructor(options: ClientOpeningOptions) {
    checkNames('options', options, CLIENT_OPTION_NAMES)
    super(options)
    this.#limits = readHeadLimits(options.limits)
    this.#maxBodyBytes = readLimit('maxResponseBodyBytes', options.maxResponseBodyBytes ?? MAX_RESPONSE_BODY_BYTES, 0)
    this.#state = { kind: 'head', parser: new ResponseHeadParser(this.#limits), interimCount: 0 }
    this.request = createRequest(options)
    this.write(formatRequestHead(this.request))
  }

  /**
   * These bytes arrived; they are given: what is left over of them is handed on as a view.
   *
   * @throws InvalidStateError once it is open: they are the session's.
   */
  receive(bytes: Uint8Array): void {
    if (this.#state.kind === 'open') throw new InvalidStateError('Cannot receive: the connection is open')
    let rest = bytes
    while (this.#state.kind === 'head' && rest.length > 0) {
      const result: HeadResult<ResponseHead> | undefined = this.#state.parser.receive(rest)
      if (result === undefined) return
      rest = rest.subarray(result.kind === 'head' ? result.size : rest.length)
      if (result.kind === 'head') this.#handleHead(result.head, rest, this.#state.interimCount)
      else this.#fail(new HandshakeError(result.violation))
    }
    if (this.#state.kind === 'body') this.#receiveBody(rest, this.#state)
  }

  /** No more bytes will come: it ends the body of a refusal, and else the handshake. */
  receiveEnd(): void {
    if (this.#state.kind === 'open') throw new InvalidStateError('Cannot receive the end: the connection is open')
    this.#giveUp('ENDED_IN_HANDSHAKE')
  }

  protected override handleTimeout(): void {
    this.#giveUp('HANDSHAKE_TIMEOUT')
  }

  #handleHead(head: ResponseHead, rest: Uint8Array, interimCount: number): void {
    if (head.status === 101) {
      this.#handleSwitch(head, rest)
    } else if (head.status >= 200) {
      this.#state = { kind: 'body', head, bodyBytes: Math.min(bodyLengthOf(head), this.#maxBodyBytes) }
    } else if (interimCount === MAX_INTERIM_RESPONSES) {
      this.#fail(new HandshakeError('TOO_MANY_INTERIM_RESPONSES'))
    } else {
      // Interim responses say nothing about the upgrade (RFC 9110 §15.2).
      this.#state = { kind: 'head', parser: new ResponseHeadParser(this.#limits), interimCount: interimCount + 1 }
    }
  }

  #handleSwitch(response: ResponseHead, leftover: Uint8Array): void {
    const decision = readResponse(this.request, response)
    if (!isAtLeastHttp11(response.httpVersion)) {
      this.#fail(new HandshakeError('HTTP_VERSION_NOT_SUPPORTED'))
    } else if (decision.kind === 'reject') {
      this.#fail(decision.error)
    } else {
      this.#state = { kind: 'open' }
      const { subprotocol, extensions } = decision
      const agreement: OpeningAgreement = { role: 'client', subprotocol, extensions }
      this.finish({ kind: 'open', agreement, leftover, response }, { wantsEnd: false })
    }
  }

  #receiveBody(bytes: Uint8Array, { head, bodyBytes }: ClientState & { kind: 'body' }): void {
    this.#body.append(bytes.subarray(0, bodyBytes - this.#body.length))
    if (this.#body.length === bodyBytes) this.#failRefused(head)
  }

  /** A refusal whose body is not whole is a refusal still, and says more than that the body was late. */
  #giveUp(code: RefusalCode): void {
    if (this.#state.kind === 'head') this.#fail(new HandshakeError(code))
    else if (this.#state.kind === 'body') this.#failRefused(this.#state.head)
  }

  #failRefused(head: ResponseHead): void {
    const { status, statusText, headers } = head
    const response: RefusedResponse = { status, statusText, headers, body: this.#body.takeBytes() }
    this.#fail(new HandshakeError('STATUS_NOT_101', { response }))
  }

  #fail(error: HandshakeError): void {
    this.#state = { kind: 'failed' }
    this.finish({ kind: 'failure', error }, { wantsEnd: true })
  }
}

/**
 * How long the body of a refusal is (RFC 9112 §6.3); `Infinity` when the end of the byte stream ends it. One with a
 * transfer coding is left out: what it says in clear is in the head, and to wait for its end may be to wait for ever.
 */
function bodyLengthOf({ status, headers }: ResponseHead): number {
  if (status === 204 || status === 304 || allValues(headers, 'Transfer-Encoding').length > 0) return 0
  const length = oneValue(headers, 'Content-Length')
  return length !== undefined && /^[0-9]{1,15}$/.test(length) ? Number(length) : Number.POSITIVE_INFINITY
}
