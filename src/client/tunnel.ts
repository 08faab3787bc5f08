// A tunnel through an HTTP proxy (RFC 9110 §9.3.6): what comes out is a stream to the target, and the proxy has seen nothing
// but its host and port.

import { type IncomingMessage, type RequestOptions, request as sendRequest } from 'node:http'
import { Duplex, Writable } from 'node:stream'
import { DEFAULT_HEAD_LIMITS, formatResponseHead } from '../codec/index.ts'
import { allValues, HandshakeError } from '../handshake/index.ts'
import { type Address, formatAuthority } from './address.ts'
import { isTimeout, stage } from './ending.ts'
import type { ProxyServer } from './proxy.ts'
import { reachError } from './reach-error.ts'
import { headOf, readBody } from './response.ts'
import { connectPlain, connectSecure, keepErrors, lostError } from './sockets.ts'

/** Connects to the proxy and asks it for a tunnel. */
export async function openTunnel(proxy: ProxyServer, address: Address, signal: AbortSignal): Promise<Duplex> {
  const { secure, hostname: host, port, tls } = proxy
  const explain = (cause: unknown): Error => reachError(`the proxy ${formatAuthority(proxy)}`, cause)
  const stream = secure
    ? await connectSecure({ host, port }, host, tls, signal, explain)
    : await connectPlain({ host, port }, signal, explain)
  return requestTunnel(stream, proxy, address, signal)
}

function requestTunnel(stream: Duplex, proxy: ProxyServer, address: Address, signal: AbortSignal): Promise<Duplex> {
  return stage(signal, (resolve, reject) => {
    const authority = formatAuthority(address)
    const fields = [
      ['Host', authority],
      ...proxy.headers,
      ['Proxy-Connection', 'keep-alive'],
      ['Connection', 'keep-alive'],
    ]
    const http = sendRequest({ ...requestOptions(stream), method: 'CONNECT', path: authority, headers: fields.flat() })
    http.maxHeadersCount = 0 // Node would drop what is above without a word
    const fail = (error: unknown): void => {
      reject(error)
      http.destroy()
      stream.destroy()
    }
    let giveUp = fail
    http.on('connect', (response, _socket, leftover) => {
      const { status, headers } = headOf(response)
      if (headers.length > DEFAULT_HEAD_LIMITS.maxHeaderCount) {
        fail(new HandshakeError('PROXY_ANSWER_INVALID', { cause: new HandshakeError('TOO_MANY_HEADERS') }))
      } else if (status >= 200 && status < 300) {
        if (leftover.length > 0) stream.unshift(leftover)
        resolve(stream)
      } else {
        const refuse = (body: Uint8Array): void => {
          fail(new HandshakeError('PROXY_REFUSED', { response: { ...readHead(response), body } }))
        }
        const end = readRefusal(response, stream, leftover, refuse)
        giveUp = (reason) => (isTimeout(reason) ? end() : fail(reason))
      }
    })
    http.on('error', (cause) => fail(new HandshakeError('PROXY_ANSWER_INVALID', { cause })))
    http.end()
    if (stream.destroyed) fail(new HandshakeError('PROXY_ANSWER_INVALID', { cause: lostError(stream) }))
    return (reason) => giveUp(reason)
  })
}

function readHead(response: IncomingMessage) {
  const { status, statusText = '', headers } = headOf(response)
  return { status, statusText, headers }
}

function requestOptions(stream: Duplex): RequestOptions {
  return { setHost: false, createConnection: () => stream, maxHeaderSize: DEFAULT_HEAD_LIMITS.maxHeadBytes }
}

/**
 * Reads the body of a refused CONNECT, which Node takes to have none, whatever its head says: the same bytes are read
 * once more, as the response to a request that may have a body.
 */
function readRefusal(
  response: IncomingMessage,
  stream: Duplex,
  leftover: Uint8Array,
  done: (body: Uint8Array) => void,
): () => void {
  const { status, headers } = headOf(response)
  let end = (): void => done(new Uint8Array())
  if (status < 200 || status === 204 || status === 304) {
    end()
    return end
  }
  const framing = ['Content-Length', 'Transfer-Encoding'].flatMap((name) =>
    allValues(headers, name).map((value) => [name, value] as const),
  )
  const head = formatResponseHead({ status: 200, statusText: '', headers: framing })
  const again = Duplex.from({ readable: bytesOf(head, leftover, stream), writable: new Writable({ write: discard }) })
  keepErrors(again)
  const http = sendRequest({ ...requestOptions(again), method: 'GET' })
  http.on('response', (body) => {
    end = readBody(body, done)
  })
  http.on('error', () => end())
  http.end()
  return () => end()
}

async function* bytesOf(head: Uint8Array, leftover: Uint8Array, rest: Duplex): AsyncGenerator<Uint8Array> {
  yield head
  if (leftover.length > 0) yield leftover
  yield* rest
}

function discard(_bytes: Uint8Array, _encoding: string, written: () => void): void {
  written()
}
