// The HTTP server of a `serve` that is given none: how it is set up, and when it listens.

import { chmodSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { DEFAULT_HEAD_LIMITS, TransportError } from '../codec/index.ts'
import type { ReadServeOptions } from './options.ts'

/** @throws what Node throws for `tls` options that are wrong. */
export function createOwnServer({ tls }: ReadServeOptions): HttpServer {
  // Time is measured here, for the handshake as a whole; Node's own clocks look at parts of it.
  // The head of a request is bounded by what Node reads of it; more is answered with 431.
  const settings = {
    maxHeaderSize: DEFAULT_HEAD_LIMITS.maxHeadBytes,
    headersTimeout: 0,
    requestTimeout: 0,
    keepAliveTimeout: 1_000,
  }
  const http = tls === undefined ? createServer(settings) : createTlsServer({ ...tls, ...settings })
  http.maxHeadersCount = 0 // Node would drop what is above without a word; the policy counts
  return http
}

/**
 * @returns a promise that is rejected with `LISTEN_FAILED` when the port or the Unix socket cannot be had, and with the
 * reason of the signal when that has aborted meanwhile.
 */
export function listen(http: HttpServer, options: ReadServeOptions): Promise<void> {
  const { port = 0, host = '127.0.0.1', socketPath, socketMode, signal } = options
  const where = socketPath ?? `${host}, port ${port}`
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new TransportError('LISTEN_FAILED', `Cannot listen on ${where}`, { cause }))
    http.once('error', fail)
    http.listen(socketPath === undefined ? { port, host } : { path: socketPath }, () => {
      http.off('error', fail)
      try {
        if (socketPath !== undefined && socketMode !== undefined) chmodSync(socketPath, socketMode)
      } catch (cause) {
        http.close(() => fail(cause as Error))
        return
      }
      if (signal?.aborted !== true) resolve()
      else http.close(() => reject(signal.reason))
    })
  })
}
