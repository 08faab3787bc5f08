// What a refused request is answered with, as bytes: for whoever writes to the byte stream himself.

import { formatResponseHead } from '../codec/http1-head.ts'
import { type HeaderList, oneValue } from './header-list.ts'

/** A response that refuses; without a body it says its status in words. */
export interface RefusalResponse {
  readonly status: number
  readonly statusText: string
  /** All but those of the body; a `Content-Length` that is right may stand among them. */
  readonly headers: HeaderList
  /** Default: status and status text as `text/plain`. With a body of your own goes a `Content-Type` of your own. */
  readonly body?: Uint8Array | undefined
}

/**
 * Head and body. What is said unasked is only what the status says.
 *
 * @throws TypeError, RangeError for what HTTP cannot carry.
 */
export function formatRefusal({ status, statusText, headers, body }: RefusalResponse): [Uint8Array, Uint8Array] {
  const content = body ?? new TextEncoder().encode(`${status} ${statusText}\n`)
  const contentHeaders: [string, string][] = []
  if (body === undefined) contentHeaders.push(['Content-Type', 'text/plain; charset=utf-8'])
  if (oneValue(headers, 'Content-Length') === undefined) contentHeaders.push(['Content-Length', String(content.length)])
  return [formatResponseHead({ status, statusText, headers: [...headers, ...contentHeaders] }), content]
}
