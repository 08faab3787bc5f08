// A server on wspc, with a listener.
import { prepareMessage, serve } from '../../dist/src/node.js'
import { ready, settings } from './ready.js'

const { deflate, burst, prepared } = settings

function broadcast(message) {
  const data = prepared ? prepareMessage(message) : message
  for (let i = 0; i < burst; i++) server.broadcast(data)
}

const server = await serve({ deflate, limits: { maxMessageBytes: 64 * 2 ** 20 } }, (connection) => {
  connection.onMessage(burst > 0 ? broadcast : (message) => void connection.send(message))
})
ready(server.port)
