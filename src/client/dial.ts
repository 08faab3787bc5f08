// The stream to an address: straight, over a Unix socket, through a proxy, or from a function of the caller; TLS on top.

import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { type Address, unreachable } from './address.ts'
import { stage } from './ending.ts'
import type { ConnectOptions, Route } from './options.ts'
import { type Environment, type ProxyServer, proxyOfEnvironment } from './proxy.ts'
import { connectPlain, connectSecure, type Endpoint, established, keepErrors } from './sockets.ts'
import { openTunnel } from './tunnel.ts'

/** A stream that is connected, and where to. */
export interface Dialed {
  readonly stream: Duplex
  readonly remoteAddress: string | undefined
}

/** A stream that is connected, and as secure as the address asks for. @throws TypeError for an environment that is wrong. */
export async function dial(
  address: Address,
  route: Route,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<Dialed> {
  const explain = (cause: unknown): Error => unreachable(address, cause)
  const secure = (endpoint: Endpoint): Promise<Duplex> =>
    connectSecure(endpoint, address.hostname, tls, signal, explain)

  const tunnel = await reach(address, route, signal)
  if (tunnel === undefined) {
    const { socketPath, hostname, port } = address
    const endpoint = socketPath === undefined ? { host: hostname, port } : { path: socketPath }
    return dialed(await (address.secure ? secure(endpoint) : connectPlain(endpoint, signal, explain)))
  }
  if (!address.secure) return dialed(tunnel)
  // On Bun and Deno a TLS socket over another one does not tell its address.
  const { remoteAddress } = dialed(tunnel)
  try {
    return { stream: await secure({ socket: tunnel }), remoteAddress }
  } catch (error) {
    tunnel.destroy()
    throw error
  }
}

function dialed(stream: Duplex): Dialed {
  return { stream, remoteAddress: (stream as Partial<Socket>).remoteAddress }
}

/** The stream that somebody else makes; `undefined` where we connect to the address ourselves. */
async function reach(address: Address, route: Route, signal: AbortSignal): Promise<Duplex | undefined> {
  if (route.kind === 'own') return ownStream(route.createConnection, address, signal)
  const proxy = proxyOf(address, route)
  return proxy === undefined ? undefined : openTunnel(proxy, address, signal)
}

/** The proxy for an address. @throws TypeError for one of the environment that cannot be used. */
export function proxyOf(address: Address, route: Route): ProxyServer | undefined {
  if (route.kind === 'proxy') return route.proxy
  return route.kind === 'environment' ? proxyOfEnvironment(address, environment()) : undefined
}

/** Deno asks, and may refuse, before a program sees it: then there is no proxy in it. */
function environment(): Environment {
  try {
    const names = ['https_proxy', 'http_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])
    return Object.fromEntries([...names, 'REQUEST_METHOD'].map((name) => [name, process.env[name]]))
  } catch {
    return {}
  }
}

type CreateConnection = NonNullable<ConnectOptions['createConnection']>

async function ownStream(create: CreateConnection, address: Address, signal: AbortSignal): Promise<Duplex> {
  const stream = await createdStream(create, address, signal)
  keepErrors(stream)
  if (!(stream as Partial<Socket>).connecting) return stream
  return established(
    signal,
    'connect',
    (cause) => unreachable(address, cause),
    () => stream,
  )
}

/** Calls the caller's function. A stream that comes when nobody waits for it any more is destroyed. */
function createdStream(create: CreateConnection, address: Address, signal: AbortSignal): Promise<Duplex> {
  return stage(signal, (resolve, reject) => {
    let abandoned = false
    const take = (stream: Duplex): void => {
      if (!isDuplex(stream)) {
        reject(new TypeError('createConnection gave something that is not a duplex stream'))
      } else if (typeof stream.readableEncoding === 'string') {
        // Node's HTTP parser ends the process over text.
        reject(new TypeError('createConnection gave a stream with an encoding: it gives text, not bytes'))
        keepErrors(stream)
        stream.destroy()
      } else if (abandoned) {
        keepErrors(stream)
        stream.destroy()
      } else {
        resolve(stream)
      }
    }
    const { hostname: host, port, secure } = address
    new Promise<Duplex>((created) => created(create({ host, port, secure, signal }))).then(take, (cause) =>
      reject(unreachable(address, cause)),
    )
    return () => {
      abandoned = true
    }
  })
}

function isDuplex(stream: Partial<Duplex> | null | undefined): boolean {
  return (
    typeof stream?.write === 'function' && typeof stream.read === 'function' && typeof stream.destroy === 'function'
  )
}
