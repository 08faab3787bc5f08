// Clients of an echo server, in a process of their own, which sit there when they have exchanged one message each, or none.
// Arguments as JSON: library, port, deflate. Orders from the parent: how many to open, or nothing, for what is held.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { connect } from '../../dist/src/node.js'
import { json } from '../deflate/payload.js'
import { WSPC_DEFAULTS } from '../ws-deflate.js'
import { held } from './servers/report.js'

const { library, port, deflate } = JSON.parse(process.argv[2])
const url = `ws://127.0.0.1:${port}/`
const AT_ONCE = 100 // connections that are opened at the same time
const message = json(1_024)

const OPEN = {
  async wspc() {
    const connection = await connect(url, { deflate })
    const answered = new Promise((resolve) => connection.onMessage(resolve))
    if (deflate) {
      connection.send(message)
      await answered
    }
    return connection
  },

  async ws() {
    const perMessageDeflate = deflate && WSPC_DEFAULTS
    const socket = new WebSocket(url, { perMessageDeflate })
    socket.on('error', (error) => {
      throw error
    })
    await once(socket, 'open')
    if (deflate) {
      socket.send(message)
      await once(socket, 'message')
    }
    return socket
  },
}

const connections = []

async function open(count) {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - opened) }, OPEN[library])
    connections.push(...(await Promise.all(some)))
  }
}

process.on('message', async ({ count }) => {
  if (count === undefined) {
    process.send({ ...(await held()), connections: connections.length })
    return
  }
  await open(count)
  process.send('opened')
})
process.on('disconnect', () => process.exit())
process.send('ready')
