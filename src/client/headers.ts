// Headers of a request, as a caller gives them.

import { isSameIgnoringCase } from '../codec/http-list.ts'
import { checkField } from '../codec/http1-head.ts'
import { type HeaderList, type HeadersOption, readHeaderList } from '../handshake/index.ts'

const FRAMING_FIELDS = ['Connection', 'Content-Length', 'Transfer-Encoding', 'Upgrade']

/** The headers of a request without a body. @throws TypeError for one that may not be sent, or that is in `own`. */
export function readHeaders(what: string, headers: HeadersOption | undefined, own: readonly string[]): HeaderList {
  return readHeaderList(what, headers).map(([name, value]) => {
    checkField(name, value)
    if ([...FRAMING_FIELDS, ...own].some((field) => isSameIgnoringCase(field, name))) {
      throw new TypeError(`Cannot send the header ${name}: the request writes it itself`)
    }
    return [name, value] as const
  })
}

export function hasHeader(headers: HeaderList, name: string): boolean {
  return headers.some((field) => isSameIgnoringCase(field[0], name))
}

export function withoutHeaders(headers: HeaderList, names: readonly string[]): HeaderList {
  return headers.filter((field) => !names.some((name) => isSameIgnoringCase(field[0], name)))
}
