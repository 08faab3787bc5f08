// The lists of the opening handshake as `ws` parses and formats them: `WebSocket.extension` and `WebSocket.subprotocol`.

import { formatExtensionList, parseExtensionList } from '../codec/index.ts'
import type { ExtensionParameter } from '../extension/index.ts'
import { parseSubprotocolOffer } from '../handshake/index.ts'

/** The parameters of one offer by name, each with all its values; `true` is a parameter without a value. */
export type Parameters = Record<string, (string | true)[]>

/** Parameters as somebody wrote them: one value is as good as a list of one. */
type LooseParameters = Record<string, Value | readonly Value[]>
type Value = string | number | boolean

/** A `Sec-WebSocket-Extensions` list: by name, the parameters of each offer (RFC 6455 §9.1). */
export type Offers = Record<string, Parameters[]>

export const extension = {
  /** @throws SyntaxError for what is not such a list. */
  parse(header: string): Offers {
    const entries = parseExtensionList(header)
    if (entries === undefined) throw new SyntaxError('The header is not a list of extensions')
    const offers = Object.create(null) as Offers
    for (const { name, parameters } of entries) {
      offers[name] ??= []
      offers[name].push(toObject(parameters))
    }
    return offers
  },

  format(extensions: Record<string, LooseParameters | readonly LooseParameters[]>): string {
    const entries = Object.entries(extensions).flatMap(([name, offers]) =>
      [offers].flat().map((offer) => ({ name, parameters: toParameters(offer as LooseParameters) })),
    )
    return formatExtensionList(entries)
  },
}

export const subprotocol = {
  /** The names of a `Sec-WebSocket-Protocol` list (RFC 6455 §4.1). @throws SyntaxError for what is not such a list. */
  parse(header: string): Set<string> {
    const names = parseSubprotocolOffer([['Sec-WebSocket-Protocol', header]])
    if (names === undefined) throw new SyntaxError('The header is not a list of different subprotocols')
    return new Set(names)
  },
}

export function toObject(parameters: readonly ExtensionParameter[]): Parameters {
  const object = Object.create(null) as Parameters
  for (const [name, value] of parameters) {
    object[name] ??= []
    object[name].push(value ?? true)
  }
  return object
}

export function toParameters(object: LooseParameters): ExtensionParameter[] {
  return Object.entries(object).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value === true ? undefined : String(value)] as const),
  )
}
