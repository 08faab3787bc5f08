// express-ws: routes with parameters, middleware that fails, a broadcast, and no route at all.

const express = require('express')
const expressWs = require('express-ws')
const WebSocket = require('ws')
const { once, report } = require('./support.cjs')

async function main() {
  const { app, getWss } = expressWs(express(), null, { wsOptions: { perMessageDeflate: true } })
  app.use('/private', (_request, _response, next) => next(new Error('no')))
  app.ws('/room/:name', (socket, request) => {
    socket.on('message', (message) => {
      for (const client of getWss().clients) client.send(`${request.params.name}: ${message}`)
    })
  })
  // Express prints errors that nobody handles.
  app.use((_error, _request, response, _next) => response.writeHead(500))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const base = `ws://127.0.0.1:${server.address().port}`

  const clients = [new WebSocket(`${base}/room/blue`), new WebSocket(`${base}/room/blue`)]
  await Promise.all(clients.map((client) => once(client, 'open')))
  const heard = Promise.all(clients.map((client) => once(client, 'message')))
  clients[0].send('hello')
  const results = {
    server: getWss() instanceof WebSocket.Server,
    ours: [...getWss().clients].every((client) => client instanceof WebSocket),
    extensions: clients[0].extensions,
    heard: (await heard).map(([data]) => data.toString()),
    nowhere: (await once(new WebSocket(`${base}/nowhere`), 'close'))[0],
    failing: (await once(new WebSocket(`${base}/private`), 'close'))[0],
  }
  const left = Promise.all(clients.map((client) => once(client, 'close')))
  for (const client of getWss().clients) client.close(4000, 'good night')
  report({ ...results, left: (await left).map(([code, reason]) => `${code} ${reason}`) })
  getWss().close()
  server.close()
}

main()
