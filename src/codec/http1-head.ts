// HTTP/1.1 request and response heads ↔ bytes (RFC 9112 §2 to §5), for byte streams where no HTTP stack stands in
// between. Strict: every byte is judged when it arrives, against the one part of the line where it stands, and what
// the grammar does not allow there ends the parsing. Lines end with CR LF and never go on on the next line.

import { ByteCollector } from './byte-collector.ts'
import { isToken, isTokenChar, trimBlanks } from './http-list.ts'
import { readNumbers } from './options.ts'

/** A header field; bytes 0x80 to 0xff of a value are code units of the same number, as latin-1 has it. */
export type HeadField = readonly [name: string, value: string]

export interface RequestHead {
  readonly method: string
  readonly target: string
  /** `1.1` of `HTTP/1.1`; which versions will do is decided elsewhere. */
  readonly httpVersion: string
  readonly headers: readonly HeadField[]
}

export interface ResponseHead {
  readonly httpVersion: string
  readonly status: number
  readonly statusText: string
  readonly headers: readonly HeadField[]
}

/** What a head may take before it is refused. */
export interface HeadLimits {
  /** Bytes of the request line without its line end; more is answered with 414. Default 8 KiB (RFC 9112 §3 asks for 8,000). */
  readonly maxRequestLineBytes: number
  /** Bytes of the whole head, start line and line ends included; more is answered with 431. Default 16 KiB. */
  readonly maxHeadBytes: number
  /** Header fields; more is answered with 431. Default 100. */
  readonly maxHeaderCount: number
}

export const DEFAULT_HEAD_LIMITS: HeadLimits = Object.freeze({
  maxRequestLineBytes: 8_192,
  maxHeadBytes: 16_384,
  maxHeaderCount: 100,
})

/** Why a head was given up; the handshake has a row of the same name for each. */
export type HeadViolation = 'HEAD_MALFORMED' | 'REQUEST_LINE_TOO_LONG' | 'HEAD_TOO_LONG' | 'TOO_MANY_HEADERS'

/** How parsing ended. `size` is how many bytes of the last input belonged to the head; what follows is not HTTP. */
export type HeadResult<Head> =
  | { readonly kind: 'head'; readonly head: Head; readonly size: number }
  | { readonly kind: 'violation'; readonly violation: HeadViolation }

const CR = 0x0d
const LF = 0x0a
const SPACE = 0x20
const COLON = 0x3a

/** A part of a line: what it is made of, the byte that ends it, and the least length that it may have. */
interface Part {
  readonly allows: (byte: number, index: number) => boolean
  readonly end: number
  readonly leastBytes: number
}

const METHOD: Part = { allows: isTokenChar, end: SPACE, leastBytes: 1 }
const TARGET: Part = { allows: isTargetChar, end: SPACE, leastBytes: 1 }
const VERSION = { allows: isVersionChar, leastBytes: 8 }
const STATUS: Part = { allows: isStatusChar, end: SPACE, leastBytes: 3 }
const REASON: Part = { allows: isFieldChar, end: CR, leastBytes: 0 }
const NAME: Part = { allows: isTokenChar, end: COLON, leastBytes: 1 }
const VALUE: Part = { allows: isFieldChar, end: CR, leastBytes: 0 }

const REQUEST_LINE: readonly Part[] = [METHOD, TARGET, { ...VERSION, end: CR }]
const STATUS_LINE: readonly Part[] = [{ ...VERSION, end: SPACE }, STATUS, REASON]
const FIELD_LINE: readonly Part[] = [NAME, VALUE]

/**
 * Takes bytes until the head is whole or not one any more. To be used for one head, and not after it gave a result.
 * It holds the fields that it has parsed and at most one part of a line in bytes.
 */
class HeadParser<Head> {
  readonly #makeHead: (startLine: readonly string[], headers: readonly HeadField[]) => Head
  readonly #maxStartLineBytes: number
  readonly #limits: HeadLimits
  readonly #text = new ByteCollector()
  readonly #headers: HeadField[] = []
  #startLine: readonly string[] | undefined
  #line: readonly Part[]
  #partTexts: string[] = []
  #lineFeed: 'none' | 'ofLine' | 'ofHead' = 'none'
  #byteCount = 0

  constructor(
    line: readonly Part[],
    makeHead: (startLine: readonly string[], headers: readonly HeadField[]) => Head,
    maxStartLineBytes: number,
    limits: HeadLimits,
  ) {
    this.#line = line
    this.#makeHead = makeHead
    this.#maxStartLineBytes = maxStartLineBytes
    this.#limits = limits
  }

  /** Returns `undefined` while the head goes on after `bytes`, which are borrowed. */
  receive(bytes: Uint8Array): HeadResult<Head> | undefined {
    for (let i = 0; i < bytes.length; i++) {
      const outcome = this.#readByte(bytes[i]!)
      if (outcome === 'HEAD_COMPLETE') {
        return { kind: 'head', head: this.#makeHead(this.#startLine!, this.#headers), size: i + 1 }
      }
      if (outcome !== undefined) return { kind: 'violation', violation: outcome }
    }
    return undefined
  }

  #readByte(byte: number): HeadViolation | 'HEAD_COMPLETE' | undefined {
    if (this.#byteCount === this.#limits.maxHeadBytes) return 'HEAD_TOO_LONG'
    if (this.#isPastStartLine(byte)) return 'REQUEST_LINE_TOO_LONG'
    this.#byteCount++
    return this.#lineFeed === 'none' ? this.#readPartByte(byte) : this.#readLineFeed(byte)
  }

  /** The line may be as long as its limit; its CR LF is not counted. */
  #isPastStartLine(byte: number): boolean {
    if (this.#startLine !== undefined || this.#lineFeed !== 'none') return false
    return this.#byteCount === this.#maxStartLineBytes && byte !== CR
  }

  #readPartByte(byte: number): HeadViolation | undefined {
    const part = this.#line[this.#partTexts.length]!
    const partBytes = this.#text.length
    if (byte === part.end && partBytes >= part.leastBytes) {
      this.#partTexts.push(this.#text.takeText())
      if (byte === CR) this.#lineFeed = 'ofLine'
      return undefined
    }
    if (part === NAME && partBytes === 0) {
      if (byte === CR) {
        this.#lineFeed = 'ofHead'
        return undefined
      }
      if (this.#headers.length === this.#limits.maxHeaderCount) return 'TOO_MANY_HEADERS'
    }
    if (!part.allows(byte, partBytes)) return 'HEAD_MALFORMED'
    this.#text.appendByte(byte)
    return undefined
  }

  #readLineFeed(byte: number): HeadViolation | 'HEAD_COMPLETE' | undefined {
    if (byte !== LF) return 'HEAD_MALFORMED'
    if (this.#lineFeed === 'ofHead') return 'HEAD_COMPLETE'
    if (this.#startLine === undefined) this.#startLine = this.#partTexts
    else this.#headers.push([this.#partTexts[0]!, trimBlanks(this.#partTexts[1]!)])
    this.#line = FIELD_LINE
    this.#partTexts = []
    this.#lineFeed = 'none'
    return undefined
  }
}

export class RequestHeadParser extends HeadParser<RequestHead> {
  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    super(REQUEST_LINE, makeRequestHead, limits.maxRequestLineBytes, limits)
  }
}

/** The status line has no limit of its own: it counts towards the head. */
export class ResponseHeadParser extends HeadParser<ResponseHead> {
  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    super(STATUS_LINE, makeResponseHead, Number.POSITIVE_INFINITY, limits)
  }
}

function makeRequestHead(startLine: readonly string[], headers: readonly HeadField[]): RequestHead {
  const [method, target, version] = startLine as [string, string, string]
  return { method, target, httpVersion: version.slice('HTTP/'.length), headers }
}

function makeResponseHead(startLine: readonly string[], headers: readonly HeadField[]): ResponseHead {
  const [version, status, statusText] = startLine as [string, string, string]
  return { httpVersion: version.slice('HTTP/'.length), status: Number(status), statusText, headers }
}

/**
 * A request head, always `HTTP/1.1`, as bytes.
 *
 * @throws TypeError, before anything is written, for a part that would not come back the same from a parser.
 */
export function formatRequestHead(head: Omit<RequestHead, 'httpVersion'>): Uint8Array {
  if (!isToken(head.method)) throw new TypeError('Cannot write the request: its method is not a token')
  if (!isRequestTarget(head.target)) throw new TypeError('Cannot write the request: its target is not a request target')
  return formatHead(`${head.method} ${head.target} HTTP/1.1`, head.headers)
}

/** A response head, always `HTTP/1.1`, as bytes. @throws TypeError, RangeError before anything is written. */
export function formatResponseHead(head: Omit<ResponseHead, 'httpVersion'>): Uint8Array {
  if (!Number.isInteger(head.status) || head.status < 100 || head.status > 599) {
    throw new RangeError(`Cannot write the response: ${head.status} is not a status`)
  }
  if (!isFieldText(head.statusText)) {
    throw new TypeError('Cannot write the response: its status text has a character that HTTP cannot carry')
  }
  return formatHead(`HTTP/1.1 ${head.status} ${head.statusText}`, head.headers)
}

function formatHead(startLine: string, headers: readonly HeadField[]): Uint8Array {
  const lines = headers.map(([name, value]) => {
    checkField(name, value)
    return `${name}: ${value}\r\n`
  })
  const text = `${startLine}\r\n${lines.join('')}\r\n`
  const bytes = new Uint8Array(text.length) // `Uint8Array.from` makes eight kilobytes of garbage of an answer to a handshake
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** @throws TypeError for a header that a caller may not send: no token for a name, or CR, LF, NUL and the like in it. */
export function checkField(name: string, value: string): void {
  if (typeof name !== 'string' || !isToken(name)) throw new TypeError('Cannot send the header: its name is not a token')
  if (typeof value !== 'string' || !isFieldText(value)) {
    throw new TypeError(`Cannot send the header ${name}: its value has a character that HTTP cannot carry`)
  }
}

/** Whether the text can stand in a request line as the target: visible ASCII, one character or more (RFC 9112 §3.2). */
export function isRequestTarget(text: string): boolean {
  return text.length > 0 && hasOnly(text, isTargetChar)
}

/** "an HTTP/1.1 or higher" message (RFC 6455 §4.2.1), of the one major version that looks like this (RFC 9112 §2.3). */
export function isAtLeastHttp11(version: string): boolean {
  return /^1\.[1-9]$/.test(version)
}

const LEAST_HEAD_LIMITS: HeadLimits = { maxRequestLineBytes: 0, maxHeadBytes: 0, maxHeaderCount: 0 }

/** The caller's head limits over the defaults. @throws TypeError, RangeError naming the limit that is wrong. */
export function readHeadLimits(limits?: Partial<HeadLimits>): HeadLimits {
  return readNumbers('limits', limits, DEFAULT_HEAD_LIMITS, LEAST_HEAD_LIMITS)
}

function isFieldText(text: string): boolean {
  return hasOnly(text, isFieldChar)
}

function hasOnly(text: string, allows: (code: number) => boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!allows(text.charCodeAt(i))) return false
  }
  return true
}

/** Space, tab, visible ASCII and `obs-text` (RFC 9110 §5.5): everything of latin-1 but the control characters. */
function isFieldChar(code: number): boolean {
  return (code >= 0x20 && code <= 0xff && code !== 0x7f) || code === 0x09
}

function isTargetChar(code: number): boolean {
  return code > 0x20 && code < 0x7f
}

function isStatusChar(byte: number, index: number): boolean {
  return index < 3 && isDigit(byte) && !(index === 0 && byte === 0x30)
}

/** `HTTP/` DIGIT `.` DIGIT (RFC 9112 §2.3); 0 in the pattern stands for any digit. */
function isVersionChar(byte: number, index: number): boolean {
  const expected = 'HTTP/0.0'.charCodeAt(index)
  return expected === 0x30 ? isDigit(byte) : byte === expected
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}
