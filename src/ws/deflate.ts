// The option `perMessageDeflate` as the extension understands it: the windows and the memory that `ws` has by default are
// larger than ours, and it keeps context between messages.

import type { AgreedExtension, Extension, ExtensionParameter } from '../extension/index.ts'
import { readDeflate } from '../transport/node/index.ts'
import type { PerMessageDeflateOptions } from './types.ts'

export const DEFLATE_NAME = 'permessage-deflate'

const DEFAULT_THRESHOLD_BYTES = 1_024
const LARGEST_WINDOW_BITS = 15
const SMALLEST_WINDOW_BITS = 9 // zlib compresses with no smaller one

/** What is offered, or answered offers with. @throws TypeError, RangeError for options that are wrong. */
export function deflateExtensions(option: boolean | PerMessageDeflateOptions | undefined): readonly Extension[] {
  if (!option) return []
  const options = option === true ? {} : option
  const { level, memLevel } = options.zlibDeflateOptions ?? {}
  const extensions = readDeflate({
    serverNoContextTakeover: Boolean(options.serverNoContextTakeover),
    clientNoContextTakeover: Boolean(options.clientNoContextTakeover),
    serverMaxWindowBits: windowBits(options.serverMaxWindowBits),
    clientMaxWindowBits: windowBits(options.clientMaxWindowBits),
    compressionLevel: level === undefined || level === -1 ? 6 : level,
    memoryLevel: memLevel ?? 8,
  })
  return extensions.map((extension) => withRefusals(extension, options))
}

const CLIENT_WINDOW = 'client_max_window_bits'

/** What an option refuses by being `false`: to offers that ask for it, and to answers that demand it. */
function withRefusals(extension: Extension, options: PerMessageDeflateOptions): Extension {
  // `false` is taken as in `ws` where a number is declared, too.
  const given: { readonly [Name in keyof PerMessageDeflateOptions]?: unknown } = options
  const { serverNoContextTakeover, serverMaxWindowBits, clientNoContextTakeover, clientMaxWindowBits } = given
  const inOffers = [
    ...(serverNoContextTakeover === false ? ['server_no_context_takeover'] : []),
    ...(serverMaxWindowBits === false ? ['server_max_window_bits'] : []),
  ]
  const inAnswers = clientNoContextTakeover === false ? ['client_no_context_takeover'] : []
  const refusing = {
    ...extension,
    answerOffer: (parameters: readonly ExtensionParameter[]) =>
      parameters.some(([name]) => inOffers.includes(name)) ? undefined : extension.answerOffer(parameters),
    acceptAnswer: (parameters: readonly ExtensionParameter[]) =>
      parameters.some(([name]) => inAnswers.includes(name)) ? undefined : extension.acceptAnswer(parameters),
  }
  if (clientMaxWindowBits === false) return withoutClientWindow(refusing)
  const isLimit = typeof clientMaxWindowBits === 'number' && clientMaxWindowBits < LARGEST_WINDOW_BITS
  return isLimit ? withClientWindow(refusing, clientMaxWindowBits) : refusing
}

/** A client whose limit is meant: what leaves it to the server is not offered, and no answer may be above it. */
function withClientWindow(extension: Extension, limit: number): Extension {
  const isAbove = ([name, value]: ExtensionParameter): boolean =>
    name === CLIENT_WINDOW && (value === undefined || Number(value) > limit)
  return {
    ...extension,
    offers: () => extension.offers().filter((offer) => !offer.some(isAbove)),
    acceptAnswer: (parameters) => (parameters.some(isAbove) ? undefined : extension.acceptAnswer(parameters)),
  }
}

/** A client that does not want to be told how large its window may be (RFC 7692 §7.1.2.2). */
function withoutClientWindow(extension: Extension): Extension {
  return {
    ...extension,
    offers: () => extension.offers().map((offer) => offer.filter(([name]) => name !== CLIENT_WINDOW)),
    acceptAnswer: (parameters) =>
      parameters.some(([name]) => name === CLIENT_WINDOW) ? undefined : extension.acceptAnswer(parameters),
  }
}

/** `true` and `false` are taken as in `ws`, although they are not declared. */
function windowBits(value: unknown) {
  const bits = typeof value === 'number' ? value : LARGEST_WINDOW_BITS
  return Math.max(bits, SMALLEST_WINDOW_BITS) as 9
}

/**
 * From which length on messages are compressed. As in `ws`, the threshold counts only when each message is compressed by
 * itself; otherwise short ones profit from those before them.
 *
 * @returns `Infinity` when nothing is compressed.
 */
export function compressionThreshold(
  role: 'client' | 'server',
  extensions: readonly AgreedExtension[],
  option: boolean | PerMessageDeflateOptions | undefined,
): number {
  const deflate = extensions.find(({ name }) => name === DEFLATE_NAME)
  if (deflate === undefined) return Number.POSITIVE_INFINITY
  const { threshold = DEFAULT_THRESHOLD_BYTES } = typeof option === 'object' ? option : {}
  const forgets = deflate.parameters.some(([name]) => name === `${role}_no_context_takeover`)
  return forgets ? threshold : 0
}
