// The option `deflate` of servers, clients and pairs: off, on, or on with options.

import type { DeflateOptions } from './deflate-options.ts'
import { readDeflateOptions } from './deflate-options.ts'
import type { DeflatePort } from './deflate-port.ts'
import type { Extension } from './extension.ts'
import { permessageDeflate } from './permessage-deflate.ts'

/** `true` is permessage-deflate with its defaults; `false`, the default, is none. */
export type DeflateOption = boolean | DeflateOptions

/**
 * Reads the option for endpoints that share a port. Endpoints that compress alike share an extension and with it their
 * streams, so that many clients need no more than one server.
 */
export function deflateReader(port: DeflatePort): (option: DeflateOption | undefined) => readonly Extension[] {
  const known = new Map<string, Extension>()
  return (option = false) => {
    if (option === false) return []
    const settings = readDeflateOptions(option === true ? {} : option)
    const key = JSON.stringify(settings)
    const extension = known.get(key) ?? permessageDeflate(port, settings)
    known.set(key, extension)
    return [extension]
  }
}
