// Sends back what clients send, with the server of Bun: argument 1 is its option `perMessageDeflate` as JSON. Prints its
// port. With Bun, a message is compressed when `send` says so.

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('A WebSocket server')),
  websocket: {
    perMessageDeflate: JSON.parse(process.argv[2]),
    maxPayloadLength: 2 ** 26,
    backpressureLimit: 2 ** 26,
    message: (socket, message) => void socket.send(message, true),
  },
})
console.log(server.port)
