// Mistakes: each line that ends in `// wrong` has one, and no other line has.

import WebSocket, { createWebSocketStream, type ServerOptions, WebSocketServer } from 'ws'

const socket = new WebSocket('ws://example.test')
const server = new WebSocketServer({ port: 0 })

new WebSocket() // wrong
new WebSocket(8_080) // wrong
new WebSocket('ws://example.test', 7) // wrong
new WebSocket('ws://example.test', { handshakeTimeout: '5s' }) // wrong
new WebSocket('ws://example.test', { maxPayload: '1MB' }) // wrong
new WebSocket('ws://example.test', { perMessageDeflate: 'yes' }) // wrong
new WebSocket('ws://example.test', { perMessageDeflate: { threshold: true } }) // wrong
new WebSocket('ws://example.test', [1, 2]) // wrong

socket.on('message', (data) => data.toUpperCase()) // wrong
socket.on('close', (code) => code.length) // wrong
socket.on('close', (_code, reason) => reason.code) // wrong
socket.once('error', (error) => error.nothing) // wrong
socket.off('ping', (data) => data.nothing) // wrong
socket.addListener('pong', (data) => data.nothing) // wrong
socket.removeListener('redirect', (url) => url.nothing) // wrong
socket.on('upgrade', (response) => response.end()) // wrong
socket.on('unexpected-response', (request) => request.statusCode) // wrong
socket.on('open', function () { this.nothing() }) // wrong
socket.on('message') // wrong
socket.on(7, () => {}) // wrong

socket.onmessage = (event: { data: number }) => void event // wrong
socket.onmessage = 'handler' // wrong
socket.onclose = (event) => event.nothing // wrong
socket.addEventListener('ping', () => {}) // wrong
socket.addEventListener('message', ({ code }) => code) // wrong
socket.addEventListener('close', { handle: () => {} }) // wrong
socket.removeEventListener('upgrade', () => {}) // wrong

socket.send() // wrong
socket.send(undefined) // wrong
socket.send(null) // wrong
socket.send({ an: 'object' }) // wrong
socket.send(true) // wrong
socket.send('text', { binary: 'yes' }) // wrong
socket.send('text', { unknown: true }) // wrong
socket.send('text', (error: string) => error) // wrong
socket.close('1000') // wrong
socket.close(1000, 7) // wrong
socket.ping('data', 'mask') // wrong
socket.ping('data', true, (error: string) => error) // wrong
socket.pong('data', 7) // wrong

socket.binaryType = 'text' // wrong
socket.readyState = 3 // wrong
socket.bufferedAmount = 0 // wrong
socket.url = 'ws://example.test' // wrong
socket.protocol = 'chat' // wrong
socket.isPaused = true // wrong
socket.OPEN = 1 // wrong
WebSocket.OPEN = 1 // wrong
socket.readyState === 4 // wrong
socket._socket // wrong
socket.setSocket // wrong
socket._isServer // wrong

new WebSocketServer(8_080) // wrong
new WebSocketServer({ port: '8080' }) // wrong
new WebSocketServer({ unknown: true }) // wrong
new WebSocketServer({ handleProtocols: () => 7 }) // wrong
new WebSocketServer({ server: socket }) // wrong
new WebSocketServer({ WebSocket: Date }) // wrong
new WebSocketServer({ perMessageDeflate: { serverMaxWindowBits: '9' } }) // wrong
server.on('connection', (client) => client.nothing) // wrong
server.once('wsClientError', (_error, stream) => stream.nothing) // wrong
server.off('connection', (_client, request) => request.nothing) // wrong
server.clients.forEach((client) => client.nothing()) // wrong
server.handleUpgrade() // wrong
server.close('now') // wrong
server.address().port // wrong
const options: ServerOptions = { path: 7 } // wrong
const players = new WebSocketServer<typeof Date>() // wrong

createWebSocketStream('ws://example.test') // wrong
createWebSocketStream(socket, { encoding: 7 }) // wrong

console.log(options, players)
