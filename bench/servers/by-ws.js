// What `ws` is told, and whatever takes its place: what wspc has by default, so that both do the same work.
import { settings } from './ready.js'

/** The parameters of permessage-deflate that wspc has by default, as `ws` says them. */
export const WSPC_DEFLATE = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  zlibDeflateOptions: { memLevel: 5 },
  threshold: 1_024,
}

export const OPTIONS = {
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: settings.deflate && WSPC_DEFLATE,
  maxPayload: 64 * 2 ** 20,
}

/** The server in the words of `ws`: an echo, or the loop of its README over all clients. */
export function serveByWs(WebSocketServer, ready) {
  const server = new WebSocketServer(OPTIONS)
  const echo = (socket) => (data, isBinary) => socket.send(data, { binary: isBinary })
  const broadcast = () => (data, isBinary) => {
    for (let i = 0; i < settings.burst; i++) {
      for (const client of server.clients) {
        if (client.readyState === 1) client.send(data, { binary: isBinary })
      }
    }
  }
  const answer = settings.burst > 0 ? broadcast : echo
  server.on('connection', (socket) => socket.on('message', answer(socket)))
  server.on('listening', () => ready(server.address().port))
}
