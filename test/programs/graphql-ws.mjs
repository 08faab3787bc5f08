// graphql-ws: a subscription from end to end, pings of both protocols, and a client without the subprotocol.

import { EventEmitter, once } from 'node:events'
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { report } from './support.cjs'

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { hello: { type: GraphQLString, resolve: () => 'world' } },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      greeting: {
        type: GraphQLString,
        async *subscribe() {
          for (const greeting of ['hi', 'bonjour', 'γειά']) yield { greeting }
        },
      },
    },
  }),
})

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/graphql' })
await once(server, 'listening')
const url = `ws://127.0.0.1:${server.address().port}/graphql`
const done = useServer({ schema }, server, 1000)

const signals = new EventEmitter()
const pinged = once(signals, 'ping')
const ponged = once(signals, 'pong')
const closed = once(signals, 'closed')
let opened
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  lazy: false,
  keepAlive: 30,
  on: {
    opened: (socket) => {
      opened = socket
      socket.once('ping', () => signals.emit('ping'))
    },
    pong: (received) => received && signals.emit('pong'),
    closed: ({ code, reason, wasClean }) => signals.emit('closed', code, reason, wasClean),
  },
})

/** Everything that an operation yields. */
async function all(query) {
  const values = []
  for await (const { data } of client.iterate({ query })) values.push(data)
  return values
}

const query = await all('{ hello }')
const subscription = await all('subscription { greeting }')
// Pings of WebSocket from the server, pings of GraphQL from the client.
await Promise.all([pinged, ponged])
const atServer = [...server.clients].map((socket) => [socket instanceof WebSocket, socket.protocol])
await client.dispose()

const stranger = new WebSocket(url)
const [code, reason] = await once(stranger, 'close')

// The server chooses the one that it knows, not the first.
const choosing = new WebSocket(url, ['other', 'graphql-transport-ws'])
await once(choosing, 'open')
choosing.terminate()

const elsewhere = new WebSocket(url.replace('graphql', 'elsewhere'))
const [{ message }] = await once(elsewhere, 'error')

report({
  query,
  subscription,
  atServer,
  atClient: [opened instanceof WebSocket, opened.protocol],
  closed: await closed,
  stranger: [code, reason.toString()],
  chosen: choosing.protocol,
  elsewhere: message,
})
await done.dispose()
server.close()
