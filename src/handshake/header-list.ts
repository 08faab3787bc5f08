// Header fields as an ordered list of pairs. Names come from the peer, so nothing here is an object keyed by them: a
// header called `__proto__` is a header like any other. Names compare without regard to ASCII case (RFC 9110 §5.1).

import { isSameIgnoringCase, splitList, trimBlanks } from '../codec/http-list.ts'
import { checkField } from '../codec/http1-head.ts'

export type HeaderList = readonly (readonly [name: string, value: string])[]

/** Headers, as pairs (such as `Headers`) or as an object. A name that comes twice is sent twice. */
export type HeadersOption = Iterable<readonly [name: string, value: string]> | Readonly<Record<string, string>>

/** The fields that make the opening handshake, and those that would give it a body: only the handshake writes them. */
const HANDSHAKE_FIELDS = [
  'Connection',
  'Content-Length',
  'Sec-WebSocket-Accept',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Version',
  'Transfer-Encoding',
  'Upgrade',
]

/** The values of every field of that name, in order, without the blanks that are no part of them (RFC 9110 §5.5). */
export function allValues(headers: HeaderList, name: string): string[] {
  return headers.filter((field) => isSameIgnoringCase(field[0], name)).map((field) => trimBlanks(field[1]))
}

/** The value of a field that may come once only; `undefined` when it is absent or repeated. */
export function oneValue(headers: HeaderList, name: string): string | undefined {
  const values = allValues(headers, name)
  return values.length === 1 ? values[0] : undefined
}

/** A list field as one list: repeated fields in order (RFC 9110 §5.3); `undefined` when it is absent. */
export function joinedValue(headers: HeaderList, name: string): string | undefined {
  const values = allValues(headers, name)
  return values.length === 0 ? undefined : values.join(', ')
}

/** Whether a list field, repeated or not, has the token, without regard to case. */
export function hasToken(headers: HeaderList, name: string, token: string): boolean {
  return splitList(allValues(headers, name).join(',')).some((element) => isSameIgnoringCase(element, token))
}

/**
 * A copy of headers as a caller gives them. What HTTP can carry of them is for others to say.
 *
 * @param what Where they are, for the message.
 * @throws TypeError for what is neither pairs of strings nor an object of strings.
 */
export function readHeaderList(what: string, headers: HeadersOption = []): HeaderList {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(`${what} is neither a list of pairs nor an object`)
  }
  const pairs: readonly unknown[] = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  return pairs.map((pair, i) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError(`${what}[${i}] is not a pair of name and value`)
    const [name, value]: unknown[] = pair
    if (typeof name !== 'string') throw new TypeError(`${what}[${i}] has a ${typeof name} for a name, not a string`)
    if (typeof value !== 'string') throw new TypeError(`${what}: the value of ${name} is not a string`)
    return [name, value] as const
  })
}

/**
 * A copy of headers that a caller wants to send beside those of the handshake.
 *
 * @param reserved Names that are the handshake's own in this message, besides those that always are.
 * @throws TypeError for a name or value that HTTP cannot carry, and for a header that the handshake writes itself.
 */
export function readExtraHeaders(headers: HeaderList = [], reserved: readonly string[] = []): HeaderList {
  return headers.map(([name, value]) => {
    checkField(name, value)
    if ([...HANDSHAKE_FIELDS, ...reserved].some((field) => isSameIgnoringCase(field, name))) {
      throw new TypeError(`Cannot send the header ${name}: the opening handshake writes it itself`)
    }
    return [name, value] as const
  })
}
