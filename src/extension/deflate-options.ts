// What an endpoint says of permessage-deflate: how it compresses itself, and what it asks of its peers.

import { checkNames, readNumbers } from '../codec/options.ts'
import type { DeflatePreferences, WindowBits } from './deflate-params.ts'

/** What of the negotiation may be said, or left out. */
type Preferences = { readonly [Name in keyof DeflatePreferences]?: DeflatePreferences[Name] | undefined }

/** How an endpoint compresses, and what it asks of its peers (RFC 7692 §7.1). */
export interface DeflateOptions extends Preferences {
  /** Shorter messages are sent as they are, unless they say otherwise themselves. Default 1,024. */
  readonly thresholdBytes?: number | undefined
  /** How much memory there is for finding repetitions, 1 to 9 as in zlib. Default 5. */
  readonly memoryLevel?: number | undefined
  /**
   * How hard to look for them, 0 to 9 as in zlib. Default 6, which means 3 for messages of up to 1,536 bytes that are sent
   * whole to one peer and depend on no other: they take a fifth less time, and a few per cent more bytes.
   */
  readonly compressionLevel?: number | undefined
}

/** The same, complete. */
export interface DeflateSettings extends DeflatePreferences {
  readonly thresholdBytes: number
  readonly memoryLevel: number
  readonly compressionLevel: number
}

const FLAGS = ['serverNoContextTakeover', 'clientNoContextTakeover'] as const

type Flag = (typeof FLAGS)[number]

type DeflateNumbers = { readonly [Name in Exclude<keyof DeflateSettings, Flag>]: number }

/** The defaults: little memory, none of it kept between messages, and most of what compression can do. */
export const DEFAULT_DEFLATE: DeflateSettings = Object.freeze({
  thresholdBytes: 1_024,
  memoryLevel: 5,
  compressionLevel: 6,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
})

const LEAST: DeflateNumbers = {
  thresholdBytes: 0,
  memoryLevel: 1,
  compressionLevel: 0,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 9,
}

const MOST = { memoryLevel: 9, compressionLevel: 9, serverMaxWindowBits: 15, clientMaxWindowBits: 15 }

/** @throws TypeError, RangeError naming the option that is wrong. */
export function readDeflateOptions(options: DeflateOptions): DeflateSettings {
  checkNames('deflate', options, Object.keys(DEFAULT_DEFLATE))
  const { serverNoContextTakeover: server, clientNoContextTakeover: client, ...rest } = { ...options }
  const { serverNoContextTakeover, clientNoContextTakeover, ...defaults } = DEFAULT_DEFLATE
  const numbers = readNumbers<DeflateNumbers>('deflate', rest as Partial<DeflateNumbers>, defaults, LEAST, MOST)
  return Object.freeze({
    ...numbers,
    serverMaxWindowBits: numbers.serverMaxWindowBits as WindowBits,
    clientMaxWindowBits: numbers.clientMaxWindowBits as WindowBits,
    serverNoContextTakeover: readFlag('serverNoContextTakeover', server, serverNoContextTakeover),
    clientNoContextTakeover: readFlag('clientNoContextTakeover', client, clientNoContextTakeover),
  })
}

function readFlag(name: Flag, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault
  if (typeof value !== 'boolean') throw new TypeError(`deflate.${name} is a ${typeof value}, not a boolean`)
  return value
}
