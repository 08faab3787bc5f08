// The server that Bun brings.
import { ready, settings } from './ready.js'

const { deflate, burst } = settings
const TOPIC = 'all'

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response(undefined, { status: 400 })
  },
  websocket: {
    perMessageDeflate: deflate,
    maxPayloadLength: 64 * 2 ** 20,
    backpressureLimit: 64 * 2 ** 20,
    open(socket) {
      if (burst > 0) socket.subscribe(TOPIC)
    },
    message(socket, message) {
      if (burst === 0) socket.send(message, deflate)
      else for (let i = 0; i < burst; i++) server.publish(TOPIC, message, deflate)
    },
  },
})
ready(server.port)
