// Heads as text, ways to cut them, and extensions that say what a test wants: for everything about the opening handshake.

import type { AgreedExtension, Extension, ExtensionParameter } from '../../src/extension/index.ts'
import type { HeaderList } from '../../src/handshake/index.ts'

/** One byte per code unit. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

/** Vectors, or one, as latin-1 text. */
export function wireText(...vectors: Uint8Array[]): string {
  return Buffer.concat(vectors).toString('latin1')
}

/** Lines as they travel: each ended by CR LF. */
export function lines(...texts: string[]): string {
  return texts.map((text) => `${text}\r\n`).join('')
}

/** The same bytes whole, byte by byte, and in two pieces at every place. */
export function* cuttings(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  yield [bytes]
  yield Array.from(bytes, (byte) => Uint8Array.of(byte))
  for (let at = 0; at <= bytes.length; at++) yield [bytes.slice(0, at), bytes.slice(at)]
}

/** The header list with some fields replaced, in their place; `undefined` takes one away. */
export function changed(headers: HeaderList, changes: Readonly<Record<string, string | undefined>>): HeaderList {
  return headers.flatMap(([name, value]) => {
    if (!Object.hasOwn(changes, name)) return [[name, value] as const]
    const replacement = changes[name]
    return replacement === undefined ? [] : [[name, replacement] as const]
  })
}

/** An extension that offers parameter lists, and agrees to every parameter list that `accepts` does. */
export function extensionOf(
  name: string,
  reservedBits: number,
  offers: readonly (readonly ExtensionParameter[])[] = [[]],
  accepts: (parameters: readonly ExtensionParameter[]) => boolean = () => true,
): Extension {
  const agree = (parameters: readonly ExtensionParameter[]): AgreedExtension | undefined =>
    accepts(parameters) ? { name, parameters, reservedBits } : undefined
  return { name, offers: () => offers, acceptAnswer: agree, answerOffer: agree }
}

/** Counts up, so that a key can be written down in a test: four draws make the nonce of RFC 6455 §4.1. */
export function drawsOf(...numbers: number[]): () => number {
  let at = 0
  return () => numbers[at++ % numbers.length]!
}
