// An echo server on wspc, with a listener. Prints its port.
import { serve } from '../../../dist/src/node.js'

const server = await serve({ limits: { maxMessageBytes: 16 * 2 ** 20 } }, (connection) => {
  connection.onMessage((message) => void connection.send(message))
})
console.log(server.port)
