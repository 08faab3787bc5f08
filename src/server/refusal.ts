// What `authorize` refuses a request with: a status and a body of the application's, made into a response that HTTP can
// carry.

import { encodeText, formatResponseHead, viewBytes } from '../codec/index.ts'
import { type HeadersOption, type RefusalResponse, readHeaderList, statusTextOf } from '../handshake/index.ts'

/** What a request is refused with; a `Response` of the fetch standard fits. */
export interface Refusal {
  /** From 300 to 599, but not 304. */
  readonly status: number
  /** Default: the usual words for the status. */
  readonly statusText?: string | undefined
  /** As pairs (such as `Headers`) or as an object. `Connection`, `Content-Length` and `Transfer-Encoding` among them are replaced by our own. */
  readonly headers?: HeadersOption | undefined
  /** A string or bytes. Default: status and status text as `text/plain`. */
  readonly body?: unknown
  /** Reads the body, as in a `Response`; otherwise `body` is a string or bytes. */
  arrayBuffer?(): Promise<ArrayBuffer>
}

/** The response that refuses so, with its body as bytes. @throws TypeError, RangeError for what HTTP cannot carry. */
export async function refusalResponse(refusal: Refusal): Promise<RefusalResponse> {
  if (typeof refusal !== 'object') {
    throw new TypeError(`authorize returned a ${typeof refusal}, not undefined, which accepts, a refusal or a Response`)
  }
  const { status, body } = refusal
  if (!Number.isInteger(status) || status < 300 || status > 599 || status === 304) {
    throw new RangeError(`authorize: refusal.status is ${String(status)}, not one from 300 to 599 other than 304`)
  }
  const headers = readHeaderList('authorize: refusal.headers', refusal.headers)
  const bytes =
    typeof refusal.arrayBuffer === 'function'
      ? new Uint8Array(await refusal.arrayBuffer())
      : typeof body === 'string'
        ? encodeText(body)
        : viewBytes(body)
  const statusText = refusal.statusText || statusTextOf(status)
  // Where the body ends and that the connection does is for us to say.
  const own = headers.filter(([name]) => !/^(connection|content-length|transfer-encoding)$/i.test(name))
  const response = { status, statusText, headers: [...own, ['Connection', 'close'] as const], body: bytes }
  if (bytes === undefined && body !== undefined && body !== null) {
    throw new TypeError(`authorize: refusal.body is a ${typeof body}, not a string or bytes`)
  }
  formatResponseHead(response)
  return response
}
