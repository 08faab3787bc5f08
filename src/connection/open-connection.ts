// Where a handshake, a stream and a host become a connection: the one way in for every transport.

import type { AgreedExtension } from '../extension/index.ts'
import { type Keepalive, type Role, Session } from '../session/index.ts'
import type { ByteStream, ByteStreamListener, Host } from './byte-stream.ts'
import { Connection, type ConnectionAddress } from './connection.ts'
import { type BackpressurePolicy, type ConnectionLimits, readBackpressure, readConnectionLimits } from './settings.ts'

// How much extensions work on before other connections have their turn. Deflating this much takes up to two milliseconds.
const SLICE_BYTES = 65_536

/** What an application may ask of a connection, whatever carries it. */
export interface ConnectionOptions {
  readonly limits?: Partial<ConnectionLimits> | undefined
  /** Pings of our own: on for a server, off for a client unless given; `true`: with the defaults, `false`: none. */
  readonly keepalive?: Partial<Keepalive> | boolean | undefined
  /**
   * What becomes of a message that is sent while `highWaterBytes` or more wait to leave. `wait`, the default: it is
   * taken, and `send` waits. `drop`: it is not taken, and counted in `droppedMessages`. `close`: it is not taken, and the
   * connection is closed with 1013, its error being `PEER_TOO_SLOW`.
   */
  readonly backpressure?: BackpressurePolicy | undefined
}

/** What the opening handshake agreed on, and the bytes that came right behind it. */
export interface Agreement {
  readonly role: Role
  readonly subprotocol: string | undefined
  readonly extensions: readonly AgreedExtension[]
  readonly leftover?: Uint8Array | undefined
}

/**
 * Opens a connection over a stream. `attach` is called before anything can arrive, with the listener that the transport
 * reports to.
 */
export function openConnection(
  agreement: Agreement,
  stream: ByteStream,
  host: Host,
  address: ConnectionAddress,
  options: ConnectionOptions,
  attach: (listener: ByteStreamListener) => void,
): Connection {
  const limits = readConnectionLimits(options.limits)
  const backpressure = readBackpressure(options.backpressure)
  const session = new Session({
    role: agreement.role,
    subprotocol: agreement.subprotocol,
    extensions: agreement.extensions,
    sliceBytes: SLICE_BYTES,
    limits: limits.session,
    keepalive: options.keepalive,
    now: host.now(),
    randomUint32: () => host.randomUint32(),
  })
  Session.deliverValues(session)
  const connection = new Connection(session, stream, host, limits.send, address, backpressure)
  attach(Connection.listenerOf(connection))
  Connection.start(connection, agreement.leftover)
  return connection
}

/**
 * The options of connections to come, checked, in copies of our own: what the caller does to his later changes nothing.
 *
 * @throws TypeError, RangeError naming the option that is wrong.
 */
export function readConnectionOptions({ limits, keepalive, backpressure }: ConnectionOptions): ConnectionOptions {
  new Session({ role: 'server', limits: readConnectionLimits(limits).session, keepalive })
  return {
    limits: limits && { ...limits },
    keepalive: typeof keepalive === 'object' ? { ...keepalive } : keepalive,
    backpressure: readBackpressure(backpressure),
  }
}
