// A WebSocket client for Node: one call to a working connection, by as many requests as there are redirects to follow.

import { type Connection, openConnection } from '../connection/index.ts'
import { type ClientRequest, createRequest, type HeaderList } from '../handshake/index.ts'
import { nodeHost } from '../transport/node/index.ts'
import { type Address, type Credentials, formatBasicAuthentication, isSameOrigin, readAddress } from './address.ts'
import { attempt, type Outcome } from './attempt.ts'
import { dial, proxyOf } from './dial.ts'
import { Ending } from './ending.ts'
import { hasHeader } from './headers.ts'
import { type ConnectOptions, type ConnectSettings, readConnectOptions } from './options.ts'
import { type Luggage, RedirectTrail, withoutCredentials } from './redirect.ts'
import { withSecureContext } from './tls-options.ts'

/**
 * Opens a connection.
 *
 * @param url `ws:`, `wss:` (or `http:`, `https:`), or `ws+unix:/path/to/socket:/path?query`, `wss+unix:…`.
 * @returns a promise, rejected with a `TypeError` or `RangeError` for an address, options or a proxy of the environment
 * that are wrong, a `HandshakeError` when the server or the proxy refuses or answers wrongly, a `TransportError` with code
 * `CONNECT_FAILED` when either cannot be reached, and the signal's reason when that aborts.
 */
export async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Connection> {
  const settings = readConnectOptions(options)
  const hop = firstHop(url, settings)
  settings.signal?.throwIfAborted()
  const ending = new Ending(settings.signal, settings.handshakeTimeoutMs)
  try {
    return await follow(hop, settings, ending.signal)
  } finally {
    ending.release()
  }
}

/** One request: where it goes, what it is, and what it would take along to the next. */
interface Hop extends Luggage {
  readonly address: Address
  readonly request: ClientRequest
}

/** @throws TypeError for anything that may not be sent: nothing of it is. */
function firstHop(url: string | URL, settings: ConnectSettings): Hop {
  const { address, credentials } = readAddress(url)
  const { kind } = settings.route
  if (address.socketPath !== undefined && (kind === 'own' || kind === 'proxy')) {
    throw new TypeError('Cannot connect to a Unix socket through a proxy or a stream')
  }
  proxyOf(address, settings.route)
  const headers = withCredentials(settings.headers, credentials)
  return makeHop(address, { headers, tls: address.secure ? withSecureContext(settings.tls) : settings.tls }, settings)
}

/** An `Authorization` that the caller gives stands for the credentials in the URL. */
function withCredentials(headers: HeaderList, credentials: Credentials | undefined): HeaderList {
  if (credentials === undefined || hasHeader(headers, 'Authorization')) return headers
  return [['Authorization', formatBasicAuthentication(credentials)], ...headers]
}

function makeHop(address: Address, { headers, tls }: Luggage, settings: ConnectSettings): Hop {
  const { host, target } = address
  const { subprotocols, extensions, origin } = settings
  const { randomUint32 } = nodeHost
  return {
    address,
    request: createRequest({ host, target, subprotocols, extensions, origin, headers, randomUint32 }),
    headers,
    tls,
  }
}

async function follow(first: Hop, settings: ConnectSettings, signal: AbortSignal): Promise<Connection> {
  const trail = new RedirectTrail(settings.redirects)
  for (let hop = first; ; ) {
    const { address, request, tls } = hop
    const { stream, remoteAddress } = await dial(address, settings.route, tls, signal)
    const outcome = await attempt(stream, address, request, signal, (response) => trail.read(address, response))
    if (outcome.kind === 'open') return open(outcome, { url: address.href, remoteAddress }, settings, signal)
    const luggage = isSameOrigin(address, outcome.address) ? hop : withoutCredentials(hop)
    hop = makeHop(outcome.address, luggage, settings)
  }
}

function open(
  { decision, stream, leftover }: Outcome & { kind: 'open' },
  address: { url: string; remoteAddress: string | undefined },
  settings: ConnectSettings,
  signal: AbortSignal,
): Connection {
  if (signal.aborted) {
    stream.destroy()
    throw signal.reason
  }
  const { subprotocol, extensions } = decision
  return openConnection(
    { role: 'client', subprotocol, extensions, leftover },
    stream,
    nodeHost,
    address,
    settings.connection,
    (listener) => stream.attach(listener),
  )
}
