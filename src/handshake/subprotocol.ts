// Subprotocols (RFC 6455 §1.9): the client offers names, the server chooses one of them or none. Names compare exactly.

import { isToken, parseTokenList } from '../codec/http-list.ts'
import { type HeaderList, joinedValue } from './header-list.ts'

/**
 * The subprotocols that a request offers, most preferred first; none when it has no such header.
 *
 * @returns `undefined` when the offer is not a list of different tokens (RFC 6455 §4.1, §4.3).
 */
export function parseSubprotocolOffer(headers: HeaderList): readonly string[] | undefined {
  const value = joinedValue(headers, 'Sec-WebSocket-Protocol')
  if (value === undefined) return []
  const names = parseTokenList(value)
  return names !== undefined && isWithoutRepeats(names) ? names : undefined
}

/** The first of the client's preferences that the server knows. */
export function chooseSubprotocol(offered: readonly string[], supported: readonly string[]): string | undefined {
  return offered.find((name) => supported.includes(name))
}

/** A copy of the subprotocols of a caller. @throws TypeError when they are not different tokens. */
export function readSubprotocols(names: readonly string[] = []): readonly string[] {
  if (!Array.isArray(names)) throw new TypeError(`subprotocols is a ${typeof names}, not a list of names`)
  const copy: readonly string[] = [...names]
  if (!copy.every((name) => typeof name === 'string' && isToken(name))) {
    throw new TypeError('Cannot use the subprotocols: a name is not a token')
  }
  if (!isWithoutRepeats(copy)) throw new TypeError('Cannot use the subprotocols: a name is repeated')
  return copy
}

function isWithoutRepeats(names: readonly string[]): boolean {
  return new Set(names).size === names.length
}
