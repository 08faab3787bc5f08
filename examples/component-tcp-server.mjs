// An echo server over TCP, made of a socket and the thirteen functions of websocket.h. There is no HTTP stack either: the
// head of the request is read here, strictly and with bounds. Prints its URL; ends on SIGINT and SIGTERM.
//
//   node examples/component-tcp-server.mjs [port]

import { createServer } from 'node:net'
import {
  E_PROTOCOL_VERSION_NOT_SUPPORTED,
  S_OK,
  WEB_SOCKET_CLOSE_BUFFER_TYPE,
  WEB_SOCKET_EMPTY_CLOSE_STATUS,
  WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS,
  WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
  WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
  WEB_SOCKET_NO_ACTION,
  WEB_SOCKET_PING_PONG_BUFFER_TYPE,
  WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS,
  WEB_SOCKET_RECEIVE_ACTION_QUEUE,
  WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
  WEB_SOCKET_SEND_ACTION_QUEUE,
  WEB_SOCKET_SEND_TO_NETWORK_ACTION,
  WebSocketAbortHandle,
  WebSocketBeginServerHandshake,
  WebSocketCompleteAction,
  WebSocketCreateServerHandle,
  WebSocketDeleteHandle,
  WebSocketEndServerHandshake,
  WebSocketGetAction,
  WebSocketReceive,
  WebSocketSend,
} from 'wspc/component'

const MAX_HEAD_BYTES = 16_384
const MAX_HEADERS = 100
const HANDSHAKE_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 10_000

/** Reads a socket into memory that others provide. */
class SocketReader {
  #chunks
  #chunk = new Uint8Array(0)

  constructor(socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false })
  }

  /** The next bytes, at most `length`; none at the end of the stream. */
  async take(length) {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#chunks.next().catch(() => ({ done: true }))
      if (done) return this.#chunk
      this.#chunk = value
    }
    const bytes = this.#chunk.subarray(0, length)
    this.#chunk = this.#chunk.subarray(length)
    return bytes
  }

  /** A head without its empty line, one character a byte; `undefined` when there is none within the bound. */
  async takeHead() {
    const bytes = []
    while (bytes.length < MAX_HEAD_BYTES) {
      const [byte] = await this.take(1)
      if (byte === undefined) return undefined
      bytes.push(byte)
      if (byte === 0x0a && String.fromCharCode(...bytes.slice(-4)) === '\r\n\r\n') {
        return String.fromCharCode(...bytes.slice(0, -4))
      }
    }
    return undefined
  }
}

/** The headers of an upgrade request, or the status line that refuses it. */
function parseRequest(head) {
  const [requestLine, ...lines] = head.split('\r\n')
  const [method, target, version, ...rest] = requestLine.split(' ')
  if (rest.length > 0 || version !== 'HTTP/1.1' || !target?.startsWith('/')) return { refusal: '400 Bad Request' }
  if (method !== 'GET') return { refusal: '405 Method Not Allowed\r\nAllow: GET' }
  if (lines.length > MAX_HEADERS) return { refusal: '431 Request Header Fields Too Large' }
  const headers = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1)
    // No name, blanks in it, a folded line, a bare CR or LF, NUL: none of these is a header field (RFC 9112 §5).
    if (colon < 1 || /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(name) || /[\r\n\0]/.test(value)) {
      return { refusal: '400 Bad Request' }
    }
    // A body would be read as frames.
    if (/^(?:content-length|transfer-encoding)$/i.test(name)) return { refusal: '400 Bad Request' }
    headers.push({ name, value })
  }
  return { headers }
}

/** One connection: two loops, one a queue, as in every program that uses websocket.h asynchronously. */
class EchoConnection {
  #socket
  #reader
  #handle
  #sending = false
  #closing // our own close, until it was written

  constructor(socket, reader, handle) {
    this.#socket = socket
    this.#reader = reader
    this.#handle = handle
  }

  /** Echoes until the connection ends. */
  async run() {
    await this.#runReceives()
    await this.#closing // which may have crossed the peer's
    WebSocketAbortHandle(this.#handle)
    WebSocketDeleteHandle(this.#handle) // directly after an abort: what is still queued is forgotten
    this.#socket.end()
    setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS).unref()
  }

  /** Begins the closing handshake. The peer answers, and the receiving loop sees that. */
  close(status) {
    this.#closing = this.#send(WEB_SOCKET_CLOSE_BUFFER_TYPE, { status, reason: undefined })
    setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS).unref()
  }

  /** Sends, and waits until the memory is free again. What may not be sent any more is not. */
  #send(bufferType, buffer) {
    return new Promise((resolve) => {
      const { hr } = WebSocketSend(this.#handle, bufferType, buffer, resolve)
      if (hr === S_OK) void this.#runSends()
      else resolve()
    })
  }

  /** The loop of the send queue. There is one at a time: the action that is outstanding comes back to it. */
  async #runSends() {
    if (this.#sending) return
    this.#sending = true
    for (;;) {
      const { action, dataBuffers, applicationContext, actionContext } = WebSocketGetAction(
        this.#handle,
        WEB_SOCKET_SEND_ACTION_QUEUE,
        2,
      )
      if (action === WEB_SOCKET_NO_ACTION) break
      let bytes = 0
      if (action === WEB_SOCKET_SEND_TO_NETWORK_ACTION) bytes = await this.#write(dataBuffers)
      if (action === WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION) applicationContext()
      WebSocketCompleteAction(this.#handle, actionContext, bytes)
    }
    this.#sending = false
  }

  /** The loop of the receive queue, which answers pings as well. Ends when nothing more is to be received. */
  async #runReceives() {
    WebSocketReceive(this.#handle)
    for (;;) {
      const { hr, action, bufferType, dataBuffers, actionContext, cancelled } = WebSocketGetAction(
        this.#handle,
        WEB_SOCKET_RECEIVE_ACTION_QUEUE,
        1,
      )
      if (hr !== S_OK) {
        // The engine says what is wrong and leaves it to us to tell the peer.
        const status = WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS
        return this.#send(WEB_SOCKET_CLOSE_BUFFER_TYPE, { status, reason: undefined })
      }
      let bytes = 0
      let received
      if (action === WEB_SOCKET_SEND_TO_NETWORK_ACTION) {
        bytes = await this.#write(dataBuffers) // a pong
      } else if (action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) {
        const { data } = dataBuffers[0]
        const read = await this.#reader.take(data.length)
        data.set(read)
        bytes = read.length
      } else if (action === WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) {
        const { data, status } = dataBuffers[0]
        // A copy: once the action is completed the memory is the engine's again.
        received = { cancelled, bufferType, status, data: data?.slice() }
      }
      WebSocketCompleteAction(this.#handle, actionContext, bytes)
      if (action === WEB_SOCKET_SEND_TO_NETWORK_ACTION) void this.#runSends() // which had to wait for the pong
      if (received?.cancelled) return undefined
      if (received !== undefined) {
        await this.#answer(received)
        if (WebSocketReceive(this.#handle).hr !== S_OK) return undefined // a close was received
      }
    }
  }

  /** Pieces go back as the pieces they came in, a close with its own status. */
  #answer({ bufferType, status, data }) {
    if (bufferType === WEB_SOCKET_PING_PONG_BUFFER_TYPE) return undefined // a pong
    if (bufferType !== WEB_SOCKET_CLOSE_BUFFER_TYPE) return this.#send(bufferType, { data })
    return this.#send(bufferType, status === WEB_SOCKET_EMPTY_CLOSE_STATUS ? undefined : { status, reason: undefined })
  }

  /** Writes all buffers in order, and waits until they may be used again. */
  #write(buffers) {
    const total = buffers.reduce((sum, { data }) => sum + data.length, 0)
    return new Promise((resolve) => {
      let left = buffers.length
      let written = total
      for (const { data } of buffers) {
        this.#socket.write(data, (error) => {
          if (error) written = 0
          if (--left === 0) resolve(written)
        })
      }
    })
  }
}

const connections = new Set()

const server = createServer(async (socket) => {
  socket.on('error', () => {}) // it is followed by the end of the stream
  socket.setNoDelay(true)
  const deadline = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS)
  const reader = new SocketReader(socket)
  const head = await reader.takeHead()
  clearTimeout(deadline)
  if (socket.destroyed) return
  const refuse = (status) => {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
  }
  if (head === undefined) return refuse('400 Bad Request')
  const { headers, refusal } = parseRequest(head)
  if (refusal !== undefined) return refuse(refusal)

  const receiveBufferSize = { type: WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE, value: 65_536 }
  const { handle } = WebSocketCreateServerHandle([receiveBufferSize])
  const { hr, detail, responseHeaders } = WebSocketBeginServerHandshake(handle, undefined, undefined, headers)
  if (hr !== S_OK) {
    console.error(`refused: ${detail}`)
    WebSocketDeleteHandle(handle)
    const isVersion = hr === E_PROTOCOL_VERSION_NOT_SUPPORTED
    return refuse(isVersion ? '426 Upgrade Required\r\nSec-WebSocket-Version: 13' : '400 Bad Request')
  }
  const lines = responseHeaders.map(({ name, value }) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`, 'latin1')
  WebSocketEndServerHandshake(handle)

  const connection = new EchoConnection(socket, reader, handle)
  connections.add(connection)
  await connection.run()
  connections.delete(connection)
})

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`ws://127.0.0.1:${server.address().port}/`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    for (const connection of connections) connection.close(WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS)
  })
}
