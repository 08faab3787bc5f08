// An echo server on wspc, with `for await`. Prints its port.
import { serve } from '../../../dist/src/node.js'

const server = await serve({ limits: { maxMessageBytes: 16 * 2 ** 20 } }, async (connection) => {
  for await (const message of connection) await connection.send(message)
})
console.log(server.port)
