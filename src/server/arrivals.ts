// The clients of a port of our own until their opening handshake is decided: how many there may be, and how long each may
// take (RFC 6455 §10.4). A socket is known by itself, as one on a Unix socket has no address to know it by.

import type { Socket } from 'node:net'
import { nodeHost } from '../transport/node/index.ts'

/** What is borne of clients that have not finished their opening handshake. */
export interface ArrivalLimits {
  readonly maxPendingConnections: number
  readonly headerTimeoutMs: number
  readonly handshakeTimeoutMs: number
}

interface Arrival {
  /** What can be spoken to: the TLS socket, once there is one. */
  socket: Socket
  readonly seenAt: number
  deadline: unknown
}

/** Those clients, and the time that each of them has left. */
export class Arrivals {
  readonly #limits: ArrivalLimits
  readonly #handleTimeout: (socket: Socket) => void
  /** By the socket that was accepted, also where TLS runs over it. */
  readonly #arrivals = new Map<Socket, Arrival>()
  /** Listens to the end of each, until its handshake is over: a connection keeps nothing of how it came. */
  readonly #closed: (this: Socket) => void

  /** @param handleTimeout Told of a client whose time is up; it has to end the socket. */
  constructor(limits: ArrivalLimits, handleTimeout: (socket: Socket) => void) {
    this.#limits = limits
    this.#handleTimeout = handleTimeout
    const arrivals = this
    this.#closed = function () {
      arrivals.forget(this)
    }
  }

  /** The sockets, each as it can be spoken to. */
  get sockets(): Socket[] {
    return Array.from(this.#arrivals.values(), ({ socket }) => socket)
  }

  /** A client was seen: its time begins. One too many is cut. */
  handleSocket(socket: Socket): void {
    if (this.#arrivals.size >= this.#limits.maxPendingConnections) {
      socket.destroy()
      return
    }
    const { headerTimeoutMs, handshakeTimeoutMs } = this.#limits
    const arrival: Arrival = { socket, seenAt: nodeHost.now(), deadline: undefined }
    this.#arrivals.set(socket, arrival)
    this.#expect(arrival, Math.min(headerTimeoutMs, handshakeTimeoutMs))
    socket.once('close', this.#closed)
  }

  /** A client got through the TLS handshake; its time goes on. */
  handleSecureSocket(socket: Socket): void {
    const arrival = this.#arrivals.get(acceptedSocketOf(socket))
    if (arrival === undefined) return
    arrival.socket = socket
    socket.once('close', this.#closed)
  }

  /** A client's request is complete: what is left of the time for the whole handshake is left for its decision. */
  handleRequest(socket: Socket): void {
    const arrival = this.#arrivals.get(acceptedSocketOf(socket))
    if (arrival === undefined) return
    this.#expect(arrival, Math.max(0, arrival.seenAt + this.#limits.handshakeTimeoutMs - nodeHost.now()))
  }

  /** The handshake is over. */
  forget(socket: Socket): void {
    const accepted = acceptedSocketOf(socket)
    const arrival = this.#arrivals.get(accepted)
    if (arrival === undefined) return
    nodeHost.clearTimer(arrival.deadline)
    accepted.off('close', this.#closed)
    arrival.socket.off('close', this.#closed)
    this.#arrivals.delete(accepted)
  }

  #expect(arrival: Arrival, delayMs: number): void {
    nodeHost.clearTimer(arrival.deadline)
    arrival.deadline = nodeHost.setTimer(delayMs, () => this.#handleTimeout(arrival.socket))
  }
}

/**
 * The socket that a TLS socket runs over, or the socket itself. What links the two is not documented, but the same on
 * Node and Deno; on Bun they are one.
 */
function acceptedSocketOf(socket: Socket): Socket {
  return (socket as { _parent?: Socket | null })._parent ?? socket
}
