// crossws' Node adapter over our server: hooks, headers of the upgrade, topics, compression decided per connection.

import { once } from 'node:events'
import { createServer } from 'node:http'
import nodeAdapter from 'crossws/adapters/node'
import { WebSocket, WebSocketServer } from 'ws'
import { listen, report } from './support.cjs'

const seen = []
const wss = new WebSocketServer({ noServer: true, perMessageDeflate: true })
const adapter = nodeAdapter({
  wss,
  hooks: {
    upgrade(request) {
      if (request.url.endsWith('/private')) return new Response('not you', { status: 403 })
      return {
        headers: { 'x-crossws': 'yes' },
        namespace: 'everywhere',
        context: { path: new URL(request.url).pathname },
        perMessageDeflate: !request.url.endsWith('/plain') && undefined,
      }
    },
    open(peer) {
      peer.subscribe('news')
      peer.send(`welcome to ${peer.context.path} from ${peer.remoteAddress}`)
    },
    message(peer, message) {
      if (message.text() === 'ping me') peer.ping('now')
      else if (message.text() === 'publish') peer.publish('news', Uint8Array.of(9, 8))
      else peer.send({ said: message.text() })
    },
    pong: (_peer, data) => seen.push(`pong ${data}`),
    ping: (_peer, data) => seen.push(`ping ${data}`),
    close: (_peer, { code, reason }) => seen.push(`close ${code} ${reason}`),
  },
})

const http = createServer()
http.on('upgrade', (...parameters) => adapter.handleUpgrade(...parameters))
const base = `ws://127.0.0.1:${await listen(http)}`

/** Opens a connection and takes the first message with it. */
async function open(path) {
  const client = new WebSocket(base + path)
  const upgrade = once(client, 'upgrade')
  const [welcome] = await once(client, 'message')
  const [{ headers }] = await upgrade
  return { client, welcome: welcome.toString(), header: headers['x-crossws'] }
}

const first = await open('/first')
const plain = await open('/plain')

first.client.send('hello')
const [said] = await once(first.client, 'message')
const pinged = once(first.client, 'ping')
first.client.send('ping me')
const [ping] = await pinged
const news = once(plain.client, 'message')
first.client.send('publish')
const [bytes, isBinary] = await news
const ponged = once(plain.client, 'pong')
plain.client.ping('me too')
const [pong] = await ponged

const [{ message }] = await once(new WebSocket(`${base}/private`), 'error')

const ours = [...wss.clients].every((client) => client instanceof WebSocket)
const left = once(plain.client, 'close')
plain.client.close(4001, 'enough')
await left
while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
const last = once(first.client, 'close')
adapter.closeAll(1001, 'going')
const [code, reason] = await last

report({
  ours,
  welcome: [first.welcome, first.header, first.client.extensions],
  plain: [plain.welcome, plain.header, plain.client.extensions],
  said: said.toString(),
  ping: ping.toString(),
  pong: pong.toString(),
  news: [[...bytes], isBinary],
  refused: message,
  seen,
  left: [code, reason.toString()],
})
wss.close()
http.close()
