// A response that is no upgrade: the refusal that the caller will want to read, up to a limit.

import type { IncomingMessage } from 'node:http'
import { MAX_RESPONSE_BODY_BYTES, type OpeningResponse } from '../handshake/index.ts'
import { headerPairs } from '../transport/node/index.ts'

/** The head of a response as it came. */
export function headOf(response: IncomingMessage): OpeningResponse {
  const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = response
  return { status, statusText, headers: headerPairs(rawHeaders) }
}

/**
 * Reads the body until it ends, breaks off, or has `MAX_RESPONSE_BODY_BYTES`; what follows is not kept.
 *
 * @param done called with the body, once at least.
 * @returns a function that calls it with what has come so far.
 */
export function readBody(response: IncomingMessage, done: (body: Uint8Array) => void): () => void {
  const chunks: Buffer[] = []
  let missing = MAX_RESPONSE_BODY_BYTES
  const end = (): void => {
    response.read() // what has come and was not told yet is told by this
    done(Buffer.concat(chunks))
  }
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, missing))
    missing -= Math.min(missing, chunk.length)
    if (missing === 0) end()
  })
  response.on('end', end)
  response.on('error', end)
  return end
}
