// A client as programs write it: how it is made, every event with listeners that say no types, and every method.

import { createConnection } from 'node:net'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent } from 'node:http'
import { type Duplex, pipeline } from 'node:stream'
import WebSocket, { createWebSocketStream } from 'ws'
import { exactly } from './same.mjs'

new WebSocket('ws://example.test')
new WebSocket(new URL('ws://example.test'))
new WebSocket('ws://example.test', 'chat')
new WebSocket('ws://example.test', ['chat', 'superchat'])
new WebSocket('ws://example.test', ['chat'], { origin: 'http://example.test' })
new WebSocket('ws://example.test', undefined, { perMessageDeflate: false })
new WebSocket('ws://example.test', { headers: { authorization: 'Bearer token' }, handshakeTimeout: 5_000 })
new WebSocket('ws://example.test', { host: 'example.test', method: 'GET', timeout: 1_000 })
new WebSocket(null)
new WebSocket('wss://example.test', {
  protocol: 'chat',
  followRedirects: true,
  maxRedirects: 3,
  generateMask(mask) {
    exactly<Buffer>()(mask)
    mask.fill(7)
  },
  localAddress: '127.0.0.1',
  protocolVersion: 13,
  agent: new Agent({ keepAlive: true }),
  host: 'example.test',
  family: 4,
  checkServerIdentity(servername, cert) {
    exactly<string>()(servername)
    exactly<WebSocket.CertMeta>()(cert)
    return true
  },
  rejectUnauthorized: false,
  ca: 'pem',
  cert: Buffer.alloc(1),
  key: ['pem'],
  passphrase: 'word',
  allowSynchronousEvents: false,
  autoPong: false,
  maxPayload: 1_024,
  maxBufferedChunks: 16,
  maxFragments: 16,
  skipUTF8Validation: true,
  createConnection,
  finishRequest(request, websocket) {
    exactly<ClientRequest>()(request)
    exactly<WebSocket>()(websocket)
    request.setHeader('x-late', '1')
    request.end()
  },
  perMessageDeflate: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 10,
    clientMaxWindowBits: 10,
    zlibDeflateOptions: { level: 3, memLevel: 7, chunkSize: 1_024, strategy: 0, dictionary: [Buffer.alloc(4)] },
    zlibInflateOptions: { chunkSize: 10 * 1_024 },
    threshold: 1_024,
    concurrencyLimit: 10,
  },
})

const socket = new WebSocket('ws://example.test')

socket.on('open', function () {
  exactly<WebSocket>()(this)
})
socket.on('message', function (data, isBinary) {
  exactly<WebSocket>()(this)
  exactly<WebSocket.RawData>()(data)
  exactly<boolean>()(isBinary)
  if (Array.isArray(data)) return Buffer.concat(data)
  if (data instanceof ArrayBuffer) return data.byteLength
  exactly<Buffer>()(data)
  return JSON.parse(data.toString('utf8'))
})
socket.on('close', (code, reason) => {
  exactly<number>()(code)
  exactly<Buffer>()(reason)
})
socket.on('error', (error) => exactly<Error>()(error))
socket.on('ping', (data) => exactly<Buffer>()(data))
socket.on('pong', (data) => exactly<Buffer>()(data))
socket.on('upgrade', (response) => exactly<IncomingMessage>()(response))
socket.on('redirect', (url, request) => {
  exactly<string>()(url)
  exactly<ClientRequest>()(request)
})
socket.on('unexpected-response', (request, response) => {
  exactly<ClientRequest>()(request)
  exactly<IncomingMessage>()(response)
})
socket.once('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
socket.once('close', (code) => exactly<number>()(code))
socket.once('error', (error) => exactly<string>()(error.message))
socket.once('open', () => {}).once('ping', (data) => exactly<Buffer>()(data))
socket.once('upgrade', ({ headers }) => exactly<string | undefined>()(headers.upgrade))
socket.once('redirect', (url) => exactly<string>()(url))
socket.once('unexpected-response', (_request, { statusCode }) => exactly<number | undefined>()(statusCode))
socket.addListener('message', (data) => exactly<WebSocket.RawData>()(data))
socket.addListener('close', (_code, reason) => exactly<Buffer>()(reason))
socket.addListener('error', (error) => exactly<Error>()(error))
socket.addListener('pong', (data) => exactly<Buffer>()(data))
socket.addListener('upgrade', (response) => exactly<IncomingMessage>()(response))
socket.addListener('redirect', (_url, request) => exactly<ClientRequest>()(request))
socket.addListener('unexpected-response', (request) => exactly<ClientRequest>()(request))
const listener = (data: WebSocket.RawData): void => void data
socket.off('message', listener).removeListener('message', listener).removeAllListeners('message')
socket.off('close', (code) => exactly<number>()(code))
socket.off('error', (error) => exactly<Error>()(error))
socket.off('open', () => {})
socket.removeListener('close', (_code, reason) => exactly<Buffer>()(reason))
socket.removeListener('error', (error) => exactly<Error>()(error))
socket.removeListener('ping', (data) => exactly<Buffer>()(data))

// Events of the program's own, and names that are known only later.
socket.on('authenticated', (user: { name: string }, roles: string[]) => [user.name, ...roles])
socket.once(Symbol('private'), (...parameters) => exactly<any[]>()(parameters))
socket.emit('authenticated', { name: 'somebody' }, [])
for (const event of ['open', 'close', 'error'] as const) {
  socket.on(event, (...parameters) => console.log(event, parameters[0]?.anything))
}
exactly<number>()(socket.listenerCount('message'))

// As in a browser.
socket.onopen = (event) => {
  exactly<WebSocket>()(event.target)
  exactly<string>()(event.type)
}
socket.onmessage = ({ data, type, target }) => {
  exactly<WebSocket.Data>()(data)
  exactly<string>()(type)
  target.send(typeof data === 'string' ? data.toUpperCase() : data)
}
socket.onmessage = (event: { data: unknown }) => void event
socket.onmessage = (event: WebSocket.MessageEvent) => void event
socket.onclose = (event) => {
  exactly<number>()(event.code)
  exactly<string>()(event.reason)
  exactly<boolean>()(event.wasClean)
}
socket.onerror = (event) => {
  exactly<string>()(event.message)
  console.error(event.error.code, event.error.errors?.[0])
}
socket.onclose = null
socket.onerror?.({ type: 'error', target: socket, message: 'made up', error: new Error('made up') })
socket.addEventListener('open', ({ target }) => exactly<WebSocket>()(target))
socket.addEventListener('message', ({ data }) => exactly<WebSocket.Data>()(data), { once: true })
socket.addEventListener('close', { handleEvent: ({ code }) => exactly<number>()(code) })
const handler = ({ message }: WebSocket.ErrorEvent): void => exactly<string>()(message)
socket.addEventListener('error', handler)
socket.removeEventListener('error', handler)

// Everything that can be sent.
const answered = (error?: Error): void => void error
const payloads = [
  'text',
  1,
  Buffer.from('buffer'),
  new DataView(new ArrayBuffer(4)),
  new Uint16Array(2),
  Uint8Array.of(1),
  new ArrayBuffer(2),
  new SharedArrayBuffer(2),
  new Blob(['blob']),
  [1, 2, 3],
  ['1', '2'],
  { valueOf: () => new ArrayBuffer(1) },
  { valueOf: () => new SharedArrayBuffer(1) },
  { valueOf: () => Uint8Array.of(1) },
  { valueOf: () => [1, 2] as readonly number[] },
  { valueOf: () => 'text' },
]
for (const payload of payloads) socket.send(payload)
socket.send({ [Symbol.toPrimitive]: () => 'text' })
socket.send('text', answered)
socket.send('text', (error) => exactly<Error | undefined>()(error))
socket.send('text', { binary: true, compress: false, fin: true, mask: true })
socket.send('text', { fin: false }, answered)
socket.send(JSON.stringify({ answer: 42 }), {}, () => {})
socket.ping()
socket.ping('data')
socket.ping(Buffer.alloc(2), true)
socket.ping(1, false, (error) => exactly<Error>()(error))
socket.ping(() => {})
socket.pong({ any: 'thing' }, undefined, () => {})
socket.close()
socket.close(1000)
socket.close(4_000, 'reason')
socket.close(1001, Buffer.from('reason'))
socket.terminate()
socket.pause()
socket.resume()

// What it is and where it stands.
socket.binaryType = 'arraybuffer'
socket.binaryType = 'fragments'
socket.binaryType = 'nodebuffer'
exactly<'nodebuffer' | 'arraybuffer' | 'fragments'>()({ ...{ type: new WebSocket(null).binaryType } }.type)
exactly<number>()(socket.bufferedAmount)
exactly<string>()(socket.extensions + socket.protocol + socket.url)
exactly<boolean>()(socket.isPaused)
exactly<0 | 1 | 2 | 3>()(new WebSocket(null).readyState)
const open: 1 = WebSocket.OPEN
const states: Record<WebSocket['readyState'], string> = { 0: 'connecting', 1: 'open', 2: 'closing', 3: 'closed' }
console.log(open, states[socket.readyState], socket.readyState === WebSocket.CLOSED, socket.CONNECTING, socket.CLOSING)

// A stream.
const duplex: Duplex = createWebSocketStream(socket, { encoding: 'utf8', decodeStrings: false })
duplex.pipe(process.stdout)
process.stdin.pipe(createWebSocketStream(socket))
pipeline(process.stdin, duplex, (error) => console.error(error))

// Subclasses and what is made of them.
class Session extends WebSocket {
  isAlive = true
  override send(data: Parameters<WebSocket['send']>[0], ...rest: any[]): void {
    super.send(data, ...rest)
  }
  override close(code = 1000, reason?: string): void {
    super.close(code, reason)
  }
  override ping(data?: any, mask?: boolean, cb?: (err: Error) => void): void {
    super.ping(data, mask, cb)
  }
  constructor(address: string, options?: WebSocket.ClientOptions) {
    super(address, 'chat', options)
    this.on('pong', () => {
      this.isAlive = true
    })
  }
}
const session: WebSocket = new Session('ws://example.test')
exactly<boolean>()(session instanceof Session && session.isAlive)
const Chosen: typeof WebSocket = WebSocket
exactly<WebSocket>()(new Chosen('ws://example.test'))
interface Tagged extends WebSocket {
  tag: string
}
const tagged = socket as Tagged
tagged.tag = 'a'
const meta = new WeakMap<WebSocket, { since: number }>([[tagged, { since: 0 }]])
meta.delete(socket)
