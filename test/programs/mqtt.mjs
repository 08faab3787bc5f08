// MQTT: mqtt's client and aedes' broker, each a byte stream over WebSocket (createWebSocketStream at both ends), with and
// without TLS.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws'
import { certificate, key } from '../../dist/test/support/certificate.js'
import { listen, report } from './support.cjs'

const broker = await Aedes.createBroker()
const servers = [createServer(), createSecureServer({ cert: certificate, key })]
const atServer = []
const doors = servers.map((server) => new WebSocketServer({ server, path: '/mqtt' }))
for (const door of doors) {
  door.on('connection', (socket, request) => {
    const stream = createWebSocketStream(socket)
    stream.on('error', () => {})
    atServer.push([
      socket instanceof WebSocket,
      socket.protocol,
      request.headers['x-device'],
      request.socket.encrypted === true,
    ])
    broker.handle(stream, request)
  })
}
const plain = `ws://127.0.0.1:${await listen(servers[0])}/mqtt`
const secure = `wss://127.0.0.1:${await listen(servers[1])}/mqtt`

/** A client of the broker. */
function connect(clientId, url) {
  const options = url === secure ? { ca: certificate } : {}
  return mqtt.connectAsync(url, {
    ...options,
    clientId,
    wsOptions: { headers: { 'x-device': clientId } },
    reconnectPeriod: 0,
  })
}

const BYTES = Buffer.alloc(300_000, 'abcdefg')
const listener = await connect('listener', plain)
const speaker = await connect('speaker', secure)
const granted = await listener.subscribeAsync({ 'room/#': { qos: 1 } })
const heard = []
const all = new Promise((resolve) => {
  listener.on('message', (topic, payload) => {
    heard.push([topic, payload.equals(BYTES) ? 'the bytes' : payload.toString()])
    if (heard.length === 102) resolve()
  })
})
await speaker.publishAsync('room/text', 'hello', { qos: 1, retain: true })
await speaker.publishAsync('room/bytes', BYTES, { qos: 1 })
for (let i = 0; i < 100; i++) speaker.publish('room/many', `message ${i}`)
await all

const late = await connect('late', plain)
const retained = once(late, 'message')
await late.subscribeAsync('room/text')
const [topic, payload] = await retained

const streams = [listener, speaker, late].map(({ stream }) => stream)
await Promise.all([listener, speaker, late].map((client) => client.endAsync()))
report({
  atServer,
  granted: granted.map(({ topic, qos }) => [topic, qos]),
  heard: [heard[0], heard[1], heard.length, heard.at(-1)],
  inOrder: heard.slice(2).every(([, text], i) => text === `message ${i}`),
  retained: [topic, payload.toString()],
  destroyed: streams.every(({ destroyed }) => destroyed),
})
broker.close()
for (const door of doors) door.close()
for (const server of servers) server.close()
