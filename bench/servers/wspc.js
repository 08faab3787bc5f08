// An echo server on wspc, with a listener.
import { serve } from '../../dist/src/node.js'
import { ready } from './ready.js'

const server = await serve({ limits: { maxMessageBytes: 64 * 2 ** 20 } }, (connection) => {
  connection.onMessage((message) => void connection.send(message))
})
ready(server.port)
