// The opening handshake as `websocket.h` cuts it: header lists in, header lists out, one check after the other in the
// order that is documented (docs/reference/component.md). What the rules are is in `handshake/`; that a client must get
// one of its subprotocols, and that `Host` may be empty, is this API's own.

import { isSameIgnoringCase, isToken, type ListEntry, parseExtensionList, trimBlanks } from '../codec/http-list.ts'
import { checkField } from '../codec/http1-head.ts'
import type { AgreedExtension } from '../extension/index.ts'
import {
  acceptValue,
  allValues,
  drawKey,
  type HeaderList,
  hasToken,
  isKey,
  isSameSecret,
  joinedValue,
  oneValue,
  parseSubprotocolOffer,
  readSubprotocols,
} from '../handshake/index.ts'
import type { WEB_SOCKET_HTTP_HEADER } from './constants.ts'
import { attempt, E_INVALIDARG, E_SUBPROTOCOL_NOT_SUPPORTED, handshakeFailure, ResultError } from './result.ts'

/** What a client offered, and the key that the answer must fit. */
export interface ClientOffer {
  readonly key: string
  readonly subprotocols: readonly string[]
  readonly extensions: readonly ListEntry[]
}

/** What both endpoints agreed on. */
export interface Agreement {
  readonly subprotocol: string | undefined
  readonly extensions: readonly AgreedExtension[]
}

/** What the client's half of the handshake came to, with the places of what was chosen among what was offered. */
export interface ClientAgreement extends Agreement {
  readonly selectedExtensions: number[]
  readonly selectedSubprotocol: number | undefined
}

type Headers = WEB_SOCKET_HTTP_HEADER[]

/** The headers that a client adds to its request, and what to remember of them (RFC 6455 §4.1). */
export function offer(
  subprotocols: readonly string[] | undefined,
  extensions: readonly string[] | undefined,
  initialHeaders: readonly WEB_SOCKET_HTTP_HEADER[] | undefined,
  randomUint32: () => number,
): { headers: Headers; offer: ClientOffer } {
  const offered = readSubprotocolNames(subprotocols)
  const texts = readTexts(extensions)
  const entries = texts.map(readExtension)
  for (const [name, value] of readHeaders(initialHeaders ?? [])) attempt(() => checkField(name, value))
  const key = attempt(() => drawKey(randomUint32))

  const headers: Headers = [
    { name: 'Connection', value: 'Upgrade' },
    { name: 'Upgrade', value: 'websocket' },
    { name: 'Sec-WebSocket-Version', value: '13' },
    { name: 'Sec-WebSocket-Key', value: key },
  ]
  if (offered.length > 0) headers.push({ name: 'Sec-WebSocket-Protocol', value: offered.join(', ') })
  if (texts.length > 0) headers.push({ name: 'Sec-WebSocket-Extensions', value: texts.join(', ') })
  return { headers, offer: { key, subprotocols: offered, extensions: entries } }
}

/** What the server's response agrees to. The status line is the application's to check. */
export function readAnswer(
  { key, subprotocols, extensions }: ClientOffer,
  responseHeaders: readonly WEB_SOCKET_HTTP_HEADER[],
): ClientAgreement {
  const headers = readHeaders(responseHeaders)
  if (!isSameIgnoringCase(oneValue(headers, 'Upgrade') ?? '', 'websocket'))
    throw handshakeFailure('UPGRADE_NOT_CONFIRMED')
  if (!hasToken(headers, 'Connection', 'upgrade')) throw handshakeFailure('CONNECTION_NOT_CONFIRMED')
  if (!isSameSecret(oneValue(headers, 'Sec-WebSocket-Accept') ?? '', acceptValue(key))) {
    throw handshakeFailure('ACCEPT_NOT_CONFIRMED')
  }

  const chosen = allValues(headers, 'Sec-WebSocket-Protocol')
  if (chosen.length > 1 || chosen[0]?.includes(',')) throw handshakeFailure('SUBPROTOCOL_REPEATED')
  const subprotocol = chosen[0]
  if (subprotocol === undefined && subprotocols.length > 0) {
    throw new ResultError(E_SUBPROTOCOL_NOT_SUPPORTED, 'Response has none of the subprotocols that were offered')
  }
  const selectedSubprotocol = subprotocol === undefined ? undefined : subprotocols.indexOf(subprotocol)
  if (selectedSubprotocol === -1) throw handshakeFailure('SUBPROTOCOL_NOT_OFFERED')

  const answers = parseExtensions(headers)
  if (answers === undefined) throw handshakeFailure('EXTENSION_ANSWER_INVALID')
  const selectedExtensions = answers.map(({ name }) => extensions.findIndex((entry) => entry.name === name))
  if (selectedExtensions.includes(-1)) throw handshakeFailure('EXTENSION_NOT_OFFERED')
  if (hasRepeats(selectedExtensions)) throw handshakeFailure('EXTENSION_REPEATED')
  return { subprotocol, extensions: agreed(answers), selectedExtensions, selectedSubprotocol }
}

/** The headers of a server's response to a request, and what they agree to (RFC 6455 §4.2). */
export function answer(
  subprotocolSelected: string | undefined,
  extensionsSelected: readonly string[] | undefined,
  requestHeaders: readonly WEB_SOCKET_HTTP_HEADER[],
): { headers: Headers; agreement: Agreement } {
  const { subprotocol, texts, extensions } = readSelection(subprotocolSelected, extensionsSelected)
  const request = readHeaders(requestHeaders)
  if (oneValue(request, 'Host') === undefined) throw handshakeFailure('HOST_INVALID')
  if (!hasToken(request, 'Upgrade', 'websocket')) throw handshakeFailure('UPGRADE_INVALID')
  if (!hasToken(request, 'Connection', 'upgrade')) throw handshakeFailure('CONNECTION_INVALID')
  const version = oneValue(request, 'Sec-WebSocket-Version')
  if (version === undefined || !isNumber(version)) throw handshakeFailure('VERSION_INVALID')
  if (version !== '13') throw handshakeFailure('VERSION_NOT_SUPPORTED')
  const key = oneValue(request, 'Sec-WebSocket-Key')
  if (key === undefined || !isKey(key)) throw handshakeFailure('KEY_INVALID')

  const offeredSubprotocols = parseSubprotocolOffer(request)
  if (offeredSubprotocols === undefined) throw handshakeFailure('SUBPROTOCOL_OFFER_INVALID')
  if (subprotocol !== undefined && !offeredSubprotocols.includes(subprotocol)) {
    throw handshakeFailure('SUBPROTOCOL_NOT_OFFERED')
  }
  const offeredExtensions = parseExtensions(request)
  if (offeredExtensions === undefined) throw handshakeFailure('EXTENSION_OFFER_INVALID')
  if (!extensions.every(({ name }) => offeredExtensions.some((entry) => entry.name === name))) {
    throw handshakeFailure('EXTENSION_NOT_OFFERED')
  }

  const headers: Headers = [
    { name: 'Connection', value: 'Upgrade' },
    { name: 'Upgrade', value: 'websocket' },
    { name: 'Sec-WebSocket-Accept', value: acceptValue(key) },
  ]
  if (subprotocol !== undefined) headers.push({ name: 'Sec-WebSocket-Protocol', value: subprotocol })
  if (texts.length > 0) headers.push({ name: 'Sec-WebSocket-Extensions', value: texts.join(', ') })
  return { headers, agreement: { subprotocol, extensions: agreed(extensions) } }
}

/** What a caller says was agreed on, or selects: a subprotocol and the elements of an extension list. */
export function readSelection(
  subprotocol: string | undefined | null,
  extensions: readonly string[] | undefined,
): { subprotocol: string | undefined; texts: readonly string[]; extensions: readonly ListEntry[] } {
  const selected = subprotocol ?? undefined
  if (selected !== undefined && !(typeof selected === 'string' && isToken(selected))) {
    throw new ResultError(E_INVALIDARG, 'The subprotocol is not a token')
  }
  const texts = readTexts(extensions)
  const entries = texts.map(readExtension)
  if (hasRepeats(entries.map(({ name }) => name))) throw new ResultError(E_INVALIDARG, 'An extension is selected twice')
  return { subprotocol: selected, texts, extensions: entries }
}

/** What the extensions mean to the session: the first may use all reserved bits, for the others there is none left. */
export function agreed(entries: readonly ListEntry[]): readonly AgreedExtension[] {
  return entries.map((entry, i) => ({ ...entry, reservedBits: i === 0 ? 0b111 : 0 }))
}

function readHeaders(headers: readonly WEB_SOCKET_HTTP_HEADER[]): HeaderList {
  return attempt(() => readArray(headers, 'headers').map(readHeader))
}

function readHeader({ name, value }: WEB_SOCKET_HTTP_HEADER): readonly [string, string] {
  if (typeof name === 'string' && typeof value === 'string') return [name, value]
  throw new ResultError(E_INVALIDARG, 'A header has no name or no value')
}

function readSubprotocolNames(names: readonly string[] | undefined): readonly string[] {
  return attempt(() => readSubprotocols(readArray(names ?? [], 'subprotocols')))
}

function readTexts(texts: readonly string[] | undefined): readonly string[] {
  return attempt(() => readArray(texts ?? [], 'extensions').map((text) => trimBlanks(checkText(text))))
}

function checkText(text: unknown): string {
  if (typeof text === 'string') return text
  throw new ResultError(E_INVALIDARG, 'An extension is not a string')
}

function readArray<Item>(items: readonly Item[], what: string): readonly Item[] {
  if (Array.isArray(items)) return [...items]
  throw new ResultError(E_INVALIDARG, `The ${what} are not an array`)
}

/** One element of an extension list: a name, and parameters if there are any. */
function readExtension(text: string): ListEntry {
  const entries = parseExtensionList(text)
  if (entries?.length === 1) return entries[0]!
  throw new ResultError(E_INVALIDARG, 'An extension is not a token with parameters')
}

function parseExtensions(headers: HeaderList): readonly ListEntry[] | undefined {
  const value = joinedValue(headers, 'Sec-WebSocket-Extensions')
  return value === undefined ? [] : parseExtensionList(value)
}

/** Digits without a leading zero. Whether such a version exists is the next question. */
function isNumber(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,9})$/.test(text)
}

function hasRepeats(items: readonly unknown[]): boolean {
  return new Set(items).size !== items.length
}
