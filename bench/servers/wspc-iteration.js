// An echo server on wspc, with `for await`.
import { serve } from '../../dist/src/node.js'
import { ready } from './ready.js'

const server = await serve({ limits: { maxMessageBytes: 64 * 2 ** 20 } }, async (connection) => {
  for await (const message of connection) await connection.send(message)
})
ready(server.port)
