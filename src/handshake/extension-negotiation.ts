// Extensions in the opening handshake (RFC 6455 §9.1): the client offers, the server answers some of the offers, the
// client accepts all of the answer or fails the handshake. What parameters mean, each extension says itself.

import { isToken, parseExtensionList } from '../codec/http-list.ts'
import type { AgreedExtension, Extension, ExtensionEntry } from '../extension/index.ts'
import type { RefusalCode } from './handshake-error.ts'
import { type HeaderList, joinedValue } from './header-list.ts'

/** A copy of the extensions of a caller. @throws TypeError when their names are not different tokens. */
export function readExtensions(extensions: readonly Extension[] = []): readonly Extension[] {
  const names = extensions.map((extension) => extension.name)
  if (!names.every(isToken)) throw new TypeError('Cannot use the extensions: a name is not a token')
  if (new Set(names).size !== names.length) throw new TypeError('Cannot use the extensions: a name is repeated')
  return [...extensions]
}

/** Client: every offer of every extension, most preferred first. */
export function offersOf(extensions: readonly Extension[]): ExtensionEntry[] {
  return extensions.flatMap((extension) =>
    extension.offers().map((parameters) => ({ name: extension.name, parameters })),
  )
}

/** The extensions that a message lists, repeated fields as one; `undefined` when they do not match the grammar. */
export function parseExtensions(headers: HeaderList): readonly ExtensionEntry[] | undefined {
  const value = joinedValue(headers, 'Sec-WebSocket-Extensions')
  return value === undefined ? [] : parseExtensionList(value)
}

/**
 * Server: the first acceptable offer of each extension, in the client's order, which is its preference. An offer that
 * is unknown, declined or in conflict is passed over: the server need not use any.
 */
export function answerOffers(offers: readonly ExtensionEntry[], extensions: readonly Extension[]): AgreedExtension[] {
  const agreed: AgreedExtension[] = []
  for (const { name, parameters } of offers) {
    if (hasAgreed(agreed, name)) continue
    const answer = extensions.find((extension) => extension.name === name)?.answerOffer(parameters)
    if (answer !== undefined && !isInConflict(answer, agreed)) agreed.push(answer)
  }
  return agreed
}

/** Client: what the answer agrees on, or why it fails the handshake: an answer cannot be taken in part (§4.1). */
export function acceptAnswers(
  answers: readonly ExtensionEntry[],
  offered: readonly Extension[],
): AgreedExtension[] | RefusalCode {
  const agreed: AgreedExtension[] = []
  for (const { name, parameters } of answers) {
    const extension = offered.find((candidate) => candidate.name === name)
    if (extension === undefined) return 'EXTENSION_NOT_OFFERED'
    if (hasAgreed(agreed, name)) return 'EXTENSION_REPEATED'
    const agreement = extension.acceptAnswer(parameters)
    if (agreement === undefined) return 'EXTENSION_NOT_ACCEPTED'
    if (isInConflict(agreement, agreed)) return 'EXTENSIONS_IN_CONFLICT'
    agreed.push(agreement)
  }
  return agreed
}

function hasAgreed(agreed: readonly AgreedExtension[], name: string): boolean {
  return agreed.some((other) => other.name === name)
}

/** Whether it claims a reserved bit that another already has: then no frame could tell which of them is meant. */
function isInConflict(extension: AgreedExtension, agreed: readonly AgreedExtension[]): boolean {
  return agreed.some((other) => (other.reservedBits & extension.reservedBits) !== 0)
}
