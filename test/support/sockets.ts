// Raw sockets, for both sides: joined pairs, and hostile peers that speak in literal bytes.

import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { type ConnectionOptions, createServer as createTlsServer, connect as dialTls } from 'node:tls'
import { certificate, key } from './certificate.ts'

/** Two sockets joined over the loopback interface, TLS if asked for. */
export async function socketPair(
  options: { tls?: boolean } = {},
): Promise<{ near: Socket; far: Socket; server: Server }> {
  const server = options.tls === true ? createTlsServer({ key, cert: certificate }) : createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const arrived = once(server, options.tls === true ? 'secureConnection' : 'connection')
  const near =
    options.tls === true ? dialTls({ port, host: '127.0.0.1', ca: certificate }) : dial({ port, host: '127.0.0.1' })
  await once(near, options.tls === true ? 'secureConnect' : 'connect')
  const [far] = (await arrived) as [Socket]
  return { near, far, server }
}

/** A peer that says exactly what the test tells it to, and remembers what it was told. */
export class RawPeer {
  readonly socket: Socket
  text = ''
  ended = false
  closed = false
  error: (Error & { code?: string }) | undefined
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('end', () => {
      this.ended = true
      this.#wake()
    })
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('close', () => {
      this.closed = true
      this.ended = true
      this.#wake()
    })
  }

  /** Says something; text is latin-1, one byte per character. */
  say(what: string | Uint8Array): void {
    this.socket.write(typeof what === 'string' ? Buffer.from(what, 'latin1') : what)
  }

  async until(condition: (peer: this) => boolean): Promise<this> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this
  }

  /** Everything up to the end of the other side. */
  async all(): Promise<string> {
    await this.until(({ ended }) => ended)
    return this.text
  }

  /** The head of the next message, without the empty line. */
  async head(): Promise<string> {
    await this.until(({ text, ended }) => ended || text.includes('\r\n\r\n'))
    return this.text.slice(0, this.text.indexOf('\r\n\r\n'))
  }

  /** What came behind the head, as hexadecimal digits, once there are so many bytes. */
  async behindHead(byteCount: number): Promise<string> {
    const at = (await this.head()).length + 4
    await this.until(({ text, ended }) => ended || text.length - at >= byteCount)
    return Buffer.from(this.text.slice(at), 'latin1')
      .toString('hex')
      .replace(/..(?=.)/g, '$& ')
  }

  /** Gone without a word more: with `reset`, a TCP reset. */
  leave(how: 'end' | 'destroy' | 'reset' = 'destroy'): void {
    if (how === 'end') this.socket.end()
    else if (how === 'destroy') this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}

/** A raw client of a server that listens on this machine. */
export async function rawClient(
  port: number,
  options: { allowHalfOpen?: boolean; host?: string } = {},
): Promise<RawPeer> {
  const socket = dial({ port, host: options.host ?? '127.0.0.1', allowHalfOpen: options.allowHalfOpen ?? true })
  const peer = new RawPeer(socket)
  await once(socket, 'connect')
  return peer
}

/** A raw client of a server that listens on a Unix socket. */
export async function rawUnixClient(path: string): Promise<RawPeer> {
  const socket = dial({ path, allowHalfOpen: true })
  const peer = new RawPeer(socket)
  await once(socket, 'connect')
  return peer
}

/** A raw client of a TLS server on this machine, that trusts its certificate; a string is the path of a Unix socket. */
export async function rawTlsClient(where: number | string, options: ConnectionOptions = {}): Promise<RawPeer> {
  const address = typeof where === 'string' ? { path: where } : { port: where, host: '127.0.0.1' }
  const socket = dialTls({ ca: certificate, servername: 'localhost', ...address, ...options })
  const peer = new RawPeer(socket)
  await once(socket, 'secureConnect')
  return peer
}

export interface RawServer {
  readonly port: number
  readonly peers: RawPeer[]
  close(): Promise<void>
}

/** A raw server that does with each client what the test says. */
export async function rawServer(meet: (peer: RawPeer) => unknown): Promise<RawServer> {
  const peers: RawPeer[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new RawPeer(socket)
    peers.push(peer)
    void meet(peer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    peers,
    close: () =>
      new Promise((resolve) => {
        for (const peer of peers) peer.leave()
        server.close(() => resolve())
      }),
  }
}
