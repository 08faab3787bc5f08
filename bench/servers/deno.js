// The server that Deno brings.
import { ready } from './ready.js'

Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => ready(port) }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request)
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }) => socket.send(data)
  return response
})
