// Clients of an echo server, in a process of their own, which sit there when they have exchanged one message each, or
// none. Argument as JSON: library, port, deflate. Lines on its input: how many to open, or anything, for what is held.
import { once } from 'node:events'
import { WebSocket as WsSocket } from 'ws'
import { connect } from '../../dist/src/node.js'
import { WebSocket as WspcSocket } from '../../dist/src/ws/index.js'
import { json } from '../load/payloads.js'
import { WSPC_DEFLATE } from '../servers/by-ws.js'
import { answerLines, held } from '../servers/ready.js'

const { library, port, deflate } = JSON.parse(process.argv[2])
const url = `ws://127.0.0.1:${port}/`
const AT_ONCE = 100 // connections that are opened at the same time
const message = json(1_024).toString()

async function byWs(WebSocket) {
  const socket = new WebSocket(url, { perMessageDeflate: deflate && WSPC_DEFLATE })
  socket.on('error', (error) => {
    throw error
  })
  await once(socket, 'open')
  if (deflate) {
    socket.send(message)
    await once(socket, 'message')
  }
  return socket
}

const OPEN = {
  ws: () => byWs(WsSocket),
  'wspc-ws': () => byWs(WspcSocket),

  async wspc() {
    const connection = await connect(url, { deflate })
    const answered = new Promise((resolve) => connection.onMessage(resolve))
    if (deflate) {
      connection.send(message)
      await answered
    }
    return connection
  },
}

const connections = []

async function open(count) {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - opened) }, OPEN[library])
    connections.push(...(await Promise.all(some)))
  }
  return { opened: connections.length }
}

answerLines((line) => (/^\d+$/.test(line) ? open(Number(line)) : held()))
console.log(JSON.stringify('ready'))
