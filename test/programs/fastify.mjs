// @fastify/websocket: routes, hooks that refuse, options of the server, and its own client that needs no network.

import { once } from 'node:events'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket, WebSocketServer } from 'ws'
import { report } from './support.cjs'

const fastify = Fastify()
await fastify.register(websocket, {
  options: {
    maxPayload: 1000,
    verifyClient: ({ req }, answer) =>
      answer(req.headers['x-banned'] === undefined, 403, 'Banned', { 'X-Why': 'banned' }),
  },
  errorHandler: (error, socket) => {
    errors.push(error.code)
    socket.terminate()
  },
})
const errors = []
fastify.addHook('preValidation', async (request, reply) => {
  if (request.url === '/private') await reply.code(401).send('who are you?')
})
fastify.get('/echo/:name', { websocket: true }, (socket, request) => {
  socket.on('message', (data, isBinary) => socket.send(isBinary ? data : `${request.params.name}: ${data}`))
  if (request.query.greet !== undefined) socket.send('welcome')
})
fastify.get('/private', { websocket: true }, (socket) => socket.close())

const http = await fastify.listen({ host: '127.0.0.1', port: 0 })
const base = http.replace('http', 'ws')

/** Why a connection is refused. */
async function refused(path, options) {
  const [, response] = await once(new WebSocket(`${base}${path}`, options), 'unexpected-response')
  const text = (await response.toArray()).join('')
  return [response.statusCode, response.headers['x-why'], text]
}

const client = new WebSocket(`${base}/echo/you?greet`)
const [welcome, isBinary] = await once(client, 'message')
client.send('hello')
const [echo] = await once(client, 'message')
client.send(Uint8Array.of(1, 2, 3))
const [bytes, bytesAreBinary] = await once(client, 'message')
const clients = fastify.websocketServer.clients.size

client.send('x'.repeat(1001))
const [tooLong] = await once(client, 'close')

// What verifyClient looks at, and an injected request has not got of itself.
const withoutNetwork = { socket: {}, headers: { 'user-agent': 'none' } }
const injectedHeard = []
const onInit = (socket) => socket.on('message', (data) => injectedHeard.push(data.toString()))
const injected = await fastify.injectWS('/echo/me?greet', withoutNetwork, { onInit })
injected.send('no network')
while (injectedHeard.length < 2) await once(injected, 'message')
const injectedIsOurs = injected instanceof WebSocket
const refusal = await fastify.injectWS('/private', withoutNetwork).catch(({ message }) => message)

const results = {
  server: fastify.websocketServer instanceof WebSocketServer,
  welcome: [welcome.toString(), isBinary],
  echo: echo.toString(),
  bytes: [[...bytes], bytesAreBinary],
  clients,
  tooLong: [tooLong, errors],
  injected: [injectedIsOurs, injected.readyState, ...injectedHeard],
  refusal,
  refused: await refused('/private'),
  banned: await refused('/echo/you', { headers: { 'x-banned': 'yes' } }),
  noSuchRoute: (await refused('/nowhere'))[0],
}

injected.terminate()
const last = new WebSocket(`${base}/echo/last`)
await once(last, 'open')
const left = once(last, 'close')
await fastify.close()
report({ ...results, left: (await left)[0] })
