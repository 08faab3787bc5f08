// Where a connection meets what others declare: libraries that want only a part of it, the browser's class, and doubles in
// tests that stand in for it.

import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import WebSocket, { WebSocketServer } from 'ws'

/** What a library of subscriptions wants of a connection. */
interface Transport {
  readonly protocol: string
  send(data: string): Promise<void> | void
  close(code?: number, reason?: string): Promise<void> | void
  onMessage(listener: (data: string) => Promise<void>): void
}
function transport(socket: WebSocket): Transport {
  return {
    protocol: socket.protocol,
    send: (data) => new Promise((resolve, reject) => socket.send(data, (error) => (error ? reject(error) : resolve()))),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (listener) => void socket.on('message', async (event) => listener(String(event))),
  }
}
transport(new WebSocket('ws://example.test'))

/** What such a library wants of a server. */
interface Listening {
  on(event: 'connection', listener: (socket: WebSocket, request: { url?: string | undefined }) => void): unknown
  clients: Set<{ terminate(): void }>
  close(callback?: (error?: Error) => void): void
}
const listening: Listening = new WebSocketServer({ noServer: true })
listening.close()

/** The part of a connection that a library declares for itself. */
interface Minimal {
  readyState: number
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: any }) => void): void
  removeEventListener(type: 'message', listener: (event: { data: any }) => void): void
  onopen: ((event: any) => any) | null
  onclose: ((event: any) => any) | null
  onmessage: ((event: any) => any) | null
  onerror: ((event: any) => any) | null
}
const minimal: Minimal = new WebSocket('ws://example.test')
minimal.send('text')

// The browser's class, and code for both.
type MinimalConstructor = new (url: string, protocols?: string | string[]) => Minimal
const constructors: MinimalConstructor[] = [WebSocket, globalThis.WebSocket]
const either: WebSocket | globalThis.WebSocket = Math.random() < 0.5 ? new WebSocket('ws://a') : (constructors as never)
either.close(1000, 'either')
const asBrowser = new WebSocket('ws://example.test') as unknown as globalThis.WebSocket
asBrowser.onmessage = null
const part: Pick<globalThis.WebSocket, 'bufferedAmount' | 'extensions' | 'protocol' | 'readyState' | 'url' | 'OPEN'> =
  new WebSocket('ws://example.test')
console.log(part.readyState === part.OPEN)

const emitter: EventEmitter = new WebSocket(null)
emitter.emit('open')
const events: NodeJS.EventEmitter = new WebSocketServer()
events.removeAllListeners()

/** A double for tests, which is no connection at all. */
class Double extends EventEmitter implements WebSocket {
  binaryType: WebSocket['binaryType'] = 'nodebuffer'
  readonly bufferedAmount = 0
  readonly extensions = ''
  readonly isPaused = false
  readonly protocol = ''
  readyState: WebSocket['readyState'] = 1
  readonly url = 'ws://double.test'
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  onopen: WebSocket['onopen'] = null
  onerror: WebSocket['onerror'] = null
  onclose: WebSocket['onclose'] = null
  onmessage: WebSocket['onmessage'] = null
  readonly sent: unknown[] = []
  close(code?: number, data?: string | Buffer): void {
    this.readyState = 3
    this.emit('close', code, Buffer.from(data ?? ''))
  }
  ping(): void {}
  pong(): void {}
  send(data: unknown): void {
    this.sent.push(data)
  }
  terminate(): void {}
  pause(): void {}
  resume(): void {}
  addEventListener(): void {}
  removeEventListener(): void {}
}
transport(new Double())
const clients: Set<WebSocket> = new Set([new Double()])
console.log(clients)

/** Properties in place of those that are inherited. */
class Fixed extends WebSocket {
  override binaryType = 'arraybuffer' as const
  override readonly protocol = 'fixed'
}
new Fixed('ws://example.test').close()

/** A server that makes its connections itself. */
class Custom extends WebSocketServer {
  override handleUpgrade(...[request, socket, head, callback]: Parameters<WebSocketServer['handleUpgrade']>): void {
    const stream: Duplex = socket
    super.handleUpgrade(request, stream, head, callback)
  }
}
new Custom({ noServer: true })

/** What nobody declares is reached through a cast. */
const { _socket } = new WebSocket('ws://example.test') as WebSocket & { _socket?: { remoteAddress?: string } }
// @ts-expect-error it is not declared
console.log(_socket?.remoteAddress, new WebSocket(null)._socket)
