// An echo server on wspc, with a listener, as usual: its heartbeat is on.
import { serve } from '../../../dist/src/node.js'
import { report } from './report.js'

const deflate = process.argv[2] === 'deflate'
const server = await serve({ deflate }, (connection) => {
  connection.onMessage((message) => void connection.send(message))
})
report(server.port, () => server.connections.size)
