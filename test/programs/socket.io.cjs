// socket.io with its client: rooms, acknowledgements and binary events; over the engine's own `ws`, over one that is
// handed to it, with compression, and after an upgrade from polling.

const { createServer } = require('node:http')
const { Server } = require('socket.io')
const { io } = require('socket.io-client')
const WebSocket = require('ws')
const { listen, once, report } = require('./support.cjs')

const SCENES = {
  byDefault: [{}, { transports: ['websocket'] }],
  handedOver: [{ wsEngine: WebSocket.Server }, { transports: ['websocket'] }],
  compressed: [
    { perMessageDeflate: { threshold: 64 } },
    { transports: ['websocket'], perMessageDeflate: { threshold: 64 } },
  ],
  upgraded: [{}, { transports: ['polling', 'websocket'] }],
}

async function play(serverOptions, clientOptions) {
  const http = createServer()
  const server = new Server(http, serverOptions)
  const said = {}

  server.engine.on('headers', (headers) => {
    headers['x-scene'] = 'engine'
  })
  server.on('connection', (socket) => {
    socket.join('room')
    socket.on('reverse', (bytes, acknowledge) => acknowledge(Buffer.from(bytes).reverse(), bytes.length))
    socket.on('shout', (text) => server.to('room').emit('heard', text, 'é'.repeat(100)))
    socket.on('shoutBytes', (bytes) => server.to('room').emit('heardBytes', { bytes }))
  })

  // A broadcast of text is one frame that is made once and written to everybody.
  const made = new Set()
  let sent = 0
  const { frame } = WebSocket.Sender
  WebSocket.Sender.frame = (payload, options) => {
    const frames = frame.call(WebSocket.Sender, payload, options)
    if (payload.includes('"heard"')) made.add(frames)
    return frames
  }

  const url = `http://127.0.0.1:${await listen(http)}`
  const options = { ...clientOptions, forceNew: true, reconnection: false }
  const clients = [io(url, options), io(url, options)]
  if (clientOptions.transports[0] === 'websocket') {
    clients[0].io.engine.transport.ws.once('upgrade', ({ headers }) => {
      said.header = headers['x-scene']
    })
  }
  await Promise.all(clients.map((client) => once(client, 'connect')))
  await Promise.all(
    clients.map(({ io: { engine } }) => engine.transport.name === 'websocket' || once(engine, 'upgrade')),
  )
  const engines = [...server.sockets.sockets.values()].map((socket) => socket.conn)
  while (engines.some((engine) => engine.transport.name !== 'websocket')) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const ends = engines.map((engine) => engine.transport.socket)
  for (const { _sender } of ends) {
    const { sendFrame } = _sender
    _sender.sendFrame = (frames, callback) => {
      if (made.has(frames)) sent++
      sendFrame.call(_sender, frames, callback)
    }
  }
  said.oursAtServer = ends.every((end) => end instanceof WebSocket)
  said.oursAtClient = clients.every((client) => client.io.engine.transport.ws instanceof WebSocket.WebSocket)
  said.extensions = ends[0].extensions
  said.remoteAddress = engines[0].remoteAddress

  const [reversed, length] = await clients[0]
    .timeout(5000)
    .emitWithAck('reverse', Buffer.from([1, 2, 3]))
    .then((answer) => [[...answer], answer.length])
  said.reversed = reversed
  said.length = length

  const heard = Promise.all(clients.map((client) => once(client, 'heard')))
  clients[0].emit('shout', 'hello')
  said.heard = (await heard).map(([text, more]) => `${text} ${more.length}`)

  const heardBytes = Promise.all(clients.map((client) => once(client, 'heardBytes')))
  clients[1].emit('shoutBytes', Buffer.alloc(70_000, 7))
  said.heardBytes = (await heardBytes).map(([{ bytes }]) => bytes.equals(Buffer.alloc(70_000, 7)))
  said.broadcastFrames = { made: made.size, sent }

  const left = Promise.all(clients.map((client) => once(client, 'disconnect')))
  await Promise.all([server.close(), left])
  said.left = (await left).map(([reason]) => reason)
  WebSocket.Sender.frame = frame
  return said
}

async function main() {
  const results = {}
  for (const [name, options] of Object.entries(SCENES)) results[name] = await play(...options)
  report(results)
}

main()
