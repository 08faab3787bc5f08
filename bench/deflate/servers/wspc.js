import { serve } from '../../../dist/src/node.js'
import { report } from './report.js'

const server = await serve({ deflate: true }, (connection) => {
  connection.onMessage((message) => {
    if (typeof message === 'string') connection.send(message)
    else server.broadcast(new TextDecoder().decode(message))
  })
})
report(server.port)
