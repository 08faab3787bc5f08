// Streams to a host, plain or TLS, as stages of an attempt: what comes out is a stream that is connected, or an error.

import { type IpcNetConnectOpts, isIP, connect as openTcp, type TcpNetConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as openTls, type ConnectionOptions as TlsOptions } from 'node:tls'
import { stage } from './ending.ts'
import { without } from './tls-options.ts'

/** What to connect to: host and port, a Unix socket, or the other end of a stream. */
export type Endpoint = TcpNetConnectOpts | IpcNetConnectOpts | { readonly socket: Duplex }

/** Makes of what the network said what the caller is told. */
export type Explain = (cause: unknown) => Error

export function connectPlain(
  endpoint: TcpNetConnectOpts | IpcNetConnectOpts,
  signal: AbortSignal,
  explain: Explain,
): Promise<Duplex> {
  return established(signal, 'connect', explain, () => openTcp(endpoint))
}

// Where a connection goes is said by its address alone.
const ENDPOINT_OPTIONS = ['host', 'port', 'path', 'socket'] as const satisfies readonly (keyof TlsOptions)[]

/** TLS to a host, whose name the certificate must have. */
export function connectSecure(
  endpoint: Endpoint,
  hostname: string,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
  explain: Explain,
): Promise<Duplex> {
  const options: TlsOptions = {
    ALPNProtocols: ['http/1.1'],
    servername: isIP(hostname) === 0 ? hostname : '', // RFC 6066 §3: no addresses
    ...without(tls, ENDPOINT_OPTIONS),
    host: hostname,
    ...endpoint,
  }
  return established(signal, 'secureConnect', explain, () => {
    // What is gone already tells nobody any more; Bun would wait for its end.
    if ('socket' in endpoint && endpoint.socket.destroyed) throw explain(lostError(endpoint.socket))
    return openTls(options)
  })
}

/** Waits until a stream that is being opened says that it is open. */
export function established(
  signal: AbortSignal,
  event: 'connect' | 'secureConnect',
  explain: Explain,
  open: () => Duplex,
): Promise<Duplex> {
  return stage(signal, (resolve, reject) => {
    const stream = open()
    keepErrors(stream)
    const fail = (cause: unknown): void => {
      stream.destroy()
      reject(explain(cause))
    }
    const close = (): void => fail(lostError(stream))
    stream.once('error', fail)
    stream.once('close', close)
    stream.once(event, () => {
      stream.off('error', fail)
      stream.off('close', close)
      resolve(stream)
    })
    return () => stream.destroy()
  })
}

/** Between two stages nobody listens: an error then is no uncaught one, and the next stage finds the stream destroyed. */
export function keepErrors(stream: Duplex): void {
  stream.on('error', ignore)
}

function ignore(): void {}

/** Why a stream is gone. */
export function lostError(stream: Duplex): Error {
  return stream.errored ?? Object.assign(new Error('The stream closed'), { code: 'ECONNRESET' })
}
