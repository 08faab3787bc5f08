// y-websocket: two documents that become the same through its server, and who is present.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { docs, setupWSConnection } from '@y/websocket-server/utils'
import { WebSocket, WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { listen, report } from './support.cjs'

// As the server's own program does it; that one cannot say which free port it took.
const wss = new WebSocketServer({ noServer: true })
wss.on('connection', setupWSConnection)
const kinds = new Set()
wss.on('connection', (socket) => socket.on('message', (data) => kinds.add(data.constructor.name)))
const http = createServer()
http.on('upgrade', (request, socket, head) => {
  wss.handleUpgrade(request, socket, head, (connection) => wss.emit('connection', connection, request))
})
const url = `ws://127.0.0.1:${await listen(http)}`

const options = { WebSocketPolyfill: WebSocket, disableBc: true }
const ours = new Y.Doc()
const theirs = new Y.Doc()
ours.getText('text').insert(0, 'before')
const providers = [ours, theirs].map((doc) => new WebsocketProvider(url, 'notes', doc, options))
await Promise.all(
  providers.map((provider) => provider.synced || new Promise((resolve) => provider.once('sync', resolve))),
)

/** Waits until something is so. */
async function until(holds) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

theirs.getText('text').insert(6, ' and after')
ours.getArray('bytes').push([new Uint8Array(100_000).fill(5)])
await until(() => ours.getText('text').length === 16 && theirs.getArray('bytes').length === 1)
providers[0].awareness.setLocalState({ name: 'Ada' })
await until(() => providers[1].awareness.getStates().get(ours.clientID)?.name === 'Ada')
const sockets = providers.map(({ ws }) => ws)
const present = providers[1].awareness.getStates().size

// One goes away, and comes back to what was written meanwhile.
providers[0].disconnect()
await until(() => providers[1].awareness.getStates().size === 1)
theirs.getText('text').insert(0, 'Long ')
providers[0].connect()
await until(() => ours.getText('text').length === 21)

report({
  ours: sockets.every((socket) => socket instanceof WebSocket),
  atServer: [...wss.clients].every((socket) => socket instanceof WebSocket && socket.binaryType === 'arraybuffer'),
  text: [
    ours.getText('text').toString(),
    theirs.getText('text').toString(),
    docs.get('notes').getText('text').toString(),
  ],
  kinds: [...kinds],
  bytes: theirs.getArray('bytes').get(0).length,
  present,
})
for (const provider of providers) provider.destroy()
for (const doc of [ours, theirs]) doc.destroy()
await until(() => wss.clients.size === 0)
for (const doc of docs.values()) doc.awareness.destroy()
wss.close()
http.close()
await once(http, 'close')
