// Small clients that take `ws` by way of isomorphic-ws, as the WebSocket of a browser: one that connects again, and one
// that waits for answers.

const ReconnectingWebSocket = require('reconnecting-websocket')
const WebSocketAsPromised = require('websocket-as-promised')
const IsomorphicWebSocket = require('isomorphic-ws')
const WebSocket = require('ws')
const { once, report } = require('./support.cjs')

async function main() {
  const server = new WebSocket.Server({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${server.address().port}`
  const said = []
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    socket.on('message', (data, isBinary) => {
      const text = data.toString()
      if (text === 'restart') socket.close(1012, 'restarting')
      else if (text === 'vanish') socket.terminate()
      else socket.send(isBinary ? data : text)
    })
  })

  const reconnecting = new ReconnectingWebSocket(() => url, ['one', 'two'], {
    WebSocket: IsomorphicWebSocket,
    minReconnectionDelay: 1,
    maxReconnectionDelay: 2,
  })
  const next = (name) =>
    new Promise((resolve) => {
      const listener = (event) => {
        reconnecting.removeEventListener(name, listener)
        resolve(event)
      }
      reconnecting.addEventListener(name, listener)
    })
  reconnecting.binaryType = 'arraybuffer'
  // Before it is open: kept, and sent when it is.
  reconnecting.send('early')
  said.push((await next('message')).data, reconnecting.protocol, reconnecting.readyState)
  reconnecting.send(Uint8Array.of(1, 2, 3).buffer)
  const { data } = await next('message')
  said.push([data instanceof ArrayBuffer, ...new Uint8Array(data)])

  for (const command of ['restart', 'vanish']) {
    const closed = next('close')
    const opened = next('open')
    reconnecting.send(command)
    const { code, reason, wasClean } = await closed
    said.push([code, reason, wasClean])
    await opened
    reconnecting.send(`after ${command}`)
    said.push((await next('message')).data)
  }
  const closed = next('close')
  reconnecting.close(1000, 'done')
  said.push((await closed).code, connections)

  const promised = new WebSocketAsPromised(url, {
    createWebSocket: (itsUrl) => new IsomorphicWebSocket(itsUrl),
    extractMessageData: (event) => event.data ?? event,
    packMessage: (message) => JSON.stringify(message),
    unpackMessage: (text) => JSON.parse(text),
    attachRequestId: (message, id) => ({ id, ...message }),
    extractRequestId: (message) => message?.id,
  })
  await promised.open()
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((value, i) => promised.sendRequest({ value }, { requestId: i + 1 })),
  )
  const ours = promised.ws instanceof WebSocket
  // It takes the events of an emitter where there is one, so that closing gives the code itself.
  const closing = await promised.close(4001, 'bye')

  report({ same: IsomorphicWebSocket === WebSocket, ours, said, answers, closing })
  server.close()
}

main()
